"""The model card: what a colleague or an auditor asks of a model, as Markdown in either language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from nextbest.base.messages import Message, Value, render, translate

if TYPE_CHECKING:
    from nextbest.models.propensity.core.judging import Judgement
    from nextbest.models.propensity.core.proving import FactorFact, Proof

_MOST_FACTORS: Final = 15
_WAYS: Final = ("higher", "lower", "later", "earlier", "mixed")
_FIFTH: Final = 5
"""Place of the depth of 20 % on the curve."""


def model_card(proof: Proof, versions: Mapping[str, str], language: str = "en") -> str:
    """Write one model's card.

    Parameters
    ----------
    proof
        Everything measured.
    versions
        Packages by name.
    language
        ``en`` or ``zh``.
    """

    def say(code: str, **values: Value) -> str:
        return render(Message(f"propensity.card.{code}", values), language)

    parts = [
        say("title", target=proof.result.target),
        *_what(proof, say),
        say("quality"),
        *_quality(proof, say),
        _table(say("candidates").split("|"), _candidates(proof, language)),
        say("factors"),
        _table(say("factor_columns").split("|"), _factors(proof, language)),
        *_left_out(proof.factors, say, language),
        say("limits"),
        say(
            "made", seed=proof.result.seed, versions=[f"{name} {number}" for name, number in versions.items()]
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _what(proof: Proof, say: Callable[..., str]) -> list[str]:
    """Say what is predicted, from which customers."""
    result = proof.result
    said = [say("what_flat" if result.kind == "flat" else "what_history", **_of(proof))]
    if result.n_without_target:
        said.append(say("without_target", n=result.n_without_target))
    tests = [row for row in result.windows if row["part"] == "test"]
    firsts = [row["origin_on"] for row in result.windows if row["part"] == "training"]
    if tests:
        test = tests[-1]
        said.append(
            say(
                "windows",
                first=min(firsts, default=test["origin_on"]),
                test=test["origin_on"],
                outcome_from=test["outcome_from"],
                outcome_until=test["outcome_until"],
            )
        )
    return said


def _quality(proof: Proof, say: Callable[..., str]) -> list[str]:
    judged = proof.chosen
    if judged is None:
        return [say("not_judged")]
    fit, curve = judged.calibration, judged.curve
    said = [
        say(
            "measured",
            n=judged.n,
            n_positive=judged.n_positive,
            auc=judged.auc.value,
            auc_low=judged.auc.low,
            auc_high=judged.auc.high,
            gain=judged.top20_share,
            gain_low=float(curve.low[_FIFTH]),
            gain_high=float(curve.high[_FIFTH]),
            top_decile_lift=judged.top_decile_lift,
            calibration_error=None if fit is None else fit.error,
        )
    ]
    if proof.order is not None:
        said.append(say("order", ordered=proof.order.ordered.value, shuffled=proof.order.shuffled.value))
    return said


def _candidates(proof: Proof, language: str) -> list[list[str]]:
    rows = []
    for one in proof.result.tried:
        name = render(Message(f"propensity.model.{one.model}"), language)
        judged = proof.judged[one.model]
        numbers = _numbers(judged) if judged else [None] * 4
        is_chosen = one.model == proof.result.chosen
        rows.append([f"**{name}**" if is_chosen else name, *(_digits(number) for number in numbers)])
    return rows


def _numbers(judged: Judgement) -> list[float | None]:
    fit = judged.calibration
    return [judged.auc.value, judged.log_loss, judged.top20_share, None if fit is None else fit.error]


def _factors(proof: Proof, language: str) -> list[list[str]]:
    used = [fact for fact in proof.factors if fact.weight is not None]
    used.sort(key=lambda fact: (-_strength(fact), fact.fate.name))
    return [
        [
            fact.fate.name,
            _digits(_strength(fact)),
            _direction(fact, language),
            _digits(fact.fate.auc),
            _digits(fact.psi),
        ]
        for fact in used[:_MOST_FACTORS]
    ]


def _left_out(factors: Sequence[FactorFact], say: Callable[..., str], language: str) -> list[str]:
    names = [
        say(
            "left_out.one",
            column=fact.fate.name,
            why=translate(f"propensity.why.{fact.fate.left_out}", language),
        )
        for fact in factors
        if fact.fate.left_out
    ]
    return [say("left_out", columns=names)] if names else []


def _of(proof: Proof) -> dict[str, Value]:
    result = proof.result
    return {
        "target": result.target,
        "positive": result.positive,
        "model_id": result.model_id,
        "model": f"propensity.model.{result.chosen}",
        "how": "propensity.judged_folds" if result.folds else "propensity.judged_window",
    }


def _direction(fact: FactorFact, language: str) -> str:
    way = fact.weight.direction if fact.weight else ""
    return translate(f"propensity.direction.{way}", language) if way in _WAYS else way


def _strength(fact: FactorFact) -> float:
    return fact.weight.strength if fact.weight else 0.0


def _digits(number: float | None) -> str:
    return "–" if number is None else f"{number:.3f}"


def _table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    cells = [names, ["---"] * len(names), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in cells)
