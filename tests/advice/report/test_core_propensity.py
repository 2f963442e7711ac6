"""Models: which come first, what is said of their factors, and which ones are shown whole."""

import pyarrow as pa
import pytest
from tests.advice.report.typed import a_model, model_tables

from nextbest.advice.report.core.propensity import models_of


@pytest.fixture
def found(arrow):
    tables = model_tables(
        a_model("Pasta", skill=2.0, auc=0.9), a_model("Oat milk"), a_model("Jam", skill=1.2)
    )
    return models_of(arrow(tables), at_most=2, in_full=1)


def test_the_model_furthest_above_its_baseline_comes_first_whatever_its_auc(found):
    assert [model.target for model in found.every] == ["Oat milk", "Pasta"]
    assert (found.n_all, [model.target for model in found.shown]) == (3, ["Oat milk"])


def test_the_chosen_candidate_comes_first_and_the_baseline_last(found):
    assert [row["model"] for row in found.every[0].candidates] == ["small_trees", "logistic", "baseline"]


def test_the_first_fifth_is_read_beside_the_baseline(found):
    model = found.every[0]
    assert model.top["gain"] == pytest.approx(1 - 0.8**4)
    assert model.baseline_top["gain"] == pytest.approx(1 - 0.8**2.5)
    assert model.advantage == pytest.approx(0.8**2.5 - 0.8**4)


def test_leaks_suspects_and_drift_are_told_apart(found):
    model = found.every[0]
    assert [row["factor"] for row in model.factors] == ["days_since_last_order", "n_orders", "place"]
    assert [row["factor"] for row in model.leaks] == ["refund_reason"]
    assert [row["factor"] for row in model.suspects] == ["days_since_last_order"]
    assert [row["factor"] for row in model.drifted] == ["n_orders"]
    assert model.is_order_drifting


def test_customers_are_called_in_order_with_their_strongest_reasons_first(found):
    first = found.every[0].first
    assert [row["rank"] for row in first] == list(range(1, 11))
    assert [part["factor"] for part in first[0]["said"]] == ["n_orders", "place"]


def test_a_product_predicted_by_its_id_is_shown_by_its_name(arrow):
    tables = arrow(model_tables(a_model("p17")))
    tables["product_profiles"] = pa.Table.from_pylist([{"product_id": "p17", "name": "Oat milk"}])
    assert models_of(tables, at_most=1, in_full=0).every[0].target == "Oat milk"


def test_a_model_without_lift_or_scores_is_read_all_the_same(arrow):
    tables = arrow({"propensity_models": a_model("Pasta")["propensity_models"]})
    (model,) = models_of(tables, at_most=1, in_full=1).every
    assert model.top is None
    assert model.advantage == pytest.approx(0.33)
    assert model.n_scored is None


def test_without_models_there_is_no_section():
    assert models_of({}, at_most=1, in_full=1) is None
