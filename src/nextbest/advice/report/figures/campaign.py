"""The chart of a campaign: profit by how many customers are contacted."""

from __future__ import annotations

from nextbest.advice.report.core import curves
from nextbest.advice.report.figures.drawing import draw
from nextbest.advice.report.spec import Campaign, Chart, Row
from nextbest.advice.report.words import campaign as words
from nextbest.advice.report.words.reader import Reader

_START = curves.Spot(0, 0.0, 0.0, 0.0)


def curve_chart(reader: Reader, campaign: Campaign, place: int) -> Chart | None:
    """Draw what the contacts add less their cost, a line per share they cause; ``None`` without margins."""
    if not campaign.curves:
        return None
    lines = [
        curves.Line(reader.whole_percent(share), [_START, *(_spot(row) for row in rows)])
        for share, rows in campaign.curves.items()
    ]
    best = campaign.best
    unit = reader.edition.currency or reader.say("axis.shop_currency")
    drawn = curves.curves(
        lines,
        x=curves.Axis(reader.say("axis.contacted"), ",.0f"),
        y=curves.Axis(reader.say("axis.incremental", unit=unit), ",.0f"),
        marks=[_spot(best)] if best else [],
        level=0.0,
    )
    columns = (
        "incremental_share", "customers", "purchases", "cost", "incremental", "interval", "break_even"
    )  # fmt: skip
    header = [reader.say(f"column.{name}") for name in columns]
    body = [_row(reader, row) for rows in campaign.curves.values() for row in rows if _is_told(row)]
    return draw(f"curve-{place}", words.curve_caption(reader, campaign), drawn, [header, *body])


def _is_told(row: Row) -> bool:
    """Every tenth of the list stands in the table."""
    return bool(abs(row["depth"] * 10 - round(row["depth"] * 10)) < 1e-6)  # noqa: PLR2004


def _spot(row: Row) -> curves.Spot:
    return curves.Spot(row["n"], row["incremental_profit"], row["ci_low"], row["ci_high"])


def _row(reader: Reader, row: Row) -> list[str]:
    return [
        reader.whole_percent(row["incremental_share"]),
        reader.count(row["n"]),
        reader.count(round(row["n_purchases"])),
        reader.money(row["cost"]),
        reader.worth(row["incremental_profit"], row["margin_source"]),
        reader.say("interval.money", low=row["ci_low"], high=row["ci_high"]),
        reader.percent(row["break_even_rate"]),
    ]
