"""Product profiles: what each product sells for, earns, and how often it comes back.

Reads ``order_lines`` and ``products``; writes ``product_profiles``, one row per product sold before ``as_of``.
"""

from nextbest.profiles.products.spec import CARD, PRODUCT_PROFILES, ProductProfileSettings

__all__ = ["CARD", "PRODUCT_PROFILES", "ProductProfileSettings"]
