"""One customer: what is known, what would be offered and why, and what was ruled out by what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from nextbest.base.capability import Moment
from nextbest.base.errors import DataError
from nextbest.base.messages import Message
from nextbest.decisions.audiences import AudienceSettings, standing
from nextbest.engines.duckdb_store import DuckDBStore

SPOKEN: Final = 10
"""Offers, and reasons against, that are put into sentences; all of them are in the answer."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything a run says about one customer."""

    customer_id: str
    profile: Mapping[str, Any]
    """Last row of rfm and lifecycle."""
    offers: Sequence[Mapping[str, Any]]
    """What the customer lacks though a rule's body is there, the strongest rule of each, most margin at stake first."""
    ruled_out: Sequence[Mapping[str, Any]]
    """What a rule would offer if it were not for the reason given."""
    n_no_body: int
    """Rules that do not concern the customer: the body is lacking."""

    def as_dict(self) -> dict[str, Any]:
        """Give it as plain values, for JSON."""
        return asdict(self)

    def sentences(self) -> Iterator[Message]:
        """Put it into messages of the catalogues."""
        yield Message("explain.customer", {"customer": self.customer_id})
        if self.profile:
            yield Message("explain.profile", self.profile)
        for rule in self.offers[:SPOKEN]:
            yield Message("explain.offer", rule)
        if not self.offers:
            yield Message("explain.no_offer")
        for rule in self.ruled_out[:SPOKEN]:
            yield Message(f"explain.{rule['reason']}", rule)
        left = max(len(self.offers) - SPOKEN, 0) + max(len(self.ruled_out) - SPOKEN, 0)
        if left:
            yield Message("explain.more", {"n": left})
        yield Message("explain.no_body", {"n": self.n_no_body})


def explain(store: DuckDBStore, customer_id: str, settings: AudienceSettings, moment: Moment) -> Explanation:
    """Read from the last run what it says about one customer.

    Raises
    ------
    DataError
        Nobody has that id, or nothing was run yet.
    """
    if not store.has("audiences"):
        raise DataError("app.nothing_run")
    profile = _profile(store, customer_id)
    rules = store.arrow(standing(store, customer_id, settings, moment)).to_pylist()
    if not profile and not any(rule["n_had"] for rule in rules):
        raise DataError("app.customer_unknown", customer=customer_id)
    concerned = [rule for rule in rules if rule["n_had"] == rule["n_items"]]
    concerned.sort(key=lambda rule: (-(rule["margin_at_stake"] or 0.0), rule["rule_id"]))
    return Explanation(
        customer_id,
        profile,
        _one_per_head(rule for rule in concerned if not rule["has_head"]),
        _one_per_head(rule | {"reason": "has_head"} for rule in concerned if rule["has_head"]),
        len(rules) - len(concerned),
    )


def _one_per_head(rules: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Keep the first rule of each head: several bodies may speak for the same thing."""
    best: dict[str, Mapping[str, Any]] = {}
    for rule in rules:
        best.setdefault(rule["head"], rule)
    return list(best.values())


def _profile(store: DuckDBStore, customer_id: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in ("rfm", "lifecycle"):
        if store.has(name):
            rows = store.table(name)
            mine = rows.filter(rows.customer_id == customer_id).order_by(rows.as_of.desc()).limit(1)
            found |= next(iter(store.arrow(mine).to_pylist()), {})
    if found:
        found["segment"] = f"rfm.{found['segment']}" if "segment" in found else None
        found["stage"] = f"lifecycle.{found['stage']}" if "stage" in found else None
    return found
