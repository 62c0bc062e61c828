"""The alert log: every alert as it stands or ended, and what was done to it by whom and when.

An alert is one line, written anew whenever it changes; what was done is added to
the trail and never changed. When people were first told, the limit they had then
and the first claim stay as first written: by these an alert is judged.
"""

import sqlite3
from collections.abc import Collection, Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from monitor.core.decisions import AlertAct, AlertState
from monitor.store.database import Line
from monitor.store.many import insert_many

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(AlertState).decode
_KEPT = (
    "number, body, raised_at_ms, limit_at_ms, first_claimed_at_ms, updated_at_ms"  # What reading an alert back needs.
)


class Logged(Struct, frozen=True, gc=False):
    """An alert as it lies in the log; its acts are apart."""

    number: int  # Its place in the log, in the order in which alerts began.
    state: AlertState
    first_claimed_at_ms: int | None
    updated_at_ms: int


class Wanted(Struct, frozen=True, kw_only=True):
    """Which alerts are asked for; None: all."""

    state: str | None = None  # open: firing or claimed.
    kind: str | None = None
    shop: str | None = None
    platform: str | None = None
    team: str | None = None
    agent: str | None = None
    from_ms: int | None = None  # Since, from and before.
    to_ms: int | None = None
    shops: Collection[str] | None = None  # Those the caller may see.
    teams: Collection[str] | None = None


class Told(Struct, frozen=True, gc=False):
    """One delivery of an alert, for its history."""

    delivery_id: str
    channel: str
    transition: str
    stage: str
    due_at_ms: int
    decided_at_ms: int
    state: str
    attempts: int


class Judged(Struct, frozen=True, array_like=True, gc=False):
    """What the quality of alerts is computed from."""

    team: str
    state: str
    outcome: str | None
    raised_at_ms: int
    limit_at_ms: int | None
    claimed_at_ms: int | None
    ended_at_ms: int | None


def insert_alerts(db: sqlite3.Connection, states: Sequence[AlertState]) -> None:
    """Write how alerts stand, and add what was done to the trail."""
    insert_many(
        db,
        "alerts (alert, kind, state, platform, shop, team, agent, since_ms, raised_at_ms, limit_at_ms, "
        "first_claimed_at_ms, ended_at_ms, outcome, updated_at_ms, body)",
        [
            (
                one.alert,
                one.kind,
                one.state,
                one.platform,
                one.shop,
                one.team,
                one.agent,
                one.since_ms,
                one.raised_at_ms,
                one.limit_at_ms,
                one.claimed_at_ms,
                one.ended_at_ms,
                one.outcome,
                one.acts[-1].at_ms if one.acts else one.since_ms,
                _encode(replace(one, acts=())),
            )
            for one in states
        ],
        "ON CONFLICT (alert) DO UPDATE SET "
        "state = excluded.state, team = excluded.team, agent = excluded.agent, since_ms = excluded.since_ms, "
        "raised_at_ms = coalesce(raised_at_ms, excluded.raised_at_ms), "
        "limit_at_ms = coalesce(limit_at_ms, excluded.limit_at_ms), "
        "first_claimed_at_ms = coalesce(first_claimed_at_ms, excluded.first_claimed_at_ms), "
        "ended_at_ms = excluded.ended_at_ms, outcome = excluded.outcome, updated_at_ms = excluded.updated_at_ms, "
        "body = excluded.body",
    )
    acts = [(one.alert, act.at_ms, act.by, act.what, act.detail) for one in states for act in one.acts]
    insert_many(db, "alert_acts", acts)


class Alerts:
    """Reads the log."""

    def __init__(self, reader: Line) -> None:
        self._reader = reader

    async def find(self, wanted: Wanted, *, before: int | None, limit: int) -> list[Logged]:
        """Return alerts, the newest first; ``before`` is the number where an earlier page ended."""
        where, values = _where(wanted)
        if before is not None:
            where.append("number < ?")
            values.append(before)

        def read(db: sqlite3.Connection) -> list[Logged]:
            found = db.execute(
                f"SELECT {_KEPT} FROM alerts WHERE {' AND '.join(where)} ORDER BY number DESC LIMIT ?",
                (*values, limit),
            )
            return [_logged(row) for row in found]

        return await self._reader.read(read)

    async def get(self, alert: str) -> tuple[Logged, list[AlertAct]] | None:
        """Return an alert and all that was done to it; None: there is none of this name."""

        def read(db: sqlite3.Connection) -> tuple[Logged, list[AlertAct]] | None:
            row = db.execute(f"SELECT {_KEPT} FROM alerts WHERE alert = ?", (alert,)).fetchone()
            if row is None:
                return None
            acts = db.execute(
                "SELECT at_ms, by, what, detail FROM alert_acts WHERE alert = ? ORDER BY at_ms, rowid", (alert,)
            )
            return _logged(row), [AlertAct(*act) for act in acts]

        return await self._reader.read(read)

    async def told(self, alert_id: str) -> list[Told]:
        """Return what channels were given of an alert, by the id it has outside."""

        def read(db: sqlite3.Connection) -> list[Told]:
            return [
                Told(*row)
                for row in db.execute(
                    "SELECT delivery_id, channel, transition, stage, due_at_ms, decided_at_ms, state, attempts "
                    "FROM outbox WHERE alert_id = ? ORDER BY number LIMIT 500",
                    (alert_id,),
                )
            ]

        return await self._reader.read(read)

    async def judged(self, wanted: Wanted) -> list[Judged]:
        """Return what alerts of waits were told beyond the panel in a span."""
        where, values = _where(wanted, since="raised_at_ms")

        def read(db: sqlite3.Connection) -> list[Judged]:
            found = db.execute(
                "SELECT team, state, outcome, raised_at_ms, limit_at_ms, first_claimed_at_ms, ended_at_ms FROM alerts "
                f"WHERE {' AND '.join(where)} AND kind = 'wait' AND raised_at_ms IS NOT NULL",
                values,
            )
            return [Judged(*row) for row in found]

        return await self._reader.read(read)


def _where(wanted: Wanted, since: str = "since_ms") -> tuple[list[str], list[str | int]]:
    where, values = ["1 = 1"], list[str | int]()
    if wanted.state == "open":
        where.append("ended_at_ms IS NULL AND state IN ('firing', 'claimed')")
    elif wanted.state is not None:
        where.append("state = ?")
        values.append(wanted.state)
    for name in ("kind", "shop", "platform", "team", "agent"):
        value = getattr(wanted, name)
        if value is not None:
            where.append(f"{name} = ?")
            values.append(value)
    if wanted.from_ms is not None:
        where.append(f"{since} >= ?")
        values.append(wanted.from_ms)
    if wanted.to_ms is not None:
        where.append(f"{since} < ?")
        values.append(wanted.to_ms)
    for column, allowed in (("shop", wanted.shops), ("team", wanted.teams)):
        if allowed is not None:
            where.append(f"{column} IN (SELECT value FROM json_each(?))")
            values.append(msgspec.json.encode(sorted(allowed)).decode())
    return where, values


def _logged(row: tuple[int, bytes, int | None, int | None, int | None, int]) -> Logged:
    number, body, raised_at_ms, limit_at_ms, claimed_at_ms, updated_at_ms = row
    state = replace(_decode(body), raised_at_ms=raised_at_ms, limit_at_ms=limit_at_ms)
    return Logged(number, state, claimed_at_ms, updated_at_ms)
