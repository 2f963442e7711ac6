"""What is offered to whom: how good the lists are, examples, ladders, and what was ruled out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from nextbest.advice.report.spec.page import Row
from nextbest.base.contract import Column, Table

OFFER_KINDS: Final = Table(
    "offer_kinds",
    "one row per kind of offer",
    ("kind",),
    (
        Column("kind", "string", "cross_sell, up_sell, replenish or discover"),
        Column("n_offers", "int64", "offers of this kind"),
        Column("n_customers", "int64", "customers among them"),
        Column("probability", "float64", "mean probability of being bought, offered or not, 0-1"),
        Column("expected_profit", "float64", "mean expected profit of an offer, in the shop's currency"),
        Column("incremental_profit", "float64", "mean of what offering adds, where it was tested"),
        Column("margin_source", "string", "the weakest among them"),
        Column("n_tested", "int64", "offers whose incremental profit is known from a test"),
    ),
)

OFFER_EXAMPLES: Final = Table(
    "offer_examples",
    "one row per kind and place: the offers of a kind with most expected profit, one a product",
    ("kind", "place"),
    (
        Column("kind", "string", "cross_sell, up_sell, replenish or discover"),
        Column("place", "int64", "place within the kind, 0 first"),
        Column("customer_id", "string", "key of the customer"),
        Column("product_id", "string", "what is proposed"),
        Column("probability", "float64", "the customer buys it within the horizon, offered or not, 0-1"),
        Column("expected_profit", "float64", "probability x margin, in the shop's currency"),
        Column("incremental_profit", "float64", "what the offer adds; null: untested"),
        Column("margin_source", "string", "given, category_default or assumed"),
        Column("model_id", "string", "where the probability comes from"),
        Column("reason_code", "string", "code of the reason"),
        Column("placeholders", "string", "what the reason names, JSON"),
    ),
)

OFFER_REACH: Final = Table(
    "offer_reach",
    "one row: candidates, and customers who got an offer",
    (),
    (
        Column("n_candidates", "int64", "pairs of customer and product that were looked at"),
        Column("n_offered", "int64", "of these, offered"),
        Column("n_customers", "int64", "customers with candidates"),
        Column("n_served", "int64", "customers with at least one offer"),
    ),
)

OFFER_UNSERVED: Final = Table(
    "offer_unserved",
    "one row per reason, over the customers who have candidates and got no offer",
    ("reason",),
    (
        Column("reason", "string", "what ruled their candidates out"),
        Column("n_customers", "int64", "customers among them"),
    ),
)

LADDER_STEPS: Final = Table(
    "ladder_steps",
    "one row per step up that is drawn",
    ("place",),
    (
        Column("place", "int64", "furthest above chance first, from 0"),
        Column("n_steps", "int64", "all steps that are given or that customers were seen to take"),
        Column("source", "string", "given or next_band"),
        Column("product_id", "string", "product a customer has"),
        Column("upgrade_id", "string", "its better version"),
        Column("price", "float64", "mean price of the product, in the shop's currency"),
        Column("upgrade_price", "float64", "mean price of the better version"),
        Column("n_buyers", "int64", "customers who began with the product; null: too few"),
        Column("n_stepped", "int64", "of these, who moved to the better version and stayed"),
        Column("n_back", "int64", "customers who moved the other way"),
        Column("share_stepped", "float64", "n_stepped / n_buyers, 0-1"),
        Column("ci_low", "float64", "lower end of its 95 % interval"),
        Column("ci_high", "float64", "upper end"),
        Column("expected_stepped", "float64", "of all who moved, who would have moved up by chance"),
        Column("days_to_step", "float64", "median days to the step"),
    ),
)


@dataclass(frozen=True, slots=True)
class Scored:
    """One way of making a list, and how much of what came next it held."""

    method: str
    """Method behind it."""
    is_chosen: bool
    is_baseline: bool
    recall: float
    low: float
    """95 % interval, recall ± 1.96 standard errors."""
    high: float
    recall_se: float | None
    ndcg: float | None
    hit_rate: float | None


@dataclass(frozen=True, slots=True)
class ListScore:
    """How the methods did on one list, best first."""

    kind: str
    """repeat or discover."""
    k: int
    n_customers: int
    methods: Sequence[Scored]

    @property
    def chosen(self) -> Scored:
        """The method the list is made by."""
        return next(each for each in self.methods if each.is_chosen)

    @property
    def baseline(self) -> Scored | None:
        """The best plain method beside it; ``None`` where the list is made by a plain one itself."""
        return next((each for each in self.methods if each.is_baseline and not each.is_chosen), None)


@dataclass(frozen=True, slots=True)
class Offers:
    """What is offered to whom, and what was ruled out."""

    kinds: Sequence[Row]
    """Rows of ``offer_kinds``, most offers first."""
    examples: Sequence[Row]
    """Rows of ``offer_examples`` that are shown, with the names and numbers of their reason under ``said``."""
    steps: Sequence[Row]
    """Rows of ``ladder_steps`` that customers were seen to take, with the names of both under ``step``."""
    n_steps: int
    ruled_out: Sequence[Row]
    """Rows of ``offer_exclusions``, most candidates first."""
    beyond: Row | None
    """Candidates that were not looked at, because a customer has so many."""
    reach: Row | None
    promises: Sequence[Row]
    """Rows of ``offer_calibration`` over all tenths: all offers first, then each kind."""
    unserved: Sequence[Row]

    @property
    def n_offers(self) -> int:
        """Offers of all kinds."""
        return sum(kind["n_offers"] for kind in self.kinds)

    @property
    def n_tested(self) -> int:
        """Offers whose added profit is known from a test."""
        return sum(kind["n_tested"] for kind in self.kinds)
