"""Typed rows of a file -> canonical rows, as lazy queries over the staged file.

``_row`` numbers the rows of the file; ``products.name`` and the like belong to the tables beside.
"""

from nextbest.sources.loading.query.amounts import with_amounts
from nextbest.sources.loading.query.beside import with_heads, with_rates
from nextbest.sources.loading.query.judging import judged
from nextbest.sources.loading.query.keys import fullest_per_key, lines, one_per_key, with_hashed_key
from nextbest.sources.loading.query.merging import merge_new

__all__ = [
    "fullest_per_key",
    "judged",
    "lines",
    "merge_new",
    "one_per_key",
    "with_amounts",
    "with_hashed_key",
    "with_heads",
    "with_rates",
]
