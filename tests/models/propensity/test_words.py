"""What people read about propensity, in both languages."""

import re
from dataclasses import replace

import numpy as np
import pytest

from nextbest.base.messages import codes, render
from nextbest.models.propensity.core.proving import prove
from nextbest.models.propensity.core.results import Tried
from nextbest.models.propensity.words.findings import findings


def said(*results):
    """Give the findings by what follows the dot of their code."""
    proofs = [prove(result, n_models=len(results)) for result in results]
    return {finding.code.split(".")[1]: finding for finding in findings(proofs)}


def test_the_list_is_set_beside_chance(make_result):
    finding = said(make_result())["finds"]
    assert re.fullmatch(
        r"Of all customers with churn = yes, the first 20% of the list hold \d+%: [\d.]+ times as many as by chance\.",
        render(finding.sentence),
    )
    assert "倍" in render(finding.sentence, "zh")
    assert finding.ref == "churn"


def test_a_list_by_chance_says_so(make_result):
    result = make_result()
    noise = np.random.default_rng(5).random(400)
    assert "no_better" in said(replace(result, tried=[Tried("logistic", noise)]))


def test_a_leak_is_named_with_the_way_to_allow_it(make_result):
    finding = said(make_result())["leak"]
    assert render(finding.sentence).endswith("so probably holds the answer: closed_on.")
    assert "propensity.allow=closed_on" in render(finding.action)


def test_a_suspect_comes_with_the_question(make_result):
    finding = said(make_result())["suspect"]
    assert render(finding.sentence).endswith("Was it known before the offer?")
    assert "propensity.exclude=fee" in render(finding.action)


def test_the_plain_rule_is_set_beside_the_model(make_result):
    result = make_result(kind="category", target="SOFT DRINKS")
    weak = Tried("baseline", np.random.default_rng(5).random(400))
    same = Tried("baseline", result.tried[0].probability)
    assert "beats_before" in said(replace(result, tried=[*result.tried, weak]))
    assert "not_beats_before" in said(replace(result, tried=[*result.tried, same]))


def test_of_many_models_a_count_and_the_best_are_told(make_result):
    weak = Tried("baseline", np.random.default_rng(5).random(400))
    some = [make_result(kind="category", model_id=f"m{place}") for place in range(8)]
    results = [replace(one, tried=[*one.tried, weak]) for one in some]
    found = findings([prove(one, n_models=8) for one in results])
    assert [finding.code for finding in found].count("propensity.many_before") == 1
    assert found[0].values["n_models"] == found[0].values["n_better"] == 8
    assert {finding.ref for finding in found[1:]} == {"m0", "m1", "m2"}


def test_drift_along_the_file_is_named(make_result):
    result = make_result()
    chosen = replace(result.tried[0], ordered_auc=0.73, shuffled_auc=0.9)
    finding = said(replace(result, tried=[chosen]))["order_drift"]
    assert "0.73, on shuffled rows 0.9" in render(finding.sentence)
    steady = replace(chosen, ordered_auc=0.89)
    assert "order_drift" not in said(replace(result, tried=[steady]))


def test_drifted_columns_are_named(make_result):
    result = make_result()
    scored = {"fee": np.linspace(60, 90, 400), "plan": result.scored["plan"]}
    finding = said(replace(result, scored=scored, is_applied=True))["columns_drift"]
    assert finding.values["columns"] == ["fee"]


def test_few_yes_are_warned_of(make_result):
    result = make_result()
    target = np.zeros(400, dtype=bool)
    target[np.argsort(-result.probability)[:12]] = True
    finding = said(replace(result, judged=replace(result.judged, target=target)))["few"]
    assert render(finding.sentence).startswith("Only 12 customers say yes to churn")


def test_wrong_probabilities_are_named(make_result):
    result = make_result()
    halved = Tried("logistic", result.tried[0].probability / 2)
    assert "not_calibrated" in said(replace(result, tried=[halved]))
    assert "not_calibrated" not in said(result)


def test_candidates_that_disagree_are_named(make_result):
    result = make_result()
    better = Tried("trees", result.judged.target + result.tried[0].probability)
    finding = said(replace(result, tried=[result.tried[0], better]))["disagree"]
    assert "come from logistic regression" in render(finding.sentence)


def test_what_was_decided_for_the_reader_is_told(make_result):
    told = said(make_result(is_guessed=True, n_without_target=7, n_judged_most=20_000))
    assert {"guessed", "without_target", "sampled", "left_out"} <= set(told)
    assert render(told["without_target"].sentence) == "7 customers without churn were left out."


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_finding_has_three_texts_that_render(make_result, language):
    result = make_result(is_guessed=True, n_without_target=7, n_judged_most=20_000)
    chosen = replace(result.tried[0], ordered_auc=0.5, shuffled_auc=0.9)
    weak = Tried("baseline", np.zeros(400))
    for finding in said(replace(result, tried=[chosen, weak])).values():
        for message in (finding.sentence, finding.evidence, finding.action):
            text = render(message, language)
            assert text
            assert "{" not in text


def test_both_languages_have_the_same_texts_and_placeholders():
    own = [
        {code: text for code, text in codes(language).items() if code.startswith("propensity.")}
        for language in ("en", "zh")
    ]
    assert own[0].keys() == own[1].keys()
    for code, text in own[0].items():
        names = [set(re.findall(r"\{(\w+)", one)) for one in (text, own[1][code])]
        assert names[0] == names[1], code


def test_a_list_by_chance_asks_nothing_about_its_factors(make_result):
    noise = np.random.default_rng(5).random(400)
    assert "suspect" not in said(replace(make_result(), tried=[Tried("logistic", noise)]))


def test_a_nearly_perfect_model_is_asked_about_instead_of_praised_alone(make_result):
    result = make_result()
    perfect = Tried("logistic", np.where(result.judged.target, 0.99, 0.01))
    found = said(replace(result, tried=[perfect]))
    assert "suspect" not in found
    assert render(found["too_good"].sentence).endswith("may hold the answer: fee.")
    assert "propensity.exclude=fee" in render(found["too_good"].action)


def test_names_of_no_column_are_told(make_result):
    finding = said(make_result(not_columns={"exclude": ["feee"]}))["not_columns"]
    assert "feee" in render(finding.sentence)
    assert "fee" in render(finding.evidence)
