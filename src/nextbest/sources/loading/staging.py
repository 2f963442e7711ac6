"""Every batch of a file, typed, into Parquet; rows that cannot be read into the quarantine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from nextbest.base.errors import DataError
from nextbest.sources.loading.account import Writer
from nextbest.sources.loading.core import Filler, Typed, local_days, read_batch
from nextbest.sources.loading.core.wide import product_plan, unlisted, unpivot
from nextbest.sources.loading.job import SAMPLE, Job
from nextbest.sources.mapping import separator_of
from nextbest.sources.values import are_several, money_signs

_ORDER_LEVEL: Final = ("customer_id", "ordered_at", "status", "currency", "channel", "store_id", "coupon_id", "campaign_id",
                       "adviser_id", "order_revenue", "order_refund", "order_discount", "order_postage", "cancelled_at")  # fmt: skip


def stage(job: Job) -> int:
    """Read every batch; typed rows go to ``staged.parquet``, rows that cannot be read to the quarantine."""
    staged, n_read = Writer(job.path("staged")), 0
    customers = Writer(job.path("staged_customers"))
    products = product_plan(job.raw.sample(SAMPLE), job.layout.products) if job.layout.shape == "wide" else ()
    signs: frozenset[str] = frozenset()
    for rows in _batches(job):
        n_read += rows.num_rows
        signs |= _money_signs(job, rows)
        if are_several(signs):
            raise DataError("loading.several_currencies", file=job.raw.name, signs=sorted(signs))
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


def _batches(job: Job) -> Iterator[pa.Table]:
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
    n_batches, n_rows, baskets = 0, 0, _baskets(job)
    for batch in job.raw.batches():
        rows = pa.Table.from_batches([batch])
        if baskets:
            rows = unlisted(rows, *baskets, n_before=n_rows)
        n_batches, n_rows = n_batches + 1, n_rows + rows.num_rows
        yield filler.fill(rows) if filler else rows
    if not n_batches:
        yield empty


def _money_signs(job: Job, rows: pa.Table) -> frozenset[str]:
    """List the currency signs beside amounts; where a column names the currency of each row, they need not agree."""
    if any(read.target == "currency" for read in job.reads):
        return frozenset()
    columns = [
        name
        for read in job.reads
        if read.kind == "money"
        for name in read.theirs
        if name in rows.column_names
    ]
    return frozenset().union(*(money_signs(rows[name]) for name in columns))


def _baskets(job: Job) -> tuple[str, str] | None:
    """Name the column that holds whole baskets and the sign between their products."""
    if job.layout.shape != "lists":
        return None
    column = job.layout.columns["product_id"]
    return column, separator_of(job.raw.sample(SAMPLE)[column].to_pylist()) or ","


def _readable(job: Job, rows: pa.Table, typed: Typed) -> pa.Array:
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
        waits = job.desk.orders is not None and read.target == "ordered_at"
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
