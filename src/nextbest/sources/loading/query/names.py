"""Columns that loading adds for itself, and how values are written into them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import ibis
import ibis.expr.types as ir

ROW: Final = "_row"
RULE: Final = "_rule"
COPY: Final = "_copy"
"""0 for the row that stays, 1 and more for rows merged into it."""
COPIES: Final = "_copies"
"""How many rows are one."""
MONEY: Final = "decimal(18, 4)"


def money(value: ir.NumericValue) -> ir.DecimalValue:
    """Round to the fourth digit; the first cast keeps Ibis from taking a product of decimals for money already."""
    return value.cast("decimal(38, 8)").cast(MONEY)


def ruled(rows: ir.Table, condition: ir.BooleanValue, rule: str) -> ir.Table:
    """Name the rule for rows of which the condition holds and no rule was named before."""
    found = ibis.ifelse(condition.fill_null(False), rule, ibis.null("string"))
    return rows.mutate(**{RULE: ibis.coalesce(rows[RULE], found)})


def one_text(parts: Sequence[ir.Value]) -> ir.StringValue:
    """Put values into one text; nulls are told from empty."""
    texts = [part.cast("string").fill_null("\u2400") for part in parts]
    return ibis.literal("\x1f").join(texts)
