"""Baskets of a large shop, made up: a long tail of products, and complements planted on a tenth of the lines."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

N_PRODUCTS = 50_000
_CHUNK = 200_000
_SEED = 20_261_121
_MEAN_BEYOND_FIRST = 9.4
_SHAPE = 1.63
_PLANTED_SHARE = 0.1


def baskets(n_baskets: int) -> dict[str, NDArray[Any]]:
    """Draw baskets of about 10.4 distinct products (most have fewer, the largest over 100).

    A product of rank r is drawn in proportion to ``1 / (r + 30)^0.9``. On a tenth of the lines the draw is replaced by the
    fixed complement of the line before. Every chunk has its own generator, so that the first baskets are the same
    whatever the number.

    Parameters
    ----------
    n_baskets
        A multiple of 200,000.

    Returns
    -------
    dict
        ``basket`` and ``item`` of each distinct row, int32.
    """
    chunks = [_chunk(number) for number in range(n_baskets // _CHUNK)]
    return {
        "basket": np.concatenate([basket + at * _CHUNK for at, (basket, _) in enumerate(chunks)]).astype(
            np.int32
        ),
        "item": np.concatenate([item for _, item in chunks]),
    }


def _chunk(number: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    code, complement, reach = _catalogue()
    rng = np.random.default_rng([_SEED, number])
    chance = _SHAPE / (_SHAPE + _MEAN_BEYOND_FIRST)
    sizes = 1 + rng.negative_binomial(_SHAPE, chance, _CHUNK)
    basket = np.repeat(np.arange(_CHUNK), sizes)
    rank = np.searchsorted(reach, rng.random(len(basket)))
    follows = rng.random(len(basket)) < _PLANTED_SHARE
    follows[np.cumsum(sizes) - sizes] = False
    planted = np.flatnonzero(follows)
    rank[planted] = complement[rank[planted - 1]]
    rows = np.unique(basket * N_PRODUCTS + code[rank])
    return rows // N_PRODUCTS, (rows % N_PRODUCTS).astype(np.int32)


def _catalogue() -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.float64]]:
    """Give each rank its code, its complement's rank, and the share of draws up to it."""
    rng = np.random.default_rng(_SEED)
    weight = 1 / (np.arange(N_PRODUCTS) + 30) ** 0.9
    code = rng.permutation(N_PRODUCTS).astype(np.int32)
    complement = rng.permutation(N_PRODUCTS)
    return code, complement, np.cumsum(weight) / weight.sum()
