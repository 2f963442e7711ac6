"""A campaign's file that comes back: what was sent, and what followed, into exposures, responses and consents."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from nextbest.app.adding import Addition, add_account, is_loaded
from nextbest.app.campaigning import SOURCE, settings_of
from nextbest.app.returned_file import reports_of, rows_of
from nextbest.app.workspace import Workspace
from nextbest.decisions.campaigns import (
    CARD,
    SENT,
    UNNAMED,
    UNSUBSCRIBED,
    Decision,
    Ledger,
    Returned,
    fields_of,
    sort_out,
)
from nextbest.engines.duckdb_store import DuckDBStore, arrow_schema
from nextbest.engines.snapshots import one_writer
from nextbest.sources.files import RawTable, open_source
from nextbest.tables import CANONICAL

_DECISIONS: Final = (
    "decision_id",
    "customer_id",
    "offer_id",
    "campaign_id",
    "channel",
    "assignment_probability",
)


@dataclass(frozen=True, slots=True)
class Import:
    """What a returned file brought; ``n_read == n_kept + n_merged + n_quarantined``."""

    n_read: int
    n_kept: int
    n_merged: int
    n_quarantined: int
    reasons: Mapping[str, int]
    """Rows set aside, by reason."""
    responses: Mapping[str, int]
    """New responses by kind, ``sent`` among them."""
    n_control: int
    """Rows kept of customers who were held back."""
    n_control_sent: int
    is_known: bool = False
    """This very file came back before: nothing was done."""


def take_back(
    workspace: Workspace, file: Path, *, campaign: str | None = None, now: datetime | None = None
) -> Import:
    """Read a file that a platform gave back; the same response to the same decision counts once.

    Parameters
    ----------
    campaign
        The campaign of rows that name a customer and no decision; without it, the customer's latest.
    now
        When rows happened that name no time.

    Raises
    ------
    DataError
        The file names neither decision nor customer, or nothing that happened.
    """
    if campaign is not None:
        settings_of(workspace, campaign)
    store, raw = workspace.folder / "store", open_source(str(file))
    moment = (now or datetime.now(UTC)).astimezone(UTC).replace(tzinfo=None)
    with one_writer(store):
        mark = f"{raw.digest[:16]}-returned"
        if is_loaded(store, mark):
            return Import(0, 0, 0, 0, {}, {}, 0, 0, is_known=True)
        rows = rows_of(raw)
        reports = list(reports_of(raw, rows, workspace.config.shop.time_zone, moment))
        back = sort_out(reports, _ledger(workspace.reader(), campaign))
        aside = [*_aside(raw, rows, back.refused), *_unread(raw)]
        made = _account(raw, len(reports), back, Counter(row["rule"] for row in aside))
        load = _load_record(raw.name, made) | {
            "mark": mark,
            "loaded_at": (now or datetime.now(UTC)).isoformat(timespec="seconds"),
        }
        add_account(store, load, _additions(workspace, back), aside)
    return made


def _ledger(store: DuckDBStore, campaign: str | None) -> Ledger:
    """Gather every decision that went out, or stands in the plan, and what came back of them before."""
    found: dict[str, Decision] = {}
    for table, group in (("campaign_audience", "group"), ("exposures", "variant")):
        if store.has(table, "decision_id"):
            rows = store.table(table)
            known = rows.filter(rows.decision_id.notnull()).select(
                *_DECISIONS[:-1], is_control=rows[group] == "control"
            )
            decisions = (Decision(**row) for row in store.arrow(known).to_pylist())
            found |= {decision.decision_id: decision for decision in decisions}
    own = [one for one in found.values() if campaign is None or one.campaign_id == campaign]
    own.sort(key=lambda one: (one.campaign_id or "", one.decision_id))
    return Ledger(found, {one.customer_id: one for one in own}, _seen(store))


def _seen(store: DuckDBStore) -> frozenset[tuple[str, str]]:
    seen: set[tuple[str, str]] = set()
    if store.has("responses", "decision_id"):
        rows = store.table("responses").select("decision_id", "response")
        seen |= {(row["decision_id"], row["response"]) for row in store.arrow(rows).to_pylist()}
    if store.has("exposures", "decision_id", "exposed_at"):
        rows = store.table("exposures")
        sent = store.arrow(rows.filter(rows.exposed_at.notnull()).select("decision_id"))
        seen |= {(decision, SENT) for decision in sent["decision_id"].to_pylist()}
    return frozenset(seen)


def _aside(raw: RawTable, rows: pa.Table, refused: Mapping[int, str]) -> Iterator[dict[str, Any]]:
    """Write rows that nobody can be found for, without what is personal in them."""
    theirs = fields_of(raw.columns)
    shown = rows.filter(pc.is_in(rows["_row"], pa.array(list(refused), pa.int64()))).select(
        ["_row", *theirs.values()]
    )
    for row in shown.to_pylist():
        content = {name: row[column] for name, column in theirs.items() if row[column] is not None}
        yield {
            "source": SOURCE,
            "file": raw.name,
            "row": row["_row"],
            "rule": refused[row["_row"]],
            "content": json.dumps(content, ensure_ascii=False),
        }


def _unread(raw: RawTable) -> Iterator[dict[str, Any]]:
    for row in raw.rejected:
        yield {"source": SOURCE, "file": raw.name, "row": row.row, "rule": f"files.reason.{row.reason}"}


def _account(raw: RawTable, n_rows: int, back: Returned, reasons: Mapping[str, int]) -> Import:
    return Import(
        n_read=n_rows + len(raw.rejected),
        n_kept=back.n_kept,
        n_merged=back.n_merged,
        n_quarantined=sum(reasons.values()),
        reasons=dict(sorted(reasons.items())),
        responses=dict(sorted(Counter(one.response for one in back.new).items())),
        n_control=back.n_control,
        n_control_sent=back.n_control_sent,
    )


def _load_record(file: str, made: Import) -> dict[str, Any]:
    reasons = [("quarantined", rule, n) for rule, n in made.reasons.items()]
    reasons += [
        ("merged", "campaign.same_response", made.n_merged),
        ("flagged", "campaign.control_row", made.n_control),
    ]
    return {
        "source": SOURCE,
        "file": file,
        "table": "responses",
        "n_read": made.n_read,
        "n_kept": made.n_kept,
        "n_merged": made.n_merged,
        "n_quarantined": made.n_quarantined,
        "reasons": [
            {"rule": rule, "effect": effect, "n_rows": n, "example": None} for effect, rule, n in reasons if n
        ],
    }


def _additions(workspace: Workspace, back: Returned) -> list[Addition]:
    """Turn what is new into rows of exposures, responses and consents."""
    purposes = {
        name or UNNAMED: own.purpose
        for name, own in workspace.config.capabilities[CARD.name].instances().items()
    }
    sent = [one for one in back.new if one.response == SENT]
    followed = [one for one in back.new if one.response != SENT]
    revoked = [one for one in followed if one.response == UNSUBSCRIBED]
    return [
        Addition(
            "exposures",
            _exposed(workspace.reader(), {one.decision.decision_id: one for one in sent}),
            ("decision_id",),
            replaces=True,
        ),
        Addition(
            "responses",
            _table(
                "responses",
                [
                    {
                        "decision_id": one.decision.decision_id,
                        "customer_id": one.decision.customer_id,
                        "offer_id": one.decision.offer_id,
                        "response": one.response,
                        "occurred_at": one.occurred_at,
                        "revenue": one.revenue if one.response in {"redeemed", "bought"} else None,
                    }
                    for one in followed
                ],
            ),
            ("decision_id", "response"),
        ),
        Addition(
            "consents",
            _table(
                "consents",
                [
                    {
                        "customer_id": one.decision.customer_id,
                        "purpose": purposes.get(one.decision.campaign_id or "", "marketing"),
                        "channel": one.decision.channel,
                        "status": "revoked",
                        "changed_at": one.occurred_at,
                    }
                    for one in revoked
                ],
            ),
            ("customer_id", "purpose", "channel", "changed_at"),
        ),
    ]


def _exposed(store: DuckDBStore, sent: Mapping[str, Any]) -> pa.Table:
    """Say of those to whom something was sent when that was; the rest of their row stays."""
    schema = arrow_schema(CANONICAL["exposures"])
    if not sent:
        return schema.empty_table()
    there: dict[str, dict[str, Any]] = {}
    if store.has("exposures", "decision_id"):
        rows = store.table("exposures")
        found = store.arrow(rows.filter(rows.decision_id.isin(sorted(sent))).select(*schema.names))
        there = {row["decision_id"]: row for row in found.to_pylist()}
    made = []
    for decision_id, one in sorted(sent.items()):
        base = there.get(decision_id) or {
            "customer_id": one.decision.customer_id,
            "unit_type": "customer",
            "offer_id": one.decision.offer_id,
            "campaign_id": one.decision.campaign_id,
            "variant": "control" if one.decision.is_control else "treatment",
            "channel": one.decision.channel,
            "decision_id": decision_id,
        }
        made.append({name: base.get(name) for name in schema.names} | {"exposed_at": one.occurred_at})
    return pa.Table.from_pylist(made, schema)


def _table(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    schema = arrow_schema(CANONICAL[name])
    return pa.Table.from_pylist(
        [{column: row.get(column) for column in schema.names} for row in rows], schema
    )
