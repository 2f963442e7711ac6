"""Reasons, causes and labels in the language of the request."""

from __future__ import annotations

import functools
import string
from collections.abc import Sequence
from typing import Final

from nextbest.base.messages import LANGUAGES, Message, Value, codes, render
from nextbest.serving.policy import PERSONAL_SOURCES

_ACCEPT: Final = {
    "cross_sell": "decide.accept.add",
    "up_sell": "decide.accept.see",
    "replenish": "decide.accept.again",
    "discover": "decide.accept.see",
    "offer": "decide.accept.take",
    "mandatory": "decide.accept.understood",
}


@functools.lru_cache(maxsize=64)
def language_of(locale: str) -> str:
    """Give the catalogue of a locale.

    Examples
    --------
    >>> language_of("zh-CN"), language_of("en_GB"), language_of("fr")
    ('zh', 'en', 'en')
    """
    start = locale.replace("_", "-").split("-")[0].lower()
    return start if start in LANGUAGES else LANGUAGES[0]


@functools.lru_cache(maxsize=64)
def labels(kind: str, language: str) -> tuple[str, str]:
    """Give what the buttons to accept and to reject say.

    Examples
    --------
    >>> labels("cross_sell", "en")
    ('Add to cart', 'No, thank you')
    """
    reject = "decide.reject.close" if kind == "mandatory" else "decide.reject"
    return render(Message(_ACCEPT[kind]), language), render(Message(reject), language)


@functools.lru_cache(maxsize=1024)
def placeholders(code: str) -> tuple[str, ...]:
    """Name what a sentence tells; the same in every language.

    Examples
    --------
    >>> placeholders("decide.reason.rhythm")
    ('gap_days',)
    """
    parts = string.Formatter().parse(codes(LANGUAGES[0])[code])
    return tuple(dict.fromkeys(name for _, name, _, _ in parts if name))


@functools.lru_cache(maxsize=50_000)
def sentence(code: str, values: tuple[tuple[str, Value], ...], language: str, currency: str | None) -> str:
    """Put a reason into words; what was said before is remembered.

    Examples
    --------
    >>> sentence("decide.reason.bestsellers", (), "zh", None)
    '近期热销'
    """
    return render(Message(code, dict(values)), language, currency=currency)


@functools.lru_cache(maxsize=50_000)
def say(kind: str, why: str, product: str, language: str) -> str:
    """Put into words what staff may say to the customer.

    Examples
    --------
    >>> say("replenish", "You buy it about every 6 days", "Milk", "en")
    'You buy it about every 6 days. Would you like Milk again?'
    """
    return render(Message(f"decide.say.{kind}", {"why": why, "product": product}), language)


def cause(name: str, removed: int, candidates: int) -> Message:
    """Say why a placement stays empty."""
    return Message(f"decide.cause.{name}", {"n": removed, "n_candidates": candidates})


def nothing_proposed(sources: Sequence[str], *, is_personal: bool) -> Message:
    """Say why there was no candidate at all.

    Examples
    --------
    >>> render(nothing_proposed(["cart", "accessories"], is_personal=True))
    'None of the sources of this placement has anything to propose: cart, accessories.'
    """
    if not is_personal and PERSONAL_SOURCES.issuperset(sources):
        return Message("decide.cause.no_candidates.personal")
    if list(sources) == ["threshold"]:
        return Message("decide.cause.no_candidates.threshold")
    return Message("decide.cause.no_candidates", {"sources": sources})
