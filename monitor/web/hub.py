"""What all viewers of the live feed share.

The hub holds the encoded rows that viewers have, folds commits into what must be
sent, and encodes each frame once; the first change leaves at once, then at most
four frames a second. While nobody looks nothing is encoded.

Rows are shown up to a cap, the most urgent first; counts are always of all.
Instants only are sent, never ages, so what was sent stays true.
"""

import asyncio
import logging
import secrets
from collections import deque
from typing import Any, NamedTuple, Protocol

from monitor.core.decisions import SourceTurned
from monitor.web.asked import Asked
from monitor.web.crew import Crew
from monitor.web.failures import Failures
from monitor.web.floor import Floor
from monitor.web.part import Part
from monitor.web.scope import WHOLE, Scope
from monitor.web.services import Changes, Services
from monitor.web.shapes import encode, instant, live_source, live_wait, wait_id
from monitor.web.today import Today

logger = logging.getLogger(__name__)

VERSION = 1
FRAME_SECONDS = 0.25
TICK_SECONDS = 5.0
LINGER_SECONDS = 60.0  # A board that lost its line for less finds its place in the sequence again.
KEPT_DELTAS = 600
KEPT_CHARACTERS = 2_000_000  # In them together: in a storm one may have thousands of rows. The newest is kept anyway.
ROWS_AT_MOST = 2_000  # Nobody reads a page of more, and a snapshot stays under a megabyte.
CHOOSE_SECONDS = 30.0  # Between two looks at all waits for the most urgent; of a million that takes a second in all.
SLICE = 250  # Rows encoded before others get the loop: about 3 ms.
DRAIN_SECONDS = 3.0


class Frame(NamedTuple):
    """One delta, encoded."""

    seq: int
    text: str


class Watching(Protocol):
    """A viewer, as the hub knows it."""

    moved: asyncio.Event  # Set when there may be something to send.
    left: asyncio.Event  # Set when it is served no more.


class Hub:
    """What the viewers of one part of the floor share: the rows shown, the sequence of frames, who looks.

    Attributes:
        scope: the part.
        epoch: names one sequence; a new one begins when somebody looks after a time when nobody did.
        seq: number of the newest frame; 0 is the start.
        closing: the service is going down, or a fault has ended this hub.
    """

    def __init__(
        self,
        services: Services,
        floor: Floor,
        crew: Crew,
        today: Today,
        asked: Asked,
        failures: Failures,
        scope: Scope = WHOLE,
    ) -> None:
        self.scope = scope
        self._part = Part(services, floor, scope)
        self._services = services
        self._engine = services.engine
        self._metrics = services.metrics
        self._floor = floor
        self._crew = crew
        self._today = today
        self._asked = asked
        self._failures = failures
        self._day: dict[str, Any] | None = None
        self._staff: dict[str, Any] | None = None
        self._agents = self._next_agents = b"[]"
        self.epoch = ""
        self.seq = 0
        self.closing = False
        self._frames: deque[Frame] = deque()
        self._characters = 0  # In these.
        self._rows: dict[int, bytes] = {}
        self._last_shown: tuple[int, int] | None = None  # The urgency of the last row, where not all are shown.
        self._pending: dict[int, str | None] = {}
        self._changed = asyncio.Event()
        self._awake = asyncio.Event()
        self._viewers: set[Watching] = set()
        self._nobody_since = 0.0
        self._refresh_at = self._choose_at = 0.0
        self._sources_changed = False
        self._counts = b""
        self._sources = self._next_sources = b"[]"
        self._truncated = 0
        self._snapshot: tuple[int, str] | None = None

    # -- what happens -------------------------------------------------------------------------------------------------

    def watch(self, changes: Changes) -> None:
        """Take note of one commit; after the floor has."""
        if not self.epoch:
            return
        if self._part.last_event_at_ms is None:
            self._sources_changed = True  # The very first event is waited for.
        pending = self._pending
        for wait, why in changes.gone:
            pending[wait] = why
        scope = self.scope
        for row in changes.rows:
            # One that has left this part is looked at too: it has to go.
            if scope is WHOLE or scope.holds(row.platform, row.shop, row.team) or row.wait in self._rows:
                pending[row.wait] = None
        for decision in changes.decisions:
            if isinstance(decision, SourceTurned):
                self._sources_changed = True
                self._look_again_at(frozenset(decision.shops))
        self._changed.set()

    def _look_again_at(self, shops: frozenset[str]) -> None:
        for wait in self._rows:
            entry = self._floor.get(wait)
            if entry is not None and entry.shop in shops:
                self._pending.setdefault(wait, None)

    async def run(self) -> None:
        """Send frames until cancelled. A fault ends the lines of those who look, for a board that stands still lies."""
        try:
            await self._send_frames()
        except Exception:
            logger.exception("the frames of a board cannot be made; who looks has to come again")
            self.closing = True
            self._sleep()
            self._awake.set()
            for viewer in self._viewers:
                viewer.moved.set()

    async def _send_frames(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                async with asyncio.timeout_at(self._refresh_at if self.epoch else None):
                    await self._changed.wait()
            except TimeoutError:
                pass
            self._changed.clear()
            if not self.epoch:
                await self._wake()
            elif not self._viewers and loop.time() > self._nobody_since + LINGER_SECONDS:
                self._sleep()
                continue
            else:
                await self._flush(refresh=loop.time() >= self._refresh_at)
            await asyncio.sleep(FRAME_SECONDS)

    async def _wake(self) -> None:
        """Begin a sequence: from here on every change is noted."""
        self.epoch = secrets.token_hex(4)
        await self._flush(refresh=True)
        self._awake.set()

    def _sleep(self) -> None:
        """Forget the sequence: nobody has looked for a while."""
        self.epoch = ""
        self.seq = 0
        self._awake.clear()
        self._frames.clear()
        self._characters = 0
        self._rows.clear()
        self._pending.clear()
        self._snapshot = None
        self._last_shown = None

    async def _flush(self, *, refresh: bool) -> None:
        """Bring the rows up to date and send what changed.

        Rows are read as they stand at that moment and always sent whole, so it
        does no harm when a wait changes again meanwhile: that is pending then.
        """
        pending, self._pending = self._pending, {}
        hidden: set[int] = set()
        if refresh:
            self._refresh_at = asyncio.get_running_loop().time() + TICK_SECONDS
            for wait in self._rows:
                pending.setdefault(wait, None)
            hidden = await self._choose(pending)
        if refresh or self._sources_changed:
            self._sources_changed = False
            self._part.look_at_sources()
            self._next_sources = encode([live_source(source) for source in self._part.sources])
        if refresh:
            self._part.look_at_promises()
            self._staff = self._crew.staff(self.scope)
            self._next_agents = encode(self._crew.agents(self.scope))
        up: list[bytes] = []
        gone: list[dict[str, str]] = []
        for looked_at, (wait, why) in enumerate(pending.items(), start=1):
            self._renew(wait, why, up, gone)
            if looked_at % SLICE == 0:
                await asyncio.sleep(0)
        gone += [self._gone(wait, "hidden") for wait in hidden if self._rows.pop(wait, None) is not None]
        self._publish(up, gone)

    async def _choose(self, pending: dict[int, str | None]) -> set[int]:
        """Where there are more waits than are shown, choose anew; return those to be hidden."""
        shown, on_board = len(self._rows), self._part.on_board
        if on_board <= ROWS_AT_MOST and shown >= on_board:
            self._last_shown = None
            return set()
        now = asyncio.get_running_loop().time()
        if on_board > ROWS_AT_MOST and now < self._choose_at and abs(shown - ROWS_AT_MOST) <= ROWS_AT_MOST // 10:
            return set()
        self._choose_at = now + CHOOSE_SECONDS
        chosen, wanted = await self._floor.most_urgent(ROWS_AT_MOST, self._part.wants)
        for entry in chosen:
            pending.setdefault(entry.wait, None)
        if wanted <= ROWS_AT_MOST:
            self._last_shown = None
            return set()
        self._last_shown = chosen[-1].urgency(self._services.now_ms())
        return self._rows.keys() - {entry.wait for entry in chosen}

    def _renew(self, wait: int, why: str | None, up: list[bytes], gone: list[dict[str, str]]) -> None:
        """Look at one wait: is it new, changed, gone, or as it was?"""
        rows = self._rows
        if why is None:
            entry = self._floor.get(wait)
            if entry is None:
                return  # It went meanwhile; that is pending.
            if not entry.since_ms:
                why = "courtesy"
            elif not self._part.holds(entry):
                why = "hidden"
            elif wait in rows or self._last_shown is None or entry.urgency(self._services.now_ms()) <= self._last_shown:
                row = self._floor.row(wait)
                if row is None:
                    return
                stale = self._part.stale_since_ms(row.shop, row.account) if "stale" in row.flags else None
                encoded = live_wait(row, self._services.epoch, self._crew.person(row), self._asked.intent(row), stale)
                if rows.get(wait) != encoded:
                    rows[wait] = encoded
                    up.append(encoded)
                return
        if why is not None and rows.pop(wait, None) is not None:
            gone.append(self._gone(wait, why))

    def _gone(self, wait: int, why: str) -> dict[str, str]:
        return {"id": wait_id(self._services.epoch, wait), "why": why}

    async def look_at_day(self) -> None:
        """Take the day's figures anew. Beside the frames: making them takes longer than a frame may wait."""
        day = await self._today.of(self.scope)
        if day != self._day:
            self._day = day
            self._changed.set()

    def _publish(self, up: list[bytes], gone: list[dict[str, str]]) -> None:
        """Encode what changed and let viewers know; nothing if nothing did."""
        parts = []
        counts = encode(self._count())
        truncated = max(0, self._part.on_board - len(self._rows))
        if counts != self._counts:
            parts.append(b',"counts":' + counts)
        if self._next_sources != self._sources:
            parts.append(b',"sources":' + self._next_sources)
        if self._next_agents != self._agents:
            parts.append(b',"agents":' + self._next_agents)
        if truncated != self._truncated:
            parts.append(b',"truncated":%d' % truncated)
        if not (up or gone or parts):
            return
        self._counts, self._sources, self._truncated = counts, self._next_sources, truncated
        self._agents = self._next_agents
        self.seq += 1
        delta = b'{"type":"delta","seq":%d,"now":"%s","up":[%s],"gone":%s%s}' % (
            self.seq,
            self._now().encode(),
            b",".join(up),
            encode(gone),
            b"".join(parts),
        )
        self._keep(Frame(self.seq, delta.decode()))
        for viewer in self._viewers:
            viewer.moved.set()

    def _keep(self, frame: Frame) -> None:
        """Keep a frame for who comes back; who was away for longer than is kept gets a snapshot."""
        frames = self._frames
        frames.append(frame)
        self._characters += len(frame.text)
        while len(frames) > KEPT_DELTAS or (self._characters > KEPT_CHARACTERS and len(frames) > 1):
            self._characters -= len(frames.popleft().text)

    def _count(self) -> dict[str, Any]:
        counted = self._part.counted()
        return {
            "waits_open": counted.stages,
            "bot_held": counted.bot_held,
            "courtesy": counted.courtesy,
            "promises_open": self._part.promises,
            "answered_today": counted.answered_today,
            "shops": self._part.shops,
            "last_event_at": instant(self._part.last_event_at_ms),
            "store_ok": self._engine.ready.store_ok,
            "channels": self._services.channels,
            "deliveries_failed": self._failures.lately(asyncio.get_running_loop().time()),
            "deliveries_pending": int(sum(self._metrics.outbox_pending.values())),
            "staff": self._staff,
            "day": self._day,
        }

    # -- what viewers ask ----------------------------------------------------------------------------------------------

    def _now(self) -> str:
        now = instant(self._services.now_ms())
        assert now is not None
        return now

    def snapshot(self) -> str:
        """How everything stands at `seq`."""
        if self._snapshot is None or self._snapshot[0] != self.seq:
            body = (
                f'"build":{encode(self._services.build).decode()},"demo":{"true" if self._services.demo else "false"},'
                f'"waits":[{b",".join(self._rows.values()).decode()}],"counts":{self._counts.decode()},'
                f'"sources":{self._sources.decode()},"agents":{self._agents.decode()},"truncated":{self._truncated}'
            )
            self._snapshot = (self.seq, body)
        head = f'"type":"snapshot","v":{VERSION},"epoch":"{self.epoch}","seq":{self.seq},"now":"{self._now()}"'
        return f"{{{head},{self._snapshot[1]}}}"

    def tick(self, seq: int) -> str:
        """Nothing new since ``seq``, and the line stands."""
        return f'{{"type":"tick","seq":{seq},"now":"{self._now()}"}}'

    def pong(self, t: float) -> str:
        """The answer to a ping."""
        return f'{{"type":"pong","t":{encode(t).decode()},"now":"{self._now()}"}}'

    def frame(self, seq: int) -> str | None:
        """One delta, if it is still kept."""
        if not self._frames or not self._frames[0].seq <= seq <= self.seq:
            return None
        return self._frames[seq - self._frames[0].seq].text

    def holds(self, epoch: str, seq: int) -> bool:
        """Whether a viewer can go on from there."""
        return epoch == self.epoch and (seq == self.seq or self.frame(seq + 1) is not None)

    @property
    def viewers(self) -> int:
        """How many look."""
        return len(self._viewers)

    @property
    def asleep(self) -> bool:
        """Whether nobody has looked for a while."""
        return not self.epoch and not self._viewers

    async def join(self, viewer: Watching) -> None:
        """Let a viewer in."""
        self._viewers.add(viewer)
        self._metrics.live_clients += 1
        if not self.epoch:
            self._changed.set()
        await self._awake.wait()

    def leave(self, viewer: Watching) -> None:
        """Let a viewer out."""
        if viewer in self._viewers:
            self._viewers.discard(viewer)
            self._metrics.live_clients -= 1
        self._nobody_since = asyncio.get_running_loop().time()

    async def drain(self) -> None:
        """Say good-bye to everybody."""
        self.closing = True
        leaving = [asyncio.create_task(viewer.left.wait()) for viewer in self._viewers]
        for viewer in self._viewers:
            viewer.moved.set()
        if leaving:
            _, stuck = await asyncio.wait(leaving, timeout=DRAIN_SECONDS)
            for task in stuck:
                task.cancel()
