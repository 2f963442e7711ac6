"""One flat table as raw columns: numbers where a file writes plain numbers, texts otherwise."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from nextbest.models.propensity.core.examples import Columns
from nextbest.models.propensity.core.values import plain_numbers
from nextbest.tables.canonical import CUSTOMERS

CONTACTS: Final = tuple(
    column.name for column in CUSTOMERS if column.personal and column.name not in {"birth_on", "gender"}
)
"""Name or reach a person and say nothing about what one buys: never used."""


def columns_of(table: pa.Table, *, without: tuple[str, ...] = (), contract: tuple[str, ...] = ()) -> Columns:
    """Turn a table into raw columns.

    Parameters
    ----------
    table
        One row per customer.
    without
        Columns left out.
    contract
        Columns that are there whether or not the data give them: left out where all are missing.
    """
    return {
        name: raw(table[name])
        for name in table.column_names
        if name not in without and not (name in contract and table[name].null_count == len(table))
    }


def raw(column: pa.ChunkedArray) -> NDArray[Any]:
    """Turn one column into numbers with NaN, or texts with ``None``; dates read as ISO text.

    Examples
    --------
    >>> raw(pa.chunked_array([["1", "2.5", None]]))
    array([1. , 2.5, nan])
    >>> raw(pa.chunked_array([[True, None]]))
    array(['true', None], dtype=object)
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        numbers = column.cast(pa.float64()).to_numpy()
        return np.asarray(numbers, dtype=np.float64)
    if pa.types.is_null(kind):
        return np.full(len(column), None, dtype=object)
    texts = column if pa.types.is_string(kind) else column.cast(pa.string())
    numbers = plain_numbers(texts)
    return _shared(texts) if numbers is None else numbers


def _shared(texts: pa.ChunkedArray) -> NDArray[Any]:
    """Give Python texts, each distinct one once in memory."""
    coded = texts.combine_chunks().dictionary_encode()
    levels = np.array([*coded.dictionary.to_pylist(), None], dtype=object)
    places = pc.fill_null(coded.indices, len(levels) - 1).to_numpy(zero_copy_only=False)
    return np.asarray(levels[places], dtype=object)
