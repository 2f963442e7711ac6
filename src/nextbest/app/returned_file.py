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
from nextbest.sources.values import booleans, instants, integers, money, texts

_OURS: Final = ("decision_id", "customer_id", "response", "occurred_at", "revenue")
_NO_STATE: Final = "campaign.unknown_state"
_NO_TIME: Final = "campaign.unreadable_time"
_UNREADABLE: Final = "unreadable"
_MOST_TIMES: Final = 10_000
"""Whole numbers below this say how often something happened, such as clicks; from here on they are times."""


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

    at = read("occurred_at", lambda cells: _moments(cells, zone))
    happened = {name: read(name, lambda cells: _happened(cells, zone)) for name in events}
    states = read("response", lambda cells: texts(cells).values.to_pylist())
    revenue = read("revenue", lambda cells: money(cells).values.to_pylist())
    decisions, customers = (
        read(name, lambda cells: texts(cells).values.to_pylist()) for name in ("decision_id", "customer_id")
    )
    for place, row in enumerate(rows["_row"].to_pylist()):
        when = [at[place], *(moments[place] for moments in happened.values())]
        usual = at[place] if isinstance(at[place], datetime) else now
        said = [
            (name, moment if isinstance(moment, datetime) else usual)
            for name, moment in zip(happened, when[1:], strict=True)
            if moment is not False
        ]
        state = None if states[place] is None else response_of(states[place])
        said += [(state, usual)] if state and state not in dict(said) else []
        fault = _NO_TIME if _UNREADABLE in when else None
        if states[place] is not None and state is None:
            fault = _NO_STATE
        yield Report(row, decisions[place], customers[place], tuple(said), fault, revenue[place])


def _moments(cells: pa.ChunkedArray, zone: str) -> list[datetime | str | None]:
    """Read times in UTC; what stands there and is none is marked."""
    parsed = instants(cells, zone)
    return [
        _UNREADABLE if failed else (None if at is None else at.replace(tzinfo=None))
        for at, failed in zip(parsed.values.to_pylist(), parsed.failed.to_pylist(), strict=True)
    ]


def _happened(cells: pa.ChunkedArray, zone: str) -> list[datetime | str | bool | None]:
    """Read a column of one thing that may have happened: when; None: it happened; False: it did not."""
    flags, counts = booleans(cells).values, integers(cells).values
    is_count = pc.and_(flags.is_null(), pc.less(counts, _MOST_TIMES))
    told = pc.if_else(pc.fill_null(is_count, False), pc.greater(counts, 0), flags)
    moments = _moments(pc.if_else(told.is_null(), cells.combine_chunks(), None), zone)
    return [
        moment if flag is None and moment is not None else (None if flag else False)
        for moment, flag in zip(moments, told.to_pylist(), strict=True)
    ]
