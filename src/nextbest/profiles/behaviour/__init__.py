"""Behaviour: what each customer did in windows that end at ``as_of``, and whether it is more or less than before.

Reads ``order_lines`` and ``products``; writes ``behaviour``, one row per customer who bought before ``as_of``.
"""

from nextbest.profiles.behaviour.spec import BEHAVIOUR, CARD, WINDOW_DAYS, BehaviourSettings

__all__ = ["BEHAVIOUR", "CARD", "WINDOW_DAYS", "BehaviourSettings"]
