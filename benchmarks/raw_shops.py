"""Invented shops as raw tables, with visitors who ask: rows as a shop's own files hold them, wrong and contradictory ones too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from nextbest.serving.decide import Ask, CartItem, Request
from nextbest.serving.policy import CONTACT_CHANNELS, Policy
from nextbest.serving.state import CartLine, OfferEvent, Seen, Session, SubjectState

NOW: Final = datetime(2026, 1, 31, 12, tzinfo=UTC).replace(tzinfo=None)
TODAY: Final = NOW.date()
NEVER: Final = ("tobacco", "gift card")
PERSONAL: Final = "rhythm"
"""Reason of everything that was drawn up for one customer."""
_WORDS: Final = ("tea", "green tea", "Tobacco-free mint", "gift cards", "cake", "mug")
_CHANNELS: Final = ("web", "app", "store", "fax", *CONTACT_CHANNELS)
_STATUS: Final = ("granted", "granted", "granted", "denied", "revoked")
_STAGES: Final = ("offered", "offered", "kind_full", "just_bought", "rarely_again", "already_has")
_SOURCES: Final = (
    "offers", "repeat", "discover", "cart", "viewed", "up_sell", "accessories", "limited_time", "bestsellers",
    "new_arrivals", "search",
)  # fmt: skip

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RawShop:
    """The rows of each table, and the policy."""

    tables: dict[str, list[Row]]
    policy: Policy

    @property
    def customers(self) -> list[str]:
        """Ids of those who are known."""
        return sorted({row["customer_id"] for row in self.tables["customers"]})

    @property
    def products(self) -> list[str]:
        """Ids of all products."""
        return [row["product_id"] for row in self.tables["products"]]

    def write(self, folder: Path) -> dict[str, Path]:
        """Write the tables as Parquet, and give the files by name."""
        for name, rows in self.tables.items():
            pq.write_table(pa.Table.from_pylist(rows), folder / f"{name}.parquet")
        return {name: folder / f"{name}.parquet" for name in self.tables}


class Chance:
    """A generator with the few words that inventing rows needs."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)

    def one(self, options: Any) -> Any:
        """Pick one."""
        return options[int(self._rng.integers(len(options)))]

    def some(self, options: Any, most: int) -> list[Any]:
        """Pick up to so many, with repetition."""
        return [self.one(options) for _ in range(int(self._rng.integers(most + 1)))]

    def is_(self, share: float) -> bool:
        """Say yes in this share of cases."""
        return bool(self._rng.random() < share)

    def below(self, n: int) -> int:
        """Give an integer from 0."""
        return int(self._rng.integers(n))

    def day(self, most: int) -> date:
        """Give a day of the past."""
        return TODAY - timedelta(days=self.below(most))


def shop(seed: int, n_customers: int = 150, n_products: int = 50) -> RawShop:
    """Invent a shop and its policy."""
    chance = Chance(seed)
    people = [f"c{number}" for number in range(n_customers)]
    goods = [f"p{number}" for number in range(n_products)]
    tables = {
        "customers": [_customer(chance, one) for one in people + chance.some(people, 20)],
        "products": [_product(chance, one) for one in goods],
        "product_profiles": [_profile(chance, one) for one in goods],
        "stock": [_count(chance, chance.one(goods)) for _ in range(40)],
        "consents": [_consent(chance, people, number) for number in range(5 * n_customers)],
        "tags": [_tag(chance, chance.one(people)) for _ in range(20)],
        "holdings": [_holding(chance, people, goods) for _ in range(n_customers)],
        "order_lines": [_line(chance, people, goods, number) for number in range(4 * n_customers)],
        "offer_candidates": [row for one in people for row in _candidates(chance, one, goods)],
        "related_products": [_related(chance, one, goods) for one in goods],
        "offers": [_offer(chance, f"o{number}", goods) for number in range(6)],
        "rfm": [{"customer_id": one, "as_of": TODAY, "n_orders": chance.below(9)} for one in people if chance.is_(0.8)],
        "ladders": [{"product_id": goods[0], "upgrade_id": goods[1], "share_stepped": 0.3, "is_supported": True}],
    }  # fmt: skip
    return RawShop(tables, _policy(chance))


def _customer(chance: Chance, one: str) -> Row:
    return {
        "customer_id": one,
        "birth_on": None if chance.is_(0.3) else chance.day(60 * 365),
        "risk_level": None if chance.is_(0.2) else chance.below(6),
        "risk_assessed_on": None if chance.is_(0.2) else chance.day(700),
        "place": chance.one(("york", "leeds", None)),
        "time_zone": chance.one((None, None, "Asia/Shanghai", "America/New_York", "the moon")),
    }


def _product(chance: Chance, one: str) -> Row:
    return {
        "product_id": one,
        "name": f"{chance.one(_WORDS)} {one}",
        "category": chance.one(("drinks", "sweets", "ware", None)),
        "list_price": float(1 + chance.below(90)),
        "risk_level": 1 + chance.below(5) if chance.is_(0.3) else None,
        "is_active": chance.one((True, True, True, True, None, False)),
    }


def _profile(chance: Chance, one: str) -> Row:
    margin = {"margin_per_order": float(chance.below(9)), "margin_source": "given"}
    return {"product_id": one, "as_of": TODAY, "mean_price": 3.0, "n_customers": chance.below(90)} | margin


def _count(chance: Chance, one: str) -> Row:
    on_hand = float(chance.one((0, 0, 3, -1)))
    return {
        "product_id": one,
        "store_id": chance.one(("s1", "s2")),
        "counted_on": chance.day(99),
        "on_hand": on_hand,
    }


def _consent(chance: Chance, people: list[str], number: int) -> Row:
    return {
        "customer_id": chance.one(people),
        "purpose": chance.one((*CONTACT_CHANNELS, "marketing", "marketing", "personalisation", "profiling")),
        "channel": chance.one((None, None, "email", "e-mail", "sms")),
        "status": chance.one(_STATUS),
        "changed_at": NOW - timedelta(days=99) + timedelta(minutes=number),
    }


def _tag(chance: Chance, one: str) -> Row:
    until = chance.one((None, TODAY + timedelta(9), TODAY - timedelta(9)))
    return {
        "customer_id": one,
        "tag": chance.one(("do_not_contact", "免打扰", "fond of tea")),
        "until_on": until,
    }


def _holding(chance: Chance, people: list[str], goods: list[str]) -> Row:
    closed = chance.day(99) if chance.is_(0.5) else None
    return {"customer_id": chance.one(people), "product_id": chance.one(goods), "closed_on": closed}


def _line(chance: Chance, people: list[str], goods: list[str], number: int) -> Row:
    on = TODAY - timedelta(days=1 + chance.below(40))
    return {
        "order_id": f"o{number}", "customer_id": chance.one(people), "product_id": chance.one(goods),
        "ordered_on": on, "ordered_at": datetime(on.year, on.month, on.day, 12), "quantity": float(chance.one((1, 2, -1))),  # noqa: DTZ001
    }  # fmt: skip


def _candidates(chance: Chance, one: str, goods: list[str]) -> list[Row]:
    return [
        {
            "customer_id": one, "product_id": product, "stage": chance.one(_STAGES), "rank": rank,
            "kind": chance.one(("discover", "replenish", "up_sell", "cross_sell")), "probability": (1 + chance.below(99)) / 100,
            "expected_profit": float(chance.below(9)), "reason_code": PERSONAL, "because": None, "rule_id": None,
            "strength": None, "segment": None, "n_orders": 3.0, "since_days": 20.0, "gap_days": 21.0,
        }
        for rank, product in enumerate(dict.fromkeys(chance.some(goods, 12)), start=1)
    ]  # fmt: skip


def _related(chance: Chance, one: str, goods: list[str]) -> Row:
    kind = chance.one(("goes_with", "instead"))
    return {"product_id": one, "list": kind, "rank": 1, "related_id": chance.one(goods), "strength": 2.5}


def _offer(chance: Chance, one: str, goods: list[str]) -> Row:
    return {
        "offer_id": one, "kind": "coupon", "product_ids": chance.one(goods), "price": None,
        "starts_at": NOW + timedelta(days=chance.one((-9, -9, 9))), "ends_at": NOW + timedelta(days=chance.one((3, 3, -3))),
        "content": "Today only", "rules": chance.one((None, "n_orders > 5", "age >= 18")),
    }  # fmt: skip


def _policy(chance: Chance) -> Policy:
    dear = {"name": "dear", "stage": "suitability", "when": "price > 50", "where": "n_orders > 3"}
    return Policy.read(
        {
            "placements": [
                {
                    "id": "any", "sources": list(_SOURCES), "limit": 1 + chance.below(6),
                    "max_per_category": 1 + chance.below(3), "max_per_kind": 1 + chance.below(6),
                }
            ],
            "rules": [dear] * chance.is_(0.5),
            "quiet_hours": chance.one(({}, {"start": "11:00", "end": "13:00"}, {"start": "00:00", "end": "00:00"})),
            "exploration": {"epsilon": chance.below(6) / 10},
            "holdout": {"share": chance.one((0.0, 0.2)), "seed": "h"},
            "caps": [
                {"per": "customer", "limit": 1 + chance.below(3), "days": 7},
                {"per": "offer_of_customer", "limit": 1 + chance.below(2), "days": 28},
            ],
        },
        "invented",
    )  # fmt: skip


def visits(seed: int, raw: RawShop, n: int) -> list[tuple[Request, SubjectState | None]]:
    """Invent requests, known, unknown and anonymous, with what the events tell of each visitor."""
    chance = Chance(seed)
    people, goods = raw.customers, raw.products
    return [(_request(chance, number, people, goods), _state(chance, goods)) for number in range(n)]


def _request(chance: Chance, number: int, people: list[str], goods: list[str]) -> Request:
    who = None if chance.is_(0.1) else "nobody" if chance.is_(0.05) else chance.one(people)
    return Request(
        request_id=f"q{number}",
        placements=(Ask("any"),),
        customer_id=who,
        anonymous_id=f"a{number}" if who is None else None,
        channel=chance.one(_CHANNELS),
        cart=tuple(CartItem(one) for one in chance.some([*goods, "unheard of"], 4))
        if chance.is_(0.7)
        else None,
        product_id=chance.one(goods) if chance.is_(0.4) else None,
        results=tuple(chance.some(goods, 4)) if chance.is_(0.3) else (),
        intent=chance.below(100) / 100 if chance.is_(0.3) else None,
    )


def _state(chance: Chance, goods: list[str]) -> SubjectState | None:
    if chance.is_(0.4):
        return None
    lately = NOW - timedelta(minutes=5)
    return SubjectState(
        cart=tuple(CartLine(one, 1.0, None) for one in dict.fromkeys(chance.some(goods, 3))),
        views=tuple(Seen(one, lately, 3.0) for one in chance.some(goods, 3)),
        searches=(),
        offers=tuple(_followed(chance, goods) for _ in range(chance.below(4))),
        ordered=tuple((one, lately) for one in chance.some(goods, 2)),
        session=Session(lately, lately, 3, 1, 0, 0, 3.0) if chance.is_(0.7) else None,
        consents={
            (chance.one(("email", "sms", "marketing", "personalisation")), chance.one((None, "email"))): chance.one(_STATUS)
            for _ in range(chance.below(3))
        },
    )  # fmt: skip


def _followed(chance: Chance, goods: list[str]) -> OfferEvent:
    offer = chance.one(
        (f"discover:{chance.one(goods)}", f"replenish:{chance.one(goods)}", f"o{chance.below(6)}")
    )
    return OfferEvent(chance.one(("rejected", "shown")), "d", offer, NOW - timedelta(days=chance.below(60)))
