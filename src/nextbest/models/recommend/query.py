"""Who bought what in which order, as codes: one row per product in an order."""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir


def bought(lines: ir.Table, as_of: date | None, *, is_dated: bool) -> ir.Table:
    """Take the lines that count: products sold and kept, guests' too.

    An order is an order_id; where there is none, a customer's place in the sequence, or a customer's day.

    Parameters
    ----------
    lines
        ``order_lines``.
    as_of
        Nothing on or after it is seen.
    is_dated
        Days are known: lines without one are left out.
    """
    kept = lines.filter(
        lines.product_id.notnull(), lines.is_product.fill_null(True), ~lines.is_return.fill_null(False)
    )
    if is_dated:
        kept = kept.filter(kept.ordered_on.notnull())
    if is_dated and as_of is not None:
        day = ibis.date(as_of)
        kept = kept.filter(kept.ordered_on < day, (kept.cancelled_on >= day).fill_null(True))
    else:
        kept = kept.filter(kept.cancelled_on.isnull())
    visit = ibis.coalesce(kept.ordered_seq.cast("string"), kept.ordered_on.cast("string"))
    return _named(
        kept, ibis.coalesce(kept.order_id, kept.customer_id + "|" + visit), kept.ordered_on, kept.ordered_at
    )


def held(holdings: ir.Table, as_of: date | None, *, is_dated: bool) -> ir.Table:
    """Take what customers opened, each day an order; the first sight of a product counts."""
    kept = holdings.filter(holdings.product_id.notnull(), holdings.customer_id.notnull())
    since = ibis.coalesce(kept.opened_on, kept.seen_on)
    first = kept.group_by("customer_id", "product_id").aggregate(ordered_on=since.min())
    if is_dated:
        first = first.filter(first.ordered_on.notnull())
        if as_of is not None:
            first = first.filter(first.ordered_on < ibis.date(as_of))
    order = first.customer_id + "|" + first.ordered_on.cast("string").fill_null("")
    undated = first.mutate(ordered_seq=ibis.null("int64"))
    return _named(undated, order, undated.ordered_on, ibis.null("timestamp(6)"))


def _named(lines: ir.Table, order: ir.Value, day: ir.Value, moment: ir.Value) -> ir.Table:
    named = lines.select(
        "product_id",
        customer=lines.customer_id.fill_null(""),
        is_guest=lines.customer_id.isnull(),
        order=order,
        day=day,
        moment=moment,
        seq=lines.ordered_seq,
    )
    return named.filter(named.order.notnull())


def at_level(lines: ir.Table, products: ir.Table | None, level: str) -> ir.Table:
    """Put the level's id into column ``item``; lines whose product has none are left out."""
    if level == "product":
        return lines.rename(item="product_id")
    if products is None:
        return lines.mutate(item=ibis.null("string")).filter(ibis.literal(False))
    groups = products.select(product_key="product_id", item=products[level])
    joined = lines.inner_join(groups, lines.product_id == groups.product_key)
    return joined.filter(joined.item.notnull()).drop("product_id", "product_key")


def items_of(lines: ir.Table) -> ir.Table:
    """Give the items codes in their own order: item, code."""
    known = lines.select("item").distinct()
    return known.mutate(code=ibis.row_number().over(order_by=known.item).cast("int32"))


def orders_of(lines: ir.Table) -> ir.Table:
    """Give the orders codes by customer (guests first) and time: customer, order, code, customer_code, day.

    Guests' customer_code is -1; other customers are numbered in their own order.
    """
    orders = lines.group_by("is_guest", "customer", "order").aggregate(
        day=lines.day.min(), moment=lines.moment.min(), seq=lines.seq.min()
    )
    by_customer = [orders.is_guest.desc(), orders.customer.asc()]
    by_time = [
        orders.day.asc(nulls_first=False),
        orders.moment.asc(nulls_first=False),
        orders.seq.asc(nulls_first=False),
        orders.order.asc(),
    ]
    rank = ibis.dense_rank().over(group_by=orders.is_guest, order_by=orders.customer)
    return orders.select(
        "is_guest",
        "customer",
        "order",
        "day",
        code=ibis.row_number().over(order_by=by_customer + by_time).cast("int32"),
        customer_code=orders.is_guest.ifelse(-1, rank).cast("int32"),
    )


def lines_of(lines: ir.Table, orders: ir.Table, items: ir.Table) -> ir.Table:
    """List each item of each order once, by codes, sorted: order, item."""
    keys = orders.select(guest_key="is_guest", customer_key="customer", order_key="order", order_code="code")
    ids = items.select(item_key="item", item_code="code")
    coded = lines.inner_join(
        keys,
        [
            lines.is_guest == keys.guest_key,
            lines.customer == keys.customer_key,
            lines.order == keys.order_key,
        ],
    )
    coded = coded.inner_join(ids, coded.item == ids.item_key)
    distinct = coded.select(order="order_code", item="item_code").distinct()
    return distinct.order_by("order", "item")


def facts_of(items: ir.Table, products: ir.Table | None, level: str) -> ir.Table:
    """Say of each item its name, department and family: code, item, name, department, family.

    A family serves one need, so that its products may replace each other: a category. Categories have no family.
    """
    unknown = ibis.null("string")
    if products is None:
        return items.select("code", "item", name=items.item, department=unknown, family=unknown)
    name, family = (products.name, products.category) if level == "product" else (products.category, unknown)
    key = "product_id" if level == "product" else level
    named = products.select(item_key=products[key], name=name, family=family, department=products.department)
    one = named.group_by("item_key").aggregate(
        name=named.name.min(), family=named.family.min(), department=named.department.min()
    )
    joined = items.left_join(one, items.item == one.item_key)
    return joined.select("code", "item", "department", "family", name=ibis.coalesce(joined.name, joined.item))


def segments_of(customers: ir.Table, segment: str) -> ir.Table:
    """Say of each customer their segment: customer_id, segment."""
    return customers.select("customer_id", segment=customers[segment])
