"""The canary: an artificial chat through the whole chain each minute, and a ping outside while all is well.

A buyer asks and is answered at once, in one batch, so that no board ever shows it. It
comes in as bytes, is decided, committed, told through the outbox and the courier, and
must arrive at a channel in here. Late means that alerts are late too: people are told,
once, and the ping outside stops, which is how one learns of it when nothing can be told.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

import msgspec

from monitor.alerts.channels.http import Poster
from monitor.alerts.own_news import to_manager
from monitor.alerts.router import MACHINE_EXPIRES_MS, Route
from monitor.clock import Clock
from monitor.core.decisions import CloseRound, Decision, Round, TellPeople
from monitor.core.views import CANARY
from monitor.errors import Busy, DeliveryError, StoreUnavailable
from monitor.metrics import Metrics
from monitor.store.entries import Delivery
from monitor.wire.batch import Batch

log = logging.getLogger(__name__)

EVERY_SECONDS = 60.0
WORTH_MS = 10 * 60_000


class Decode(Protocol):
    """Bytes into events, as at a door."""

    def __call__(self, body: bytes, *, door: str, source: str, now_ms: int | None) -> Batch:
        """Return the events."""


class Nest:
    """The channel at which it arrives."""

    def __init__(self) -> None:
        self.route = Route(channel=CANARY, for_people=False, expires_ms=MACHINE_EXPIRES_MS)
        self.concurrency = 1
        self.arrived: asyncio.Queue[str] = asyncio.Queue()

    async def open(self) -> None:
        """It is always there."""

    async def close(self) -> None:
        """It stays."""

    async def send(self, delivery: Delivery) -> None:
        """Take it."""
        self.arrived.put_nowait(delivery.delivery_id)


class Canary:
    """Flies each minute.

    Args:
        submit: stores a batch, as a door does.
        put: puts a delivery into the outbox.
        tell: tells people.

    Attributes:
        good: whether the last one came in time.
    """

    def __init__(
        self,
        clock: Clock,
        metrics: Metrics,
        *,
        decode: Decode,
        submit: Callable[[Batch], Awaitable[object]],
        put: Callable[[Delivery], Awaitable[None]],
        tell: Callable[[TellPeople], Awaitable[None]],
        nest: Nest,
        late_seconds: float,
    ) -> None:
        self.good = True
        self._clock = clock
        self._metrics = metrics
        self._decode = decode
        self._submit = submit
        self._put = put
        self._tell = tell
        self._nest = nest
        self._late_seconds = late_seconds
        self._decided: asyncio.Queue[Round] = asyncio.Queue()

    def watch(self, decisions: Iterable[Decision]) -> None:
        """Note that its chat was decided and stored."""
        for one in decisions:
            if type(one) is CloseRound and one.round.platform == CANARY:
                self._decided.put_nowait(one.round)

    async def run(self) -> None:
        """Fly until cancelled."""
        while True:
            await self.fly()
            await asyncio.sleep(EVERY_SECONDS)

    async def fly(self) -> None:
        """Send one through the chain; measure it, and say it when it is late."""
        loop = asyncio.get_running_loop()
        began, now_ms = loop.time(), self._clock.now_ms()
        try:
            async with asyncio.timeout(self._late_seconds):
                await self._through(now_ms)
        except (TimeoutError, StoreUnavailable, Busy) as error:
            log.error("the canary is late: %s", error or f"not through in {self._late_seconds:g} s")
            self._metrics.canary.add("late")
            if self.good:
                self.good = False
                facts = {"seconds": self._late_seconds}
                await self._tell(to_manager("canary", "late", facts, now_ms, worth_ms=WORTH_MS))
            return
        if not self.good:
            log.warning("the canary is in time again")
        self.good = True
        self._metrics.canary.add("in_time")
        self._metrics.canary_seconds.observe(loop.time() - began)

    async def _through(self, now_ms: int) -> None:
        batch = self._decode(_chat(now_ms), door=CANARY, source=CANARY, now_ms=now_ms)
        assert not batch.refusals, batch.refusals[0].error
        await self._submit(batch)
        asked = batch.events[0].id
        while (round := await self._decided.get()).opened_by != asked:  # One that was late comes before it.
            pass
        name = f"canary.{now_ms}@{CANARY}"
        await self._put(
            Delivery(
                delivery_id=name,
                alert_id=f"canary.{round.wait}.{now_ms}",
                channel=CANARY,
                transition="raised",
                stage=CANARY,
                due_at_ms=now_ms,
                decided_at_ms=now_ms,
                expires_at_ms=now_ms + MACHINE_EXPIRES_MS,
                body=b"{}",
            )
        )
        while await self._nest.arrived.get() != name:
            pass


def _chat(now_ms: int) -> bytes:
    """Return what a buyer asks and an agent answers."""
    common = {"platform": CANARY, "shop": CANARY, "conversation": CANARY, "source": CANARY, "account": CANARY}
    said = [
        {"id": f"{now_ms}-b", "ts": now_ms - 1, "role": "buyer", "text": "在吗？"},
        {"id": f"{now_ms}-a", "ts": now_ms, "role": "agent", "text": "在的，有货"},
    ]
    return msgspec.json.encode([common | one for one in said])


async def ping(url: str, well: Callable[[], bool], seconds: float) -> None:
    """Ask for an address outside every so often, while all is well; until cancelled."""
    poster = Poster(url, what="alerts.ping_url", connections=1, allow_private=True, answer_bytes=0)
    await poster.open()
    failed = False
    try:
        while True:
            if well():
                try:
                    answer = await poster.post(b"")
                    reason = "" if answer.status < 400 else f"status {answer.status}"
                except DeliveryError as error:
                    reason = str(error)
                if bool(reason) != failed:
                    failed = bool(reason)
                    log.warning("alerts.ping_url: %s", reason or "is reached again")
            await asyncio.sleep(seconds)
    finally:
        await poster.close()
