"""The rows of a file that a platform gave back: whom each speaks of, what happened, and when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from nextbest.base.errors import DataError
from nextbest.decisions.campaigns import Report, fields_of, response_of
from nextbest.sources.files import RawTable
from nextbest.sources.values import booleans, instants, money, texts

_OURS: Final = ("decision_id", "customer_id", "response", "occurred_at", "revenue")


def rows_of(raw: RawTable) -> pa.Table:
    """Read a returned file whole, as text."""
    schema = pa.schema([("_row", pa.int64()), *((name, pa.string()) for name in raw.columns)])
    return pa.Table.from_batches(list(raw.batches()), schema)


def reports_of(raw: RawTable, rows: pa.Table, zone: str, now: datetime) -> Iterator[Report]:
    """Read each row: a column of states, or a column per thing that may have happened."""
    theirs = fields_of(raw.columns)
    events = [name for name in theirs if name not in _OURS]
    if not {"decision_id", "customer_id"} & set(theirs) or not (events or "response" in theirs):
        raise DataError("campaign.not_a_return", file=raw.name, columns=list(raw.columns))

    def read(name: str, how: Any) -> list[Any]:
        return how(rows[theirs[name]]) if name in theirs else [None] * rows.num_rows

    at = read("occurred_at", lambda cells: _times(cells, zone))
    happened = {name: read(name, lambda cells: _happened(cells, zone)) for name in events}
    states = read("response", lambda cells: texts(cells).values.to_pylist())
    revenue = read("revenue", lambda cells: money(cells).values.to_pylist())
    decisions, customers = (
        read(name, lambda cells: texts(cells).values.to_pylist()) for name in ("decision_id", "customer_id")
    )
    for place, row in enumerate(rows["_row"].to_pylist()):
        usual = at[place] or now
        said = [(name, when[place] or usual) for name, when in happened.items() if when[place] is not False]
        state = None if states[place] is None else response_of(states[place])
        said += [(state, usual)] if state and state not in dict(said) else []
        is_readable = state is not None or states[place] is None
        yield Report(row, decisions[place], customers[place], tuple(said), is_readable, revenue[place])


def _times(cells: pa.ChunkedArray, zone: str) -> list[datetime | None]:
    return [
        None if at is None else at.replace(tzinfo=None) for at in instants(cells, zone).values.to_pylist()
    ]


def _happened(cells: pa.ChunkedArray, zone: str) -> list[datetime | bool | None]:
    """Read a column of one thing that may have happened: when; None: it happened; False: it did not."""
    flags = booleans(cells).values
    times = _times(pc.if_else(flags.is_null(), cells.combine_chunks(), None), zone)
    filled = texts(cells).values.is_valid().to_pylist()
    return [
        at if at is not None else (None if flag or (flag is None and there) else False)
        for at, flag, there in zip(times, flags.to_pylist(), filled, strict=True)
    ]
