"""Days as people in a zone count them, which may begin at another hour than midnight, and have 23 or 25 hours."""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from monitor.core.units import DAY_MS

# A wrong ts may be any year; what the calendar cannot name counts on its last day.
EARLIEST_MS = -2_208_988_800_000  # 1900
LATEST_MS = 253_339_000_000_000  # 9997
DAYS_KEPT = 4096  # Of one calendar: ten years.


class Day(NamedTuple):
    """One day: its number (``date.toordinal``) and the instants from and before which it is."""

    number: int
    start_ms: int
    end_ms: int


class Days:
    """The days of one zone, each beginning at the same time on the wall.

    A day that begins at 18:00 is named by the date on which it ends.
    """

    __slots__ = ("_known", "_last", "_starts_ms", "_zone")

    def __init__(self, zone: str, starts_ms: int = 0) -> None:
        self._zone = ZoneInfo(zone)
        self._starts_ms = starts_ms
        self._known: dict[int, Day] = {}
        self._last = Day(0, 0, 0)  # Asked for again and again: a chat seldom goes over midnight.

    def of(self, at_ms: int) -> Day:
        """Return the day of an instant."""
        last = self._last
        if last.start_ms <= at_ms < last.end_ms:
            return last
        self._last = last = self._find(at_ms)
        return last

    def _find(self, at_ms: int) -> Day:
        at_ms = min(max(at_ms, EARLIEST_MS), LATEST_MS)
        local = datetime.fromtimestamp(at_ms // 1000, self._zone)
        number = local.toordinal()
        if self._starts_ms and self._in_day(local) >= self._starts_ms:
            number += 1
        day = self.numbered(number)
        # Only where the clock changes just as the day begins is it the one beside.
        if at_ms < day.start_ms:
            return self.numbered(number - 1)
        return day if at_ms < day.end_ms else self.numbered(number + 1)

    @staticmethod
    def _in_day(local: datetime) -> int:
        return ((local.hour * 60 + local.minute) * 60 + local.second) * 1000

    def numbered(self, number: int) -> Day:
        """Return a day by its number."""
        day = self._known.get(number)
        if day is None:
            if len(self._known) >= DAYS_KEPT:
                self._known.clear()
            first = number - 1 if self._starts_ms else number
            day = Day(number, self.at(first, self._starts_ms), self.at(first + 1, self._starts_ms))
            self._known[number] = day
        return day

    def at(self, number: int, in_day_ms: int) -> int:
        """Return the instant at which the wall shows a time on a date; 24:00 is the next day's midnight."""
        ahead, in_day_ms = divmod(in_day_ms, DAY_MS)
        local = datetime.fromordinal(number + ahead) + timedelta(milliseconds=in_day_ms)
        return round(local.replace(tzinfo=self._zone).timestamp() * 1000)


@lru_cache(maxsize=256)
def days(zone: str, starts_ms: int = 0) -> Days:
    """Return the days of a zone; the same object each time, as it remembers what it worked out."""
    return Days(zone, starts_ms)


class Hours:
    """The hours of a profile: on each date of the zone's calendar the same windows."""

    __slots__ = ("_days", "_known", "_last", "_windows")

    def __init__(self, windows: tuple[tuple[int, int], ...], zone: str) -> None:
        self._days = days(zone)
        self._windows = windows
        self._known: dict[int, list[tuple[int, int]]] = {}
        self._last = (0, 0)  # The window that was last asked about.

    def holds(self, at_ms: int) -> bool:
        """Whether an instant lies in the hours; their end does not."""
        start_ms, end_ms = self._last
        return start_ms <= at_ms < end_ms or self._look(at_ms)

    def _look(self, at_ms: int) -> bool:
        number = self._days.of(at_ms).number
        spans = self._known.get(number)
        if spans is None:
            if len(self._known) >= DAYS_KEPT:
                self._known.clear()
            # The day before, too: its last window may run over midnight.
            spans = self._known[number] = [
                (self._days.at(day, start), self._days.at(day, end))
                for day in (number - 1, number)
                for start, end in self._windows
            ]
        for span in spans:
            if span[0] <= at_ms < span[1]:
                self._last = span
                return True
        return False


@lru_cache(maxsize=256)
def hours(windows: tuple[tuple[int, int], ...], zone: str) -> Hours:
    """Return hours; the same object each time."""
    return Hours(windows, zone)
