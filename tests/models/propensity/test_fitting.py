import json
from types import SimpleNamespace

import numpy as np
import pytest

from nextbest.base.errors import DataError
from nextbest.models.propensity.core import fitting
from nextbest.models.propensity.core.calibrating import Calibration, calibrate, losses, probability_of
from nextbest.models.propensity.core.candidates import CANDIDATES, Draw
from nextbest.models.propensity.core.choosing import Workshop, choose, draw_parts
from nextbest.models.propensity.core.columns import Encoder
from nextbest.models.propensity.core.examples import Examples
from nextbest.models.propensity.core.fitting import fit_examples
from nextbest.models.propensity.core.model import Model
from nextbest.models.propensity.core.predictors import Network, Radial
from nextbest.models.propensity.core.rows import Rows
from nextbest.models.propensity.core.saving import from_bytes, to_bytes
from nextbest.models.propensity.spec import PropensitySettings

QUICK = PropensitySettings(candidates=("logistic", "tree", "small_trees"), folds=3)


def customers(n=1500, seed=0, **more):
    """Customers whose true log-odds are known: young ones and those on the gold plan buy."""
    rng = np.random.default_rng(seed)
    age, plan = rng.normal(40, 10, n).round(1), rng.choice(["basic", "gold", "silver"], n)
    truth = -1.5 - 0.08 * (age - 40) + 1.0 * (plan == "gold")
    age[rng.random(n) < 0.05] = np.nan
    ids = np.array([f"c{place}" for place in range(n)], dtype=object)
    columns = {"age": age, "plan": plan.astype(object), "noise": rng.normal(size=n)} | more
    return Examples(ids, columns, rng.random(n) < probability_of(truth)), probability_of(truth)


def fit(examples, settings=QUICK, seed=0, parts=None):
    return fit_examples(examples, settings, seed, Workshop(), parts)


@pytest.fixture(scope="module")
def some():
    return customers()[0]


@pytest.mark.parametrize("candidate", CANDIDATES, ids=lambda candidate: candidate.name)
def test_every_candidate_orders_customers_explains_them_and_survives_a_file(candidate, some):
    if candidate.name == "catboost":
        pytest.importorskip("catboost")
    encoder = Encoder.learn(some.columns)
    rows = Rows.of(encoder, some.columns)
    predictor = candidate.fits[-1](rows, some.target, Draw(0))
    margin = predictor.margin(rows)
    assert margin[some.target].mean() > margin[~some.target].mean() + 0.3

    terms = predictor.terms(rows)
    assert terms.shape == (len(some), 3)
    if not isinstance(predictor, Network | Radial):
        assert np.ptp(margin - terms.sum(axis=1)) == pytest.approx(0, abs=1e-5)
    assert np.abs(terms[:, 0]).mean() > np.abs(terms[:, 2]).mean()

    model = Model(candidate.name, encoder, predictor, Calibration(0.1, 1.2, 0.8))
    again, about = from_bytes(to_bytes(model, {"target": "bought"}), "file")
    assert again.predict(some.columns).tolist() == model.predict(some.columns).tolist()
    assert about == {"target": "bought"}
    bent = model.calibration(margin) - model.calibration(margin - terms.sum(axis=1))
    assert model.contributions(some.columns).sum(axis=1) == pytest.approx(bent)


def test_a_model_of_a_newer_version_or_another_file_is_refused(some):
    content = to_bytes(fit(some).model, {})
    newer = json.dumps(json.loads(content) | {"format": 2}).encode()
    with pytest.raises(DataError, match="newer version"):
        from_bytes(newer, "model.json")
    for other in (b"", b"[1]", b"{}", b'{"format": 1}', b"\x80\x04pickle"):
        with pytest.raises(DataError, match=r"model\.json"):
            from_bytes(other, "model.json")


def test_the_order_of_the_rows_changes_nothing(some):
    order = np.random.default_rng(1).permutation(len(some))
    one, other = fit(some), fit(some.take(order))
    assert one.chosen == other.chosen
    assert one.probability[order].tolist() == other.probability.tolist()
    assert one.model.predict(some.columns).tolist() == other.model.predict(some.columns).tolist()


def test_probabilities_are_calibrated_on_a_truth_that_is_known():
    examples, _ = customers(6000)
    unseen, unseen_truth = customers(20_000, seed=9)
    model = fit(examples).model
    given = model.predict(unseen.columns)
    assert np.abs(given - unseen_truth).mean() < 0.03
    assert given.mean() == pytest.approx(unseen_truth.mean(), abs=0.01)
    assert (
        losses(np.log(given / (1 - given)), unseen.target).mean()
        < 1.02 * losses(np.log(unseen_truth / (1 - unseen_truth)), unseen.target).mean()
    )


@pytest.mark.parametrize("disguise", ["number", "text", "noisy", "blank"])
def test_a_column_that_holds_the_answer_is_left_out_until_allowed(disguise):
    examples, _ = customers()
    rng = np.random.default_rng(5)
    yes = examples.target
    copy = {
        "number": yes * 3.0 + 1,
        "text": np.where(yes, "closed won", "open").astype(object),
        "noisy": yes + rng.normal(0, 0.3, len(yes)),
        "blank": np.where(yes, "2026-01-01", None).astype(object),
    }[disguise]
    examples = Examples(examples.customer_ids, {**examples.columns, "result": copy}, yes)
    fates = {fate.name: fate for fate in fit(examples).fates}
    assert fates["result"].left_out == "leak"
    assert fates["result"].auc > 0.95
    allowed = fit(examples, QUICK.model_copy(update={"allow": ("result",)}))
    assert "result" in allowed.model.factors


def test_customers_with_several_rows_share_a_fold():
    ids = np.array(["ann", "bob", "cas", "dee"] * 25, dtype=object)
    parts = draw_parts(ids, np.arange(100) % 7 == 0, 2, seed=3)
    assert all(len(set(parts[ids == one])) == 1 for one in set(ids))


def test_folds_hold_equally_many_yes():
    examples, _ = customers()
    parts = draw_parts(examples.customer_ids, examples.target, 5, seed=0)
    counts = np.bincount(parts, weights=examples.target)
    assert np.ptp(counts) <= 1


def test_twelve_buyers_get_the_shrunken_logistic_regression():
    examples, _ = customers(400)
    few = examples.take(
        np.sort(np.concatenate([np.flatnonzero(examples.target)[:12], np.flatnonzero(~examples.target)]))
    )
    fitted = fit(few)
    assert [one.model for one in fitted.tried] == ["logistic"]
    assert fitted.probability.mean() == pytest.approx(few.target.mean(), rel=0.3)


def test_too_few_buyers_are_refused_in_a_sentence():
    examples, _ = customers(100)
    few = examples.take(
        np.sort(np.concatenate([np.flatnonzero(examples.target)[:3], np.flatnonzero(~examples.target)]))
    )
    with pytest.raises(DataError, match="3 yes"):
        fit(few)


def test_no_column_left_is_said_with_the_reasons():
    examples, _ = customers(100)
    with pytest.raises(DataError, match="excluded"):
        fit(examples, QUICK.model_copy(update={"exclude": ("age", "plan", "noise")}))


def test_without_catboost_the_others_are_tried(some, monkeypatch):
    monkeypatch.setattr(fitting, "can_fit", lambda name: name != "catboost")
    settings = QUICK.model_copy(update={"candidates": ("logistic", "catboost")})
    assert [one.model for one in fit(some, settings).tried] == ["logistic"]


def test_examples_of_their_own_may_judge():
    examples, _ = customers()
    parts = np.where(np.arange(len(examples)) < 1000, -1, 0)
    fitted = fit(examples, parts=parts)
    assert fitted.folds == 0
    assert fitted.judged.tolist() == list(range(1000, 1500))
    assert len(fitted.probability) == 500


def trial(name, loss):
    candidate = next(one for one in CANDIDATES if one.name == name)
    return SimpleNamespace(candidate=candidate, loss=np.array(loss))


def test_the_simpler_of_two_that_tie_is_chosen():
    rng = np.random.default_rng(0)
    loss = rng.random(500)
    noise = rng.normal(0, 0.1, 500)
    tied, better = loss + noise - noise.mean() + 0.001, loss
    assert choose([trial("logistic", tied), trial("catboost", better)]).candidate.name == "logistic"
    assert choose([trial("logistic", loss + 0.1), trial("catboost", better)]).candidate.name == "catboost"
    assert choose([trial("small_trees", tied), trial("catboost", better)]).candidate.name == "catboost"


def test_chance_in_the_judged_fits_does_not_bend_the_kept_probabilities():
    for seed in range(5):
        rng = np.random.default_rng(seed)
        margin = rng.normal(-1.0, 1.2, 1500)
        target = rng.random(1500) < 1 / (1 + np.exp(-margin))
        _, calibration = calibrate(margin, target, np.arange(1500) % 5)
        assert calibration == Calibration()


def test_margins_twice_too_bold_are_calibrated():
    rng = np.random.default_rng(0)
    truth = rng.normal(-1.0, 1.2, 3000)
    target = rng.random(3000) < 1 / (1 + np.exp(-truth))
    margin, _ = calibrate(2 * truth, target, np.arange(3000) % 5)
    assert abs(np.polyfit(truth, margin, 1)[0] - 1) < 0.15


def test_a_part_with_more_yes_does_not_rank_below_the_others():
    """Twelve yes in ten parts: two parts hold two of them, and their fits know fewer."""
    ids = np.array([f"c{place:04}" for place in range(600)], dtype=object)
    target = np.zeros(600, dtype=bool)
    target[np.random.default_rng(3).choice(600, 12, replace=False)] = True
    nothing = {"noise": np.where(np.arange(600) % 2, 1.0, 0.0)}
    asked = PropensitySettings(candidates=("logistic",), folds=10)
    fitted = fit_examples(Examples(ids, nothing, target), asked, 0, Workshop())
    levels = [fitted.trial.margin[fitted.task.parts == part].mean() for part in range(10)]
    assert np.ptp(levels) < np.log(11 / 10) / 4
