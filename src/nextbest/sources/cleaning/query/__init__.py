"""The rules as lazy queries: over single rows of a file, and over whole tables."""

from nextbest.sources.cleaning.query.rows import is_refunded, set_aside
from nextbest.sources.cleaning.query.whole import clean, tally

__all__ = ["clean", "is_refunded", "set_aside", "tally"]
