"""A snapshot of one run, read from its Parquet files into arrays; pyarrow only, so that a server starts in a moment."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nextbest.base.errors import DataError, WorkspaceError
from nextbest.base.expressions import parse
from nextbest.serving.decide.core.compiling import Condition
from nextbest.serving.decide.core.shop import MONEY, Places, Products, Snapshot, Special, price_text
from nextbest.serving.decide.loading import goods, own, people, reading
from nextbest.serving.decide.loading.reading import Files, Paths

if TYPE_CHECKING:
    from nextbest.models.intent import Scorer

TABLES: Final = (
    "customers",
    "products",
    "product_profiles",
    "offer_candidates",
    "next_best_offers",
    "related_products",
    "rules",
    "ladders",
    "consents",
    "tags",
    "stock",
    "offers",
    "order_lines",
    "holdings",
    "rfm",
    "lifecycle",
)
"""Tables that are read where they are there; none is needed."""
_TEXT: Final = pa.string()


@dataclass(frozen=True, slots=True, kw_only=True)
class Loading:
    """What the app knows and files do not say."""

    name: str | None = None
    """Of the run."""
    as_of: date | None = None
    """Day of the profiles; ``None``: as ``product_profiles`` says."""
    currency: str | None = None
    time_zone: str = "UTC"
    columns: Collection[str] = ()
    """Columns of customers that the policy's conditions name: ``compiled.columns``."""
    never: Collection[str] = ()
    """Words of products that are never proposed: ``offers.never``."""
    margin_floor: float = 0.0
    """Least margin per order, in the shop's currency: ``offers.margin_floor``."""
    segment: str = "place"
    """Column of customers that tells their peers."""
    most_per_customer: int = 30
    intent: bytes | None = None
    """The model of running visits that the run has left in ``nextbest.models.intent.MODEL_FILE``."""


def load(paths: Paths, loading: Loading = Loading()) -> Snapshot:
    """Read a snapshot.

    Parameters
    ----------
    paths
        Files of each table of ``TABLES``: one, or the parts in the order in which they came.
    loading
        What files do not say.
    """
    files = Files(paths)
    as_of = loading.as_of or _as_of(files)
    recent = goods.Recent(files, as_of)
    ids = people.ids_of_customers(files, recent)
    recent.n_customers = len(ids)
    products, product_ids = goods.products(files, loading.never, recent)
    code, names, lists = people.peers(files, recent, ids, product_ids, loading.segment)
    specials = _specials(files, products)
    columns = {*loading.columns, *(name for one in specials if one.who for name in one.who.columns)}
    theirs = people.Own(
        own.had(files, recent, as_of, ids, product_ids), own.barred(files, ids, product_ids), code
    )
    return Snapshot(
        name=loading.name,
        as_of=as_of,
        currency=loading.currency,
        time_zone=loading.time_zone,
        margin_floor=loading.margin_floor,
        products=products,
        customers=people.customers(files, ids, columns, as_of, theirs),
        personal=own.personal(files, ids, products, product_ids, loading.most_per_customer),
        rules=goods.rules(files, products, product_ids),
        goes_with=goods.related(files, product_ids, "goes_with"),
        instead_of=goods.related(files, product_ids, "instead_of"),
        better=goods.better_versions(files, product_ids),
        specials=specials,
        global_lists={
            "bestsellers": _bestsellers(files, products, product_ids),
            "new_arrivals": _arrivals(files, products),
        },
        peer_lists=lists,
        peer_names=names,
        intent=_intent(loading.intent),
    )


def _intent(content: bytes | None) -> Scorer | None:
    """Read the model where there is one; without it none of the libraries that it needs is loaded."""
    if content is None:
        return None
    from nextbest.models.intent import MODEL_FILE, Scorer

    try:
        return Scorer.read(content)
    except DataError as error:
        raise WorkspaceError("intent.unreadable", file=MODEL_FILE) from error


def _as_of(files: Files) -> date | None:
    days = files.read("product_profiles", {"as_of": pa.date32()})["as_of"]
    if days.null_count < len(days):
        last: date = pc.max(days).as_py()
        return last
    day = pc.max(files.read("order_lines", {"ordered_on": pa.date32()})["ordered_on"]).as_py()
    return None if day is None else day + timedelta(1)


def _bestsellers(files: Files, products: Products, ids: pa.Array) -> Places:
    if not np.isnan(products.base_rate[:-1]).all():
        return goods.bestsellers(products, products.base_rate)
    table = files.read("product_profiles", {"product_id": _TEXT, "n_customers": pa.float64()})
    count = np.zeros(len(ids) + 1)
    count[reading.numbers_of(reading.column(table, "product_id"), ids)] = np.nan_to_num(
        reading.floats(table, "n_customers")
    )
    return goods.bestsellers(products, count)


def _arrivals(files: Files, products: Products) -> Places:
    """Give what *offers* takes for new arrivals, those that most customers bought of late first."""
    kinds = {"product_id": _TEXT, "reason_code": _TEXT, "strength": pa.float64()}
    table = files.read("offer_candidates", kinds)
    table = table.filter(pc.equal(table["reason_code"], "new_arrival"))
    by_product = table.group_by("product_id").aggregate([("strength", "max")])
    by_product = by_product.sort_by([("strength_max", "descending"), ("product_id", "ascending")])
    found = [products.index[one] for one in by_product["product_id"].to_pylist()]
    return np.array([one for one in found if products.is_sold[one]], np.int32)


def _specials(files: Files, products: Products) -> list[Special]:
    texts = dict.fromkeys(("offer_id", "product_ids", "content", "rules"), _TEXT)
    instants = dict.fromkeys(("starts_at", "ends_at"), pa.timestamp("us"))
    money = dict.fromkeys(("price", "cost"), pa.decimal128(18, 4))
    table = files.read("offers", {**texts, **instants, **money})
    latest = {row["offer_id"]: row for row in table.to_pylist()}
    return [_special(latest[one], products) for one in sorted(latest)]


def _special(row: dict[str, Any], products: Products) -> Special:
    ids = tuple(one.strip() for one in (row["product_ids"] or "").split(";") if one.strip())
    numbers = tuple(products.index.get(one, len(products)) for one in ids) or (len(products),)
    return Special(
        offer_id=row["offer_id"],
        product_ids=ids,
        products=numbers,
        price=None if row["price"] is None else price_text(int(row["price"] * MONEY)),
        margin=_margin(row["price"], row["cost"], numbers, products),
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        content=row["content"],
        who=Condition.of(parse(row["rules"])) if row["rules"] else None,
    )


def _margin(price: Decimal | None, cost: Decimal | None, numbers: Sequence[int], products: Products) -> float:
    """Give what an offer earns: the products' margins, less what its price is below theirs, less its cost."""
    rows = list(numbers)
    usual = float(products.margin[rows].sum()) - float(cost or 0)
    return usual if price is None else usual - (float(products.usual_price[rows].sum()) - float(price))


__all__ = ["TABLES", "Loading", "Paths", "load"]
