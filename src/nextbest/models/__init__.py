"""What we estimate."""
