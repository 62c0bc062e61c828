"""Instants and days as they are asked for, the same at every route."""

import pytest
from fastapi import HTTPException

from monitor.web.spans import asked_day, asked_instant
from tests.web.stand import standing

EIGHT_MS = 1_795_392_000_000


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-23T08:00:00+08:00",
        "2026-11-23T08:00:00.000+08:00",
        "2026-11-23T08:00:00 08:00",  # As a plus sign in an address arrives.
        "2026-11-23 08:00:00 08:00",
        "2026-11-23T08:00+08:00",
        "2026-11-23T00:00Z",
        str(EIGHT_MS),
        EIGHT_MS,
        float(EIGHT_MS),
    ],
)
def test_ways_to_write_an_instant(value: str | float) -> None:
    assert asked_instant("from", value) == EIGHT_MS


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("yesterday", "RFC 3339"),
        ("2026-11-23T08:00:00", "no offset"),
        ("2026-11-23T08:00", "is no instant"),
        ("2026-11-23", "is no instant"),
        ("0001-01-01T00:00:00+08:00", "before the year 2000"),
        ("9999-12-31T23:59:59Z", "after the year 9998"),
        ("1764000000", "looks like seconds"),
        ("9" * 40, "after the year 9998"),
        ("9" * 5000, "after the year 9998"),
        ("²", "is no instant"),
        ("", "is no instant"),
        (-5, "before the year 2000"),
    ],
)
def test_what_is_none_is_said_with_its_name(value: str | float, says: str) -> None:
    with pytest.raises(HTTPException) as refused:
        asked_instant("from", value)
    assert refused.value.status_code == 400
    assert refused.value.detail.startswith("from: ")
    assert says in refused.value.detail


@pytest.mark.parametrize("text", ["", "x", "2026-13-01", "1999-12-31", "0001-01-01", "9998-01-01", "9999-12-31"])
def test_what_is_no_day(text: str) -> None:
    with pytest.raises(HTTPException) as refused:
        asked_day("to", text)
    assert refused.value.detail == f"to: {text!r} is no date; write 2026-11-23"


def test_the_first_and_the_last_day() -> None:
    assert asked_day("to", "9997-12-31") > asked_day("to", "2000-01-01") == 730_120


@pytest.mark.parametrize("route", ["/v1/gaps", "/v1/shifts"])
async def test_routes_take_what_a_program_or_a_careless_address_writes(route: str) -> None:
    async with standing() as stand, stand.client() as client:
        for value in (str(EIGHT_MS), "2026-11-23T08:00:00+08:00", "2026-11-23T08:00:00%2B08:00"):
            assert (await client.get(f"{route}?from={value}")).status_code == 200, value


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
async def test_a_day_no_calendar_has_is_told_so(day: str) -> None:
    async with standing() as stand, stand.client() as client:
        answer = await client.get(f"/v1/kpis/spread?from={day}&to={day}")
        assert (answer.status_code, answer.json()) == (400, {"error": f"from: {day!r} is no date; write 2026-11-23"})
