"""One conversation: its log since the horizon, and what the log folds to.

What comes in order is stepped on. What comes late is put in its place and the
log is folded again from a saved state, twice: as it was and as it is. The
difference is what has to be restated. A state is saved every `CHUNK` entries, so
one late message costs at most the entries since the save before it.

The log reaches back to the horizon: the newest instant less `lateness`, or the
opening of the open wait or promise if that is earlier. What is older is `late`
and changes nothing by itself.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from operator import attrgetter

from msgspec import Struct

from monitor.core.entry import (
    BOT,
    BUYER,
    CLOSED_BY_BUYER,
    CODE,
    HUMAN,
    KIND,
    LISTED,
    OPENED,
    POLICY_SHIFT,
    RECALL,
    Entry,
    order,
)
from monitor.core.fold import NO_RECALLS, Ending, Folds, Recalls
from monitor.core.ladder import Ladder
from monitor.core.quick_structs import quick_to_set
from monitor.core.timers import NEVER_MS
from monitor.core.wait import GAVE_UP, HAS_RECALLS, State

RECALL_WITHIN_MS = 600_000  # Chat systems let people take back what they said a moment ago, not last week.
MERGED = -1  # As `logged`: no conversation any more, `buyer` names the one it is part of.
CHUNK = 32  # Entries between saved states: short enough that adding one to a tuple stays cheap.

FIRING, RESOLVED, WITHDRAWN = range(3)


class Told(Struct, array_like=True, gc=False):
    """What people have been told about one wait."""

    wait: int
    stages: int  # How many stages of its window were told or passed over.
    first: int  # The stage at which machines were told first, from 1; 0: they were told nothing.
    state: int
    at_ms: int  # When it was last told.
    repetition: int = 0  # How often it was raised again after having been withdrawn.
    policy: int = 0  # The one the wait opened with…
    first_reply: bool = False  # …and whether its stages are those of a first reply.
    ladder: Ladder | None = None  # What people were told and did; None: nothing.


class Chunk(Struct, array_like=True, gc=False):
    """A stretch of the log and the state before it."""

    base: State | None  # None: nothing was said before.
    log: Entry  # Its newest entry; the others hang on it.
    starts_ms: int


@quick_to_set
class Conversation(Struct, array_like=True, eq=False, gc=False):
    """All between one buyer and one shop; also the row that is saved.

    A million of these are held at once, so what most do not need is None, and no
    field is a list or a dict, which the garbage collector would have to visit.
    """

    shop: str
    id: str
    buyer: str | None  # None: as the id. The id itself: the buyer of that name, whose other chats were made part of it.
    number: int  # The journal position up to which this is.
    feed: int  # Which feed brought the last of it; an index of the tracker's.
    state: State
    log: Entry | None = None  # The newest entry of the last stretch.
    logged: int = 0  # How many that stretch has.
    base: State | None = None
    older: tuple[Chunk, ...] = ()
    told: tuple[Told, ...] = ()
    wake_at_ms: int = NEVER_MS

    @property
    def merged_into(self) -> str | None:
        """The conversation this one is part of now; None: it stands for itself."""
        return self.buyer if self.logged < 0 else None

    @property
    def account(self) -> str | None:
        """The account in whose hands it is."""
        holder = self.state.holder
        return holder.account if holder is not None else None

    @property
    def whole(self) -> bool:
        """Whether the log reaches back to the first word."""
        return (self.older[0].base if self.older else self.base) is None

    @property
    def begins_stretch(self) -> bool:
        """Whether the newest entry is the first of a stretch of the log: the one before it is complete."""
        return self.logged == 1

    def entries(self) -> Iterator[Entry]:
        """Yield the entries of the last stretch, newest first."""
        return _chain(self.log)

    def all_entries(self) -> Iterator[Entry]:
        """Yield every entry of the log."""
        if self.log is not None:
            for chunk in self._chunks():
                yield from _chain(chunk.log)

    def holds(self, number: int) -> bool:
        """Return whether the log has the entry of this number."""
        return self.log is not None and any(
            entry.number == number for chunk in self._chunks() for entry in _chain(chunk.log)
        )

    def said_at_ms(self, message: str, unless_ms: int) -> int:
        """Return when a message of the log was said; ``unless_ms``: it is not in it."""
        return next((entry.ts_ms for entry in self.all_entries() if entry.id == message), unless_ms)

    def horizon_ms(self, lateness_ms: int) -> int:
        """Return the instant before which nothing is put into the log any more."""
        if self.log is None:
            return 0
        horizon = self.log.ts_ms - lateness_ms
        state = self.state
        if state.wait is not None and state.wait.opened_at_ms < horizon:
            horizon = state.wait.opened_at_ms
        if state.promise is not None and state.promise.opened_at_ms < horizon:
            horizon = state.promise.opened_at_ms
        return horizon

    def in_order(self, entry: Entry) -> bool:
        """Return whether ``entry`` can be stepped on: it comes after all that was said, and hangs on nothing else."""
        last = self.log
        if last is None:
            return True
        if entry.what & CODE == RECALL or entry.ts_ms < last.ts_ms or self.state.flags & GAVE_UP:
            return False
        if self.state.flags & HAS_RECALLS and self._recalls(entry.id):
            return False
        if entry.ts_ms > last.ts_ms or (entry.extra is None and last.extra is None):
            return True
        return order(entry) > order(last)

    def _recalls(self, message: str) -> bool:
        """Return whether a message was taken back before it came."""
        for chunk in self._chunks():
            other: Entry | None = chunk.log
            while other is not None:
                if other.what & CODE == RECALL and target_of(other) == message:
                    return True
                other = other.before
        return False

    def thin_lists(self, before_ms: int) -> None:
        """Of lists that name the chat one after another keep the first and the last, in what lies before an instant.

        A list is looked at all the time. What comes late may lie between two of them, so those of the last `lateness`
        are kept.
        """
        thinned: list[Chunk] = []
        for chunk in self.older:
            if chunk.log.ts_ms >= before_ms:
                thinned.append(chunk)
                continue
            entries = _oldest_first(chunk.log)
            base, starts_ms = chunk.base, chunk.starts_ms
            if thinned and len(joined := [*_oldest_first(thinned[-1].log), *entries]) <= CHUNK:
                base, starts_ms, entries = thinned[-1].base, thinned[-1].starts_ms, joined
                thinned.pop()
            thinned.append(Chunk(base, _chained(_thinned(entries)), starts_ms))
        self.older = tuple(thinned)

    def save(self) -> None:
        """Save the state, and begin a new stretch of the log after it."""
        assert self.log is not None
        first = self.log
        while first.before is not None:
            first = first.before
        self.older = (*self.older, Chunk(self.base, self.log, first.ts_ms))
        self.base = self.state.copy()
        self.log = None
        self.logged = 0

    def forget(self, next_ms: int, lateness_ms: int) -> None:
        """Drop the chunks that lie wholly before the horizon, and before what a recall behind it can reach.

        Args:
            next_ms: where the last stretch starts.
            lateness_ms: how far behind the newest instant the horizon is.
        """
        state = self.state
        horizon = next_ms - lateness_ms
        if state.wait is not None:
            horizon = min(horizon, state.wait.opened_at_ms)
        if state.promise is not None:
            horizon = min(horizon, state.promise.opened_at_ms)
        horizon -= RECALL_WITHIN_MS
        starts = [*(chunk.starts_ms for chunk in self.older[1:]), next_ms]
        kept = next((i for i, start in enumerate(starts) if start >= horizon), len(starts))
        if kept:
            self.older = self.older[kept:]

    def insert(self, folds: Folds, entry: Entry, now_ms: int) -> tuple[list[Ending], list[Ending]]:
        """Put an entry in its place and fold again.

        Args:
            folds: the rules.
            entry: not before the start of the log.
            now_ms: how far time has been moved: a wait may have been given up since the last entry.

        Returns:
            The waits that had ended since that place, before and after.
        """
        chunks = self._chunks()
        at = 0
        if not self.state.flags & HAS_RECALLS and entry.what & CODE != RECALL:
            # Else all of it: whether a recall holds hangs on what lies between, so saved states may be wrong.
            at = max(0, bisect_left(chunks, entry.ts_ms, key=attrgetter("starts_ms")) - 1)
        before = [other for chunk in chunks[at:] for other in _oldest_first(chunk.log)]
        base = chunks[at].base
        was, _, was_state = _fold_all(folds, base, before)
        if was_state.wait is not None and self.state.wait is None:
            folds.of(entry).give_up(was_state, NEVER_MS, was.append)  # Time did, not an entry.
        after = list(before)
        after.insert(bisect_right(after, order(entry), key=order), entry)
        ended, remade, state = _fold_all(folds, base, after)
        folds.of(entry).give_up(state, now_ms, ended.append)
        if not at and not any(target_of(other) for other in after):
            state.flags &= ~HAS_RECALLS
        self._take(chunks[:at], remade, state)
        return was, ended

    def absorb(
        self, folds: Folds, others: "Iterable[Conversation]", now_ms: int
    ) -> tuple[list[tuple["Conversation", Ending]], list[Ending]]:
        """Take all that was said in other conversations of the same buyer as said in this one.

        Returns:
            The waits that had ended in each, by their logs, and those that have ended now.
        """
        was: list[tuple[Conversation, Ending]] = []
        known: list[tuple[State | None, list[Entry]]] = []
        for part in (self, *others):
            chunks = part._chunks() if part.log is not None or part.older else []
            entries = [entry for chunk in chunks for entry in _oldest_first(chunk.log)]
            if entries:
                base = chunks[0].base
                endings, _, state = _fold_all(folds, base, entries)
                if state.wait is not None and part.state.wait is None:
                    folds.of(entries[-1]).give_up(state, NEVER_MS, endings.append)  # Time did, not an entry.
                was += [(part, ending) for ending in endings]
                known.append((base, entries))
        if not known:
            return [], []
        entries = sorted((entry for _, said in known for entry in said), key=order)
        base = min(known, key=lambda one: order(one[1][0]))[0]  # Of what reaches back further.
        ended, remade, state = _fold_all(folds, base, entries)
        folds.of(entries[-1]).give_up(state, now_ms, ended.append)
        self._take([], remade, state)
        return was, ended

    def leave_to(self, into: str, number: int) -> None:
        """Become a sign that says where to: all of it is in another conversation from now on."""
        self.buyer, self.number = into, number
        self.state, self.log, self.base, self.older, self.told = State(), None, None, (), ()
        self.logged = MERGED

    def rebuild(self, folds: Folds, history: Iterable[Entry], opened: frozenset[int]) -> None:
        """Take the whole history as the log, so that something older than the horizon can be put in its place.

        Args:
            folds: the rules.
            history: every entry that is on the disk, in any order.
            opened: the numbers of the waits written down, whose openings keep their names.
        """
        # What is in memory stays: the newest is not on the disk yet, and lists are stored with their shop, not a chat.
        known = {entry.number: entry for entry in history} | {entry.number: entry for entry in self.all_entries()}
        entries = sorted(known.values(), key=order)
        for entry in entries:
            if entry.number in opened:
                entry.what |= OPENED
        _, remade, state = _fold_all(folds, None, entries)
        self._take([], remade, state)

    def _chunks(self) -> list[Chunk]:
        assert self.log is not None
        first = self.log
        while first.before is not None:
            first = first.before
        return [*self.older, Chunk(self.base, self.log, first.ts_ms)]

    def _take(self, kept: list[Chunk], remade: list[Chunk], state: State) -> None:
        last = remade[-1]
        self.older = (*kept, *remade[:-1])
        self.base, self.log, self.state = last.base, last.log, state
        self.logged = sum(1 for _ in _chain(last.log))


def _chain(newest: Entry | None) -> Iterator[Entry]:
    while newest is not None:
        yield newest
        newest = newest.before


def _chained(entries: list[Entry]) -> Entry:
    """Hang entries, at least one, on each other; return the newest."""
    before = None
    for entry in entries:
        entry.before, before = before, entry
    return entries[-1]


def _thinned(entries: list[Entry]) -> list[Entry]:
    """Return entries without the lists that stand between two others which say the same."""
    kept: list[Entry] = []
    for entry, after in zip_longest(entries, entries[1:]):
        if after is None or not kept or not (_says_the_same(kept[-1], entry) and _says_the_same(entry, after)):
            kept.append(entry)
    return kept


def _says_the_same(one: Entry, other: Entry) -> bool:
    return one.what & KIND == LISTED == other.what & KIND and one.who == other.who


def _oldest_first(newest: Entry) -> list[Entry]:
    return list(_chain(newest))[::-1]


def _fold_all(folds: Folds, base: State | None, entries: list[Entry]) -> tuple[list[Ending], list[Chunk], State]:
    """Fold entries (at least one) from a state: the waits that end, the log in chunks, the state after."""
    endings: list[Ending] = []
    state = State() if base is None else base.copy()
    recalls = _recalls(folds, state.asked_ms, entries)
    chunks: list[Chunk] = []
    saved = base
    for start in range(0, len(entries), CHUNK):
        part = entries[start : start + CHUNK]
        if start:
            saved = state.copy()
        before = None
        for entry in part:
            entry.before, before = before, entry
            folds[entry.what >> POLICY_SHIFT].step(state, entry, endings.append, recalls)
        chunks.append(Chunk(saved, part[-1], part[0].ts_ms))
    if state.wait is not None:
        state.wait.number = abs(state.wait.number)
    opened = {ending.wait.number for ending in endings} | ({state.wait.number} if state.wait is not None else set())
    for entry in entries:
        if entry.number in opened:
            entry.what |= OPENED  # The wait it opened is known by it for good.
    return endings, chunks, state


def target_of(entry: Entry) -> str:
    """Return the id of the message that an entry takes back; empty: it is no recall."""
    return entry.extra.target if entry.extra is not None and entry.what & CODE == RECALL else ""


def _recalls(folds: Folds, asked_ms: int, entries: list[Entry]) -> Recalls:
    """Return which messages count as never sent.

    A person's message, when it was taken back within `RECALL_WITHIN_MS`; a buyer's,
    when it had no answer by then.

    Args:
        folds: the rules, which tell by latency who is a bot.
        asked_ms: when the buyer last wrote before these; 0: not known.
        entries: the log, in order.
    """
    found: dict[str, Entry] = {}
    for entry in entries:
        if entry.extra is not None and target_of(entry):
            found.setdefault(target_of(entry), entry)  # Taken back once; to say so again much later means nothing.
    if not found:
        return NO_RECALLS
    recalled: dict[str, Entry] = {}
    pending: set[str] = set()  # Buyer messages to be recalled, and not answered so far.
    for entry in entries:
        code = entry.what & CODE
        recall = found.get(entry.id)
        if code == BUYER:
            asked_ms = entry.ts_ms
            if recall is not None:
                recalled[entry.id] = recall
                if order(recall) > order(entry):
                    pending.add(entry.id)
        elif code in (HUMAN, BOT) and recall is not None and recall.ts_ms - entry.ts_ms <= RECALL_WITHIN_MS:
            recalled[entry.id] = recall
        elif code == CLOSED_BY_BUYER or (code == HUMAN and not folds.of(entry).told_a_bot(entry, asked_ms)):
            for answered in pending:
                recalled.pop(answered)
            pending.clear()
        elif code == RECALL:
            pending.discard(target_of(entry))
    return recalled
