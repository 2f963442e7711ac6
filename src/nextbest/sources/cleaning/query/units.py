"""Quantities that are not units: petrol counted in cents or millilitres, bulk goods in grams."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from nextbest.sources.cleaning.spec import CleaningSettings, Rule

DUST = 0.01
"""A product is suspect if its unit costs less than this share of the usual product's price."""
READ = "quantity_read"


def fix_units(lines: ir.Table, settings: CleaningSettings) -> tuple[ir.Table, Rule]:
    """Set quantities that are not units to 1 and keep what was read as ``quantity_read``.

    A product's quantities are not units if some are beyond ``units_limit``, most of those are not round (no multiple of 10
    or 12: wholesale quantities are), and what was paid per unit is dust beside the shop's usual product.
    """
    suspects = _suspects(lines, settings.units_limit)
    marked = lines.left_join(suspects.mutate(_suspect=ibis.literal(True)), "product_id").drop(
        "product_id_right"
    )
    wrong = marked["_suspect"].fill_null(False) & (marked.quantity.abs() > 1)
    read = marked[READ].cast("float64") if READ in lines.columns else ibis.null("float64")
    fixed = marked.mutate(
        quantity=ibis.ifelse(wrong, marked.quantity.sign().cast("float64"), marked.quantity),
        **{READ: ibis.ifelse(wrong, marked.quantity, read)},
    )
    return fixed.drop("_suspect"), Rule("units", "changed", marked.filter(wrong).drop("_suspect"))


def _suspects(lines: ir.Table, limit: float) -> ir.Table:
    sold = lines.filter((lines.quantity > 0) & (lines.net_revenue > 0))
    whole = sold.quantity.round(0)
    is_round = (whole == sold.quantity) & ((whole % 10 == 0) | (whole % 12 == 0))
    is_large = sold.quantity > limit
    products = sold.group_by("product_id").aggregate(
        price=sold.net_revenue.cast("float64").sum() / sold.quantity.sum(),
        n_large=is_large.sum(),
        n_round=(is_large & is_round).sum(),
    )
    usual = products.filter(products.n_large == 0).aggregate(usual=lambda t: t.price.median())
    beside = products.cross_join(usual)
    suspect = (
        (beside.n_large > 0) & (beside.n_round * 2 < beside.n_large) & (beside.price < beside.usual * DUST)
    )
    return beside.filter(suspect).select("product_id")
