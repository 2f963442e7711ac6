"""From one flat table: a row per customer, a column with yes or no, and everything else that is known of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa

from nextbest.models.propensity.core.answers import Answers, find_column, names_in, read_answers
from nextbest.models.propensity.core.choosing import Workshop
from nextbest.models.propensity.core.drift import order_of
from nextbest.models.propensity.core.examples import Columns, Examples, Floats, Texts, take
from nextbest.models.propensity.core.fitting import Fitted, fit_examples
from nextbest.models.propensity.core.results import ModelResult, Tried
from nextbest.models.propensity.run.reading import CONTACTS, columns_of, raw
from nextbest.models.propensity.spec import PropensitySettings
from nextbest.tables.canonical import CUSTOMERS
from nextbest.tables.store import Store

_NOT_KNOWN_OF_THEM: Final = ("customer_id", "file_row")


@dataclass(frozen=True, slots=True, eq=False)
class Flat:
    """A flat table."""

    customer_ids: Texts
    columns: Columns

    @classmethod
    def of(cls, table: pa.Table, *without: str) -> Flat:
        """Take everything but the ids, and what is named."""
        ids = np.array(table["customer_id"].to_pylist(), dtype=object)
        left_out = (*_NOT_KNOWN_OF_THEM, *without)
        return cls(ids, columns_of(table, without=left_out, contract=CUSTOMERS.names))


def result_of(
    store: Store, name: str, settings: PropensitySettings, seed: int, workshop: Workshop
) -> ModelResult:
    """Fit the model that one section of settings asks for.

    Parameters
    ----------
    store
        Holds ``customers``, and ``customers_to_score`` where ``propensity.apply`` names a file.
    name
        Name of the settings; empty: the only ones.
    settings
        What is predicted.
    seed
        Of folds and fits.
    workshop
        Where models are fitted.
    """
    assert settings.target is not None  # noqa: S101 - the recipe asks for a flat model only where there is a target
    table = _in_order_of_file(store, "customers")
    known = [column for column in table.column_names if column not in _NOT_KNOWN_OF_THEM]
    target = find_column(settings.target, known)
    answers = read_answers(raw(table[target]), target, settings.positive)
    everybody = Flat.of(table, target)
    applied = _applied(store, settings, target)
    fitted, examples = fit_flat(everybody, answers, settings, seed, workshop)
    scored = applied or everybody
    return ModelResult(
        model_id=f"{name}.{target}" if name else target,
        target=target,
        kind="flat",
        judged=examples,
        tried=_with_order(fitted, examples, seed),
        chosen=fitted.chosen,
        model=fitted.model,
        fates=fitted.fates,
        scored_ids=scored.customer_ids,
        scored=scored.columns,
        probability=fitted.model.predict(applied.columns)
        if applied
        else _out_of_fold(fitted, everybody, answers),
        seed=seed,
        folds=fitted.folds,
        positive=answers.positive,
        n_without_target=int((~answers.is_known).sum()),
        n_judged_most=fitted.n_judged_most,
        is_guessed=answers.is_guessed,
        is_applied=applied is not None,
        not_columns=not_columns(settings, table.column_names),
    )


def fit_flat(
    everybody: Flat, answers: Answers, settings: PropensitySettings, seed: int, workshop: Workshop
) -> tuple[Fitted, Examples]:
    """Fit on the customers whose answer is known."""
    rows = np.flatnonzero(answers.is_known)
    examples = Examples(everybody.customer_ids[rows], take(everybody.columns, rows), answers.is_yes[rows])
    exclude, allow = (_there(asked, everybody) for asked in (settings.exclude, settings.allow))
    left_out = settings.model_copy(update={"exclude": (*exclude, *CONTACTS), "allow": allow})
    return fit_examples(examples, left_out, seed, workshop), examples


def _there(asked: Sequence[str], flat: Flat) -> tuple[str, ...]:
    return tuple(name for name in names_in(asked, list(flat.columns)).values() if name)


def not_columns(settings: PropensitySettings, names: Sequence[str]) -> dict[str, list[str]]:
    """Tell which names of ``exclude`` and ``allow`` no column has."""
    asked = {"exclude": settings.exclude, "allow": settings.allow}
    unknown = {
        setting: [name for name, found in names_in(each, names).items() if found is None]
        for setting, each in asked.items()
    }
    return {setting: each for setting, each in unknown.items() if each}


def _in_order_of_file(store: Store, name: str) -> pa.Table:
    table = store.arrow(store.table(name))
    if table["file_row"].null_count:
        return table.sort_by([("customer_id", "ascending")])
    return table.sort_by([("file_row", "ascending"), ("customer_id", "ascending")])


def _applied(store: Store, settings: PropensitySettings, target: str) -> Flat | None:
    if settings.apply is None or not store.has("customers_to_score"):
        return None
    return Flat.of(_in_order_of_file(store, "customers_to_score"), target)


def _out_of_fold(fitted: Fitted, everybody: Flat, answers: Answers) -> Floats:
    """Score each customer by fits that had not seen the answer; those without one by the model itself."""
    probability = np.empty(len(everybody.customer_ids))
    probability[np.flatnonzero(answers.is_known)] = fitted.probability
    unknown = np.flatnonzero(~answers.is_known)
    probability[unknown] = fitted.model.predict(take(everybody.columns, unknown))
    return probability


def _with_order(fitted: Fitted, examples: Examples, seed: int) -> list[Tried]:
    """Judge the chosen candidate by folds in the order of the file too."""
    order = order_of(examples.target, fitted.again, seed=seed)
    if order is None:
        return list(fitted.tried)
    return [
        replace(tried, ordered_auc=order.ordered.value, shuffled_auc=order.shuffled.value)
        if tried.model == fitted.chosen
        else tried
        for tried in fitted.tried
    ]
