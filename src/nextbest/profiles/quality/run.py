"""The recipe of the quality report: every table that is there, every column of it."""

from __future__ import annotations

from typing import Any

import ibis.expr.types as ir
import pyarrow as pa

from nextbest.base.capability import Moment
from nextbest.base.findings import Finding
from nextbest.profiles.quality.core import note
from nextbest.profiles.quality.query import column_counts, n_rows
from nextbest.profiles.quality.spec import DATA_QUALITY, LOOKED_AT, QualitySettings
from nextbest.profiles.quality.words import findings
from nextbest.tables import CANONICAL
from nextbest.tables.store import Store


def run(store: Store, settings: QualitySettings, moment: Moment) -> list[Finding]:
    """Look at every table of the business that is there."""
    del moment
    rows = [row for name in LOOKED_AT if store.has(name) for row in _looked_at(store, name, settings)]
    kinds = {"int64": pa.int64()}
    schema = pa.schema([(column.name, kinds.get(column.kind, pa.string())) for column in DATA_QUALITY])
    store.write("data_quality", pa.Table.from_pylist(rows, schema))
    return findings(rows, settings)


def _looked_at(store: Store, name: str, settings: QualitySettings) -> list[dict[str, Any]]:
    table: ir.Table = store.table(name)
    size = store.arrow(n_rows(table))["n_rows"][0].as_py()
    if not size:
        return []
    is_exact = size <= settings.exact_rows
    counts = store.arrow(column_counts(table, exact=is_exact)).to_pylist()[0]
    key = CANONICAL[name].key
    rows = []
    for column in table.columns:
        row = {"table": name, "column": column, "n_rows": size}
        row |= {
            count: counts.get(f"{count}:{column}") for count in ("n_missing", "n_distinct", "low", "high")
        }
        row["n_missing"] = row["n_missing"] or 0
        if column in CANONICAL[name] and CANONICAL[name][column].personal:
            row |= {"low": None, "high": None}
        rows.append(row | {"note": note(row, is_key=key == (column,), is_exact=is_exact)})
    return rows
