"""Product to product: what goes with what in a basket, what is bought instead of what, and what fits a cart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from nextbest.models.recommend.core.orders import Floats, Ints
from nextbest.models.recommend.core.ranking import first_of_rows
from nextbest.models.recommend.core.scene import Scene
from nextbest.models.recommend.core.together import together

_SHRINK = 5.0
"""Baskets that both counts are padded with: a pair seen twice says little."""
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


def size_lifts(bought: sp.csr_matrix) -> tuple[Floats, Floats]:
    """Count pairs of products, and what the baskets' sizes alone would make of them.

    Large baskets hold every pair; so baskets are compared with baskets of about the same size (by powers of two). In n
    baskets of size s, two products are expected together in n_a n_b / n x (s - 1) / s.

    Parameters
    ----------
    bought
        1 where a basket holds a product. Shape (baskets, products).

    Returns
    -------
    Observed and expected counts, each of shape (products, products).

    Examples
    --------
    >>> observed, expected = size_lifts(sp.csr_matrix([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1]]))
    >>> print(observed[0, 1], expected[0, 1].round(2))
    2.0 0.67
    """
    sizes = np.diff(bought.indptr)
    stratum = np.floor(np.log2(np.maximum(sizes, 1))).astype(int)
    observed = together(bought)
    expected = np.zeros_like(observed)
    for part in range(1, int(stratum.max(initial=0)) + 1):
        inside = stratum == part
        n = int(inside.sum())
        if n:
            counts = np.asarray(bought[inside].sum(axis=0)).ravel().astype(np.float64)
            size = sizes[inside].mean()
            expected += np.outer(counts, counts) / n * (size - 1) / size
    return observed, expected


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
    both, expected = size_lifts(_baskets(scene))
    with_lift = (both + _SHRINK) / (expected + _SHRINK)
    related = {"goes_with": _listed(scene, np.where(both >= _LEAST_BOTH, with_lift, 0), both, k)}
    if families is not None:
        customers, by_chance = size_lifts(scene.bought)
        ratio = (customers + _SHRINK) / (by_chance + _SHRINK) / with_lift
        family = families[scene.universe]
        same = (family[:, None] == family[None, :]) & (family >= 0)[:, None]
        allowed = same & (customers >= _LEAST_BOTH) & (with_lift < _MOST_TOGETHER) & (customers > by_chance)
        related["instead_of"] = _listed(scene, np.where(allowed, ratio, 0), customers, k)
    return related


def _baskets(scene: Scene) -> sp.csr_matrix:
    """Mark with 1 what of the universe each order holds."""
    orders = scene.orders
    place = scene.place[orders.line_product]
    kept = place >= 0
    ones = np.ones(int(kept.sum()), dtype=np.float32)
    shape = (orders.n_orders, len(scene.universe))
    return sp.csr_matrix((ones, (orders.line_order[kept], place[kept])), shape=shape)


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
