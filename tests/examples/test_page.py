"""The page about pages: its lines, copied into a page of another origin, show offers and tell what became of them."""

import re
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from nextbest.app.workspace import Workspace

pytestmark = [pytest.mark.browser, pytest.mark.slow]
DOCS = Path(__file__).parents[2] / "docs"
LINES = re.search(r"```html\n(.*?)```", (DOCS / "page.md").read_text(encoding="utf-8"), re.DOTALL)[1]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def origin(tmp_path):
    """Serve a folder at an origin of its own."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


def test_the_lines_show_offers_and_tell_what_became_of_them(shop, visit, new_key, origin, tmp_path):
    lines = LINES.replace("http://127.0.0.1:8000", shop.service).replace("nb_...", new_key(origin))
    (tmp_path / "index.html").write_text(
        f"<!doctype html><main><h1>Shop</h1>{lines}</main>", encoding="utf-8"
    )
    page = visit(origin)
    page.wait_for_selector("#offers li")
    page.wait_for_load_state("networkidle")
    first = page.locator("#offers a").first
    assert first.inner_text()
    with page.expect_request(lambda request: "Clicked" in (request.post_data or "")):
        first.click()
    page.wait_for_url("**/products/*")
    page.wait_for_load_state("networkidle")
    workspace = Workspace.open(shop.folder)
    workspace.run(["rfm"])
    answered = list(page.answered)
    exposed = {row["decision_id"] for row in workspace.table("exposures").to_pylist()}
    clicked = {row["decision_id"] for row in workspace.table("responses").to_pylist()}
    assert set(answered) <= exposed
    assert answered[0] in clicked


def test_without_the_service_the_lines_show_nothing_and_break_nothing(visit, origin, tmp_path):
    lines = LINES.replace("127.0.0.1:8000", "127.0.0.1:9")
    (tmp_path / "index.html").write_text(
        f"<!doctype html><main><h1>Shop</h1>{lines}</main>", encoding="utf-8"
    )
    page = visit(origin)
    page.wait_for_timeout(500)
    assert page.locator("#offers li").count() == 0
    assert not [one for one in page.complaints if "Failed to load" not in one]


def test_the_page_and_the_example_are_linked():
    root = DOCS.parent
    for name in ("README.md", "README.zh.md", "docs/api.md"):
        assert "page.md" in (root / name).read_text(encoding="utf-8"), name
