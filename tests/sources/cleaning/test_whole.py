"""What a line means depends on the lines around it: returns, non-products, units; snapshots become holdings."""

from datetime import date, datetime

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextbest.sources.cleaning import CleaningSettings, clean, tally


def line(line_id, product, quantity, on="2024-01-01", **more):
    price = more.pop("price", 2.0)
    return {
        "line_id": line_id,
        "order_id": more.pop("order_id", line_id),
        "customer_id": more.pop("customer_id", "ann"),
        "product_id": product,
        "ordered_at": f"{on} 10:00:00",
        "quantity": float(quantity),
        "net_revenue": round(price * quantity, 4),
        "is_return": quantity < 0,
        **more,
    }


@pytest.fixture
def cleaned(make_store):
    def run(lines, *, products=None, **settings):
        tables = {"order_lines": lines} | ({"products": products} if products else {})
        store = make_store(**tables)
        result = clean({name: store.table(name) for name in tables}, CleaningSettings(**settings))
        rows = store.arrow(result.tables["order_lines"]).to_pylist()
        counts = (
            store.arrow(tally(result.rules, result.tables["order_lines"])).to_pylist()[0]
            if result.rules
            else {}
        )
        return {row["line_id"]: row for row in rows}, counts

    return run


def test_a_return_takes_the_latest_earlier_purchase_first(cleaned):
    rows, counts = cleaned(
        [
            line("o1", "tea", 2, "2024-01-01"),
            line("o2", "tea", 3, "2024-01-05"),
            line("r1", "tea", -3, "2024-01-09"),
        ]
    )
    assert rows["o1"]["cancelled_on"] is None
    assert rows["o2"]["cancelled_on"] == date(2024, 1, 9)
    assert counts["cancelled_lines"] == 1
    assert counts["unmatched_returns"] == 0


def test_a_return_of_a_part_cancels_nothing_but_is_noted(cleaned):
    rows, _ = cleaned([line("o1", "tea", 5), line("r1", "tea", -2, "2024-01-02")])
    assert rows["o1"]["cancelled_on"] is None
    assert rows["o1"]["quantity_returned"] == 2.0


def test_two_returns_together_take_all_back_on_the_second_day(cleaned):
    rows, _ = cleaned(
        [line("o1", "tea", 5), line("r1", "tea", -2, "2024-01-02"), line("r2", "tea", -3, "2024-01-04")]
    )
    assert rows["o1"]["cancelled_on"] == date(2024, 1, 4)


def test_what_is_bought_after_a_return_is_not_taken_back(cleaned):
    rows, counts = cleaned([line("r1", "tea", -2, "2024-01-01"), line("o1", "tea", 2, "2024-01-02")])
    assert rows["o1"]["cancelled_on"] is None
    assert counts["unmatched_returns"] == 1


def test_returns_of_others_and_of_other_products_are_left_alone(cleaned):
    rows, _ = cleaned(
        [
            line("o1", "tea", 2),
            line("r1", "mug", -2, "2024-01-02"),
            line("r2", "tea", -2, "2024-01-02", customer_id="bob"),
        ]
    )
    assert rows["o1"]["cancelled_on"] is None


def test_guests_returns_are_matched_within_their_order(cleaned):
    rows, _ = cleaned(
        [
            line("o1", "tea", 1, customer_id=None, order_id="x"),
            line("o2", "tea", 1, customer_id=None, order_id="y"),
            line("r1", "tea", -1, customer_id=None, order_id="x"),
        ]
    )
    assert rows["o1"]["cancelled_on"] == date(2024, 1, 1)
    assert rows["o2"]["cancelled_on"] is None


def taken_from_a_pile(quantities):
    """Play the returns by hand: a pile of units, each knowing its purchase."""
    pile, unmatched = [], 0
    for place, quantity in enumerate(quantities):
        if quantity > 0:
            pile += [place] * quantity
        for _ in range(-quantity):
            if pile:
                pile.pop()
            else:
                unmatched += 1
    return {place: q - pile.count(place) for place, q in enumerate(quantities) if q > 0}, unmatched


@settings(max_examples=20, deadline=None)
@given(quantities=st.lists(st.sampled_from([-3, -2, -1, 1, 2, 3]), min_size=1, max_size=8))
def test_netting_is_the_same_as_playing_with_a_pile(quantities):
    from nextbest.engines.duckdb_store import arrow_schema
    from nextbest.sources.cleaning.query.returns import net_returns
    from nextbest.tables.canonical import ORDER_LINES

    rows = [
        {"line_id": str(place), "customer_id": "ann", "product_id": "tea", "quantity": float(quantity)}
        | {"ordered_on": date(2024, 1, place + 1), "ordered_at": datetime(2024, 1, place + 1)}  # noqa: DTZ001
        for place, quantity in enumerate(quantities)
    ]
    netted, (_, unmatched) = net_returns(
        ibis.memtable(pa.Table.from_pylist(rows, arrow_schema(ORDER_LINES))), keep=lambda table: table
    )
    engine = ibis.duckdb.connect(threads=1)
    found = {int(row["line_id"]): row for row in engine.to_pyarrow(netted).to_pylist()}
    returned, n_unmatched = taken_from_a_pile(quantities)
    assert {place: found[place]["quantity_returned"] or 0 for place in returned} == returned
    assert {place for place, row in found.items() if row["cancelled_on"]} == {
        place for place, units in returned.items() if units == quantities[place]
    }
    assert bool(engine.to_pyarrow(unmatched.holds(netted).sum()).as_py()) == bool(n_unmatched)


SHOP = [line(f"s{place}", f"{21000 + place}", 2, price=2.0 + place % 3) for place in range(30)]


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("POST", "POSTAGE"),
        ("DOT", "DOTCOM POSTAGE"),
        ("C2", "CARRIAGE"),
        ("M", "Manual"),
        ("BANK CHARGES", "Bank Charges"),
        ("AMAZONFEE", "AMAZON FEE"),
        ("S", "SAMPLES"),
        ("22016", "Dotcomgiftshop Gift Voucher £100.00"),
        ("23444", "Next Day Carriage"),
        ("90001", "补差价专用链接"),
        ("90002", "运费"),
        ("90003", "【赠品】小样"),
        ("90004", "Shipping & Handling"),
        ("90005", "Express delivery charge"),
    ],
)
def test_what_is_not_a_product_is_flagged(cleaned, code, name):
    rows, counts = cleaned(
        [*SHOP, line("x", code, 1, price=5.0)], products=[{"product_id": code, "name": name}]
    )
    assert rows["x"]["is_product"] is False
    assert counts["non_products"] == 1
    assert len(rows) == 31


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("DCGSSBOY", "BOYS PARTY BAG"),
        ("84032", "VINTAGE POSTAGE STAMPS"),
        ("84033", "DELIVERY TRUCK TOY"),
        ("84034", "GLASS SAMPLE JAR"),
        ("84035", "全国包邮免运费红茶"),
        ("84036", "买一送赠品 绿茶"),
    ],
)
def test_products_that_only_sound_like_fees_stay_products(cleaned, code, name):
    rows, _ = cleaned([*SHOP, line("x", code, 1, price=3.0)], products=[{"product_id": code, "name": name}])
    assert rows["x"]["is_product"] is True


def test_a_shop_may_say_what_is_a_product_and_what_is_not(cleaned):
    from functools import partial

    run = partial(
        cleaned,
        [*SHOP, line("x", "POST", 1), line("y", "21001", 1)],
        products=[{"product_id": "POST", "name": "Postage"}],
    )
    rows, _ = run(non_products=("21001",))
    assert (rows["x"]["is_product"], rows["y"]["is_product"]) == (False, False)


def test_petrol_is_one_and_wholesale_is_what_it_is(cleaned):
    petrol = [line(f"p{n}", "gas", n, price=0.003) for n in (10253, 8917, 5521, 333)]
    wholesale = [line(f"w{n}", "bird", n, price=1.04) for n in (80995, 4800, 1200)]
    cheap = [line(f"c{n}", "screw", n, price=0.01) for n in (1000, 5000, 600)]
    rows, counts = cleaned([*SHOP, *petrol, *wholesale, *cheap])
    assert [rows[f"p{n}"]["quantity"] for n in (10253, 8917, 5521, 333)] == [1.0] * 4
    assert rows["p10253"]["quantity_read"] == 10253.0
    assert rows["w80995"]["quantity"] == 80995.0
    assert rows["c5000"]["quantity"] == 5000.0
    assert counts["units"] == 4


def test_rules_that_are_off_do_nothing(cleaned):
    rows, counts = cleaned(
        [*SHOP, line("x", "POST", 1), line("r", "21001", -2, "2024-02-01")],
        products=[{"product_id": "POST", "name": "Postage"}],
        net_returns=False,
        flag_non_products=False,
        fix_units=False,
    )
    assert counts == {}
    assert rows["s1"]["cancelled_on"] is None


def test_snapshots_become_runs_of_months_and_the_first_is_no_purchase(make_store):
    seen = {"jan": "2024-01-31", "feb": "2024-02-29", "mar": "2024-03-31", "apr": "2024-04-30"}

    def row(customer, product, month):
        return {"customer_id": customer, "product_id": product, "seen_on": seen[month], "status": month}

    store = make_store(
        holdings=[
            *(row("ann", "visa", month) for month in seen),
            row("bob", "loan", "feb"),
            row("bob", "loan", "mar"),
            row("cat", "visa", "jan"),
            row("cat", "visa", "mar"),
        ]
    )
    rows = store.arrow(
        clean({"holdings": store.table("holdings")}, CleaningSettings())
        .tables["holdings"]
        .order_by("customer_id", "seen_on")
    ).to_pylist()
    assert [(row["customer_id"], row["opened_on"], row["closed_on"], row["status"]) for row in rows] == [
        ("ann", None, None, "apr"),
        ("bob", date(2024, 2, 29), date(2024, 4, 30), "mar"),
        ("cat", None, date(2024, 2, 29), "jan"),
        ("cat", date(2024, 3, 31), date(2024, 4, 30), "mar"),
    ]
