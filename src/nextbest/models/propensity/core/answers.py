"""Answers: which value of a column means yes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from nextbest.base.errors import DataError, SettingsError
from nextbest.models.propensity.core.examples import Bools
from nextbest.models.propensity.core.values import Levels

_YES: Final = frozenset(
    {"1", "yes", "y", "true", "t", "是", "有", "真", "已购买", "购买", "ja", "oui", "si", "sí", "sim"}
)
_NO: Final = frozenset(
    {"0", "no", "n", "false", "f", "否", "无", "没有", "假", "未购买", "-1", "2", "nein", "non", "não"}
)
_MOST_SHOWN: Final = 8


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Yes, no, or not known."""

    is_yes: Bools
    """Shape (n,)."""
    is_known: Bools
    """Shape (n,)."""
    positive: str
    """Value that means yes."""
    is_guessed: bool
    """Nothing said so: it is the rarer of two."""


def find_column(asked: str, names: Sequence[str]) -> str:
    """Find a column by its name: exactly, else whatever its case, spaces and signs.

    Raises
    ------
    SettingsError
        There is none, or several read alike.

    Examples
    --------
    >>> find_column("purchase", ["Age", "Purchase "])
    'Purchase '
    """
    if asked in names:
        return asked
    alike = [name for name in names if _folded(name) == _folded(asked)]
    if len(alike) == 1:
        return alike[0]
    folded = {_folded(name): name for name in names}
    close = [folded[name] for name in get_close_matches(_folded(asked), folded, n=3, cutoff=0.5)]
    raise SettingsError("propensity.target_unknown", target=asked, close=close or list(names)[:_MOST_SHOWN])


def names_in(asked: Sequence[str], names: Sequence[str]) -> dict[str, str | None]:
    """Find columns by name, whatever their case, spaces and signs; ``None``: there is no such column.

    Examples
    --------
    >>> names_in(["page values", "colour"], ["PageValues", "Month"])
    {'page values': 'PageValues', 'colour': None}
    """
    folded = {_folded(name): name for name in names}
    return {name: name if name in names else folded.get(_folded(name)) for name in asked}


def _folded(name: str) -> str:
    return "".join(sign for sign in name.casefold() if sign.isalnum())


def read_answers(values: NDArray[Any], target: str, positive: str | None) -> Answers:
    """Tell yes from no.

    Parameters
    ----------
    values
        Raw column, shape (n,).
    target
        Its name, for errors.
    positive
        Value that means yes; ``None``: guess between two.

    Raises
    ------
    DataError
        There are no rows, or the column is empty or has one value only.
    SettingsError
        It has three values or more and ``positive`` does not say which means yes, or has no such value.

    Examples
    --------
    >>> answers = read_answers(np.array(["no", "yes", None, "no"], dtype=object), "bought", None)
    >>> answers.is_yes.tolist(), answers.is_known.tolist(), answers.positive, answers.is_guessed
    ([False, True, False, False], [True, True, False, True], 'yes', False)
    """
    if not len(values):
        raise DataError("propensity.no_rows", target=target)
    levels = Levels(values)
    if not levels.names:
        raise DataError("propensity.target_empty", target=target, n=len(values))
    if len(levels.names) == 1:
        n_missing = int((levels.of_row < 0).sum())
        raise DataError(
            "propensity.target_constant", target=target, value=levels.names[0], n_missing=n_missing
        )
    meaning_yes, is_guessed = _meaning_yes(levels, target, positive)
    is_yes = np.isin(levels.of_row, [levels.names.index(name) for name in meaning_yes])
    return Answers(is_yes, levels.of_row >= 0, meaning_yes[0], is_guessed)


def _meaning_yes(levels: Levels, target: str, positive: str | None) -> tuple[list[str], bool]:
    if positive is not None:
        found = [name for name in levels.names if _same(name, positive)]
        if not found:
            raise SettingsError(
                "propensity.positive_unknown", target=target, positive=positive, values=_shown(levels)
            )
        return found, False
    spelled = {name.casefold() for name in levels.names}
    if len(spelled) > 2:  # noqa: PLR2004 - yes and no
        raise SettingsError("propensity.target_many", target=target, n=len(spelled), values=_shown(levels))
    known = [name for name in levels.names if _plain(name) in _YES]
    others = [name for name in levels.names if name not in known]
    if known and others:
        return known, False
    says_no = [name for name in levels.names if _plain(name) in _NO]
    if says_no and len(says_no) < len(levels.names):
        return [name for name in levels.names if name not in says_no], False
    rarest = min(zip(levels.counts.tolist(), levels.names, strict=True))[1]
    return [name for name in levels.names if name.casefold() == rarest.casefold()], True


def _plain(name: str) -> str:
    """Write a value as one would say it: ``1.0`` is 1."""
    folded = name.casefold()
    return folded.removesuffix(".0")


def _same(one: str, other: str) -> bool:
    return _plain(one.strip()) == _plain(other.strip())


def _shown(levels: Levels) -> list[str]:
    order = np.argsort(-levels.counts, kind="stable")[:_MOST_SHOWN]
    return [levels.names[place] for place in order]
