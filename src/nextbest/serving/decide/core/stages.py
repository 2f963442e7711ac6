"""Stages: what stops a candidate. Each is a function of scene and rows, true where it forbids; the first one counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Final

import numpy as np

from nextbest.serving.decide.core.asking import Scene, Subject, is_young, is_zone, local_time
from nextbest.serving.decide.core.compiling import ReadyRule
from nextbest.serving.decide.core.gathering import NAMES
from nextbest.serving.decide.core.rows import OF_THE_RUN, Columns, Rows, offer_id, parts_of
from nextbest.serving.decide.core.shop import KINDS, UNKNOWN_DAY, Bools, Ints, Places, Starts
from nextbest.serving.decide.spec import STAGES
from nextbest.serving.policy import QuietHours

_LOWEST_RISK: Final = 1
NUMBER: Final[Mapping[str, int]] = {name: number for number, name in enumerate(STAGES)}
_LOOKED_FOR: Final = np.isin(NAMES, ["search", "repeat"])
"""Sources of which the visitor may want what they have."""
_REPLENISH: Final = KINDS.index("replenish")
Stage = Callable[[Scene, Rows], Bools]


@dataclass(slots=True)
class Verdicts:
    """What became of each row so far; shape (rows,) each."""

    stage: Ints
    """Place in ``STAGES``; -1: still open."""
    rule: Ints
    """Rule of the policy that stopped it; -1: none."""

    def stop(self, name: str, forbidden: Bools, rule: int = -1) -> None:
        """Stop what is still open and forbidden."""
        stopped = forbidden & (self.stage < 0)
        self.stage[stopped] = NUMBER[name]
        self.rule[stopped] = rule


def consent(scene: Scene, rows: Rows) -> Bools:
    """Forbid contacts that were not agreed to, and everything on channels that nobody knows."""
    return ~np.asarray(scene.of_subjects([one.may_contact for one in scene.subjects], np.bool_))[rows.ask]


def eligibility(scene: Scene, rows: Rows) -> Bools:
    """Forbid everything for the young, and offers for others."""
    forbidden: Bools = is_young(scene)[rows.ask].copy()
    if not (rows.special >= 0).any():
        return forbidden
    conditions = (*(one.who for one in scene.snapshot.specials), *scene.compiled.mandatory)
    for number in np.unique(rows.special[rows.special >= 0]).tolist():
        condition = conditions[number]
        if condition is not None:
            which = np.flatnonzero(rows.special == number)
            forbidden[which] |= ~condition.holds(Columns(scene, rows, which, condition.columns))
    return forbidden


def stock(scene: Scene, rows: Rows) -> Bools:
    """Forbid what is no longer sold, what no shop proposes, what was counted and is not there, and what earns too little.

    What the shop offers at a price of its own may earn less.
    """
    products = scene.snapshot.products
    is_poor = (rows.margin < scene.snapshot.margin_floor) & (rows.special < 0)
    return ~products.is_sold[rows.product] | (products.stock[rows.product] <= 0) | is_poor


def channel(scene: Scene, rows: Rows) -> Bools:
    """Forbid placements that are closed on the channel."""
    closed = [
        bool(one.placement.channels)
        and scene.subjects[one.subject].request.channel not in one.placement.channels
        for one in scene.asked
    ]
    return np.asarray(closed, np.bool_)[rows.ask]


def already_bought(scene: Scene, rows: Rows) -> Bools:
    """Forbid what is in the cart, is looked at, was bought online of late, is held, or was ruled out by the nightly run.

    What is bought again and again, and what was searched for, passes if it is not in the cart.
    """
    customers, subjects = scene.snapshot.customers, [scene.subjects[one.subject] for one in scene.asked]
    looked_for = _LOOKED_FOR[rows.source]
    viewed = np.array([one.viewed for one in subjects])[rows.ask]
    forbidden = (viewed >= 0) & (rows.product == viewed)
    forbidden |= _among(scene, rows, [sorted(one.bought) for one in subjects])[0]
    if customers.barred is not None:
        barred, spans = customers.barred, _spans(customers.barred.start, subjects, is_personal=True)
        found, place = _among(scene, rows, [barred.product[lo:hi] for lo, hi in spans])
        in_lists = np.concatenate([barred.is_lists_only[lo:hi] for lo, hi in spans])
        if found.any():
            forbidden |= found & (OF_THE_RUN[rows.source] | ~in_lists[place])
    forbidden &= ~looked_for
    if customers.had is not None:
        had = customers.had
        found, _ = _among(scene, rows, [had.product[lo:hi] for lo, hi in _spans(had.start, subjects)])
        forbidden |= found & ~((rows.kind == _REPLENISH) | looked_for)
    return np.asarray(forbidden | _among(scene, rows, [sorted(one.cart) for one in subjects])[0])


def _spans(start: Starts, subjects: Sequence[Subject], *, is_personal: bool = False) -> list[tuple[int, int]]:
    """Give where each customer's rows begin and end; strangers have none."""
    return [
        (int(start[one.row]), int(start[one.row + 1]))
        if one.row >= 0 and (one.is_personal or not is_personal)
        else (0, 0)
        for one in subjects
    ]


def _among(scene: Scene, rows: Rows, products: Sequence[Sequence[int] | Places]) -> tuple[Bools, Ints]:
    """Tell which rows are among the products of their placement, each list sorted, and where in all of them together."""
    lengths = [len(some) for some in products]
    if not any(lengths):
        return np.zeros(len(rows), np.bool_), np.zeros(len(rows), np.int64)
    width = len(scene.snapshot.products) + 1
    listed = np.concatenate([np.asarray(some, np.int64) for some in products if len(some)])
    keys = np.repeat(np.arange(len(products)), lengths) * width + listed
    wanted = rows.ask * width + rows.product
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return keys[place] == wanted, place


def risk(scene: Scene, rows: Rows) -> Bools:
    """Forbid products riskier than the customer may take; who was not assessed of late may take the lowest risk only."""
    customers, policy = scene.snapshot.customers, scene.compiled.policy
    level = scene.snapshot.products.risk[rows.product]
    if np.isnan(level).all():
        return np.zeros(len(rows), np.bool_)
    row = scene.of_subjects([one.row for one in scene.subjects], np.int64)
    allowed = np.full(len(scene), _LOWEST_RISK)
    if len(customers.risk):
        today = local_time(scene.now, scene.snapshot.time_zone).date()
        age_days = np.datetime64(today, "D").astype(np.int64) - customers.assessed_day[row].astype(np.int64)
        is_fresh = (customers.assessed_day[row] != UNKNOWN_DAY) & (
            age_days <= policy.suitability.max_assessment_days
        )
        allowed = np.where((row >= 0) & is_fresh, np.maximum(customers.risk[row], _LOWEST_RISK), allowed)
    return np.asarray(level > allowed[rows.ask])


def rejected_lately(scene: Scene, rows: Rows) -> Bools:
    """Let rest what the visitor rejected: the offer, and its product wherever else it is proposed."""
    forbidden = np.zeros(len(rows), np.bool_)
    for number, asked in enumerate(scene.asked):
        subject = scene.subjects[asked.subject]
        if subject.rejected:
            mine = np.flatnonzero(rows.ask == number)
            forbidden[mine] = np.isin(rows.product[mine], list(subject.rejected_products))
            for row in mine[rows.special[mine] >= 0].tolist():
                forbidden[row] = offer_id(scene, rows, row) in subject.rejected
    return forbidden


def quiet_hours(scene: Scene, rows: Rows) -> Bools:
    """Forbid contacts at hours in which people want peace."""
    quiet, zones = scene.compiled.policy.quiet_hours, scene.snapshot.customers.zones
    shop = is_within(quiet, local_time(scene.now, scene.snapshot.time_zone).time())
    inside = [one.request.channel in quiet.channels and shop for one in scene.subjects]
    if zones is not None:
        names = zones.at(np.array([one.row for one in scene.subjects]))
        for number, (subject, name) in enumerate(zip(scene.subjects, names.tolist(), strict=True)):
            if name is not None and subject.request.channel in quiet.channels and is_zone(name):
                inside[number] = is_within(quiet, local_time(scene.now, name).time())
    return np.asarray(scene.of_subjects(inside, np.bool_)[rows.ask])


def is_within(quiet: QuietHours, clock: time) -> bool:
    """Tell whether a clock shows a quiet hour.

    Examples
    --------
    >>> [is_within(QuietHours(), time(hour)) for hour in (8, 9, 20, 21)]
    [True, False, False, True]
    """
    if quiet.start > quiet.end:
        return clock >= quiet.start or clock < quiet.end
    return quiet.start <= clock < quiet.end


STEPS: Final[tuple[tuple[str, Stage | None], ...]] = (
    ("consent", consent),
    ("eligibility", eligibility),
    ("stock", stock),
    ("channel", channel),
    ("already_bought", already_bought),
    ("applicability", None),
    ("risk", risk),
    ("suitability", None),
    ("rejected_lately", rejected_lately),
    ("quiet_hours", quiet_hours),
)
"""Stage and what it asks beside the policy's rules."""
_UNHELD: Final = frozenset({"stock", "channel", "already_bought", "risk", "rejected_lately"})
"""Do not concern mandatory messages: they propose no product."""


def judge(scene: Scene, rows: Rows) -> Verdicts:
    """Send candidates through the stages before caps; a bundle ends where the first of its products ends."""
    parts, whole = parts_of(scene, rows)
    verdicts = _judged(scene, parts)
    if parts is rows:
        return verdicts
    ends = np.where(verdicts.stage < 0, len(STAGES), verdicts.stage)
    earliest = np.lexsort((ends, whole))[np.searchsorted(whole, np.arange(len(rows)))]
    return Verdicts(verdicts.stage[earliest], verdicts.rule[earliest])


def _judged(scene: Scene, rows: Rows) -> Verdicts:
    verdicts = Verdicts(np.full(len(rows), -1, np.int64), np.full(len(rows), -1, np.int64))
    for name, step in STEPS:
        if step is not None:
            forbidden = step(scene, rows)
            verdicts.stop(name, forbidden & ~rows.is_mandatory if name in _UNHELD else forbidden)
        for number, rule in enumerate(scene.compiled.rules):
            if rule.stage == name:
                verdicts.stop(name, _breaks(scene, rows, verdicts, rule), number)
    return verdicts


def _breaks(scene: Scene, rows: Rows, verdicts: Verdicts, rule: ReadyRule) -> Bools:
    """Tell open rows that the rule concerns and that do not meet it."""
    concerned = (verdicts.stage < 0) & ~rows.is_mandatory
    if rule.placements:
        names = np.array([one.placement.id in rule.placements for one in scene.asked], np.bool_)
        concerned &= names[rows.ask]
    which = np.flatnonzero(concerned)
    if rule.when is not None:
        which = which[rule.when.holds(Columns(scene, rows, which, rule.when.columns))]
    forbidden = np.zeros(len(rows), np.bool_)
    forbidden[which] = ~rule.where.holds(Columns(scene, rows, which, rule.where.columns))
    return forbidden
