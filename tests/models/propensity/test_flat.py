import json

import numpy as np
import pyarrow as pa
import pytest

from nextbest.base.capability import Moment
from nextbest.base.errors import DataError, SettingsError
from nextbest.models import propensity
from nextbest.models.propensity.run import run
from nextbest.models.propensity.run.reading import raw
from nextbest.models.propensity.spec import PropensitySettings

N = 300


def people(n=N, seed=0, first=1):
    """Customers as a file gives them: young ones buy; everything but the key is text."""
    rng = np.random.default_rng(seed)
    age = rng.integers(20, 70, n)
    bought = rng.random(n) < 1 / (1 + np.exp((age - 35) / 5))
    rows = {
        "customer_id": [f"c{place:04}" for place in range(n)],
        "file_row": list(range(first, n + first)),
        "Age": [str(one) for one in age],
        "Plan": rng.choice(["basic", "gold"], n).tolist(),
        "email": [f"someone{place % 7}@example.org" for place in range(n)],
        "Bought": np.where(bought, "yes", "no").tolist(),
    }
    return pa.table(rows)


def settings(**more):
    return PropensitySettings(**{"target": "Bought", "candidates": ("logistic",), "folds": 3, **more})


def run_on(make_store, asked, **tables):
    store = make_store(**tables)
    findings = run(store, asked, Moment(None, 0))
    return store, [finding.code for finding in findings]


def rows_of(store, name):
    return store.written[name].to_pylist()


def test_every_customer_gets_a_probability_in_the_order_of_the_file(make_store):
    table = people().take(np.random.default_rng(3).permutation(N))
    store, codes = run_on(make_store, settings(), customers=table)
    scores = sorted(rows_of(store, "propensity_scores"), key=lambda row: row["row"])
    assert [row["customer_id"] for row in scores] == [f"c{place:04}" for place in range(N)]
    assert sorted(row["rank"] for row in scores) == list(range(1, N + 1))
    by_age = dict(zip(table["customer_id"].to_pylist(), table["Age"].to_pylist(), strict=True))
    young = np.mean([row["propensity"] for row in scores if int(by_age[row["customer_id"]]) < 30])
    assert young > 0.6
    assert "propensity.finds" in codes


def test_contacts_are_never_used_and_the_target_is_no_factor(make_store):
    store, _ = run_on(make_store, settings(), customers=people())
    factors = {row["factor"]: row["left_out"] for row in rows_of(store, "propensity_factors")}
    assert factors == {"Age": None, "Plan": None, "email": "excluded"}


def test_the_file_that_is_applied_is_scored_by_what_was_learnt(make_store):
    others = people(50, seed=9).drop_columns(["Bought", "email"])
    store, _ = run_on(make_store, settings(apply="others.csv"), customers=people(), customers_to_score=others)
    scores = rows_of(store, "propensity_scores")
    assert len(scores) == 50
    saved = propensity.load(store.files["models/propensity/Bought.json"])
    again = saved.predict(others.take([row["row"] - 1 for row in scores]))
    assert again.tolist() == [row["propensity"] for row in scores]


def test_an_applied_file_without_a_column_is_refused(make_store):
    others = people(50).drop_columns(["Age"])
    with pytest.raises(DataError, match="Age"):
        run_on(make_store, settings(apply="others.csv"), customers=people(), customers_to_score=others)


def test_customers_without_an_answer_are_not_learnt_from_but_scored(make_store):
    table = people()
    answers = [None if place % 10 == 0 else one for place, one in enumerate(table["Bought"].to_pylist())]
    table = table.set_column(table.column_names.index("Bought"), "Bought", pa.array(answers))
    store, _ = run_on(make_store, settings(), customers=table)
    (model,) = rows_of(store, "propensity_models")
    assert model["n"] == N - N // 10
    assert len(rows_of(store, "propensity_scores")) == N


def test_named_settings_give_a_model_each(make_store):
    asked = PropensitySettings.read(
        {
            "candidates": ["logistic"],
            "folds": 3,
            "young": {"target": "Bought"},
            "gold": {"target": "Plan", "positive": "gold"},
        },
        "[propensity]",
    )
    store, _ = run_on(make_store, asked, customers=people())
    assert {row["model_id"] for row in rows_of(store, "propensity_models")} == {"young.Bought", "gold.Plan"}


def test_a_target_that_is_not_there_names_close_columns(make_store):
    with pytest.raises(SettingsError, match="Bought"):
        run_on(make_store, settings(target="bougt"), customers=people())


def test_the_same_data_and_seed_give_the_same_model(make_store):
    first, _ = run_on(make_store, settings(), customers=people())
    second, _ = run_on(make_store, settings(), customers=people())
    assert first.files["models/propensity/Bought.json"] == second.files["models/propensity/Bought.json"]


@pytest.fixture(scope="module")
def model():
    return propensity.fit(
        people(), "bought", customer_id="customer_id", candidates=("logistic", "tree"), folds=3
    )


def test_a_fitted_model_predicts_explains_and_shows_its_lift(model):
    given = model.predict({"Age": ["25", "65"], "Plan": ["gold", "basic"], "file_row": [1, 2]})
    assert given[0] > 0.5 > given[1]
    lift = model.lift().to_pylist()
    assert lift[-1]["gain"] == 1
    why = model.explain({"Age": [25], "Plan": ["gold"], "file_row": [1]}).to_pylist()
    assert (why[0]["row"], why[0]["factor"], why[0]["value"]) == (0, "Age", "25")
    assert why[0]["adds"] > 0
    assert [row["model"] for row in model.candidates().to_pylist()] == ["logistic", "tree"]


def test_a_saved_model_is_the_same_model(model, tmp_path):
    model.save(tmp_path / "bought.json")
    again = propensity.load(tmp_path / "bought.json")
    rows = {"Age": [20, 40, None], "Plan": ["gold", "new", None], "file_row": [1, 2, 3]}
    assert again.predict(rows).tolist() == model.predict(rows).tolist()
    assert again.lift() == model.lift()
    assert json.loads((tmp_path / "bought.json").read_text())["about"]["target"] == "Bought"


def test_pandas_is_read_as_arrow_is(model):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {"Age": [25, 65], "Plan": ["gold", "basic"], "file_row": [1, 2]}, index=["a", "b"]
    )
    assert model.predict(frame).tolist() == model.predict(pa.table(frame.to_dict("list"))).tolist()


def test_a_table_that_is_none_or_a_model_that_is_not_there_is_said_in_a_sentence(model):
    with pytest.raises(DataError, match="Arrow"):
        model.predict(5)
    with pytest.raises(DataError, match="nowhere"):
        propensity.load("nowhere.json")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array([1, None], pa.int64()), [1.0, None]),
        (pa.array(["7", " 8 "]), [7.0, 8.0]),
        (pa.array(["7", "x"]), ["7", "x"]),
        (pa.array(["a", "b"]).dictionary_encode(), ["a", "b"]),
        (pa.array([None, None]), [None, None]),
        (pa.array([18_262], pa.date32()), ["2020-01-01"]),
        (pa.array([False, True]), ["false", "true"]),
    ],
)
def test_columns_of_any_type_become_numbers_or_texts(values, expected):
    given = [None if one != one else one for one in raw(pa.chunked_array([values])).tolist()]  # noqa: PLR0124 - NaN
    assert given == expected


def test_columns_are_excluded_whatever_their_letters_and_wrong_names_are_told(make_store):
    store, codes = run_on(make_store, settings(exclude="plan, Colour"), customers=people())
    left_out = {row["factor"]: row["left_out"] for row in rows_of(store, "propensity_factors")}
    assert left_out["Plan"] == "excluded"
    assert "propensity.not_columns" in codes
    with pytest.raises(SettingsError, match="Colour"):
        propensity.fit(people(), target="Bought", exclude="Colour", candidates="logistic")


def test_a_candidate_that_does_not_exist_is_refused():
    with pytest.raises(SettingsError, match="candidates"):
        PropensitySettings.read({"candidates": "forest"}, "settings")


def test_yes_may_be_given_as_the_number_it_is():
    assert PropensitySettings.read({"positive": 1}, "settings").positive == "1"
    assert PropensitySettings.read({"positive": True}, "settings").positive == "True"


def test_a_model_says_in_one_line_what_it_predicts():
    model = propensity.fit(
        people(), target="Bought", customer_id="customer_id", candidates="logistic", folds=2
    )
    assert repr(model) == "FittedModel(Bought = yes, by logistic, from Age, Plan)"


def test_what_cannot_be_told_is_told_in_a_sentence(tmp_path, make_store):
    with pytest.raises(DataError, match="no rows"):
        propensity.fit(people().slice(0, 0), target="Bought")
    with pytest.raises(DataError, match="Check the name"):
        propensity.load(tmp_path / "none.json")
    store, _ = run_on(make_store, settings(), customers=people())
    saved = next(content for name, content in store.files.items() if name.endswith(".json"))
    with pytest.raises(DataError, match="propensity_lift"):
        propensity.load(saved).lift()
