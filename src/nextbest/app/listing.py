"""Plain lists: bestsellers, what goes with a product, what a customer buys again; no decision is logged, chance has no part.

A list is a decision under a policy that has nothing but this list: what may not be sold, or not to this customer, is in none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from nextbest.app.asking import new_id
from nextbest.app.serving import Service, now
from nextbest.base.errors import DataError, WorkspaceError
from nextbest.serving import decide, state
from nextbest.serving.decide import Ask, Compiled, Request, Result
from nextbest.serving.policy import Placement

MOST: Final = 100
"""Products of one list at most."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Where a list comes from and what it is ordered by."""

    source: str
    """Of ``nextbest.serving.policy.SOURCES``."""
    by: tuple[str, ...]
    """Factors of the score that count."""
    needs: str | None = None
    """``customer_id`` or ``product_id``; ``None``: it is the whole shop's."""


_LIKELY: Final = ("probability",)
_FACTORS: Final = ("probability", "context", "value", "lever")
KINDS: Final[Mapping[str, Kind]] = {
    "bestsellers": Kind("bestsellers", _LIKELY),
    "new_arrivals": Kind("new_arrivals", _LIKELY),
    "limited_time": Kind("limited_time", _LIKELY),
    "offers": Kind("offers", _FACTORS, "customer_id"),
    "repeat": Kind("repeat", _LIKELY, "customer_id"),
    "discover": Kind("discover", _LIKELY, "customer_id"),
    "peers": Kind("peers", _LIKELY, "customer_id"),
    "related": Kind("viewed", ("context",), "product_id"),
    "instead": Kind("instead", ("context",), "product_id"),
    "up_sell": Kind("up_sell", _LIKELY, "product_id"),
}
"""Lists by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A list that is asked for."""

    kind: str
    """Of ``KINDS``."""
    customer_id: str | None = None
    """For whom; lists of the whole shop then leave out what the customer has."""
    product_id: str | None = None
    """What is looked at."""
    limit: int = MOST
    """Products at most, 1 to ``MOST``."""
    language: str = "en"
    """Of reasons, ``en`` or ``zh``."""
    reader: Literal["customer", "staff"] = "customer"
    """Staff get the evidence and what to say."""


def listed(service: Service, wanted: Wanted) -> Result:
    """Give a list, best first.

    Raises
    ------
    DataError
        There is no such list.
    WorkspaceError
        Nothing was run yet.
    """
    kind = KINDS.get(wanted.kind)
    if kind is None:
        raise DataError("api.list_unknown", known=sorted(KINDS))
    loaded, at = service.loaded, now()
    if loaded.run is None:
        raise WorkspaceError("api.not_ready")
    request = Request(
        request_id=new_id(),
        placements=(Ask(wanted.kind, wanted.limit),),
        customer_id=wanted.customer_id,
        product_id=wanted.product_id,
        cart=(),
        locale=wanted.language,
    )
    with service.operations.reading() as connection:
        its = None if wanted.customer_id is None else state.read(connection, wanted.customer_id, None, at)
    return decide.decide(loaded.snapshot, alone(loaded.compiled, wanted), [request], [its], now=at)[0]


def alone(compiled: Compiled, wanted: Wanted) -> Compiled:
    """Make a policy ready that has one list: rules and suitability hold; caps, chance, holdout and messages do not."""
    kind = KINDS[wanted.kind]
    whole = Placement(
        id=wanted.kind,
        sources=(kind.source,),
        limit=MOST,
        max_per_category=MOST,
        max_per_kind=MOST,
        reader=wanted.reader,
    )
    policy = compiled.policy
    return decide.compile_policy(
        policy.model_copy(
            update={
                "placements": (whole,),
                "rules": tuple(rule for rule in policy.rules if not rule.placements),
                "caps": (),
                "mandatory": (),
                "arbitration": policy.arbitration.model_copy(
                    update={factor: factor in kind.by for factor in _FACTORS}
                ),
                "exploration": policy.exploration.model_copy(update={"epsilon": 0.0}),
                "holdout": policy.holdout.model_copy(update={"share": 0.0}),
            }
        )
    )
