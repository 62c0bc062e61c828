"""Values that the files of the rules write down: names, windows of the day, days, instants."""

import re
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Annotated, Any, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, GetJsonSchemaHandler, StringConstraints, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue

from monitor.core.units import DAY_MS, HOUR_MS, MINUTE_MS
from monitor.yaml_files import did_you_mean, time_of_day_ms

_CHINA = re.compile(r"beijing|peking|北京|上海|中国|china|^cst$|^(?:utc|gmt)?\+0?8(?::?00)?$")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WINDOW = re.compile(r"(\S+?)\s*[-–—~～]\s*(\S+)")
_HOURS = re.compile(r"\s*(\d|[01]\d|2[0-4])[点时]?\s*[-–—~～－至到]\s*(\d|[01]\d|2[0-4])[点时]?\s*")  # 8-24, 8点到24点
_HALF_WIDTH = str.maketrans({"：": ":", "－": "-", "“": None, "”": None})  # As a Chinese keyboard writes them.
_SPAN = re.compile(r"(\d{4}-\d\d-\d\d)(?:\s*\.\.\s*(\d{4}-\d\d-\d\d))?")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d)?)?")
STAGES = ("slow", "at_risk", "lost")  # As the shipped rules call them.
_ID = re.compile(r"[a-z][a-z0-9_]{0,59}")
SPAN_DAYS_AT_MOST = 400


class Window(NamedTuple):
    """A part of the day; it may end on the next day, then ``until_ms`` is past midnight."""

    from_ms: int
    until_ms: int


class Days(NamedTuple):
    """Dates from the first to the last, both among them."""

    first: date
    last: date


def _text(value: Any) -> Any:
    # Ids of shops and accounts are often digits alone, and nobody quotes them.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _several(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


def windows(value: Any) -> tuple[Window, ...]:
    """Return the windows of ``"08:00-24:00"``, of a list of such, of ``all`` or ``closed``.

    Raises:
        ValueError: it is none of these, or two of them overlap.
    """
    if isinstance(value, list) and len(value) == 1:
        (value,) = value
    if value == "closed":
        return ()
    if value == "all":
        return (Window(0, DAY_MS),)
    if not isinstance(value, str | list) or not value:
        raise ValueError(f'{value!r} is no part of a day; write "08:00-24:00", a list of such, all or closed')
    found = sorted(map(_window, _several(value)))
    for one, after in pairwise(found):
        if after.from_ms < one.until_ms:
            raise ValueError(f"{window_text(one)} and {window_text(after)} overlap; join them")
    if found and found[-1].until_ms - DAY_MS > found[0].from_ms and len(found) > 1:
        raise ValueError(f"{window_text(found[-1])} runs into {window_text(found[0])} of the next day; join them")
    return tuple(found)


def _window(value: Any) -> Window:
    found = _WINDOW.fullmatch(value.translate(_HALF_WIDTH).strip()) if isinstance(value, str) else None
    hours = _HOURS.fullmatch(value) if isinstance(value, str) else None
    if found is None or hours is not None:
        meant = "" if hours is None else f'; did you mean "{int(hours[1]):02}:00-{int(hours[2]):02}:00"?'
        raise ValueError(f'{value!r} is no part of a day; write "08:00-24:00", quoted{meant}')
    start, end = time_of_day_ms(found[1]), time_of_day_ms(found[2])
    if start == DAY_MS:
        raise ValueError(f'{value!r} begins at 24:00; write "00:00-…"')
    if start == end:
        raise ValueError(f"{value!r} is empty; for the whole day write all")
    return Window(start, end if end > start else end + DAY_MS)


def window_text(window: Window) -> str:
    """Return a part of the day as people write it, 22:00-06:00."""
    return "-".join(f"{at // HOUR_MS % 25:02}:{at // MINUTE_MS % 60:02}" for at in (window[0], _of_day(window[1])))


def _of_day(at_ms: int) -> int:
    return at_ms if at_ms <= DAY_MS else at_ms - DAY_MS


def days(value: Any) -> Days:
    """Return the dates of ``"2026-10-01"`` or ``"2026-10-01..2026-10-07"``.

    Raises:
        ValueError: it is neither.
    """
    found = _SPAN.fullmatch(value) if isinstance(value, str) else None
    try:
        if found is None:
            raise ValueError
        first = date.fromisoformat(found[1])
        last = date.fromisoformat(found[2]) if found[2] else first
    except ValueError:
        said = f'{value!r} is no date; write "2026-10-01" or "2026-10-01..2026-10-07"'
        raise ValueError(said + _date_meant(value)) from None
    if last < first:
        raise ValueError(f"{value!r} ends before it begins")
    if last - first > timedelta(days=SPAN_DAYS_AT_MOST):
        raise ValueError(f"{value!r} is longer than {SPAN_DAYS_AT_MOST} days")
    return Days(first, last)


def date_of(text: str) -> str:
    """Return a date, with its time if it has one, as rules write it, of what spreadsheets make of it: 2026/11/1 8:00.

    What is no date comes back as it is.
    """
    found = _WRITTEN_DATE.fullmatch(text.strip())
    if found is None:
        return text
    day = "-".join((found[1], found[2].zfill(2), found[3].zfill(2)))
    return f"{day} {':'.join(filter(None, (found[4].zfill(2), found[5], found[6])))}" if found[4] else day


_BETWEEN = re.compile(r"\s*(?:\.\.|[-–—~～－至到])\s*(?=\d{4}[-/.年])")
_WRITTEN_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]+(\d{1,2})[:：](\d\d)(?:[:：](\d\d))?)?")


def _date_meant(value: Any) -> str:
    meant = "..".join(map(date_of, _BETWEEN.split(value, maxsplit=1))) if isinstance(value, str) else value
    return "" if meant == value else f'; did you mean "{meant}"?'


def _local(value: Any) -> datetime:
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        said = f'{value!r} is no instant; write "2026-11-10 20:00", quoted, by the clock of the zone'
        raise ValueError(said + _date_meant(value))
    try:
        if value[11:13] == "24":  # Python reads it from 3.14 on; a file of the rules is the same on all.
            raise ValueError
        return datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{value!r} is no date and time of the calendar") from None


def _day(value: Any) -> date:
    try:
        return date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else date.fromisoformat("")
    except ValueError:
        raise ValueError(f'{value!r} is no date; write "2026-11-12"{_date_meant(value)}') from None


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError):
        china = _CHINA.search(value.lower())
        meant = "; did you mean Asia/Shanghai?" if china else did_you_mean(value, sorted(available_timezones()))
        raise ValueError(f"{value!r} is no time zone{meant}") from None
    return value


def weekday(word: str) -> int | None:
    """Return the number of a day, Monday 0, of mon, monday, 周一, 星期一; None: it is no day."""
    word = word.strip().lower()
    chinese = _CHINESE_DAY.fullmatch(word)
    if chinese is not None:
        return min("一二三四五六日天".index(chinese[1]), 6)
    return DAYS.index(word[:3]) if word in DAYS or word in _LONG_DAYS else None


_CHINESE_DAY = re.compile(r"(?:周|星期|礼拜)([一二三四五六日天])")
_LONG_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ALL_DAYS = {"daily": range(7), "每天": range(7), "每日": range(7), "工作日": range(5), "周末": range(5, 7)}


def _weekdays(value: Any) -> frozenset[int]:
    """Return the days of ``mon-fri``, ``sat, sun``, ``[mon, wed]``, ``daily``, ``周一至周五``; Monday is 0."""
    parts = [part.strip() for one in _several(value) for part in re.split("[,，、]", str(one))]
    found: set[int] = set()
    for part in parts:
        if part.lower() in _ALL_DAYS:
            found.update(_ALL_DAYS[part.lower()])
            continue
        first, *last = (weekday(name) for name in re.split("[-–—~～至到]", part, maxsplit=1))
        if first is None or None in last:
            raise ValueError(f"{part!r} is no day of the week; write mon, mon-fri, sat,sun, or 周一至周五")
        end = last[0] if last else first
        assert end is not None
        found.update((first + step) % 7 for step in range((end - first) % 7 + 1))
    return frozenset(found)


def _id(text: str) -> str:
    if not _ID.fullmatch(text):
        said = f"{text} cannot be a name here: small letters a to z, digits and _, beginning with a letter"
        raise ValueError(said + did_you_mean(text, STAGES))  # Which most often have another name on the floor.
    return text


class _Several:
    """Says to a schema that one value may stand where a list is meant."""

    def __get_pydantic_json_schema__(self, core: Any, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        listed = handler(core)
        return {"anyOf": [listed, listed["items"]]} if "items" in listed else listed


def several() -> tuple[BeforeValidator, _Several]:
    """Let one value be written where a list is meant."""
    return BeforeValidator(_several), _Several()


_DAY = r"\d{4}-\d\d-\d\d"
_PART = {"type": "string", "pattern": r"^(\S+\s*[-–—~～]\s*\S+|all|closed)$"}
WINDOWS_SCHEMA: dict[str, Any] = {"anyOf": [_PART, {"type": "array", "items": _PART, "minItems": 1}]}
WEEK_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": dict.fromkeys(DAYS, WINDOWS_SCHEMA),
    "additionalProperties": False,
}
DATES_SCHEMA: dict[str, Any] = {
    "type": "object",
    "patternProperties": {rf"^{_DAY}(\s*\.\.\s*{_DAY})?$": WINDOWS_SCHEMA},
    "additionalProperties": False,
}
_WEEKDAYS_SCHEMA = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
_INSTANT_SCHEMA = {"type": "string", "pattern": rf"^{_DAY}([ T]\d\d:\d\d(:\d\d)?)?$"}

Name = Annotated[
    str,
    BeforeValidator(_text),
    StringConstraints(min_length=1, max_length=200),
    WithJsonSchema({"type": ["string", "integer"], "minLength": 1, "maxLength": 200}),
]
"""A name or id; digits need no quotes."""

Id = Annotated[str, AfterValidator(_id), WithJsonSchema({"type": "string", "pattern": f"^{_ID.pattern}$"})]
"""What programs know something by: a stage, a score, an intent."""

Names = Annotated[list[Name], BeforeValidator(_several), _Several()]
"""One name or a list of them."""

Windows = Annotated[tuple[Window, ...], BeforeValidator(windows), WithJsonSchema(WINDOWS_SCHEMA)]
"""Parts of a day."""

LocalInstant = Annotated[datetime, BeforeValidator(_local), WithJsonSchema(_INSTANT_SCHEMA)]
"""An instant by the clock on the wall; the zone is said elsewhere."""

Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "pattern": rf"^{_DAY}$"})]
"""A date."""

Zone = Annotated[str, AfterValidator(_zone)]
"""A time zone by its name, Asia/Shanghai."""

Weekdays = Annotated[frozenset[int], BeforeValidator(_weekdays), WithJsonSchema(_WEEKDAYS_SCHEMA)]
"""Days of the week; Monday is 0."""
