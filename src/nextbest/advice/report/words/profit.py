"""The sentences over the charts of profit: followed by, never caused."""

from __future__ import annotations

from collections.abc import Sequence

from nextbest.advice.report.spec import Profit, Row
from nextbest.advice.report.words.reader import Caption, Reader, shortened


def heads_caption(reader: Reader, profit: Profit) -> Caption:
    """Say what the surest first purchase was followed by, or that none was by anything clear."""
    top = profit.heads[0]
    title = (
        reader.say(f"heads.title.{top['verdict']}", head=top["head"], money=abs(top["difference"]))
        if profit.n_clear
        else reader.say("heads.title.none", n=profit.n_heads)
    )
    sources = {row["margin_source"] for row in profit.heads}
    # assumed < category_default < given: the first by name is the weakest
    source = reader.name(f"report.source.{min(sources)}", min(sources))
    subtitle = reader.say("heads.subtitle", n=len(profit.heads), n_all=profit.n_heads, source=source)
    parts = [head_phrase(reader, row) for row in profit.heads]
    return Caption(title, subtitle, reader.listing(parts))


def head_phrase(reader: Reader, head: Row) -> str:
    """Write a head with its difference and interval."""
    return reader.say(
        "heads.point",
        head=head["head"],
        money=head["difference"],
        low=head["ci_low"],
        high=head["ci_high"],
    )


def head_name(head: Row) -> str:
    """Write a head in the room a chart has."""
    return shortened(head["head"], 32)


def held_name(reader: Reader, row: Row, *, is_last: bool) -> str:
    """Write how many products a customer holds; the last row counts customers with more too."""
    n = row["n_products_held"]
    how = "more" if is_last else "one" if n == 1 else "exactly"
    return reader.say(f"held.{row['counted']}.{how}", n=n)


def held_caption(reader: Reader, held: Sequence[Row]) -> Caption:
    """Say how many leave among those who hold least and most."""
    few, many = held[0], held[-1]
    title = reader.say(
        "held.title",
        few=held_name(reader, few, is_last=few is many),
        few_left=few["share_left"],
        many=held_name(reader, many, is_last=True),
        many_left=many["share_left"],
    )
    parts = [
        reader.say(
            "held.point",
            name=held_name(reader, row, is_last=row is many),
            left=row["share_left"],
            low=row["share_low"],
            high=row["share_high"],
        )
        for row in held
    ]
    n = sum(row["n_customers"] for row in held)
    return Caption(title, reader.say(f"held.subtitle.{few['counted']}", n=n), reader.listing(parts))


def payback_caption(reader: Reader, payback: Sequence[Row]) -> Caption:
    """Say in which month a new customer has paid back, or what they have brought so far."""
    last, cost = payback[-1], payback[0]["acquisition_cost"]
    paid = next((row for row in payback if row["is_paid_back"]), None)
    how = "unknown" if cost is None else "paid" if paid else "open"
    title = reader.say(
        f"payback.title.{how}",
        money=last["margin_mean"],
        month=(paid or last)["month"],
        cost=cost,
    )
    source = last["margin_source"]
    subtitle = reader.say(
        "payback.subtitle",
        n_first=payback[0]["n_customers"],
        n_last=last["n_customers"],
        source=reader.name(f"report.source.{source}", source),
    )
    parts = [
        reader.say(
            "payback.point",
            month=row["month"],
            money=row["margin_mean"],
            low=row["margin_low"],
            high=row["margin_high"],
        )
        for row in payback
    ]
    return Caption(title, subtitle, reader.listing(parts))
