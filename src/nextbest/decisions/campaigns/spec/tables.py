"""The tables that campaigns write."""

from __future__ import annotations

from typing import Final

from nextbest.base.contract import Column, Table

REASONS: Final = (
    "where",
    "under_age",
    "do_not_disturb",
    "contacted_lately",
    "no_contact",
    "consent_denied",
    "consent_unknown",
    "no_worth",
    "not_worth_it",
    "beyond_limits",
)
"""Why somebody with an offer is not in the audience, in the order in which it is asked; the first counts."""

_CAMPAIGN = Column(
    "campaign_id", "string", "name of the settings; campaign where they have none", required=True
)
_LEVEL = Column(
    "budget_level", "float64", "multiple of the budget: 0.5, 0.75, 1 (the plan), 1.5 or 2", required=True
)
_OFFER = Column(
    "offer_id", "string", "what is offered: offer of next_best_offers, or model of propensity", required=True
)
_CHANNEL = Column("channel", "string", "email, sms, phone, wecom, post or onsite", required=True)
_MONEY: Final = (
    Column("cost", "float64", "cost of the contacts, in the shop's currency", required=True),
    Column(
        "expected_profit",
        "float64",
        "probability x (margin - discount, returns, defaults) - cost: with or without the contact; null without margins",
    ),
    Column(
        "incremental_profit",
        "float64",
        "what the contacts add less their cost, by a tested share; null: untested",
    ),
    Column(
        "incremental_profit_05",
        "float64",
        "the same if the contact caused 5 % of the purchases: an assumption",
    ),
    Column("incremental_profit_10", "float64", "if it caused 10 %"),
    Column("incremental_profit_20", "float64", "if it caused 20 %"),
    Column("margin_source", "string", "given, category_default or assumed: the weakest among them"),
)

CAMPAIGN_PLAN: Final = Table(
    "campaign_plan",
    "one row per campaign, budget level, offer and channel",
    ("campaign_id", "budget_level", "offer_id", "channel"),
    (
        _CAMPAIGN,
        _LEVEL,
        _OFFER,
        Column("product_id", "string", "product, category or target offered", required=True),
        Column("product", "string", "its name", required=True),
        _CHANNEL,
        Column("n", "int64", "customers contacted", required=True),
        Column("n_control", "int64", "customers held back who would have been", required=True),
        Column("probability", "float64", "mean probability of a purchase of those contacted, 0-1"),
        *_MONEY,
    ),
)

CAMPAIGN_BUDGETS: Final = Table(
    "campaign_budgets",
    "one row per campaign and budget level: what it buys, and what the control group will show",
    ("campaign_id", "budget_level"),
    (
        _CAMPAIGN,
        _LEVEL,
        Column(
            "budget",
            "float64",
            "most that contacts may cost; null: none is set, and the level multiplies the number of contacts",
        ),
        Column("n", "int64", "customers contacted", required=True),
        Column("n_control", "int64", "customers held back who would have been", required=True),
        *_MONEY,
        Column(
            "objective", "string", "what is made largest: incremental, expected or purchases", required=True
        ),
        Column(
            "gap",
            "float64",
            "at most this much better (in the objective's unit) could any plan be",
            required=True,
        ),
        Column("worth_of_more", "float64", "what one more unit of budget would bring; null without budget"),
        Column("control_share", "float64", "share of customers held back by chance, 0-1", required=True),
        Column("purchase_rate", "float64", "mean probability of those contacted, 0-1"),
        Column(
            "power",
            "float64",
            "chance to see it if the contact causes visible_share of the purchases (5 % test), 0-1",
        ),
        Column(
            "smallest_share",
            "float64",
            "smallest caused share of the purchases seen with 80 % power; null: none",
        ),
    ),
)

CAMPAIGN_AUDIENCE: Final = Table(
    "campaign_audience",
    "one row per campaign and customer, contacted or held back",
    ("campaign_id", "customer_id"),
    (
        _CAMPAIGN,
        Column("customer_id", "string", "key of the customer", required=True),
        Column(
            "rank", "int64", "place in the campaign, most worth first; ties by customer_id", required=True
        ),
        _OFFER,
        Column("product_id", "string", "product, category or target offered", required=True),
        Column("product", "string", "its name", required=True),
        _CHANNEL,
        Column("group", "string", "treatment, or control: held back, never exported", required=True),
        Column(
            "assignment_probability",
            "float64",
            "chance with which the customer came into this group, 0-1",
            required=True,
        ),
        Column("decision_id", "string", "key of this decision; comes back with the responses", required=True),
        Column(
            "probability", "float64", "the customer buys it, with or without the contact, 0-1", required=True
        ),
        Column("model_id", "string", "where the probability comes from"),
        Column("margin", "float64", "what one purchase earns, in the shop's currency"),
        Column("margin_source", "string", "given, category_default or assumed"),
        Column(
            "expected_profit",
            "float64",
            "probability x (margin - discount, returns, defaults) - contact cost",
        ),
        Column(
            "incremental_profit",
            "float64",
            "what the contact adds less its cost, by a tested share; null: untested",
        ),
        Column("coupon_code", "string", "code to be sent; null for control"),
        Column("reason", "string", "why this offer, in English"),
        Column(
            "consent",
            "string",
            "granted; not_needed (onsite); assumed: there is no table consents, and nothing is exported",
            required=True,
        ),
    ),
)

CAMPAIGN_EXCLUSIONS: Final = Table(
    "campaign_exclusions",
    "one row per campaign and reason why customers with an offer are not in its audience",
    ("campaign_id", "reason"),
    (
        _CAMPAIGN,
        Column("reason", "string", ", ".join(REASONS[:-1]) + " or " + REASONS[-1], required=True),
        Column("n_customers", "int64", "customers", required=True),
    ),
)
