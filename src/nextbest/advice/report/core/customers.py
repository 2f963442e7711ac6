"""Who the customers are: the RFM grid, named segments and lifecycle stages, with what each brings."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from nextbest.advice.report.core.reading import column, latest, rows, share, total
from nextbest.advice.report.spec import Cell, Grid, Group
from nextbest.profiles.lifecycle import STAGES

_MONEY = pa.decimal128(38, 4)


def segments_of(rfm: pa.Table) -> Sequence[Group]:
    """Sum up customers and revenue by RFM segment, most revenue first.

    Examples
    --------
    >>> rfm = pa.table({"segment": ["champions", "lost"], "revenue_total": [90.0, 10.0]})
    >>> segments_of(rfm)[0]
    Group(name='champions', n_customers=1, customers_share=0.5, revenue_total=90.0, revenue_share=0.9)
    """
    groups = _groups(latest(rfm), "segment")
    return sorted(groups, key=lambda group: (-(group.revenue_total or 0), -group.n_customers, group.name))


def stages_of(lifecycle: pa.Table, rfm: pa.Table | None) -> Sequence[Group]:
    """Sum up customers by lifecycle stage, in the order of a customer's life; revenue comes from ``rfm``."""
    now = latest(lifecycle)
    if rfm is not None and "revenue_total" in rfm.column_names:
        money = latest(rfm).select(["customer_id", "revenue_total"])
        now = now.join(money, "customer_id", use_threads=False)
    groups = {group.name: group for group in _groups(now, "stage")}
    return [groups[stage] for stage in STAGES if stage in groups]


def _groups(customers: pa.Table, by: str) -> list[Group]:
    money = column(customers, "revenue_total", _MONEY)
    named = pa.table({"name": customers[by], "revenue_total": money})
    whole = total(named, "revenue_total")
    summed = named.group_by("name", use_threads=False).aggregate(
        [([], "count_all"), ("revenue_total", "sum")]
    )
    return [
        _group(row["name"], row["count_all"], customers.num_rows, row["revenue_total_sum"], whole)
        for row in rows(summed)
    ]


def _group(name: str, n: int, n_all: int, revenue: Decimal | None, whole: float | None) -> Group:
    money = None if revenue is None else float(revenue)
    return Group(name, n, n / n_all, money, share(money, whole))


def grid_of(rfm: pa.Table) -> Grid | None:
    """Lay customers out by recency and frequency score; ``None`` where nobody bought.

    Examples
    --------
    >>> rfm = pa.table({"r_score": [2, 1], "f_score": [2, 1], "revenue_total": [75.0, 25.0]})
    >>> grid_of(rfm).top.revenue_share
    0.75
    """
    now = latest(rfm)
    if not now.num_rows:
        return None
    bins = max(pc.max(now["r_score"]).as_py(), pc.max(now["f_score"]).as_py())
    money = column(now, "revenue_total", _MONEY)
    scored = pa.table({"r": now["r_score"], "f": now["f_score"], "money": money})
    summed = scored.group_by(["r", "f"], use_threads=False).aggregate([([], "count_all"), ("money", "sum")])
    sums = {(row["r"], row["f"]): (row["count_all"], row["money_sum"]) for row in rows(summed)}
    return _grid(sums, bins=bins, n_customers=now.num_rows)


def _grid(sums: dict[tuple[int, int], tuple[int, Decimal | None]], *, bins: int, n_customers: int) -> Grid:
    """Shade by revenue: what a cell is worth, beside how many are in it."""
    revenue = float(sum(money or 0 for _, money in sums.values()))
    weights = {key: max(float(money or 0), 0) if revenue > 0 else n for key, (n, money) in sums.items()}
    fullest = max(weights.values())

    def cell(r: int, f: int) -> Cell:
        n, money = sums.get((r, f), (0, None))
        part = share(float(money or 0), revenue) if revenue > 0 else None
        shade = weights.get((r, f), 0) / fullest
        return Cell(r, f, n, n / n_customers, part, shade)

    scores = range(1, bins + 1)
    return Grid(n_customers, [[cell(r, f) for f in scores] for r in reversed(scores)])
