"""The command line, called as a person calls it."""

import shutil
import sys
from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from nextbest.cli import main, output


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str


@pytest.fixture
def nextbest(monkeypatch, capsys, tmp_path):
    """Run ``nextbest ...`` in an empty folder and give code, output and errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEXTBEST_LANGUAGE", "en")
    monkeypatch.setattr(output.CONSOLE, "size", (300, 50))

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["nextbest", *map(str, words)])
        try:
            main()
            code = 0
        except SystemExit as stopped:
            code = stopped.code or 0
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return call


def write_orders(path):
    """Write a small shop's orders: bread with butter, tea alone, milk now and then."""
    lines = ["Order ID,Customer ID,SKU,Product Name,Order Date,Quantity,Net Revenue"]
    for number in range(200):
        day = date(2026, 1, 1) + timedelta(days=(number * 7) % 180)
        basket = ("bread", "butter") if number % 3 else ("tea",)
        basket += ("milk",) if number % 5 == 0 else ()
        lines += [
            f"{number:05},c{number % 23:03},{product.upper()},{product.title()},{day},1,{2 + place}.50"
            for place, product in enumerate(basket)
        ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def orders_csv(tmp_path):
    """Give a small shop's orders."""
    return write_orders(tmp_path / "orders.csv")


@pytest.fixture(scope="session")
def finished_shop(tmp_path_factory):
    """A workspace that was loaded and run, made once."""
    from nextbest.app import draft
    from nextbest.app.workspace import Workspace

    folder = tmp_path_factory.mktemp("finished")
    orders = write_orders(folder / "orders.csv")
    made = draft.draft(folder / "shop", [str(orders)], {"time_zone": "Europe/London", "currency": "GBP"})
    draft.write(folder / "shop", made)
    workspace = Workspace.open(folder / "shop")
    workspace.load()
    workspace.run()
    return folder


@pytest.fixture
def shop(finished_shop, tmp_path):
    """A copy of the finished workspace, for one test to change."""
    shutil.copytree(finished_shop, tmp_path, dirs_exist_ok=True)
    settings = tmp_path / "shop" / "nextbest.toml"
    here = settings.read_text(encoding="utf-8").replace(str(finished_shop), str(tmp_path))
    settings.write_text(here, encoding="utf-8")
    return tmp_path / "shop"
