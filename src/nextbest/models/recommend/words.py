"""How good the lists are, what the data could not give, and why each row is there."""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import asdict

import pyarrow as pa
import pyarrow.compute as pc

from nextbest.base.findings import Finding
from nextbest.base.messages import codes, written
from nextbest.models.recommend.spec import CLOSE, REASONS, ChanceResult, ListResult

_NUMBERS = ("n_orders", "since_days", "gap_days")


def findings(results: Sequence[ListResult]) -> list[Finding]:
    """Say how much of what came next each list held, beside the plain method."""
    return [
        Finding(
            f"recommend.{result.kind}_{_how(result)}",
            asdict(result) | {"rel_gain": _gain(result)},
            ref=result.kind,
        )
        for result in results
    ]


def _how(result: ListResult) -> str:
    if result.uses == result.baseline:
        return "plain"
    return "better" if result.recall > result.baseline_recall else "even"


def _gain(result: ListResult) -> float | None:
    return result.recall / result.baseline_recall - 1 if result.baseline_recall else None


def chance_findings(results: Sequence[ChanceResult]) -> list[Finding]:
    """Say whether the probabilities of each list came true."""
    return [
        Finding(f"recommend.{result.kind}_chances_{_true(result)}", asdict(result), ref=result.kind)
        for result in results
    ]


def _true(result: ChanceResult) -> str:
    return "held" if abs(result.predicted - result.observed) <= CLOSE * result.observed else "off"


def too_little(
    *, n_customers: int, is_judged: bool, has_days: bool, has_chances: bool, is_repeated: bool
) -> list[Finding]:
    """Say what the data could not give, and which data would."""
    said = []
    if not n_customers:
        return [Finding("recommend.only_guests", {})]
    if not is_judged:
        said.append(Finding("recommend.not_judged", {"n_customers": n_customers}))
    if not is_repeated:
        said.append(Finding("recommend.nothing_repeats", {"n_customers": n_customers}))
    if not has_days:
        said.append(Finding("recommend.no_days", {"n_customers": n_customers}))
    elif not has_chances:
        said.append(Finding("recommend.no_probability", {"n_customers": n_customers}))
    return said


def reasons(rows: pa.Table, because: pa.Array) -> pa.ChunkedArray:
    """Put the reason of each row into English, a column at a time: there may be millions.

    Parameters
    ----------
    rows
        With reason_code and the columns that reasons speak of.
    because
        Name of what the customer bought that points here.
    """
    texts = codes("en")
    values = {name: rows[name] for name in _NUMBERS} | {"because": because, "segment": rows["segment"]}
    said = pa.chunked_array([pa.nulls(rows.num_rows, pa.string())])
    for code in REASONS:
        is_this = pc.equal(rows["reason_code"], code)
        if pc.any(is_this).as_py():
            said = pc.if_else(is_this, _sentence(texts[f"recommend.reason.{code}"], values), said)
    return said


def _sentence(text: str, values: dict[str, pa.ChunkedArray]) -> pa.ChunkedArray:
    """Fill a text's placeholders with columns."""
    pieces: list[object] = []
    for before, name, how, _ in string.Formatter().parse(text):
        pieces.append(before)
        if name is not None:
            column = _counted(values[name], how) if how else values[name]
            pieces.append(pc.fill_null(column, "–"))
    return pc.binary_join_element_wise(*pieces, "")


def _counted(numbers: pa.ChunkedArray, how: str) -> pa.ChunkedArray:
    """Write numbers as people read counts, each distinct one once."""
    whole = pc.round(numbers).cast(pa.int64())
    distinct = pc.unique(whole)
    shown = pa.array([written(n, how) for n in distinct.to_pylist()], pa.string())
    return shown.take(pc.index_in(whole, distinct).combine_chunks())
