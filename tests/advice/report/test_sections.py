"""What each section says: what was measured, of what, and what is not promised."""

import re

import pyarrow as pa
from tests.advice.report.outline import outline, section
from tests.advice.report.typed import (
    a_model,
    an_offer,
    campaign_tables,
    model_tables,
    offer_tables,
    profit_tables,
)

from nextbest.advice.report import Edition, render_report

EVIL = "<script>alert(1)</script>"
EDITION = Edition("Corner shop", currency="USD", run="20240701T080000Z")


def test_what_was_found_comes_first_and_the_quality_of_the_data_late(pages):
    order = re.findall(r'<section id="([a-z_]+)"', pages["en"])
    assert order == [
        "findings", "changes", "customers", "together", "next", "audiences", "offers", "propensity", "campaign", "profit",
        "quality", "left_out", "definitions",
    ]  # fmt: skip


def test_sections_without_tables_are_left_out_together_with_their_definitions():
    page = render_report({}, [], EDITION)
    for name in ("offers", "propensity", "campaign", "profit"):
        assert f'id="{name}"' not in page
    assert 'id="define-expected_profit"' not in page


def test_every_term_of_a_section_is_defined_on_the_page(pages):
    found = outline(pages["en"])
    terms = [address for address in found.addresses if address.startswith("#define-")]
    assert len(terms) > 40
    assert {term.removeprefix("#") for term in terms} <= set(found.ids)


def test_offers_are_called_untested_until_they_are(pages, snapshot_maker):
    offers = section(pages["en"], "offers")
    assert "none of the 1,460 offers has been tested" in offers
    assert offers.count(">untested<") >= 6
    tested = snapshot_maker(1)
    kinds = [
        row | {"n_tested": row["n_offers"], "incremental_profit": 0.07}
        for row in tested["offer_kinds"].to_pylist()
    ]
    page = render_report(tested | {"offer_kinds": pa.Table.from_pylist(kinds)}, [], EDITION)
    assert "1,460 of 1,460 offers have been tested" in section(page, "offers")


def test_money_of_the_new_sections_has_its_source_beside_it(pages):
    for name in ("offers", "campaign"):
        cells = re.findall(r"<td[^>]*>(.*?)</td>", section(pages["en"], name), re.DOTALL)
        money = [cell for cell in cells if 'class="money"' in cell]
        assert money
        assert all('class="source"' in cell for cell in money)
    assert "Margins: assumed" in section(pages["en"], "profit")


def test_profit_says_followed_by_and_never_caused(pages):
    profit = section(pages["en"], "profit")
    assert "was followed by $14.57 more profit" in profit.replace("CN¥", "$")
    assert "Followed by, never caused" in profit


def test_where_the_comparison_goes_wrong_on_made_up_products_no_verdict_is_drawn(arrow):
    page = render_report(arrow(profit_tables(is_calibrated=False)), [], EDITION)
    profit = section(page, "profit")
    assert "Cannot be told" in profit
    assert "chart-heads" not in profit


def test_a_plain_method_is_said_to_be_plain(arrow):
    plain = [
        row | {"uses": "popularity" if row["is_chosen"] else row["uses"]}
        for row in offer_tables()["recommend_evaluation"]
        if row["method"] in {"nextbest", "popularity"}
    ]
    page = render_report(arrow({"recommend_evaluation": plain}), [], EDITION)
    assert "No method beat the plain one here" in section(page, "offers")


def test_no_best_is_claimed_for_a_campaign_until_a_share_was_tested(pages, arrow):
    assumed = section(pages["en"], "campaign")
    assert "only a test can tell" in assumed
    assert "no depth is called best" in assumed
    tested = section(render_report(arrow(campaign_tables(tested=0.15)), [], EDITION), "campaign")
    assert "Most is added by contacting the first 550" in tested
    assert "no depth is called best" not in tested


def test_a_suspect_factor_comes_with_its_question_and_a_leak_with_what_to_do(pages):
    models = section(pages["en"], "propensity")
    assert (
        "days since the last order carries 55% of what the model knows. Was it known before the offer?"
        in models
    )
    assert "Left out as a leak" in models
    assert "propensity.allow" in models


def test_names_of_models_products_and_customers_are_escaped(arrow):
    model = a_model(EVIL)
    model["first_scores"] = [row | {"customer_id": EVIL} for row in model["first_scores"]]
    tables = arrow(model_tables(model))
    tables |= arrow({"offer_kinds": offer_tables()["offer_kinds"]})
    tables |= arrow({"offer_examples": [an_offer("replenish", 0, EVIL, EVIL, "often", n_orders=3)]})
    page = render_report(tables, [], EDITION)
    outline(page)
    assert EVIL not in page


def test_several_campaigns_and_models_have_charts_of_their_own(arrow):
    other = [row | {"campaign_id": "autumn"} for row in campaign_tables()["campaign_plan"]]
    tables = arrow(campaign_tables() | {"campaign_plan": [*campaign_tables()["campaign_plan"], *other]})
    tables |= arrow(model_tables(a_model("a"), a_model("b"), a_model("c"), a_model("d")))
    found = outline(render_report(tables, [], EDITION))
    assert len(found.ids) == len(set(found.ids))
    assert {"chart-gain-0", "chart-gain-1", "chart-gain-2"} <= set(found.ids)
    assert "chart-gain-3" not in found.ids
