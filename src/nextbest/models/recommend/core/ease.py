"""EASE: which products bought make which other product likely, in one matrix and without iterations."""

from __future__ import annotations

import numpy as np
import scipy.linalg.lapack
import scipy.sparse as sp
from numpy.typing import NDArray

from nextbest.models.recommend.core.together import together

_LEAST_PENALTY = 10.0
_MOST_PENALTY = 1000.0
_PENALTY_PER_CUSTOMER = 0.2


def ease(bought: sp.csr_matrix) -> NDArray[np.float32]:
    """Fit the item-to-item weights of EASE [1]_.

    The penalty grows with the number of customers, from 10 to 1,000.

    Parameters
    ----------
    bought
        1 where a customer bought a product. Shape (customers, products).

    Returns
    -------
    Shape (products, products): row bought, column made likely; zeros on the diagonal.

    Examples
    --------
    >>> weights = ease(sp.csr_matrix(np.array([[1, 1, 0]] * 8 + [[0, 0, 1]] * 4)))
    >>> abs(weights).round(2)
    array([[0.  , 0.44, 0.  ],
           [0.44, 0.  , 0.  ],
           [0.  , 0.  , 0.  ]], dtype=float32)

    References
    ----------
    .. [1] Steck (2019), Embarrassingly shallow autoencoders for sparse data. WWW.
    """
    both = together(bought)
    penalty = min(max(_PENALTY_PER_CUSTOMER * bought.shape[0], _LEAST_PENALTY), _MOST_PENALTY)
    both[np.diag_indices_from(both)] += penalty
    factor, _ = scipy.linalg.lapack.dpotrf(both, lower=1, overwrite_a=1)
    half, _ = scipy.linalg.lapack.dpotri(factor, lower=1, overwrite_c=1)
    lower = np.tril(half)
    weights: NDArray[np.float32] = (-(lower + lower.T) / np.diag(lower)[None, :]).astype(np.float32)
    np.fill_diagonal(weights, 0)
    return weights
