"""Which variant does an id get? The same everywhere, in every order, from the id and a seed alone.

The hash is version 2 of GrowthBook's SDK specification: 32-bit FNV-1a [1]_, twice, over UTF-16 code units as JavaScript
counts them, so that their SDKs give the same answer for Chinese ids and emoji, too. Version 1 can be read for its
namespaces and old tests; two tests under version 1 are correlated, so nothing of ours is assigned by it.

References
----------
.. [1] Fowler, Noll, Vo, Eastlake, *The FNV non-cryptographic hash algorithm*, IETF draft.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

BUCKETS: Final = 10_000
"""Steps into which version 2 divides the ids; shares are whole multiples of 1 / BUCKETS."""

Ints: TypeAlias = NDArray[np.int64]
Range: TypeAlias = tuple[float, float]
"""Half-open, ``[start, end)``."""

_START: Final = 2_166_136_261
_PRIME: Final = 16_777_619
_MODULUS: Final = 2**32
_MOST_DIGITS: Final = 10
_BMP: Final = 0xFFFF
_WHOLE: Final = 0.01


def fnv1a32(text: str, start: int = _START) -> int:
    """Hash a text over its UTF-16 code units.

    Examples
    --------
    >>> fnv1a32(""), fnv1a32("a")
    (2166136261, 3826002220)
    """
    for unit in _units(text):
        start = (start ^ unit) * _PRIME % _MODULUS
    return start


def bucket(seed: str, value: str) -> int:
    """Give the id's bucket, 0 to 9,999.

    Examples
    --------
    >>> bucket("exp", "客户0"), bucket("exp", "😀1")
    (2374, 1573)
    """
    return fnv1a32(str(fnv1a32(seed + value))) % BUCKETS


def hash_share(seed: str, value: str, version: int = 2) -> float | None:
    """Give the id's place in ``[0, 1)``, as the SDKs do; ``None`` for a version that nobody knows.

    Examples
    --------
    >>> hash_share("", "a", 1), hash_share("exp", "客户0"), hash_share("", "a", 99)
    (0.22, 0.2374, None)
    """
    if version == 1:
        return fnv1a32(value + seed) % 1000 / 1000
    return bucket(seed, value) / BUCKETS if version == 2 else None  # noqa: PLR2004


def buckets(seed: str, values: Sequence[str]) -> Ints:
    """Give the bucket of many ids at once; equal to :func:`bucket` of each.

    Examples
    --------
    >>> buckets("exp", ["客户0", "客户1", "😀1"]).tolist()
    [2374, 7482, 1573]
    """
    lengths = np.fromiter(map(_length, values), np.int64, len(values))
    units = np.frombuffer("".join(values).encode("utf-16-le", "surrogatepass"), np.uint16)
    begins = np.cumsum(lengths) - lengths
    longest_first = np.argsort(-lengths, kind="stable")
    state = np.full(len(values), fnv1a32(seed), np.uint64)
    for place in range(int(lengths.max(initial=0))):
        rows = longest_first[: np.count_nonzero(lengths > place)]
        state[rows] = _step(state[rows], units[begins[rows] + place])
    return (_of_digits(state) % np.uint64(BUCKETS)).astype(np.int64)


def bucket_sql(seed: str, column: str) -> str:
    """Write the bucket of a column of ids as an expression that DuckDB executes; equal to :func:`bucket` of each.

    Parameters
    ----------
    column
        An expression of type varchar, such as the quoted name of a column.

    Examples
    --------
    >>> import duckdb
    >>> with duckdb.connect() as connection:
    ...     connection.execute(f"SELECT {bucket_sql('exp', 'id')} FROM (VALUES ('客户1'), ('😀1')) t(id)").fetchall()
    [(7482,), (1573,)]
    """
    points = f"list_transform(string_split({column}, ''), lambda c: unicode(c)::BIGINT)"
    split = "[55296 + ((p - 65536) >> 10), 56320 + ((p - 65536) & 1023)]"
    units = f"flatten(list_transform(list_filter({points}, lambda p: p >= 0), lambda p: CASE WHEN p > {_BMP} THEN {split} ELSE [p] END))"
    digits = f"list_transform(string_split(({_reduce(units, fnv1a32(seed))})::VARCHAR, ''), lambda c: unicode(c)::BIGINT)"
    return f"({_reduce(digits, _START)}) % {BUCKETS}"


def bucket_ranges(
    n_variants: int, coverage: float = 1.0, weights: Sequence[float] | None = None
) -> list[Range]:
    """Divide ``[0, 1)`` among variants; of a part that is not covered nobody gets anything.

    Weights that do not fit the variants, or do not add up to 1, count as equal ones.

    Examples
    --------
    >>> bucket_ranges(2, 0.5)
    [(0.0, 0.25), (0.5, 0.75)]
    """
    covered = min(max(coverage, 0.0), 1.0)
    equal = [1 / n_variants] * n_variants if n_variants > 0 else []
    fits = weights is not None and len(weights) == n_variants and abs(sum(weights) - 1) <= _WHOLE
    shares = list(weights) if fits and weights is not None else equal
    begins = [sum(shares[:place], 0.0) for place in range(len(shares))]
    return [(begin, begin + covered * share) for begin, share in zip(begins, shares, strict=True)]


def choose_variation(share: float, ranges: Iterable[Sequence[float]]) -> int:
    """Give the number of the first range that holds the share; -1 where none does, as the SDKs say it.

    Examples
    --------
    >>> choose_variation(0.6, [(0, 0.5), (0.5, 1)]), choose_variation(0.4, [(0, 0.25), (0.5, 0.75)])
    (1, -1)
    """
    return next((place for place, (start, end) in enumerate(ranges) if start <= share < end), -1)


def in_namespace(value: str, name: str, start: float, end: float) -> bool:
    """Tell whether an id lies in a part of a namespace: tests in parts of one namespace share nobody (version 1).

    Examples
    --------
    >>> in_namespace("1", "namespace1", 0, 0.4), in_namespace("1", "namespace1", 0.4, 1)
    (False, True)
    """
    share = hash_share(f"__{name}", value, 1)
    return share is not None and start <= share < end


def _units(text: str) -> memoryview:
    return memoryview(text.encode("utf-16-le", "surrogatepass")).cast("H")


def _length(text: str) -> int:
    """Count code units: characters beyond the basic plane are two."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _step(state: NDArray[np.uint64], units: NDArray[np.uint16]) -> NDArray[np.uint64]:
    mixed: NDArray[np.uint64] = (state ^ units) * np.uint64(_PRIME) % np.uint64(_MODULUS)
    return mixed


def _of_digits(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Hash numbers as the text of their decimal digits."""
    state = np.full(len(numbers), _START, np.uint64)
    for power in range(_MOST_DIGITS - 1, -1, -1):
        above = numbers // np.uint64(10**power)
        digits = (above % np.uint64(10) + np.uint64(ord("0"))).astype(np.uint16)
        state = np.where((above > 0) | (power == 0), _step(state, digits), state)
    return state


def _reduce(units: str, start: int) -> str:
    return f"list_reduce({units}, lambda h, u: (xor(h, u) * {_PRIME}) % {_MODULUS}, {start}::BIGINT)"
