"""What the one port stands on, as it sees it: small protocols, and one bundle of them.

The engine and the journal know nothing of the web; whoever builds the program
(or a test) puts them in here.
"""

import secrets
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from monitor.alerts.links import Links
from monitor.core.decisions import Decision, FeedGap, PersonDay, ShiftWorked
from monitor.core.people import People
from monitor.core.roster import DEFAULT_TEAM
from monitor.core.silences import Silence
from monitor.core.views import SourceRow, WaitRow
from monitor.hooks.mapping import WebhookMapping
from monitor.metrics import Metrics
from monitor.scoring.reading import Reading
from monitor.settings import Settings
from monitor.store.alerts import Alerts
from monitor.store.entries import QuarantineEntry, StoredEvent
from monitor.store.outbox import Outbox
from monitor.store.quality import Quality
from monitor.suggest.service import Suggester
from monitor.web.access import Access, Caller
from monitor.wire.batch import Batch, Refusal

PAGES = Path(__file__).parent / "pages"


class Receipt(Protocol):
    """What became of a batch, once it is stored."""

    @property
    def accepted(self) -> int:
        """How many are new."""

    @property
    def duplicates(self) -> int:
        """How many were known."""

    @property
    def late(self) -> int:
        """How many of the accepted came too late to change anything."""

    @property
    def conflicts(self) -> int:
        """How many of the known ones differ from what is known."""

    @property
    def rejected(self) -> Sequence[Refusal]:
        """What was refused and is in the quarantine."""


class Changes(Protocol):
    """What one commit changed."""

    @property
    def now_ms(self) -> int:
        """The step of the clock it was judged at."""

    @property
    def decisions(self) -> Sequence[Decision]:
        """What was decided, in order."""

    @property
    def rows(self) -> Iterable[WaitRow]:
        """Open waits that are new or look different now."""

    @property
    def gone(self) -> Iterable[tuple[int, str]]:
        """Waits that are open no more: number, and why."""


class Readiness(Protocol):
    """Whether events can be taken."""

    @property
    def store_ok(self) -> bool:
        """Whether the journal takes what is written."""

    @property
    def reason(self) -> str | None:
        """What keeps the service from being ready; None: nothing."""


class Engine(Protocol):
    """The one loop, as the web sees it."""

    @property
    def ready(self) -> Readiness:
        """How it stands now."""

    async def submit(self, batch: Batch) -> Receipt:
        """Return once the batch is stored.

        Raises:
            Busy: too much is waiting.
            StoreUnavailable: nothing of it was stored.
        """

    def watch(self, watcher: Callable[[Changes], None]) -> None:
        """Call ``watcher`` after each commit."""

    def waits(self) -> Iterable[WaitRow]:
        """Every open wait."""

    def row(self, shop: str, conversation: str) -> WaitRow | None:
        """The open wait of one conversation."""

    def sources(self) -> Sequence[SourceRow]:
        """How every source stands."""

    def silences(self) -> Sequence[Silence]:
        """The silences that were set, some of them perhaps over."""

    def promises(self) -> dict[tuple[str, str, str], int]:
        """How many promises stand open, by platform, team, stage."""


class Quarantine(Protocol):
    """Refused input."""

    async def list(
        self, *, before: int | None = None, limit: int = 100, body_bytes: int = 1024
    ) -> Sequence[QuarantineEntry]:
        """Return entries, newest first, older than ``before``, their bodies cut."""

    async def newest_by_source(self) -> dict[str, tuple[int, str, str]]:
        """Return the newest fault of each source: when, why in one word, and in full."""

    async def get(self, number: int) -> QuarantineEntry | None:
        """Return one entry with its whole body."""

    async def delete(self, number: int) -> bool:
        """Throw one entry away; whether it was there."""

    async def mark_resent(self, number: int, now_ms: int) -> bool:
        """Note that it was sent again."""


class FloorRecords(Protocol):
    """Gaps of feeds, shifts as they were kept."""

    async def gaps(self, from_ms: int, to_ms: int, limit: int = 10_000) -> Sequence[FeedGap]:
        """Return the gaps that touch the time between two instants, the newest first."""

    async def shifts(self, from_ms: int, to_ms: int, limit: int = 10_000) -> Sequence[ShiftWorked]:
        """Return the shifts that ended between two instants, the newest first."""

    async def days(self, first: str, last: str, limit: int = 100_000) -> Sequence[PersonDay]:
        """Return people's days from one date to another."""


class Journal(Protocol):
    """What the web reads from the journal."""

    @property
    def floor_log(self) -> FloorRecords:
        """What happened beside the chat."""

    @property
    def quarantine(self) -> Quarantine:
        """Refused input."""

    @property
    def alerts(self) -> Alerts:
        """The alert log."""

    @property
    def outbox(self) -> Outbox:
        """What was to be told, and what came of it."""

    @property
    def quality(self) -> Quality:
        """What was judged of the service's words."""

    def rounds(self, from_ms: int, to_ms: int) -> AsyncIterator[list[bytes]]:
        """Give the rounds opened from ``from_ms`` up to before ``to_ms``, in chunks."""

    async def by_hand(self, *, before: int | None = None, limit: int = 100) -> Sequence[StoredEvent]:
        """Return what came by the API and no door, the newest first."""

    async def history(
        self, shop: str, conversation: str, *, from_ms: int = 0, limit: int = 1000
    ) -> Sequence[StoredEvent]:
        """Return the newest events of a conversation, in order of arrival."""

    async def stands_for(self, shop: str, conversation: str) -> str:
        """Return the conversation that a chat is part of, where its buyer turned out to be another; else itself."""


class Rules(Protocol):
    """The rules in force."""

    async def reload(self) -> bool:
        """Read them again; whether they are good."""

    def explain(
        self, shop: str, platform: str | None, *, buyer: str | None = None, reply: str | None = None
    ) -> dict[str, Any]:
        """What holds for a wait of a shop that opens now."""

    def as_json(self) -> dict[str, Any]:
        """How they stand."""


class Decode(Protocol):
    """Bytes into events; `monitor.wire.decode` with the limits of the settings."""

    def __call__(
        self, body: bytes, *, door: str, source: str, now_ms: int | None, only_shops: frozenset[str] | None = None
    ) -> Batch:
        """Return the events and what was refused; raises nothing for bad input."""


@dataclass
class Services:
    """All that the one port needs.

    Attributes:
        epoch: what the ids of waits begin with.
        now_ms: the time; the engine's, so that a replay's board shows the replay's time.
        build: version and hash; a page that sees another one loads itself again.
        rules: the folder of rules; None: the built-in policy alone.
        people: who is there; None: nobody asks.
        hooks: returns the mappings of webhooks in force, by name.
        suggester: what makes suggestions; None: they are switched off.
        scores: reads scores and figures; None: none are kept.
        pages: the folder of built pages.
        channels: by how many ways people are told.
        links: by which people act from a chat.
    """

    engine: Engine
    journal: Journal
    metrics: Metrics
    settings: Settings
    access: Access
    decode: Decode
    now_ms: Callable[[], int]
    epoch: str
    build: str
    demo: bool = False
    rules: Rules | None = None
    people: People | None = None
    hooks: Callable[[], dict[str, WebhookMapping]] = dict
    channels: int = 0
    links: Links = field(default_factory=lambda: Links(secrets.token_bytes(32), None))
    suggester: Suggester | None = None
    scores: Reading | None = None
    pages: Path = field(default=PAGES)

    def may_see(self, caller: Caller, shop: str) -> bool:
        """Whether a shop is open to a caller: by its name, and by the team it is of."""
        if caller.teams is None:
            return caller.may(shop)
        team = DEFAULT_TEAM if self.people is None else self.people.team_of_shop(shop, self.now_ms())
        return caller.may(shop, team)
