"""Promises: who is told, at which second from the holding reply on, that a real answer is still owed."""

from monitor.core.conversation import Conversation
from monitor.core.entry import CLOSED_BY_BUYER, CODE, DISMISS, GREETS, HOLDS, HUMAN, Entry
from monitor.core.incidents import Incidents
from monitor.core.ladder import Rung
from monitor.core.ladders import Host, Ladders
from monitor.core.timers import NEVER_MS
from monitor.core.wait import Promise

_OVER_BY = {HUMAN: "kept", CLOSED_BY_BUYER: "abandoned", DISMISS: "dismissed"}


class PromiseSteps:
    """The steps of all promises.

    Args:
        host: the tracker.
        ladders: the rungs of policies.
        incidents: make an alert of what leaves the panel.
    """

    def __init__(self, host: Host, ladders: Ladders, incidents: Incidents) -> None:
        self._host = host
        self._ladders = ladders
        self._incidents = incidents

    def _rungs(self, promise: Promise) -> tuple[tuple[Rung, ...], int]:
        """Return the rungs of a promise, and how much later they are: "within ten minutes" moves them all."""
        rungs = self._ladders.table[promise.policy]
        if promise.greeting:
            return rungs.greeting, 0
        return rungs.promise, promise.limits[0][1] - self._ladders.policies[promise.policy].promise.due_ms

    def next_ms(self, promise: Promise) -> int:
        """Return when the next step of a promise is to be looked at; NEVER_MS: there is none."""
        rungs, later_ms = self._rungs(promise)
        for rung in rungs:
            if rung.at_ms > promise.told_ms:
                due = promise.due_at_ms(rung.at_ms + later_ms - 1, self._ladders.policies.clocks[promise.policy])
                return NEVER_MS if due is None else due + 1
        return NEVER_MS

    def judge(self, conversation: Conversation, promise: Promise, now_ms: int) -> None:
        """Tell of a promise what has come due: the highest step."""
        rungs, later_ms = self._rungs(promise)
        clock = self._ladders.policies.clocks[promise.policy]
        due: list[tuple[Rung, int]] = []
        for rung in rungs:
            at_ms = promise.due_at_ms(rung.at_ms + later_ms - 1, clock)
            if rung.at_ms > promise.told_ms and at_ms is not None and at_ms < now_ms:
                due.append((rung, at_ms))
        if not due:
            return
        promise.told_ms = due[-1][0].at_ms
        self._host.touch(conversation)
        policy = self._ladders.policies[promise.policy]
        who = conversation.state.holder or promise.who
        for rung, at_ms in due:
            if rung.at_ms == promise.told_ms:
                self._incidents.promise_due(
                    to=rung.to,
                    step=rung.label,
                    team=policy.team,
                    at_ms=at_ms,
                    now_ms=self._ladders.decided(at_ms, now_ms),
                    facts={
                        "platform": self._host.platform_of(conversation.shop),
                        "shop": conversation.shop,
                        "conversation": conversation.id,
                        "agent": who.agent or who.account if who is not None else None,
                        "account": who.account if who is not None else None,
                        "greeting": promise.greeting,
                        "stage": promise.limits[promise.passed - 1][0] if promise.passed else "open",
                        "opened_at_ms": promise.opened_at_ms,
                    },
                )

    def over(self, conversation: Conversation, now_ms: int, outcome: str) -> None:
        """A promise is kept, or over by something else: abandoned, dismissed, dropped, merged, expired."""
        self._incidents.promise_over(conversation.shop, conversation.id, now_ms, outcome)


def over_by(entry: Entry) -> str:
    """Return how a promise is over that an entry ends.

    A reply keeps it, unless that only holds again, in place of the one which gave it. What else ends it shows that
    nobody gave it: taken back, or, by what the buyer wrote just before, a bot's.
    """
    code = entry.what & CODE
    if code == HUMAN and entry.what & (HOLDS | GREETS):
        return "dropped"
    return _OVER_BY.get(code, "dropped")
