"""A corner shop with candidates of every source."""

from datetime import date

import pytest

from nextbest.base.capability import Moment
from nextbest.models.rules import rule_id

AS_OF = date(2026, 7, 1)
TEA_MILK = rule_id("product", ("tea",), "milk", "+", False)


@pytest.fixture
def moment():
    return Moment(AS_OF, seed=1)


def bought(customer, product, day, **own):
    return {
        "order_id": f"{customer}-{day}",
        "customer_id": customer,
        "product_id": product,
        "ordered_at": day,
        "quantity": 1.0,
        "net_revenue": 2.0,
    } | own


def recommended(customer, product, rank=1, **own):
    return {
        "customer_id": customer,
        "list": "discover",
        "rank": rank,
        "product_id": product,
        "level": "product",
        "probability": 0.1,
        "reason_code": "popular",
        "reason": "",
    } | own


def profile(product, margin, **own):
    return {
        "product_id": product,
        "as_of": AS_OF,
        "margin_per_order": margin,
        "margin_source": "given",
        "n_orders": 1,
    } | own


@pytest.fixture
def shop():
    """Ann has tea and lacks milk; bob has both; cake, jam and the better tea are there to be discovered."""
    return {
        "order_lines": [
            bought("ann", "tea", "2026-04-01"),
            bought("ann", "tea", "2026-05-01"),
            bought("bob", "tea", "2026-05-01"),
            bought("bob", "milk", "2026-05-01"),
            bought("bob", "milk", "2026-06-25"),
        ],
        "products": [
            {"product_id": "tea", "name": "Tea", "category": "drinks"},
            {"product_id": "fine tea", "name": "Fine tea", "category": "drinks", "upgrade_of": "tea"},
            {"product_id": "milk", "name": "Milk", "category": "dairy"},
            {"product_id": "cake", "name": "Cake", "category": "bakery"},
            {"product_id": "jam", "name": "Jam", "category": "spreads"},
        ],
        "product_profiles": [
            profile("tea", 1.0),
            profile("milk", 0.5),
            profile("fine tea", 2.0),
            profile("cake", 3.0),
            profile("jam", 1.0),
        ],
        "recommendations": [
            recommended(
                "ann",
                "tea",
                list="repeat",
                probability=0.5,
                reason_code="rhythm",
                n_orders=2,
                since_days=61.0,
                gap_days=30.0,
            ),
            recommended("ann", "cake", probability=0.2, reason_code="because", because_id="tea"),
            recommended("ann", "jam", 2),
            recommended("ann", "milk", 3, probability=0.3),
            recommended("bob", "cake"),
            recommended(
                "bob",
                "milk",
                list="repeat",
                probability=0.6,
                reason_code="rhythm",
                n_orders=2,
                since_days=6.0,
                gap_days=55.0,
            ),
        ],
        "rules": [
            {
                "rule_id": TEA_MILK,
                "body": "Tea",
                "head": "Milk",
                "body_ids": "tea",
                "head_id": "milk",
                "level": "product",
                "sign": "+",
                "is_ordered": False,
                "is_redundant": False,
                "size_lift": 2.5,
                "size_q_value": 0.01,
                "confidence": 0.9,
                "origin": "mined",
            }
        ],
        "audiences": [{"rule_id": TEA_MILK, "customer_id": "ann"}],
        "ladders": [
            {
                "product_id": "tea",
                "upgrade_id": "fine tea",
                "source": "given",
                "share_stepped": 0.1,
                "is_supported": True,
            }
        ],
    }
