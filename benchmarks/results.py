"""Results as Markdown: rows with ratios, targets reached or missed, and the machine they were measured on."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.measuring import Measured

_LIBRARIES = (
    "numpy",
    "scipy",
    "numba",
    "duckdb",
    "ibis-framework",
    "pyarrow",
    "mlxtend",
    "efficient-apriori",
    "pyfim",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One way to do the work."""

    name: str
    measured: Measured | None
    """``None``: a library it needs is not installed."""
    found: str = ""
    """What it found, or how much it did."""


@dataclass(frozen=True, slots=True)
class Target:
    """A number to reach, and the number reached."""

    name: str
    asked: str
    got: str
    is_reached: bool | None
    """``None``: could not be measured here."""


@dataclass(frozen=True, slots=True)
class Part:
    """Ways to do the same work, ours first; ratios are to ours."""

    title: str
    rows: Sequence[Row]
    targets: Sequence[Target]
    note: str = ""


def at_most(name: str, limit: float, measured: Measured | None, figure: str) -> Target:
    """Hold a figure (``cpu``, ``wall``, ``peak_mb`` or ``added_mb``) against its upper limit.

    Examples
    --------
    >>> at_most("CPU", 1.5, Measured(cpu=0.8, wall=1, peak_mb=100), "cpu")
    Target(name='CPU', asked='<= 1.5 s', got='0.800 s', is_reached=True)
    """
    unit = "MB" if figure.endswith("mb") else "s"
    if measured is None:
        return Target(name, f"<= {limit:g} {unit}", "not measured", is_reached=None)
    got = getattr(measured, figure)
    return Target(name, f"<= {limit:g} {unit}", f"{_short(got)} {unit}", is_reached=got <= limit)


def times_faster(name: str, least: float, ours: Measured | None, peer: Measured | None) -> Target:
    """Hold the peer's CPU time against ours."""
    if ours is None or peer is None:
        return Target(name, f">= {least:g} x", "not measured", None)
    got = peer.cpu / ours.cpu
    return Target(name, f">= {least:g} x", f"{_short(got)} x", got >= least)


def equal(name: str, first: object, second: object) -> Target:
    """Hold two answers against each other."""
    if first is None or second is None:
        return Target(name, "identical", "not measured", None)
    return Target(name, "identical", "identical" if first == second else "different", first == second)


def markdown(part: Part) -> str:
    """Write a part as two Markdown tables."""
    lines = [f"#### {part.title}", ""]
    if part.note:
        lines += [part.note, ""]
    if part.rows:
        lines += _table(
            ("", "CPU s", "CPU / ours", "wall s", "wall / ours", "peak MB", "+MB", "found"),
            [_cells(row, part.rows[0].measured) for row in part.rows],
        )
    if part.targets:
        words = {True: "reached", False: "**missed**", None: "not measured"}
        cells = [(target.name, target.asked, target.got, words[target.is_reached]) for target in part.targets]
        lines += [*([""] if part.rows else []), *_table(("target", "asked", "got", ""), cells)]
    return "\n".join([*lines, ""])


def machine() -> str:
    """Describe the machine and what runs on it."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{os.cpu_count()} cores ({_processor()}), {memory:.0f} GB, {platform.system()} {platform.machine()}; "
        f"load before it began (1, 5, 15 minutes) {load}; Python {platform.python_version()}; {', '.join(_versions())}."
    )


def _versions() -> list[str]:
    found = []
    for name in _LIBRARIES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} not installed")
    return found


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or "unknown"
    name = re.search(r"model name\s*: (.+)", text)
    return name.group(1) if name else platform.processor()


def _cells(row: Row, ours: Measured | None) -> tuple[str, ...]:
    took = row.measured
    if took is None:
        return (row.name, "-", "-", "-", "-", "-", "-", "not installed")
    added = "" if took.added_mb is None else f"{took.added_mb:,.0f}"
    cpu, wall = (took.cpu / ours.cpu, took.wall / ours.wall) if ours else (1.0, 1.0)
    return (
        row.name,
        _short(took.cpu),
        _short(cpu),
        _short(took.wall),
        _short(wall),
        f"{took.peak_mb:,.0f}",
        added,
        row.found,
    )


def _short(value: float) -> str:
    """Write a number with about three digits.

    Examples
    --------
    >>> _short(0.1234), _short(12.34), _short(1234.5)
    ('0.123', '12.3', '1,234')
    """
    return (
        f"{value:.3f}"
        if value < 1
        else f"{value:.2f}"
        if value < 10
        else f"{value:,.{1 if value < 100 else 0}f}"
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(len(head))]
    lines = [_line(head, widths), _line(["-" * max(width, 3) for width in widths], widths)]
    return [*lines, *(_line(row, widths) for row in rows)]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"
