"""Batches of strings -> batches of typed columns: which cells are read how, what is filled, what cannot be read."""

from nextbest.sources.loading.core.filling import Filler
from nextbest.sources.loading.core.reading import (
    ROW,
    Read,
    Typed,
    attribute_names,
    local_days,
    plan,
    read_batch,
)
from nextbest.sources.loading.core.wide import unpivot

__all__ = ["ROW", "Filler", "Read", "Typed", "attribute_names", "local_days", "plan", "read_batch", "unpivot"]
