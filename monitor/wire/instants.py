"""Instants on the wire and inside: RFC 3339 text or epoch milliseconds, and integers of milliseconds.

Most lines of a feed fall into the same few minutes, so the parse of everything up
to the minute, and of the seconds, is remembered. Fractions finer than a
millisecond are cut, never rounded: 10:00:00.9999 is not 10:00:01.
"""

import re
from datetime import UTC, datetime, timedelta

YEAR_2000_MS = 946_684_800_000
YEAR_10000_MS = 253_402_300_800_000
SECONDS_BELOW = (
    100_000_000_000  # A number under it is no instant in milliseconds after 1973, but may be one in seconds.
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - offsets are added as numbers, since year 1 has no room for them
_MS = timedelta(milliseconds=1)
_RFC3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d):(\d\d)(?:\.(\d{1,20}))?(?:([Zz])|([+-])(\d\d):(\d\d))?", re.ASCII
)
_MINUTES_KEPT = 4096
_minutes: dict[str, int] = {}  # "2026-11-23T10:00:" + zone
_seconds: dict[str, int] = {}  # "00.000": at most 61,000 of them


class NotAnInstant(ValueError):
    """What was given is no instant that can be used; the message says why and what would be right."""


def instant_ms(given: object) -> int:
    """Return the instant that a field of an event names.

    Args:
        given: RFC 3339 text with an offset, or epoch milliseconds.

    Raises:
        NotAnInstant: it is neither, or lies before 2000 or after 9999.
    """
    if isinstance(given, str):
        zone = "Z" if given[-1:] == "Z" else given[-6:]
        minute = _minutes.get(given[:17] + zone)
        if minute is not None:
            second = _seconds.get(given[17 : -len(zone)])
            if second is not None:
                return minute + second
        return _in_range(_parse(given))
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise NotAnInstant("is no time: write RFC 3339 with an offset, or epoch milliseconds")
    if not -1e18 < given < 1e18:
        raise NotAnInstant("is no time: the number is out of range")
    ms = int(given)
    if YEAR_2000_MS // 1000 <= ms < SECONDS_BELOW:
        raise NotAnInstant("looks like seconds: epoch times are milliseconds here")
    return _in_range(ms)


def _in_range(ms: int) -> int:
    if ms < YEAR_2000_MS:
        raise NotAnInstant("lies before the year 2000")
    if ms >= YEAR_10000_MS:
        raise NotAnInstant("lies after the year 9999: epoch times are milliseconds here")
    return ms


def _parse(text: str) -> int:
    found = _RFC3339.fullmatch(text)
    if found is None:
        raise NotAnInstant("is no RFC 3339 time, such as 2026-11-23T10:00:00.000+08:00")
    date, clock, second, fraction, zulu, sign, hours, minutes = found.groups()
    if not zulu and not sign:
        raise NotAnInstant("has no offset: write +08:00 or Z behind it")
    try:
        at = datetime.fromisoformat(f"{date}T{clock}:00")
    except ValueError:
        raise NotAnInstant("is no time that exists") from None
    if int(second) > 59 or (sign and (int(hours) > 23 or int(minutes) > 59)):
        raise NotAnInstant("is no time that exists")
    offset = 0 if zulu else (int(hours) * 60 + int(minutes)) * (-60_000 if sign == "-" else 60_000)
    minute_ms = (at - _NAIVE_EPOCH) // _MS - offset
    second_ms = int(second) * 1000 + int(((fraction or "") + "000")[:3])
    zone = "Z" if text[-1] == "Z" else text[-6:]
    if minute_ms >= YEAR_2000_MS and minute_ms + 60_000 <= YEAR_10000_MS:
        if len(_minutes) >= _MINUTES_KEPT:
            _minutes.clear()
        _minutes[text[:17] + zone] = minute_ms
        if len(fraction or "") in (0, 3):
            _seconds[text[17 : -len(zone)]] = second_ms
    return minute_ms + second_ms


def instant_text(ms: int) -> str:
    """Return an instant as it leaves the program: RFC 3339, UTC with Z, milliseconds."""
    return (_EPOCH + ms * _MS).isoformat(timespec="milliseconds")[:-6] + "Z"
