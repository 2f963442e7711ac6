"""Returns and cancellations matched to what they take back: the customer's latest earlier purchase first.

Per customer and product (guests: per order) the units held are a pile: a purchase adds on top, a return takes from the top.
With S the running sum of quantities and L the least that S (or 0) has been, the pile's height is h = S - L (Skorokhod's
reflection: nothing can be taken from an empty pile). A purchase that raised the pile from a to b has lost all its units once h
falls to a or below, and ``b - max(a, least later h)`` of them at the end; a return has taken ``fall of L`` units that were
never bought here.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from nextbest.sources.cleaning.spec import Keep, Rule

RETURNED = "quantity_returned"
"""Units of a purchase that came back."""
UNMATCHED = "quantity_unmatched"
"""Units of a return that were never bought here."""


def net_returns(lines: ir.Table, keep: Keep) -> tuple[ir.Table, tuple[Rule, ...]]:
    """Set ``is_return``, ``cancelled_on`` where all units came back, ``quantity_returned`` and ``quantity_unmatched``.

    Returns without a purchase stay as returns and are counted.
    """
    is_return = lines.is_return.fill_null(False) | (lines.quantity < 0).fill_null(False)
    lines = lines.mutate(is_return=is_return)
    piles = keep(_piles(lines))
    back = keep(_taken_back(piles))
    odd = piles.filter(piles.unmatched > 0).select("line_id", _unmatched="unmatched")
    joined = lines.left_join(back, "line_id").drop("line_id_right")
    joined = joined.left_join(odd, "line_id").drop("line_id_right")
    result = joined.mutate(
        cancelled_on=ibis.coalesce(joined.cancelled_on, joined["_cancelled_on"]),
        **{RETURNED: joined["_returned"], UNMATCHED: joined["_unmatched"]},
    )
    return result.select(*dict.fromkeys([*lines.columns, RETURNED, UNMATCHED])), (
        Rule("cancelled_lines", "flagged", "order_lines", lambda t: t.cancelled_on.notnull()),
        Rule("unmatched_returns", "flagged", "order_lines", lambda t: t[UNMATCHED].notnull()),
    )


def _piles(lines: ir.Table) -> ir.Table:
    """Heights of the pile before and after each line, for customers and products that have a return."""
    owner = ibis.coalesce(
        ibis.literal("c ") + lines.customer_id,
        ibis.literal("o ") + lines.order_id,
        ibis.literal("l ") + lines.line_id,
    )
    rows = lines.filter(
        lines.quantity.notnull()
        & (lines.quantity != 0)
        & lines.product_id.notnull()
        & lines.cancelled_on.isnull()
    ).select("line_id", "product_id", "ordered_at", "ordered_on", "quantity", "is_return", owner=owner)
    touched = rows.filter(rows.quantity < 0).select("owner", "product_id").distinct()
    rows = rows.semi_join(touched, ["owner", "product_id"])
    order = [rows.ordered_at, rows.is_return, rows.line_id]
    pile = [rows.owner, rows.product_id]
    so_far = ibis.window(group_by=pile, order_by=order, preceding=None, following=0)
    rows = rows.mutate(
        place=ibis.row_number().over(ibis.window(group_by=pile, order_by=order)),
        total=rows.quantity.sum().over(so_far).round(6),
    )
    pile = [rows.owner, rows.product_id]
    so_far = ibis.window(group_by=pile, order_by=rows.place, preceding=None, following=0)
    rows = rows.mutate(least=ibis.least(rows.total.min().over(so_far), 0.0))
    rows = rows.mutate(height=(rows.total - rows.least).round(6))
    step = ibis.window(group_by=[rows.owner, rows.product_id], order_by=rows.place)
    later = ibis.window(
        group_by=[rows.owner, rows.product_id], order_by=rows.place.desc(), preceding=(None, 1)
    )
    return rows.mutate(
        before=rows.height.lag(1).over(step).fill_null(0.0),
        unmatched=(rows.least.lag(1).over(step).fill_null(0.0) - rows.least).round(6),
        least_later=rows.height.min().over(later),
    )


def _taken_back(piles: ir.Table) -> ir.Table:
    """For each purchase: units that came back, and the day on which the last of them did."""
    hit = piles.filter((piles.quantity > 0) & (piles.least_later < piles.height))
    hit = hit.mutate(_returned=(hit.height - ibis.greatest(hit.before, hit.least_later)).round(6))
    gone = hit.filter(hit.least_later <= hit.before).select(
        "line_id", "owner", "product_id", "place", "before"
    )
    later = piles.select(
        _owner="owner", _product="product_id", _place="place", _height="height", _on="ordered_on"
    )
    days = gone.inner_join(
        later,
        [
            gone.owner == later["_owner"],
            gone.product_id == later["_product"],
            later["_place"] > gone.place,
            later["_height"] <= gone.before,
        ],
    )
    ends = days.group_by("line_id").aggregate(_cancelled_on=days["_on"].min())
    return hit.select("line_id", "_returned").left_join(ends, "line_id").drop("line_id_right")
