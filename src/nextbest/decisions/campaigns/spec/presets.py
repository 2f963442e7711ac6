"""How files look that go out to a platform, and what their columns are called when they come back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from nextbest.base.contract import Column, Table
from nextbest.decisions.campaigns.spec.settings import CHANNELS

OUTGOING: Final = Table(
    "outgoing",
    "one row per customer who is contacted; a file, not a table of the workspace",
    ("decision_id",),
    (
        Column("customer_id", "string", "key of the customer", required=True),
        Column("contact", "string", "e-mail address, phone number or id on the channel", personal=True),
        Column("channel", "string", "channel", required=True),
        Column("offer_id", "string", "what is offered", required=True),
        Column("product", "string", "its name", required=True),
        Column("coupon_code", "string", "code to be sent"),
        Column("decision_id", "string", "comes back with the responses", required=True),
        Column("send_from", "string", "first local time at which it may be sent"),
        Column("send_until", "string", "last local time at which it may be sent"),
        Column("text", "string", "text of the message", personal=True),
        Column("reason", "string", "why this offer"),
    ),
)


@dataclass(frozen=True, slots=True)
class Preset:
    """The file of one platform."""

    channels: tuple[str, ...]
    """Channels whose customers go into it."""
    columns: tuple[str, ...]
    """Columns of ``OUTGOING`` in the platform's order."""
    needs_contact: bool = True
    """Customers without a contact are left out."""


_ALWAYS: Final = ("customer_id", "offer_id", "coupon_code", "decision_id", "send_from", "send_until")

PRESETS: Final[Mapping[str, Preset]] = {
    "sms": Preset(("sms",), ("contact", "text", *_ALWAYS)),
    "wecom": Preset(("wecom",), ("contact", "text", "product", *_ALWAYS)),
    "email": Preset(("email",), ("contact", "text", "product", *_ALWAYS)),
    "crm": Preset(
        tuple(CHANNELS),
        ("customer_id", "contact", "channel", "product", *_ALWAYS[1:], "text", "reason"),
        needs_contact=False,
    ),
}

CHINESE: Final[Mapping[str, str]] = {
    "customer_id": "客户编号",
    "contact": "联系方式",
    "channel": "渠道",
    "offer_id": "推荐编号",
    "product": "商品",
    "coupon_code": "优惠码",
    "decision_id": "决策编号",
    "send_from": "最早发送时间",
    "send_until": "最晚发送时间",
    "text": "消息内容",
    "reason": "推荐理由",
}
"""Headers of files in Chinese."""

SENT: Final = "sent"
UNSUBSCRIBED: Final = "unsubscribed"

RETURNS: Final[Mapping[str, tuple[str, ...]]] = {
    SENT: ("sent", "sent_at", "send_time", "已发送", "发送成功", "发送时间", "发送"),
    "delivered": ("delivered", "delivered_at", "已送达", "送达时间", "送达"),
    "failed": (
        "failed",
        "failed_at",
        "bounced",
        "bounce",
        "undelivered",
        "发送失败",
        "失败",
        "未送达",
        "退信",
    ),
    "opened": ("opened", "opened_at", "read", "read_at", "已读", "已打开", "打开时间"),
    "clicked": ("clicked", "clicked_at", "已点击", "点击时间", "点击"),
    "responded": (
        "responded",
        "responded_at",
        "replied",
        "replied_at",
        "response_at",
        "已回复",
        "回复时间",
        "回复",
        "响应",
    ),
    "accepted": ("accepted", "accepted_at", "已接受", "接受"),
    "rejected": ("rejected", "rejected_at", "已拒绝", "拒绝"),
    "redeemed": ("redeemed", "redeemed_at", "已核销", "核销时间", "核销"),
    "bought": ("bought", "bought_at", "purchased", "已购买", "购买时间"),
    UNSUBSCRIBED: ("unsubscribed", "unsubscribed_at", "opted_out", "已退订", "退订时间", "退订"),
}
"""What may come back of a message, by the names of its column, or of its word in a column of states."""

FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "decision_id": ("decision_id", "decision", "决策编号"),
    "customer_id": ("customer_id", "customer", "客户编号", "客户id"),
    "response": ("response", "status", "state", "event", "result", "状态", "结果", "回执"),
    "occurred_at": ("occurred_at", "time", "timestamp", "date", "at", "时间", "日期"),
    "revenue": ("revenue", "amount", "net_revenue", "金额", "收入"),
}
"""The other columns of a file that comes back."""


def fields_of(columns: tuple[str, ...]) -> dict[str, str]:
    """Find the columns of a returned file: our name to theirs, the first that fits.

    Examples
    --------
    >>> fields_of(("决策编号", "Sent At", "note"))
    {'decision_id': '决策编号', 'sent': 'Sent At'}
    """
    theirs = {name.strip().lower().replace(" ", "_"): name for name in reversed(columns)}
    found = {
        ours: next((theirs[name] for name in names if name in theirs), "")
        for ours, names in {**FIELDS, **RETURNS}.items()
    }
    return {ours: name for ours, name in found.items() if name}


def response_of(word: str) -> str | None:
    """Read a state: ``None`` where nobody knows it.

    Examples
    --------
    >>> response_of("已送达"), response_of(" Sent "), response_of("maybe")
    ('delivered', 'sent', None)
    """
    plain = word.strip().lower().replace(" ", "_")
    return next((ours for ours, names in RETURNS.items() if plain in names), None)
