"""Lines that are not products: postage, fees, samples, vouchers, manual adjustments."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from nextbest.sources.cleaning.lists import FEE_CODES, FEE_NAMES, FEE_WORDS
from nextbest.sources.cleaning.spec import CleaningSettings, Keep, Rule

PATTERN_SHARE = 0.9
"""A shop's codes follow a pattern if this share of them has three digits in a row."""
PATTERN_CODES = 20
"""From so many codes on."""
SPREAD = 20.0
"""Highest over lowest unit price from which a suspect code is an adjustment and not a product."""
DUST = 0.005
"""Share of the usual price below which a suspect code is a technical line."""


def flag_non_products(
    lines: ir.Table, products: ir.Table | None, settings: CleaningSettings, keep: Keep
) -> tuple[ir.Table, Rule]:
    """Set ``is_product``: by the name alone where it can mean nothing else, else by a code unlike the shop's others
    together with a telling word, a price that is anything, or a price that is nothing.
    """  # noqa: D205
    fees = keep(_fees(lines, products, settings).mutate(_fee=ibis.literal(True)))
    marked = lines.left_join(fees, "product_id").drop("product_id_right")
    given = marked.is_product if "is_product" in lines.columns else ibis.null("boolean")
    flagged = marked["_fee"].fill_null(False)
    result = marked.mutate(is_product=ibis.coalesce(given, ~flagged)).drop("_fee")
    return result, Rule("non_products", "flagged", "order_lines", lambda t: ~t.is_product)


def _fees(lines: ir.Table, products: ir.Table | None, settings: CleaningSettings) -> ir.Table:
    known = _behaviour(lines)
    shop = known.aggregate(
        usual=known.price.median(),
        is_patterned=(known.product_id.re_search(r"\d{3}").cast("float64").mean() >= PATTERN_SHARE)
        & (known.count() >= PATTERN_CODES),
    )
    rows = _named(known, products).cross_join(shop)
    code = rows.product_id.lower().strip()
    name = ibis.coalesce(rows["_name"], rows.product_id).lower().strip()
    odd = rows.is_patterned & ~code.re_search(r"\d{3}")
    telling = code.isin(FEE_CODES) | name.re_search(FEE_WORDS)
    strange = ((rows.n_lines >= 5) & (rows.high >= rows.low * SPREAD)) | (rows.price < rows.usual * DUST)  # noqa: PLR2004
    fee = (
        name.re_search(FEE_NAMES)
        | (odd & (telling | strange))
        | rows.product_id.isin(settings.non_products or [""])
    )
    return rows.filter(fee.fill_null(False) & ~rows.product_id.isin(settings.products or [""])).select(
        "product_id"
    )


def _behaviour(lines: ir.Table) -> ir.Table:
    """Prices of each product: on the whole, highest and lowest per unit."""
    lines = lines.filter(lines.product_id.notnull())
    paid = lines.net_revenue.cast("float64").abs()
    units = lines.quantity.abs()
    priced = (paid > 0) & (units > 0)
    each = ibis.ifelse(priced, paid / units, ibis.null("float64"))
    return lines.group_by("product_id").aggregate(
        n_lines=lines.count(), price=paid.sum() / units.sum().nullif(0), high=each.max(), low=each.min()
    )


def _named(rows: ir.Table, products: ir.Table | None) -> ir.Table:
    if products is None or "name" not in products.columns:
        return rows.mutate(_name=ibis.null("string"))
    names = products.group_by("product_id").aggregate(_name=products.name.min())
    return rows.left_join(names, "product_id").drop("product_id_right")
