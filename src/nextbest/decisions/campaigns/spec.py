"""Campaign: who is contacted with which offer on which channel, what it should bring, and who is held back to prove it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from nextbest.base.capability import Capability
from nextbest.base.contract import Column, Table
from nextbest.base.settings import NamedSettings
from nextbest.models.profit import PROFIT_CURVE, Terms

CHANNELS: Final = {
    "email": ("email",),
    "sms": ("phone",),
    "phone": ("phone",),
    "wecom": ("wecom_id", "phone"),
    "post": ("address",),
    "onsite": (),
}
"""Channels, and the column of ``customers`` that reaches a person on it (the first that is there); ``onsite`` needs none."""

BUDGET_LEVELS: Final = (0.5, 0.75, 1.0, 1.5, 2.0)
"""The plan is drawn up for these multiples of the budget; 1 is the plan."""

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

ANY: Final = "*"
"""In amounts by name: everything that is not named."""


def _several(typed: Any) -> Any:
    """Let ``a, b`` stand for a list."""
    return (
        tuple(part.strip() for part in typed.split(",") if part.strip()) if isinstance(typed, str) else typed
    )


def _amounts(typed: Any) -> Any:
    """Let a number stand for all, and ``sms=0.05, phone=3`` for amounts by name."""
    if isinstance(typed, str) and "=" in typed:
        return {
            name.strip(): amount for name, _, amount in (part.partition("=") for part in typed.split(","))
        }
    return typed if isinstance(typed, dict) else {ANY: typed}


def _known_channels(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names or set(names) - set(CHANNELS):
        message = f"some of {', '.join(CHANNELS)}"
        raise ValueError(message)
    return tuple(dict.fromkeys(names))


Names = Annotated[tuple[str, ...], BeforeValidator(_several)]
ChannelNames = Annotated[Names, AfterValidator(_known_channels)]
Amounts = Annotated[dict[str, Annotated[float, Field(ge=0)]], BeforeValidator(_amounts)]
Counts = Annotated[dict[str, Annotated[int, Field(ge=0)]], BeforeValidator(_amounts)]


class CampaignSettings(NamedSettings):
    """What is offered to whom, what it may cost, and who is held back; ``[campaign.spring]`` holds one of several."""

    offers: Names = ()
    """What is offered: models or targets of propensity, or offers or products of next_best_offers; empty: what next_best_offers says, else every model of propensity."""
    most_offers: Annotated[int, Field(ge=1)] = 20
    """Offers that take part where ``offers`` names none: those worth most over all customers."""
    where: str | None = None
    """Expression over ``customers``: only these are contacted, such as ``place = 'Leeds'``."""
    channels: ChannelNames = ("email",)
    """Channels that may be used: email, sms, phone, wecom, post, onsite."""
    contact_cost: Amounts = {}
    """What one contact costs in the shop's currency: a number, or by channel; what is not said costs nothing."""
    capacity: Counts = {}
    """Contacts that a channel can make: a number, or by channel; what is not said has no limit."""
    budget: Annotated[float | None, Field(gt=0)] = None
    """Most that all contacts may cost together; empty: no limit."""
    margin: Amounts = {}
    """What one purchase earns, in the shop's currency, by model, offer or product, or one number; else next_best_offers or product_profiles say it."""
    discount: Amounts = {}
    """What every buyer who was contacted gets off, whether the contact caused the purchase or not: a number, or by offer."""
    return_share: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of purchases that come back: they earn nothing and cost ``return_cost``."""
    return_cost: Annotated[float, Field(ge=0)] = 0.0
    """What one return costs."""
    default_share: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of buyers who do not pay."""
    default_loss: Annotated[float, Field(ge=0)] = 0.0
    """What one buyer who does not pay costs, beside the margin."""
    incremental_share: Annotated[float | None, Field(gt=0, le=1)] = None
    """Share of these purchases that the contact causes, from a past test; empty: not known, and 5, 10 and 20 % are drawn with none called best."""
    control_share: Annotated[float | None, Field(ge=0, le=0.9)] = None
    """Share of customers held back by chance; empty: as many as needed to see ``visible_share``, between 5 % and ``most_control``."""
    most_control: Annotated[float, Field(ge=0.05, le=0.5)] = 0.2
    """Largest share held back where ``control_share`` is empty."""
    no_control_because: str | None = None
    """The reason why nobody is held back; ``control_share = 0`` needs one."""
    visible_share: Annotated[float, Field(gt=0, le=1)] = 0.1
    """The control group is sized to see with 80 % power that the contact causes this share of the purchases."""
    purpose: str = "marketing"
    """Purpose that ``consents`` must grant on the channel."""
    do_not_disturb: Names = ("do_not_disturb", "do_not_contact", "免打扰", "勿扰")
    """Tags of customers who are left in peace."""
    quiet_days: Annotated[int, Field(ge=0)] = 7
    """Customers who had a contact less than this many days before the start are left in peace."""
    min_age: Annotated[int, Field(ge=0)] = 14
    """Younger customers are never contacted; unknown ages are."""
    starts_on: date | None = None
    """First day of sending; empty: the day of the profiles (as_of)."""
    days: Annotated[int, Field(ge=1)] = 14
    """Days from the first of sending to the last on which a response counts."""
    send_hours: Annotated[str, Field(pattern=r"^\d\d:\d\d-\d\d:\d\d$")] = "09:00-20:00"
    """Hours in which messages may be sent, local time."""
    coupon: str | None = None
    """Coupon code; may hold ``{decision_id}``, ``{offer_id}`` and ``{customer_id}``, such as ``SPRING-{decision_id}``."""
    text: str | None = None
    """Text of the message; may hold ``{product}``, ``{coupon_code}``, ``{name}``, ``{ends_on}`` and ``{reason}``; empty: one sentence in the shop's language."""

    @model_validator(mode="after")
    def _refuse_no_control_without_a_reason(self) -> Self:
        if self.control_share == 0 and not self.no_control_because:
            message = "no_control_because (why nobody is held back), where control_share is 0"
            raise ValueError(message)
        return self


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

CARD: Final = Capability(
    name="campaign",
    question="Whom do we contact with what, what should it bring, and who is held back to prove it?",
    recipe="nextbest.decisions.campaigns.run:run",
    settings=CampaignSettings,
    writes=(CAMPAIGN_PLAN, CAMPAIGN_BUDGETS, CAMPAIGN_AUDIENCE, CAMPAIGN_EXCLUSIONS, PROFIT_CURVE),
    requires=("next_best_offers.customer_id | propensity_scores.customer_id",),
    uses=(
        "propensity_models",
        "products",
        "product_profiles",
        "customers",
        "consents",
        "tags",
        "exposures",
    ),
)

Objective = Literal["incremental", "expected", "purchases"]
SHARES: Final = (0.05, 0.10, 0.20)
"""Shares of the purchases that a contact may cause, where no test says it: drawn, and none called best."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a plan may spend; one entry per channel, in the order of the settings."""

    costs: tuple[float, ...]
    """Of one contact."""
    capacities: tuple[int | None, ...]
    """Contacts that can be made."""
    budget: float | None = None

    def scaled(self, share: float) -> Limits:
        """Give the same limits for a group of another size."""
        return Limits(
            self.costs,
            tuple(None if room is None else round(room * share) for room in self.capacities),
            None if self.budget is None else self.budget * share,
        )


@dataclass(frozen=True, slots=True)
class Rules:
    """What makes a purchase worth something, read from the settings."""

    terms: Terms
    share: float | None
    """Tested share of the purchases that the contact causes."""

    @property
    def objective(self) -> Objective:
        """What is made largest where margins are known."""
        return "expected" if self.share is None else "incremental"
