"""Zones of the world as tables for the core, which reads no files."""

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from monitor.core.hours import Zone

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FROM, _UNTIL = datetime(1999, 12, 1, tzinfo=UTC), datetime(2060, 1, 1, tzinfo=UTC)
_LOOK_EVERY = timedelta(days=7)  # No zone has changed twice within so short a time since 2000.
_EXACT = timedelta(seconds=1)


@cache
def zone_of(name: str) -> Zone:
    """Return the offsets of an IANA zone from 2000 to 2059.

    Raises:
        zoneinfo.ZoneInfoNotFoundError: there is no such zone (a KeyError).
        ValueError: it cannot be the name of one.
    """
    zone = ZoneInfo(name)

    def offset(at: datetime) -> timedelta:
        return at.astimezone(zone).utcoffset() or timedelta()

    since, offsets = [_ms(_FROM)], [_length_ms(offset(_FROM))]
    at = _FROM
    while at < _UNTIL:
        after = at + _LOOK_EVERY
        if offset(after) != offset(at):
            before, changed = at, after
            while changed - before > _EXACT:
                middle = before + ((changed - before) // 2 // _EXACT or 1) * _EXACT
                before, changed = (middle, changed) if offset(middle) == offset(at) else (before, middle)
            since.append(_ms(changed))
            offsets.append(_length_ms(offset(after)))
        at = after
    return Zone(name, tuple(since), tuple(offsets))


def _ms(at: datetime) -> int:
    return _length_ms(at - _EPOCH)


def _length_ms(length: timedelta) -> int:
    return round(length / timedelta(milliseconds=1))
