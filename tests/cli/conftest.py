"""The command line, called as a person calls it."""

import sys
from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from nextbest.cli import main


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
    monkeypatch.setenv("COLUMNS", "300")

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


@pytest.fixture
def orders_csv(tmp_path):
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
    path = tmp_path / "orders.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def shop(nextbest, orders_csv):
    """A workspace that was loaded and run."""
    nextbest(
        "init", "shop", "--from", orders_csv, "--yes", "--time-zone", "Europe/London", "--currency", "GBP"
    )
    nextbest("load", "--in", "shop")
    nextbest("run", "--in", "shop")
    return orders_csv.parent / "shop"
