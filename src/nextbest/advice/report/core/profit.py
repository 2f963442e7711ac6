"""What followed a first purchase: which heads are shown, and whether the comparison may be read."""

from __future__ import annotations

from typing import Final

from nextbest.advice.report.core.reading import rows_of
from nextbest.advice.report.spec import Profit, Row, Tables

_CLEAR: Final = ("more", "less")
_HEADS: Final = 12


def profit_of(tables: Tables) -> Profit | None:
    """Gather what is known of profit; ``None`` where nothing is."""
    heads = [row for row in rows_of(tables, "head_profit") if row["difference"] is not None]
    held = sorted(rows_of(tables, "products_held"), key=lambda row: row["n_products_held"])
    payback = sorted(
        (row for row in rows_of(tables, "payback") if row["margin_mean"] is not None),
        key=lambda row: row["month"],
    )
    if not (heads or held or payback):
        return None
    ranked = sorted(heads, key=lambda row: (row["verdict"] not in _CLEAR, _q(row), row["head_id"]))
    return Profit(
        heads=ranked[:_HEADS],
        n_heads=len(heads),
        n_clear=sum(row["verdict"] in _CLEAR for row in heads),
        check=next(iter(rows_of(tables, "placebo_check")), None),
        held=held,
        payback=payback,
    )


def _q(head: Row) -> float:
    q_value = head["placebo_p_value"] if head["q_value"] is None else head["q_value"]
    return 1.0 if q_value is None else float(q_value)
