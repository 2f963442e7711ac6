"""Why each customer stands where they do, in words."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Final

from nextbest.base.messages import codes
from nextbest.models.propensity.spec import Reason

_DIGITS: Final = 4


def reason_text(reasons: Iterable[Reason], texts: Mapping[str, str]) -> str:
    """Put one customer's reasons into words.

    Parameters
    ----------
    reasons
        Factors that raise, then the one that lowers.
    texts
        Every text of a language: ``codes("en")``.

    Examples
    --------
    >>> reason_text([Reason("tenure", 2.0, "lowest", 0.8), Reason("plan", "gold", "is", -0.1)], codes("en"))
    'tenure 2 is among the lowest tenth; but plan is gold'
    """
    parts: list[str] = []
    for one in reasons:
        said = texts[f"propensity.reason.{one.saying}"].format(factor=one.factor, value=_shown(one.value))
        if one.adds < 0:
            said = texts[f"propensity.reason.{'but' if parts else 'less'}"].format(reason=said)
        parts.append(said)
    return texts["propensity.reason.join"].join(parts)


def reason_json(reasons: Iterable[Reason]) -> str:
    """Write one customer's reasons as JSON, for :func:`because` to read in any language.

    Examples
    --------
    >>> reason_json([Reason("plan", "basic", "is", 0.51239)])
    '[{"factor": "plan", "value": "basic", "saying": "is", "adds": 0.5124}]'
    """
    return json.dumps(
        [one._replace(value=_plain(one.value), adds=_rounded(one.adds))._asdict() for one in reasons],
        ensure_ascii=False,
    )


def because(cell: str, language: str = "en") -> str:
    """Put a cell of column ``because`` into words.

    Examples
    --------
    >>> because('[{"factor": "plan", "value": "basic", "saying": "is", "adds": 0.5}]', "zh")
    'plan 为 basic'
    """
    return reason_text([Reason(**row) for row in json.loads(cell)] if cell else [], codes(language))


def _plain(value: str | float | None) -> str | float | None:
    """Keep to what JSON can hold."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _rounded(number: float) -> float:
    return float(f"{number:.{_DIGITS}g}")


def _shown(value: str | float | None) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{value:,.0f}" if 10**_DIGITS <= abs(value) < math.inf else f"{value:.{_DIGITS}g}"
