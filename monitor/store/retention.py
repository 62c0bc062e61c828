"""Forgetting what was said and by whom, once it is no longer needed: timings stay, names and words go.

An event loses its text, what its sender added (``meta``) and the product; the names of buyer and
conversation become keyed hashes, the same for the same name, so that what belongs together still does
and nobody can say who it was. Where a chat had an alert, or a word of ours was marked, it is kept
longer, for a dispute at the month's end.
What was decided of the words (courtesy, holding …) was stored beside them, so no figure changes.

Everything goes in slices of a few milliseconds, as each holds up the commits. Cursors say how far it has come.
"""

import hmac
import sqlite3
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from monitor.core.events import APART, AnyEvent, BuyerMerged, Message, WaitingSnapshot
from monitor.key_file import key_at
from monitor.store.outbox import WITH_WORDS
from monitor.wire.stored import FORGOTTEN, decode_stored, encode_event

MARK = "~"  # A hashed name begins so. The rest is enough of the hash to tell all buyers of a centre apart.
HASH_CHARS = 20
_FORGOTTEN_BODY = b"{}"

# What names somebody still, in the very words of the index by which it is found.
_NAMED = "substr(json_extract(CAST(body AS TEXT), '$.conversation'), 1, 1) != '~'"


class Ages(NamedTuple):
    """How long words and names are kept: of most chats, and of those with an alert; the latter never the shorter."""

    keep_ms: int
    keep_flagged_ms: int


def key_in(folder: Path) -> bytes:
    """Return the key of a data folder's hashes, made on first use; without it a hash leads back to nobody.

    Raises:
        OSError: it cannot be read or written.
    """
    return key_at(folder / "names.key")


class Forgetter:
    """Forgets a slice at a time.

    Args:
        key: of the hashes.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def hashed(self, shop: str, name: str) -> str:
        """Return what stands for a name of a shop."""
        if name.startswith(MARK):
            return name
        digest = hmac.digest(self._key, f"{shop}{APART}{name}".encode("utf-8", "surrogatepass"), "sha256")
        return MARK + digest.hex()[:HASH_CHARS]

    def forget(self, now_ms: int, ages: Ages, max_rows: int, db: sqlite3.Connection) -> int:
        """Forget one slice; return how many rows were looked at, 0 when nothing is left.

        1. Events and rounds older than ``keep_ms`` whose chats had no alert; closed conversations go whole.
        2. Those older than ``keep_flagged_ms``, whoever they are.
        3. Bodies of settled deliveries, and refused input, which may hold words too.
        4. Whose chat an old alert was of, and words that were marked.
        """
        (saved,) = db.execute(
            "SELECT saved_position FROM commits ORDER BY position DESC, number DESC LIMIT 1"
        ).fetchone() or (0,)
        done = 0
        keep_flagged_ms = max(ages)
        for age, flagged in ((ages.keep_ms, False), (keep_flagged_ms, True)):
            before_ms = now_ms - age
            done += self._events(before_ms, saved, max_rows, db, flagged=flagged)
            done += self._rounds(before_ms, max_rows, db, flagged=flagged)
        before_ms = now_ms - ages.keep_ms
        done += db.execute(
            "UPDATE outbox SET body = ? WHERE number IN "
            f"(SELECT number FROM outbox WHERE {WITH_WORDS} AND decided_at_ms < ? LIMIT ?)",
            (_FORGOTTEN_BODY, before_ms, max_rows),
        ).rowcount
        done += db.execute(
            "DELETE FROM quarantine WHERE number IN (SELECT number FROM quarantine WHERE at_ms < ? LIMIT ?)",
            (before_ms, max_rows),
        ).rowcount
        done += self._alerts(now_ms - keep_flagged_ms, max_rows, db)
        return done + self._hits(now_ms - keep_flagged_ms, max_rows, db)

    def _alerts(self, before_ms: int, max_rows: int, db: sqlite3.Connection) -> int:
        """Forget whose chat an alert was of, once it is over and no longer disputed."""
        found = db.execute(
            f"SELECT number, shop, body FROM alerts WHERE ended_at_ms < ? AND {_NAMED} LIMIT ?", (before_ms, max_rows)
        ).fetchall()
        changed = []
        for number, shop, body in found:
            alert: dict[str, Any] = msgspec.json.decode(body)
            for field in ("conversation", "buyer"):
                alert[field] = self.hashed(shop, alert[field]) if alert[field] else alert[field]
            changed.append((msgspec.json.encode(alert), number))
        db.executemany("UPDATE alerts SET body = ? WHERE number = ?", changed)
        return len(found)

    def _hits(self, before_ms: int, max_rows: int, db: sqlite3.Connection) -> int:
        """Forget the words that were marked, and in whose chat."""
        found = db.execute(
            "SELECT number, shop, conversation FROM quality_hits WHERE at_ms < ? AND word != '' LIMIT ?",
            (before_ms, max_rows),
        ).fetchall()
        db.executemany(
            "UPDATE quality_hits SET word = '', conversation = ? WHERE number = ?",
            [(self.hashed(shop, conversation), number) for number, shop, conversation in found],
        )
        return len(found)

    def _events(self, before_ms: int, saved: int, max_rows: int, db: sqlite3.Connection, *, flagged: bool) -> int:
        cursor = "flagged_to" if flagged else "events_to"
        (reached,) = db.execute(f"SELECT {cursor} FROM retention").fetchone()
        found = db.execute(
            "SELECT position, shop, conversation, arrived_at_ms, body FROM events "
            "WHERE position > ? AND position <= ? ORDER BY position LIMIT ?",
            (reached, saved, max_rows),
        ).fetchall()
        old = [row for row in found if row[3] < before_ms]
        if not old:
            return 0
        alerted = set() if flagged else self._alerted({(row[1], row[2]) for row in old if row[2]}, db)
        changed = []
        for position, shop, conversation, _, body in old:
            if (shop, conversation) in alerted:
                continue
            event = self._without(decode_stored(body))
            changed.append((event.conversation or event.buyer, encode_event(event), position))
        db.executemany("UPDATE events SET conversation = ?, body = ? WHERE position = ?", changed)
        db.execute(f"UPDATE retention SET {cursor} = ?", (old[-1][0],))
        if not flagged:
            # A row of a chat in which nothing is open: nothing needs it any more.
            db.execute("DELETE FROM rows WHERE open = 0 AND position > ? AND position <= ?", (reached, old[-1][0]))
            db.execute("DELETE FROM quality_owed WHERE position <= ?", (old[-1][0],))
        return len(old)

    @staticmethod
    def _alerted(chats: set[tuple[str, str]], db: sqlite3.Connection) -> set[tuple[str, str]]:
        """Return those chats that had an alert, or a word of the service that was marked."""
        alert = "SELECT 1 FROM alerts WHERE shop = ? AND json_extract(CAST(body AS TEXT), '$.conversation') = ? LIMIT 1"
        hit = "SELECT 1 FROM quality_hits WHERE shop = ? AND conversation = ? LIMIT 1"
        return {chat for chat in chats if db.execute(alert, chat).fetchone() or db.execute(hit, chat).fetchone()}

    def _without(self, event: AnyEvent) -> AnyEvent:
        """Return an event without words, and with hashes for names."""
        for field in ("conversation", "buyer"):
            name = getattr(event, field)
            if name:
                setattr(event, field, self.hashed(event.shop, name))
        if isinstance(event, Message):
            event.text = None
        elif isinstance(event, WaitingSnapshot):
            for row in event.rows:
                row.last_text = None
                row.conversation = self.hashed(event.shop, row.conversation) if row.conversation else None
                row.buyer = self.hashed(event.shop, row.buyer) if row.buyer else None
        elif isinstance(event, BuyerMerged):
            event.into = self.hashed(event.shop, event.into)
        event.product = None
        event.meta = {FORGOTTEN: True}
        return event

    def _rounds(self, before_ms: int, max_rows: int, db: sqlite3.Connection, *, flagged: bool) -> int:
        cursor = "flagged_rounds_to_ms" if flagged else "rounds_to_ms"
        (reached,) = db.execute(f"SELECT {cursor} FROM retention").fetchone()
        # Those of one instant stay together, so that the cursor can be an instant.
        last = db.execute(
            "SELECT max(opened_at_ms) FROM (SELECT opened_at_ms FROM rounds "
            "WHERE opened_at_ms > ? AND opened_at_ms < ? ORDER BY opened_at_ms LIMIT ?)",
            (reached, before_ms, max_rows),
        ).fetchone()[0]
        if last is None:
            return 0
        found = db.execute(
            "SELECT wait, shop, body FROM rounds WHERE opened_at_ms > ? AND opened_at_ms <= ?", (reached, last)
        ).fetchall()
        changed = []
        for wait, shop, body in found:
            if not flagged and db.execute("SELECT 1 FROM alerts WHERE alert = ?", (str(wait),)).fetchone():
                continue
            round_: dict[str, Any] = msgspec.json.decode(body)
            for field in ("conversation", "buyer"):
                round_[field] = self.hashed(shop, round_[field])
            changed.append((msgspec.json.encode(round_), wait))
        db.executemany("UPDATE rounds SET body = ? WHERE wait = ?", changed)
        db.execute(f"UPDATE retention SET {cursor} = ?", (last,))
        return len(found)


def left_from_before(before_ms: int, db: sqlite3.Connection) -> int:
    """Count what still has words or names from before an instant; 0 is the proof that all was forgotten."""
    return sum(
        db.execute(statement, values).fetchone()[0]
        for statement, values in (
            (
                f"SELECT count(*) FROM events WHERE arrived_at_ms < ? AND conversation IS NOT NULL "
                f"AND json_extract(CAST(body AS TEXT), '$.meta.{FORGOTTEN}') IS NULL",
                (before_ms,),
            ),
            (
                f"SELECT count(*) FROM rounds WHERE opened_at_ms < ? AND {_NAMED}",
                (before_ms,),
            ),
            (f"SELECT count(*) FROM alerts WHERE ended_at_ms < ? AND {_NAMED}", (before_ms,)),
            (f"SELECT count(*) FROM outbox WHERE {WITH_WORDS} AND decided_at_ms < ?", (before_ms,)),
            ("SELECT count(*) FROM quarantine WHERE at_ms < ?", (before_ms,)),
            ("SELECT count(*) FROM quality_hits WHERE at_ms < ? AND word != ''", (before_ms,)),
        )
    )
