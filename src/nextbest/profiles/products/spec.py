"""Product profiles: what each product sells for, earns, and how often it comes back."""

from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import Field

from nextbest.base.capability import Capability
from nextbest.base.contract import Column, Table
from nextbest.profiles.spec import AS_OF, AsOfSettings

NEVER: Final = (
    "coupon", "gift card", "lottery", "carrier bag", "gasoline", "petrol", "diesel", "fuel", "cigarette", "tobacco",
    "infant formula", "discontinued", "优惠券", "礼品卡", "彩票", "塑料袋", "汽油", "柴油", "香烟", "卷烟", "烟草", "婴儿配方",
)  # fmt: skip
"""What no shop proposes: nobody discovers petrol or a bag, and tobacco and infant formula may not be advertised in most countries."""


class ProductProfileSettings(AsOfSettings):
    """What is assumed where the data do not give a margin."""

    assumed_margin_share: Annotated[float, Field(gt=0, lt=1)] = 0.25
    """Margin as a share of net revenue where neither cost nor a category default is known."""
    category_margin_share: dict[str, Annotated[float, Field(gt=0, lt=1)]] = Field(default={})
    """Margin share by category, such as ``{"Coffee" = 0.4}``; comes before the assumed share."""


PRODUCT_PROFILES = Table(
    "product_profiles",
    "one row per product sold before as_of",
    ("product_id", "as_of"),
    (
        Column("product_id", "string", "key of the product", required=True),
        AS_OF,
        Column("name", "string", "name of the product"),
        Column("category", "string", "category of the product"),
        Column("department", "string", "department of the product"),
        Column("n_orders", "int64", "orders with the product", required=True),
        Column("n_customers", "int64", "known customers who bought it"),
        Column("units", "float64", "units sold, returns taken off"),
        Column("revenue_total", "money", "net revenue, returns taken off"),
        Column("mean_price", "float64", "net revenue per unit, in the shop's currency"),
        Column(
            "price_band",
            "int64",
            "price within the category: 1 lowest third, 2 middle, 3 highest; null alone in it",
        ),
        Column("repeat_rate", "float64", "share of its customers who bought it in two orders or more, 0-1"),
        Column("penetration", "float64", "share of the shop's known customers who bought it, 0-1"),
        Column("margin_share", "float64", "margin / net revenue"),
        Column("margin_per_order", "float64", "margin per order with the product, in the shop's currency"),
        Column("margin_source", "string", "given, category_default or assumed"),
    ),
)


@dataclass(frozen=True, slots=True)
class MarginTotals:
    """What the products of one margin source sold."""

    margin_source: str
    n_products: int
    revenue_total: float
    """Net revenue, in the shop's currency."""
    revenue_share: float | None
    """Of all products' net revenue, 0-1."""


CARD = Capability(
    name="products",
    question="What does each product sell for, earn, and how often does it come back?",
    recipe="nextbest.profiles.products.run:run",
    settings=ProductProfileSettings,
    writes=(PRODUCT_PROFILES,),
    requires=("order_lines.product_id", "order_lines.net_revenue", "order_lines.ordered_on"),
    uses=("products",),
)
