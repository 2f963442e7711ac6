"""The document of a subject: events taken in, two joined, one looked at."""
