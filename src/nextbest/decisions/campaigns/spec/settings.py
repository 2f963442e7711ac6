"""What is offered to whom, what it may cost, and who is held back."""

from __future__ import annotations

from datetime import date
from string import Formatter
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from nextbest.base.settings import NamedSettings

CHANNELS: Final = {
    "email": ("email",),
    "sms": ("phone",),
    "phone": ("phone",),
    "wecom": ("wecom_id", "phone"),
    "post": ("address",),
    "onsite": (),
}
"""Channels, and the column of ``customers`` that reaches a person on it (the first that is there); ``onsite`` needs none."""

TEXT_VALUES: Final = ("product", "coupon_code", "name", "starts_on", "ends_on", "reason")
"""What the text of a message may name."""

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


def _template(*known: str) -> AfterValidator:
    """Let a text name only what is known of a message."""

    def check(text: str | None) -> str | None:
        named = {
            (name, how, turn) for _, name, how, turn in Formatter().parse(text or "") if name is not None
        }
        if any(name not in known or how or turn for name, how, turn in named):
            message = f"a text that names nothing but {', '.join(f'{{{name}}}' for name in known)}"
            raise ValueError(message)
        return text

    return AfterValidator(check)


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
    coupon: Annotated[str | None, _template("decision_id", "offer_id", "customer_id")] = None
    """Coupon code; may hold ``{decision_id}``, ``{offer_id}`` and ``{customer_id}``, such as ``SPRING-{decision_id}``."""
    text: Annotated[str | None, _template(*TEXT_VALUES)] = None
    """Text of the message; may hold ``{product}``, ``{coupon_code}``, ``{name}``, ``{starts_on}``, ``{ends_on}`` and ``{reason}``; empty: one sentence in the shop's language."""

    @model_validator(mode="after")
    def _refuse_no_control_without_a_reason(self) -> Self:
        if self.control_share == 0 and not self.no_control_because:
            message = "no_control_because (why nobody is held back), where control_share is 0"
            raise ValueError(message)
        return self
