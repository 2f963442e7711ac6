"""Docs that can fail: what exists is documented, what is documented exists."""

import re
from pathlib import Path

import pytest
from tools.reference import pages

from nextbest.app.catalogue import CATALOGUE

DOCS = Path(__file__).parent.parent / "docs"
EVERY = pytest.mark.parametrize("card", CATALOGUE, ids=lambda card: card.name)


def commands():
    """Name every command of the command line."""
    from nextbest.cli import campaigns, look, people, rights, root, service, work  # noqa: F401

    own = [command.name or command.callback.__name__ for command in root.app.registered_commands]
    return own + [
        f"{group.name} {command.name}"
        for group in root.app.registered_groups
        for command in group.typer_instance.registered_commands
    ]


@EVERY
def test_every_capability_has_a_page_with_each_setting_and_column(card):
    page = (DOCS / "capabilities" / f"{card.name}.md").read_text(encoding="utf-8")
    own = [name for name in card.settings.model_fields if name != "as_of"]
    for name in own:
        assert f"`{name}`" in page or f"{card.name}.{name}" in page, f"{card.name}.{name} is not documented"
    for table in card.writes:
        assert f"`{table.name}`" in page, f"table {table.name} is not documented"


@pytest.mark.parametrize("command", commands())
def test_every_command_is_documented(command):
    assert f"nextbest {command}" in (DOCS / "commands.md").read_text(encoding="utf-8")


def test_pages_written_from_the_code_are_up_to_date():
    for name, text in pages().items():
        assert (DOCS / name).read_text(encoding="utf-8") == text, f"run: python -m tools.reference ({name})"


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (page.parent / target).exists(), f"{page.name} links to {target}, which is not there"
