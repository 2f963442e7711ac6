"""``python -m benchmarks [CASE...] [--small] [--write]``: run cases and print figures beside targets."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks import (
    campaign,
    decide,
    faults,
    features,
    history,
    intent,
    large,
    mining,
    propensity,
    recommend,
    service,
    whole,
)
from benchmarks.results import Part, machine, markdown

_CASES: Mapping[str, Callable[[], list[Part]]] = {
    "mining": mining.run,
    "large": large.run,
    "features": features.run,
    "propensity": propensity.run,
    "recommend": recommend.run,
    "whole": whole.run,
    "campaign": campaign.run,
    "decide": decide.run,
    "intent": intent.run,
    "history": history.run,
    "service": service.run,
    "faults": faults.run,
}
_SMALL: Mapping[str, Callable[[], list[Part]]] = {
    "large": large.run_small,
    "features": features.run_small,
    "propensity": propensity.run_small,
    "recommend": recommend.run_small,
    "whole": whole.run_small,
    "campaign": campaign.run_small,
    "decide": decide.run_small,
    "intent": intent.run_small,
    "history": history.run_small,
    "service": service.run_small,
    "faults": faults.run_small,
}
_PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"


def main() -> None:
    """Run the cases asked for, or all."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Speed and memory, side by side."
    )
    parser.add_argument("cases", nargs="*", metavar="CASE", help=", ".join(_CASES))
    parser.add_argument(
        "--small", action="store_true", help="small data, for work on the benchmarks themselves"
    )
    parser.add_argument("--write", action="store_true", help=f"put the results into docs/{_PAGE.name}")
    asked = parser.parse_args()
    unknown = sorted(set(asked.cases) - set(_CASES))
    if unknown:
        parser.error(f"unknown case {', '.join(unknown)}: there are {', '.join(_CASES)}")
    missed = [
        name for case in asked.cases or _CASES for name in _run(case, small=asked.small, write=asked.write)
    ]
    print("Missed: " + "; ".join(missed) if missed else "Every target that was measured is reached.")


def _run(case: str, *, small: bool, write: bool) -> list[str]:
    described = machine()
    print(f"## {case}\n\n{described}\n", flush=True)
    cases = {**_CASES, **_SMALL} if small else _CASES
    parts = cases[case]()
    text = "\n".join(markdown(part) for part in parts)
    print(text, flush=True)
    if write and not small:
        _put(case, f"{described}\n\n{text}")
    return [
        f"{part.title}: {target.name} {target.got}, asked {target.asked}"
        for part in parts
        for target in part.targets
        if target.is_reached is False
    ]


def _put(case: str, text: str) -> None:
    """Put a case's result between its marks on the page."""
    page = _PAGE.read_text(encoding="utf-8")
    marks = re.compile(rf"(<!-- {case} -->\n).*?(<!-- end of {case} -->)", re.DOTALL)
    _PAGE.write_text(marks.sub(lambda found: f"{found[1]}\n{text}\n{found[2]}", page), encoding="utf-8")


if __name__ == "__main__":
    main()
