"""The one loop: plays buyers, agents and collectors in order of time.

Everything that happens lies in one heap, as an event to leave at an instant or as
a process to go on at one. What leaves comes in order of ``ts``. Memory is bounded
by what is under way: conversations being played, waits not older than seven days,
and the last buyers each shop may see again.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush

from monitor.core.events import AgentPresence, Event, PresenceState, SourceHeartbeat
from monitor.core.units import DAY_MS, HOUR_MS, MINUTE_MS
from monitor.simulator.buyers import Chat, Manners, new_chat, one
from monitor.simulator.centre import ZONE_MS, Agent, Centre, Collector, Shop, build_centre
from monitor.simulator.chat import Process, session
from monitor.simulator.traffic import Traffic
from monitor.simulator.truth import NOTHING, Ledger, TrueRound, Wait

HEARTBEAT_MS = 10_000

# Buyers a shop knows who may come back: bounds memory, and real buyers come back soon or never.
KNOWN_BUYERS = 500


@dataclass(slots=True, frozen=True, kw_only=True)
class Plan:
    """What is to be simulated. The same plan gives the same events, byte for byte.

    Attributes:
        hours: how long; None: without end.
        events: stop after so many; None: no such bound.
        agents: how many people; None: as many as the traffic needs.
        always_on: nobody goes home.
        teams: into how many groups shops and people are parted.
        presence_from_ms: how people stand is told from then on; who came before is told of then.
        returning: which part of the buyers has been here before.
        open_waits: hold the traffic such that about so many waits are open; None: let it run.
    """

    seed: int = 1
    start_ms: int
    hours: float | None = 1.0
    events: int | None = None
    shops: int = 12
    agents: int | None = None
    traffic: Traffic = field(default_factory=lambda: Traffic(per_hour=20))
    manners: Manners = field(default_factory=Manners)
    always_on: bool = False
    teams: int = 1
    presence_from_ms: int = 0
    returning: float = 0.15
    open_waits: int | None = None


class Simulation:
    """One run of a plan; iterate it once.

    Attributes:
        centre: who is there.
        ledger: the truth, complete when the iteration has ended.
        count: how many events have left; ``messages`` of them were said by somebody.
        last_ms: the ``ts`` of the last event that has left.
    """

    def __init__(self, plan: Plan, write: Callable[[TrueRound], None] | None = None) -> None:
        self.plan = plan
        self.manners = plan.manners
        self.centre: Centre = build_centre(
            seed=plan.seed,
            shops=plan.shops,
            agents=plan.agents,
            buyers_per_hour=plan.traffic.per_hour,
            always_on=plan.always_on,
            teams=plan.teams,
        )
        self.ledger = Ledger(write)
        self.count = 0
        self.last_ms = plan.start_ms
        self._order = 0
        self._heap: list[tuple[int, int, Event | Process, Wait | None, int]] = []
        for collector in self.centre.collectors:
            self.play(plan.start_ms, self._beats(collector))
        for agent in self.centre.agents:
            self.play(plan.start_ms, self._presence(agent))
        for shop in self.centre.shops:
            self.play(plan.start_ms, self._arrivals(shop))

    def __iter__(self) -> Iterator[Event]:
        """Let everything leave in order of ``ts``; at the end the ledger is closed."""
        heap, note = self._heap, self.ledger.note
        limit = self.plan.events if self.plan.events is not None else -1
        end_ms = self.plan.start_ms + int(self.plan.hours * HOUR_MS) if self.plan.hours is not None else 1 << 62
        while heap and self.count != limit:
            at_ms, _, thing, wait, effect = heappop(heap)
            if at_ms >= end_ms:
                break
            if isinstance(thing, Event):
                if wait is not None and effect:
                    note(wait, effect, thing)
                self.count += 1
                self.last_ms = at_ms
                yield thing
            else:
                again_ms = next(thing, None)
                if again_ms is not None:
                    self.play(again_ms, thing)
        self.ledger.close(self.last_ms)

    # What conversations ask for (``talk.World``).

    def emit(self, at_ms: int, event: Event, wait: Wait | None = None, effect: int = NOTHING) -> None:
        """Let an event leave at an instant."""
        self._order += 1
        heappush(self._heap, (at_ms, self._order, event, wait, effect))

    def play(self, at_ms: int, process: Process) -> None:
        """Let a process go on at an instant."""
        self._order += 1
        heappush(self._heap, (at_ms, self._order, process, None, NOTHING))

    def pick(self, shop: Shop, now_ms: int, unlike: Agent | None = None) -> tuple[Agent | None, int]:
        """Return who takes a chat of ``shop``, and from when on.

        The present one with the most room; where all are full it still falls to
        the least full, who then is slow. Where nobody is there, who comes first.
        """
        best: Agent | None = None
        room = 1e9
        for agent in shop.agents:
            if agent.present and agent is not unlike:
                used = agent.chats / agent.limit
                if used < room:
                    best, room = agent, used
        if best is not None:
            return best, now_ms
        for agent in shop.agents:
            if not agent.present and (best is None or agent.next_ms < best.next_ms):
                best = agent
        if best is None:
            return None, now_ms
        return best, max(best.next_ms, now_ms)

    # What goes on beside the conversations.

    def _arrivals(self, shop: Shop) -> Process:
        """Buyers come to one shop, some of them not for the first time."""
        plan, rng = self.plan, shop.rng
        known: deque[Chat] = deque(maxlen=KNOWN_BUYERS)
        at = plan.start_ms
        while True:
            at = plan.traffic.next_arrival(rng, at, shop.weight)
            yield at
            if (
                plan.open_waits is not None
                and rng.random() * plan.open_waits < self.ledger.waiting - plan.open_waits / 2
            ):
                continue
            chat: Chat | None = None
            if known and rng.random() < plan.returning:
                chat = one(rng, known)
            if chat is None or chat.busy or chat.last_ms >= at:
                chat = new_chat(shop)
                known.append(chat)
            self.play(at, session(self, chat, at))

    def _beats(self, collector: Collector) -> Process:
        """One collector's heartbeats, at its own phase of the ten seconds."""
        at = self.plan.start_ms + int(collector.name.rpartition("-")[2]) * 617 % HEARTBEAT_MS
        beats = 0
        while True:
            yield at
            beats += 1
            beat = SourceHeartbeat(
                type="source_heartbeat",
                id=f"{collector.name}-{beats}",
                ts_ms=at,
                source=collector.name,
                host=collector.host,
                version="1.4.2",
                clock_ms=at,
                backlog=0,
            )
            self.emit(at, beat)
            at += HEARTBEAT_MS

    def _presence(self, agent: Agent) -> Process:
        """One person's days: comes, takes breaks (小休, a meal), goes, mostly on time."""
        rng = agent.rng
        source = agent.shops[0].collector.name if agent.shops else self.centre.collectors[0].name
        told = 0

        def tell(at_ms: int, state: PresenceState, reason: str | None = None) -> None:
            nonlocal told
            told += 1
            at_ms = max(at_ms, self.plan.presence_from_ms)
            event = AgentPresence(
                type="agent_presence",
                id=f"{agent.name}-{told}",
                ts_ms=at_ms,
                source=source,
                agent=agent.name,
                state=state,
                limit=agent.limit,
                shops=[shop.name for shop in agent.shops],
                reason=reason,
            )
            self.emit(at_ms, event)

        start_ms = self.plan.start_ms
        midnight = start_ms - (start_ms + ZONE_MS) % DAY_MS
        begins, ends = (midnight + hour * HOUR_MS for hour in agent.shift)
        if ends <= start_ms:
            begins, ends = begins + DAY_MS, ends + DAY_MS
        begins = max(begins, start_ms)
        while True:
            # Most are there a little early; now and then somebody comes late.
            comes = begins + (
                int(rng.random() * 12 * MINUTE_MS) if rng.random() < 0.06 else -int(rng.random() * 4 * MINUTE_MS)
            )
            comes = max(comes, start_ms + int(rng.random() * 2000))
            goes = ends + int(rng.random() * 3 * MINUTE_MS)
            if agent.shift[1] - agent.shift[0] == 24:
                goes = 1 << 62
            agent.next_ms = comes
            yield comes
            agent.present, agent.off_at_ms = True, goes
            tell(comes, "online")
            at = comes
            while True:
                at += int((70 + 80 * rng.random()) * MINUTE_MS)
                rest = int((8 + 20 * rng.random()) * MINUTE_MS)
                if at + rest + 20 * MINUTE_MS > goes:
                    break
                yield at
                agent.present, agent.next_ms = False, at + rest
                meal = rest > 20 * MINUTE_MS
                tell(at, "suspended" if rng.random() < 0.15 else "away", "用餐" if meal else "小休")
                at += rest
                yield at
                agent.present = True
                tell(at, "online")
            yield goes
            agent.present = False
            begins, ends = ends - (agent.shift[1] - agent.shift[0]) * HOUR_MS + DAY_MS, ends + DAY_MS
            agent.next_ms = begins
            tell(goes, "offline")
