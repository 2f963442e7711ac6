"""What people read about profit, in both languages: followed by, never caused."""

import re
import subprocess
import sys

import pytest

from nextbest.base.messages import codes, render
from nextbest.models.profit import ProfitSettings
from nextbest.models.profit.spec import PlaceboCheck
from nextbest.models.profit.words import heads_found, payback, products_held

NULL = PlaceboCheck(300, 15, 0.05, 0.03, 0.08, 0.0, 1.0, is_calibrated=True)
SETTINGS = ProfitSettings()
ROW = {
    "level": "category", "head_id": "pork", "head": "Pork", "verdict": "more", "margin_source": "assumed",
    "n_buyers": 421, "n_matched": 300, "profit_before": 104.6, "profit_after": 127.4, "control_before": 104.5,
    "control_after": 115.5, "difference": 11.25, "ci_low": 3.5, "ci_high": 19.0, "q_value": 0.01, "pre_trend": 0.5,
}  # fmt: skip
HELD = {
    "counted": "holdings", "n_products_held": 1, "n_customers": 100, "n_left": 55, "share_left": 0.55,
    "share_low": 0.45, "share_high": 0.64,
}  # fmt: skip
MONTHS = [
    {"month": at, "n_customers": 90, "margin_mean": 10.0 * at, "margin_low": 8.0 * at, "margin_high": 12.0 * at,
     "acquisition_cost": 24.0, "is_paid_back": 10.0 * at >= 24, "margin_source": "given"}
    for at in (1, 2, 3)
]  # fmt: skip


def test_more_reads_as_an_association():
    (finding,) = heads_found([ROW], NULL, SETTINGS)
    assert render(finding.sentence) == (
        "The first purchase of Pork was followed by 11.25 more profit per customer in 84 days than customers like them "
        "brought in the same time."
    )
    assert finding.money == pytest.approx(11.25 * 300)
    assert (finding.margin_source, finding.ref) == ("assumed", "category:pork")


def test_most_money_comes_first():
    rows = [
        ROW,
        ROW | {"head_id": "wine", "n_matched": 500},
        ROW | {"head_id": "ale", "verdict": "less", "difference": -9.0},
    ]
    assert [finding.ref for finding in heads_found(rows, NULL, SETTINGS)] == [
        "category:wine",
        "category:pork",
        "category:ale",
    ]


def test_no_evidence_says_how_large_a_difference_would_be_seen():
    (finding,) = heads_found([ROW | {"verdict": "no_evidence"}], NULL, SETTINGS)
    assert finding.code == "profit.no_evidence"
    assert finding.values["reach"] == pytest.approx(7.75)
    (trends,) = heads_found([ROW | {"verdict": "cannot_be_told"}], NULL, SETTINGS)
    assert trends.code == "profit.no_evidence_but_trends"


def test_fewer_with_more_products_left_is_said_with_both_shares():
    many = HELD | {
        "n_products_held": 4,
        "n_left": 1,
        "share_left": 0.01,
        "share_low": 0.002,
        "share_high": 0.05,
    }
    (finding,) = products_held([HELD, many], SETTINGS)
    assert render(finding.sentence) == (
        "Of customers who held 1 of our products, 55% held nothing 91 days later; of those with 4 or more, 1.0%."
    )
    assert products_held([HELD], SETTINGS) == []


def test_payback_names_the_month_and_its_interval():
    (finding,) = payback(MONTHS)
    assert finding.code == "profit.paid_back"
    assert [finding.values[name] for name in ("first_month", "n_months_needed", "sure_month")] == [2, 3, 3]
    late = [row | {"margin_low": 0.0} for row in MONTHS]
    assert payback(late)[0].code == "profit.paid_back_about"
    poor = [row | {"acquisition_cost": 500.0, "is_paid_back": False} for row in MONTHS]
    assert payback(poor)[0].code == "profit.not_paid_back"
    unknown = [row | {"acquisition_cost": None, "is_paid_back": None} for row in MONTHS]
    assert payback(unknown)[0].code == "profit.brings"
    assert payback([]) == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_finding_reads_in_both_languages(language):
    wrong = PlaceboCheck(300, 60, 0.2, 0.16, 0.25, 0.0, 1.5, is_calibrated=False)
    many = HELD | {"n_products_held": 4, "share_left": 0.01}
    findings = [
        *heads_found([ROW, ROW | {"verdict": "less", "difference": -9.0}], NULL, SETTINGS),
        *heads_found([ROW | {"verdict": "no_evidence"}], NULL, SETTINGS),
        *heads_found([ROW | {"verdict": "cannot_be_told"}], NULL, SETTINGS),
        *heads_found([ROW], wrong, SETTINGS),
        *heads_found([ROW], None, SETTINGS),
        *products_held([HELD, many], SETTINGS),
        *products_held([row | {"counted": "categories"} for row in (HELD, many)], SETTINGS),
        *products_held([row | {"counted": "products"} for row in (HELD, many)], SETTINGS),
        *payback(MONTHS),
    ]
    for finding in findings:
        for part in (finding.sentence, finding.evidence, finding.action):
            text = render(part, language)
            assert "{" not in text
            assert "–" not in text


def placeholders(text):
    """Name the values and how they read; words that agree with a number are English only."""
    return set(re.findall(r"{([^} ]+)", text))


def test_both_languages_have_the_same_codes_and_placeholders():
    english, chinese = (
        {code: text for code, text in codes(language).items() if code.startswith("profit.")}
        for language in ("en", "zh")
    )
    assert set(english) == set(chinese)
    for code, text in english.items():
        assert placeholders(text) == placeholders(chinese[code]), code


def test_no_text_claims_a_cause_or_a_gain():
    for code, text in codes("en").items():
        if code.startswith("profit."):
            assert not re.search(r"\b(cause|causes|caused|because|effect|gain|uplift)\b", text), code


def test_the_door_is_light():
    heavy = "{'ibis', 'pandas', 'pyarrow', 'scipy', 'numba', 'duckdb', 'numpy'}"
    code = f"import sys, nextbest.models.profit as p; print(sorted({heavy} & set(sys.modules)))"
    seen = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert seen.stdout.strip() == "[]"
