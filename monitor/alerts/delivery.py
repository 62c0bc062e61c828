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
import contextlib
import heapq
import logging
import random
from collections.abc import Collection, Iterable, Sequence
from typing import Literal

from msgspec import structs

from monitor.alerts.attempts import Outbox, failed, untried
from monitor.alerts.budget import Bucket
from monitor.alerts.channels.base import Channel, Resumes
from monitor.alerts.lane import Lane
from monitor.alerts.merging import Listener, Speaker, merged, passed_on, standing_now
from monitor.alerts.saying import encode
from monitor.alerts.timer import Timer
from monitor.core.decisions import AlertOrder, TellPeople
from monitor.core.units import MINUTE_MS
from monitor.errors import DeliveryError, StoreUnavailable
from monitor.metrics import Metrics
from monitor.store.entries import Attempt, Delivery, DueDelivery, Rest
from monitor.store.outbox import DIGEST, HIGH

log = logging.getLogger(__name__)

DELAYS_SECONDS = (0.0, 1.0, 3.0, 7.0, 15.0)  # Before each try; the last one again until the message expires.
JITTER = 0.2
POLL_SECONDS = 1.0  # For what nobody woke us about: a restart, a clock that was set.
COUNT_SECONDS = 5.0
SEND_SECONDS = 15.0  # A channel gives up earlier by itself; this is for one that does not.
STORE_RETRY_SECONDS = 1.0
PATIENCE_SECONDS = 600.0  # No robot blocks for longer; who asks for more, by mistake too, is tried again after it.
TRIES_BEFORE_FALLBACK = 2  # A person who waits is not served by a third try where another channel is there.
ALONG_MS = 15_000  # About as long as a robot's budget takes for one message.
PEOPLE_AT_ONCE = 20_000  # Messages that are merged in one go; more wait for the next digest.

Outcome = Literal["sent", "retry", "failed"]


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
        self._lanes = [Lane(channel, self._rng) for channel in channels]
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
        self._settled: list[tuple[Lane, Attempt]] = []
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
        for lane in self._lanes:
            if lane.bucket is not None:
                lane.bucket.pace_ms = self._pace_ms

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
        for lane in self._lanes:
            await self._open(lane)
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
            for lane in self._lanes:
                await lane.channel.close()

    async def _open(self, lane: Lane) -> None:
        """Take up where the last run left: what stands, and how much was sent of late."""
        now_ms = self._timer.now_ms()
        if isinstance(lane.channel, Resumes):
            lane.channel.resume(await self._outbox.standing(lane.name))
        if lane.route.per_minute is not None:
            lane.bucket = Bucket(lane.route.per_minute, now_ms - MINUTE_MS)
            for at_ms in await self._outbox.tries_since(lane.name, now_ms - MINUTE_MS):
                lane.bucket.take(at_ms)
            lane.bucket.pace_ms = self._pace_ms
        await lane.quota.read(self._outbox, now_ms)
        lane.resume(await self._outbox.rest(lane.name))
        await lane.channel.open()

    async def _change(self, gone: Collection[str], fresh: Sequence[Channel]) -> None:
        """Let go of channels and take others; what is under way there fails, and is tried again on the new one."""
        for lane in [lane for lane in self._lanes if lane.name in gone]:
            self._lanes.remove(lane)
            self._metrics.outbox_pending.pop((lane.name,), None)
            await lane.channel.close()
        with contextlib.suppress(StoreUnavailable):
            # Another robot under the same name has not blocked us.
            await self._outbox.record_attempts([], [Rest(name, 0, "", 0) for name in gone])
        for channel in fresh:
            lane = Lane(channel, self._rng)
            await self._open(lane)
            self._lanes.append(lane)

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
            for lane in self._lanes:
                if lane.route.for_people:
                    await self._start_people(lane, now_ms)
                else:
                    await self._start(lane, now_ms)
            while self._retries and self._retries[0] <= now_ms:
                heapq.heappop(self._retries)
            next_ms = min([house_keeping_ms, *self._retries[:1]])
            await self._timer.wait(self._news, max(0, next_ms - self._timer.now_ms()) / 1000)

    async def _start(self, lane: Lane, now_ms: int) -> None:
        """Begin to send what a channel has room for."""
        room = lane.channel.concurrency - len(lane.under_way)
        if room <= 0 or now_ms < lane.quiet_until_ms:
            return
        others = self._strangers.union(other.name for other in self._lanes if other is not lane)
        # What is under way is still pending in the outbox and comes first. What ends while we read is in what we
        # read as it was before, so it is left to the next round, which its end has asked for.
        before = frozenset(lane.under_way)
        found = await self._outbox.due(now_ms, room + len(before), others)
        for due in found:
            delivery = due.delivery
            if delivery.channel != lane.name or delivery.delivery_id in before:
                continue
            if room == 0:
                break
            room -= 1
            lane.under_way.add(delivery.delivery_id)
            if lane.gone:
                self._settle(lane, untried(delivery.delivery_id, "failed", "gone"))
            else:
                self._begin(lane, due, delivery)

    def _begin(self, lane: Lane, due: DueDelivery, shown: Delivery, members: Sequence[Delivery] = ()) -> None:
        task = asyncio.create_task(self._send(lane, due, shown, members))
        self._sends.add(task)
        task.add_done_callback(self._sends.discard)

    async def _start_people(self, lane: Lane, now_ms: int) -> None:
        """Tell people one thing: the most urgent message, or all of them in one.

        1. Where the channel cannot be used now, pass on what waits to the one that stands in for it.
        2. Leave out what is over.
        3. Send the most urgent alone where that is all, or the budget has room for the rest; else merge.
        """
        if lane.under_way:
            return
        blocked = self._blocked(lane, now_ms)
        if blocked:
            await self._pass_on(lane, now_ms, blocked)
            return
        found = await self._due_for_people(lane, now_ms)
        if not found:
            return
        begun = next((due for due in found if due.delivery.transition == DIGEST), None)
        if begun is not None:
            deliveries = await self._outbox.members(begun.delivery.delivery_id)
        else:
            deliveries = [due.delivery for due in found]
        live, over = await standing_now(self._speaker, deliveries)
        for delivery, outcome in over:
            lane.under_way.add(delivery.delivery_id)
            self._settle(lane, untried(delivery.delivery_id, outcome, ""))
        if not live:
            if begun is not None:
                lane.under_way.add(begun.delivery.delivery_id)
                self._settle(lane, untried(begun.delivery.delivery_id, "dropped_answered", ""))
            return
        attempts = {due.delivery.delivery_id: due for due in found}
        alone = len(live) == 1 or (len(live) == 2 and (lane.bucket is None or lane.bucket.plenty(now_ms)))
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
            due = DueDelivery(delivery=digest, attempts=0)
        lane.under_way.add(due.delivery.delivery_id)
        now_ms = self._timer.now_ms()
        try:
            saying = self._speaker.say(lane.name, [told for _, told in live], now_ms)
        except Exception:  # A fault of the words is no reason to tell nobody.
            log.exception("channel %s: a fault of ours; told without words", lane.name)
            saying = Listener().say(lane.name, [told for _, told in live], now_ms)
        if lane.bucket is not None:
            lane.bucket.take(now_ms)
        lane.quota.take()
        self._begin(lane, due, structs.replace(due.delivery, body=encode(saying)), members)

    async def _due_for_people(self, lane: Lane, now_ms: int) -> list[DueDelivery]:
        """Return what people may be told now within the budget; a digest that was begun goes before all else."""
        high_only = False
        if lane.bucket is not None and not lane.bucket.may(now_ms, high=False):
            self._look_again(lane, lane.bucket.next_ms(now_ms))
            if not lane.bucket.may(now_ms, high=True):
                return []
            high_only = True
        found = await self._outbox.due_for_people(lane.name, now_ms, PEOPLE_AT_ONCE, high_only=high_only)
        begun = [due for due in found if due.delivery.transition == DIGEST]
        if begun or not found or not high_only:
            return begun[:1] or found
        # While higher steps use up the budget, what has waited goes along in their message, and does not expire.
        waiting = await self._outbox.due_for_people(lane.name, now_ms, PEOPLE_AT_ONCE, high_only=False)
        old_ms = now_ms - ALONG_MS
        return [due for due in waiting if due.delivery.transition == HIGH or due.delivery.decided_at_ms <= old_ms]

    def _blocked(self, lane: Lane, now_ms: int) -> str:
        """Return why nothing may be sent on a channel now; empty: it may."""
        if lane.gone:
            return "gone"
        if now_ms < lane.quiet_until_ms:
            return lane.quiet_reason
        if not lane.quota.may(now_ms):
            return "quota"
        return ""

    async def _pass_on(self, lane: Lane, now_ms: int, reason: str) -> None:
        """Give what waits to the channel that stands in; without one it waits for this one, or has failed for good."""
        fallback = lane.route.fallback
        if fallback is None and reason not in ("gone", "quota"):
            return
        for due in await self._outbox.due_for_people(lane.name, now_ms, PEOPLE_AT_ONCE, high_only=False):
            delivery = due.delivery
            if delivery.delivery_id in lane.under_way:
                continue
            members = [delivery]
            if delivery.transition == DIGEST:
                members += await self._outbox.members(delivery.delivery_id)
            for one in members:
                lane.under_way.add(one.delivery_id)
                self._settle(lane, failed(one, reason, passed_on(one, fallback, now_ms)))

    def _look_again(self, lane: Lane, at_ms: int) -> None:
        if lane.wake_at_ms != at_ms:
            lane.wake_at_ms = at_ms
            heapq.heappush(self._retries, at_ms)

    async def _send(self, lane: Lane, due: DueDelivery, shown: Delivery, members: Sequence[Delivery]) -> None:
        delivery = due.delivery
        sent_at_ms = self._timer.now_ms()
        answered_at_ms: int | None = None
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await lane.channel.send(shown)
        except DeliveryError as error:
            failure: DeliveryError | None = error
        except TimeoutError:
            failure = DeliveryError("timeout")
        except Exception:  # A fault of one channel is not to stop the others.
            log.exception("channel %s: a fault of ours", lane.name)
            failure = DeliveryError("fault")
        else:
            failure = None
            answered_at_ms = self._timer.now_ms()
            lane.works()
            self._metrics.delivery.observe((answered_at_ms - delivery.decided_at_ms) / 1000, lane.name)
        outcome: Outcome = "sent"
        next_at_ms: int | None = None
        then: Delivery | None = None
        if failure is not None:
            next_at_ms = self._next_try(lane, due, failure)
            outcome = "failed" if next_at_ms is None else "retry"
            if outcome == "failed" and lane.route.for_people:
                then = passed_on(delivery, lane.route.fallback, self._timer.now_ms())
                for member in members:
                    lane.under_way.add(member.delivery_id)
                    instead = passed_on(member, lane.route.fallback, self._timer.now_ms())
                    self._settle(lane, failed(member, failure.reason, instead))
        elif members:
            self._metrics.deliveries.add(lane.name, "digested", n=len(members))
        self._settle(
            lane,
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

    def _next_try(self, lane: Lane, due: DueDelivery, failure: DeliveryError) -> int | None:
        """Return when to try again, or None when that is of no use."""
        if failure.reason == "gone" and not lane.gone:
            lane.gone = True
            log.error("channel %s: %s; nothing is sent there until the next start", lane.name, failure)
        if failure.permanent:
            return None
        now_ms = self._timer.now_ms()
        tries = due.attempts + 1
        delay = DELAYS_SECONDS[min(tries, len(DELAYS_SECONDS) - 1)] * self._rng.uniform(1 - JITTER, 1 + JITTER)
        if failure.retry_after_seconds is not None:
            patience = min(failure.retry_after_seconds, PATIENCE_SECONDS)
            delay = max(delay, patience)
            self._quieten(lane, now_ms + round(patience * 1000), failure.reason)
        elif rest_ms := lane.breaker.failed():
            log.warning("channel %s: failed again and again (%s); left alone for a while", lane.name, failure.reason)
            self._quieten(lane, now_ms + rest_ms, "failing")
        next_at_ms = now_ms + round(delay * 1000)
        if next_at_ms >= due.delivery.expires_at_ms:
            return None
        stands_in = lane.route.fallback is not None
        if stands_in and (tries >= TRIES_BEFORE_FALLBACK or next_at_ms < lane.quiet_until_ms):
            return None
        heapq.heappush(self._retries, next_at_ms)
        return next_at_ms

    def _quieten(self, lane: Lane, until_ms: int, reason: str) -> None:
        if until_ms > lane.quiet_until_ms:
            lane.quiet_until_ms, lane.quiet_reason, lane.rest_unsaved = until_ms, reason, True
            heapq.heappush(self._retries, until_ms)

    def _settle(self, lane: Lane, attempt: Attempt) -> None:
        self._settled.append((lane, attempt))
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

    async def _write_down(self, settled: list[tuple[Lane, Attempt]]) -> None:
        while True:
            try:
                unsaved = [lane for lane in self._lanes if lane.rest_unsaved]
                await self._outbox.record_attempts([attempt for _, attempt in settled], [one.rest() for one in unsaved])
                break
            except StoreUnavailable as error:
                if self._stopping.is_set():
                    return  # They are sent again after the next start.
                log.error("deliveries cannot be written down: %s", error)
                await self._timer.wait(self._stopping, STORE_RETRY_SECONDS)
        for lane in unsaved:
            lane.rest_unsaved = False
        for lane, attempt in settled:
            lane.under_way.discard(attempt.delivery_id)
            outcome = "retried" if attempt.outcome == "retry" else attempt.outcome
            self._metrics.deliveries.add(lane.name, outcome)
            if attempt.outcome == "failed" and attempt.reason != "gone":
                log.warning("channel %s: %s not delivered: %s", lane.name, attempt.delivery_id, attempt.reason)
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
        self._strangers = waiting.keys() - {lane.name for lane in self._lanes}
        for lane in self._lanes:
            self._metrics.outbox_pending[(lane.name,)] = waiting.get(lane.name, 0)
