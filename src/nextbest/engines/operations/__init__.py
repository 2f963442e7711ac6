"""What people decide by hand: reviews of rules and rules they write, safe from every later run.

One SQLite file per workspace (WAL, synchronous=FULL). Nothing is ever overwritten: each change gets the next sequence number,
and a run copies the rows up to a number that its manifest records, so the same number gives the same rows for ever.
"""

from nextbest.engines.operations.records import STATES, Review, State, WrittenRule
from nextbest.engines.operations.store import Operations

__all__ = ["STATES", "Operations", "Review", "State", "WrittenRule"]
