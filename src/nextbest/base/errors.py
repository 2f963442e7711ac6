"""What can be wrong, said in one plain sentence.

::

    NextBestError
    ├── DataError            a file, a table or a value is not what it should be   (ValueError)
    │   └── MissingTableError  a table or a column that is needed is not there     (LookupError)
    ├── SettingsError        nextbest.toml or an option says something impossible  (ValueError)
    ├── ExpressionError      an expression does not parse or has the wrong type    (ValueError)
    └── WorkspaceError       the workspace cannot be read or written now           (RuntimeError)

An error carries a code and values; its sentence lives in the catalogues, so that it can be read in English and in
Chinese. A sentence says what, where, expected, got, and what to do.
"""

from nextbest.base.messages import Message, Value, render


class NextBestError(Exception):
    """Anything a user can mend; ``str`` is the English sentence."""

    def __init__(self, code: str, **values: Value) -> None:
        super().__init__(code)
        self.message = Message(code, values)

    def __str__(self) -> str:
        return render(self.message)


class DataError(NextBestError, ValueError):
    """A file, a table or a value is not what it should be."""


class MissingTableError(DataError, LookupError):
    """A table or a column that is needed is not there."""


class SettingsError(NextBestError, ValueError):
    """``nextbest.toml`` or an option says something impossible."""


class ExpressionError(NextBestError, ValueError):
    """An expression does not parse, or does not fit the table."""


class WorkspaceError(NextBestError, RuntimeError):
    """The workspace cannot be read or written now."""
