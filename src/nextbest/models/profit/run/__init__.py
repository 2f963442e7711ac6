"""The recipe of profit: read, compare every head, check on made-up ones, count who stays and who has paid back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from nextbest.base.capability import Moment
from nextbest.base.findings import Finding
from nextbest.models.profit import query, words
from nextbest.models.profit.core.comparing import Buyers, buyers_since, compare
from nextbest.models.profit.core.counting import margins_by_month, wilson
from nextbest.models.profit.core.matching import Neighbours, find_neighbours, match
from nextbest.models.profit.core.panel import MONEY_UNIT, Floats, Ints, running_sums
from nextbest.models.profit.core.placebos import Lottery, check, judge
from nextbest.models.profit.core.scene import Scene, set_scene
from nextbest.models.profit.run.frames import EMPTY, table_of
from nextbest.models.profit.run.reading import (
    Book,
    Head,
    Margins,
    Source,
    book_of,
    heads_of,
    margins_of,
    products_of,
    purchases_of,
    source_of,
)
from nextbest.models.profit.spec import Comparison, PlaceboCheck, ProfitSettings
from nextbest.tables.store import Store

_MONTH_DAYS = 30


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one question gave."""

    findings: Sequence[Finding]
    tables: Mapping[str, pa.Table] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Ground:
    """What every head is compared on."""

    scene: Scene
    near: Neighbours
    settings: ProfitSettings

    def compare(self, buyers: Buyers, head_after: Floats | None = None) -> Comparison | None:
        pairs = match(self.scene, self.near, buyers.rows, buyers.had_since, self.settings.n_controls)
        return compare(self.scene, buyers, pairs, head_after)


def run(store: Store, settings: ProfitSettings, moment: Moment) -> list[Finding]:
    """Compare customers before and after first purchases; count who stays, and when new customers have paid back."""
    answers = list(_answers(store, settings, moment))
    tables = dict(EMPTY)
    for answer in answers:
        tables |= answer.tables
    for name, rows in tables.items():
        store.write(name, rows)
    return [finding for answer in answers for finding in answer.findings]


def _answers(store: Store, settings: ProfitSettings, moment: Moment) -> Iterator[_Answer]:
    if moment.as_of is None:
        yield _Answer([words.no_dates()])
        return
    source = source_of(store, moment.as_of)
    if source is None:
        yield _Answer([words.no_profit()])
    else:
        book = book_of(store, source)
        yield _heads(store, source, book, settings, moment)
        yield _payback(source, book, settings)
    yield _products_held(store, settings, moment.as_of)


def _heads(store: Store, source: Source, book: Book, settings: ProfitSettings, moment: Moment) -> _Answer:
    heads, n_too_few = heads_of(store, source, book, settings)
    if not heads:
        return _Answer([words.too_few_buyers(n_too_few, settings) if n_too_few else words.no_heads()])
    scene = set_scene(book.panel, source.shape(settings), settings.max_order_days)
    rng = np.random.default_rng([moment.seed, len(heads)])
    rows = [_some(scene.row_of(head.customer, head.period), settings.max_buyers, rng) for head in heads]
    placebos = _draw(scene, rows, settings, rng)
    ground = _Ground(
        scene, find_neighbours(scene, np.concatenate([*rows, *placebos]), settings.caliper), settings
    )
    null = _check(ground, placebos)
    found = [
        ground.compare(
            buyers_since(scene, own, head.customer, head.period), _head_after(scene, book, margins)
        )
        for own, (head, margins) in zip(rows, margins_of(store, source, book, heads), strict=True)
    ]
    judged = _judged(heads, found, null, source.margin_source)
    checked = [] if null is None else [asdict(null) | {"n_order_days": len(scene)}]
    tables = {
        "head_profit": table_of("head_profit", judged),
        "placebo_check": table_of("placebo_check", checked),
    }
    return _Answer(words.heads_found(judged, null, settings), tables)


def _some(rows: Ints, most: int, rng: np.random.Generator) -> Ints:
    """Take the rows that are there; of too many, as many as allowed by chance."""
    known = np.sort(rows[rows >= 0])
    return known if len(known) <= most else np.sort(rng.choice(known, most, replace=False))


def _draw(
    scene: Scene, rows: Sequence[Ints], settings: ProfitSettings, rng: np.random.Generator
) -> list[Ints]:
    """Draw made-up heads, each like one of the real ones in turn."""
    lottery = Lottery(scene)
    return [lottery.draw(rows[number % len(rows)], rng) for number in range(settings.n_placebos)]


def _check(ground: _Ground, placebos: Sequence[Ints]) -> PlaceboCheck | None:
    """Compare the made-up heads; ``None`` where too few can be compared."""
    scene = ground.scene
    done = [
        ground.compare(buyers_since(scene, rows, scene.customer[rows], scene.period[rows]))
        for rows in placebos
    ]
    known = [comparison for comparison in done if comparison is not None]
    return check(known) if 2 * len(known) > len(done) else None


def _head_after(scene: Scene, book: Book, margins: Margins | None) -> Floats | None:
    if margins is None:
        return None
    sums = running_sums(margins.customer, margins.period, margins.margin, n_periods=book.panel.n_periods)
    end = scene.period + 1 + scene.shape.window
    return sums.between(scene.customer, scene.period + 1, end) / MONEY_UNIT


def _judged(
    heads: Sequence[Head], found: Sequence[Comparison | None], null: PlaceboCheck | None, margin_source: str
) -> list[dict[str, Any]]:
    """Put heads, comparisons and judgements side by side; what could not be compared cannot be told."""
    known = [comparison for comparison in found if comparison is not None]
    judgements = iter(judge(known, null) if null else ())
    rows = []
    for head, comparison in zip(heads, found, strict=True):
        row: dict[str, Any] = {
            "ci_low": None,
            "verdict": "cannot_be_told",
            "n_matched": 0,
            "is_calibrated": null is not None and null.is_calibrated,
        }
        if comparison is not None:
            row |= asdict(comparison) | (asdict(next(judgements)) if null else {})
        row |= {"level": head.level, "head_id": head.head_id, "head": head.head, "n_buyers": head.n_buyers}
        rows.append(row | {"is_losing": row["verdict"] == "less", "margin_source": margin_source})
    return rows


def _products_held(store: Store, settings: ProfitSettings, as_of: date) -> _Answer:
    """Count who left by how much they held."""
    if store.has("holdings", "customer_id", "closed_on"):
        counted, counts = "holdings", query.held_and_left(store.table("holdings"), as_of, settings)
    else:
        purchases = purchases_of(store, as_of)
        if purchases is None or not store.has("order_lines", "customer_id", "ordered_on"):
            return _Answer([])
        has_categories = store.has("products", "category")
        counted = "categories" if has_categories else "products"
        products = products_of(store) if has_categories else None
        counts = query.bought_and_left(purchases, products, as_of, settings)
    rows = [_with_share(row, counted) for row in store.arrow(counts).to_pylist()]
    return _Answer(words.products_held(rows, settings), {"products_held": table_of("products_held", rows)})


def _with_share(row: dict[str, Any], counted: str) -> dict[str, Any]:
    share = wilson(row["n_left"], row["n_customers"])
    return row | {
        "counted": counted,
        "share_left": share.share,
        "share_low": share.low,
        "share_high": share.high,
    }


def _payback(source: Source, book: Book, settings: ProfitSettings) -> _Answer:
    """Follow new customers' margin month by month."""
    shape, cost = source.shape(settings), settings.acquisition_cost
    margins = margins_by_month(
        book.panel,
        new_from=shape.window,
        month=_MONTH_DAYS if source.unit == "day" else 1,
        fewest=settings.min_buyers,
    )
    rows = [
        {
            "month": month,
            "n_customers": int(margins.n_customers[month - 1]),
            "margin_mean": float(margins.mean[month - 1]),
            "margin_low": float(margins.low[month - 1]),
            "margin_high": float(margins.high[month - 1]),
            "acquisition_cost": cost,
            "is_paid_back": None if cost is None else bool(margins.mean[month - 1] >= cost),
            "margin_source": source.margin_source,
        }
        for month in range(1, len(margins.mean) + 1)
    ]
    return _Answer(words.payback(rows), {"payback": table_of("payback", rows)})
