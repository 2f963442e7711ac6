"""From what was sent to rows."""
