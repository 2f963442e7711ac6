"""What was bought together: one row per product in a basket, as small codes that the engine gives."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import ibis
import ibis.expr.types as ir

from nextbest.profiles.products import never_proposed


def bought(lines: ir.Table, as_of: date | None) -> ir.Table:
    """Take the lines that count: products that were sold, kept, and bought before ``as_of``.

    A basket is an order; where there is none, a customer's day.
    """
    kept = lines.filter(
        lines.product_id.notnull(),
        lines.is_product.fill_null(True),
        ~lines.is_return.fill_null(False),
        lines.cancelled_on.isnull(),
    )
    if as_of is not None:
        kept = kept.filter((kept.ordered_on < as_of) | kept.ordered_on.isnull())
    visit = kept.customer_id + "|" + kept.ordered_on.cast("string")
    named = kept.select(
        "product_id",
        basket=ibis.coalesce(kept.order_id, visit),
        customer=kept.customer_id,
        day=kept.ordered_on,
    )
    return named.filter(named.basket.notnull())


def held(holdings: ir.Table, as_of: date | None) -> ir.Table:
    """Take the products customers hold or held; what a customer opened on one day is a basket."""
    kept = holdings.filter(holdings.product_id.notnull(), holdings.customer_id.notnull())
    if as_of is not None:
        since = ibis.coalesce(kept.opened_on, kept.seen_on)
        kept = kept.filter((since < as_of) | since.isnull())
    visit = kept.customer_id + "|" + kept.opened_on.cast("string").fill_null("")
    return kept.select("product_id", basket=visit, customer=kept.customer_id, day=kept.opened_on)


def items_of(lines: ir.Table) -> ir.Table:
    """List the product ids: item."""
    return lines.select(item=lines.product_id).distinct()


def baskets_of(lines: ir.Table) -> ir.Table:
    """Give codes to the baskets by customer (guests last), day and key: basket, code, customer_code, day.

    Customers are numbered in their own order; -1 stands for guests.
    """
    baskets = lines.group_by("basket").aggregate(customer=lines.customer.min(), day=lines.day.min())
    customer = baskets.customer.asc(nulls_first=False)
    order = [customer, baskets.day.asc(nulls_first=False), baskets.basket.asc()]
    rank = ibis.dense_rank().over(order_by=customer)
    return baskets.select(
        "basket",
        "day",
        code=ibis.row_number().over(order_by=order).cast("int32"),
        customer_code=baskets.customer.isnull().ifelse(-1, rank).cast("int32"),
    )


def keys_of(lines: ir.Table, baskets: ir.Table, codes: ir.Table) -> ir.Table:
    """List the lines by codes, as one number: basket times 2^32 plus product."""
    coded = lines.select("basket", item=lines.product_id)
    coded = coded.inner_join(baskets.select("basket", basket_code="code"), "basket")
    coded = coded.inner_join(codes.select("item", product_code="code"), "item")
    return coded.select(key=coded.basket_code.cast("int64") * 2**32 + coded.product_code)


def groups_of(codes: ir.Table, products: ir.Table, level: str) -> ir.Table:
    """Say in which category or department each product is: code, item; products without one are left out."""
    groups = products.filter(products[level].notnull()).select(product_key="product_id", group=level)
    joined = codes.inner_join(groups, codes.item == groups.product_key)
    return joined.select("code", item=joined.group)


def names_of(codes: ir.Table, products: ir.Table | None, level: str) -> ir.Table:
    """Name the level's ids and say which family each belongs to: code, item, name, family."""
    unknown = ibis.null("string")
    if products is None or level == "department":
        return codes.select("code", "item", name=codes.item, family=unknown)
    name, family = (
        (products.name, products.category) if level == "product" else (products.category, products.department)
    )
    named = products.select(item_key=products[_key(level)], name=name, family=family)
    one = named.group_by("item_key").aggregate(name=named.name.min(), family=named.family.min())
    joined = codes.left_join(one, codes.item == one.item_key)
    return joined.select("code", "item", "family", name=ibis.coalesce(joined.name, joined.item))


def never_at(products: ir.Table, level: str, words: Sequence[str]) -> ir.Table:
    """List the items that no shop proposes: item.

    A category or department is one if its own name, or that of its department, holds one of the words.
    """
    names = {
        "product": ("name", "category", "department"),
        "category": ("category", "department"),
        "department": (),
    }[level]
    known = products.filter(products[_key(level)].notnull())
    texts = {
        name: known[name] if name in names else ibis.null("string")
        for name in ("name", "category", "department")
    }
    if level != "product":
        texts["name"] = known[level]
    items = known.select(item=known[_key(level)], **texts)
    return items.filter(never_proposed(items, words)).select("item").distinct()


def margins_of(profiles: ir.Table, level: str) -> ir.Table:
    """Say what an order with the level's id earns: item, margin, margin_source; the last day of the profiles counts.

    A category earns the mean of its products, weighted by their orders. Its source is the least certain of theirs, which is
    the first in the alphabet: assumed, category_default, given.
    """
    last = profiles.aggregate(last=profiles.as_of.max())
    known = profiles.filter(profiles.margin_per_order.notnull()).inner_join(last, profiles.as_of == last.last)
    known = known.filter(known[_key(level)].notnull())
    return known.group_by(item=known[_key(level)]).aggregate(
        margin=(known.margin_per_order * known.n_orders).sum() / known.n_orders.sum().nullif(0),
        margin_source=known.margin_source.min(),
    )


def without_holdings(customers: ir.Table, lines: ir.Table) -> ir.Table:
    """Count the customers who hold nothing."""
    nothing = customers.anti_join(lines, customers.customer_id == lines.customer)
    return nothing.aggregate(n_customers=nothing.count())


def _key(level: str) -> str:
    return "product_id" if level == "product" else level
