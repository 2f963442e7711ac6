"""From an unknown file to rules, audiences and a report, as an analyst types it."""

import json
import subprocess
import sys

import pyarrow.csv as pacsv
import pyarrow.parquet as pq


def test_an_unknown_file_becomes_rules_and_audiences(nextbest, orders_csv):
    drafted = nextbest("init", "shop", "--from", orders_csv, "--yes")
    assert drafted.code == 0, drafted.err
    assert "order_id" in drafted.out
    assert "Order ID" in drafted.out
    assert not (orders_csv.parent / "shop" / "store").exists(), "init loads nothing"
    loaded = nextbest("load", "--in", "shop")
    assert "373 rows read = 373 kept + 0 merged + 0 quarantined" in loaded.out
    ran = nextbest("run", "--in", "shop")
    assert ran.code == 0, ran.err
    rules = json.loads(nextbest("show", "rules", "--in", "shop", "--json", "--limit", "5").out)
    assert {"Bread", "Butter"} in [{rule["body"], rule["head"]} for rule in rules]
    assert nextbest("show", "audiences", "--in", "shop").code == 0


def test_a_second_run_computes_nothing(nextbest, shop):
    again = nextbest("run", "--in", shop)
    assert "Nothing has changed" in again.out
    assert len(list((shop / "store" / "snapshots").iterdir())) == 1


def test_the_same_file_loads_once(nextbest, shop):
    again = nextbest("load", "--in", shop)
    assert "orders.csv: already loaded" in again.out
    (report,) = json.loads(nextbest("show", "load_report", "--in", shop, "--json").out)
    assert report["n_read"] == report["n_kept"] == 373


def test_overlapping_exports_do_not_double(nextbest, shop, orders_csv):
    later = orders_csv.with_name("later.csv")
    text = orders_csv.read_text(encoding="utf-8").splitlines()
    later.write_text("\n".join([text[0], *text[300:], "00999,c001,TEA,Tea,2026-07-01,1,2.50"]) + "\n")
    settings = shop / "nextbest.toml"
    settings.write_text(settings.read_text().replace('orders.csv"]', 'orders.csv", "../later.csv"]'))
    loaded = nextbest("load", "--in", shop)
    assert "75 rows read = 1 kept + 74 merged + 0 quarantined" in loaded.out
    assert pq.read_table(next((shop / "store/tables/order_lines").glob("*.parquet"))).num_rows == 374


def test_a_review_survives_the_next_run(nextbest, shop):
    rule = json.loads(nextbest("show", "rules", "--in", shop, "--json", "--limit", "1").out)[0]["rule_id"]
    assert nextbest("review", rule[:8], "reject", "--note", "sold as a set", "--in", shop).code == 0
    assert "rules" in nextbest("run", "--in", shop).out
    where = f"rule_id = '{rule}'"
    (row,) = json.loads(nextbest("show", "rules", "--in", shop, "--json", "--where", where).out)
    assert (row["review"], row["review_note"]) == ("rejected", "sold as a set")


def test_a_written_rule_stands_beside_the_mined_ones(nextbest, shop):
    added = nextbest(
        "rules", "add", "--body", "Tea", "--head", "MILK", "--note", "milk in first", "--in", shop
    )
    assert added.code == 0, added.err
    nextbest("run", "--in", shop)
    rows = json.loads(nextbest("show", "rules", "--in", shop, "--json", "--where", "origin = 'written'").out)
    assert [(row["body"], row["head"]) for row in rows] == [("Tea", "Milk")]


def test_one_capability_on_one_file_needs_no_workspace(nextbest, orders_csv):
    done = nextbest("run", "rfm", "--from", f"order_lines={orders_csv}", "--out", "out")
    assert done.code == 0, done.err
    rows = pq.read_table(orders_csv.parent / "out" / "rfm.parquet")
    assert rows.num_rows == 23
    assert {"customer_id", "days_since_last_order", "n_orders", "revenue_total", "r_score", "segment"} <= set(
        rows.column_names
    )
    assert sorted(path.name for path in (orders_csv.parent / "out").iterdir()) == ["rfm.parquet"]


def test_only_the_asked_rows_are_seen(nextbest, orders_csv):
    words = (
        "run",
        "rfm",
        "--from",
        f"order_lines={orders_csv}",
        "--where",
        "order_lines=customer_id = 'c001'",
    )
    assert nextbest(*words, "--out", "out").code == 0
    assert pq.read_table(orders_csv.parent / "out" / "rfm.parquet")["customer_id"].to_pylist() == ["c001"]


def test_the_report_is_one_file_in_the_language_asked_for(nextbest, shop):
    assert nextbest("report", "--in", shop, "--language", "zh").code == 0
    page = (shop / "report.html").read_text(encoding="utf-8")
    assert 'lang="zh' in page
    assert "http://" not in page.replace("http://www.w3.org", "")


def test_explain_says_what_and_why(nextbest, shop):
    answer = nextbest("explain", "c001", "--in", shop)
    assert answer.code == 0, answer.err
    assert "Customer c001" in answer.out
    assert nextbest("explain", "nobody", "--in", shop).code == 1


def test_an_export_is_safe_in_a_spreadsheet(nextbest, shop):
    assert nextbest("export", "rfm", "rfm.csv", "--in", shop).code == 0
    assert pacsv.read_csv(shop.parent / "rfm.csv").num_rows == 23
    assert nextbest("export", "rfm", "rfm.xlsx", "--in", shop).code == 0
    assert nextbest("export", "rfm", "rfm.doc", "--in", shop).code == 1


def test_python_does_what_the_command_line_does(shop):
    import nextbest as package

    workspace = package.open(shop)
    assert workspace.run().name is None
    assert workspace.table("rfm").num_rows == 23
    assert workspace.explain("c001").customer_id == "c001"


def test_help_loads_no_heavy_library():
    code = (
        "import sys\nsys.argv = ['nextbest', '--help']\nfrom nextbest.cli import main\n"
        "try:\n    main()\nexcept SystemExit: pass\n"
        "print(sorted({'ibis', 'pandas', 'pyarrow', 'sklearn', 'duckdb', 'numba'} & set(sys.modules)))"
    )
    seen = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert seen.stdout.strip().endswith("[]")
