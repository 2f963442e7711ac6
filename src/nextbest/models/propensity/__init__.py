"""Propensity: who will buy it, in what order, and why."""

from nextbest.models.propensity.spec import CARD, PropensitySettings

__all__ = ["CARD", "PropensitySettings"]
