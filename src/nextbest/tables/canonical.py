"""The canonical tables: what every source is turned into and every capability reads.

Instants (``..._at``) are UTC; days (``..._on``) are local days of the shop. Ids are strings. Money is decimal(18,4) in the
shop's one currency. Every table keeps the columns its contract does not name, as attributes.
"""

from dataclasses import replace
from typing import Final

from nextbest.base.contract import Column, Table
from nextbest.tables.contacts import CAMPAIGNS, CONSENTS, EXPOSURES, OFFERS, RESPONSES, TAGS


def _id(name: str, meaning: str, *, required: bool = False) -> Column:
    return Column(name, "string", meaning, required=required)


CUSTOMERS: Final = Table(
    "customers",
    "one row per customer",
    ("customer_id",),
    (
        _id("customer_id", "key of the customer", required=True),
        _id("household_id", "household the customer lives in"),
        _id("group_id", "employer or club"),
        _id("store_id", "home store"),
        _id("adviser_id", "adviser in charge"),
        Column("joined_on", "date", "first day as a customer"),
        Column("birth_on", "date", "day of birth", personal=True),
        Column("gender", "string", "gender as given", personal=True),
        Column("place", "string", "town, region or country"),
        Column("risk_level", "int64", "risk the customer may take, 1 (low) to 5"),
        Column("risk_assessed_on", "date", "day of the risk assessment"),
        Column("name", "string", "name", personal=True),
        Column("email", "string", "e-mail address", personal=True),
        Column("phone", "string", "phone number", personal=True),
        Column("wecom_id", "string", "id on WeCom or WeChat", personal=True),
        Column("address", "string", "postal address", personal=True),
        Column("file_row", "int64", "place in the file they came from, 1 first"),
    ),
)

CUSTOMERS_TO_SCORE: Final = replace(
    CUSTOMERS,
    name="customers_to_score",
    meaning="one row per customer to be scored by a model that was trained on ``customers`` (propensity.apply)",
)

IDENTITIES: Final = Table(
    "identities",
    "one row per alias of a customer",
    ("alias", "kind"),
    (
        Column("alias", "string", "other id of the customer", required=True, personal=True),
        Column(
            "kind",
            "string",
            "what the alias is: device, customer (a former id), email, phone, open_id, card",
            required=True,
        ),
        _id("customer_id", "key of the customer", required=True),
        Column("since_at", "timestamp", "known since"),
    ),
)

PRODUCTS: Final = Table(
    "products",
    "one row per product: SKU, account type or policy",
    ("product_id",),
    (
        _id("product_id", "key of the product", required=True),
        Column("name", "string", "name as the shop shows it"),
        Column("department", "string", "top of the hierarchy"),
        Column("category", "string", "group of products that serve one need"),
        Column("brand", "string", "brand"),
        _id("parent_id", "node above, for deeper hierarchies"),
        Column("list_price", "money", "price before promotion, per unit"),
        Column("unit_cost", "money", "cost per unit"),
        Column("risk_level", "int64", "risk of the product, 1 (low) to 5"),
        Column("launched_on", "date", "first day on sale"),
        Column("is_active", "boolean", "can be sold now"),
        Column("is_replenishable", "boolean", "is bought again when used up"),
        _id("upgrade_of", "product this is the better version of"),
    ),
)

ORDER_LINES: Final = Table(
    "order_lines",
    "one row per product in an order",
    ("line_id",),
    (
        _id("line_id", "key of the line: given, or order_id and ordinal"),
        _id("source_id", "source the line came from"),
        _id("order_id", "key of the order; where there is none, customer and day"),
        _id("customer_id", "who bought; null for guests"),
        _id("product_id", "what was bought", required=True),
        Column("ordered_at", "timestamp", "when it was ordered", required=True),
        Column("ordered_on", "date", "local day of the order (derived at loading)"),
        Column(
            "ordered_seq", "int64", "place in the customer's sequence of orders, where there are no dates"
        ),
        Column("quantity", "float64", "units; negative in returns"),
        Column("net_revenue", "money", "paid for the line less refunds and tax; negative in returns"),
        Column("discount", "money", "taken off the list price for the line, positive"),
        Column("unit_cost", "money", "cost per unit"),
        _id("coupon_id", "coupon used"),
        Column("points_used", "float64", "loyalty points spent on the line"),
        _id("promotion_id", "promotion the price came from"),
        _id("campaign_id", "campaign that led to the order"),
        _id("adviser_id", "adviser who sold it"),
        Column("channel", "string", "web, app, store, phone"),
        _id("store_id", "where it was sold"),
        Column("currency", "string", "ISO 4217 code the source gave"),
        Column("is_return", "boolean", "the line takes back an earlier one"),
        Column("cancelled_on", "date", "local day on which all units had come back; null while any is kept"),
        Column("is_product", "boolean", "false for postage, fees, samples and manual adjustments"),
    ),
)

HOLDINGS: Final = Table(
    "holdings",
    "one row per product held by a customer, or seen at a month's end",
    ("customer_id", "product_id", "opened_on", "seen_on"),
    (
        _id("customer_id", "who holds it", required=True),
        _id("product_id", "what is held", required=True),
        Column("opened_on", "date", "first day held"),
        Column("seen_on", "date", "month's end at which it was seen"),
        Column("closed_on", "date", "first day no longer held"),
        Column("status", "string", "as the source gives it"),
        Column("closed_reason", "string", "why it was closed"),
        Column("balance", "money", "balance"),
        Column("premium", "money", "premium per year"),
        Column("monthly_profit", "money", "profit per month"),
        Column("usage", "float64", "used of the allowance, in its unit"),
        Column("allowance", "float64", "included in the product, in its unit"),
    ),
)

CUSTOMER_PROFIT: Final = Table(
    "customer_profit",
    "one row per customer and month",
    ("customer_id", "month_on"),
    (
        _id("customer_id", "key of the customer", required=True),
        Column("month_on", "date", "first day of the month", required=True),
        Column("profit", "money", "profit in the month", required=True),
    ),
)

EVENTS: Final = Table(
    "events",
    "one row per thing a visitor did",
    ("event_id",),
    (
        _id("event_id", "key of the event", required=True),
        _id("customer_id", "who, when known"),
        Column("anonymous_id", "string", "device or cookie id", personal=True),
        _id("session_id", "visit"),
        Column("type", "string", "what was done, Segment Spec name", required=True),
        Column("occurred_at", "timestamp", "when", required=True),
        _id("product_id", "product concerned"),
        Column("page", "string", "page"),
        Column("query", "string", "words searched"),
        Column("channel", "string", "web, app"),
        Column("dwell_seconds", "float64", "time on the page, seconds"),
        Column("properties", "string", "everything else, JSON"),
    ),
)

INTERACTIONS: Final = Table(
    "interactions",
    "one row per contact or service case",
    ("interaction_id",),
    (
        _id("interaction_id", "key of the interaction", required=True),
        _id("customer_id", "with whom", required=True),
        Column("occurred_at", "timestamp", "when", required=True),
        Column("channel", "string", "phone, chat, branch, e-mail"),
        Column("kind", "string", "contact, complaint, question, claim"),
        _id("adviser_id", "by whom"),
        Column("outcome", "string", "how it ended"),
        Column("satisfaction", "float64", "as given, in the source's scale"),
        Column("note", "string", "free text", personal=True),
    ),
)

STOCK: Final = Table(
    "stock",
    "one row per product, store and day on which it was counted",
    ("product_id", "store_id", "counted_on"),
    (
        _id("product_id", "what was counted", required=True),
        _id("store_id", "where; null where the shop has one stock"),
        Column("counted_on", "date", "day of the count", required=True),
        Column("on_hand", "float64", "units there", required=True),
        Column("on_order", "float64", "units ordered and not there yet"),
        Column("lead_time_days", "float64", "days from an order to its arrival"),
    ),
)

REVIEWS: Final = Table(
    "reviews",
    "one row per rule that a person approved, rejected or annotated",
    ("rule_id",),
    (
        _id("rule_id", "key of the rule", required=True),
        Column("state", "string", "approved, rejected or noted", required=True),
        Column("note", "string", "why"),
        Column("reviewed_by", "string", "who"),
        Column("reviewed_at", "timestamp", "when"),
    ),
)

WRITTEN_RULES: Final = Table(
    "written_rules",
    "one row per rule written by a person",
    ("rule_id",),
    (
        _id("rule_id", "key of the rule", required=True),
        Column("level", "string", "product, category or department", required=True),
        Column("body_ids", "string", "ids of the body, JSON list", required=True),
        _id("head_id", "id of the head", required=True),
        Column("sign", "string", "+ or -", required=True),
        Column("is_ordered", "boolean", "head comes after body", required=True),
        Column("note", "string", "why"),
        Column("written_by", "string", "who"),
    ),
)

LOAD_REPORT: Final = Table(
    "load_report",
    "one row per file that was loaded",
    ("source", "file"),
    (
        Column("source", "string", "name of the source"),
        Column("file", "string", "file or database table"),
        Column("table", "string", "canonical table the rows went to"),
        Column("loaded_at", "timestamp", "when"),
        Column("n_read", "int64", "rows read"),
        Column("n_kept", "int64", "rows kept"),
        Column("n_merged", "int64", "rows merged into another: exact duplicates, overlapping exports"),
        Column("n_quarantined", "int64", "rows set aside, each with a reason"),
    ),
)

LOAD_REASONS: Final = Table(
    "load_reasons",
    "one row per file and thing that was done to its rows",
    ("source", "file", "rule"),
    (
        Column("source", "string", "name of the source"),
        Column("file", "string", "file or database table"),
        Column("rule", "string", "name of the cleaning rule"),
        Column("effect", "string", "merged, quarantined, flagged or changed"),
        Column("n_rows", "int64", "rows concerned"),
        Column("example", "string", "one row it happened to, without personal columns"),
    ),
)

CANONICAL: Final = {
    table.name: table
    for table in (
        CUSTOMERS,
        CUSTOMERS_TO_SCORE,
        IDENTITIES,
        PRODUCTS,
        ORDER_LINES,
        HOLDINGS,
        CUSTOMER_PROFIT,
        EVENTS,
        INTERACTIONS,
        EXPOSURES,
        RESPONSES,
        CAMPAIGNS,
        OFFERS,
        STOCK,
        CONSENTS,
        TAGS,
        REVIEWS,
        WRITTEN_RULES,
        LOAD_REPORT,
        LOAD_REASONS,
    )
}
