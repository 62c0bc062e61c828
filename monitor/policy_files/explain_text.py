"""What would hold for a wait, as a person reads it: by the clock of the floor, with the line each part is from."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo


def lines_of(said: dict[str, Any], zone: str) -> Iterator[str]:
    """Yield what `explained` says, line by line.

    Args:
        said: the object of ``explain --json``.
        zone: of the floor; instants are shown by its clock.
    """
    clock = _Clock(said["at"], ZoneInfo(zone))
    phase = f" · {said['phase']}" if said["phase"] else ""
    yield f"{said['shop']} · {said['platform']}{phase} · {clock.whole(said['at'])} ({zone})"
    span = f" · until {clock.whole(said['until'])}" if said["until"] else ""
    yield f"{said['rule']} ({said['window']}){span} · team {said['team']} · rules {said['rules_version']}"
    if said["responsible"] == "merchant":
        yield "the merchant answers at this time: nothing is told, nothing is blamed"
    elif not said["counts_now"]:
        yield "outside the counted hours: the clock stands until they begin"
    yield from _limits(said, said["said_by"], clock)
    first = said["first_reply"]
    if (first["stages"], first["steps"]) != (said["stages"], said["steps"]):
        yield f"the first reply of a session ({said['said_by']['first_reply']}):"
        yield from _limits(first, {}, clock)
    due, late, missed = said["promise_seconds"]
    yield (
        f"  a promise is due after {due:g} s, late after {late:g} s, missed after {missed:g} s{_by(said, 'promises')}; "
        f"a greeting owes an answer for {said['greeting_seconds']:g} s{_by(said, 'greeting')}"
    )
    roles = ", ".join(said["ends_by"])
    yield f"  a reply of {roles} ends a wait{_by(said, 'ends_by')}; bot: {said['bot']}{_by(said, 'bot')}"
    if said["counted_seconds"] is not None:
        yield f"  counted from {clock.whole(said['at'])}: {said['counted_seconds']:g} s{_by(said, 'hours')}"


class _Clock:
    """Instants as the wall of the floor shows them; the date only where it is another day."""

    def __init__(self, at: str, zone: ZoneInfo) -> None:
        self._zone = zone
        self._day = self._local(at).date()

    def _local(self, instant: str) -> datetime:
        return datetime.fromisoformat(instant).astimezone(self._zone)

    def whole(self, instant: str) -> str:
        """Return date and time."""
        local = self._local(instant)
        return f"{local:%Y-%m-%d %H:%M}" + (f":{local:%S}" if local.second else "")

    def short(self, instant: str) -> str:
        """Return the time, to the millisecond where it has any."""
        local = self._local(instant)
        day = "" if local.date() == self._day else f"{local:%Y-%m-%d} "
        rest = f".{local.microsecond // 1000:03}" if local.microsecond else ""
        return f"{day}{local:%H:%M:%S}{rest}"


def _limits(said: dict[str, Any], said_by: dict[str, str], clock: _Clock) -> Iterator[str]:
    for stage in said["stages"]:
        until = clock.short(stage["due_at"]) if stage["due_at"] else "ever"
        limit = f"{stage['name']:<10} past {stage['after_seconds']:g} s"
        yield f"  {limit}   in time until {until}{_place(said_by, 'stages')}"
    for step in said["steps"]:
        told = clock.short(step["due_at"]) if step["due_at"] else "never"
        extra = " if unclaimed" if step.get("if_unclaimed") else ""
        if step.get("repeats"):
            extra += f", again every {step['repeat_seconds']:g} s, {step['repeats']} times"
        yield f"  {step['to']:<10} at {step['at_seconds']:g} s   told {told}{extra}{_place(said_by, 'steps')}"


def _by(said: dict[str, Any], key: str) -> str:
    return _place(said["said_by"], key)


def _place(said_by: dict[str, str], key: str) -> str:
    return f"   [{said_by[key]}]" if key in said_by else ""
