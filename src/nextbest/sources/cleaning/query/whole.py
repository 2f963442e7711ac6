"""Rules over whole tables: what a line means depends on the lines around it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import ibis.expr.types as ir

from nextbest.sources.cleaning.query.nonproducts import flag_non_products
from nextbest.sources.cleaning.query.returns import net_returns
from nextbest.sources.cleaning.query.snapshots import join_snapshots
from nextbest.sources.cleaning.query.units import fix_units
from nextbest.sources.cleaning.spec import Cleaned, CleaningSettings, Keep, Rule


def _lazily(rows: ir.Table) -> ir.Table:
    return rows


def clean(tables: Mapping[str, ir.Table], settings: CleaningSettings, keep: Keep = _lazily) -> Cleaned:
    """Apply the rules that need whole tables.

    Parameters
    ----------
    tables
        Canonical tables with every column of their contracts, all that was loaded so far.
    settings
        Which rules apply.
    keep
        Works out small tables in between (which products are fees, which lines came back): without it each query on the
        result works them out again.

    Returns
    -------
    Cleaned
        The same tables, no line lost: lines are flagged and changed, snapshots become runs of months.
    """
    cleaned = dict(tables)
    rules: list[Rule] = []
    if "order_lines" in cleaned:
        cleaned["order_lines"], rules = _lines(
            cleaned["order_lines"], cleaned.get("products"), settings, keep
        )
    if "holdings" in cleaned:
        cleaned["holdings"], rule = join_snapshots(cleaned["holdings"])
        rules.append(rule)
    return Cleaned(cleaned, tuple(rules))


def _lines(
    lines: ir.Table, products: ir.Table | None, settings: CleaningSettings, keep: Keep
) -> tuple[ir.Table, list[Rule]]:
    rules: list[Rule] = []
    if settings.fix_units:
        lines, rule = fix_units(lines, products, settings, keep)
        rules.append(rule)
    if settings.flag_non_products:
        lines, rule = flag_non_products(lines, products, settings, keep)
        rules.append(rule)
    if settings.net_returns:
        lines, more = net_returns(lines, keep)
        rules.extend(more)
    return lines, rules


def tally(rules: Iterable[Rule], table: ir.Table) -> ir.Table:
    """Count the rows each rule concerns: one row, a column per rule, one pass."""
    return table.aggregate(**{rule.name: rule.holds(table).fill_null(False).sum() for rule in rules})
