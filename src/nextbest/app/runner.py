"""Running capabilities over a store: what can run runs, what did not change is kept, what cannot is named."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa

from nextbest.app import plan
from nextbest.base.capability import Capability, Moment
from nextbest.base.findings import Finding
from nextbest.base.messages import codes, render
from nextbest.base.settings import Settings
from nextbest.engines.duckdb_store import DuckDBStore, arrow_schema
from nextbest.tables import FINDINGS, SKIPPED

Progress: TypeAlias = Callable[[str], None]
"""Told what is being done, in a word or two."""


def silent(_: str) -> None:
    """Show no progress."""


@dataclass(frozen=True, slots=True)
class Done:
    """What one capability's run is known by afterwards."""

    fingerprint: str
    seconds: float
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Earlier:
    """The last snapshot, for what need not be computed again."""

    done: Mapping[str, Done] = field(default_factory=dict)
    files: Mapping[str, Sequence[Path]] = field(default_factory=dict)
    folder: Path | None = None
    """Where its models lie, in ``models/<capability>``."""


@dataclass(frozen=True, slots=True)
class Job:
    """Over what capabilities run."""

    store: DuckDBStore
    settings: Mapping[str, Settings]
    """By capability."""
    moment: Moment
    identity: Callable[[str], Sequence[str]]
    """What identifies the content of a canonical table."""
    folder: Path | None = None
    """Where tables land; needed to keep files of an earlier run."""
    earlier: Earlier = field(default_factory=Earlier)
    progress: Progress = silent
    """Told the name of each capability before it runs."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did."""

    done: Mapping[str, Done]
    skipped: Mapping[str, plan.Need]
    """Capabilities that could not run, each with the table or column that would enable it."""
    unchanged: frozenset[str]

    @property
    def findings(self) -> list[tuple[str, Finding]]:
        """Every finding with its capability, most money first; those without money keep the catalogue's order."""
        found = [(name, finding) for name, done in self.done.items() for finding in done.findings]
        return sorted(found, key=lambda pair: -(pair[1].money or 0.0))


def run_all(cards: Sequence[Capability], job: Job) -> Outcome:
    """Run capabilities in the order given, keeping what did not change."""
    done: dict[str, Done] = {}
    skipped: dict[str, plan.Need] = {}
    unchanged: set[str] = set()
    writers = {table.name: card.name for card in cards for table in card.writes}
    for card in cards:
        need = plan.missing(card, job.store.has)
        if need is not None:
            skipped[card.name] = need
            continue
        mark = plan.fingerprint(card, job.settings[card.name], job.moment, _inputs(card, job, writers, done))
        before = job.earlier.done.get(card.name)
        if before is not None and before.fingerprint == mark and not card.uses_previous:
            keep(card, job)
            done[card.name] = before
            unchanged.add(card.name)
        else:
            job.progress(card.name)
            done[card.name] = _run(card, job, mark)
    return Outcome(done, skipped, frozenset(unchanged))


def _inputs(
    card: Capability, job: Job, writers: Mapping[str, str], done: Mapping[str, Done]
) -> list[tuple[str, Sequence[str]]]:
    """Name what a card reads: canonical tables by their content, others by the run that wrote them."""

    def known_by(table: str) -> Sequence[str]:
        writer = writers.get(table)
        if writer is None:
            return job.identity(table)
        return [done[writer].fingerprint] if writer in done else []

    return [(table, known_by(table)) for table in plan.asked(card, job.settings[card.name])]


def _run(card: Capability, job: Job, mark: str) -> Done:
    started = time.perf_counter()
    findings = card.load()(job.store, job.settings[card.name], job.moment)
    return Done(mark, round(time.perf_counter() - started, 3), tuple(findings))


def keep(card: Capability, job: Job) -> None:
    """Carry a capability's tables over from the last snapshot, sharing the files where the disk allows it."""
    for path in (path for table in card.writes for path in job.earlier.files.get(table.name, ())):
        if job.folder is None:
            job.store.add(path.stem, [path])
            continue
        copy = job.folder / path.name
        _share(path, copy)
        job.store.add(path.stem, [copy])
    models = job.earlier.folder / "models" / card.name if job.earlier.folder else None
    if job.folder is not None and models is not None and models.is_dir():
        target = job.folder / "models" / card.name
        target.mkdir(parents=True)
        for path in sorted(models.iterdir()):
            _share(path, target / path.name)


def _share(path: Path, copy: Path) -> None:
    try:
        os.link(path, copy)
    except OSError:
        shutil.copy2(path, copy)


def finding_rows(outcome: Outcome, language: str, currency: str | None) -> pa.Table:
    """Write findings as rows: code and numbers, and the sentence in the shop's language."""
    rows = [
        {
            "rank": rank,
            "capability": capability,
            "code": finding.code,
            "placeholders": json.dumps(dict(finding.values), default=_plain, ensure_ascii=False),
            "money": finding.money,
            "margin_source": finding.margin_source,
            "ref": finding.ref,
            "text": render(finding.sentence, language, currency=currency),
        }
        for rank, (capability, finding) in enumerate(outcome.findings, start=1)
    ]
    return pa.Table.from_pylist(rows, schema=arrow_schema(FINDINGS))


def findings_from(rows: Iterable[Mapping[str, Any]]) -> list[Finding]:
    """Read findings back from their rows; those that this version has no words for are left out."""
    known = codes("en")
    return [
        Finding(
            row["code"],
            {name: _typed(value) for name, value in json.loads(row["placeholders"]).items()},
            money=row["money"],
            margin_source=row["margin_source"],
            ref=row["ref"],
        )
        for row in sorted(rows, key=lambda row: row["rank"])
        if row["code"] in known
    ]


def skipped_rows(outcome: Outcome) -> pa.Table:
    """Write what could not run as rows."""
    rows = [{"capability": name, "missing": need} for name, need in outcome.skipped.items()]
    return pa.Table.from_pylist(rows, schema=arrow_schema(SKIPPED))


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if isinstance(value, Decimal):
        return float(value)
    return value.item() if hasattr(value, "item") else list(value)


def _typed(value: Any) -> Any:
    return date.fromisoformat(value["date"]) if isinstance(value, dict) else value
