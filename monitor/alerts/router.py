"""Who is told what: what the core has decided to tell becomes deliveries, one a channel.

Programs are told every transition of every alert. What people are told goes where the
rules route it: the group of a team, its lead, the floor manager; in quiet hours, or
where there is nobody, to what stands in.

Pure: the engine calls it for every decision and puts the result into the commit of
the decision itself, so that there is no alert without its delivery.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from monitor.alerts.message import TRANSITIONS, body
from monitor.core.decisions import AlertOrder, TellPeople
from monitor.core.roster import NOBODY_WRITTEN_DOWN, Register
from monitor.policy_files.channels import NO_CHANNELS, Plan
from monitor.store.entries import Delivery
from monitor.store.outbox import HIGH, TOLD

MACHINE_EXPIRES_MS = 5 * 60_000  # A program may be restarted meanwhile and still wants to know.
PEOPLE_EXPIRES_MS = 45_000  # A budget may hold a message for 30 s; what is said is what is so when it is sent.
URGENT = frozenset({"unattended", "source"})
OF_THE_MANAGER = frozenset({"digest", "storm", "canary"})  # What else comes to them comes because no lead is there.


class Route(Struct, frozen=True, kw_only=True):
    """What the router has to know of a channel.

    Attributes:
        channel: its name, unique, without ``@``.
        for_people: people are told what they can still act on; machines are told every transition.
        expires_ms: how long after the decision a message is worth delivering.
        fallback: the channel that is told at once when this one cannot be; None: nobody is.
        per_minute, per_day, per_month: how much it may be sent; None: all.
    """

    channel: str
    for_people: bool
    expires_ms: int
    fallback: str | None = None
    per_minute: int | None = None
    per_day: int | None = None
    per_month: int | None = None


class Router:
    """Routes all that one installation tells.

    Args:
        epoch: what the names of its alerts begin with.
        machines: the channels of programs.
        plan: where people are told.
        register: who is who; a team may name its channels there.
    """

    def __init__(
        self,
        *,
        epoch: str,
        machines: Sequence[Route],
        plan: Plan = NO_CHANNELS,
        register: Register = NOBODY_WRITTEN_DOWN,
    ) -> None:
        self._epoch = epoch
        self.take(machines, plan, register)

    def take(self, machines: Sequence[Route], plan: Plan, register: Register) -> None:
        """Take other rules."""
        self._machines = [channel for channel in machines if not channel.for_people]
        self._plan = plan
        self._zone = ZoneInfo(plan.zone)
        self._register = register

    def __call__(self, decided: AlertOrder | TellPeople) -> list[Delivery]:
        """Return what is to be delivered because of a decision."""
        if isinstance(decided, TellPeople):
            return self._tell(decided)
        return route(decided, epoch=self._epoch, channels=self._machines)

    def _tell(self, told: TellPeople) -> list[Delivery]:
        channels = list(dict.fromkeys(filter(None, map(self._awake(told.decided_at_ms), self._targets(told)))))
        if not channels:
            return []
        text = _encode(told)
        high = told.to == "lead" or told.kind in URGENT or instead_of_lead(told)
        return [
            Delivery(
                delivery_id=f"{self._epoch}-{told.key}@{channel}",
                alert_id=f"{self._epoch}-{told.alert}",
                channel=channel,
                transition=HIGH if high else TOLD,
                stage=told.step,
                due_at_ms=told.due_at_ms,
                decided_at_ms=told.decided_at_ms,
                expires_at_ms=max(told.expires_at_ms, told.decided_at_ms + PEOPLE_EXPIRES_MS),
                body=text,
            )
            for channel in channels
        ]

    def _targets(self, told: TellPeople) -> list[str]:
        """Return the channels that the rules name for a message; else what stands in for all."""
        if told.to not in ("team", "lead", "digest"):
            return []
        # Where no manager can be told in a lead's place, whoever reads in the group is.
        at_last = ("lead",) if instead_of_lead(told) and told.kind not in URGENT else ()
        for to in (told.to, *at_last):
            if found := self._named(told, to):
                return found
        return [self._plan.fallback] if self._plan.fallback is not None else []

    def _named(self, told: TellPeople, to: str) -> list[str]:
        """Return the channel of the first route that names one, else those the register names for the team."""
        platforms, shops = places(told)
        for one in self._plan.routes:
            if one.match.matches(told.team, platforms, shops):
                name = one.digest if to == "digest" else (one.lead or one.team) if to == "lead" else one.team
                if name is not None:
                    return [name]
        team = self._register.team(told.team) if to != "digest" else None
        return [name for name in team.channels if name in self._plan.channels] if team else []

    def _awake(self, at_ms: int) -> "_Awake":
        local = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(self._zone)
        return _Awake(self._plan, ((local.hour * 60 + local.minute) * 60 + local.second) * 1000)


def places(told: TellPeople) -> tuple[list[str], list[str]]:
    """Return the platforms and shops a message is of, as routes match them."""
    platforms, shops = [wait.platform for wait in told.waits], [wait.shop for wait in told.waits]
    for names, found in ((("platform",), platforms), (("shop", "shops"), shops)):
        for value in filter(None, map(told.facts.get, names)):
            found += [value] if isinstance(value, str) else [one for one in value if isinstance(one, str)]
    return platforms, shops


def instead_of_lead(told: TellPeople) -> bool:
    """Whether the manager is told what a lead was to be told, for none is there."""
    return told.to == "digest" and told.kind not in OF_THE_MANAGER


class _Awake:
    """Finds, for a channel in its quiet hours, the one that stands in."""

    def __init__(self, plan: Plan, of_day_ms: int) -> None:
        self._plan = plan
        self._of_day_ms = of_day_ms

    def __call__(self, name: str) -> str | None:
        """Return a channel that may be told now; None: all sleep, and nobody is woken."""
        at: str | None = name
        while at is not None:
            channel = self._plan.channels[at]
            if channel.quiet is None or not channel.quiet.covers(self._of_day_ms):
                return at
            at = channel.fallback
        return None


def route(order: AlertOrder, *, epoch: str, channels: Sequence[Route]) -> list[Delivery]:
    """Return what programs are to be told because of an order.

    A delivery's id is the same whenever the same order is routed again: told once.
    """
    alert_id = f"{epoch}-{order.wait}"
    transition = TRANSITIONS[type(order)]
    message_id = f"{alert_id}.{order.stage}.{transition}"
    if order.repetition:
        message_id += f".r{order.repetition}"
    text = body(order, alert_id)
    return [
        Delivery(
            delivery_id=f"{message_id}@{channel.channel}",
            alert_id=alert_id,
            channel=channel.channel,
            transition=transition,
            stage=order.stage,
            due_at_ms=order.due_at_ms,
            decided_at_ms=order.decided_at_ms,
            expires_at_ms=order.decided_at_ms + channel.expires_ms,
            body=text,
        )
        for channel in channels
    ]


def message_id(delivery: Delivery) -> str:
    """Return what a receiver knows a message by, the same over all tries and channels."""
    return delivery.delivery_id.rpartition("@")[0]


_encode = msgspec.json.Encoder().encode
