"""A small finished model to prove, write and speak of; no fitting needed."""

import numpy as np
import pytest

from nextbest.models.propensity.core.columns import Encoder
from nextbest.models.propensity.core.examples import Examples
from nextbest.models.propensity.core.results import Fate, ModelResult, Tried

N = 400


class FeeModel:
    """Goes by the fee, and a little by the plan."""

    def __init__(self, encoder):
        self.encoder = encoder

    @property
    def factors(self):
        return self.encoder.factors

    def contributions(self, columns):
        fee = np.nan_to_num(columns["fee"].astype(float)) - 25
        return np.column_stack([fee / 10, np.where(columns["plan"] == "gold", 0.2, -0.2)])

    def predict(self, columns):
        return 1 / (1 + np.exp(-self.contributions(columns).sum(axis=1)))


def customers(n=N, seed=0, top_fee=50):
    """Give columns of made-up customers."""
    rng = np.random.default_rng(seed)
    return {
        "fee": rng.integers(0, top_fee, n).astype(np.float64),
        "plan": rng.choice(["basic", "gold"], n).astype(object),
    }


@pytest.fixture
def make_result():
    """Build a finished flat model; anything of it may be replaced."""

    def make(**changes):
        columns = customers()
        ids = np.array([f"c{place:03}" for place in range(N)], dtype=object)
        model = FeeModel(Encoder.learn(columns))
        probability = model.predict(columns)
        target = np.random.default_rng(1).random(N) < probability
        given = {
            "model_id": "churn",
            "target": "churn",
            "kind": "flat",
            "judged": Examples(ids, columns, target),
            "tried": [
                Tried("logistic", probability, 0.1),
                Tried("trees", np.full(N, target.mean()), 0.2),
            ],
            "chosen": "logistic",
            "model": model,
            "fates": [
                Fate("fee", "number", None, 0.9),
                Fate("plan", "category", None, 0.52),
                Fate("closed_on", "date", "leak", 0.99),
                Fate("row_id", "number", "id"),
            ],
            "scored_ids": ids,
            "scored": columns,
            "probability": probability,
            "seed": 0,
            "folds": 10,
            "positive": "yes",
        }
        return ModelResult(**given | changes)

    return make
