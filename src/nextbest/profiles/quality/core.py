"""What the counts of a column say about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

NOT_NEGATIVE: Final = frozenset(
    {"discount", "unit_cost", "list_price", "allowance", "usage", "dwell_seconds", "points_used"}
)
"""Columns that mean nothing below zero."""


def note(counts: Mapping[str, object], *, is_key: bool, is_exact: bool) -> str | None:
    """Name the one thing a person should know of a column.

    Parameters
    ----------
    counts
        A row of ``data_quality`` without its note.
    is_key
        The column alone is the table's key.
    is_exact
        ``n_distinct`` was counted and not estimated.

    Examples
    --------
    >>> note({"column": "brand", "n_rows": 9, "n_missing": 9, "n_distinct": 0, "low": None}, is_key=False, is_exact=True)
    'empty'
    >>> note({"column": "discount", "n_rows": 9, "n_missing": 0, "n_distinct": 3, "low": "-1.0"}, is_key=False, is_exact=True)
    'negative'
    """
    rows, missing, distinct = (int(str(counts[name])) for name in ("n_rows", "n_missing", "n_distinct"))
    if missing == rows:
        return "empty"
    if is_key and is_exact and distinct + missing < rows:
        return "duplicates"
    if counts["column"] in NOT_NEGATIVE and str(counts["low"]).startswith("-"):
        return "negative"
    if distinct == 1 and rows > 1:
        return "constant"
    return None if is_exact else "estimated"
