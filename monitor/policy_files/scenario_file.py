"""A test of the rules, as a floor manager writes it: who speaks when, and what is expected of it.

``rules/scenarios/*.yaml``; times are those of one day on the floor's wall, and may go past 24:00 for the next day.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from monitor.core.events import AccountState, Kind, PresenceState
from monitor.policy_files.people_tables import AccountRow, PersonRow, RosterRow, ShopRow, TeamRow
from monitor.policy_files.values import Day, Name, Names
from monitor.yaml_files import DurationMs, Model

ROLES = ("buyer", "agent", "assist", "bot", "auto", "note", "system", "seller")
# What else can happen in a chat or on the floor.
ACTS = (
    "assign", "transfer", "hand_off", "close", "recall", "waiting", "presence", "account_status", "sync", "claim",
    "release", "mute", "dismiss",
)  # fmt: skip
CROWD_AT_MOST = 1_000
HAPPENS_AT_MOST = 10_000
_COUNTED = re.compile(r"\{n(?:%([1-9][0-9]{0,3}))?\}")
_TIME = re.compile(r"([0-7]?[0-9]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,3}))?)?")


def _time(value: Any) -> int:
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f'{value!r} is no time; write "10:31:05", quoted ("25:10" is ten past one the next day)')
    hours, minutes, seconds = (int(part or 0) for part in found.groups()[:3])
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + int((found[4] or "0").ljust(3, "0"))


def _counted(said: str, n: int) -> str:
    """Return what is written of a crowd as its n-th says it."""
    return _COUNTED.sub(lambda found: str((n - 1) % int(found[1]) + 1 if found[1] else n), said)


Time = Annotated[int, BeforeValidator(_time), WithJsonSchema({"type": "string", "pattern": rf"^{_TIME.pattern}$"})]


class Listed(Model):
    """A row of a platform's list of who waits."""

    chat: Name
    since: Time | None = None


class Line(Model):
    """One thing that happens: somebody speaks, or does something."""

    at: Time
    chat: Name | None = None  # "b1" or "b1@shop"; the file's only chat where it is not said.
    by: Name | None = None  # Who speaks or acts.
    account: Name | None = None
    id: Name | None = None
    # Who speaks: what is said.
    buyer: str | None = None
    agent: str | None = None
    assist: str | None = None
    bot: str | None = None
    auto: str | None = None
    note: str | None = None
    system: str | None = None
    seller: str | None = None
    # How it is said.
    kind: Kind = "text"
    phase: Name | None = None
    template: Name | None = None
    entry: bool = False
    needs_reply: bool | None = None
    sent: Time | None = None  # When it was said, where it arrives later.
    backfill: bool = False
    # What else happens.
    assign: Name | None = None
    transfer: Name | None = None  # To whom; `by` passes it on.
    hand_off: Literal[True] | None = None
    close: Literal["buyer", "agent", "system"] | None = None
    recall: Name | None = None  # The id of a line.
    waiting: Annotated[list[Listed], Field(max_length=1000)] | None = None  # All who wait, as the platform lists them.
    presence: PresenceState | None = None
    limit: int | None = None
    shops: Names | None = None
    account_status: AccountState | None = None
    sync: Annotated[list[Time], Field(min_length=2, max_length=2)] | None = None  # From, to: caught up on.
    claim: Name | None = None  # Who takes the alert of the chat.
    release: Name | None = None
    mute: Name | None = None
    dismiss: Name | None = None  # Who takes the wait off the board.
    # A crowd: the same again, each time so much later. {n} counts from 1, {n%30} begins again after 30.
    times: Annotated[int, Field(ge=2, le=CROWD_AT_MOST)] | None = None
    every: DurationMs = 0

    @property
    def ends(self) -> int:
        """When the last of a crowd comes."""
        return self.at + self.every * ((self.times or 1) - 1)

    def each(self) -> Iterator["Line"]:
        """Yield the line as often as it happens."""
        if self.times is None:
            yield self
            return
        for n in range(1, self.times + 1):
            later_ms = self.every * (n - 1)
            changes: dict[str, Any] = {"at": self.at + later_ms, "times": None}
            if self.sent is not None:
                changes["sent"] = self.sent + later_ms
            for key in ("chat", "by", "account", "id", "assign", "transfer", "claim", *ROLES):
                said = getattr(self, key)
                if said is not None:
                    changes[key] = _counted(said, n)
            yield self.model_copy(update=changes)

    @model_validator(mode="after")
    def _one_thing(self) -> "Line":
        done = [key for key in (*ROLES, *ACTS) if getattr(self, key) is not None]
        if len(done) != 1:
            said = " and ".join(done) if done else "nothing"
            raise ValueError(f"a line is one thing that happens, not {said}: buyer, agent, … {', '.join(ACTS)}")
        if self.presence is not None and self.by is None:
            raise ValueError("presence is somebody's; add by: …")
        if self.account_status is not None and self.account is None:
            raise ValueError("account_status is an account's; add account: …")
        if self.sent is not None and self.sent > self.at:
            raise ValueError("it was sent after it arrives")
        return self


class StageAt(Model):
    """How a chat stands on the board at a time."""

    at: Time
    chat: Name | None = None
    stage: Name  # slow, at_risk …; fresh; courtesy; bot; none: nobody waits.


class ToldAt(Model):
    """A message to people."""

    at: Time
    to: Literal["panel", "popup", "team", "lead", "digest", "console", "claimer"]
    chats: Names | None = None  # Those that it names.
    agent: Name | None = None
    kind: Literal[
        "waits", "claimer", "digest", "unattended", "source", "promise", "handover", "score", "quality", "opening"
    ] = "waits"


class RoundOf(Model):
    """A round, in the order of opening; what is not written is not looked at."""

    chat: Name | None = None
    wait: DurationMs | None = None
    outcome: Literal["open", "answered", "expired", "abandoned", "dismissed"] | None = None
    stage: Name | None = None
    courtesy: bool | None = None
    held: bool | None = None
    buyer_messages: int | None = None  # How often the buyer wrote: two are one 催问.
    agent: Name | None = None
    # Who held it, for how long; nobody: in nobody's hands; "小陈 early_leave", "小林 absent": charged to the roster.
    holders: dict[Name, DurationMs] | None = None


class PromiseAt(Model):
    """A promise that passes a limit."""

    at: Time
    chat: Name | None = None
    stage: Literal["due", "late", "missed"]


class ScoreOf(Model):
    """A score by its profile; what is not written is not looked at."""

    hits: int | None = None
    misses: int | None = None
    undetermined: int | None = None
    excluded: int | None = None
    sample: bool | None = None  # Whether there is anything to count at all.
    rate: Annotated[float, Field(ge=0, le=1)] | None = None
    mean: DurationMs | None = None


class Expected(Model):
    """What must come of it; what is not written is not looked at."""

    stages: Annotated[list[StageAt], Field(max_length=200)] | None = None
    # All that team and lead are told, and those of the others that are named at all.
    told: Annotated[list[ToldAt], Field(max_length=200)] | None = None
    told_times: dict[Literal["panel", "popup", "team", "lead", "digest", "console"], int] | None = None
    rounds: Annotated[list[RoundOf], Field(max_length=200)] | None = None
    passed: dict[Name, int] | None = None
    promises: Annotated[list[PromiseAt], Field(max_length=200)] | None = None
    scores: dict[Name, ScoreOf] | None = None
    open: int | None = None  # Waits that stand open at the end.


class Scenario(Model):
    """One time-line."""

    title: Name
    about: str | None = None
    day: Day | None = None  # A Monday without any holiday, where it does not matter.
    platform: Name = "taobao"
    shop: Name = "shop"
    shops: list[ShopRow] = Field(default_factory=list)  # In place of the register's, as are the people.
    teams: list[TeamRow] = Field(default_factory=list)
    people: list[PersonRow] = Field(default_factory=list)
    accounts: list[AccountRow] = Field(default_factory=list)
    roster: list[RosterRow] = Field(default_factory=list)
    live: bool = False  # The wall clock, with a feed that beats: for what is sent late, kicked accounts, gaps.
    happens: Annotated[list[Line], Field(min_length=1, max_length=2000)]
    until: Time | None = None  # When it ends; the last that happens or is expected.
    expect: Expected

    @model_validator(mode="after")
    def _in_order(self) -> "Scenario":
        before = 0
        for line in self.happens:
            if line.at < before:
                raise ValueError("what happens stands in the order of time")
            before = line.at
        if sum(line.times or 1 for line in self.happens) > HAPPENS_AT_MOST:
            raise ValueError(f"more than {HAPPENS_AT_MOST} things happen; make the crowds smaller")
        if self.until is not None and self.until < max(line.ends for line in self.happens):
            raise ValueError("it ends before all has happened")
        return self


class ScenarioFile(Model):
    """A file of time-lines."""

    version: Literal[1] = 1
    scenarios: Annotated[list[Scenario], Field(min_length=1, max_length=500)]
