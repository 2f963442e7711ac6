"""The recipe: a file's batches -> typed Parquet -> judged by the rules -> canonical tables and the account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from nextbest.base.contract import Column
from nextbest.base.errors import DataError
from nextbest.sources.cleaning import CleaningSettings
from nextbest.sources.loading import query
from nextbest.sources.loading.core import (
    ROW,
    Filler,
    Read,
    Typed,
    attribute_names,
    local_days,
    plan,
    read_batch,
)
from nextbest.sources.loading.core.wide import product_plan, unpivot
from nextbest.sources.loading.spec import Desk, Loaded, LoadingSettings
from nextbest.sources.loading.staging import QUARANTINE_SCHEMA, Account, Writer
from nextbest.sources.mapping import ORDERS, RATES, Layout, columns_of, is_personal_header, terms
from nextbest.tables import CANONICAL

if TYPE_CHECKING:
    from nextbest.sources.files import RawTable

SAMPLE: Final = 20_000
_ORDER_LEVEL: Final = ("customer_id", "ordered_at", "status", "currency", "channel", "store_id", "coupon_id", "campaign_id",
                       "adviser_id", "order_revenue", "order_refund", "cancelled_at")  # fmt: skip
_SIDES: Final = {"products": "product_id", "customers": "customer_id"}
_HASHED: Final = {"events": "event_id", "interactions": "interaction_id"}
_KEYED: Final = ("customers", "products")


@dataclass(frozen=True, slots=True)
class _Job:
    """One file on the desk."""

    raw: RawTable
    layout: Layout
    settings: LoadingSettings
    cleaning: CleaningSettings
    desk: Desk
    reads: tuple[Read, ...]
    attributes: Mapping[str, str]
    account: Account

    @property
    def table(self) -> str:
        return self.layout.table

    @property
    def has_quantity(self) -> bool:
        return self.gives("quantity")

    def gives(self, target: str) -> bool:
        """The file has a column for the target."""
        return any(read.target == target for read in self.reads)

    def path(self, name: str) -> Path:
        return self.desk.folder / f"{name}.parquet"


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
    job = _job(raw, layout, settings, cleaning, desk)
    n_read = _stage(job)
    judged = _judge(job)
    tables = _finish(job, judged)
    n_merged = job.account.total("merged")
    n_quarantined = job.account.total("quarantined")
    job.account.quarantine.close(QUARANTINE_SCHEMA)
    for name in ("staged", "judged"):
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


def _job(
    raw: RawTable, layout: Layout, settings: LoadingSettings, cleaning: CleaningSettings, desk: Desk
) -> _Job:
    contracts = _contracts(layout.table)
    used = _used(layout, raw.columns)
    for theirs in used:
        if theirs not in raw.columns and not theirs.startswith("@"):
            raise DataError("loading.column_missing", file=raw.name, column=theirs, known=list(raw.columns))
    rest = [name for name in raw.columns if name not in used and name not in layout.products]
    personal = [name for name in rest if is_personal_header(name)]
    names = attribute_names([name for name in rest if name not in personal], [*contracts, "_row", "_rule"])
    account = Account(
        desk.source, raw.name, desk.folder / "quarantine.parquet", _personal(layout, raw.columns, personal)
    )
    account.count("loading.personal_left_out", "changed", len(personal))
    reads = plan(layout, contracts, raw.sample(SAMPLE))
    return _Job(raw, layout, settings, cleaning, desk, reads, names, account)


def _contracts(table: str) -> dict[str, Column]:
    own = {column.name: column for column in columns_of(table)}
    return own | {
        f"{side}.{column.name}": column for side in CANONICAL if side != table for column in CANONICAL[side]
    }


def _used(layout: Layout, columns: Sequence[str]) -> set[str]:
    return {part for theirs in layout.columns.values() for part in terms(theirs, columns)[1]}


def _personal(layout: Layout, columns: Sequence[str], unmapped: Sequence[str]) -> set[str]:
    """Columns of the file, and of ours, that examples and the quarantine must not show."""
    contracts = _contracts(layout.table)
    found = set(unmapped) | {name for name, column in contracts.items() if column.personal}
    found |= {name for name in columns if is_personal_header(name)}
    for target, theirs in layout.columns.items():
        parts = terms(theirs, columns)[1]
        name = target.removeprefix(f"{layout.table}.")
        if contracts[name].personal or any(
            is_personal_header(part) for part in parts if name.endswith("customer_id")
        ):
            found |= {name, *parts}
    return found


def _stage(job: _Job) -> int:
    """Read every batch; typed rows go to ``staged.parquet``, rows that cannot be read to the quarantine."""
    staged, n_read = Writer(job.path("staged")), 0
    customers = Writer(job.path("staged_customers"))
    products = product_plan(job.raw.sample(SAMPLE), job.layout.products) if job.layout.shape == "wide" else ()
    for rows in _batches(job):
        n_read += rows.num_rows
        typed = read_batch(
            rows, job.reads, job.attributes, time_zone=job.settings.time_zone, file=job.raw.name
        )
        good = _readable(job, rows, typed)
        kept = _days(typed.rows, job.settings.time_zone).filter(good)
        if products:
            keep = [
                name for name in kept.column_names if name not in job.attributes.values() and "." not in name
            ]
            held, n_failed = unpivot(rows.filter(good), products, kept.select(keep))
            job.account.count("loading.unreadable", "changed", n_failed)
            customers.write(kept)
            kept = held
        staged.write(kept)
    rejected = job.raw.rejected
    for reason in sorted({entry.reason for entry in rejected}):
        numbers = [entry.row for entry in rejected if entry.reason == reason]
        job.account.set_aside([{}] * len(numbers), numbers, f"files.reason.{reason}")
    staged.close()
    customers.close()
    return n_read + len(rejected)


def _batches(job: _Job) -> Iterator[pa.Table]:
    filler = None
    if job.layout.fill_by:
        targets = [
            read for read in job.reads if read.target in _ORDER_LEVEL or read.target.startswith("customers.")
        ]
        filler = Filler(
            job.layout.fill_by, [name for read in targets for name in read.theirs if not name.startswith("@")]
        )
    empty = pa.table(
        {"_row": pa.array([], pa.int64())} | {name: pa.array([], pa.string()) for name in job.raw.columns}
    )
    n_batches = 0
    for batch in job.raw.batches():
        rows = pa.Table.from_batches([batch])
        n_batches += 1
        yield filler.fill(rows) if filler else rows
    if not n_batches:
        yield empty


def _readable(job: _Job, rows: pa.Table, typed: Typed) -> pa.Array:
    """Tell which rows have what is required; set the others aside, and count cells that became null."""
    good = pa.array([True]).take(pa.array([0] * rows.num_rows, pa.int64()))
    for read in job.reads:
        failed = typed.failed[read.target]
        if not read.is_required:
            n_failed = failed.true_count
            if n_failed:
                example = rows.filter(failed).slice(0, 1).drop_columns(["_row"]).to_pylist()[0]
                job.account.count("loading.unreadable", "changed", n_failed, job.account.content(example))
            continue
        waits = job.desk.orders is not None and read.target in {"ordered_at"}
        empty = typed.rows[read.target].combine_chunks().is_null()
        for bad, rule in ((failed, "loading.unreadable_row"), (empty, "loading.missing")):
            now = pc.and_(good, bad)
            if now.true_count and not (waits and rule == "loading.missing"):
                lost = rows.filter(now)
                content = lost.drop_columns(["_row"]).to_pylist()
                job.account.set_aside(content, lost["_row"].to_pylist(), rule, " + ".join(read.theirs))
                good = pc.and_(good, pc.invert(bad))
    return good


def _days(rows: pa.Table, time_zone: str) -> pa.Table:
    """Add the local day of the order; where only the day is given, the instant is its midnight."""
    if "ordered_at" in rows.column_names:
        days = local_days(rows["ordered_at"], time_zone)
        if "ordered_on" in rows.column_names:
            rows = rows.drop_columns(["ordered_on"])
        return rows.append_column("ordered_on", days)
    if "ordered_on" in rows.column_names:
        midnight = pc.assume_timezone(
            rows["ordered_on"].cast(pa.timestamp("us")), time_zone, nonexistent="latest", ambiguous="earliest"
        )
        return rows.append_column(
            "ordered_at", midnight.cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))
        )
    return rows


def _judge(job: _Job) -> ir.Table:
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
    marked = query.judged(rows, job.table, job.cleaning, has_quantity=job.has_quantity, required=required)
    job.desk.engine.to_parquet(marked, str(job.path("judged")))
    judged = job.desk.engine.read_parquet(str(job.path("judged")))
    _account(job, judged)
    return judged


def _account(job: _Job, judged: ir.Table) -> None:
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


def _finish(job: _Job, judged: ir.Table) -> dict[str, Path]:
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


def _one_per_key(job: _Job, kept: ir.Table) -> ir.Table:
    """Merge rows of one key and count them."""
    key = _SIDES[job.table]
    n_rows, n_keys = _count(job, kept), _count(job, kept.select(key).distinct())
    job.account.count("loading.same_key", "merged", n_rows - n_keys)
    return query.fullest_per_key(kept, key) if n_rows > n_keys else kept


def _wide_customers(job: _Job) -> ir.Table:
    """Give the customers of a wide file, also those who hold nothing."""
    rows = job.desk.engine.read_parquet(str(job.path("staged_customers")))
    key = [name for name in ("customer_id", "seen_on", "opened_on") if name in rows.columns]
    n_rows, n_keys = _count(job, rows), _count(job, rows.select(*key).distinct())
    job.account.count("loading.same_key", "merged", n_rows - n_keys)
    own = [name for name in rows.columns if name.startswith("customers.") or name in job.attributes.values()]
    return query.fullest_per_key(rows.select("customer_id", ROW, *own), "customer_id")


def _count(job: _Job, rows: ir.Table) -> int:
    return int(job.desk.engine.to_pyarrow(rows.aggregate(n=rows.count()))["n"][0].as_py())


def _write(job: _Job, name: str, rows: ir.Table) -> Path:
    """Write one table: columns of the contract, then attributes; what only loading needed stays behind."""
    contract = {"orders": ORDERS, "rates": RATES}.get(name) or CANONICAL[name]
    prefix = f"{name}."
    named = {
        column.removeprefix(prefix): rows[column]
        for column in rows.columns
        if column.startswith(prefix) or "." not in column
    }
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
