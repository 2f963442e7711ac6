"""The model as a decision asks it: visits in, probabilities and reasons out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

import numpy as np

from nextbest.base.errors import DataError
from nextbest.models.intent.core.steps import Floats
from nextbest.models.intent.core.visit import Visit, features
from nextbest.models.intent.spec import FEATURES, MODEL_FILE
from nextbest.models.propensity import FittedModel, load

_MOST_RAISE: Final = 3
_SMALL: Final = 0.05
"""What adds less to the log-odds is no reason."""


class Because(NamedTuple):
    """One feature of a visit and what it adds to the log-odds."""

    feature: str
    value: float | None
    adds: float


@dataclass(frozen=True, slots=True)
class Scorer:
    """A model that was learnt from visits.

    Parameters
    ----------
    fitted
        Its ``about`` says ``as_of``, ``usual`` and ``baseline``: the shares of orders among all steps, and among those with an empty
        cart and with something in it.
    """

    fitted: FittedModel

    @classmethod
    def read(cls, content: bytes) -> Self:
        """Read what a run has left in ``MODEL_FILE``, and ask it once.

        Raises
        ------
        DataError
            It is no such model.
        """
        scorer, nothing = cls(load(content)), Visit(number=1)
        try:
            scorer.probability([nothing])
            _ = scorer.as_of, scorer.usual, scorer.baseline(nothing)
        except (KeyError, TypeError, IndexError):
            raise DataError("propensity.no_model", where=MODEL_FILE) from None
        return scorer

    @property
    def as_of(self) -> str:
        """Day on or after which nothing was seen, ISO."""
        return str(self.fitted.about["as_of"])

    @property
    def usual(self) -> float:
        """Share of all steps that led to an order: the probability of the usual visit."""
        return float(self.fitted.about["usual"])

    def probability(self, visits: Sequence[Visit]) -> Floats:
        """Give the probability that each visit ends in an order, shape (n,)."""
        return self.fitted.model.predict(_columns(visits))

    def baseline(self, visit: Visit) -> float:
        """Give the share of visits like this one that ended in an order, by nothing but the cart."""
        return float(self.fitted.about["baseline"][visit.has_cart])

    def reasons(self, visit: Visit) -> list[Because]:
        """Name up to three features that raise the probability, most first, and the one that lowers it most."""
        model = self.fitted.model
        values = dict(zip(FEATURES, features(visit), strict=True))
        adds = zip(model.factors, model.contributions(_columns([visit]))[0].tolist(), strict=True)
        told = sorted((-added, name) for name, added in adds if abs(added) >= _SMALL)
        chosen = [one for one in told if one[0] < 0][:_MOST_RAISE] + [one for one in told if one[0] > 0][-1:]
        return [
            Because(name, None if np.isnan(values[name]) else float(values[name]), -added)
            for added, name in chosen
        ]


def columns_of(rows: Floats) -> dict[str, Floats]:
    """Name the columns of features, shape (n, n_features)."""
    return {name: rows[:, place] for place, name in enumerate(FEATURES)}


def _columns(visits: Sequence[Visit]) -> dict[str, Floats]:
    return columns_of(np.array([features(visit) for visit in visits], np.float64).reshape(-1, len(FEATURES)))
