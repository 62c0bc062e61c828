"""Instants and days as they are asked for, in a query or a body."""

import re
from datetime import date

from fastapi import HTTPException

from monitor.wire.instants import NotAnInstant, instant_ms

YEARS = range(2000, 9998)  # As far as the calendars of all zones go, with a day to spare.

_NO_SECONDS = re.compile(r"([0-9-]{10}[Tt ][0-9:]{5})([Zz+-].*)")


def asked_instant(name: str, value: str | float) -> int:
    """Return an instant in milliseconds: RFC 3339 with an offset, its seconds left out if one likes, or milliseconds.

    Raises:
        HTTPException: it is none that can be used; ``name`` says what is wrong.
    """
    given = value
    if isinstance(given, str):
        given = given[:11] + given[11:].replace(" ", "+")  # A plus sign in an address means a space.
        if given.isascii() and given.isdigit():
            given = float(given)  # Of thousands of digits Python makes no whole number.
        elif found := _NO_SECONDS.fullmatch(given):
            given = f"{found[1]}:00{found[2]}"
    try:
        return instant_ms(given)
    except NotAnInstant as error:
        said = f"{name}: {value!r} is no instant that can be used: it {error}"
        raise HTTPException(400, said) from None


def asked_day(name: str, text: str) -> int:
    """Return the number of a day (``date.toordinal``) that is written like 2026-11-23.

    Raises:
        HTTPException: it is none, or none of a calendar that chat could be in.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.year not in YEARS:
        raise HTTPException(400, f"{name}: {text!r} is no date; write 2026-11-23")
    return day.toordinal()
