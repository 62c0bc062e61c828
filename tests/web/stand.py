"""The one port on a free port, with an engine that does as it is told."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import msgspec

from monitor.core.decisions import Decision, FeedGap, PersonDay, ShiftWorked
from monitor.core.events import AnyEvent
from monitor.core.silences import Silence
from monitor.core.views import AccountRow, SourceRow, WaitRow
from monitor.hooks.mapping import WebhookMapping
from monitor.metrics import Metrics
from monitor.settings import load
from monitor.store.entries import Holder, QuarantineEntry, Role, StoredEvent
from monitor.web.access import Access, new_token
from monitor.web.front import Web
from monitor.web.server import Server
from monitor.web.services import PAGES, Changes, Receipt, Services
from monitor.wire import Limits, decode
from monitor.wire.batch import Batch, Refusal
from tests.plain import PLAIN
from tests.staffed import Floor
from tests.waiting import DEADLINE_SECONDS

NOW_MS = 1_795_000_000_000
EPOCH = "k3f9"


def a_row(wait: int, **more: Any) -> WaitRow:
    """An open wait of 30 s, one in a thousand shops."""
    values: dict[str, Any] = {
        "wait": wait,
        "platform": "taobao",
        "shop": "senye",
        "conversation": f"c-{wait}",
        "buyer": "张三",
        "agent": "lin",
        "account": "senye:lin",
        "team": "a",
        "opened_by": f"m-{wait}",
        "opened_at_ms": NOW_MS - 30_000,
        "needs_answer_since_ms": NOW_MS - 30_000,
        "stage": "fresh",
        "limits": (("slow", 60_000), ("at_risk", 180_000), ("lost", 300_000)),
        "stood_ms": 0,
        "standing_since_ms": None,
        "next_due_at_ms": NOW_MS + 30_001,
        "messages": 1,
        "flags": (),
    }
    return WaitRow(**(values | more))


def a_source(name: str, **more: Any) -> SourceRow:
    values: dict[str, Any] = {
        "name": name,
        "state": "ok",
        "reason": None,
        "last_event_at_ms": NOW_MS - 1_000,
        "newest_ts_ms": NOW_MS - 1_200,
        "lag_ms": 200,
        "accounts": (AccountRow("senye:lin", "online", ("senye",)),),
        "shops": ("senye",),
    }
    return SourceRow(**(values | more))


@dataclass
class Stored:
    """A receipt."""

    accepted: int = 0
    duplicates: int = 0
    late: int = 0
    conflicts: int = 0
    rejected: list[Refusal] = field(default_factory=list)


@dataclass
class Commit:
    """What watchers see."""

    now_ms: int = NOW_MS
    decisions: list[Decision] = field(default_factory=list)
    rows: list[WaitRow] = field(default_factory=list)
    gone: list[tuple[int, str]] = field(default_factory=list)


@dataclass
class Standing:
    store_ok: bool = True
    reason: str | None = None


class ScriptedEngine:
    """Stores in memory.

    Attributes:
        gate: cleared, nothing is stored until it is set.
        fails_with: raised for the next batches, one each.
    """

    def __init__(self) -> None:
        self.ready = Standing()
        self.rows: dict[int, WaitRow] = {}
        self.known_sources: list[SourceRow] = []
        self.known_promises: dict[tuple[str, str, str], int] = {}
        self.batches: list[Batch] = []
        self.ids: set[tuple[str, str]] = set()
        self.gate = asyncio.Event()
        self.gate.set()
        self.fails_with: list[Exception] = []
        self._turn = asyncio.Lock()  # First come, first stored.
        self._watchers: list[Callable[[Changes], None]] = []

    async def submit(self, batch: Batch) -> Receipt:
        async with self._turn:
            await self.gate.wait()
        if self.fails_with:
            raise self.fails_with.pop(0)
        self.batches.append(batch)
        stored = Stored(rejected=list(batch.refusals))
        for event in batch.events:
            known = (event.shop, event.id) in self.ids
            stored.duplicates += known
            stored.accepted += not known
            self.ids.add((event.shop, event.id))
        return stored

    @property
    def events(self) -> list[AnyEvent]:
        return [event for batch in self.batches for event in batch.events]

    @property
    def refused(self) -> list[Refusal]:
        return [refusal for batch in self.batches for refusal in batch.refusals]

    def watch(self, watcher: Callable[[Changes], None]) -> None:
        self._watchers.append(watcher)

    def commit(
        self,
        *,
        rows: Iterable[WaitRow] = (),
        gone: Iterable[tuple[int, str]] = (),
        decisions: Iterable[Decision] = (),
    ) -> None:
        """Change what is open, and tell the watchers."""
        changes = Commit(rows=list(rows), gone=list(gone), decisions=list(decisions))
        for row in changes.rows:
            self.rows[row.wait] = row
        for wait, _ in changes.gone:
            self.rows.pop(wait, None)
        for watcher in self._watchers:
            watcher(changes)

    def waits(self) -> list[WaitRow]:
        return list(self.rows.values())

    def row(self, shop: str, conversation: str) -> WaitRow | None:
        # Conversations are named after their wait, so that a thousand rows are found quickly.
        found = self.rows.get(int(conversation.rpartition("-")[2])) if conversation.startswith("c-") else None
        return found if found is not None and found.shop == shop else None

    def sources(self) -> list[SourceRow]:
        return self.known_sources

    def silences(self) -> list[Silence]:
        return []

    def promises(self) -> dict[tuple[str, str, str], int]:
        return self.known_promises


class ListedQuarantine:
    """A quarantine in memory."""

    def __init__(self) -> None:
        self.entries: dict[int, QuarantineEntry] = {}

    async def list(
        self, *, before: int | None = None, limit: int = 100, body_bytes: int = 1024
    ) -> list[QuarantineEntry]:
        newest = [self.entries[number] for number in sorted(self.entries, reverse=True)]
        listed = [entry for entry in newest if before is None or entry.number < before][:limit]
        replace = msgspec.structs.replace
        return [
            replace(entry, refused=replace(entry.refused, body=entry.refused.body[:body_bytes])) for entry in listed
        ]

    async def newest_by_source(self) -> dict[str, tuple[int, str, str]]:
        newest = sorted(self.entries.items())
        return {e.refused.source: (e.refused.at_ms, e.refused.reason, e.refused.error) for _, e in newest}

    async def get(self, number: int) -> QuarantineEntry | None:
        return self.entries.get(number)

    async def delete(self, number: int) -> bool:
        return self.entries.pop(number, None) is not None

    async def mark_resent(self, number: int, now_ms: int) -> bool:
        entry = self.entries.get(number)
        if entry is not None:
            self.entries[number] = msgspec.structs.replace(entry, resent_at_ms=now_ms)
        return entry is not None


class ListedFloorLog:
    """Gaps and shifts in memory."""

    def __init__(self) -> None:
        self.known_gaps: list[FeedGap] = []
        self.known_shifts: list[ShiftWorked] = []
        self.known_days: list[PersonDay] = []

    async def gaps(self, from_ms: int, to_ms: int, limit: int = 10_000) -> list[FeedGap]:
        found = [gap for gap in self.known_gaps if gap.from_ms < to_ms and (gap.to_ms or to_ms) > from_ms]
        return found[:limit]

    async def shifts(self, from_ms: int, to_ms: int, limit: int = 10_000) -> list[ShiftWorked]:
        return [shift for shift in self.known_shifts if from_ms < shift.ends_at_ms <= to_ms][:limit]

    async def days(self, first: str, last: str, limit: int = 100_000) -> list[PersonDay]:
        return [day for day in self.known_days if first <= day.day <= last][:limit]


class ListedJournal:
    """What is read back, in memory."""

    alerts: Any = None  # Alerts are tested with the real journal.
    outbox: Any = None
    quality: Any = None  # As is quality.

    def __init__(self) -> None:
        self.floor_log = ListedFloorLog()
        self.quarantine = ListedQuarantine()
        self.stored: dict[tuple[str, str], list[StoredEvent]] = {}
        self.merged: dict[tuple[str, str], str] = {}
        self.known_rounds: list[bytes] = []

    async def rounds(self, from_ms: int, to_ms: int) -> AsyncIterator[list[bytes]]:
        yield [one for one in self.known_rounds if from_ms <= msgspec.json.decode(one)["opened_at_ms"] < to_ms]

    async def by_hand(self, *, before: int | None = None, limit: int = 100) -> list[StoredEvent]:
        found = [item for items in self.stored.values() for item in items if item.door == "api"]
        return sorted((i for i in found if before is None or i.position < before), key=lambda i: -i.position)[:limit]

    async def history(self, shop: str, conversation: str, *, from_ms: int = 0, limit: int = 1000) -> list[StoredEvent]:
        found = [item for item in self.stored.get((shop, conversation), []) if item.ts_ms >= from_ms]
        return found[-limit:]

    async def stands_for(self, shop: str, conversation: str) -> str:
        return self.merged.get((shop, conversation), conversation)


class ListedTokens:
    """Tokens in memory, by digest."""

    def __init__(self) -> None:
        self.holders: dict[str, Holder] = {}
        self.looked_up = 0

    async def any(self) -> bool:
        return bool(self.holders)

    async def find(self, sha256: str) -> Holder | None:
        self.looked_up += 1
        return self.holders.get(sha256)

    async def named(self, name: str) -> Holder | None:
        return next((holder for holder in self.holders.values() if holder.name == name), None)


class Stand:
    """A running server and what is behind it."""

    def __init__(
        self, services: Services, engine: ScriptedEngine, journal: ListedJournal, tokens: ListedTokens
    ) -> None:
        self.services = services
        self.engine = engine
        self.journal = journal
        self.tokens = tokens
        self.metrics = services.metrics
        self.web = Web(services)
        self.server = Server(self.web, services.settings)
        self.now_ms = NOW_MS

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def ws(self) -> str:
        return self.url.replace("http", "ws", 1)

    def client(self, **more: Any) -> httpx.AsyncClient:
        how: dict[str, Any] = {"verify": PLAIN} | more
        return httpx.AsyncClient(base_url=self.url, timeout=DEADLINE_SECONDS, trust_env=False, **how)


def services(
    engine: ScriptedEngine,
    journal: ListedJournal,
    tokens: ListedTokens,
    *,
    environ: dict[str, str] | None = None,
    pages: Path | None = None,
    hooks: dict[str, WebhookMapping] | None = None,
) -> Services:
    settings = load(environ={"PRESALES_LISTEN__PORT": "0"} | (environ or {}))
    token = settings.listen.token
    access = Access(
        host=settings.listen.host,
        tokens=tokens,
        token=None if token is None else token.get_secret_value(),
        user_header=settings.listen.user_header,
        proxies=settings.listen.proxies,
    )
    return Services(
        engine=engine,
        journal=journal,
        metrics=Metrics(version="0.0.1"),
        settings=settings,
        access=access,
        decode=partial(decode, limits=Limits(body_bytes=int(settings.limits.body_bytes))),
        now_ms=lambda: NOW_MS,
        epoch=EPOCH,
        build="0.0.1+test",
        hooks=lambda: hooks or {},
        pages=pages or PAGES,
    )


@contextlib.asynccontextmanager
async def standing(
    *,
    environ: dict[str, str] | None = None,
    pages: Path | None = None,
    rows: Iterable[WaitRow] = (),
    tokens: ListedTokens | None = None,
    hooks: dict[str, WebhookMapping] | None = None,
) -> AsyncIterator[Stand]:
    """Start a server; stop it at the end."""
    engine, journal = ScriptedEngine(), ListedJournal()
    engine.rows = {row.wait: row for row in rows}
    made = tokens or ListedTokens()
    stand = Stand(services(engine, journal, made, environ=environ, pages=pages, hooks=hooks), engine, journal, made)
    await stand.server.start()
    try:
        yield stand
    finally:
        engine.gate.set()
        await stand.server.stop()


def an_event(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"m-{number}",
        "ts": NOW_MS,
        "shop": "senye",
        "conversation": "c-1",
        "role": "buyer",
        "text": "包邮吗?",
    } | more


def holding(
    name: str = "collector-7",
    shops: frozenset[str] | None = None,
    teams: frozenset[str] | None = None,
    role: Role = "admin",
) -> tuple[str, ListedTokens]:
    token, digest = new_token()
    tokens = ListedTokens()
    tokens.holders[digest] = Holder(name, shops, teams, role)
    return token, tokens


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@asynccontextmanager
async def open_to(floor: Floor, tokens: ListedTokens | None = None) -> AsyncIterator[Stand]:
    async with standing(rows=[a_row(1, stage="lost")], tokens=tokens) as stand:
        stand.services.people = floor.staff
        stand.services.now_ms = lambda: floor.tracker.now_ms
        yield stand
