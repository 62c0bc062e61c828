"""What would hold for a wait, as a person reads it: by the clock of the floor, with the line each part is from."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

# What is said in each language; {…} is filled in.
WORDS: dict[str, dict[str, str]] = {
    "en": {
        "until": "until {}",
        "team": "team {}",
        "rules": "rules {}",
        "merchant": "the merchant answers at this time: nothing is told, nothing is blamed",
        "closed": "outside the counted hours: the clock stands until they begin",
        "first": "the first reply of a session ({}):",
        "stage": "past {:g} s   in time until {}",
        "step": "at {:g} s   told {}",
        "ever": "ever",
        "never": "never",
        "unclaimed": " if unclaimed",
        "again": ", again every {:g} s, {} times",
        "promise": "a promise is due after {:g} s, late after {:g} s, missed after {:g} s",
        "greeting": "after a greeting alone an answer is due after {:g} s",
        "ends_by": "a reply of {} ends a wait",
        "bot": "bot: {}",
        "counted": "counted from {}: {:g} s",
        "note": "note: ",
    },
    "zh": {
        "until": "到 {} 为止",
        "team": "小组 {}",
        "rules": "规则版本 {}",
        "merchant": "这个时段归商家接：不提醒，不算我们的",
        "closed": "不在值班时间：到上班才开始计时",
        "first": "会话的首次回复（{}）：",
        "stage": "超过 {:g} 秒   最晚 {} 回算及时",
        "step": "第 {:g} 秒   {} 提醒",
        "ever": "任何时候",
        "never": "不",
        "unclaimed": "（没人认领时）",
        "again": "，每 {:g} 秒再提醒一次，共 {} 次",
        "promise": "安抚语之后：{:g} 秒待跟进，{:g} 秒跟进超时，{:g} 秒漏跟进",
        "greeting": "只问候之后：{:g} 秒内要真正答复",
        "ends_by": "算回复的：{}",
        "bot": "机器人：{}",
        "counted": "从 {} 起计时 {:g} 秒",
        "note": "注意：",
    },
}


def lines_of(said: dict[str, Any], zone: str, lang: str = "en") -> Iterator[str]:
    """Yield what `explained` says, line by line.

    Args:
        said: the object of ``explain --json``.
        zone: of the floor; instants are shown by its clock.
        lang: ``zh`` or ``en``.
    """
    words, by = WORDS[lang], said["said_by"]
    clock = _Clock(said["at"], ZoneInfo(zone))
    yield " · ".join(
        filter(None, (said["shop"], said["platform"], said["phase"], f"{clock.whole(said['at'])} ({zone})"))
    )
    parts = [f"{said['rule']} ({said['window']})"]
    if said["until"]:
        parts.append(words["until"].format(clock.whole(said["until"])))
    parts += [words["team"].format(said["team"]), words["rules"].format(said["rules_version"])]
    yield " · ".join(parts)
    if said["responsible"] == "merchant":
        yield words["merchant"]
    elif not said["counts_now"]:
        yield words["closed"]
    yield from _limits(said, by, clock, words)
    first = said["first_reply"]
    if (first["stages"], first["steps"]) != (said["stages"], said["steps"]):
        yield words["first"].format(by["first_reply"])
        yield from _limits(first, {}, clock, words)
    roles = ", ".join(said["ends_by"])
    for key, line in (
        ("promises", words["promise"].format(*said["promise_seconds"])),
        ("greeting", words["greeting"].format(said["greeting_seconds"])),
        ("ends_by", words["ends_by"].format(roles)),
        ("bot", words["bot"].format(said["bot"])),
    ):
        yield f"  {line}{_place(by, key)}"
    if said["counted_seconds"] is not None:
        counted = words["counted"].format(clock.whole(said["at"]), said["counted_seconds"])
        yield f"  {counted}{_place(by, 'hours')}"


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


def _limits(said: dict[str, Any], by: Mapping[str, str], clock: _Clock, words: Mapping[str, str]) -> Iterator[str]:
    for stage in said["stages"]:
        until = clock.short(stage["due_at"]) if stage["due_at"] else words["ever"]
        limit = words["stage"].format(stage["after_seconds"], until)
        yield f"  {stage['name']:<10} {limit}{_place(by, 'stages')}"
    for step in said["steps"]:
        told = clock.short(step["due_at"]) if step["due_at"] else words["never"]
        line = words["step"].format(step["at_seconds"], told) + (words["unclaimed"] if step.get("if_unclaimed") else "")
        if step.get("repeats"):
            line += words["again"].format(step["repeat_seconds"], step["repeats"])
        yield f"  {step['to']:<10} {line}{_place(by, 'steps')}"


def _place(by: Mapping[str, str], key: str) -> str:
    return f"   [{by[key]}]" if key in by else ""
