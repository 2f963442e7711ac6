import pyarrow as pa
import pyarrow.parquet as pq

from nextbest.engines.parts import Parts


def add(parts, table, name, source="till"):
    with parts.scratch() as scratch:
        pq.write_table(pa.table({"a": [1]}), scratch / "new.parquet")
        parts.add(table, scratch / "new.parquet", source=source, rows=1, name=name)


def test_parts_are_seen_once_saved(tmp_path):
    parts = Parts.open(tmp_path)
    add(parts, "products", "p1")
    assert Parts.open(tmp_path).files() == {}
    parts.save()
    assert Parts.open(tmp_path).files() == {"products": [tmp_path / "products" / "p1.parquet"]}


def test_files_that_no_manifest_names_are_removed(tmp_path):
    parts = Parts.open(tmp_path)
    add(parts, "loaded/products", "p1")
    parts.save()
    parts.drop("loaded/products")
    add(parts, "loaded/products", "p2")
    parts.save()
    assert [path.name for path in tmp_path.rglob("*.parquet")] == ["p2.parquet"]


def test_only_one_source_is_dropped(tmp_path):
    parts = Parts.open(tmp_path)
    add(parts, "products", "p1", source="till")
    add(parts, "products", "p2", source="web")
    parts.drop("products", source="web")
    assert parts.identity("products") == ("products/p1.parquet",)
