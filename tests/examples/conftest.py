"""A small shop that has been run, its page and its service as processes, and a browser."""

import csv
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import psutil
import pytest

from nextbest.app import draft
from nextbest.app.workspace import Workspace

ROOT = Path(__file__).parents[2]
COMMAND = Path(sys.executable).with_name("nextbest")
PRODUCTS = {
    "tea": ("GREEN TEA", "TEA AND COFFEE", "3.50"),
    "coffee": ("COFFEE", "TEA AND COFFEE", "6.50"),
    "honey": ("HONEY", "SWEETS", "2.20"),
    "biscuits": ("BISCUITS <b>", "SWEETS", "2.80"),
    "cup": ("CUP", "KITCHEN", "4.00"),
    "pot": ("TEAPOT", "KITCHEN", "18.00"),
    "bread": ("BREAD", "BAKERY", "2.00"),
    "jam": ("JAM", "BAKERY", "3.00"),
    "butter": ("BUTTER", "DAIRY", "2.50"),
    "milk": ("MILK", "DAIRY", "1.20"),
}
BASKETS = (
    ("tea", "honey", "cup"),
    ("bread", "butter", "jam"),
    ("coffee", "biscuits"),
    ("milk", "bread"),
    ("pot", "tea"),
)


def write(path, header, rows):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return str(path)


def scattered(number, below):
    """Scatter numbers evenly, always in the same way (Knuth's multiplicative hashing)."""
    return (number * 2654435761 % 2**32 >> 8) % below


@pytest.fixture(scope="session")
def tea_shop(tmp_path_factory):
    """Load and run a shop of ten products: tea goes with honey and a cup, bread with butter and jam; customers c00 to c59."""
    folder = tmp_path_factory.mktemp("tea")
    start = date(2026, 1, 1)
    lines = [
        (f"o{order:04}", f"c{scattered(order, 60):02}", product, start + timedelta(order // 5), 1, PRODUCTS[product][2])
        for order in range(900)
        for product in BASKETS[scattered(7 * order + 3, 5)]
    ]  # fmt: skip
    orders = write(
        folder / "orders.csv",
        ("order_id", "customer_id", "product_id", "order_date", "quantity", "net_revenue"),
        lines,
    )
    products = write(
        folder / "products.csv",
        ("product_id", "name", "category", "list_price"),
        ((product, *said) for product, said in PRODUCTS.items()),
    )
    made = draft.draft(
        folder / "shop", [orders, products], {"time_zone": "UTC", "currency": "EUR", "name": "Tea & bread"}
    )
    draft.write(folder / "shop", made)
    shop = Workspace.open(folder / "shop")
    shop.load()
    shop.run(["offers"])
    return folder / "shop"


SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifted += one.value;
}).observe({ type: "layout-shift", buffered: true });
"""


@dataclass(frozen=True)
class Shop:
    folder: Path
    url: str
    service: str
    process: subprocess.Popen

    def kill_service(self):
        """Kill the decision service, and leave the page's server."""
        (service,) = psutil.Process(self.process.pid).children()
        service.kill()
        while service.status() != psutil.STATUS_ZOMBIE:  # its parent has not asked for it
            time.sleep(0.01)


@contextmanager
def opened(folder):
    """Run the example as its page says, on ports that nobody uses."""
    command = [sys.executable, "-m", "examples.shop_page", folder, "--no-open", "--patience", "20000"]
    process = subprocess.Popen(
        [*command, "--port", "0", "--service-port", "0"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        _, said = process.stdout.readline(), process.stdout.readline()
        url, service = re.findall(r"http://\S+", said)
        yield Shop(folder, url, service, process)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)
        process.stdout.close()


@pytest.fixture
def open_shop():
    return opened


@pytest.fixture(scope="session")
def shop(tea_shop):
    with opened(tea_shop) as running:
        yield running


@pytest.fixture
def new_key(shop):
    """Give a function that makes a browser key for an origin."""

    def make(origin):
        words = ("keys", "create", "lines", "--scope", "browser", "--origin", origin, "--in", shop.folder)
        return subprocess.run([COMMAND, *words], capture_output=True, text=True, check=True).stdout.strip()

    return make


@pytest.fixture(scope="module")  # its event loop would be in the way of tests that run one of their own
def chromium():
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("chromium is not installed")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as engines:
        browser = engines.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium):
    """Open a browser of somebody new; gives its page, which keeps all offers it was answered in ``answered``."""
    contexts = []

    def opened_page(url, *, width=1280, height=1200, **options):
        options = {"locale": "en-GB", "color_scheme": "light"} | options
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.add_init_script(SHIFTS)
        page.answered, page.complaints = {}, []
        page.on("response", lambda response: remember(page, response))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("console", lambda message: page.complaints.append(message.text))
        page.goto(url)
        page.wait_for_selector("main h1")
        return page

    yield opened_page
    for context in contexts:
        context.close()


def remember(page, response):
    if response.url.endswith("/v1/decide") and response.request.method == "POST":
        for answer in response.json()["placements"].values():
            page.answered |= {offer["decision_id"]: offer for offer in answer["offers"]}
