"""RFM: what the scores mean, how they are set, what is written."""

from typing import Annotated

from pydantic import Field

from nextbest.base.capability import Capability
from nextbest.base.contract import Column, Table
from nextbest.base.settings import Settings
from nextbest.profiles.spec import AS_OF, AsOfSettings


class RfmSettings(AsOfSettings):
    """How customers are scored by recency, frequency and revenue."""

    bins: Annotated[int, Field(ge=2, le=10)] = 5
    """Number of score levels per dimension."""


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
        Column("segment", "string", "named segment of the scores", required=True),
    ),
)

CARD = Capability(
    name="rfm",
    question="How recently, how often and for how much does each customer buy?",
    recipe="nextbest.profiles.rfm.run:run",
    settings=RfmSettings,
    writes=(RFM,),
    requires=("order_lines.customer_id", "order_lines.ordered_on"),
)
