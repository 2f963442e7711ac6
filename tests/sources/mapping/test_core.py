"""What a file is, told by its headers and first rows: exports typed from their public column lists."""

import pyarrow as pa
import pytest

from nextbest.base.errors import DataError, SettingsError
from nextbest.sources.mapping import guess, is_personal_header


def head(text):
    """Read a small CSV typed in the test; empty cells are null."""
    lines = [line.strip().split(",") for line in text.strip().splitlines()]
    return pa.table(
        {
            name: pa.array([row[place] or None for row in lines[1:]], pa.string())
            for place, name in enumerate(lines[0])
        }
    )


def guessed(text, **options):
    rows = head(text)
    return guess(rows.column_names, rows, **options)


def test_invoices_of_the_uci_kind_need_no_help():
    found = guessed("""
        InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
        536365,85123A,WHITE HEART,6,2010-12-01 08:26:00,2.55,17850,United Kingdom
        536365,71053,METAL LANTERN,6,2010-12-01 08:26:00,3.39,17850,United Kingdom
        C536379,D,Discount,-1,2010-12-01 09:41:00,27.50,14527,United Kingdom
        536380,22961,JAM MAKING SET,24,2010-12-01 09:41:00,1.45,,France
    """)
    assert found.layout.table == "order_lines"
    assert found.layout.columns == {
        "order_id": "InvoiceNo",
        "customer_id": "CustomerID",
        "product_id": "StockCode",
        "ordered_at": "InvoiceDate",
        "quantity": "Quantity",
        "unit_price": "UnitPrice",
        "products.name": "Description",
        "customers.place": "Country",
    }
    assert found.export == "uci_invoices"
    assert found.mode == "append"
    assert not found.missing


def test_baskets_of_two_columns_are_order_lines():
    found = guessed("basket,item\n1,bread\n1,milk\n2,milk")
    assert found.layout.columns == {"order_id": "basket", "product_id": "item"}
    assert found.missing == ()


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (
            "Member_number,Date,itemDescription",
            {"customer_id": "Member_number", "ordered_at": "Date", "product_id": "itemDescription"},
        ),
        (
            "TransactionID,Date,Item",
            {"order_id": "TransactionID", "ordered_at": "Date", "product_id": "Item"},
        ),
        ("receipt_no,day,product", {"order_id": "receipt_no", "ordered_at": "day", "product_id": "product"}),
        ("小票号,日期,商品名称", {"order_id": "小票号", "ordered_at": "日期", "product_id": "商品名称"}),
        (
            "会员卡号,消费日期,品名",
            {"customer_id": "会员卡号", "ordered_at": "消费日期", "product_id": "品名"},
        ),
    ],
)
def test_three_columns_are_enough(header, expected):
    found = guessed(f"{header}\n1001,2024-01-02,bread\n1001,2024-01-02,milk\n1002,2024-01-03,milk")
    assert found.layout.table == "order_lines"
    assert dict(found.layout.columns) == expected


SHOPIFY = """
    Name,Email,Financial Status,Paid at,Fulfillment Status,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem compare at price,Lineitem sku,Lineitem requires shipping,Billing Name,Billing Street,Shipping City,Refunded Amount,Vendor,Id,Source,Lineitem discount,Phone,Cancelled at
    #1001,ann@example.org,paid,2024-03-01 10:00:00 +0100,fulfilled,EUR,30.00,5.00,0.00,35.00,SPRING,6.00,DHL,2024-03-01 09:58:00 +0100,2,Tea,10.00,12.00,TEA-1,true,Ann A,Main Street 1,Bonn,0.00,House,111,web,0.00,,
    #1001,,,,,,,,,,,,,,1,Mug,16.00,,,true,,,,,House,,,0.00,,
    #1002,bob@example.org,voided,,,EUR,10.00,5.00,0.00,15.00,,0.00,DHL,2024-03-02 09:58:00 +0100,1,Tea,10.00,12.00,TEA-1,true,Bob B,Side Street 2,Cologne,0.00,House,112,web,0.00,,
"""


def test_shopify_orders_are_filled_by_their_name_and_the_email_is_the_customer_of_last_resort():
    found = guessed(SHOPIFY)
    columns = found.layout.columns
    assert found.export == "shopify"
    assert found.layout.table == "order_lines"
    assert found.layout.fill_by == "Name"
    assert columns["order_id"] == "Name"
    assert columns["customer_id"].startswith("Email")
    assert columns["product_id"] == "Lineitem sku | Lineitem name"
    assert columns["ordered_at"] == "Created at"
    assert columns["order_revenue"] == "Subtotal"
    assert columns["unit_price"] == "Lineitem price"
    assert columns["status"] == "Financial Status"
    assert found.currency == "EUR"
    assert found.mode == "upsert"
    assert "Billing Street" in found.personal or columns["customers.address"] == "Billing Street"


def test_a_customer_id_goes_before_the_email():
    found = guessed("""
        order_id,email,customer_id,sku,qty,price,created_at
        1,ann@example.org,c7,a,1,2.00,2024-01-01
        2,bob@example.org,c8,a,1,2.00,2024-01-02
    """)
    assert found.layout.columns["customer_id"] == "customer_id"
    assert found.layout.columns["customers.email"] == "email"


def test_woocommerce_order_items():
    found = guessed("""
        Order Number,Order Status,Order Date,First Name (Billing),Last Name (Billing),Email (Billing),City (Billing),Order Total Amount,SKU,Item #,Item Name,Quantity (- Refund),Item Cost,Coupon Code
        701,Completed,2024-02-01 10:10,Ann,A,ann@example.org,Bonn,26.00,TEA-1,1,Tea,2,10.00,
        701,Completed,2024-02-01 10:10,Ann,A,ann@example.org,Bonn,26.00,MUG-1,2,Mug,1,6.00,
        702,Cancelled,2024-02-02 10:10,Bob,B,bob@example.org,Cologne,10.00,TEA-1,1,Tea,1,10.00,
    """)
    columns = found.layout.columns
    assert found.export == "woocommerce"
    assert columns["order_id"] == "Order Number"
    assert columns["product_id"] == "SKU | Item Name"
    assert columns["quantity"] == "Quantity (- Refund)"
    assert columns["unit_price"] == "Item Cost"
    assert columns["customer_id"] == "Email (Billing)"
    assert columns["customers.name"] == "First Name (Billing) + Last Name (Billing)"
    assert columns["status"] == "Order Status"
    assert columns["coupon_id"] == "Coupon Code" if "coupon_id" in columns else True


TAOBAO_ORDERS = """
    订单编号,买家会员名,买家支付宝账号,买家应付货款,买家应付邮费,总金额,买家实际支付金额,订单状态,收货人姓名,收货地址,联系手机,订单创建时间,订单付款时间,宝贝标题,宝贝种类,宝贝总数量,店铺名称
    1001,小红,a@x.cn,88.00,0.00,88.00,88.00,交易成功,王红,浙江省杭州市,13800000001,2024-05-01 10:00:00,2024-05-01 10:01:00,红茶 绿茶,2,3,茶叶店
    1002,小明,b@x.cn,30.00,0.00,30.00,0.00,交易关闭,李明,北京市,13800000002,2024-05-02 11:00:00,,红茶,1,1,茶叶店
"""
TAOBAO_ITEMS = """
    订单编号,标题,价格,购买数量,外部系统编号,商品属性,套餐信息,备注,订单状态,商家编码
    1001,红茶,30.00,2,,颜色:红,,,交易成功,HC01
    1001,绿茶,28.00,1,,颜色:绿,,,交易成功,LC01
    1002,红茶,30.00,1,,颜色:红,,,交易关闭,HC01
"""


def test_taobao_orders_are_heads_and_items_are_lines():
    orders, items = guessed(TAOBAO_ORDERS), guessed(TAOBAO_ITEMS)
    assert orders.layout.table == "orders"
    assert orders.layout.columns["customer_id"] == "买家会员名"
    assert orders.layout.columns["order_revenue"] == "买家实际支付金额"
    assert orders.layout.columns["ordered_at"] == "订单创建时间"
    assert items.layout.table == "order_lines"
    assert items.layout.columns["order_id"] == "订单编号"
    assert items.layout.columns["product_id"].split(" | ")[0] == "商家编码"
    assert items.layout.columns["products.name"] == "标题"
    assert items.layout.columns["quantity"] == "购买数量"
    assert items.layout.columns["status"] == "订单状态"
    assert items.time_zone == "Asia/Shanghai"
    assert items.currency == "CNY"


def test_youzan_items_carry_orders_and_buyers():
    found = guessed("""
        订单号,订单状态,订单创建时间,买家付款时间,收货人/提货人,收货人手机号/提货人手机号,商品名称,商品编码,规格编码,商品单价,商品数量,商品实际成交金额,商品已退款金额,归属店铺
        E2024,交易完成,2024-05-01 10:00:00,2024-05-01 10:00:30,王红,13800000001,红茶,HC,HC01,30.00,2,55.00,0.00,总店
        E2024,交易完成,2024-05-01 10:00:00,2024-05-01 10:00:30,王红,13800000001,绿茶,LC,LC01,28.00,1,28.00,0.00,总店
    """)
    columns = found.layout.columns
    assert found.export == "youzan_items"
    assert columns["order_id"] == "订单号"
    assert columns["product_id"] == "规格编码 | 商品编码 | 商品名称"
    assert columns["net_revenue"] == "商品实际成交金额"
    assert columns["refund"] == "商品已退款金额"
    assert columns["customer_id"] == "收货人手机号/提货人手机号"
    assert columns["store_id"] == "归属店铺"


def test_chinese_headers_of_an_unknown_shop():
    found = guessed("""
        订单编号,下单时间,买家昵称,商品编号,商品名称,数量,单价（元）,实付金额（元）
        1001,2024-05-01 10:00,小红,A1,红茶,2,30.00,60.00
        1002,2024-05-02 10:00,小明,A2,绿茶,1,28.00,28.00
    """)
    assert found.layout.columns == {
        "order_id": "订单编号",
        "customer_id": "买家昵称",
        "product_id": "商品编号",
        "ordered_at": "下单时间",
        "quantity": "数量",
        "net_revenue": "实付金额（元）",
        "unit_price": "单价（元）",
        "products.name": "商品名称",
    }
    assert found.currency == "CNY"


def test_the_total_of_an_order_is_not_taken_for_the_amount_of_a_line():
    found = guessed("""
        order_id,customer_id,order_date,product_id,quantity,price,total
        1,ann,2024-01-01,a,1,2.00,7.00
        1,ann,2024-01-01,b,1,5.00,7.00
        2,bob,2024-01-02,a,2,2.00,9.00
        2,bob,2024-01-02,b,1,5.00,9.00
        3,cat,2024-01-02,a,2,2.00,14.00
        3,cat,2024-01-02,c,1,10.00,14.00
    """)
    assert found.layout.columns["order_revenue"] == "total"
    assert "net_revenue" not in found.layout.columns


def test_an_id_that_repeats_on_different_days_is_the_customer():
    found = guessed(
        "id,date,qty,value\n1,19970101,1,11.77\n1,19970112,2,12.00\n2,19970112,5,77.00\n2,19980112,5,77.00"
    )
    assert found.layout.table == "order_lines"
    assert found.layout.columns == {
        "customer_id": "id",
        "ordered_at": "date",
        "quantity": "qty",
        "net_revenue": "value",
    }


def test_holdings_long():
    found = guessed("""
        customer_id,account_type,open_date,close_date,balance
        ann,mortgage,2019-01-04,,120000.00
        bob,visa gold,2020-05-01,2023-01-01,0.00
    """)
    assert found.layout.table == "holdings"
    assert found.layout.columns == {
        "customer_id": "customer_id",
        "product_id": "account_type",
        "opened_on": "open_date",
        "closed_on": "close_date",
        "balance": "balance",
    }


def test_holdings_wide_with_flags_and_amounts():
    found = guessed("""
        client_no,age,visa_gold,mortgage,savings
        ann,44,1,0,120.50
        bob,31,0,1,0
        cat,28,1,1,
    """)
    assert found.layout.table == "holdings"
    assert found.layout.shape == "wide"
    assert found.layout.products == ("visa_gold", "mortgage", "savings")
    assert found.unmapped == ("age",)


def test_holdings_as_monthly_snapshots_long_and_wide():
    long = guessed(
        "customer_id,product_id,month\nann,visa,2024-01-31\nann,visa,2024-02-29\nbob,loan,2024-02-29"
    )
    wide = guessed("""
        fecha_dato,ncodpers,ind_ahor_fin_ult1,ind_cco_fin_ult1,ind_recibo_ult1
        2015-01-28,1375586,0,1,0
        2015-02-28,1375586,0,1,1
        2015-01-28,1050611,1,1,0
    """)
    assert long.layout.table == wide.layout.table == "holdings"
    assert long.layout.columns["seen_on"] == "month"
    assert wide.layout.columns == {"customer_id": "ncodpers", "seen_on": "fecha_dato"}
    assert wide.layout.shape == "wide"
    assert wide.layout.products == ("ind_ahor_fin_ult1", "ind_cco_fin_ult1", "ind_recibo_ult1")
    assert long.mode == "append"


@pytest.mark.parametrize(
    ("text", "table"),
    [
        ("product_id,title,price,brand\na,Tea,10.00 EUR,House\nb,Mug,6.00 EUR,House", "products"),
        ("商品编码,商品名称,类目,售价\nHC01,红茶,茶叶,30.00\nLC01,绿茶,茶叶,28.00", "products"),
        ("customer_id,gender,birthday,city\nann,f,1980-01-01,Bonn\nbob,m,1990-01-01,Bonn", "customers"),
        ("客户编号,性别,出生日期,城市\n001,女,1980-01-01,杭州\n002,男,1990-01-01,北京", "customers"),
        ("customer_id,month,profit\nann,2024-01,12.00\nann,2024-02,13.00", "customer_profit"),
        ("date,currency,rate\n2024-01-01,USD,0.91\n2024-01-02,USD,0.92", "rates"),
        ("event_name,event_timestamp,user_pseudo_id,items.item_id\nview_item,1714521600000000,a.1,sku1\npurchase,1714521700000000,a.1,sku1", "events"),
        ("timestamp,visitorid,event,itemid,transactionid\n1433221332117,257597,view,355908,\n1433221332118,257597,transaction,355908,4000", "events"),
        ("messageId,anonymousId,userId,type,event,timestamp\nm1,a1,,track,Product Viewed,2024-01-01T10:00:00Z\nm2,a1,u1,track,Product Added,2024-01-01T10:01:00Z", "events"),
        ("case_id,customer_id,opened_at,channel,reason,agent,satisfaction\n1,ann,2024-01-01 10:00,phone,complaint,zoe,4\n2,bob,2024-01-02 10:00,chat,question,zoe,5", "interactions"),
        ("order_id,customer_id,order_date,status,order_total\n1,ann,2024-01-01,paid,10.00\n2,bob,2024-01-02,paid,12.00", "orders"),
        ("a,b,c\n1,2,3\n4,5,6", "customers"),
    ],
)  # fmt: skip
def test_every_table_is_told_by_its_columns(text, table):
    assert guessed(text).layout.table == table


def test_what_a_person_says_goes_first():
    found = guessed("basket,item,thing\n1,bread,x\n1,milk,y", given={"order_lines.product_id": "thing"})
    assert found.layout.columns["product_id"] == "thing"
    assert found.matches[1].why == "given"


def test_a_wrong_name_is_answered_with_the_nearest_one():
    with pytest.raises(DataError, match=r'no column "baskt"\. Did you mean "basket"'):
        guessed("basket,item\n1,bread", given={"order_id": "baskt"})
    with pytest.raises(SettingsError, match='no column "basket_id" in order_lines'):
        guessed("basket,item\n1,bread", given={"basket_id": "basket"}, table="order_lines")
    with pytest.raises(SettingsError, match='no table "sales"'):
        guessed("basket,item\n1,bread", table="sales")


def test_rows_are_numbered_where_a_flat_table_has_no_id():
    found = guessed("age,income,bought\n44,3,1\n31,2,0\n44,2,0")
    assert found.layout.columns["customer_id"] == "@row"
    assert found.unmapped == ("age", "income", "bought")


def test_date_and_time_in_two_columns_are_one_instant():
    found = guessed("bill_no,date,time,item,qty\n1,2024-01-02,10:15,bread,1\n2,2024-01-02,11:30,milk,2")
    assert found.layout.columns["ordered_at"] == "date + time"


def test_sales_of_days_are_not_taken_for_customers():
    found = guessed(
        "Store,Dept,Date,Weekly_Sales\n1,1,2010-02-05,24924.5\n1,2,2010-02-05,50605.3\n1,1,2010-02-12,46039.5"
    )
    assert found.missing == ("customer_id",)


def test_what_a_person_names_helps_to_see_what_the_file_is():
    text = "master_id,sample_id,date,qty,value\n4,1,1997-01-01,2,29.33\n4,1,1997-01-18,2,29.73\n21,2,1997-01-01,3,63.34"
    assert guessed(text).missing
    assert guessed(text, given={"customer_id": "master_id"}).layout.table == "order_lines"


def test_a_service_used_over_the_phone_is_not_personal():
    assert not is_personal_header("phone_service")
    assert is_personal_header("phone")
