"""In which order capabilities run, what each needs, and whether anything it reads has changed."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import resources

from nextbest.base.capability import Capability, Moment
from nextbest.base.settings import NamedSettings, Settings

Need = str
"""``table``, ``table.column``, or several of them joined by ``|``: one of them is enough."""


def in_order(cards: Iterable[Capability]) -> list[Capability]:
    """Sort cards so that each comes after those whose tables it reads; ties keep the catalogue's order.

    Examples
    --------
    >>> from nextbest.app.catalogue import CATALOGUE
    >>> names = [card.name for card in in_order(reversed(CATALOGUE))]
    >>> names.index("products") < names.index("rules") < names.index("audiences")
    True
    """
    waiting = list(cards)
    ordered: list[Capability] = []
    while waiting:
        unwritten = {table.name for card in waiting for table in card.writes}
        ready = [card for card in waiting if not (reads(card) - own(card)) & unwritten]
        ordered += ready
        waiting = [card for card in waiting if card not in ready]
    return ordered


def with_needed(
    names: Sequence[str], cards: Sequence[Capability], settings: Mapping[str, Settings]
) -> list[Capability]:
    """Pick the named cards and those that write what they read with these settings, in order."""
    writers = {table.name: card for card in cards for table in card.writes}
    wanted = [card for card in cards if card.name in names]
    for card in wanted:  # grows while it is walked: needs of needs
        needed = dict.fromkeys(
            writers[table] for table in sorted(asked(card, settings[card.name])) if table in writers
        )
        wanted += [writer for writer in needed if writer not in wanted]
    return in_order(wanted)


def reads(card: Capability) -> frozenset[str]:
    """Name the tables a card may read."""
    needs = [part.strip() for need in card.requires for part in need.split("|")]
    return frozenset(need.split(".")[0] for need in (*needs, *card.uses, *dict(card.uses_when)))


def asked(card: Capability, settings: Settings) -> frozenset[str]:
    """Name the tables a card may read with these settings."""
    each = settings.instances().values() if isinstance(settings, NamedSettings) else (settings,)
    unasked = {table for table, setting in card.uses_when if not any(getattr(one, setting) for one in each)}
    return reads(card) - unasked


def own(card: Capability) -> frozenset[str]:
    """Name the tables a card writes."""
    return frozenset(table.name for table in card.writes)


def missing(card: Capability, has: Callable[..., bool]) -> Need | None:
    """Name the first need that the data do not meet; ``None`` when the card can run.

    Parameters
    ----------
    has
        ``store.has``: table, then columns.
    """
    for need in card.requires:
        if not any(has(*alternative.strip().split(".")) for alternative in need.split("|")):
            return need
    return None


def fingerprint(
    card: Capability, settings: Settings, moment: Moment, inputs: Iterable[tuple[str, Sequence[str]]]
) -> str:
    """Name everything a result depends on: equal fingerprints, equal rows.

    Parameters
    ----------
    inputs
        Tables the card may read, each with what identifies its content.
    """
    what = [card.name, code_version(), settings.model_dump_json(), str(moment), sorted(map(list, inputs))]
    return hashlib.sha256(json.dumps(what, default=list).encode()).hexdigest()


@functools.cache
def code_version() -> str:
    """Digest the package's own source, so that changed code is never taken for an unchanged result."""
    root = resources.files("nextbest")
    digest = hashlib.sha256()
    with resources.as_file(root) as folder:
        for path in sorted(folder.rglob("*.py")):
            if path.relative_to(folder).parts[0] not in {"cli", "web"}:
                digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
