"""The language of the rules, as models: what a floor manager may write, key by key.

``default`` says what holds everywhere. ``platforms``, ``shops`` and ``campaigns`` are lists of rules laid over it in
that order, from general to particular: of each list the first rule that matches counts, and what it says replaces
what was said before it, key by key. What the keys mean to a wait is in ``core.policy``; `docs/rules.md` says it
to people.
"""

from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from monitor.core.units import DAY_MS
from monitor.policy_files.values import (
    DATES_SCHEMA,
    DAYS,
    WEEK_SCHEMA,
    Id,
    LocalInstant,
    Name,
    Names,
    Window,
    Windows,
    Zone,
    days,
    several,
    weekday,
    window_text,
    windows,
)
from monitor.yaml_files import DurationMs, Model
from monitor.yaml_wording import misplaced, shown

Told = Literal["panel", "popup", "team", "lead", "digest", "console"]
Role = Literal["agent", "assist", "seller"]


def _rising(value: dict[str, int]) -> dict[str, int]:
    before: tuple[str, int] | None = None
    for name, after_ms in value.items():
        if after_ms <= 0:
            raise misplaced(f"{name} must be longer than nothing", name)
        if before is not None and after_ms <= before[1]:
            raise misplaced(f"{name} ({shown(after_ms)}) must be longer than {before[0]} ({shown(before[1])})", name)
        before = (name, after_ms)
    return value


Stages = Annotated[dict[Id, DurationMs], Field(min_length=1, max_length=12), AfterValidator(_rising)]


class Step(Model):
    """One line of the ladder: at this second of the wait, tell these."""

    at: DurationMs
    to: Told
    gather: DurationMs = 0  # The agent's other waits longer than this are named in the same message.
    if_unclaimed: bool = False
    repeat: DurationMs = 0
    repeats: Annotated[int, Field(ge=0, le=20)] = 0

    @model_validator(mode="after")
    def _repeats(self) -> "Step":
        if bool(self.repeat) != bool(self.repeats):
            raise ValueError("repeat and repeats need each other: repeat: 2m, repeats: 3")
        if self.repeat and self.repeat < 10_000:
            raise ValueError("repeat must be 10s or more: people stop reading")
        return self


def _in_order(steps: list[Step]) -> list[Step]:
    for at, (one, after) in enumerate(pairwise(steps), 1):
        if after.at < one.at:
            said = f"the step at {shown(after.at)} stands after the one at {shown(one.at)}; put them in order"
            raise misplaced(said, at)
        if (after.at, after.to) == (one.at, one.to):
            raise misplaced(f"two steps at {shown(one.at)} tell the same {one.to}", at)
    return steps


Steps = Annotated[list[Step], Field(max_length=24), AfterValidator(_in_order), *several()]


def _panel_only(steps: list[Step]) -> list[Step]:
    for at, step in enumerate(steps):
        if step.to not in ("panel", "popup"):
            raise misplaced(f"of this only the agent's panel is told (panel, popup), not {step.to}", at, "to")
    return steps


PanelSteps = Annotated[Steps, AfterValidator(_panel_only)]


class FirstReply(Model):
    """What is different for the first reply of a session."""

    stages: Stages | None = None
    steps: Steps | None = None


class Promises(Model):
    """When a promise ("稍等") is due, late, missed, from the holding reply on; and whom to tell."""

    due: DurationMs
    late: DurationMs
    missed: DurationMs
    steps: Steps | None = None

    @model_validator(mode="after")
    def _rise(self) -> "Promises":
        _rising({"due": self.due, "late": self.late, "missed": self.missed})
        return self


class Greeting(Model):
    """What "在的亲" alone still owes, and whom to tell."""

    due: DurationMs
    steps: PanelSteps | None = None


class Courtesy(Model):
    """Whom to tell of a chat that ends on the buyer's polite words (收尾)."""

    steps: PanelSteps


class HandOver(Model):
    """The list of what the next shift takes over."""

    opens: DurationMs | None = None  # So long before the shift's end.
    unreceived: DurationMs | None = None  # Told so long after it, of what nobody has received.


class Unattended(Model):
    """When a shop is called unattended, and a person absent."""

    waiting: DurationMs | None = None  # Nobody can take a new chat, and a buyer waits.
    always: DurationMs | None = None  # Nobody can take a new chat, whether or not a buyer waits.
    absent: DurationMs | None = None  # On the roster, and not there so long after the start.


class Claim(Model):
    """How long "I take it" holds the steps."""

    hold: DurationMs | None = None
    before_limit: DurationMs | None = None  # It ends so long before the next limit at the latest.


def _lasting(length_ms: int) -> int:
    if length_ms <= 0:
        raise ValueError("must be longer than nothing")
    return length_ms


Lasting = Annotated[DurationMs, AfterValidator(_lasting)]
HoursNamed = Annotated[list[Name], Field(min_length=1), *several()]
"""The name of hours, parts of a day, or all."""


def _of_day(key: str, what: Any) -> tuple[Window, ...]:
    try:
        return windows(what)
    except ValueError as error:
        raise misplaced(f"{key}: {error}", key) from None


def _dates(value: Any) -> Any:
    if not isinstance(value, dict):
        raise ValueError('write dates as "2026-10-01..2026-10-07": closed')
    made = {}
    for key, what in value.items():
        try:
            span = days(key)
        except ValueError as error:
            raise misplaced(str(error), key, key=True) from None
        made[span] = _of_day(key, what)
    return made


def _week(value: Any) -> Any:
    if not isinstance(value, dict):
        raise ValueError('write days as sat: "10:00-18:00"')
    made = {}
    for key, what in value.items():
        if key not in DAYS:
            day = weekday(key)
            meant = f"; did you mean {DAYS[day]}?" if day is not None else ""
            raise misplaced(f"{key} is none of {', '.join(DAYS)}{meant}", key, key=True)
        made[DAYS.index(key)] = _of_day(key, what)
    return made


Week = Annotated[dict[int, Any], BeforeValidator(_week), WithJsonSchema(WEEK_SCHEMA)]
Dates = Annotated[dict[Any, Any], BeforeValidator(_dates), WithJsonSchema(DATES_SCHEMA)]


class HoursText(Model):
    """Counted hours: on every day, other ones on days of the week, others again on dates."""

    zone: Zone | None = None  # That of the file where it says none.
    daily: Windows
    weekly: Week = Field(default_factory=dict)
    dates: Dates = Field(default_factory=dict)  # A later line goes before an earlier one.

    @model_validator(mode="after")
    def _nights(self) -> "HoursText":
        week = [self.weekly.get(day, self.daily) for day in range(7)]
        for day, (own, then) in enumerate(zip(week, week[1:] + week[:1], strict=True)):
            if own and then and own[-1].until_ms - DAY_MS > then[0].from_ms:
                ours, theirs, next_day = window_text(own[-1]), window_text(then[0]), DAYS[(day + 1) % 7]
                said = f"{DAYS[day]} {ours} runs into {theirs} of {next_day}; the hours overlap"
                raise misplaced(said, "weekly" if self.weekly else "daily")
        return self


class Terms(Model):
    """What a policy says; a rule says part of it."""

    stages: Stages | None = None
    steps: Steps | None = None
    first_reply: FirstReply | None = None
    ends_by: Annotated[list[Role], Field(min_length=1), *several()] | None = None
    promises: Promises | None = None
    greeting: Greeting | None = None
    courtesy: Courtesy | None = None
    bot: Literal["holds", "ignored"] | None = None
    bot_silence: DurationMs | None = None
    bot_within: DurationMs | None = None
    hours: HoursNamed | None = None  # The name of hours, or "08:00-24:00", or all.
    merchant_hours: HoursNamed | None = None  # Those in which the merchant answers.
    run_on: DurationMs | None = None
    session_gap: Lasting | None = None
    give_up: Lasting | None = None
    responsible: Literal["ours", "merchant"] | None = None
    unattended: Unattended | None = None
    hand_over: HandOver | None = None
    claim: Claim | None = None
    team: Name | None = None

    @model_validator(mode="after")
    def _whose(self) -> "Terms":
        if self.merchant_hours is not None and self.responsible is not None:
            raise ValueError("merchant_hours says whose a part of the hours is, responsible all of them: write one")
        return self


class Match(Model):
    """For what a rule is; all of it must fit. Nothing said: for everything."""

    platform: Names | None = None
    shop: Names | None = None
    brand: Names | None = None
    category: Names | None = None
    team: Names | None = None
    phase: Names | None = None
    hours: HoursNamed | None = None


class Rule(Terms):
    """Terms for what matches."""

    name: Name | None = None
    match: Match = Match()


class Campaign(Terms):
    """Terms from one instant until another; then it is over by itself."""

    name: Name
    from_: LocalInstant = Field(alias="from")
    until: LocalInstant
    zone: Zone | None = None
    match: Match = Match()

    @model_validator(mode="after")
    def _ends(self) -> "Campaign":
        if self.until <= self.from_:
            raise misplaced(f"campaign {self.name} ends before it begins", "until")
        return self


class PolicyFile(Model):
    """A file of rules: ``default.yaml``, ``hours.yaml``, ``rules.yaml``, ``campaigns.yaml`` may each hold any of it."""

    version: Literal[1]
    zone: Zone | None = None
    hours: dict[Name, HoursText] = Field(default_factory=dict)
    default: Terms | None = None
    platforms: Annotated[list[Rule], Field(max_length=2000)] = Field(default_factory=list)
    shops: Annotated[list[Rule], Field(max_length=10_000)] = Field(default_factory=list)
    campaigns: Annotated[list[Campaign], Field(max_length=2000)] = Field(default_factory=list)
