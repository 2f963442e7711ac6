"""Quantities that are not units: petrol counted in cents or millilitres, bulk goods in grams."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from nextbest.sources.cleaning.spec import CleaningSettings, Keep, Rule

DUST = 0.01
"""A product is suspect if its unit costs less than this share of the usual product's price."""
READ = "quantity_read"


def fix_units(
    lines: ir.Table, products: ir.Table | None, settings: CleaningSettings, keep: Keep
) -> tuple[ir.Table, Rule]:
    """Set quantities that are not units to 1 and keep what was read as ``quantity_read``.

    Products of one name are judged together. Their quantities are not units if some are beyond ``units_limit``, most of
    those are not round (no multiple of 10 or 12: wholesale quantities are), and what was paid per unit is dust beside the
    shop's usual product.
    """
    kinds = _kinds(lines, products)
    suspects = kinds.semi_join(_suspects(lines, kinds, settings.units_limit), "kind")
    flags = keep(suspects.select("product_id", _suspect=ibis.literal(True)))
    marked = lines.left_join(flags, "product_id").drop("product_id_right")
    wrong = marked["_suspect"].fill_null(False) & (marked.quantity.abs() > 1)
    read = marked[READ].cast("float64") if READ in lines.columns else ibis.null("float64")
    fixed = marked.mutate(
        quantity=ibis.ifelse(wrong, marked.quantity.sign().cast("float64"), marked.quantity),
        **{READ: ibis.ifelse(wrong, marked.quantity, read)},
    )
    return fixed.drop("_suspect"), Rule("units", "changed", "order_lines", lambda t: t[READ].notnull())


def _kinds(lines: ir.Table, products: ir.Table | None) -> ir.Table:
    """Give each product sold the name under which it is judged."""
    sold = lines.select("product_id").distinct().filter(lambda t: t.product_id.notnull())
    if products is None or "name" not in products.columns:
        return sold.mutate(kind=sold.product_id)
    names = products.group_by("product_id").aggregate(name=products.name.min())
    named = sold.left_join(names, "product_id").drop("product_id_right")
    return named.select("product_id", kind=ibis.coalesce(named.name, named.product_id))


def _suspects(lines: ir.Table, kinds: ir.Table, limit: float) -> ir.Table:
    sold = lines.filter((lines.quantity > 0) & (lines.net_revenue > 0)).inner_join(kinds, "product_id")
    whole = sold.quantity.round(0)
    is_round = (whole == sold.quantity) & ((whole % 10 == 0) | (whole % 12 == 0))
    is_large = sold.quantity > limit
    behaviour = sold.group_by("kind").aggregate(
        price=sold.net_revenue.cast("float64").sum() / sold.quantity.sum(),
        n_large=is_large.sum(),
        n_round=(is_large & is_round).sum(),
    )
    usual = behaviour.filter(behaviour.n_large == 0).aggregate(usual=lambda t: t.price.median())
    beside = behaviour.cross_join(usual)
    suspect = (
        (beside.n_large > 0) & (beside.n_round * 2 < beside.n_large) & (beside.price < beside.usual * DUST)
    )
    return beside.filter(suspect).select("kind")
