"""Shifts as they are kept: who came late, who did not come, who left early.

A shift is a person between two instants, in one shop or in several at once (a
shared seat). Nothing is said of a shift in whose shops no presence was ever heard
of, nor of one that had begun before we looked.
"""

from collections.abc import Callable, Iterable

from msgspec import Struct

from monitor.core.decisions import AgentAbsent, AgentArrived, ShiftWorked
from monitor.core.policy import Policy
from monitor.core.presence import Worker
from monitor.core.roster import Register
from monitor.core.timers import NEVER_MS
from monitor.core.units import DAY_MS


class Running(Struct, array_like=True, eq=False):
    """One person's shift that runs, or is about to."""

    person: str
    starts_at_ms: int
    ends_at_ms: int
    shops: tuple[str, ...]
    seat: str | None
    begun: bool = False
    first_there_ms: int = 0  # 0: not there so far.
    hand_over_ms: int = 0  # When its hand-over list opens.
    listed: bool = False  # It has.
    looked_ms: int = 0  # When "absent" is to be judged; 0: it was, or need not be.

    @property
    def key(self) -> tuple[str, int, int]:
        """By what it is known."""
        return self.person, self.starts_at_ms, self.ends_at_ms

    def next_ms(self) -> int:
        """Return when something has to be looked at."""
        if not self.begun:
            return self.starts_at_ms
        return min(self.ends_at_ms, self.looked_ms or NEVER_MS)


class Shifts:
    """All shifts of now.

    Args:
        workers: everybody heard of.
        heard: whether presence was ever heard of in a shop.
        policy: what holds for a shop.
        team: whose person somebody is.
        say: takes what is decided.
    """

    def __init__(
        self,
        workers: dict[str, Worker],
        heard: Callable[[str], bool],
        policy: Callable[[str, int], Policy],
        team: Callable[[str, str], str],
        say: Callable[[AgentAbsent | AgentArrived | ShiftWorked], None],
    ) -> None:
        self._workers = workers
        self._heard = heard
        self._policy = policy
        self._team = team
        self._say = say
        self._running: dict[tuple[str, int, int], Running] = {}
        self._of_person: dict[str, list[Running]] = {}
        self._laid_out_ms = NEVER_MS  # Up to here shifts were taken off the roster.
        self.register = Register()

    def lay_out(self, now_ms: int) -> None:
        """Take the shifts of now and of the next day off the roster, and forget those it does not name any more."""
        coming: dict[tuple[str, int, int], Running] = {}
        until_ms = now_ms + DAY_MS
        for shift in self.register.shifts(now_ms, until_ms):
            slot = shift.slot
            person = self.register.person(slot.person)
            ends_ms = shift.ends_at_ms
            if person is not None and person.ends_at_ms is not None:
                ends_ms = min(ends_ms, person.ends_at_ms)
            one = Running(slot.person, shift.starts_at_ms, ends_ms, (slot.shop,), slot.seat)
            if ends_ms <= now_ms:
                continue
            known = coming.get(one.key)
            if known is None:
                early_ms = self._policy(slot.shop, now_ms).hand_over_ms
                one.hand_over_ms = max(one.starts_at_ms, one.ends_at_ms - early_ms)
                coming[one.key] = one
            elif slot.shop not in known.shops:
                known.shops = (*known.shops, slot.shop)
                known.seat = known.seat or slot.seat
        for key, one in coming.items():
            if (old := self._running.get(key)) is not None:
                one.begun, one.first_there_ms, one.looked_ms = old.begun, old.first_there_ms, old.looked_ms
                one.listed = old.listed
            elif one.starts_at_ms < now_ms:
                one.begun = True
                one.first_there_ms = one.starts_at_ms  # Nobody looked then: it is taken to be so.
        self._take(coming)
        self._laid_out_ms = until_ms - DAY_MS // 2 if self.register.slots else NEVER_MS

    def next_ms(self) -> int:
        """Return when there is something to look at."""
        return min([self._laid_out_ms, *(one.next_ms() for one in self._running.values())])

    def advance(self, now_ms: int) -> tuple[list[Running], list[Running]]:
        """Look at what is due; return the shifts that have begun, and those that are over."""
        begun, over = [], []
        for one in sorted(self._running.values(), key=Running.next_ms):
            if one.next_ms() > now_ms:
                break
            if not one.begun:
                one.begun = True
                begun.append(one)
                if self._there(one.person, now_ms) or not self._any_heard(one):
                    one.first_there_ms = one.starts_at_ms
                else:
                    one.looked_ms = one.starts_at_ms + self._policy(one.shops[0], now_ms).absent_ms
            if one.looked_ms and one.looked_ms <= now_ms:
                one.looked_ms = 0
                if not one.first_there_ms and self._any_heard(one):
                    self._say(
                        AgentAbsent(
                            person=one.person,
                            team=self._team(one.person, one.shops[0]),
                            shops=one.shops,
                            seat=one.seat,
                            starts_at_ms=one.starts_at_ms,
                            ends_at_ms=one.ends_at_ms,
                            decided_at_ms=now_ms,
                        )
                    )
            if one.ends_at_ms <= now_ms:
                over.append(one)
                del self._running[one.key]
                self._of_person[one.person].remove(one)
                self._worked(one)
        if now_ms >= self._laid_out_ms:
            self.lay_out(now_ms)
        return begun, over

    def came(self, person: str, at_ms: int, now_ms: int) -> None:
        """Note that a person is there."""
        for one in self._of_person.get(person, ()):
            if one.begun and not one.first_there_ms:
                one.first_there_ms = max(at_ms, one.starts_at_ms)
                one.looked_ms = 0
                if one.first_there_ms > one.starts_at_ms:
                    self._say(
                        AgentArrived(
                            person=person,
                            team=self._team(person, one.shops[0]),
                            shops=one.shops,
                            starts_at_ms=one.starts_at_ms,
                            at_ms=one.first_there_ms,
                            decided_at_ms=now_ms,
                        )
                    )

    def _worked(self, one: Running) -> None:
        worker = self._workers.get(one.person)
        if not self._any_heard(one) or worker is None or not worker.known:
            return
        there_ms = early_ms = late_ms = 0
        if one.first_there_ms:
            late_ms = one.first_there_ms - one.starts_at_ms
            gone = worker.gone(one.first_there_ms, one.ends_at_ms)
            there_ms = one.ends_at_ms - one.first_there_ms - sum(end - start for start, end in gone)
            if gone and gone[-1][1] == one.ends_at_ms:
                early_ms = one.ends_at_ms - gone[-1][0]
        self._say(
            ShiftWorked(
                person=one.person,
                team=self._team(one.person, one.shops[0]),
                shops=one.shops,
                starts_at_ms=one.starts_at_ms,
                ends_at_ms=one.ends_at_ms,
                there_ms=there_ms,
                late_ms=late_ms,
                early_ms=early_ms,
            )
        )

    def _there(self, person: str, now_ms: int) -> bool:
        worker = self._workers.get(person)
        return worker is not None and worker.there(now_ms)

    def _any_heard(self, one: Running) -> bool:
        return any(self._heard(shop) for shop in one.shops)

    def coming(self) -> Iterable[Running]:
        """Return the shifts of now and of the next day."""
        return self._running.values()

    def running(self) -> list[Running]:
        """Return them, for saving."""
        return list(self._running.values())

    def restore(self, running: list[Running]) -> None:
        """Take back what was saved."""
        self._take({one.key: one for one in running})

    def _take(self, running: dict[tuple[str, int, int], Running]) -> None:
        self._running, self._of_person = running, {}
        for one in running.values():
            self._of_person.setdefault(one.person, []).append(one)
