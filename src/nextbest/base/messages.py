"""Sentences in English and Chinese: a code and values, rendered when somebody reads.

Texts live in ``nextbest/locale/<language>/<domain>.po``; the domain is what stands before the first dot of a code.
Placeholders name a value and say how it reads: ``{n_both:count}``, ``{confidence:percent}``, ``{margin:money}``. English words
behind ``count`` agree with it: ``{n:count customers have}`` reads "1 customer has" or "2 customers have".
"""

from __future__ import annotations

import functools
import math
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

LANGUAGES: Final = ("en", "zh")
_LOCALES: Final = {"en": "en", "zh": "zh_Hans_CN"}
_LEAST_PERCENT: Final = 0.0001
"""The least share that is written out."""


@dataclass(frozen=True, slots=True)
class Message:
    """A code of the catalogues and the values of its placeholders."""

    code: str
    values: Mapping[str, Value] = field(default_factory=dict)


Value = str | int | float | Decimal | date | datetime | Sequence[str] | Message | None
"""A message within a message is put into words by ``code``, in the same language."""


def render(message: Message, language: str = "en", *, currency: str | None = None) -> str:
    """Put a message into words.

    Parameters
    ----------
    message
        Code and values.
    language
        ``en`` or ``zh``.
    currency
        ISO 4217 code for ``money`` placeholders; without it they read as plain numbers.

    Examples
    --------
    >>> render(Message("base.rows", {"n": 12345}))
    '12,345 rows'
    >>> render(Message("base.rows", {"n": 12345}), "zh")
    '12,345 行'
    """
    text = _catalogue(language, message.code.split(".", 1)[0])[message.code]
    return _Phrase(language, currency).vformat(text, (), dict(message.values))


def written(value: Value, kind: str, language: str = "en", *, currency: str | None = None) -> str:
    """Write one value as a placeholder of this kind would.

    Examples
    --------
    >>> written(1, "count days"), written(1234, "count days"), written(0.998, "percent")
    ('1 day', '1,234 days', '99.8%')
    """
    return _Phrase(language, currency).format_field(value, kind)


def translate(code: str, language: str = "en") -> str:
    """Look up a text without placeholders.

    Examples
    --------
    >>> translate("base.yes", "zh")
    '是'
    """
    return render(Message(code), language)


def codes(language: str) -> dict[str, str]:
    """List every code of one language with its text."""
    texts: dict[str, str] = {}
    for entry in (resources.files("nextbest") / "locale" / language).iterdir():
        if entry.name.endswith(".po"):
            texts.update(_catalogue(language, entry.name.removesuffix(".po")))
    return texts


@functools.cache
def _catalogue(language: str, domain: str) -> dict[str, str]:
    from babel.messages.pofile import read_po

    path = resources.files("nextbest") / "locale" / language / f"{domain}.po"
    with path.open("rb") as file:
        return {str(entry.id): str(entry.string) for entry in read_po(file) if entry.id}


class _Phrase(string.Formatter):
    """A formatter whose format specs are the kinds of value that people read."""

    def __init__(self, language: str, currency: str | None) -> None:
        self.language = language
        self.locale = _LOCALES[language]
        self.currency = currency

    def format_field(self, value: Value, format_spec: str) -> str:
        kind, _, words = format_spec.partition(" ")
        if value is None:
            return f"– {words}".strip()
        how = _FORMATS.get(kind)
        if how is None:
            return str(super().format_field(value, format_spec))
        return f"{how(self, value)} {_agreeing(words, value)}" if words else how(self, value)

    def as_count(self, value: int) -> str:
        from babel.numbers import format_decimal

        return format_decimal(value, "#,##0", locale=self.locale)

    def as_number(self, value: float) -> str:
        from babel.numbers import format_decimal

        return format_decimal(value, "#,##0.##", locale=self.locale)

    def as_ratio(self, value: float) -> str:
        from babel.numbers import format_decimal

        return format_decimal(value, "#,##0.0" if abs(value) >= 1.95 else "0.00", locale=self.locale)  # noqa: PLR2004

    def as_percent(self, value: float) -> str:
        """Write a share; what is not nothing never reads 0%, what is not all never 100%."""
        from babel.numbers import format_percent

        size = abs(value)
        if 0 < size <= _LEAST_PERCENT / 2 or 1 - _LEAST_PERCENT / 2 <= size < 1:
            nearest = _LEAST_PERCENT if size < 0.5 else 1 - _LEAST_PERCENT  # noqa: PLR2004
            beyond = "<" if (size < nearest) == (value > 0) else ">"
            return beyond + format_percent(math.copysign(nearest, value), "0.00%", locale=self.locale)
        fine = size < 0.00995 or 0.9995 <= size < 1  # noqa: PLR2004
        is_whole = size in (0, 1) or 0.0995 <= size < 0.995 or size > 1  # noqa: PLR2004
        digits = "#,##0%" if is_whole else "0.0#%" if fine else "0.0%"
        return format_percent(value, digits, locale=self.locale)

    def as_money(self, value: float | Decimal) -> str:
        from babel.numbers import format_currency, format_decimal

        digits = "#,##0" if abs(float(value)) >= 100 else "#,##0.00"  # noqa: PLR2004
        if self.currency is None:
            return format_decimal(value, digits, locale=self.locale)
        return format_currency(value, self.currency, f"¤{digits}", locale=self.locale, currency_digits=False)

    def as_date(self, value: date) -> str:
        from babel.dates import format_date

        return format_date(value, "medium", locale=self.locale)

    def as_list(self, value: Sequence[str]) -> str:
        return ("、" if self.language == "zh" else ", ").join(value)

    def as_code(self, value: str | Message) -> str:
        message = value if isinstance(value, Message) else Message(value)
        return render(message, self.language, currency=self.currency)


def _agreeing(words: str, n: Any) -> str:
    """Put plural English words into the singular where there is one."""
    shown_as_one = round(n) == 1
    return " ".join(_SINGULAR.get(w, w.removesuffix("s")) for w in words.split()) if shown_as_one else words


_SINGULAR: Final = {
    "are": "is",
    "buy": "buys",
    "categories": "category",
    "do": "does",
    "have": "has",
    "hold": "holds",
    "lack": "lacks",
    "were": "was",
}

_FORMATS: Final[dict[str, Callable[[_Phrase, Any], str]]] = {
    "count": _Phrase.as_count,
    "number": _Phrase.as_number,
    "ratio": _Phrase.as_ratio,
    "percent": _Phrase.as_percent,
    "money": _Phrase.as_money,
    "date": _Phrase.as_date,
    "list": _Phrase.as_list,
    "code": _Phrase.as_code,
}
