"""Large: pairs in the baskets of a shop with 3.2 million of them."""

from __future__ import annotations

from benchmarks.measuring import measure
from benchmarks.results import Part, Row, at_most, equal

_FLOOR = "320"
_SMALL_FLOOR = "40"
_PEAK_MB = 1024


def run() -> list[Part]:
    """Measure pairs in 3.2 million made-up baskets."""
    counts = measure("benchmarks.miners:our_pair_counts", "synthetic", _FLOOR)
    tested = measure("benchmarks.miners:our_pairs", "synthetic", _FLOOR)
    found = f"{tested.answer['n']:,} pairs" if tested else ""
    return [
        Part(
            "Pairs in 3.2 million baskets, 33 million lines, 50,000 products, in at least 320 baskets (0.01 %)",
            [
                Row("nextbest: pairs, counted and tested", tested, found),
                Row("nextbest: pairs, only counted", counts, found),
            ],
            [
                at_most("counted, wall time", 12, counts, "wall"),
                at_most("counted, peak memory", _PEAK_MB, counts, "peak_mb"),
                at_most("counted and tested, wall time", 12, tested, "wall"),
                at_most("counted and tested, peak memory", _PEAK_MB, tested, "peak_mb"),
            ],
            "From two int32 arrays (265 MB, within the peak). Made-up baskets of 10.4 products in the mean: a product of rank r "
            "is drawn in proportion to 1 / (r + 30)^0.9, and a tenth of the lines are complements of the line before.",
        )
    ]


def run_small() -> list[Part]:
    """Measure pairs in 200,000 baskets of the same kind, beside scipy."""
    ours = measure("benchmarks.miners:our_pair_counts", "synthetic_small", _SMALL_FLOOR)
    peer = measure("benchmarks.miners:scipy_pairs", "synthetic_small", _SMALL_FLOOR)
    return [
        Part(
            "Pairs in 200,000 made-up baskets, in at least 40",
            [Row("nextbest: pairs, only counted", ours), Row("scipy X^T X, only counted", peer)],
            [equal("counts as by scipy", ours and ours.answer, peer and peer.answer)],
        )
    ]
