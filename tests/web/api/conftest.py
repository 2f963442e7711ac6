"""A small shop, and its decision service as a process of its own, asked over HTTP."""

import dataclasses
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import httpx
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tools.conforming import wrong

from nextbest.app import keys, policies
from nextbest.app.operating import open_operations
from nextbest.app.serving import now
from nextbest.engines.snapshots import Snapshots, write_manifest
from nextbest.models import propensity
from nextbest.models.intent import MODEL_FILE
from nextbest.serving.policy import Policy

collect_ignore = ["ndjson.py"]
ORIGIN = "https://shop.example"
COMMAND = Path(sys.executable).with_name("nextbest")
PRODUCTS = [("tea", "Green tea"), ("pot", "Teapot"), ("cup", "Cup"), ("milk", "Milk")]

BEST = {"id": "email.best", "sources": ["bestsellers"], "channels": ["email"], "limit": 1}
POLICY = {
    "quiet_hours": {"start": "00:00", "end": "00:00"},
    "holdout": {"share": 0},
    "placements": [*Policy().model_dump()["placements"], BEST],
}
"""Nobody is held out by chance, and tests may run at night."""


HIGHER = '[{"factor": "n_orders_91d", "value": 7.0, "saying": "higher", "adds": 0.5}]'
LONG_AGO = datetime(2025, 6, 1, tzinfo=UTC).replace(tzinfo=None)
ANN = {
    "rfm": [
        {"customer_id": "ann", "as_of": date(2026, 1, 2), "n_orders": 7, "revenue_total": Decimal("12.5000"), "segment": "champions"}
    ],
    "lifecycle": [{"customer_id": "ann", "as_of": date(2026, 1, 2), "stage": "active", "usual_gap_days": 4.5}],
    "offer_candidates": [
        {
            "customer_id": "ann", "product_id": "milk", "stage": "offered", "rank": 1, "kind": "replenish", "probability": 0.5,
            "reason_code": "rhythm", "category": "dairy", "n_orders": 6, "since_days": 9.0, "gap_days": 8.0,
        }
    ],
    "consents": [{"customer_id": "ann", "purpose": "email", "status": "granted", "changed_at": LONG_AGO}],
    "propensity_scores": [
        {"model_id": name, "target": name, "customer_id": "ann", "propensity": chance, "decile": 1, "because": HIGHER}
        for name, chance in [("milk", 0.25), ("tea", 0.5)]
    ],
}  # fmt: skip
"""What the run says of one customer."""


def visit_model():
    """Fit a model of visits: whose cart is not empty orders more often."""
    chance = np.random.default_rng(0)
    lines = chance.integers(0, 3, 400)
    has_order = chance.random(400) < 0.1 + 0.3 * (lines > 0)
    fitted = propensity.fit(
        {"cart_lines": lines, "has_order": has_order}, "has_order", candidates=("logistic",)
    )
    about = {"as_of": "2026-01-02", "usual": 0.3, "baseline": (0.1, 0.4)}
    return dataclasses.replace(fitted, about=about).to_bytes()


def publish(folder, name="r1", names=PRODUCTS, *, with_intent=False, **manifest):
    """Publish a run whose bestsellers are the products, the first most of all."""
    lines = [
        {"order_id": f"o{rank}{number}", "customer_id": f"c{number}", "product_id": product}
        for rank, (product, _) in enumerate(reversed(names), start=1)
        for number in range(rank)
    ]
    at = datetime(2026, 1, 1, 12, tzinfo=UTC).replace(tzinfo=None)
    tables = {
        "products": [{"product_id": product, "name": label} for product, label in names],
        "customers": [
            {"customer_id": name, "place": "Oslo", "email": f"{name}@mail.example"}
            for name in ("ann", "eve", *(f"c{number}" for number in range(9)))
        ],
        "order_lines": [row | {"ordered_on": date(2026, 1, 1), "ordered_at": at, "quantity": 1.0} for row in lines],
        "related_products": [{"product_id": "tea", "list": "goes_with", "rank": 1, "related_id": "pot", "strength": 2.0}],
        **ANN,
    }  # fmt: skip
    with Snapshots(folder / "store").building(name) as building:
        for table, rows in tables.items():
            pq.write_table(pa.Table.from_pylist(rows), building / f"{table}.parquet")
        if with_intent:
            (building / MODEL_FILE).parent.mkdir(parents=True)
            (building / MODEL_FILE).write_bytes(visit_model())
        write_manifest(building / "manifest.json", {"as_of": "2026-01-02"} | manifest)


def make_shop(folder, **options):
    """Make a workspace with one run and a key of each scope."""
    folder.mkdir(parents=True, exist_ok=True)
    text = '[shop]\nname = "tea shop"\ntime_zone = "UTC"\ncurrency = "EUR"\n'
    (folder / "nextbest.toml").write_text(text)
    (folder / "store").mkdir()
    publish(folder, **options)
    with open_operations(folder, None) as operations:
        with operations.writing() as connection:
            policies.publish(connection, Policy.read(POLICY, "policy"), at=now(), by="ann")
        server = keys.create(operations, "till", "server", by="ann", at=now())
        browser = keys.create(operations, "page", "browser", origins=[ORIGIN], by="ann", at=now())
    return Shop(folder, server, browser)


@dataclass(frozen=True)
class Shop:
    folder: Path
    server_key: str
    browser_key: str


@dataclass(frozen=True)
class Served(Shop):
    url: str
    process: subprocess.Popen

    def client(self, key=None, **headers):
        bearer = {"authorization": f"Bearer {key or self.server_key}"}
        hooks = {"response": [conforms]}
        return httpx.Client(base_url=self.url, headers=bearer | headers, timeout=20, event_hooks=hooks)


def conforms(answer):
    """Hold every answer of every test against the OpenAPI document."""
    body, media = answer.read(), answer.headers.get("content-type", "")
    assert not wrong(answer.request.method, answer.request.url.path, answer.status_code, media, body)


@contextmanager
def serving(shop, *options):
    """Run ``nextbest serve`` until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (shop.folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [COMMAND, "serve", "--in", shop.folder, "--port", str(port), *options],
            stderr=log,
            env=os.environ | {"NEXTBEST_LANGUAGE": "en"},
        )
    served = Served(shop.folder, shop.server_key, shop.browser_key, f"http://127.0.0.1:{port}", process)
    try:
        wait_until_ready(served)
        yield served
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


def wait_until_ready(served, seconds=90):
    """Wait until the server answers."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and served.process.poll() is None:
        try:
            httpx.get(f"{served.url}/health/live", timeout=2)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError((served.folder / "log").read_text()[-2000:])


@pytest.fixture(name="make_shop")
def make_shop_():
    return make_shop


@pytest.fixture(name="serving")
def serving_():
    return serving


@pytest.fixture(name="publish")
def publish_():
    return publish


@pytest.fixture(scope="session")
def service(tmp_path_factory):
    """Serve a shop of four products."""
    with serving(make_shop(tmp_path_factory.mktemp("shop") / "tea", with_intent=True)) as served:
        yield served


@pytest.fixture(scope="session")
def server(service):
    """Ask as the shop's own server."""
    with service.client() as client:
        yield client


@pytest.fixture(scope="session")
def browser(service):
    """Ask as a page of the shop."""
    with service.client(service.browser_key, origin=ORIGIN) as client:
        yield client
