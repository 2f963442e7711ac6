"""Take the pictures of the docs from the demo's own report: ``make demo && make pictures``."""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

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


def shoot(page: Page, picture: str, section: str) -> None:
    """Save the top of one section."""
    box = page.locator(f"#{section}").bounding_box()
    if box is None:
        sys.exit(f"The report has no section {section}.")
    clip = {"x": 0, "y": 0 if section == "findings" else box["y"] - 16, "width": WIDTH, "height": HEIGHT}
    page.screenshot(path=PICTURES / f"{picture}.png", clip=clip, full_page=True)


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
        browser.close()


if __name__ == "__main__":
    main()
