"""The loop on a real journal: stored before said, restart as if nothing had happened."""

import asyncio
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from monitor.clock import FastClock
from monitor.core.decisions import AlertOrder, CloseRound, RaiseAlert, RiseAlert
from monitor.core.events import WaitDismissed
from monitor.core.policy import BuiltIn
from monitor.core.tracker import Tracker
from monitor.engine import Changes, Engine, Receipt
from monitor.errors import Busy, StoreUnavailable
from monitor.store.journal import Journal
from monitor.wire import decode
from monitor.wire.batch import Batch
from tests.service import MovedClock, doomed, rounds_of, routed, said, service
from tests.timeline import START_MS
from tests.waiting import DEADLINE_SECONDS, until


async def test_a_receipt_says_what_became_of_each_event(tmp_path: Path) -> None:
    async with service(tmp_path) as s:
        receipt = await s.send(said(0), said(0), {"id": "x"}, said(0) | {"text": "别的"})
        assert (receipt.accepted, receipt.duplicates, receipt.conflicts, len(receipt.rejected)) == (1, 2, 1, 1)
        again = await s.send(said(0))
        assert (again.accepted, again.duplicates) == (0, 1)
        entries = await s.journal.quarantine.list()
        assert sorted(entry.refused.reason for entry in entries) == ["conflict", "missing"]


async def test_a_fault_is_that_of_the_collector_its_event_names_else_of_who_brought_it(tmp_path: Path) -> None:
    async with service(tmp_path) as s:
        receipt = await s.send({"id": "x", "source": "pc-7"}, {"id": "y", "source": "pc-8\u0000"}, {"id": "z"})
        assert len(receipt.rejected) == 3
        faults = await s.journal.quarantine.newest_by_source()
        assert set(faults) == {"pc-7", "c1"}


async def test_what_no_decoder_gets_to_the_end_of_is_set_aside_like_any_other(tmp_path: Path) -> None:
    async with service(tmp_path) as s:
        for depth in (1_200, 12_000, 1_000_000):  # Behind the limits of Python 3.11 and 3.12, of 3.13, of 3.14.
            nested = b'{"source":"pc-7","x":' + b"[" * depth
            await s.engine.submit(decode(nested, door="http", source="c1", now_ms=s.clock.at_ms))
        assert len(await s.journal.quarantine.list()) == 3
        assert (await s.send(said(0))).accepted == 1


async def test_an_alert_is_raised_when_due_and_lies_in_the_outbox(tmp_path: Path) -> None:
    async with service(tmp_path) as s:
        await s.send(said(0))
        await s.move(60)
        assert s.decided(RaiseAlert) == []
        await s.move(0.001)
        [raised] = s.decided(RaiseAlert)
        assert (raised.stage, raised.due_at_ms) == ("slow", START_MS + 60_001)
        [due] = await s.journal.outbox.due(s.clock.at_ms, 10)
        assert due.delivery.delivery_id == f"{raised.wait}.slow.RaiseAlert.0"


async def test_the_loop_wakes_by_itself_when_a_limit_is_due(tmp_path: Path) -> None:
    async with service(tmp_path) as s:
        await s.send(said(0))
        await s.move(59.95)
        s.clock.at_ms = START_MS + 60_001
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not s.decided(RaiseAlert):
                await s.news.wait()
                s.news.clear()
        assert [raised.stage for raised in s.decided(RaiseAlert)] == ["slow"]


async def test_on_a_clock_that_runs_fast_it_wakes_for_a_limit_all_the_same(tmp_path: Path) -> None:
    clock = FastClock(START_MS, speed=600)
    journal = await Journal.open(tmp_path)
    engine = Engine(journal, Tracker(BuiltIn(), rows=True), router=routed, clock=clock)
    raised = asyncio.Event()
    engine.watch(lambda changes: raised.set() if any(isinstance(d, RaiseAlert) for d in changes.decisions) else None)
    await engine.start()
    try:
        batch = decode(msgspec.json.encode([said(0)]), door="http", source="c1", now_ms=START_MS)
        await engine.submit(batch)
        clock.go()
        async with asyncio.timeout(DEADLINE_SECONDS):
            await raised.wait()
        assert clock.now_ms() < START_MS + 600 * 30_000, "asleep for a minute of the world, as no log has it"
    finally:
        await engine.stop()
        await journal.close()


async def test_a_restart_goes_on_where_it_stopped(tmp_path: Path) -> None:
    clock = MovedClock()
    async with service(tmp_path, clock) as s:
        await s.send(said(0), said(1, chat="d"))
        clock.at_ms += 61_000
        await s.move(0)
        assert len(s.decided(RaiseAlert)) == 2
        wait = s.decided(RaiseAlert)[0].wait
    async with service(tmp_path, clock) as s:
        assert {row.wait for row in s.engine.waits()} == {1, 2}
        clock.at_ms += 10_000
        await s.send(said(70, "agent"))
        [closed] = s.decided(CloseRound)
        assert closed.round.wait == wait
        assert closed.round.ended_at_ms == START_MS + 70_000
        assert s.decided(RaiseAlert) == []


async def test_a_start_is_in_the_journal_with_the_gap_before_it(tmp_path: Path) -> None:
    clock = MovedClock()
    async with doomed(tmp_path, clock) as s:
        await s.send(said(0, account="lin"))
        assert [event.door for event in await s.journal.beyond(0, 9)] == ["http"], "nothing was missed before the first"
    clock.at_ms += 120_000
    async with doomed(tmp_path, clock) as s:
        await s.move(0)
        _, started = await s.journal.beyond(0, 9)
        assert (started.door, started.position, started.ts_ms) == ("start", 2, START_MS + 120_000)
        [gap] = await s.journal.floor_log.gaps(0, clock.at_ms + 1)
        assert (gap.reason, gap.from_ms, gap.to_ms) == ("start", START_MS, START_MS + 120_000)
        assert s.decided(RaiseAlert) == [], "it may have been answered meanwhile"
    clock.at_ms += 5_000
    async with doomed(tmp_path, clock) as s:
        await s.move(0)
        assert [event.door for event in await s.journal.beyond(0, 9)] == ["http", "start", "start"]
        assert len(await s.journal.floor_log.gaps(0, clock.at_ms + 1)) == 1, (
            "known from the journal, and five seconds none"
        )
        await s.move(30)
        await s.move(1)
        assert [raised.stage for raised in s.decided(RaiseAlert)] == ["slow"]


async def test_open_promises_are_counted_as_they_come_pass_and_go(tmp_path: Path) -> None:
    clock = MovedClock()
    async with service(tmp_path, clock) as s:
        assert s.engine.promises() == {}
        await s.send(said(0), said(1, "agent", text="亲稍等，我看一下"), said(0, chat="d"))
        await s.send(said(1, "agent", chat="d", text="稍等哦"))
        assert s.engine.promises() == {("taobao", "default", "open"): 2}
        await s.move(182)
        assert s.engine.promises() == {("taobao", "default", "due"): 2}
        await s.send(said(170, "agent"))
        assert s.engine.promises() == {("taobao", "default", "due"): 1}
    async with service(tmp_path, clock) as s:
        assert s.engine.promises() == {("taobao", "default", "due"): 1}
        await s.send(said(181, "agent", chat="d"))
        assert s.engine.promises() == {}


async def test_after_a_kill_a_shop_known_by_its_row_only_has_its_platform(tmp_path: Path) -> None:
    clock = MovedClock()
    async with doomed(tmp_path, clock) as s:
        await s.send(said(0))
        clock.at_ms += 500  # The tracker's own state was saved just now, and is not due yet.
        await s.send(said(0.5, shop="songye", platform="jd", chat="d"))
        clock.at_ms += 1_500
        await s.send(said(2))
        await s.send(said(2.1))
    async with service(tmp_path, clock) as again:
        assert {(row.platform, row.shop) for row in again.engine.waits()} == {("taobao", "senye"), ("jd", "songye")}


async def test_what_was_not_saved_as_rows_is_handled_again_from_the_journal(tmp_path: Path) -> None:
    rng = random.Random(3)
    clock = MovedClock()
    async with doomed(tmp_path, clock) as made:
        at = 0.0
        for n in range(300):
            at += rng.random() * 5
            clock.at_ms = START_MS + round(at * 1000)
            await made.send(said(at, rng.choice(["buyer", "buyer", "agent"]), rng.choice("abcdef"), id=f"e{n}"))
        before = sorted(made.engine.waits(), key=lambda row: row.wait)
        rounds = await rounds_of(made.journal)
    assert made.journal.saved_position < 300
    async with service(tmp_path, clock) as s:
        after = sorted(s.engine.waits(), key=lambda row: row.wait)
        drop = {"flags", "stage", "next_due_at_ms"}
        assert [{k: v for k, v in msgspec.structs.asdict(row).items() if k not in drop} for row in after] == [
            {k: v for k, v in msgspec.structs.asdict(row).items() if k not in drop} for row in before
        ]
        await s.move(0)
        assert await rounds_of(s.journal) == rounds


async def test_a_restart_raises_no_alert_for_what_was_answered_in_time(tmp_path: Path) -> None:
    clock = MovedClock()
    async with doomed(tmp_path, clock) as made:
        clock.at_ms += 60_000
        await made.send(said(60, chat="before"))
        clock.at_ms += 500
        await made.send(said(1, chat="late"))
        clock.at_ms += 200
        await made.send(said(60.4, "agent", chat="late"))
        clock.at_ms += 400
        await made.send(said(61, chat="after"))
        assert made.decided(RaiseAlert) == []
    assert made.journal.saved_position == 1, "the wait's row was saved: nothing was tried"
    async with service(tmp_path, clock) as s:
        await s.move(0)
        assert await s.journal.outbox.pending() == {}


async def test_what_was_said_long_ago_is_not_forgotten_before_it_is_saved(tmp_path: Path) -> None:
    clock = MovedClock()
    async with service(tmp_path, clock) as s:
        await s.send(said(-7200), said(-7170, "agent"))
        await s.send(said(-7190))
        [round_] = await rounds_of(s.journal)
        assert (round_.opened_by, round_.buyer_messages) == ("c--7200-buyer", 2)
        assert list(s.engine.waits()) == []


async def test_what_was_told_is_known_after_every_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.engine.saving.ROW_AGE_MS", 10**15)  # Rows wait to be saved, as under load.
    clock = MovedClock()
    async with doomed(tmp_path, clock) as made:
        await made.send(said(0))
        await made.move(60.5)
        assert [order.stage for order in made.decided(RaiseAlert)] == ["slow"]
    # After the start its feed is catching up, as it was not when the alert was raised; this is what is saved of it.
    async with doomed(tmp_path, clock) as made:
        await made.send(said(60, chat="d"))
    clock.at_ms += 40_000
    async with service(tmp_path, clock) as s:
        await s.move(100)
        await s.move(0)
        told = [(order.conversation, type(order), order.stage) for order in s.decided(AlertOrder)]
        assert sorted(told, key=str) == [("c", RiseAlert, "at_risk"), ("d", RaiseAlert, "slow")]


async def test_a_row_saved_at_once_finds_its_shop_after_a_restart(tmp_path: Path) -> None:
    clock = MovedClock()
    clock.at_ms += 86_400_000
    async with doomed(tmp_path, clock, wall=False) as made:
        await made.send(said(0))
        await made.send(said(10, shop="new"), said(75, chat="d"))
        assert sorted(order.shop for order in made.decided(RaiseAlert)) == ["new", "senye"]
    async with service(tmp_path, clock, wall=False) as s:
        assert [row.platform for row in s.engine.waits()] == ["taobao"] * 3


async def test_an_idle_chat_leaves_the_memory_once_it_is_saved_and_comes_back_with_its_next_word(
    tmp_path: Path,
) -> None:
    clock = MovedClock()
    async with service(tmp_path, clock) as s:
        await s.send(said(0), said(10, "agent"))
        clock.at_ms += 3_000_000
        await s.send(said(3000, "agent"))
        clock.at_ms += 610_000
        await s.move(0)
        assert len(list(s.engine.tracker.talked())) == 1, "an hour has not gone by since the last word"
        clock.at_ms += 3_000_000
        await s.move(0)
        assert not list(s.engine.tracker.talked())
        clock.at_ms += 1000
        await s.send(said(6611, text="好的"))
        [wait] = s.engine.waits()
        assert "courtesy" in wait.flags, "what the agent had said is known"


async def test_time_of_the_events_moves_with_them_and_comes_back_after_a_restart(tmp_path: Path) -> None:
    clock = MovedClock()
    clock.at_ms += 365 * 86_400_000  # The wall clock of a year later.
    async with doomed(tmp_path, clock, wall=False) as made:
        await made.send(said(0), said(30, chat="d"))
        assert (made.engine.now_ms(), made.decided(RaiseAlert)) == (START_MS + 30_000, [])
        await made.send(said(61, chat="e"), said(0, chat="e"))
        assert [a.conversation for a in made.decided(RaiseAlert)] == ["c"], "what came late is judged once time moves"
        await made.send(said(62, "agent", chat="f"))
        assert [(a.conversation, a.due_at_ms) for a in made.decided(RaiseAlert)] == [
            ("c", START_MS + 60_001),
            ("e", START_MS + 60_001),
        ]
        [told, _] = await made.journal.outbox.due(clock.at_ms, 10)
        assert (told.delivery.decided_at_ms, told.delivery.expires_at_ms) == (clock.at_ms, clock.at_ms + 60_000)
    async with service(tmp_path, clock, wall=False) as s:
        assert s.engine.now_ms() == START_MS + 62_000
        await s.move(3600)
        assert (s.engine.now_ms(), s.decided(RaiseAlert)) == (START_MS + 62_000, [])
        await s.send(said(70, "agent"))
        assert [closed.round.conversation for closed in s.decided(CloseRound)] == ["c"]
        assert sorted(row.conversation for row in s.engine.waits()) == ["d", "e"]
        assert await s.journal.outbox.pending() == {"test": 3}, "raised twice, resolved once"


async def test_nothing_is_acknowledged_while_the_disk_takes_nothing_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.engine.loop.RETRY_SECONDS", 0.01)
    async with service(tmp_path) as s:
        await s.send(said(0))
        good = s.journal.commit
        full = True

        async def commit(c: Any) -> None:
            if full:
                raise StoreUnavailable("database or disk is full")
            await good(c)

        monkeypatch.setattr(s.journal, "commit", commit)
        with pytest.raises(StoreUnavailable, match="full"):
            await s.send(said(5, chat="d"))
        assert s.engine.ready.reason == "database or disk is full"
        with pytest.raises(StoreUnavailable):
            await s.send(said(6, chat="e"))
        full = False
        await until(lambda: s.engine.ready.store_error is None, "the engine is well")
        receipt = await s.send(said(5, chat="d"), said(6, chat="e"))
        assert (receipt.accepted, receipt.duplicates) == (1, 1)
        assert len(list(s.engine.waits())) == 3


async def test_an_old_event_marked_backfill_corrects_its_round(tmp_path: Path) -> None:
    clock = MovedClock()
    async with service(tmp_path, clock) as s:
        for n in range(80):
            clock.at_ms = START_MS + n * 60_000
            await s.send(said(n * 60, "buyer" if n % 2 == 0 else "agent", id=f"e{n}"))
        rounds = {r.opened_by: r for r in await rounds_of(s.journal)}
        assert rounds["e4"].ended_by == "e5"
        late = await s.send(said(4 * 60 + 20, "agent", id="phone"))
        assert late.late == 1
        await s.send(said(4 * 60 + 30, "agent", id="phone2", backfill=True))
        rounds = {r.opened_by: r for r in await rounds_of(s.journal)}
        assert rounds["e4"].ended_by == "phone2"
        assert rounds["e4"].backfilled
        assert len(rounds) == 40


async def test_a_backfill_forgets_nothing_of_what_is_not_on_the_disk_yet(tmp_path: Path) -> None:
    clock = MovedClock()
    async with service(tmp_path, clock) as s:
        for n in range(80):
            clock.at_ms = START_MS + n * 60_000
            await s.send(said(n * 60, "buyer" if n % 2 == 0 else "agent", id=f"e{n}"))
        clock.at_ms = START_MS + 80 * 60_000
        await s.send(said(4795, id="asks"), said(4 * 60 + 30, "agent", id="phone", backfill=True))
        rounds = {r.opened_by: r for r in await rounds_of(s.journal)}
        assert rounds["e4"].ended_by == "phone"
        assert [(row.opened_by, row.opened_at_ms) for row in s.engine.waits()] == [("asks", START_MS + 4_795_000)]


async def test_what_a_backfill_corrected_is_known_after_a_restart(tmp_path: Path) -> None:
    clock = MovedClock()
    async with doomed(tmp_path, clock) as made:
        for n in range(80):
            clock.at_ms = START_MS + n * 60_000
            await made.send(said(n * 60, "buyer" if n % 2 == 0 else "agent"))
        clock.at_ms += 3_600_000
        await made.send(said(4745, text="好的"), said(5700, text="谢谢"))
        assert [row.needs_answer_since_ms for row in made.engine.waits()] == [None]
        await made.send(said(4742, "agent", text="要M码吗？", backfill=True))
        assert [row.needs_answer_since_ms for row in made.engine.waits()] == [START_MS + 4_745_000]
        rounds = await rounds_of(made.journal)
    async with service(tmp_path, clock) as s:
        assert [row.needs_answer_since_ms for row in s.engine.waits()] == [START_MS + 4_745_000]
        await s.move(0)
        assert await rounds_of(s.journal) == rounds


async def test_a_fault_of_ours_ends_the_loop_in_everybodys_sight(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with service(tmp_path) as s:
        await s.send(said(0))

        def broken(*_: Any) -> Any:
            raise AssertionError("a fault")

        with monkeypatch.context() as patch:
            patch.setattr(s.engine.tracker, "handle", broken)
            with pytest.raises(StoreUnavailable, match="a fault"):
                await s.send(said(1, chat="d"))
        with pytest.raises(AssertionError, match="a fault"):
            await s.engine.wait()
        assert "a fault" in (s.engine.ready.reason or "")
        with pytest.raises(StoreUnavailable):
            await s.send(said(2, chat="e"))
    async with service(tmp_path) as s:
        assert (await s.send(said(1, chat="d"))).accepted == 1
        assert len(list(s.engine.waits())) == 2


async def test_a_watcher_that_fails_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with service(tmp_path) as s:
        seen: list[Changes] = []

        def broken(_: Changes) -> None:
            raise ZeroDivisionError

        s.engine._watchers.insert(0, broken)
        s.engine.watch(seen.append)
        assert (await s.send(said(0))).accepted == 1
        assert (await s.send(said(1, chat="d"))).accepted == 1
        assert len(seen) >= 1
        assert "watcher" in caplog.text


async def test_what_is_refused_waits_in_bounded_room_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.engine.queue.WAITING_BYTES", 10)
    async with service(tmp_path) as s:
        sent = [asyncio.create_task(s.send({"id": "x"})) for _ in range(3)]
        done = await asyncio.gather(*sent, return_exceptions=True)
        assert [type(end) for end in done] == [Receipt, Busy, Busy]


async def test_rows_of_what_was_never_stored_are_not_saved_by_a_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with service(tmp_path) as s:
        await s.send(said(0))
        good, tries = s.journal.commit, 0

        async def commit(c: Any) -> None:
            nonlocal tries
            tries += 1
            if tries == 1:
                raise StoreUnavailable("database or disk is full")
            await good(c)

        monkeypatch.setattr(s.journal, "commit", commit)
        sending = asyncio.create_task(s.send(said(5, chat="d")))
        await asyncio.sleep(0)  # It is in the queue.
        await s.engine.stop()
        with pytest.raises(StoreUnavailable):
            await sending
    async with service(tmp_path) as s:
        assert [row.conversation for row in s.engine.waits()] == ["c"]
        assert (await s.send(said(5, chat="d"))).accepted == 1
        assert [row.conversation for row in s.engine.waits()] == ["c", "d"]


async def test_each_row_of_a_list_has_a_number_that_nothing_else_gets(tmp_path: Path) -> None:
    def listed(at_s: float, *chats: str) -> dict[str, Any]:
        rows = [{"conversation": chat, "waited_seconds": 5} for chat in chats]
        ts = START_MS + round(at_s * 1000)
        return {
            "type": "waiting_snapshot", "id": f"l{at_s}", "ts": ts, "shop": "senye", "complete": True, "rows": rows
        }  # fmt: skip

    clock = MovedClock()
    async with service(tmp_path, clock) as s:
        clock.at_ms += 10_000
        await s.send(listed(10, "c", "d"))
        before = {row.conversation: row.wait for row in s.engine.waits()}
        assert sorted(before) == ["c", "d"]
    async with service(tmp_path, clock) as s:
        assert {row.conversation: row.wait for row in s.engine.waits()} == before
        await s.send(said(10, chat="e"))
        assert len({row.wait for row in s.engine.waits()}) == 3
        clock.at_ms += 5_000
        await s.send(listed(15, "d"))
        ended = {round.conversation: round for round in await rounds_of(s.journal)}
        assert (sorted(ended), ended["c"].ended_after_ms) == (["c", "e"], START_MS + 10_000)
        assert [row.conversation for row in s.engine.waits()] == ["d"]


async def test_what_a_person_dismissed_stays_so_over_a_crash(tmp_path: Path) -> None:
    clock = MovedClock()
    async with doomed(tmp_path, clock) as made:
        await made.send(said(0))
        clock.at_ms += 61_000
        await made.move(0)
        [row] = made.engine.waits()
        event = WaitDismissed(
            type="wait_dismissed", id="d", ts_ms=clock.at_ms, source="api", platform="taobao", shop="senye",
            conversation="c", wait=row.wait, by="lead", reason="an advertisement",
        )  # fmt: skip
        await made.engine.submit(Batch(door="api", source="api", events=[event], indices=[0], size=1))
        assert [gone for changes in made.seen for gone in changes.gone] == [(row.wait, "dismissed")]
    async with service(tmp_path, clock) as s:
        assert list(s.engine.waits()) == []
        await s.send(said(5))
        assert [r.outcome for r in await rounds_of(s.journal)] == ["dismissed"]
        assert [source.name for source in s.engine.sources()] == ["c1"]
