"""Contract of a policy: which placements there are, who may get what there, how often, in which order, and how much chance."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from decimal import Decimal
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, WithJsonSchema

from nextbest.base.settings import Settings

MOST_DAYS: Final = 36_500
"""Of any window: a century."""
Stage = Literal["eligibility", "applicability", "suitability"]
Moment = Literal["before", "during", "after"]
Reader = Literal["customer", "staff"]
CONTACT_CHANNELS: Final = ("email", "sms", "phone", "wechat", "push")
"""Channels on which the shop begins to talk; they need consent."""
OWN_CHANNELS: Final = ("web", "app", "store", "adviser", "mini_program", "kiosk", "till", "call_centre")
"""The shop's own places, to which customers come; they need none."""

SOURCES: Final = (
    "offers",
    "repeat",
    "discover",
    "cart",
    "viewed",
    "instead",
    "up_sell",
    "accessories",
    "gift_wrap",
    "deep_discount",
    "new_arrivals",
    "limited_time",
    "bestsellers",
    "peers",
    "threshold",
    "search",
)
"""Where candidates of a placement may come from; of several that propose the same product, the first named gives the reason."""
PERSONAL_SOURCES: Final = frozenset({"offers", "repeat", "discover", "peers"})
"""Drawn up from what one customer did: not for anonymous visitors, nor for who refused personalisation."""


class Placement(Settings):
    """A place where offers are shown or sent."""

    id: Annotated[str, Field(min_length=1, max_length=120)]
    """Its name, such as ``cart.addon``."""
    moment: Moment = "before"
    """Before, during or after the purchase."""
    sources: tuple[str, ...]
    """Where its candidates come from: names of ``SOURCES``, or ``list:<name>`` of ``lists``."""
    fill: tuple[str, ...] = ()
    """Sources for places that are left when those have nothing more."""
    reader: Reader = "customer"
    """Who reads it: the customer; or staff, who get the evidence and what to say."""
    limit: Annotated[int, Field(ge=1, le=100)] = 3
    """Offers at most; a request may ask for fewer."""
    max_per_category: Annotated[int, Field(ge=1, le=1000)] = 2
    """Offers of one category at most."""
    max_per_kind: Annotated[int, Field(ge=1, le=1000)] = 10
    """Offers of one kind at most."""
    max_per_name: Annotated[int, Field(ge=1, le=1000)] = 1
    """Offers of products of one name at most, such as sizes and packs."""
    channels: tuple[str, ...] = ()
    """Channels on which it is open; empty: all."""


class Rule(Settings):
    """A condition that a candidate must meet. What is not known does not meet it."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    """What traces call it."""
    stage: Stage
    """eligibility: may they; applicability: does it make sense now; suitability: is it good for them."""
    where: str
    """The condition, in the expression language."""
    when: str | None = None
    """Candidates that it concerns, a condition too; empty: all."""
    placements: tuple[str, ...] = ()
    """Placements that it concerns; empty: all."""


class ContactCap(Settings):
    """At most so many contacts within so many days."""

    per: Literal["customer", "channel", "offer", "offer_of_customer"]
    """Whose contacts count: the customer's on all channels named, on this channel, of the offer by anybody, or of the offer by the customer."""
    limit: Annotated[int, Field(ge=0, le=1_000_000_000)]
    """Contacts at most."""
    days: Annotated[float, Field(gt=0, le=MOST_DAYS)] | None = None
    """Length of the rolling window."""
    for_ever: bool = False
    """Counted without a window, such as the stock of a coupon."""
    channels: tuple[str, ...] = CONTACT_CHANNELS
    """Channels on which it holds."""


def _of_the_shop(clock: time) -> time:
    if clock.tzinfo is not None:
        message = "a time by the clock of the shop, without a zone, such as 21:00"
        raise ValueError(message)
    return clock


ShopTime = Annotated[
    time,
    AfterValidator(_of_the_shop),
    WithJsonSchema({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"}),
]


class QuietHours(Settings):
    """Hours in which nobody is contacted: by the clock of customers whose ``time_zone`` is known, else of the shop."""

    start: ShopTime = time(21)
    end: ShopTime = time(9)
    """They may pass midnight; where start and end are equal, there are none."""
    channels: tuple[str, ...] = CONTACT_CHANNELS
    """Channels on which they hold."""


class Lever(Settings):
    """What the business wants pushed, or held back."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    where: str
    """Candidates that it concerns."""
    factor: Annotated[float, Field(gt=0, le=100)]
    """Their score is multiplied by it."""


class Arbitration(Settings):
    """What the score of a candidate is made of: probability x context x value x lever."""

    probability: bool = True
    context: bool = True
    """How strongly cart, page and visit point to it."""
    value: bool = True
    """Its margin."""
    lever: bool = True
    levers: tuple[Lever, ...] = ()


class Exploration(Settings):
    """How often chance decides, so that one can learn what else would have worked."""

    epsilon: Annotated[float, Field(ge=0, le=0.5)] = 0.05
    """Share of decisions whose first place goes to a random permitted candidate."""


class Holdout(Settings):
    """Who gets no offers at all, so that one can tell what offers bring."""

    share: Annotated[float, Field(ge=0, le=0.5)] = 0.05
    """Share of customers."""
    seed: str = "holdout"
    """Another seed holds out others: change it every quarter."""


class Mandatory(Settings):
    """A message that must be shown: a recall, a change of terms. No cap and no holdout keeps it back."""

    offer_id: Annotated[str, Field(min_length=1, max_length=120)]
    text: Mapping[Literal["en", "zh"], str]
    """What it says, by language."""
    placements: tuple[str, ...]
    where: str | None = None
    """Who gets it; empty: everybody."""


class Threshold(Settings):
    """An amount from which the customer gets something, such as free shipping."""

    name: Mapping[Literal["en", "zh"], str]
    """What they get, by language."""
    amount: Annotated[Decimal, Field(gt=0, le=1_000_000_000_000)]
    """Value of the cart, in the shop's currency."""


class Suitability(Settings):
    """What is good for whom, beside the rules."""

    max_assessment_days: Annotated[int, Field(ge=1, le=MOST_DAYS)] = 365
    """A risk assessment that is older counts as none: then only products of the lowest risk are suitable."""
    min_age: Annotated[int, Field(ge=0, le=21)] = 14
    """Younger customers get nothing."""


_HOME: Final = ("offers", "discover", "peers", "limited_time", "new_arrivals", "bestsellers")
PLACEMENTS: Final = (
    Placement(id="home", moment="before", sources=_HOME, limit=6),
    Placement(id="product.related", moment="before", sources=("viewed", "instead"), fill=("bestsellers",), limit=4),
    Placement(id="product.upgrade", moment="before", sources=("up_sell",), limit=1),
    Placement(
        id="search.results", moment="before", sources=("search",), limit=50, max_per_category=50, max_per_kind=50,
        max_per_name=50,
    ),
    Placement(
        id="cart.addon", moment="during", sources=("cart", "accessories", "gift_wrap", "deep_discount"), limit=3
    ),
    Placement(id="cart.threshold", moment="during", sources=("threshold",), limit=3),
    Placement(id="receipt.next", moment="after", sources=("cart", "offers", "discover"), fill=("bestsellers",), limit=3),
    Placement(id="email.next", moment="after", sources=("offers", "repeat", "discover"), limit=4, channels=("email",)),
    Placement(
        id="adviser.next", moment="before", sources=("offers", "repeat", "discover", "peers"), reader="staff", limit=5
    ),
)  # fmt: skip
"""What a shop without a policy has."""

CAPS: Final = (
    ContactCap(per="customer", limit=2, days=7),
    ContactCap(per="offer_of_customer", limit=1, days=28),
)


class Policy(Settings):
    """Everything a shop decides about its decisions."""

    id: Annotated[str, Field(min_length=1, max_length=60)] = "default"
    version: Annotated[int, Field(ge=0)] = 0
    """Given when it is published; 0 is the one that every shop has from the start."""
    placements: tuple[Placement, ...] = PLACEMENTS
    own_channels: tuple[str, ...] = OWN_CHANNELS
    """The shop's own places; on a channel that is neither one of them nor a contact channel, nothing is decided."""
    rules: tuple[Rule, ...] = ()
    caps: tuple[ContactCap, ...] = CAPS
    quiet_hours: QuietHours = QuietHours()
    rest_days: Annotated[float, Field(ge=0, le=MOST_DAYS)] = 28
    """An offer that a visitor rejected rests for so many days."""
    suitability: Suitability = Suitability()
    arbitration: Arbitration = Arbitration()
    exploration: Exploration = Exploration()
    holdout: Holdout = Holdout()
    mandatory: tuple[Mandatory, ...] = ()
    thresholds: tuple[Threshold, ...] = ()
    lists: Mapping[str, tuple[str, ...]] = {}
    """Products by the name of a list; ``gift_wrap`` and ``deep_discount`` are sources by themselves."""

    def placement(self, name: str) -> Placement | None:
        """Find a placement; ``None``: there is none of this name."""
        return next((placement for placement in self.placements if placement.id == name), None)
