"""The recipe: a file's batches -> typed Parquet -> judged by the rules -> canonical tables and the account."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import ibis
import ibis.expr.types as ir
import pyarrow.parquet as pq

from nextbest.sources.cleaning import CleaningSettings
from nextbest.sources.loading import query
from nextbest.sources.loading.account import QUARANTINE_SCHEMA
from nextbest.sources.loading.core import ROW
from nextbest.sources.loading.job import Job, open_job
from nextbest.sources.loading.spec import Desk, Loaded, LoadingSettings
from nextbest.sources.loading.staging import stage
from nextbest.sources.mapping import ORDERS, RATES, Layout, columns_of
from nextbest.tables import CANONICAL

if TYPE_CHECKING:
    from nextbest.sources.files import RawTable

_SIDES: Final = {"products": "product_id", "customers": "customer_id"}
_HASHED: Final = {"events": "event_id", "interactions": "interaction_id"}
_KEYED: Final = {"customers": "customer_id", "customers_to_score": "customer_id", "products": "product_id"}


def load(
    raw: RawTable, layout: Layout, settings: LoadingSettings, cleaning: CleaningSettings, desk: Desk
) -> Loaded:
    """Turn one file into typed canonical tables.

    Parameters
    ----------
    raw
        The open file.
    layout
        Which column is which.
    settings
        Time zone and currency of the shop.
    cleaning
        Rules; those that look at single rows are applied here.
    desk
        Engine, folder for the Parquet files, heads of orders and exchange rates.

    Returns
    -------
    Loaded
        Tables and the account: ``n_read == n_kept + n_merged + n_quarantined``.

    Raises
    ------
    DataError
        The layout names a column that the file does not have.
    """
    desk.folder.mkdir(parents=True, exist_ok=True)
    job = open_job(raw, layout, settings, cleaning, desk)
    n_read = stage(job)
    judged = _judge(job)
    tables = _finish(job, judged)
    n_merged = job.account.total("merged")
    n_quarantined = job.account.total("quarantined")
    job.account.quarantine.close(QUARANTINE_SCHEMA)
    for name in ("staged", "staged_customers", "judged"):
        job.path(name).unlink(missing_ok=True)
    return Loaded(
        source=desk.source,
        file=raw.name,
        digest=raw.digest,
        table=layout.table,
        tables=tables,
        quarantine=job.account.quarantine.path,
        reasons=job.account.reasons(),
        n_read=n_read,
        n_kept=n_read - n_merged - n_quarantined,
        n_merged=n_merged,
        n_quarantined=n_quarantined,
    )


def _judge(job: Job) -> ir.Table:
    """Join heads, work out amounts, mark what is set aside and what is a copy; write it down once."""
    rows = job.desk.engine.read_parquet(str(job.path("staged"))).mutate(_rule=ibis.null("string"))
    required: list[str] = []
    if job.table == "order_lines":
        if job.desk.orders is not None and "order_id" in rows.columns:
            rows = query.with_heads(rows, job.desk.orders)
            required = ["ordered_at"]
        rows = query.with_amounts(rows)
        if job.settings.currency and "currency" in rows.columns and "ordered_on" in rows.columns:
            rows = query.with_rates(rows, job.desk.rates, job.settings.currency)
    marked = query.judged(
        rows,
        job.table,
        job.cleaning,
        has_quantity=job.has_quantity,
        required=required,
        not_after=job.desk.not_after if job.cleaning.set_aside_future else None,
    )
    job.desk.engine.to_parquet(marked, str(job.path("judged")))
    judged = job.desk.engine.read_parquet(str(job.path("judged")))
    _account(job, judged)
    return judged


def _account(job: Job, judged: ir.Table) -> None:
    """Put the rows set aside into the quarantine and count the copies."""
    aside = judged.filter(judged["_rule"].notnull())
    job.desk.engine.to_parquet(aside.order_by("_row"), str(job.path("aside")))
    with pq.ParquetFile(job.path("aside")) as file:
        for batch in file.iter_batches():
            rows = batch.to_pylist()
            for rule in sorted({row["_rule"] for row in rows}):
                hit = [row for row in rows if row["_rule"] == rule]
                public = [
                    {name: value for name, value in row.items() if not name.startswith("_")} for row in hit
                ]
                job.account.set_aside(public, [row["_row"] for row in hit], rule)
    job.path("aside").unlink()
    if job.layout.shape == "wide":
        return
    copies = judged.filter(judged["_rule"].isnull() & (judged["_copy"] > 0))
    n_copies = _count(job, copies)
    units = job.table == "order_lines" and not job.has_quantity
    rule = "loading.units_from_rows" if units else "cleaning.exact_duplicates"
    example = job.desk.engine.to_pyarrow(copies.order_by("_row").limit(1)).to_pylist() if n_copies else []
    public = [{name: value for name, value in row.items() if not name.startswith("_")} for row in example]
    job.account.count(rule, "merged", n_copies, job.account.content(public[0]) if public else None)


def _finish(job: Job, judged: ir.Table) -> dict[str, Path]:
    """Write the canonical tables."""
    kept = judged.filter(judged["_rule"].isnull() & (judged["_copy"] == 0))
    made: dict[str, ir.Table] = {}
    if job.table == "order_lines":
        made["order_lines"] = query.lines(kept, has_quantity=job.has_quantity, source=job.desk.source)
    elif job.table in _HASHED:
        made[job.table] = query.with_hashed_key(kept, _HASHED[job.table], job.table)
    elif job.table in _KEYED:
        made[job.table] = _one_per_key(job, kept)
    else:
        made[job.table] = kept
    for side, key in _SIDES.items():
        columns = [name for name in kept.columns if name.startswith(f"{side}.")]
        if side != job.table and key in kept.columns and columns:
            made[side] = query.one_per_key(kept, key, columns)
    if job.layout.shape == "wide":
        made["customers"] = _wide_customers(job)
    return {name: _write(job, name, rows) for name, rows in made.items()}


def _one_per_key(job: Job, kept: ir.Table) -> ir.Table:
    """Merge rows of one key and count them."""
    key = _KEYED[job.table]
    n_rows, n_keys = _count(job, kept), _count(job, kept.select(key).distinct())
    job.account.count("loading.same_key", "merged", n_rows - n_keys)
    return query.fullest_per_key(kept, key) if n_rows > n_keys else kept


def _wide_customers(job: Job) -> ir.Table:
    """Give the customers of a wide file, also those who hold nothing."""
    rows = job.desk.engine.read_parquet(str(job.path("staged_customers")))
    key = [name for name in ("customer_id", "seen_on", "opened_on") if name in rows.columns]
    n_rows, n_keys = _count(job, rows), _count(job, rows.select(*key).distinct())
    job.account.count("loading.same_key", "merged", n_rows - n_keys)
    own = [name for name in rows.columns if name.startswith("customers.") or name in job.attributes.values()]
    return query.fullest_per_key(rows.select("customer_id", ROW, *own), "customer_id")


def _count(job: Job, rows: ir.Table) -> int:
    return int(job.desk.engine.to_pyarrow(rows.aggregate(n=rows.count()))["n"][0].as_py())


def _write(job: Job, name: str, rows: ir.Table) -> Path:
    """Write one table: columns of the contract, then attributes; what only loading needed stays behind."""
    contract = {"orders": ORDERS, "rates": RATES}.get(name) or CANONICAL[name]
    prefix = f"{name}."
    named = {
        column.removeprefix(prefix): rows[column]
        for column in rows.columns
        if column.startswith(prefix) or "." not in column
    }
    if name == job.table and "file_row" in contract:
        named["file_row"] = rows[ROW]
    used_up = {column.name for column in columns_of(name)} - set(contract.names)
    extra = {"ordered_on"} if name == "orders" else set()
    columns = [column.name for column in contract if column.name in named]
    columns += [
        column
        for column in named
        if column not in contract
        and column not in used_up
        and (not column.startswith("_"))
        and (column in job.attributes.values() or column in extra)
    ]
    path = job.path(name)
    result = rows.select(**{column: named[column] for column in columns})
    job.desk.engine.to_parquet(result, str(path))
    return path
