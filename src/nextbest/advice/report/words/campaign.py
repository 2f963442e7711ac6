"""The sentence over a campaign's profit curve: what is promised, and what is not."""

from __future__ import annotations

from nextbest.advice.report.spec import Campaign
from nextbest.advice.report.words.reader import Caption, Reader


def curve_caption(reader: Reader, campaign: Campaign) -> Caption:
    """Say where a tested list stops paying; where no share was tested, what each assumed one would bring."""
    lasts = {share: rows[-1] for share, rows in campaign.curves.items()}
    last = next(iter(lasts.values()))
    best = campaign.best
    promised = [
        reader.say("curve.share", share=reader.whole_percent(share), money=row["incremental_profit"])
        for share, row in lasts.items()
    ]
    title = (
        reader.say("curve.title.assumed", n=last["n"], parts=tuple(promised))
        if best is None
        else reader.say(
            "curve.title.tested",
            n=best["n"],
            money=best["incremental_profit"],
            low=best["ci_low"],
            high=best["ci_high"],
        )
    )
    source = last["margin_source"]
    subtitle = reader.say(
        f"curve.subtitle.{'tested' if last['is_tested'] else 'assumed'}",
        source=reader.name(f"report.source.{source}", source) if source else reader.say("source.none"),
    )
    parts = [
        reader.say(
            "curve.point",
            share=reader.whole_percent(share),
            money=row["incremental_profit"],
            low=row["ci_low"],
            high=row["ci_high"],
        )
        for share, row in lasts.items()
    ]
    return Caption(title, subtitle, reader.listing(parts))
