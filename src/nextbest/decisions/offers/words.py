"""What is offered to whom and why, what nobody could know, and one customer's whole funnel."""

from __future__ import annotations

import json
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from nextbest.base.findings import Finding
from nextbest.base.messages import Message, codes, written
from nextbest.decisions.offers.spec import (
    GUARDRAILS,
    OFFERED,
    PLACES,
    REASON_VALUES,
    REASONS,
    Funnel,
    KindTotals,
    OfferTotals,
    Promises,
)

_TELLING = 100
"""Purchases from which promises can be judged."""
_CLOSE = 0.1
"""A promise within this share of what came was kept."""
_NEAREST = 3
"""Products that a sentence names for each reason: those that come closest to an offer."""


def findings(totals: OfferTotals, kinds: Sequence[KindTotals], horizon_days: int) -> list[Finding]:
    """Say what is offered to how many, give an example of each kind, and name what the data did not give."""
    if not totals.n_candidates:
        return []
    values = asdict(totals) | {"horizon_days": horizon_days}
    code = "offers.worth" if totals.expected_profit is not None else "offers.made"
    said = [Finding(code, values, money=totals.expected_profit, margin_source=totals.margin_source)]
    said += [Finding(f"offers.{kind.kind}", asdict(kind), ref=kind.customer_id) for kind in kinds]
    if totals.n_without_margin:
        said.append(Finding("offers.no_margin", values))
    if totals.n_without_probability:
        said.append(Finding("offers.no_probability", values))
    if totals.n_none:
        said.append(Finding("offers.nobody", values))
    return said


def came_true(promises: Promises | None, horizon_days: int) -> list[Finding]:
    """Say whether the offers of one horizon ago kept what they promised, where enough was bought to tell."""
    if promises is None or promises.n_bought < _TELLING:
        return []
    is_close = abs(promises.promised / promises.n_bought - 1) <= _CLOSE
    held = is_close or promises.low <= promises.promised <= promises.high
    values = asdict(promises) | {"horizon_days": horizon_days}
    return [Finding("offers.promises_held" if held else "offers.promises_off", values)]


def explain_offers(candidates: Sequence[Mapping[str, Any]]) -> Funnel:
    """Explain one customer's funnel: what is offered and why, what was ruled out by what.

    Parameters
    ----------
    candidates
        The customer's rows of ``offer_candidates``, in any order.

    Examples
    --------
    >>> tea = {"stage": "offered", "rank": 1, "product_id": "t", "product": "Tea", "reason_code": "bestseller",
    ...        "kind": "discover", "strength": 12.0, "probability": 0.1, "expected_profit": None}
    >>> funnel = explain_offers([tea | {"product": "Jam", "stage": "out_of_stock", "rank": None}, tea])
    >>> [row["product"] for row in funnel.offers], list(funnel.ruled_out)
    (['Tea'], ['out_of_stock'])
    >>> from nextbest.base.messages import render
    >>> for sentence in funnel.sentences:
    ...     print(render(sentence))
    1. Tea: 10% likely. Bought by 12 customers of late, and new to them.
    Not offered, out of stock (1): Jam
    """
    offers = sorted((row for row in candidates if row["stage"] == OFFERED), key=lambda row: row["rank"])
    ruled_out = {
        stage: sorted(
            (row for row in candidates if row["stage"] == stage),
            key=lambda row: (-(row["expected_profit"] or 0.0), row["product_id"]),
        )
        for stage in (*GUARDRAILS, *PLACES)
    }
    ruled_out = {stage: rows for stage, rows in ruled_out.items() if rows}
    return Funnel(offers, ruled_out, tuple(_told(offers, ruled_out)))


def _told(
    offers: Sequence[Mapping[str, Any]], ruled_out: Mapping[str, Sequence[Mapping[str, Any]]]
) -> Iterator[Message]:
    for row in offers:
        money = "_worth" if row["expected_profit"] is not None else ""
        known = "" if row["probability"] is not None else "_unknown"
        why = Message(f"offers.reason.{row['reason_code']}", {name: row.get(name) for name in REASON_VALUES})
        values = {name: row.get(name) for name in ("rank", "probability", "expected_profit", "margin")}
        source = {"margin_source": f"offers.margin.{row['margin_source']}"} if money else {}
        yield Message(
            f"offers.explain.offer{money or known}", values | source | {"product": _named(row), "reason": why}
        )
    for stage, rows in ruled_out.items():
        names = list(dict.fromkeys(str(row["product"]) for row in rows))
        nearest = [*names[:_NEAREST], "…"] if len(names) > _NEAREST else names
        yield Message(f"offers.explain.{stage}", {"products": nearest, "n": len(rows)})


def _named(row: Mapping[str, Any]) -> Message:
    """Name the product, with its category where the name does not tell it."""
    category = row.get("category")
    told = str(row["product"]).lower()
    if not category or any(word in told for word in str(category).lower().split()):
        return Message("offers.explain.product", {"product": row["product"]})
    return Message("offers.explain.product_in", {"product": row["product"], "category": category})


def placeholders(rows: pa.Table) -> pa.ChunkedArray:
    """Write what each row's reason names as JSON, a column at a time."""
    pieces: list[Any] = []
    for name in REASON_VALUES:
        pieces += [f'{", " if pieces else "{"}"{name}": ', pc.fill_null(_as_json(rows[name]), "null")]
    return pc.binary_join_element_wise(*pieces, "}", "")


def _as_json(column: pa.ChunkedArray) -> Any:
    """Write each distinct value once."""
    distinct = pc.unique(column)
    told = [
        None if value is None else json.dumps(value, ensure_ascii=False) for value in distinct.to_pylist()
    ]
    return pa.array(told, pa.string()).take(pc.index_in(column, distinct).combine_chunks())


def reasons(rows: pa.Table) -> pa.ChunkedArray:
    """Put the reason of each row into English, a column at a time: there may be millions."""
    texts = codes("en")
    said = pa.chunked_array([pa.nulls(rows.num_rows, pa.string())])
    for code in REASONS:
        is_this = pc.equal(rows["reason_code"], code)
        if pc.any(is_this).as_py():
            said = pc.if_else(is_this, _sentence(texts[f"offers.reason.{code}"], rows), said)
    return said


def _sentence(text: str, rows: pa.Table) -> Any:
    """Fill a text's placeholders with columns."""
    pieces: list[Any] = []
    for before, name, how, _ in string.Formatter().parse(text):
        pieces.append(before)
        if name is not None:
            column = rows[name] if not how else _written(rows[name], how)
            pieces.append(pc.fill_null(column, "–"))
    return pc.binary_join_element_wise(*pieces, "")


def _written(numbers: pa.ChunkedArray, how: str) -> Any:
    """Write numbers as people read them, each distinct one once."""
    rounded = pc.round(numbers.cast(pa.float64()), ndigits=3)
    distinct = pc.unique(rounded)
    shown = [written(n, how) for n in distinct.to_pylist()]
    return pa.array(shown, pa.string()).take(pc.index_in(rounded, distinct).combine_chunks())
