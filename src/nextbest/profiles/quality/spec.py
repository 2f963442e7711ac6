"""Data quality: which tables and columns are looked at, and what is written."""

from typing import Annotated

from pydantic import Field

from nextbest.base.capability import Capability
from nextbest.base.contract import Column, Table
from nextbest.base.settings import Settings


class QualitySettings(Settings):
    """How closely the data are looked at."""

    exact_rows: Annotated[int, Field(ge=0)] = 5_000_000
    """Tables up to this many rows get exact distinct counts; beyond they are estimated (HyperLogLog, about 2 %)."""
    findings_from: Annotated[float, Field(gt=0, le=1)] = 0.05
    """A gap is worth a finding from this share of rows on, 0-1."""


LOOKED_AT = (
    "order_lines",
    "holdings",
    "customers",
    "products",
    "customer_profit",
    "events",
    "interactions",
)
"""Canonical tables that hold data of the business."""

DATA_QUALITY = Table(
    "data_quality",
    "one row per column of each table that is there",
    ("table", "column"),
    (
        Column("table", "string", "canonical table", required=True),
        Column("column", "string", "column; attributes, too", required=True),
        Column("n_rows", "int64", "rows of the table", required=True),
        Column("n_missing", "int64", "rows in which it is empty", required=True),
        Column("n_distinct", "int64", "different values", required=True),
        Column("low", "string", "least value of numbers, days and times; never of personal columns"),
        Column("high", "string", "greatest value of numbers, days and times; never of personal columns"),
        Column(
            "note",
            "string",
            "empty, constant, duplicates (a key that repeats), negative (where it should not be), estimated (n_distinct)",
        ),
    ),
)

CARD = Capability(
    name="quality",
    question="What do the data hold, and where are the gaps?",
    recipe="nextbest.profiles.quality.run:run",
    settings=QualitySettings,
    writes=(DATA_QUALITY,),
    requires=(" | ".join(LOOKED_AT),),
    uses=LOOKED_AT,
)
