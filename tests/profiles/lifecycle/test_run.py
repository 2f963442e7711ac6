from datetime import date, timedelta

import pytest
from inline_snapshot import snapshot

from nextbest.base.capability import Moment
from nextbest.base.messages import render
from nextbest.profiles.lifecycle.run import run
from nextbest.profiles.lifecycle.spec import LifecycleSettings, StageTotals
from nextbest.profiles.lifecycle.words import findings

DAY = date(2018, 1, 1)


def orders(customer, last, gap, n):
    return [
        {
            "order_id": f"{customer}{k}",
            "customer_id": customer,
            "product_id": "tea",
            "ordered_on": DAY - timedelta(days=last + gap * k),
        }
        for k in range(n)
    ]


SHOP = [
    *orders("ann", 5, 10, 20),
    *orders("bob", 20, 10, 10),
    *orders("cid", 50, 10, 20),
    *orders("dee", 120, 10, 20),
    *orders("eve", 3, 1, 1),
    *orders("flo", 50, 40, 6),
    *orders("gus", 300, 1, 1),
]


def stages(store):
    return {row["customer_id"]: row["stage"] for row in store.written["lifecycle"].to_pylist()}


def test_the_same_silence_means_different_things_to_different_rhythms(make_store):
    store = make_store(order_lines=SHOP)
    run(store, LifecycleSettings(), Moment(as_of=DAY))
    assert stages(store) == {
        "ann": "active",
        "bob": "slowing",
        "cid": "dormant",
        "dee": "gone",
        "eve": "new",
        "flo": "active",
        "gus": "gone",
    }


def test_several_days_are_judged_each_by_itself(make_store):
    earlier = DAY - timedelta(days=60)
    both, alone = make_store(order_lines=SHOP), make_store(order_lines=SHOP)
    run(both, LifecycleSettings(as_of=(earlier, DAY)), Moment(as_of=None))
    run(alone, LifecycleSettings(), Moment(as_of=earlier))
    rows = both.written["lifecycle"].to_pylist()
    assert [row for row in rows if row["as_of"] == earlier] == alone.written["lifecycle"].to_pylist()


def test_where_nobody_came_back_gone_days_is_the_only_clock(make_store):
    store = make_store(
        order_lines=[*orders("ann", 31, 1, 1), *orders("bob", 300, 1, 1), *orders("cid", 30, 1, 1)]
    )
    run(store, LifecycleSettings(), Moment(as_of=DAY))
    assert stages(store) == {"ann": "slowing", "bob": "gone", "cid": "new"}


def test_a_day_before_every_order_gives_no_rows_and_no_findings(make_store):
    store = make_store(order_lines=SHOP)
    assert run(store, LifecycleSettings(), Moment(as_of=date(2000, 1, 1))) == []
    assert store.written["lifecycle"].num_rows == 0


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_sentences_read_well(language):
    rows = [StageTotals(name, 1200, 0.12, 9.5, 21.0) for name in ("slowing", "dormant", "gone")]
    texts = [
        render(text, language)
        for finding in findings(rows)
        for text in (finding.sentence, finding.evidence, finding.action)
    ]
    assert texts == SENTENCES[language]


SENTENCES = snapshot(
    {
        "en": [
            "1,200 customers (12%) are slowing down: their silence is longer than they usually leave between orders.",
            "Half of them usually order every 9.5 days or more often; half have been silent for 21 days or longer.",
            "Remind them now: customers at later stages come back less. Hold some back at random to see what the reminder adds.",
            "1,200 customers (12%) are dormant: they have missed several of their usual orders.",
            "Half of them usually ordered every 9.5 days or more often; half have been silent for 21 days or longer.",
            "Give them a reason to come back with what they used to buy, and test it against a group that gets none.",
            "1,200 customers (12%) look gone: they have been silent for much longer than their own rhythm.",
            "Half of them have been silent for 21 days or longer, with a usual gap of 9.5 days.",
            "Spend little here: some still come back on their own, so pay only for what a test shows to work.",
        ],
        "zh": [
            "1,200 位顾客（12%）正在放缓：距上次购买的时间已超过他们平常的购买间隔。",
            "其中一半人平常至少每 9.5 天买一次；一半人已有 21 天或更久没有购买。",
            "现在就提醒他们：越往后的阶段，回来的顾客越少。请随机保留一部分不提醒，以检验提醒带来了多少。",
            "1,200 位顾客（12%）已沉睡：他们错过了好几次平常的购买。",
            "其中一半人过去至少每 9.5 天买一次；一半人已有 21 天或更久没有购买。",
            "用他们过去常买的商品给他们一个回来的理由，并与不作任何触达的一组对照检验。",
            "1,200 位顾客（12%）看来已经离开：沉默的时间远远超过他们自己的节奏。",
            "其中一半人已有 21 天或更久没有购买，而平常的间隔是 9.5 天。",
            "在这里少花钱：有些人会自己回来，只为检验证明有效的做法付费。",
        ],
    }
)
