"""Customers as of a day: what each of them had done, bought of, held and been told, one :class:`View` per window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nextbest.models.propensity import query
from nextbest.models.propensity.core.examples import Floats, Ints
from nextbest.models.propensity.core.habits import SPANS, Affinities, Tastes, order_columns, spread
from nextbest.models.propensity.core.history import Spells, day_number
from nextbest.models.propensity.core.values import Levels, read_dates
from nextbest.models.propensity.core.windows import Calendar, spans
from nextbest.models.propensity.run.past import NONE_HELD, Crowd, Past, arrays, by_item, members_of
from nextbest.models.propensity.run.reading import CONTACTS, raw
from nextbest.tables.store import Store

_NEVER_USED: Final = frozenset({"customer_id", "customer", "household_id", "file_row", *CONTACTS})
_MOST_DEPARTMENTS: Final = 12
_MOST_KINDS: Final = 10
_MOST_HELD: Final = 20
_KIND: Final = {"events": "type", "interactions": "kind"}


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What is known of a crowd as of one day."""

    origin: int
    """Days since 1970."""
    columns: Mapping[str, Any]
    """Shape (customers,) each."""
    attributes: frozenset[str]
    """Columns that are as they stand today, whatever the day: they may hold the answer."""
    tastes: Tastes
    affinities: Affinities | None = field(default=None)


@dataclass(frozen=True, slots=True, eq=False)
class Lens:
    """How every window is looked at: how far back, and what gets a column of its own."""

    past: Past
    look_back: int
    departments: Mapping[int, str]
    kinds: Mapping[str, Sequence[str]]
    """Of events and interactions."""
    held: Sequence[str]
    """Products that are held most."""

    def view(self, crowd: Crowd, day: date) -> View:
        """See a crowd as of a day."""
        past, n, origin = self.past, len(crowd), day_number(day)
        asked = spans(SPANS, self.look_back) or (self.look_back,)
        sums = arrays(past.store.arrow(query.habits(past.purchases, crowd.table, day, self.look_back, asked)))
        tastes = self._tastes(crowd, day)
        attributes = _attributes(past.store, crowd, origin)
        columns: dict[str, Any] = {
            **order_columns(sums, asked, n),
            **tastes.columns(past.groups.department, self.departments),
            **self._held(crowd, origin),
            **self._happened(crowd, day),
            **attributes,
        }
        return View(origin, columns, frozenset(attributes), tastes)

    def _tastes(self, crowd: Crowd, day: date) -> Tastes:
        past, groups = self.past, self.past.groups
        of_product = past.store.memtable(groups.of_product)
        rows = arrays(
            past.store.arrow(query.tastes(past.purchases, crowd.table, of_product, day, self.look_back))
        )
        return Tastes(
            rows["customer"],
            rows["group"],
            rows["n_days"],
            rows["age"],
            n_customers=len(crowd),
            n_groups=len(groups.ids),
        )

    def _held(self, crowd: Crowd, origin: int) -> dict[str, Floats]:
        past, n = self.past, len(crowd)
        if past.holds is None:
            return {}
        ids = past.store.memtable(members_of(enumerate([product] for product in self.held)))
        spells = by_item(past.store.arrow(query.spells_of_items(past.holds, crowd.table, ids)))
        held = [
            Spells.of(rows, n).on_eve(origin).astype(np.float64)
            for rows in (spells.get(item, NONE_HELD) for item in range(len(self.held)))
        ]
        named = {f"holds: {name}": values for name, values in zip(self.held, held, strict=True)}
        return {"n_held": np.sum(held, axis=0) if held else np.zeros(n), **named}

    def _happened(self, crowd: Crowd, day: date) -> dict[str, Floats]:
        columns: dict[str, Floats] = {}
        for name, kinds in self.kinds.items():
            counts = query.instants(self.past.store.table(name), day, self.look_back, _KIND[name])
            rows = self.past.store.arrow(query.coded(counts, crowd.table, "kind"))
            for kind in kinds:
                own = arrays(rows.filter(pc.equal(rows["kind"], kind)))
                for span in ("28d", "91d"):
                    columns[f"n_{name}_{span}: {kind}"] = spread(
                        own["customer"], own[f"n_{span}"], len(crowd), 0.0
                    )
                columns[f"days_since_{name}: {kind}"] = spread(own["customer"], own["age"], len(crowd))
        return columns


def lens_of(past: Past, cut: Calendar) -> Lens:
    """Choose what gets a column, by what was known on the newest day whose answer is known."""
    day = cut.known[-1].origin_on
    store, groups = past.store, past.groups
    sold = past.groups.of_product
    buyers = store.arrow(query.buyers_by_group(past.purchases, store.memtable(sold), day))
    n_buyers = np.zeros(len(groups.departments))
    for row in buyers.to_pylist():
        if groups.department[row["group"]] >= 0:
            n_buyers[groups.department[row["group"]]] += row["n"]
    most = np.argsort(-n_buyers, kind="stable")[:_MOST_DEPARTMENTS]
    departments = {int(at): groups.departments[at] for at in most if n_buyers[at] > 0}
    kinds = {
        name: store.arrow(query.kinds_of(store.table(name), day, kind, _MOST_KINDS))["kind"].to_pylist()
        for name, kind in _KIND.items()
        if store.has(name, "customer_id", "occurred_at", kind)
    }
    held: list[str] = []
    if past.holds is not None:
        held = store.arrow(query.most_held(past.holds, day, _MOST_HELD))["product_id"].to_pylist()
    return Lens(past, cut.look_back_days, departments, kinds, held)


def with_affinities(view: View) -> View:
    """Let a view say what goes with what; without groups it says nothing."""
    return replace(view, affinities=Affinities.of(view.tastes)) if view.tastes.n_groups else view


def _attributes(store: Store, crowd: Crowd, origin: int) -> dict[str, Any]:
    """Give the attributes of customers; days become days before the origin, and what lies after it is not known yet."""
    if not store.has("customers", "customer_id"):
        return {}
    table = store.table("customers")
    known = crowd.table.select("customer_id", "customer").inner_join(table, "customer_id")
    rows = store.arrow(known.order_by("customer"))
    at = rows["customer"].to_numpy()
    return {
        name: values
        for name in rows.column_names
        if name not in _NEVER_USED and rows[name].null_count < rows.num_rows
        for values in [_attribute(rows[name], at, len(crowd), origin)]
    }


def _attribute(column: pa.ChunkedArray, at: Ints, n: int, origin: int) -> Any:
    if pa.types.is_temporal(column.type):
        return _before(origin, spread(at, column.cast(pa.date32()).cast(pa.int32()).to_numpy(), n))
    values = raw(column)
    if values.dtype.kind == "f":
        return spread(at, values, n)
    texts = np.full(n, None, dtype=object)
    texts[at] = values
    levels = Levels(texts)
    dated = read_dates(levels.names, levels.counts)
    return texts if dated is None else _before(origin, levels.spread(dated[1]))


def _before(origin: int, days: Floats) -> Floats:
    return np.where(days < origin, origin - days, np.nan)
