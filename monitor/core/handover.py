"""What a shift leaves open, and who receives it.

Some minutes before the end of somebody's shift a list opens for each of its shops:
what is open with them now, and who comes. At the end it is fixed: each wait and
promise that is open then, with its true age. Who receives it is the person of the
next slot of that shop, else the lead of the team. To receive is to say so; what is
answered drops off by itself. What nobody has received a while later is told. Of a list
that was received before the end, what has come since is a list of its own.

Where nobody was on shift in a shop before, a shift that begins has a list of all that
was left there: nobody gave it, the night did.
"""

from collections.abc import Callable, Iterable
from typing import Protocol
from zlib import crc32

from msgspec import Struct

from monitor.core.decisions import (
    HandOver,
    HandOverLapsed,
    HandOverOpened,
    HandOverTaken,
    HandOverUnreceived,
    LeftOpen,
)
from monitor.core.policy import Policy
from monitor.core.roster import Person, Register
from monitor.core.shifts import Running
from monitor.core.timers import NEVER_MS
from monitor.core.units import DAY_MS, MINUTE_MS

KEPT_MS = DAY_MS  # A list that nobody has received is shown so long.
LOOK_AGAIN_MS = MINUTE_MS  # At what was told as unreceived: it may have been answered since.
PREVIEW, FIXED, RECEIVED, OVER = range(4)


class Listed(Struct, array_like=True, eq=False):
    """One list as it is kept."""

    id: str
    team: str
    shop: str
    giver: str | None
    receiver: str | None
    to_lead: bool
    ends_at_ms: int
    due_at_ms: int
    left: tuple[LeftOpen, ...] = ()
    state: int = PREVIEW
    received_by: str | None = None
    received_at_ms: int | None = None
    told: bool = False
    early: bool = False  # Received before the shift's end, and that has not come yet.
    look_at_ms: int = 0  # Told as unreceived, it is looked at again then.

    def next_ms(self) -> int:
        """Return when something is to be done with it."""
        if self.state == PREVIEW or self.early:
            return self.ends_at_ms
        if self.state == FIXED:
            return min(self.look_at_ms, self.ends_at_ms + KEPT_MS) if self.told else self.due_at_ms
        return self.ends_at_ms + KEPT_MS

    def fields(self) -> dict[str, object]:
        """Return what its decisions have in common."""
        return {name: getattr(self, name) for name in HandOver.__struct_fields__}


class Open(Protocol):
    """What is asked of the tracker."""

    def left_open(self, shop: str) -> Iterable[tuple[LeftOpen, str | None]]:
        """Yield what is open in a shop, each with whose it is."""

    def still_open(self, left: LeftOpen) -> bool:
        """Whether that wait, or promise, is open still."""

    def policy(self, shop: str, at_ms: int) -> Policy:
        """Return what holds for a shop."""

    def lead_of(self, team: str, at_ms: int) -> Person | None:
        """Return who leads a team now; None: nobody of them is there."""


class HandOvers:
    """All lists.

    Args:
        floor: the tracker.
        team: whose shop it is.
        say: takes what is decided.
    """

    def __init__(
        self,
        floor: Open,
        team: Callable[[str, int], str],
        say: Callable[[HandOverOpened | HandOverTaken | HandOverUnreceived | HandOverLapsed], None],
    ) -> None:
        self._floor = floor
        self._team = team
        self._say = say
        self._lists: dict[str, Listed] = {}
        self.register = Register()

    def next_ms(self, shifts: Iterable[Running]) -> int:
        """Return when there is something to do."""
        lists = (one.next_ms() for one in self._lists.values())
        coming = (shift.hand_over_ms for shift in shifts if not shift.listed)
        return min([NEVER_MS, *lists, *coming])

    def advance(self, now_ms: int, shifts: Iterable[Running]) -> None:
        """Open what is to be opened, fix what has ended, tell what nobody has received."""
        for shift in shifts:
            if shift.listed or shift.hand_over_ms > now_ms:
                continue
            shift.listed = True
            for shop in shift.shops:
                id = _id(shop, shift.person, shift.ends_at_ms)
                if id not in self._lists:
                    self._lists[id] = self._made(id, shop, shift.person, shift.ends_at_ms, now_ms)
                    self._open(self._lists[id], now_ms)
        for one in list(self._lists.values()):
            if one.state == PREVIEW and one.ends_at_ms <= now_ms:
                one.state = FIXED
                self._open(one, now_ms)
            if one.early and one.ends_at_ms <= now_ms:
                one.early = False
                self._came_since(one, now_ms)
            if one.state == FIXED and one.next_ms() <= now_ms:
                self._settle(one, now_ms)
                if one.state == FIXED:
                    one.look_at_ms = now_ms + LOOK_AGAIN_MS
                    if not one.told:
                        one.told = True
                        self._say(HandOverUnreceived(**one.fields(), decided_at_ms=now_ms))  # type: ignore[arg-type]
            if one.ends_at_ms + KEPT_MS <= now_ms:
                del self._lists[one.id]
                if one.state == FIXED:
                    self._say(HandOverLapsed(**one.fields(), decided_at_ms=now_ms))  # type: ignore[arg-type]

    def begun(self, shop: str, receiver: str, starts_ms: int, now_ms: int) -> None:
        """A shift begins in a shop where nobody was before: what was left there is listed for it."""
        if self.register.on_shift(shop, starts_ms - 1):
            return
        id = _id(shop, "", starts_ms)
        if id in self._lists:
            return
        listed = {
            _what(entry)
            for one in self._lists.values()
            if one.shop == shop and one.state < RECEIVED
            for entry in one.left
        }
        left = tuple(entry for entry, _ in self._floor.left_open(shop) if _what(entry) not in listed)
        if not left:
            return
        due_ms = starts_ms + self._floor.policy(shop, now_ms).unreceived_ms
        self._lists[id] = one = Listed(
            id, self._team(shop, now_ms), shop, None, receiver, False, starts_ms, due_ms, left, FIXED
        )
        self._say(HandOverOpened(**one.fields(), decided_at_ms=now_ms))  # type: ignore[arg-type]

    def received(self, id: str, by: str, at_ms: int) -> None:
        """Somebody says that they have a list; once is enough."""
        one = self._lists.get(id)
        if one is None or one.state >= RECEIVED:
            return
        one.early = one.state == PREVIEW
        one.state, one.received_by, one.received_at_ms = RECEIVED, by, at_ms
        self._say(HandOverTaken(**one.fields(), by=by, decided_at_ms=at_ms))  # type: ignore[arg-type]

    def _made(self, id: str, shop: str, giver: str, ends_ms: int, now_ms: int) -> Listed:
        receiver, starts_ms, to_lead = self._receiver(shop, giver, ends_ms, now_ms)
        due_ms = max(ends_ms, starts_ms) + self._floor.policy(shop, now_ms).unreceived_ms
        return Listed(id, self._team(shop, now_ms), shop, giver, receiver, to_lead, ends_ms, due_ms)

    def _receiver(self, shop: str, giver: str, ends_ms: int, now_ms: int) -> tuple[str | None, int, bool]:
        """Return who receives, from when on they are there, and whether that is a lead."""
        register = self.register
        on = [shift for shift in register.on_shift(shop, ends_ms) if shift.slot.person != giver]
        if on:
            latest = max(on, key=lambda shift: (shift.starts_at_ms, shift.slot.person))
            return latest.slot.person, latest.starts_at_ms, False
        coming = register.next_shift(shop, ends_ms)
        if coming is not None:  # Perhaps in the morning only: it is theirs then, with its true age.
            return coming.slot.person, coming.starts_at_ms, False
        team = self._team(shop, now_ms)
        lead = self._floor.lead_of(team, now_ms) or next(iter(register.leads(team, now_ms)), None)
        return (lead.id, ends_ms, True) if lead is not None else (None, ends_ms, False)

    def _came_since(self, received: Listed, now_ms: int) -> None:
        """List what a shift leaves beyond the list that somebody has received before its end."""
        one = self._made(f"{received.id}-2", received.shop, received.giver or "", received.ends_at_ms, now_ms)
        known = {_what(entry) for entry in received.left}
        one.left = tuple(entry for entry in self._left_by(one) if _what(entry) not in known)
        if one.left:
            one.state = FIXED
            self._lists[one.id] = one
            self._say(HandOverOpened(**one.fields(), decided_at_ms=now_ms))  # type: ignore[arg-type]

    def _left_by(self, one: Listed) -> tuple[LeftOpen, ...]:
        """Return what is open with the giver of a list now; with who is alone in the shop, what is nobody's too."""
        alone = all(shift.slot.person == one.giver for shift in self.register.on_shift(one.shop, one.ends_at_ms - 1))
        return tuple(
            entry
            for entry, holder in self._floor.left_open(one.shop)
            if holder == one.giver or (holder is None and alone)
        )

    def _open(self, one: Listed, now_ms: int) -> None:
        """Put on the list what is open now; one with nothing on it is over at the end of the shift."""
        one.left = self._left_by(one)
        if one.state == FIXED and not one.left:
            one.state = OVER
            return
        self._say(HandOverOpened(**one.fields(), decided_at_ms=now_ms))  # type: ignore[arg-type]

    def _settle(self, one: Listed, now_ms: int) -> None:
        """Drop what has been answered since; a list of which nothing is left is over."""
        one.left = tuple(entry for entry in one.left if self._floor.still_open(entry))
        if not one.left:
            one.state = OVER
            self._say(HandOverTaken(**one.fields(), by=None, decided_at_ms=now_ms))  # type: ignore[arg-type]

    def all(self) -> list[Listed]:
        """Return every list that is shown."""
        return list(self._lists.values())

    def get(self, id: str) -> Listed | None:
        """Return a list."""
        return self._lists.get(id)

    def open_of(self, one: Listed) -> tuple[LeftOpen, ...]:
        """Return what of a list is open still."""
        return tuple(entry for entry in one.left if self._floor.still_open(entry))

    def restore(self, lists: list[Listed]) -> None:
        """Take back what was saved."""
        self._lists = {one.id: one for one in lists}


def _what(left: LeftOpen) -> tuple[str, str, int]:
    """Return which wait or promise an entry is, whichever account has it by now."""
    return left.kind, left.conversation, left.wait or left.since_ms


def _id(shop: str, giver: str, ends_ms: int) -> str:
    """Return what a list is known by: the same however often it is made."""
    return f"{ends_ms // 1000:x}-{crc32(repr((shop, giver)).encode()):08x}"
