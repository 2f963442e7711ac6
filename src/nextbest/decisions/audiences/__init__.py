"""Audiences: who has a rule's body and lacks its head, and what is at stake.

Reads ``rules`` and what customers bought or hold; writes ``audiences``, one row per rule and customer.
"""

from nextbest.decisions.audiences.spec import AUDIENCES, CARD, AudienceSettings

__all__ = ["AUDIENCES", "CARD", "AudienceSettings"]
