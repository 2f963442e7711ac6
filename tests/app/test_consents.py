"""What a shop must not do to a person, from its files through the service to the log of decisions."""

import asyncio
import json
from datetime import UTC, datetime

import pytest

from nextbest.app import config, draft
from nextbest.app.asking import asked
from nextbest.app.serving import Service, now
from nextbest.app.workspace import Workspace
from nextbest.serving.policy import Policy

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
MAIL = {"id": "mail", "sources": ["bestsellers"], "channels": ["email"], "limit": 1}
KNOWN = {"id": "known", "sources": ["bestsellers"], "channels": ["web"], "limit": 1}
COUPON = {"id": "coupon", "sources": ["limited_time"], "channels": ["web"], "limit": 1}
POLICY = {
    "quiet_hours": {"start": "00:00", "end": "00:00"},
    "holdout": {"share": 0},
    "exploration": {"epsilon": 0},
    "placements": [*Policy().model_dump()["placements"], MAIL, KNOWN, COUPON],
    "rules": [
        {"name": "known", "stage": "eligibility", "when": "placement = 'known'", "where": "place = 'Oslo'"}
    ],
}
"""``known`` goes to who is known to live in Oslo: everybody, as long as they may be known."""
FILES = {
    "customers": (
        "customer_id,place,birth_on\nann,Oslo,1980-01-01\nkid,Oslo,2020-01-01\nshy,Oslo,1980-01-01\n"
        "calm,Oslo,1980-01-01\nnew,Oslo,1980-01-01\n"
    ),
    "consents": (
        "customer_id,purpose,channel,status,changed_at\n"
        + "".join(f"{name},marketing,email,granted,2026-01-01T00:00:00Z\n" for name in ("ann", "kid", "shy", "calm"))
        + "shy,personalisation,,denied,2026-01-02T00:00:00Z\n"
    ),
    "products": "product_id,name,list_price\np0,Tea,2.50\np1,Pot,2.50\np2,Cup,2.50\n",
    "tags": "customer_id,tag\ncalm,do_not_disturb\n",
    "offers": (
        "offer_id,kind,product_ids,price,starts_at,ends_at,rules\n"
        "fan,discount,p1,1.99,2020-01-01T00:00:00Z,2999-01-01T00:00:00Z,place = 'Oslo'\n"
    ),
}  # fmt: skip


def lines(at):
    rows = [f"o{n},c{n % 7},p{n % 3},{at.date()},1,2.50" for n in range(60)]
    return "order_id,customer_id,product_id,order_date,quantity,net_revenue\n" + "\n".join(rows)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Load a shop's files and run once."""
    home = tmp_path_factory.mktemp("consents")
    files = FILES | {"orders": lines(NOON)}
    for name, text in files.items():
        (home / f"{name}.csv").write_text(text)
    tables = {name: "order_lines" if name == "orders" else name for name in files}
    given = [
        draft.source_for(str(home / f"{name}.csv"), table=table, name=name).settings
        for name, table in tables.items()
    ]
    (home / "shop").mkdir()
    config.write(home / "shop", {"time_zone": "UTC", "currency": "EUR"}, given)
    shop = Workspace.open(home / "shop")
    shop.load(now=NOON)
    shop.run(["rfm"], now=NOON)
    return shop.folder


@pytest.fixture
def service(folder):
    with Service(folder) as opened:
        asyncio.run(opened.publish(Policy.read(POLICY, "policy"), by="eve"))
        opened.follow()
        yield opened


def answer(service, customer, placement, channel="web"):
    result = service.consider(asked(customer, [placement], channel=channel))
    return result.answers[0], result.notes


def tell(service, **said):
    body = json.dumps({"type": "Consent Changed", "timestamp": f"{now().isoformat()}Z", **said}).encode()
    kept, refused = asyncio.run(service.take(body))
    assert (kept.n_accepted, list(refused)) == (1, [])


def test_nobody_is_contacted_without_consent_but_may_be_served_on_site_and_it_is_counted(service):
    assert answer(service, "ann", "mail", "email")[0].outcome == "decided"
    nobody_asked, notes = answer(service, "new", "mail", "email")
    assert (nobody_asked.outcome, nobody_asked.cause, notes["consent_unknown"]) == ("none", "consent", 1)
    assert answer(service, "new", "known")[0].outcome == "decided"


def test_consent_is_by_channel_and_what_was_taken_back_a_moment_ago_holds(service):
    assert answer(service, "kid", "mail", "email")[0].cause in {"under_age", "eligibility"}
    tell(service, userId="ann", purpose="email", status="revoked", messageId="r1")
    assert answer(service, "ann", "mail", "email")[0].cause == "consent"
    assert answer(service, "ann", "known")[0].outcome == "decided", "on-site she is served as before"
    tell(service, userId="ann", purpose="email", status="granted", messageId="r2")
    assert answer(service, "ann", "mail", "email")[0].outcome == "decided"


def test_who_refused_personalisation_is_served_like_anybody_and_nothing_of_them_is_used(service):
    assert answer(service, "shy", "known")[0].outcome == "none", "the place is not to be known"
    home = answer(service, "shy", "home")[0]
    assert home.outcome == "decided"
    assert {reason.code for offer in home.offers for reason in offer.reasons} <= {
        "bestsellers",
        "new_arrivals",
    }
    tell(service, userId="new", purpose="personalisation", status="denied", messageId="p1")
    assert answer(service, "new", "known")[0].outcome == "none", "refused a moment ago"


def test_who_wants_to_be_left_alone_is_not_contacted_although_they_agreed_once(service):
    assert answer(service, "calm", "mail", "email")[0].cause == "consent"
    assert answer(service, "calm", "known")[0].outcome == "decided"


def test_children_get_nothing_anywhere(service):
    for placement, channel in (("home", "web"), ("mail", "email"), ("known", "web")):
        found, _ = answer(service, "kid", placement, channel)
        assert (found.outcome, found.cause) == ("none", "under_age"), placement


def test_a_price_that_is_not_everybodys_logs_the_rule_that_set_it(service):
    result = asyncio.run(service.decide(asked("ann", ["coupon"])))
    (offer,) = result.answers[0].offers
    assert (offer.offer_id, offer.price) == ("fan", "1.99")
    logged, _ = service.traced(offer.decision_id)
    assert logged.price == "1.99"
    assert logged.trace["price_rule"] == "offers/fan"
    assert answer(service, "shy", "coupon")[0].outcome == "none", "its rule is about persons"
