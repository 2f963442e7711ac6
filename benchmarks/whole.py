"""Whole: what a person waits for, from the command line."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.data import cache, shared
from benchmarks.measuring import Measured, measure_command
from benchmarks.results import Part, Row, Target, at_most, equal

_NEXTBEST = str(Path(sys.executable).with_name("nextbest"))
_ONLINE_RETAIL_ROWS = 541_909
_ONLINE_RETAIL_DUPLICATES = 5_268
_PEAK_MB = 2048


def run() -> list[Part]:
    """Measure the demo, the help, and the loading of Online Retail."""
    return [_demo(), _help(), _load()]


def run_small() -> list[Part]:
    """Measure the help and the loading."""
    return [_help(), _load()]


def _demo() -> Part:
    with _folder() as folder:
        fresh = {"NUMBA_CACHE_DIR": str(folder / "numba"), "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
        first = measure_command([_NEXTBEST, "demo", str(folder / "first"), "--no-open"], environment=fresh)
        again = measure_command([_NEXTBEST, "demo", str(folder / "again"), "--no-open"], environment=fresh)
        spent = _seconds(folder / "again")
    return Part(
        "nextbest demo: the Complete Journey loaded, everything run, the report written",
        [Row("first time: kernels and bytecode are compiled", first), Row("second time", again, spent)],
        [
            at_most("first time, wall time", 75, first, "wall"),
            at_most("first time, peak memory", _PEAK_MB, first, "peak_mb"),
        ],
    )


def _help() -> Part:
    taken = measure_command([_NEXTBEST, "--help"], times=7, environment=_bytecode())
    python = measure_command([sys.executable, "-c", "pass"], times=7, environment=_bytecode())
    return Part(
        "nextbest --help, median of 7",
        [Row("nextbest --help", taken), Row("python -c pass", python)],
        [at_most("wall time", 0.5, taken, "wall")],
    )


def _load() -> Part:
    title = "Loading Online Retail"
    given = shared("online_retail_2010_2011")
    if given is None:
        return Part(
            title,
            [Row("nextbest load", None)],
            [Target("rows accounted for", "541,909", "not measured", None)],
        )
    with _folder() as folder:
        shop, csv = folder / "shop", folder / "online_retail.csv"
        measure_command([sys.executable, "-c", _TO_CSV, str(given / "transactions.parquet"), str(csv)])
        _init(shop, csv)
        from_csv = measure_command([_NEXTBEST, "load", "--in", str(shop)], environment=_bytecode())
        account = _account(shop)
        _init(folder / "parquet", given / "transactions.parquet")
        from_parquet = measure_command(
            [_NEXTBEST, "load", "--in", str(folder / "parquet")], environment=_bytecode()
        )
    n_left = account["n_kept"] + account["n_merged"] + account["n_quarantined"]
    said = ", ".join(f"{name[2:]} {count:,}" for name, count in account.items())
    return Part(
        title,
        [
            Row("from CSV", from_csv, f"{_pace(from_csv)}; {said}"),
            Row("from Parquet", from_parquet, _pace(from_parquet)),
        ],
        [
            equal("rows read", account["n_read"], _ONLINE_RETAIL_ROWS),
            equal("exact duplicates merged", account["n_merged"], _ONLINE_RETAIL_DUPLICATES),
            equal("kept + merged + quarantined = read", n_left, account["n_read"]),
        ],
        "The mapping is guessed (`nextbest init --yes`); the time is that of `nextbest load`, process and all.",
    )


_TO_CSV = "import sys, pandas; pandas.read_parquet(sys.argv[1]).to_csv(sys.argv[2], index=False)"


def _init(shop: Path, file: Path) -> None:
    measure_command([_NEXTBEST, "init", str(shop), "--from", str(file), "--yes"], environment=_bytecode())


def _account(shop: Path) -> dict[str, int]:
    said = measure_command(
        [_NEXTBEST, "show", "load_report", "--json", "--in", str(shop)], environment=_bytecode()
    ).answer
    rows = json.loads(said)
    names = ("n_read", "n_kept", "n_merged", "n_quarantined")
    return {name: sum(row[name] for row in rows) for name in names}


def _bytecode() -> dict[str, str]:
    """Keep compiled bytecode outside the project; it is there after the first command."""
    return {"PYTHONPYCACHEPREFIX": str(cache() / "bytecode")}


def _seconds(shop: Path) -> str:
    """Name the capabilities that took longest."""
    run = (shop / "store" / "CURRENT").read_text(encoding="utf-8").strip()
    manifest = json.loads((shop / "store" / "snapshots" / run / "manifest.json").read_text(encoding="utf-8"))
    spent = {name: record["seconds"] for name, record in manifest["capabilities"].items()}
    longest = sorted(spent, key=lambda name: (-spent[name], name))[:4]
    return ", ".join(f"{name} {spent[name]:.1f} s" for name in longest)


def _pace(measured: Measured) -> str:
    return f"{_ONLINE_RETAIL_ROWS / measured.wall:,.0f} rows/s"


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="nextbest-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
