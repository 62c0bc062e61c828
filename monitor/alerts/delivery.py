"""Takes what is to be told out of the outbox and sees that it is told.

The outbox is the truth: what is pending there is sent, also after a crash, so a
receiver may get a message twice, with the same id. Machines get every transition; of
one alert on one channel only the oldest pending message is under way, so a resolve
never overtakes its raise.

People are told what still matters at the instant of sending, within the budget of
their channel: see `monitor.alerts.merging`. What cannot be delivered there in time is
told on the channel that stands in for it.
"""

import asyncio
import heapq
import logging
import random
from collections.abc import Collection, Iterable, Sequence
from typing import Literal, Protocol

from msgspec import structs

from monitor.alerts.budget import Breaker, Bucket
from monitor.alerts.channels.base import Channel, Resumes
from monitor.alerts.merging import Listener, Speaker, merged, passed_on, standing_now
from monitor.alerts.quota import Quota
from monitor.alerts.saying import encode
from monitor.clock import Clock
from monitor.core.decisions import AlertOrder, TellPeople
from monitor.errors import DeliveryError, StoreUnavailable
from monitor.metrics import Metrics
from monitor.store.entries import Attempt, Delivery, DueDelivery
from monitor.store.outbox import DIGEST

log = logging.getLogger(__name__)

DELAYS_SECONDS = (0.0, 1.0, 3.0, 7.0, 15.0)  # Before each try; the last one again until the message expires.
JITTER = 0.2
POLL_SECONDS = 1.0  # For what nobody woke us about: a restart, a clock that was set.
COUNT_SECONDS = 5.0
SEND_SECONDS = 15.0  # A channel gives up earlier by itself; this is for one that does not.
STORE_RETRY_SECONDS = 1.0
TRIES_BEFORE_FALLBACK = 2  # A person who waits is not served by a third try where another channel is there.
MINUTE_MS = 60_000
PEOPLE_AT_ONCE = 20_000  # Messages that are merged in one go; more wait for the next digest.

Outcome = Literal["sent", "retry", "failed"]


class Outbox(Protocol):
    """What of the journal's outbox is used here."""

    async def due(self, now_ms: int, limit: int, busy: Collection[str] = ()) -> list[DueDelivery]:
        """Return what may be sent now, leaving out the channels that are busy."""

    async def due_for_people(self, channel: str, now_ms: int, limit: int, *, high_only: bool) -> list[DueDelivery]:
        """Return what people may be told now on a channel."""

    async def merge(self, digest: Delivery, members: Sequence[str]) -> None:
        """Let one delivery stand for many; raises StoreUnavailable."""

    async def members(self, digest: str) -> list[Delivery]:
        """Return what a digest stands for."""

    async def tries_since(self, channel: str, since_ms: int) -> list[int]:
        """Return when something was tried on a channel."""

    async def used_since(self, channel: str, hour_ms: int) -> int:
        """Return how often something was tried on a channel since an hour."""

    async def standing(self, channel: str) -> list[Delivery]:
        """Return what was told last of each alert that stands."""

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

    def __init__(self, channel: Channel, rng: random.Random) -> None:
        self.channel = channel
        self.route = channel.route
        self.name = channel.route.channel
        self.under_way: set[str] = set()  # Delivery ids, until what came of them is written down.
        self.quiet_until_ms = 0  # The receiver asked for patience, or failed again and again.
        self.quiet_reason = ""
        self.gone = False  # The receiver wants nothing more.
        self.breaker = Breaker(rng)
        self.bucket: Bucket | None = None
        self.quota = Quota(channel.route)
        self.wake_at_ms = 0  # When this channel has asked to be looked at.


class Courier:
    """Delivers; one for all channels.

    Args:
        outbox: `Journal.outbox`.
        channels: opened by ``run`` and closed by it.
        speaker: says what people are told; needed where a channel is for people.
    """

    def __init__(
        self,
        outbox: Outbox,
        channels: Sequence[Channel],
        timer: Timer,
        metrics: Metrics,
        rng: random.Random | None = None,
        *,
        speaker: Speaker | None = None,
    ) -> None:
        self._rng = rng or random.Random()  # noqa: S311 - spreads load, guards nothing
        self._outbox = outbox
        self._desks = [_Desk(channel, self._rng) for channel in channels]
        self._timer = timer
        self._metrics = metrics
        self._speaker = speaker or Listener()
        self._pace_ms = 0
        self._swaps: list[tuple[frozenset[str], tuple[Channel, ...]]] = []
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
        if any(isinstance(decision, AlertOrder | TellPeople) for decision in decisions):
            self._news.set()

    def pace(self, seconds: float) -> None:
        """Let at least so long pass between two messages to a group, except those of higher steps; 0: any time."""
        self._pace_ms = round(seconds * 1000)
        for desk in self._desks:
            if desk.bucket is not None:
                desk.bucket.pace_ms = self._pace_ms

    def swap(self, gone: Collection[str], fresh: Sequence[Channel]) -> None:
        """Close some channels and open others, between two rounds: the rules have changed."""
        self._swaps.append((frozenset(gone), tuple(fresh)))
        self._news.set()

    def stop(self) -> None:
        """Let ``run`` end: what is under way is still finished, the rest stays in the outbox."""
        self._stopping.set()
        self._news.set()

    async def run(self) -> None:
        """Deliver until ``stop``."""
        for desk in self._desks:
            await self._open(desk)
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

    async def _open(self, desk: _Desk) -> None:
        """Take up where the last run left: what stands, and how much was sent of late."""
        now_ms = self._timer.now_ms()
        if isinstance(desk.channel, Resumes):
            desk.channel.resume(await self._outbox.standing(desk.name))
        if desk.route.per_minute is not None:
            desk.bucket = Bucket(desk.route.per_minute, now_ms - MINUTE_MS)
            for at_ms in await self._outbox.tries_since(desk.name, now_ms - MINUTE_MS):
                desk.bucket.take(at_ms)
            desk.bucket.pace_ms = self._pace_ms
        await desk.quota.read(self._outbox, now_ms)
        await desk.channel.open()

    async def _change(self, gone: Collection[str], fresh: Sequence[Channel]) -> None:
        """Let go of channels and take others; what is under way there fails, and is tried again on the new one."""
        for desk in [desk for desk in self._desks if desk.name in gone]:
            self._desks.remove(desk)
            await desk.channel.close()
        for channel in fresh:
            desk = _Desk(channel, self._rng)
            await self._open(desk)
            self._desks.append(desk)

    async def _dispatch(self) -> None:
        house_keeping_ms = count_ms = self._timer.now_ms()
        while not self._stopping.is_set():
            self._news.clear()
            while self._swaps:
                await self._change(*self._swaps.pop(0))
            now_ms = self._timer.now_ms()
            if now_ms >= house_keeping_ms:
                house_keeping_ms = now_ms + round(POLL_SECONDS * 1000)
                await self._expire(now_ms)
            if now_ms >= count_ms:
                count_ms = now_ms + round(COUNT_SECONDS * 1000)
                await self._count()
            for desk in self._desks:
                if desk.route.for_people:
                    await self._start_people(desk, now_ms)
                else:
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
                self._settle(desk, untried(delivery.delivery_id, "failed", "gone"))
            else:
                self._begin(desk, due, delivery)

    def _begin(self, desk: _Desk, due: DueDelivery, shown: Delivery, members: Sequence[Delivery] = ()) -> None:
        task = asyncio.create_task(self._send(desk, due, shown, members))
        self._sends.add(task)
        task.add_done_callback(self._sends.discard)

    async def _start_people(self, desk: _Desk, now_ms: int) -> None:
        """Tell people one thing: the most urgent message, or all of them in one.

        1. Where the channel cannot be used now, pass on what waits to the one that stands in for it.
        2. Leave out what is over.
        3. Send the most urgent alone where that is all, or the budget has room for the rest; else merge.
        """
        if desk.under_way:
            return
        blocked = self._blocked(desk, now_ms)
        if blocked:
            await self._pass_on(desk, now_ms, blocked)
            return
        high_only = False
        if desk.bucket is not None:
            if not desk.bucket.may(now_ms, high=True):
                self._look_again(desk, desk.bucket.next_ms(now_ms))
                return
            high_only = not desk.bucket.may(now_ms, high=False)
            if high_only:
                self._look_again(desk, desk.bucket.next_ms(now_ms))
        found = await self._outbox.due_for_people(desk.name, now_ms, PEOPLE_AT_ONCE, high_only=high_only)
        if not found:
            return
        begun = next((due for due in found if due.delivery.transition == DIGEST), None)
        if begun is not None:
            found = [begun]
            deliveries = await self._outbox.members(begun.delivery.delivery_id)
        else:
            deliveries = [due.delivery for due in found]
        live, over = await standing_now(self._speaker, deliveries)
        for delivery, outcome in over:
            desk.under_way.add(delivery.delivery_id)
            self._settle(desk, untried(delivery.delivery_id, outcome, ""))
        if not live:
            if begun is not None:
                desk.under_way.add(begun.delivery.delivery_id)
                self._settle(desk, untried(begun.delivery.delivery_id, "dropped_answered", ""))
            return
        attempts = {due.delivery.delivery_id: due for due in found}
        alone = len(live) == 1 or (len(live) == 2 and (desk.bucket is None or desk.bucket.plenty(now_ms)))
        members: list[Delivery] = []
        if begun is not None:
            due, members = begun, [delivery for delivery, _ in live]
        elif alone:
            live = live[:1]
            due = attempts[live[0][0].delivery_id]
        else:
            members = [delivery for delivery, _ in live]
            digest = merged(members, now_ms)
            try:
                await self._outbox.merge(digest, [member.delivery_id for member in members])
            except StoreUnavailable:
                return  # The next round finds them again.
            due = DueDelivery(delivery=digest, attempts=0, told=None, overtaken_by=None)
        desk.under_way.add(due.delivery.delivery_id)
        now_ms = self._timer.now_ms()
        try:
            saying = self._speaker.say(desk.name, [told for _, told in live], now_ms)
        except Exception:  # A fault of the words is no reason to tell nobody.
            log.exception("channel %s: a fault of ours; told without words", desk.name)
            saying = Listener().say(desk.name, [told for _, told in live], now_ms)
        if desk.bucket is not None:
            desk.bucket.take(now_ms)
        desk.quota.take()
        self._begin(desk, due, structs.replace(due.delivery, body=encode(saying)), members)

    def _blocked(self, desk: _Desk, now_ms: int) -> str:
        """Return why nothing may be sent on a channel now; empty: it may."""
        if desk.gone:
            return "gone"
        if now_ms < desk.quiet_until_ms:
            return desk.quiet_reason
        if not desk.quota.may(now_ms):
            return "quota"
        return ""

    async def _pass_on(self, desk: _Desk, now_ms: int, reason: str) -> None:
        """Give what waits to the channel that stands in; without one it waits for this one, or has failed for good."""
        fallback = desk.route.fallback
        if fallback is None and reason not in ("gone", "quota"):
            return
        for due in await self._outbox.due_for_people(desk.name, now_ms, PEOPLE_AT_ONCE, high_only=False):
            delivery = due.delivery
            if delivery.delivery_id in desk.under_way:
                continue
            members = [delivery]
            if delivery.transition == DIGEST:
                members += await self._outbox.members(delivery.delivery_id)
            for one in members:
                desk.under_way.add(one.delivery_id)
                self._settle(desk, failed(one, reason, passed_on(one, fallback, now_ms)))

    def _look_again(self, desk: _Desk, at_ms: int) -> None:
        if desk.wake_at_ms != at_ms:
            desk.wake_at_ms = at_ms
            heapq.heappush(self._retries, at_ms)

    async def _send(self, desk: _Desk, due: DueDelivery, shown: Delivery, members: Sequence[Delivery]) -> None:
        delivery = due.delivery
        sent_at_ms = self._timer.now_ms()
        answered_at_ms: int | None = None
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await desk.channel.send(shown)
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
            desk.breaker.succeeded()
            self._metrics.delivery.observe((answered_at_ms - delivery.decided_at_ms) / 1000, desk.name)
        outcome: Outcome = "sent"
        next_at_ms: int | None = None
        then: Delivery | None = None
        if failure is not None:
            next_at_ms = self._next_try(desk, due, failure)
            outcome = "failed" if next_at_ms is None else "retry"
            if outcome == "failed" and desk.route.for_people:
                then = passed_on(delivery, desk.route.fallback, self._timer.now_ms())
                for member in members:
                    desk.under_way.add(member.delivery_id)
                    instead = passed_on(member, desk.route.fallback, self._timer.now_ms())
                    self._settle(desk, failed(member, failure.reason, instead))
        elif members:
            self._metrics.deliveries.add(desk.name, "digested", n=len(members))
        self._settle(
            desk,
            Attempt(
                delivery_id=delivery.delivery_id,
                outcome=outcome,
                sent_at_ms=sent_at_ms,
                answered_at_ms=answered_at_ms,
                next_at_ms=next_at_ms,
                reason="" if failure is None else failure.reason,
                then=then,
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
            self._quieten(desk, now_ms + round(failure.retry_after_seconds * 1000), failure.reason)
        elif rest_ms := desk.breaker.failed():
            log.warning("channel %s: failed again and again (%s); left alone for a while", desk.name, failure.reason)
            self._quieten(desk, now_ms + rest_ms, "failing")
        next_at_ms = now_ms + round(delay * 1000)
        if next_at_ms >= due.delivery.expires_at_ms:
            return None
        stands_in = desk.route.fallback is not None
        if stands_in and (tries >= TRIES_BEFORE_FALLBACK or next_at_ms < desk.quiet_until_ms):
            return None
        heapq.heappush(self._retries, next_at_ms)
        return next_at_ms

    def _quieten(self, desk: _Desk, until_ms: int, reason: str) -> None:
        if until_ms > desk.quiet_until_ms:
            desk.quiet_until_ms, desk.quiet_reason = until_ms, reason
            heapq.heappush(self._retries, until_ms)

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
            if self._stopping.is_set() and not self._sends and not self._settled:
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


def untried(delivery_id: str, outcome: Literal["failed", "dropped_answered", "withdrawn"], reason: str) -> Attempt:
    """Return what came of a delivery that was not tried."""
    return Attempt(delivery_id=delivery_id, outcome=outcome, sent_at_ms=None, answered_at_ms=None, reason=reason)


def failed(delivery: Delivery, reason: str, then: Delivery | None) -> Attempt:
    """Return that a delivery has failed here without a try of its own, and what is told elsewhere instead."""
    return structs.replace(untried(delivery.delivery_id, "failed", reason), then=then)
