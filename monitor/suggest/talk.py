"""What the buyers of open waits have said, so that alerts, pages and suggestions can show and read it.

Kept for open waits only, bounded, and masked when it is read. It follows the engine's
commits. What it does not hold (after a restart, or of a wait pushed out by newer ones)
is read back from the journal when somebody asks for it.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from msgspec import Struct

from monitor.core.events import AnyEvent, Message, MessageRecalled
from monitor.core.masking import mask
from monitor.core.senders import role_of
from monitor.core.views import WaitRow
from monitor.errors import StoreUnavailable
from monitor.store.entries import StoredEvent
from monitor.wire import decode_stored

WAITS_AT_MOST = 20_000  # Far over what a floor has open; a storm's older ones are read back when asked for.
BUBBLES_AT_MOST = 8  # The last ones: a buyer who writes more has said it again.
CHARS_AT_MOST = 500  # Of each bubble: enough for any question, and a pasted page costs no more.
READ_BACK_EVENTS = 200  # Of a conversation, to find the words of its wait.
READ_BACK_AT_ONCE = 100  # After a restart boards ask about all waits: the journal has others to serve.


class Bubble(NamedTuple):
    """One message of a buyer, as it may be shown."""

    id: str
    ts_ms: int
    kind: str
    text: str  # Masked; empty where nothing was said or texts are not kept.


class Talk(NamedTuple):
    """What the buyer of an open wait has said since it opened, oldest first."""

    shop: str
    conversation: str
    wait: int
    platform: str
    bubbles: tuple[Bubble, ...]
    phase: str | None = None
    product: Any = None

    @property
    def text(self) -> str:
        """All that was said, a line a bubble."""
        return "\n".join(bubble.text for bubble in self.bubbles if bubble.text)

    def last_words(self, at_most: int = 60) -> str:
        """Return the newest bubbles in one line, as many as fit; of what has no words, its kind in brackets.

        The question most often stands before the "are you there?" that was written last.
        """
        said = ""
        for bubble in reversed(self.bubbles):
            text = " ".join(bubble.text.split()) or f"[{bubble.kind}]"
            longer = f"{text} / {said}" if said else text
            if said and len(longer) > at_most:
                break
            said = longer
        return said if len(said) <= at_most else f"{said[: at_most - 1]}…"


class Change(Protocol):
    """One event as it went in."""

    @property
    def event(self) -> AnyEvent:
        """The event."""

    @property
    def outcome(self) -> str:
        """What became of it."""

    @property
    def words(self) -> int:
        """What its words are, and who speaks."""


class Changes(Protocol):
    """What one commit changed, as far as talk goes."""

    @property
    def events(self) -> Sequence[Change]:
        """The events that came in."""

    @property
    def rows(self) -> Iterable[WaitRow]:
        """Open waits that are new or changed."""

    @property
    def gone(self) -> Iterable[tuple[int, str]]:
        """Waits that are open no more."""


class Engine(Protocol):
    """Who is waiting."""

    def row(self, shop: str, conversation: str) -> WaitRow | None:
        """The open wait of a conversation."""

    def stands_for(self, shop: str, conversation: str) -> str:
        """The conversation that a chat is part of, where its buyer turned out to be another; else itself."""


class Journal(Protocol):
    """What is stored of a conversation."""

    async def history(
        self, shop: str, conversation: str, *, from_ms: int = 0, limit: int = 10_000
    ) -> Sequence[StoredEvent]:
        """The newest events, in order of arrival."""


class _Said(NamedTuple):
    """A bubble as it came; masked only when somebody reads it, for most are read by nobody."""

    id: str
    ts_ms: int
    kind: str
    text: str


class _Kept(Struct, gc=False):
    wait: int
    opened_at_ms: int
    platform: str
    phase: str | None
    product: Any
    said: tuple[_Said, ...]
    messages: int  # How many the wait has.
    read_back: bool = False

    @property
    def whole(self) -> bool:
        """Whether all that the wait's buyer has said is here, as far as it is kept."""
        return self.read_back or len(self.said) >= min(self.messages, BUBBLES_AT_MOST)


Key = tuple[str, str]


class OpenTalk:
    """The words of open waits; hand `watch` to the engine.

    Args:
        engine: knows the open waits.
        journal: where words are read back from.
        waits_at_most: how many waits' words are held.
        text: whether what was said may be shown; else only that something was.
    """

    def __init__(
        self, engine: Engine, journal: Journal, *, waits_at_most: int = WAITS_AT_MOST, text: bool = True
    ) -> None:
        self._text = text
        self._engine = engine
        self._journal = journal
        self._at_most = waits_at_most
        self._kept: OrderedDict[Key, _Kept] = OrderedDict()
        self._where: dict[int, Key] = {}
        self._reading: dict[Key, asyncio.Task[Talk | None]] = {}

    def __len__(self) -> int:
        return len(self._kept)

    # -- following the engine -----------------------------------------------------------------------------------------

    def watch(self, changes: Changes) -> None:
        """Go along with one commit: waits that ended, waits that are new or changed, then what was said."""
        for wait, _why in changes.gone:
            key = self._where.pop(wait, None)
            if key is not None and (kept := self._kept.get(key)) is not None and kept.wait == wait:
                del self._kept[key]
        for row in changes.rows:
            self._see(row)
        for change in changes.events:
            if change.outcome == "accepted":
                event = change.event
                if type(event) is Message:
                    if role_of(event, change.words) == "buyer":
                        self._hear(event)
                elif type(event) is MessageRecalled:
                    self._forget(event)

    def _see(self, row: WaitRow) -> None:
        key = (row.shop, row.conversation)
        kept = self._kept.get(key)
        if kept is not None and kept.wait == row.wait:
            if kept.opened_at_ms != row.opened_at_ms:  # What came late, or a reply taken back, moved its beginning.
                kept.read_back = kept.read_back and row.opened_at_ms > kept.opened_at_ms
                kept.opened_at_ms = row.opened_at_ms
                kept.said = tuple(said for said in kept.said if said.ts_ms >= row.opened_at_ms)
            kept.messages = row.messages
            return
        if kept is not None:
            self._where.pop(kept.wait, None)
        self._kept[key] = _Kept(row.wait, row.opened_at_ms, row.platform, None, None, (), row.messages)
        self._where[row.wait] = key
        if len(self._kept) > self._at_most:
            _, oldest = self._kept.popitem(last=False)
            self._where.pop(oldest.wait, None)

    def _of(self, event: Message | MessageRecalled) -> _Kept | None:
        """Return the open wait that an event is of, whichever of its buyer's chats it came in."""
        return self._kept.get(
            (event.shop, self._engine.stands_for(event.shop, event.conversation or event.buyer or ""))
        )

    def _hear(self, event: Message) -> None:
        kept = self._of(event)
        if kept is None or event.ts_ms < kept.opened_at_ms or event.kind == "reaction":
            return
        if event.phase is not None:
            kept.phase = event.phase
        if event.product is not None:
            kept.product = event.product
        said = (event.text or "")[:CHARS_AT_MOST] if self._text else ""
        kept.said = _with(kept.said, _Said(event.id, event.ts_ms, event.kind, said))

    def _forget(self, event: MessageRecalled) -> None:
        kept = self._of(event)
        if kept is not None:
            kept.said = tuple(said for said in kept.said if said.id != event.message)

    # -- asking -------------------------------------------------------------------------------------------------------

    def of(self, shop: str, conversation: str) -> Talk | None:
        """Return what the buyer of an open wait has said, as far as it is held; None: nobody waits, or not held.

        What is not held is read back meanwhile, some at a time, so that it is there the next time or the one after.
        """
        key = (shop, self._engine.stands_for(shop, conversation))
        kept = self._kept.get(key)
        if kept is not None and kept.whole:
            return _talk(key, kept)
        if len(self._reading) < READ_BACK_AT_ONCE and self._engine.row(*key) is not None:
            self._begin_reading(key)
        return _talk(key, kept) if kept is not None and kept.said else None

    async def find(self, shop: str, conversation: str) -> Talk | None:
        """Return what the buyer of an open wait has said, read back from the journal if need be; None: nobody waits."""
        key = (shop, self._engine.stands_for(shop, conversation))
        kept = self._kept.get(key)
        if kept is not None and kept.whole:
            return _talk(key, kept)
        if self._engine.row(*key) is None:
            return None
        return await asyncio.shield(self._begin_reading(key))

    def _begin_reading(self, key: Key) -> "asyncio.Task[Talk | None]":
        task = self._reading.get(key)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._read_back(key), name="words read back")
            self._reading[key] = task
            task.add_done_callback(lambda _: self._reading.pop(key, None))
        return task

    async def _read_back(self, key: Key) -> Talk | None:
        """Read what was said from the journal and put it in, with what came meanwhile."""
        row = self._engine.row(*key)
        if row is None:
            return None
        try:
            stored = await self._journal.history(*key, from_ms=row.opened_at_ms, limit=READ_BACK_EVENTS)
        except StoreUnavailable:
            stored = ()
        row = self._engine.row(*key)  # It may have been answered meanwhile.
        if row is None:
            return None
        self._see(row)
        kept = self._kept[key]
        kept.read_back = True
        events = [(decode_stored(item.body), item.words) for item in stored if item.folded]
        live, kept.said = kept.said, ()
        back = {event.message for event, _ in events if type(event) is MessageRecalled}
        for event, words in events:
            if type(event) is Message and event.id not in back and role_of(event, words) == "buyer":
                self._hear(event)
        for said in live:
            kept.said = _with(kept.said, said)
        return _talk(key, kept)


def _with(said: tuple[_Said, ...], new: _Said) -> tuple[_Said, ...]:
    """Return what was said with one more in its place, the newest few of it."""
    if any(old.id == new.id for old in said):
        return said
    if not said or said[-1].ts_ms <= new.ts_ms:
        return (*said[1 - BUBBLES_AT_MOST :], new)
    return tuple(sorted((*said, new), key=lambda one: one.ts_ms)[-BUBBLES_AT_MOST:])


def _talk(key: Key, kept: _Kept) -> Talk:
    bubbles = tuple(Bubble(said.id, said.ts_ms, said.kind, mask(said.text)) for said in kept.said)
    return Talk(*key, kept.wait, kept.platform, bubbles, kept.phase, kept.product)
