"""What can be said of one finished model: how good its list is, what it goes by, what to be careful about, and why each customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from nextbest.models.propensity.core.drift import DRIFTED, Order, interval_of, stability_index
from nextbest.models.propensity.core.examples import Bools, Columns, Floats, Ints, take
from nextbest.models.propensity.core.factors import Weight, weights_of
from nextbest.models.propensity.core.gains import Difference, gain_difference
from nextbest.models.propensity.core.judging import Judgement, judge
from nextbest.models.propensity.core.reasons import Reasons, reasons_of
from nextbest.models.propensity.core.results import Fate, ModelResult, Tried

BASELINE: Final = "baseline"
CAPACITY: Final = 0.2
"""Share of customers that most campaigns reach: where lists are compared."""
CHANCE: Final = 0.5
"""AUC of a list by chance."""
PERFECT: Final = 0.97
"""AUC beyond which a model is too good: what is known before an offer hardly ever tells that much."""
_STRONG: Final = 0.1
MOST_REASONS: Final = 10_000
"""Customers that get reasons: all, where no more are scored in a run."""
CALL_LIST: Final = 5_000
"""Of more, the most probable ones of the run; where it has many models each gets its share."""
_FEWEST_REASONS: Final = 100
_MOST_WEIGHED: Final = 20_000
"""Customers of a run whose contributions are added up."""
_WEIGHED: Final = (200, 2000)
_CLEARLY: Final = 0.01
"""Difference in gain that is worth a word."""
_MOST_COMPARED: Final = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class FactorFact:
    """One column and what became of it."""

    fate: Fate
    weight: Weight | None
    """``None``: left out."""
    psi: float | None

    @property
    def has_drifted(self) -> bool:
        """Tell whether it is spread otherwise among the customers that are scored."""
        return self.psi is not None and self.psi > DRIFTED


@dataclass(frozen=True, slots=True, eq=False)
class Proof:
    """Everything that tables, findings and the model card say of one model."""

    result: ModelResult
    judged: Mapping[str, Judgement | None]
    """By candidate; ``None``: all who were judged gave the same answer."""
    factors: Sequence[FactorFact]
    rank: Ints
    """Place of each scored customer, 1 first, shape (m,)."""
    reasons: Reasons
    order: Order | None
    """Folds in the order of the file beside shuffled ones."""
    over_baseline: Difference | None
    """Gain at 20 % over the baseline's."""
    best_gain: str
    """Candidate with the highest gain at 20 %; the chosen one unless another is better by a percentage point."""
    over_chosen: Difference | None
    """Its gain over that of the chosen one; ``None``: they are the same."""

    @property
    def chosen(self) -> Judgement | None:
        """How the chosen candidate did."""
        return self.judged[self.result.chosen]

    @property
    def suspects(self) -> list[FactorFact]:
        """Factors that carry over half of a model that tells something; only where nobody knows whether they were known before."""
        if self.result.kind != "flat" or self.chosen is None or self.chosen.auc.low <= CHANCE:
            return []
        return [fact for fact in self.factors if fact.weight and fact.weight.is_suspect]

    @property
    def too_good(self) -> list[FactorFact]:
        """Factors of a nearly perfect model, the strongest first: together they may hold the answer that none of them holds alone."""
        if self.result.kind != "flat" or self.chosen is None or self.chosen.auc.value <= PERFECT:
            return []
        strong = [
            (-fact.weight.strength, fact.fate.name, fact)
            for fact in self.factors
            if fact.weight and fact.weight.strength >= _STRONG
        ]
        return [fact for _, _, fact in sorted(strong, key=lambda one: one[:2])]


def prove(result: ModelResult, *, n_models: int = 1) -> Proof:
    """Judge one model.

    Parameters
    ----------
    result
        The finished model with its candidates' scores.
    n_models
        Models of the run: what costs time per customer is shared out among them.
    """
    target = result.judged.target
    judged = {
        one.model: judge(target, one.probability, seed=result.seed, is_probability=one.model != BASELINE)
        for one in result.tried
    }
    best = _best_gain(judged, result.chosen)
    tried = {one.model: one.probability for one in result.tried}
    rank = ranks(result.probability, result.scored_ids)
    return Proof(
        result,
        judged,
        _factors(result, n_models),
        rank,
        _reasons(result, rank, n_models),
        _order(next(one for one in result.tried if one.model == result.chosen), target),
        _over(target, tried[result.chosen], tried.get(BASELINE)),
        best,
        None if best == result.chosen else _over(target, tried[best], tried[result.chosen]),
    )


def ranks(probability: Floats, customer_ids: NDArray[Any]) -> Ints:
    """Rank customers, 1 first; of two that are as probable the smaller customer_id, then the earlier row comes first.

    Examples
    --------
    >>> ranks(np.array([0.2, 0.5, 0.5]), np.array(["ann", "cat", "bob"], dtype=object))
    array([3, 2, 1])
    """
    n = len(probability)
    rows = pa.table({"p": probability, "id": pa.array(customer_ids, pa.string()), "row": np.arange(n)})
    order = pc.sort_indices(rows, sort_keys=[("p", "descending"), ("id", "ascending"), ("row", "ascending")])
    place = np.empty(n, dtype=np.int64)
    place[order.to_numpy()] = np.arange(1, n + 1)
    return place


def _best_gain(judged: Mapping[str, Judgement | None], chosen: str) -> str:
    """Name the candidate with the highest gain at 20 %; the chosen one where it comes close."""
    gains = {name: one.top20_share for name, one in judged.items() if one is not None and name != BASELINE}
    if not gains or gains.get(chosen, 0.0) >= max(gains.values()) - _CLEARLY:
        return chosen
    return max(gains, key=lambda name: gains[name])


def _over(target: Bools, better: Floats, plain: Floats | None) -> Difference | None:
    if plain is None or not 0 < target.sum() < len(target):
        return None
    return gain_difference(target, better, plain, CAPACITY)


def _order(chosen: Tried, target: Bools) -> Order | None:
    if chosen.ordered_auc is None or chosen.shuffled_auc is None:
        return None
    n, n_positive = len(target), int(target.sum())
    return Order(
        interval_of(chosen.ordered_auc, n, n_positive), interval_of(chosen.shuffled_auc, n, n_positive)
    )


def _factors(result: ModelResult, n_models: int) -> list[FactorFact]:
    weights, drifts = _weights(result, n_models), _drifts(result)
    return [FactorFact(fate, weights.get(fate.name), drifts.get(fate.name)) for fate in result.fates]


def _weights(result: ModelResult, n_models: int) -> dict[str, Weight]:
    """Weigh the factors on as many yes as no, drawn by chance."""
    names, target = result.model.factors, result.judged.target
    most = int(np.clip(_MOST_WEIGHED // n_models, *_WEIGHED))
    rows = _balanced(target, most, result.seed)
    if not names or not 0 < target[rows].sum() < len(rows):
        return {}
    some = take(result.judged.columns, rows)
    values = list(_values(result, some).values())
    contributions = result.model.contributions(some)
    told = weights_of(contributions, target[rows], values, overall=float(target.mean()))
    kinds = [column.kind for column in result.model.encoder.used]
    return {
        name: weight.of_dates() if kind == "date" else weight
        for name, kind, weight in zip(names, kinds, told, strict=True)
    }


def _balanced(target: Bools, most: int, seed: int) -> Ints:
    rng = np.random.default_rng(seed)
    parts = []
    for answer in (True, False):
        rows = np.flatnonzero(target == answer)
        parts.append(rng.permutation(rows)[: most // 2] if len(rows) > most // 2 else rows)
    return np.sort(np.concatenate(parts))


def _drifts(result: ModelResult) -> dict[str, float | None]:
    """Compare the customers that were learnt from with those that are scored, where these are others."""
    if not result.is_applied and not result.windows:
        return {}
    before, now = (
        _values(result, take(columns, _spaced(n)))
        for columns, n in (
            (result.judged.columns, len(result.judged)),
            (result.scored, len(result.probability)),
        )
    )
    return {name: stability_index(before[name], now[name]) for name in before}


def _reasons(result: ModelResult, rank: Ints, n_models: int) -> Reasons:
    n_each = len(rank) if len(rank) * n_models <= MOST_REASONS else CALL_LIST // n_models
    rows = np.flatnonzero(rank <= max(_FEWEST_REASONS, n_each))
    some = take(result.scored, rows)
    population = take(result.judged.columns, _spaced(len(result.judged)))
    names = result.model.factors
    return reasons_of(
        result.model.contributions(some),
        rows,
        shown={name: some[name] for name in names},
        read=_values(result, some),
        population=_values(result, population),
        days=[column.name for column in result.model.encoder.used if column.kind == "date"],
    )


def _values(result: ModelResult, columns: Columns) -> dict[str, NDArray[Any]]:
    """Read factors as numbers (dates: days before the newest) or, where they are categories, as texts."""
    encoder = result.model.encoder
    read = encoder.read(columns)
    return {
        column.name: _texts(columns[column.name]) if column.kind == "category" else read[column.name]
        for column in encoder.used
    }


def _texts(values: NDArray[Any]) -> NDArray[Any]:
    return np.array([_text(value) for value in values.tolist()], dtype=object)


def _text(value: Any) -> str | None:
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return None
    return f"{value:g}" if isinstance(value, float) else str(value).strip()


def _spaced(n: int) -> Ints:
    """Take evenly spaced rows where there are many."""
    return np.arange(0, n, -(-n // _MOST_COMPARED) or 1)
