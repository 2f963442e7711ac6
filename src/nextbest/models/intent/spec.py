"""Intent: will the visit that is running end in an order, and does a coupon pay?"""

from __future__ import annotations

from typing import Annotated, Final, NamedTuple

from pydantic import Field

from nextbest.base.capability import Capability
from nextbest.base.contract import Column, Table
from nextbest.base.settings import Settings

MODEL_FILE: Final = "models/intent/visit.json"
"""Where a run leaves the model."""
IDLE_MS: Final = 30 * 60 * 1000
"""Silence that ends a visit where no session id says so, milliseconds."""
MOST_STEPS: Final = 60
"""Steps of a visit that are learnt from; the state of a visitor keeps as many views."""
CEILING: Final = 20
"""Counts do not go above: a visit with more of anything is as that one."""


class IntentSettings(Settings):
    """How much is learnt from, and what a coupon costs."""

    most_rows: Annotated[int, Field(ge=1_000, le=1_000_000)] = 60_000
    """Steps of visits that the model learns from; whole visits are drawn by chance where there are more."""
    coupon_share: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """Worth of a coupon as a share of the order's value."""
    coupon_odds: Annotated[float, Field(gt=1, le=10)] = 1.5
    """By how much a coupon multiplies the odds of an order: an assumption until a test has measured it."""


class Act(NamedTuple):
    """One thing a visitor did, as far as a visit is concerned."""

    at: int
    """Milliseconds since 1970, UTC."""
    mark: str
    """Orders acts of the same instant."""
    kind: str
    """One of ``KINDS``."""
    product_id: str | None = None
    amount: float | None = None
    """Of a view: seconds; put into the cart or taken out: units, ``None`` the whole line."""
    price: float | None = None
    """Per unit."""
    lines: tuple[tuple[str, float, float | None], ...] | None = None
    """All there is in the cart, where the act says it: product, units, price."""
    session_id: str | None = None
    """``None``: half an hour of silence ends the visit."""

    @property
    def place(self) -> tuple[int, bool, str]:
        """What acts are sorted by; an order is the last of its instant."""
        return self.at, self.kind == "order", self.mark


KINDS: Final = ("view", "search", "add", "remove", "cart", "checkout", "offer", "other", "order")
COUNTED: Final = KINDS[:-1]
TYPES: Final = {
    "product_viewed": "view",
    "product_clicked": "view",
    "view_item": "view",
    "view": "view",
    "pv": "view",
    "products_searched": "search",
    "search": "search",
    "product_added": "add",
    "add_to_cart": "add",
    "addtocart": "add",
    "product_removed": "remove",
    "remove_from_cart": "remove",
    "cart_viewed": "cart",
    "view_cart": "cart",
    "checkout_started": "checkout",
    "checkout_step_viewed": "checkout",
    "checkout_step_completed": "checkout",
    "payment_info_entered": "checkout",
    "begin_checkout": "checkout",
    "add_shipping_info": "checkout",
    "add_payment_info": "checkout",
    "decision_clicked": "offer",
    "decision_accepted": "offer",
    "decision_rejected": "offer",
    "order_completed": "order",
    "purchase": "order",
    "transaction": "order",
}
"""Kinds by type of the event in snake case: Segment's names, Google Analytics' and the commonest of files; the rest is ``other``."""
NOT_ACTS: Final = frozenset({"decision_shown", "decision_expired", "adviser_contacted"})
"""Done to a visitor, not by one."""

FEATURES: Final = (
    "last_kind",
    "n_events",
    "n_views",
    "n_products",
    "n_returns",
    "n_searches",
    "n_adds",
    "n_removes",
    "n_cart_views",
    "n_checkouts",
    "n_offers",
    "n_others",
    "cart_lines",
    "cart_units",
    "cart_value",
    "minutes",
    "last_gap_seconds",
    "dwell_seconds",
    "days_since_last_visit",
    "n_orders",
    "days_since_last_order",
)
"""What the model sees of a visit after each event; ``intent.feature.<name>`` holds the words. ``last_kind`` is a place in ``COUNTED``."""

INTENT_EVALUATION: Final = Table(
    "intent_evaluation",
    "one row per model and number of events seen so far",
    ("judged_on", "model", "events_from"),
    (
        Column(
            "judged_on",
            "string",
            "newest: the newest fifth of the visits, which no model had seen; older: the others, out of fold by visitor",
            required=True,
        ),
        Column(
            "model",
            "string",
            "candidate, or baseline: has something in the cart, or goes to the checkout",
            required=True,
        ),
        Column("is_chosen", "boolean", "the probabilities come from it", required=True),
        Column("events_from", "int64", "fewest events seen so far; 0: all steps together", required=True),
        Column("events_until", "int64", "most events seen so far; null: no limit"),
        Column("n", "int64", "steps of visits", required=True),
        Column("n_positive", "int64", "steps after which the visit ended in an order", required=True),
        Column("auc", "float64", "area under the ROC curve; null: all alike"),
        Column("log_loss", "float64", "logarithmic loss in nats"),
        Column("predicted", "float64", "mean probability, 0-1"),
        Column("observed", "float64", "share of steps that led to an order, 0-1", required=True),
        Column(
            "calibration_error", "float64", "mean distance of predicted and observed share over tenths, 0-1"
        ),
    ),
)

CARD: Final = Capability(
    name="intent",
    question="Will the visit that is running end in an order, and does a coupon pay?",
    recipe="nextbest.models.intent.run:run",
    settings=IntentSettings,
    writes=(INTENT_EVALUATION,),
    requires=("events.type",),
    uses=("product_profiles",),
)
