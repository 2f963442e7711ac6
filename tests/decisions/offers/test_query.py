import ibis
import pyarrow as pa

from nextbest.decisions.offers.query import pool
from nextbest.decisions.offers.query.sources import COLUMNS


def source(name, *rows):
    """Type the candidates of one source: customer, product, place, and what else is known."""
    columns = {column: [row.get(column) for row in rows] for column in COLUMNS}
    columns["source"] = [name] * len(rows)
    kinds = {"string": pa.string(), "int64": pa.int64(), "float64": pa.float64()}
    return pa.table({column: pa.array(columns[column], kinds[kind]) for column, kind in COLUMNS.items()})


def candidate(customer, product, place=1, **own):
    return {"customer_id": customer, "product_id": product, "place": place, "reason_code": "rule"} | own


def pooled(make_store, *sources, most=50):
    store = make_store(order_lines=[{"customer_id": "ann"}])
    rows = pool([store.memtable(rows) for rows in sources], most)
    return store.arrow(rows.order_by("customer_id", "product_id")).to_pylist()


def test_the_pool_is_not_executed_when_it_is_made():
    unbound = ibis.table(COLUMNS, name="candidates")
    made = pool([unbound, unbound], 50)
    assert {"n_pool", "shop_source", *COLUMNS} == set(made.columns)


def test_a_rule_gives_the_kind_and_the_list_the_probability(make_store):
    rule = source("rule", candidate("ann", "milk", rule_id="r1"))
    lists = source("discover", candidate("ann", "milk", 3, probability=0.3))
    (row,) = pooled(make_store, rule, lists)
    assert (row["source"], row["rule_id"], row["probability"], row["n_pool"]) == ("rule", "r1", 0.3, 1)


def test_a_listed_bestseller_keeps_its_shop_source(make_store):
    lists = source("discover", candidate("ann", "milk", probability=0.3), candidate("ann", "jam", 2))
    best = source("bestseller", candidate("ann", "milk"))
    jam, milk = pooled(make_store, lists, best)
    assert (milk["source"], milk["shop_source"]) == ("discover", "bestseller")
    assert jam["shop_source"] is None


def test_the_limit_leaves_every_source_its_share(make_store):
    rules = source("rule", *(candidate("ann", f"r{place}", place) for place in range(1, 6)))
    best = source("bestseller", *(candidate("ann", f"b{place}", place) for place in range(1, 6)))
    rows = pooled(make_store, rules, best, most=4)
    assert [row["product_id"] for row in rows] == ["b1", "b2", "r1", "r2"]
    assert {row["n_pool"] for row in rows} == {10}
