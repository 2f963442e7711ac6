"""Rules over whole tables."""

from __future__ import annotations

from collections.abc import Mapping

import ibis.expr.types as ir

from nextbest.sources.cleaning.spec import Cleaned, CleaningSettings


def clean(tables: Mapping[str, ir.Table], settings: CleaningSettings) -> Cleaned:
    """Apply the rules that need whole tables."""
    del settings
    return Cleaned(dict(tables), ())
