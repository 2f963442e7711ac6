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
    """Customers who must have moved to the better version and stayed before others are asked to."""
    max_q_value: Annotated[float, Field(gt=0, le=1)] = 0.05
    """How sure it must be that more moved up than back, beyond what the days of the sales explain (step_q_value)."""


LADDERS = Table(
    "ladders",
    "one row per product and its better version: given ones, and those about which enough customers say something",
    ("product_id", "upgrade_id"),
    (
        Column("product_id", "string", "product a customer has", required=True),
        Column("upgrade_id", "string", "its better version", required=True),
        Column(
            "source",
            "string",
            "given (upgrade_of) or next_band (same need, dearer within reach)",
            required=True,
        ),
        Column("need", "string", "what both serve; null where given"),
        Column("price", "float64", "mean price per unit of the product, in the shop's currency"),
        Column("upgrade_price", "float64", "mean price per unit of the better version"),
        Column(
            "n_buyers",
            "int64",
            "customers who began with the product; null: too rarely bought to be compared",
        ),
        Column(
            "n_stepped",
            "int64",
            "of these, whose last purchase was of the better version: they moved up and stayed",
        ),
        Column("n_back", "int64", "customers who began with the better version and ended with the product"),
        Column("share_stepped", "float64", "n_stepped / n_buyers, 0-1"),
        Column("ci_low", "float64", "lower end of its 95 % interval (Wilson)"),
        Column("ci_high", "float64", "upper end of its 95 % interval (Wilson)"),
        Column(
            "expected_stepped",
            "float64",
            "of n_stepped + n_back, who would have moved up by chance and by the days on which each of the two is bought at all",
        ),
        Column(
            "step_q_value",
            "float64",
            "Benjamini-Hochberg over all compared pairs: more moved up than by chance",
        ),
        Column(
            "days_to_step", "float64", "median days from their first purchase of the one to that of the other"
        ),
        Column("is_supported", "boolean", "given, or customers were seen to move up and stay", required=True),
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
    n_pairs: int
    """Products and better versions between which enough customers moved to tell."""
    n_supported: int
    """Of these, where more moved up and stayed than chance explains."""


@dataclass(frozen=True, slots=True)
class BestStep:
    """A better version that customers move to."""

    product: str
    upgrade: str
    n_buyers: int
    n_stepped: int
    n_back: int
    share_stepped: float
    ci_low: float
    ci_high: float
    expected_stepped: float
    days_to_step: float
