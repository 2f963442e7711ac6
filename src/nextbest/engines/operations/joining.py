"""Events of files given to the customers that their devices turned out to be, so that one person's visits count once.

What the decision service keeps is joined when it is copied; files know only the ids they were written with. The table
``identities`` (of files, and of the service's links) says who is who.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

import ibis
import ibis.expr.types as ir
import pyarrow.parquet as pq

from nextbest.engines.duckdb_store import DuckDBStore
from nextbest.engines.parts import Parts
from nextbest.tables import CANONICAL
from nextbest.tables.canonical import EVENTS

_LOADED: Final = "loaded/events"


def join_events(parts: Parts) -> bool:
    """Write the events of files again where it was said anew who is who; tell whether it was.

    Parameters
    ----------
    parts
        Of the workspace; saved when anything was written.
    """
    aliases = list(parts.identity("identities"))
    known = [[part["file"] for part in parts.tables.get("events", ())], aliases]
    given = [parts.folder / part["file"] for part in parts.tables.get(_LOADED, ())]
    if not given or not aliases or parts.copied.get("joined") == known:
        return False
    store = DuckDBStore(
        CANONICAL | {_LOADED: EVENTS},
        {_LOADED: given, "identities": [parts.folder / file for file in aliases]},
    )
    with parts.scratch() as scratch:
        path = scratch / "events.parquet"
        store.save(joined(store.table(_LOADED), store.table("identities")).order_by("event_id"), path)
        name = hashlib.sha256(path.read_bytes()).hexdigest()[:24]
        parts.drop("events")
        parts.add("events", path, source="cleaned", rows=pq.read_metadata(path).num_rows, name=name)
        files: list[Any] = [part["file"] for part in parts.tables["events"]]
        parts.copied = parts.copied | {"loaded": files, "joined": [files, aliases]}
        parts.save()
    return True


def joined(events: ir.Table, identities: ir.Table) -> ir.Table:
    """Fill in whose an event is: the customer of its device where none is named, and of a former id the one who holds now."""
    devices = _owners(identities, "device")
    by_device = events.left_join(devices, events.anonymous_id == devices["alias"]).drop("alias")
    named = by_device.mutate(customer_id=ibis.coalesce(by_device.customer_id, by_device.owner)).drop("owner")
    former = _owners(identities, "customer")
    whole = named.left_join(former, named.customer_id == former["alias"]).drop("alias")
    return whole.mutate(customer_id=ibis.coalesce(whole.owner, whole.customer_id)).select(*events.columns)


def _owners(identities: ir.Table, kind: str) -> ir.Table:
    """Give each alias of a kind its customer: the one it was last new on, of equals the last by name."""
    own = identities.filter(identities.kind == kind, identities["alias"] != identities.customer_id)
    newest = ibis.window(
        group_by=own["alias"],
        order_by=[own.since_at.desc(nulls_first=False), own.customer_id.desc()],
    )
    ranked = own.mutate(place=ibis.row_number().over(newest))
    return ranked.filter(ranked.place == 0).select("alias", owner="customer_id")
