"""Parquet to Arrow columns: missing columns are null, ids are text, of several rows of a key the last holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from numpy.typing import NDArray

from nextbest.base.errors import WorkspaceError
from nextbest.serving.decide.core.ids import Ids
from nextbest.serving.decide.core.shop import Ints, Lists, Places, Starts

Paths: TypeAlias = Mapping[str, Path | Sequence[Path]]


class Files:
    """The tables of a snapshot, each a file or the parts of one."""

    def __init__(self, paths: Paths) -> None:
        self._paths = {name: [path] if isinstance(path, Path) else list(path) for name, path in paths.items()}

    def __contains__(self, table: object) -> bool:
        return bool(self._paths.get(str(table)))

    def read(
        self,
        table: str,
        kinds: Mapping[str, pa.DataType],
        where: ds.Expression | None = None,
        *,
        needs: Sequence[str] = (),
    ) -> pa.Table:
        """Read some columns of a table, and the rows that a condition keeps; what is not there is null.

        Parts without the columns that the condition ``needs`` have no such rows.
        """
        if table not in self:
            return pa.table({name: pa.array([], kind) for name, kind in kinds.items()})
        parts = [self._part(path, kinds, where, needs) for path in self._paths[table]]
        return pa.concat_tables(parts).combine_chunks()

    def _part(
        self, path: Path, kinds: Mapping[str, pa.DataType], where: ds.Expression | None, needs: Sequence[str]
    ) -> pa.Table:
        try:
            data = ds.dataset(path, format="parquet")
            found = [name for name in kinds if name in data.schema.names]
            has_rows = all(name in data.schema.names for name in needs)
            rows = data.to_table(columns=found, filter=where) if has_rows else data.schema.empty_table()
        except (pa.ArrowException, OSError) as error:
            raise WorkspaceError("engines.table_unreadable", file=path.name) from error
        return pa.table(
            {
                name: rows[name].cast(kind) if name in found else pa.nulls(rows.num_rows, kind)
                for name, kind in kinds.items()
            }
        )


def column(table: pa.Table, name: str) -> pa.Array:
    """Give a column in one piece."""
    chunked = table[name]
    return chunked.combine_chunks() if chunked.num_chunks != 1 else chunked.chunk(0)


def floats(table: pa.Table, name: str) -> NDArray[np.float64]:
    """Give numbers; null is NaN."""
    return np.asarray(pc.fill_null(column(table, name).cast(pa.float64()), float("nan")))


def whole(table: pa.Table, name: str, null: int) -> Ints:
    """Give whole numbers, or days since 1970."""
    values = column(table, name)
    values = values.cast(pa.int32()) if pa.types.is_date(values.type) else values
    return np.asarray(pc.fill_null(values.cast(pa.int64()), null))


def objects(table: pa.Table, name: str) -> NDArray[np.object_]:
    """Give texts, or ``None``."""
    return np.asarray(column(table, name).to_numpy(zero_copy_only=False), dtype=object)


def numbers_of(ids: pa.Array, known: pa.Array) -> Ints:
    """Give each id its number in sorted ids; -1 where it is not known."""
    return np.asarray(pc.fill_null(pc.index_in(ids, value_set=known), -1).cast(pa.int64()))


def customers_of(table: pa.Table, ids: pa.Array) -> Ints:
    """Give each row the number of its customer; -1 where it is not known."""
    return numbers_of(column(table, "customer_id"), ids)


def sorted_ids(*columns: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Give the distinct ids of several columns, sorted by their bytes."""
    pieces = [
        chunk for one in columns for chunk in (one.chunks if isinstance(one, pa.ChunkedArray) else [one])
    ]
    distinct = pc.drop_null(pc.unique(pa.chunked_array(pieces, pa.string())))
    return distinct.take(pc.sort_indices(distinct))


def packed(ids: pa.Array) -> Ids:
    """Keep sorted ids without anything around them."""
    whole_ids = pa.concat_arrays([ids])
    if not len(whole_ids):
        return Ids.of([])
    _, offsets, data = whole_ids.buffers()
    places = np.frombuffer(offsets, np.int32, len(whole_ids) + 1).copy()
    return Ids(data.to_pybytes()[: places[-1]] if data else b"", places.data)


def last_of(table: pa.Table, number: Ints, n: int) -> Ints:
    """Give, per key, its last row; -1 where it has none."""
    row = np.full(n + 1, -1, np.int64)
    row[number] = np.arange(table.num_rows)
    return row[:n]


def taken(values: NDArray[Any], rows: Ints, null: Any) -> NDArray[Any]:
    """Pick rows; where the row is -1, ``null``."""
    if not len(values):
        return np.full(len(rows), null, values.dtype)
    return np.where(rows < 0, null, values[rows]).astype(values.dtype)


def grown(values: NDArray[Any], last: Any) -> NDArray[Any]:
    """Add the value of "no product"."""
    return np.concatenate([values, np.array([last], values.dtype)])


def starts(keys: Ints, n: int) -> Starts:
    """Give where each key's rows begin among sorted keys, and where the last end."""
    return np.searchsorted(keys, np.arange(n + 1)).astype(np.min_scalar_type(-max(len(keys), 1)))


def first_of_each(keys: Ints, most: int) -> NDArray[np.bool_]:
    """Tell the first rows of each key among sorted keys.

    Examples
    --------
    >>> first_of_each(np.array([0, 0, 0, 2]), 2).tolist()
    [True, True, False, True]
    """
    return np.asarray(np.arange(len(keys)) - np.searchsorted(keys, keys) < most)


def lists(
    key: Ints, product: Ints, strength: NDArray[np.float64], place: Ints, *, n: int, most: int
) -> Lists:
    """Put products under their keys in the order of their places."""
    order = np.lexsort((product, place, key))
    order = order[(key[order] >= 0) & (product[order] >= 0)]
    order = order[first_of_each(key[order], most)]
    found: Places = product[order].astype(np.int32)
    return Lists(starts(key[order], n), found, strength[order].astype(np.float32))
