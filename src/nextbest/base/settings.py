"""Settings: frozen, documented, and refusing nonsense at once.

One line per setting, the docstring under it, feeds ``nextbest.toml``, ``--help``, the documentation and the errors.
"""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from nextbest.base.errors import SettingsError


class Settings(BaseModel):
    """Base of every capability's settings."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, validate_default=True, allow_inf_nan=False
    )

    @classmethod
    def read(cls, values: Mapping[str, Any], where: str) -> Self:
        """Check values typed by a person.

        Parameters
        ----------
        values
            Setting names and values as they stand in ``nextbest.toml`` or in ``--set``.
        where
            What the error names, such as ``nextbest.toml, [rfm]``.

        Raises
        ------
        SettingsError
            Naming the setting, what was expected and what was got.
        """
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"]) or "?"
            if first["type"] == "extra_forbidden":
                raise SettingsError(
                    "base.setting_unknown", where=f"{where} {name}", known=sorted(cls.model_fields)
                ) from None
            raise SettingsError(
                "base.setting_wrong",
                where=f"{where} {name}",
                expected=_expected(first["msg"]),
                got=repr(first["input"]),
            ) from None


def _expected(message: str) -> str:
    """Turn pydantic's "Input should be greater than 1" into what was expected."""
    text = message.removeprefix("Value error, ").removeprefix("Input should be ")
    return text[:1].lower() + text[1:]


class NamedSettings(Settings):
    """Settings that may hold named instances: ``[propensity.mortgage]`` takes what it does not say from ``[propensity]``.

    Examples
    --------
    >>> class Horizon(NamedSettings):
    ...     days: int = 28
    ...     folds: int = 5
    >>> settings = Horizon.read({"folds": 3, "mortgage": {"days": 90}}, "[horizon]")
    >>> settings.instances()
    {'mortgage': Horizon(days=90, folds=3)}
    >>> Horizon().instances()
    {'': Horizon(days=28, folds=5)}
    """

    model_config = ConfigDict(extra="allow")

    @classmethod
    def read(cls, values: Mapping[str, Any], where: str) -> Self:
        """Check values typed by a person, those of every instance too."""
        for name, value in values.items():
            if name not in cls.model_fields and not isinstance(value, Mapping):
                raise SettingsError(
                    "base.setting_unknown", where=f"{where} {name}", known=sorted(cls.model_fields)
                )
        settings = super().read(values, where)
        settings.instances()
        return settings

    def instances(self) -> dict[str, Self]:
        """Give each named instance with what all share; without any, the settings themselves under the empty name."""
        named = self.model_extra or {}
        shared = {name: getattr(self, name) for name in self.model_fields_set if name not in named}
        if not named:
            return {"": self}
        return {
            name: type(self).read({**shared, **values}, f"[{name}]") for name, values in sorted(named.items())
        }
