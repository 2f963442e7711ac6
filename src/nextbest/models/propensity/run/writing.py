"""Finished models to tables, model cards and findings."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

import numpy as np
import pyarrow as pa

from nextbest.base.contract import Table
from nextbest.base.findings import Finding
from nextbest.base.messages import LANGUAGES, codes
from nextbest.models.propensity.core.choosing import Workshop
from nextbest.models.propensity.core.gains import DEPTHS
from nextbest.models.propensity.core.judging import Judgement
from nextbest.models.propensity.core.proving import Proof, prove
from nextbest.models.propensity.core.results import ModelResult, Tried, file_of
from nextbest.models.propensity.spec import CARD
from nextbest.models.propensity.words.card import model_card
from nextbest.models.propensity.words.findings import findings
from nextbest.models.propensity.words.reasons import reason_json, reason_text
from nextbest.tables.store import Store

_PACKAGES: Final = ("nextbest", "numpy", "scikit-learn", "lightgbm", "catboost")
_KINDS: Final = {
    "string": pa.string(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
}
_DECILES: Final = 10

Row = dict[str, Any]


def write(store: Store, results: Sequence[ModelResult], workshop: Workshop | None = None) -> list[Finding]:
    """Judge every model, write all tables and a card per model and language, and say what was found.

    Parameters
    ----------
    store
        Where the tables go.
    results
        Finished models.
    workshop
        Does models side by side.
    """
    each = workshop.each if workshop else map
    proofs = list(each(partial(prove, n_models=len(results)), results))
    by_name = {table.name: table for table in CARD.writes}
    scores = by_name.pop("propensity_scores")
    parts = [score_rows(proof, scores) for proof in proofs]
    store.write(scores.name, pa.concat_tables([_schema(scores).empty_table(), *parts]))
    rows_of = {
        "propensity_models": model_rows,
        "propensity_lift": lift_rows,
        "propensity_calibration": calibration_rows,
        "propensity_factors": factor_rows,
        "propensity_windows": window_rows,
    }
    for name, contract in by_name.items():
        rows = [_named(proof) | row for proof in proofs for row in rows_of[name](proof)]
        store.write(name, pa.Table.from_pylist(rows, _schema(contract)))
    _write_cards(store, proofs)
    return findings(proofs)


def score_rows(proof: Proof, contract: Table) -> pa.Table:
    """List the scored customers in the order of the file."""
    result, n = proof.result, len(proof.rank)
    texts, because = _reasons(proof)
    columns = {
        "model_id": _constant(result.model_id, n),
        "target": _constant(result.target, n),
        "customer_id": pa.array(result.scored_ids, pa.string()),
        "propensity": pa.array(result.probability),
        "rank": pa.array(proof.rank),
        "decile": pa.array((proof.rank - 1) * _DECILES // max(n, 1) + 1),
        "reasons": texts,
        "because": because,
        "row": pa.array(np.arange(1, n + 1)),
    }
    return pa.table([columns[name] for name in contract.names], schema=_schema(contract))


def model_rows(proof: Proof) -> list[Row]:
    """List candidates and baseline with their measures."""
    return [_model_row(proof, one, proof.judged[one.model]) for one in proof.result.tried]


def _model_row(proof: Proof, one: Tried, judged: Judgement | None) -> Row:
    target = proof.result.judged.target
    row: Row = {
        "model": one.model,
        "is_chosen": one.model == proof.result.chosen,
        "ordered_auc": one.ordered_auc,
        "fit_seconds": one.fit_seconds,
        "kind": proof.result.kind,
        "n": len(target),
        "n_positive": int(target.sum()),
    }
    if judged is None:
        return row
    return row | {
        "cv_auc": judged.auc.value,
        "cv_auc_low": judged.auc.low,
        "cv_auc_high": judged.auc.high,
        "cv_log_loss": judged.log_loss,
        "cv_top_decile_lift": judged.top_decile_lift,
        "cv_top20_share": judged.top20_share,
        "calibration_error": judged.calibration.error if judged.calibration else None,
    }


def lift_rows(proof: Proof) -> list[Row]:
    """List gain and lift of every candidate by depth."""
    rows = []
    for model, judged in proof.judged.items():
        if judged is None:
            continue
        curve = judged.curve
        columns = (curve.n, curve.n_positive, curve.gain, curve.low, curve.high)
        for depth, n, n_positive, gain, low, high in zip(
            DEPTHS, *(column.tolist() for column in columns), strict=True
        ):
            rows.append(
                {
                    "model": model,
                    "depth": depth,
                    "n": n,
                    "n_positive": n_positive,
                    "gain_lift": gain / depth,
                    "gain": gain,
                    "ci_low": low,
                    "ci_high": high,
                }
            )
    return rows


def calibration_rows(proof: Proof) -> list[Row]:
    """List predicted and observed shares of the chosen candidate."""
    fit = proof.chosen.calibration if proof.chosen else None
    if fit is None:
        return []
    lists = (fit.n, fit.predicted, fit.observed, fit.low, fit.high)
    names = ("n", "predicted", "observed", "ci_low", "ci_high")
    return [
        {"bin": place, **dict(zip(names, row, strict=True))}
        for place, row in enumerate(zip(*(part.tolist() for part in lists), strict=True), start=1)
    ]


def factor_rows(proof: Proof) -> list[Row]:
    """List every column, used or left out."""
    suspects = {fact.fate.name for fact in (*proof.suspects, *proof.too_good)}
    return [
        {
            "factor": fact.fate.name,
            "strength": fact.weight.strength if fact.weight else None,
            "direction": fact.weight.direction if fact.weight else None,
            "is_leak": fact.fate.left_out == "leak",
            "is_suspect": fact.fate.name in suspects,
            "auc": fact.fate.auc,
            "kind": fact.fate.kind,
            "left_out": fact.fate.left_out,
            "psi": fact.psi,
        }
        for fact in proof.factors
    ]


def window_rows(proof: Proof) -> list[Row]:
    """List the origins that history was cut at; none for a flat table."""
    return [dict(row) for row in proof.result.windows]


def _reasons(proof: Proof) -> tuple[pa.Array, pa.Array]:
    """Put the reasons of the most probable customers into words; the others have none."""
    texts = codes("en")
    said = [(reason_text(why, texts), reason_json(why)) for why in proof.reasons]
    place = np.full(len(proof.rank), len(said), dtype=np.int64)
    place[proof.reasons.row] = np.arange(len(said))
    spoken, written = zip(*said, ("", "[]"), strict=True)
    return tuple(pa.array(cells, pa.string()).take(pa.array(place)) for cells in (spoken, written))


def _write_cards(store: Store, proofs: Sequence[Proof]) -> None:
    versions = _versions()
    for proof in proofs:
        for language in LANGUAGES:
            ending = "md" if language == "en" else f"{language}.md"
            card = model_card(proof, versions, language)
            store.write_file(file_of(proof.result.model_id, ending), card.encode())


def _versions() -> dict[str, str]:
    known = {}
    for name in _PACKAGES:
        try:
            known[name] = version(name)
        except PackageNotFoundError:
            continue
    return known


def _named(proof: Proof) -> Row:
    return {"model_id": proof.result.model_id, "target": proof.result.target}


def _schema(contract: Table) -> pa.Schema:
    return pa.schema([(column.name, _KINDS[column.kind]) for column in contract])


def _constant(text: str, n: int) -> pa.Array:
    return pa.array([text]).take(pa.array(np.zeros(n, dtype=np.int32)))
