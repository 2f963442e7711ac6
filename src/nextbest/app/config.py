"""``nextbest.toml``: every setting of a workspace, its default documented in place."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field

from nextbest.app.catalogue import CATALOGUE
from nextbest.base.capability import Capability
from nextbest.base.errors import SettingsError, WorkspaceError
from nextbest.base.settings import Settings
from nextbest.sources.cleaning import CleaningSettings
from nextbest.sources.mapping import Layout, Mode, Shape, columns_of
from nextbest.tables import CANONICAL

FILE: Final = "nextbest.toml"
DATABASE: Final = "NEXTBEST_DATABASE"
"""Environment variable that goes before ``[service] database``."""
FED: Final = (*CANONICAL, "orders", "rates")
"""Tables that files may feed."""


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        message = "a time zone such as Europe/London or Asia/Shanghai"
        raise ValueError(message)
    return name


class ShopSettings(Settings):
    """Whose data these are."""

    name: str = "shop"
    """Name of the shop, as the report shows it."""
    time_zone: Annotated[str, AfterValidator(_known_zone)]
    """Zone in which days begin and naive times are read, such as Asia/Shanghai. Required."""
    currency: Annotated[str | None, Field(pattern="^[A-Z]{3}$")] = None
    """The shop's one currency, ISO 4217, such as CNY."""
    language: Literal["en", "zh"] = "en"
    """Language of findings and report."""
    as_of: date | None = None
    """Day profiles are drawn up; nothing on or after it is seen. Empty: the day after the last order."""
    seed: int = 0
    """Seed of everything that is left to chance."""


class SourceSettings(Settings):
    """Where rows come from and what their columns mean."""

    name: Annotated[str, Field(pattern=r"^\w[\w.-]*$")]
    """Name of the source, unique in the workspace."""
    files: Annotated[tuple[str, ...], Field(min_length=1)]
    """Files (``*`` allowed), relative to this folder, or one database URL."""
    query: str | None = None
    """Table or select statement, where ``files`` is a database URL; sheet, where it is an Excel file."""
    table: str
    """Canonical table the rows go to."""
    mode: Mode = "append"
    """append: known keys are merged; upsert: newer rows replace known keys; replace: the source's older rows go."""
    shape: Shape = "rows"
    """rows: a row per thing; wide: a column per product held."""
    fill_by: str | None = None
    """Column whose equal, consecutive values share the cells that only their first row fills (Shopify: Name)."""
    products: tuple[str, ...] = ()
    """Wide holdings: the columns that are products."""
    columns: dict[str, str] = {}
    """``[table.]column = "their column"``; what is not named here is kept as an attribute."""
    personal: tuple[str, ...] = ()
    """Columns kept as attributes that identify or reach a person: masked in exports."""

    @property
    def layout(self) -> Layout:
        """What the source's files mean."""
        return Layout(self.table, self.columns, self.shape, self.fill_by, self.products)


class ServiceSettings(Settings):
    """Where runs, commands and the decision service find what happens between two runs."""

    database: str | None = None
    """URL of a PostgreSQL database in place of store/operations.db, such as postgresql://shop@db.example/nextbest. The password
    need not stand here: PostgreSQL reads PGPASSWORD or ~/.pgpass. The environment's NEXTBEST_DATABASE goes before it."""


@dataclass(frozen=True, slots=True)
class Config:
    """What ``nextbest.toml`` says, checked."""

    shop: ShopSettings
    sources: tuple[SourceSettings, ...]
    cleaning: CleaningSettings
    capabilities: Mapping[str, Any]
    """Settings by capability, each of the type its card names."""
    service: ServiceSettings = field(default_factory=ServiceSettings)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read and check a workspace's settings.

        Raises
        ------
        WorkspaceError
            There is no workspace in the folder.
        SettingsError
            Naming the setting, what was expected and what was got.
        """
        path = folder / FILE
        if not path.exists():
            raise WorkspaceError("app.no_workspace", folder=folder.name or ".", file=FILE)
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError("app.toml_broken", file=FILE, reason=str(error)) from None
        config = cls.check(content)
        database = os.environ.get(DATABASE)
        return replace(config, service=ServiceSettings(database=database)) if database else config

    @classmethod
    def check(cls, content: Mapping[str, Any], where: str = FILE) -> Self:
        """Check settings read from anywhere; ``where`` is what errors name."""
        known = {"shop", "source", "cleaning", "service", *(card.name for card in CATALOGUE)}
        for section in content:
            if section not in known:
                raise SettingsError(
                    "base.setting_unknown", where=f"{where}, [{section}]", known=sorted(known)
                )
        sources = tuple(
            SourceSettings.read(source, f"{where}, [[source]] {number}")
            for number, source in enumerate(content.get("source", ()), start=1)
        )
        for number, source in enumerate(sources, start=1):
            _refuse_unknown(source, f"{where}, [[source]] {number}")
        capabilities = _capabilities(CATALOGUE, content, where)
        sources += _to_score(sources, capabilities)
        names = [source.name for source in sources]
        for name in names:
            if names.count(name) > 1:
                raise SettingsError("app.source_twice", file=where, source=name)
        return cls(
            shop=ShopSettings.read(content.get("shop", {}), f"{where}, [shop]"),
            sources=sources,
            cleaning=CleaningSettings.read(content.get("cleaning", {}), f"{where}, [cleaning]"),
            capabilities=capabilities,
            service=ServiceSettings.read(content.get("service", {}), f"{where}, [service]"),
        )


def _refuse_unknown(source: SourceSettings, where: str) -> None:
    """Refuse tables, and names of columns on the left side, that no contract has."""
    if source.table not in FED:
        raise SettingsError("app.source_table", where=where, table=source.table, known=FED)
    for name in source.columns:
        table, _, column = name.rpartition(".")
        table = table or source.table
        known = [own.name for own in columns_of(table)] if table in FED else []
        if column not in known:
            raise SettingsError("app.source_column", where=where, column=column, table=table, known=known)


def _capabilities(cards: Iterable[Capability], content: Mapping[str, Any], where: str) -> dict[str, Any]:
    return {
        card.name: card.settings.read(content.get(card.name, {}), f"{where}, [{card.name}]") for card in cards
    }


def _to_score(
    sources: Sequence[SourceSettings], capabilities: Mapping[str, Any]
) -> tuple[SourceSettings, ...]:
    """Make a source of the file that ``propensity.apply`` names: it is read as the customers are."""
    asked = capabilities["propensity"].instances() if "propensity" in capabilities else {}
    files = sorted({one.apply for one in asked.values() if one.apply})
    if len(files) > 1:
        raise SettingsError("app.one_apply", files=files)
    like = next((source for source in sources if source.table == "customers"), None)
    if not files or like is None:
        return ()
    changed = {"name": "customers_to_score", "table": "customers_to_score", "mode": "replace"}
    return (like.model_copy(update={"files": tuple(files), **changed}),)


def write(
    folder: Path,
    shop: Mapping[str, Any],
    sources: Iterable[SourceSettings],
    capabilities: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Write a new ``nextbest.toml`` with every setting documented in place.

    Parameters
    ----------
    shop
        What is known of ``[shop]``.
    sources
        One ``[[source]]`` each.
    capabilities
        What differs from the defaults, by capability.
    """
    parts = ["# Settings of this workspace. A line that begins with # shows a default.", "", "[shop]"]
    parts.append(document(ShopSettings, shop))
    for source in sources:
        parts += [
            "",
            "[[source]]",
            document(SourceSettings, source.model_dump(exclude={"columns"}), skip="columns"),
        ]
        parts += [
            "",
            "[source.columns]",
            *(f"{_key(ours)} = {toml(theirs)}" for ours, theirs in source.columns.items()),
        ]
    parts += ["", "[service]", document(ServiceSettings), "", "[cleaning]", document(CleaningSettings)]
    for card in CATALOGUE:
        parts += ["", f"# {card.question}", f"[{card.name}]"]
        parts.append(document(card.settings, (capabilities or {}).get(card.name)))
    (folder / FILE).write_text("\n".join(parts) + "\n", encoding="utf-8")


def document(settings: type[Settings], values: Mapping[str, Any] | None = None, *, skip: str = "") -> str:
    """Write a section's settings as TOML: its meaning over each, what is set as it is, a default as a comment."""
    lines: list[str] = []
    for name, said in settings.model_fields.items():
        if name == skip:
            continue
        value = None if values is None else values.get(name)
        default = "" if said.is_required() or said.default in (None, (), {}) else toml(said.default)
        meaning = (said.description or "").replace("``", "")
        lines += [f"# {line}" for line in meaning.splitlines()]
        lines.append(f"# {name} = {default}".rstrip() if value in (None, ()) else f"{name} = {toml(value)}")
    return "\n".join(lines)


def toml(value: Any) -> str:
    """Write one value as TOML.

    Examples
    --------
    >>> toml(("a", 1)), toml(True), toml(date(2026, 1, 31))
    ('["a", 1]', 'true', '2026-01-31')
    """
    import tomlkit

    text: str = tomlkit.item(list(value) if isinstance(value, tuple) else value).as_string()
    return text


def _key(name: str) -> str:
    return f'"{name}"' if "." in name else name
