"""The report in a real browser: no request leaves it, nothing complains, nothing scrolls sideways."""

import shutil

import pytest

from nextbest.advice.report import Edition, render_report

pytestmark = [pytest.mark.browser, pytest.mark.slow]
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium")


@pytest.fixture(scope="module")
def files(snapshot_maker, findings, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    for language in ("en", "zh"):
        edition = Edition("Corner shop", language, "USD", "r2", "r1")
        page = render_report(snapshot_maker(1), findings, edition, against=snapshot_maker(2, 500))
        (folder / f"{language}.html").write_text(page, "utf-8")
    return {language: (folder / f"{language}.html").as_uri() for language in ("en", "zh")}


@pytest.fixture(scope="module")
def chromium():
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    with playwright.sync_playwright() as engines:
        browser = engines.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def watched(browser, **options):
    """Open an empty page; gives it with the lists of its requests and its complaints."""
    page = browser.new_page(**options)
    requests, complaints = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page, requests, complaints


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_asks_for_nothing_but_itself_and_complains_of_nothing(chromium, files, language, scheme):
    page, requests, complaints = watched(chromium, color_scheme=scheme)
    page.goto(files[language], wait_until="networkidle")
    assert requests == [files[language]]
    assert complaints == []


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [360, 768, 1280])
def test_the_page_does_not_scroll_sideways(chromium, files, language, width):
    page, _, _ = watched(chromium, viewport={"width": width, "height": 800})
    page.goto(files[language])
    page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_charts_change_colour_with_the_scheme(chromium, files):
    colours = []
    for scheme in ("light", "dark"):
        page, _, _ = watched(chromium, color_scheme=scheme)
        page.goto(files["en"])
        mark = "document.querySelector('.drawing .mark-rect path')"
        colours.append(page.evaluate(f"getComputedStyle({mark}).fill"))
    assert colours == ["rgb(11, 107, 93)", "rgb(76, 194, 173)"]


def test_the_page_is_whole_without_javascript(chromium, files):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(files["en"])
    assert page.locator("main section").count() == 13
    assert not page.locator(".scheme").is_visible()
    context.close()


def test_a_table_is_sorted_by_keyboard(chromium, files):
    page, _, complaints = watched(chromium)
    page.goto(files["en"])
    table = page.locator("#together table.sortable").first
    head = table.locator("thead th").nth(2)
    head.locator("button").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    values = [
        float(each)
        for each in table.locator("tbody td:nth-child(3)").evaluate_all("c => c.map(x => x.dataset.v)")
    ]
    assert values == sorted(values, reverse=True)
    assert complaints == []
