"""Files typed in the test become canonical rows, and every row is accounted for."""

import json
from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from nextbest.base.errors import DataError
from nextbest.sources.cleaning import CleaningSettings
from nextbest.sources.files import open_source
from nextbest.sources.loading import Desk, LoadingSettings, load
from nextbest.sources.mapping import Layout


def adds_up(loaded):
    return loaded.n_read == loaded.n_kept + loaded.n_merged + loaded.n_quarantined


def column(rows, *names):
    return [tuple(row[name] for name in names) if len(names) > 1 else row[names[0]] for row in rows]


def test_invoices_become_lines_products_and_customers(load_text):
    found = load_text("""
        InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
        536365,85123A,WHITE HEART,6,2010-12-01 08:26:00,2.55,17850,United Kingdom
        536365,71053,LANTERN,6,2010-12-01 08:26:00,3.39,17850,United Kingdom
        536365,71053,LANTERN,6,2010-12-01 08:26:00,3.39,17850,United Kingdom
        C536379,85123A,WHITE HEART,-1,2010-12-01 09:41:00,2.55,17850,United Kingdom
        A563185,B,Adjust bad debt,1,2010-12-02 09:41:00,11062.06,,United Kingdom
    """)
    assert column(found.order_lines, "line_id", "product_id", "quantity", "net_revenue", "is_return") == [
        ("536365-1", "71053", 6.0, Decimal("20.3400"), False),
        ("536365-2", "85123A", 6.0, Decimal("15.3000"), False),
        ("C536379-1", "85123A", -1.0, Decimal("-2.5500"), True),
    ]
    assert found.order_lines[0]["source_id"] == "web"
    assert found.products == [
        {"product_id": "71053", "name": "LANTERN"},
        {"product_id": "85123A", "name": "WHITE HEART"},
    ]
    assert found.customers == [{"customer_id": "17850", "place": "United Kingdom"}]
    assert found.reasons == {
        ("cleaning.bad_debt", "quarantined"): 1,
        ("cleaning.exact_duplicates", "merged"): 1,
    }
    assert found.quarantine[0]["row"] == 5
    assert (found.loaded.n_read, found.loaded.n_kept, found.loaded.n_merged, found.loaded.n_quarantined) == (
        5,
        3,
        1,
        1,
    )


def test_equal_rows_without_a_quantity_are_units(load_text):
    found = load_text("basket,item,price\n1,bread,2.50\n1,bread,2.50\n1,milk,1.00\n2,milk,1.00")
    assert column(found.order_lines, "order_id", "product_id", "quantity", "net_revenue") == [
        ("1", "bread", 2.0, Decimal("5.0000")),
        ("1", "milk", 1.0, Decimal("1.0000")),
        ("2", "milk", 1.0, Decimal("1.0000")),
    ]
    assert found.reasons == {("loading.units_from_rows", "merged"): 1}


def test_without_an_order_id_the_order_is_customer_and_day(load_text):
    found = load_text(
        "member,date,product\n17,2024-01-01,bread\n17,2024-01-01,milk\n17,2024-01-02,milk\n,2024-01-02,milk"
    )
    assert sorted(set(column(found.order_lines, "order_id"))) == ["17 2024-01-01", "17 2024-01-02", "row 4"]


def test_equal_rows_without_an_order_id_are_two_purchases(load_text):
    found = load_text(
        "id,date,qty,value\n1,19970101,1,11.77\n1,19970101,1,11.77\n1,19970202,1,5.00\n2,19970101,1,6.00"
    )
    assert len(found.order_lines) == 4
    assert column(found.order_lines, "order_id")[:2] == ["1 1997-01-01", "1 1997-01-01"]


def test_days_are_local_days_of_the_shop(load_text):
    text = "order_id,product_id,ordered_at\n1,a,2024-05-01 00:30:00\n2,a,2024-05-01T23:30:00Z"
    found = load_text(text, time_zone="Asia/Shanghai")
    assert column(found.order_lines, "ordered_at", "ordered_on") == [
        (datetime(2024, 4, 30, 16, 30), date(2024, 5, 1)),  # noqa: DTZ001
        (datetime(2024, 5, 1, 23, 30), date(2024, 5, 2)),  # noqa: DTZ001
    ]


SHOPIFY = """
    Name,Email,Financial Status,Currency,Subtotal,Discount Amount,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Billing Name,Billing Street,Refunded Amount,Vendor,Cancelled at
    #1001,ann@example.org,paid,EUR,30.00,6.00,2024-03-01 09:58:00 +0100,2,Tea,10.00,TEA-1,Ann A,Main Street 1,0.00,House,
    #1001,,,,,,,1,Mug,16.00,,,,,House,
    #1002,bob@example.org,voided,EUR,10.00,0.00,2024-03-02 09:58:00 +0100,1,Tea,10.00,TEA-1,Bob B,Side Street 2,0.00,House,
    #1003,cat@example.org,refunded,EUR,10.00,0.00,2024-03-03 09:58:00 +0100,1,Tea,10.00,TEA-1,Cat C,Side Street 3,10.00,House,
"""  # fmt: skip


def test_shopify_orders_are_filled_and_their_subtotal_is_shared_out(load_text):
    found = load_text(SHOPIFY, time_zone="Europe/Berlin")
    assert column(
        found.order_lines, "line_id", "customer_id", "product_id", "net_revenue", "cancelled_on"
    ) == [
        ("#1001-1", "ann@example.org", "Mug", Decimal("13.33"), None),
        ("#1001-2", "ann@example.org", "TEA-1", Decimal("16.67"), None),
        ("#1003-1", "cat@example.org", "TEA-1", Decimal("0.0000"), date(2024, 3, 3)),
    ]
    assert found.reasons == {("cleaning.unpaid", "quarantined"): 1}
    assert found.customers[0]["email"] == "ann@example.org"


def test_the_quarantine_shows_nothing_personal(load_text):
    found = load_text(SHOPIFY)
    content = json.loads(found.quarantine[0]["content"])
    assert content["product_id"] == "TEA-1"
    assert "bob" not in found.quarantine[0]["content"].lower()
    assert all("example.org" not in (reason.example or "") for reason in found.loaded.reasons)


TAOBAO_ORDERS = """
    订单编号,买家会员名,买家实际支付金额,订单状态,收货人姓名,订单创建时间,宝贝标题,宝贝种类,宝贝总数量
    1001,小红,80.00,交易成功,王红,2024-05-01 00:10:00,红茶 绿茶,2,3
    1002,小明,0.00,交易关闭,李明,2024-05-02 11:00:00,红茶,1,1
"""
TAOBAO_ITEMS = """
    订单编号,标题,价格,购买数量,外部系统编号,商品属性,订单状态,商家编码
    1001,红茶,30.00,2,,红,交易成功,HC01
    1001,绿茶,28.00,1,,绿,交易成功,LC01
    1002,红茶,30.00,1,,红,交易关闭,HC01
    1003,红茶,30.00,1,,红,交易成功,HC01
"""


def test_taobao_items_are_filled_from_the_heads_of_their_orders(load_text):
    orders = load_text(TAOBAO_ORDERS, time_zone="Asia/Shanghai")
    found = load_text(TAOBAO_ITEMS, orders=orders, time_zone="Asia/Shanghai")
    assert orders.loaded.table == "orders"
    assert column(found.order_lines, "line_id", "customer_id", "ordered_on", "net_revenue") == [
        ("1001-1", "小红", date(2024, 5, 1), Decimal("54.55")),
        ("1001-2", "小红", date(2024, 5, 1), Decimal("25.45")),
    ]
    assert found.reasons == {("cleaning.unpaid", "quarantined"): 1, ("loading.missing", "quarantined"): 1}
    assert adds_up(found.loaded)


def test_other_currencies_are_converted_by_rates_or_set_aside(load_text):
    text = """
        order_id,product_id,order_date,quantity,amount,currency
        1,a,2024-01-02,1,10.00,EUR
        2,a,2024-01-03,1,10.00,USD
        3,a,2024-01-01,1,10.00,USD
    """
    rates = load_text("date,currency,rate\n2024-01-02,USD,0.90\n2024-01-03,USD,0.80\n2024-02-01,USD,0.10")
    found = load_text(text, rates=rates, currency="EUR")
    assert column(found.order_lines, "order_id", "net_revenue", "currency") == [
        ("1", Decimal("10.0000"), "EUR"),
        ("2", Decimal("8.0000"), "USD"),
    ]
    assert found.reasons == {("loading.currency", "quarantined"): 1}
    without = load_text(text, currency="EUR")
    assert without.reasons == {("loading.currency", "quarantined"): 2}


def test_cells_that_cannot_be_read_are_set_aside_or_emptied(load_text):
    found = load_text("""
        order_id,product_id,order_date,quantity,amount
        1,a,2024-01-02,1,10.00
        2,a,2024-02-30,1,10.00
        3,,2024-01-03,1,10.00
        4,a,2024-01-03,many,10.00
        5,a,2024-01-03,1,1.00
        6,a,2024-01-04,1,1.00
        7,a,2024-01-05,1,1.00
    """)
    assert found.reasons == {
        ("loading.missing", "quarantined"): 1,
        ("loading.unreadable", "changed"): 1,
        ("loading.unreadable_row", "quarantined"): 1,
    }
    assert column(found.quarantine, "row", "rule", "column") == [
        (2, "loading.unreadable_row", "order_date"),
        (3, "loading.missing", "product_id"),
    ]
    assert adds_up(found.loaded)


def test_columns_nobody_asked_for_stay_as_attributes_but_personal_ones_do_not(load_text):
    found = load_text(
        "order_id,product_id,order_date,Gift wrap?,收货人电话,cost centre\n1,a,2024-01-02,yes,13800000001,7"
    )
    assert found.order_lines[0]["Gift wrap?"] == "yes"
    assert found.order_lines[0]["cost centre"] == "7"
    assert "13800000001" not in str(found.order_lines)


def test_wide_holdings_become_rows_and_keep_customers_who_hold_nothing(load_text):
    found = load_text("""
        client_no,age,visa_gold,mortgage,savings
        ann,44,1,0,120.50
        bob,31,0,1,0
        cat,28,0,0,
    """)
    assert column(found.holdings, "customer_id", "product_id", "balance") == [
        ("ann", "savings", Decimal("120.5000")),
        ("ann", "visa_gold", None),
        ("bob", "mortgage", None),
    ]
    assert column(found.customers, "customer_id", "age") == [("ann", "44"), ("bob", "31"), ("cat", "28")]
    assert (found.loaded.n_read, found.loaded.n_kept) == (3, 3)


def test_events_without_ids_get_one_of_what_they_say(load_text):
    text = "event_name,event_timestamp,user_pseudo_id,item_id\nview_item,2024-01-01 10:00:00,a.1,sku1\nview_item,2024-01-01 10:00:00,a.1,sku1\npurchase,2024-01-01 10:01:00,a.1,sku1"
    first, second = load_text(text), load_text(text)
    assert len(first.events) == 2
    assert column(first.events, "event_id") == column(second.events, "event_id")
    assert first.reasons == {("cleaning.exact_duplicates", "merged"): 1}


def test_bots_and_misclicks_are_set_aside(load_text):
    bots = "\n".join(f"view,2024-01-01 10:00:{second % 60:02d},bot,sku{second},5" for second in range(30))
    found = load_text(
        f"event,timestamp,visitor_id,item_id,duration\nview,2024-01-01 10:00:00,ann,sku1,30\nview,2024-01-01 10:00:31,ann,sku2,0.2\n{bots}",
        cleaning=CleaningSettings(bot_events_per_minute=20),
    )
    assert found.reasons == {("cleaning.bots", "quarantined"): 30, ("cleaning.misclicks", "quarantined"): 1}
    assert column(found.events, "product_id") == ["sku1"]


def test_a_column_that_is_gone_is_named(engine, tmp_path):
    path = tmp_path / "shop.csv"
    path.write_text("basket,item\n1,bread\n")
    layout = Layout("order_lines", {"order_id": "basket_id", "product_id": "item"})
    with pytest.raises(DataError, match=r'shop\.csv has no column "basket_id"'):
        load(
            open_source(str(path)),
            layout,
            LoadingSettings(),
            CleaningSettings(),
            Desk(engine, tmp_path / "out"),
        )


CELLS = st.tuples(
    st.sampled_from(["o1", "o2", "o3", ""]),
    st.sampled_from(["a", "b", "test", ""]),
    st.sampled_from(["2024-01-01", "2024-01-02", "2024-02-31", ""]),
    st.sampled_from(["1", "2", "-1", "0", "x", ""]),
    st.sampled_from(["1.50", "0", "-2", "abc", ""]),
    st.sampled_from(["paid", "voided", ""]),
)


@settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rows=st.lists(CELLS, min_size=1, max_size=12), data=st.data())
def test_every_row_is_accounted_for_whatever_it_holds_and_in_any_order(load_text, rows, data):
    header = "order_id,product_id,order_date,quantity,unit_price,status"
    mapping = {"order_id": "order_id", "product_id": "product_id", "ordered_at": "order_date", "quantity": "quantity",
               "unit_price": "unit_price", "status": "status"}  # fmt: skip
    rows = [("o9", "a", "2024-01-01", "1", "1.50", "paid"), *rows]
    found = load_text("\n".join([header, *map(",".join, rows)]), given=mapping, table="order_lines")
    again = load_text(
        "\n".join([header, *map(",".join, data.draw(st.permutations(rows)))]),
        given=mapping,
        table="order_lines",
    )
    assert adds_up(found.loaded)
    assert found.loaded.n_kept == len(found.order_lines)
    assert found.loaded.n_quarantined == len(found.quarantine)
    assert found.reasons == again.reasons
    with_ids = [row for row in found.order_lines if not row["order_id"].startswith("row ")]
    assert with_ids == [row for row in again.order_lines if not row["order_id"].startswith("row ")]


def test_online_retail_is_loaded_with_no_help(engine, tmp_path, shared_data):
    from nextbest.sources.mapping import guess

    raw = open_source(str(shared_data("online_retail_2010_2011") / "transactions.parquet"))
    found = guess(raw.columns, raw.sample(1000))
    loaded = load(
        raw,
        found.layout,
        LoadingSettings(time_zone="Europe/London"),
        CleaningSettings(),
        Desk(engine, tmp_path),
    )
    assert (loaded.n_read, loaded.n_merged) == (541_909, 5_268)
    assert adds_up(loaded)
    assert (
        engine.to_pyarrow(engine.read_parquet(str(loaded.tables["order_lines"])).count()).as_py()
        == loaded.n_kept
    )


def test_what_looks_personal_is_neither_kept_nor_shown(load_text):
    found = load_text(
        """
        order_id,product_id,quantity,net_revenue,contact 2,ref,size
        o1,tea,1,2.00,ann@example.org,4111 1111 1111 1111,S
        o2,tea,0,0.00,bob@example.org,5500 0000 0000 0004,M
        """,
        given={"order_id": "order_id"},
    )
    assert set(found.order_lines[0]) & {"contact_2", "ref", "size"} == {"size"}
    assert found.reasons["loading.personal_left_out", "changed"] == 2
    assert "bob" not in found.quarantine[0]["content"]
    assert "5500" not in found.quarantine[0]["content"]


def test_baskets_in_one_cell_become_lines(load_text):
    found = load_text(
        """
        basket,items
        1,"milk, bread"
        2,milk
        3,"tea, milk, bread"
        4,"bread, tea, milk, milk"
        """
    )
    assert found.layout.shape == "lists"
    assert found.loaded.n_read == 10
    assert found.loaded.n_merged == 1
    quantities = {(line["order_id"], line["product_id"]): line["quantity"] for line in found.order_lines}
    assert quantities["4", "milk"] == 2.0
    assert len(quantities) == 9


def test_a_wide_row_that_stands_twice_is_one(load_text):
    found = load_text(
        """
        customer_id,visa,mortgage,savings
        ann,1,1,0
        ann,1,1,0
        bob,0,1,1
        """,
        table="holdings",
    )
    assert [(row["customer_id"], row["product_id"]) for row in found.holdings] == [
        ("ann", "mortgage"),
        ("ann", "visa"),
        ("bob", "mortgage"),
        ("bob", "savings"),
    ]
