"""Product to product: what goes with what in a basket, what is bought instead of what, and what fits a cart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nextbest.models.recommend.core.orders import Floats, Ints
from nextbest.models.recommend.core.ranking import first_of_rows
from nextbest.models.recommend.core.scene import Scene
from nextbest.models.recommend.core.together import SHRINK, size_lifts

_LEAST_BOTH = 5
_LEAST_STRENGTH = 1.1
_MOST_TOGETHER = 0.8
"""Observed over expected baskets above which two products are no substitutes."""


@dataclass(frozen=True, slots=True)
class Related:
    """Products and what they are related to, by product and rank."""

    product: Ints
    rank: Ints
    """From 1."""
    related: Ints
    strength: Floats
    """Ratio, 1 = unrelated."""
    n_both: Ints
    """Baskets with both (goes_with), or customers with both (instead_of)."""


def relations(scene: Scene, families: Ints | None, k: int) -> dict[str, Related]:
    """List what goes with each product, and what is bought instead of it.

    ``goes_with``: baskets hold both more often than their sizes explain; ``strength`` is observed over expected, both
    padded by five baskets. ``instead_of``, within a family: customers buy both more often than chance, but not in the
    same basket; ``strength`` is the customers' ratio over the baskets'.

    Parameters
    ----------
    scene
        What may be seen.
    families
        Family of each product (its category), -1 where it has none; ``None`` where nobody knows.
    k
        Length of each list.
    """
    both, with_lift = scene.basket_lifts
    related = {"goes_with": _listed(scene, np.where(both >= _LEAST_BOTH, with_lift, 0), both, k)}
    if families is not None:
        customers, by_chance = size_lifts(scene.bought)
        ratio = (customers + SHRINK) / (by_chance + SHRINK) / with_lift
        family = families[scene.universe]
        same = (family[:, None] == family[None, :]) & (family >= 0)[:, None]
        allowed = same & (customers >= _LEAST_BOTH) & (with_lift < _MOST_TOGETHER) & (customers > by_chance)
        related["instead_of"] = _listed(scene, np.where(allowed, ratio, 0), customers, k)
    return related


def _listed(scene: Scene, strength: Floats, both: Floats, k: int) -> Related:
    np.fill_diagonal(strength, 0)
    places = first_of_rows(np.where(strength >= _LEAST_STRENGTH, strength, -np.inf).astype(np.float32), k)
    row, column = np.nonzero(places >= 0)
    other = places[row, column]
    return Related(
        scene.universe[row],
        (column + 1).astype(np.int32),
        scene.universe[other],
        strength[row, other],
        both[row, other].astype(np.int32),
    )


def for_cart(cart: Sequence[str], related: Sequence[tuple[str, str, float]], k: int) -> list[str]:
    """List what fits a cart: products that go with what is in it, strongest together first, never what is in it.

    Strengths multiply: a product that goes with two things in the cart comes before one that goes with one of them.

    Parameters
    ----------
    cart
        Products in the cart.
    related
        Rows of ``related_products`` with list ``goes_with``: product_id, related_id, strength.
    k
        Length of the list.

    Examples
    --------
    >>> goes_with = [("tea", "milk", 2.0), ("cake", "milk", 1.5), ("cake", "cream", 2.5), ("tea", "cake", 4.0)]
    >>> for_cart(["tea", "cake"], goes_with, k=2)
    ['milk', 'cream']
    """
    inside = set(cart)
    total: dict[str, float] = {}
    for product, other, strength in related:
        if product in inside and other not in inside:
            total[other] = total.get(other, 0.0) + float(np.log(strength))
    return sorted(total, key=lambda product: (-round(total[product], 12), product))[:k]
