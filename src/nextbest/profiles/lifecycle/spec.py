"""Lifecycle: where each customer stands, judged by the customer's own rhythm."""

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
            "the customer's own rhythm, drawn towards the shop's where orders are few",
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
