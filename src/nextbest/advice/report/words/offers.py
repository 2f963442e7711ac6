"""The sentences over the charts of lists, ladders, and what was ruled out."""

from __future__ import annotations

from collections.abc import Sequence

from nextbest.advice.report.spec import ListScore, Offers, Row, Scored
from nextbest.advice.report.words.reader import Caption, Reader, shortened


def method(reader: Reader, scored: Scored) -> str:
    """Name a method; the chosen one stands for the lists that customers get."""
    named = " + ".join(
        reader.name(f"report.method.{part}", part.replace("_", " ")) for part in scored.method.split(" + ")
    )
    return reader.say("lists.chosen", method=named) if scored.is_chosen else named


def list_caption(reader: Reader, score: ListScore) -> Caption:
    """Say how much of what came next the list held, beside the plain method; or that it is the plain one."""
    chosen, baseline = score.chosen, score.baseline
    if chosen.is_baseline:
        title = reader.say(f"lists.title.{score.kind}.plain", k=score.k, recall=chosen.recall)
    elif baseline is None:
        title = reader.say(f"lists.title.{score.kind}.alone", k=score.k, recall=chosen.recall)
    else:
        title = reader.say(
            f"lists.title.{score.kind}",
            k=score.k,
            recall=chosen.recall,
            baseline=method(reader, baseline),
            baseline_recall=baseline.recall,
        )
    parts = [
        reader.say(
            "lists.point", method=method(reader, each), recall=each.recall, low=each.low, high=each.high
        )
        for each in score.methods
    ]
    return Caption(
        title,
        reader.say(f"lists.subtitle.{score.kind}", k=score.k, n=score.n_customers),
        reader.listing(parts),
    )


def step_name(reader: Reader, step: Row) -> str:
    """Write a step as the product and its better version."""
    body, head = step["step"]
    return reader.say("rule", body=body, head=head)


def short_step(reader: Reader, step: Row) -> str:
    """Write a step in the room a chart has."""
    body, head = (shortened(name) for name in step["step"])
    return reader.say("rule", body=body, head=head)


def steps_caption(reader: Reader, steps: Sequence[Row], n_all: int) -> Caption:
    """Say where customers step up furthest beyond chance."""
    top = steps[0]
    expected = top["expected_stepped"]
    by = "given" if expected is None else "seen"
    title = reader.say(
        f"steps.title.{by}",
        step=step_name(reader, top),
        share=top["share_stepped"],
        expected=None if expected is None else expected / top["n_buyers"],
    )
    parts = [
        reader.say(
            "steps.point",
            step=step_name(reader, step),
            share=step["share_stepped"],
            low=step["ci_low"],
            high=step["ci_high"],
        )
        for step in steps
    ]
    return Caption(title, reader.say("steps.subtitle", n=len(steps), n_all=n_all), reader.listing(parts))


def reason(reader: Reader, stage: str) -> str:
    """Name what ruled a candidate out."""
    return reader.name(f"report.ruled_out.{stage}", stage.replace("_", " "))


def unserved(reader: Reader, offers: Offers) -> list[str]:
    """Name what stood in the way of those who got no offer, with the customers it was asked of."""
    return [
        reader.say("offers.unserved.reason", reason=reason(reader, row["reason"]), n=row["n_customers"])
        for row in offers.unserved
    ]


def ruled_out_caption(reader: Reader, offers: Offers) -> Caption:
    """Say what keeps most candidates from being offered."""
    top = offers.ruled_out[0]
    title = reader.say("ruled_out.title", reason=reason(reader, top["reason"]), n=top["n_candidates"])
    reach = offers.reach
    subtitle = (
        reader.say("ruled_out.subtitle", n=reach["n_candidates"], n_offered=reach["n_offered"])
        if reach
        else reader.say("ruled_out.subtitle.bare")
    )
    parts = [
        reader.say(
            "ruled_out.point",
            reason=reason(reader, row["reason"]),
            n=row["n_candidates"],
            n_customers=row["n_customers"],
        )
        for row in offers.ruled_out
    ]
    return Caption(title, subtitle, reader.listing(parts))
