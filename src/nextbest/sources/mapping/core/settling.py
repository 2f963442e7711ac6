"""Several files of one shop: heads of orders and the items that need them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nextbest.sources.mapping.spec import Guess


def settled(guesses: Sequence[Guess]) -> list[Guess]:
    """Settle what files are, seen together.

    Items take the customer and the time from the heads of their orders and do not lack them. Heads without items are order
    lines without products.

    Examples
    --------
    >>> from nextbest.sources.mapping.spec import Layout
    >>> items = Guess(Layout("order_lines", {"order_id": "订单编号", "product_id": "标题"}), (), (), missing=("ordered_at",))
    >>> heads = Guess(Layout("orders", {"order_id": "订单编号", "ordered_at": "订单创建时间"}), (), ())
    >>> [guess.missing for guess in settled([items, heads])]
    [(), ()]
    >>> settled([heads])[0].layout.table
    'order_lines'
    """
    heads = [guess for guess in guesses if guess.layout.table == "orders"]
    given = {name for head in heads for name in head.layout.columns}
    items = any(_is_items(guess) for guess in guesses)
    return [_settle(guess, given, has_items=items) for guess in guesses]


def _is_items(guess: Guess) -> bool:
    return guess.layout.table == "order_lines" and {"order_id", "product_id"} <= set(guess.layout.columns)


def _settle(guess: Guess, given: set[str], *, has_items: bool) -> Guess:
    if guess.layout.table == "order_lines" and "order_id" in guess.layout.columns:
        return replace(guess, missing=tuple(name for name in guess.missing if name not in given))
    if guess.layout.table == "orders" and not has_items:
        return _as_lines(guess)
    return guess


def _as_lines(guess: Guess) -> Guess:
    missing = tuple(name for name in ("customer_id", "ordered_at") if name not in guess.layout.columns)
    return replace(guess, layout=replace(guess.layout, table="order_lines"), missing=missing)
