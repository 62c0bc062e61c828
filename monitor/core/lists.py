"""A platform's lists of who waits, where no stream of messages is to be had.

A list names the chats that wait for an answer at one instant. In each of those it
is an entry of the log, LISTED, which opens a wait where none is known; a complete
list is an entry too in the chats it should name and does not, UNLISTED, which ends
one: answered where we did not see it, between the last time the buyer was known to
wait and the list.

What comes late must find the lists that were earlier here, so a shop keeps those
of its last `lateness`, in memory: after a restart the next list mends what one of
them would have.
"""

from collections.abc import Callable, Collection, Iterator

from msgspec import Struct
from msgspec.structs import replace

from monitor.core import events as ev
from monitor.core.entry import LISTED, UNLISTED, Entry, Extra, Who

LISTS_KEPT = 256  # Of one shop: ten minutes of a look every ten seconds at each of four accounts.


class Complete(Struct, frozen=True, gc=False):
    """One complete list: all that waited at an instant."""

    ts_ms: int
    number: int
    id: str
    account: str | None  # It lists the chats of this account only; None: all of the shop.
    chats: frozenset[str]  # Of a merged buyer, the chat that stands for it.
    bits: int  # Those of the policy in force for it.

    def entry(self) -> Entry:
        """Return what it is in the log of a chat it does not name: of any, for the fold knows who held it then."""
        who = Who(None, self.account) if self.account is not None else None
        return Entry(self.ts_ms, self.number, self.id, UNLISTED | self.bits, who)


def places(event: ev.AnyEvent) -> int:
    """Return how many numbers an event takes: each row of a list may open a wait, which is known by a number.

    The event has the last of them, so that the next event's come after.
    """
    return 1 + len(event.rows) if isinstance(event, ev.WaitingSnapshot) else 1


def since_ms(event: ev.WaitingSnapshot, row: ev.WaitingRow) -> int:
    """Return since when the buyer of a row waits, as the list says; else, since the list."""
    if row.since_ms is not None:
        return min(row.since_ms, event.ts_ms)
    if row.waited_seconds is not None:
        return min(event.ts_ms - round(row.waited_seconds * 1000), event.ts_ms)
    return event.ts_ms


def listed(
    event: ev.WaitingSnapshot, number: int, who: Who | None, bits: int
) -> Iterator[tuple[str, str | None, Entry]]:
    """Yield each chat that a list names: its id, its buyer, and what the list is in its log.

    Args:
        event: the list.
        number: its place in the journal.
        who: whose list it is.
        bits: those of the policy in force for it.
    """
    first = number - len(event.rows)
    for at, row in enumerate(event.rows):
        chat = row.conversation or row.buyer
        if not chat:
            continue
        more = Extra(event.seq, since_ms=since_ms(event, row), who=who)
        yield chat, row.buyer, Entry(event.ts_ms, first + at, event.id, LISTED | bits, more)


def complete(event: ev.WaitingSnapshot, number: int, bits: int, stands: Callable[[str], str]) -> Complete:
    """Return a complete list in short.

    Args:
        event: the list.
        number: its place in the journal.
        bits: those of the policy in force for it.
        stands: gives the chat that stands for one, which may have been merged.
    """
    chats = frozenset(stands(row.conversation or row.buyer or "") for row in event.rows)
    return Complete(event.ts_ms, number, event.id, event.account, chats, bits)


class Lists:
    """The complete lists of one shop, of late."""

    __slots__ = ("_lists", "newest_ms")

    def __init__(self) -> None:
        self._lists: list[Complete] = []
        self.newest_ms = 0

    def add(self, one: Complete, lateness_ms: int) -> None:
        """Keep a list; let go of what is too old, or too many."""
        self.newest_ms = max(self.newest_ms, one.ts_ms)
        oldest_ms = self.newest_ms - lateness_ms
        self._lists = sorted(
            (other for other in (*self._lists, one) if other.ts_ms >= oldest_ms), key=lambda other: other.ts_ms
        )[-LISTS_KEPT:]

    def join(self, chats: Collection[str], into: str) -> None:
        """Chats are part of another from now on: who names one of them has named that."""
        for at, one in enumerate(self._lists):
            if not one.chats.isdisjoint(chats):
                self._lists[at] = replace(one, chats=one.chats.difference(chats) | {into})

    def after(self, ts_ms: int) -> list[Complete]:
        """Return those later than an instant."""
        return [one for one in self._lists if one.ts_ms > ts_ms]
