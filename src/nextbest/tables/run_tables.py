"""Tables that every run writes, whatever its capabilities."""

from typing import Final

from nextbest.base.contract import Column, Table

FINDINGS: Final = Table(
    "findings",
    "one row per finding, most money first",
    ("rank",),
    (
        Column("rank", "int64", "place in the report, 1 first", required=True),
        Column("capability", "string", "who found it", required=True),
        Column("code", "string", "code in the catalogues", required=True),
        Column("placeholders", "string", "values of the placeholders, JSON", required=True),
        Column("money", "float64", "what is at stake, in the shop's currency"),
        Column("margin_source", "string", "given, category_default or assumed"),
        Column("ref", "string", "the row it comes from, such as a rule_id"),
        Column("text", "string", "the sentence in the shop's language", required=True),
    ),
)

SKIPPED: Final = Table(
    "skipped",
    "one row per capability that could not run",
    ("capability",),
    (
        Column("capability", "string", "name of the capability", required=True),
        Column("missing", "string", "table or column that would enable it", required=True),
    ),
)

RUN_TABLES: Final = {table.name: table for table in (FINDINGS, SKIPPED)}
