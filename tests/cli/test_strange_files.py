"""Files as people have them: each is handled and counted, or refused in one plain sentence."""

import json

import pytest

HEAD = "order_id,customer_id,product_id,ordered_at,quantity,net_revenue\n"


@pytest.fixture
def loaded(nextbest, tmp_path):
    """Write files, draft a workspace from them, load it; give its tables."""

    def run(*, zone="UTC", **contents):
        for name, content in contents.items():
            raw = content if isinstance(content, bytes) else content.encode()
            (tmp_path / f"{name}.csv").write_bytes(raw)
        files = [word for name in contents for word in ("--from", f"{name}.csv")]
        drafted = nextbest("init", "shop", *files, "--yes", "--time-zone", zone)
        assert drafted.code == 0, drafted.err
        assert nextbest("check", "--in", "shop").code == 0
        done = nextbest("load", "--in", "shop")
        assert done.code == 0, done.err

        def table(name):
            shown = nextbest("show", name, "--in", "shop", "--json", "--limit", "1000")
            assert shown.code == 0, shown.err
            return json.loads(shown.out)

        (tmp_path / "shop").mkdir(exist_ok=True)
        return table

    return run


def paid(lines):
    return {line["line_id"]: float(line["net_revenue"]) for line in lines}


SHOPIFY = """Name,Email,Financial Status,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Created at,\
Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Refunded Amount,Lineitem discount,Phone,Id
#1001,ann@example.com,paid,EUR,30.00,4.90,5.00,34.90,,0.00,2024-01-02 09:59:00 +0100,2,Red Mug,10.00,MUG-R,0.00,0.00,,1
#1001,ann@example.com,,,,,,,,,2024-01-02 09:59:00 +0100,1,Blue Mug,10.00,MUG-B,,0.00,,
#1002,bob@example.com,paid,EUR,25.00,4.90,4.00,29.90,TEN,3.00,2024-01-03 09:59:00 +0100,1,Blue Mug,10.00,MUG-B,0.00,1.00,,2
#1002,bob@example.com,,,,,,,,,2024-01-03 09:59:00 +0100,1,Pot,18.00,POT,,0.00,,
#1003,bob@example.com,voided,EUR,10.00,0,0,10.00,,0.00,2024-01-04 09:59:00 +0100,1,Blue Mug,10.00,MUG-B,0.00,0.00,,3
"""


def test_shopify_lines_are_worth_their_price_less_their_share_of_discounts(loaded):
    lines = loaded(shopify=SHOPIFY)("order_lines")
    amounts = paid(lines)
    assert amounts == {"#1001-1": 10.0, "#1001-2": 20.0, "#1002-1": 8.33, "#1002-2": 16.67}
    assert {line["order_id"]: line["customer_id"] for line in lines} == {
        "#1001": "ann@example.com",
        "#1002": "bob@example.com",
    }


def test_taobao_postage_is_no_revenue(loaded):
    heads = "订单编号,买家会员名,买家应付货款,买家应付邮费,总金额,买家实际支付金额,订单状态,订单创建时间,宝贝种类,宝贝总数量\n"
    heads += "1,小红,30.00,8.00,38.00,38.00,交易成功,2024-01-02 12:00:00,2,3\n"
    heads += "2,小明,10.00,8.00,18.00,0.00,交易关闭,2024-01-03 12:00:00,1,1\n"
    items = "订单编号,标题,价格,购买数量,外部系统编号,订单状态\n1,红杯,10.00,2,A,交易成功\n1,蓝杯,10.00,1,B,交易成功\n2,蓝杯,10.00,1,B,交易关闭\n"
    table = loaded(orders=heads.encode("gbk"), items=items.encode("gbk"), zone="Asia/Shanghai")
    assert paid(table("order_lines")) == {"1-1": 20.0, "1-2": 10.0}


def test_a_german_file(loaded):
    text = "Bestellnummer;Kundennummer;Artikelnummer;Bezeichnung;Bestelldatum;Menge;Einzelpreis;Betrag\n"
    text += "B1;0007;010;Grüner Tee;28.02.2023;2;1.234,50;2.469,00\nB2;0008;010;Grüner Tee;01.03.2023;1;1.234,50;1.234,50\n"
    table = loaded(german=text.encode("cp1252"))
    (one, two) = table("order_lines")
    assert (one["customer_id"], one["product_id"], one["ordered_on"]) == ("0007", "010", "2023-02-28")
    assert [float(one["net_revenue"]), float(two["net_revenue"])] == [2469.0, 1234.5]
    assert table("products")[0]["name"] == "Grüner Tee"


def test_a_chinese_file_in_gbk(loaded):
    text = '订单号,客户,商品,日期,数量,金额\nN1,小红,茶,2024年1月2日,1,"￥1,234.50"\nN2,小明,茶,2024年1月3日,2,"￥2,469.00"\n'
    lines = loaded(chinese=text.encode("gbk"), zone="Asia/Shanghai")("order_lines")
    assert paid(lines) == {"N1-1": 1234.5, "N2-1": 2469.0}
    assert [line["ordered_on"] for line in lines] == ["2024-01-02", "2024-01-03"]


def test_heads_and_payments_of_receipts_are_no_lines(loaded):
    text = (
        "Date,Receipt,Line Type,Customer Code,Quantity,Subtotal,Sales Tax,Total,Paid,Details,Register,Sku\n"
    )
    text += "2024-01-01,500,Sale,C1,2,20.00,2.00,22.00,22.00,1 X Latte,Main,\n2024-01-01,500,Sale Line,C1,1,12.00,1.20,13.20,,Latte,Main,LAT\n"
    text += "2024-01-01,500,Sale Line,C1,1,8.00,.80,8.80,,Bagel,Main,BAG\n2024-01-01,500,Payment,C1,,,,,22.00,Card,Main,\n"
    assert paid(loaded(pos=text)("order_lines")) == {"500-1": 8.0, "500-2": 12.0}


@pytest.mark.parametrize("capability", ["rfm", "behaviour", "lifecycle"])
def test_orders_without_products_are_enough_to_know_customers(nextbest, tmp_path, capability):
    rows = "".join(
        f"{n % 7:03},202401{n % 28 + 1:02},{1 + n % 3},{9.99 * (1 + n % 3):.2f}\n" for n in range(80)
    )
    (tmp_path / "orders.csv").write_text("id,date,qty,value\n" + rows)
    done = nextbest("run", capability, "--from", "order_lines=orders.csv", "--out", "out")
    assert done.code == 0, done.err
    assert (tmp_path / "out" / f"{capability}.parquet").exists()


def test_rules_say_that_orders_without_products_are_not_enough(nextbest, tmp_path):
    (tmp_path / "orders.csv").write_text("id,date,qty,value\n001,20240101,1,9.99\n001,20240201,1,9.99\n")
    done = nextbest("run", "rules", "--from", "order_lines=orders.csv", "--out", "out")
    assert done.code == 1
    assert "product_id" in done.err


def test_dates_in_three_formats_and_one_impossible(loaded):
    days = ("2024-01-01", "02/28/2024", "3 Mar 2024", "2024-02-31")
    table = loaded(days=HEAD + "".join(f"{n},ann,tea,{day},1,2\n" for n, day in enumerate(days)))
    assert [line["ordered_on"] for line in table("order_lines")] == ["2024-01-01", "2024-02-28", "2024-03-03"]
    (report,) = table("load_report")
    assert (report["n_read"], report["n_kept"], report["n_quarantined"]) == (4, 3, 1)


def test_signs_separators_and_leading_zeros(loaded):
    rows = '1,007,010,2024-01-01,1,"$1,234.50"\n2,008,010,2024-01-03,-3,"$-3,234.50"\n3,009,011,2024-01-04,99999999,"$2,000.00"\n'
    lines = loaded(money=HEAD + rows)("order_lines")
    assert [line["customer_id"] for line in lines] == ["007", "008", "009"]
    assert [line["product_id"] for line in lines] == ["010", "010", "011"]
    assert list(paid(lines).values()) == [1234.5, -3234.5, 2000.0]


def test_bytes_of_another_encoding_are_set_aside(loaded):
    mixed = (
        "\ufeff".encode()
        + (HEAD + "1,ann,茶,2024-01-01,1,2\n").encode()
        + "2,ann,牛奶,2024-01-02,1,2\n".encode("gbk")
    )
    table = loaded(mixed=mixed)
    assert [line["product_id"] for line in table("order_lines")] == ["茶"]
    assert table("load_report")[0]["n_quarantined"] == 1


def test_a_column_that_is_half_numbers(loaded):
    rows = "".join(f"{n},ann,tea,2024-01-0{n + 1},1,{'soon' if n % 2 else '2.50'}\n" for n in range(8))
    table = loaded(half=HEAD + rows)
    assert len(table("order_lines")) == 8
    assert {reason["rule"]: reason["n_rows"] for reason in table("load_reasons")}["loading.unreadable"] == 4


def test_overlapping_exports_and_the_same_file_twice(nextbest, loaded, tmp_path):
    def rows(first, last):
        return HEAD + "".join(f"{n:03},ann,tea,2024-01-{n + 1:02},1,2.50\n" for n in range(first, last))

    table = loaded(week=rows(0, 6))
    settings = tmp_path / "shop" / "nextbest.toml"
    (tmp_path / "next.csv").write_text(rows(3, 9))
    settings.write_text(settings.read_text().replace('week.csv"]', 'week.csv", "../next.csv"]'))
    assert nextbest("load", "--in", "shop").code == 0
    again = nextbest("load", "--in", "shop")
    assert again.code == 0
    assert len(table("order_lines")) == 9
    assert [report["n_merged"] for report in table("load_report")] in ([3, 0], [0, 3])


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ("", "is empty"),
        (HEAD, "no rows"),
        ("order_id,order_id,product_id\n1,2,tea\n", "its own name"),
        ("<html><body>Sign in</body></html>\n", "orders.csv"),
        (b"\x00\x01\x02\x03\x04\x05\x06\x07\x08" * 50, "orders.csv"),
    ],
)
def test_what_is_no_table_is_refused_in_one_sentence(nextbest, tmp_path, content, part):
    (tmp_path / "orders.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    for words in (
        ("init", "shop", "--from", "orders.csv", "--yes"),
        ("run", "rfm", "--from", "order_lines=orders.csv", "--out", "out"),
    ):
        done = nextbest(*words)
        assert done.code == 1
        assert part in done.err
        assert "Traceback" not in done.err


def test_two_currencies_in_one_column_are_refused(nextbest, tmp_path):
    rows = "".join(f'o{n},c1,tea,2024-01-02,1,"{"€" if n % 2 else "$"}1,20{n}.50"\n' for n in range(6))
    (tmp_path / "mixed.csv").write_text(HEAD + rows, encoding="utf-8")
    assert nextbest("init", "shop", "--from", "mixed.csv", "--yes", "--time-zone", "UTC").code == 0
    done = nextbest("load", "--in", "shop")
    assert done.code == 1
    assert "several currencies ($, €)" in " ".join(done.err.split())


def test_a_currency_of_each_row_may_differ_from_the_next(loaded):
    rows = "o1,ann,tea,2024-01-02,1,$5.00,USD\no2,ann,tea,2024-01-03,1,€4.00,EUR\n"
    lines = loaded(orders=HEAD.strip() + ",currency\n" + rows)("order_lines")
    assert {line["currency"] for line in lines} <= {"USD", "EUR"}
