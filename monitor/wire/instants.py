"""Instants on the wire and inside: RFC 3339 text or epoch milliseconds, and integers of milliseconds.

Most lines of a feed fall into the same seconds and say their fraction and offset
in the same few ways, so both halves of the text are remembered, each checked once:
``2026-11-23T10:00:00`` and ``.000+08:00``. Adding two numbers is then the parse.

Fractions finer than a millisecond are cut, never rounded: 10:00:00.9999 is not
10:00:01, for a reply must not cross a limit by our arithmetic.
"""

import re
from datetime import UTC, datetime, timedelta

from monitor.core.units import DAY_MS

FIRST_MS = 946_684_800_000  # The year 2000: no chat we could time is older, but many a broken clock starts at 1970.
END_MS = 253_370_764_800_000  # The year 9999: "never" in many a database. Leaves room to add a limit to any instant.

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LOCAL_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the offset is added as a number, once the fields are checked
_MS = timedelta(milliseconds=1)
_SECOND = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}:[0-9]{2})")
_TAIL = re.compile(r"(?:\.([0-9]+))?(?:[Zz]|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))")
_NO_OFFSET = re.compile(r"(?:\.[0-9]+)?")

# Bounds of what is remembered: 4.5 hours of seconds, and every millisecond of eight offsets. 4 MB at the most; when
# full it is forgotten whole, since the next lines fill it again.
_SECONDS_KEPT = 16_384
_TAILS_KEPT = 8_192

# Read where there is no time for a call. Whatever is in them can be added up without a check.
SECOND, TAIL = slice(19), slice(19, None)  # The halves of the text.
SECONDS: dict[str, int] = {}  # "2026-11-23T10:00:00" → milliseconds, read as UTC
TAILS: dict[str, int] = {}  # ".031+08:00" → milliseconds to add, the offset taken off


class NotAnInstant(ValueError):
    """What was given is no instant that can be used; the message says why and what would be right."""


def instant_ms(given: str | float) -> int:
    """Return the instant that a field of an event names.

    Args:
        given: RFC 3339 text with an offset, or epoch milliseconds.

    Raises:
        NotAnInstant: it is neither, lies before 2000 or after 9998, or looks like seconds.
    """
    if isinstance(given, str):
        second_ms = SECONDS.get(given[:19])
        if second_ms is None:
            return _parse(given)
        tail = given[19:]
        tail_ms = TAILS.get(tail)
        if tail_ms is None:
            # A finer fraction is cut: with the digits behind the third gone it may be one that is known. Of another
            # tail this makes nothing that could be known, since it would lose a part of its offset.
            tail_ms = TAILS.get(tail[:4] + tail[4:].lstrip("0123456789"))
            if tail_ms is None:
                tail_ms = _tail_ms(tail)
        return second_ms + tail_ms
    if not FIRST_MS <= given < END_MS:
        raise NotAnInstant(_why_not(given))
    return int(given)


def instant_text(ms: int) -> str:
    """Return an instant as it leaves the program: RFC 3339, UTC with Z, milliseconds."""
    return (_EPOCH + ms * _MS).isoformat(timespec="milliseconds")[:-6] + "Z"


def _why_not(number: float) -> str:
    if number >= END_MS:
        return "lies after the year 9998: send epoch milliseconds, not microseconds or nanoseconds"
    if number >= FIRST_MS // 1000:
        return "looks like seconds: send epoch milliseconds"
    return "lies before the year 2000"


def _parse(text: str) -> int:
    """Return the instant of a text whose second was not seen lately, and remember that second.

    Steps: read the second; read fraction and offset; see that the instant lies in range.
    """
    tail = text[19:]
    found = _SECOND.fullmatch(text, 0, 19)
    if found is None:
        if text.isascii() and text.strip().lstrip("-").isdigit():
            raise NotAnInstant("is a number in quotes: send epoch milliseconds as a number, without quotes")
        raise NotAnInstant("is no RFC 3339 time, which looks like 2026-11-23T10:00:00.000+08:00")
    clock = found[2]
    leap_ms = 0
    if clock.endswith(":60"):
        # A leap second is the first instant of the next minute, as POSIX counts.
        clock, leap_ms = clock[:-2] + "59", 1000
    try:
        if clock.startswith("24"):  # ISO 8601 has it, and Python from 3.14 on; RFC 3339 has not.
            raise ValueError
        second_ms = (datetime.fromisoformat(f"{found[1]}T{clock}") - _LOCAL_EPOCH) // _MS + leap_ms
    except ValueError:
        raise NotAnInstant("is a time that does not exist") from None
    ms = second_ms + _tail_ms(tail)
    if leap_ms and ms // 1000 % 86_400:
        raise NotAnInstant("is a time that does not exist: a leap second ends a day of UTC")
    if ms < FIRST_MS:
        raise NotAnInstant("lies before the year 2000")
    if ms >= END_MS:
        raise NotAnInstant("lies after the year 9998")
    # Seconds within a day of the bounds are checked each time, since their offset decides.
    if not leap_ms and FIRST_MS + DAY_MS <= second_ms < END_MS - DAY_MS:
        if len(SECONDS) >= _SECONDS_KEPT:
            SECONDS.clear()
        SECONDS[text[:19]] = second_ms
    return ms


def _tail_ms(tail: str) -> int:
    """Return the milliseconds of a fraction, less the offset behind it."""
    found = _TAIL.fullmatch(tail)
    if found is None:
        if _NO_OFFSET.fullmatch(tail):
            raise NotAnInstant("has no offset, so it could be any hour: write Z or +08:00 behind it")
        raise NotAnInstant("ends in no fraction and offset of RFC 3339: write .000+08:00 or Z behind the seconds")
    fraction, sign, hours, minutes = found.groups()
    ms = int(f"{fraction:0<3}"[:3]) if fraction else 0
    if sign:
        offset_ms = (int(hours) * 60 + int(minutes)) * 60_000
        ms += offset_ms if sign == "-" else -offset_ms
    if len(TAILS) >= _TAILS_KEPT:
        TAILS.clear()
    # Finer fractions are too many to be remembered; each is known by its first three digits.
    TAILS[tail[:4] + tail[1 + len(fraction) :] if fraction and len(fraction) > 3 else tail] = ms
    return ms
