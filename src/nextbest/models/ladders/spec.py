"""Ladders: which better version each product leads to, and whether customers step up."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from nextbest.base.capability import Capability
from nextbest.base.contract import Column, Table
from nextbest.base.settings import Settings


class LadderSettings(Settings):
    """What counts as a better version, and when customers are taken to step up."""

    need: str = "category"
    """Column of ``products`` whose equal values serve one need; any column, also one of your own."""
    min_price_ratio: Annotated[float, Field(gt=1)] = 1.05
    """A better version costs at least this many times the product's price."""
    max_price_ratio: Annotated[float, Field(gt=1)] = 2.0
    """And at most this many times."""
    min_stepped: Annotated[int, Field(ge=1)] = 10
    """Customers who must have stepped up from one price band to the next before others are asked to."""
    max_q_value: Annotated[float, Field(gt=0, le=1)] = 0.05
    """How sure it must be that the better version comes after more often than chance (step_q_value)."""


LADDERS = Table(
    "ladders",
    "one row per product and its better version",
    ("product_id", "upgrade_id"),
    (
        Column("product_id", "string", "product a customer has", required=True),
        Column("upgrade_id", "string", "its better version", required=True),
        Column(
            "source", "string", "given (upgrade_of) or next_band (same need, next price band)", required=True
        ),
        Column("need", "string", "what both serve; null where given"),
        Column("price", "float64", "mean price per unit of the product, in the shop's currency"),
        Column("upgrade_price", "float64", "mean price per unit of the better version"),
        Column("n_buyers", "int64", "customers who bought the lower band (or the product) first"),
        Column(
            "n_stepped", "int64", "of these, who bought the next band (or the better version) on a later day"
        ),
        Column("share_stepped", "float64", "n_stepped / n_buyers, 0-1"),
        Column("ci_low", "float64", "lower end of its 95 % interval (Wilson)"),
        Column("ci_high", "float64", "upper end of its 95 % interval (Wilson)"),
        Column(
            "expected_stepped",
            "float64",
            "customers who bought both that would have begun with the lower one by chance, by how often they bought each",
        ),
        Column(
            "step_q_value", "float64", "Benjamini-Hochberg over all steps: more stepped up than by chance"
        ),
        Column("days_to_step", "float64", "median days from the first lower to the first higher purchase"),
        Column("is_supported", "boolean", "given, or customers were seen to step up", required=True),
    ),
)

CARD = Capability(
    name="ladders",
    question="Which better version suits whom, and do customers step up?",
    recipe="nextbest.models.ladders.run:run",
    settings=LadderSettings,
    writes=(LADDERS,),
    requires=("products.product_id", "order_lines.customer_id | holdings.customer_id"),
    uses=("product_profiles",),
)


@dataclass(frozen=True, slots=True)
class LadderTotals:
    """What is known of all ladders together."""

    n_given: int
    n_bands: int
    """Needs and price bands that were looked at."""
    n_supported: int
    """Of these, where customers were seen to step up."""


@dataclass(frozen=True, slots=True)
class BestStep:
    """A need in which customers step up."""

    need: str
    n_buyers: int
    n_stepped: int
    share_stepped: float
    ci_low: float
    ci_high: float
    expected_stepped: float
    days_to_step: float
