"""The recipe of propensity: one model from a flat table, or many from history; judged, explained, written down."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version

from nextbest.base.capability import Moment
from nextbest.base.findings import Finding
from nextbest.models.propensity.core.choosing import Workshop
from nextbest.models.propensity.core.model import Model
from nextbest.models.propensity.core.results import ModelResult, file_of
from nextbest.models.propensity.core.saving import to_bytes
from nextbest.models.propensity.run import history
from nextbest.models.propensity.run.flat import result_of
from nextbest.models.propensity.run.workshop import open_workshop
from nextbest.models.propensity.run.writing import write
from nextbest.models.propensity.spec import PropensitySettings
from nextbest.tables.store import Store


def run(store: Store, settings: PropensitySettings, moment: Moment) -> list[Finding]:
    """Fit every model that is asked for, and write what it found."""
    with open_workshop() as workshop:
        answers = list(_answers(store, settings, moment, workshop))
        results = [answer for answer in answers if isinstance(answer, ModelResult)]
        for result in results:
            if isinstance(result.model, Model):
                store.write_file(file_of(result.model_id, "json"), to_bytes(result.model, about(result)))
        return [*write(store, results), *(answer for answer in answers if isinstance(answer, Finding))]


def _answers(
    store: Store, settings: PropensitySettings, moment: Moment, workshop: Workshop
) -> Iterator[ModelResult | Finding]:
    for name, one in settings.instances().items():
        if one.target:
            yield result_of(store, name, one, moment.seed, workshop)
        else:
            yield from history.results_of(store, name, one, moment, workshop)


def about(result: ModelResult) -> dict[str, str | int | None]:
    """Tell what a saved model predicts, and what made it."""
    return {
        "nextbest": version("nextbest"),
        "model_id": result.model_id,
        "target": result.target,
        "positive": result.positive,
        "seed": result.seed,
    }
