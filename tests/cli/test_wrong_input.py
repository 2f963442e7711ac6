"""Whatever a person gets wrong: one plain sentence, exit code 1, nothing half-written."""

import pytest


def refused(result, *parts):
    """One sentence on standard error, no traceback."""
    assert result.code == 1, result
    assert "Traceback" not in result.err
    for part in parts:
        assert part in result.err
    return True


def test_a_folder_that_is_no_workspace(nextbest):
    assert refused(nextbest("run"), "not a workspace", "nextbest init")


def test_running_before_loading(nextbest, orders_csv):
    nextbest("init", "shop", "--from", orders_csv, "--yes")
    assert refused(nextbest("run", "--in", "shop"), "no data yet", "nextbest load")
    assert refused(nextbest("report", "--in", "shop"), "nextbest run")


def test_a_workspace_is_never_drafted_over(nextbest, shop, orders_csv):
    assert refused(nextbest("init", shop, "--from", orders_csv, "--yes"), "is a workspace already")


@pytest.mark.parametrize(
    ("setting", "parts"),
    [
        ("[rfm]\nbins = 1", ("[rfm] bins", "greater than or equal to 2", "got 1")),
        ("[rfm]\nbin = 3", ("no such setting", "bins")),
        ("[no_such]\na = 1", ("[no_such]", "rules")),
        ("[rfm\n", ("not valid TOML",)),
    ],
)
def test_a_wrong_setting(nextbest, shop, setting, parts):
    settings = shop / "nextbest.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("[rfm]", setting) if "rfm]" in setting else text + setting + "\n")
    assert refused(nextbest("check", "--in", shop), *parts)


def test_a_time_zone_that_does_not_exist(nextbest, orders_csv):
    words = ("init", "shop", "--from", orders_csv, "--yes", "--time-zone", "Mars/Base")
    assert refused(nextbest(*words), "Mars/Base", "Asia/Shanghai")


def test_a_file_that_is_not_there(nextbest):
    assert refused(nextbest("init", "shop", "--from", "no-such.csv", "--yes"), "no-such.csv")


@pytest.mark.parametrize("content", ["", "a,b,c\n", "\n\n\n"])
def test_a_file_without_rows(nextbest, tmp_path, content):
    (tmp_path / "empty.csv").write_text(content)
    assert refused(nextbest("init", "shop", "--from", "empty.csv", "--yes"), "empty.csv")


def test_a_capability_that_does_not_exist(nextbest, shop):
    assert refused(nextbest("run", "magic", "--in", shop), "magic", "rules")


def test_an_option_that_is_no_pair(nextbest, orders_csv):
    words = ("run", "rfm", "--from", f"order_lines={orders_csv}", "--set", "bins", "--out", "out")
    assert refused(nextbest(*words), "--set bins")


def test_a_column_that_the_file_lacks(nextbest, tmp_path):
    (tmp_path / "b.csv").write_text("basket,item\n1,milk\n1,bread\n2,milk\n")
    words = (
        "run",
        "rfm",
        "--from",
        "order_lines=b.csv",
        "--map",
        "order_id=basket",
        "--map",
        "product_id=item",
    )
    assert refused(nextbest(*words, "--out", "out"), "rfm cannot run", "customer_id")
    assert not (tmp_path / "out").exists()


def test_an_expression_that_does_not_parse(nextbest, shop):
    assert nextbest("show", "rfm", "--in", shop, "--where", "n_orders >").code == 1
    assert refused(nextbest("show", "rfm", "--in", shop, "--where", "n_order > 3"), "n_orders")


def test_a_table_or_a_column_that_does_not_exist(nextbest, shop):
    assert refused(nextbest("show", "rulez", "--in", shop), "rulez")
    assert refused(nextbest("show", "rfm", "--in", shop, "--sort", "recency"), "recency")


def test_a_rule_that_does_not_exist(nextbest, shop):
    assert refused(nextbest("review", "ffff0000ffff", "approve", "--in", shop), "ffff0000ffff")
    assert refused(nextbest("rules", "add", "--body", "Wine", "--head", "Milk", "--in", shop), "Wine")


def test_chinese_readers_get_chinese_sentences(nextbest, monkeypatch):
    monkeypatch.setenv("NEXTBEST_LANGUAGE", "zh_CN.UTF-8")
    assert refused(nextbest("run"), "不是工作区")


def test_a_file_that_changes_nothing_half_written(nextbest, shop, orders_csv):
    before = sorted((shop / "store" / "tables").rglob("*"))
    settings = shop / "nextbest.toml"
    settings.write_text(settings.read_text().replace('orders.csv"]', 'orders.csv", "../broken.parquet"]'))
    orders_csv.with_name("broken.parquet").write_bytes(b"PAR1 but not really")
    assert refused(nextbest("load", "--in", shop), "broken.parquet")
    assert sorted((shop / "store" / "tables").rglob("*")) == before
