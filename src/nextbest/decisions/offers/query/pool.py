"""One row per customer and product out of all sources, and at most so many per customer."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from nextbest.decisions.offers.spec import SHOP_SOURCES, SOURCES


def pool(sources: Sequence[ir.Table], max_candidates: int) -> ir.Table:
    """Bring the sources together.

    Where several propose the same product, the first of ``SOURCES`` gives kind and reason; a probability known to any
    of them is kept. A customer keeps the candidates with the best places, so that every
    source has its share; ties go to the earlier source and the smaller product_id.

    Returns
    -------
    The columns of a source, plus ``n_pool``, the customer's candidates before the limit, and ``shop_source``, the first
    of ``SHOP_SOURCES`` that proposes the product; null where only others do.
    """
    every = ibis.union(*sources)
    order = every["source"].cases(*((source, n) for n, source in enumerate(SOURCES)), else_=len(SOURCES))
    every = every.mutate(order=order)
    same = ibis.window(group_by=[every.customer_id, every.product_id])
    first = same.order_by([every.order, every.place, every.rule_id, every.because_id])
    merged = every.mutate(
        nth=ibis.row_number().over(first),
        probability=every.probability.max().over(same),
        shop_order=every.order.min(where=every["source"].isin(SHOP_SOURCES)).over(same),
    )
    one = merged.filter(merged.nth == 0)
    own = ibis.window(group_by=one.customer_id)
    best = own.order_by([one.place, one.order, one.product_id])
    named = one.shop_order.cases(*enumerate(SOURCES), else_=None)
    counted = one.mutate(shop_source=named, n_pool=one.count().over(own), nth=ibis.row_number().over(best))
    return counted.filter(counted.nth < max_candidates).drop("nth", "order", "shop_order")
