"""Invented shops as snapshots of decide, and a plain check that no answer breaks a guardrail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import numpy as np

from nextbest.serving.decide import Ask, CartItem, Request, Result, Snapshot
from nextbest.serving.decide.core.ids import Ids
from nextbest.serving.decide.core.shop import (
    UNKNOWN_DAY,
    Barred,
    Customers,
    Lists,
    Numbers,
    Personal,
    Products,
    Rules,
    granted_bit,
)
from nextbest.serving.policy import CONTACT_CHANNELS, Policy

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
TODAY = date(2026, 1, 31)
_DAY = (TODAY - date(1970, 1, 1)).days


def shop(
    rng: np.random.Generator, n_customers: int, n_products: int = 60, per_customer: int = 10
) -> Snapshot:
    """Invent a shop: every third product is risky, some are out of stock, some customers too young, consents mixed."""
    n = n_products
    width = len(str(n_customers))
    return Snapshot(
        name="invented",
        as_of=TODAY,
        currency="EUR",
        time_zone="UTC",
        margin_floor=0.0,
        products=_products(rng, n),
        customers=Customers(
            ids=_ids(n_customers, width),
            consent=rng.integers(0, 2**16, n_customers).astype(np.uint16),
            birth_day=np.where(
                rng.random(n_customers) < 0.5, UNKNOWN_DAY, _DAY - rng.integers(3_000, 9_000, n_customers)
            ).astype(np.int32),
            risk=rng.integers(0, 6, n_customers).astype(np.int8),
            assessed_day=(_DAY - rng.integers(0, 700, n_customers)).astype(np.int32),
            peers=np.full(n_customers, -1, np.int32),
            attributes={
                "n_orders": Numbers(rng.integers(0, 9, n_customers, np.int32), rng.random(n_customers) < 0.2)
            },
            had=replace(_lists(rng, n_customers, n, 2), strength=np.empty(0, np.float32)),
            barred=_barred(rng, n_customers, n, 2),
            zones=None,
        ),
        personal=_personal(rng, n_customers, n, per_customer),
        rules=_rules(rng, n),
        goes_with=_lists(rng, n, n, 4),
        instead_of=_lists(rng, n, n, 2),
        better=_lists(rng, n, n, 1),
        global_lists={
            "bestsellers": rng.permutation(n)[:20].astype(np.int32),
            "new_arrivals": rng.permutation(n)[:5].astype(np.int32),
        },
    )


def _ids(n: int, width: int) -> Ids:
    data = b"".join(b"c%0*d" % (width, number) for number in range(n))
    return Ids(data, (np.arange(n + 1, dtype=np.int32) * (width + 1)).astype(np.int32).data)


def _products(rng: np.random.Generator, n: int) -> Products:
    ids = [f"p{number:06d}" for number in range(n)]
    category = np.array([f"k{number % 7}" for number in range(n)] + [None], dtype=object)
    price = np.append(rng.integers(1, 90, n) * 10_000, -1)
    return Products(
        ids=ids,
        index={one: number for number, one in enumerate(ids)},
        name=np.array([*(f"thing {one}" for one in ids), None], dtype=object),
        category=category,
        department=category,
        brand=category,
        category_code=np.append(np.arange(n) % 7, -1),
        name_code=np.append(np.arange(n), -1),
        price=price,
        usual_price=np.where(price < 0, np.nan, price / 10_000),
        margin=np.append(rng.random(n) * 9, np.nan),
        margin_source=np.array(["given"] * n + [None], dtype=object),
        is_sold=np.append(rng.random(n) < 0.9, True),
        stock=np.append(np.where(rng.random(n) < 0.3, rng.integers(0, 3, n), np.nan), np.nan),
        risk=np.append(np.where(np.arange(n) % 3 == 0, rng.integers(1, 6, n), np.nan), np.nan),
        is_replenishable=np.append(rng.random(n) < 0.5, False),
        base_rate=np.append(rng.random(n) / 20, np.nan).astype(np.float32),
    )


def _lists(rng: np.random.Generator, n_keys: int, n: int, each: int) -> Lists:
    product = np.sort(rng.integers(0, n, (n_keys, each)), axis=1).astype(np.int32).ravel()
    start = np.arange(n_keys + 1, dtype=np.int32) * np.int32(each)
    return Lists(start, product, (1 + rng.random(len(product), np.float32) * 3))


def _barred(rng: np.random.Generator, n_customers: int, n: int, each: int) -> Barred:
    lists = _lists(rng, n_customers, n, each)
    return Barred(lists.start, lists.product, rng.random(len(lists.product)) < 0.5)


def _personal(rng: np.random.Generator, n_customers: int, n: int, each: int) -> Personal:
    size = n_customers * each
    first = rng.integers(0, n, n_customers, dtype=np.int32)
    probability = rng.random(size, np.float32)
    return Personal(
        start=np.arange(n_customers + 1, dtype=np.int32) * np.int32(each),
        product=((first[:, None] + np.arange(each, dtype=np.int32)) % n).astype(np.int32).ravel(),
        kind=rng.integers(0, 4, size, dtype=np.int8),
        reason=np.full(size, 4, np.int8),
        probability=probability,
        factor=rng.random(n_customers, np.float32),
        n_orders=np.full(size, 2, np.uint16),
        since_days=np.full(size, 9, np.uint16),
        gap_days=np.full(size, 11, np.float16),
        ref=np.zeros(size, np.uint16),
        refs=[(None, None, 12.0, None)],
        incremental=None,
    )


def _rules(rng: np.random.Generator, n: int) -> Rules:
    keys = n + 7
    head = rng.integers(0, n, keys * 2).astype(np.int32)
    other = np.where(rng.random(keys * 2) < 0.3, rng.integers(0, n, keys * 2), -1).astype(np.int32)
    return Rules(
        np.arange(keys + 1) * 2,
        head,
        other,
        1 + rng.random(keys * 2, np.float32),
        [f"r{one}" for one in range(keys * 2)],
    )


def policy(rng: np.random.Generator) -> Policy:
    """Invent a policy: limits, rules, caps, quiet hours, levers, chance."""
    maybe = rng.random(6) < 0.5
    placement = {
        "id": "any",
        "sources": [
            "offers",
            "cart",
            "viewed",
            "up_sell",
            "accessories",
            "bestsellers",
            "new_arrivals",
            "search",
        ],
        "limit": int(rng.integers(1, 6)),
        "max_per_category": int(rng.integers(1, 4)),
        "max_per_kind": int(rng.integers(1, 6)),
    }
    rules = [{"name": "dear", "stage": "suitability", "when": "price > 50", "where": "n_orders > 3"}] * bool(
        maybe[0]
    )
    levers = [{"name": "k1", "where": "product_category = 'k1'", "factor": 3}] * bool(maybe[1])
    return Policy.read(
        {
            "placements": [placement],
            "rules": rules,
            "arbitration": {"levers": levers, "context": bool(maybe[2]), "value": bool(maybe[3])},
            "quiet_hours": {"start": "11:00", "end": "13:00" if maybe[4] else "11:00"},
            "exploration": {"epsilon": float(rng.integers(0, 6)) / 10},
            "holdout": {"share": 0.2 if maybe[5] else 0.0},
            "caps": [{"per": "customer", "limit": int(rng.integers(0, 3)), "days": 7}],
        },
        "invented",
    )


def requests(rng: np.random.Generator, snapshot: Snapshot, n: int, placement: str = "any") -> list[Request]:
    """Invent requests: known, unknown and anonymous visitors on all channels, with carts, pages and searches."""
    ids, customers = snapshot.products.ids, snapshot.customers.ids
    channels = ("web", "app", "store", *CONTACT_CHANNELS)
    made = []
    for number in range(n):
        who = int(rng.integers(0, len(customers) + 2))
        cart = [ids[int(one)] for one in rng.integers(0, len(ids), int(rng.integers(0, 4)))]
        made.append(
            Request(
                request_id=f"q{number}",
                placements=(Ask(placement),),
                customer_id=customers[who]
                if who < len(customers)
                else "nobody"
                if who == len(customers)
                else None,
                channel=channels[int(rng.integers(0, len(channels)))],
                cart=tuple(CartItem(one) for one in [*cart, "unheard of"][: int(rng.integers(0, 5))]),
                product_id=ids[int(rng.integers(0, len(ids)))] if rng.random() < 0.5 else None,
                results=tuple(ids[int(one)] for one in rng.integers(0, len(ids), 3))
                if rng.random() < 0.3
                else (),
                intent=float(rng.random()) if rng.random() < 0.3 else None,
                explain=bool(number % 2),
            )
        )
    return made


def violations(snapshot: Snapshot, policy: Policy, results: Sequence[Result], used: int = 0) -> list[str]:
    """List every guardrail that an answer breaks, one customer and product at a time, from the raw columns."""
    return [found for result in results for found in _broken(snapshot, policy, result, used)]


def _broken(snapshot: Snapshot, policy: Policy, result: Result, used: int) -> Iterator[str]:
    request, people = result.request, snapshot.customers
    row = -1 if request.customer_id is None else people.ids.find(request.customer_id)
    offers = [offer for answer in result.answers for offer in answer.offers]
    if not offers:
        return
    placement = policy.placements[0]
    if len(offers) > placement.limit:
        yield "limit"
    if row >= 0 and people.birth_day[row] != UNKNOWN_DAY and _DAY - int(people.birth_day[row]) < 14 * 365:
        yield "young"
    if request.channel in CONTACT_CHANNELS:
        yield from _contact(people, row, request.channel, policy, used)
    cart = {item.product_id for item in request.cart or ()}
    numbers = [snapshot.products.index[offer.product_ids[0]] for offer in offers]
    categories = [int(snapshot.products.category_code[one]) for one in numbers]
    kinds = [offer.kind for offer in offers]
    if max(map(categories.count, categories)) > placement.max_per_category:
        yield "category"
    if max(map(kinds.count, kinds)) > placement.max_per_kind:
        yield "kind"
    for number, offer in zip(numbers, offers, strict=True):
        yield from _of_product(snapshot, policy, row, number)
        if offer.product_ids[0] in cart:
            yield "in the cart"
        if not 0 < offer.assignment.probability <= 1:
            yield "probability"


def _contact(people: Customers, row: int, channel: str, policy: Policy, used: int) -> Iterator[str]:
    bits = int(people.consent[row]) if row >= 0 else 0
    bit = granted_bit(channel)
    if not bits & bit or bits & (bit << 1) or bits & (1 << 15):
        yield "consent"
    if policy.quiet_hours.start.hour <= NOON.hour < policy.quiet_hours.end.hour:
        yield "quiet hours"
    if used >= policy.caps[0].limit:
        yield "cap"


def _of_product(snapshot: Snapshot, policy: Policy, row: int, number: int) -> Iterator[str]:
    products, people = snapshot.products, snapshot.customers
    if not products.is_sold[number] or products.stock[number] <= 0:
        yield "stock"
    is_fresh = row >= 0 and _DAY - int(people.assessed_day[row]) <= policy.suitability.max_assessment_days
    if products.risk[number] > (max(int(people.risk[row]), 1) if is_fresh else 1):
        yield "risk"
    if policy.rules and products.price[number] > 50 * 10_000:
        refused = row < 0 or bool(people.consent[row] & (1 << 14))
        orders: Any = people.attributes["n_orders"]
        if refused or orders.is_null[row] or orders.data[row] <= 3:
            yield "rule"
