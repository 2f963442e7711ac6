"""Headers and values -> which column is which, for one table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from nextbest.base.contract import Column
from nextbest.sources.mapping.core.aliases import plain, wanted, without_unit
from nextbest.sources.mapping.core.exports import Export, present
from nextbest.sources.mapping.core.shapes import Shape, is_constant_within
from nextbest.sources.mapping.spec import Match, columns_of

Shapes = Mapping[str, Shape]

SIDES: Final = {
    "order_lines": ("products", "customers"),
    "holdings": ("products", "customers"),
    "orders": ("customers",),
}
"""Tables that a file may feed beside its own."""
_SIDE_COLUMNS: Final = {
    "products": ("name", "department", "category", "brand", "list_price"),
    "customers": ("place", "gender", "birth_on", "joined_on", "name", "email", "phone", "address"),
}
_IDS: Final = ("customer_id", "order_id", "product_id")
_SURENESS: Final = (0.95, 0.9, 0.7)
"""By tier: the header itself; the header without its unit; a name that needs the values' support."""


def match_columns(table: str, shapes: Shapes, export: Export | None = None) -> dict[str, Match]:
    """Match the columns of a file to those of a table and of the tables beside it.

    Parameters
    ----------
    table
        Name of the table.
    shapes
        Columns of the file in order.
    export
        A known export, whose columns go first.

    Returns
    -------
    dict of str to Match
        By ``[table.]column``.
    """
    found = dict(_known(export, shapes)) if export else {}
    unwanted = set(export.unwanted) if export else set()
    for tier, sureness in enumerate(_SURENESS):
        for target, column, names in _targets(table, tier):
            if target in found or target in unwanted:
                continue
            name = _first(names, shapes, tier, column, _taken(found, target, column.name, tier))
            if name is not None and _supported(column.name, shapes[name], found, shapes, tier):
                found[target] = Match(target, name, "name", sureness)
    return found


def own_kind(table: str) -> dict[str, Column]:
    """Columns by ``[table.]column`` that a file feeding ``table`` may be mapped to."""
    own = {column.name: column for column in columns_of(table)}
    sides = {f"{side}.{column.name}": column for side in SIDES.get(table, ()) for column in columns_of(side)}
    return own | sides


def _known(export: Export, shapes: Shapes) -> Iterator[tuple[str, Match]]:
    for target, theirs in export.columns.items():
        there = present(theirs, tuple(shapes))
        if there:
            yield target, Match(target, there, "name", 0.98)


def _targets(table: str, tier: int) -> Iterator[tuple[str, Column, tuple[str, ...]]]:
    """Columns to look for with the names of a tier: the table's own first, then those beside it."""
    kinds = own_kind(table)
    base = "order_lines" if table == "orders" else table
    for column, names in wanted(base).items():
        if column in kinds:
            yield column, kinds[column], names[tier // 2]
    for side in SIDES.get(table, ()):
        for column in _SIDE_COLUMNS[side]:
            yield f"{side}.{column}", kinds[f"{side}.{column}"], wanted(side)[column][tier // 2]


def _taken(found: Mapping[str, Match], target: str, column: str, tier: int) -> frozenset[str]:
    """Columns already used; an id of last resort may share one with the tables beside (e-mail, product name)."""
    sharing = tier == 2 and column in _IDS and "." not in target  # noqa: PLR2004
    return frozenset(match.theirs for name, match in found.items() if not (sharing and "." in name))


def _first(
    names: tuple[str, ...], shapes: Shapes, tier: int, column: Column, taken: frozenset[str]
) -> str | None:
    headers: dict[str, str] = {}
    for name, shape in shapes.items():
        if name not in taken and not shape.is_empty and shape.fits(column.kind):
            headers.setdefault(plain(without_unit(name) if tier == 1 else name), name)
    return next((headers[name] for name in names if name in headers), None)


def _supported(column: str, shape: Shape, found: Mapping[str, Match], shapes: Shapes, tier: int) -> bool:
    """Tell whether the values support the name; sure names need less support."""
    if column not in _IDS:
        return True
    if tier < 2:  # noqa: PLR2004
        return not shape.is_fraction
    return _id_supported(column, shape, found, shapes)


def _id_supported(column: str, shape: Shape, found: Mapping[str, Match], shapes: Shapes) -> bool:
    """Tell whose a column named only ``id`` is: an order's if all its rows have one time, else the customer's."""
    if shape.is_fraction or shape.is_flag:
        return False
    if plain(shape.name) != "id":
        return column != "product_id" or not shape.is_day
    time = found.get("ordered_at")
    if time is None:
        return shape.is_unique
    of_orders = shape.is_unique or is_constant_within(shape, shapes[time.theirs])
    return column != "product_id" and of_orders == (column == "order_id" and "order_id" not in found)
