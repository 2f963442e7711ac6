"""The page as a whole: one file, nothing loaded, everything escaped, every section says something."""

import re
import subprocess
import sys
from html import escape
from itertools import pairwise

import pyarrow as pa
from tests.advice.report.outline import outline

from nextbest.advice.report import Edition, ReportSettings, render_report
from nextbest.base.messages import render

EVIL = "<script>alert(1)</script>"
EDITION = Edition("Corner shop", currency="USD", run="20240701T080000Z")


def test_the_page_is_one_well_formed_document_with_landmarks(pages):
    for page in pages.values():
        found = outline(page)
        assert found.landmarks == {"header", "nav", "main", "footer"}
        assert len(found.ids) == len(set(found.ids))


def test_headings_go_down_one_step_at_a_time(pages):
    levels = outline(pages["en"]).headings
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(lower <= upper + 1 for upper, lower in pairwise(levels))


def test_no_address_leaves_the_page(pages):
    for page in pages.values():
        addresses = [each for each in outline(page).addresses if each != "data:,"]
        assert addresses
        assert all(address.startswith("#") for address in addresses)
        assert not re.search(r"url\(|@import", page)


def test_every_link_leads_somewhere(pages):
    found = outline(pages["en"])
    assert {address.removeprefix("#") for address in found.addresses if address != "data:,"} <= set(found.ids)


def test_text_is_in_the_readers_language(pages):
    assert '<html lang="en">' in pages["en"]
    assert '<html lang="zh-Hans">' in pages["zh"]
    assert "可争取毛利" in pages["zh"]
    assert "可争取毛利" not in pages["en"]
    assert "margin at stake" not in re.sub(r"<code>.*?</code>", "", pages["zh"])


def test_the_same_tables_give_the_same_page(pages, snapshot_maker, findings):
    mixed = {
        name: table.take(list(reversed(range(table.num_rows)))) for name, table in snapshot_maker(1).items()
    }
    kept = ("load_report", "data_quality", "rule_limits", "skipped")
    mixed |= {name: snapshot_maker(1)[name] for name in kept}
    again = render_report(
        mixed, findings[::-1], Edition("店", "en", "CNY", "r2", "r1"), against=snapshot_maker(2, 500)
    )
    assert again == pages["en"]


def test_names_are_escaped_in_text_and_in_charts(rule, snapshot_maker):
    rules = [
        rule("r1", EVIL, "Milk & <b>honey</b>"),
        rule("r2", "a'b\"c", EVIL, is_ordered=True, days_between=3.0),
    ]
    tables = snapshot_maker(1) | {"rules": pa.Table.from_pylist(rules)}
    tables["audiences"] = pa.table({"rule_id": ["r1"], "customer_id": ["ann"], "margin_at_stake": [3.0]})
    tables["load_reasons"] = pa.table({"rule": [EVIL], "effect": [EVIL], "n_rows": [1], "example": [EVIL]})
    page = render_report(tables, [], Edition(EVIL, run=EVIL))
    assert EVIL not in page
    assert "<b>honey" not in page
    assert outline(page).scripts == 1
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") > 10


def test_only_the_pages_own_script_may_run(pages):
    assert re.search(r"script-src 'sha256-[A-Za-z0-9+/]{43}='", pages["en"])
    assert "default-src 'none'" in pages["en"]
    assert not re.search(r"<[^>]+\son[a-z]+=", pages["en"])


def test_an_empty_snapshot_says_what_to_run_in_every_section():
    page = render_report({}, [], EDITION)
    outline(page)
    for capability in ("rfm", "lifecycle", "rules", "audiences"):
        assert f"<code>nextbest run {capability}</code>" in page
    assert "<code>nextbest load</code>" in page


def test_a_skipped_capability_names_the_column_that_would_enable_it():
    skipped = pa.table({"capability": ["rfm"], "missing": ["order_lines.customer_id"]})
    page = render_report({"skipped": skipped}, [], EDITION)
    assert "This would enable it: order_lines.customer_id." in page
    assert "nextbest run rfm" not in page


def test_findings_are_read_most_money_first(findings):
    page = render_report({}, findings[::-1], EDITION)
    first, second = (escape(render(finding.sentence, currency="USD"), quote=False) for finding in findings)
    assert page.index(first) < page.index(second)
    assert '<span class="money">$4,210</span> <span class="source">assumed</span>' in page


def test_fewer_findings_are_shown_on_request(findings):
    page = render_report({}, findings, EDITION, settings=ReportSettings(max_findings=1))
    assert "1 of 2 findings" in page


def test_every_figure_of_money_at_stake_has_its_source(snapshot_maker):
    page = render_report(snapshot_maker(1), [], EDITION)
    cells = re.findall(r'<span class="money">[^<]+</span>(.{0,40})', page)
    assert cells
    assert all('<span class="source">' in after for after in cells)


def test_charts_are_figures_with_a_summary_and_a_table(pages):
    figures = re.findall(
        r'<figure class="drawing" role="img" aria-labelledby="([^"]+)" aria-describedby="([^"]+)"',
        pages["en"],
    )
    assert 12 <= len(figures) <= 24
    ids = outline(pages["en"]).ids
    assert {each for pair in figures for each in pair} <= set(ids)
    assert pages["en"].count("The numbers of this chart") == len(figures)


def test_charts_follow_the_colours_of_the_page(pages):
    used = set(re.findall(r'(?:fill|stroke)="(#[0-9a-f]{6})"', pages["en"]))
    themed = set(re.findall(r'\.drawing \[(?:fill|stroke)="(#[0-9a-f]{6})"\]', pages["en"]))
    assert used
    assert used <= themed


def test_chinese_text_in_charts_stays_text(rule):
    rules = pa.Table.from_pylist([rule("r1", "咖啡", "滤纸"), rule("r2", "面包", "黄油", size_lift=4.0)])
    page = render_report({"rules": rules}, [], Edition("店", "zh"))
    assert re.search(r"<text[^>]*>咖啡 → 滤纸</text>", page)


def test_money_written_in_a_chart_is_not_cut(pages):
    texts = re.findall(r"<text[^>]*>CN¥([^<]*)</text>", pages["en"])
    assert any(re.fullmatch(r"\d+\.\d\d", text) for text in texts)


def test_revenue_and_rules_are_compared_with_the_older_run(pages):
    section = pages["en"].split('<section id="changes"')[1].split("</section>")[0]
    assert "Net revenue was" in section
    assert re.search(r"Rules: \d+ new, \d+ gone, \d+ stronger, \d+ weaker", section)


def test_without_an_older_run_there_is_no_such_section():
    assert 'id="changes"' not in render_report({}, [], EDITION)


def test_rules_in_order_of_which_none_is_sure_are_counted(rule):
    rules = pa.Table.from_pylist([rule("r1", "tea", "milk", is_ordered=True, size_q_value=1.0)])
    assert "1 rule in order was measured; none" in render_report({"rules": rules}, [], EDITION)


def test_a_snapshot_of_an_older_version_without_some_columns_is_read(snapshot_maker):
    old = snapshot_maker(1)
    old["rules"] = old["rules"].drop_columns(["review_note", "days_between_low", "customer_lift"])
    outline(render_report(old, [], EDITION, against=old))


def test_a_snapshot_without_customers_money_or_dates_is_a_normal_shop(rule):
    bare = {
        "margin_at_stake": None, "margin_source": None, "n_audience": None, "n_customers_both": None,
        "n_periods": None, "n_periods_held": None, "customer_lift": None,
    }  # fmt: skip
    rules = pa.Table.from_pylist([rule("r1", "tea", "milk", **bare), rule("r2", "jam", "bread", **bare)])
    page = render_report({"rules": rules}, [], Edition("Shop"))
    outline(page)
    assert "times as often as chance" in page


def test_the_door_loads_nothing_heavy():
    heavy = "{'ibis', 'pandas', 'altair', 'vl_convert', 'jinja2', 'scipy', 'pyarrow'}"
    code = f"import sys, nextbest.advice.report; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_the_page_is_the_same_whatever_the_order_of_rows(snapshot_maker, findings):
    tables = snapshot_maker(1)
    backwards = {name: table.take(list(reversed(range(table.num_rows)))) for name, table in tables.items()}
    assert render_report(backwards, findings[::-1], EDITION) == render_report(tables, findings, EDITION)
