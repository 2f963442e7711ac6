"""What happens between two runs: what people decide by hand, and all that the decision service writes.

One SQLite file per workspace (WAL, synchronous=FULL), or a PostgreSQL database by URL. Each change gets the next sequence
number, and a run copies the rows up to a number that its manifest records, so the same number gives the same rows.
"""

from nextbest.engines.operations.records import STATES, Review, State, WrittenRule
from nextbest.engines.operations.store import Operations

__all__ = ["STATES", "Operations", "Review", "State", "WrittenRule"]
