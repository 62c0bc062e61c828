"""One commit as SQL: all of a batch in one transaction, on the writer's thread."""

import sqlite3

from msgspec import Struct, structs

from monitor.store.alerts import insert_alerts
from monitor.store.entries import Commit, StoredRound
from monitor.store.floor_log import insert_records
from monitor.store.many import insert_many
from monitor.store.outbox import insert_deliveries
from monitor.store.quality import insert_owed
from monitor.store.quarantine import Quarantine
from monitor.store.reading import EVENT_COLUMNS

_PAGE = 4096
_ROW_AGAIN = (
    "ON CONFLICT (shop, conversation) DO UPDATE SET "
    "position = excluded.position, open = excluded.open, body = excluded.body"
)
_ROUND_AGAIN = (
    "ON CONFLICT (wait) DO UPDATE SET shop = excluded.shop, opened_at_ms = excluded.opened_at_ms, "
    "outcome = excluded.outcome, body = excluded.body"
)


class Tip(Struct, frozen=True, gc=False):
    """Where the journal stands after a commit."""

    position: int
    number: int  # Of the commit.
    saved_position: int
    rules: dict[str, int]
    quarantine: tuple[int, int, int] = (0, 0, 0)


def read_tip(db: sqlite3.Connection) -> Tip:
    """Return where the journal stands."""
    last = db.execute(
        "SELECT position, number, saved_position FROM commits ORDER BY position DESC, number DESC LIMIT 1"
    ).fetchone() or (0, 0, 0)
    rules = dict(db.execute("SELECT hash, number FROM rules").fetchall())
    return Tip(last[0], last[1], last[2], rules)


def store(tip: Tip, c: Commit, quarantine: Quarantine, db: sqlite3.Connection) -> Tip:
    """Write one commit, in a transaction, on the writer's thread."""
    position = c.events[-1].position if c.events else tip.position
    assert not c.events or c.events[0].position > tip.position, "positions only grow"
    saved = tip.saved_position if c.saved_position is None else c.saved_position
    rules = tip.rules
    for new in {c.rules, *(of for _, of, _ in c.policies)} - rules.keys():
        rules = {**rules, new: _rules_number(db, new)}
    if c.policies:
        db.executemany(
            "INSERT INTO policies VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            [(number, rules[of], body) for number, of, body in c.policies],
        )
    db.execute(
        "INSERT INTO commits VALUES (?, ?, ?, ?, ?)", (position, tip.number + 1, c.now_ms, rules[c.rules], saved)
    )
    if c.events:
        insert_many(db, f"events ({EVENT_COLUMNS})", [structs.astuple(e) for e in c.events])
    if c.rows:
        insert_many(db, "rows (shop, conversation, position, open, body, buyer, keyed)", c.rows, _ROW_AGAIN)
    if c.named:  # Apart, as it is rare: a row is saved again and again, and its place among its buyer's stays.
        db.executemany("UPDATE rows SET buyer = ?, merged_into = ? WHERE shop = ? AND conversation = ?", c.named)
    for shop in c.keyed:
        db.execute("UPDATE rows SET keyed = 1 WHERE shop = ? AND keyed = 0", (shop,))
    if c.rounds:
        _write_rounds(db, c.rounds)
    if c.outbox:
        insert_deliveries(db, c.outbox)
    if c.alerts:
        insert_alerts(db, c.alerts)
    if c.records:
        insert_records(db, c.records)
    if c.judged_by:
        insert_owed(db, tip.number + 1, position, c.judged_by)
    if c.shard is not None:
        db.execute("UPDATE journal SET shard = ?", (c.shard,))
    refused = quarantine.insert(db, c.quarantine) if c.quarantine else quarantine.held
    return Tip(position, tip.number + 1, saved, rules, refused)


def pages_of(c: Commit) -> int:
    """Estimate how many pages a commit writes: each row touches its table and its indexes, long bodies more."""
    rows = 3 * (len(c.events) + len(c.outbox)) + 2 * (len(c.rows) + len(c.rounds) + len(c.quarantine)) + 2
    bodies = sum(len(event.body) for event in c.events) + sum(len(refused.body) for refused in c.quarantine)
    return rows + bodies // _PAGE


def _rules_number(db: sqlite3.Connection, rules: str) -> int:
    """Return the number of the rules of a hash, given now if they are new."""
    db.execute("INSERT INTO rules (hash) VALUES (?) ON CONFLICT (hash) DO NOTHING", (rules,))
    number: int = db.execute("SELECT number FROM rules WHERE hash = ?", (rules,)).fetchone()[0]
    return number


def _write_rounds(db: sqlite3.Connection, rounds: list[tuple[int, StoredRound | None]]) -> None:
    """Write rounds in the order given, so that of one wait the last one stands."""
    last = dict(rounds)
    gone = [(wait,) for wait, stored in last.items() if stored is None]
    if gone:
        db.executemany("DELETE FROM rounds WHERE wait = ?", gone)
    stand = [(wait, *structs.astuple(stored)) for wait, stored in last.items() if stored is not None]
    if stand:
        insert_many(db, "rounds (wait, shop, opened_at_ms, outcome, body)", stand, _ROUND_AGAIN)
