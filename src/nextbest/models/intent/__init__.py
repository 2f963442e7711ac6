"""Intent: the probability that the visit that is running ends in an order, and why.

Reads ``events``; writes ``intent_evaluation`` and, where it tells more than the cart does, a model that a decision asks::

    scorer = intent.Scorer.read(content)  # of MODEL_FILE in a run's folder
    visit = intent.follow(acts)  # or update(visit, act) on each event
    scorer.probability([visit]), scorer.reasons(visit)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

from nextbest.models.intent.spec import CARD, COUNTED, MODEL_FILE, NOT_ACTS, TYPES, Act, IntentSettings

if TYPE_CHECKING:
    from nextbest.models.intent.core.reading import price_of
    from nextbest.models.intent.core.scoring import Because, Scorer
    from nextbest.models.intent.core.visit import Visit, follow, update, with_cart

__all__ = [
    "CARD",
    "COUNTED",
    "MODEL_FILE",
    "NOT_ACTS",
    "TYPES",
    "Act",
    "Because",
    "IntentSettings",
    "Scorer",
    "Visit",
    "follow",
    "price_of",
    "update",
    "with_cart",
]
_PLACES: Final = {
    "price_of": "reading",
    "Because": "scoring",
    "Scorer": "scoring",
    "Visit": "visit",
    "follow": "visit",
    "update": "visit",
    "with_cart": "visit",
}


def __getattr__(name: str) -> Any:
    if name in _PLACES:
        return getattr(importlib.import_module(f"nextbest.models.intent.core.{_PLACES[name]}"), name)
    raise AttributeError(name)
