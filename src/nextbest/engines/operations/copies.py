"""Which operational rows become which canonical rows: queries, and what JSON holds taken apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import orjson
import sqlalchemy as sa

from nextbest.base.contract import Table
from nextbest.serving.events import DECISION_VERBS
from nextbest.tables import CANONICAL
from nextbest.tables.operational import DECISIONS, EVENTS, LINKS

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Copy:
    """How the rows of one canonical table are made."""

    contract: Table
    number: sa.ColumnElement[int]
    """Sequence number of a row's change."""
    query: sa.Select[Any]
    """Columns named as in the contract; ``properties`` is taken apart by ``finish``."""
    finish: Callable[[Row], Row | None] | None = None
    """Completes a row, or drops it."""


def _customer(table: sa.Table, at: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """Tell whose a row is, as far as is known now.

    A device is the customer's who was last new on it before; what it did before anybody was known on it is the first one's.
    """
    since, name = LINKS.c.since_at, LINKS.c.customer_id

    def linked(*which: sa.ColumnElement[bool], first: tuple[Any, ...]) -> sa.ScalarSelect[Any]:
        return sa.select(name).where(*which).order_by(*first).limit(1).scalar_subquery()

    of_device, of_customer = (
        LINKS.c.alias == "a:" + table.c.anonymous_id,
        LINKS.c.alias == "c:" + table.c.customer_id,
    )
    before = linked(of_device, since <= at, first=(since.desc(), name.desc()))
    after = linked(of_device, since > at, first=(since, name))
    same = linked(of_customer, first=(since.desc(), name.desc()))
    return sa.case(
        (table.c.customer_id.isnot(None), sa.func.coalesce(same, table.c.customer_id)),
        else_=sa.func.coalesce(before, after),
    ).label("customer_id")


def _response(row: Row) -> Row:
    said = _said(row)
    revenue = next((said[name] for name in ("revenue", "value", "total") if name in said), None)
    return row | {
        "response": DECISION_VERBS[row["type"]],
        "revenue": _money(revenue),
        "margin": _money(said.get("margin")),
    }


def _consent(row: Row) -> Row | None:
    """Take a consent apart; one of a device that is nobody's yet waits until it is somebody's."""
    said = _said(row)
    return (
        row | {name: said.get(name) for name in ("purpose", "channel", "status")}
        if row["customer_id"]
        else None
    )


def _exposure(row: Row) -> Row:
    is_visitor = row["customer_id"] is None
    version = row["experiment_version"]
    return row | {
        "unit_id": row["anonymous_id"] if is_visitor else None,
        "unit_type": "visitor" if is_visitor else None,
        "experiment_version": None if version is None else str(version),
    }


def _said(row: Row) -> Mapping[str, Any]:
    said: Mapping[str, Any] = orjson.loads(row["properties"]) if row["properties"] else {}
    return said


def _money(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        money = Decimal(str(value)).quantize(Decimal("0.0001"))
        return money if abs(money) < _MOST_MONEY else None
    except InvalidOperation:
        return None


_MOST_MONEY: Final = Decimal(10) ** 13
_WHO: Final = _customer(EVENTS, EVENTS.c.occurred_at)
_TEST: Final = (
    DECISIONS.c.experiment_id,
    DECISIONS.c.experiment_version,
    DECISIONS.c.variant,
    DECISIONS.c.placement,
    DECISIONS.c.assignment_probability,
)
_SHOWN: Final = (
    sa.select(
        _WHO,
        EVENTS.c.anonymous_id,
        sa.func.coalesce(EVENTS.c.offer_id, DECISIONS.c.offer_id).label("offer_id"),
        EVENTS.c.decision_id,
        EVENTS.c.occurred_at.label("exposed_at"),
        sa.func.coalesce(EVENTS.c.channel, DECISIONS.c.channel).label("channel"),
        *_TEST,
    )
    .outerjoin(DECISIONS, DECISIONS.c.decision_id == EVENTS.c.decision_id)
    .where(EVENTS.c.type == "decision_shown")
)
_HELD_BACK: Final = sa.select(
    _customer(DECISIONS, DECISIONS.c.decided_at),
    DECISIONS.c.anonymous_id,
    DECISIONS.c.offer_id,
    DECISIONS.c.decision_id,
    DECISIONS.c.decided_at.label("exposed_at"),
    DECISIONS.c.channel,
    *_TEST,
).where(DECISIONS.c.outcome == "none", DECISIONS.c.assignment_reason.in_(("experiment", "holdout")))
"""Those who got nothing by chance are rows, too: what others got is compared with them."""

COPIES: Final = (
    Copy(
        CANONICAL["events"],
        EVENTS.c.sequence,
        sa.select(
            EVENTS.c.event_id,
            _WHO,
            EVENTS.c.anonymous_id,
            EVENTS.c.session_id,
            EVENTS.c.name.label("type"),
            EVENTS.c.occurred_at,
            EVENTS.c.product_id,
            EVENTS.c.page,
            EVENTS.c.query,
            EVENTS.c.channel,
            EVENTS.c.dwell_seconds,
            EVENTS.c.properties,
        ),
    ),
    Copy(CANONICAL["exposures"], EVENTS.c.sequence, _SHOWN, _exposure),
    Copy(CANONICAL["exposures"], DECISIONS.c.sequence, _HELD_BACK, _exposure),
    Copy(
        CANONICAL["responses"],
        EVENTS.c.sequence,
        sa.select(
            EVENTS.c.decision_id,
            _WHO,
            EVENTS.c.offer_id,
            EVENTS.c.occurred_at,
            EVENTS.c.type,
            EVENTS.c.properties,
        ).where(EVENTS.c.type.in_(sorted(set(DECISION_VERBS) - {"decision_shown"}))),
        _response,
    ),
    Copy(
        CANONICAL["consents"],
        EVENTS.c.sequence,
        sa.select(_WHO, EVENTS.c.occurred_at.label("changed_at"), EVENTS.c.properties).where(
            EVENTS.c.type == "consent_changed"
        ),
        _consent,
    ),
)
