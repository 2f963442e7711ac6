"""Data quality: what the data hold, and where the gaps are.

Reads the canonical tables that are there; writes ``data_quality``, one row per table and column.
"""

from nextbest.profiles.quality.spec import CARD, DATA_QUALITY, QualitySettings

__all__ = ["CARD", "DATA_QUALITY", "QualitySettings"]
