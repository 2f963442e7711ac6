"""Words by which rules know what a row is, in English and Chinese; regular expressions over lower case text."""

from __future__ import annotations

from typing import Final

UNPAID: Final = (
    "abandoned", "canceled", "cancelled", "checkout-draft", "closed unpaid", "declined", "denied", "draft", "expired", "failed",
    "incomplete", "not paid", "on hold", "on-hold", "payment failed", "pending", "pending payment", "rejected", "trash",
    "unpaid", "void", "voided", "waiting for payment", "wc-cancelled", "wc-failed", "wc-on-hold", "wc-pending",
)  # fmt: skip
"""States of orders in which nothing was bought, as they stand."""
UNPAID_PARTS: Final = "关闭|取消|未付|未支付|待付|待支付|等待买家付款|作废|支付失败|没有创建"
"""Parts of such states."""
REFUNDED: Final = r"^(wc-)?(fully )?refunded$|^returned$|^已退款$|^退款成功$|^退货退款$|^已退货$|^全额退款"
"""States of orders of which all came back."""

RECEIPT_PARTS: Final = r"^(sale|receipt|order|header|head|payment|tender|total|subtotal|tax|change)$|^(订单|付款|支付|合计|小计)$"
"""Kinds of rows that say something of a receipt and are no line of it."""
RECEIPT_LINES: Final = r"\b(line|item|product)\b|明细|商品"
"""Kinds of rows that are lines; only in a file that has them are the others none."""

TEST: Final = (
    r"^test[ _-]?\d*$|^(this is a )?test (product|order|item|article)\b|^(测试$|测试(商品|订单|产品|链接))"
)
BAD_DEBT: Final = r"bad debt|坏账|呆账"
DISCOUNT: Final = r"discount|coupon|voucher|rebate|promo|折扣|优惠|满减|立减|抵扣|红包"

FEE_CODES: Final = (
    "adjust", "adjust2", "amazonfee", "bank charges", "c2", "carriage", "cruk", "d", "delivery", "discount", "dot", "fee",
    "freight", "gift_wrap", "giftwrap", "m", "manual", "p&p", "pads", "post", "postage", "rounding", "s", "samples", "ship",
    "shipping", "surcharge", "tip", "yf",
)  # fmt: skip
"""Product codes that shops give to what is not a product; believed only where other codes of the shop look different."""
FEE_NAMES: Final = (
    r"^(dotcom |next day |express |standard |free |uk |international )?(postage|shipping|carriage|freight|delivery|p ?& ?p)"
    r"( ?(and|&) ?(handling|packing|postage))?( (cost|fee|charge|surcharge)s?)?$"
    r"|^(shipping|delivery|handling|service|booking|processing|transaction|card|bank|amazon|paypal|payment|packaging|gift ?wrap(ping)?)"
    r" ?(fee|charge|cost)s?$"
    r"|^(manual|discount|order discount|rounding|round off|rounding adjustment|tip|tips|gratuity|donation|deposit|surcharge|samples?"
    r"|free sample|gift wrap(ping)?|store credit|carrier bag|carrier bag charge)$"
    r"|^(adjust|adjustment) (by|for|of)\b|^adjustment$|gift ?(voucher|certificate)\b|^(e-?)?gift ?card\b|\bcommission$"
    r"|^[【\[(（]?(赠品|非卖品|样品|小样|试用装|邮费|运费|邮资|快递费|配送费|打包费|包装费|餐盒费|服务费|手续费|茶位费|押金|差价|补差|补差价|补邮"
    r"|补运费|补邮费|礼品卡|储值卡|充值|代金券|优惠券|运费险|抹零|小费)"
    r"|(补差价|补邮费|补运费|差价补拍|邮费补拍|运费补拍|邮费链接|差价链接|运费链接|补差链接)"
)
"""Names of what is not a product."""
FEE_WORDS: Final = (
    r"\b(postage|shipping|carriage|freight|handling|fee|fees|charges?|commission|voucher|adjust\w*|manual|discount|samples?|rounding"
    r"|surcharge|donation|deposit|refund)\b|运费|邮费|差价|手续费|赠品|样品|服务费"
)
"""Words that make a product suspect; believed only of a code unlike the shop's others."""
