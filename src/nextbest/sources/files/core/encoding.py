"""In which encoding a file is written, judged by the lines that are not plain ASCII."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ENOUGH: Final = 0.5
_WIDE_SHARE: Final = 0.05
"""In UTF-16 the delimiters and line ends alone leave so many zeros, and all on one side."""
_GB_LEADS: Final = frozenset({0xA1, 0xA3, *range(0xB0, 0xD8)})
"""First bytes of GB 2312 level 1 characters and of full-width signs."""
_GB_TRAILS: Final = range(0xA1, 0xFF)
_BIG5_LEADS: Final = frozenset({0xA1, *range(0xA4, 0xC7)})
_WESTERN: Final = frozenset(b"\x80\x91\x92\x93\x94\x96\x97\xa3\xa5\xa9\xae\xb0\xb4\xba") | frozenset(
    range(0xC0, 0x100)
)
_HIGH: Final = re.compile(rb"[\x80-\xff]+")


def marked_encoding(start: bytes) -> str | None:
    r"""Read the byte order mark, or see UTF-16 by its zeros.

    Examples
    --------
    >>> marked_encoding("id".encode("utf-16"))
    'utf-16'
    >>> marked_encoding("id,name\n".encode("utf-16-be"))
    'utf-16-be'
    >>> marked_encoding(b"id,name") is None
    True
    """
    for mark, name in _MARKS:
        if start.startswith(mark):
            return name
    n_first, n_second = start[::2].count(0), start[1::2].count(0)
    for n_zeros, n_others, name in ((n_second, n_first, "utf-16-le"), (n_first, n_second, "utf-16-be")):
        if (
            "\n".encode(name) in start
            and n_zeros > _WIDE_SHARE * len(start)
            and n_others < _WIDE_SHARE * n_zeros
        ):
            return name
    return None


def guess_encoding(lines: Sequence[bytes]) -> str:
    """Choose the encoding most of these lines are written in.

    UTF-8 is hard to hit by chance, so half of the lines are proof. Between GB 18030, Big5 and Western text the one
    whose everyday characters appear decides; anything else is left to charset-normalizer.

    Parameters
    ----------
    lines
        Lines that hold bytes above 127; none of them means plain ASCII.

    Examples
    --------
    >>> guess_encoding(["café,1".encode()])
    'utf-8'
    >>> guess_encoding(["订单编号,买家会员名".encode("gbk")])
    'gb18030'
    >>> guess_encoding(["café,Köln,déjà vu".encode("cp1252")])
    'cp1252'
    """
    if not lines or _share(lines, "utf-8") >= _ENOUGH:
        return "utf-8"
    plausible = {
        name: _share(lines, name) * _share_everyday(lines, everyday) for name, everyday in _EVERYDAY.items()
    }
    best = max(plausible, key=lambda name: plausible[name])
    return best if plausible[best] >= _ENOUGH else _other(lines)


def _share(lines: Sequence[bytes], encoding: str) -> float:
    return sum(_decodes(line, encoding) for line in lines) / len(lines)


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _share_everyday(lines: Sequence[bytes], everyday: Callable[[bytes], float]) -> float:
    runs = [run for line in lines for run in _HIGH.findall(line)]
    return sum(map(everyday, runs)) / max(sum(map(len, runs)), 1)


def _everyday_gb(run: bytes) -> float:
    """Count the bytes of everyday GB 2312 characters."""
    pairs = zip(run[::2], run[1::2], strict=False)
    return 2.0 * sum(lead in _GB_LEADS and trail in _GB_TRAILS for lead, trail in pairs)


def _everyday_big5(run: bytes) -> float:
    """Count the bytes of Big5 level 1 characters; the second byte may be ASCII, so the run may be half of it."""
    n_leads = sum(byte in _BIG5_LEADS for byte in run)
    return 0.9 * min(2.0 * n_leads, len(run)) if len(run) > 1 else 0.0


def _everyday_western(run: bytes) -> float:
    """Count accented letters, currency signs and typographic quotes that stand alone or in twos."""
    known = sum(byte in _WESTERN for byte in run)
    return known if len(run) <= 2 else 0.2 * known  # noqa: PLR2004


_EVERYDAY: Final[dict[str, Callable[[bytes], float]]] = {
    "gb18030": _everyday_gb,
    "big5": _everyday_big5,
    "cp1252": _everyday_western,
}


def _other(lines: Sequence[bytes]) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(b"\n".join(lines)).best()
    return best.encoding if best is not None else "cp1252"
