"""What decisions look up: customers, products, lists and rules as arrays of few bytes a row, ready for millions."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from nextbest.decisions.offers import KINDS as OFFER_KINDS
from nextbest.serving.decide.core.ids import Ids, IdsBut
from nextbest.serving.policy import CONTACT_CHANNELS

if TYPE_CHECKING:
    from nextbest.models.intent import Scorer
    from nextbest.serving.decide.core.compiling import Condition

Bools: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Places: TypeAlias = NDArray[np.int32]
Starts: TypeAlias = NDArray[np.integer[Any]]

MONEY: Final = 10_000
"""Steps of one unit of the currency: money has four decimals."""
UNKNOWN_DAY: Final = np.iinfo(np.int32).min
DO_NOT_CONTACT: Final = 1 << 15
NO_PERSONALISATION: Final = 1 << 14
KINDS: Final = (*dict.fromkeys(OFFER_KINDS.values()), "offer", "mandatory")
"""Kinds of what is proposed, by number: those of *offers*, rows of the table ``offers``, mandatory messages."""


@functools.lru_cache(maxsize=100_000)
def price_text(steps: int) -> str | None:
    """Write an exact price; two decimals, more only where they are needed.

    Examples
    --------
    >>> price_text(1_990_000), price_text(12_345), price_text(-1)
    ('199.00', '1.2345', None)
    """
    if steps < 0:
        return None
    whole, part = divmod(steps, MONEY)
    return f"{whole}.{f'{part:04d}'.rstrip('0'):0<2}"


def granted_bit(channel: str) -> int:
    """Give the bit of a contact channel's consent; that of its refusal is the next one.

    Examples
    --------
    >>> granted_bit("email"), granted_bit("sms")
    (1, 4)
    """
    return 1 << (2 * CONTACT_CHANNELS.index(channel))


@dataclass(frozen=True, slots=True)
class Lists:
    """One list of products per key, one after the other."""

    start: Starts
    """Where each key's list begins, and where the last ends; shape (keys + 1,)."""
    product: Places
    strength: NDArray[np.float32]
    """Empty where nobody asks."""

    def span(self, key: int) -> tuple[int, int]:
        """Give the rows of a key."""
        return int(self.start[key]), int(self.start[key + 1])


@dataclass(frozen=True, slots=True)
class Products:
    """Shape (products + 1,): the last row stands for "no product", of which nothing is known."""

    ids: Sequence[str]
    """Sorted, so that the smaller number is the smaller id."""
    index: Mapping[str, int]
    name: NDArray[np.object_]
    category: NDArray[np.object_]
    department: NDArray[np.object_]
    brand: NDArray[np.object_]
    category_code: Ints
    """-1: it has none."""
    name_code: Ints
    """Equal for products of one name; -1: it has none."""
    price: Ints
    """In ``1 / MONEY``; -1: not given."""
    usual_price: Floats
    """The price, or what was paid per unit; NaN: not known."""
    margin: Floats
    """Per order; NaN: not known."""
    margin_source: NDArray[np.object_]
    is_sold: Bools
    """Active, and nothing that no shop proposes."""
    stock: Floats
    """NaN: not counted."""
    risk: Floats
    """NaN: none."""
    is_replenishable: Bools
    base_rate: NDArray[np.float32]
    """Share of all customers who bought it in the last 28 days; NaN: not known."""

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Personal:
    """What each customer may be offered, best first within the customer: about 20 bytes a row."""

    start: Starts
    product: Places
    kind: NDArray[np.int8]
    reason: NDArray[np.int8]
    probability: NDArray[np.float32]
    factor: NDArray[np.float32]
    """How likely a customer buys what is new to them, relative to everybody's buying it; at most 1; shape (customers,)."""
    n_orders: NDArray[np.uint16]
    since_days: NDArray[np.uint16]
    gap_days: NDArray[np.float16]
    ref: NDArray[np.integer[Any]]
    """Row of ``refs``, in the smallest type that holds it."""
    refs: Sequence[tuple[str | None, str | None, float | None, str | None]]
    """rule_id, because, strength, segment: each combination once."""
    incremental: NDArray[np.float32] | None
    """``None``: nothing was tested yet."""


@dataclass(frozen=True, slots=True)
class Words:
    """A column of text: a number per row, each text once; the last text is ``None``."""

    code: Places
    words: NDArray[np.object_]

    def at(self, rows: Ints) -> NDArray[Any]:
        """Give the texts of rows; row -1 is nobody's."""
        code = np.full(len(rows), len(self.words) - 1) if not len(self.code) else self.code[rows]
        return self.words[np.where(rows < 0, len(self.words) - 1, code)]


@dataclass(frozen=True, slots=True)
class Numbers:
    """A column of numbers, days or truth."""

    data: NDArray[Any]
    is_null: Bools

    def at(self, rows: Ints) -> NDArray[Any]:
        """Give the values of rows, masked where they are null; row -1 is nobody's."""
        if not len(self.data):
            return np.ma.MaskedArray(np.zeros(len(rows), self.data.dtype), np.ones(len(rows), np.bool_))
        found: NDArray[Any] = np.ma.MaskedArray(self.data[rows], self.is_null[rows] | (rows < 0))
        return found


@dataclass(frozen=True, slots=True)
class Barred:
    """What the nightly run ruled out for a customer: bought just now, rarely bought again, had already, has one like it."""

    start: Starts
    product: Places
    """Sorted within the customer."""
    is_lists_only: Bools
    """Ruled out in lists; cart, page and search may point to it."""


@dataclass(frozen=True, slots=True)
class Customers:
    """Shape (customers,) each."""

    ids: Ids
    consent: NDArray[np.uint16]
    """Two bits a contact channel (granted, refused), and flags."""
    birth_day: Places
    """Days since 1970; ``UNKNOWN_DAY``: not known."""
    risk: NDArray[np.int8]
    """0: not assessed."""
    assessed_day: Places
    peers: NDArray[np.int32]
    """Number of the segment; -1: none."""
    attributes: Mapping[str, Words | Numbers]
    """What conditions of the policy ask for."""
    had: Lists | None
    """Products held, or bought of late, sorted."""
    barred: Barred | None
    """``None``: the nightly run ruled nothing out."""
    zones: Words | None
    """Time zones; ``None``: the shop's is everybody's."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a product, or a category, in the cart points to; keys are products, then categories."""

    start: Starts
    head: Places
    other: Places
    """Key that must be in the cart, too; -1: none."""
    strength: NDArray[np.float32]
    """size_lift: observed over expected with basket size held fixed."""
    ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class Special:
    """A row of ``offers``: something the shop proposes for a time, at a price, to some."""

    offer_id: str
    product_ids: tuple[str, ...]
    products: tuple[int, ...]
    """Their numbers; that of "no product" where there is none."""
    price: str | None
    margin: float
    """Per order at its own price, less its cost; NaN: not known."""
    starts_at: datetime | None
    ends_at: datetime | None
    content: str | None
    who: Condition | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that one run tells decisions."""

    name: str | None
    as_of: date | None
    currency: str | None
    time_zone: str
    margin_floor: float
    """Least margin per order of what is proposed at its usual price; what has an unknown margin passes."""
    products: Products
    customers: Customers
    personal: Personal
    rules: Rules
    goes_with: Lists
    instead_of: Lists
    better: Lists
    """Better versions; strength is the share of customers who stepped up, 0 where not known."""
    specials: Sequence[Special] = ()
    global_lists: Mapping[str, Places] = field(default_factory=dict)
    """``bestsellers``, ``new_arrivals``."""
    peer_lists: Mapping[int, Places] = field(default_factory=dict)
    """Best-selling products of each segment."""
    peer_names: Sequence[str] = ()
    intent: Scorer | None = None
    """Tells how likely a running visit is to end in an order; ``None``: the run has no such model."""

    def lacks(self, columns: Collection[str]) -> frozenset[str]:
        """Name columns of customers that it was not loaded with: a policy that names them is to wait for another loading."""
        return frozenset(columns) - self.customers.attributes.keys()

    @property
    def n_bytes(self) -> int:
        """Memory of the arrays, bytes."""
        return sum(
            map(
                _bytes_of,
                (
                    self.customers,
                    self.personal,
                    self.rules,
                    self.goes_with,
                    self.instead_of,
                    self.better,
                    self.products,
                ),
            )
        )


def hide(snapshot: Snapshot, is_gone: Callable[[str], bool]) -> Snapshot:
    """Know nothing any more of customers who are gone: they are answered as who is not known."""
    ids = snapshot.customers.ids
    left = IdsBut(ids.data, ids.offsets, is_gone)
    return replace(snapshot, customers=replace(snapshot.customers, ids=left))


def _bytes_of(part: Any) -> int:
    values = (getattr(part, name) for name in type(part).__slots__)
    return sum(
        value.nbytes
        if isinstance(value, np.ndarray)
        else _bytes_of(value)
        if isinstance(value, Lists | Barred | Words)
        else len(value.data) + value.offsets.nbytes
        if isinstance(value, Ids)
        else 0
        for value in values
    )
