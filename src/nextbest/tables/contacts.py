"""The canonical tables of contacts: what may be proposed, to whom, what was shown, and what followed."""

from typing import Final

from nextbest.base.contract import Column, Table


def _id(name: str, meaning: str, *, required: bool = False) -> Column:
    return Column(name, "string", meaning, required=required)


EXPOSURES: Final = Table(
    "exposures",
    "one row per offer shown or sent, or unit enrolled in a test",
    ("customer_id", "unit_id", "experiment_id", "campaign_id", "offer_id", "decision_id", "exposed_at"),
    (
        _id("customer_id", "who saw it; it or unit_id is needed"),
        _id("unit_id", "what was enrolled, where it is no customer: visitor, household, store"),
        Column("unit_type", "string", "what the unit is"),
        _id("offer_id", "offer shown"),
        _id("campaign_id", "campaign it belongs to"),
        _id("experiment_id", "test it belongs to"),
        Column("experiment_version", "string", "version of the test"),
        Column("variant", "string", "variant the unit got; control groups are rows, too"),
        Column("exposed_at", "timestamp", "when"),
        Column("channel", "string", "sms, e-mail, app, web, store"),
        Column("placement", "string", "where it stood"),
        Column("cost", "money", "cost of the contact"),
        _id("decision_id", "decision that led to it"),
        Column("assignment_probability", "float64", "chance with which the unit got this variant, 0-1"),
    ),
)

RESPONSES: Final = Table(
    "responses",
    "one row per thing that followed an exposure",
    ("decision_id", "customer_id", "offer_id", "response", "occurred_at"),
    (
        _id("decision_id", "decision it follows; it or customer_id is needed"),
        _id("customer_id", "who responded"),
        _id("offer_id", "offer it follows"),
        Column(
            "response",
            "string",
            "delivered, opened, clicked, accepted, rejected, redeemed, bought, unsubscribed",
            required=True,
        ),
        Column("occurred_at", "timestamp", "when", required=True),
        Column("revenue", "money", "net revenue it brought"),
        Column("margin", "money", "margin it brought"),
    ),
)

CAMPAIGNS: Final = Table(
    "campaigns",
    "one row per campaign",
    ("campaign_id",),
    (
        _id("campaign_id", "key of the campaign", required=True),
        Column("name", "string", "name"),
        Column("starts_on", "date", "first day", required=True),
        Column("ends_on", "date", "last day"),
        Column("cost", "money", "fixed cost, beside that of its contacts"),
        Column("offer_ids", "string", "offers it makes, separated by ;"),
        Column("goal", "string", "what it is for"),
    ),
)

OFFERS: Final = Table(
    "offers",
    "one row per thing the shop may propose",
    ("offer_id",),
    (
        _id("offer_id", "key of the offer", required=True),
        Column("kind", "string", "product, discount, bundle, content"),
        Column("product_ids", "string", "products it proposes, separated by ;"),
        Column("price", "money", "price asked"),
        Column("cost", "money", "cost when it is taken, beside the products'"),
        Column("starts_at", "timestamp", "valid from"),
        Column("ends_at", "timestamp", "valid until"),
        Column("content", "string", "text shown"),
        Column("rules", "string", "who may get it, an expression over customers"),
    ),
)

CONSENTS: Final = Table(
    "consents",
    "one row per change of a customer's consent to a purpose",
    ("customer_id", "purpose", "channel", "changed_at"),
    (
        _id("customer_id", "whose", required=True),
        Column("purpose", "string", "what for: marketing, analytics", required=True),
        Column("channel", "string", "sms, e-mail, phone, post; null: all"),
        Column("status", "string", "granted, denied or revoked", required=True),
        Column("changed_at", "timestamp", "since when; the latest holds", required=True),
    ),
)

TAGS: Final = Table(
    "tags",
    "one row per customer and tag",
    ("customer_id", "tag"),
    (
        _id("customer_id", "who has it", required=True),
        Column("tag", "string", "name of the tag, such as do_not_disturb", required=True),
        Column("since_on", "date", "first day on which it holds"),
        Column("until_on", "date", "first day on which it holds no more"),
        Column("source", "string", "who or what gave it"),
    ),
)
