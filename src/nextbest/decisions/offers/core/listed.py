"""What is left of a source's purchases when the lists of *recommend* have taken the likeliest."""

from __future__ import annotations

import numpy as np

from nextbest.decisions.offers.core.rows import Bools, Floats, Ints

_N_PARTS = 5
_LEAST = 0.1


def less_listed(learnt: Floats, listed: Floats, group: Ints) -> Floats:
    """Take off what the lists account for, so that each part of a source keeps the purchases that were learnt of it.

    The simple model learns from all candidates of a source. Those that a list of *recommend* holds are likelier than
    others with the same features, so the others are less likely: in each fifth of a source (by what was learnt), the
    unlisted are scaled until listed and unlisted together add up to what was learnt; never upwards, nor below a tenth.

    Parameters
    ----------
    learnt
        Probability by the simple model, shape (rows,).
    listed
        Probability by *recommend*; NaN: in none of its lists.
    group
        Source; -1: none of those that were learnt from, left as they are.

    Examples
    --------
    Two of ten are expected to be bought; the listed one accounts for half a purchase, the others share the rest.

    >>> listed = np.array([0.5] + [np.nan] * 9)
    >>> less_listed(np.full(10, 0.2), listed, np.zeros(10, np.int64)).round(3)
    array([0.2  , 0.167, 0.167, 0.167, 0.167, 0.167, 0.167, 0.167, 0.167, 0.167])
    """
    result = learnt.copy()
    for source in np.unique(group[group >= 0]):
        rows = np.flatnonzero(group == source)
        edges = np.quantile(learnt[rows], np.linspace(0, 1, _N_PARTS + 1)[1:-1])
        part = np.searchsorted(edges, learnt[rows], side="left")
        for number in range(_N_PARTS):
            mine = rows[part == number]
            is_open = np.isnan(listed[mine])
            open_total = float(learnt[mine[is_open]].sum())
            if open_total > 0:
                left = float(learnt[mine].sum()) - float(listed[mine[~is_open]].sum())
                result[mine[is_open]] *= np.clip(left / open_total, _LEAST, 1.0)
    return result


def last_listed(customer: Ints, listed: Floats, is_new: Bools) -> Floats:
    """Give the least probability of each customer's listed products that are new to them; infinite where none is.

    A list holds the likeliest products: what it does not hold is no likelier than its last.

    Examples
    --------
    >>> listed = np.array([0.3, 0.1, np.nan, np.nan])
    >>> last_listed(np.array([0, 0, 0, 1]), listed, np.ones(4, dtype=bool))
    array([0.1, 0.1, 0.1, inf])
    """
    least = np.full(int(customer.max(initial=-1)) + 1, np.inf)
    is_listed = is_new & ~np.isnan(listed)
    np.minimum.at(least, customer[is_listed], listed[is_listed])
    return np.asarray(least[customer], dtype=np.float64)
