"""Propensity: who will buy it, in what order, and why.

Reads ``customers`` with a yes/no column, or ``order_lines`` and ``holdings`` for models from history; writes the
``propensity_…`` tables, and one file per model that :func:`load` reads. In Python, without a workspace::

    model = nextbest.propensity.fit(table, target="bought")
    model.predict(others), model.lift(), model.explain(others)
    model.save("mortgage.json")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nextbest.models.propensity.spec import CARD, PropensitySettings

if TYPE_CHECKING:
    from nextbest.models.propensity.run.fitted import FittedModel, fit, load
    from nextbest.models.propensity.words.naming import factor_name

__all__ = ["CARD", "FittedModel", "PropensitySettings", "factor_name", "fit", "load"]


def __getattr__(name: str) -> Any:
    if name == "factor_name":
        from nextbest.models.propensity.words.naming import factor_name

        return factor_name
    if name in __all__:
        from nextbest.models.propensity.run import fitted

        return getattr(fitted, name)
    raise AttributeError(name)
