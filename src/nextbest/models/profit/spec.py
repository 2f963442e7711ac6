"""Profit: what follows a first purchase, how holding more goes with staying, and when a customer has paid back."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from nextbest.base.capability import Capability
from nextbest.base.contract import Column, Table
from nextbest.base.settings import Settings

Verdict = Literal["more", "less", "no_evidence", "cannot_be_told"]


class ProfitSettings(Settings):
    """What is compared, with whom, and how strictly the comparison is checked."""

    max_heads: Annotated[int, Field(ge=1)] = 50
    """Heads of rules that are looked at, those with most margin at stake first."""
    max_size_q_value: Annotated[float, Field(gt=0, le=1)] = 0.05
    """Mined rules must be at least this sure (size_q_value) for their head to be looked at."""
    window_days: Annotated[int, Field(ge=84, multiple_of=28)] = 84
    """Days before and days after a first purchase that are compared; a month of customer_profit counts as 28."""
    min_buyers: Annotated[int, Field(ge=10)] = 30
    """First purchases with enough history before and after that a head must have."""
    max_buyers: Annotated[int, Field(ge=100)] = 3000
    """First purchases of one head that are compared; of more, these many are drawn."""
    n_controls: Annotated[int, Field(ge=1, le=10)] = 3
    """Customers without the head with whom each buyer is compared."""
    caliper: Annotated[float, Field(gt=0)] = 0.75
    """How far a control may be from its buyer in what is held fixed (prior profit, trend, usual profit, size of the order, tenure) together, in standard deviations."""
    n_placebos: Annotated[int, Field(ge=100)] = 300
    """Made-up heads, drawn from random order days, on which the comparison is checked."""
    max_order_days: Annotated[int, Field(ge=1000)] = 1_000_000
    """Order days that buyers and controls are drawn from; of more, those of every second, third, ... customer."""
    left_after_days: Annotated[int, Field(ge=28)] = 91
    """Products held: days before as_of from which leaving is watched; for orders also the days in which categories are counted."""
    most_held: Annotated[int, Field(ge=2)] = 10
    """Products held: customers with this many or more stand in one row."""
    acquisition_cost: Annotated[float | None, Field(gt=0)] = None
    """What winning a customer costs, in the shop's currency; empty: not known, and nothing is said about paying back."""


HEAD_PROFIT = Table(
    "head_profit",
    "one row per head of a positive rule with enough first purchases",
    ("level", "head_id"),
    (
        Column("level", "string", "product, category or department", required=True),
        Column("head_id", "string", "id of the head", required=True),
        Column("head", "string", "name of the head", required=True),
        Column("n_buyers", "int64", "first purchases with enough history before and after", required=True),
        Column("n_matched", "int64", "of these, with at least one control like them", required=True),
        Column(
            "profit_before",
            "float64",
            "mean profit of a matched buyer in the window before the first purchase, in the shop's currency",
        ),
        Column("profit_after", "float64", "the same in the window after; the day itself counts in neither"),
        Column(
            "profit_after_without_head",
            "float64",
            "profit_after less the head's own margin; null where profit is given per month",
        ),
        Column("control_before", "float64", "mean profit of their controls in the window before"),
        Column("control_after", "float64", "mean profit of their controls in the window after"),
        Column(
            "difference",
            "float64",
            "change of the buyers less change of the controls, what still differed before held fixed, "
            "per buyer and window, in the shop's currency: an association",
        ),
        Column("difference_se", "float64", "its standard error, clustered by customer"),
        Column("ci_low", "float64", "lower end of its 95 % interval"),
        Column("ci_high", "float64", "upper end of its 95 % interval"),
        Column(
            "difference_without_head",
            "float64",
            "difference with the head's own margin left out on both sides",
        ),
        Column("p_value", "float64", "two-sided test of difference = 0, as the formula has it"),
        Column("placebo_p_value", "float64", "the same against the spread of the placebo heads"),
        Column("q_value", "float64", "Benjamini-Hochberg of placebo_p_value over all heads"),
        Column(
            "pre_trend",
            "float64",
            "second half less first half of the window before: buyers less others of equal profit at the "
            "same time, per buyer, in the shop's currency",
        ),
        Column("pre_trend_p_value", "float64", "two-sided test of pre_trend = 0"),
        Column("beyond_trend", "float64", "difference less pre_trend gone on in a straight line"),
        Column("beyond_trend_p_value", "float64", "two-sided test of beyond_trend = 0"),
        Column(
            "is_calibrated",
            "boolean",
            "the nominal 5 % test rejects 2-8 % of the placebo heads",
            required=True,
        ),
        Column("is_losing", "boolean", "verdict is less: q_value < .05 after calibration", required=True),
        Column("verdict", "string", "more, less, no_evidence or cannot_be_told", required=True),
        Column("margin_source", "string", "given, category_default or assumed", required=True),
    ),
)

PLACEBO_CHECK = Table(
    "placebo_check",
    "one row: how the comparison did on made-up heads that nothing can follow from",
    ("n_placebos",),
    (
        Column("n_placebos", "int64", "made-up heads compared", required=True),
        Column("n_rejected", "int64", "of these, with a nominal p-value below .05", required=True),
        Column("share_rejected", "float64", "n_rejected / n_placebos; .05 is right", required=True),
        Column("share_low", "float64", "lower end of its 95 % interval (Wilson)", required=True),
        Column("share_high", "float64", "upper end of its 95 % interval (Wilson)", required=True),
        Column(
            "z_mean", "float64", "mean of difference / standard error over them; 0 is right", required=True
        ),
        Column("z_sd", "float64", "its standard deviation; 1 is right", required=True),
        Column("is_calibrated", "boolean", "share_rejected lies within 2-8 %", required=True),
        Column("n_order_days", "int64", "order days (or months) drawn from", required=True),
    ),
)

PRODUCTS_HELD = Table(
    "products_held",
    "one row per number of products held at the start of the watched days",
    ("n_products_held",),
    (
        Column(
            "n_products_held",
            "int64",
            "products held, or categories bought; the last row counts customers with more too",
            required=True,
        ),
        Column("counted", "string", "holdings, categories or products", required=True),
        Column("n_customers", "int64", "customers with that many", required=True),
        Column("n_left", "int64", "of these, who hold or bought nothing any more", required=True),
        Column("share_left", "float64", "n_left / n_customers", required=True),
        Column("share_low", "float64", "lower end of its 95 % interval (Wilson)", required=True),
        Column("share_high", "float64", "upper end of its 95 % interval (Wilson)", required=True),
    ),
)

PAYBACK = Table(
    "payback",
    "one row per month (30 days) since a new customer's first order",
    ("month",),
    (
        Column("month", "int64", "months since the first order, 1 holds the first order", required=True),
        Column("n_customers", "int64", "new customers watched for that long", required=True),
        Column(
            "margin_mean",
            "float64",
            "mean margin of a customer up to the month's end, in the shop's currency",
        ),
        Column("margin_low", "float64", "lower end of its 95 % interval"),
        Column("margin_high", "float64", "upper end of its 95 % interval"),
        Column("acquisition_cost", "float64", "what winning a customer costs; null: not given"),
        Column("is_paid_back", "boolean", "margin_mean reaches the cost; null: no cost given"),
        Column("margin_source", "string", "given, category_default or assumed", required=True),
    ),
)

PROFIT_CURVE = Table(
    "profit_curve",
    "one row per campaign, assumed or tested share and depth of its list",
    ("campaign_id", "incremental_share", "depth"),
    (
        Column("campaign_id", "string", "campaign", required=True),
        Column(
            "incremental_share",
            "float64",
            "share of these purchases that the contact causes, 0-1",
            required=True,
        ),
        Column(
            "is_tested",
            "boolean",
            "the share is from a test; false: assumed, and no depth is best",
            required=True,
        ),
        Column("depth", "float64", "share of the list contacted, most worth first, 0-1", required=True),
        Column("n", "int64", "customers contacted", required=True),
        Column("n_purchases", "float64", "purchases expected of them, caused or not", required=True),
        Column("cost", "float64", "cost of the contacts, in the shop's currency", required=True),
        Column(
            "expected_profit",
            "float64",
            "profit of all these purchases less the cost, caused or not",
            required=True,
        ),
        Column(
            "incremental_profit",
            "float64",
            "profit of the caused purchases less discounts to all buyers and the cost",
            required=True,
        ),
        Column(
            "ci_low",
            "float64",
            "lower end of its 95 % interval: who buys is chance, the probabilities taken as right",
            required=True,
        ),
        Column("ci_high", "float64", "upper end", required=True),
        Column(
            "break_even_rate",
            "float64",
            "purchase rate of those contacted at which the contacts pay; null: at none",
        ),
        Column("is_best", "boolean", "most incremental profit; null where the share is assumed"),
        Column("margin_source", "string", "given, category_default or assumed: the weakest among them"),
    ),
)

CARD = Capability(
    name="profit",
    question="What followed the first purchase of a product, and do customers who hold more stay?",
    recipe="nextbest.models.profit.run:run",
    settings=ProfitSettings,
    writes=(HEAD_PROFIT, PLACEBO_CHECK, PRODUCTS_HELD, PAYBACK),
    requires=("order_lines.customer_id | holdings.customer_id",),
    uses=("rules", "products", "product_profiles", "customer_profit"),
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the buyers of one head did, beside customers like them."""

    n_buyers: int
    n_matched: int
    profit_before: float
    profit_after: float
    profit_after_without_head: float | None
    control_before: float
    control_after: float
    difference: float
    difference_se: float
    ci_low: float
    ci_high: float
    difference_without_head: float | None
    p_value: float
    pre_trend: float
    pre_trend_p_value: float
    beyond_trend: float
    beyond_trend_p_value: float

    @property
    def z(self) -> float:
        """Difference in standard errors."""
        return self.difference / self.difference_se


@dataclass(frozen=True, slots=True)
class PlaceboCheck:
    """How the comparison did on heads that nothing can follow from; fields as in ``placebo_check``."""

    n_placebos: int
    n_rejected: int
    share_rejected: float
    share_low: float
    share_high: float
    z_mean: float
    z_sd: float
    is_calibrated: bool


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the placebo heads make of one head's difference."""

    placebo_p_value: float
    q_value: float
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Terms:
    """What happens to purchases after they are made."""

    return_share: float = 0.0
    """Share that comes back and earns nothing."""
    return_cost: float = 0.0
    """Of one return, in the shop's currency."""
    default_share: float = 0.0
    """Share that is never paid."""
    default_loss: float = 0.0
    """Of one such purchase beside its margin, in the shop's currency."""


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One depth of a list; fields as in ``profit_curve``."""

    depth: float
    n: int
    n_purchases: float
    cost: float
    expected_profit: float
    incremental_profit: float
    ci_low: float
    ci_high: float
    break_even_rate: float | None
