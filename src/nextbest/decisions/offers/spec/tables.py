"""The tables that offers write."""

from __future__ import annotations

from typing import Final

from nextbest.base.contract import Column, Table

_CUSTOMER = Column("customer_id", "string", "key of the customer", required=True)
_PRODUCT = Column("product_id", "string", "what is proposed", required=True)
_WORTH: Final = (
    Column(
        "probability",
        "float64",
        "the customer buys it within horizon_days, with or without the offer, 0-1; null where nothing could be learnt",
    ),
    Column(
        "model_id",
        "string",
        "where the probability comes from: a propensity model, recommend or offers.simple",
    ),
    Column("margin", "float64", "margin per order with the product, in the shop's currency"),
    Column("margin_source", "string", "given, category_default or assumed"),
    Column(
        "expected_profit",
        "float64",
        "probability x margin, in the shop's currency, with or without the offer",
    ),
)
_WHY: Final = (
    Column("rule_id", "string", "rule behind it"),
    Column(
        "reason_code",
        "string",
        "rhythm, often, once, because, popular, fresh, fresh_segment, overused, given, next_band, rule, written_rule, looked, "
        "new_arrival or bestseller",
        required=True,
    ),
)
_KIND = Column("kind", "string", "cross_sell, up_sell, replenish or discover", required=True)

NEXT_BEST_OFFERS: Final = Table(
    "next_best_offers",
    "one row per customer and offer",
    ("customer_id", "rank"),
    (
        _CUSTOMER,
        Column(
            "rank",
            "int64",
            "place, 1 first: by expected_profit, then probability, then place in its source",
            required=True,
        ),
        Column("offer_id", "string", "kind and product", required=True),
        _PRODUCT,
        _KIND,
        *_WORTH,
        Column(
            "incremental_profit",
            "float64",
            "what the offer adds less its cost, from a test; null: untested",
        ),
        *_WHY,
        Column("placeholders", "string", "what the reason names, JSON", required=True),
        Column("reason", "string", "the reason in English", required=True),
    ),
)

OFFER_CANDIDATES: Final = Table(
    "offer_candidates",
    "one row per customer and product looked at, offered or not",
    ("customer_id", "product_id"),
    (
        _CUSTOMER,
        _PRODUCT,
        Column("stage", "string", "offered, or what ruled it out", required=True),
        Column("rank", "int64", "place among the customer's offers; null: not offered"),
        _KIND,
        *_WORTH,
        *_WHY,
        Column("product", "string", "name of the product", required=True),
        Column("category", "string", "category of the product"),
        Column("because", "string", "name of what the customer has that points here"),
        Column("n_orders", "int64", "orders of the customer with the product"),
        Column("since_days", "float64", "days since the customer last bought it"),
        Column("gap_days", "float64", "usual days from one purchase of it to the next"),
        Column(
            "strength",
            "float64",
            "rules: size_lift; ladders: share who stepped up; overused: usage over allowance; looked: views; arrivals "
            "and bestsellers: customers who bought it of late",
        ),
        Column("segment", "string", "where it is popular, for customers who have not bought yet"),
    ),
)

OFFER_EXCLUSIONS: Final = Table(
    "offer_exclusions",
    "one row per reason why candidates are not offered",
    ("reason",),
    (
        Column(
            "reason",
            "string",
            "rejected_rule, losing_rule, inactive, never, out_of_stock, fading, under_margin_floor, risk_too_high, just_bought, "
            "rarely_again, already_has, has_alike, too_weak, same_name, category_full, kind_full, list_full or beyond_limit",
            required=True,
        ),
        Column("n_candidates", "int64", "pairs of customer and product", required=True),
        Column("n_customers", "int64", "customers among them", required=True),
    ),
)

EVERY_KIND: Final = "all"

OFFER_CALIBRATION: Final = Table(
    "offer_calibration",
    "one row per kind of offer and tenth of the offers by probability, of one horizon ago",
    ("kind", "decile"),
    (
        Column("kind", "string", "cross_sell, up_sell, replenish, discover, or all", required=True),
        Column(
            "starts_on",
            "date",
            "day the offers were drawn up for, horizon_days before the run's; no purchase on or after it was seen",
            required=True,
        ),
        Column(
            "decile",
            "int64",
            "1 holds the least likely tenth, 10 the most likely; 0 is all ten together",
            required=True,
        ),
        Column("n", "int64", "offers", required=True),
        Column("n_bought", "int64", "offers whose product the customer bought since", required=True),
        Column("predicted", "float64", "mean probability, 0-1", required=True),
        Column("observed", "float64", "share that was bought, 0-1", required=True),
        Column("low", "float64", "lower end of the 95 % interval of the share, 0-1", required=True),
        Column("high", "float64", "upper end of it, 0-1", required=True),
    ),
)
