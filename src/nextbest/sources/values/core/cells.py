"""Cleaning of cells: blanks, full width, words for nothing."""

from __future__ import annotations

import unicodedata
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

_INVISIBLE: Final = "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff\u00ad\x00"
_BLANK: Final = (
    " \t\r\n\v\f\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
)
_NOTHING: Final = pa.array(
    [
        "",
        "na",
        "n/a",
        "#n/a",
        "nan",
        "null",
        "(null)",
        "none",
        "nil",
        "-",
        "--",
        "—",
        "\\n",
        "无",
        "空",
        "暂无",
    ]
)
_FULL_WIDTH: Final = {
    code: code - 0xFEE0
    for code in range(0xFF01, 0xFF5F)
    if chr(code - 0xFEE0).isalnum() or chr(code - 0xFEE0) in "#+-./@_"
}


def cleaned(cells: pa.Array) -> pa.Array:
    r"""Trim, turn letters and digits of full width into half width, and make words for nothing null.

    Examples
    --------
    >>> cleaned(pa.array([" 0012\t", "Ａ１２", "n/a", "无", "（中）"])).to_pylist()
    ['0012', 'A12', None, None, '（中）']
    """
    trimmed = pc.utf8_trim(pc.cast(cells, pa.string()), _BLANK + _INVISIBLE)
    if pc.any(pc.match_substring_regex(trimmed, r"[\x{FF01}-\x{FF5E}]")).as_py():
        half = [None if cell is None else cell.translate(_FULL_WIDTH) for cell in trimmed.to_pylist()]
        trimmed = pa.array(half, pa.string())
    nothing = pc.is_in(pc.utf8_lower(trimmed), _NOTHING)
    return pc.if_else(nothing, pa.scalar(None, pa.string()), trimmed) if pc.any(nothing).as_py() else trimmed


def half_width(cells: pa.Array) -> pa.Array:
    """Turn every sign that has one into its plain form: ￥ into ¥, （ into (, narrow blanks into blanks.

    Examples
    --------
    >>> half_width(pa.array(["（１，２３４）"])).to_pylist()
    ['(1,234)']
    """
    if not pc.any(pc.match_substring_regex(cells, r"[^\x00-\x7f]")).as_py():
        return cells
    plain = [cell if cell is None or cell.isascii() else _plain(cell) for cell in cells.to_pylist()]
    return pa.array(plain, pa.string())


def _plain(cell: str) -> str:
    return unicodedata.normalize("NFKC", cell).replace("−", "-").replace("–", "-").replace("’", "'")
