from datetime import date, timedelta

from inline_snapshot import snapshot

from nextbest.base.capability import Moment
from nextbest.base.messages import render
from nextbest.profiles.behaviour.run import run
from nextbest.profiles.behaviour.spec import BehaviourSettings, Change
from nextbest.profiles.behaviour.words import findings

DAY = date(2018, 1, 1)


def orders(customer, *ago):
    return [
        {
            "order_id": f"{customer}{days}",
            "customer_id": customer,
            "product_id": "tea",
            "ordered_on": DAY - timedelta(days=days),
            "net_revenue": 10,
        }
        for days in ago
    ]


def test_who_spends_less_than_before_is_said(make_store):
    store = make_store(
        order_lines=[
            row for name in ("ann", "bob", "cid", "dee", "eve") for row in orders(name, 5, 100, 150, 200, 250)
        ]
        + [row for name in ("flo", "gus", "hal", "ida", "joe") for row in orders(name, 5, 50, 100, 200)]
    )
    (finding,) = run(store, BehaviourSettings(), Moment(as_of=DAY))
    assert (finding.code, finding.values["n_customers"], finding.values["customer_share"]) == (
        "behaviour.falling",
        5,
        0.5,
    )
    assert store.written["behaviour"].num_rows == 10


def test_a_young_shop_has_profiles_and_no_findings(make_store):
    store = make_store(order_lines=orders("ann", 5, 8))
    assert run(store, BehaviourSettings(), Moment(as_of=DAY)) == []
    assert store.written["behaviour"].num_rows == 1


def test_the_sentences_read_well_in_both_languages():
    (finding,) = findings(Change(120, 0.1, 64000.0, 5200.0))
    texts = (finding.sentence, finding.evidence, finding.action)
    assert [render(text, language) for language in ("en", "zh") for text in texts] == snapshot(
        [
            "120 customers spent less than 50% of their usual in the last 91 days.",
            "10% of the customers who have been here long enough to compare; they brought 5,200 in the last 91 days and 64,000 in the last 364.",
            "Look at what they stopped buying (table behaviour, column trend) and offer that first.",
            "有 120 位顾客最近 91 天的消费不到平常的 50%。",
            "占可比较的老顾客的 10%；他们最近 91 天贡献 5,200，最近 364 天共 64,000。",
            "看看他们不再购买什么（behaviour 表的 trend 列），先从这些商品推荐起。",
        ]
    )
