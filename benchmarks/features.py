"""Features: what is known of every customer as of a day."""

from __future__ import annotations

from benchmarks.measuring import Measured, measure
from benchmarks.results import Part, Row, at_most, equal

_MANY_LINES_MB = 2048


def run() -> list[Part]:
    """Measure the behaviour profile on a year of one shop, and on 22.5 of them."""
    return [_one_shop(), _many_shops()]


def run_small() -> list[Part]:
    """Measure it on the year of one shop."""
    return [_one_shop()]


def _one_shop() -> Part:
    ours = measure("benchmarks.profiles:ours", "lines", times=3)
    naive = measure("benchmarks.profiles:naive", "lines")
    return Part(
        "Behaviour profile, 1.47 million order lines",
        [
            Row("nextbest", ours, _customers(ours)),
            Row("distinct counts per window", naive, _customers(naive)),
        ],
        [
            at_most("wall time", 2, ours, "wall"),
            equal("sums of the columns that both have", _common(ours), _common(naive)),
        ],
        "Parquet in, Parquet out, by the room's own recipe; 2 threads. The other way is the query one would write first, "
        "on the same engine: fewer columns, counted distinctly.",
    )


def _many_shops() -> Part:
    ours = measure("benchmarks.profiles:ours", "many_lines")
    return Part(
        "Behaviour profile, 33 million order lines",
        [Row("nextbest", ours, _customers(ours))],
        [
            at_most("wall time", 8, ours, "wall"),
            at_most("peak memory", _MANY_LINES_MB, ours, "peak_mb"),
        ],
        "The Complete Journey 22.5 times with shifted customers and orders, ids as text, one Parquet file.",
    )


def _customers(measured: Measured | None) -> str:
    return f"{measured.answer['n']:,} customers x {measured.answer['columns']} features" if measured else ""


def _common(measured: Measured | None) -> object:
    return measured and measured.answer["sums"]
