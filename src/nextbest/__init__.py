"""nextbest: from a business's own data to decisions that sell more, and the proof that they did.

::

    import nextbest

    shop = nextbest.open("shop")
    shop.load()
    shop.run()
    shop.table("rules").to_pandas()
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from nextbest.app.workspace import Workspace

__all__ = ["open", "propensity"]


def open(folder: str | Path) -> Workspace:  # noqa: A001
    """Open a workspace made by ``nextbest init``.

    Parameters
    ----------
    folder
        The folder that holds ``nextbest.toml``.

    Raises
    ------
    WorkspaceError
        There is no workspace in the folder.
    SettingsError
        A setting is wrong.
    """
    from nextbest.app.workspace import Workspace

    return Workspace.open(folder)


def __getattr__(name: str) -> ModuleType:
    """Give ``nextbest.propensity``: fit, save and load a model on one flat table, without a workspace."""
    if name == "propensity":
        return importlib.import_module("nextbest.models.propensity")
    message = f"module 'nextbest' has no attribute {name!r}"
    raise AttributeError(message)
