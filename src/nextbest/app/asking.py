"""Requests made of plain values, and results turned into them."""

from __future__ import annotations

import dataclasses
import secrets
import time
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from nextbest.base.messages import Message, render
from nextbest.serving import state
from nextbest.serving.decide import Ask, CartItem, Request, Result
from nextbest.serving.policy import CONTACT_CHANNELS


def new_id() -> str:
    """Make the id of a request: first the time, so that an index of many grows at its end, then chance."""
    return f"r_{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}"


def asked(
    customer_id: str | None, placements: Sequence[str], *, cart: Sequence[str] | None = None, **said: Any
) -> Request:
    """Make a request of plain values."""
    return Request(
        request_id=new_id(),
        customer_id=customer_id,
        placements=tuple(Ask(name) for name in placements),
        cart=None if cart is None else tuple(CartItem(one) for one in cart),
        **said,
    )


def plain(result: Result) -> dict[str, Any]:
    """Give a result as plain values, for JSON."""
    values = dataclasses.asdict(result)
    for answer in values["answers"]:
        answer["detail"] = None if answer["detail"] is None else render(Message(**answer["detail"]))
        for offer in answer["offers"]:
            del offer["caps"]
    return values


def as_people(connection: sa.Connection, requests: Sequence[Request]) -> Sequence[Request]:
    """Decide on a contact to a device as to the customer whose it is: consent, lists and caps hold for people."""

    def is_asked_of_a_device(one: Request) -> bool:
        return bool(one.anonymous_id) and not one.customer_id and one.channel in CONTACT_CHANNELS

    devices = [one.anonymous_id for one in requests if one.anonymous_id and is_asked_of_a_device(one)]
    if not devices:
        return requests
    owners = dict(zip(devices, state.owners(connection, devices), strict=True))
    return [
        dataclasses.replace(one, customer_id=owners.get(one.anonymous_id or ""))
        if is_asked_of_a_device(one)
        else one
        for one in requests
    ]
