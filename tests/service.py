"""An engine on a real journal, with a clock that the test moves; and ends of it, good and bad."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from monitor.clock import Clock
from monitor.core.decisions import AlertOrder, Round, TellPeople
from monitor.core.people import People
from monitor.core.policy import BuiltIn
from monitor.core.roster import Register
from monitor.core.tracker import Tracker
from monitor.engine import Changes, Engine
from monitor.store.entries import Delivery
from monitor.store.journal import Journal
from monitor.wire import decode
from monitor.wire.batch import Batch
from tests.timeline import START_MS


class MovedClock(Clock):
    """A clock that stands where the test puts it."""

    def __init__(self) -> None:
        super().__init__()
        self.at_ms = START_MS

    def now_ms(self) -> int:
        return self.at_ms


def routed(order: AlertOrder | TellPeople) -> Sequence[Delivery]:
    if isinstance(order, TellPeople):
        return []
    name = f"{order.wait}.{order.stage}.{type(order).__name__}.{order.repetition}"
    return [
        Delivery(
            delivery_id=name,
            alert_id=str(order.wait),
            channel="test",
            transition="raised",
            stage=order.stage,
            due_at_ms=order.due_at_ms,
            decided_at_ms=order.decided_at_ms,
            expires_at_ms=order.decided_at_ms + 60_000,
            body=b"{}",
        )
    ]


class Service:
    """An engine on a folder, with what its watchers saw."""

    def __init__(
        self, journal: Journal, clock: MovedClock, *, wall: bool = True, register: Register | None = None
    ) -> None:
        self.journal = journal
        self.clock = clock
        self.people = People(register)
        tracker = Tracker(BuiltIn(), wall=wall, rows=True, people=self.people)
        self.engine = Engine(journal, tracker, router=routed, clock=clock)
        self.seen: list[Changes] = []
        self.news = asyncio.Event()
        self.engine.watch(self._watch)

    def _watch(self, changes: Changes) -> None:
        self.seen.append(changes)
        self.news.set()

    async def send(self, *events: dict[str, Any], door: str = "http") -> Any:
        body = msgspec.json.encode([event({}) if callable(event) else event for event in events])
        return await self.engine.submit(decode(body, door=door, source="c1", now_ms=self.clock.at_ms))

    async def move(self, seconds: float) -> None:
        """Let time pass; return when the engine has judged it."""
        self.clock.at_ms += round(seconds * 1000)
        await self.engine.submit(Batch("test", "c1"))

    def decided(self, kind: type) -> list[Any]:
        return [d for changes in self.seen for d in changes.decisions if isinstance(d, kind)]


@asynccontextmanager
async def service(folder: Path, clock: MovedClock | None = None, *, wall: bool = True) -> AsyncIterator[Service]:
    journal = await Journal.open(folder)
    made = Service(journal, clock or MovedClock(), wall=wall)
    try:
        await made.engine.start()
        yield made
    finally:
        await made.engine.stop()
        await journal.close()


async def killed(engine: Engine) -> None:
    """End an engine as a killed process does: nothing more is saved."""
    assert engine._task is not None
    engine._task.cancel()
    await asyncio.gather(engine._task, return_exceptions=True)


@asynccontextmanager
async def doomed(
    folder: Path, clock: MovedClock, *, wall: bool = True, register: Register | None = None
) -> AsyncIterator[Service]:
    """A service that ends as a killed process does: nothing more is saved."""
    journal = await Journal.open(folder)
    made = Service(journal, clock, wall=wall, register=register)
    await made.engine.start()
    try:
        yield made
    finally:
        await killed(made.engine)
        await journal.close()


def said(at_s: float, role: str = "buyer", chat: str = "c", **more: Any) -> dict[str, Any]:
    return {
        "id": f"{chat}-{at_s}-{role}",
        "ts": START_MS + round(at_s * 1000),
        "shop": "senye",
        "platform": "taobao",
        "conversation": chat,
        "role": role,
        "text": "有货吗" if role == "buyer" else "有的亲，今天拍今天发货",
        **more,
    }


async def rounds_of(journal: Journal) -> list[Round]:
    return [msgspec.json.decode(body, type=Round) async for part in journal.rounds(0, 1 << 60) for body in part]
