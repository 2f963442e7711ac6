from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile

import pytest

from nextbest.base.errors import DataError
from nextbest.sources.files import open_source

ORDERS = b"order_id,customer\no1,ann\n"


def zipped(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return str(path)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_packed_files_are_read(source, pack):
    table = open_source(source(pack(ORDERS), "orders.csv.packed"))

    assert table.head(1).to_pylist() == [{"order_id": "o1", "customer": "ann"}]


def test_the_one_file_of_a_zip_is_read(tmp_path):
    table = open_source(zipped(tmp_path / "shop.zip", {"orders.csv": ORDERS, "__MACOSX/orders.csv": b"junk"}))

    assert (table.name, table.head(1).num_rows) == ("shop.zip/orders.csv", 1)


def test_a_zip_of_several_files_wants_a_name(tmp_path):
    path = zipped(tmp_path / "shop.zip", {"orders.csv": ORDERS, "items.csv": ORDERS})

    with pytest.raises(DataError, match=r"It holds items.csv, orders.csv"):
        open_source(path)
    assert open_source(path, table="items.csv").name == "shop.zip/items.csv"
    assert open_source(path, table="items.csv").digest != open_source(path, table="orders.csv").digest


def test_an_empty_file_in_a_zip_is_empty(tmp_path):
    with pytest.raises(DataError, match=r"shop.zip/orders.csv is empty"):
        open_source(zipped(tmp_path / "shop.zip", {"orders.csv": b""}))


def test_damaged_packing_gets_a_sentence(source, tmp_path):
    whole = gzip.compress(ORDERS * 1000)
    archive = zipped(tmp_path / "shop.zip", {"orders.csv": ORDERS})
    half = (tmp_path / "shop.zip").read_bytes()[:60]
    assert archive

    for content in (whole[: len(whole) // 2], half):
        with pytest.raises(DataError, match="damaged or incomplete"):
            list(open_source(source(content)).batches())


def test_missing_files_and_folders_get_a_sentence(tmp_path):
    (tmp_path / "orders.csv").touch()

    with pytest.raises(DataError, match=r"no file nowhere.csv in folder"):
        open_source(str(tmp_path / "nowhere.csv"))
    with pytest.raises(DataError, match=r"is a folder.*It holds orders.csv"):
        open_source(str(tmp_path))
    with pytest.raises(DataError, match=r"orders.csv is empty"):
        open_source(str(tmp_path / "orders.csv"))


def test_messages_name_no_folder(tmp_path):
    with pytest.raises(DataError) as caught:
        open_source(str(tmp_path / "deep" / "nowhere.csv"))
    assert str(tmp_path) not in str(caught.value)
