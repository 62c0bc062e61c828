"""Whose seconds the seconds of a wait are.

A round says who held the chat when. Where the holder was offline meanwhile, nobody
held it, and the roster says who should have:

    the holder is there                    the holder
    gone before the end of their shift     the holder, as "early_leave"
    after that                             whose shift runs in that shop, as "absent"
    somebody who can take it is there      they

Who can take it: another person of that account, or who answered in the end. Without
presence of the holder all stays with the holder.
"""

from collections.abc import Callable, Iterator
from typing import Literal

from monitor.core.decisions import Holding, Round
from monitor.core.presence import Worker
from monitor.core.roster import Register, Shift

Slot = Literal["early_leave", "absent"]


class Charges:
    """Charges the seconds of waits.

    Args:
        workers: everybody heard of.
        others: who else serves a shop, as far as is known.
    """

    def __init__(self, workers: dict[str, Worker], others: Callable[[str], tuple[str, ...]]) -> None:
        self._workers = workers
        self._others = others
        self.register = Register()

    def charged(self, done: Round) -> tuple[Holding, ...]:
        """Return the holdings of a round with the time nobody was there charged to whom the roster names."""
        holders, shop, start_ms = done.holders, done.shop, done.opened_at_ms
        found: list[Holding] = []
        changed = False
        for holding in holders:
            end_ms = start_ms + holding.held_ms
            person = self.register.who(holding.agent, holding.account, shop, start_ms)
            worker = self._workers.get(person) if person is not None else None
            gone = worker.gone(start_ms, end_ms) if worker is not None else []
            if worker is None or not gone:
                found.append(holding)
            else:
                changed = True
                answered_by = self.register.who(done.agent, done.account, shop, done.opened_at_ms + done.counted_ms)
                found += self._split(holding, worker, gone, shop, start_ms, end_ms, answered_by)
            start_ms = end_ms
        return tuple(_joined(found)) if changed else holders

    def _split(
        self,
        holding: Holding,
        worker: Worker,
        gone: list[tuple[int, int]],
        shop: str,
        start_ms: int,
        end_ms: int,
        answered_by: str | None,
    ) -> Iterator[Holding]:
        takers = self._takers(holding, worker.person, shop, answered_by)
        at_ms = start_ms
        for from_ms, until_ms in gone:
            if from_ms > at_ms:
                yield Holding(worker.person, holding.account, from_ms - at_ms)
            at_ms = from_ms
            while at_ms < until_ms:
                taker, starts_ms, ends_ms = _first_there(takers, at_ms, until_ms)
                yield from self._slots(worker.person, holding.account, shop, at_ms, starts_ms)
                if taker is not None:
                    yield Holding(taker.person, holding.account, ends_ms - starts_ms)
                at_ms = ends_ms
        if at_ms < end_ms:
            yield Holding(worker.person, holding.account, end_ms - at_ms)

    def _takers(self, holding: Holding, person: str, shop: str, answered_by: str | None) -> list[Worker]:
        account = self.register.account(holding.account, shop) if holding.account else None
        names: dict[str, None] = {}
        if account is not None and len(account.persons) > 1:
            names |= dict.fromkeys(account.persons)
        elif holding.agent is None:
            names |= dict.fromkeys(self._others(shop))
        if answered_by is not None:
            names[answered_by] = None
        names.pop(person, None)
        return [self._workers[name] for name in names if name in self._workers]

    def _slots(self, person: str, account: str | None, shop: str, from_ms: int, until_ms: int) -> Iterator[Holding]:
        """Charge a stretch in which nobody was there, shift by shift."""
        at_ms = from_ms
        shifts = self.register.shifts(from_ms, until_ms, shop) if from_ms < until_ms else []
        while at_ms < until_ms:
            shift = _shift_at(shifts, person, at_ms)
            if shift is None:
                later = [one.starts_at_ms for one in shifts if one.starts_at_ms > at_ms]
                end_ms = min([until_ms, *later])
                yield Holding(None, account, end_ms - at_ms, "absent")
            else:
                end_ms = min(until_ms, shift.ends_at_ms)
                own = shift.slot.person == person
                if not own:
                    mine = [one.starts_at_ms for one in shifts if one.slot.person == person]
                    end_ms = min([end_ms, *(start for start in mine if start > at_ms)])
                yield Holding(shift.slot.person, account, end_ms - at_ms, "early_leave" if own else "absent")
            at_ms = end_ms


def _shift_at(shifts: list[Shift], person: str, at_ms: int) -> Shift | None:
    """Return the holder's own shift if it runs, else the one that began last."""
    running = [shift for shift in shifts if shift.starts_at_ms <= at_ms < shift.ends_at_ms]
    return next((shift for shift in running if shift.slot.person == person), running[-1] if running else None)


def _first_there(takers: list[Worker], from_ms: int, until_ms: int) -> tuple[Worker | None, int, int]:
    """Return who is there first, and the stretch in which they are."""
    found: tuple[Worker | None, int, int] = (None, until_ms, until_ms)
    for worker in takers:
        for start_ms, end_ms in worker.seen(from_ms, until_ms):
            if start_ms < found[1]:
                found = (worker, start_ms, end_ms)
    return found


def _joined(holdings: list[Holding]) -> Iterator[Holding]:
    """Yield them with neighbours of one name as one."""
    last: Holding | None = None
    for holding in holdings:
        if holding.held_ms <= 0:
            continue
        if last is not None and (last.agent, last.account, last.slot) == (holding.agent, holding.account, holding.slot):
            last = Holding(last.agent, last.account, last.held_ms + holding.held_ms, last.slot)
            continue
        if last is not None:
            yield last
        last = holding
    if last is not None:
        yield last
