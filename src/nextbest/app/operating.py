"""The operational store of a workspace, opened where its settings say: one database for runs, commands and service."""

from __future__ import annotations

from pathlib import Path

from nextbest.app.config import Config
from nextbest.engines.operations import Operations
from nextbest.serving.log import Forgotten


def open_operations(folder: Path, database: str | None = None, *, config: Config | None = None) -> Operations:
    """Open what people and the service write, of a workspace.

    Parameters
    ----------
    folder
        The workspace.
    database
        URL of a PostgreSQL database; goes before what the settings say.
    config
        Of the workspace; read where it is not given.
    """
    url = database or (config or Config.read(folder)).service.database
    store = folder / "store"
    store.mkdir(parents=True, exist_ok=True)
    return Operations.open(store, url=url)


def forgotten_in(folder: Path, config: Config) -> Forgotten:
    """Tell who was erased from a workspace; nobody, where nothing operational was ever written."""
    if not config.service.database and not (folder / "store" / "operations.db").exists():
        return Forgotten()
    with open_operations(folder, config=config) as operations:
        return operations.forgotten()
