"""Mining: real baskets against the miners people use."""

from __future__ import annotations

from benchmarks.measuring import Measured, measure
from benchmarks.results import Part, Row, Target, at_most, equal, times_faster

_MINERS = "benchmarks.miners"
_PRODUCT_FLOOR = "16"
_CATEGORY_FLOOR = "1557"
_GROCERY_FLOOR = "10"


def run() -> list[Part]:
    """Measure pairs of products, sets of categories, and rules of Groceries."""
    return [_pairs(), _sets(), _rules(), _groceries()]


def _pairs() -> Part:
    ours = measure(f"{_MINERS}:our_pairs", "products", _PRODUCT_FLOOR, times=3)
    whole = measure(f"{_MINERS}:our_rules", "products", _PRODUCT_FLOOR, times=3)
    counts = measure(f"{_MINERS}:our_pair_counts", "products", _PRODUCT_FLOOR, times=3)
    eclat = measure(f"{_MINERS}:fim_pairs", "products", _PRODUCT_FLOOR, "eclat")
    growth = measure(f"{_MINERS}:fim_pairs", "products", _PRODUCT_FLOOR, "fpgrowth")
    scipy = measure(f"{_MINERS}:scipy_pairs", "products", _PRODUCT_FLOOR, times=3)
    return Part(
        "Pairs of products, Complete Journey, in at least 16 baskets",
        [
            Row("nextbest: pairs, counted and tested", ours, _n(ours, "pairs")),
            Row("nextbest: all rules, with customers, quarters and audiences", whole, _rules_of(whole)),
            Row("nextbest: pairs, only counted", counts, _n(counts, "pairs")),
            Row("scipy X^T X, only counted", scipy, _n(scipy, "pairs")),
            Row("pyfim eclat, only counted", eclat, _n(eclat, "pairs")),
            Row("pyfim fpgrowth, only counted", growth, _n(growth, "pairs")),
        ],
        [
            at_most("pairs with all statistics, CPU", 1.5, ours, "cpu"),
            at_most("pairs with all statistics, memory added", 50, ours, "added_mb"),
            at_most("all rules with customers and quarters, CPU", 1.5, whole, "cpu"),
            at_most("all rules with customers and quarters, memory added", 50, whole, "added_mb"),
            *_same(
                ours,
                {"our own counts": counts, "scipy": scipy, "pyfim eclat": eclat, "pyfim fpgrowth": growth},
            ),
        ],
        "155,848 baskets, 68,509 products, 1,469,307 lines. The statistics are both directions of support, confidence, "
        "lift, leverage and conviction, Fisher's test, the test with basket size held fixed, and both q values.",
    )


def _sets() -> Part:
    ours = measure(f"{_MINERS}:our_sets", "categories", _CATEGORY_FLOOR, times=3)
    eclat = measure(f"{_MINERS}:fim_sets", "categories", _CATEGORY_FLOOR, "eclat", times=3)
    growth = measure(f"{_MINERS}:fim_sets", "categories", _CATEGORY_FLOOR, "fpgrowth", times=3)
    return Part(
        "Sets of categories of all lengths, Complete Journey, in at least 1 % of the baskets",
        [
            Row("nextbest", ours, _n(ours, "sets")),
            Row("pyfim eclat", eclat, _n(eclat, "sets")),
            Row("pyfim fpgrowth", growth, _n(growth, "sets")),
        ],
        [
            times_faster("than pyfim eclat", 2, ours, eclat),
            times_faster("than pyfim fpgrowth", 2, ours, growth),
            *_same(ours, {"pyfim eclat": eclat, "pyfim fpgrowth": growth}),
        ],
        "155,659 baskets, 302 categories. Sets alone, without rules.",
    )


def _rules() -> Part:
    sets = measure(f"{_MINERS}:our_sets", "categories", _CATEGORY_FLOOR)
    ours = measure(f"{_MINERS}:our_rules_quick", "categories", _CATEGORY_FLOOR, "0.5", times=3)
    fim = measure(f"{_MINERS}:fim_rules", "categories", _CATEGORY_FLOOR, "0.5", times=3)
    apriori = measure(f"{_MINERS}:apriori_rules", "categories", _CATEGORY_FLOOR, "0.5")
    growth = measure(f"{_MINERS}:mlxtend_rules", "categories", _CATEGORY_FLOOR, "0.5")
    return Part(
        "Rules of categories of all lengths, Complete Journey, in at least 1 % of the baskets, confidence 0.5",
        [
            Row("nextbest", ours, _rules_of(ours)),
            Row("pyfim arules", fim, _rules_of(fim)),
            Row("efficient-apriori", apriori, _n(apriori, "sets")),
            Row("mlxtend fpgrowth", growth, _n(growth, "sets")),
        ],
        [
            times_faster("than pyfim", 2, ours, fim),
            times_faster("than efficient-apriori", 20, ours, apriori),
            times_faster("than mlxtend", 20, ours, growth),
            equal("as many rules as pyfim", ours and ours.answer, fim and fim.answer),
            *_same(sets, {"efficient-apriori": apriori, "mlxtend": growth}),
        ],
        "Ours come with Fisher's test and the mark of redundant rules, and pairs with the tests and q values; "
        "efficient-apriori and mlxtend also make rules with several heads. mlxtend gets a frame of the frequent categories only.",
    )


def _groceries() -> Part:
    ours = measure(f"{_MINERS}:our_grocery_rules", "groceries", _GROCERY_FLOOR, "0.8", times=3)
    growth = measure(f"{_MINERS}:mlxtend_grocery_rules", "groceries", _GROCERY_FLOOR, "0.8")
    found = len(ours.answer) if ours else None
    return Part(
        "Rules of Groceries, support 0.001, confidence 0.8, all lengths",
        [
            Row("nextbest", ours, f"{found} rules"),
            Row("mlxtend fpgrowth", growth, f"{len(growth.answer)} rules with one head" if growth else ""),
        ],
        [
            Target("rules", "410", str(found), found == 410),
            equal("every number as mlxtend's, to 10 digits", ours and ours.answer, growth and growth.answer),
        ],
        "9,835 baskets of 169 products.",
    )


def _n(measured: Measured | None, what: str) -> str:
    return f"{measured.answer['n']:,} {what}" if measured else ""


def _rules_of(measured: Measured | None) -> str:
    return f"{measured.answer:,} rules" if measured else ""


def _same(ours: Measured | None, others: dict[str, Measured | None]) -> list[Target]:
    return [
        equal(f"sets and counts as by {name}", ours and ours.answer, other and other.answer)
        for name, other in others.items()
    ]
