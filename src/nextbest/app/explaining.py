"""One customer: who they are, what they would be offered and why, what was ruled out by what, and what rules say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from nextbest.base.capability import Moment
from nextbest.base.errors import DataError
from nextbest.base.messages import Message
from nextbest.decisions.audiences import AudienceSettings, standing
from nextbest.decisions.offers import explain_offers

if TYPE_CHECKING:
    from nextbest.decisions.offers import Funnel
    from nextbest.engines.duckdb_store import DuckDBStore

SPOKEN: Final = 10
"""Rules for, and against, that are put into sentences where there are no offers; all of them are in the answer."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything a run says about one customer."""

    customer_id: str
    profile: Mapping[str, Any]
    """Last row of rfm and lifecycle."""
    offers: Sequence[Mapping[str, Any]]
    """What is offered, by rank; where offers were not run, what the customer lacks though a rule's body is there."""
    ruled_out: Sequence[Mapping[str, Any]]
    """What is not offered, each with its ``reason``."""
    rules: Sequence[Mapping[str, Any]]
    """The rules whose body is there, the strongest of each head, most margin at stake first; ``has_head``: nothing to do."""
    n_no_body: int
    """Rules that do not concern the customer: the body is lacking."""
    horizon_days: int | None
    """Days that the probabilities are about; ``None`` where offers were not run."""
    told: Sequence[Message]
    """The offers in words."""

    def as_dict(self) -> dict[str, Any]:
        """Give it as plain values, for JSON."""
        values = asdict(self)
        del values["told"]
        return values

    def sentences(self) -> Iterator[Message]:
        """Put it into messages of the catalogues."""
        yield Message("explain.customer", {"customer": self.customer_id})
        if self.profile:
            yield Message("explain.profile", self.profile)
        yield from self.told if self.horizon_days is None else self._funnel()

    def _funnel(self) -> Iterator[Message]:
        code = "explain.offers" if self.offers else "explain.no_offers"
        yield Message(code, {"n": len(self.offers), "horizon_days": self.horizon_days})
        yield from self.told
        n_had = sum(bool(rule["has_head"]) for rule in self.rules)
        values = {"n": len(self.rules), "n_had": n_had, "n_lacking": len(self.rules) - n_had}
        yield Message("explain.rules", {**values, "n_no_body": self.n_no_body})


def explain(
    store: DuckDBStore,
    customer_id: str,
    settings: AudienceSettings,
    moment: Moment,
    *,
    horizon_days: int,
) -> Explanation:
    """Read from the last run what it says about one customer.

    Parameters
    ----------
    horizon_days
        Days that the offers' probabilities are about.

    Raises
    ------
    DataError
        Nobody has that id, or nothing was run yet.
    """
    if not (store.has("audiences") or store.has("offer_candidates")):
        raise DataError("app.nothing_run")
    profile = _profile(store, customer_id)
    funnel = _funnel(store, customer_id)
    rules = _rules(store, customer_id, settings, moment)
    known = bool(profile) or any(rule["n_had"] for rule in rules)
    if not known and not (funnel and (funnel.offers or funnel.ruled_out)):
        raise DataError("app.customer_unknown", customer=customer_id)
    concerned = [rule for rule in rules if rule["n_had"] == rule["n_items"]]
    heads = _one_per_head(sorted(concerned, key=_most_at_stake))
    n_no_body = len(rules) - len(concerned)
    if funnel is None:
        return _by_rules(customer_id, profile, heads, n_no_body)
    out = [{**row, "reason": stage} for stage, rows in funnel.ruled_out.items() for row in rows]
    return Explanation(
        customer_id, profile, funnel.offers, out, heads, n_no_body, horizon_days, funnel.sentences
    )


def _by_rules(
    customer_id: str, profile: Mapping[str, Any], heads: Sequence[Mapping[str, Any]], n_no_body: int
) -> Explanation:
    """Explain by rules alone, where offers were not run."""
    offers = [rule for rule in heads if not rule["has_head"]]
    out = [{**rule, "reason": "has_head"} for rule in heads if rule["has_head"]]
    told = tuple(_told(offers, out, n_no_body))
    return Explanation(customer_id, profile, offers, out, heads, n_no_body, None, told)


def _told(
    offers: Sequence[Mapping[str, Any]], ruled_out: Sequence[Mapping[str, Any]], n_no_body: int
) -> Iterator[Message]:
    for rule in offers[:SPOKEN]:
        yield Message("explain.offer", rule)
    if not offers:
        yield Message("explain.no_offer")
    for rule in ruled_out[:SPOKEN]:
        yield Message("explain.has_head", rule)
    left = max(len(offers) - SPOKEN, 0) + max(len(ruled_out) - SPOKEN, 0)
    if left:
        yield Message("explain.more", {"n": left})
    yield Message("explain.no_body", {"n": n_no_body})


def _funnel(store: DuckDBStore, customer_id: str) -> Funnel | None:
    if not store.has("offer_candidates"):
        return None
    rows = store.table("offer_candidates")
    return explain_offers(store.arrow(rows.filter(rows.customer_id == customer_id)).to_pylist())


def _rules(
    store: DuckDBStore, customer_id: str, settings: AudienceSettings, moment: Moment
) -> list[dict[str, Any]]:
    if not store.has("audiences"):
        return []
    rules: list[dict[str, Any]] = store.arrow(standing(store, customer_id, settings, moment)).to_pylist()
    return rules


def _most_at_stake(rule: Mapping[str, Any]) -> tuple[float, str]:
    return -(rule["margin_at_stake"] or 0.0), rule["rule_id"]


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
