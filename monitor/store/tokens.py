"""Who may come in: names and digests of tokens, never the tokens.

A running service holds the folder, and a person makes a token beside it: so
tokens are also opened by themselves, which SQLite's own locks allow.
"""

import json
import sqlite3
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path

from monitor.errors import UsageError
from monitor.store.beside import open_line
from monitor.store.database import Line
from monitor.store.entries import Holder, Role, Token


class Tokens:
    """The tokens of one data folder; each call reads the disk, so what another process changed is seen at once."""

    def __init__(self, writer: Line, reader: Line) -> None:
        self._writer = writer
        self._reader = reader

    async def add(
        self,
        name: str,
        sha256: str,
        now_ms: int,
        *,
        shops: Collection[str] | None = None,
        teams: Collection[str] | None = None,
        role: Role = "admin",
    ) -> None:
        """Let a token in; the name of a revoked one may be given again.

        Args:
            name: what it is called in lists and logs.
            sha256: its digest.
            now_ms: when it was made.
            shops: the only ones it is for; None: all.
            teams: the only ones it may see; None: all.
            role: what it may do.

        Raises:
            UsageError: the name is taken.
            StoreUnavailable: nothing was written.
        """

        def add(db: sqlite3.Connection) -> bool:
            db.execute("DELETE FROM tokens WHERE name = ? AND revoked_at_ms IS NOT NULL", (name,))
            return (
                db.execute(
                    "INSERT INTO tokens (name, sha256, shops, teams, role, created_at_ms) VALUES (?, ?, ?, ?, ?, ?) "
                    "ON CONFLICT (name) DO NOTHING",
                    (name, sha256, _written(shops), _written(teams), role, now_ms),
                ).rowcount
                > 0
            )

        if not await self._writer.write(add):
            raise UsageError(f"there is a token {name!r} already; revoke it first, or take another name")

    async def revoke(self, name: str, now_ms: int) -> bool:
        """Let a token in no longer; return whether there was one in force.

        Raises:
            StoreUnavailable: nothing was written; it is still in force.
        """
        return await self._writer.write(
            lambda db: (
                db.execute(
                    "UPDATE tokens SET revoked_at_ms = ? WHERE name = ? AND revoked_at_ms IS NULL", (now_ms, name)
                ).rowcount
                > 0
            )
        )

    async def list(self) -> list[Token]:
        """Return all tokens by name, revoked ones too."""

        def read(db: sqlite3.Connection) -> list[Token]:
            return [
                Token(
                    name=name,
                    shops=_names(shops),
                    teams=_names(teams),
                    role=role,
                    created_at_ms=created,
                    revoked_at_ms=revoked,
                )
                for name, shops, teams, role, created, revoked in db.execute(
                    "SELECT name, shops, teams, role, created_at_ms, revoked_at_ms FROM tokens ORDER BY name"
                )
            ]

        return await self._reader.read(read)

    async def find(self, sha256: str) -> Holder | None:
        """Return who holds the token in force with this digest, or None."""
        return await self._holder("sha256", sha256)

    async def named(self, name: str) -> Holder | None:
        """Return the holder of that name whose token is in force, or None."""
        return await self._holder("name", name)

    async def _holder(self, column: str, value: str) -> Holder | None:
        def read(db: sqlite3.Connection) -> Holder | None:
            found = db.execute(
                f"SELECT name, shops, teams, role FROM tokens WHERE {column} = ? AND revoked_at_ms IS NULL",
                (value,),
            ).fetchone()
            return None if found is None else Holder(found[0], _names(found[1]), _names(found[2]), found[3])

        return await self._reader.read(read)

    async def any(self) -> bool:
        """Return whether a token was ever made: from then on one is asked for, also once all are revoked."""
        return await self._reader.read(lambda db: db.execute("SELECT EXISTS (SELECT 1 FROM tokens)").fetchone()[0] == 1)


def _written(names: Collection[str] | None) -> str | None:
    return None if names is None else json.dumps(sorted(names))


def _names(stored: str | None) -> frozenset[str] | None:
    return None if stored is None else frozenset(json.loads(stored))


@asynccontextmanager
async def open_tokens(folder: Path) -> AsyncIterator[Tokens]:
    """Open the tokens of a data folder, also while a service runs on it.

    Raises:
        UsageError: the folder cannot be used, or holds something else or newer.
    """
    async with open_line(folder) as line:
        yield Tokens(line, line)
