"""The whole guess: table, shape, columns, and what the file betrays about time zone and currency."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from nextbest.base.errors import DataError, SettingsError
from nextbest.sources.mapping.core.aliases import is_personal_header, plain, wanted
from nextbest.sources.mapping.core.exports import Export, known_export
from nextbest.sources.mapping.core.lists import separator_of
from nextbest.sources.mapping.core.matching import SIDES, Shapes, match_columns, own_kind
from nextbest.sources.mapping.core.shapes import is_constant_within, is_filled_once, shape_of
from nextbest.sources.mapping.core.shop import currency_of, is_chinese
from nextbest.sources.mapping.core.tables import product_columns, table_of
from nextbest.sources.mapping.spec import (
    ELSE,
    FILE_NAME,
    ORDERS,
    RATES,
    ROW_NUMBER,
    WITH,
    Guess,
    Layout,
    Match,
    Mode,
    Shape,
    terms,
)
from nextbest.tables import CANONICAL

if TYPE_CHECKING:
    import pyarrow as pa

_WHEN: Final = frozenset(
    {"date", "day", "week", "month", "period", "timestamp", "datetime", "datum", "日期", "时间", "月份"}
)
_TABLES: Final = (*CANONICAL, "orders", "rates")
_DERIVED: Final = {
    "order_lines": {"line_id", "ordered_on", "is_product", "cancelled_on", "source_id"},
    "events": {"event_id"},
    "interactions": {"interaction_id"},
}
"""Columns that loading fills itself where the file has none."""


@dataclass(frozen=True, slots=True)
class _Look:
    """What is known before anything is matched."""

    shapes: Shapes
    given: Mapping[str, str]
    export: Export | None
    table: str


def guess(
    columns: Sequence[str],
    head: pa.Table,
    *,
    given: Mapping[str, str] | None = None,
    table: str | None = None,
) -> Guess:
    """Recognise a file by its headers and first rows.

    Parameters
    ----------
    columns
        Headers in order.
    head
        First rows (some hundreds), strings.
    given
        What a person said: ``[table.]column`` -> the file's column.
    table
        The table, where a person said so.

    Returns
    -------
    Guess
        The layout with the reason for each column.

    Raises
    ------
    SettingsError
        ``given`` names a table or column that does not exist.
    DataError
        ``given`` names a column that the file does not have.

    Examples
    --------
    >>> import pyarrow as pa
    >>> head = pa.table({"basket": ["1", "1", "2"], "item": ["bread", "milk", "milk"]})
    >>> guess(head.column_names, head).layout
    Layout(table='order_lines', columns={'order_id': 'basket', 'product_id': 'item'}, shape='rows', fill_by=None, products=())
    """
    shapes = {name: shape_of(name, head[name].to_pylist()) for name in columns}
    if table is not None and table not in _TABLES:
        raise SettingsError("mapping.table_unknown", table=table, known=sorted(_TABLES))
    export = known_export(columns, table)
    target = table or (export.table if export else table_of(_renamed(shapes, given or {})))
    look = _Look(shapes, _checked(given or {}, target, columns), export, target)
    products = _wide(look)
    matches = _matches(look, products)
    return _told(look, matches, products)


def _renamed(shapes: Shapes, given: Mapping[str, str]) -> Shapes:
    """Let columns that a person named count under the names they were given."""
    names = {theirs: target.rpartition(".")[2] for target, theirs in given.items()}
    return {
        names.get(name, name): replace(shape, name=names.get(name, name)) for name, shape in shapes.items()
    }


def _checked(given: Mapping[str, str], table: str, columns: Sequence[str]) -> dict[str, str]:
    """Take the table's own name off the left sides and see that both sides exist."""
    plain_given = {name.removeprefix(f"{table}."): theirs for name, theirs in given.items()}
    kinds = own_kind(table)
    for name, theirs in plain_given.items():
        if name not in kinds:
            raise SettingsError("mapping.column_unknown", column=name, table=table, known=sorted(kinds))
        for part in terms(theirs, columns)[1]:
            if part not in columns and part not in {ROW_NUMBER, FILE_NAME}:
                near = difflib.get_close_matches(part, columns, 1) or list(columns[:1])
                raise DataError("mapping.theirs_unknown", theirs=part, near=near[0], known=list(columns))
    return plain_given


def _wide(look: _Look) -> tuple[str, ...]:
    if look.table != "holdings" or "product_id" in look.given:
        return ()
    products = product_columns(look.shapes)
    if products or "customer_id" not in look.given or "product_id" in match_columns("holdings", look.shapes):
        return products
    taken = set(look.given.values())
    return tuple(name for name, shape in look.shapes.items() if name not in taken and shape.is_flag)


def _matches(look: _Look, products: tuple[str, ...]) -> dict[str, Match]:
    taken = {part for theirs in look.given.values() for part in terms(theirs, tuple(look.shapes))[1]}
    free = {name: shape for name, shape in look.shapes.items() if name not in taken and name not in products}
    found = match_columns(look.table, free, look.export)
    found = {name: match for name, match in found.items() if name not in look.given}
    found |= {name: Match(name, theirs, "given", 1.0) for name, theirs in look.given.items()}
    if products:
        found = {
            name: match for name, match in found.items() if name not in {"product_id", "balance", "held"}
        }
    found = _with_clock(_with_spares(_without_echoes(_with_totals(found, look), look), look), look)
    return _with_row_number(_with_contacts(found, look), look)


def _with_totals(found: dict[str, Match], look: _Look) -> dict[str, Match]:
    """Take an amount that is the same in all lines of an order for the order's total."""
    order, amount = found.get("order_id"), found.get("net_revenue")
    if look.table == "orders" and amount is not None:
        found["order_revenue"] = Match("order_revenue", amount.theirs, amount.why, amount.sureness)
        del found["net_revenue"]
    shapes = look.shapes
    if look.table != "order_lines" or order is None or amount is None or amount.why == "given":
        return found
    if order.theirs in shapes and amount.theirs in shapes and "order_revenue" not in found:
        prices = found.get("unit_price")
        varied = prices is None or (
            prices.theirs in shapes and not is_constant_within(shapes[order.theirs], shapes[prices.theirs])
        )
        if varied and is_constant_within(shapes[order.theirs], shapes[amount.theirs]):
            del found["net_revenue"]
            found["order_revenue"] = Match("order_revenue", amount.theirs, "shape", 0.8)
    return found


def _without_echoes(found: dict[str, Match], look: _Look) -> dict[str, Match]:
    """Drop a product's name that is its id; a customer's e-mail that is the id stays, because it is personal."""
    product, name = found.get("product_id"), found.get("products.name")
    if product and name and product.theirs == name.theirs and look.table != "products":
        del found["products.name"]
    return found


def _with_spares(found: dict[str, Match], look: _Look) -> dict[str, Match]:
    """Where a line has no product id, its product's name stands in."""
    product, name = found.get("product_id"), found.get("products.name")
    if product is None and name is not None and look.table in {"order_lines", "holdings"}:
        found["product_id"] = Match("product_id", name.theirs, "shape", 0.6)
        del found["products.name"]
    elif (
        product
        and name
        and product.why != "given"
        and product.theirs in look.shapes
        and look.table == "order_lines"
    ):
        shape = look.shapes[product.theirs]
        if 0 < shape.n_filled < len(shape.cells) and name.theirs in look.shapes:
            joined = f"{product.theirs}{ELSE}{name.theirs}"
            found["product_id"] = Match("product_id", joined, "shape", product.sureness)
    return found


def _with_contacts(found: dict[str, Match], look: _Look) -> dict[str, Match]:
    """Keep the e-mail or phone that serves as the customer's id as a contact, too."""
    who = found.get("customer_id")
    if who is None or look.table not in SIDES:
        return found
    for contact in ("email", "phone"):
        names = wanted("customers")[contact][0]
        theirs = [part for part in terms(who.theirs, tuple(look.shapes))[1] if plain(part) in names]
        if theirs and f"customers.{contact}" not in found:
            found[f"customers.{contact}"] = Match(f"customers.{contact}", theirs[0], "name", who.sureness)
    return found


def _with_clock(found: dict[str, Match], look: _Look) -> dict[str, Match]:
    """Put a column of days and one of times of day together."""
    day = found.get("ordered_at")
    if day is None or day.why == "given" or day.theirs not in look.shapes:
        return found
    used = {match.theirs for match in found.values()}
    clocks = [name for name, shape in look.shapes.items() if name not in used and shape.is_clock]
    if clocks and not look.shapes[day.theirs].has_clock:
        found["ordered_at"] = Match("ordered_at", f"{day.theirs}{WITH}{clocks[0]}", "shape", day.sureness)
    return found


def _with_row_number(found: dict[str, Match], look: _Look) -> dict[str, Match]:
    """Let the rows of a flat table without an id be the customers."""
    if look.table == "customers" and "customer_id" not in found and not _is_series(look.shapes):
        found["customer_id"] = Match("customer_id", ROW_NUMBER, "shape", 0.5)
    return found


def _shape(look: _Look, matches: Mapping[str, Match]) -> Shape:
    """See baskets in one cell: no order stands twice, nothing is told of single products."""
    item, order = matches.get("product_id"), matches.get("order_id")
    told = {"quantity", "unit_price", "net_revenue", "products.name"} & set(matches)
    if look.table != "order_lines" or told or item is None or item.theirs not in look.shapes:
        return "rows"
    once = order is None or (order.theirs in look.shapes and look.shapes[order.theirs].is_unique)
    return "lists" if once and separator_of(look.shapes[item.theirs].cells) else "rows"


def _is_series(shapes: Shapes) -> bool:
    """See that rows are things at a time (sales of a day, demand of a week) and not each a customer."""
    return any(
        plain(name) in _WHEN and shape.is_day and not shape.is_unique for name, shape in shapes.items()
    )


def _told(look: _Look, matches: Mapping[str, Match], products: tuple[str, ...]) -> Guess:
    used = {part for match in matches.values() for part in terms(match.theirs, tuple(look.shapes))[1]}
    unmapped = tuple(name for name in look.shapes if name not in used and name not in products)
    order = {name: place for place, name in enumerate(own_kind(look.table))}
    ordered = tuple(sorted(matches.values(), key=lambda match: order[match.column]))
    return Guess(
        layout=Layout(
            table=look.table,
            columns={match.column: match.theirs for match in ordered},
            shape="wide" if products else _shape(look, matches),
            fill_by=_fill_by(matches, look.shapes, products),
            products=products,
        ),
        matches=ordered,
        unmapped=unmapped,
        missing=_missing(look.table, matches, products),
        time_zone="Asia/Shanghai" if is_chinese(look.shapes) else None,
        currency=currency_of(matches, look.shapes),
        export=look.export.name if look.export else None,
        mode=_mode(look.table, matches),
        personal=tuple(
            name for name in unmapped if is_personal_header(name) or look.shapes[name].is_personal
        ),
    )


def _missing(table: str, matches: Mapping[str, Match], products: tuple[str, ...]) -> tuple[str, ...]:
    contract = {"orders": ORDERS, "rates": RATES}.get(table) or CANONICAL[table]
    known = set(matches) | _DERIVED.get(table, set()) | ({"product_id"} if products else set())
    known |= _dispensable(table, known)
    return tuple(column.name for column in contract if column.required and column.name not in known)


def _dispensable(table: str, known: set[str]) -> set[str]:
    """Name what is required of lines and yet not missed: a product where rows are orders, a time where rows are baskets."""
    if table != "order_lines":
        return set()
    if "customer_id" in known and "ordered_at" in known:
        return {"product_id"}
    return {"ordered_at"} if {"order_id", "product_id"} <= known else set()


def _fill_by(matches: Mapping[str, Match], shapes: Shapes, products: tuple[str, ...]) -> str | None:
    """Find the column whose rows share what only their first row says."""
    order = matches.get("order_id")
    if products or order is None or order.theirs not in shapes:
        return None
    key = shapes[order.theirs]
    others = [
        shapes[match.theirs]
        for name, match in matches.items()
        if name in {"ordered_at", "customer_id", "status", "currency", "channel", "order_revenue"}
        and match.theirs in shapes
    ]
    merged = {place for place, cell in enumerate(key.cells) if cell is None}
    if merged and (len(others) == 1 or any(shape.cells[place] for shape in others for place in merged)):
        return None
    return order.theirs if any(is_filled_once(key, shape) for shape in others) else None


def _mode(table: str, matches: Mapping[str, Match]) -> Mode:
    changes = {"status", "order_refund", "refund", "cancelled_at", "refunded_quantity"} & set(matches)
    events = table in {"order_lines", "events", "interactions"}
    seen = table == "holdings" and "seen_on" in matches
    return "append" if (events and not changes) or seen else "upsert"
