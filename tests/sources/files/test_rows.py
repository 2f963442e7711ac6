from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nextbest.sources.files.core.cells import plain
from nextbest.sources.files.rows import batches_of

KINDS = [
    st.just(""),
    st.text("ab1"),
    st.booleans(),
    st.integers(),
    st.dates(),
    st.floats(-1e15, 1e15),
    st.decimals(allow_nan=False),
]


@given(st.one_of(*(st.lists(st.none() | kind | st.just("")) for kind in KINDS), st.lists(st.one_of(KINDS))))
def test_cells_are_written_alike_whatever_stands_beside_them(cells):
    rows = [[cell, "x"] for cell in cells]
    found = [row for batch, _ in batches_of(enumerate(rows, 1), ("c", "x")) for row in batch["c"].to_pylist()]

    assert found == [plain(cell) for cell in cells]
