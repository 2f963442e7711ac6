"""Mined rules as the tables of the contract: names, money, reviews, keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nextbest.base.contract import Table
from nextbest.models.rules.core.baskets import Floats
from nextbest.models.rules.core.measures import lift_beyond_both, margin_at_stake
from nextbest.models.rules.core.source import Mined, Written
from nextbest.models.rules.spec import RULE_LIMITS, RULE_PERIODS, RULES, rule_id

_TYPES = {
    "string": pa.string(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
}


def _schema(table: Table) -> pa.Schema:
    return pa.schema([(column.name, _TYPES[column.kind]) for column in table])


ROWS: Final = _schema(RULES)
PERIODS: Final = _schema(RULE_PERIODS)
LIMITS: Final = _schema(RULE_LIMITS)


@dataclass(frozen=True, slots=True)
class Labels:
    """What the codes of one level stand for, and what else is known of its rules."""

    level: str
    is_ordered: bool
    ids: list[str]
    names: list[str]
    margins: Mapping[str, tuple[float, str]]
    """Margin per order and its source, by id."""
    reviews: Mapping[str, tuple[str, str | None]]
    """State and note, by ``rule_id``."""
    written: tuple[Written, ...]


def rules_of(found: Mined, labels: Labels) -> pa.Table:
    """Build rows of ``rules``."""
    bodies = [tuple(sorted(code for code in body if code >= 0)) for body in found.bodies.tolist()]
    heads = found.heads.tolist()
    signs = found.columns["sign"].tolist()
    body_ids = [[labels.ids[code] for code in body] for body in bodies]
    head_ids = [labels.ids[code] for code in heads]
    keys = [
        rule_id(labels.level, body, head, sign, labels.is_ordered)
        for body, head, sign in zip(body_ids, head_ids, signs, strict=True)
    ]
    reviews = [labels.reviews.get(key, (None, None)) for key in keys]
    written = {
        (rule.body, rule.head, rule.sign) for rule in labels.written if rule.is_ordered == labels.is_ordered
    }
    is_written = [rule in written for rule in zip(bodies, heads, signs, strict=True)]
    margin, source = _margins(head_ids, labels, found)
    columns = {
        "rule_id": keys,
        "body": [" + ".join(labels.names[code] for code in body) for body in bodies],
        "head": [labels.names[code] for code in heads],
        "body_ids": [" + ".join(ids) for ids in body_ids],
        "head_id": head_ids,
        "level": [labels.level] * len(keys),
        "is_ordered": [labels.is_ordered] * len(keys),
        "margin_at_stake": margin,
        "margin_source": source,
        "origin": ["written" if flag else "mined" for flag in is_written],
        "review": [state for state, _ in reviews],
        "review_note": [note for _, note in reviews],
    }
    columns |= {name: values for name, values in found.columns.items() if name not in columns}
    return pa.table([_array(columns.get(field.name), field, len(keys)) for field in ROWS], schema=ROWS)


def periods_of(found: Mined, keys: pa.ChunkedArray) -> pa.Table:
    """Build rows of ``rule_periods``."""
    quarters = found.quarters
    if quarters is None:
        return PERIODS.empty_table()
    n_rules, n_quarters = quarters.n_body.shape
    n_orders = np.tile(quarters.n_orders, n_rules)
    n_body, n_head, n_both = quarters.n_body.ravel(), quarters.n_head.ravel(), quarters.n_both.ravel()
    lift = np.full(len(n_orders), np.nan)
    np.divide(n_both * n_orders, n_body.astype(float) * n_head, out=lift, where=(n_body > 0) & (n_head > 0))
    columns = {
        "rule_id": keys.take(pa.array(np.repeat(quarters.rules, n_quarters))),
        "period_on": np.tile(quarters.starts_on.astype("datetime64[D]"), n_rules),
        "n_orders": n_orders,
        "n_body": n_body,
        "n_head": n_head,
        "n_both": n_both,
        "rule_lift": lift,
    }
    return pa.table([_array(columns[field.name], field, len(n_orders)) for field in PERIODS], schema=PERIODS)


def _margins(head_ids: list[str], labels: Labels, found: Mined) -> tuple[Floats, list[str | None]]:
    """Say what is at stake where the head's margin is known; rules of what is not bought have nothing at stake."""
    known = [labels.margins.get(head, (np.nan, None)) for head in head_ids]
    margin = margin_at_stake(
        found.columns["n_audience"],  # type: ignore[arg-type]
        found.columns["confidence"],  # type: ignore[arg-type]
        _lift(found, labels),
        np.array([value for value, _ in known], dtype=float),
    )
    margin[found.columns["sign"] == "-"] = np.nan
    sources = [None if np.isnan(value) else source for value, (_, source) in zip(margin, known, strict=True)]
    return margin, sources


def _lift(found: Mined, labels: Labels) -> Floats:
    """Choose the lift that is worth money; for orders, whose ``rule_lift`` also counts heads bought before, ``size_lift``."""
    size_lift: Floats = found.columns["size_lift"]  # type: ignore[assignment]
    if labels.is_ordered:
        return size_lift
    is_long = np.isnan(found.columns["q_value"]) & np.isnan(size_lift)
    smaller = lift_beyond_both(found.columns["rule_lift"], size_lift)  # type: ignore[arg-type]
    return np.where(is_long, np.nan, smaller)


def _array(values: object, field: pa.Field, n: int) -> pa.Array | pa.ChunkedArray:
    """Turn a column into Arrow: NaN and empty text stand for null."""
    if values is None:
        return pa.nulls(n, field.type)
    if isinstance(values, pa.ChunkedArray):
        return values
    if not isinstance(values, np.ndarray):
        return pa.array(values, field.type)
    return pa.array(values, field.type, mask=_is_null(values), from_pandas=False, safe=False)


def _is_null(values: NDArray[np.generic]) -> NDArray[np.bool_] | None:
    if values.dtype.kind == "f":
        return np.isnan(values)  # type: ignore[no-any-return]
    return values == "" if values.dtype.kind == "O" else None
