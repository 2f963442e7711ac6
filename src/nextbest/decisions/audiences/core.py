"""Which ids a rule's body holds, where an id may itself contain what joins them."""

from collections.abc import Callable, Iterator
from itertools import combinations, pairwise
from typing import Final

JOINER: Final = " + "
"""What stands between the ids of a body."""


def read_body(joined: str, is_body: Callable[[tuple[str, ...]], bool]) -> tuple[str, ...]:
    """Take the joined ids of a body apart.

    A category may be called "Nuts + Seeds", so the text alone does not say where an id ends: of all ways to read it,
    fewest ids first, the first that ``is_body`` accepts counts; the rule's hash knows. Without any, every joiner
    separates.

    Examples
    --------
    >>> read_body("Beer + Nuts + Seeds", lambda ids: set(ids) == {"Beer", "Nuts + Seeds"})
    ('Beer', 'Nuts + Seeds')
    >>> read_body("Beer + Crisps", lambda ids: False)
    ('Beer', 'Crisps')
    """
    return next(filter(is_body, _readings(joined)), tuple(joined.split(JOINER)))


def _readings(joined: str) -> Iterator[tuple[str, ...]]:
    parts = joined.split(JOINER)
    for n_cuts in range(len(parts)):
        for cuts in combinations(range(1, len(parts)), n_cuts):
            edges = (0, *cuts, len(parts))
            yield tuple(JOINER.join(parts[a:b]) for a, b in pairwise(edges))
