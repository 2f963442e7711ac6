"""Guardrails checked from a shop's raw rows and an answer alone: nothing of the code that decides is used to check them."""

from __future__ import annotations

import tempfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, time, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from benchmarks.raw_shops import NEVER, NOW, PERSONAL, TODAY, RawShop, Row, shop, visits
from nextbest.serving.decide import Loading, Offer, Request, Result, compile_policy, decide, load
from nextbest.serving.log import Cap
from nextbest.serving.policy import CONTACT_CHANNELS
from nextbest.serving.state import SubjectState

_BARRED: Final = ("just_bought", "rarely_again", "already_has")
_LEAVE_ALONE: Final = ("do_not_contact", "do_not_disturb", "免打扰", "勿扰")
_LOOKED_FOR: Final = "search"


def contacts(caps: Collection[Cap]) -> dict[Cap, int]:
    """Invent how many contacts there were: always the same for the same scope."""
    return {cap: _contacts(cap.scope) for cap in caps}


def _contacts(scope: str) -> int:
    return zlib.crc32(scope.encode()) % 3


def violations(seed: int, n: int, *, without: Collection[str] = ()) -> Counter[str]:
    """Decide for ``n`` visitors of an invented shop, and count the guardrails that answers break.

    Parameters
    ----------
    seed
        Of the shop, its policy and its visitors.
    n
        Decisions.
    without
        Tables that are kept from the service, to see that their loss is noticed.
    """
    raw = shop(seed)
    compiled = compile_policy(raw.policy)
    with tempfile.TemporaryDirectory() as folder:
        files = {name: path for name, path in raw.write(Path(folder)).items() if name not in without}
        loading = Loading(name="r1", as_of=TODAY, currency="EUR", columns=compiled.columns, never=NEVER)
        snapshot = load(files, loading)
    asked, states = zip(*visits(seed, raw, n), strict=True)
    results = decide(snapshot, compiled, asked, states, now=NOW, contacts=contacts)
    guard = Guard(raw)
    found = Counter(
        name for result, state in zip(results, states, strict=True) for name in guard.broken(result, state)
    )
    found["decided"] = sum(bool(result.answers[0].offers) for result in results)
    return found


class Guard:
    """What the raw rows say, and whether an answer respects it."""

    def __init__(self, raw: RawShop) -> None:
        rows = raw.tables
        self._policy = raw.policy
        self._customers = {row["customer_id"]: row for row in rows["customers"]}
        self._products = {row["product_id"]: row for row in rows["products"]}
        self._offers = {row["offer_id"]: row for row in rows["offers"]}
        self._orders = {row["customer_id"]: row["n_orders"] for row in rows["rfm"]}
        self._stock = _stock(rows["stock"])
        self._consents = _last_words(rows["consents"])
        self._left_alone = {
            row["customer_id"]
            for row in rows["tags"]
            if row["tag"] in _LEAVE_ALONE and (row["until_on"] is None or row["until_on"] > TODAY)
        }
        self._has = {
            (row["customer_id"], row["product_id"]) for row in rows["holdings"] if row["closed_on"] is None
        } | {
            (row["customer_id"], row["product_id"])
            for row in rows["order_lines"]
            if row["quantity"] > 0 and TODAY - timedelta(days=14) <= row["ordered_on"] < TODAY
        }
        self._barred = {
            (row["customer_id"], row["product_id"])
            for row in rows["offer_candidates"]
            if row["stage"] in _BARRED
        }

    def broken(self, result: Result, state: SubjectState | None) -> list[str]:
        """Name every guardrail that an answer breaks."""
        offers = result.answers[0].offers
        return [*self._of_message(result.request, state, offers)] if offers else []

    def _of_message(
        self, request: Request, state: SubjectState | None, offers: Sequence[Offer]
    ) -> Iterator[str]:
        customer = self._customers.get(request.customer_id or "")
        placement = self._policy.placements[0]
        born = None if customer is None else customer["birth_on"]
        if born is not None and _age(born) < self._policy.suitability.min_age:
            yield "young"
        if request.channel not in (*CONTACT_CHANNELS, *self._policy.own_channels):
            yield "unknown channel"
        if request.channel in CONTACT_CHANNELS:
            yield from self._of_contact(request, state, customer, offers)
        unit = request.customer_id or request.anonymous_id or ""
        if self._policy.holdout.share and _bucket("h" + unit) < self._policy.holdout.share * 10_000:
            yield "holdout"
        if len(offers) > placement.limit:
            yield "limit"
        kinds = [one.kind for one in offers]
        categories = [self._products[one.product_ids[0]]["category"] for one in offers]
        if max(map(kinds.count, kinds)) > placement.max_per_kind:
            yield "kind"
        if any(name and categories.count(name) > placement.max_per_category for name in categories):
            yield "category"
        for offer in offers:
            yield from self._of_offer(request, state, offer)

    def _of_contact(
        self, request: Request, state: SubjectState | None, customer: Row | None, offers: Sequence[Offer]
    ) -> Iterator[str]:
        who, channel = request.customer_id or "", request.channel
        said = [status for (purpose, on), status in (state.consents if state else {}).items() if _concerns(purpose, on, channel)]  # fmt: skip
        before = [
            status for (purpose, on), status in self._consents[who].items() if _concerns(purpose, on, channel)
        ]
        if not (said or before) or any(status != "granted" for status in said or before):
            yield "consent"
        if who in self._left_alone:
            yield "do not contact"
        if self._is_quiet(_clock("UTC" if customer is None else customer["time_zone"])):
            yield "quiet hours"
        for cap in self._policy.caps:
            counted = [one for offer in offers for one in offer.caps if one.limit == cap.limit and one.window == timedelta(cap.days or 0)]  # fmt: skip
            if not counted or any(_contacts(one.scope) >= one.limit for one in counted):
                yield "cap"
            if not all(one.scope.startswith((f"c:{who}/", f"a:{request.anonymous_id}/")) for one in counted):
                yield "scope of a cap"

    def _is_quiet(self, clock: time) -> bool:
        start, end = self._policy.quiet_hours.start, self._policy.quiet_hours.end
        return start <= clock < end if start <= end else not end <= clock < start

    def _of_offer(self, request: Request, state: SubjectState | None, offer: Offer) -> Iterator[str]:
        (product,), who = offer.product_ids, request.customer_id or ""
        row, customer = self._products[product], self._customers.get(who)
        if row["is_active"] is False:
            yield "not sold"
        if any(f" {word}" in f" {row['name'].lower().replace('-', ' ')}" for word in NEVER):
            yield "never"
        if self._stock.get(product, 1.0) <= 0:
            yield "stock"
        if row["risk_level"] is not None and row["risk_level"] > self._may_risk(customer):
            yield "risk"
        if self._policy.rules and row["list_price"] > 50 and not self._is_told(who, state, "n_orders > 3"):
            yield "rule"
        if offer.reasons[0].code in (PERSONAL, "peers") and not self._is_personal(who, state):
            yield "personal"
        if not 0 < offer.assignment.probability <= 1:
            yield "probability"
        yield from self._of_having(request, state, offer, product)
        special = self._offers.get(offer.offer_id)
        if special and not special["starts_at"] <= NOW < special["ends_at"]:
            yield "not in force"
        if special and special["rules"] and not self._is_told(who, state, special["rules"]):
            yield "offer's rule"

    def _of_having(
        self, request: Request, state: SubjectState | None, offer: Offer, product: str
    ) -> Iterator[str]:
        who, is_looked_for = request.customer_id or "", offer.reasons[0].code == _LOOKED_FOR
        cart = request.cart if request.cart is not None else state.cart if state else ()
        if product in {line.product_id for line in cart}:
            yield "in the cart"
        if is_looked_for or offer.kind == "replenish":
            return
        seen = state.views[0].product_id if state and state.session and state.views else None
        if product == (request.product_id or seen):
            yield "looked at"
        if state and product in {one for one, _ in state.ordered}:
            yield "bought online"
        if (who, product) in self._has:
            yield "has it"
        if self._is_personal(who, state) and (who, product) in self._barred:
            yield "ruled out"
        rejected = {
            one.offer_id
            for one in (state.offers if state else ())
            if one.verb == "rejected" and one.at > NOW - timedelta(self._policy.rest_days)
        }
        if offer.offer_id in rejected:
            yield "rejected"

    def _is_personal(self, who: str, state: SubjectState | None) -> bool:
        """Tell whether what was drawn up for somebody may be shown to them."""
        said = [status for (purpose, _), status in (state.consents if state else {}).items() if purpose in ("personalisation", "profiling")]  # fmt: skip
        before = [status for (purpose, _), status in self._consents[who].items() if purpose in ("personalisation", "profiling")]  # fmt: skip
        return bool(who) and who != "nobody" and all(status == "granted" for status in said or before)

    def _is_told(self, who: str, state: SubjectState | None, condition: str) -> bool:
        """Tell whether a customer is known to meet one of the conditions that are invented; age protects also who refused."""
        if condition == "age >= 18":
            born = self._customers.get(who, {}).get("birth_on")
            return born is not None and _age(born) >= 18
        return (
            self._is_personal(who, state)
            and who in self._orders
            and self._orders[who] > int(condition.rpartition(" ")[2])
        )

    def _may_risk(self, customer: Row | None) -> int:
        if customer is None or customer["risk_assessed_on"] is None or customer["risk_level"] is None:
            return 1
        age = (TODAY - customer["risk_assessed_on"]).days
        return max(customer["risk_level"], 1) if age <= self._policy.suitability.max_assessment_days else 1


def _concerns(purpose: str, on: str | None, channel: str) -> bool:
    return purpose == channel or (purpose == "marketing" and (on or channel).replace("-", "") == channel)


def _stock(rows: Sequence[Row]) -> dict[str, float]:
    """Add up the last count of each store."""
    last = {(row["product_id"], row["store_id"]): row["on_hand"] for row in sorted(rows, key=lambda row: row["counted_on"])}  # fmt: skip
    total: dict[str, float] = defaultdict(float)
    for (product, _), on_hand in last.items():
        total[product] += on_hand
    return dict(total)


def _last_words(rows: Sequence[Row]) -> Mapping[str, dict[tuple[str, str | None], str]]:
    words: dict[str, dict[tuple[str, str | None], str]] = defaultdict(dict)
    for row in sorted(rows, key=lambda row: row["changed_at"]):
        words[row["customer_id"]][row["purpose"], row["channel"]] = row["status"]
    return words


def _age(born: date) -> int:
    return TODAY.year - born.year - ((TODAY.month, TODAY.day) < (born.month, born.day))


def _clock(zone: str | None) -> time:
    try:
        return NOW.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(zone or "UTC")).time()
    except ZoneInfoNotFoundError:
        return NOW.time()


def _bucket(text: str) -> int:
    """Hash as GrowthBook's second version does: FNV-1a of FNV-1a."""
    for _ in range(2):
        found = 2_166_136_261
        for unit in text.encode("utf-16-le")[::2]:
            found = (found ^ unit) * 16_777_619 % 2**32
        text = str(found)
    return found % 10_000
