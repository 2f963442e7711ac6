"""The recipe of recommend: read the orders as codes, make and judge the lists, write them with their reasons."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from nextbest.base.capability import Moment
from nextbest.base.errors import SettingsError
from nextbest.base.findings import Finding
from nextbest.models.recommend.core.choosing import CHOICE_K, LEAST_CUSTOMERS
from nextbest.models.recommend.core.judging import OURS
from nextbest.models.recommend.core.making import EPOCH, Made, cut_day, make
from nextbest.models.recommend.run.reading import Reading, read
from nextbest.models.recommend.run.writing import (
    calibration_rows,
    cold_rows,
    earlier_rows,
    evaluation_rows,
    list_table,
    related_rows,
)
from nextbest.models.recommend.spec import CARD, CLOSE, ChanceResult, ListResult, RecommendSettings
from nextbest.models.recommend.words import chance_findings, findings, too_little
from nextbest.tables.store import Store

_TELLING = 100
"""Purchases from which a tenth of a list tells whether its probability came true."""
_PLAIN = {"repeat": "personal_frequency", "discover": "popularity", "all": "personal_frequency"}


def run(store: Store, settings: RecommendSettings, moment: Moment) -> list[Finding]:
    """Make every customer's lists; findings say how good they are and what the data could not give."""
    reading = read(store, settings, moment.as_of)
    if not reading.orders.n_orders:
        for table in CARD.writes:
            store.write(table.name, pa.table({"list": pa.array([], pa.string())}))
        return []
    _check(reading, settings)
    as_of = None if reading.orders.day is None else _day(reading, moment)
    with threadpool_limits(limits=1, user_api="blas"):  # so that results do not hang on the number of cores
        made = make(reading.orders, reading.catalogue, as_of, settings)
    store.write("recommend_evaluation", evaluation_rows(made))
    store.write("recommend_calibration", calibration_rows(made))
    store.write("recommendations", _lists(made, reading, settings))
    store.write("earlier_recommendations", _with_level(earlier_rows(made, reading), settings))
    store.write("related_products", related_rows(made, reading.items))
    said = findings(_results(made)) + chance_findings(_came_true(made))
    return said + too_little(
        n_customers=reading.orders.n_customers,
        is_judged=any(row.quality.n_customers >= LEAST_CUSTOMERS for row in made.judged),
        has_days=made.as_of is not None,
        has_chances=any(chance is not None for chance in made.chances.values()),
        is_repeated=reading.are_holdings or bool((made.scene.counts.data > 1).any()),
    )


def _day(reading: Reading, moment: Moment) -> int:
    """Give the run's day, or the day after the last order."""
    if moment.as_of is not None:
        return moment.as_of.toordinal() - EPOCH
    assert reading.orders.day is not None  # noqa: S101
    return int(reading.orders.day.max()) + 1


def _check(reading: Reading, settings: RecommendSettings) -> None:
    """Refuse a holdout that the data cannot give."""
    cut, days = cut_day(settings), reading.orders.day
    if cut is None:
        return
    if days is None:
        raise SettingsError("recommend.holdout_needs_days", holdout=str(settings.holdout))
    if not days.min() < cut <= days.max():
        first, last = (np.datetime64(int(day), "D").item() for day in (days.min(), days.max()))
        raise SettingsError("recommend.holdout_outside", holdout=settings.holdout, first=first, last=last)


def _lists(made: Made, reading: Reading, settings: RecommendSettings) -> pa.Table:
    """Put the lists of those who bought and of those who have not yet into one table."""
    parts = [
        list_table(made, kind, reading)
        for kind in made.lists
        if kind == "discover" or not reading.are_holdings
    ]
    if reading.cold is not None and reading.cold.num_rows:
        parts.append(cold_rows(made, reading, settings))
    return _with_level(pa.concat_tables(parts), settings)


def _with_level(rows: pa.Table, settings: RecommendSettings) -> pa.Table:
    return rows.append_column("level", pa.array([settings.level] * rows.num_rows, pa.string()))


def _results(made: Made) -> list[ListResult]:
    """Set the chosen method of each list beside its baseline, where enough customers judge."""
    found = {
        (row.kind, row.method): row
        for row in made.judged
        if row.k == CHOICE_K and row.quality.n_customers >= LEAST_CUSTOMERS
    }
    results = []
    for kind in ("repeat", "discover"):
        ours, plain = found.get((kind, OURS)), found.get((kind, _PLAIN[kind]))
        if ours and plain and ours.quality.recall is not None and plain.quality.recall is not None:
            results.append(
                ListResult(
                    kind,
                    ours.uses,
                    plain.method,
                    ours.quality.recall,
                    plain.quality.recall,
                    ours.quality.recall_se,
                    ours.k,
                    ours.quality.n_customers,
                )
            )
    return results


def _came_true(made: Made) -> list[ChanceResult]:
    """Sum up how the probabilities of each list did in the latest window that tests them."""
    results = []
    for kind in made.lists:
        days = [tenth.day for tenth in made.tenths if tenth.kind == kind]
        latest = [tenth for tenth in made.tenths if tenth.kind == kind and tenth.day == max(days)]
        told = [tenth for tenth in latest if tenth.n_bought >= _TELLING]
        if not told:
            continue
        n = sum(tenth.n for tenth in latest)
        results.append(
            ChanceResult(
                kind,
                date.fromordinal(EPOCH + max(days)),
                sum(tenth.predicted * tenth.n for tenth in latest) / n,
                sum(tenth.n_bought for tenth in latest) / n,
                n,
                len(told),
                sum(abs(tenth.predicted / tenth.observed - 1) <= CLOSE for tenth in told),
            )
        )
    return results
