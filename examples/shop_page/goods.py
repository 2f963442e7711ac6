"""What the example's shop sells: names, prices and shelves, from the tables of a workspace."""

from collections import defaultdict
from pathlib import Path
from typing import Any, Final

import nextbest

SHELVES: Final = 6
"""Shelves of the first page."""
PER_SHELF: Final = 6

Rows = list[dict[str, Any]]
Goods = dict[str, dict[str, Any]]


def goods_of(products: Rows, profiles: Rows) -> Goods:
    """Give every product that has a price, by its id, those that most customers buy first."""
    known = {row["product_id"]: row for row in products}
    goods: Goods = {}
    for row in sorted(profiles, key=lambda row: (-row["n_customers"], row["product_id"])):
        product_id, product = row["product_id"], known.get(row["product_id"], {})
        price = product.get("list_price") or row["mean_price"]
        if price and price > 0:
            goods[product_id] = {
                "product_id": product_id,
                "name": row["name"] or product_id,
                "category": row["category"],
                "department": row["department"],
                "size": (product.get("package_size") or "").strip() or None,
                "price": round(float(price), 2),
            }
    return goods


def shelves_of(goods: Goods, never: tuple[str, ...]) -> list[dict[str, Any]]:
    """Fill the shelves of the first page: of the categories that sell best, one product of each name."""
    shelves: dict[str, dict[str, Any]] = defaultdict(dict)
    for one in goods.values():
        words = f"{one['name']} {one['category']} {one['department']}".lower()
        if not any(word in words for word in never):
            shelves[one["category"] or ""].setdefault(one["name"], one)
    full = [(name, list(shelf.values())[:PER_SHELF]) for name, shelf in shelves.items()]
    full.sort(key=lambda shelf: -len(shelf[1]))  # a stable sort: of equals, what sells best comes first
    return [{"name": name, "goods": shelf} for name, shelf in full[:SHELVES]]


def customers_of(offers: Rows) -> list[str]:
    """Name a few customers whom much can be offered."""
    best = sorted(offers, key=lambda row: (-(row["expected_profit"] or 0), row["customer_id"]))
    return list(dict.fromkeys(row["customer_id"] for row in best))[:3]


def read(folder: Path) -> tuple[dict[str, Any], Goods]:
    """Read what the page must know of the shop, and everything that it sells."""
    shop = nextbest.open(folder)
    products, profiles, offers = (
        shop.table(name).to_pylist() for name in ("products", "product_profiles", "next_best_offers")
    )
    goods = goods_of(products, profiles)
    about = {
        "name": shop.config.shop.name,
        "currency": shop.config.shop.currency,
        "customers": customers_of(offers),
        "shelves": shelves_of(goods, shop.config.capabilities["offers"].never),
    }
    return about, goods
