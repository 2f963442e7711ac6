"""RFM: what the scores mean, how they are set, what is written."""

from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import Field

from nextbest.base.capability import Capability
from nextbest.base.contract import Column, Table
from nextbest.profiles.spec import AS_OF, AsOfSettings


class RfmSettings(AsOfSettings):
    """How customers are scored by recency, frequency and revenue."""

    bins: Annotated[int, Field(ge=2, le=10)] = 5
    """Number of score levels per dimension."""


SEGMENT_GRID: Final = (
    # f_score: 1            2                 3                 4           5
    ("lost", "lost", "at_risk", "at_risk", "cannot_lose"),  # r_score 1
    ("hibernating", "hibernating", "at_risk", "at_risk", "cannot_lose"),  # r_score 2
    ("fading", "fading", "needs_attention", "loyal", "loyal"),  # r_score 3
    ("promising", "promising", "promising", "loyal", "champions"),  # r_score 4
    ("new", "promising", "promising", "champions", "champions"),  # r_score 5
)
"""Named segment of each pair of scores on the scale 1-5; other numbers of bins are stretched to it."""

SEGMENTS: Final = (
    "champions",
    "loyal",
    "promising",
    "new",
    "needs_attention",
    "fading",
    "at_risk",
    "cannot_lose",
    "hibernating",
    "lost",
)
"""Every segment, best first; ``rfm.<segment>`` names it in the catalogues."""

RFM = Table(
    "rfm",
    "one row per customer who bought before as_of",
    ("customer_id", "as_of"),
    (
        Column("customer_id", "string", "key of the customer", required=True),
        AS_OF,
        Column("days_since_last_order", "int64", "days from the last order to as_of", required=True),
        Column("n_orders", "int64", "orders before as_of", required=True),
        Column("revenue_total", "money", "net revenue before as_of, returns taken off"),
        Column("r_score", "int64", "recency score, 1 to bins, higher is more recent", required=True),
        Column("f_score", "int64", "frequency score, 1 to bins, higher is more orders", required=True),
        Column("m_score", "int64", "revenue score, 1 to bins, higher is more revenue"),
        Column("segment", "string", "named segment of r_score and f_score", required=True),
    ),
)


@dataclass(frozen=True, slots=True)
class SegmentTotals:
    """What one segment holds on one day."""

    segment: str
    n_customers: int
    customer_share: float
    """Of all customers who bought, 0-1."""
    revenue_total: float | None
    """Net revenue so far, in the shop's currency."""
    revenue_share: float | None
    """Of all customers' net revenue, 0-1."""


CARD = Capability(
    name="rfm",
    question="How recently, how often and for how much does each customer buy?",
    recipe="nextbest.profiles.rfm.run:run",
    settings=RfmSettings,
    writes=(RFM,),
    requires=("order_lines.customer_id", "order_lines.ordered_on"),
)
