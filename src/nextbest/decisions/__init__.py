"""What we would do, and what it is worth."""
