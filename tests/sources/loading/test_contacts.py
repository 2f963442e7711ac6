"""Files of contacts and counts, typed by hand in English and Chinese: each is recognised and loads."""

import pytest

FILES = {
    "stock": (
        """
        SKU,Store,Date,Stock on hand,On order,Lead time
        tea,s1,2024-03-01,12,24,7
        jam,s1,2024-03-01,0,,14
        """,
        """
        商品编码,门店,盘点日期,库存数量,在途数量,提前期
        tea,s1,2024-03-01,12,24,7
        jam,s1,2024-03-01,0,,14
        """,
        {"product_id": ["jam", "tea"], "on_hand": [0.0, 12.0], "lead_time_days": [14.0, 7.0]},
    ),
    "consents": (
        """
        Customer ID,Purpose,Channel,Status,Changed at
        ann,marketing,sms,granted,2024-03-01 10:00
        bob,marketing,,revoked,2024-03-02 10:00
        """,
        """
        客户编号,用途,渠道,授权状态,变更时间
        ann,marketing,sms,granted,2024-03-01 10:00
        bob,marketing,,revoked,2024-03-02 10:00
        """,
        {"customer_id": ["ann", "bob"], "status": ["granted", "revoked"], "channel": ["sms", None]},
    ),
    "exposures": (
        """
        Customer ID,Campaign ID,Offer ID,Sent at,Channel,Cost
        ann,spring,tea10,2024-03-01 10:00,sms,0.05
        bob,spring,tea10,2024-03-01 10:00,email,0.01
        """,
        """
        客户编号,活动编号,方案编号,发送时间,渠道,成本
        ann,spring,tea10,2024-03-01 10:00,sms,0.05
        bob,spring,tea10,2024-03-01 10:00,email,0.01
        """,
        {"customer_id": ["ann", "bob"], "campaign_id": ["spring"] * 2, "channel": ["sms", "email"]},
    ),
    "responses": (
        """
        Customer ID,Offer ID,Response,Responded at,Revenue
        ann,tea10,redeemed,2024-03-03 10:00,12.50
        bob,tea10,unsubscribed,2024-03-03 11:00,
        """,
        """
        客户编号,方案编号,响应,响应时间,销售额
        ann,tea10,redeemed,2024-03-03 10:00,12.50
        bob,tea10,unsubscribed,2024-03-03 11:00,
        """,
        {"customer_id": ["ann", "bob"], "response": ["redeemed", "unsubscribed"]},
    ),
    "campaigns": (
        """
        Campaign ID,Campaign name,Start date,End date,Budget,Goal
        spring,Spring tea,2024-03-01,2024-03-31,500,more tea
        """,
        """
        活动编号,活动名称,开始日期,结束日期,预算,目标
        spring,Spring tea,2024-03-01,2024-03-31,500,more tea
        """,
        {"campaign_id": ["spring"], "name": ["Spring tea"], "goal": ["more tea"]},
    ),
    "offers": (
        """
        Offer ID,Type,Products,Offer price,Valid from,Valid until,Text
        tea10,discount,tea,9.90,2024-03-01,2024-03-31,Ten off tea
        """,
        """
        方案编号,优惠类型,适用商品,优惠价,开始时间,结束时间,文案
        tea10,discount,tea,9.90,2024-03-01,2024-03-31,Ten off tea
        """,
        {"offer_id": ["tea10"], "kind": ["discount"], "product_ids": ["tea"], "content": ["Ten off tea"]},
    ),
}


@pytest.mark.parametrize("table", FILES)
@pytest.mark.parametrize("language", [0, 1], ids=["en", "zh"])
def test_a_typed_file_of_it_is_recognised_and_loads(load_text, table, language):
    *texts, expected = FILES[table]
    found = load_text(texts[language])
    assert found.layout.table == table
    assert not found.quarantine
    rows = getattr(found, table)
    by_key = sorted(rows, key=lambda row: row[next(iter(expected))])
    assert {name: [row[name] for row in by_key] for name in expected} == expected


def test_who_was_enrolled_in_a_test_is_an_exposure_with_its_variant(load_text):
    found = load_text(
        """
        user_id,experiment,group,timestamp
        ann,checkout,A,2024-03-01 10:00
        bob,checkout,B,2024-03-01 10:05
        """
    )
    assert found.layout.table == "exposures"
    assert [(row["customer_id"], row["variant"]) for row in found.exposures] == [("ann", "A"), ("bob", "B")]


def test_the_same_contact_loaded_again_does_not_double(load_text, engine):
    from nextbest.sources.loading import merge_new

    text = "Customer ID,Offer ID,Response,Responded at\nann,tea10,redeemed,2024-03-03 10:00"
    first, second = (load_text(text).expressions["responses"] for _ in range(2))
    full = [table.mutate(decision_id=None) for table in (first, second)]
    joined = merge_new("responses", *full, "upsert")
    assert engine.to_pyarrow(joined.kept).num_rows + engine.to_pyarrow(joined.added).num_rows == 1
