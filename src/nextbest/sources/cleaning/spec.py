"""Cleaning rules: each has a name, a setting that turns it off, and a count of what it did."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, TypeAlias

from pydantic import Field

from nextbest.base.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import ibis.expr.types as ir


class CleaningSettings(Settings):
    """Which rules tidy the rows; turning one off brings its rows back at the next load."""

    merge_exact_duplicates: bool = True
    """Rows that are equal in every column, and in a file with quantities, are one row."""
    set_aside_unpaid: bool = True
    """Rows of orders that were closed, voided, not paid or failed are quarantined: nothing was bought."""
    unpaid_statuses: tuple[str, ...] = ()
    """Further states that mean "not bought", beside the built-in English and Chinese ones."""
    set_aside_receipt_parts: bool = True
    """Rows that are the head, payment or total of a receipt, in a file that says what each row is, are quarantined."""
    set_aside_tests: bool = True
    """Test orders (product or customer called test, 测试) are quarantined."""
    set_aside_bad_debt: bool = True
    """Book-keeping entries such as "Adjust bad debt" are quarantined."""
    set_aside_write_offs: bool = True
    """Lines of negative quantity that cost nothing and name no customer (damaged, lost, miscounted) are quarantined."""
    set_aside_future: bool = True
    """Orders and events dated more than two days after the load are quarantined: one slip would age every customer."""
    set_aside_impossible: bool = True
    """A quantity of zero with nothing paid, or a positive quantity with a negative price, is quarantined."""
    net_returns: bool = True
    """Returns and cancellations are matched to the same customer's earlier purchases of the product."""
    flag_non_products: bool = True
    """Postage, fees, samples, gift vouchers and manual adjustments get ``is_product = false``."""
    non_products: tuple[str, ...] = ()
    """Further product ids that are not products."""
    products: tuple[str, ...] = ()
    """Product ids that are products whatever the rules think."""
    fix_units: bool = True
    """Quantities that are not units (litres or cents of petrol) become 1; the read value stays as ``quantity_read``."""
    units_limit: Annotated[float, Field(gt=1)] = 500.0
    """Quantities up to this are taken for units without a look."""
    set_aside_bots: bool = True
    """Events of visitors faster than any person are quarantined."""
    bot_events_per_minute: Annotated[int, Field(ge=10)] = 120
    """Events of one visitor in one minute that no person makes."""
    set_aside_misclicks: bool = True
    """A product view left within ``misclick_seconds`` is quarantined."""
    misclick_seconds: Annotated[float, Field(ge=0)] = 1.0
    """Views shorter than this are slips of the finger, seconds."""


Keep: TypeAlias = "Callable[[ir.Table], ir.Table]"
"""Works out a small table, once, for the queries that lean on it; as it is, everything stays lazy."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What one rule did to a table."""

    name: str
    """Code of the catalogues: ``cleaning.<name>`` says what the rule does."""
    effect: str
    """merged, quarantined, flagged or changed."""
    table: str
    """The table concerned."""
    holds: Callable[[ir.Table], ir.BooleanValue]
    """Tells the rows concerned, in the cleaned table."""
    is_before: bool = False
    """The rows are those of the table as it was given."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """Tables with the rules applied, as lazy queries: no row is lost, whole-table rules only flag and change."""

    tables: Mapping[str, ir.Table]
    rules: tuple[Rule, ...] = field(default=())
