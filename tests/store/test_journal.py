"""What is committed is found again, whole and in order."""

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest

from monitor.core.shard import CHATS_OF_A_BUYER
from monitor.errors import UsageError
from monitor.store.entries import Step, StoredEvent
from monitor.store.journal import Journal
from tests.store.made import commit, delivery, event, refused, round_of
from tests.waiting import DEADLINE_SECONDS


async def everything(journal: Journal, position: int = 0) -> list[tuple[Step, list[StoredEvent]]]:
    return [handled async for handled in journal.since(position)]


async def test_events_and_steps_come_back_in_the_order_they_were_handled(journal: Journal) -> None:
    await journal.commit(commit(event(1), event(2), rules="a", now_ms=10))
    await journal.commit(commit(now_ms=20, rules="a"))
    await journal.commit(commit(event(3, conversation=None, folded=False), rules="b", now_ms=30))
    await journal.commit(commit(now_ms=30, rules="b"))
    assert await everything(journal) == [
        (Step(2, 10, "a"), [event(1), event(2)]),
        (Step(2, 20, "a"), []),
        (Step(3, 30, "b"), [event(3, conversation=None, folded=False)]),
        (Step(3, 30, "b"), []),
    ]


async def test_after_a_position_come_its_own_step_and_all_that_was_handled_later(journal: Journal) -> None:
    await journal.commit(commit(event(1), event(2), now_ms=10))
    await journal.commit(commit(event(5), event(8), now_ms=20))
    await journal.commit(commit(now_ms=25))
    await journal.commit(commit(event(9), now_ms=30))
    assert await everything(journal, 5) == [
        (Step(8, 20, "r1"), [event(8)]),
        (Step(8, 25, "r1"), []),
        (Step(9, 30, "r1"), [event(9)]),
    ]
    assert await everything(journal, 9) == [(Step(9, 30, "r1"), [])]


async def test_policies_lie_with_the_rules_they_came_with_and_the_first_stays(journal: Journal) -> None:
    await journal.commit(commit(event(1, policy=1), policies=[(0, "a", b"zero"), (1, "b", b"one")], rules="b"))
    await journal.commit(commit(event(2), policies=[(1, "c", b"another"), (2, "c", b"two")], rules="c"))
    assert await journal.policies() == [(0, "a", b"zero"), (1, "b", b"one"), (2, "c", b"two")]
    assert [e.policy for _, events in await everything(journal) for e in events] == [1, 0]


async def test_a_long_journal_is_given_whole_across_its_chunks(journal: Journal) -> None:
    sizes = [4_000, 1, 4_096, 9_000, 0, 0, 300]
    position = 0
    for now_ms, size in enumerate(sizes):
        events = [event(n) for n in range(position + 1, position + size + 1)]
        position += size
        await journal.commit(commit(*events, now_ms=now_ms))
    handled = await everything(journal)
    assert [len(events) for _, events in handled] == sizes
    assert [e.position for _, events in handled for e in events] == list(range(1, position + 1))
    assert [step.now_ms for step, _ in handled] == list(range(len(sizes)))


async def test_a_restart_finds_everything(tmp_path: Path) -> None:
    journal = await Journal.open(tmp_path)
    epoch = journal.epoch
    await journal.commit(
        commit(
            event(1),
            saved_position=1,
            shard=b"state",
            rows=[("senye", "c-1", 1, True, b"row", None, False)],
            rounds=[round_of(1)],
            outbox=[delivery("a")],
            quarantine=[refused(b"{")],
        )
    )
    await journal.keep_rules("r1", b"stages: []")
    await journal.close()

    journal = await Journal.open(tmp_path)
    try:
        assert journal.epoch == epoch
        assert len(epoch) >= 4
        assert (journal.last_position, journal.saved_position) == (1, 1)
        assert await journal.shard() == b"state"
        assert [rows async for rows in journal.open_rows()] == [[b"row"]]
        assert [found async for found in journal.rounds(0, 2_000)] == [[round_of(1)[1].body]]
        assert await journal.outbox.pending() == {"webhook": 1}
        assert journal.quarantine.held == (1, 1, 0)
        assert await journal.rules_text("r1") == b"stages: []"
        await journal.commit(commit(event(2)))
        assert (journal.last_position, journal.saved_position) == (2, 1)
    finally:
        await journal.close()


async def test_two_databases_have_two_epochs(tmp_path: Path) -> None:
    epochs = set()
    for name in ("a", "b"):
        journal = await Journal.open(tmp_path / name)
        epochs.add(journal.epoch)
        await journal.close()
    assert len(epochs) == 2


async def test_look_up_finds_whole_keys_only(journal: Journal) -> None:
    odd = event(3, shop='a"b,[', id="引号'\\", body=b"odd")
    await journal.commit(
        commit(event(1), event(2, shop="other"), odd, rows=[("senye", "c-1", 1, False, b"row", None, False)])
    )
    keys = [("senye", "m-1"), ("senye", "m-2"), ("other", "m-2"), ("other", "m-1"), (odd.shop, odd.id), ("", "")]
    events, rows = await journal.look_up([*keys, *keys], [("senye", "c-1"), ("other", "c-1"), ("senye", "c")])
    assert events == {("senye", "m-1"): event(1).body, ("other", "m-2"): event(2).body, (odd.shop, odd.id): b"odd"}
    assert rows == [b"row"]
    assert await journal.look_up([], []) == ({}, [])


async def test_look_up_takes_every_name_as_it_is(journal: Journal) -> None:
    names = [
        '"',
        "\\",
        "\\u0041",
        "$.a",
        "[1]",
        "{}",
        "1",
        "null",
        "\x1fcollector-7",
        "\n",
        "\x7f",
        "号",
        "🛍",
        "a b",
        "%",
        "'",
    ]
    stored = [event(n + 1, shop=name, id=names[-n], body=name.encode()) for n, name in enumerate(names)]
    chats = [(name, names[-n], 1, False, name.encode(), None, False) for n, name in enumerate(names)]
    await journal.commit(commit(*stored, rows=chats))
    events, rows = await journal.look_up([(e.shop, e.id) for e in stored], [chat[:2] for chat in chats])
    assert events == {(e.shop, e.id): e.body for e in stored}
    assert sorted(rows) == sorted(chat[4] for chat in chats)


async def test_an_event_is_stored_once_whatever_the_program_does(journal: Journal) -> None:
    await journal.commit(commit(event(1)))
    with pytest.raises(sqlite3.IntegrityError):
        await journal.commit(
            commit(event(2), event(3, id="m-1"), rows=[("senye", "c-1", 3, True, b"row", None, False)])
        )
    assert [step.position for step, _ in await everything(journal)] == [1]
    assert [rows async for rows in journal.open_rows()] == []
    await journal.commit(commit(event(2)))
    assert journal.last_position == 2


async def test_positions_never_go_back(journal: Journal) -> None:
    await journal.commit(commit(event(5)))
    with pytest.raises(AssertionError, match="positions only grow"):
        await journal.commit(commit(event(5, id="other")))
    assert await journal.beyond(4, 1) == [event(5)]


async def test_a_row_replaces_the_one_before(journal: Journal) -> None:
    rows = [
        ("senye", "c-1", 1, True, b"1", None, False),
        ("senye", "c-2", 1, True, b"2", None, False),
        ("other", "c-1", 1, False, b"3", None, False),
    ]
    await journal.commit(commit(event(1), rows=rows))
    await journal.commit(
        commit(
            event(2),
            rows=[("senye", "c-1", 2, False, b"1a", None, False), ("other", "c-1", 2, True, b"3a", None, False)],
        )
    )
    assert [chunk async for chunk in journal.open_rows()] == [[b"2", b"3a"]]
    _, found = await journal.look_up([], [("senye", "c-1")])
    assert found == [b"1a"]


async def test_many_open_rows_come_in_chunks(journal: Journal) -> None:
    rows = [("senye", f"c-{n}", 1, n % 3 > 0, b"%d" % n, None, False) for n in range(15_000)]
    await journal.commit(commit(event(1), rows=rows))
    chunks = [chunk async for chunk in journal.open_rows()]
    assert [body for chunk in chunks for body in chunk] == [row[4] for row in rows if row[3]]
    assert len(chunks) > 1


async def test_a_round_is_restated_and_taken_out(journal: Journal) -> None:
    await journal.commit(commit(event(1), rounds=[round_of(1), round_of(2, opened_at_ms=500), round_of(3)]))
    assert await journal.waits_among([1, 2, 7]) == {1, 2}
    again = round_of(1, opened_at_ms=700, outcome="abandoned")
    await journal.commit(commit(event(2), rounds=[again, (3, None), (9, None)]))
    assert [found async for found in journal.rounds(0, 10_000)] == [
        [round_of(2, opened_at_ms=500)[1].body, again[1].body]
    ]
    assert [found async for found in journal.rounds(501, 700)] == []


async def test_of_one_wait_in_one_commit_the_last_word_stands(journal: Journal) -> None:
    await journal.commit(commit(event(1), rounds=[round_of(1), (1, None), round_of(2), (2, None), round_of(2)]))
    assert await journal.waits_among([1, 2]) == {2}


async def test_history_is_one_conversation_from_an_instant_on(journal: Journal) -> None:
    mine = [event(n) for n in (1, 4, 6)]
    other = [event(2, conversation="c-2"), event(3, shop="other"), event(5, conversation=None)]
    await journal.commit(commit(*sorted([*mine, *other], key=lambda e: e.position)))
    assert await journal.history("senye", "c-1") == mine
    assert await journal.history("senye", "c-1", from_ms=4_000) == mine[1:]
    assert await journal.history("senye", "c-1", limit=2) == mine[1:]
    assert await journal.history("senye", "c-9") == []
    assert await journal.beyond(3, 1) == [mine[1]]


async def test_the_rules_of_each_commit_keep_their_text(journal: Journal) -> None:
    await journal.commit(commit(event(1), rules="a"))
    assert await journal.rules_text("a") is None
    await journal.keep_rules("a", b"text of a")
    await journal.keep_rules("b", b"text of b")
    await journal.commit(commit(event(2), rules="b"))
    assert [step.rules for step, _ in await everything(journal)] == ["a", "b"]
    assert await journal.rules_text("a") == b"text of a"
    assert await journal.rules_text("b") == b"text of b"


async def test_reading_does_not_wait_behind_a_commit(journal: Journal) -> None:
    await journal.commit(commit(event(1)))
    go = threading.Event()

    def hold(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO rules (hash) VALUES ('held')")
        assert go.wait(DEADLINE_SECONDS)

    held = asyncio.create_task(journal._writer.write(hold))
    try:
        assert await asyncio.wait_for(journal.beyond(0, 1), DEADLINE_SECONDS) == [event(1)]
        assert await asyncio.wait_for(journal.outbox.pending(), DEADLINE_SECONDS) == {}
        assert not held.done()
    finally:
        go.set()
        await held


async def test_a_commit_whose_caller_was_cancelled_is_whole(journal: Journal) -> None:
    go = threading.Event()
    blocked = asyncio.create_task(journal._writer.read(lambda _: go.wait(DEADLINE_SECONDS)))
    given_up = asyncio.create_task(journal.commit(commit(event(1))))
    await asyncio.sleep(0)  # Both are sent to the thread now.
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    go.set()
    assert await blocked
    await journal.commit(commit(event(2)))
    assert journal.last_position == 2
    assert [step.position for step, _ in await everything(journal)] == [1, 2]


async def test_a_commit_is_synced_and_in_the_log(journal: Journal) -> None:
    def pragmas(db: sqlite3.Connection) -> list[object]:
        return [db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "auto_vacuum")]

    assert await journal._writer.read(pragmas) == ["wal", 2, 2]


async def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot use"):
        await Journal.open(tmp_path / "file" / "data")


async def test_what_is_kept_is_for_its_owner_only(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()  # As a volume is: its rights are who made it's to give.
    for name in ("there", "new"):
        journal = await Journal.open(tmp_path / name)
        try:
            await journal.commit(commit(event(1), now_ms=1))
            files = [path for path in (tmp_path / name).iterdir() if path.name.startswith("journal.db")]
            assert {path.name for path in files} == {"journal.db", "journal.db-wal", "journal.db-shm"}
            assert {path.stat().st_mode & 0o077 for path in files} == {0}
        finally:
            await journal.close()
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


async def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    for folder in (tmp_path / "data", tmp_path / "data" / "below"):
        with pytest.raises(UsageError, match=f"cannot use {folder} for data: it is no folder"):
            await Journal.open(folder)


async def test_a_file_that_is_no_database_is_said_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_text("not a database, but long enough to look at " * 50)
    with pytest.raises(
        UsageError, match="file is not a database; it is damaged: stop, move it away and put a copy back with restore"
    ):
        await Journal.open(tmp_path)
    assert (tmp_path / "journal.db").read_text().startswith("not a database")


@pytest.mark.parametrize("keyed", [False, True])
async def test_a_name_that_anybody_goes_by_takes_no_room_from_the_other_it_is_merged_with(
    journal: Journal, keyed: bool
) -> None:
    chats = ["mine", *(f"c-{at}" for at in range(2 * CHATS_OF_A_BUYER + 10))]
    rows = [("senye", c, 1, False, c.encode(), "nick-1" if c == "mine" else "guest", keyed) for c in chats]
    await journal.commit(commit(event(1), rows=rows))
    buyers = [("senye", "guest"), ("senye", "nick-1")]
    found = await journal.rows_of_buyers(buyers, {"senye"} if keyed else ())
    newest = [chat.encode() for chat in chats[-CHATS_OF_A_BUYER:]]
    assert sorted(found) == sorted([*newest, b"mine"])
