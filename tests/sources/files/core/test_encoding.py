from __future__ import annotations

import pytest

from nextbest.sources.files.core.encoding import guess_encoding, marked_encoding


@pytest.mark.parametrize(
    ("encoding", "lines"),
    [
        ("utf-8", ["订单编号,买家", "é"]),
        ("gb18030", ["订单编号,买家会员名,宝贝标题", "12,张三,女装连衣裙"]),
        ("gb18030", ["商品"]),
        ("big5", ["訂單編號,客戶名稱,商品", "12,張三,電腦螢幕"]),
        ("cp1252", ["café,Köln", "5,Müller £3", "7,naïve – “x”"]),
        ("cp1252", ["1,café"]),
        ("cp1251", ["Заказ,Имя покупателя,товар", "1,Иванов,Молоко и хлеб"]),
    ],
)
def test_the_encoding_is_seen_from_the_lines(encoding, lines):
    assert guess_encoding([line.encode(encoding) for line in lines]) == encoding


def test_plain_ascii_is_utf_8():
    assert guess_encoding([]) == "utf-8"


def test_a_few_broken_lines_do_not_change_utf_8():
    assert guess_encoding(["ä".encode(), "ö".encode(), b"\xe4"]) == "utf-8"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_wide_encodings_are_seen_with_and_without_a_mark(encoding):
    marked = marked_encoding("order_id,customer\n".encode(encoding))

    assert marked is not None
    assert "order_id" in "order_id,customer\n".encode(encoding).decode(marked)
