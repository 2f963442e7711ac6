"""The report's words: both languages, every text used and none besides."""

import re
from importlib import resources
from string import Formatter

import pytest
from inline_snapshot import snapshot
from tests.advice.report.typed import a_model, model_tables

from nextbest.advice.report.core.customers import segments_of, stages_of
from nextbest.advice.report.core.propensity import models_of
from nextbest.advice.report.spec import Edition
from nextbest.advice.report.words.definitions import TERMS
from nextbest.advice.report.words.propensity import because, factor
from nextbest.advice.report.words.reader import Reader
from nextbest.advice.report.words.shop import segments_caption, stages_caption
from nextbest.base.messages import LANGUAGES, Message, codes

ROOM = resources.files("nextbest.advice.report")
TEXTS = {
    language: {code: text for code, text in codes(language).items() if code.startswith("report.")}
    for language in LANGUAGES
}


def sources():
    folders = (ROOM / name for name in ("templates", "words", "figures"))
    files = [file for folder in folders for file in folder.iterdir() if file.is_file()]
    return "\n".join(file.read_text("utf-8") for file in files)


def placeholders(text):
    """Name the values and how they read; words that agree with a number are English only."""
    parts = Formatter().parse(text)
    return sorted((name, kind.split(" ")[0]) for _, name, kind, _ in parts if name is not None)


def test_both_languages_hold_the_same_texts_with_the_same_placeholders():
    assert {code: placeholders(text) for code, text in TEXTS["en"].items()} == {
        code: placeholders(text) for code, text in TEXTS["zh"].items()
    }


def test_every_text_that_is_named_is_there():
    named = re.findall(r"""(?:\bt|say)\(\s*["']([a-z_.]+[a-z_])["']\s*[,)]""", sources())
    assert len(named) > 80
    assert sorted(set(named) - {code.removeprefix("report.") for code in TEXTS["en"]}) == []


def test_every_definition_has_its_term_its_text_and_its_formula():
    for term in {term for terms in TERMS.values() for term in terms}:
        assert {f"report.define.{term}{part}" for part in ("", ".text", ".formula")} <= TEXTS["en"].keys()


@pytest.mark.parametrize("code", [code for code in TEXTS["zh"] if not code.endswith(".formula")])
def test_chinese_has_full_width_punctuation(code):
    prose = re.sub(r"\{[^}]*\}", "", TEXTS["zh"][code])
    assert not re.search(r"[一-鿿][,;:?!()]|[,;:?!()][一-鿿]", prose)


def test_the_sentence_over_the_segments_names_the_one_that_brings_most(snapshot_tables):
    groups = segments_of(snapshot_tables["rfm"])
    assert segments_caption(Reader(Edition("Shop")), groups).title == snapshot(
        "Loyal: 29% of customers, 37% of revenue"
    )
    assert segments_caption(Reader(Edition("店", "zh")), groups).title == snapshot(
        "忠诚顾客：29% 的顾客，37% 的收入"
    )


def test_the_sentence_over_the_stages_says_who_still_comes(snapshot_tables):
    stages = stages_of(snapshot_tables["lifecycle"], snapshot_tables["rfm"])
    assert stages_caption(Reader(Edition("Shop")), stages).title == snapshot(
        "64% of customers buy in their own rhythm; 16% are slowing down now"
    )
    assert stages_caption(Reader(Edition("店", "zh")), stages).title == snapshot(
        "64% 的顾客按自己的节奏购买；16% 正在放慢"
    )


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (0.0, "< 0.0001"), (0.00002, "< 0.0001"), (0.0213, "0.021"), (1.0, "1")]
)
def test_small_chances_read_as_a_bound(value, text):
    assert Reader(Edition("Shop")).chance(value) == text


def test_a_name_that_no_catalogue_holds_stands_as_people_wrote_it():
    assert Reader(Edition("Shop")).name("report.effect.mystery", "mystery") == "mystery"


def test_factors_of_a_history_read_as_words_and_columns_of_a_flat_table_as_their_people_call_them(arrow):
    reader = Reader(Edition("Shop"))
    history, flat = (
        models_of(arrow(model_tables(a_model("m", kind=kind))), at_most=1, in_full=0).every[0]
        for kind in ("category", "flat")
    )
    named = ("times_bought_91d", "days_since: Dairy", "trend", "my_column")
    assert [factor(reader, history, name) for name in named] == [
        "purchases of it in 91 days", "days since they last bought Dairy",
        "revenue of the last quarter against before", "my_column",
    ]  # fmt: skip
    assert [factor(reader, flat, name) for name in named] == list(named)
    assert because(reader, history, history.first[0]["said"]) == snapshot(
        ["▲ n_orders 31 is among the highest tenth", "▼ place is York"]
    )


def test_a_minus_before_an_amount_is_a_minus():
    reader = Reader(Edition("Shop", currency="USD"))
    assert reader.money(-12.5) == "\u2212$12.50"
    assert reader.message(Message("report.rule", {"body": "Coca-Cola", "head": "x-1"})) == "Coca-Cola → x-1"
