"""Contracts of the canonical tables and the Store port."""

from nextbest.tables.canonical import CANONICAL

__all__ = ["CANONICAL"]
