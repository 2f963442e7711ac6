"""Rights of a customer, and the audit, from the command line."""

import json
from pathlib import Path


def test_a_customer_is_exported_erased_and_the_audit_tells_who_did(nextbest, shop):
    assert nextbest("explain", "c003", "--in", shop).code == 0
    made = nextbest("customers", "export", "c003", "--out", "told.json", "--in", shop)
    assert "rows about c003 written to told.json" in made.out
    told = json.loads(Path("told.json").read_text(encoding="utf-8"))
    assert {row["customer_id"] for row in told["tables"]["order_lines"]} == {"c003"}
    assert {"rfm", "lifecycle"} <= set(told["run"])
    asked = nextbest("customers", "erase", "c003", "--yes", "--in", shop)
    assert "rows about the customer were removed" in asked.out
    assert "order_lines" in asked.out
    assert "backups" in asked.out
    assert (
        "c003"
        not in nextbest("show", "order_lines", "--limit", 9999, "--columns", "customer_id", "--in", shop).out
    )
    assert nextbest("customers", "export", "c003", "--out", "told.json", "--in", shop).code == 1
    entries = json.loads(nextbest("audit", "--in", shop, "--json").out)
    assert [row["action"] for row in entries] == ["customer erased", "customer exported", "customer seen"]
    assert all(row["by"] and row["object"] != "c003" for row in entries)


def test_erasing_asks_first(nextbest, shop, monkeypatch):
    monkeypatch.setattr("typer.confirm", lambda question, default: "c003" in question and default)
    assert nextbest("customers", "erase", "c003", "--in", shop).code == 1
    assert nextbest("explain", "c003", "--in", shop).code == 0


def test_erasing_nobody_leaves_a_hash_and_says_so(nextbest, shop):
    made = nextbest("customers", "erase", "nobody-7", "--yes", "--json", "--in", shop)
    assert json.loads(made.out) == {"removed": [], "files": [], "elsewhere": [], "is_pending": False}
    assert "nothing about that id" in nextbest("customers", "erase", "nobody-7", "--yes", "--in", shop).out
