"""What a document holds of a visitor's acts, as the intent of a visit is told from them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from nextbest.models.intent import NOT_ACTS, TYPES, Act, price_of
from nextbest.serving.state.core.joining import Entry
from nextbest.serving.state.spec import Document

_NOT_VISITS = frozenset({"shown", "expired"})
_NEED_MORE = frozenset({"view", "add", "remove", "search"})
"""Kinds that are no such act without a product, or without words."""


def acts_of(document: Document) -> list[Act]:
    """Give the acts of a visitor, oldest first.

    Examples
    --------
    >>> acts_of({"views": [[5, "b", "tea", 9.0]], "orders": [[3, "a", ["milk"]]]})[1].kind
    'view'
    """
    acts = chain(
        (Act(at, mark, "view", product, dwell) for at, mark, product, dwell in document.get("views", ())),
        (
            Act(at, mark, "add" if sign == "+" else "remove", product, units, price_of(price))
            for at, mark, sign, product, units, price in document.get("cart", ())
        ),
        (Act(at, mark, "search") for at, mark, _ in document.get("searches", ())),
        (Act(at, mark, "order") for at, mark, _ in document.get("orders", ())),
        (
            Act(at, mark, "offer")
            for at, mark, verb, *_ in document.get("offers", ())
            if verb not in _NOT_VISITS
        ),
        _others(document),
    )
    return sorted(acts, key=lambda act: act.place)


def _others(document: Document) -> Iterator[Act]:
    emptied = document.get("emptied", [0, "", []])
    for at, mark, said in document.get("others", ()):
        if said in NOT_ACTS:
            continue
        kind = TYPES.get(said, "other")
        whole = emptied[2] if kind in {"cart", "checkout"} and emptied[:2] == [at, mark] else None
        yield Act(at, mark, "other" if kind in _NEED_MORE else kind, lines=_lines(whole))


def _lines(whole: list[Entry] | None) -> tuple[tuple[str, float, float | None], ...] | None:
    return (
        None if whole is None else tuple((product, units, price_of(price)) for product, units, price in whole)
    )
