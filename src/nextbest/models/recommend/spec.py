"""Recommend: what each customer will probably buy again, what they may discover, what goes with what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final, Literal

from pydantic import Field

from nextbest.base.capability import Capability
from nextbest.base.contract import Column, Table
from nextbest.base.settings import Settings

Level = Literal["product", "category"]

REASONS: Final = ("rhythm", "often", "because", "popular", "fresh", "fresh_segment")
"""Why a row is in a list; ``recommend.reason.<code>`` holds the sentence."""


CLOSE: Final = 0.1
"""A prediction within this share of what followed came true."""


class RecommendSettings(Settings):
    """How lists are made, judged and given a probability."""

    level: Level = "product"
    """What is recommended: products, or categories (then ``product_id`` holds the category)."""
    holdout: Literal["last_order"] | date = "last_order"
    """How lists are judged: by each customer's last order, or by everything from a day on. With a day, nothing on or after it is used, for the lists neither: they are those of that day."""
    orders_back: Annotated[int, Field(ge=0)] = 0
    """Judge an earlier order: forget this many of each customer's last orders first. Only with ``last_order``; the lists themselves are made from everything."""
    list_length: Annotated[int, Field(ge=1, le=100)] = 10
    """Products per customer and list."""
    related_length: Annotated[int, Field(ge=1, le=100)] = 10
    """Products per product and list."""
    horizon_days: Annotated[int, Field(ge=1)] = 28
    """``probability``: the customer buys the product within this many days."""
    most_discoverable: Annotated[int, Field(ge=10, le=5000)] = 1500
    """Products that may be discovered: the most bought ever and of late. Time grows with its third power."""
    segment: Literal["place", "gender", "store_id", "group_id"] = "place"
    """Column of ``customers`` by which those who have not bought yet are told what is popular among their like."""


RECOMMEND_EVALUATION: Final = Table(
    "recommend_evaluation",
    "one row per method, list and length",
    ("list", "k", "method"),
    (
        Column(
            "method", "string", "popularity, personal_frequency, nextbest, or another tried", required=True
        ),
        Column("uses", "string", "method behind nextbest; otherwise the method itself", required=True),
        Column("is_baseline", "boolean", "popularity and personal_frequency", required=True),
        Column("is_chosen", "boolean", "what the lists are made by: nextbest", required=True),
        Column(
            "list", "string", "all, repeat (bought before) or discover (new to the customer)", required=True
        ),
        Column("k", "int64", "length of the list", required=True),
        Column("recall", "float64", "share of what came next that the list held, mean over customers, 0-1"),
        Column("recall_se", "float64", "standard error of recall over customers"),
        Column("ndcg", "float64", "normalised discounted gain, ideal over min(k, truth), 0-1"),
        Column("hit_rate", "float64", "share of customers with at least one hit, 0-1"),
        Column(
            "n_customers", "int64", "customers with something of this list in what came next", required=True
        ),
    ),
)

RECOMMEND_CALIBRATION: Final = Table(
    "recommend_calibration",
    "one row per list, held-out window and tenth of the rows by probability",
    ("list", "starts_on", "decile"),
    (
        Column("list", "string", "repeat or discover", required=True),
        Column(
            "starts_on",
            "date",
            "first day of a window of horizon_days; nothing on or after it was seen when its rows were predicted",
            required=True,
        ),
        Column("decile", "int64", "1 holds the least likely tenth, 10 the most likely", required=True),
        Column("n", "int64", "rows of the list", required=True),
        Column("n_bought", "int64", "rows that were bought in the window", required=True),
        Column("predicted", "float64", "mean probability, 0-1", required=True),
        Column("observed", "float64", "share that was bought, 0-1", required=True),
        Column("low", "float64", "lower end of the 95 % interval of the share, 0-1", required=True),
        Column("high", "float64", "upper end of it, 0-1", required=True),
    ),
)

RECOMMENDATIONS: Final = Table(
    "recommendations",
    "one row per customer, list and product",
    ("customer_id", "list", "rank"),
    (
        Column("customer_id", "string", "key of the customer", required=True),
        Column("list", "string", "repeat (bought before) or discover (new to the customer)", required=True),
        Column("rank", "int64", "place in the list, 1 first", required=True),
        Column("product_id", "string", "product; category where level is category", required=True),
        Column("level", "string", "product or category", required=True),
        Column(
            "probability",
            "float64",
            "the customer buys it within horizon_days, 0-1; null without days or a past to learn from",
        ),
        Column(
            "reason_code", "string", "rhythm, often, because, popular, fresh or fresh_segment", required=True
        ),
        Column("because_id", "string", "what the customer bought that points here"),
        Column("n_orders", "int64", "orders of the customer with it"),
        Column("since_days", "float64", "days since the customer last bought it"),
        Column("gap_days", "float64", "usual days from one purchase of it to the next"),
        Column("segment", "string", "where it is popular, for customers who have not bought yet"),
        Column("reason", "string", "the reason in English", required=True),
    ),
)

EARLIER_RECOMMENDATIONS: Final = Table(
    "earlier_recommendations",
    "one row per customer, list and product of one horizon ago; of up to 5,000 customers",
    RECOMMENDATIONS.key,
    (
        *RECOMMENDATIONS.columns,
        Column(
            "starts_on",
            "date",
            "day of the list, horizon_days before the run's; nothing on or after it was seen",
            required=True,
        ),
    ),
)

RELATED_PRODUCTS: Final = Table(
    "related_products",
    "one row per product, list and related product",
    ("product_id", "list", "rank"),
    (
        Column("product_id", "string", "product; category where level is category", required=True),
        Column("list", "string", "goes_with or instead_of", required=True),
        Column("rank", "int64", "place in the list, 1 first", required=True),
        Column("related_id", "string", "the other product", required=True),
        Column(
            "strength",
            "float64",
            "goes_with: observed over expected baskets of the same size; instead_of: customers' ratio over baskets'",
            required=True,
        ),
        Column(
            "n_both",
            "int64",
            "baskets with both (goes_with), customers with both (instead_of)",
            required=True,
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class ListResult:
    """How the chosen method of one list did beside its baseline."""

    kind: str
    """repeat or discover."""
    uses: str
    """Method behind it."""
    baseline: str
    recall: float
    baseline_recall: float
    recall_se: float | None
    k: int
    n_customers: int


@dataclass(frozen=True, slots=True)
class ChanceResult:
    """How the probabilities of one list came true in a window that they were not learnt from."""

    kind: str
    """repeat or discover."""
    starts_on: date
    predicted: float
    """Mean probability, 0-1."""
    observed: float
    """Share that was bought, 0-1."""
    n_rows: int
    n_tenths: int
    """Tenths of the list with 100 purchases or more."""
    n_close: int
    """Those whose prediction was within 10 % of what was bought."""


CARD: Final = Capability(
    name="recommend",
    question="What will each customer buy again, and what may they discover?",
    recipe="nextbest.models.recommend.run:run",
    settings=RecommendSettings,
    writes=(
        RECOMMEND_EVALUATION,
        RECOMMEND_CALIBRATION,
        RECOMMENDATIONS,
        EARLIER_RECOMMENDATIONS,
        RELATED_PRODUCTS,
    ),
    requires=("order_lines.customer_id | holdings.customer_id",),
    uses=("products", "customers"),
)
