"""Who wants to be woken when: a calendar of short slots.

Most waits end before their limit, so what is cheap here is asking to be woken
and forgetting it. An item carries the one instant it wants (``wake_at_ms``); a
slot lists items that wanted to be woken in it at some time, and an entry whose
item has changed its mind since is passed over when the slot comes. Per open wait
that is eight bytes and no comparison, where a heap needs a tuple and sifts. Only a slot
that is far off is left at once: a wait that is given up in seven days would keep its
chat in memory until then, whoever has answered it.
"""

from heapq import heappop, heappush
from typing import Generic, Protocol, TypeVar

NEVER_MS = 1 << 62
SLOT_BITS = 4  # 16 ms: short against the 50 ms an alert may be late, long against a burst.
FAR_MS = 7_200_000  # So much later than it is wanted now, and an item is taken out of its slot. Longer than chats idle.
SEARCHED = 256  # Items of a slot at most, to find one that leaves: of a crowd it is not worth the look.
CROWD = 1 << 16  # A slot that holds more is not searched for its first item; it is taken, in slices, once it is past.


class Wakeable(Protocol):
    """What can be woken. ``wake_at_ms`` is NEVER_MS while it sleeps."""

    wake_at_ms: int


T = TypeVar("T", bound=Wakeable)


class Timers(Generic[T]):
    """The calendar of one tracker.

    Attributes:
        next_ms: no item is due before this instant; NEVER_MS when all sleep. It may be earlier than the next real
            wake-up, since items change their minds.
    """

    __slots__ = ("_heap", "_slots", "next_ms")

    def __init__(self) -> None:
        self._slots: dict[int, list[T]] = {}
        self._heap: list[int] = []  # The numbers of the slots, earliest first.
        self.next_ms = NEVER_MS

    def wake(self, item: T, at_ms: int) -> None:
        """Ask for ``item`` to be woken at ``at_ms``, and at no other time."""
        if at_ms + FAR_MS < item.wake_at_ms < NEVER_MS:
            self._leave(item)
        item.wake_at_ms = at_ms
        number = at_ms >> SLOT_BITS
        slot = self._slots.get(number)
        if slot is None:
            self._slots[number] = [item]
            heappush(self._heap, number)
        else:
            slot.append(item)
        if at_ms < self.next_ms:
            self.next_ms = at_ms

    def _leave(self, item: T) -> None:
        """Take an item out of the slot it was to be woken in."""
        number = item.wake_at_ms >> SLOT_BITS
        slot = self._slots.get(number)
        if slot is None or len(slot) > SEARCHED:
            return
        slot[:] = [other for other in slot if other is not item]
        if not slot:
            del self._slots[number]  # Its number stays in the heap, and is passed over.

    def due(self, now_ms: int, at_most: int) -> list[T]:
        """Take up to ``at_most`` items that are due, earliest slot first, and put them to sleep.

        Each keeps its ``wake_at_ms`` for the caller to read; asking again with
        ``wake`` replaces it. A slot that holds more than ``at_most`` is taken in
        slices once it is wholly past.
        """
        taken: list[T] = []
        last = now_ms >> SLOT_BITS
        heap, slots = self._heap, self._slots
        while heap and heap[0] <= last and len(taken) < at_most:
            number = heap[0]
            slot = slots.get(number)
            if slot is None:
                heappop(heap)
                continue
            whole = number < last
            if len(slot) > at_most and not whole:
                break
            room = at_most - len(taken)
            if whole and len(slot) > room:
                part = slot[-room:]
                del slot[-room:]
            else:
                part = slot
                heappop(heap)
                del slots[number]
            due = {id(item): item for item in part if item.wake_at_ms >> SLOT_BITS == number}
            for item in sorted(due.values(), key=_wake_at):
                if item.wake_at_ms <= now_ms:
                    taken.append(item)
                else:
                    self.wake(item, item.wake_at_ms)
            if not whole:
                break
        self.next_ms = self._earliest(now_ms, min(at_most, CROWD))
        return taken

    def _earliest(self, now_ms: int, crowd: int) -> int:
        """Return the earliest real wake-up of the first slot that has one; drop slots nobody waits in any more.

        A slot of more than ``crowd`` is not taken before it is past, so that is when it is due.
        """
        while self._heap:
            number = self._heap[0]
            slot = self._slots.get(number)
            if slot is None:
                heappop(self._heap)
                continue
            if number < now_ms >> SLOT_BITS:
                return number << SLOT_BITS
            if len(slot) > crowd:
                return (number + 1) << SLOT_BITS
            earliest = min((item.wake_at_ms for item in slot if item.wake_at_ms >> SLOT_BITS == number), default=None)
            if earliest is not None:
                return earliest
            heappop(self._heap)
            del self._slots[number]
        return NEVER_MS


class Untimed(Timers[T]):
    """No calendar at all: an item knows when it wants to be woken, and somebody looks."""

    __slots__ = ()

    def wake(self, item: T, at_ms: int) -> None:
        """Note when the item wants to be woken."""
        item.wake_at_ms = at_ms


def _wake_at(item: Wakeable) -> int:
    return item.wake_at_ms
