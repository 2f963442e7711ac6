"""A shop page in the browser: starts the decision service on a workspace, and the page beside it.

python -m examples.shop_page demo
"""

import argparse
import json
import signal
import socket
import subprocess
import sys
import time
import webbrowser
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.error import URLError
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

from examples.shop_page.goods import Goods, read

from nextbest.base.errors import NextBestError

HERE: Final = Path(__file__).parent
COMMAND: Final = Path(sys.executable).with_name("nextbest")
LOG: Final = "serve.log"
PATIENCE_MS: Final = 500
"""Milliseconds for which the page waits for offers before it is shown without them."""


class Shop(SimpleHTTPRequestHandler):
    """Serves the page, what it must know, and products by their ids."""

    about: dict[str, Any]
    goods: Goods

    def do_GET(self) -> None:
        """Answer a page, or what it asks for."""
        address = urlsplit(self.path)
        if address.path == "/shop.json":
            self._json(self.about)
        elif address.path == "/goods.json":
            ids = parse_qs(address.query).get("id", [])
            self._json({one: self.goods[one] for one in ids if one in self.goods})
        else:
            super().do_GET()

    def end_headers(self) -> None:
        """Let the page load and ask nothing but itself and the service."""
        rules = f"default-src 'self'; connect-src 'self' {self.about['service']}; base-uri 'none'; frame-ancestors 'none'"
        self.send_header("content-security-policy", rules)
        self.send_header("x-content-type-options", "nosniff")
        self.send_header("referrer-policy", "same-origin")
        self.send_header("cache-control", "no-cache")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Stay quiet."""

    def _json(self, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def nextbest(*words: str, folder: Path) -> str:
    """Run a command of nextbest and give what it prints."""
    ran = subprocess.run([COMMAND, *words, "--in", folder], capture_output=True, text=True, check=False)
    if ran.returncode:
        sys.exit(ran.stderr)
    return ran.stdout.strip()


@contextmanager
def serving(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``nextbest serve`` until the block ends."""
    command = [str(COMMAND), "serve", "--in", str(folder), "--port", str(port)]
    with (folder / LOG).open("ab") as log:
        process = subprocess.Popen(command, stderr=log)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def wait_for(process: subprocess.Popen[bytes], service: str) -> None:
    """Wait until the service answers."""
    while process.poll() is None:
        try:
            with urlopen(f"{service}/health/live", timeout=2):
                return
        except (URLError, TimeoutError):
            time.sleep(0.1)
    sys.exit(f"nextbest serve has stopped; why stands at the end of {LOG} in the workspace.")


def ask(url: str, key: str, body: bytes | None = None) -> Any:
    """Ask a route of the service that is for servers."""
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    with urlopen(Request(url, body, headers), timeout=10) as answer:
        return json.load(answer)


def free_shipping(service: str, key: str) -> list[dict[str, Any]]:
    """Give the thresholds of the policy that holds; a shop without a policy gets the example's."""
    if not ask(f"{service}/v1/policies", key)["versions"]:
        ask(f"{service}/v1/policies/publish", key, (HERE / "policy.json").read_bytes())
    thresholds: list[dict[str, Any]] = ask(f"{service}/v1/policies", key)["policy"]["thresholds"]
    return thresholds


def free(port: int, option: str) -> int:
    """Give a port that nobody uses: this one, or any if it is 0."""
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            sys.exit(f"Port {port} is taken. Choose another with {option}; 0 takes any that is free.")
        found: int = one.getsockname()[1]
    return found


def asked() -> argparse.Namespace:
    """Read what stands on the command line."""
    parser = argparse.ArgumentParser(prog="python -m examples.shop_page", description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="a workspace that has been run, such as the demo's")
    parser.add_argument("--port", type=int, default=8080, help="of the page; 0: any")
    parser.add_argument("--service-port", type=int, default=8000, help="of the decision service; 0: any")
    parser.add_argument("--patience", type=int, default=PATIENCE_MS, help="milliseconds to wait for offers")
    parser.add_argument("--no-open", action="store_true", help="open no browser")
    return parser.parse_args()


def main() -> None:
    """Start both, say where the page is, and stop both with Ctrl+C."""
    options = asked()
    if not (options.folder / "nextbest.toml").exists():
        sys.exit(f"There is no workspace in {options.folder}. Make the demo's first: nextbest demo demo")

    address = ("127.0.0.1", free(options.port, "--port"))
    page = ThreadingHTTPServer(address, partial(Shop, directory=HERE / "page"))
    origins = [f"http://{host}:{page.server_port}" for host in ("localhost", "127.0.0.1")]
    port = free(options.service_port, "--service-port")
    service = f"http://127.0.0.1:{port}"
    print("Starting the service ...", flush=True)
    with serving(options.folder, port) as process:
        with ThreadPoolExecutor() as meanwhile:
            create = partial(meanwhile.submit, nextbest, "keys", "create", folder=options.folder)
            allowed = [word for origin in origins for word in ("--origin", origin)]
            browser_key = create("shop page", "--scope", "browser", "--days", "1", *allowed)
            server_key = create("server of the shop page", "--days", "1")
            try:
                about, goods = read(options.folder)
            except NextBestError as error:
                sys.exit(str(error))
            wait_for(process, service)
        about |= {
            "service": service,
            "key": browser_key.result(),
            "thresholds": free_shipping(service, server_key.result()),
            "patience_ms": options.patience,
        }
        Shop.about, Shop.goods = about, goods
        print(f"The page: {origins[0]}    the service: {service}    Ctrl+C stops both.", flush=True)
        if not options.no_open:
            webbrowser.open(origins[0])
        page.serve_forever()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever ends the page ends the service too
    with suppress(KeyboardInterrupt):
        main()
