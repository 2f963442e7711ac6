"""How good the probabilities are on visits that no model had seen, by the number of events seen so far."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from nextbest.models.intent.core.steps import Bools, Floats, Steps

STAGES: Final = ((0, None), (1, 1), (2, 2), (3, 5), (6, 10), (11, 20), (21, None))
"""Events seen so far, fewest and most; the first is all steps."""
_SURE: Final = 1.6448536269514722
_LEAST: Final = 1e-15
_BINS: Final = 10


def has_cart(steps: Steps) -> Bools:
    """Tell who has something in the cart, or goes to the checkout: the baseline sees nothing else."""
    return np.asarray((steps.column("cart_lines") > 0) | (steps.column("n_checkouts") > 0))


def baseline_shares(steps: Steps) -> tuple[float, float]:
    """Give the share of steps that led to an order, with an empty cart and with something in it.

    Each begins with one step at the overall share, so that neither is 0 or 1.
    """
    overall, holds = float(steps.target.mean()), has_cart(steps)
    empty, full = ((steps.target[which].sum() + overall) / (which.sum() + 1) for which in (~holds, holds))
    return float(empty), float(full)


def evaluate(steps: Steps, probability: Floats) -> Iterator[dict[str, Any]]:
    """Measure probabilities of steps, together and by the number of events seen so far."""
    seen = steps.column("n_events")
    for fewest, most in STAGES:
        rows = (seen >= fewest) & (seen <= (np.inf if most is None else most))
        if rows.any():
            measured = measures(steps.target[rows], probability[rows])
            yield {"events_from": fewest, "events_until": most, **measured}


def measures(target: Bools, probability: Floats) -> dict[str, Any]:
    """Measure probabilities.

    Examples
    --------
    >>> measured = measures(np.array([True, False, False, False]), np.array([0.7, 0.3, 0.2, 0.0]))
    >>> measured["auc"], round(measured["log_loss"], 3), round(measured["calibration_error"], 3)
    (1.0, 0.234, 0.2)
    """
    return {
        "n": len(target),
        "n_positive": int(target.sum()),
        "auc": _auc(target, probability),
        "log_loss": float(_losses(target, probability).mean()),
        "predicted": float(probability.mean()),
        "observed": float(target.mean()),
        "calibration_error": _calibration_error(target, probability),
    }


def is_better(steps: Steps, probability: Floats, baseline: Floats) -> bool:
    """Tell whether the model's log-loss is surely below the baseline's: one-sided at 5 %, visitors independent."""
    gained = _losses(steps.target, baseline) - _losses(steps.target, probability)
    _, place = np.unique(steps.visitor.astype(str), return_inverse=True)
    each = np.bincount(place, weights=gained)
    error = float(np.sqrt(((each - gained.mean() * np.bincount(place)) ** 2).sum()))
    return bool(gained.sum() > _SURE * error)


def _auc(target: Bools, probability: Floats) -> float | None:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(target, probability)) if 0 < target.sum() < len(target) else None


def _losses(target: Bools, probability: Floats) -> Floats:
    kept = np.clip(probability, _LEAST, 1 - _LEAST)
    return np.asarray(-np.log(np.where(target, kept, 1 - kept)))


def _calibration_error(target: Bools, probability: Floats) -> float:
    """Compare tenths; among equal probabilities chance has no say: each has the mean answer of all of them."""
    _, place = np.unique(probability, return_inverse=True)
    answer = (np.bincount(place, weights=target) / np.bincount(place))[place]
    tenths = np.array_split(np.argsort(probability, kind="stable"), min(_BINS, len(target)))
    apart = [abs(float(probability[part].mean() - answer[part].mean())) for part in tenths]
    return float(np.average(apart, weights=[len(part) for part in tenths]))
