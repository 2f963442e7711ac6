"""The command line: parses what is typed, calls ``app``, prints what comes back."""

__all__ = ["main"]


def main() -> None:
    """Run the ``nextbest`` command."""
    from nextbest.cli import work, look, people, campaigns, service, rights, root  # noqa: F401, I001  (they register their commands in this order)

    root.run_cli()
