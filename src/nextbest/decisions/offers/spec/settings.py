"""Where candidates come from, what may forbid them, and how many are offered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from nextbest.base.settings import Settings
from nextbest.profiles.products import NEVER


def _several(typed: Any) -> Any:
    """Let ``a, b`` stand for a list."""
    if not isinstance(typed, str):
        return typed
    return tuple(word.strip() for word in typed.split(",") if word.strip())


Words = Annotated[tuple[str, ...], BeforeValidator(_several)]

SOURCES: Final = ("repeat", "overused", "upgrade", "rule", "looked", "discover", "new_arrival", "bestseller")
"""Where candidates come from; of several sources of one product, the first gives kind and reason."""

SHOP_SOURCES: Final = ("upgrade", "rule", "new_arrival", "bestseller")
"""Sources that can be drawn up as of any day, so that probabilities can be learnt from what followed."""

KINDS: Final[Mapping[str, str]] = {
    "repeat": "replenish",
    "overused": "up_sell",
    "upgrade": "up_sell",
    "rule": "cross_sell",
    "looked": "discover",
    "discover": "discover",
    "new_arrival": "discover",
    "bestseller": "discover",
}

GUARDRAILS: Final = (
    "rejected_rule",
    "losing_rule",
    "inactive",
    "never",
    "out_of_stock",
    "fading",
    "under_margin_floor",
    "risk_too_high",
    "just_bought",
    "rarely_again",
    "already_has",
    "has_alike",
)
"""What may forbid a candidate by itself, in the order in which it is asked; the first that does is the reason."""

PLACES: Final = ("too_weak", "same_name", "category_full", "kind_full", "list_full")
"""What may leave a permitted candidate without a place in the list."""

OFFERED: Final = "offered"
BEYOND_LIMIT: Final = "beyond_limit"

REASONS: Final = (
    "rhythm",
    "often",
    "once",
    "because",
    "popular",
    "fresh",
    "fresh_segment",
    "overused",
    "given",
    "next_band",
    "rule",
    "written_rule",
    "looked",
    "new_arrival",
    "bestseller",
)
"""Why a product is a candidate; ``offers.reason.<code>`` holds the sentence."""

REASON_VALUES: Final = ("product", "because", "n_orders", "since_days", "gap_days", "strength", "segment")
"""What the sentences may name."""


class OfferSettings(Settings):
    """Where candidates come from, what forbids them, and how many are offered."""

    max_offers: Annotated[int, Field(ge=1, le=100)] = 10
    """Offers per customer."""
    max_per_category: Annotated[int, Field(ge=1)] = 2
    """Offers of one category per customer."""
    max_per_kind: Annotated[int, Field(ge=1)] = 4
    """Offers of one kind (cross_sell, up_sell, replenish, discover) per customer."""
    max_candidates: Annotated[int, Field(ge=1, le=1000)] = 40
    """Candidates per customer that are looked at."""
    horizon_days: Annotated[int, Field(ge=1)] = 28
    """``probability``: the customer buys the product within this many days; keep it equal to recommend.horizon_days."""
    just_bought_days: Annotated[int, Field(ge=0)] = 14
    """What was bought less than this many days ago is not offered, unless it is used up by then."""
    due_from: Annotated[float, Field(ge=0)] = 0.75
    """A product that is bought again and again is due from this share of the customer's usual days between purchases."""
    margin_floor: float = 0.0
    """Least margin per order, in the shop's currency; products of unknown margin pass."""
    never: Words = NEVER
    """Never offered: products whose name, category or department holds one of these words. A list of your own replaces it."""
    offer_fading: bool = False
    """Offer what hardly anybody buys any more: the season is over, or it is no longer sold."""
    weak_share: Annotated[float, Field(ge=0, le=1)] = 0.2
    """Offers less than this share as likely as the customer's likeliest one that is new to them are left out."""
    least_profit: float = 0.01
    """Offers expected to bring less than this, in the shop's currency, are left out; those of unknown worth stay."""
    again_days: Annotated[int, Field(ge=1)] = 180
    """What a customer bought once, longer ago than this, is not offered again."""
    again_from: Annotated[float, Field(ge=0)] = 0.25
    """What a customer bought once is offered again if it is bought again by at least this share of the customers who buy the shop's products again on average."""
    offer_alike: bool = False
    """Offer a product that is new to the customer although they have another one of the same name."""
    leave_out_losing: bool = False
    """Leave out rules after whose head customers' profit fell (table head_profit)."""
    new_days: Annotated[int, Field(ge=1)] = 56
    """A product is a new arrival for this many days."""
    looks: Annotated[int, Field(ge=1)] = 3
    """Views of a category's products within ``horizon_days``, with nothing of it bought, that make a candidate."""
    overused_from: Annotated[float, Field(gt=0)] = 1.0
    """Usage over allowance from which the better version is a candidate."""
