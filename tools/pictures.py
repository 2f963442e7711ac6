"""Take the pictures of the docs from the demo's own report and shop: ``make demo && make pictures``."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "docs" / "pictures"
SECTIONS = {
    "report-findings": "findings",
    "report-customers": "customers",
    "report-together": "together",
    "report-offers": "offers",
    "report-propensity": "propensity",
}
"""Picture, and the section of the report that it shows."""
WIDTH, HEIGHT = 1280, 900
CUSTOMER = "2375"


def shoot(page: Page, picture: str, section: str) -> None:
    """Save the top of one section."""
    box = page.locator(f"#{section}").bounding_box()
    if box is None:
        sys.exit(f"The report has no section {section}.")
    clip = {"x": 0, "y": 0 if section == "findings" else box["y"] - 16, "width": WIDTH, "height": HEIGHT}
    page.screenshot(path=PICTURES / f"{picture}.png", clip=clip, full_page=True)


def shoot_shop(browser: Browser) -> None:
    """Save the first page of the example's shop, as one customer sees it."""
    options = ("--port", "0", "--service-port", "0", "--patience", "20000", "--no-open")
    command = [sys.executable, "-m", "examples.shop_page", ROOT / "demo", *options]
    shop = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)  # noqa: S603
    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
    _, said = (shop.stdout.readline(), shop.stdout.readline()) if shop.stdout else ("", "")
    page.goto(said.split()[2])
    page.fill("#customer", CUSTOMER)
    page.press("#customer", "Enter")
    page.wait_for_selector("#personal")
    page.screenshot(path=PICTURES / "shop-page.png")
    shop.send_signal(signal.SIGINT)
    shop.wait()


def main() -> None:
    """Open the report and take every picture."""
    report = ROOT / "demo" / "report.html"
    chromium = shutil.which("chromium")
    if not report.exists() or chromium is None:
        sys.exit("Pictures need the demo's report (make demo) and Debian's chromium.")
    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        page.goto(report.as_uri())
        for picture, section in SECTIONS.items():
            shoot(page, picture, section)
        shoot_shop(browser)
        browser.close()


if __name__ == "__main__":
    main()
