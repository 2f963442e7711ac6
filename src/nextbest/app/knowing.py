"""What is known of one customer now: what the run says of them, what they did since, what they allowed, what to offer next."""

from __future__ import annotations

import functools
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow.dataset as ds

from nextbest.app.listing import Wanted, listed
from nextbest.app.serving import Service, now
from nextbest.base.messages import Message, codes, render, translate
from nextbest.engines.parts import Parts
from nextbest.engines.snapshots import Snapshots
from nextbest.models.propensity import factor_name
from nextbest.serving import state
from nextbest.serving.decide import Offer
from nextbest.serving.state import SubjectState
from nextbest.tables import CANONICAL

_FACTS: Final = tuple(
    column.name
    for column in CANONICAL["customers"]
    if not column.personal and column.name not in {"customer_id", "file_row"}
)
_PROFILE: Final = ("as_of", "n_orders", "days_since_last_order", "revenue_total", "usual_gap_days")
_SCORE: Final = ("model_id", "target", "propensity", "decile", "because")
_CONSENT: Final = ("purpose", "channel", "status", "changed_at")
_CATEGORIES: Final = 5
_OFFERS: Final = 10
_LARGE: Final = 1e15


@dataclass(frozen=True, slots=True)
class Named:
    """A word of ours and what people call it."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Category:
    """A category that a customer buys again and again."""

    category: str
    n_orders: int
    """Orders with the products of it that are bought again; an order with two counts twice."""


@dataclass(frozen=True, slots=True)
class Factor:
    """What raises or lowers a probability."""

    factor: str
    value: str | float | None
    saying: str
    """How the value compares with others': higher, lower, ..."""
    adds: float
    """To the log-odds."""
    text: str


@dataclass(frozen=True, slots=True)
class Likely:
    """What a model says of the customer."""

    model_id: str
    target: str
    probability: float
    """0-1, within the model's horizon."""
    decile: int | None
    """1: the likeliest tenth of all customers."""
    reasons: Sequence[Factor]


@dataclass(frozen=True, slots=True)
class Consent:
    """What a customer allowed, or did not."""

    purpose: str
    channel: str | None
    """``None``: all."""
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Everything that an adviser or an app may see of one customer; nothing in it names or reaches a person."""

    customer_id: str
    snapshot: str | None
    currency: str | None
    facts: Mapping[str, Any]
    """Columns of ``customers`` that are not personal, where they are known."""
    profile: Mapping[str, Any]
    """Of ``rfm`` and ``lifecycle``, where they were run."""
    segment: Named | None
    lifecycle_stage: Named | None
    tags: Sequence[str]
    """That hold."""
    top_categories: Sequence[Category]
    propensities: Sequence[Likely]
    """The likeliest first."""
    offers: Sequence[Offer]
    """Next best offers that hold now."""
    consents: Sequence[Consent]
    """The last word on each purpose and channel, of files and of events."""
    now: SubjectState
    """What the events tell."""


def known(service: Service, customer_id: str, *, language: str = "en") -> Known | None:
    """Bring together what is known of a customer.

    Parameters
    ----------
    service
        Open.
    customer_id
        Of the tables, or of events since the last run.
    language
        Of words and reasons, ``en`` or ``zh``.

    Returns
    -------
    ``None``: nobody knows this id.
    """
    loaded = service.loaded
    with service.operations.reading() as connection:
        its = state.read(connection, customer_id, None, now())
    in_run = loaded.snapshot.customers.ids.find(customer_id) >= 0
    if not (in_run or its.session or its.views or its.offers or its.cart or its.ordered or its.consents):
        return None
    # Whoever was erased and came back is known by what came since.
    asked = "" if service.is_erased(customer_id) else customer_id
    rows = _Rows(service.folder / "store", loaded.run, asked)
    profile = rows.last("rfm") | rows.last("lifecycle")
    return Known(
        customer_id=customer_id,
        snapshot=loaded.run,
        currency=loaded.snapshot.currency,
        facts={name: value for name, value in rows.last("customers", _FACTS).items() if value is not None},
        profile={name: profile[name] for name in _PROFILE if name in profile},
        segment=_named("rfm", profile.get("segment"), language),
        lifecycle_stage=_named("lifecycle", profile.get("stage"), language),
        tags=sorted({row["tag"] for row in rows.of("tags", ("tag", "until_on")) if not row.get("until_on")}),
        top_categories=_categories(rows.of("offer_candidates", ("category", "n_orders"))),
        propensities=_propensities(rows.of("propensity_scores", _SCORE), language),
        offers=_offers(service, customer_id, language) if in_run else (),
        consents=_consents(rows.of("consents", _CONSENT), its),
        now=its,
    )


class _Rows:
    """A customer's rows in the files of a run and of what was loaded."""

    def __init__(self, store: Path, run: str | None, customer_id: str) -> None:
        loaded = Parts.open(store / "tables").files()
        self._files = loaded if run is None else Snapshots(store).open(run).with_inputs(loaded)
        self._where = ds.field("customer_id") == customer_id

    def of(self, table: str, columns: Sequence[str] | None = None) -> list[dict[str, Any]]:
        """Read rows in the order in which they came; without columns, all of them."""
        return [row for path in self._files.get(table, ()) for row in self._part(path, columns)]

    def last(self, table: str, columns: Sequence[str] | None = None) -> dict[str, Any]:
        """Read the row that holds; empty where there is none."""
        return next(reversed(self.of(table, columns)), {})

    def _part(self, path: Path, columns: Sequence[str] | None) -> list[dict[str, Any]]:
        data = ds.dataset(path, format="parquet")
        names = data.schema.names if columns is None else [one for one in columns if one in data.schema.names]
        found: list[dict[str, Any]] = data.to_table(columns=names, filter=self._where).to_pylist()
        return found


def _named(domain: str, code: str | None, language: str) -> Named | None:
    return None if code is None else Named(code, translate(f"{domain}.{code}", language))


def _categories(candidates: Sequence[Mapping[str, Any]]) -> list[Category]:
    """Give the categories of what is bought again and again, most orders first."""
    counted: Counter[str] = Counter()
    for row in candidates:
        if row.get("category") and row.get("n_orders"):
            counted[row["category"]] += row["n_orders"]
    best = sorted(counted.items(), key=lambda one: (-one[1], one[0]))
    return [Category(name, n) for name, n in best[:_CATEGORIES]]


def _propensities(scores: Sequence[Mapping[str, Any]], language: str) -> list[Likely]:
    found = [
        Likely(
            model_id=row["model_id"],
            target=row["target"],
            probability=row["propensity"],
            decile=row["decile"],
            reasons=[_factor(one, language) for one in json.loads(row["because"] or "[]")],
        )
        for row in scores
        if row["propensity"] is not None
    ]
    return sorted(found, key=lambda one: (-one.probability, one.model_id))


def _factor(said: Mapping[str, Any], language: str) -> Factor:
    value, name = said["value"], factor_name(said["factor"])
    shown = f"{value:.4g}" if isinstance(value, float) and abs(value) < _LARGE else str(value)
    told = said["factor"]
    if name.code in _known(language):
        told = render(Message("report.because.factor", {"factor": render(name, language)}), language)
    reason = Message(f"propensity.reason.{said['saying']}", {"factor": told, "value": shown})
    return Factor(**said, text=render(reason, language).replace("： ", "："))


@functools.cache
def _known(language: str) -> frozenset[str]:
    return frozenset(codes(language))


def _offers(service: Service, customer_id: str, language: str) -> Sequence[Offer]:
    wanted = Wanted(kind="offers", customer_id=customer_id, limit=_OFFERS, language=language, reader="staff")
    return listed(service, wanted).answers[0].offers


def _consents(changes: Sequence[Mapping[str, Any]], its: SubjectState) -> list[Consent]:
    """Give the last word on each purpose and channel; what events say holds over what files said."""
    changes = sorted(changes, key=lambda row: row["changed_at"])
    last = {(row["purpose"], row.get("channel")): row["status"] for row in changes} | dict(its.consents)
    by_name = sorted(last.items(), key=lambda one: (one[0][0], one[0][1] or ""))
    return [Consent(purpose, channel, status) for (purpose, channel), status in by_name]
