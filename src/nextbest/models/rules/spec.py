"""Association rules: what goes with what, what follows what, how sure that is and what it is worth."""

import hashlib
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from nextbest.base.capability import Capability
from nextbest.base.contract import Column, Table
from nextbest.base.settings import Settings
from nextbest.profiles.products import NEVER

_BETWEEN = "\x1f"
"""The unit separator, which no id holds."""

Level = Literal["product", "category", "department"]


def _several(value: Any) -> Any:
    """Let ``product,category`` stand for a list of levels."""
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


class RulesSettings(Settings):
    """Which rules are looked for."""

    level: Annotated[tuple[Level, ...], BeforeValidator(_several), Field(min_length=1)] = ("product",)
    """What goes into the baskets: product, category or department; several at once, each mined by itself."""
    unit: Literal["basket", "customer"] = "basket"
    """What a basket is: an order, or everything a customer ever bought or holds."""
    min_count: Annotated[int | None, Field(ge=1)] = None
    """Baskets that must hold the whole rule; for negative rules, that should hold it by chance. Empty: chosen from the data."""
    min_support: Annotated[float | None, Field(gt=0, le=1)] = None
    """The same as a share of all baskets, 0-1; not together with ``min_count``."""
    min_confidence: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Least share of the body's baskets that also hold the head, 0-1."""
    min_customers: Annotated[int, Field(ge=1)] = 5
    """Known customers who must have made the rule; counts only where customers are known."""
    max_length: Annotated[int, Field(ge=2, le=12)] = 2
    """Products in body and head together."""
    max_basket: Annotated[int, Field(ge=2)] = 1000
    """Orders with more products are left out of the counting (resellers, stock takings); how many is said."""
    max_rules: Annotated[int, Field(ge=1)] = 2_000_000
    """Stop with a sentence beyond this many rules."""
    sign: Literal["+", "-", "both"] = "+"
    """``+``: bought together more than chance; ``-``: less."""
    ordered: Annotated[Literal["false", "true", "both"], BeforeValidator(lambda v: str(v).lower())] = "false"
    """``true``: body first, head later, per customer; ``both``: together and in order."""
    within_days: Annotated[int, Field(ge=1)] = 91
    """Ordered rules: the head comes at most this many days after the body."""
    never: Annotated[tuple[str, ...], BeforeValidator(_several)] = NEVER
    """Rules towards heads whose name, category or department holds one of these words make no finding and get no audience."""


RULES = Table(
    "rules",
    "one row per rule body => head",
    ("rule_id",),
    (
        Column("rule_id", "string", "hash of level, ids, sign and order", required=True),
        Column("body", "string", 'names of the body, joined by " + "', required=True),
        Column("head", "string", "name of the head", required=True),
        Column("body_ids", "string", 'ids of the body, joined by " + "', required=True),
        Column("head_id", "string", "id of the head", required=True),
        Column("level", "string", "product, category or department", required=True),
        Column("is_ordered", "boolean", "head comes on a later day than body", required=True),
        Column("sign", "string", "+ (more than chance) or - (less)", required=True),
        Column(
            "n_orders", "int64", "baskets in all; customers for ordered rules and holdings", required=True
        ),
        Column("n_body", "int64", "baskets with the body", required=True),
        Column("n_head", "int64", "baskets with the head", required=True),
        Column("n_both", "int64", "baskets with body and head", required=True),
        Column("n_customers_both", "int64", "known customers with such a basket"),
        Column("support", "float64", "n_both / n_orders", required=True),
        Column("confidence", "float64", "n_both / n_body", required=True),
        Column("rule_lift", "float64", "confidence / (n_head / n_orders); 1 = independent", required=True),
        Column("leverage", "float64", "support - n_body n_head / n_orders^2", required=True),
        Column(
            "conviction", "float64", "(1 - n_head / n_orders) / (1 - confidence); null where confidence is 1"
        ),
        Column(
            "p_value", "float64", "Fisher's exact test, one-sided in the direction of sign", required=True
        ),
        Column(
            "q_value", "float64", "Benjamini-Hochberg over all pairs of frequent products; null beyond pairs"
        ),
        Column("size_lift", "float64", "observed / expected with basket size held fixed"),
        Column("size_p_value", "float64", "one-sided test of size_lift = 1"),
        Column(
            "size_q_value",
            "float64",
            "Benjamini-Hochberg of size_p_value over all pairs of frequent products",
        ),
        Column("customer_lift", "float64", "rule_lift with customers as baskets"),
        Column("n_periods", "int64", "quarters with enough baskets in which body and head were both on sale"),
        Column("n_periods_held", "int64", "quarters in which the rule pointed the same way"),
        Column("days_between", "float64", "ordered rules: median days from body to head"),
        Column("days_between_low", "float64", "first quartile of these days"),
        Column("days_between_high", "float64", "third quartile of these days"),
        Column(
            "relation",
            "string",
            "complements, substitutes, different_customers, or follows for ordered rules",
        ),
        Column(
            "is_redundant",
            "boolean",
            "a shorter body (also the empty one) is at least as confident",
            required=True,
        ),
        Column(
            "n_audience",
            "int64",
            "known customers who have the body and lack the head; baskets where none are known",
        ),
        Column(
            "margin_at_stake",
            "float64",
            "n_audience x confidence x (1 - 1/smaller of size_lift and rule_lift) x the head's margin per order",
        ),
        Column("margin_source", "string", "given, category_default or assumed"),
        Column("origin", "string", "mined or written", required=True),
        Column("is_never", "boolean", "the head is what no shop proposes (rules.never)"),
        Column("review", "string", "approved, rejected or noted; null: not reviewed"),
        Column("review_note", "string", "why"),
    ),
)

RULE_PERIODS = Table(
    "rule_periods",
    "one row per rule and quarter",
    ("rule_id", "period_on"),
    (
        Column("rule_id", "string", "key of the rule", required=True),
        Column("period_on", "date", "first day of the quarter", required=True),
        Column("n_orders", "int64", "baskets in the quarter", required=True),
        Column("n_body", "int64", "baskets with the body", required=True),
        Column("n_head", "int64", "baskets with the head", required=True),
        Column("n_both", "int64", "baskets with both", required=True),
        Column("rule_lift", "float64", "lift within the quarter; null where body or head was not sold"),
    ),
)

RULE_LIMITS = Table(
    "rule_limits",
    "one row per level, order and limit that cut the result",
    ("level", "is_ordered", "limit"),
    (
        Column("level", "string", "product, category or department", required=True),
        Column("is_ordered", "boolean", "ordered rules", required=True),
        Column(
            "limit",
            "string",
            "n_baskets, n_frequent, n_pairs_tested, min_count, max_basket, min_customers, ...",
            required=True,
        ),
        Column("value", "float64", "the limit, or the count it names"),
        Column("n_left_out", "int64", "baskets or rules left out by it"),
    ),
)

CARD = Capability(
    name="rules",
    question="What really goes with what, and what comes next after what?",
    recipe="nextbest.models.rules.run:run",
    settings=RulesSettings,
    writes=(RULES, RULE_PERIODS, RULE_LIMITS),
    requires=("order_lines.product_id | holdings.product_id",),
    uses=("products", "product_profiles", "customers", "reviews", "written_rules"),
)


def rule_id(level: str, body_ids: Sequence[str], head_id: str, sign: str, is_ordered: bool) -> str:  # noqa: FBT001
    """Give a rule its key: the same rule has the same key in every run.

    Examples
    --------
    >>> rule_id("product", ["tea", "cake"], "milk", "+", False)
    '35185c287ecf0f47'
    >>> rule_id("product", ["cake", "tea"], "milk", "+", False)
    '35185c287ecf0f47'
    """
    order = "later" if is_ordered else "together"
    name = _BETWEEN.join((level, sign, order, head_id, *sorted(body_ids)))
    return hashlib.sha256(name.encode()).hexdigest()[:16]
