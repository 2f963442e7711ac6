"""What customers have, what costs more and serves the same need, and who moved from one to the other and stayed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import ibis
import ibis.expr.types as ir

from nextbest.models.ladders.spec import LadderSettings

_N_COMPARED = 50
"""Most bought products of a need that are compared with each other."""
_SIZES = (
    r"\bmini\b|迷你|小号|小份",
    r"\bsmall\b",
    r"\bmedium\b|中号|中份",
    r"\blarge\b|大号|大份",
    r"\b(x|extra)[- ]?large\b|\bxl\b|加大",
    r"\bjumbo\b|\bxxl\b|特大",
)
"""Words for sizes, smallest first; of several the last counts."""
_N_ALONE = 100
"""Customers of each product alone whose days say when it was on sale."""


def owned(lines: ir.Table | None, holdings: ir.Table | None, as_of: date | None) -> ir.Table:
    """List what each known customer bought and kept, or held, before the day.

    Parameters
    ----------
    lines, holdings
        ``order_lines``, else ``holdings``; one of them is ``None``.
    as_of
        Nothing on or after it is seen.

    Returns
    -------
    customer_id, product_id, n_orders, first_on, last_on (null where there are no days).
    """
    if lines is None:
        assert holdings is not None  # noqa: S101 - one of the two is required
        return _held(holdings, as_of)
    kept = lines.filter(
        lines.customer_id.notnull(),
        lines.product_id.notnull(),
        lines.is_product.fill_null(True),
        ~lines.is_return.fill_null(False),
    )
    if as_of is None:
        kept = kept.filter(kept.cancelled_on.isnull())
    else:
        day = ibis.date(as_of)
        kept = kept.filter(kept.ordered_on < day, (kept.cancelled_on >= day).fill_null(True))
    visit = ibis.coalesce(kept.order_id, kept.ordered_seq.cast("string"), kept.ordered_on.cast("string"), "")
    orders = kept.group_by("customer_id", "product_id", visit=visit).aggregate(day=kept.ordered_on.max())
    return orders.group_by("customer_id", "product_id").aggregate(
        n_orders=orders.count(), first_on=orders.day.min(), last_on=orders.day.max()
    )


def _held(holdings: ir.Table, as_of: date | None) -> ir.Table:
    """List holdings, closed or not: who gave a product up is not offered it as new."""
    since = ibis.coalesce(holdings.opened_on, holdings.seen_on)
    past = holdings if as_of is None else holdings.filter((since < ibis.date(as_of)).fill_null(True))
    return past.group_by("customer_id", "product_id").aggregate(
        n_orders=ibis.literal(1, "int64"), first_on=since.min(), last_on=since.min()
    )


def priced(products: ir.Table, profiles: ir.Table | None, as_of: date | None, need: str) -> ir.Table:
    """Say what each product costs, and its place among its need's products by customers.

    Returns
    -------
    product_id, need, price, upgrade_of, is_active, size (as its name says; null: not at all), place (from 0; by customers,
    ties by product_id).
    """
    known = products.select(
        "product_id",
        "upgrade_of",
        need=products[need].cast("string"),
        is_active=products.is_active.fill_null(True),
        size=_size(products["name"]),
        list_price=products.list_price.cast("float64"),
    )
    if profiles is None:
        sold = known.mutate(price=known.list_price, n_customers=ibis.null("int64"))
    else:
        today = profiles.filter(profiles.as_of == ibis.date(as_of)) if as_of else profiles
        facts = today.select("product_id", "mean_price", "n_customers")
        joined = known.left_join(facts, "product_id")
        sold = joined.mutate(price=ibis.coalesce(joined.mean_price, joined.list_price))
    is_compared = sold.need.notnull() & (sold.price > 0).fill_null(False)
    first_come = ibis.window(
        group_by=[sold.need, is_compared],
        order_by=[sold.n_customers.desc(nulls_first=False), sold.product_id],
    )
    place = ibis.ifelse(is_compared, ibis.row_number().over(first_come), ibis.null("int64"))
    return sold.select("product_id", "need", "price", "upgrade_of", "is_active", "size", place=place)


def _size(name: ir.StringValue) -> ir.IntegerValue:
    """Read a size out of a name."""
    found = [(name.lower().re_search(words), size) for size, words in enumerate(_SIZES)]
    return ibis.cases(*found[::-1], else_=None)


def reach(prices: ir.Table, settings: LadderSettings) -> ir.Table:
    """List what may be the better version of what: the given one, and dearer products of the same need within reach.

    What its own name calls smaller is no better version, though it may be dearer: "large" beside "x-large".

    Returns
    -------
    product_id, upgrade_id, source, need, price, upgrade_price, place (of the better version), is_compared (both among the
    most bought of their need).
    """
    known = prices.filter(prices.place < _N_COMPARED, prices.is_active)
    upper = known.select(
        upgrade_id="product_id",
        upper_need="need",
        upgrade_price="price",
        upper_place="place",
        upper_size="size",
    )
    joined = prices.filter(prices.place.notnull()).inner_join(upper, [prices.need == upper.upper_need])
    ratio = joined.upgrade_price / joined.price
    within = joined.filter(ratio >= settings.min_price_ratio, ratio <= settings.max_price_ratio)
    within = within.filter((within.upper_size >= within["size"]).fill_null(True))
    dearer = within.select(
        "product_id",
        "upgrade_id",
        "need",
        "price",
        "upgrade_price",
        source=ibis.literal("next_band"),
        is_compared=within.place < _N_COMPARED,
        place=within.upper_place,
    )
    given = _given(prices)
    return ibis.union(given.select(dearer.columns), dearer.anti_join(given, ["product_id", "upgrade_id"]))


def _given(prices: ir.Table) -> ir.Table:
    better = prices.filter(prices.upgrade_of.notnull(), prices.is_active)
    named = better.select(product_id="upgrade_of", upgrade_id="product_id", upgrade_price="price").distinct()
    lower = prices.select("product_id", "price")
    return named.inner_join(lower, "product_id").mutate(
        need=ibis.null("string"),
        source=ibis.literal("given"),
        is_compared=ibis.literal(True),
        place=ibis.literal(0, "int64"),
    )


def moves(has: ir.Table, pairs: ir.Table) -> ir.Table:
    """Count, per pair, who moved up and stayed, and who moved back and stayed.

    Moved up and stayed: the first purchase was of the lower product, the last of the better version, on later days.

    Parameters
    ----------
    has
        From :func:`owned`.
    pairs
        product_id, upgrade_id, need (null: the better version was given).

    Returns
    -------
    product_id, upgrade_id, n_buyers (began with the lower product), n_stepped, n_back, days_to_step (median days from the
    first lower to the first better one).
    """
    both = _owners_of_both(has, pairs)
    is_up = ((both.low_first < both.high_first) & (both.low_last < both.high_last)).fill_null(False)
    is_back = ((both.high_first < both.low_first) & (both.high_last < both.low_last)).fill_null(False)
    began_above = (both.high_first <= both.low_first).fill_null(True)
    days = ibis.ifelse(is_up, both.high_first.delta(both.low_first, unit="day"), ibis.null("int64"))
    counted = both.group_by("product_id", "upgrade_id").aggregate(
        n_stepped=is_up.sum(),
        n_back=is_back.sum(),
        n_above=began_above.sum(),
        days_to_step=days.median().cast("float64"),
    )
    buyers = has.group_by("product_id").aggregate(n=has.count())
    every = pairs.left_join(counted, ["product_id", "upgrade_id"]).left_join(buyers, "product_id")
    n_of_both = {name: every[name].fill_null(0) for name in ("n_stepped", "n_back", "n_above")}
    return every.select(
        "product_id",
        "upgrade_id",
        "days_to_step",
        n_stepped=n_of_both["n_stepped"],
        n_back=n_of_both["n_back"],
        n_buyers=every.n.fill_null(0) - n_of_both["n_above"],
    )


def _owners_of_both(has: ir.Table, pairs: ir.Table) -> ir.Table:
    """Join what a customer has of one need with itself: far fewer rows than every pair with all its buyers."""
    needs = pairs.select(
        "product_id",
        "upgrade_id",
        group=ibis.coalesce(pairs.need, pairs.product_id + "\n" + pairs.upgrade_id),
    )
    lower = has.inner_join(needs.select("product_id", "group").distinct(), "product_id")
    upper = has.inner_join(needs.select("group", product_id="upgrade_id").distinct(), "product_id")
    low = lower.select("customer_id", "group", "product_id", low_first="first_on", low_last="last_on")
    high = upper.select(
        "customer_id", "group", upgrade_id="product_id", high_first="first_on", high_last="last_on"
    )
    joined = low.inner_join(high, ["customer_id", "group"])
    return joined.semi_join(needs, ["group", "product_id", "upgrade_id"])


def alone(has: ir.Table, pairs: ir.Table) -> ir.Table:
    """Take customers who bought one product of a pair and not the other: when was each of them bought at all?

    Returns
    -------
    product_id, upgrade_id, is_upper, first_on, last_on; at most a hundred customers of each side, in the order of their ids.
    """
    sides = [
        _alone(has, pairs, "product_id", "upgrade_id", is_upper=False),
        _alone(has, pairs, "upgrade_id", "product_id", is_upper=True),
    ]
    return ibis.union(*sides)


def _alone(has: ir.Table, pairs: ir.Table, mine: str, other: str, *, is_upper: bool) -> ir.Table:
    own = has.select("customer_id", "first_on", "last_on", **{mine: "product_id"})
    others = has.select("customer_id", **{other: "product_id"})
    rows = pairs.inner_join(own, mine).anti_join(others, ["customer_id", other])
    order = ibis.window(group_by=["product_id", "upgrade_id"], order_by="customer_id")
    first = rows.mutate(nth=ibis.row_number().over(order)).filter(ibis._.nth < _N_ALONE)
    return first.select("product_id", "upgrade_id", "first_on", "last_on", is_upper=ibis.literal(is_upper))


def targets(pairs: ir.Table, judged: ir.Table, limited: ir.Table | None = None) -> ir.Table:
    """Choose each product's better version: the given ones, and the one that customers moved to most beyond chance.

    Without enough customers who moved either way there is nothing to tell, and no row; of products whose use is limited, where a
    customer can outgrow one without moving, it is the most bought one within reach.

    Parameters
    ----------
    pairs
        From :func:`reach`.
    judged
        The compared pairs with their evidence.
    limited
        product_id of the products that have an allowance; ``None``: none has.
    """
    known = pairs.left_join(judged, ["product_id", "upgrade_id"]).drop("product_id_right", "upgrade_id_right")
    is_given = known["source"] == "given"
    known = known.mutate(is_given=is_given, is_supported=is_given | known.is_seen.fill_null(False))
    is_telling = known.is_given | known.step_q_value.notnull()
    if limited is not None:
        is_telling |= known.product_id.isin(limited.product_id)
    known = known.filter(is_telling)
    best = ibis.window(
        group_by=["product_id", "is_given"],
        order_by=[
            known.is_supported.desc(),
            (known.n_stepped - known.expected_stepped).round(9).desc(nulls_first=False),
            known.place,
            known.upgrade_id,
        ],
    )
    ranked = known.mutate(nth=ibis.row_number().over(best))
    return ranked.filter(ranked.is_given | (ranked.nth == 0)).drop(
        "place", "is_compared", "is_seen", "is_given", "nth"
    )


def with_allowance(holdings: ir.Table) -> ir.Table:
    """List the products of which some have an allowance: product_id."""
    return holdings.filter(holdings.allowance > 0).select("product_id").distinct()


def named(products: ir.Table, ids: Sequence[str]) -> ir.Table:
    """Name products: product_id, name (the id where there is none)."""
    wanted = products.filter(products.product_id.isin([*ids, ""]))
    return wanted.select("product_id", name=ibis.coalesce(wanted["name"], wanted.product_id))
