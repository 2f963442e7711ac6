from datetime import date

import ibis
import pytest

from nextbest.engines.duckdb_store import arrow_schema
from nextbest.models.intent.core.reading import Row
from nextbest.models.intent.query import events_before, margin_shares, per_day
from nextbest.profiles.products.spec import PRODUCT_PROFILES
from nextbest.tables import CANONICAL

DAY = date(2026, 3, 1)


def event(name, at, **said):
    return {"event_id": name, "type": "Page Viewed", "occurred_at": at, "anonymous_id": "phone"} | said


def test_the_queries_run_nothing():
    events, profiles = (
        ibis.table(ibis.Schema.from_pyarrow(arrow_schema(contract)), name=contract.name)
        for contract in (CANONICAL["events"], PRODUCT_PROFILES)
    )
    assert events_before(events, DAY, DAY).columns == Row._fields
    assert per_day(events_before(events, None)).columns == ("on", "n")
    assert margin_shares(profiles).columns == ("margin_source", "margin", "revenue_total")


def test_nothing_is_seen_that_is_on_the_day_anywhere(make_store):
    rows = [
        event("e1", "2026-02-28T09:59:59"),
        event("e2", "2026-02-28T10:00:00"),
        event("e3", "2026-02-01T10:00:00"),
    ]
    store = make_store(events=rows)
    seen = store.arrow(events_before(store.table("events"), DAY, date(2026, 2, 2)))
    assert seen["event_id"].to_pylist() == ["e1"]
    counted = store.arrow(per_day(events_before(store.table("events"), DAY)))
    assert counted.to_pylist() == [{"on": date(2026, 2, 28), "n": 1}, {"on": date(2026, 2, 1), "n": 1}]


def test_margins_that_are_assumed_do_not_count(make_store):
    def profile(product, share, source, as_of="2026-03-01"):
        return {"product_id": product, "as_of": as_of, "n_orders": 1, "revenue_total": "100", "margin_share": share, "margin_source": source}  # fmt: skip

    rows = [
        profile("tea", 0.5, "given"),
        profile("jam", 0.3, "given"),
        profile("pot", 0.9, "assumed"),
        profile("cup", None, None),
        profile("tea", 0.1, "given", "2025-03-01"),
    ]
    store = make_store(product_profiles=rows)
    (found,) = store.arrow(margin_shares(store.table("product_profiles"))).to_pylist()
    assert (found["margin"], found["revenue_total"]) == (pytest.approx(80), 200)
