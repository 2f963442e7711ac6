"""Recommend: what each customer will buy again, what they may discover, and what goes with what.

Reads ``order_lines`` (else ``holdings``), ``products`` and ``customers``; writes ``recommend_evaluation``,
``recommend_calibration``, ``recommendations``, ``earlier_recommendations`` and ``related_products``. ``for_cart`` lists what fits a cart;
``fit_chance`` learns probabilities from features and what was bought; ``compare`` and ``overall`` hold probabilities against it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nextbest.models.recommend.spec import (
    CARD,
    RECOMMEND_CALIBRATION,
    RECOMMEND_EVALUATION,
    RECOMMENDATIONS,
    RELATED_PRODUCTS,
    RecommendSettings,
)

if TYPE_CHECKING:
    from nextbest.models.recommend.core.chance import Chance, fit_chance
    from nextbest.models.recommend.core.past import Past, Tenth, compare, overall
    from nextbest.models.recommend.core.related import for_cart

__all__ = [
    "CARD",
    "RECOMMENDATIONS",
    "RECOMMEND_CALIBRATION",
    "RECOMMEND_EVALUATION",
    "RELATED_PRODUCTS",
    "Chance",
    "Past",
    "RecommendSettings",
    "Tenth",
    "compare",
    "fit_chance",
    "for_cart",
    "overall",
]


def __getattr__(name: str) -> Any:
    if name in {"Chance", "fit_chance"}:
        from nextbest.models.recommend.core import chance

        return getattr(chance, name)
    if name in {"Past", "Tenth", "compare", "overall"}:
        from nextbest.models.recommend.core import past

        return getattr(past, name)
    if name in __all__:
        from nextbest.models.recommend.core import related

        return getattr(related, name)
    raise AttributeError(name)
