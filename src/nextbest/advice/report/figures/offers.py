"""Charts of how good the lists are, of steps up, and of what was ruled out."""

from __future__ import annotations

from nextbest.advice.report.core import charts
from nextbest.advice.report.figures.drawing import draw
from nextbest.advice.report.spec import Chart, ListScore, Offers
from nextbest.advice.report.words import offers as words
from nextbest.advice.report.words.reader import Reader


def list_chart(reader: Reader, score: ListScore) -> Chart:
    """Draw the recall of every method tried on one list, with its interval."""
    spans = [
        charts.Interval(
            words.method(reader, each),
            each.low,
            each.recall,
            each.high,
            reader.percent(each.recall),
            is_quiet=not each.is_chosen,
        )
        for each in score.methods
    ]
    columns = ("method", "recall", "interval", "ndcg", "hit_rate")
    header = [reader.say(f"column.{name}") for name in columns]
    body = [
        [
            words.method(reader, each),
            reader.percent(each.recall),
            reader.say("interval.share", low=each.low, high=each.high),
            reader.ratio(each.ndcg),
            reader.percent(each.hit_rate),
        ]
        for each in score.methods
    ]
    drawn = charts.intervals(spans, axis=reader.say("axis.recall", k=score.k), number="~%")
    return draw(f"list-{score.kind}", words.list_caption(reader, score), drawn, [header, *body])


def steps_chart(reader: Reader, offers: Offers) -> Chart:
    """Draw the share of customers who step up, beside what chance would do."""
    spans = [
        charts.Interval(
            words.short_step(reader, step),
            step["ci_low"],
            step["share_stepped"],
            step["ci_high"],
            reader.say("steps.bar", share=step["share_stepped"], n=step["n_buyers"]),
            None if step["expected_stepped"] is None else step["expected_stepped"] / step["n_buyers"],
        )
        for step in offers.steps
    ]
    columns = (
        "step", "prices", "n_buyers", "n_stepped", "n_back", "share_stepped", "interval", "by_chance", "days_to_step",
    )  # fmt: skip
    header = [reader.say(f"column.{name}") for name in columns]
    body = [
        [
            words.step_name(reader, step),
            reader.say("steps.prices", low=step["price"], high=step["upgrade_price"]),
            reader.count(step["n_buyers"]),
            reader.count(step["n_stepped"]),
            reader.count(step["n_back"]),
            reader.percent(step["share_stepped"]),
            reader.say("interval.share", low=step["ci_low"], high=step["ci_high"]),
            reader.percent(span.reference),
            reader.days(step["days_to_step"]),
        ]
        for step, span in zip(offers.steps, spans, strict=True)
    ]
    drawn = charts.intervals(spans, axis=reader.say("axis.steps"), number=".0%")
    return draw("steps", words.steps_caption(reader, offers.steps, offers.n_steps), drawn, [header, *body])


def ruled_out_chart(reader: Reader, offers: Offers) -> Chart:
    """Draw why candidates are not offered."""
    bars = [
        charts.Bar(
            words.reason(reader, row["reason"]),
            row["n_candidates"],
            reader.say("ruled_out.bar", n=row["n_candidates"], n_customers=row["n_customers"]),
        )
        for row in offers.ruled_out
    ]
    header = [reader.say(f"column.{name}") for name in ("not_offered", "candidates", "customers")]
    body = [
        [
            words.reason(reader, row["reason"]),
            reader.count(row["n_candidates"]),
            reader.count(row["n_customers"]),
        ]
        for row in offers.ruled_out
    ]
    drawn = charts.bars(bars, axis=reader.say("axis.candidates"), number=",.0f")
    return draw("ruled-out", words.ruled_out_caption(reader, offers), drawn, [header, *body])
