import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from monitor.store import database, schema, upkeep
from monitor.store import journal as journals
from monitor.store.database import Line
from monitor.store.entries import Attempt
from monitor.store.journal import Journal
from monitor.store.outbox import Outbox
from monitor.store.retention import Ages, Forgetter
from monitor.store.upkeep import prune
from tests.store.made import commit, delivery, event, round_of
from tests.store.test_alerts import state as alert

DAY = 86_400_000


async def positions(journal: Journal) -> list[int]:
    return [e.position async for _, events in journal.since(0) for e in events]


async def steps(journal: Journal) -> list[int]:
    return [step.now_ms async for step, _ in journal.since(0)]


async def prune_all(journal: Journal, now_ms: int, keep_ms: int, max_rows: int = 100) -> int:
    deleted = 0
    while slice_ := await journal.prune(now_ms, keep_ms, max_rows):
        deleted += slice_
    return deleted


async def test_only_what_is_older_goes(journal: Journal) -> None:
    for day in range(1, 6):
        await journal.commit(commit(event(2 * day), event(2 * day + 1), now_ms=day * DAY, saved_position=2 * day + 1))
    assert await prune_all(journal, 5 * DAY, 2 * DAY) == 6
    assert await positions(journal) == [6, 7, 8, 9, 10, 11]
    assert await steps(journal) == [3 * DAY, 4 * DAY, 5 * DAY]
    known, _ = await journal.look_up([("senye", "m-5"), ("senye", "m-6")], [])
    assert known == {("senye", "m-6"): event(6).body}


async def test_what_a_restart_would_handle_again_stays(journal: Journal) -> None:
    for n in range(1, 5):
        await journal.commit(commit(event(n), now_ms=n, saved_position=min(n, 2)))
    await prune_all(journal, DAY, 0)
    assert await positions(journal) == [3, 4]
    assert journal.saved_position == 2
    assert [step.position async for step, _ in journal.since(2)] == [3, 4]


async def test_an_empty_journal_still_knows_where_it_stands(journal: Journal) -> None:
    await journal.commit(commit(event(7), now_ms=1, saved_position=7))
    await prune_all(journal, DAY, 0)
    assert await positions(journal) == []
    folder, epoch = journal._folder, journal.epoch
    await journal.close()
    again = await Journal.open(folder)
    assert (again.last_position, again.saved_position, again.epoch) == (7, 7, epoch)
    await again.close()


async def test_it_goes_in_slices(journal: Journal) -> None:
    await journal.commit(commit(*[event(n) for n in range(1, 101)], now_ms=1, saved_position=100))
    await journal.commit(commit(event(101), now_ms=2, saved_position=101))
    assert await journal.prune(DAY, 0, max_rows=40) == 40
    assert len(await positions(journal)) == 61
    assert await prune_all(journal, DAY, 0, max_rows=40) == 62  # The other 61 events and the older commit.


async def test_many_steps_without_events_go_too(journal: Journal) -> None:
    await journal.commit(commit(event(1), now_ms=1, saved_position=1))
    for now_ms in range(2, 50):
        await journal.commit(commit(now_ms=now_ms))
    await prune_all(journal, 41, 1, max_rows=7)
    assert await steps(journal) == list(range(40, 50))


async def test_pending_deliveries_stay_and_settled_ones_go_with_their_attempts(journal: Journal) -> None:
    await journal.commit(
        commit(
            event(1),
            now_ms=1,
            outbox=[delivery("pending"), delivery("sent"), delivery("young", decided_at_ms=DAY)],
            saved_position=1,
        )
    )
    tries = [Attempt(delivery_id=i, outcome="sent", sent_at_ms=1, answered_at_ms=2) for i in ("sent", "young")]
    await journal.outbox.record_attempts(tries)
    await prune_all(journal, DAY, 1)
    left = await journal._reader.read(lambda db: db.execute("SELECT delivery_id FROM outbox ORDER BY 1").fetchall())
    assert left == [("pending",), ("young",)]
    assert await journal.outbox.attempts_of(["sent"]) == {"sent": []}
    assert await journal._reader.read(lambda db: db.execute("SELECT count(*) FROM attempts").fetchone()) == (1,)


async def test_what_is_old_goes_however_much_before_it_must_stay(journal: Journal) -> None:
    names = [f"pending-{n}" for n in range(4)] + ["sent"]
    alerts = [alert(str(n)) for n in range(4)] + [alert("over", state="resolved", ended_at_ms=2, outcome="answered")]
    await journal.commit(commit(event(1), now_ms=1, outbox=[delivery(name) for name in names], alerts=alerts))
    await journal.outbox.record_attempts([Attempt(delivery_id="sent", outcome="sent", sent_at_ms=1, answered_at_ms=2)])
    await prune_all(journal, DAY, 1, max_rows=3)

    def left(db: sqlite3.Connection) -> list[Any]:
        return [
            db.execute(f"SELECT {what} ORDER BY 1").fetchall()
            for what in ("delivery_id FROM outbox", "alert FROM alerts")
        ]

    deliveries, standing = await journal._reader.read(left)
    assert [name for (name,) in deliveries] == names[:4]
    assert [name for (name,) in standing] == ["0", "1", "2", "3"]


async def test_rows_of_conversations_long_closed_go(journal: Journal) -> None:
    rows = [("senye", f"c-{n}", n, n == 3, b"%d" % n, None, False) for n in range(1, 11)]
    await journal.commit(commit(*[event(n) for n in range(1, 8)], now_ms=1, rows=rows[:7], saved_position=7))
    late = [("senye", "c-1", 8, False, b"1 again", None, False), *rows[7:]]
    await journal.commit(commit(*[event(n) for n in range(8, 11)], now_ms=DAY, rows=late, saved_position=10))
    for _ in range(20):  # Round and round by three, whatever else there is to do.
        await journal.prune(DAY, 1, max_rows=3)
    _, left = await journal.look_up([], [("senye", f"c-{n}") for n in range(1, 11)])
    assert sorted(left) == [b"1 again", b"10", b"3", b"8", b"9"]


async def test_rounds_outlive_their_events(journal: Journal) -> None:
    await journal.commit(commit(event(1), now_ms=1, rounds=[round_of(1)], saved_position=1))
    await prune_all(journal, 400 * DAY, DAY)
    assert [chunk async for chunk in journal.rounds(0, DAY)] == [[round_of(1)[1].body]]


async def test_room_is_given_back_to_the_disk(journal: Journal) -> None:
    size = 20_000
    for first in range(1, 3_001, 500):
        numbers = range(first, first + 500)
        await journal.commit(
            commit(*[event(n, body=b"x" * size) for n in numbers], now_ms=first, saved_position=numbers[-1])
        )
    await journal.commit(commit(event(9_000), now_ms=DAY, saved_position=9_000))
    full, free = await journal.size()
    assert full > 3_000 * size
    assert free > 0
    await prune_all(journal, DAY, 1, max_rows=500)
    if journal._checkpoint is not None:
        await journal._checkpoint  # While it copies the log back, nobody else can.
    ((busy, _, _),) = await journal._writer.read(lambda db: db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())
    assert not busy
    left, _ = await journal.size()
    assert left < 25_000_000  # Some room is kept for what comes next.
    assert [e.position async for _, events in journal.since(0) for e in events] == [9_000]


async def test_the_log_stays_bounded_while_commits_go_on(journal: Journal) -> None:
    """Long bodies and short ones; each is several logs full."""
    log = journal._path.with_name("journal.db-wal")
    position = 0
    for size, count in ((100_000, 40), (3_000, 700)):
        largest = written = 0
        while written < 160_000_000:
            events = [event(position + n, body=bytes(size)) for n in range(1, count + 1)]
            position += count
            written += count * size
            await journal.commit(commit(*events))
            largest = max(largest, log.stat().st_size)
        assert largest < 125_000_000


MANY = 3_000  # Of each: a look at all of one kind takes some ten thousand instructions of SQLite.


def test_to_look_for_what_is_over_or_due_costs_little_however_much_lies_there(tmp_path: Path) -> None:
    """The writer looks each half minute, and commits wait meanwhile: a floor's 90 days took it a second."""
    db = database.connect(tmp_path / "journal.db", create=True, cache_kib=1024)
    schema.migrate(db)
    numbers = range(1, MANY + 1)
    db.execute("BEGIN")
    db.executemany(
        "INSERT INTO rows (shop, conversation, position, open, body) VALUES ('s', ?, ?, 0, x'01')",
        [(f"c-{n}", n) for n in numbers],
    )
    db.executemany(
        "INSERT INTO alerts (alert, kind, state, platform, shop, team, since_ms, ended_at_ms, updated_at_ms, body) "
        "VALUES (?, 'wait', 'resolved', 'p', 's', 't', ?, ?, ?, ?)",
        [(str(n), n, n, n, b'{"conversation":"~hash"}') for n in numbers],
    )
    db.executemany(
        "INSERT INTO outbox (delivery_id, alert_id, channel, transition, stage, due_at_ms, decided_at_ms, "
        "expires_at_ms, next_at_ms, state, body) VALUES (?, ?, 'webhook', 'told', 'slow', ?, ?, ?, ?, 'sent', x'7b7d')",
        [(f"d-{n}", f"k-{n}", n, n, n, n) for n in numbers],
    )
    db.executemany(
        "INSERT INTO quality_hits (at_ms, day, shop, team, agent, conversation, message, rule, level, start_at, "
        "end_at, word) VALUES (?, '', 's', 't', 'a', 'c', ?, 'r', 'note', 0, 0, '')",
        [(n, str(n)) for n in numbers],
    )
    db.execute("INSERT INTO rules (hash) VALUES ('r')")
    db.execute("INSERT INTO commits VALUES (0, 1, 0, 1, 0)")
    db.execute("COMMIT")

    class Direct:
        async def read(self, work: Callable[[sqlite3.Connection], Any]) -> Any:
            return work(db)

        write = read

    line = cast(Line, Direct())
    outbox, forgetter, late_ms = Outbox(line, line), Forgetter(b"k" * 32), 2 * MANY

    def hundreds(work: Callable[[], object]) -> int:
        """Count instructions of SQLite, by the hundred."""
        ran = 0

        def count() -> int:
            nonlocal ran
            ran += 1
            return 0

        db.set_progress_handler(count, 100)
        work()
        db.set_progress_handler(None, 0)
        return ran

    assert hundreds(lambda: db.execute("SELECT max(length(body)) FROM rows").fetchone()) > 100
    assert hundreds(lambda: prune(0, 10, db)) < 20
    assert hundreds(lambda: forgetter.forget(late_ms, Ages(1, 1), 10, db)) < 20
    assert hundreds(lambda: db.execute("DELETE FROM rows WHERE open = 0 AND position > 5 AND position <= 6")) < 20
    for ask in (
        lambda: outbox.due(late_ms, 5),
        lambda: outbox.due_for_people("webhook", late_ms, 5, high_only=False),
        lambda: outbox.next_at_ms(),
        lambda: outbox.pending(),
        lambda: outbox.expire(late_ms),
        lambda: outbox.standing("webhook"),
        lambda: outbox.members("d-1"),
    ):
        assert hundreds(lambda ask=ask: asyncio.run(ask())) < 20  # type: ignore[misc]
    db.close()


async def test_the_log_of_what_is_pruned_and_forgotten_is_copied_back_as_that_of_commits(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied: list[str] = []
    work = "a commit"
    body = b'{"id":"m","ts":1,"shop":"senye","role":"buyer","conversation":"c-1","buyer":"b-1"}'
    monkeypatch.setattr(journals, "_LOG_PAGES", 30)
    monkeypatch.setattr(upkeep, "copy_log_back", lambda _: copied.append(work))

    async def done() -> None:
        if journal._checkpoint is not None:
            await journal._checkpoint

    await journal.commit(commit(*[event(n, body=body) for n in range(1, 21)], now_ms=1, saved_position=20))
    await done()
    work = "forgotten"
    await journal.forget(DAY, Ages(1, 1), 100)
    await done()
    work = "pruned"
    await journal.prune(DAY, 1, 100)
    await done()
    assert copied == [one for one in ("a commit", "forgotten", "pruned") for _ in range(2)], "beside, then between two"
