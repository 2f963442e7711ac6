from datetime import date

from inline_snapshot import snapshot

from nextbest.base.capability import Moment
from nextbest.base.messages import render
from nextbest.profiles.products.run import run
from nextbest.profiles.products.spec import MarginTotals, ProductProfileSettings
from nextbest.profiles.products.words import findings

MOMENT = Moment(as_of=date(2017, 3, 1))
LINES = [{"order_id": "o1", "product_id": "tea", "ordered_at": "2017-02-01", "quantity": 2, "net_revenue": 8}]


def test_a_shop_without_a_product_list_has_profiles_too(make_store):
    store = make_store(order_lines=LINES)
    run(store, ProductProfileSettings(), MOMENT)
    (row,) = store.written["product_profiles"].to_pylist()
    assert (row["name"], row["n_customers"], row["repeat_rate"], row["margin_per_order"]) == (
        None,
        0,
        None,
        2.0,
    )


def test_assumed_margins_are_said_and_given_ones_are_not(make_store):
    found = run(make_store(order_lines=LINES), ProductProfileSettings(), MOMENT)
    assert [finding.code for finding in found] == ["products.assumed_margin"]
    costed = make_store(order_lines=[LINES[0] | {"unit_cost": 1}])
    assert run(costed, ProductProfileSettings(), MOMENT) == []


def test_the_sentences_read_well_in_both_languages():
    (finding,) = findings([MarginTotals("assumed", 12, 3400.0, 0.2)], assumed_margin_share=0.25)
    texts = (finding.sentence, finding.evidence, finding.action)
    assert [render(text, language) for language in ("en", "zh") for text in texts] == snapshot(
        [
            "The margin of 12 products is not known; it is taken to be 25% of their revenue.",
            "These products brought 20% of the revenue (3,400); neither a unit cost nor a category default is given.",
            "Load the column unit_cost with the products, or set products.category_margin_share: every figure of money gets better.",
            "有 12 件商品的毛利未知，暂按收入的 25% 估算。",
            "这些商品贡献了 20% 的收入（3,400）；数据既没有单位成本，也没有品类默认毛利率。",
            "请在商品数据中提供 unit_cost 一列，或设置 products.category_margin_share：所有金额都会更准确。",
        ]
    )
