"""The miners side by side: each function brings its input into the miner's own format, warms it, and returns the work.

Sets are compared by a digest of (products, baskets), rules by their numbers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.data import arrays
from benchmarks.measuring import Work

Rows = Mapping[str, NDArray[Any]]
Sets = Iterable[tuple[tuple[int, ...], int]]

SOME_LENGTH = 12
"""Longer than any frequent set of the data."""


def our_pairs(name: str, floor: str) -> Work:
    """Count and test the pairs from two arrays of codes."""
    from nextbest.models.rules import mine_pairs

    def mine(rows: Rows, least: int) -> Any:
        return mine_pairs(rows["basket"], rows["item"], floor=least)

    mine(_few_rows(), 1)
    rows = arrays(name)
    return Work(
        lambda: mine(rows, int(floor)),
        lambda found: _digest(zip(zip(found.first, found.second, strict=True), found.n_both, strict=True)),
    )


def our_pair_counts(name: str, floor: str) -> Work:
    """Count the pairs and nothing else."""
    from nextbest.models.rules.core.baskets import make_baskets
    from nextbest.models.rules.core.pairs import count_pairs

    def mine(rows: Rows, least: int) -> Any:
        n_baskets = int(rows["basket"].max()) + 1
        baskets = make_baskets(rows["basket"], rows["item"], n_baskets=n_baskets, floor=least)
        return baskets, count_pairs(baskets, least)

    mine(_few_rows(), 1)
    rows = arrays(name)
    return Work(lambda: mine(rows, int(floor)), lambda found: _digest(_pairs_of(*found)))


def our_rules(
    name: str, floor: str, *, max_length: str = "2", min_confidence: str = "0", known: str = "yes"
) -> Work:
    """Mine rules with every column of the contract that the data allow; with customers and days if ``known``."""
    from nextbest.models.rules import Plan, Source, mine_together

    def mine(rows: Rows, least: int) -> Any:
        own = known == "yes" and "customer" in rows
        n_baskets = int(rows["basket"].max()) + 1
        customers, days = (rows["customer"], rows["day"]) if own else (None, None)
        source = Source(rows["basket"], rows["item"], n_baskets, customers=customers, days=days)
        plan = Plan(least, max_length=int(max_length), min_confidence=float(min_confidence), min_customers=1)
        return mine_together(source, plan)

    mine(_few_rows(), 1)
    rows = arrays(name)
    return Work(lambda: mine(rows, int(floor)), len)


def our_rules_quick(name: str, floor: str, min_confidence: str) -> Work:
    """Mine rules of all lengths from baskets alone."""
    return our_rules(name, floor, max_length=str(SOME_LENGTH), min_confidence=min_confidence, known="no")


def our_sets(name: str, floor: str) -> Work:
    """Find the sets of all lengths."""
    from nextbest.models.rules.core.baskets import make_baskets
    from nextbest.models.rules.core.pairs import count_pairs
    from nextbest.models.rules.core.sets import frequent_sets

    def mine(rows: Rows, least: int) -> Any:
        n_baskets = int(rows["basket"].max()) + 1
        baskets = make_baskets(rows["basket"], rows["item"], n_baskets=n_baskets, floor=least)
        pairs = count_pairs(baskets, least)
        return baskets, frequent_sets(baskets, pairs, least, max_length=SOME_LENGTH, limit=10_000_000)

    def answer(found: Any) -> Any:
        baskets, levels = found
        return _digest(
            (tuple(members), n)
            for level in levels
            for members, n in zip(baskets.codes[level.members].tolist(), level.n_both.tolist(), strict=True)
        )

    mine(_few_rows(), 1)
    rows = arrays(name)
    return Work(lambda: mine(rows, int(floor)), answer)


def our_grocery_rules(name: str, floor: str, min_confidence: str) -> Work:
    """Mine rules of all lengths and list their numbers."""
    rules = our_rules_quick(name, floor, min_confidence)

    def answer(found: Any) -> Any:
        names = ("n_both", "support", "confidence", "rule_lift", "leverage", "conviction")
        numbers = np.column_stack([found.columns[column].astype(float) for column in names])
        bodies = [[int(code) for code in body if code >= 0] for body in found.bodies]
        return _in_order(bodies, found.heads.tolist(), numbers)

    return Work(rules.do, answer)


def scipy_pairs(name: str, floor: str) -> Work:
    """Multiply the sparse matrix of baskets by itself, frequent products only."""
    from scipy import sparse

    rows, least = arrays(name), int(floor)

    def mine() -> Any:
        keep = np.bincount(rows["item"])[rows["item"]] >= least
        basket, item = rows["basket"][keep], rows["item"][keep]
        ones = np.ones(len(basket), dtype=np.int32)
        held = sparse.csr_array((ones, (basket, item)))
        both = sparse.triu(held.T @ held, k=1).tocoo()
        often = both.data >= least
        return both.row[often], both.col[often], both.data[often]

    return Work(mine, lambda found: _digest(zip(zip(found[0], found[1], strict=True), found[2], strict=True)))


def fim_pairs(name: str, floor: str, algorithm: str) -> Work:
    """Mine the pairs by Borgelt's C code."""
    return _fim(name, floor, algorithm, zmin=2, zmax=2)


def fim_sets(name: str, floor: str, algorithm: str) -> Work:
    """Mine the sets of all lengths by Borgelt's C code."""
    return _fim(name, floor, algorithm, zmin=1, zmax=-1)


def fim_rules(name: str, floor: str, min_confidence: str) -> Work:
    """Mine rules with one head by Borgelt's C code; support is that of the whole rule (mode ``o``)."""
    import fim

    baskets = _lists(name)
    settings = {
        "supp": -int(floor),
        "conf": 100 * float(min_confidence),
        "zmin": 2,
        "mode": "o",
        "report": "aC",
    }
    return Work(lambda: fim.arules(baskets, **settings), len)


def apriori_rules(name: str, floor: str, min_confidence: str) -> Work:
    """Find sets and rules by efficient-apriori."""
    from efficient_apriori import apriori

    baskets = [tuple(basket) for basket in _lists(name)]
    least = (int(floor) - 0.5) / len(baskets)
    return Work(
        lambda: apriori(baskets, min_support=least, min_confidence=float(min_confidence)),
        lambda found: _digest((members, n) for level in found[0].values() for members, n in level.items()),
    )


def mlxtend_rules(name: str, floor: str, min_confidence: str) -> Work:
    """Find sets and rules by mlxtend, from a boolean frame of the frequent products only."""
    from mlxtend.frequent_patterns import association_rules, fpgrowth

    frame = _frame(name, int(floor))
    least = (int(floor) - 0.5) / len(frame)
    # Its confidences are quotients of rounded shares: some that are 0.8 come out just below.
    surest = float(min_confidence) - 1e-9

    def mine() -> Any:
        sets = fpgrowth(frame, min_support=least, use_colnames=True)
        return sets, association_rules(sets, metric="confidence", min_threshold=surest)

    def answer(found: Any) -> Any:
        sets = found[0]
        counts = (sets["support"] * len(frame)).round().astype(int)
        return _digest((tuple(members), n) for members, n in zip(sets["itemsets"], counts, strict=True))

    return Work(mine, answer)


def mlxtend_grocery_rules(name: str, floor: str, min_confidence: str) -> Work:
    """Mine rules by mlxtend and list the numbers of those with one head."""
    rules = mlxtend_rules(name, floor, min_confidence)
    n_baskets = int(arrays(name)["basket"].max()) + 1

    def answer(found: Any) -> Any:
        frame = found[1]
        one = frame[frame["consequents"].map(len) == 1]
        names = ["support", "confidence", "lift", "leverage", "conviction"]
        numbers = np.column_stack([(one["support"] * n_baskets).round(), one[names].to_numpy(float)])
        numbers[~np.isfinite(numbers)] = np.nan
        return _in_order(
            [sorted(body) for body in one["antecedents"]], [min(h) for h in one["consequents"]], numbers
        )

    return Work(rules.do, answer)


def _fim(name: str, floor: str, algorithm: str, *, zmin: int, zmax: int) -> Work:
    import fim

    baskets, mine = _lists(name), getattr(fim, algorithm)
    return Work(
        lambda: mine(baskets, target="s", supp=-int(floor), zmin=zmin, zmax=zmax, report="a"), _digest
    )


def _few_rows() -> dict[str, NDArray[Any]]:
    """Give four baskets that warm every compiled loop."""
    rows = np.array([[b, p] for b in range(4) for p in range(4) if (b, p) != (3, 0)], dtype=np.int32)
    return {
        "basket": rows[:, 0].copy(),
        "item": rows[:, 1].copy(),
        "customer": np.array([0, 0, 1, 1], dtype=np.int32),
        "day": np.array([0, 1, 100, 200], dtype=np.int32),
    }


def _lists(name: str) -> list[list[int]]:
    rows = arrays(name)
    order = np.argsort(rows["basket"], kind="stable")
    ends = np.flatnonzero(np.diff(rows["basket"][order])) + 1
    return [part.tolist() for part in np.split(rows["item"][order], ends)]


def _frame(name: str, floor: int) -> Any:
    import pandas as pd

    rows = arrays(name)
    often = np.flatnonzero(np.bincount(rows["item"]) >= floor)
    number = np.full(int(rows["item"].max()) + 1, -1)
    number[often] = np.arange(len(often))
    held = np.zeros((int(rows["basket"].max()) + 1, len(often)), dtype=bool)
    keep = number[rows["item"]] >= 0
    held[rows["basket"][keep], number[rows["item"][keep]]] = True
    return pd.DataFrame(held, columns=often)


def _pairs_of(baskets: Any, pairs: Any) -> Sets:
    members = baskets.codes[pairs.members].tolist()
    return ((tuple(pair), n) for pair, n in zip(members, pairs.n_both.tolist(), strict=True))


def _digest(sets: Sets) -> dict[str, Any]:
    """Sum up sets and their counts so that two miners can be compared."""
    rows = sorted((tuple(sorted(int(item) for item in members)), int(n)) for members, n in sets)
    return {"n": len(rows), "digest": hashlib.sha256(repr(rows).encode()).hexdigest()}


def _in_order(bodies: list[list[int]], heads: list[int], numbers: NDArray[np.float64]) -> list[Any]:
    """Sort rules by body and head; numbers to ten digits, since mlxtend reckons from rounded shares."""
    rounded = [[None if np.isnan(x) else float(f"{x:.10g}") for x in row] for row in numbers.tolist()]
    return sorted(
        ([sorted(body), int(head), row] for body, head, row in zip(bodies, heads, rounded, strict=True)),
        key=lambda r: r[:2],
    )
