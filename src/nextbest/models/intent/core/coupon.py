"""When a coupon pays: who hardly hesitates would have bought anyway."""

from __future__ import annotations


def pays_below(coupon_share: float, margin_share: float, coupon_odds: float) -> float:
    """Give the probability up to which a coupon pays; 0: never.

    An order brings the margin m, with a coupon m - c; the coupon raises the probability p to p' with p'/(1 - p') = k p/(1 - p).
    It pays where p' (m - c) > p m, which is where p < (k (1 - c/m) - 1) / (k - 1).

    Parameters
    ----------
    coupon_share
        c as a share of the order's value.
    margin_share
        m as a share of the order's value.
    coupon_odds
        k, by how much the coupon multiplies the odds of an order.

    Examples
    --------
    A coupon of a tenth where a third is earned, which doubles the odds: with p = 0.4, p' is 0.571, and 0.571 x 0.2 < 0.4 x 0.3.

    >>> round(pays_below(0.1, 0.3, 2.0), 3)
    0.333
    >>> pays_below(0.1, 0.2, 1.5)
    0.0
    """
    return max(0.0, (coupon_odds * (1 - coupon_share / margin_share) - 1) / (coupon_odds - 1))
