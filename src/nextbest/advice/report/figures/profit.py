"""Charts of what followed a first purchase, of products held, and of paying back."""

from __future__ import annotations

from collections.abc import Sequence

from nextbest.advice.report.core import charts, curves
from nextbest.advice.report.figures.drawing import draw
from nextbest.advice.report.spec import Chart, Profit, Row
from nextbest.advice.report.words import profit as words
from nextbest.advice.report.words.reader import Reader


def heads_chart(reader: Reader, profit: Profit) -> Chart:
    """Draw what followed the first purchase of each head; grey where nothing is clear."""
    spans = [
        charts.Interval(
            words.head_name(row),
            row["ci_low"],
            row["difference"],
            row["ci_high"],
            reader.money(row["difference"]),
            is_quiet=row["verdict"] not in ("more", "less"),
        )
        for row in profit.heads
    ]
    columns = (
        "head",
        "n_matched",
        "buyers_change",
        "controls_change",
        "difference",
        "interval",
        "q",
        "verdict",
    )
    header = [reader.say(f"column.{name}") for name in columns]
    body = [_head(reader, row) for row in profit.heads]
    unit = reader.edition.currency or reader.say("axis.shop_currency")
    drawn = charts.intervals(spans, axis=reader.say("axis.difference", unit=unit), number=",.0f")
    return draw("heads", words.heads_caption(reader, profit), drawn, [header, *body])


def _head(reader: Reader, row: Row) -> list[str]:
    buyers = reader.say("heads.change", before=row["profit_before"], after=row["profit_after"])
    controls = reader.say("heads.change", before=row["control_before"], after=row["control_after"])
    return [
        row["head"],
        reader.count(row["n_matched"]),
        buyers,
        controls,
        reader.worth(row["difference"], row["margin_source"]),
        reader.say("interval.money", low=row["ci_low"], high=row["ci_high"]),
        reader.chance(row["q_value"]),
        reader.say(f"verdict.{row['verdict']}"),
    ]


def held_chart(reader: Reader, held: Sequence[Row]) -> Chart:
    """Draw the share of customers who leave by how many products they hold."""
    names = [words.held_name(reader, row, is_last=row is held[-1]) for row in held]
    spans = [
        charts.Interval(
            name,
            row["share_low"],
            row["share_left"],
            row["share_high"],
            reader.say("held.bar", left=row["share_left"], n=row["n_customers"]),
        )
        for name, row in zip(names, held, strict=True)
    ]
    columns = (f"held.{held[0]['counted']}", "customers", "n_left", "share_left", "interval")
    header = [reader.say(f"column.{name}") for name in columns]
    body = [
        [
            name,
            reader.count(row["n_customers"]),
            reader.count(row["n_left"]),
            reader.percent(row["share_left"]),
            reader.say("interval.share", low=row["share_low"], high=row["share_high"]),
        ]
        for name, row in zip(names, held, strict=True)
    ]
    drawn = charts.intervals(spans, axis=reader.say("axis.left"), number=".0%")
    return draw("held", words.held_caption(reader, held), drawn, [header, *body])


def payback_chart(reader: Reader, payback: Sequence[Row]) -> Chart:
    """Draw what a new customer has brought month by month, beside what winning one costs."""
    spots = [
        curves.Spot(row["month"], row["margin_mean"], row["margin_low"], row["margin_high"])
        for row in payback
    ]
    start = curves.Spot(0, 0.0, 0.0, 0.0)
    line = curves.Line(reader.money(payback[-1]["margin_mean"]), [start, *spots])
    unit = reader.edition.currency or reader.say("axis.shop_currency")
    drawn = curves.curves(
        [line],
        x=curves.Axis(reader.say("axis.month"), "d"),
        y=curves.Axis(reader.say("axis.margin_so_far", unit=unit), ",.0f"),
        marks=spots,
        level=payback[0]["acquisition_cost"],
    )
    header = [reader.say(f"column.{name}") for name in ("month", "customers", "margin_so_far", "interval")]
    body = [
        [
            reader.count(row["month"]),
            reader.count(row["n_customers"]),
            reader.worth(row["margin_mean"], row["margin_source"]),
            reader.say("interval.money", low=row["margin_low"], high=row["margin_high"]),
        ]
        for row in payback
    ]
    return draw("payback", words.payback_caption(reader, payback), drawn, [header, *body])
