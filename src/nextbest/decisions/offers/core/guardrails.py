"""Guardrails: what may not be offered to whom. Each is a function of rows and settings, true where it forbids."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from nextbest.decisions.offers.core.rows import Bools, Ints, Rows
from nextbest.decisions.offers.spec import GUARDRAILS, KINDS, SOURCES, OfferSettings

_LOWEST_RISK = 1
REPEAT: Final = tuple(SOURCES.index(source) for source, kind in KINDS.items() if kind == "replenish")
Guardrail = Callable[[Rows, OfferSettings], Bools]


def rejected_rule(rows: Rows, settings: OfferSettings) -> Bools:  # noqa: ARG001
    """Forbid what a person rejected."""
    return rows.is_rejected


def losing_rule(rows: Rows, settings: OfferSettings) -> Bools:
    """Forbid rules after whose head profit fell, if the owner says so."""
    return rows.is_losing & settings.leave_out_losing


def inactive(rows: Rows, settings: OfferSettings) -> Bools:  # noqa: ARG001
    """Forbid what is no longer sold."""
    return ~rows.is_active


def never(rows: Rows, settings: OfferSettings) -> Bools:  # noqa: ARG001
    """Forbid what no shop proposes (``offers.never``), and what has no name where other products have one."""
    return rows.is_never


def out_of_stock(rows: Rows, settings: OfferSettings) -> Bools:  # noqa: ARG001
    """Forbid what is counted and not there; what nobody counts passes."""
    return rows.on_hand <= 0


def fading(rows: Rows, settings: OfferSettings) -> Bools:  # noqa: ARG001
    """Forbid what hardly anybody buys any more: Christmas cards in January."""
    return rows.is_fading


def under_margin_floor(rows: Rows, settings: OfferSettings) -> Bools:
    """Forbid what earns less than the floor; what nobody knows the margin of passes."""
    return rows.margin < settings.margin_floor


def risk_too_high(rows: Rows, settings: OfferSettings) -> Bools:  # noqa: ARG001
    """Forbid products riskier than the customer may take; who was not assessed may take the lowest risk only."""
    allowed = np.where(np.isnan(rows.customer_risk), _LOWEST_RISK, rows.customer_risk)
    return rows.product_risk > allowed


def just_bought(rows: Rows, settings: OfferSettings) -> Bools:
    """Forbid what was bought of late, unless it is used up and due again by the customer's own rhythm.

    Examples
    --------
    Milk bought five days ago is due again for who buys it every six days, not for who buys it every ten.

    >>> from dataclasses import replace
    >>> one = example()
    >>> milk = replace(one, own_days=one.own_days + 5, gap_days=one.gap_days + [6, 10])
    >>> just_bought(milk, OfferSettings())
    array([False,  True])
    """
    is_recent = rows.own_days < settings.just_bought_days
    is_due = rows.own_days >= settings.due_from * rows.gap_days
    return is_recent & ~(rows.is_replenishable & is_due)


def rarely_again(rows: Rows, settings: OfferSettings) -> Bools:
    """Forbid as a repeat what was bought once: long ago, or what hardly anybody buys again, such as a lamp."""
    is_once = np.isin(rows.source, REPEAT) & (rows.own_orders <= 1)
    is_rare = rows.again_ratio < settings.again_from
    return is_once & (is_rare | (rows.own_days > settings.again_days))


def already_has(rows: Rows, settings: OfferSettings) -> Bools:  # noqa: ARG001
    """Forbid as new what the customer has had."""
    return (rows.own_orders > 0) & ~np.isin(rows.source, REPEAT)


def has_alike(rows: Rows, settings: OfferSettings) -> Bools:
    """Forbid as new what has the name of something the customer has: "you like milk, try milk"."""
    return (rows.n_alike > 0) & ~np.isin(rows.source, REPEAT) & (not settings.offer_alike)


RULES: Final[Mapping[str, Guardrail]] = {
    guardrail.__name__: guardrail
    for guardrail in (
        rejected_rule,
        losing_rule,
        inactive,
        never,
        out_of_stock,
        fading,
        under_margin_floor,
        risk_too_high,
        just_bought,
        rarely_again,
        already_has,
        has_alike,
    )
}
assert tuple(RULES) == GUARDRAILS  # noqa: S101 - the spec names them for contracts and words


def forbidden_by(rows: Rows, settings: OfferSettings) -> Ints:
    """Name the first guardrail that forbids each row, as its place in ``GUARDRAILS``; -1 where none does."""
    verdict = np.full(len(rows), -1, dtype=np.int64)
    for place, name in enumerate(GUARDRAILS):
        verdict[(verdict < 0) & RULES[name](rows, settings)] = place
    return verdict


def example() -> Rows:
    """Give two candidates of which nothing is known but that ann and bob bought them before."""
    zero, unknown = np.zeros(2, dtype=np.int64), np.full(2, np.nan)
    no, yes = np.zeros(2, dtype=np.bool_), np.ones(2, dtype=np.bool_)
    return Rows(
        customer=np.arange(2),
        product=zero,
        category=zero - 1,
        name=zero,
        source=zero,
        kind=zero,
        place=zero + 1,
        probability=unknown,
        margin=unknown,
        own_orders=np.ones(2),
        own_days=np.zeros(2),
        gap_days=np.zeros(2),
        is_replenishable=yes,
        n_alike=np.zeros(2),
        is_active=yes,
        is_never=no,
        is_fading=no,
        again_ratio=unknown,
        on_hand=unknown,
        product_risk=unknown,
        customer_risk=unknown,
        is_rejected=no,
        is_losing=no,
    )
