"""The command line: parses what is typed, calls ``app``, prints what comes back."""

__all__ = ["main"]


def main() -> None:
    """Run the ``nextbest`` command."""
    from nextbest.cli import look, people, root, work  # noqa: F401  (they register their commands)

    root.run_cli()
