import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Collection, Sequence
from pathlib import Path
from typing import Any

import pytest

from monitor.alerts.delivery import Courier
from monitor.alerts.router import MACHINE_EXPIRES_MS, PEOPLE_EXPIRES_MS, Route, route
from monitor.core.decisions import AlertOrder
from monitor.errors import DeliveryError, StoreUnavailable
from monitor.metrics import Metrics
from monitor.store.entries import Attempt, Commit, DueDelivery, Rest
from monitor.store.journal import Journal
from tests.alerts.orders import raised, resolved, risen
from tests.alerts.scripted import START_MS, Scripted
from tests.alerts.time import MovedTime, at_rest
from tests.waiting import until

SLOW = "k-7.slow.raised"


class Floor:
    """A journal, channels and a courier, on one moved time."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.time = MovedTime(START_MS)
        self.metrics = Metrics(version="test")
        self.channels: list[Scripted] = []
        self.courier: Courier | None = None

    def channel(
        self, *, name: str = "hook", expires_ms: int = MACHINE_EXPIRES_MS, concurrency: int = 4, **more: Any
    ) -> Scripted:
        how: dict[str, Any] = {"channel": name, "for_people": False, "expires_ms": expires_ms} | more
        route_ = Route(**how)
        made = Scripted(self.time, route_, concurrency=concurrency)
        self.channels.append(made)
        return made

    async def order(self, *orders: AlertOrder) -> None:
        routes = [channel.route for channel in self.channels]
        outbox = [delivery for order in orders for delivery in route(order, epoch="k", channels=routes)]
        await self.journal.commit(Commit(now_ms=self.time.now_ms(), rules="", outbox=outbox))
        if self.courier is not None:
            self.courier.see(orders)

    @contextlib.asynccontextmanager
    async def delivering(self) -> AsyncIterator[Courier]:
        seed = random.randrange(1 << 32)
        print("seed", seed)
        courier = self.courier = Courier(
            self.journal.outbox, self.channels, self.time, self.metrics, random.Random(seed)
        )
        async with asyncio.TaskGroup() as tasks:  # If the courier falls, so does the test, at once.
            tasks.create_task(courier.run())
            try:
                yield courier
            finally:
                courier.stop()
                self.courier = None

    async def attempts(self, message: str, channel: str = "hook") -> list[Attempt]:
        delivery_id = f"{message}@{channel}"
        return (await self.journal.outbox.attempts_of([delivery_id]))[delivery_id]

    def counted(self, outcome: str, channel: str = "hook") -> float:
        return self.metrics.deliveries.get((channel, outcome), 0)


@pytest.fixture
async def floor(tmp_path: Path) -> AsyncIterator[Floor]:
    journal = await Journal.open(tmp_path)
    try:
        yield Floor(journal)
    finally:
        await journal.close()


async def test_an_alert_is_told_once_and_its_times_are_written_down(floor: Floor) -> None:
    hook = floor.channel()
    async with floor.delivering():
        await floor.order(raised())
        await until(lambda: floor.counted("sent") == 1)
        await floor.order(raised())  # The same decision once more, as after a restart.
        floor.time.pass_(120)
        await floor.order(risen())
        await until(lambda: floor.counted("sent") == 2)
    assert hook.taken == [SLOW, "k-7.at_risk.risen"]
    (attempt,) = await floor.attempts(SLOW)
    assert (attempt.outcome, attempt.sent_at_ms, attempt.answered_at_ms) == ("sent", START_MS, START_MS)
    assert not hook.open_now


async def test_an_order_wakes_the_courier_without_any_time_passing(floor: Floor) -> None:
    hook = floor.channel()
    async with floor.delivering():
        await floor.order(*(raised(wait=number) for number in range(20)))
        await until(lambda: len(hook.taken) == 20)
        await until(lambda: floor.counted("sent") == 20)
    assert hook.most_at_once <= hook.concurrency


async def test_tries_come_after_0_1_3_7_and_15_seconds_until_it_expires(floor: Floor) -> None:
    ding = floor.channel(expires_ms=32_000)  # After the latest fifth try, and before the earliest sixth.
    ding.always = DeliveryError("reset")
    async with floor.delivering():
        await floor.order(raised())
        for number, delay in enumerate((1, 3, 7, 15), start=1):
            await until(lambda number=number: floor.counted("retried") == number)  # type: ignore[misc]
            next_at_ms = await floor.journal.outbox.next_at_ms()
            assert next_at_ms is not None
            seconds = (next_at_ms - floor.time.now_ms()) / 1000
            assert 0.8 * delay <= seconds <= 1.2 * delay
            floor.time.pass_(seconds)
        await until(lambda: floor.counted("failed") == 1)
    assert len(ding.tried) == 5
    tries = await floor.attempts(SLOW)
    assert [attempt.outcome for attempt in tries] == ["retry"] * 4 + ["failed"]
    assert {attempt.reason for attempt in tries} == {"reset"}
    assert all(attempt.answered_at_ms is None for attempt in tries)


async def test_a_try_that_succeeds_later_is_the_last(floor: Floor) -> None:
    hook = floor.channel()
    hook.script = [DeliveryError("timeout"), None]
    async with floor.delivering():
        await floor.order(raised())
        await until(lambda: floor.counted("retried") == 1)
        floor.time.pass_(1.3)
        await until(lambda: floor.counted("sent") == 1)
    assert [name for name, _ in hook.tried] == [SLOW, SLOW]


async def test_a_refusal_for_good_is_not_tried_again(floor: Floor) -> None:
    hook = floor.channel()
    hook.script = [DeliveryError("refused", permanent=True)]
    async with floor.delivering():
        await floor.order(raised())
        await until(lambda: floor.counted("failed") == 1)
        floor.time.pass_(60)
        await floor.order(raised(wait=8))
        await until(lambda: floor.counted("sent") == 1)
    assert [name for name, _ in hook.tried] == [SLOW, "k-8.slow.raised"]


async def test_a_receiver_that_asks_for_patience_gets_it_on_the_whole_channel(floor: Floor) -> None:
    hook = floor.channel(concurrency=1)
    hook.script = [DeliveryError("throttled", retry_after_seconds=20)]
    async with floor.delivering() as courier:
        await floor.order(raised())
        await until(lambda: floor.counted("retried") == 1)
        await floor.order(raised(wait=8, decided_at_ms=START_MS))
        for _ in range(18):
            floor.time.pass_(1)
            await at_rest(courier, floor.time)
        assert len(hook.tried) == 1
        floor.time.pass_(3)
        await until(lambda: floor.counted("sent") == 2)
    assert all(seconds >= 20 for _, seconds in hook.tried[1:])


async def test_patience_beyond_the_expiry_is_a_failure(floor: Floor) -> None:
    hook = floor.channel(expires_ms=PEOPLE_EXPIRES_MS)
    hook.script = [DeliveryError("throttled", retry_after_seconds=600)]
    async with floor.delivering():
        await floor.order(raised())
        await until(lambda: floor.counted("failed") == 1)
    assert len(hook.tried) == 1
    assert hook.taken == []


async def test_patience_without_end_ends_after_ten_minutes(floor: Floor) -> None:
    hook = floor.channel(expires_ms=PEOPLE_EXPIRES_MS)
    hook.script = [DeliveryError("throttled", retry_after_seconds=999_999_999)]
    async with floor.delivering():
        await floor.order(raised())
        await until(lambda: floor.counted("failed") == 1)
        floor.time.pass_(601)
        await floor.order(raised(wait=8, decided_at_ms=floor.time.now_ms()))
        await until(lambda: hook.taken)
    assert [len(hook.tried), len(hook.taken)] == [2, 1]


async def test_a_receiver_that_is_gone_is_left_alone_and_said_once(
    floor: Floor, caplog: pytest.LogCaptureFixture
) -> None:
    hook = floor.channel(concurrency=1)
    other = floor.channel(name="other")
    hook.always = DeliveryError("gone", permanent=True)
    async with floor.delivering():
        await floor.order(*(raised(wait=number) for number in range(5)))
        await until(lambda: floor.counted("failed") == 5)
        await until(lambda: floor.counted("sent", "other") == 5)
    assert len(hook.tried) == 1
    assert len(other.taken) == 5
    assert [record.levelname for record in caplog.records] == ["ERROR"]


async def test_a_resolve_never_overtakes_its_raise(floor: Floor) -> None:
    hook = floor.channel()
    hook.script = [DeliveryError("reset"), None, None]
    async with floor.delivering():
        await floor.order(raised())
        await until(lambda: floor.counted("retried") == 1)
        await floor.order(resolved(decided_at_ms=START_MS))
        await floor.order(raised(wait=8))
        await until(lambda: floor.counted("sent") == 1)  # Another alert is not held up.
        floor.time.pass_(1.3)
        await until(lambda: floor.counted("sent") == 3)
    assert hook.taken == ["k-8.slow.raised", SLOW, "k-7.slow.resolved"]


async def test_while_a_raise_is_under_way_its_resolve_waits(floor: Floor) -> None:
    hook = floor.channel()
    hook.gate.clear()
    async with floor.delivering():
        await floor.order(raised())
        await until(lambda: hook.at_once == 1)
        await floor.order(resolved(decided_at_ms=START_MS), raised(wait=8))
        await until(lambda: hook.at_once == 2)
        assert [name for name, _ in hook.tried] == [SLOW, "k-8.slow.raised"]
        hook.gate.set()
        await until(lambda: floor.counted("sent") == 3)
    assert hook.taken.index(SLOW) < hook.taken.index("k-7.slow.resolved")


async def test_what_ends_while_the_outbox_is_read_is_not_sent_again(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = floor.channel()
    hook.gate.clear()
    read = floor.journal.outbox.due

    async def read_slowly(now_ms: int, limit: int, busy: Collection[str] = ()) -> list[DueDelivery]:
        found = await read(now_ms, limit, busy)
        if found and hook.at_once:
            hook.gate.set()
            await until(lambda: floor.counted("sent") == 1)
        return found

    monkeypatch.setattr(floor.journal.outbox, "due", read_slowly)
    async with floor.delivering() as courier:
        await floor.order(raised())
        await until(lambda: hook.tried)
        courier.wake()
        await until(lambda: floor.counted("sent") == 1)
        await floor.order(raised(wait=8))
        await until(lambda: floor.counted("sent") == 2)
    assert hook.taken == [SLOW, "k-8.slow.raised"]


async def test_what_was_pending_is_told_after_a_restart(floor: Floor) -> None:
    hook = floor.channel()
    await floor.order(raised(), raised(wait=8), resolved(wait=8, decided_at_ms=START_MS))
    async with floor.delivering():
        await until(lambda: floor.counted("sent") == 3)
    assert sorted(hook.taken) == [SLOW, "k-8.slow.raised", "k-8.slow.resolved"]


async def test_what_was_under_way_at_a_crash_is_told_again_under_the_same_id(floor: Floor) -> None:
    hook = floor.channel()
    hook.gate.clear()
    courier = Courier(floor.journal.outbox, [hook], floor.time, floor.metrics)
    task = asyncio.create_task(courier.run())
    await floor.order(raised())
    courier.wake()
    await until(lambda: hook.at_once == 1)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    hook.gate.set()
    async with floor.delivering():
        await until(lambda: floor.counted("sent") == 1)
    assert [name for name, _ in hook.tried] == [SLOW, SLOW]


async def test_what_expired_while_nobody_was_there_is_counted_and_not_told(floor: Floor) -> None:
    ding = floor.channel(expires_ms=PEOPLE_EXPIRES_MS)
    await floor.order(raised())
    floor.time.pass_(3600)
    async with floor.delivering():
        await until(lambda: floor.counted("failed") == 1)
    assert ding.tried == []


async def test_a_stop_lets_what_is_under_way_finish(floor: Floor) -> None:
    hook = floor.channel()
    hook.gate.clear()
    async with floor.delivering() as courier:
        await floor.order(raised())
        await until(lambda: hook.at_once == 1)
        courier.stop()
        await floor.order(raised(wait=8))
        hook.gate.set()
    assert hook.taken == [SLOW]
    assert [attempt.outcome for attempt in await floor.attempts(SLOW)] == ["sent"]
    assert (await floor.journal.outbox.pending()) == {"hook": 1}


async def test_a_channel_that_hangs_does_not_hold_up_another(floor: Floor) -> None:
    stuck, quick = floor.channel(name="stuck", concurrency=2), floor.channel(name="quick")
    stuck.gate.clear()
    async with floor.delivering():
        await floor.order(*(raised(wait=number) for number in range(50)))
        await until(lambda: floor.counted("sent", "quick") == 50)
        assert stuck.at_once == 2
        stuck.gate.set()
        await until(lambda: floor.counted("sent", "stuck") == 50)
    assert quick.most_at_once <= 4
    assert stuck.most_at_once == 2


async def test_a_fault_of_a_channel_is_contained(floor: Floor, caplog: pytest.LogCaptureFixture) -> None:
    hook = floor.channel()
    hook.script = [ZeroDivisionError("x")]
    async with floor.delivering():
        await floor.order(raised())
        await until(lambda: floor.counted("retried") == 1)
        floor.time.pass_(1.3)
        await until(lambda: floor.counted("sent") == 1)
    assert "ZeroDivisionError" in caplog.text


async def test_while_the_journal_takes_nothing_a_message_is_not_sent_twice(floor: Floor) -> None:
    hook = floor.channel()
    record, failures = floor.journal.outbox.record_attempts, 3

    async def failing(attempts: Sequence[Attempt], rests: Sequence[Rest] = ()) -> None:
        nonlocal failures
        if failures:
            failures -= 1
            raise StoreUnavailable("disk full")
        await record(attempts, rests)

    floor.journal.outbox.record_attempts = failing  # type: ignore[method-assign]
    async with floor.delivering() as courier:
        await floor.order(raised())
        while floor.counted("sent") == 0:
            waits = floor.time.waits
            floor.time.pass_(1)
            courier.wake()
            await until(lambda waits=waits: floor.time.waits > waits)  # type: ignore[misc]
    assert hook.taken == [SLOW]
    assert failures == 0


async def test_what_is_written_down_while_the_outbox_is_read_is_not_sent_again(floor: Floor) -> None:
    hook = floor.channel()
    due, reading, go_on = floor.journal.outbox.due, asyncio.Event(), asyncio.Event()

    async def slow(now_ms: int, limit: int, busy: Collection[str] = ()) -> list[DueDelivery]:
        found = await due(now_ms, limit, busy)
        if hook.at_once:
            reading.set()
            await go_on.wait()
        return found

    floor.journal.outbox.due = slow  # type: ignore[method-assign]
    hook.gate.clear()
    async with floor.delivering() as courier:
        await floor.order(raised())
        await until(lambda: hook.at_once == 1)
        courier.wake()
        await until(reading.is_set)
        hook.gate.set()
        await until(lambda: floor.counted("sent") == 1)
        go_on.set()
        await floor.order(raised(wait=8))
        await until(lambda: floor.counted("sent") == 2)
    assert hook.taken == [SLOW, "k-8.slow.raised"]


async def test_what_waits_for_a_channel_that_is_not_set_up_any_more_holds_up_nobody(floor: Floor) -> None:
    floor.channel(name="old")
    await floor.order(*(raised(wait=number) for number in range(100, 150)))
    floor.channels.clear()
    hook = floor.channel()
    await floor.order(raised())
    async with floor.delivering():
        await until(lambda: floor.counted("sent") == 1)
    assert hook.taken == [SLOW]


async def test_what_waited_for_a_channel_that_the_rules_take_away_is_not_counted_for_ever(floor: Floor) -> None:
    hook = floor.channel(concurrency=1)
    hook.gate.clear()
    await floor.order(raised())
    async with floor.delivering() as courier:
        await until(lambda: floor.metrics.outbox_pending.get(("hook",)) == 1)
        courier.swap({"hook"}, [])
        await until(lambda: ("hook",) not in floor.metrics.outbox_pending)
        hook.gate.set()
    assert ("hook",) not in floor.metrics.outbox_pending, "nor what was on its way when the channel went"


async def test_what_waits_is_counted(floor: Floor) -> None:
    hook = floor.channel(concurrency=1)
    hook.gate.clear()
    await floor.order(*(raised(wait=number) for number in range(5)))
    async with floor.delivering():
        await until(lambda: floor.metrics.outbox_pending.get(("hook",)) == 5)
        hook.gate.set()
        await until(lambda: floor.counted("sent") == 5)
        floor.time.pass_(5)
        await until(lambda: floor.metrics.outbox_pending.get(("hook",)) == 0)
    assert len(hook.taken) == 5
