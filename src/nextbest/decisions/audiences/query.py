"""Which rules get an audience, who has what, and who has the body and lacks the head."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import ibis
import ibis.expr.types as ir

from nextbest.decisions.audiences.spec import AudienceSettings


def chosen_rules(rules: ir.Table, settings: AudienceSettings) -> ir.Table:
    """Choose the rules worth acting on.

    Positive rules that a person approved or wrote are always chosen and rejected ones never; then come the mined
    rules that hold with basket size held fixed and do not lead to what no shop proposes, most margin at stake first. Where no margin is known, the size of
    the audience times ``size_lift`` takes its place; ties go to the smaller ``rule_id``.
    """
    positive = rules.filter(rules.sign == "+", rules.review.fill_null("") != "rejected")
    is_vouched = (positive.review.fill_null("") == "approved") | (positive.origin == "written")
    is_sure = (
        (positive.size_q_value < settings.max_size_q_value)
        & (positive.size_lift > 1)
        & ~positive.is_redundant
        & ~positive.is_never.fill_null(False)
    ).fill_null(False)
    open_rules = positive.mutate(is_vouched=is_vouched).filter(is_vouched | is_sure)
    first_come = ibis.window(
        group_by=open_rules.is_vouched,
        order_by=[
            open_rules.margin_at_stake.desc(nulls_first=False),
            (open_rules.size_lift * open_rules.n_audience).desc(nulls_first=False),
            open_rules.rule_id,
        ],
    )
    ranked = open_rules.mutate(place=ibis.row_number().over(first_come))
    return ranked.filter(ranked.is_vouched | (ranked.place < settings.max_rules)).select(
        "rule_id",
        "level",
        "body_ids",
        "head_id",
        "sign",
        "is_ordered",
        margin_at_stake=ranked.margin_at_stake / ranked.n_audience.nullif(0),
    )


def bought(lines: ir.Table, as_of: date | None) -> ir.Table:
    """List what each known customer bought and kept before the day: returned and cancelled lines are no haves."""
    kept = lines.filter(
        lines.customer_id.notnull(),
        lines.product_id.notnull(),
        lines.is_product.fill_null(True),
        ~lines.is_return.fill_null(False),
    )
    if as_of is None:
        return kept.filter(kept.cancelled_on.isnull()).select("customer_id", "product_id")
    day = ibis.date(as_of)
    return kept.filter(
        (kept.ordered_on < day).fill_null(True), (kept.cancelled_on >= day).fill_null(True)
    ).select("customer_id", "product_id")


def held(holdings: ir.Table, as_of: date | None) -> ir.Table:
    """List what each customer held before the day, closed or not: who gave it up is not offered it again as new."""
    since = ibis.coalesce(holdings.opened_on, holdings.seen_on)
    past = holdings if as_of is None else holdings.filter((since < ibis.date(as_of)).fill_null(True))
    return past.select("customer_id", "product_id")


def has_items(haves: ir.Table, products: ir.Table, items: ir.Table, levels: Sequence[str]) -> ir.Table:
    """Say which of the items each customer has: level, item_id, customer_id, each once.

    Parameters
    ----------
    haves
        From :func:`bought` or :func:`held`.
    products
        ``products``; may be empty.
    items
        The items that rules speak of: level, item_id.
    levels
        Levels that occur in them.
    """
    placed = haves.left_join(products.select("product_id", "category", "department"), "product_id")
    tables = {"product": haves.rename(item_id="product_id")} | {
        level: placed.select("customer_id", item_id=level) for level in ("category", "department")
    }
    return ibis.union(*(_asked(tables[level], items, level) for level in levels))


def _asked(haves: ir.Table, items: ir.Table, level: str) -> ir.Table:
    here = items.filter(items.level == level)
    asked = haves.semi_join(here, "item_id").select("item_id", "customer_id").distinct()
    return asked.mutate(level=ibis.literal(level))


def audiences(bodies: ir.Table, heads: ir.Table, has: ir.Table) -> ir.Table:
    """List, per rule, the customers who have the whole body and lack the head.

    Parameters
    ----------
    bodies
        One row per rule and item of its body: rule_id, level, item_id, n_items (of the whole body).
    heads
        One row per rule: rule_id, level, item_id, margin_at_stake for one customer.
    has
        From :func:`has_items`.
    """
    with_body = bodies.inner_join(has, ["level", "item_id"])
    had = with_body.group_by("rule_id", "customer_id", "n_items").aggregate(n_had=ibis._.count())
    ready = had.filter(had.n_had == had.n_items).select("rule_id", "customer_id")
    with_head = heads.inner_join(has, ["level", "item_id"]).select("rule_id", "customer_id")
    lacking = ready.anti_join(with_head, ["rule_id", "customer_id"])
    at_stake = heads.select("rule_id", "margin_at_stake")
    return lacking.inner_join(at_stake, "rule_id").select("rule_id", "customer_id", "margin_at_stake")


def standings(bodies: ir.Table, heads: ir.Table, has: ir.Table) -> ir.Table:
    """Say of one customer, per rule, how much of the body and whether the head is there.

    Parameters
    ----------
    bodies, heads
        As in :func:`audiences`.
    has
        From :func:`has_items`, of one customer only.

    Returns
    -------
    One row per rule: rule_id, n_items, n_had, has_head.
    """
    mine = has.select("level", "item_id", is_there=ibis.literal(True))
    n_had = (
        bodies.left_join(mine, ["level", "item_id"])
        .group_by("rule_id", "n_items")
        .aggregate(n_had=ibis._.is_there.count())
    )
    at_head = heads.left_join(mine, ["level", "item_id"])
    has_head = at_head.select("rule_id", has_head=at_head.is_there.fill_null(False))
    return n_had.inner_join(has_head, "rule_id").select("rule_id", "n_items", "n_had", "has_head")
