"""When time counts: opening hours, shifts, campaigns, in the shop's own zone.

`Hours` is plain data: what the rules compile to, what is stored with a policy. It
names the offsets of its zone in a table (`Zone`), since the core reads no files; so
hours that were stored mean the same after a change of the world's zone tables.

An instant counts if the clock on the shop's wall then shows a time within a window
of its day. So on the night the clock is put back, the hour that comes twice counts
twice, and the one that is left out not at all. A window over midnight belongs to
the day it begins on, and may end up to 48:00: 22:00–30:00 is 22:00 to 06:00.
"""

from bisect import bisect_left, bisect_right
from itertools import accumulate
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from monitor.core.units import DAY_MS

ALWAYS_MS = 1 << 60  # Later than any instant, and -ALWAYS_MS earlier.

Windows = tuple[tuple[int, int], ...]
"""(from, until) in milliseconds since midnight of the wall clock; until is not in it, and may lie on the next day."""


class Zone(Struct, frozen=True, gc=False):
    """A zone as a table: from each instant on, so much is added to UTC for the time on the wall.

    Attributes:
        name: as IANA calls it.
        since_ms: the instants of change, rising; what is before the first has the first offset.
        offset_ms: the offset from each of them on; at least one.
    """

    name: str
    since_ms: tuple[int, ...]
    offset_ms: tuple[int, ...]


UTC = Zone("UTC", (0,), (0,))


class Hours(Struct, frozen=True, gc=False):
    """When time counts.

    Attributes:
        zone: whose wall clock the windows are on.
        week: the windows of each day, Monday first; seven.
        dates: days that have windows of their own (holidays have none), as (day, windows), rising; a day is counted
            from 1970-01-01: ``date.toordinal() - 719163``.
        less: hours that do not count though they lie within: those in which the merchant answers.
    """

    zone: Zone
    week: tuple[Windows, ...]
    dates: tuple[tuple[int, Windows], ...] = ()
    less: tuple["Hours", ...] = ()


NEVER = Hours(UTC, ((),) * 7)
"""No instant counts."""

EVER = Hours(UTC, (((0, DAY_MS),),) * 7)
"""Every instant counts."""


def without(hours: Hours | None, less: Hours) -> Hours:
    """Return hours (None: all) in which those of others do not count."""
    if less == EVER:
        return NEVER
    hours = EVER if hours is None else hours
    return replace(hours, less=(*hours.less, less))


def both(hours: Hours | None, others: Hours) -> Hours:
    """Return the hours (None: all) that are also among others."""
    return others if hours is None else without(hours, without(hours, others))


BLOCK_MS = 28 * DAY_MS
BLOCKS_AT_MOST = 64  # Kept of one calendar: five years. A ts may be any year, and must not fill the memory.
BLOCKS_AHEAD = 15  # What has not come in 14 months does not come.


class _Block(NamedTuple):
    """The spans that count within four weeks of UTC, and what counts before each of them in the block."""

    starts: list[int]
    ends: list[int]
    sums: list[int]
    total: int

    def before(self, at_ms: int) -> int:
        """Return how much of the block counts before an instant."""
        i = bisect_right(self.starts, at_ms) - 1
        return self.sums[i] + min(at_ms, self.ends[i]) - self.starts[i] if i >= 0 else 0


class Calendar:
    """Hours made ready to count with.

    Four weeks at a time are laid out when they are first asked for.
    """

    __slots__ = ("_blocks", "_dates", "_less", "hours")

    def __init__(self, hours: Hours) -> None:
        self.hours = hours
        self._dates = dict(hours.dates)
        self._less = tuple(Calendar(less) for less in hours.less)
        self._blocks: dict[int, _Block] = {}

    def counted(self, start_ms: int, end_ms: int) -> int:
        """Return how much of the time from ``start_ms`` to before ``end_ms`` counts."""
        if end_ms <= start_ms:
            return 0
        first, last = start_ms // BLOCK_MS, end_ms // BLOCK_MS
        block = self._blocks.get(first) or self._block(first)
        if first == last:
            return block.before(end_ms) - block.before(start_ms)
        counted = block.total - block.before(start_ms)
        for number in range(first + 1, last):
            counted += self._block(number).total
        return counted + self._block(last).before(end_ms)

    def due(self, start_ms: int, length_ms: int) -> int:
        """Return the first instant by which ``length_ms`` (at least 1) has counted; ALWAYS_MS: not in a year."""
        number = start_ms // BLOCK_MS
        block = self._block(number)
        left = length_ms + block.before(start_ms)
        for ahead in range(BLOCKS_AHEAD):
            if left <= block.total:
                i = bisect_left(block.sums, left) - 1
                return block.starts[i] + left - block.sums[i]
            left -= block.total
            block = self._block(number + ahead + 1)
        return ALWAYS_MS

    def is_open(self, at_ms: int) -> bool:
        """Whether an instant counts."""
        block = self._block(at_ms // BLOCK_MS)
        i = bisect_right(block.starts, at_ms) - 1
        return i >= 0 and at_ms < block.ends[i]

    def next_open(self, at_ms: int) -> int:
        """Return the first instant from ``at_ms`` on that counts; ALWAYS_MS: none in a year."""
        if self.is_open(at_ms):
            return at_ms
        due_ms = self.due(at_ms, 1)
        return due_ms - 1 if due_ms < ALWAYS_MS else ALWAYS_MS

    def closing(self, at_ms: int) -> int:
        """Return when that closes which is open at ``at_ms``; ALWAYS_MS: not in a year."""
        number = at_ms // BLOCK_MS
        block = self._block(number)
        end_ms = block.ends[bisect_right(block.starts, at_ms) - 1]
        while end_ms % BLOCK_MS == 0:  # It may go on in the next block.
            number += 1
            block = self._block(number)
            if not block.starts or block.starts[0] != end_ms:
                return end_ms
            end_ms = block.ends[0]
            if end_ms > at_ms + BLOCKS_AHEAD * BLOCK_MS:
                return ALWAYS_MS
        return end_ms

    def span(self, at_ms: int) -> tuple[bool, int, int]:
        """Return whether an instant counts, and an instant from which, and one before which, that is so.

        It may be so for longer: no more than four weeks are looked at.
        """
        number = at_ms // BLOCK_MS
        block = self._block(number)
        i = bisect_right(block.starts, at_ms) - 1
        if i >= 0 and at_ms < block.ends[i]:
            return True, block.starts[i], block.ends[i]
        since_ms = block.ends[i] if i >= 0 else number * BLOCK_MS
        before_ms = block.starts[i + 1] if i + 1 < len(block.starts) else (number + 1) * BLOCK_MS
        return False, since_ms, before_ms

    def _block(self, number: int) -> _Block:
        block = self._blocks.get(number)
        if block is None:
            if len(self._blocks) >= BLOCKS_AT_MOST:
                self._blocks.clear()
            block = self._blocks[number] = _laid_out(self._spans(number * BLOCK_MS, (number + 1) * BLOCK_MS))
        return block

    def _spans(self, from_ms: int, until_ms: int) -> list[tuple[int, int]]:
        """Return what counts between two instants, in order, without gaps of nothing."""
        spans: list[tuple[int, int]] = []
        zone = self.hours.zone
        at = max(0, bisect_right(zone.since_ms, from_ms) - 1)
        since_ms = from_ms
        while since_ms < until_ms:
            before_ms = min(until_ms, zone.since_ms[at + 1]) if at + 1 < len(zone.since_ms) else until_ms
            offset_ms = zone.offset_ms[at]
            # The day before the first, too: its last window may be over midnight.
            for day in range((since_ms + offset_ms) // DAY_MS - 1, (before_ms + offset_ms - 1) // DAY_MS + 1):
                midnight_ms = day * DAY_MS - offset_ms
                windows = self._dates.get(day)
                for start, end in self.hours.week[(day + 3) % 7] if windows is None else windows:
                    span = max(since_ms, midnight_ms + start), min(before_ms, midnight_ms + end)
                    if span[0] < span[1]:
                        spans.append(span)
            since_ms = before_ms
            at += 1
        merged: list[tuple[int, int]] = []
        for start, end in sorted(spans):
            if merged and start <= merged[-1][1]:
                merged[-1] = merged[-1][0], max(end, merged[-1][1])
            else:
                merged.append((start, end))
        for less in self._less:
            merged = _without(merged, less._spans(from_ms, until_ms))
        return merged


def _laid_out(spans: list[tuple[int, int]]) -> _Block:
    sums = list(accumulate((end - start for start, end in spans), initial=0))
    return _Block([start for start, _ in spans], [end for _, end in spans], sums[:-1], sums[-1])


def _without(spans: list[tuple[int, int]], less: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return what is left of spans without others; both in order."""
    left: list[tuple[int, int]] = []
    for start, end in spans:
        for less_start, less_end in less:
            if less_end <= start or less_start >= end:
                continue
            if less_start > start:
                left.append((start, less_start))
            start = less_end
        if start < end:
            left.append((start, end))
    return left


class CountedClock:
    """The counted clock of waits that opened under one policy: its hours, and the run-on past closing.

    What opened in hours runs on past their closing; it needs the instant of its opening each time.
    """

    __slots__ = ("_from_ms", "_opens_ms", "_shut_ms", "_then_until_ms", "_until_ms", "calendar", "run_on_ms")

    def __init__(self, hours: Hours, run_on_ms: int) -> None:
        self.calendar = Calendar(hours)
        self.run_on_ms = run_on_ms
        # A span in hours, and one out of them with the end of the hours after it: nearly all that is asked lies there.
        self._from_ms = self._until_ms = 0
        self._shut_ms = self._opens_ms = self._then_until_ms = 0

    def counted(self, opened_at_ms: int, start_ms: int, end_ms: int) -> int:
        """Return how much of the time between two instants counts for what opened at ``opened_at_ms``."""
        if self._from_ms <= start_ms <= end_ms <= self._until_ms:
            return end_ms - start_ms
        if self._shut_ms <= opened_at_ms <= start_ms <= end_ms <= self._opens_ms:
            return 0
        calendar = self.calendar
        self._remember(start_ms)
        counted = calendar.counted(start_ms, end_ms)
        if counted < end_ms - start_ms and self.run_on_ms and calendar.is_open(opened_at_ms):
            closing_ms = calendar.closing(opened_at_ms)
            start_ms, end_ms = max(start_ms, closing_ms), min(end_ms, closing_ms + self.run_on_ms)
            if start_ms < end_ms:
                counted += end_ms - start_ms - calendar.counted(start_ms, end_ms)
        return counted

    def due(self, opened_at_ms: int, start_ms: int, length_ms: int) -> int:
        """Return the first instant by which ``length_ms`` (at least 1) has counted; ALWAYS_MS: not in a year."""
        if self._from_ms <= start_ms and start_ms + length_ms <= self._until_ms:
            return start_ms + length_ms
        if (
            self._shut_ms <= opened_at_ms <= start_ms < self._opens_ms
            and self._opens_ms + length_ms <= self._then_until_ms
        ):
            return self._opens_ms + length_ms
        calendar = self.calendar
        self._remember(start_ms)
        due_ms = calendar.due(start_ms, length_ms)
        if due_ms - start_ms == length_ms or not self.run_on_ms or not calendar.is_open(opened_at_ms):
            return due_ms
        closing_ms = calendar.closing(opened_at_ms)
        runs_until_ms = closing_ms + self.run_on_ms
        if due_ms <= closing_ms or start_ms >= runs_until_ms:
            return due_ms
        from_ms = max(start_ms, closing_ms)
        left_ms = length_ms - calendar.counted(start_ms, from_ms)
        if left_ms <= runs_until_ms - from_ms:
            return from_ms + left_ms
        return calendar.due(runs_until_ms, left_ms - (runs_until_ms - from_ms))

    def next_opening(self, at_ms: int, before_ms: int) -> int:
        """Return when hours begin next after an instant, if that is before another one; else ALWAYS_MS."""
        if self._from_ms <= at_ms and before_ms <= self._until_ms:
            return ALWAYS_MS
        calendar = self.calendar
        shut_ms = calendar.closing(at_ms) if calendar.is_open(at_ms) else at_ms
        opens_ms = calendar.next_open(shut_ms) if shut_ms < before_ms else ALWAYS_MS
        return opens_ms if opens_ms < before_ms else ALWAYS_MS

    def opened(self, since_ms: int, at_ms: int) -> int:
        """Return when the hours that an instant lies in began, after ``since_ms``; 0: not after it, or it is closed."""
        if self._from_ms <= since_ms <= at_ms < self._until_ms:
            return 0
        is_open, from_ms, _ = self.calendar.span(at_ms)
        return from_ms if is_open and since_ms < from_ms and not self.calendar.is_open(from_ms - 1) else 0

    def _remember(self, at_ms: int) -> None:
        is_open, from_ms, until_ms = self.calendar.span(at_ms)
        if is_open:
            self._from_ms, self._until_ms = from_ms, until_ms
        else:
            then_open, _, then_until_ms = self.calendar.span(until_ms)
            self._shut_ms, self._opens_ms = from_ms, until_ms
            self._then_until_ms = then_until_ms if then_open else until_ms

    def span(self, opened_at_ms: int, at_ms: int) -> tuple[bool, int, int]:
        """Return whether the clock runs at an instant, and from when to before when that is so, as far as is known."""
        calendar = self.calendar
        runs, since_ms, before_ms = calendar.span(at_ms)
        if not self.run_on_ms or not calendar.is_open(opened_at_ms):
            return runs, since_ms, before_ms
        closing_ms = calendar.closing(opened_at_ms)
        runs_until_ms = closing_ms + self.run_on_ms
        if runs:
            return True, since_ms, max(before_ms, runs_until_ms) if before_ms == closing_ms else before_ms
        if closing_ms <= at_ms < runs_until_ms:
            return True, max(since_ms, closing_ms), min(runs_until_ms, before_ms)
        if since_ms < runs_until_ms <= at_ms:
            since_ms = runs_until_ms
        return False, since_ms, before_ms
