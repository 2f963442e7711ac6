"""What customers have, what costs more and serves the same need, and who bought the lower one first."""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir

from nextbest.models.ladders.spec import LadderSettings

_N_BANDS = 3
_N_UPPER = 50
"""Most bought products of a price band among which a better version is looked for."""


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
    """Say what each product costs and which third of its need's prices that is.

    Returns
    -------
    product_id, need, price, n_customers, band (1 lowest to 3; null without a price or peers), upgrade_of.
    """
    known = products.select(
        "product_id",
        "upgrade_of",
        need=products[need].cast("string"),
        is_active=products.is_active.fill_null(True),
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
    peers = ibis.window(group_by=[sold.need, is_compared])
    n_peers = sold.count().over(peers)
    band = 1 + _N_BANDS * ibis.rank().over(peers.order_by(sold.price)) // n_peers
    return sold.select(
        "product_id",
        "need",
        "price",
        "n_customers",
        "upgrade_of",
        "is_active",
        band=ibis.ifelse(is_compared & (n_peers >= _N_BANDS), band, ibis.null("int64")),
    )


def rungs(prices: ir.Table) -> ir.Table:
    """List the products below and above each step: source, step, product_id, is_upper.

    A step leads from a need's price band to the next, or from a product to what ``upgrade_of`` calls its better version.
    """
    banded = prices.filter(prices.band.notnull())

    def side(offset: int, *, is_upper: bool) -> ir.Table:
        low = banded.mutate(low=banded.band - offset)
        inside = low.filter(low.low >= 1, low.low < _N_BANDS)
        return inside.select(
            "product_id",
            source=ibis.literal("next_band"),
            step=inside.need + "|" + inside.low.cast("string"),
            is_upper=ibis.literal(is_upper),
        )

    better = prices.filter(prices.upgrade_of.notnull())
    named = better.mutate(
        source=ibis.literal("given"), step=better.upgrade_of + "|" + better.product_id
    ).select("upgrade_of", "product_id", "source", "step")
    given = [
        named.select(product_id=named[column], source=named.source, step=named.step, is_upper=is_upper)
        for column, is_upper in (
            ("upgrade_of", ibis.literal(False)),
            ("product_id", ibis.literal(True)),
        )
    ]
    return ibis.union(side(0, is_upper=False), side(1, is_upper=True), *given)


def steps(has: ir.Table, rung: ir.Table) -> ir.Table:
    """Count, per step, who had the lower first and who took the higher on a later day.

    A customer who bought the lower n times and the higher m times would have begun with the lower one with chance
    n / (n + m) if the order of purchases meant nothing: ``expected_stepped`` and ``variance`` add that up.

    Parameters
    ----------
    has
        From :func:`owned`.
    rung
        From :func:`rungs`.
    """
    mine = has.inner_join(rung, "product_id")
    by_customer = mine.group_by("source", "step", "customer_id").aggregate(
        low_on=mine.first_on.min(where=~mine.is_upper),
        high_on=mine.first_on.min(where=mine.is_upper),
        n_low=mine.n_orders.sum(where=~mine.is_upper).fill_null(0),
        n_high=mine.n_orders.sum(where=mine.is_upper).fill_null(0),
    )
    is_first = (by_customer.n_low > 0) & (
        (by_customer.n_high == 0) | (by_customer.low_on < by_customer.high_on).fill_null(False)
    )
    is_stepped = (by_customer.low_on < by_customer.high_on).fill_null(False)
    is_both = (by_customer.low_on != by_customer.high_on).fill_null(False)
    chance = (by_customer.n_low / (by_customer.n_low + by_customer.n_high)).round(12).cast("decimal(18, 12)")
    flagged = by_customer.mutate(
        is_first=is_first,
        is_stepped=is_stepped,
        chance=ibis.ifelse(is_both, chance, 0),
        spread=ibis.ifelse(is_both, (chance * (1 - chance)).cast("decimal(18, 12)"), 0),
        days=ibis.ifelse(
            is_stepped, by_customer.high_on.delta(by_customer.low_on, unit="day"), ibis.null("int64")
        ),
    )
    return flagged.group_by("source", "step").aggregate(
        n_buyers=flagged.is_first.sum(),
        n_stepped=flagged.is_stepped.sum(),
        expected_stepped=flagged.chance.sum().cast("float64"),
        variance=flagged.spread.sum().cast("float64"),
        days_to_step=flagged.days.median().cast("float64"),
    )


def targets(prices: ir.Table, settings: LadderSettings) -> ir.Table:
    """Choose each product's better version: the given one, and the next band's most bought within reach.

    Returns
    -------
    product_id, upgrade_id, source, need, step, price, upgrade_price.
    """
    open_ = prices.filter(prices.is_active, prices.band > 1)
    most_bought = ibis.window(
        group_by=["need", "band"], order_by=[open_.n_customers.desc(nulls_first=False), open_.product_id]
    )
    ranked = open_.mutate(place=ibis.row_number().over(most_bought))
    prices_up = ranked.filter(ranked.place < _N_UPPER)
    upper = prices_up.select(
        upgrade_id=prices_up.product_id,
        upper_need=prices_up.need,
        low_band=prices_up.band - 1,
        upgrade_price=prices_up.price,
        n_upper=prices_up.n_customers,
    )
    reach = prices.inner_join(upper, [prices.need == upper.upper_need, prices.band == upper.low_band])
    ratio = reach.upgrade_price / reach.price
    within = reach.filter(ratio >= settings.min_price_ratio, ratio <= settings.max_price_ratio)
    first_come = ibis.window(
        group_by="product_id",
        order_by=[within.n_upper.desc(nulls_first=False), within.upgrade_price, within.upgrade_id],
    )
    best = within.mutate(place=ibis.row_number().over(first_come)).filter(lambda t: t.place == 0)
    banded = best.select(
        "product_id",
        "upgrade_id",
        "need",
        "price",
        "upgrade_price",
        source=ibis.literal("next_band"),
        step=best.need + "|" + best.band.cast("string"),
    )
    return ibis.union(_given(prices, banded), banded.anti_join(_named(prices), ["product_id", "upgrade_id"]))


def _named(prices: ir.Table) -> ir.Table:
    better = prices.filter(prices.upgrade_of.notnull(), prices.is_active)
    return better.select(product_id=better.upgrade_of, upgrade_id=better.product_id).distinct()


def _given(prices: ir.Table, like: ir.Table) -> ir.Table:
    lower = prices.select("product_id", "price")
    upper = prices.select(upgrade_id="product_id", upgrade_price="price")
    named = _named(prices).inner_join(lower, "product_id").inner_join(upper, "upgrade_id")
    return named.mutate(
        need=ibis.null("string"),
        source=ibis.literal("given"),
        step=named.product_id + "|" + named.upgrade_id,
    ).select(like.columns)
