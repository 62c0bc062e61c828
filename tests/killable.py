"""The program on one data folder, killed and started again, and what lies in that folder.

The journal is read with SQLite itself, beside the running program or after it.
"""

import asyncio
import contextlib
import os
import random
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec

from monitor.clock import Clock
from monitor.core.conversation import Conversation
from monitor.core.decisions import Round
from monitor.core.policy import BuiltIn, PolicyBook
from monitor.core.tracker import Tracker
from monitor.engine import Engine
from monitor.replay import round_line
from monitor.store.journal import Journal
from tests.plain import PLAIN
from tests.program import Program
from tests.waiting import DEADLINE_SECONDS

Json = dict[str, Any]


# The doors by which the service tells itself something: a start, a marked word, a score at risk.
OURS = "('start', 'quality', 'scores')"


class Held:
    """What a data folder holds."""

    def __init__(self, data: Path) -> None:
        self._path = data / "journal.db"

    def _read(self, statement: str, *values: Any) -> list[Any]:
        with contextlib.closing(sqlite3.connect(f"{self._path.as_uri()}?mode=ro", uri=True, timeout=10)) as db:
            return db.execute(statement, values).fetchall()

    def position(self) -> int:
        """Return how many events that came are stored; none before there is a journal."""
        try:
            return int(self._read(f"SELECT count(*) FROM events WHERE door NOT IN {OURS}")[0][0])
        except sqlite3.OperationalError:
            return 0

    def epoch(self) -> str:
        return str(self._read("SELECT epoch FROM journal")[0][0])

    def ids(self) -> list[tuple[str, str]]:
        """Return (shop, id) of every event that came, or (source, id) where the id is its source's, as they came."""
        found = self._read(f"SELECT shop, id FROM events WHERE door NOT IN {OURS} ORDER BY position")
        return [(shop.removeprefix("\x1f"), id_) for shop, id_ in found]

    def bodies(self) -> list[bytes]:
        """Return every event as it is stored, in order of arrival."""
        return [body for (body,) in self._read(f"SELECT body FROM events WHERE door NOT IN {OURS} ORDER BY position")]

    def ours(self) -> list[int]:
        """Return the positions of what the service has told itself, in order."""
        return [at for (at,) in self._read(f"SELECT position FROM events WHERE door IN {OURS} ORDER BY position")]

    def arrived_at_ms(self, shop: str, id: str) -> int:
        """Return when an event came."""
        return int(self._read("SELECT arrived_at_ms FROM events WHERE shop = ? AND id = ?", shop, id)[0][0])

    def rounds(self) -> list[Round]:
        """Return every round written down, by opening."""
        found = self._read("SELECT body FROM rounds ORDER BY opened_at_ms, wait")
        return [msgspec.json.decode(body, type=Round) for (body,) in found]

    def outbox(self, channel: str) -> dict[str, "Told"]:
        """Return what is or was to be told on a channel, by its id there, in order."""
        found = self._read(
            "SELECT delivery_id, alert_id, transition, stage, state, body FROM outbox "
            "WHERE channel = ? ORDER BY number",
            channel,
        )
        return {
            name.removesuffix(f"@{channel}"): Told(alert, transition, stage, state, msgspec.json.decode(body)["data"])
            for name, alert, transition, stage, state, body in found
        }

    def conversations(self) -> Iterator[Conversation]:
        """Yield every saved row."""
        decode = msgspec.msgpack.Decoder(Conversation).decode
        for (body,) in self._read("SELECT body FROM rows"):
            yield decode(body)


@dataclass(frozen=True)
class Told:
    """One delivery."""

    alert: str
    transition: str
    stage: str
    state: str
    data: Json


class Killable:
    """A service that may die.

    Attributes:
        held: what it has stored.
        deaths: how often it was killed.
    """

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self._folder = folder
        self._settings = settings
        self._program: Program | None = None
        self.data = folder / "data"
        self.held = Held(self.data)
        self.deaths = 0

    @property
    def program(self) -> Program:
        assert self._program is not None
        return self._program

    def url(self) -> str:
        """Return where it listens, on another port after each death."""
        return self.program.url

    def start(self) -> None:
        """Start it; it may take a second until it answers."""
        self._program = Program(self._folder, settings=self._settings)

    def kill(self) -> None:
        """End it as a power cut does."""
        assert self.program.process.poll() is None, self.program.printed()
        self.program.process.kill()
        self.program.process.wait(DEADLINE_SECONDS)
        self.deaths += 1

    async def until_stored(self, events: int) -> None:
        """Wait until its journal holds so many events."""
        await self.until(lambda: self.held.position() >= events, f"{events} events stored")

    async def until(self, true: Callable[[], object], what: str, *, every_seconds: float = 0.002) -> None:
        """Wait until something is so; fail after the deadline, or when the program has ended by itself."""
        try:
            async with asyncio.timeout(2 * DEADLINE_SECONDS):
                while not await asyncio.to_thread(true):  # Who is asked may be waiting for a receiver of this loop.
                    assert self.program.process.poll() is None, f"it ended before {what}:\n{self.program.printed()}"
                    await asyncio.sleep(every_seconds)
        except TimeoutError:
            raise AssertionError(f"not {what} in time:\n{self.program.printed()[-5000:]}") from None


@contextlib.contextmanager
def killable(folder: Path, **settings: str) -> Iterator[Killable]:
    """Run the program for the length of a block; settings by their name in the environment less ``PRESALES_``."""
    service = Killable(folder, {f"PRESALES_{name}": value for name, value in settings.items()})
    service.start()
    try:
        yield service
    finally:
        service.program.process.kill()
        service.program.process.wait(DEADLINE_SECONDS)


@contextlib.asynccontextmanager
async def recovered(data: Path, *, wall: bool, policies: PolicyBook | None = None) -> AsyncIterator[Tracker]:
    """Read a data folder back as a start does, under these rules or none; nothing is told."""
    journal = await Journal.open(data)
    tracker = Tracker(policies or BuiltIn(), wall=wall, rows=True)
    engine = Engine(journal, tracker, router=lambda _: [], clock=Clock())
    try:
        await engine.start()
        yield engine.tracker
        await engine.stop()
    finally:
        await journal.close()


async def lines_after(data: Path) -> list[Json]:
    """Return all rounds of a folder whose service is dead, open ones included, as lines of ``replay --rounds``."""
    async with recovered(data, wall=False) as tracker:
        still_open = list(tracker.open_rounds(tracker.now_ms))
    rounds = [*Held(data).rounds(), *still_open]
    return [round_line(round_) for round_ in sorted(rounds, key=lambda r: (r.opened_at_ms, r.wait))]


def seeded() -> random.Random:
    seed = int(os.environ.get("TEST_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"TEST_SEED={seed}")
    return random.Random(seed)


def is_ready(service: Killable) -> bool:
    try:
        return (
            httpx.get(f"{service.url()}/readyz", timeout=DEADLINE_SECONDS, verify=PLAIN, trust_env=False).status_code
            == 200
        )
    except httpx.TransportError:
        return False
