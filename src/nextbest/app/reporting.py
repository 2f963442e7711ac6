"""Gathering what the report shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from nextbest.advice.report import DIGESTS, SHOWN, Edition, render_report
from nextbest.app.runner import findings_from
from nextbest.base.errors import SettingsError, WorkspaceError
from nextbest.base.messages import LANGUAGES

if TYPE_CHECKING:
    from nextbest.app.workspace import Workspace
    from nextbest.engines.duckdb_store import DuckDBStore


def page(workspace: Workspace, against: str | None, language: str | None) -> str:
    """Render the report of a workspace's last run."""
    if language is not None and language not in LANGUAGES:
        raise SettingsError("base.setting_wrong", where="--language", expected="en, zh", got=language)
    runs = workspace.runs()
    if not runs:
        raise WorkspaceError("app.nothing_run")
    shop = workspace.config.shop
    store = workspace.reader()
    edition = Edition(shop.name, language or shop.language, shop.currency, workspace.current_run(), against)
    return render_report(
        gather(store),
        findings_from(store.arrow(store.table("findings")).to_pylist()),
        edition,
        against=gather(workspace.reader(against)) if against else None,
    )


def gather(store: DuckDBStore) -> dict[str, pa.Table]:
    """Read the tables that the report shows and that are there; of long ones a digest."""
    tables = {name: store.arrow(store.table(name)) for name in SHOWN if store.has(name)}
    for name, (long, digest) in DIGESTS.items():
        if store.has(long):
            tables[name] = store.arrow(digest(store.table(long)))
    return tables
