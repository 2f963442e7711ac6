"""Which offers take part, each customer's best of them, and what forbids a contact: lazy tables, never executed here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

import ibis
import ibis.expr.types as ir

from nextbest.base.contract import Kind
from nextbest.base.expressions import parse
from nextbest.decisions.campaigns.spec import ANY, CHANNELS, CampaignSettings, Rules
from nextbest.models.profit import Terms, contact_profit, earned

PAIR: Final = (
    "customer_id",
    "offer_id",
    "product_id",
    "probability",
    "model_id",
    "margin",
    "margin_source",
    "reason",
)
"""Columns of the pairs of customer and offer."""

_CHANNEL_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "email": ("email", "mail", "邮件", "电子邮件", "邮箱"),
    "sms": ("sms", "text", "短信"),
    "phone": ("phone", "call", "telephone", "电话", "外呼"),
    "wecom": ("wecom", "wechatwork", "企业微信", "企微"),
    "post": ("post", "letter", "directmail", "信件", "邮寄"),
}
_GRANTED: Final = ("granted", "yes", "true", "1", "optin", "同意", "已同意")
_PERSONAL: Final = ("personalisation", "personalization", "profiling", "个性化", "个性化推荐")
"""Purposes whose refusal forbids what was drawn up for a person (PIPL art. 24)."""
_EVERYWHERE: Final = ("", "all", "any", "全部", "所有")
_CONTROL: Final = "control"


def offered(offers: ir.Table) -> ir.Table:
    """Take the pairs of ``next_best_offers``."""
    return offers.filter(offers.probability.notnull()).select(*PAIR)


def scored(scores: ir.Table, margins: ir.Table) -> ir.Table:
    """Take the pairs of ``propensity_scores``; the model is the offer.

    Parameters
    ----------
    margins
        From :func:`margins_of`.
    """
    pairs = scores.select(
        "customer_id",
        offer_id=scores.model_id,
        product_id=scores.target,
        probability=scores.propensity,
        model_id=scores.model_id,
        reason=scores.reasons,
    )
    return pairs.left_join(margins, pairs.product_id == margins.item_id).select(*PAIR)


def margins_of(profiles: ir.Table) -> ir.Table:
    """Give the margin of one order with a product, or with a product of a category: item_id, margin, margin_source."""
    known = profiles.filter(profiles.margin_per_order.notnull())
    own = known.select(
        item_id=known.product_id, margin=known.margin_per_order, margin_source=known.margin_source
    )
    weighted = (known.margin_per_order * known.n_orders).sum() / known.n_orders.sum().cast("float64")
    groups = known.filter(known.category.notnull()).group_by(item_id=known.category)
    of_category = groups.aggregate(margin=weighted, margin_source=known.margin_source.min())
    return own.union(of_category.anti_join(own, "item_id"))


def priced(pairs: ir.Table, settings: CampaignSettings) -> ir.Table:
    """Put the margins and discounts that the settings name beside the pairs."""
    given = _named(pairs, settings.margin, None)
    return pairs.mutate(
        margin=ibis.coalesce(given, pairs.margin),
        margin_source=ibis.ifelse(given.notnull(), "given", pairs.margin_source),
        discount=_named(pairs, settings.discount, 0.0),
    )


def _named(pairs: ir.Table, amounts: Mapping[str, float], default: float | None) -> Any:
    """Look an amount up by offer, model or product; ``*`` is for all others."""
    others = amounts.get(ANY, default)
    fallback = ibis.null("float64") if others is None else ibis.literal(float(others))
    cases = [
        ((pairs.offer_id == name) | (pairs.product_id == name), ibis.literal(float(amount)))
        for name, amount in sorted(amounts.items())
        if name != ANY
    ]
    return ibis.cases(*cases, else_=fallback) if cases else fallback


def offer_sums(pairs: ir.Table, terms: Terms) -> ir.Table:
    """Add up each offer: offer_id, product_id, purchases, profit expected of them, pairs with a margin."""
    worth = contact_profit(pairs.probability, earned(pairs.margin, terms), pairs.discount, 0.0)
    return pairs.group_by("offer_id", "product_id").aggregate(
        purchases=pairs.probability.sum(), profit=worth.sum(), n_margins=pairs.margin.count()
    )


def best_pairs(pairs: ir.Table, offer_ids: Sequence[str], rules: Rules) -> ir.Table:
    """Give each customer's best of the chosen offers, one row per customer; ties go to the smaller offer_id.

    Returns
    -------
    The columns of the pairs, ``discount``, and ``worth``: what a contact that costs nothing brings, in money or, where no
    margin is known at all, in purchases; null where this offer's margin is not known.
    """
    chosen = pairs.filter(pairs.offer_id.isin(list(offer_ids)))
    money = contact_profit(
        chosen.probability, earned(chosen.margin, rules.terms), chosen.discount, 0.0, rules.share or 1.0
    )
    valued = chosen.mutate(worth=money if rules.has_money else chosen.probability)
    order = ibis.struct({"loss": -valued.worth.fill_null(float("-inf")), "offer_id": valued.offer_id})
    first = valued.group_by("customer_id").aggregate(offer_id=valued.offer_id.argmin(order))
    kept = valued.inner_join(first, ["customer_id", "offer_id"])
    rest = [name for name in (*PAIR, "discount", "worth") if name not in {"customer_id", "offer_id"}]
    return kept.group_by("customer_id", "offer_id").aggregate(**{name: kept[name].max() for name in rest})


def named_products(best: ir.Table, products: ir.Table | None) -> ir.Table:
    """Put the product's name beside each pair."""
    if products is None:
        return best.mutate(product=best.product_id)
    names = products.select("product_id", product=products.name)
    joined = best.left_join(names, "product_id").drop("product_id_right")
    return joined.mutate(product=ibis.coalesce(joined.product, joined.product_id))


def with_facts(best: ir.Table, facts: Sequence[ir.Table]) -> ir.Table:
    """Join what is known of the customers; each of the facts has one row per customer."""
    for fact in facts:
        joined = best.left_join(fact, "customer_id")
        best = joined.drop("customer_id_right") if "customer_id_right" in joined.columns else joined
    return best.order_by("customer_id")


def with_reasons(audience: ir.Table, offers: ir.Table) -> ir.Table:
    """Put the code and the values of each offer's reason beside the audience."""
    told = offers.select("customer_id", "offer_id", "reason_code", "placeholders")
    joined = audience.left_join(told, ["customer_id", "offer_id"])
    return joined.select(*audience.columns, "reason_code", "placeholders")


def who(customers: ir.Table, settings: CampaignSettings, starts_on: date | None) -> ir.Table:
    """Say of each customer whether ``where`` holds (in_where) and whether they are too young (is_young)."""
    in_where = ibis.literal(True)
    if settings.where:
        expression = parse(settings.where)
        expression.check({name: _kind(kind) for name, kind in customers.schema().items()}, "boolean")
        in_where = expression.to_ibis(customers).fill_null(False)
    young = ibis.literal(False)
    if starts_on is not None and settings.min_age:
        young = (customers.birth_on > ibis.date(_years_before(starts_on, settings.min_age))).fill_null(False)
    return customers.select("customer_id", in_where=in_where, is_young=young)


def reachable(customers: ir.Table, channel: str, column: str) -> ir.Table:
    """Say whether there is a contact for the channel."""
    return customers.select("customer_id", **{f"reach_{channel}": customers[column].notnull()})


def contact_column(columns: Sequence[str], channel: str) -> str | None:
    """Name the column that reaches a person on a channel: the first that is there."""
    return next((name for name in CHANNELS[channel] if name in columns), None)


def left_in_peace(tags: ir.Table, names: Sequence[str], on: date | None) -> ir.Table:
    """List the customers with a tag that asks for it and holds on the day."""
    known = tags.filter(tags.tag.strip().lower().isin([name.lower() for name in names]))
    if on is not None:
        begun, ended = known.since_on <= ibis.date(on), known.until_on <= ibis.date(on)
        known = known.filter(begun.fill_null(True), ~ended.fill_null(False))
    return known.select("customer_id").distinct().mutate(is_tagged=ibis.literal(True))


def contacted_lately(exposures: ir.Table, starts_on: date, days: int) -> ir.Table:
    """List the customers who had a contact in the days before the start."""
    since = ibis.date(starts_on - timedelta(days=days))
    day = exposures.exposed_at.date()
    seen = exposures.filter(
        exposures.customer_id.notnull(),
        exposures.variant.fill_null("") != _CONTROL,
        day >= since,
        day < ibis.date(starts_on),
    )
    return seen.select("customer_id").distinct().mutate(is_lately=ibis.literal(True))


def consent(consents: ir.Table, channel: str, purpose: str) -> ir.Table:
    """Say who granted the purpose on a channel: customer_id, consent_<channel>; who never said anything is not there.

    The latest word counts, on the channel or on all of them; at the same instant, the refusal.
    """
    names = consents.channel.fill_null("").lower().re_replace(r"[\s_\-]", "")
    asked = consents.filter(
        consents.purpose.strip().lower() == purpose.lower(),
        names.isin([*_CHANNEL_NAMES[channel], *_EVERYWHERE]),
    )
    return _last_word(asked, f"consent_{channel}")


def refusals(consents: ir.Table) -> ir.Table:
    """Name who refused personalisation, on whatever channel: customer_id, refuses; a plan is personal through and through."""
    asked = consents.filter(consents.purpose.strip().lower().isin(_PERSONAL))
    said = _last_word(asked, "agrees")
    return said.filter(~said.agrees).select("customer_id", refuses=True)


def _last_word(asked: ir.Table, name: str) -> ir.Table:
    """Say whether each customer's last word was a yes; at the same instant, the refusal counts."""
    status = asked.status.strip().lower().re_replace(r"[\s_\-]", "")
    said = asked.select("customer_id", "changed_at", granted=status.isin(_GRANTED))
    last = said.group_by("customer_id").aggregate(_last=said.changed_at.max())
    latest = said.inner_join(last, "customer_id").filter(ibis._.changed_at == ibis._["_last"])
    return latest.group_by("customer_id").aggregate(**{name: latest.granted.all()})


def _years_before(day: date, years: int) -> date:
    """Give the latest birthday of somebody who is that old."""
    leap = day.month == 2 and day.day == 29  # noqa: PLR2004
    return day.replace(year=day.year - years, day=28 if leap else day.day)


def _kind(kind: Any) -> Kind:
    if kind.is_decimal():
        return "money"
    known: tuple[Kind, ...] = ("string", "boolean", "date", "timestamp")
    return next(
        (name for name in known if getattr(kind, f"is_{name}")()), "int64" if kind.is_integer() else "float64"
    )
