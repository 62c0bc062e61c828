"""Takes what is to be told out of the outbox and sees that it is told.

The outbox is the truth: what is pending there is sent, also after a crash, so a
receiver may get a message twice, with the same id. Of one alert on one channel
only the oldest pending message is under way, so a resolve never overtakes its
raise.

For people, a message whose matter is over before it could be sent is dropped,
and so is the end of a matter nobody was told of. Machines get every transition.
"""

import asyncio
import heapq
import logging
import random
from collections.abc import Collection, Iterable, Sequence
from typing import Literal, Protocol

from monitor.alerts.channels.base import Channel
from monitor.clock import Clock
from monitor.core.decisions import AlertOrder
from monitor.errors import DeliveryError, StoreUnavailable
from monitor.metrics import Metrics
from monitor.store.entries import Attempt, DueDelivery

log = logging.getLogger(__name__)

DELAYS_SECONDS = (0.0, 1.0, 3.0, 7.0, 15.0)  # Before each try; the last one again until the message expires.
JITTER = 0.2
POLL_SECONDS = 1.0  # For what nobody woke us about: a restart, a clock that was set.
COUNT_SECONDS = 5.0
SEND_SECONDS = 15.0  # A channel gives up earlier by itself; this is for one that does not.
STORE_RETRY_SECONDS = 1.0

Outcome = Literal["sent", "retry", "failed", "dropped_answered"]
TOLD = frozenset({"raised", "risen"})
OVER = frozenset({"resolved", "withdrawn"})


class Outbox(Protocol):
    """What of the journal's outbox is used here."""

    async def due(self, now_ms: int, limit: int, busy: Collection[str] = ()) -> list[DueDelivery]:
        """Return what may be sent now, leaving out the channels that are busy."""

    async def record_attempts(self, attempts: Sequence[Attempt]) -> None:
        """Write down what came of it; raises StoreUnavailable."""

    async def expire(self, now_ms: int) -> dict[str, int]:
        """Give up what has expired; return how many by channel."""

    async def pending(self) -> dict[str, int]:
        """Return how many wait, by channel."""


class Timer(Protocol):
    """The time, and waiting for it; tests move it."""

    def now_ms(self) -> int:
        """Return now."""

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        """Return when the event is set or the time is over."""


class WallTimer:
    """The real time."""

    def __init__(self, clock: Clock) -> None:
        self.now_ms = clock.now_ms

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        """Return when the event is set or the time is over."""
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            pass


class _Desk:
    """What is under way on one channel."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.name = channel.route.channel
        self.under_way: set[str] = set()  # Delivery ids, until what came of them is written down.
        self.quiet_until_ms = 0  # The receiver asked for patience.
        self.gone = False  # The receiver wants nothing more.


class Courier:
    """Delivers; one for all channels.

    Args:
        outbox: `Journal.outbox`.
        channels: opened by ``run`` and closed by it.
    """

    def __init__(
        self,
        outbox: Outbox,
        channels: Sequence[Channel],
        timer: Timer,
        metrics: Metrics,
        rng: random.Random | None = None,
    ) -> None:
        self._outbox = outbox
        self._desks = [_Desk(channel) for channel in channels]
        self._timer = timer
        self._metrics = metrics
        self._rng = rng or random.Random()  # noqa: S311 - spreads load, guards nothing
        self._strangers: set[str] = set()  # Channels of the outbox that are not set up any more.
        self._news = asyncio.Event()
        self._stopping = asyncio.Event()
        self._retries: list[int] = []  # A heap of instants at which something has its next turn.
        self._sends: set[asyncio.Task[None]] = set()
        self._settled: list[tuple[_Desk, Attempt]] = []
        self._to_record = asyncio.Event()

    def wake(self) -> None:
        """Say that the outbox may hold something new."""
        self._news.set()

    def see(self, decisions: Iterable[object]) -> None:
        """Wake if something is to be told: what the engine calls after a commit."""
        if any(isinstance(decision, AlertOrder) for decision in decisions):
            self._news.set()

    def stop(self) -> None:
        """Let ``run`` end: what is under way is still finished, the rest stays in the outbox."""
        self._stopping.set()
        self._news.set()

    async def run(self) -> None:
        """Deliver until ``stop``."""
        for desk in self._desks:
            await desk.channel.open()
        recorder = asyncio.create_task(self._record())
        try:
            await self._dispatch()
            await asyncio.gather(*self._sends)
        finally:
            for task in self._sends:
                task.cancel()
            await asyncio.gather(*self._sends, return_exceptions=True)
            self._stopping.set()
            self._to_record.set()
            await recorder
            for desk in self._desks:
                await desk.channel.close()

    async def _dispatch(self) -> None:
        house_keeping_ms = count_ms = self._timer.now_ms()
        while not self._stopping.is_set():
            self._news.clear()
            now_ms = self._timer.now_ms()
            if now_ms >= house_keeping_ms:
                house_keeping_ms = now_ms + round(POLL_SECONDS * 1000)
                await self._expire(now_ms)
            if now_ms >= count_ms:
                count_ms = now_ms + round(COUNT_SECONDS * 1000)
                await self._count()
            for desk in self._desks:
                await self._start(desk, now_ms)
            while self._retries and self._retries[0] <= now_ms:
                heapq.heappop(self._retries)
            next_ms = min([house_keeping_ms, *self._retries[:1]])
            await self._timer.wait(self._news, max(0, next_ms - self._timer.now_ms()) / 1000)

    async def _start(self, desk: _Desk, now_ms: int) -> None:
        """Begin to send what a channel has room for."""
        room = desk.channel.concurrency - len(desk.under_way)
        if room <= 0 or now_ms < desk.quiet_until_ms:
            return
        others = self._strangers.union(other.name for other in self._desks if other is not desk)
        # What is under way is still pending in the outbox and comes first. What ends while we read is in what we
        # read as it was before, so it is left to the next round, which its end has asked for.
        before = frozenset(desk.under_way)
        found = await self._outbox.due(now_ms, room + len(before), others)
        for due in found:
            delivery = due.delivery
            if delivery.channel != desk.name or delivery.delivery_id in before:
                continue
            if room == 0:
                break
            room -= 1
            desk.under_way.add(delivery.delivery_id)
            if desk.gone:
                self._settle(desk, _untried(due, "failed", "gone"))
            elif desk.channel.route.for_people and _pointless(due):
                self._settle(desk, _untried(due, "dropped_answered", ""))
            else:
                task = asyncio.create_task(self._send(desk, due))
                self._sends.add(task)
                task.add_done_callback(self._sends.discard)

    async def _send(self, desk: _Desk, due: DueDelivery) -> None:
        delivery = due.delivery
        sent_at_ms = self._timer.now_ms()
        answered_at_ms: int | None = None
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await desk.channel.send(delivery)
        except DeliveryError as error:
            failure: DeliveryError | None = error
        except TimeoutError:
            failure = DeliveryError("timeout")
        except Exception:  # A fault of one channel is not to stop the others.
            log.exception("channel %s: a fault of ours", desk.name)
            failure = DeliveryError("fault")
        else:
            failure = None
            answered_at_ms = self._timer.now_ms()
            self._metrics.delivery.observe((answered_at_ms - delivery.decided_at_ms) / 1000, desk.name)
        outcome: Outcome = "sent"
        next_at_ms: int | None = None
        if failure is not None:
            next_at_ms = self._next_try(desk, due, failure)
            outcome = "failed" if next_at_ms is None else "retry"
        self._settle(
            desk,
            Attempt(
                delivery_id=delivery.delivery_id,
                outcome=outcome,
                sent_at_ms=sent_at_ms,
                answered_at_ms=answered_at_ms,
                next_at_ms=next_at_ms,
                reason="" if failure is None else failure.reason,
            ),
        )

    def _next_try(self, desk: _Desk, due: DueDelivery, failure: DeliveryError) -> int | None:
        """Return when to try again, or None when that is of no use."""
        if failure.reason == "gone" and not desk.gone:
            desk.gone = True
            log.error("channel %s: %s; nothing is sent there until the next start", desk.name, failure)
        if failure.permanent:
            return None
        now_ms = self._timer.now_ms()
        tries = due.attempts + 1
        delay = DELAYS_SECONDS[min(tries, len(DELAYS_SECONDS) - 1)] * self._rng.uniform(1 - JITTER, 1 + JITTER)
        if failure.retry_after_seconds is not None:
            delay = max(delay, failure.retry_after_seconds)
            desk.quiet_until_ms = max(desk.quiet_until_ms, now_ms + round(failure.retry_after_seconds * 1000))
            heapq.heappush(self._retries, desk.quiet_until_ms)
        next_at_ms = now_ms + round(delay * 1000)
        if next_at_ms >= due.delivery.expires_at_ms:
            return None
        heapq.heappush(self._retries, next_at_ms)
        return next_at_ms

    def _settle(self, desk: _Desk, attempt: Attempt) -> None:
        self._settled.append((desk, attempt))
        self._to_record.set()

    async def _record(self) -> None:
        """Write down what came of the tries, all that has come in one transaction."""
        while True:
            await self._to_record.wait()
            self._to_record.clear()
            if settled := self._settled:
                self._settled = []
                await self._write_down(settled)
            elif self._stopping.is_set() and not self._sends:
                return

    async def _write_down(self, settled: list[tuple[_Desk, Attempt]]) -> None:
        while True:
            try:
                await self._outbox.record_attempts([attempt for _, attempt in settled])
                break
            except StoreUnavailable as error:
                if self._stopping.is_set():
                    return  # They are sent again after the next start.
                log.error("deliveries cannot be written down: %s", error)
                await self._timer.wait(self._stopping, STORE_RETRY_SECONDS)
        for desk, attempt in settled:
            desk.under_way.discard(attempt.delivery_id)
            outcome = "retried" if attempt.outcome == "retry" else attempt.outcome
            self._metrics.deliveries.add(desk.name, outcome)
            if attempt.outcome == "failed" and attempt.reason != "gone":
                log.warning("channel %s: %s not delivered: %s", desk.name, attempt.delivery_id, attempt.reason)
        self._news.set()

    async def _expire(self, now_ms: int) -> None:
        try:
            for channel, number in (await self._outbox.expire(now_ms)).items():
                self._metrics.deliveries.add(channel, "failed", n=number)
                log.warning("channel %s: %d messages expired before they could be sent", channel, number)
        except StoreUnavailable:
            return  # The next round finds them again.

    async def _count(self) -> None:
        waiting = await self._outbox.pending()
        self._strangers = waiting.keys() - {desk.name for desk in self._desks}
        for desk in self._desks:
            self._metrics.outbox_pending[(desk.name,)] = waiting.get(desk.name, 0)


def _pointless(due: DueDelivery) -> bool:
    """Whether telling people would be of no use: it is over, or they were never told that it began."""
    if due.delivery.transition in OVER:
        return due.told not in TOLD
    return due.overtaken_by in OVER


def _untried(due: DueDelivery, outcome: Outcome, reason: str) -> Attempt:
    return Attempt(
        delivery_id=due.delivery.delivery_id,
        outcome=outcome,
        sent_at_ms=None,
        answered_at_ms=None,
        reason=reason,
    )
