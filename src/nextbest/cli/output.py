"""How tables and sentences look in a terminal and in a pipe."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

if TYPE_CHECKING:
    import pyarrow as pa

CONSOLE: Final = Console(highlight=False)
ERRORS: Final = Console(stderr=True, highlight=False)


def language() -> str:
    """Read the language of the person at the keyboard: ``NEXTBEST_LANGUAGE``, else the locale; English or Chinese."""
    chosen = next(
        (
            os.environ[name]
            for name in ("NEXTBEST_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
            if os.environ.get(name)
        ),
        "en",
    )
    return "zh" if chosen.lower().startswith("zh") else "en"


def say(code: str, **values: Any) -> None:
    """Print a sentence of the catalogues."""
    from nextbest.base.messages import Message, render

    CONSOLE.print(Text(render(Message(code, values), language())))


def as_json(value: Any) -> None:
    """Print a value as JSON."""
    sys.stdout.write(json.dumps(value, default=_plain, ensure_ascii=False, indent=1) + "\n")


def rows_as_json(table: pa.Table) -> None:
    """Print rows as a JSON list of objects."""
    as_json(table.to_pylist())


def show_rows(table: pa.Table, title: str | None = None, *, hint: str = "cli.more_columns") -> None:
    """Print rows as a table; columns that do not fit are named below it, with the hint how to see them."""
    fitting = _fitting(table)
    grid = RichTable(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for name in fitting:
        grid.add_column(name, justify="right" if _is_number(table, name) else "left", overflow="fold")
    for row in table.select(fitting).to_pylist():
        grid.add_row(*(Text(cell(row[name])) for name in fitting))
    CONSOLE.print(grid)
    left = [name for name in table.column_names if name not in fitting]
    if left:
        say(hint, columns=left)


def show_pairs(pairs: Iterable[tuple[str, str]]) -> None:
    """Print labels and values in two columns."""
    grid = RichTable.grid(padding=(0, 2))
    for label, value in pairs:
        grid.add_row(Text(label, style="dim"), Text(value))
    CONSOLE.print(grid)


def cell(value: Any) -> str:
    """Write one value the way people read it.

    Examples
    --------
    >>> cell(0.123456), cell(12345), cell(None), cell(1234.5678), cell(True)
    ('0.1235', '12345', '–', '1234.57', 'yes')
    """
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.2f}" if abs(value) >= 100 else f"{value:.4g}"  # noqa: PLR2004
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    return str(value)


def _fitting(table: pa.Table) -> list[str]:
    """Take columns from the left as long as they fit the terminal; at least three."""
    width, taken = 0, 0
    for name in table.column_names:
        longest = max((len(cell(value)) for value in table[name].to_pylist()), default=0)
        width += min(max(len(name), longest), 40) + 2
        if width > CONSOLE.width and taken >= 3:  # noqa: PLR2004
            break
        taken += 1
    return list(table.column_names[:taken])


def _is_number(table: pa.Table, name: str) -> bool:
    import pyarrow as pa

    kind = table.schema.field(name).type
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Mapping):
        return dict(value)
    return list(value)
