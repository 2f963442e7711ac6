"""A column per product -> a row per product held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from nextbest.sources import values
from nextbest.sources.values import Style

_YES: Final = frozenset({"1", "1.0", "true", "yes", "y", "t", "x", "是", "有"})
_NO: Final = frozenset({"0", "0.0", "false", "no", "n", "f", "否", "无", "没有"})


@dataclass(frozen=True, slots=True)
class ProductColumn:
    """One product of a wide file."""

    name: str
    amounts: Style | None
    """How amounts are written; without one its cells are 0/1."""


def product_plan(sample: pa.Table, products: Sequence[str]) -> tuple[ProductColumn, ...]:
    """Tell amounts from flags, column by column.

    Examples
    --------
    >>> sample = pa.table({"visa": ["1", "0"], "savings": ["120.50", None]})
    >>> [(product.name, product.amounts is None) for product in product_plan(sample, ["visa", "savings"])]
    [('visa', True), ('savings', False)]
    """
    plans = []
    for name in products:
        seen = {cell.strip().lower() for cell in sample[name].unique().to_pylist() if cell}
        style = None if seen <= _YES | _NO else values.style_of(sample[name].combine_chunks(), "money")
        plans.append(ProductColumn(name, style))
    return tuple(plans)


def unpivot(rows: pa.Table, products: Sequence[ProductColumn], keep: pa.Table) -> tuple[pa.Table, int]:
    """Turn a batch of a wide file into holdings.

    Parameters
    ----------
    rows
        The batch, strings.
    products
        The columns that are products.
    keep
        Typed columns of the same rows that every holding repeats (customer, day).

    Returns
    -------
    tuple of Table and int
        ``keep``'s columns, ``product_id``, ``balance``; and how many cells could not be read.

    Examples
    --------
    >>> rows = pa.table({"visa": ["1", "0"], "loan": ["0", "9000"]})
    >>> plan = product_plan(rows, ["visa", "loan"])
    >>> held, n_failed = unpivot(rows, plan, pa.table({"customer_id": ["ann", "bob"]}))
    >>> [tuple(row.values()) for row in held.to_pylist()]
    [('ann', 'visa', None), ('bob', 'loan', Decimal('9000.0000'))]
    """
    parts, n_failed = [], 0
    for product in products:
        held, balance, failed = _read(rows[product.name], product)
        n_failed += failed
        part = keep.filter(held)
        names = pa.array([product.name], pa.string()).take(pa.array([0] * part.num_rows, pa.int64()))
        part = part.append_column("product_id", names).append_column("balance", balance.filter(held))
        parts.append(part)
    return pa.concat_tables(parts), n_failed


def _read(column: pa.ChunkedArray, product: ProductColumn) -> tuple[pa.Array, pa.Array, int]:
    cells = column.combine_chunks()
    if product.amounts is not None:
        parsed = values.parse(cells, "money", product.amounts)
        zero = pa.scalar(0, parsed.values.type)
        return pc.fill_null(pc.not_equal(parsed.values, zero), False), parsed.values, parsed.n_failed
    words = pc.utf8_lower(values.texts(cells).values)
    held = pc.is_in(words, pa.array(sorted(_YES)))
    known = pc.is_in(words, pa.array(sorted(_YES | _NO)))
    failed = pc.and_(pc.invert(known), words.is_valid())
    return held, pa.nulls(len(cells), pa.decimal128(18, 4)), int(pc.sum(failed).as_py() or 0)


def unlisted(rows: pa.Table, column: str, separator: str, *, n_before: int = 0) -> pa.Table:
    """Turn a row per basket into a row per product of it; each counts as a row read, and is numbered so.

    Examples
    --------
    >>> rows = pa.table({"_row": [1, 2], "items": ["milk, bread", "tea"]})
    >>> unlisted(rows, "items", ",").to_pydict()
    {'_row': [1, 2, 3], 'items': ['milk', 'bread', 'tea']}
    """
    lists = pc.split_pattern(pc.fill_null(rows[column].combine_chunks(), ""), separator)
    products = pc.utf8_trim_whitespace(pc.list_flatten(lists))
    repeated = rows.take(pc.list_parent_indices(lists))
    numbers = pa.array(range(n_before + 1, n_before + 1 + len(products)), pa.int64())
    repeated = repeated.set_column(rows.column_names.index("_row"), "_row", numbers)
    return repeated.set_column(rows.column_names.index(column), column, products)
