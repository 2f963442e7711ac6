from typing import Annotated

import pytest
from pydantic import Field

from nextbest.base.errors import SettingsError
from nextbest.base.settings import Settings


class Scores(Settings):
    """How scores are made."""

    bins: Annotated[int, Field(ge=2)] = 5
    """Number of levels."""


def test_settings_name_where_what_was_expected_and_what_was_got():
    with pytest.raises(SettingsError) as caught:
        Scores.read({"bins": 1}, "nextbest.toml, [scores]")
    assert str(caught.value) == "nextbest.toml, [scores] bins: expected greater than or equal to 2, got 1."


def test_a_misspelt_setting_is_named_with_those_known():
    with pytest.raises(SettingsError, match=r"\[scores\] bin: there is no such setting. Known here: bins"):
        Scores.read({"bin": 3}, "nextbest.toml, [scores]")


def test_settings_are_documented_and_frozen():
    assert Scores.model_fields["bins"].description == "Number of levels."
    with pytest.raises(ValueError, match="frozen"):
        Scores().bins = 3
