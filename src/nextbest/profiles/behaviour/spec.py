"""Behaviour: what each customer did in windows that end at as_of."""

from dataclasses import dataclass
from typing import Final

from nextbest.base.capability import Capability
from nextbest.base.contract import Column, Table
from nextbest.profiles.spec import AS_OF, AsOfSettings

WINDOW_DAYS: Final = (7, 30, 91, 182, 364)
PRODUCT_SHIFT: Final = 3
CUSTOMER_SHIFT: Final = 32
"""A purchase is customer * 2^32 + product * 2^3 + window: room for 536 million products and 2 billion customers."""


class BehaviourSettings(AsOfSettings):
    """When customers' behaviour is summed up."""


def _window(days: int) -> tuple[Column, ...]:
    last = f"in the last {days} days before as_of"
    return (
        Column(f"revenue_{days}d", "money", f"net revenue {last}"),
        Column(f"n_orders_{days}d", "int64", f"orders {last}"),
        Column(f"n_lines_{days}d", "int64", f"order lines {last}"),
        Column(f"n_products_{days}d", "int64", f"distinct products {last}"),
        Column(f"n_categories_{days}d", "int64", f"distinct categories {last}"),
        Column(f"discount_share_{days}d", "float64", f"discount / (net revenue + discount) {last}, 0-1"),
    )


BEHAVIOUR = Table(
    "behaviour",
    "one row per customer who bought before as_of",
    ("customer_id", "as_of"),
    (
        Column("customer_id", "string", "key of the customer", required=True),
        AS_OF,
        *(column for days in WINDOW_DAYS for column in _window(days)),
        Column("days_since_first_order", "int64", "days from the first order to as_of"),
        Column("days_since_last_order", "int64", "days from the last order to as_of"),
        Column("mean_gap_days", "float64", "mean days between the customer's order days; null with one"),
        Column(
            "sd_gap_days",
            "float64",
            "standard deviation of these days; null with fewer than three order days",
        ),
        Column("longest_gap_days", "int64", "most days between two order days in a row; null with one"),
        Column("n_order_days_364d", "int64", "days with an order in the last 364 days before as_of"),
        Column(
            "trend",
            "float64",
            "revenue of the last 91 days / mean revenue of 91 days before, within 364 days; 1 = steady",
        ),
        Column(
            "mean_order_revenue_364d",
            "float64",
            "net revenue / orders in the last 364 days; null without orders",
        ),
        Column(
            "recent_revenue_share",
            "float64",
            "revenue of the last 30 days / revenue of the last 364; 0.08 = steady, null where nothing was earned",
        ),
        Column(
            "repeat_line_share_364d",
            "float64",
            "order lines in the last 364 days beyond the first of each product / all, 0-1",
        ),
    ),
)


FALLING_BELOW: Final = 0.5
"""A customer falls where the trend is below this."""


@dataclass(frozen=True, slots=True)
class Change:
    """How many customers fall behind what they used to spend."""

    n_customers: int
    """Customers whose trend is below ``FALLING_BELOW``."""
    customer_share: float | None
    """Of all customers with a trend, 0-1."""
    revenue_364d: float | None
    """Their net revenue in the last 364 days, in the shop's currency."""
    revenue_91d: float | None
    """Their net revenue in the last 91 days."""


CARD = Capability(
    name="behaviour",
    question="What did each customer do lately, and is it more or less than before?",
    recipe="nextbest.profiles.behaviour.run:run",
    settings=BehaviourSettings,
    writes=(BEHAVIOUR,),
    requires=("order_lines.customer_id", "order_lines.ordered_on"),
    uses=("products",),
)
