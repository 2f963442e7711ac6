"""Results written down: offers counted against their caps, what found no room taken back, the rest logged."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from nextbest.serving import decide, log
from nextbest.serving.decide import Offer, Result


def commit(connection: sa.Connection, results: Sequence[Result]) -> list[Result]:
    """Count offers against their caps, take back what found no room, and write down what is left."""
    asked = [(one.decision_id, one.caps) for result in results for one in _capped(result)]
    with log.Reserving(connection, asked, results[0].decided_at) as reserving:
        kept = [_reserved(reserving, result) for result in results]
    rows = decide.log_rows
    log.record(connection, [row for result in kept for row in rows(result)])
    return kept


def _reserved(reserving: log.Reserving, result: Result) -> Result:
    capped = _capped(result)
    taken = [
        (one.decision_id, reserving.take(one.decision_id, is_mandatory=one.is_mandatory)) for one in capped
    ]
    kept = decide.withhold(result, {decision_id: full for decision_id, full in taken if full})
    if kept is not result:
        left = {offer.decision_id for answer in kept.answers for offer in answer.offers}
        for one in capped:
            if one.decision_id not in left:
                reserving.give_back(one.decision_id)
    return kept


def _capped(result: Result) -> list[Offer]:
    return [offer for answer in result.answers for offer in answer.offers if offer.caps]


def n_rows(result: Result) -> int:
    """Count the rows that a result takes in the log."""
    return sum(max(1, len(answer.offers)) for answer in result.answers)
