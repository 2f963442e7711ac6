"""Exports that are known by their headers, where a name means something else than elsewhere.

Only what the aliases would get wrong or could not know stands here. ``|`` is "the second where the first is empty".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from nextbest.sources.mapping.core.aliases import plain
from nextbest.sources.mapping.spec import ELSE, WITH, terms


@dataclass(frozen=True, slots=True)
class Export:
    """A known export: the headers that betray it and what they mean."""

    name: str
    table: str
    marks: tuple[str, ...]
    """Headers that are all there."""
    columns: Mapping[str, str] = field(default_factory=dict)
    unwanted: tuple[str, ...] = ()
    """Targets that must not be guessed."""


EXPORTS: Final = (
    Export(
        "shopify",
        "order_lines",
        ("Name", "Lineitem quantity", "Lineitem name", "Lineitem price"),
        {
            "order_id": "Name",
            "customer_id": "Customer ID | Email | Phone",
            "product_id": "Lineitem sku | Lineitem name",
            "products.name": "Lineitem name",
            "ordered_at": "Created at",
            "order_revenue": "Subtotal",
            "order_refund": "Refunded Amount",
            "order_discount": "Discount Amount",
            "discount": "Lineitem discount",
            "unit_price": "Lineitem price",
            "coupon_id": "Discount Code",
            "cancelled_at": "Cancelled at",
            "customers.name": "Billing Name",
            "customers.place": "Shipping City",
            "products.brand": "Vendor",
        },
        ("net_revenue", "gross_revenue", "tax", "line_id", "order_postage"),
    ),
    Export(
        "woocommerce",
        "order_lines",
        ("Order Number", "Order Status", "Item Cost"),
        {
            "product_id": "SKU | Item Name | Name | Product Name",
            "products.name": "Item Name | Name | Product Name",
            "unit_price": "Item Cost",
            "net_revenue": "Order Line (w/o tax)",
            "order_revenue": "Order Subtotal Amount",
            "order_discount": "Cart Discount Amount",
            "order_refund": "Order Refund Amount",
            "customer_id": "Customer User ID | Email (Billing)",
            "customers.name": "First Name (Billing) + Last Name (Billing)",
            "customers.place": "City (Billing)",
        },
        ("discount", "tax", "line_id", "net_revenue", "gross_revenue", "order_postage", "refund"),
    ),
    Export(
        "taobao_orders",
        "orders",
        ("订单编号", "宝贝总数量", "买家实际支付金额"),
        {
            "customer_id": "买家会员名 | 买家昵称",
            "order_revenue": "买家实际支付金额",
            "order_postage": "买家应付邮费",
            "order_refund": "退款金额",
            "ordered_at": "订单创建时间",
        },
    ),
    Export(
        "taobao_orders",
        "orders",
        ("订单编号", "宝贝种类", "订单状态"),
        {
            "customer_id": "买家会员名 | 买家昵称",
            "order_revenue": "买家实际支付金额",
            "order_postage": "买家应付邮费",
            "order_refund": "退款金额",
            "ordered_at": "订单创建时间",
        },
    ),
    Export(
        "taobao_items",
        "order_lines",
        ("标题", "价格", "购买数量"),
        {
            "product_id": "商家编码 | 外部系统编号 | 标题",
            "products.name": "标题",
            "order_id": "主订单编号 | 订单编号",
            "unit_price": "价格",
            "net_revenue": "买家实际支付金额",
        },
    ),
    Export(
        "youzan_items",
        "order_lines",
        ("订单号", "商品名称", "商品数量"),
        {
            "product_id": "规格编码 | 商品编码 | 商品名称",
            "products.name": "商品名称",
            "net_revenue": "商品实际成交金额",
            "customer_id": "买家id | 客户编号 | 买家手机号 | 收货人手机号 | 收货人手机号/提货人手机号",
        },
    ),
    Export(
        "amazon",
        "order_lines",
        ("amazon-order-id", "item-price", "purchase-date"),
        {"gross_revenue": "item-price", "discount": "item-promotion-discount", "customer_id": "buyer-email"},
        ("net_revenue", "unit_price", "tax", "order_postage"),
    ),
    Export(
        "lightspeed",
        "order_lines",
        ("Line Type", "Register", "Sku", "Subtotal"),
        {
            "product_id": "Sku | Details",
            "products.name": "Details",
            "net_revenue": "Subtotal",
            "customer_id": "Customer Code | Customer Name",
        },
        ("tax", "unit_price", "gross_revenue", "order_discount"),
    ),
    Export(
        "dunnhumby",
        "order_lines",
        ("sales value", "retail disc", "coupon match disc"),
        {"discount": "retail_disc + coupon_match_disc"},
    ),
    Export(
        "dunnhumby",
        "products",
        ("product id", "manufacturer id", "product category", "product type"),
        {"name": "product_type + package_size", "category": "product_category"},
    ),
    Export("uci_invoices", "order_lines", ("InvoiceNo", "StockCode", "InvoiceDate")),
    Export("uci_invoices", "order_lines", ("Invoice", "StockCode", "InvoiceDate")),
    Export("ga4", "events", ("event_name", "event_timestamp", "user_pseudo_id")),
    Export("segment", "events", ("anonymousId", "messageId", "timestamp"), {"type": "event | name | type"}),
)


def known_export(columns: Collection[str], table: str | None = None) -> Export | None:
    """Find the export whose marks are all among the columns.

    Examples
    --------
    >>> known_export(["InvoiceNo", "StockCode", "InvoiceDate", "Quantity"]).name
    'uci_invoices'
    """
    there = {plain(column) for column in columns}
    fits = (
        export
        for export in EXPORTS
        if table in {None, export.table} and all(plain(mark) in there for mark in export.marks)
    )
    return next(fits, None)


def present(theirs: str, columns: Collection[str]) -> str | None:
    """Reduce a known right side to the columns that this file has, under the file's own names.

    Examples
    --------
    >>> present("Customer ID | Email | Phone", ["email", "Phone"])
    'email | Phone'
    """
    own = {plain(column): column for column in reversed(list(columns))}
    joint, parts = terms(theirs, columns)
    there = [own[plain(part)] for part in parts if plain(part) in own]
    if not there or (joint == WITH and len(there) < 1):
        return None
    return (joint or ELSE).join(dict.fromkeys(there))
