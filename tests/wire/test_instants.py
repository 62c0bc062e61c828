from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.wire import instants
from monitor.wire.instants import NotAnInstant, instant_ms, instant_text
from tests.wire.made import TEN


@pytest.mark.parametrize(
    ("given", "ms"),
    [
        ("2026-11-23T10:00:00.000+08:00", TEN),
        ("2026-11-23T10:00:00+08:00", TEN),
        ("2026-11-23T02:00:00Z", TEN),
        ("2026-11-23t02:00:00z", TEN),
        ("2026-11-23 02:00:00Z", TEN),
        ("2026-11-23T02:00:00-00:00", TEN),
        ("2026-11-22T20:30:00-05:30", TEN),
        ("2026-11-24T01:59:00+23:59", TEN),
        ("2026-11-23T10:00:00.5+08:00", TEN + 500),
        ("2026-11-23T10:00:00.031+08:00", TEN + 31),
        (TEN, TEN),
        (TEN + 0.999, TEN),
        (float(TEN), TEN),
        ("2000-01-01T00:00:00Z", 946_684_800_000),
        ("1999-12-31T23:00:00-01:00", 946_684_800_000),
        ("9998-12-31T23:59:59.999Z", 253_370_764_799_999),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000),
        ("2017-01-01T07:59:60.25+08:00", 1_483_228_800_250),
    ],
)
def test_rfc_3339_and_epoch_milliseconds_are_read(given: str | float, ms: int) -> None:
    assert instant_ms(given) == ms
    assert instant_ms(given) == ms, "and from memory"


@pytest.mark.parametrize("digits", ["9999", "9999999", "999999999999", "9" * 300])
def test_a_finer_fraction_is_cut_never_rounded(digits: str) -> None:
    for _ in range(2):
        assert instant_ms(f"2026-11-23T10:00:00.{digits}+08:00") == TEN + 999
        assert instant_ms(f"2026-11-23T02:00:00.{digits}Z") == TEN + 999


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("2026-11-23T10:00:00", "no offset"),
        ("2026-11-23T10:00:00.000", "no offset"),
        ("1970-01-01T00:00:00Z", "before the year 2000"),
        ("0001-01-01T00:00:00Z", "before the year 2000"),
        ("1999-12-31T23:59:59.999Z", "before the year 2000"),
        ("2000-01-01T00:00:00+00:01", "before the year 2000"),
        ("9999-12-31T23:59:59Z", "after the year 9998"),
        ("9998-12-31T23:59:59-00:01", "after the year 9998"),
        ("0000-01-01T00:00:00Z", "does not exist"),
        ("2026-02-30T10:00:00Z", "does not exist"),
        ("2026-11-23T24:00:00Z", "does not exist"),
        ("2026-11-23T10:60:00Z", "does not exist"),
        ("2026-11-23T10:00:61Z", "does not exist"),
        ("2026-11-23T10:00:60Z", "leap second"),
        ("2026-11-23T10:00:00+24:00", "fraction and offset"),
        ("2026-11-23T10:00:00+08", "fraction and offset"),
        ("2026-11-23T10:00:00+0800", "fraction and offset"),
        ("2026-11-23T10:00:00.+08:00", "fraction and offset"),
        ("2026-11-23T10:00:00,5Z", "fraction and offset"),
        ("2026-11-23T10:00:00Z ", "fraction and offset"),
        ("2026-11-23T10:00:00.5+0Z", "fraction and offset"),
        ("2026-11-23T10:00Z", "no RFC 3339"),
        ("２026-11-23T10:00:00Z", "no RFC 3339"),
        ("2026-11-23", "no RFC 3339"),
        ("NaN", "no RFC 3339"),
        ("", "no RFC 3339"),
        ("1795399200000", "without quotes"),
        ("-5", "without quotes"),
        (TEN // 1000, "looks like seconds"),
        (TEN / 1000, "looks like seconds"),
        (TEN * 1000, "not microseconds"),
        (10**400, "not microseconds"),
        (1e300, "not microseconds"),
        (0, "before the year 2000"),
        (-1.5, "before the year 2000"),
        (-(10**400), "before the year 2000"),
    ],
)
def test_what_is_no_instant_is_refused_with_the_reason(given: str | float, why: str) -> None:
    instant_ms("2026-11-23T10:00:00.000+08:00")  # So that both halves are known, and only these.
    for _ in range(2):
        with pytest.raises(NotAnInstant, match=why):
            instant_ms(given)


@given(
    st.datetimes(datetime(2000, 1, 3), datetime(9998, 12, 29)),  # noqa: DTZ001 - the zone is added
    st.integers(-1439, 1439),
    st.integers(0, 12),
)
def test_any_instant_is_read_as_datetime_reads_it(at: datetime, offset_minutes: int, digits: int) -> None:
    aware = at.replace(tzinfo=timezone(timedelta(minutes=offset_minutes)))
    fraction = f"{at.microsecond:06}000000"[:digits]
    text = aware.strftime("%Y").rjust(4, "0") + aware.strftime("-%m-%dT%H:%M:%S")
    text += f".{fraction}" if fraction else ""
    sign = "-" if offset_minutes < 0 else "+"
    text += f"{sign}{abs(offset_minutes) // 60:02}:{abs(offset_minutes) % 60:02}"
    kept_ms = int(f"{fraction}000"[:3])
    expected = (aware.replace(microsecond=0) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1) + kept_ms
    assert instant_ms(text) == expected
    assert instant_ms(instant_text(expected)) == expected


def test_what_is_remembered_is_bounded() -> None:
    for n in range(instants._SECONDS_KEPT + 10):
        instant_ms(instant_text(TEN + n * 1000))
    for offset in range(12):
        for ms in range(1000):
            instant_ms(f"2026-11-23T10:00:00.{ms:03}+{offset:02}:00")
    assert len(instants.SECONDS) <= instants._SECONDS_KEPT
    assert len(instants.TAILS) <= instants._TAILS_KEPT
    assert instant_ms("2026-11-23T10:00:00.000+08:00") == TEN


def test_an_instant_leaves_in_utc_with_milliseconds() -> None:
    assert instant_text(TEN) == "2026-11-23T02:00:00.000Z"
    assert instant_text(TEN + 7) == "2026-11-23T02:00:00.007Z"
