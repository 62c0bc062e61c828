"""``channels.yaml``: where alerts go, and which team's alerts go where.

Addresses with a key in them, signing secrets and passwords never stand in the file:
it names the environment variable (``url_env``) or the file (``url_file``) that holds
them. So the file can be shown, kept under version control and checked without them.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from monitor.policy_files import templates, where
from monitor.policy_files.chat_links import ChatLink
from monitor.policy_files.people_tables import HANDLES
from monitor.policy_files.templates import Templates
from monitor.policy_files.values import Name, Names, Zone
from monitor.yaml_files import BadFiles, Fault, Model, TimeOfDayMs, did_you_mean, read

FILE = "channels.yaml"
IM_PER_MINUTE = 6  # To one robot; more is read by nobody, and DingTalk blocks a robot at 20.
SHARE_OF_LIMIT = 0.9  # Of what a robot takes a minute: its clock and ours differ.
# What the other end takes a minute before it refuses or blocks.
ROBOT_LIMITS = {"dingtalk": 20, "wecom": 20, "feishu": 100, "lark": 100, "slack": 60, "teams": 240}
Lang = Literal["zh", "en"]


def _channel(name: str) -> str:
    if not _CHANNEL.fullmatch(name):
        raise ValueError(f"{name} cannot name a channel: no spaces, no @ and no dots, 40 characters at most")
    return name


def _variable(name: str) -> str:
    # What is written here by mistake is most often the secret itself: it is not repeated.
    if not _VARIABLE.fullmatch(name):
        raise ValueError("write the name of an environment variable, such as DING_URL, not what it holds")
    return name


def _file(path: str) -> str:
    if "://" in path or path.startswith("whsec_"):
        raise ValueError("write the path of a file, such as /run/secrets/ding_url, not what it holds")
    return path


_CHANNEL = re.compile(r"[^\s@.]{1,40}")  # Part of a delivery's id, which has . and @ of its own.
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{0,59}")
ChannelName = Annotated[Name, AfterValidator(_channel)]
Variable = Annotated[str, AfterValidator(_variable)]
File = Annotated[str, AfterValidator(_file)]


class Limits(Model):
    """How much a channel may be sent; None: as its kind says."""

    per_minute: Annotated[int, Field(ge=1)] | None = None
    per_day: Annotated[int, Field(ge=1)] | None = None
    per_month: Annotated[int, Field(ge=1)] | None = None


class Quiet(Model):
    """Hours in which nothing is sent there: its fallback is told instead."""

    from_ms: TimeOfDayMs = Field(alias="from")
    until_ms: TimeOfDayMs = Field(alias="until")

    def covers(self, of_day_ms: int) -> bool:
        """Whether a time of day lies in it; it may pass over midnight."""
        if self.from_ms <= self.until_ms:
            return self.from_ms <= of_day_ms < self.until_ms
        return of_day_ms >= self.from_ms or of_day_ms < self.until_ms


class _Channel(Model):
    lang: Lang = "zh"
    limits: Limits = Limits()
    quiet: Quiet | None = None
    fallback: ChannelName | None = None  # Told when this one cannot be.
    allow_private: bool = False  # Whether its address may lie in a private network.


class _ForPeople(_Channel):
    templates: Templates = Templates()  # A floor's own words in place of ours.


class _WithUrl(Model):
    url_env: Variable | None = None
    url_file: File | None = None

    @model_validator(mode="after")
    def _one_url(self) -> "_WithUrl":
        if (self.url_env is None) == (self.url_file is None):
            raise ValueError("give url_env or url_file, the name of what holds the address")
        return self


class _WithSecret(Model):
    secret_env: Variable | None = None
    secret_file: File | None = None

    @model_validator(mode="after")
    def _at_most_one_secret(self) -> "_WithSecret":
        if self.secret_env is not None and self.secret_file is not None:
            raise ValueError("give secret_env or secret_file, not both")
        return self


class DingTalk(_ForPeople, _WithUrl, _WithSecret):
    """A DingTalk group robot (钉钉)."""

    type: Literal["dingtalk"]


class Feishu(_ForPeople, _WithUrl, _WithSecret):
    """A Feishu or Lark group robot (飞书)."""

    type: Literal["feishu", "lark"]


class WeCom(_ForPeople, _WithUrl):
    """A WeCom group robot (企业微信); its key is in the address."""

    type: Literal["wecom"]


class Slack(_ForPeople, _WithUrl):
    """A Slack incoming webhook."""

    type: Literal["slack"]


class Teams(_ForPeople, _WithUrl):
    """A Microsoft Teams workflow."""

    type: Literal["teams"]


class Email(_ForPeople):
    """Mail over SMTP."""

    type: Literal["email"]
    host: str
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    security: Literal["starttls", "tls", "none"] = "starttls"
    ca_file: str | None = None
    username: str | None = None
    password_env: Variable | None = None
    password_file: File | None = None
    sender: str
    to: Annotated[Names, Field(min_length=1, max_length=50)]


class Log(_ForPeople):
    """A line in the service's own log."""

    type: Literal["log"]


class Apprise(_ForPeople, _WithUrl):
    """What has no channel of its own here, through the optional Apprise."""

    type: Literal["apprise"]


class Webhook(_Channel, _WithUrl, _WithSecret):
    """A program that takes every transition, signed as Standard Webhooks asks for."""

    type: Literal["webhook"]
    format: Literal["ours", "cloudevents", "alertmanager"] = "ours"

    @model_validator(mode="after")
    def _needs_secret(self) -> "Webhook":
        if self.secret_env is None and self.secret_file is None:
            raise ValueError("give secret_env or secret_file: what is posted is signed")
        return self


class Alertmanager(_Channel, _WithUrl):
    """A Prometheus Alertmanager that is pushed to."""

    type: Literal["alertmanager"]


Channel = Annotated[
    DingTalk | Feishu | WeCom | Slack | Teams | Email | Log | Apprise | Webhook | Alertmanager,
    Field(discriminator="type"),
]
MACHINES = (Webhook, Alertmanager)


class Match(Model):
    """Which alerts a route is for; what is not given matches all."""

    team: Names = Field(default_factory=list)
    platform: Names = Field(default_factory=list)
    shop: Names = Field(default_factory=list)

    def matches(self, team: str, platforms: Iterable[str], shops: Iterable[str]) -> bool:
        """Whether a message of these is for it: one of its waits is enough."""
        return (
            (not self.team or team in self.team)
            and (not self.platform or not set(self.platform).isdisjoint(platforms))
            and (not self.shop or not set(self.shop).isdisjoint(shops))
        )


class Route(Model):
    """Where the steps of some alerts go. The first that matches counts."""

    match: Match = Match()
    team: ChannelName | None = None  # The group's channel.
    lead: ChannelName | None = None  # Where the lead is mentioned; None: in the group.
    mention: Names = Field(default_factory=list)  # Who leads, where no roster says it.
    digest: ChannelName | None = None  # The manager's.


class Plan(Model):
    """The file: where alerts go."""

    version: Literal[1]
    zone: Zone = "Asia/Shanghai"
    channels: dict[ChannelName, Channel] = Field(default_factory=dict)
    mentions: dict[Name, dict[Name, Name]] = Field(default_factory=dict)  # Person to handles, by HANDLES.
    routes: list[Route] = Field(default_factory=list)
    fallback: ChannelName | None = None  # Told what no route sends anywhere.
    chat_links: dict[Name, ChatLink] = Field(default_factory=dict)  # By platform; a shop's own goes before.


NO_CHANNELS = Plan(version=1)


def load(folder: Path) -> tuple[Plan, list[Fault]]:
    """Read where alerts go; without a file they go nowhere but to the channels of the settings."""
    path = where.find(folder, FILE)
    if not path.exists():
        return NO_CHANNELS, []
    try:
        document = read(path, Plan)
    except BadFiles as bad:
        return NO_CHANNELS, bad.faults
    plan = document.value
    faults = [document.fault(message, *loc) for loc, message in _wrong(plan)]
    return (NO_CHANNELS, faults) if faults else (plan, [])


_OURS = Templates()


def _wrong(plan: Plan) -> Iterator[tuple[tuple[int | str, ...], str]]:
    """Yield what does not fit together, with its place."""
    names = sorted(plan.channels)
    for name, channel in plan.channels.items():
        yield from _wrong_limits(name, channel)
        for place, said in templates.wrong(getattr(channel, "templates", _OURS)):
            yield ("channels", name, "templates", *place), said
        if channel.fallback is not None:
            place = ("channels", name, "fallback")
            if channel.fallback not in plan.channels:
                yield place, f"there is no channel {channel.fallback}{did_you_mean(channel.fallback, names)}"
            elif isinstance(channel, MACHINES) or isinstance(plan.channels[channel.fallback], MACHINES):
                yield place, "programs are told everything by themselves: no fallback from or to one"
            elif name in _chain(plan, channel.fallback):
                yield place, f"the fallbacks of {name} lead back to it"
    for at, route in enumerate(plan.routes):
        for key in ("team", "lead", "digest"):
            target = getattr(route, key)
            if target is not None:
                yield from _wrong_target(plan, target, ("routes", at, key))
        for number, person in enumerate(route.mention):
            if plan.mentions and person not in plan.mentions:
                said = f"nobody called {person} in mentions{did_you_mean(person, sorted(plan.mentions))}"
                yield ("routes", at, "mention", number), said
    if plan.fallback is not None:
        yield from _wrong_target(plan, plan.fallback, ("fallback",))
    for person, handles in plan.mentions.items():
        for kind in handles:
            if kind not in HANDLES:
                yield ("mentions", person, kind), f"{kind} is no kind of handle{did_you_mean(kind, HANDLES)}"


def _wrong_target(plan: Plan, target: str, place: tuple[int | str, ...]) -> Iterator[tuple[tuple[int | str, ...], str]]:
    if target not in plan.channels:
        yield place, f"there is no channel {target}{did_you_mean(target, sorted(plan.channels))}"
    elif isinstance(plan.channels[target], MACHINES):
        yield place, f"{target} is for programs, which are told everything without a route"


def _wrong_limits(name: str, channel: Channel) -> Iterator[tuple[tuple[int | str, ...], str]]:
    at_most = ROBOT_LIMITS.get(channel.type)
    wanted = channel.limits.per_minute
    if at_most is not None and wanted is not None and wanted > at_most * SHARE_OF_LIMIT:
        said = f"at most {int(at_most * SHARE_OF_LIMIT)}: {channel.type} takes {at_most} a minute, then refuses"
        yield ("channels", name, "limits", "per_minute"), said


def _chain(plan: Plan, name: str) -> list[str]:
    """Return a channel and those told in its place, each once."""
    found: list[str] = []
    at: str | None = name
    while at is not None and at in plan.channels and at not in found:
        found.append(at)
        at = plan.channels[at].fallback
    return found
