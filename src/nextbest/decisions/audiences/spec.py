"""Audiences: who has a rule's body and lacks its head, and what is at stake."""

from typing import Annotated

from pydantic import Field

from nextbest.base.capability import Capability
from nextbest.base.contract import Column, Table
from nextbest.base.settings import Settings


class AudienceSettings(Settings):
    """For which rules audiences are drawn."""

    max_rules: Annotated[int, Field(ge=1)] = 200
    """The rules with most at stake get an audience; approved and written ones always do."""
    max_size_q_value: Annotated[float, Field(gt=0, le=1)] = 0.05
    """Mined rules must be at least this sure (size_q_value)."""


AUDIENCES = Table(
    "audiences",
    "one row per rule and customer who has the body and lacks the head",
    ("rule_id", "customer_id"),
    (
        Column("rule_id", "string", "key of the rule", required=True),
        Column("customer_id", "string", "key of the customer", required=True),
        Column(
            "margin_at_stake",
            "float64",
            "the rule's margin at stake for one customer, in the shop's currency",
        ),
    ),
)


CARD = Capability(
    name="audiences",
    question="Who has the one and lacks the other, and what is it worth?",
    recipe="nextbest.decisions.audiences.run:run",
    settings=AudienceSettings,
    writes=(AUDIENCES,),
    requires=("rules.rule_id", "order_lines.customer_id | holdings.customer_id"),
    uses=("products",),
)
