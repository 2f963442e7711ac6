"""The recipe of offers: candidates of every source, what they are worth, guardrails, places, words."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from nextbest.base.capability import Moment
from nextbest.base.findings import Finding
from nextbest.decisions.offers.core.ranking import judge
from nextbest.decisions.offers.run.learning import a_horizon_before, learn_simple
from nextbest.decisions.offers.run.looking_back import calibration_table, look_back, promises
from nextbest.decisions.offers.run.reading import Read, batches, candidates, days_known, given_today
from nextbest.decisions.offers.run.scene import scene_of
from nextbest.decisions.offers.run.writing import (
    added,
    candidate_table,
    compact,
    exclusion_table,
    kinds,
    offer_table,
    totals,
)
from nextbest.decisions.offers.spec import CARD, OfferSettings
from nextbest.decisions.offers.words import came_true, findings
from nextbest.tables.store import Store


def run(store: Store, settings: OfferSettings, moment: Moment) -> list[Finding]:
    """Choose every customer's offers; findings say what is offered to how many and what nobody could know."""
    scene = scene_of(store, settings, moment.as_of if days_known(store) else None)
    earlier = store.table("earlier_recommendations") if store.has("earlier_recommendations") else None
    then = a_horizon_before(store, settings, scene, also=earlier)
    simple = learn_simple(store, settings, then, scene)
    tenths = look_back(store, settings, then, scene)
    del then
    given = given_today(store)
    parts = [
        _judged(candidates(store, settings, scene, given, simple, batch), settings)
        for batch in batches(store, scene, given)
    ]
    if not parts:
        for table in CARD.writes:
            store.write(table.name, pa.table({}))
        return []
    exclusions = added(pa.concat_tables([part.exclusions for part in parts]))
    n_candidates, n_asked = (
        sum(part.candidates.num_rows for part in parts),
        sum(part.n_asked for part in parts),
    )
    candidates_of = [part.candidates for part in parts]
    offers = pa.concat_tables([part.offers for part in parts])
    del parts
    store.write("offer_exclusions", exclusions)
    store.write("offer_calibration", calibration_table(tenths))
    store.write("next_best_offers", offers)
    said = findings(totals(offers, n_candidates, n_asked), kinds(offers), settings.horizon_days)
    said += came_true(promises(tenths), settings.horizon_days)
    del offers
    store.write("offer_candidates", pa.concat_tables(candidates_of))
    return said


@dataclass(frozen=True, slots=True)
class _Part:
    """What one batch of customers gets."""

    candidates: pa.Table
    offers: pa.Table
    exclusions: pa.Table
    n_asked: int


def _judged(read: Read, settings: OfferSettings) -> _Part:
    """Send one batch through the funnel."""
    table = candidate_table(read, judge(read.rows, settings))
    return _Part(
        compact(table),
        offer_table(table),
        exclusion_table(table, read.n_beyond, read.n_customers_beyond),
        pc.count_distinct(table["customer_id"]).as_py(),
    )
