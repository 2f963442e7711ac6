"""Which names are one product line: the same thing in another size, colour or pack."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import numpy as np

from nextbest.decisions.offers.core.rows import Ints

_WORDS: Final = (
    "red blue green pink black white ivory cream purple yellow orange brown grey gray silver gold navy turquoise lilac "
    "small medium large jumbo mini big xs s m l xl xxl x extra single double pack packs pk pkt ct count set of in and with "
    "the a an w ml cl l g kg oz lb lbs cm mm inch dozen regular reg asst assorted design colour color size"
)
_VARIANTS: Final = frozenset(_WORDS.split())
_CHINESE: Final = re.compile(
    r"(红|蓝|绿|粉|黑|白|紫|黄|橙|棕|灰|银|金)色|[大中小]号|加大|迷你|\d+(克|毫升|升|千克|公斤|斤|片|包|盒|瓶|袋|支|只|件)装?"
)
_WORD: Final = re.compile(r"[^\W\d_]+")


def lines_of(names: Sequence[str]) -> Ints:
    """Give names of one product line one code, by the first name of the line.

    Names are compared by their words, in any order, without sizes, colours, packs and numbers; a name that is nothing else
    stands for itself.

    Examples
    --------
    >>> lines_of(["EGGS - LARGE", "Eggs, x-large 12 ct", "RED MUG", "BLUE MUG", "RED"])
    array([0, 0, 1, 1, 2])
    >>> lines_of(["红色马克杯 300毫升", "蓝色马克杯", "茶"])
    array([0, 0, 1])
    """
    known: dict[str, int] = {}
    return np.array([known.setdefault(_line(name), len(known)) for name in names], dtype=np.int64)


def _line(name: str) -> str:
    lower = _CHINESE.sub(" ", name.lower())
    words = sorted(set(_WORD.findall(lower)) - _VARIANTS)
    return " ".join(words) or name.lower()
