import tomllib

import pytest

from nextbest.app import config
from nextbest.app.config import Config, SourceSettings
from nextbest.base.errors import SettingsError

SHOP = {"name": "Corner shop", "time_zone": "Europe/London", "currency": "GBP"}
TILL = SourceSettings(
    name="till", files=("a.csv",), table="order_lines", columns={"order_id": "No", "products.name": "Name"}
)


def test_a_written_file_reads_back(tmp_path):
    config.write(tmp_path, SHOP, [TILL], {"rfm": {"bins": 4}})
    read = Config.read(tmp_path)
    assert read.shop.name == "Corner shop"
    assert read.sources == (TILL,)
    assert read.capabilities["rfm"].bins == 4
    assert read.capabilities["lifecycle"].new_days == 30


def test_every_setting_is_documented_in_place(tmp_path):
    config.write(tmp_path, SHOP, [TILL])
    text = (tmp_path / config.FILE).read_text(encoding="utf-8")
    for name, settings in Config.read(tmp_path).capabilities.items():
        for setting in type(settings).model_fields:
            assert f"\n# {setting} =" in text, f"{name}.{setting}"
    assert set(tomllib.loads(text)) >= {"shop", "source", "cleaning", "rfm"}


def test_a_shop_must_say_its_time_zone():
    with pytest.raises(SettingsError, match="time_zone"):
        Config.check({"shop": {"name": "x"}})


def test_two_sources_of_one_name_are_refused():
    with pytest.raises(SettingsError, match="two sources are named till"):
        Config.check({"shop": SHOP, "source": [TILL.model_dump(), TILL.model_dump()]})


def test_a_column_that_no_table_has_is_named_before_anything_is_read():
    source = TILL.model_dump() | {"columns": {"customers.fax": "Fax"}}
    with pytest.raises(SettingsError, match='customers has no column "fax"'):
        Config.check({"shop": SHOP, "source": [source]})


def test_a_table_that_does_not_exist_is_named_before_anything_is_read():
    with pytest.raises(SettingsError, match='no table "custmers"'):
        Config.check({"shop": SHOP, "source": [TILL.model_dump() | {"table": "custmers"}]})
