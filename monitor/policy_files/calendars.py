"""Hours as they are written made into the core's: names looked up, zones turned into tables."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from monitor.core.hours import Hours, Zone
from monitor.policy_files.language import HoursText
from monitor.policy_files.values import Window, windows

_EPOCH_DAY = datetime(1970, 1, 1, tzinfo=UTC).toordinal()
# Events before 2000 are refused; who still runs this in 2060 has other rules by then.
_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2060, 1, 1, tzinfo=UTC)
_STRIDE = timedelta(days=7)  # No zone changes its clock twice within a week, Ramadan's pauses included.


@lru_cache
def zone_table(name: str) -> Zone:
    """Return a zone as the core knows it: the instants at which its clocks change, and the offset from each on."""
    zone = ZoneInfo(name)
    at, offset = _FIRST, _offset_ms(zone, _FIRST)
    since, offsets = [_ms(_FIRST)], [offset]
    while at < _LAST:
        after = at + _STRIDE
        then = _offset_ms(zone, after)
        if then != offset:
            early, late = at, after
            while late - early > timedelta(milliseconds=1):
                middle = early + (late - early) // 2
                early, late = (middle, late) if _offset_ms(zone, middle) == offset else (early, middle)
            since.append(round(_ms(late) / 1000) * 1000)
            offsets.append(then)
            offset = then
        at = after
    return Zone(name, tuple(since), tuple(offsets))


def _offset_ms(zone: ZoneInfo, at: datetime) -> int:
    offset = at.astimezone(zone).utcoffset()
    assert offset is not None
    return round(offset.total_seconds() * 1000)


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def compiled(text: HoursText, zone: str) -> Hours:
    """Return hours as the core counts them; ``zone`` is that of a text that names none."""
    week = tuple(_plain(text.weekly.get(day, text.daily)) for day in range(7))
    dates: dict[int, tuple[tuple[int, int], ...]] = {}
    for span, parts in text.dates.items():
        for day in range(span.first.toordinal(), span.last.toordinal() + 1):
            dates[day - _EPOCH_DAY] = _plain(parts)
    return Hours(zone_table(text.zone or zone), week, tuple(sorted(dates.items())))


def _plain(parts: tuple[Window, ...]) -> tuple[tuple[int, int], ...]:
    return tuple((part.from_ms, part.until_ms) for part in parts)


def named(names: Sequence[str], hours: Mapping[str, Hours], zone: str) -> Hours | None:
    """Return the hours that a rule names: those called so, else the parts of a day it writes out; None for ``all``.

    Raises:
        ValueError: it is neither.
    """
    if len(names) == 1 and names[0] in hours:
        return hours[names[0]]
    if list(names) == ["all"]:
        return None
    parts = _plain(windows(list(names)))
    return Hours(zone_table(zone), (parts,) * 7)
