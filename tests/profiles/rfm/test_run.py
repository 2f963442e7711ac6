from datetime import date, timedelta

from nextbest.base.capability import Moment
from nextbest.profiles.rfm.run import run
from nextbest.profiles.rfm.spec import RfmSettings

DAY = date(2017, 3, 1)


def orders(customer, n, last, revenue):
    return [
        {
            "order_id": f"{customer}{k}",
            "customer_id": customer,
            "product_id": "tea",
            "ordered_on": DAY - timedelta(days=last + 7 * k),
            "net_revenue": revenue,
        }
        for k in range(n)
    ]


SHOP = [
    *orders("ann", 9, 1, 10),
    *orders("bob", 1, 2, 5),
    *orders("cid", 8, 90, 10),
    *orders("dee", 1, 80, None),
    *orders("eve", 3, 30, 2),
]


CROWD = [
    row | {"customer_id": row["customer_id"] + twin, "order_id": row["order_id"] + twin}
    for row in SHOP
    for twin in "abcde"
]


def test_each_customer_gets_scores_and_a_segment(make_store):
    store = make_store(order_lines=SHOP)
    run(store, RfmSettings(), Moment(as_of=DAY))
    rows = {row["customer_id"]: row for row in store.written["rfm"].to_pylist()}
    assert {name: row["segment"] for name, row in rows.items()} == {
        "ann": "champions",
        "bob": "promising",
        "cid": "at_risk",
        "dee": "hibernating",
        "eve": "needs_attention",
    }
    assert (rows["ann"]["m_score"], rows["dee"]["m_score"]) == (4, None)


def test_findings_name_who_carries_the_shop_and_who_has_gone_quiet(make_store):
    found = run(make_store(order_lines=CROWD), RfmSettings(), Moment(as_of=DAY))
    assert [(finding.code, finding.ref) for finding in found] == [
        ("rfm.top_segment", "champions"),
        ("rfm.quiet", "at_risk"),
    ]


def test_a_handful_of_customers_is_not_worth_a_sentence(make_store):
    assert run(make_store(order_lines=SHOP), RfmSettings(), Moment(as_of=DAY)) == []


def test_several_days_are_scored_each_by_itself(make_store):
    earlier = DAY - timedelta(days=30)
    both = make_store(order_lines=SHOP)
    run(both, RfmSettings(as_of=(DAY, earlier)), Moment(as_of=None))
    alone = make_store(order_lines=SHOP)
    run(alone, RfmSettings(), Moment(as_of=earlier))
    rows = both.written["rfm"].to_pylist()
    assert [row for row in rows if row["as_of"] == earlier] == alone.written["rfm"].to_pylist()


def test_a_shop_without_money_still_has_segments(make_store):
    store = make_store(order_lines=[row | {"net_revenue": None} for row in CROWD])
    found = run(store, RfmSettings(), Moment(as_of=DAY))
    assert store.written["rfm"]["m_score"].null_count == 25
    assert [finding.code for finding in found] == ["rfm.quiet_customers"]


def test_a_day_before_every_order_gives_no_rows_and_no_findings(make_store):
    store = make_store(order_lines=SHOP)
    assert run(store, RfmSettings(), Moment(as_of=date(2000, 1, 1))) == []
    assert store.written["rfm"].num_rows == 0
