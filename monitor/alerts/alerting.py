"""All that tells people and programs, in one: routes, words, channels, the courier, and whether there is a storm.

The composition root makes one, hands its router to the engine and lets it follow the
engine's commits.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from msgspec import msgpack

from monitor.alerts.attempts import Outbox
from monitor.alerts.channels import configured
from monitor.alerts.channels.base import Channel
from monitor.alerts.channels.made import made
from monitor.alerts.delivery import Courier
from monitor.alerts.links import Links
from monitor.alerts.own_news import to_manager
from monitor.alerts.router import Router
from monitor.alerts.speaker import Floor, FloorSpeaker, Staff, Talks
from monitor.alerts.storm import PACE_SECONDS, Kept, Storm
from monitor.alerts.timer import WallTimer
from monitor.clock import Clock
from monitor.core.decisions import AlertOrder, Decision, TellPeople
from monitor.core.roster import NOBODY_WRITTEN_DOWN, Register
from monitor.core.views import WaitRow
from monitor.errors import StoreUnavailable, UsageError
from monitor.metrics import Metrics
from monitor.policy_files.channels import NO_CHANNELS, Plan
from monitor.settings import Settings
from monitor.store.entries import Delivery

log = logging.getLogger(__name__)

STORM_SECONDS = 2.0
WORTH_MS = 5 * 60_000  # A manager reads of a storm later as well.


class Changes(Protocol):
    """What one commit changed."""

    @property
    def now_ms(self) -> int:
        """The step of the clock."""

    @property
    def rows(self) -> Sequence[WaitRow]:
        """Open waits that are new or changed."""

    @property
    def gone(self) -> Sequence[tuple[int, str]]:
        """Waits that are open no more."""

    @property
    def decisions(self) -> Sequence[Decision]:
        """What was decided."""


class Crew(Staff, Protocol):
    """Who is there, and how many more chats all of them can take."""

    def spare(self, now_ms: int) -> tuple[int | None, int]:
        """Return how many more chats can be taken (None: not known), and how many teams are full."""


class Queue(Outbox, Protocol):
    """The outbox, with what is put in besides the engine's commits."""

    async def keep_storm(self, body: bytes) -> None:
        """Keep how a rush stands; raises StoreUnavailable."""

    async def storm(self) -> bytes | None:
        """Return what was kept of it last."""

    async def add(self, deliveries: Sequence[Delivery]) -> None:
        """Put deliveries in; raises StoreUnavailable."""


class Alerting:
    """Tells.

    Args:
        service: names this installation, for ever the same.
        epoch: what the names of its alerts begin with.
        plan: where people are told.
        register: who is who.
        apart: channels to which no alert is routed.

    Raises:
        UsageError: a channel cannot be made as it is set.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        *,
        service: str,
        epoch: str,
        plan: Plan = NO_CHANNELS,
        register: Register = NOBODY_WRITTEN_DOWN,
        apart: Sequence[Channel] = (),
    ) -> None:
        self._apart = apart
        self._clock = clock
        self._epoch = epoch
        self._plan = plan
        self._own = configured(settings, clock, service)
        self._channels = [*self._own, *self._made(plan, plan.channels)]
        self.router = Router(
            epoch=epoch, machines=[channel.route for channel in self._channels], plan=plan, register=register
        )
        self._speaker: FloorSpeaker | None = None
        self._courier: Courier | None = None
        self._outbox: Queue | None = None
        self._waiting: Callable[[], int] = int
        self._storm = Storm(clock.now_ms())
        self._staff: Crew | None = None
        self._newest = 0

    @property
    def channels(self) -> Sequence[Channel]:
        """Where is told."""
        return self._channels

    def __call__(self, decided: AlertOrder | TellPeople) -> list[Delivery]:
        """Return what is to be delivered because of a decision: what the engine asks."""
        return self.router(decided)

    def attach(
        self,
        floor: Floor,
        staff: Crew,
        talks: Talks,
        links: Links,
        outbox: Queue,
        metrics: Metrics,
        waiting: Callable[[], int],
        newest: int = 0,
        suggest: Callable[[str, str], str | None] | None = None,
        score: Callable[[str], str] | None = None,
    ) -> None:
        """Take what there is once the engine stands; before `run`. ``newest`` is the number of the newest event."""
        self._staff, self._newest = staff, newest
        self._speaker = FloorSpeaker(floor, staff, talks, links, self._plan, self._epoch, suggest, score)
        self._outbox = outbox
        self._waiting = waiting
        self._courier = Courier(
            outbox, [*self._channels, *self._apart], WallTimer(self._clock), metrics, speaker=self._speaker
        )

    def watch(self, changes: Changes) -> None:
        """Follow a commit."""
        assert self._speaker is not None
        assert self._courier is not None
        self._speaker.see(changes.decisions)
        self._courier.see(changes.decisions)
        if self._plan.channels:
            self._storm.see(changes.rows, changes.decisions, changes.now_ms, changes.gone)

    def _made(self, plan: Plan, names: Iterable[str]) -> list[Channel]:
        taken = {channel.route.channel for channel in self._own} & plan.channels.keys()
        if taken:
            raise UsageError(
                f"channels.yaml: {', '.join(sorted(taken))} is a channel of the settings; take another name"
            )
        return [made(plan, name, self._clock) for name in names]

    def made(self, plan: Plan) -> list[Channel]:
        """Return the channels of a plan that are new or other than those in force, for `take`.

        Raises:
            UsageError: one cannot be made as it is set, or has the name of one of the settings.
        """
        now = self._plan.channels
        return self._made(plan, [name for name, said in plan.channels.items() if said != now.get(name)])

    def take(self, plan: Plan, register: Register, fresh: Sequence[Channel]) -> None:
        """Take other rules: channels that are as they were stay open.

        Args:
            plan: where people are told from now on.
            register: who is who.
            fresh: what `made` gave of it.
        """
        assert self._speaker is not None
        assert self._courier is not None
        gone = {channel.route.channel for channel in fresh} | (self._plan.channels.keys() - plan.channels.keys())
        self._channels = [*(one for one in self._channels if one.route.channel not in gone), *fresh]
        self._plan = plan
        self._speaker.take(plan)
        self.router.take([channel.route for channel in self._channels], plan, register)
        self._courier.swap(gone, fresh)

    async def run(self) -> None:
        """Deliver until `stop`."""
        assert self._courier is not None
        assert self._outbox is not None
        kept = await self._outbox.storm()
        self._storm.resume(
            None if kept is None else msgpack.decode(kept, type=Kept), self._newest, self._clock.now_ms()
        )
        if self._storm.since_ms is not None:
            self._courier.pace(PACE_SECONDS)
        watching = asyncio.create_task(self._watch_storm())
        try:
            await self._courier.run()
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    def stop(self) -> None:
        """Let `run` end."""
        if self._courier is not None:
            self._courier.stop()

    async def _watch_storm(self) -> None:
        while True:
            await asyncio.sleep(STORM_SECONDS)
            await self.look_at_rush()

    async def look_at_rush(self) -> None:
        """Tell the manager where a rush has begun or is over."""
        assert self._courier is not None
        if not self._plan.channels:
            return
        now_ms = self._clock.now_ms()
        facts = self._storm.turn(now_ms, self._waiting())
        await self._keep_storm(now_ms)
        if facts is None:
            return
        ended = bool(facts.get("ended"))
        self._courier.pace(0 if ended else PACE_SECONDS)
        if not ended and self._staff is not None:
            room, full = self._staff.spare(now_ms)
            facts |= {"room": room, "full": full}
        await self.tell(to_manager("storm", "ended" if ended else "began", facts, now_ms, worth_ms=WORTH_MS))

    async def _keep_storm(self, now_ms: int) -> None:
        assert self._outbox is not None
        kept = self._storm.keep(now_ms)
        if kept is not None:
            try:
                await self._outbox.keep_storm(msgpack.encode(kept))
            except StoreUnavailable as error:
                log.warning("how the rush stands is not kept: %s", error)

    async def tell(self, told: TellPeople) -> None:
        """Tell people what is decided here and not by the core."""
        try:
            await self.put(*self.router(told))
        except StoreUnavailable as error:
            log.error("%s is not told: %s", told.key, error)

    async def put(self, *deliveries: Delivery) -> None:
        """Put deliveries into the outbox.

        Raises:
            StoreUnavailable: nothing was written.
        """
        assert self._outbox is not None
        assert self._courier is not None
        await self._outbox.add(deliveries)
        self._courier.wake()
