"""The recipe of the page: compute what is shown, have it drawn, fill the templates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pyarrow.compute as pc

from nextbest.advice.report.core.audiences import audiences_of
from nextbest.advice.report.core.campaign import campaigns_of
from nextbest.advice.report.core.changes import changes_of
from nextbest.advice.report.core.customers import grid_of, segments_of, stages_of
from nextbest.advice.report.core.offers import list_scores, offers_of
from nextbest.advice.report.core.profit import profit_of
from nextbest.advice.report.core.propensity import models_of
from nextbest.advice.report.core.reading import rows_of
from nextbest.advice.report.core.rules import KINDS, rule_lists, sure_rules
from nextbest.advice.report.core.shop import limits_of, loading_of, quality_of, shop_of
from nextbest.advice.report.figures import campaign as campaign_figures
from nextbest.advice.report.figures import offers as offer_figures
from nextbest.advice.report.figures import profit as profit_figures
from nextbest.advice.report.figures import propensity as propensity_figures
from nextbest.advice.report.figures import shop as figures
from nextbest.advice.report.page import write_page
from nextbest.advice.report.spec import Edition, ReportSettings, Tables
from nextbest.advice.report.words import offers as offer_words
from nextbest.advice.report.words.reader import Reader
from nextbest.advice.report.words.shop import grid_title
from nextbest.base.findings import Finding

_DRAWN: Final = 12
"""Bars or intervals in a chart; the table under it has more."""


def render_report(
    tables: Tables,
    findings: Sequence[Finding],
    edition: Edition,
    *,
    settings: ReportSettings | None = None,
    against: Tables | None = None,
) -> str:
    """Write the report as one HTML page that loads nothing from anywhere.

    Parameters
    ----------
    tables
        Tables of a snapshot by name: those of ``SHOWN`` and, of the long ones, their ``DIGESTS``. Where one is absent,
        its section says what is missing or is left out.
    findings
        Findings of the run, in any order.
    edition
        Shop, language, currency and names of the runs.
    settings
        How much is shown.
    against
        Tables of an older snapshot; adds a section on what changed since.

    Examples
    --------
    >>> render_report({}, [], Edition("Corner shop"))[:15]
    '<!doctype html>'
    """
    chosen = settings or ReportSettings()
    reader = Reader(edition)
    shown = {
        **_shop_parts(tables, findings, chosen),
        **_customer_parts(tables, reader),
        **_rule_parts(tables, reader, chosen),
        **_audience_parts(tables, reader, chosen),
        **_offer_parts(tables, reader, chosen),
        **_model_parts(tables, reader, chosen),
        **_campaign_parts(tables, reader),
        **_profit_parts(tables, reader),
        "changes": None if against is None else changes_of(tables, against, chosen.max_size_q_value),
    }
    return write_page(reader, shown)


def _shop_parts(tables: Tables, findings: Sequence[Finding], settings: ReportSettings) -> dict[str, Any]:
    ranked = sorted(findings, key=lambda finding: (-(finding.money or 0), finding.code, finding.ref or ""))
    return {
        "shop": shop_of(tables),
        "findings": ranked[: settings.max_findings],
        "n_findings": len(ranked),
        "loading": loading_of(tables),
        "quality": quality_of(tables),
        "limits": limits_of(tables),
        "skipped": {row["capability"]: row["missing"] for row in rows_of(tables, "skipped")},
    }


def _customer_parts(tables: Tables, reader: Reader) -> dict[str, Any]:
    grid = grid_of(tables["rfm"]) if "rfm" in tables else None
    segments = segments_of(tables["rfm"]) if grid else []
    stages = stages_of(tables["lifecycle"], tables.get("rfm")) if "lifecycle" in tables else []
    return {
        "grid": grid,
        "grid_title": grid_title(reader, grid) if grid else None,
        "segments": figures.segments_chart(reader, segments) if segments else None,
        "stages": figures.stages_chart(reader, stages) if stages else None,
    }


def _rule_parts(tables: Tables, reader: Reader, settings: ReportSettings) -> dict[str, Any]:
    if "rules" not in tables:
        return {**dict.fromkeys(KINDS), "maps": {}, "days": None, "n_ordered": 0}
    sure = sure_rules(tables["rules"], settings.max_size_q_value)
    sizes = {"substitutes": settings.max_substitutes}
    lists = {
        kind: rule_lists(
            sure, kind, periods=tables.get("rule_periods"), at_most=sizes.get(kind, settings.max_rules)
        )
        for kind in KINDS
    }
    n_ordered = pc.sum(tables["rules"]["is_ordered"]).as_py() or 0
    # Two maps at most: a chart takes a tenth of a second and a reader's patience.
    maps = {listed.level: figures.rule_map(reader, listed) for listed in lists["together"][:2]}
    timed = [
        line for listed in lists["next"] for line in listed.lines if line.rule.get("days_between") is not None
    ]
    return {
        **lists,
        "n_ordered": n_ordered,
        "maps": maps,
        "days": figures.days_chart(reader, timed[:_DRAWN]) if timed else None,
    }


def _audience_parts(tables: Tables, reader: Reader, settings: ReportSettings) -> dict[str, Any]:
    if "audiences" not in tables:
        return {"audiences": None, "n_audiences": 0, "audience_chart": None}
    audiences, n_all = audiences_of(tables, settings.max_audiences)
    worth = [audience for audience in audiences if audience.margin_at_stake][:_DRAWN]
    chart = figures.audience_chart(reader, worth, n_all) if worth else None
    return {"audiences": audiences, "n_audiences": n_all, "audience_chart": chart}


def _offer_parts(tables: Tables, reader: Reader, settings: ReportSettings) -> dict[str, Any]:
    scores = list_scores(tables["recommend_evaluation"]) if "recommend_evaluation" in tables else []
    offers = offers_of(tables, settings.max_examples)
    return {
        "has_offers": bool(scores or offers),
        "list_charts": [offer_figures.list_chart(reader, score) for score in scores],
        "offers": offers,
        "unserved": offer_words.unserved(reader, offers) if offers else [],
        "steps_chart": offer_figures.steps_chart(reader, offers) if offers and offers.steps else None,
        "ruled_out_chart": offer_figures.ruled_out_chart(reader, offers)
        if offers and offers.ruled_out
        else None,
    }


def _model_parts(tables: Tables, reader: Reader, settings: ReportSettings) -> dict[str, Any]:
    models = models_of(tables, at_most=settings.max_models, in_full=settings.models_in_full)
    drawn = [
        {
            "gain": propensity_figures.gain_chart(reader, model, place),
            "calibration": propensity_figures.calibration_chart(reader, model, place),
        }
        for place, model in enumerate(models.shown if models else [])
    ]
    return {"models": models, "model_charts": drawn}


def _campaign_parts(tables: Tables, reader: Reader) -> dict[str, Any]:
    campaigns = campaigns_of(tables)
    drawn = [
        campaign_figures.curve_chart(reader, campaign, place) for place, campaign in enumerate(campaigns)
    ]
    return {"campaigns": campaigns, "campaign_charts": drawn}


def _profit_parts(tables: Tables, reader: Reader) -> dict[str, Any]:
    profit = profit_of(tables)
    heads = profit and profit.heads and profit.is_calibrated
    return {
        "profit": profit,
        "heads_chart": profit_figures.heads_chart(reader, profit) if profit and heads else None,
        "held_chart": profit_figures.held_chart(reader, profit.held) if profit and profit.held else None,
        "payback_chart": profit_figures.payback_chart(reader, profit.payback)
        if profit and profit.payback
        else None,
    }
