"""The outbox: what is to be told, until it is told or of no use any more.

A delivery is ``pending`` until it is ``sent``, ``failed``, ``dropped_answered`` or
``withdrawn``. It gets in with the commit that decided it; what came of each try is
written down with its times. Messages to people that come too many at once are
``digested``: merged into one that is a delivery itself and stands for them all, so
that each that was due ends in exactly one of these.
"""

import sqlite3
from collections.abc import Collection, Sequence
from typing import Any

import msgspec
from msgspec import structs

from monitor.core.units import HOUR_MS
from monitor.store.database import Line
from monitor.store.entries import Attempt, Delivery, DueDelivery, Rest
from monitor.store.many import insert_many

_FIELDS = Delivery.__struct_fields__
_DELIVERY = "delivery_id, alert_id, channel, transition, stage, due_at_ms, decided_at_ms, expires_at_ms, body"

# Transitions of what people are told; those of machines are in `monitor.alerts.message`.
TOLD, HIGH, DIGEST = "told", "told_high", "digest"
RECENT_MS = 10 * 60_000  # What is tried now was decided within this.
# What has its words still (see `retention`), in the very words of the index by which it is found.
WITH_WORDS = "state != 'pending' AND length(body) > 2"


def insert_deliveries(db: sqlite3.Connection, deliveries: Sequence[Delivery]) -> None:
    """Put deliveries in; those already known stay as they are, told or not."""
    rows = [(*structs.astuple(delivery), delivery.decided_at_ms) for delivery in deliveries]
    insert_many(db, f"outbox ({_DELIVERY}, next_at_ms)", rows, "ON CONFLICT (delivery_id) DO NOTHING")


def _delivery(row: Sequence[Any]) -> Delivery:
    return Delivery(**dict(zip(_FIELDS, row, strict=True)))


def _due(row: Sequence[Any]) -> DueDelivery:
    return DueDelivery(delivery=_delivery(row[:-1]), attempts=row[-1])


class Outbox:
    """What is to be told, and what came of it."""

    def __init__(self, writer: Line, reader: Line) -> None:
        self._writer = writer
        self._reader = reader

    async def due(self, now_ms: int, limit: int, busy: Collection[str] = ()) -> list[DueDelivery]:
        """Return pending deliveries whose turn has come and that have not expired, longest due first.

        Of one alert on one channel only the oldest pending delivery has its turn, so
        that a resolve does not overtake its raise.

        Args:
            now_ms: now.
            limit: how many at most.
            busy: channels to leave out.
        """

        def read(db: sqlite3.Connection) -> list[DueDelivery]:
            return [
                _due(row)
                for row in db.execute(
                    f"SELECT {_DELIVERY}, attempts FROM outbox AS o "
                    "WHERE state = 'pending' AND next_at_ms <= ? AND expires_at_ms > ? "
                    "AND channel NOT IN (SELECT value FROM json_each(?)) "
                    "AND NOT EXISTS (SELECT 1 FROM outbox AS older WHERE older.alert_id = o.alert_id "
                    "AND older.channel = o.channel AND older.number < o.number AND older.state = 'pending') "
                    "ORDER BY next_at_ms, number LIMIT ?",
                    (now_ms, now_ms, msgspec.json.encode(list(busy)).decode(), limit),
                )
            ]

        return await self._reader.read(read)

    async def due_for_people(self, channel: str, now_ms: int, limit: int, *, high_only: bool) -> list[DueDelivery]:
        """Return what people may be told now on a channel, in the order it was decided.

        Args:
            channel: where.
            now_ms: now.
            limit: how many at most.
            high_only: only what may use the part of the budget that is kept for higher steps, and digests begun.
        """
        wanted = [HIGH, DIGEST] if high_only else [HIGH, DIGEST, TOLD]

        def read(db: sqlite3.Connection) -> list[DueDelivery]:
            return [
                _due(row)
                for row in db.execute(
                    f"SELECT {_DELIVERY}, attempts FROM outbox WHERE state = 'pending' AND next_at_ms <= ? "
                    "AND expires_at_ms > ? AND channel = ? AND transition IN (SELECT value FROM json_each(?)) "
                    # With a plus, as SQLite would else walk through all that was ever told, for the order it lies in.
                    "ORDER BY +number LIMIT ?",
                    (now_ms, now_ms, channel, msgspec.json.encode(wanted).decode(), limit),
                )
            ]

        return await self._reader.read(read)

    async def add(self, deliveries: Sequence[Delivery]) -> None:
        """Put in what no commit of the engine decided; those already known stay as they are.

        Raises:
            StoreUnavailable: nothing was written.
        """
        if deliveries:
            await self._writer.write(lambda db: insert_deliveries(db, deliveries))

    async def merge(self, digest: Delivery, members: Sequence[str]) -> None:
        """Put a digest in and let it stand for its members.

        Raises:
            StoreUnavailable: nothing was written.
        """

        def write(db: sqlite3.Connection) -> None:
            insert_deliveries(db, [digest])
            db.executemany(
                "UPDATE outbox SET state = 'digested', digest = ? WHERE delivery_id = ? AND state = 'pending'",
                [(digest.delivery_id, member) for member in members],
            )

        await self._writer.write(write)

    async def members(self, digest: str) -> list[Delivery]:
        """Return what a digest stands for."""
        return await self._reader.read(
            lambda db: [
                _delivery(row)
                for row in db.execute(
                    f"SELECT {_DELIVERY} FROM outbox WHERE digest = ? AND state = 'digested' ORDER BY number", (digest,)
                )
            ]
        )

    async def tries_since(self, channel: str, since_ms: int) -> list[int]:
        """Return when something was tried on a channel lately, oldest first.

        What is put in was decided within `RECENT_MS`, so behind one of twice that age nothing lies that was tried
        lately: it is looked for from the end, not among all that was ever told.
        """

        def read(db: sqlite3.Connection) -> list[int]:
            tries = []
            for decided_at_ms, sent_at_ms in db.execute(
                "SELECT o.decided_at_ms, a.sent_at_ms FROM outbox AS o "
                "LEFT JOIN attempts AS a ON a.delivery = o.number AND o.channel = ? ORDER BY o.number DESC",
                (channel,),
            ):
                if decided_at_ms <= since_ms - 2 * RECENT_MS:
                    break
                if decided_at_ms > since_ms - RECENT_MS and sent_at_ms is not None and sent_at_ms > since_ms:
                    tries.append(sent_at_ms)
            return sorted(tries)

        return await self._reader.read(read)

    async def used_since(self, channel: str, hour_ms: int) -> int:
        """Return how often something was tried on a channel since the beginning of an hour."""
        return await self._reader.read(
            lambda db: int(
                db.execute(
                    "SELECT coalesce(sum(tries), 0) FROM channel_use WHERE channel = ? AND hour_ms >= ?",
                    (channel, hour_ms),
                ).fetchone()[0]
            )
        )

    async def standing(self, channel: str) -> list[Delivery]:
        """Return what was told last of each alert on a channel, where that was no end.

        What is so old that its words are forgotten is left out: nobody could tell it again.
        """
        return await self._reader.read(
            lambda db: [
                _delivery(row)
                for row in db.execute(
                    f"SELECT {_DELIVERY} FROM outbox AS o WHERE channel = ? AND state = 'sent' "
                    f"AND transition IN ('raised', 'risen') AND {WITH_WORDS} "
                    "AND NOT EXISTS (SELECT 1 FROM outbox AS later "
                    "WHERE later.alert_id = o.alert_id AND later.channel = o.channel AND later.number > o.number "
                    "AND later.state = 'sent') ORDER BY +number",
                    (channel,),
                )
            ]
        )

    async def account(self, channel: str) -> dict[str, int]:
        """Return how many deliveries of a channel stand how: all that were due, and not the digests themselves."""
        return await self._reader.read(
            lambda db: dict(
                db.execute(
                    "SELECT state, count(*) FROM outbox WHERE channel = ? AND transition != ? GROUP BY state",
                    (channel, DIGEST),
                ).fetchall()
            )
        )

    async def next_at_ms(self, busy: Collection[str] = ()) -> int | None:
        """Return when the next pending delivery is due, leaving out ``busy`` channels, or None if none is pending."""

        def read(db: sqlite3.Connection) -> int | None:
            found = db.execute(
                "SELECT next_at_ms FROM outbox WHERE state = 'pending' "
                "AND channel NOT IN (SELECT value FROM json_each(?)) ORDER BY next_at_ms LIMIT 1",
                (msgspec.json.encode(list(busy)).decode(),),
            ).fetchone()
            return None if found is None else found[0]

        return await self._reader.read(read)

    async def record_attempts(self, attempts: Sequence[Attempt], rests: Sequence[Rest] = ()) -> None:
        """Write down what came of deliveries and which channels are left alone for it, in one synced transaction.

        A delivery that is settled stays as it is, and what is unknown is left out.

        Raises:
            StoreUnavailable: nothing was written.
        """

        def write(db: sqlite3.Connection) -> None:
            _record(db, attempts)
            for rest in rests:
                db.execute("INSERT OR REPLACE INTO channel_rest VALUES (?, ?, ?, ?)", structs.astuple(rest))

        if attempts or rests:
            await self._writer.write(write)

    async def rest(self, channel: str) -> Rest | None:
        """Return until when a channel is left alone, as it was last written down."""

        def read(db: sqlite3.Connection) -> Rest | None:
            found = db.execute("SELECT * FROM channel_rest WHERE channel = ?", (channel,)).fetchone()
            return None if found is None else Rest(*found)

        return await self._reader.read(read)

    async def keep_storm(self, body: bytes) -> None:
        """Keep how a rush stands.

        Raises:
            StoreUnavailable: nothing was written.
        """
        await self._writer.write(lambda db: db.execute("INSERT OR REPLACE INTO storm VALUES (1, ?)", (body,)))

    async def storm(self) -> bytes | None:
        """Return what was kept of it last."""

        def read(db: sqlite3.Connection) -> bytes | None:
            found = db.execute("SELECT body FROM storm").fetchone()
            return None if found is None else bytes(found[0])

        return await self._reader.read(read)

    async def expire(self, now_ms: int) -> dict[str, int]:
        """Give up what has expired without being sent; return how many by channel.

        Raises:
            StoreUnavailable: nothing was written.
        """

        def find(db: sqlite3.Connection) -> list[tuple[str]]:
            return db.execute(
                "SELECT delivery_id FROM outbox WHERE state = 'pending' AND expires_at_ms <= ?", (now_ms,)
            ).fetchall()

        def write(db: sqlite3.Connection) -> dict[str, int]:
            counts: dict[str, int] = {}
            for (channel,) in db.execute(
                "UPDATE outbox SET state = 'failed' WHERE state = 'pending' AND expires_at_ms <= ? RETURNING channel",
                (now_ms,),
            ):
                counts[channel] = counts.get(channel, 0) + 1
            return counts

        # Looked for beside the commits first: most often there is nothing to write.
        return await self._writer.write(write) if await self._reader.read(find) else {}

    async def pending(self) -> dict[str, int]:
        """Return how many deliveries wait, by channel."""
        return await self._reader.read(
            lambda db: dict(
                db.execute("SELECT channel, count(*) FROM outbox WHERE state = 'pending' GROUP BY channel").fetchall()
            )
        )

    async def attempts_of(self, delivery_ids: Collection[str]) -> dict[str, list[Attempt]]:
        """Return what came of deliveries so far, the first try of each first."""
        found: dict[str, list[Attempt]] = {delivery_id: [] for delivery_id in delivery_ids}

        def read(db: sqlite3.Connection) -> dict[str, list[Attempt]]:
            for row in db.execute(
                "SELECT o.delivery_id, a.sent_at_ms, a.answered_at_ms, a.outcome, a.reason FROM outbox AS o "
                "JOIN attempts AS a ON a.delivery = o.number "
                "WHERE o.delivery_id IN (SELECT value FROM json_each(?)) ORDER BY a.delivery, a.attempt",
                (msgspec.json.encode(list(delivery_ids)).decode(),),
            ):
                found[row[0]].append(
                    Attempt(delivery_id=row[0], sent_at_ms=row[1], answered_at_ms=row[2], outcome=row[3], reason=row[4])
                )
            return found

        return await self._reader.read(read)


def _record(db: sqlite3.Connection, attempts: Sequence[Attempt]) -> None:
    """Count each try, settle or put off its delivery."""
    for attempt in attempts:
        found = db.execute(
            "SELECT number, attempts, channel FROM outbox WHERE delivery_id = ? AND state IN ('pending', 'digested')",
            (attempt.delivery_id,),
        ).fetchone()
        if found is None:
            continue
        number, tried, channel = found
        if attempt.then is not None:
            insert_deliveries(db, [attempt.then])
        if attempt.sent_at_ms is not None:
            hour_ms = attempt.sent_at_ms // HOUR_MS * HOUR_MS
            db.execute(
                "INSERT INTO channel_use VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET tries = tries + 1",
                (channel, hour_ms),
            )
        tried += attempt.sent_at_ms is not None
        state = "pending" if attempt.outcome == "retry" else attempt.outcome
        db.execute(
            "UPDATE outbox SET state = ?, attempts = ?, next_at_ms = coalesce(?, next_at_ms) WHERE number = ?",
            (state, tried, attempt.next_at_ms, number),
        )
        db.execute(
            "INSERT INTO attempts VALUES "
            "(?, (SELECT 1 + coalesce(max(attempt), 0) FROM attempts WHERE delivery = ?), ?, ?, ?, ?)",
            (number, number, attempt.sent_at_ms, attempt.answered_at_ms, attempt.outcome, attempt.reason),
        )
