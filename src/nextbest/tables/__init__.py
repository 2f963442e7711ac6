"""Contracts of the canonical tables and of what every run writes, and the Store port."""

from nextbest.tables.canonical import CANONICAL
from nextbest.tables.run_tables import FINDINGS, RUN_TABLES, SKIPPED

__all__ = ["CANONICAL", "FINDINGS", "RUN_TABLES", "SKIPPED"]
