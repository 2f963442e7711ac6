"""Who gets which channel, who is left out and why, and what it adds up to."""
