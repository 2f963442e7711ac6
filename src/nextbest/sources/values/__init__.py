r"""Values: columns of strings -> numbers, money, days, instants, flags and clean texts.

One column is read in one style, decided on its values and never cell by cell:

- ``style_of(sample, kind) -> Style``: decide on a sample (or on all) of the column.
- ``parse(column, kind, style=None, *, time_zone="UTC") -> Parsed``: read it; without a style it is decided on the column.
- ``texts(column)``, ``numbers(column, style=None)``, ``integers(column, style=None)``, ``money(column, style=None)``,
  ``booleans(column)``, ``days(column, time_zone, style=None)``, ``instants(column, time_zone, style=None)``: the same by name.
- ``money_signs(column) -> frozenset[str]``, ``are_several(signs) -> bool``: currency signs beside amounts, and whether they are those of one.
- ``share_readable(column, kind) -> float``: share of the non-empty cells that can be read as the kind, for guessing.

``kind`` is a kind of the table contracts (``nextbest.base.contract.Kind``). ``column`` is a string ``pa.Array`` or
``pa.ChunkedArray``; the result is one ``pa.Array`` of equal length: string, int64, float64, bool, date32, timestamp("us", "UTC"),
decimal128(18, 4). ``Parsed`` has ``values``, ``failed``, ``style``, ``n_failed``.

Empty are ``""``, blanks, NA, N/A, NaN, null, none, nil, ``-``, ``--``, ``\\N``, ``#N/A``, 无, 空, 暂无 in any case. Texts are trimmed
of blanks (also full-width ones), tabs and invisible characters, and letters, digits and signs of full width become half width
(ids typed in a Chinese form match; Chinese characters and punctuation stay), leading zeros stay. Money is exact: it never
passes through a float, and digits beyond the fourth are rounded half away from zero. Local times in a gap of the clock are
moved forward by the gap; those that occur twice are the earlier instant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nextbest.sources.values.spec import Parsed, Style

if TYPE_CHECKING:
    from nextbest.sources.values.reading import (
        are_several,
        booleans,
        days,
        instants,
        integers,
        money,
        money_signs,
        numbers,
        parse,
        share_readable,
        style_of,
        texts,
    )

__all__ = [
    "Parsed",
    "Style",
    "are_several",
    "booleans",
    "days",
    "instants",
    "integers",
    "money",
    "money_signs",
    "numbers",
    "parse",
    "share_readable",
    "style_of",
    "texts",
]


def __getattr__(name: str) -> object:
    if name in __all__:
        from nextbest.sources.values import reading

        return getattr(reading, name)
    raise AttributeError(name)
