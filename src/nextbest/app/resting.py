"""What decisions rest on: a run and a policy, loaded together and replaced as a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from nextbest.app.config import Config
from nextbest.engines.parts import Parts
from nextbest.engines.snapshots import Snapshot as Run
from nextbest.models.intent import MODEL_FILE
from nextbest.serving import decide
from nextbest.serving.decide import Compiled, Request, Result, Snapshot
from nextbest.serving.policy import Policy


@dataclass(frozen=True, slots=True)
class Loaded:
    """A run and a policy that fit each other."""

    run: str | None
    """Name of the run; ``None``: none has finished yet."""
    compiled: Compiled
    snapshot: Snapshot

    def fallback(self, request: Request, cause: str, at: datetime) -> Result:
        """Answer nothing, and say why."""
        snapshot = None if self.run is None else self.snapshot
        return decide.fallback(request, cause, self.compiled.policy, now=at, snapshot=snapshot)


def load(
    folder: Path, config: Config, current: Run | None, policy: Policy, is_erased: Callable[[str], bool]
) -> Loaded:
    """Read a run of a workspace for a policy; ``None``: there is no run yet."""
    compiled = decide.compile_policy(policy)
    files: Mapping[str, Any] = {}
    if current:
        files = current.with_inputs(Parts.open(folder / "store" / "tables").files())
    shop = config.shop
    loading = decide.Loading(
        name=current.name if current else None,
        currency=shop.currency,
        time_zone=shop.time_zone,
        columns=compiled.columns,
        never=config.capabilities["offers"].never,
        margin_floor=config.capabilities["offers"].margin_floor,
        segment=config.capabilities["recommend"].segment,
        intent=current.file(MODEL_FILE) if current else None,
    )
    paths = {name: files[name] for name in decide.TABLES if name in files}
    return Loaded(loading.name, compiled, decide.hide(decide.load(paths, loading), is_erased))
