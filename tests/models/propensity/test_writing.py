"""From a finished model to tables: contracts kept, order of the file kept, ranks unique, cards beside the tables."""

from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow.compute as pc
import pytest

from nextbest.engines.duckdb_store import DuckDBStore
from nextbest.models.propensity.core.proving import CALL_LIST, prove, ranks
from nextbest.models.propensity.core.results import Tried
from nextbest.models.propensity.run.writing import write
from nextbest.models.propensity.spec import CARD

WINDOW = {
    "origin_on": date(2026, 3, 1),
    "part": "test",
    "outcome_from": date(2026, 3, 1),
    "outcome_until": date(2026, 3, 28),
    "n": 400,
    "n_positive": 200,
    "n_owners_left_out": 7,
}


@pytest.fixture
def store():
    return DuckDBStore({table.name: table for table in CARD.writes}, {})


def rows(store, name):
    return store.written[name].to_pylist()


def test_every_table_of_the_contract_is_written(store, make_result):
    write(store, [make_result(windows=[WINDOW])])
    assert set(store.written) == {table.name for table in CARD.writes}
    for table in CARD.writes:
        assert store.written[table.name].num_rows
        assert store.written[table.name].column_names == list(table.names)


def test_without_models_the_tables_are_empty(store):
    assert write(store, []) == []
    assert all(table.num_rows == 0 for table in store.written.values())


def test_scores_keep_the_order_of_the_file(store, make_result):
    write(store, [make_result()])
    scores = store.written["propensity_scores"]
    assert scores["row"].to_pylist() == list(range(1, 401))
    assert scores["customer_id"].to_pylist() == sorted(scores["customer_id"].to_pylist())
    ranked = scores.sort_by("rank")
    assert ranked["rank"].to_pylist() == list(range(1, 401))
    assert (np.diff(ranked["propensity"].to_numpy()) <= 0).all()
    assert pc.value_counts(scores["decile"]).field(1).to_pylist() == [40] * 10


def test_ties_are_ranked_by_customer_then_row():
    ids = np.array(["bob", "ann", "ann", "cat"], dtype=object)
    assert ranks(np.array([0.5, 0.5, 0.5, 0.9]), ids).tolist() == [4, 2, 3, 1]


def test_lift_is_gain_over_depth_and_everybody_is_the_whole(store, make_result):
    write(store, [make_result()])
    for row in rows(store, "propensity_lift"):
        assert row["gain_lift"] == pytest.approx(row["gain"] / row["depth"])
        assert row["n"] == round(row["depth"] * 400)
        assert row["ci_low"] <= row["gain"] <= row["ci_high"]
    whole = [row for row in rows(store, "propensity_lift") if row["depth"] == 1]
    assert {(row["model"], row["gain"], row["n"]) for row in whole} == {
        ("logistic", 1, 400),
        ("trees", 1, 400),
    }


def test_candidates_stand_beside_each_other(store, make_result):
    write(store, [make_result()])
    table = {row["model"]: row for row in rows(store, "propensity_models")}
    assert table["logistic"]["is_chosen"]
    assert not table["trees"]["is_chosen"]
    assert table["trees"]["cv_auc"] == pytest.approx(0.5)
    assert table["logistic"]["cv_auc_low"] < table["logistic"]["cv_auc"] < table["logistic"]["cv_auc_high"]
    assert table["logistic"]["cv_log_loss"] < table["trees"]["cv_log_loss"]
    assert table["logistic"]["fit_seconds"] == 0.1


def test_a_baseline_is_no_probability(store, make_result):
    result = make_result()
    plain = Tried("baseline", result.judged.columns["fee"] * 3)
    write(store, [replace(result, tried=[*result.tried, plain])])
    table = {row["model"]: row for row in rows(store, "propensity_models")}
    assert table["baseline"]["cv_log_loss"] is None
    assert table["baseline"]["cv_auc"] > 0.8


def test_factors_say_what_was_used_left_out_and_asked_about(store, make_result):
    write(store, [make_result()])
    table = {row["factor"]: row for row in rows(store, "propensity_factors")}
    assert table["fee"]["strength"] > 0.9
    assert table["fee"]["direction"] == "higher"
    assert table["fee"]["is_suspect"]
    assert table["plan"]["direction"] == "gold"
    assert table["closed_on"]["is_leak"]
    assert table["closed_on"]["strength"] is None
    assert table["row_id"]["left_out"] == "id"
    assert table["fee"]["psi"] is None


def test_from_history_every_factor_was_known_before(store, make_result):
    write(store, [make_result(kind="category", windows=[WINDOW])])
    assert not any(row["is_suspect"] for row in rows(store, "propensity_factors"))


def test_customers_of_another_kind_show_as_drift(make_result):
    result = make_result()
    scored = {"fee": np.linspace(60, 90, 400), "plan": result.scored["plan"]}
    proof = prove(replace(result, scored=scored, is_applied=True))
    assert {fact.fate.name: fact.has_drifted for fact in proof.factors if fact.weight} == {
        "fee": True,
        "plan": False,
    }


def test_reasons_speak_of_the_customer(store, make_result):
    write(store, [make_result()])
    best = store.written["propensity_scores"].sort_by("rank").slice(0, 1).to_pylist()[0]
    assert best["reasons"].startswith("fee 49 is among the highest tenth")
    assert '"factor": "fee"' in best["because"]


def test_of_many_customers_the_call_list_gets_reasons(make_result):
    result = make_result()
    many = np.tile(np.arange(400), 30)
    scored = {name: values[many] for name, values in result.scored.items()}
    ids = np.array([f"d{place:05}" for place in range(len(many))], dtype=object)
    large = replace(result, scored=scored, scored_ids=ids, probability=result.probability[many])
    proof = prove(large)
    assert len(proof.reasons.row) == CALL_LIST
    assert proof.rank[proof.reasons.row].max() == CALL_LIST
    assert len(prove(large, n_models=200).reasons.row) == 100


def test_a_card_in_both_languages_lies_beside_each_model(store, make_result):
    write(store, [make_result(), make_result(model_id="spring: SOFT DRINKS")])
    names = [name for name in store.files if name.endswith(".md")]
    assert len(names) == 4
    english = store.files["models/propensity/churn.md"].decode()
    assert english.startswith("# Model card: churn")
    for part in ("AUC", "fee", "closed_on (probably holds the answer)", "Seed 0", "lightgbm"):
        assert part in english
    assert "局限" in store.files["models/propensity/churn.zh.md"].decode()


def test_the_windows_stand_in_the_card(store, make_result):
    write(store, [make_result(kind="category", windows=[{**WINDOW, "part": "training"}, WINDOW])])
    assert "Mar 28, 2026" in store.files["models/propensity/churn.md"].decode()


def test_a_window_where_nobody_bought_is_not_judged(store, make_result):
    result = make_result(kind="category", folds=0, windows=[WINDOW])
    nobody = replace(result.judged, target=np.zeros(400, dtype=bool))
    findings = write(store, [replace(result, judged=nobody)])
    assert [finding.code for finding in findings] == ["propensity.not_judged", "propensity.leak"]
    assert store.written["propensity_lift"].num_rows == 0
    assert rows(store, "propensity_models")[0]["cv_auc"] is None
