"""The example's shop page in a real browser, against the running service on another origin."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nextbest.app.workspace import Workspace

pytestmark = [pytest.mark.browser, pytest.mark.slow]
axe = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed"
)
COMMAND = Path(sys.executable).with_name("nextbest")
PAGES = ("./", "?product=tea", "?cart", "?receipt")
NONE_WAITS = "JSON.parse(localStorage.getItem('nextbest.events') ?? '[]').length === 0"


def decisions(page):
    """Wait until everything on the page has been shown long enough, and name the decisions."""
    page.wait_for_timeout(1300)
    return set(
        page.locator("[data-decision]").evaluate_all("cards => cards.map(card => card.dataset.decision)")
    )


def card(page, placement, number=0):
    """Give one card of a slot, and its decision."""
    found = page.locator(f"[data-placement='{placement}'] .card").nth(number)
    return found, found.get_attribute("data-decision")


def until(page, condition, seconds=60):
    """Wait until something is true in the page (whose policy forbids the waiting of playwright, which evaluates text)."""
    end = time.monotonic() + seconds
    while not page.evaluate(condition):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(50)


def go(page, click, wait_for):
    """Follow something to another page."""
    with page.expect_navigation():
        click()
    page.wait_for_selector(wait_for)


def become(page, customer):
    page.fill("#customer", customer)
    go(page, lambda: page.press("#customer", "Enter"), "#personal")


def test_what_is_shown_clicked_accepted_and_rejected_comes_back(shop, visit):
    page = visit(shop.url)
    assert page.get_by_role("heading", name="Popular these weeks").is_visible()
    seen = decisions(page)
    become(page, "c01")
    assert page.get_by_role("heading", name="For you").is_visible()
    seen |= decisions(page)
    unwanted, rejected = card(page, "home", 1)
    unwanted.locator(".reject").click()
    wanted, clicked = card(page, "home", 0)
    product = page.answered[clicked]["product_ids"][0]
    go(page, wanted.locator("h3 a").click, "#add")
    page.click("#add")
    seen |= decisions(page)
    page.goto(f"{shop.url}/?product=pot")
    page.click("#add")
    seen |= decisions(page)
    go(page, page.locator(".cart").click, "#order")
    assert (
        "for free shipping" in page.locator(".gap").inner_text()
        or "You have free" in page.locator(".gap").inner_text()
    )
    seen |= decisions(page)
    addon, accepted = card(page, "cart.addon")
    addon.locator(".accept").click()
    page.wait_for_selector(f"[data-decision='{accepted}']", state="detached")
    seen |= decisions(page)
    bought = page.locator(".lines li").count()
    go(page, page.locator("#order").click, ".total")
    assert page.locator(".lines li").count() == bought >= 2
    assert page.locator("[data-placement='receipt.next'] .card").count() > 0
    seen |= decisions(page)
    until(page, NONE_WAITS)
    assert page.complaints == []
    assert seen <= set(page.answered)

    workspace = Workspace.open(shop.folder)
    workspace.run(["rfm"])
    mine = {name: [row for row in workspace.table(name).to_pylist() if row["customer_id"] == "c01"] for name in ("exposures", "responses", "events")}  # fmt: skip
    assert {row["decision_id"] for row in mine["exposures"]} == seen
    assert all(row["placement"] and row["assignment_probability"] for row in mine["exposures"])
    followed = {(row["decision_id"], row["response"], row["offer_id"]) for row in mine["responses"]}
    expected = [(rejected, "rejected"), (clicked, "clicked"), (clicked, "accepted"), (accepted, "accepted")]
    assert followed == {(one, verb, page.answered[one]["offer_id"]) for one, verb in expected}
    (order,) = [row["properties"] for row in mine["events"] if row["type"] == "Order Completed"]
    assert f'"product_id":"{product}"' in order


def test_what_was_rejected_is_not_shown_again(shop, visit):
    page = visit(shop.url)
    become(page, "c02")
    unwanted, decision = card(page, "home")
    unwanted.locator(".reject").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.closest('.card') !== null"), (
        "the keyboard is not left nowhere"
    )
    until(page, NONE_WAITS)
    before = set(page.answered)
    page.reload()
    page.wait_for_selector(".card")
    again = {page.answered[one]["offer_id"] for one in set(page.answered) - before}
    assert again
    assert page.answered[decision]["offer_id"] not in again


def test_who_refuses_personalisation_sees_what_everybody_likes(shop, visit):
    page = visit(shop.url)
    become(page, "c03")
    assert page.get_by_role("heading", name="For you").is_visible()
    before = set(page.answered)
    go(page, page.locator("#personal").uncheck, "#personal:not(:checked)")
    assert page.get_by_role("heading", name="Popular these weeks").is_visible()
    after = [page.answered[one] for one in set(page.answered) - before]
    assert {reason["code"] for one in after for reason in one["reasons"]} == {"bestsellers"}


def test_the_page_works_without_the_service_and_tells_later_what_happened(
    tea_shop, open_shop, visit, tmp_path
):
    folder = tmp_path / "shop"
    shutil.copytree(tea_shop, folder)
    with open_shop(folder) as shop:
        shop.kill_service()
        page = visit(f"{shop.url}/?product=tea")
        page.click("#add")
        assert page.locator(".slot").count() == 0
        go(page, page.locator(".cart").click, "#order")
        go(page, page.locator("#order").click, ".total")
        assert page.get_by_role("heading", name="Thank you").is_visible()
        waiting = page.evaluate(
            "JSON.parse(localStorage.getItem('nextbest.events')).map(one => one.messageId)"
        )
        assert len(waiting) == 7, "three pages, a product viewed and added, a cart, an order"
        port = shop.service.rpartition(":")[2]
        with (folder / "serve.log").open("ab") as log:
            again = subprocess.Popen([COMMAND, "serve", "--in", folder, "--port", port], stderr=log)
        try:
            until(page, NONE_WAITS, seconds=120)
        finally:
            again.send_signal(signal.SIGINT)
            again.wait(20)
    workspace = Workspace.open(folder)
    workspace.run(["rfm"])
    assert set(workspace.table("events")["event_id"].to_pylist()) >= set(waiting)


def test_an_answer_that_is_lost_on_its_way_doubles_nothing(shop, visit):
    page = visit(shop.url)
    lost = []

    def lose(route):
        if lost:
            route.continue_()
        else:
            lost.extend(event["messageId"] for event in route.request.post_data_json["batch"])
            route.fetch()
            route.abort()

    page.route("**/v1/events", lose)
    with page.expect_response(lambda response: response.url.endswith("/v1/events") and response.ok) as told:
        page.locator(".shelf button").first.click()
    assert told.value.json()["duplicates"] == len(lost) > 0
    until(page, NONE_WAITS)


@pytest.mark.parametrize(
    ("locale", "scheme", "width"), [("en-GB", "light", 1280), ("zh-CN", "dark", 360), ("zh-CN", "light", 768)]
)
def test_every_page_is_accessible_calm_and_fits(shop, visit, locale, scheme, width):
    page = visit(shop.url, locale=locale, color_scheme=scheme, width=width, height=900)
    become(page, "c04")
    page.goto(f"{shop.url}/?product=pot")
    page.click("#add")
    for address in PAGES:
        page.goto(f"{shop.url}/{address}")
        page.wait_for_selector("main h1")
        if address == "?receipt":
            page.goto(f"{shop.url}/?cart")
            go(page, page.locator("#order").click, ".total")
        found = axe.Axe().run(page)
        assert [one["id"] for one in found.response["violations"]] == []
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.evaluate("window.shifted") < 0.01
        assert page.evaluate("document.documentElement.lang") == locale.replace("en-GB", "en")
        assert ("购物车" in page.inner_text("header")) == (locale == "zh-CN")
        save_picture(page, f"{locale}-{scheme}-{width}-{address.strip('./?').partition('=')[0] or 'home'}")
    assert page.complaints == []


def save_picture(page, name):
    """Keep a picture for a person to look at, if a folder is named for it."""
    folder = os.environ.get("NEXTBEST_PICTURES")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def test_names_are_text_and_nothing_else_is_loaded(shop, visit):
    page = visit(f"{shop.url}/?product=biscuits")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    page.wait_for_selector(".card")
    assert page.inner_text("main h1") == "Biscuits <b>"
    assert all(url.startswith((shop.url, shop.service)) for url in asked)


def test_the_language_can_be_chosen(shop, visit):
    page = visit(shop.url)
    go(page, page.get_by_role("button", name="中文").click, "html[lang=zh-CN] h1")
    assert page.inner_text("h1") == "今日店铺"
    assert "近期热销" in page.inner_text(".cards")
    page.reload()
    page.wait_for_selector("html[lang=zh-CN] h1")
