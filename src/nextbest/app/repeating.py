"""A decision that is asked for again under the same key: answered word for word as the first time, written and counted once."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import sqlalchemy as sa

from nextbest.app.committing import commit, n_rows
from nextbest.app.serving import Service
from nextbest.serving import decide, log
from nextbest.serving.decide import Request, Result
from nextbest.tables.operational import DECISIONS

Tell = Callable[[Result], Mapping[str, Any]]
KEPT: Final = "answer"
"""Part of the first decision's trace that holds what was answered, and to what."""


@dataclass(frozen=True, slots=True)
class Once:
    """A request that may come several times."""

    request_id: str
    """The same for the same asker and key, whatever was asked."""
    digest: str
    """Of what was asked."""

    @classmethod
    def of(cls, asker: str, key: str, body: str) -> Self:
        """Name a request by who asks it under which key.

        Examples
        --------
        >>> one, other = Once.of("till", "k1", "{}"), Once.of("till", "k1", "[]")
        >>> one.request_id == other.request_id, one.digest == other.digest
        (True, False)
        """
        return cls("r_" + _digest(f"{asker}\x1f{key}"), _digest(body))


@dataclass(frozen=True, slots=True)
class Told:
    """What is answered."""

    answer: Mapping[str, Any] | None
    """``None``: something else was asked under this key before."""
    is_repeated: bool = False


async def decide_once(
    service: Service, request: Request, once: Once, tell: Tell, *, budget_ms: float | None = None
) -> Told:
    """Decide and write it down, or give what was answered before.

    The first answer is kept with the decision, in the transaction that counts its offers: of two workers that are asked at the
    same time one decides, the other repeats.

    Parameters
    ----------
    service
        Open.
    request
        One subject and its placements.
    once
        Names the request.
    tell
        Puts a result into plain values for JSON.
    budget_ms
        Milliseconds after which the fallback is answered; what was decided meanwhile is answered when the request comes again.
    """
    with service.operations.reading() as connection:
        before = _before(connection, once)
    if before is not None:
        return before
    result = service.consider(dataclasses.replace(request, request_id=once.request_id))
    writing = asyncio.ensure_future(
        service.write(lambda connection: _commit(connection, result, once, tell), n_rows=n_rows(result))
    )
    try:
        left = None if budget_ms is None else budget_ms / 1000
        return await asyncio.wait_for(asyncio.shield(writing), left)
    except TimeoutError:
        writing.add_done_callback(lambda late: late.exception())
        return Told(tell(service.too_late(request)))


def _commit(connection: sa.Connection, result: Result, once: Once, tell: Tell) -> Told:
    before = _before(connection, once)
    if before is not None:
        return before
    kept = commit(connection, [result])[0]
    answer = tell(kept)
    first = decide.log_rows(kept)[0]
    trace = {**(first.trace or {}), KEPT: {"to": once.digest, "said": answer}}
    connection.execute(
        sa.update(DECISIONS)
        .where(DECISIONS.c.decision_id == first.decision_id)
        .values(trace=json.dumps(trace, ensure_ascii=False, separators=(",", ":")))
    )
    return Told(answer)


def _before(connection: sa.Connection, once: Once) -> Told | None:
    for decision in log.of_request(connection, once.request_id):
        kept: Any = (decision.trace or {}).get(KEPT)
        if kept is not None:
            return Told(kept["said"] if kept["to"] == once.digest else None, is_repeated=True)
    return None


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).hexdigest()
