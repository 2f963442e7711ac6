"""Typed rows of a file -> canonical rows: heads joined, money worked out, duplicates merged, keys given.

Lazy queries over the staged file: ``_row`` numbers its rows, ``products.name`` and the like belong to the tables beside.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import ibis
import ibis.expr.types as ir

from nextbest.sources.cleaning import CleaningSettings, set_aside
from nextbest.sources.cleaning.lists import REFUNDED
from nextbest.sources.loading.spec import Merged
from nextbest.sources.mapping import Mode, columns_of
from nextbest.tables import CANONICAL

ROW: Final = "_row"
RULE: Final = "_rule"
COPY: Final = "_copy"
"""0 for the row that stays, 1 and more for rows merged into it."""
COPIES: Final = "_copies"
MONEY: Final = "decimal(18, 4)"
_HEAD: Final = ("customer_id", "ordered_at", "ordered_on", "status", "order_revenue", "order_refund", "cancelled_at", "currency",
                "channel", "store_id", "coupon_id", "campaign_id", "adviser_id")  # fmt: skip
_SAME_LINE: Final = ("order_id", "product_id", "ordered_at", "quantity", "net_revenue", "is_return")
"""What makes two lines without ids of their own the same line in two exports."""


def with_heads(lines: ir.Table, orders: ir.Table) -> ir.Table:
    """Fill what lines lack from the heads of their orders."""
    shared = [name for name in _HEAD if name in orders.columns]
    head = orders.select("order_id", **{f"_head_{name}": orders[name] for name in shared})
    joined = lines.left_join(head, lines.order_id == head.order_id)
    filled = {
        name: ibis.coalesce(lines[name], head[f"_head_{name}"])
        if name in lines.columns
        else head[f"_head_{name}"]
        for name in shared
    }
    return joined.select(*(lines[name] for name in lines.columns if name not in filled), **filled)


def with_rates(lines: ir.Table, rates: ir.Table | None, currency: str) -> ir.Table:
    """Convert amounts in other currencies at the last rate known on the day; ``_rule`` names lines that have none."""
    code = lines.currency.upper().strip()
    foreign = (code != currency.upper()).fill_null(False)
    if rates is None:
        return _ruled(lines, foreign, "loading.currency")
    known = rates.select(_code=rates.currency.upper().strip(), _from=rates.day_on, _rate=rates.rate)
    ranked = lines.select(ROW, _code=code, _on=lines.ordered_on).inner_join(
        known, [("_code", "_code"), lambda left, right: right["_from"] <= left["_on"]]
    )
    last = ranked.group_by(ROW).aggregate(_rate=ranked["_rate"].argmax(ranked["_from"]))
    joined = lines.left_join(last, ROW).drop(f"{ROW}_right")
    missing = foreign & joined["_rate"].isnull()
    factor = ibis.ifelse(foreign, joined["_rate"], 1.0).cast("decimal(18, 8)")
    amounts = {
        column.name: _money(joined[column.name] * factor)
        for column in columns_of("order_lines")
        if column.kind == "money" and column.name in joined.columns
    }
    return _ruled(joined.mutate(**amounts), missing, "loading.currency").drop("_rate")


def with_amounts(lines: ir.Table) -> ir.Table:
    """Work out quantity, ``net_revenue`` and ``is_return`` from what the file gives, line by line."""
    has = set(lines.columns)
    if "refunded_quantity" in has and "quantity" in has:
        back = lines.refunded_quantity.fill_null(0).abs()
        lines = lines.mutate(quantity=lines.quantity - back)
    units = lines.quantity.fill_null(1.0) if "quantity" in has else ibis.literal(1.0)
    if "net_revenue" not in has:
        value = _line_value(lines, units, has)
        if value is not None:
            for less in ("discount", "refund"):
                value = (value - lines[less].fill_null(0).abs()) if less in has else value
            lines = lines.mutate(net_revenue=_money(value))
    elif "refund" in has:
        lines = lines.mutate(net_revenue=_money(lines.net_revenue - lines.refund.fill_null(0).abs()))
    if "discount" in has:
        lines = lines.mutate(discount=lines.discount.abs())
    return _returns(lines, units)


def judged(
    rows: ir.Table,
    table: str,
    settings: CleaningSettings,
    *,
    has_quantity: bool,
    required: Sequence[str] = (),
) -> ir.Table:
    """Mark the rows that are set aside (``_rule``) and those that are copies of another (``_copy``).

    Parameters
    ----------
    rows
        Staged rows; ``_rule`` where something before decided.
    table
        Canonical table they feed.
    settings
        Cleaning rules.
    has_quantity
        The file says how many; without it equal rows of an order are units, and their number is the quantity.
    required
        Columns that must hold something after heads were joined.
    """
    for name in required:
        rows = _ruled(rows, rows[name].isnull(), "loading.missing")
    rows = rows.mutate(**{RULE: ibis.coalesce(rows[RULE], set_aside(rows, table, settings))})
    if not _merges(rows, table, settings, has_quantity=has_quantity):
        return rows.mutate(**{COPY: ibis.literal(0, "int64"), COPIES: ibis.literal(1, "int64")})
    same = ibis.window(group_by=[rows[name] for name in rows.columns if name != ROW])
    ordered = ibis.window(group_by=same.groupings, order_by=rows[ROW])
    return rows.mutate(**{COPY: ibis.row_number().over(ordered), COPIES: rows.count().over(same)})


def _merges(rows: ir.Table, table: str, settings: CleaningSettings, *, has_quantity: bool) -> bool:
    """Tell whether equal rows are one: in lines only if an order id says that it is the same purchase."""
    if table != "order_lines":
        return settings.merge_exact_duplicates
    return not has_quantity or (settings.merge_exact_duplicates and "order_id" in rows.columns)


def lines(kept: ir.Table, *, has_quantity: bool, source: str) -> ir.Table:
    """Give the kept rows their keys and their share of the order's amounts."""
    kept = _with_units(kept, has_quantity=has_quantity)
    kept = _with_order_ids(kept)
    for total, target, sign in (("order_revenue", "net_revenue", 1), ("order_refund", "net_revenue", -1)):
        if total in kept.columns:
            kept = _spread(kept, total, target, sign)
    return _with_line_ids(kept).mutate(source_id=ibis.literal(source))


def one_per_key(rows: ir.Table, key: str, columns: Sequence[str]) -> ir.Table:
    """Give one row per key: of each column the value that stands most often, of equals the smallest.

    Examples
    --------
    >>> rows = ibis.memtable({"product_id": ["a", "a", "a"], "name": ["Tea", "?", "Tea"]})
    >>> one_per_key(rows, "product_id", ["name"]).execute().to_dict("records")
    [{'product_id': 'a', 'name': 'Tea'}]
    """
    known = rows.filter(rows[key].notnull())
    result = known.select(key).distinct()
    for column in columns:
        counts = (
            known.filter(known[column].notnull()).group_by([key, column]).aggregate(_n=lambda t: t.count())
        )
        best = ibis.row_number().over(
            ibis.window(group_by=counts[key], order_by=[counts["_n"].desc(), counts[column]])
        )
        usual = counts.mutate(_place=best).filter(lambda t: t["_place"] == 0).select(key, column)
        result = result.left_join(usual, key).drop(f"{key}_right")
    return result


def fullest_per_key(rows: ir.Table, key: str) -> ir.Table:
    """Keep one row per key: the one that says most, of equals the smallest."""
    said = [name for name in rows.columns if not name.startswith("_") and name != key]
    n_said = sum((rows[name].notnull().cast("int64") for name in said), start=ibis.literal(0, "int64"))
    order = [n_said.desc(), *(rows[name] for name in said), rows[ROW]]
    place = ibis.row_number().over(ibis.window(group_by=rows[key], order_by=order))
    return rows.mutate(_place=place).filter(lambda t: t["_place"] == 0).drop("_place")


def with_hashed_key(rows: ir.Table, key: str, table: str) -> ir.Table:
    """Give rows without a key one made of what they say, so that exports that overlap do not double."""
    if key in rows.columns:
        return rows
    said = [rows[column.name] for column in CANONICAL[table] if column.name in rows.columns]
    text = _joined([*said, rows[COPY]] if COPY in rows.columns else said)
    return rows.mutate(**{key: text.hexdigest("md5")})


def merge_new(table: str, existing: ir.Table, new: ir.Table, mode: Mode) -> Merged:
    """Join new rows with those that are there.

    Lines with ids of their own are the same if the ids are; lines numbered by loading (``order_id-1``) if order, product,
    time, quantity and amount are, as often as they are there. Other tables go by their key.

    Parameters
    ----------
    table
        Canonical table.
    existing, new
        Rows that are there, and those of one file.
    mode
        ``append``: rows that are there stay as they are. ``upsert``: new rows replace those of the same key, and orders
        without line ids are replaced whole. ``replace``: nothing stays.

    Returns
    -------
    Merged
        What stays, what is added (in ``upsert`` with the new versions), and which new rows count as merged.
    """
    existing, new = _alike(existing, new)
    key = list(CANONICAL[table].key) if table in CANONICAL else [_staging_key(table)]
    if mode == "replace":
        return Merged(existing.limit(0), new, new.limit(0))
    if table == "order_lines":
        return _merge_lines(existing, new, mode)
    there = _keyed(existing, key)
    fresh = _keyed(new, key)
    merged = fresh.semi_join(there, "_key").drop("_key")
    if mode == "upsert":
        return Merged(there.anti_join(fresh, "_key").drop("_key"), new, merged)
    return Merged(existing, fresh.anti_join(there, "_key").drop("_key"), merged)


def _staging_key(table: str) -> str:
    return "order_id" if table == "orders" else "day_on"


def _merge_lines(existing: ir.Table, new: ir.Table, mode: Mode) -> Merged:
    if mode == "upsert":
        there, fresh = (_upsert_key(rows) for rows in (existing, new))
        kept = there.anti_join(fresh, "_key").drop("_key")
        return Merged(kept, new, new.semi_join(existing, "line_id"))
    touched = existing.semi_join(new, "order_id")
    there, fresh = (_occurrence(rows) for rows in (touched, new))
    merged = fresh.semi_join(there, "_key").drop("_key")
    added = fresh.anti_join(there, "_key").drop("_key")
    return Merged(existing, _renumbered(added, touched), merged)


def _numbered(rows: ir.Table) -> ir.BooleanValue:
    """Tell lines that loading numbered itself."""
    rest = rows.line_id.substr(rows.order_id.length() + 1)
    return (rows.line_id.startswith(rows.order_id.concat("-")) & rest.re_search(r"^\d+$")).fill_null(False)


def _upsert_key(rows: ir.Table) -> ir.Table:
    return rows.mutate(_key=ibis.ifelse(_numbered(rows), "o" + rows.order_id, "l" + rows.line_id))


def _occurrence(rows: ir.Table) -> ir.Table:
    same = _joined([rows[name] for name in _SAME_LINE if name in rows.columns])
    content = rows.mutate(_same=ibis.ifelse(_numbered(rows), "o" + same, "l" + rows.line_id))
    place = ibis.row_number().over(ibis.window(group_by=content["_same"], order_by=content.line_id))
    return content.mutate(_key=content["_same"] + "#" + place.cast("string")).drop("_same")


def _renumbered(added: ir.Table, touched: ir.Table) -> ir.Table:
    """Number added lines of orders that are there after those that are there."""
    size = touched.group_by("order_id").aggregate(_there=lambda t: t.count())
    joined = added.left_join(size, "order_id").drop("order_id_right")
    place = ibis.row_number().over(ibis.window(group_by=joined.order_id, order_by=joined.line_id))
    number = (joined["_there"] + place + 1).cast("string")
    fresh = joined.order_id + "-" + number
    return joined.mutate(
        line_id=ibis.ifelse(_numbered(joined) & joined["_there"].notnull(), fresh, joined.line_id)
    ).drop("_there")


def _keyed(rows: ir.Table, key: Sequence[str]) -> ir.Table:
    return rows.mutate(_key=_joined([rows[name] for name in key]))


def _joined(parts: Sequence[ir.Value]) -> ir.StringValue:
    """Put values into one text; nulls are told from empty."""
    texts = [part.cast("string").fill_null("\x00") for part in parts]
    return ibis.literal("\x1f").join(texts)


def _alike(existing: ir.Table, new: ir.Table) -> tuple[ir.Table, ir.Table]:
    """Give both tables the columns of both."""
    schema = dict(new.schema().items()) | dict(existing.schema().items())

    def full(rows: ir.Table) -> ir.Table:
        return rows.select(
            **{
                name: rows[name].cast(kind) if name in rows.columns else ibis.null(kind)
                for name, kind in schema.items()
            }
        )

    return full(existing), full(new)


def _money(value: ir.NumericValue) -> ir.DecimalValue:
    """Round to the fourth digit; the first cast keeps Ibis from taking a product of decimals for money already."""
    return value.cast("decimal(38, 8)").cast(MONEY)


def _ruled(rows: ir.Table, condition: ir.BooleanValue, rule: str) -> ir.Table:
    found = ibis.ifelse(condition.fill_null(False), rule, ibis.null("string"))
    return rows.mutate(**{RULE: ibis.coalesce(rows[RULE], found)})


def _line_value(lines: ir.Table, units: ir.FloatingValue, has: set[str]) -> ir.DecimalValue | None:
    if "gross_revenue" in has:
        return lines.gross_revenue
    if "unit_price" in has:
        return lines.unit_price * units.cast(MONEY)
    return None


def _returns(lines: ir.Table, units: ir.FloatingValue) -> ir.Table:
    """Say which lines take something back, and give their quantity and amount the negative sign."""
    back = lines.is_return.fill_null(False) if "is_return" in lines.columns else ibis.literal(False)
    quantity = ibis.ifelse(back, -units.abs(), units)
    changed = {"quantity": quantity}
    if "net_revenue" in lines.columns:
        changed["net_revenue"] = _money(ibis.ifelse(back, -lines.net_revenue.abs(), lines.net_revenue))
    refunded = ibis.literal(False)
    if "status" in lines.columns:
        refunded = lines.status.lower().strip().re_search(REFUNDED).fill_null(False)
    cancelled = (
        ibis.ifelse(refunded, lines.ordered_on, ibis.null("date")) if "ordered_on" in lines.columns else None
    )
    if cancelled is not None:
        changed["cancelled_on"] = cancelled
    return lines.mutate(**changed).mutate(is_return=lambda t: back | (t.quantity < 0))


def _with_units(kept: ir.Table, *, has_quantity: bool) -> ir.Table:
    if has_quantity:
        return kept
    times = kept[COPIES].cast("float64")
    changed = {"quantity": kept.quantity * times}
    for name in ("net_revenue", "discount"):
        if name in kept.columns:
            changed[name] = _money(kept[name] * kept[COPIES])
    return kept.mutate(**changed)


def _with_order_ids(kept: ir.Table) -> ir.Table:
    """Where there is no order id, the order is customer and day; without days the customer; else the row."""
    row = ibis.literal("row ") + kept[ROW].cast("string")
    made = row
    if "customer_id" in kept.columns:
        made = kept.customer_id
        if "ordered_on" in kept.columns:
            made = ibis.ifelse(kept.ordered_on.isnull(), made, made + " " + kept.ordered_on.cast("string"))
        made = ibis.coalesce(made, row)
    given = kept.order_id if "order_id" in kept.columns else ibis.null("string")
    return kept.mutate(order_id=ibis.coalesce(given, made))


def _spread(kept: ir.Table, total: str, target: str, sign: int) -> ir.Table:
    """Share an order's amount out to its lines by what they are worth, to the last cent."""
    worth = kept[target] if target in kept.columns else kept.quantity.cast(MONEY)
    weight = ibis.coalesce(worth, 0).abs().cast("float64")
    rows = kept.mutate(_weight=weight)
    order = [rows.product_id, rows[ROW]] if "product_id" in rows.columns else [rows[ROW]]
    whole = ibis.window(group_by=rows.order_id)
    before = ibis.window(group_by=rows.order_id, order_by=order, preceding=(None, 1))
    so_far = ibis.window(group_by=rows.order_id, order_by=order, preceding=None, following=0)
    weight_all, n_all = rows["_weight"].sum().over(whole), rows.count().over(whole)
    even = weight_all == 0
    share_to = ibis.ifelse(
        even, rows.count().over(so_far) / n_all, rows["_weight"].sum().over(so_far) / weight_all
    )
    share_from = ibis.ifelse(
        even,
        rows.count().over(before) / n_all,
        rows["_weight"].sum().over(before).fill_null(0.0) / weight_all,
    )
    amount = rows[total].max().over(whole)
    part = _part(amount, share_to) - _part(amount, share_from)
    if sign > 0:
        value = ibis.ifelse(
            amount.isnull(), rows[target] if target in rows.columns else ibis.null(MONEY), part
        )
    else:
        value = rows[target] - part.fill_null(0)
    return rows.mutate(**{target: _money(value)}).drop("_weight", total)


def _part(amount: ir.DecimalValue, share: ir.FloatingValue) -> ir.DecimalValue:
    return _money((amount.cast("float64") * share).round(4))


def _with_line_ids(kept: ir.Table) -> ir.Table:
    """Number the lines of each order by what they say, so that the order of the rows does not matter."""
    by = [
        kept[name] for name in ("product_id", "ordered_at", "quantity", "net_revenue") if name in kept.columns
    ]
    place = ibis.row_number().over(ibis.window(group_by=kept.order_id, order_by=[*by, kept[ROW]]))
    made = kept.order_id + "-" + (place + 1).cast("string")
    given = kept.line_id if "line_id" in kept.columns else ibis.null("string")
    return kept.mutate(line_id=ibis.coalesce(given, made))
