"""Visitors of a decision service: they send events and ask over HTTP, many at once, and keep an account of every answer.

An answer is right if it is a decision that one run and one policy made, a fallback that says why, or a problem that says
to come back. Whatever has no answer is sent again, as clients are told to.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

import numpy as np

from benchmarks.served_shop import CAP, Server, limit_of

_FALLBACKS: Final = frozenset({"budget", "snapshot_missing"})
_LATER: Final = frozenset({408, 429, 503})
"""What a caller may be told in place of an answer."""
_PATIENCE: Final = 20
"""Seconds for which events are sent again when all is over."""
_NO_ANSWER: Final = (OSError, http.client.HTTPException)


@dataclass
class Account:
    """What visitors were told."""

    acknowledged: list[str] = field(default_factory=list)
    """Ids of events."""
    waiting: list[str] = field(default_factory=list)
    """Ids of events that never had an answer."""
    decided: list[tuple[str, str | None]] = field(default_factory=list)
    """Ids of decisions, with their offers."""
    messages: Counter[str] = field(default_factory=Counter)
    """E-mails allowed, by customer."""
    silent: Counter[str] = field(default_factory=Counter)
    """E-mails asked for that never had an answer, by customer."""
    by: set[tuple[str | None, int]] = field(default_factory=set)
    """Runs and versions of the policy that answered."""
    told: Counter[str] = field(default_factory=Counter)
    """Answers by status, or by the cause of a fallback; ``unanswered``."""
    wrong: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    """Of each decision."""

    @property
    def n_answers(self) -> int:
        """Count everything that was answered."""
        return self.told.total() - self.told["unanswered"]

    @property
    def n_over_cap(self) -> int:
        """Count e-mails beyond the cap."""
        return sum(max(0, n - CAP) for n in self.messages.values())

    def __add__(self, other: Account) -> Account:
        """Give what both were told."""
        return Account(
            self.acknowledged + other.acknowledged,
            self.waiting + other.waiting,
            self.decided + other.decided,
            self.messages + other.messages,
            self.silent + other.silent,
            self.by | other.by,
            self.told + other.told,
            self.wrong + other.wrong,
            self.seconds + other.seconds,
        )


class Visitor:
    """One connection of one caller."""

    def __init__(self, server: Server, *, timeout: float = 30) -> None:
        self.account = Account()
        self._server = server
        self._timeout = timeout
        self._connection: http.client.HTTPConnection | None = None
        self._headers = {"Authorization": f"Bearer {server.shop.key}", "Content-Type": "application/json"}

    def post(self, path: str, body: Any, **headers: str) -> tuple[int, Any] | None:
        """Send a body; ``None``: there was no answer."""
        connection = self._connection or http.client.HTTPConnection(
            "127.0.0.1", self._server.port, timeout=self._timeout
        )
        self._connection = connection
        try:
            connection.request("POST", path, json.dumps(body), self._headers | headers)
            answer = connection.getresponse()
            media, text = answer.getheader("content-type", ""), answer.read()
        except _NO_ANSWER:
            connection.close()
            self._connection = None
            self.account.told["unanswered"] += 1
            time.sleep(0.05)
            return None
        self.account.told[str(answer.status)] += 1
        try:
            said = json.loads(text)
        except ValueError:
            said = None
        if answer.status >= 400 and not _is_problem(answer.status, media, said):
            self.account.wrong.append(f"{path} {answer.status} {media} {text[:200]!r}")
        return answer.status, said

    def send(self, n: int, who: str, is_tired: Callable[[], bool] = lambda: False) -> None:
        """Send a few events, again and again until they are acknowledged."""
        ids = [uuid.uuid4().hex for _ in range(n)]
        events = [{"messageId": one, "event": "Product Viewed", "userId": who, "properties": {"product_id": "p1"}} for one in ids]  # fmt: skip
        while True:
            told = self.post("/v1/events", {"batch": events})
            if told and told[0] == 202:
                self.account.acknowledged += ids
                if told[1]["accepted"] + told[1]["duplicates"] != n:
                    self.account.wrong.append(f"events {told[1]}")
                return
            if is_tired():
                self.account.waiting += ids
                return
            time.sleep(0.1)

    def ask_home(self, budget_ms: float | None = None) -> None:
        """Ask for the home page of a stranger, which shows by which run and policy it was answered."""
        asked: dict[str, Any] = {
            "subject": {"anonymous_id": uuid.uuid4().hex},
            "placements": [{"id": "home"}],
        }
        if budget_ms is not None:
            asked["budget_ms"] = budget_ms
        began = time.perf_counter()
        told = self.post("/v1/decide", asked)
        self.account.seconds.append(time.perf_counter() - began)
        if told and told[0] == 200:
            self._noted(told[1], "home")
            wrong = home_is_wrong(told[1])
            if wrong:
                self.account.wrong.append(wrong)

    def ask_email(self, customer: str, is_tired: Callable[[], bool] = lambda: True) -> None:
        """Ask for an e-mail to a customer, of whom there may be few; again under the same key until there is an answer."""
        asked = {"subject": {"customer_id": customer}, "placements": [{"id": "email.best"}]}
        body, key = asked | {"context": {"channel": "email"}}, uuid.uuid4().hex
        while True:
            told = self.post("/v1/decide", body, **{"Idempotency-Key": key})
            if (told and told[0] == 200) or is_tired():
                break
            time.sleep(0.1)
        if told and told[0] == 200:
            self.account.messages[customer] += bool(self._noted(told[1], "email.best"))
        else:
            self.account.silent[customer] += 1

    def _noted(self, said: Mapping[str, Any], placement: str) -> list[Any]:
        answer = said["placements"][placement]
        self.account.by.add((said["snapshot"], said["policy"]["version"]))
        if answer["outcome"] == "fallback":
            self.account.told[f"fallback {answer['cause']}"] += 1
            return []
        self.account.decided += [(one["decision_id"], one["offer_id"]) for one in answer["offers"]] or [
            (answer["decision_id"], None)
        ]
        offers: list[Any] = answer["offers"]
        return offers

    def close(self) -> None:
        """Hang up."""
        if self._connection:
            self._connection.close()


def home_is_wrong(said: Mapping[str, Any]) -> str | None:
    """Tell what is wrong with a home page; ``None``: nothing."""
    answer, run, version = said["placements"]["home"], said["snapshot"], said["policy"]["version"]
    if answer["outcome"] == "fallback":
        is_stated = answer["cause"] in _FALLBACKS and not answer["offers"]
        return None if is_stated else f"a fallback with {answer}"
    titles = [one["title"] for one in answer["offers"]]
    if len(titles) != limit_of(version) or not all(title.endswith(f" of {run}") for title in titles):
        return f"{titles} by run {run}, policy {version}"
    return None


def _is_problem(status: int, media: str, said: Any) -> bool:
    return (
        status in _LATER
        and media == "application/problem+json"
        and isinstance(said, dict)
        and said.get("status") == status
        and all(said.get(name) for name in ("code", "detail", "request_id"))
    )


class Crowd:
    """Visitors at work, each in a thread, until they are told to stop.

    Parameters
    ----------
    server
        Whom they ask.
    n
        How many.
    pause
        Seconds between two requests of one visitor.
    """

    def __init__(self, server: Server, n: int = 8, *, pause: float = 0.0) -> None:
        self._visitors = [Visitor(server) for _ in range(n)]
        self._n_customers = server.shop.n_customers
        self._pause = pause
        self._ended = threading.Event()
        self._end = float("inf")
        self._threads = [threading.Thread(target=self._work, args=(number,)) for number in range(n)]

    @property
    def account(self) -> Account:
        """What all of them were told so far."""
        return sum((visitor.account for visitor in self._visitors), Account())

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end = time.monotonic() + _PATIENCE
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _work(self, number: int) -> None:
        visitor, chance = self._visitors[number], np.random.default_rng(number)
        while not self._ended.wait(self._pause):
            what = chance.random()
            who = f"c{chance.integers(self._n_customers)}"
            if what < 0.4:
                visitor.send(5, who, lambda: time.monotonic() > self._end)
            elif what < 0.8:
                visitor.ask_home()
            elif what < 0.9:
                visitor.ask_home(budget_ms=500)
            else:
                visitor.ask_email(who, lambda: time.monotonic() > self._end)
        visitor.close()
