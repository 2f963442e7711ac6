"""Texts in lower and upper case and ``like`` patterns, as engines understand them: character by character."""

import re
from functools import lru_cache
from typing import Final

_LOWER: Final = {"İ": "i"}
_UPPER: Final = {"ß": "ẞ"}


def lower(text: str) -> str:
    """Lower each character by itself: the text keeps its length.

    Examples
    --------
    >>> lower("CAFÉ"), lower("İ")
    ('café', 'i')
    """
    return text.lower() if text.isascii() else "".join(map(_lower_character, text))


def upper(text: str) -> str:
    """Raise each character by itself: the text keeps its length.

    Examples
    --------
    >>> upper("café"), upper("ß")
    ('CAFÉ', 'ẞ')
    """
    return text.upper() if text.isascii() else "".join(map(_upper_character, text))


@lru_cache(maxsize=4096)
def _lower_character(character: str) -> str:
    lowered = _LOWER.get(character, character.lower())
    return lowered if len(lowered) == 1 else character


@lru_cache(maxsize=4096)
def _upper_character(character: str) -> str:
    raised = (_UPPER.get(character, character.upper()), character.title(), character)
    return next(one for one in raised if len(one) == 1)


@lru_cache(maxsize=256)
def pattern(like: str) -> re.Pattern[str]:
    """Compile a ``like`` pattern: ``%`` is any text, ``_`` any one character; time is linear in the number of parts.

    Examples
    --------
    >>> bool(pattern("v_p%").fullmatch("vip gold"))
    True
    """
    first, *rest = [re.escape(part).replace("_", ".") for part in like.split("%")]
    if not rest:
        return re.compile(first, re.DOTALL)
    middle = "".join(f"(?>.*?{part})" for part in rest[:-1])
    return re.compile(f"{first}{middle}.*{rest[-1]}", re.DOTALL)
