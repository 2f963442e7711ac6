"""The recipe of offers: candidates of every source, what they are worth, guardrails, places, words."""

from __future__ import annotations

from nextbest.base.capability import Moment
from nextbest.base.findings import Finding
from nextbest.decisions.offers.core.ranking import judge
from nextbest.decisions.offers.run.learning import learn_simple
from nextbest.decisions.offers.run.reading import candidates, days_known
from nextbest.decisions.offers.run.scene import scene_of
from nextbest.decisions.offers.run.writing import candidate_table, exclusion_table, kinds, offer_table, totals
from nextbest.decisions.offers.spec import OfferSettings
from nextbest.decisions.offers.words import findings
from nextbest.tables.store import Store


def run(store: Store, settings: OfferSettings, moment: Moment) -> list[Finding]:
    """Choose every customer's offers; findings say what is offered to how many and what nobody could know."""
    scene = scene_of(store, settings, moment.as_of if days_known(store) else None)
    simple = learn_simple(store, settings, scene)
    read = candidates(store, settings, scene, simple)
    verdicts = judge(read.rows, settings)
    table = candidate_table(read, verdicts)
    offers = offer_table(table)
    store.write("offer_candidates", table)
    store.write("next_best_offers", offers)
    store.write("offer_exclusions", exclusion_table(table, read.n_beyond, read.n_customers_beyond))
    return findings(totals(table, offers, settings), kinds(offers))
