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
        "promise": "a promise (a holding reply), given now:",
        "greeting": "a greeting alone, given now, owes an answer:",
        "courtesy": "polite words alone pass no limit:",
        "nobody": "nobody is told",
        "due": "due",
        "late": "late",
        "missed": "missed",
        "buyer": "the buyer: “{}”: {}",
        "reply": "the agent: “{}”: {}",
        "built-in": "built-in words",
        "means_courtesy": "courtesy, needs no answer unless the agent had asked something",
        "means_greeting_buyer": "a greeting: somebody wants something, the wait runs",
        "means_question": "a question, needs an answer",
        "means_content": "says more than polite words: needs an answer",
        "means_holding": "a holding reply: ends the wait, and owes the answer as a promise, below",
        "means_greeting": "a greeting alone: ends the wait, and still owes an answer, below",
        "means_asks": "a question: ends the wait, and whatever the buyer says to it is an answer",
        "means_answer": "an answer: ends the wait, and keeps a promise",
        "means_noise": "noise: opens and ends nothing",
        "means_bot": "a bot's: ends no wait",
        "means_auto": "an automatic reply: ends no wait",
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
        "promise": "现在说“稍等”这样的安抚语，欠一个答复：",
        "greeting": "现在只打招呼，欠一个答复：",
        "courtesy": "买家只说客套话，不算超时：",
        "nobody": "不提醒任何人",
        "due": "跟进超时",
        "late": "久未跟进",
        "missed": "漏跟进",
        "buyer": "买家“{}”：{}",
        "reply": "客服“{}”：{}",
        "built-in": "内置词",
        "means_courtesy": "客套话，可以不回；如果客服刚问了话，就算回答",
        "means_greeting_buyer": "打招呼：买家有事要问，开始计时",
        "means_question": "提问，要回复",
        "means_content": "不只是客套话，要回复",
        "means_holding": "安抚语：结束等待，还欠一个答复，见下面",
        "means_greeting": "只打招呼：结束等待，还欠一个答复，见下面",
        "means_asks": "提问：结束等待；买家接下来说什么都算回答",
        "means_answer": "答复：结束等待，之前答应的也算兑现",
        "means_noise": "噪声：不开始也不结束等待",
        "means_bot": "机器人的话：不结束等待",
        "means_auto": "自动回复：不结束等待",
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
    for key, line in (
        ("ends_by", words["ends_by"].format(", ".join(said["ends_by"]))),
        ("bot", words["bot"].format(said["bot"])),
    ):
        yield f"  {line}{_place(by, key)}"
    for who in ("buyer", "reply"):
        if said[who] is not None:
            yield _read(said[who], who, words)
    for key, part in (("courtesy", "courtesy"), ("promises", "promise"), ("greeting", "greeting")):
        yield f"{words[part]}{_place(by, key)}"
        limits = [stage | {"name": words[stage["name"]]} for stage in said[part].get("stages", ())]
        yield from _limits({"stages": limits, "steps": said[part]["steps"]}, {}, clock, words)
        if not said[part]["steps"]:
            yield f"  {words['nobody']}"
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
        yield f"  {_padded(stage['name'])} {limit}{_place(by, 'stages')}"
    for step in said["steps"]:
        told = clock.short(step["due_at"]) if step["due_at"] else words["never"]
        line = words["step"].format(step["at_seconds"], told) + (words["unclaimed"] if step.get("if_unclaimed") else "")
        if step.get("repeats"):
            line += words["again"].format(step["repeat_seconds"], step["repeats"])
        yield f"  {step['to']:<10} {line}{_place(by, 'steps')}"


def _read(read: Mapping[str, Any], who: str, words: Mapping[str, str]) -> str:
    """Return what words are, and by which of them and which line."""
    means = read["means"]
    key = {("greeting", "buyer"): "greeting_buyer", ("question", "reply"): "asks"}.get((means, who), means)
    said = words[who].format(read["text"], words[f"means_{key}"])
    by = ": ".join(filter(None, (words.get(read["said_by"], read["said_by"]), ", ".join(read["words"]))))
    return f"{said}   [{by}]"


def _padded(name: str) -> str:
    """Return a name as wide as the others; a character of Chinese takes two places."""
    return name + " " * (10 - sum(1 if char < "\u2e80" else 2 for char in name))


def _place(by: Mapping[str, str], key: str) -> str:
    return f"   [{by[key]}]" if key in by else ""
