"""Gathering what the report shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

from nextbest.advice.report import Edition, render_report, shop_totals
from nextbest.app.runner import findings_from
from nextbest.base.errors import SettingsError, WorkspaceError
from nextbest.base.messages import LANGUAGES

if TYPE_CHECKING:
    from nextbest.app.workspace import Workspace
    from nextbest.engines.duckdb_store import DuckDBStore

SHOWN: Final = (
    "rules",
    "rule_periods",
    "rule_limits",
    "rfm",
    "lifecycle",
    "product_profiles",
    "audiences",
    "load_report",
    "load_reasons",
    "data_quality",
    "skipped",
)


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
    """Read the tables that the report shows and that are there."""
    tables = {name: store.arrow(store.table(name)) for name in SHOWN if store.has(name)}
    if store.has("order_lines"):
        tables["shop_totals"] = store.arrow(shop_totals(store.table("order_lines")))
    return tables
