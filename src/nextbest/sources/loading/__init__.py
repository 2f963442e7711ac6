"""A raw table, a layout and rules in; typed canonical Parquet and the account of every row out.

``load(raw, layout, settings, cleaning, desk) -> Loaded`` turns one file into typed tables in ``desk.folder``; always
``n_read == n_kept + n_merged + n_quarantined``.

``merge_new(table, existing, new, mode) -> Merged`` joins new rows with those of the same source that are there, so that
exports that overlap do not double; lazy queries, ``table`` names the contract whose key decides.

Whole-table rules come after that, on everything that was loaded: ``nextbest.sources.cleaning.clean(tables, settings)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nextbest.sources.loading.spec import (
    QUARANTINE,
    Desk,
    Engine,
    Loaded,
    LoadingSettings,
    Merged,
    Reason,
)

if TYPE_CHECKING:
    from nextbest.sources.loading.query import merge_new
    from nextbest.sources.loading.run import load

__all__ = [
    "QUARANTINE",
    "Desk",
    "Engine",
    "Loaded",
    "LoadingSettings",
    "Merged",
    "Reason",
    "load",
    "merge_new",
]


def __getattr__(name: str) -> Any:
    if name == "load":
        from nextbest.sources.loading.run import load

        return load
    if name == "merge_new":
        from nextbest.sources.loading.query import merge_new

        return merge_new
    raise AttributeError(name)
