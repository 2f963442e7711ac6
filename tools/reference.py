"""Write docs/tables.md and docs/settings.md from the contracts and settings themselves: ``python -m tools.reference``."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from nextbest.app.catalogue import CATALOGUE
from nextbest.app.config import ServiceSettings, ShopSettings, SourceSettings, toml
from nextbest.base.contract import Table
from nextbest.base.settings import Settings
from nextbest.sources.cleaning import CleaningSettings
from nextbest.tables import CANONICAL, RUN_TABLES

DOCS = Path(__file__).parent.parent / "docs"


def pages() -> dict[str, str]:
    """Give the text of every page that is written from the code."""
    return {"tables.md": "\n".join(tables()) + "\n", "settings.md": "\n".join(settings()) + "\n"}


def tables() -> Iterator[str]:
    """Describe every table, column by column."""
    yield "# Tables"
    yield ""
    yield "Written from the contracts by `python -m tools.reference`. Instants (`..._at`) are UTC, days (`..._on`) are local days of"
    yield "the shop, money is exact to four decimals. Columns in bold are never empty; `personal` ones are masked in exports."
    yield ""
    yield "## Canonical tables: what files become"
    yield from _described(CANONICAL.values())
    for card in CATALOGUE:
        yield ""
        yield f"## {card.name}: {card.question}"
        yield from _described(card.writes)
    yield ""
    yield "## Every run"
    yield from _described(RUN_TABLES.values())


def _described(contracts: Iterable[Table]) -> Iterator[str]:
    for contract in contracts:
        yield ""
        yield f"### `{contract.name}`"
        yield ""
        key = ", ".join(f"`{name}`" for name in contract.key)
        yield f"{contract.meaning[:1].upper()}{contract.meaning[1:]}. Key: {key}."
        yield ""
        yield "| column | kind | meaning |"
        yield "|---|---|---|"
        for column in contract:
            name = f"**{column.name}**" if column.required else column.name
            meaning = column.meaning.replace("|", "\\|") + (" (personal)" if column.personal else "")
            yield f"| {name} | {column.kind} | {meaning} |"


def settings() -> Iterator[str]:
    """Describe every setting of ``nextbest.toml``."""
    yield "# Settings"
    yield ""
    yield "Written from the code by `python -m tools.reference`. `nextbest.toml` documents each of them in place; on the command line"
    yield "they are `--set SECTION.SETTING=VALUE`."
    sections: list[tuple[str, type[Settings]]] = [
        ("[shop]", ShopSettings),
        ("[[source]]", SourceSettings),
        ("[service]", ServiceSettings),
        ("[cleaning]", CleaningSettings),
        *((f"[{card.name}]", card.settings) for card in CATALOGUE),
    ]
    for title, section in sections:
        yield ""
        yield f"## `{title}`"
        yield ""
        yield "| setting | default | meaning |"
        yield "|---|---|---|"
        for name, field in section.model_fields.items():
            default = (
                "required"
                if field.is_required()
                else f"`{toml(field.default)}`"
                if field.default not in (None, (), {}, "")
                else ""
            )
            meaning = " ".join((field.description or "").replace("``", "`").replace("|", "\\|").split())
            yield f"| `{name}` | {default} | {meaning} |"


def main() -> None:
    """Write the pages."""
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
