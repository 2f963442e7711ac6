"""A model of one flat table in Python: fit, predict, lift, explain, save, load."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from nextbest.base.errors import DataError, SettingsError, WorkspaceError
from nextbest.models.propensity.core.answers import find_column, read_answers
from nextbest.models.propensity.core.examples import Examples, Floats
from nextbest.models.propensity.core.fitting import Fitted
from nextbest.models.propensity.core.gains import DEPTHS
from nextbest.models.propensity.core.judging import Judgement, judge
from nextbest.models.propensity.core.model import Model
from nextbest.models.propensity.core.saving import from_bytes, to_bytes
from nextbest.models.propensity.run.flat import Flat, fit_flat, not_columns
from nextbest.models.propensity.run.reading import columns_of, raw
from nextbest.models.propensity.run.workshop import open_workshop
from nextbest.models.propensity.spec import PropensitySettings

_INDEX: Final = "__index_level_"
_MOST_SHOWN: Final = 8


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FittedModel:
    """A model that can be asked; made by :func:`fit` or :func:`load`."""

    model: Model
    """Its columns, its kind and what it learnt."""
    about: Mapping[str, Any]
    """What it predicts, what made it, and how its candidates did."""

    def __repr__(self) -> str:
        """Name what it predicts and from what."""
        columns = ", ".join(self.model.factors)
        says = f"{self.about.get('target')} = {self.about.get('positive')}"
        return f"FittedModel({says}, by {self.model.candidate}, from {columns})"

    def predict(self, table: Any) -> Floats:
        """Give the calibrated probability of yes of each row, shape (n,).

        Parameters
        ----------
        table
            Anything that Arrow reads: Arrow, pandas, polars, DuckDB, or a mapping of columns. Other columns are ignored.

        Raises
        ------
        DataError
            A column that the model uses is missing.
        """
        return self.model.predict(columns_of(arrow_of(table)))

    def lift(self) -> pa.Table:
        """Give gain and lift by depth, out of fold, with 95 % intervals: depth, gain, gain_lift, ci_low, ci_high."""
        return self._measured("lift")

    def candidates(self) -> pa.Table:
        """Give every candidate's measures, out of fold, and which one was chosen."""
        return self._measured("candidates")

    def _measured(self, what: str) -> pa.Table:
        if what not in self.about:
            raise DataError("propensity.no_measures", what=what, target=str(self.about.get("target")))
        return pa.Table.from_pylist(list(self.about[what]))

    def explain(self, table: Any) -> pa.Table:
        """Tell what each factor adds to each row's log-odds: row (0 the first), factor, value, adds; the strongest first."""
        columns = columns_of(arrow_of(table))
        adds = self.model.contributions(columns)
        order = np.argsort(-np.abs(adds), axis=1, kind="stable")
        row, place = np.repeat(np.arange(len(adds)), adds.shape[1]), order.ravel()
        values = {name: columns[name].tolist() for name in self.model.factors}
        return pa.table(
            {
                "row": row,
                "factor": [self.model.factors[at] for at in place],
                "value": [
                    _shown(values[self.model.factors[at]][each]) for each, at in zip(row, place, strict=True)
                ],
                "adds": adds[row, place],
            }
        )

    def to_bytes(self) -> bytes:
        """Write the model down, without pickle; :func:`load` reads it."""
        return to_bytes(self.model, self.about)

    def save(self, path: str | Path) -> None:
        """Write the model to a file, without pickle; :func:`load` reads it."""
        try:
            Path(path).write_bytes(self.to_bytes())
        except OSError as error:
            raise WorkspaceError(
                "propensity.cannot_write", where=str(path), why=error.strerror or ""
            ) from None


def fit(
    table: Any,
    target: str,
    *,
    positive: str | float | None = None,
    customer_id: str | None = None,
    seed: int = 0,
    **settings: Any,
) -> FittedModel:
    """Fit a model on a flat table: one row per customer, a column with yes or no.

    Parameters
    ----------
    table
        Anything that Arrow reads: Arrow, pandas, polars, DuckDB, or a mapping of columns.
    target
        Column to predict.
    positive
        Value of it that means yes; needed where it has more than two.
    customer_id
        Column with the customers' ids; without it every row is a customer of its own. Rows of one customer share a fold.
    seed
        Of folds and fits: the same data, settings and seed give the same model.
    settings
        Any of :class:`PropensitySettings`: ``folds``, ``candidates``, ``exclude``, ``allow``, ``leak_auc``.

    Raises
    ------
    DataError, SettingsError
        What is wrong with the table or with what is asked, in one sentence.

    Examples
    --------
    >>> import nextbest.models.propensity as propensity
    >>> rng = np.random.default_rng(0)
    >>> age = rng.integers(20, 70, 500)
    >>> bought = np.where(rng.random(500) < age / 100, "yes", "no")
    >>> model = propensity.fit({"age": age, "bought": bought}, target="bought", candidates=("logistic",))
    >>> old, young = model.predict({"age": [65, 25]})
    >>> bool(old > 0.5 > young)
    True
    """
    asked = PropensitySettings.read({"target": target, "positive": positive, **settings}, "fit")
    read = arrow_of(table)
    column = find_column(target, read.column_names)
    answers = read_answers(raw(read[column]), column, asked.positive)
    for setting, unknown in not_columns(asked, read.column_names).items():
        raise SettingsError(
            "propensity.column_unknown",
            setting=setting,
            columns=unknown,
            close=read.column_names[:_MOST_SHOWN],
        )
    own = () if customer_id is None else (find_column(customer_id, read.column_names),)
    ids = read[own[0]].to_pylist() if own else range(len(read))
    everybody = Flat(
        np.array([str(one) for one in ids], dtype=object), columns_of(read, without=(column, *own))
    )
    with open_workshop() as workshop:
        fitted, examples = fit_flat(everybody, answers, asked, seed, workshop)
    made = {
        "nextbest": version("nextbest"),
        "model_id": column,
        "target": column,
        "positive": answers.positive,
        "seed": seed,
    }
    return FittedModel(fitted.model, made | _measures(fitted, examples, seed))


def load(source: str | Path | bytes) -> FittedModel:
    """Read a saved model from a file or from its bytes.

    Raises
    ------
    DataError
        It cannot be read, is no model, or was written by a newer version.
    """
    if isinstance(source, bytes):
        return FittedModel(*from_bytes(source, "bytes"))
    try:
        content = Path(source).read_bytes()
    except OSError:
        raise DataError("propensity.no_file", where=str(source)) from None
    return FittedModel(*from_bytes(content, str(source)))


def arrow_of(table: Any) -> pa.Table:
    """Read anything that Arrow reads."""
    try:
        read = table if isinstance(table, pa.Table) else pa.table(table)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise DataError("propensity.no_table", why=str(error).splitlines()[0]) from None
    return read.select([name for name in read.column_names if not name.startswith(_INDEX)])


def _measures(fitted: Fitted, examples: Examples, seed: int) -> dict[str, Any]:
    judged = {one.model: judge(examples.target, one.probability, seed=seed) for one in fitted.tried}
    rows = [
        {"model": one.model, "is_chosen": one.model == fitted.chosen, "fit_seconds": one.fit_seconds}
        | _measured(judged[one.model])
        for one in fitted.tried
    ]
    return {"candidates": rows, "lift": _lift(judged[fitted.chosen])}


def _measured(judged: Judgement | None) -> dict[str, float | None]:
    if judged is None:
        return {}
    return {
        "cv_auc": judged.auc.value,
        "cv_log_loss": judged.log_loss,
        "cv_top_decile_lift": judged.top_decile_lift,
        "cv_top20_share": judged.top20_share,
        "calibration_error": judged.calibration.error if judged.calibration else None,
    }


def _lift(judged: Judgement | None) -> list[dict[str, float]]:
    if judged is None:
        return []
    curve = judged.curve
    ends = zip(DEPTHS, *(part.tolist() for part in (curve.gain, curve.low, curve.high)), strict=True)
    return [
        {"depth": depth, "gain": gain, "gain_lift": gain / depth, "ci_low": low, "ci_high": high}
        for depth, gain, low, high in ends
    ]


def _shown(value: Any) -> str | None:
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return None
    return f"{value:g}" if isinstance(value, float) else str(value)
