"""What we know of customers and products as of any day."""
