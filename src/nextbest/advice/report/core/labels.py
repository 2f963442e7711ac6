"""Where labels on a map of points go: beside, above or below their point, clear of each other and of other points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal, NamedTuple

_HEIGHT: Final = 16.0
_ROOM: Final = 3.0
_RISES: Final = (0.0, -1.0, 1.0)
"""Beside the point, above it, below it."""


class Spot(NamedTuple):
    """A point in pixels, its radius, and the width of its label."""

    x: float
    y: float
    radius: float
    width: float


class Place(NamedTuple):
    """Where a label stands: shift from its point in pixels and the end of the text that is fixed there."""

    dx: float
    dy: float
    align: Literal["left", "right"]


class Box(NamedTuple):
    """A rectangle in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """Tell whether two rectangles overlap."""
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom


def place_labels(spots: Sequence[Spot], *, width: float, height: float, at_most: int) -> dict[int, Place]:
    """Choose which points are labelled and where; earlier points choose first.

    Examples
    --------
    >>> place_labels([Spot(90, 50, 5, 40)], width=100, height=100, at_most=1)
    {0: Place(dx=-8.0, dy=0.0, align='right')}
    """
    points = [Box(s.x - s.radius, s.y - s.radius, s.x + s.radius, s.y + s.radius) for s in spots]
    labels: list[Box] = []
    chosen: dict[int, Place] = {}
    for i, spot in enumerate(spots):
        taken = [point for j, point in enumerate(points) if j != i] + labels
        free = (
            (place, box)
            for place, box in _places(spot)
            if _inside(box, width, height) and not any(box.meets(other) for other in taken)
        )
        found = next(free, None)
        if found is not None and len(chosen) < at_most:
            chosen[i] = found[0]
            labels.append(found[1])
    return chosen


def _places(spot: Spot) -> Iterator[tuple[Place, Box]]:
    """Try beside the point first, then above and below it."""
    for rise in _RISES:
        dy = rise * (spot.radius + _HEIGHT / 2)
        dx = 0.0 if rise else spot.radius + _ROOM
        top, bottom = spot.y + dy - _HEIGHT / 2, spot.y + dy + _HEIGHT / 2
        yield Place(dx, dy, "left"), Box(spot.x + dx, top, spot.x + dx + spot.width, bottom)
        yield Place(-dx, dy, "right"), Box(spot.x - dx - spot.width, top, spot.x - dx, bottom)


def _inside(box: Box, width: float, height: float) -> bool:
    return box.left >= 0 and box.right <= width and box.top >= 0 and box.bottom <= height
