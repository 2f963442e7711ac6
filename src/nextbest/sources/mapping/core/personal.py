"""Columns that name or reach a person, told by what stands in them; see ``is_personal_header`` for their names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
PHONE: Final = re.compile(r"'?((\+?86)?1[3-9]\d{9}|\+\d[\d\s()/-]{7,}\d|\(?\d{3}\)?[ -]\d{3}[ -]\d{4})")
_CARD: Final = re.compile(r"[3-6]\d{14,18}|[3-6]\d{3}(?:[ -]\d{4}){3}")
_NATIONAL: Final = re.compile(
    r"[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])\d{3}[\dXx]"
    r"|\d{3}-\d{2}-\d{4}|[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}[A-Z0-9 ]{0,4}"
)
"""Chinese identity cards, American social security numbers, bank accounts (IBAN)."""
_MOSTLY: Final = 0.45
_ENOUGH: Final = 500
"""Different values that are looked at."""


def looks_personal(cells: Iterable[str | None]) -> bool:
    """Tell whether most values are e-mail addresses, or phone, card or identity numbers.

    Examples
    --------
    >>> looks_personal(["11010519491231002X", "440308199901010012"]), looks_personal(["4006381333931", "4006381333948"])
    (True, False)
    """
    filled = list(dict.fromkeys(cell.strip() for cell in cells if cell and cell.strip()))[:_ENOUGH]
    tests: tuple[Callable[[str], object], ...] = (
        EMAIL.fullmatch,
        PHONE.fullmatch,
        _is_card,
        _NATIONAL.fullmatch,
    )
    return bool(filled) and any(
        sum(test(cell) not in {None, False} for cell in filled) >= _MOSTLY * len(filled) for test in tests
    )


def _is_card(cell: str) -> bool:
    """Tell a card number by its length and its check digit (ISO/IEC 7812, Luhn)."""
    if not _CARD.fullmatch(cell):
        return False
    digits = [int(letter) for letter in reversed(cell) if letter.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
