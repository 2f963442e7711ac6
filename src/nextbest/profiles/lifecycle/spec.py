"""Lifecycle: where each customer stands, judged by the customer's own rhythm."""

from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import Field

from nextbest.base.capability import Capability
from nextbest.base.contract import Column, Table
from nextbest.profiles.spec import AS_OF, AsOfSettings

STAGES: Final = ("new", "active", "slowing", "dormant", "gone")


class LifecycleSettings(AsOfSettings):
    """When silence means something."""

    new_days: Annotated[int, Field(ge=1)] = 30
    """A customer is new for this many days after the first order."""
    slowing_from: Annotated[float, Field(gt=0)] = 1.5
    """Slowing from this many of the customer's usual gaps between orders."""
    dormant_from: Annotated[float, Field(gt=0)] = 3.0
    """Dormant from this many usual gaps."""
    gone_from: Annotated[float, Field(gt=0)] = 6.0
    """Gone from this many usual gaps."""
    gone_days: Annotated[int, Field(ge=1)] = 91
    """Nobody is gone before this many days of silence: who buys every three days is not lost after three weeks."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often the shop's customers order."""

    gap_days: float
    """Median over customers with two order days or more of their mean gap."""
    second_order_days: float
    """Days from the first order day within which nine in ten of those who came back had come back."""
    weight: float
    """Gaps of a customer's own that weigh as much as the shop's; infinite where customers do not differ."""


@dataclass(frozen=True, slots=True)
class StageTotals:
    """Who is in one stage on one day."""

    stage: str
    n_customers: int
    customer_share: float
    """Of all customers who bought, 0-1."""
    usual_gap_days: float
    """Median of the customers' usual gaps."""
    days_since_last_order: float
    """Median."""


LIFECYCLE = Table(
    "lifecycle",
    "one row per customer who bought before as_of",
    ("customer_id", "as_of"),
    (
        Column("customer_id", "string", "key of the customer", required=True),
        AS_OF,
        Column("stage", "string", "new, active, slowing, dormant or gone", required=True),
        Column("n_orders", "int64", "orders before as_of", required=True),
        Column("days_since_last_order", "int64", "days from the last order to as_of", required=True),
        Column(
            "usual_gap_days",
            "float64",
            "days between the customer's order days, drawn towards the shop's where orders are few",
        ),
        Column("silence", "float64", "days_since_last_order / usual_gap_days"),
    ),
)

CARD = Capability(
    name="lifecycle",
    question="Who is new, active, slowing down, dormant or gone?",
    recipe="nextbest.profiles.lifecycle.run:run",
    settings=LifecycleSettings,
    writes=(LIFECYCLE,),
    requires=("order_lines.customer_id", "order_lines.ordered_on"),
)
