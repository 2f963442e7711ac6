"""Every capability, one line each; the runner finds their order."""

import functools

from nextbest.base.capability import Capability
from nextbest.base.contract import Table
from nextbest.decisions.audiences.spec import CARD as AUDIENCES
from nextbest.decisions.campaigns.spec import CARD as CAMPAIGN
from nextbest.decisions.offers.spec import CARD as OFFERS
from nextbest.models.intent.spec import CARD as INTENT
from nextbest.models.ladders.spec import CARD as LADDERS
from nextbest.models.profit.spec import CARD as PROFIT
from nextbest.models.propensity.spec import CARD as PROPENSITY
from nextbest.models.recommend.spec import CARD as RECOMMEND
from nextbest.models.rules.spec import CARD as RULES
from nextbest.profiles.behaviour.spec import CARD as BEHAVIOUR
from nextbest.profiles.lifecycle.spec import CARD as LIFECYCLE
from nextbest.profiles.products.spec import CARD as PRODUCTS
from nextbest.profiles.quality.spec import CARD as QUALITY
from nextbest.profiles.rfm.spec import CARD as RFM
from nextbest.sources.loading import QUARANTINE
from nextbest.tables import CANONICAL, RUN_TABLES

CATALOGUE: tuple[Capability, ...] = (
    QUALITY,
    RFM,
    BEHAVIOUR,
    LIFECYCLE,
    PRODUCTS,
    RULES,
    AUDIENCES,
    PROFIT,
    RECOMMEND,
    LADDERS,
    PROPENSITY,
    INTENT,
    OFFERS,
    CAMPAIGN,
)


@functools.cache
def contracts() -> dict[str, Table]:
    """Contracts of every canonical and derived table by name."""
    derived = {table.name: table for card in CATALOGUE for table in card.writes}
    return CANONICAL | RUN_TABLES | {QUARANTINE.name: QUARANTINE} | derived
