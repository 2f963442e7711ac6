"""The report: what it shows, in which language, and the colours it is drawn in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

from pydantic import Field

from nextbest.base.settings import Settings

if TYPE_CHECKING:
    import pyarrow as pa

Tables = Mapping[str, "pa.Table"]
"""Tables of one snapshot by name; any may be absent."""
Row = Mapping[str, Any]
"""One row of a table, by the names of its contract."""

SHOWN: Final = (
    "rules",
    "rule_periods",
    "rule_limits",
    "rfm",
    "lifecycle",
    "product_profiles",
    "audiences",
    "recommend_evaluation",
    "offer_exclusions",
    "offer_calibration",
    "head_profit",
    "placebo_check",
    "products_held",
    "payback",
    "propensity_models",
    "propensity_lift",
    "propensity_calibration",
    "propensity_factors",
    "propensity_windows",
    "campaign_plan",
    "campaign_budgets",
    "campaign_exclusions",
    "profit_curve",
    "load_report",
    "load_reasons",
    "data_quality",
    "skipped",
)
"""Tables that are read whole; of longer ones, a digest."""


class ReportSettings(Settings):
    """How much the report shows; whole tables are in the snapshot."""

    max_findings: Annotated[int, Field(ge=1)] = 10
    """Headline findings, most money first."""
    max_rules: Annotated[int, Field(ge=1)] = 25
    """Rules per table."""
    max_substitutes: Annotated[int, Field(ge=1)] = 10
    """Pairs bought instead of each other, per level."""
    max_audiences: Annotated[int, Field(ge=1)] = 15
    """Audiences, most margin at stake first."""
    max_examples: Annotated[int, Field(ge=1, le=10)] = 3
    """Examples of each kind of offer."""
    max_models: Annotated[int, Field(ge=1)] = 20
    """Models in the overview of who will buy, furthest above their baseline first."""
    models_in_full: Annotated[int, Field(ge=0)] = 3
    """Of these, shown with their charts, factors and first customers."""
    max_size_q_value: Annotated[float, Field(gt=0, le=1)] = 0.05
    """Mined rules must be at least this sure (``size_q_value``; where there is none, ``q_value``)."""


@dataclass(frozen=True, slots=True)
class Edition:
    """For whom the report is written: the words around the numbers."""

    shop: str
    """Name of the shop, as its people say it."""
    language: str = "en"
    """``en`` or ``zh``."""
    currency: str | None = None
    """ISO 4217 code of the shop's currency."""
    run: str | None = None
    """The run whose snapshot is shown."""
    against_run: str | None = None
    """The older run it is compared with."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawn chart with what must stand beside it."""

    name: str
    title: str
    """The finding, in words."""
    subtitle: str
    """Definition and n."""
    summary: str
    """The picture in words, for those who do not see it."""
    svg: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


class Tone(NamedTuple):
    """One colour token of the design language, in both schemes."""

    light: str
    dark: str


PALETTE: Final[Mapping[str, Tone]] = {
    "page": Tone("#ffffff", "#111315"),
    "panel": Tone("#f6f7f8", "#181b1e"),
    "ink": Tone("#16191d", "#eceef0"),
    "muted": Tone("#5b636b", "#9aa3ab"),
    "accent": Tone("#0b6b5d", "#4cc2ad"),
    "negative": Tone("#a6392b", "#f08c7d"),
    "warning": Tone("#8a5a00", "#e0b050"),
    "info": Tone("#2a5bd7", "#86a8ff"),
    "reference": Tone("#868e96", "#6b747c"),
    "hairline": Tone("#e3e6e8", "#2b3035"),
}
"""Charts are drawn in the light tones; the stylesheet turns each into its token, so that both schemes are right."""
