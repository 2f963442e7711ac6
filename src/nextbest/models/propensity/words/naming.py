"""Names of factors: what a column drawn from a history is called in words."""

from __future__ import annotations

import re
from typing import Final

from nextbest.base.messages import Message

_SPAN: Final = re.compile(r"(?P<stem>\w+)_(?P<days>\d+)d")


def factor_name(column: str) -> Message:
    """Give the message that names a factor; columns of a flat table have none in the catalogues.

    Examples
    --------
    >>> factor_name("times_bought_91d").code, factor_name("days_since: milk").values["group"]
    ('report.factor.times_bought_days', 'milk')
    """
    stem, _, group = column.partition(": ")
    span = _SPAN.fullmatch(stem)
    code = (
        f"report.factor.{span['stem'] if span else stem}{'_days' if span else ''}{'_group' if group else ''}"
    )
    return Message(code, {"days": span["days"] if span else "", "group": group})
