"""Which table a file feeds, told by the columns that were recognised for each of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from nextbest.sources.mapping.core.aliases import plain
from nextbest.sources.mapping.core.matching import Shapes, match_columns
from nextbest.sources.mapping.core.shapes import Shape
from nextbest.sources.mapping.spec import Match

_SURE: Final = 0.9
_RATES_WIDTH: Final = 5
"""Files of exchange rates have few columns."""
_PRODUCT_WORDS: Final = re.compile(
    r"visa|mastercard|amex|card|mortgage|loan|credit|deposit|saving|current_?acc|account|insurance|fund|pension|broker|"
    r"broadband|tv|mobile|policy|policies|信用卡|借记卡|按揭|房贷|贷款|存款|基金|保险|理财|黄金|国债",
    re.IGNORECASE,
)
_MONEY: Final = ("net_revenue", "unit_price", "gross_revenue", "order_revenue")


class Found:
    """Columns recognised for one table: ``has`` for sure ones, ``may`` for any."""

    def __init__(self, matches: Mapping[str, Match]) -> None:
        self._matches = matches

    def has(self, *columns: str) -> bool:
        """Tell whether one of the columns is there for sure."""
        return any(name in self._matches and self._matches[name].sureness >= _SURE for name in columns)

    def may(self, *columns: str) -> bool:
        """Tell whether one of the columns may be there."""
        return any(name in self._matches for name in columns)

    def count(self, *columns: str) -> int:
        """Count the columns that are there for sure."""
        return sum(self.has(name) for name in columns)

    def all(self, *columns: str) -> bool:
        """Tell whether all the columns are there for sure."""
        return self.count(*columns) == len(columns)

    def is_unique(self, column: str, shapes: Shapes) -> bool:
        """Tell whether no value of the column stands twice."""
        shape = shapes.get(self._matches[column].theirs)
        return shape is not None and shape.is_unique

    def named(self, column: str, *headers: str) -> bool:
        """Tell whether a column was recognised under one of these headers."""
        return column in self._matches and plain(self._matches[column].theirs) in headers


def table_of(shapes: Shapes) -> str:
    """Decide which table a file feeds; a file in which nothing is recognised is a flat table of customers."""
    found = {table: Found(match_columns(table, shapes)) for table in _TESTS}
    return next((table for table, test in _TESTS.items() if test(found, shapes)), "customers")


def product_columns(shapes: Shapes) -> tuple[str, ...]:
    """Find the columns of a wide file that are products; empty where the file is not wide.

    A wide file has an id of the customer, no column of products, and mostly columns of 0 and 1, or amounts under the names
    of financial products.
    """
    lines = Found(match_columns("order_lines", shapes))
    matches = match_columns("customers", shapes)
    if not Found(matches).has("customer_id") or lines.has("product_id", "order_id", "quantity"):
        return ()
    seen = match_columns("holdings", shapes)
    taken = {match.theirs for match in matches.values()} | {
        seen[name].theirs for name in ("seen_on", "opened_on") if name in seen
    }
    rest = [shape for name, shape in shapes.items() if name not in taken]
    flags = [shape.name for shape in rest if _is_held(shape)]
    amounts = [
        shape.name
        for shape in rest
        if shape.is_number and not shape.is_day and _PRODUCT_WORDS.search(shape.name)
    ]
    if len(flags) >= 2 and len(flags) >= 0.6 * len(rest):  # noqa: PLR2004
        return tuple(name for name in shapes if name in {*flags, *amounts})
    return tuple(amounts) if len(amounts) >= 2 else ()  # noqa: PLR2004


def _is_held(shape: Shape) -> bool:
    return shape.is_flag or shape.is_empty


def _events(found: Mapping[str, Found], _: Shapes) -> bool:
    events, lines = found["events"], found["order_lines"]
    visitor = events.may("anonymous_id", "session_id")
    named = events.may("type") and not events.named("type", "type", "name")
    return (
        events.may("occurred_at")
        and not lines.has("quantity", "unit_price")
        and ((named and (visitor or events.may("customer_id"))) or (visitor and events.has("type")))
    )


def _rates(found: Mapping[str, Found], shapes: Shapes) -> bool:
    rates, lines = found["rates"], found["order_lines"]
    narrow = len(shapes) <= _RATES_WIDTH
    return narrow and rates.all("day_on", "currency", "rate") and not lines.has("product_id", "customer_id")


def _customer_profit(found: Mapping[str, Found], _: Shapes) -> bool:
    profit = found["customer_profit"]
    return (
        profit.has("customer_id")
        and profit.may("month_on")
        and profit.has("profit")
        and not found["order_lines"].may("product_id", "order_id")
    )


def _holdings(found: Mapping[str, Found], shapes: Shapes) -> bool:
    holdings, lines = found["holdings"], found["order_lines"]
    if lines.has("order_id", "quantity", "unit_price", "net_revenue"):
        return False
    signs = holdings.has("opened_on", "seen_on", "closed_on", "balance", "premium", "held")
    return (holdings.has("customer_id") and holdings.may("product_id") and signs) or bool(
        product_columns(shapes)
    )


def _interactions(found: Mapping[str, Found], _: Shapes) -> bool:
    contacts, lines = found["interactions"], found["order_lines"]
    if lines.has("product_id", "order_id", *_MONEY) or not contacts.may("occurred_at"):
        return False
    return (
        contacts.may("customer_id")
        and contacts.count("interaction_id", "kind", "adviser_id", "outcome", "satisfaction", "note") > 1
    )


def _order_lines(found: Mapping[str, Found], _: Shapes) -> bool:
    lines = found["order_lines"]
    worth = lines.has("quantity", *_MONEY)
    if lines.may("product_id"):
        who = lines.has("customer_id") and (worth or lines.may("ordered_at"))
        return lines.has("order_id") or lines.has("quantity") or who or _loose_lines(lines)
    return (
        lines.may("customer_id")
        and lines.may("ordered_at")
        and not lines.has("order_id")
        and (worth or lines.may("net_revenue"))
        and lines.may("quantity", *_MONEY)
    )


def _loose_lines(lines: Found) -> bool:
    """Unsure names only: ``tr, item`` or ``member, item, day``."""
    return lines.may("order_id") or (lines.may("customer_id") and lines.may("ordered_at"))


def _orders(found: Mapping[str, Found], _: Shapes) -> bool:
    orders = found["orders"]
    return orders.has("order_id") and orders.may("customer_id", "ordered_at", "status", "order_revenue")


def _products(found: Mapping[str, Found], shapes: Shapes) -> bool:
    """Each product once, something told of it, and no sign of a sale."""
    products, customers, lines = found["products"], found["customers"], found["order_lines"]
    tells = products.has("name", "category", "brand", "department", "list_price", "unit_cost")
    people = customers.has("customer_id", "email", "phone", "gender")
    sales = lines.has("order_id", "customer_id", "quantity", "net_revenue", "ordered_at")
    return (
        products.may("product_id")
        and products.is_unique("product_id", shapes)
        and tells
        and not people
        and not sales
    )


def _stock(found: Mapping[str, Found], _: Shapes) -> bool:
    """Units there on a day, and nobody who bought them."""
    stock, lines = found["stock"], found["order_lines"]
    sold = lines.has("customer_id", "order_id", "net_revenue")
    return stock.may("product_id") and stock.all("on_hand", "counted_on") and not sold


def _consents(found: Mapping[str, Found], _: Shapes) -> bool:
    consents = found["consents"]
    return consents.may("customer_id") and consents.all("purpose", "status", "changed_at")


def _exposures(found: Mapping[str, Found], _: Shapes) -> bool:
    """Who was shown what, or put into which variant, and when; not what followed."""
    seen, lines = found["exposures"], found["order_lines"]
    what = seen.has("experiment_id", "campaign_id", "offer_id")
    is_test = seen.has("experiment_id") and seen.may("variant", "exposed_at")
    is_contact = seen.has("exposed_at") and what
    followed = found["responses"].has("response")
    return (
        seen.may("customer_id", "unit_id")
        and (is_test or is_contact)
        and not (followed or lines.has("product_id", "quantity", *_MONEY))
    )


def _responses(found: Mapping[str, Found], _: Shapes) -> bool:
    after = found["responses"]
    whose = after.has("decision_id") or (after.may("customer_id") and after.has("offer_id"))
    return whose and after.has("response") and after.may("occurred_at")


def _campaigns(found: Mapping[str, Found], shapes: Shapes) -> bool:
    campaigns = found["campaigns"]
    return (
        campaigns.all("campaign_id", "starts_on")
        and campaigns.is_unique("campaign_id", shapes)
        and not found["exposures"].may("customer_id")
    )


def _offers(found: Mapping[str, Found], shapes: Shapes) -> bool:
    """Each offer once, something told of it, and nobody who got it."""
    offers = found["offers"]
    return (
        offers.has("offer_id")
        and offers.is_unique("offer_id", shapes)
        and offers.has("kind", "product_ids", "price", "starts_at", "content")
        and not found["exposures"].may("customer_id")
    )


_TESTS: Final[Mapping[str, Callable[[Mapping[str, Found], Shapes], bool]]] = {
    "consents": _consents,
    "responses": _responses,
    "exposures": _exposures,
    "campaigns": _campaigns,
    "offers": _offers,
    "stock": _stock,
    "events": _events,
    "rates": _rates,
    "customer_profit": _customer_profit,
    "holdings": _holdings,
    "interactions": _interactions,
    "products": _products,
    "order_lines": _order_lines,
    "orders": _orders,
    "customers": lambda _, __: True,
}
"""In this order: the first that holds."""
