"""Raw feeds of a business turned into canonical tables."""
