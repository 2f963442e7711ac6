"""A tiny shop on disk: ann, bob and cem; tea, milk, cake and a fund."""

import datetime as dt
import itertools

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nextbest.serving.decide import Loading, load

AS_OF = dt.date(2026, 1, 31)


def _at(month):
    return dt.datetime(2025, month, 1, tzinfo=dt.UTC).replace(tzinfo=None)


def _candidate(customer, product, rank, probability, **more):
    return {
        "customer_id": customer, "product_id": product, "stage": "offered", "rank": rank, "kind": "discover",
        "probability": probability, "expected_profit": probability * 2, "reason_code": "because", "because": "tea",
        "rule_id": None, "strength": None, "segment": None, "n_orders": None, "since_days": None, "gap_days": None,
    } | more  # fmt: skip


TABLES = {
    "customers": [
        {"customer_id": "ann", "birth_on": dt.date(1990, 1, 1), "risk_level": 3, "risk_assessed_on": dt.date(2025, 12, 1), "place": "york"},
        {"customer_id": "bob", "birth_on": dt.date(2015, 1, 1), "risk_level": None, "risk_assessed_on": None, "place": "york"},
        {"customer_id": "cem", "birth_on": None, "risk_level": 5, "risk_assessed_on": dt.date(2020, 1, 1), "place": "leeds"},
    ],
    "products": [
        {"product_id": "cake", "name": "Cake", "category": "sweets", "list_price": 4.0, "risk_level": None, "is_active": True},
        {"product_id": "fund", "name": "Fund", "category": "funds", "list_price": 100.0, "risk_level": 3, "is_active": True},
        {"product_id": "milk", "name": "Milk", "category": "dairy", "list_price": 1.25, "risk_level": None, "is_active": True},
        {"product_id": "mug", "name": "Mug", "category": "ware", "list_price": 28.0, "risk_level": None, "is_active": True},
        {"product_id": "old", "name": "Old", "category": "ware", "list_price": 1.0, "risk_level": None, "is_active": False},
        {"product_id": "tea", "name": "Tea", "category": "drinks", "list_price": 7.0, "risk_level": None, "is_active": True},
    ],
    "product_profiles": [
        {"product_id": one, "as_of": AS_OF, "mean_price": 1.0, "margin_per_order": 2.0, "margin_source": "given", "n_customers": 9 - place}
        for place, one in enumerate(("milk", "tea", "cake", "mug", "fund", "old"))
    ],
    "offer_candidates": [
        _candidate("ann", "cake", 1, 0.3),
        _candidate("ann", "fund", 2, 0.2),
        _candidate("ann", "mug", None, 0.01, stage="kind_full"),
        _candidate("ann", "old", None, 0.9, stage="already_has"),
        _candidate("bob", "cake", 1, 0.3),
        _candidate("cem", "fund", 1, 0.3),
        _candidate("cem", "mug", 2, 0.1),
    ],
    "related_products": [{"product_id": "tea", "list": "goes_with", "rank": 1, "related_id": "milk", "strength": 2.5}],
    "rules": [
        {"rule_id": "r1", "body_ids": "tea", "head_id": "cake", "level": "product", "sign": "+", "is_ordered": False,
         "is_redundant": False, "review": "approved", "origin": "mined", "size_lift": 3.0, "size_q_value": 0.5},
        {"rule_id": "r2", "body_ids": "tea", "head_id": "mug", "level": "product", "sign": "+", "is_ordered": False,
         "is_redundant": False, "review": "rejected", "origin": "mined", "size_lift": 9.0, "size_q_value": 0.0},
    ],
    "ladders": [{"product_id": "tea", "upgrade_id": "mug", "share_stepped": 0.2, "is_supported": True}],
    "consents": [
        {"customer_id": "ann", "purpose": "marketing", "channel": None, "status": "denied", "changed_at": _at(1)},
        {"customer_id": "ann", "purpose": "marketing", "channel": None, "status": "granted", "changed_at": _at(6)},
        {"customer_id": "cem", "purpose": "personalisation", "channel": None, "status": "revoked", "changed_at": _at(6)},
    ],
}  # fmt: skip


@pytest.fixture
def make_shop(tmp_path):
    """Load the tiny shop; keywords replace tables, ``order`` turns rows around."""
    numbers = itertools.count()

    def make(*, columns=(), turned=False, **tables):
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        for name, rows in {**TABLES, **tables}.items():
            pq.write_table(
                pa.Table.from_pylist(rows[::-1] if turned and name != "consents" else rows),
                folder / f"{name}.parquet",
            )
        paths = {path.stem: path for path in folder.glob("*.parquet")}
        return load(paths, Loading(name="run1", currency="CNY", time_zone="Asia/Shanghai", columns=columns))

    return make
