"""A capability's card: the question it answers, what it reads, what it writes, and where its recipe is."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from nextbest.base.settings import Settings

if TYPE_CHECKING:
    from nextbest.base.contract import Table
    from nextbest.base.findings import Finding


@dataclass(frozen=True, slots=True)
class Moment:
    """When and by what chance a recipe runs; recipes know no clock and no global seed."""

    as_of: date | None
    """The day profiles are drawn up: nothing on or after it is seen. ``None`` where the data have no dates."""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Capability:
    """What a room can do, known without loading the room."""

    name: str
    question: str
    """In English, ends with "?"; the catalogues hold it as ``<domain>.question``."""
    recipe: str
    """Dotted name of ``run(store, settings, moment) -> list[Finding]``."""
    settings: type[Settings]
    writes: tuple[Table, ...]
    requires: tuple[str, ...] = ()
    """Tables or columns without which it cannot run: ``order_lines``, ``order_lines.customer_id``; ``a | b``: one of them."""
    uses: tuple[str, ...] = ()
    """Tables it reads when they are there."""
    uses_when: tuple[tuple[str, str], ...] = ()
    """Tables it reads only where a setting is set: ``("rules", "rule")``."""
    uses_previous: tuple[str, ...] = ()
    """Tables of the last snapshot it reads when they are there."""

    def load(self) -> Callable[..., list[Finding]]:
        """Import the recipe."""
        module, _, function = self.recipe.partition(":")
        recipe: Callable[..., list[Finding]] = getattr(importlib.import_module(module), function)
        return recipe
