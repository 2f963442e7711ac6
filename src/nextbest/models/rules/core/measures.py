"""What a rule's counts say: support, confidence, lift, Fisher's test, and how many tests were made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from nextbest.models.rules.core.baskets import Floats, Longs


@dataclass(frozen=True, slots=True)
class Strength:
    """Measures of the rules body => head, one entry per rule."""

    support: Floats
    confidence: Floats
    rule_lift: Floats
    leverage: Floats
    conviction: Floats
    """NaN where every basket with the body holds the head."""


def strength(n_both: Longs, n_body: Longs, n_head: Longs, n_orders: int) -> Strength:
    """Measure rules by their counts of baskets [1]_.

    Examples
    --------
    >>> one = strength(np.array([8_500]), np.array([29_825]), np.array([26_636]), 1_000_000)
    >>> one.support.round(4), one.confidence.round(3), one.rule_lift.round(1)
    (array([0.0085]), array([0.285]), array([10.7]))

    References
    ----------
    .. [1] Brin, Motwani, Ullman, Tsur (1997), Dynamic itemset counting and implication rules. SIGMOD.
    """
    support, head_share = n_both / n_orders, n_head / n_orders
    confidence = np.divide(n_both, n_body, out=np.zeros(len(support)), where=n_body > 0)
    rule_lift = np.divide(confidence, head_share, out=np.zeros(len(support)), where=n_head > 0)
    conviction = np.full(len(support), np.nan)
    np.divide(1 - head_share, 1 - confidence, out=conviction, where=confidence < 1)
    return Strength(support, confidence, rule_lift, support - (n_body / n_orders) * head_share, conviction)


def fisher(n_both: Longs, n_body: Longs, n_head: Longs, n_orders: int, sign: str = "+") -> Floats:
    """Test whether body and head meet more (``+``) or less (``-``) than chance: Fisher's exact test, one-sided.

    Examples
    --------
    >>> fisher(np.array([3]), np.array([4]), np.array([4]), 8).round(6)
    array([0.242857])
    """
    small, large = np.minimum(n_body, n_head), np.maximum(n_body, n_head)
    p: Floats
    if sign == "-":
        p = stats.hypergeom.cdf(n_both, n_orders, large, small)
    else:
        p = stats.hypergeom.sf(n_both - 1, n_orders, large, small)
    return np.clip(p, 0, 1)


def q_values(p_values: Floats, n_tests: float) -> Floats:
    """Adjust p-values for ``n_tests`` tests by Benjamini and Hochberg; tests without a p-value count as 1.

    Examples
    --------
    >>> q_values(np.array([0.01, 0.02, 0.9]), n_tests=10)
    array([0.1, 0.1, 1. ])

    References
    ----------
    .. [1] Benjamini, Hochberg (1995), Controlling the false discovery rate. JRSS B 57.
    """
    order = np.argsort(p_values, kind="stable")
    ranks = np.arange(1, len(order) + 1)
    adjusted = np.minimum.accumulate((p_values[order] * n_tests / ranks)[::-1])[::-1]
    q = np.empty(len(order))
    q[order] = np.minimum(adjusted, 1.0)
    return q


def choose_floor(n_baskets: int, *, share: float = 0.001) -> int:
    """Choose the least count from the data: what a chance pair would hardly reach and a person can still check.

    One basket in a thousand, not below 5 and not above 20; one in ten thousand where that is more.

    Examples
    --------
    >>> [choose_floor(n) for n in (500, 9_835, 155_848, 3_200_000)]
    [5, 10, 20, 320]
    """
    return max(int(np.clip(np.ceil(share * n_baskets), 5, 20)), int(np.ceil(n_baskets / 10_000)))


def lift_beyond_both(rule_lift: Floats, size_lift: Floats) -> Floats:
    """Take the smaller lift: what is worth money beats chance, and chance in baskets of its size.

    Two products of small baskets (petrol, cigarettes) may meet fifty times as often as in other small baskets, and yet hardly
    more often than in all. Where basket size leaves nothing to chance, ``rule_lift`` alone counts.

    Examples
    --------
    >>> lift_beyond_both(np.array([1.38, 4.0, 2.0]), np.array([52.7, 2.5, np.nan]))
    array([1.38, 2.5 , 2.  ])
    """
    smaller: Floats = np.fmin(rule_lift, size_lift)
    return smaller


def margin_at_stake(n_audience: Floats, confidence: Floats, lift: Floats, margin: Floats) -> Floats:
    """Say what the audience would bring beyond chance if it bought the head as the others do; never below 0.

    Parameters
    ----------
    lift
        What ``lift_beyond_both`` gives.
    margin
        The head's margin per order, in the shop's currency.

    Examples
    --------
    >>> margin_at_stake(np.array([100.0]), np.array([0.2]), np.array([2.0]), np.array([3.0]))
    array([30.])
    """
    beyond = 1 - np.divide(1, lift, out=np.ones(len(lift)), where=lift > 1)
    return np.where(np.isnan(lift), np.nan, n_audience * confidence * beyond * margin)
