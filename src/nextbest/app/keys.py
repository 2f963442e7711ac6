"""Keys of the decision service: made, listed, revoked, and recognised; of the secret only a digest is kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args

import sqlalchemy as sa

from nextbest.app import auditing
from nextbest.base.errors import DataError
from nextbest.engines.operations import Operations
from nextbest.tables.operational import KEYS

Scope = Literal["server", "browser"]
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
_PREFIX: Final = "nb"


@dataclass(frozen=True, slots=True)
class Key:
    """What is known of a key, without its secret."""

    key_id: str
    name: str
    scope: Scope
    """server: every route; browser: decisions and events, from its origins only."""
    origins: tuple[str, ...]
    """Of pages that may use it, such as ``https://shop.example``."""
    created_at: datetime
    """UTC without zone, as the others."""
    expires_at: datetime | None
    revoked_at: datetime | None

    def holds(self, at: datetime) -> bool:
        """Tell whether it is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)


def create(  # noqa: PLR0913
    operations: Operations,
    name: str,
    scope: str,
    *,
    origins: Sequence[str] = (),
    by: str | None,
    at: datetime,
    expires_at: datetime | None = None,
) -> str:
    """Make a key and give its text, which cannot be read again.

    Parameters
    ----------
    name
        What it is for.
    scope
        ``server`` or ``browser``; a browser's key needs the origins of its pages.
    by
        Who makes it.
    at, expires_at
        UTC without zone.
    """
    if scope not in SCOPES:
        raise DataError("api.key_scope", got=scope, known=SCOPES)
    if scope == "browser" and not origins:
        raise DataError("api.key_origins")
    for origin in origins:
        if not origin.startswith(("http://", "https://")) or origin.count("/") != 2:  # noqa: PLR2004
            raise DataError("api.key_origin", got=origin)
    key_id = secrets.token_hex(6)
    text = f"{_PREFIX}_{key_id}_{secrets.token_urlsafe(32)}"
    row = {"key_id": key_id, "digest": _digest(text), "name": name, "scope": scope, "origins": list(origins)}
    with operations.writing() as connection:
        auditing.write(connection, "key created", key_id, by=by, at=at)
        connection.execute(
            KEYS.insert().values(row | {"created_at": at, "created_by": by, "expires_at": expires_at})
        )
    return text


def revoke(operations: Operations, key_id: str, *, by: str | None, at: datetime) -> None:
    """Make a key worthless from now on; one that is revoked already stays so."""
    with operations.writing() as connection:
        found = connection.execute(
            sa.update(KEYS)
            .where(KEYS.c.key_id == key_id)
            .values(revoked_at=sa.func.coalesce(KEYS.c.revoked_at, at))
        )
        if not found.rowcount:
            raise DataError("api.key_unknown", got=key_id)
        auditing.write(connection, "key revoked", key_id, by=by, at=at)


def listed(operations: Operations) -> list[Key]:
    """List every key, oldest first."""
    with operations.reading() as connection:
        rows = connection.execute(sa.select(KEYS).order_by(KEYS.c.created_at, KEYS.c.key_id))
        return [_key(row) for row in rows]


def recognise(operations: Operations, text: str) -> Key | None:
    """Find the key that a text is; ``None``: it is none. Whether it still holds is not asked."""
    parts = text.split("_", 2)
    if len(parts) != 3 or parts[0] != _PREFIX or not text.isascii() or "\0" in text:  # noqa: PLR2004
        return None
    with operations.reading() as connection:
        row = connection.execute(sa.select(KEYS).where(KEYS.c.key_id == parts[1])).one_or_none()
    if row is None or not hmac.compare_digest(row.digest, _digest(text)):
        return None
    return _key(row)


def _digest(text: str) -> str:
    """Hash a key: it is 256 random bits, so that no slow hash is needed."""
    return hashlib.sha256(text.encode()).hexdigest()


def _key(row: sa.Row[tuple[object, ...]]) -> Key:
    origins = tuple(row.origins or ())
    return Key(row.key_id, row.name, row.scope, origins, row.created_at, row.expires_at, row.revoked_at)
