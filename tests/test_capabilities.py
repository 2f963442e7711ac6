"""What every capability promises, without any work by its author."""

from datetime import date, timedelta

import pyarrow as pa
import pytest

from nextbest.app.catalogue import CATALOGUE, contracts
from nextbest.app.plan import in_order, missing, own
from nextbest.base.capability import Moment
from nextbest.base.messages import codes
from nextbest.engines.duckdb_store import empty

MOMENT = Moment(date(2026, 7, 1), seed=1)
EVERY = pytest.mark.parametrize("card", CATALOGUE, ids=lambda card: card.name)


def orders():
    """A small shop: three kinds of customers, products that go together, one of them after the other."""
    rows = []
    for number in range(240):
        customer = f"c{number % 30:02}"
        day = date(2026, 1, 1) + timedelta(days=(number * 7) % 180)
        basket = (
            ["bread"] + (["butter", "jam"] if number % 3 else ["tea"]) + (["milk"] if number % 5 == 0 else [])
        )
        rows += [
            {
                "line_id": f"o{number}-{place}",
                "order_id": f"o{number}",
                "customer_id": customer,
                "product_id": product,
                "ordered_at": f"{day}T10:00:00",
                "ordered_on": day.isoformat(),
                "quantity": 1.0,
                "net_revenue": 2.5 + place,
                "discount": 0.25,
                "is_product": True,
                "is_return": False,
            }
            for place, product in enumerate(basket)
        ]
    return rows


PRODUCTS = [
    {"product_id": name, "name": name.title(), "category": category, "department": "food"}
    for name, category in (
        ("bread", "bakery"),
        ("butter", "dairy"),
        ("jam", "spreads"),
        ("tea", "drinks"),
        ("milk", "dairy"),
    )
]


CLICKS = [
    {
        "event_id": f"e{number}",
        "anonymous_id": f"a{number % 7}",
        "type": "Product Viewed" if number % 5 else "Order Completed",
        "occurred_at": f"2026-06-{1 + number // 3:02}T10:{number % 60:02}:00",
        "product_id": "tea",
    }
    for number in range(60)
]


def run(make_store, rows, threads=None):
    """Run everything that can run and give the tables written."""
    clicks = CLICKS if len(rows) else empty(contracts()["events"])
    store = make_store(order_lines=rows, products=PRODUCTS, events=clicks, threads=threads)
    findings = []
    for card in in_order(CATALOGUE):
        if missing(card, store.has) is None:
            findings += card.load()(store, card.settings(), MOMENT)
    return store.written, findings


@EVERY
def test_a_card_asks_a_question_and_names_settings_that_are_documented(card):
    assert card.question.endswith("?")
    assert card.name.isidentifier()
    for name, field in card.settings.model_fields.items():
        assert field.description, f"{card.name}.{name} says nothing of itself"
        assert not field.is_required(), f"{card.name}.{name} has no default"


def test_names_and_tables_are_unique():
    names = [card.name for card in CATALOGUE]
    tables = [table.name for card in CATALOGUE for table in card.writes]
    assert len(set(names)) == len(names)
    assert len(set(tables)) == len(tables)


@EVERY
def test_every_column_has_a_meaning(card):
    for table in card.writes:
        assert all(column.meaning for column in table)
        assert set(table.key) <= set(table.names)


def test_the_catalogue_loads_no_heavy_library():
    import subprocess
    import sys

    heavy = "{'ibis', 'pandas', 'pyarrow', 'sklearn', 'scipy', 'numba', 'duckdb'}"
    code = f"import sys, nextbest.app.catalogue; print(sorted({heavy} & set(sys.modules)))"
    seen = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert seen.stdout.strip() == "[]"


def test_results_meet_their_contracts(make_store):
    written, _ = run(make_store, orders())
    assert {table.name for card in CATALOGUE for table in card.writes} == set(written)
    for name, rows in written.items():
        contract = contracts()[name]
        assert rows.column_names == list(contract.names)
        for column in contract:
            assert not (column.required and rows[column.name].null_count), f"{name}.{column.name} has nulls"
        keys = rows.select(list(contract.key)).to_pylist()
        assert len({tuple(key.values()) for key in keys}) == rows.num_rows, f"{name}: the key is not unique"


MEASURED = {"fit_seconds"}  # how long it took is no result


def test_row_order_and_threads_change_nothing(make_store):
    one, found = run(make_store, orders(), threads=1)
    other, found_again = run(make_store, orders()[::-1], threads=2)
    for name, rows in one.items():
        assert same(rows, other[name]), name
    assert [finding.code for finding in found] == [finding.code for finding in found_again]


def test_no_orders_give_empty_tables_and_no_findings(make_store):
    written, findings = run(make_store, empty(contracts()["order_lines"]))
    assert all(
        rows.num_rows == 0 for name, rows in written.items() if name not in {"rule_limits", "data_quality"}
    )
    assert findings == []


def test_findings_have_their_three_texts_in_both_languages(make_store):
    _, findings = run(make_store, orders())
    assert findings
    for finding in findings:
        for language in ("en", "zh"):
            known = codes(language)
            assert {finding.code, f"{finding.code}.evidence", f"{finding.code}.action"} <= set(known)


def test_every_card_is_reached_from_the_tables_it_reads():
    order = in_order(CATALOGUE)
    seen = set()
    for card in order:
        later = {table for other in order if other not in seen and other is not card for table in own(other)}
        assert not {need.split(".")[0] for need in card.requires} & later
        seen.add(card)


def same(left, right):
    """Compare tables: floats to 12 significant digits, everything else exactly."""
    if left.num_rows != right.num_rows:
        return False
    for name in set(left.column_names) - MEASURED:
        ours, theirs = left[name].to_pylist(), right[name].to_pylist()
        if pa.types.is_floating(left.schema.field(name).type):
            ours, theirs = ([None if v is None else f"{v:.11e}" for v in values] for values in (ours, theirs))
        if ours != theirs:
            return False
    return True
