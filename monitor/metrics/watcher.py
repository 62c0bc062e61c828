"""Counts what came in and what was decided, once it is stored."""

from collections.abc import Iterable
from typing import Protocol

from monitor.core.decisions import (
    AlertOrder,
    AlertState,
    CloseRound,
    Decision,
    PassPromise,
    PassStage,
    RaiseAlert,
    ResolveAlert,
    RestateRound,
    RiseAlert,
    Round,
    TellPeople,
    WithdrawAlert,
)
from monitor.core.events import AnyEvent, Message
from monitor.core.views import CANARY
from monitor.metrics.numbers import UNKNOWN, Metrics


class Accepted(Protocol):
    """One event as it went in."""

    @property
    def event(self) -> AnyEvent:
        """The event."""

    @property
    def outcome(self) -> str:
        """What became of it: accepted, late, duplicate, conflict."""


class Refusal(Protocol):
    """One thing that was refused."""

    @property
    def reason(self) -> str:
        """Why, in one word."""


class Changes(Protocol):
    """What a commit changed, as far as counting goes."""

    @property
    def decisions(self) -> Iterable[Decision]:
        """What was decided, in order."""

    @property
    def events(self) -> Iterable[Accepted]:
        """The events that came in."""

    @property
    def refused(self) -> Iterable[tuple[str, Refusal]]:
        """What was refused, with its source."""

    @property
    def clamped(self) -> int:
        """How many events came a little out of the future."""

    @property
    def commit_seconds(self) -> float:
        """How long the disk took; 0: nothing was written."""


class Watcher:
    """Counts what came in and what was decided, once it is stored; hand `watch` to the engine."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def watch(self, changes: Changes) -> None:
        """Count all of one commit."""
        metrics = self._metrics
        # A batch is of few sources, platforms and roles: these are counted first, and then added.
        events: dict[tuple[str | None, str, str | None, str | None], int] = {}
        for accepted in changes.events:
            event = accepted.event
            said_by = event.role if type(event) is Message else None
            key = (event.source, accepted.outcome, event.platform, said_by)
            events[key] = events.get(key, 0) + 1
        for (source, outcome, platform, role), count in events.items():
            if platform == CANARY:
                continue
            metrics.events.add(source or UNKNOWN, outcome, n=count)
            if role is not None and outcome in ("accepted", "late"):
                metrics.messages.add(platform or UNKNOWN, role, n=count)
        for sender, refusal in changes.refused:
            metrics.events.add(sender, "rejected")
            metrics.rejected.add(refusal.reason)
        metrics.clamped += changes.clamped
        if changes.commit_seconds:
            metrics.commit.observe(changes.commit_seconds)
        for decision in changes.decisions:
            match decision:
                case PassStage():
                    courtesy = "true" if decision.courtesy else "false"
                    metrics.passed.add(decision.platform, decision.team, decision.stage, courtesy)
                case CloseRound():
                    self._close(decision.round)
                case RestateRound():
                    metrics.corrections.add(f"round_{decision.reason}")
                case AlertOrder():
                    self._alert(decision)
                case AlertState():
                    for act in decision.acts:
                        counted = _outcome(act.what, decision)
                        if counted is not None:
                            metrics.alerts.add(decision.team, decision.stage, counted)
                case TellPeople() if decision.kind == "waits":
                    metrics.alert_lateness.observe(max(0, decision.decided_at_ms - decision.due_at_ms) / 1000)
                case PassPromise():
                    metrics.promises_passed.add(decision.platform, decision.team, decision.stage)

    def _close(self, done: Round) -> None:
        if done.platform == CANARY:
            return
        metrics = self._metrics
        metrics.rounds.add(done.platform, done.team, done.outcome)
        # Of an answer given elsewhere only two bounds are known.
        if done.outcome == "answered" and done.ended_at_ms is not None and done.ended_after_ms is None:
            seconds = (done.ended_at_ms - done.opened_at_ms) / 1000
            metrics.reply_wait.observe(seconds, done.platform, done.team, "first" if done.first else "next")

    def _alert(self, order: AlertOrder) -> None:
        metrics = self._metrics
        match order:
            case RaiseAlert():
                outcome = "raised"
            case RiseAlert():
                outcome = "risen"
            case ResolveAlert():
                outcome = "resolved"
            case WithdrawAlert():
                outcome = "withdrawn"
                metrics.corrections.add(f"alert_{order.reason}")
            case _:
                raise AssertionError(f"an alert order without a name: {order}")
        metrics.alerts.add(order.team, order.stage, outcome)
        if outcome in ("raised", "risen"):
            metrics.alert_lateness.observe(max(0, order.decided_at_ms - order.due_at_ms) / 1000)


def _outcome(act: str, alert: AlertState) -> str | None:
    """Return what an act is counted as; those of waits are counted as programs are told of them, but for claims."""
    if act == "claimed":
        return "claimed"
    if alert.kind == "wait":
        return None
    if act == "told":
        return "raised" if len({told.step for told in alert.told}) == 1 else "risen"
    return "resolved" if act == "resolved" else None
