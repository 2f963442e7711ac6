"""Windows: the days on which the past is cut, what each may see, and what counts as its answer.

::

    first day        look back           origin   gap      outcome            as_of
    |......[=========================)|------|==============)............|
                  is seen                     counts as bought

Every origin looks equally far back, so that a feature means the same in training, test and application.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from nextbest.base.errors import DataError
from nextbest.models.propensity.spec import PropensitySettings

Part = Literal["training", "test", "application"]

MOST_DAYS: Final = 728
"""No feature looks back further."""


@dataclass(frozen=True, slots=True)
class Window:
    """One cut through the past."""

    origin_on: date
    """Nothing on or after it is seen."""
    outcome_from: date
    """First day that counts."""
    outcome_until: date
    """Last day that counts."""
    part: Part
    """With random sampling every known window holds both training and test; it then says ``training``."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """The windows of one model and how far each looks back."""

    known: tuple[Window, ...]
    """Windows whose outcome is over, oldest first."""
    application: Window
    look_back_days: int

    @property
    def windows(self) -> tuple[Window, ...]:
        """All windows, oldest first, the application last."""
        return (*self.known, self.application)

    @property
    def test(self) -> int:
        """Number of the newest known window."""
        return len(self.known) - 1


def calendar(first_on: date, as_of: date, settings: PropensitySettings) -> Calendar:
    """Cut the past into windows.

    The newest outcome ends the day before ``as_of``, or with the last whole month where profit is looked at; each earlier window is over before the next one begins, so that no
    model knows more than it would have known on its day. Where the history is short there are fewer windows, down to two
    whose outcomes just do not overlap; each sees at least as many days as its outcome is long.

    Parameters
    ----------
    first_on
        First day of the data.
    as_of
        Day of the run; origin of the application.
    settings
        ``origins``, ``outcome_days``, ``gap_days`` and ``sampling``.

    Raises
    ------
    DataError
        The history holds no two windows.

    Examples
    --------
    >>> settings = PropensitySettings(outcome_days=28, gap_days=2, origins=3)
    >>> cut = calendar(date(2017, 1, 1), date(2018, 1, 1), settings)
    >>> [str(window.origin_on) for window in cut.windows]
    ['2017-10-03', '2017-11-02', '2017-12-02', '2018-01-01']
    >>> cut.known[0].outcome_from, cut.known[0].outcome_until, cut.look_back_days
    (datetime.date(2017, 10, 5), datetime.date(2017, 11, 1), 275)
    """
    outcome, reach = settings.outcome_days, settings.outcome_days + settings.gap_days
    known_until = as_of.replace(day=1) if settings.label == "profit_rose" else as_of
    newest = known_until - timedelta(days=reach)
    room = (newest - first_on).days - outcome
    if room < outcome:
        raise DataError(
            "propensity.history_too_short",
            days=(as_of - first_on).days,
            needed=2 * outcome + reach,
            outcome_days=outcome,
            gap_days=settings.gap_days,
        )
    step = min(reach, room)
    n_known = min(settings.origins, 1 + room // step)
    origins = [newest - timedelta(days=step * back) for back in reversed(range(n_known))]
    newest_part: Part = "test" if settings.sampling == "windows" else "training"
    earlier: list[Part] = ["training"] * (n_known - 1)
    parts: list[Part] = [*earlier, newest_part, "application"]
    windows = [_window(on, part, settings) for on, part in zip([*origins, as_of], parts, strict=True)]
    look_back = min((origins[0] - first_on).days, MOST_DAYS)
    return Calendar(tuple(windows[:-1]), windows[-1], look_back)


def _window(origin_on: date, part: Part, settings: PropensitySettings) -> Window:
    start = origin_on + timedelta(days=settings.gap_days)
    return Window(origin_on, start, start + timedelta(days=settings.outcome_days - 1), part)


def spans(days: Sequence[int], look_back_days: int) -> tuple[int, ...]:
    """Take the spans of days that every origin can see.

    Examples
    --------
    >>> spans((7, 28, 91, 364), look_back_days=100)
    (7, 28, 91)
    """
    return tuple(n for n in days if n <= look_back_days)
