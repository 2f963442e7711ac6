"""Product profiles: what each product sells for, earns, and how often it comes back.

Reads ``order_lines`` and ``products``; writes ``product_profiles``, one row per product sold before ``as_of``.
``never_proposed`` tells what no shop proposes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nextbest.profiles.products.spec import CARD, NEVER, PRODUCT_PROFILES, ProductProfileSettings

if TYPE_CHECKING:
    from nextbest.profiles.products.query import never_proposed

__all__ = ["CARD", "NEVER", "PRODUCT_PROFILES", "ProductProfileSettings", "never_proposed"]


def __getattr__(name: str) -> Any:
    if name == "never_proposed":
        from nextbest.profiles.products.query import never_proposed

        return never_proposed
    raise AttributeError(name)
