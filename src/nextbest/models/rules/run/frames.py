"""Mined rules as the tables of the contract: names, money, reviews, keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from nextbest.base.contract import Table
from nextbest.models.rules.core.baskets import Floats, Ints
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
    never: frozenset[str] = frozenset()
    """Ids that no shop proposes."""


def rules_of(found: Mined, labels: Labels) -> pa.Table:
    """Build rows of ``rules``."""
    heads, signs = found.heads, found.columns["sign"].tolist()
    body_ids, body_names = _joined(found.bodies, labels.ids), _joined(found.bodies, labels.names)
    head_ids = _taken(heads, labels.ids)
    keys = _keys(found, labels, signs)
    n = len(keys)
    columns = {
        "rule_id": keys,
        "body": body_names,
        "head": _taken(heads, labels.names),
        "body_ids": body_ids,
        "head_id": head_ids,
        "level": pa.repeat(labels.level, n),
        "is_ordered": pa.repeat(labels.is_ordered, n),
        "origin": _origins(found, labels, signs),
        "is_never": pc.is_in(head_ids, pa.array(sorted(labels.never), pa.string())),
    }
    columns |= _reviewed(keys, labels) | _margins(found, labels)
    columns |= {name: values for name, values in found.columns.items() if name not in columns}
    return pa.table([_array(columns.get(field.name), field, n) for field in ROWS], schema=ROWS)


def _taken(codes: Ints, texts: Sequence[str | None]) -> pa.Array:
    return pa.array(texts, pa.string()).take(pa.array(codes))


def _joined(bodies: Ints, texts: list[str]) -> pa.Array:
    """Join the texts of each body in order of the codes."""
    if bodies.shape[1] == 1:
        return _taken(bodies[:, 0], texts)
    return pa.array([" + ".join(texts[code] for code in body) for body in _bodies(bodies)], pa.string())


def _bodies(bodies: Ints) -> list[tuple[int, ...]]:
    return [tuple(sorted(code for code in body if code >= 0)) for body in bodies.tolist()]


def _keys(found: Mined, labels: Labels, signs: list[str]) -> list[str]:
    ids = labels.ids
    return [
        rule_id(labels.level, [ids[code] for code in body], ids[head], sign, labels.is_ordered)
        for body, head, sign in zip(_bodies(found.bodies), found.heads.tolist(), signs, strict=True)
    ]


def _origins(found: Mined, labels: Labels, signs: list[str]) -> pa.Array:
    written = {
        (rule.body, rule.head, rule.sign) for rule in labels.written if rule.is_ordered == labels.is_ordered
    }
    if not written:
        return pa.repeat("mined", len(signs))
    rules = zip(_bodies(found.bodies), found.heads.tolist(), signs, strict=True)
    return pa.array(["written" if rule in written else "mined" for rule in rules])


def _reviewed(keys: list[str], labels: Labels) -> dict[str, pa.Array]:
    if not labels.reviews:
        return {}
    said = [labels.reviews.get(key, (None, None)) for key in keys]
    return {
        "review": pa.array([state for state, _ in said], pa.string()),
        "review_note": pa.array([note for _, note in said], pa.string()),
    }


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


def _margins(found: Mined, labels: Labels) -> dict[str, Floats | pa.Array]:
    """Say what is at stake where the head's margin is known; rules of what is not bought have nothing at stake."""
    if not labels.margins:
        return {}
    known = [labels.margins.get(item, (np.nan, None)) for item in labels.ids]
    at_stake = margin_at_stake(
        found.columns["n_audience"],  # type: ignore[arg-type]
        found.columns["confidence"],  # type: ignore[arg-type]
        _lift(found, labels),
        np.array([value for value, _ in known], dtype=float)[found.heads],
    )
    at_stake[found.columns["sign"] == "-"] = np.nan
    sources = _taken(found.heads, [source for _, source in known])
    nothing = pa.scalar(None, pa.string())
    return {
        "margin_at_stake": at_stake,
        "margin_source": pc.if_else(pa.array(np.isnan(at_stake)), nothing, sources),
    }


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
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values
    if not isinstance(values, np.ndarray):
        return pa.array(values, field.type)
    return pa.array(values, field.type, mask=_is_null(values), from_pandas=False, safe=False)


def _is_null(values: NDArray[np.generic]) -> NDArray[np.bool_] | None:
    if values.dtype.kind == "f":
        return np.isnan(values)  # type: ignore[no-any-return]
    return values == "" if values.dtype.kind == "O" else None
