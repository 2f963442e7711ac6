"""What is offered to whom: how good the lists are, which examples are shown, what was ruled out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

import pyarrow as pa

from nextbest.advice.report.core.reading import product_names, rows, rows_of
from nextbest.advice.report.spec import ListScore, Offers, Row, Scored, Tables

_LISTS: Final = ("repeat", "discover")
_K: Final = 10
_Z95: Final = 1.96
_KINDS: Final = ("replenish", "cross_sell", "up_sell", "discover")
_BEYOND: Final = "beyond_limit"
_EVERY: Final = "all"


def list_scores(evaluation: pa.Table) -> Sequence[ListScore]:
    """Lay out how each method did on each list of ten (or the shortest there is), best first.

    The chosen list stands under its own name only, not also under the method behind it; of several plain methods that
    make one and the same list, the first by name is left out.

    Examples
    --------
    >>> tried = {"list": ["repeat"] * 2, "k": [10] * 2, "method": ["nextbest", "popularity"],
    ...          "uses": ["blend", "popularity"], "is_chosen": [True, False], "is_baseline": [False, True],
    ...          "recall": [0.3, 0.2], "recall_se": [0.01, 0.01], "ndcg": [0.2, 0.1], "hit_rate": [0.5, 0.4],
    ...          "n_customers": [90, 90]}
    >>> (score,) = list_scores(pa.table(tried))
    >>> score.chosen.method, score.baseline.recall
    ('blend', 0.2)
    """
    found = [row for row in rows(evaluation) if row["recall"] is not None]
    return [score for kind in _LISTS for score in _score([row for row in found if row["list"] == kind])]


def _score(tried: Sequence[Row]) -> list[ListScore]:
    lengths = {row["k"] for row in tried}
    k = _K if _K in lengths else min(lengths, default=_K)
    at_k = [row for row in tried if row["k"] == k]
    chosen = next((row for row in at_k if row["is_chosen"]), None)
    if chosen is None:
        return []
    others = [row for row in at_k if not row["is_chosen"] and row["method"] != chosen["uses"]]
    distinct = {(row["is_baseline"], row["recall"], row["ndcg"]): row for row in _by_name(others)}
    ranked = sorted([chosen, *distinct.values()], key=lambda row: (-row["recall"], row["method"]))
    plain = {row["method"] for row in at_k if row["is_baseline"]}
    methods = [_scored(row, is_baseline=row["uses"] in plain) for row in ranked]
    return [ListScore(chosen["list"], k, chosen["n_customers"], methods)]


def _by_name(tried: Sequence[Row]) -> list[Row]:
    return sorted(tried, key=lambda row: str(row["method"]))


def _scored(row: Row, *, is_baseline: bool) -> Scored:
    reach = _Z95 * (row["recall_se"] or 0.0)
    return Scored(
        method=row["uses"],
        is_chosen=row["is_chosen"],
        is_baseline=is_baseline,
        recall=row["recall"],
        low=max(row["recall"] - reach, 0.0),
        high=min(row["recall"] + reach, 1.0),
        recall_se=row["recall_se"],
        ndcg=row["ndcg"],
        hit_rate=row["hit_rate"],
    )


def offers_of(tables: Tables, per_kind: int) -> Offers | None:
    """Gather what is offered; ``None`` where nothing was."""
    if "offer_kinds" not in tables:
        return None
    kinds = {row["kind"]: row for row in rows(tables["offer_kinds"])}
    steps = _steps(tables)
    excluded = [row for row in rows_of(tables, "offer_exclusions") if row["n_candidates"]]
    ruled_out = [row for row in excluded if row["reason"] != _BEYOND]
    return Offers(
        kinds=[kinds[kind] for kind in _KINDS if kind in kinds],
        examples=_examples(rows_of(tables, "offer_examples"), per_kind),
        steps=steps,
        n_steps=steps[0]["n_steps"] if steps else 0,
        ruled_out=sorted(ruled_out, key=lambda row: (-row["n_candidates"], row["reason"])),
        beyond=next((row for row in excluded if row["reason"] == _BEYOND), None),
        reach=next(iter(rows_of(tables, "offer_reach")), None),
        promises=_promises(rows_of(tables, "offer_calibration")),
        unserved=sorted(
            rows_of(tables, "offer_unserved"), key=lambda row: (-row["n_customers"], row["reason"])
        ),
    )


def _promises(calibration: Sequence[Row]) -> list[Row]:
    """Take what all offers and each kind promised earlier, and what came."""
    whole = {row["kind"]: row for row in calibration if row["decile"] == 0}
    return [whole[kind] for kind in (_EVERY, *_KINDS) if kind in whole]


def _examples(offers: Sequence[Row], per_kind: int) -> list[Row]:
    """Choose examples of each kind, most expected profit first; each customer, product and pointer once."""
    shown: list[Row] = []
    seen: set[object] = set()
    for kind in _KINDS:
        ranked = sorted((row for row in offers if row["kind"] == kind), key=lambda row: row["place"])
        taken = 0
        for row in ranked:
            said = json.loads(row["placeholders"])
            marks = {row["customer_id"], ("product", said["product"])}
            marks |= {(kind, said["because"])} if said.get("because") else set()
            if taken < per_kind and not marks & seen:
                seen |= marks
                taken += 1
                shown.append({**row, "said": said})
    return shown


def _steps(tables: Tables) -> list[Row]:
    """Name the products of each step that enough customers took to tell."""
    steps = [row for row in rows_of(tables, "ladder_steps") if row["share_stepped"] is not None]
    ids = [step[name] for step in steps for name in ("product_id", "upgrade_id")]
    names = product_names(tables, ids)
    return [
        {**step, "step": tuple(names.get(step[name], step[name]) for name in ("product_id", "upgrade_id"))}
        for step in sorted(steps, key=lambda row: row["place"])
    ]
