"""What a campaign is planned on: each customer's best offer, and what forbids a contact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nextbest.base.errors import SettingsError
from nextbest.decisions.campaigns import query
from nextbest.decisions.campaigns.core.adding import People, source_places
from nextbest.decisions.campaigns.core.excluding import Facts
from nextbest.decisions.campaigns.spec import ANY, CampaignSettings, Limits, Rules
from nextbest.models.profit import Terms, earned
from nextbest.tables.store import Store

_NO_MARGINS: Final = pa.schema(
    [("item_id", pa.string()), ("margin", pa.float64()), ("margin_source", pa.string())]
).empty_table()
_SHOWN: Final = 8


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything the plan is made of."""

    rows: pa.Table
    """One row per customer with an offer, by customer_id."""
    people: People
    offers: tuple[tuple[str, str, str], ...]
    """offer_id, product_id and product, by number."""
    worth: Any
    facts: Facts
    rules: Rules
    limits: Limits
    has_consents: bool
    unreached: tuple[str, ...]


def read(store: Store, settings: CampaignSettings, starts_on: date | None) -> Scene | None:
    """Choose the offers that take part and each customer's best of them; ``None`` where no probability is known."""
    pairs = _pairs(store, settings)
    if pairs is None:
        return None
    terms = Terms(settings.return_share, settings.return_cost, settings.default_share, settings.default_loss)
    sums = store.arrow(query.offer_sums(pairs, terms)).to_pylist()
    rules = Rules(terms, settings.incremental_share, has_money=any(row["n_margins"] for row in sums))
    best = query.best_pairs(pairs, _chosen(sums, settings, rules), rules)
    products = store.table("products") if store.has("products", "name") else None
    rows = store.arrow(
        query.with_facts(query.named_products(best, products), _facts(store, settings, starts_on))
    )
    offer, offers = _offers(rows)
    people = People(
        offer=offer,
        probability=_floats(rows["probability"]),
        earned=earned(_floats(rows["margin"]), terms),
        discount=_floats(rows["discount"]),
        margin_source=source_places(rows["margin_source"].to_pylist()),
    )
    unreached = tuple(name for name in settings.channels if _reach(store, name) is None and name != "onsite")
    has_consents = store.has("consents", "customer_id")
    facts = _known(rows, settings, has_consents=has_consents)
    worth = _floats(rows["worth"])
    return Scene(rows, people, offers, worth, facts, rules, _limits(settings), has_consents, unreached)


def _pairs(store: Store, settings: CampaignSettings) -> ir.Table | None:
    known: list[ir.Table] = []
    if store.has("next_best_offers", "probability"):
        known.append(query.offered(store.table("next_best_offers")))
    if store.has("propensity_scores", "propensity") and (settings.offers or not known):
        known.append(query.scored(store.table("propensity_scores"), _margins(store)))
    if not known:
        return None
    pairs = known[0] if len(known) == 1 else known[0].union(known[1])
    return query.priced(pairs, settings)


def _margins(store: Store) -> ir.Table:
    if store.has("product_profiles", "margin_per_order"):
        return query.margins_of(store.table("product_profiles"))
    return store.memtable(_NO_MARGINS)


def _chosen(sums: Sequence[dict[str, Any]], settings: CampaignSettings, rules: Rules) -> list[str]:
    """Take the offers named in the settings, else those worth most over all customers."""
    if settings.offers:
        ids = {row[name] for row in sums for name in ("offer_id", "product_id")}
        for name in settings.offers:
            if name not in ids:
                shown = sorted(ids)[:_SHOWN]
                raise SettingsError("campaign.offer_unknown", offer=name, n=len(ids), known=shown)
        named = set(settings.offers)
        return sorted({row["offer_id"] for row in sums if {row["offer_id"], row["product_id"]} & named})
    key = "profit" if rules.has_money else "purchases"
    ranked = sorted(sums, key=lambda row: (-round(row[key] or 0.0, 6), row["offer_id"]))
    return [row["offer_id"] for row in ranked[: settings.most_offers]]


def _facts(store: Store, settings: CampaignSettings, starts_on: date | None) -> list[ir.Table]:
    facts: list[ir.Table] = []
    if store.has("customers"):
        customers = store.table("customers")
        facts.append(query.who(customers, settings, starts_on))
        for channel in settings.channels:
            column = _reach(store, channel)
            if column is not None:
                facts.append(query.reachable(customers, channel, column))
    if store.has("tags", "customer_id", "tag"):
        facts.append(query.left_in_peace(store.table("tags"), settings.do_not_disturb, starts_on))
    if starts_on is not None and store.has("exposures", "customer_id", "exposed_at"):
        facts.append(query.contacted_lately(store.table("exposures"), starts_on, settings.quiet_days))
    if store.has("consents", "customer_id"):
        consents = store.table("consents")
        facts += [
            query.consent(consents, channel, settings.purpose)
            for channel in settings.channels
            if channel != "onsite"
        ]
        facts.append(query.refusals(consents))
    return facts


def _reach(store: Store, channel: str) -> str | None:
    """Name the column that reaches customers on a channel, where the data give it."""
    if not store.has("customers"):
        return None
    columns = [name for name in store.table("customers").columns if store.has("customers", name)]
    return query.contact_column(columns, channel)


def _known(rows: pa.Table, settings: CampaignSettings, *, has_consents: bool) -> Facts:
    """Read the flags; what no table speaks of forbids nothing, except an unknown consent."""

    def flag(name: str, *, default: bool) -> Any:
        if name not in rows.column_names:
            return np.full(rows.num_rows, default)
        return pc.fill_null(rows[name], default).to_numpy(zero_copy_only=False).astype(bool)

    def per_channel(kind: str, *, default: bool, negate: bool = False) -> Any:
        columns = [flag(f"{kind}_{channel}", default=default) for channel in settings.channels]
        table = np.column_stack(columns)
        return ~table if negate else table

    refuses = flag("refuses", default=False)[:, None]
    free = np.array([channel == "onsite" or not has_consents for channel in settings.channels])
    return Facts(
        in_where=flag("in_where", default=settings.where is None),
        is_young=flag("is_young", default=False),
        is_tagged=flag("is_tagged", default=False),
        is_lately=flag("is_lately", default=False),
        is_reached=_reached(rows, settings),
        is_granted=(per_channel("consent", default=False) | free) & ~refuses,
        is_denied=per_channel("consent", default=True, negate=True) | refuses,
    )


def _reached(rows: pa.Table, settings: CampaignSettings) -> Any:
    """Tell per channel who has a contact; where no such column is there, everybody counts as reached."""
    columns = []
    for channel in settings.channels:
        name = f"reach_{channel}"
        there = name in rows.column_names
        columns.append(
            pc.fill_null(rows[name], fill_value=False).to_numpy(zero_copy_only=False).astype(bool)
            if there
            else np.ones(rows.num_rows, bool)
        )
    return np.column_stack(columns)


def _limits(settings: CampaignSettings) -> Limits:
    def amount(of: dict[str, Any], channel: str, default: Any) -> Any:
        return of.get(channel, of.get(ANY, default))

    return Limits(
        tuple(float(amount(settings.contact_cost, channel, 0.0)) for channel in settings.channels),
        tuple(amount(settings.capacity, channel, None) for channel in settings.channels),
        settings.budget,
    )


def _offers(rows: pa.Table) -> tuple[Any, tuple[tuple[str, str, str], ...]]:
    """Give each offer a number, in the order of offer_id."""
    triples = (
        rows.select(["offer_id", "product_id", "product"])
        .group_by(["offer_id"])
        .aggregate([("product_id", "min"), ("product", "min")])
    )
    triples = triples.sort_by("offer_id")
    number = pc.index_in(rows["offer_id"], triples["offer_id"]).to_numpy().astype(np.int64)
    named = zip(
        *(triples[name].to_pylist() for name in ("offer_id", "product_id_min", "product_min")), strict=True
    )
    return number, tuple(named)


def _floats(column: pa.ChunkedArray) -> Any:
    return column.cast(pa.float64()).to_numpy(zero_copy_only=False)
