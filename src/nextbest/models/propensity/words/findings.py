"""How good the list is and what to be careful about."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from nextbest.base.findings import Finding
from nextbest.base.messages import Value

if TYPE_CHECKING:
    from nextbest.models.propensity.core.judging import Judgement
    from nextbest.models.propensity.core.proving import FactorFact, Proof

_EACH: Final = 5
"""Models of a run that are spoken of one by one; of more, a summary and the best."""
_BEST: Final = 3
_FEW: Final = 50
_CHANCE: Final = 0.5
_ERROR: Final = 0.02
_GROUPS_OUTSIDE: Final = 3
_MOST_NAMED: Final = 8
_CAPACITY: Final = 0.2
_AT_CAPACITY: Final = 5
"""Place of that depth on the curve."""


def findings(proofs: Sequence[Proof]) -> list[Finding]:
    """Say how good each list is and what to be careful about; of many models, how many beat the simple rule."""
    if len(proofs) <= _EACH:
        return [said for proof in proofs for said in (*_worth(proof), *_cautions(proof), *_notes(proof))]
    compared = [proof for proof in proofs if proof.over_baseline]
    best = sorted(compared or proofs, key=lambda proof: (-_over(proof), proof.result.model_id))[:_BEST]
    return _many(compared) + [said for proof in best for said in _worth(proof)]


def _worth(proof: Proof) -> list[Finding]:
    """Say what the list holds beside chance and beside the simple rule."""
    judged = proof.chosen
    if judged is None:
        return [_finding("not_judged", proof)]
    measured = _measured(proof, judged)
    if judged.auc.low <= _CHANCE:
        return [_finding("no_better", proof, **measured)]
    code = "finds" if proof.result.kind == "flat" else "finds_buyers"
    return [_finding(code, proof, **measured), *_beside_baseline(proof, measured)]


def _measured(proof: Proof, judged: Judgement) -> dict[str, Value]:
    return {
        "n": judged.n,
        "n_positive": judged.n_positive,
        "gain": judged.top20_share,
        "gain_low": float(judged.curve.low[_AT_CAPACITY]),
        "gain_high": float(judged.curve.high[_AT_CAPACITY]),
        "gain_lift": judged.top20_share / _CAPACITY,
        "auc": judged.auc.value,
        "auc_low": judged.auc.low,
        "auc_high": judged.auc.high,
        "how": "propensity.judged_folds" if proof.result.folds else "propensity.judged_window",
    }


def _beside_baseline(proof: Proof, measured: dict[str, Value]) -> list[Finding]:
    over, plain = proof.over_baseline, proof.judged.get("baseline")
    if over is None or plain is None:
        return []
    said: dict[str, Value] = {"more": over.value, "more_low": over.low, "more_high": over.high}
    code = "beats_before" if over.low > 0 else "not_beats_before"
    return [_finding(code, proof, **measured, **said, plain_gain=plain.top20_share)]


def _cautions(proof: Proof) -> list[Finding]:
    """Say what may be wrong with the list."""
    return [
        *_not_columns(proof),
        *_leaks(proof),
        *(_too_good(proof) or _suspects(proof)),
        *_drift(proof),
        *_doubts(proof),
    ]


def _leaks(proof: Proof) -> list[Finding]:
    leaks = [fact for fact in proof.factors if fact.fate.left_out == "leak"]
    aucs = [fact.fate.auc for fact in leaks if fact.fate.auc is not None]
    allow = ",".join(fact.fate.name for fact in leaks)
    alone = min(aucs, default=None)
    return [_finding("leak", proof, columns=_some(leaks), allow=allow, alone=alone)] if leaks else []


def _not_columns(proof: Proof) -> list[Finding]:
    names = [fact.fate.name for fact in proof.factors]
    close = names[:_MOST_NAMED] + ["…"] * (len(names) > _MOST_NAMED)
    return [
        _finding("not_columns", proof, setting=setting, columns=list(unknown), close=close)
        for setting, unknown in proof.result.not_columns.items()
    ]


def _too_good(proof: Proof) -> list[Finding]:
    facts, judged = proof.too_good, proof.chosen
    if not facts or judged is None:
        return []
    strength = math.fsum(fact.weight.strength for fact in facts if fact.weight)
    exclude = ",".join(fact.fate.name for fact in facts)
    return [
        _finding(
            "too_good", proof, auc=judged.auc.value, columns=_some(facts), strength=strength, exclude=exclude
        )
    ]


def _suspects(proof: Proof) -> list[Finding]:
    return [
        _finding("suspect", proof, factor=fact.fate.name, strength=fact.weight.strength, alone=fact.fate.auc)
        for fact in proof.suspects
        if fact.weight
    ]


def _drift(proof: Proof) -> list[Finding]:
    said, order = [], proof.order
    if order is not None and order.has_drifted:
        told = {"ordered": order.ordered.value, "shuffled": order.shuffled.value}
        said.append(_finding("order_drift", proof, **told, low=order.shuffled.low, high=order.shuffled.high))
    moved = [fact for fact in proof.factors if fact.has_drifted]
    moved.sort(key=lambda fact: (-(fact.psi or 0.0), fact.fate.name))
    if moved:
        said.append(_finding("columns_drift", proof, columns=_some(moved), psi=moved[0].psi))
    return said


def _doubts(proof: Proof) -> list[Finding]:
    judged = proof.chosen
    if judged is None:
        return []
    said = []
    if judged.n_positive < _FEW:
        low, high = judged.auc.low, judged.auc.high
        said.append(_finding("few", proof, n_positive=judged.n_positive, auc_low=low, auc_high=high))
    fit = judged.calibration
    if fit is not None and fit.error > _ERROR and fit.n_outside >= _GROUPS_OUTSIDE:
        said.append(_finding("not_calibrated", proof, error=fit.error, n_outside=fit.n_outside))
    return said + _disagreement(proof, judged)


def _disagreement(proof: Proof, judged: Judgement) -> list[Finding]:
    best, over = proof.judged[proof.best_gain], proof.over_chosen
    if best is None or over is None:
        return []
    return [
        _finding(
            "disagree",
            proof,
            other=f"propensity.model.{proof.best_gain}",
            gain=judged.top20_share,
            other_gain=best.top20_share,
            low=over.low,
            high=over.high,
        )
    ]


def _notes(proof: Proof) -> list[Finding]:
    """Say what was decided on the reader's behalf."""
    result, said = proof.result, []
    if result.is_guessed:
        said.append(_finding("guessed", proof))
    if result.n_without_target:
        said.append(_finding("without_target", proof, n=result.n_without_target))
    if result.n_judged_most:
        said.append(_finding("sampled", proof, n=result.n_judged_most))
    unused = [fact for fact in proof.factors if fact.fate.left_out in {"id", "text", "constant", "empty"}]
    if unused and result.kind == "flat":
        said.append(_finding("left_out", proof, columns=_some(unused)))
    return said


def _many(compared: Sequence[Proof]) -> list[Finding]:
    """Count the models that surely find more buyers than the simple rule."""
    overs = [proof.over_baseline for proof in compared if proof.over_baseline]
    if not overs:
        return []
    values: dict[str, Value] = {
        "n_models": len(overs),
        "n_better": sum(over.low > 0 for over in overs),
        "n_worse": sum(over.high < 0 for over in overs),
        "more": math.fsum(over.value for over in overs) / len(overs),
    }
    return [Finding("propensity.many_before", values)]


def _over(proof: Proof) -> float:
    return proof.over_baseline.value if proof.over_baseline else 0.0


def _finding(code: str, proof: Proof, **values: Value) -> Finding:
    result = proof.result
    named: dict[str, Value] = {
        "target": result.target,
        "positive": result.positive,
        "model": f"propensity.model.{result.chosen}",
    }
    return Finding(f"propensity.{code}", named | values, ref=result.model_id)


def _some(facts: Sequence[FactorFact]) -> list[str]:
    names = [fact.fate.name for fact in facts]
    return names[:_MOST_NAMED] + ["…"] * (len(names) > _MOST_NAMED)
