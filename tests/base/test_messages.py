import re
import string
from decimal import Decimal
from pathlib import Path

import pytest

from nextbest.base.messages import LANGUAGES, Message, codes, render, written

SOURCE = Path(__file__).parents[2] / "src" / "nextbest"


def placeholders(text):
    """Name the values and how they read; words that agree with a number are English only."""
    parts = string.Formatter().parse(text)
    return sorted((name, spec.split(" ")[0]) for _, name, spec, _ in parts if name)


def test_every_text_exists_in_both_languages():
    assert set(codes("en")) == set(codes("zh"))


@pytest.mark.parametrize("code", sorted(codes("en")))
def test_both_languages_say_the_same(code):
    assert placeholders(codes("en")[code]) == placeholders(codes("zh")[code])


def test_every_code_in_the_source_has_a_text():
    spoken = re.compile(r'(?:Error|Message|Finding|translate|output\.say)\(\s*"([a-z]+\.[a-z_.]+)"')
    sources = [path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py")]
    used = {code for text in sources for code in spoken.findall(text)}
    assert len(used) > 50
    assert used - set(codes("en")) == set()


def test_every_finding_has_evidence_and_an_action():
    english = codes("en")
    assert {code for code in english if f"{code}.evidence" in english} == {
        code for code in english if f"{code}.action" in english
    }


def test_money_reads_as_the_shop_writes_it():
    code = Message("base.worth", {"money": Decimal("12345.678")})
    assert render(code, currency="GBP") == "£12,346"
    assert render(code, "zh", currency="CNY") == "¥12,346"
    assert render(code) == "12,346"


def test_languages_are_those_with_a_catalogue():
    assert set(LANGUAGES) == {path.name for path in (SOURCE / "locale").iterdir() if path.is_dir()}


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0, "0%"),
        (1e-9, "<0.01%"),
        (0.0034, "0.34%"),
        (0.03, "3.0%"),
        (0.12345, "12%"),
        (0.0846, "8.5%"),
        (0.9957, "99.6%"),
        (0.998, "99.8%"),
        (0.9996, "99.96%"),
        (0.99999, ">99.99%"),
        (1, "100%"),
        (1.5, "150%"),
        (-0.998, "-99.8%"),
        (-1e-9, ">-0.01%"),
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_not_nothing_never_reads_0_percent_and_not_all_never_100_percent(share, words, language):
    assert render(Message("report.cell.percent", {"value": share}), language) == words


@pytest.mark.parametrize(
    ("n", "words"),
    [(0, "0 customers have"), (1, "1 customer has"), (2, "2 customers have"), (None, "– customers have")],
)
def test_english_words_agree_with_their_number(n, words):
    assert written(n, "count customers have") == words
