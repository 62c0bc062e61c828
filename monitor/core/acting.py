"""What people do about the alert of a wait: claim, release, mute, or want nothing told any more."""

from monitor.core import events as ev
from monitor.core.alert_log import AlertLog
from monitor.core.conversation import FIRING, RESOLVED, Conversation, Told
from monitor.core.decisions import AlertAct, ResolveAlert
from monitor.core.ladder import Ladder
from monitor.core.ladders import Host, Ladders
from monitor.core.wait import Wait


class Acting:
    """Takes what people do.

    Args:
        host: the tracker.
        ladders: how each wait stands.
        log: where it is written down.
    """

    def __init__(self, host: Host, ladders: Ladders, log: AlertLog) -> None:
        self._host = host
        self._ladders = ladders
        self._log = log

    def act(self, conversation: Conversation, wait: Wait, event: ev.AlertActed) -> None:
        """A person claims, releases, mutes, or wants nothing told any more."""
        told, ladder = self._ladders.ladder_of(conversation, wait, event.ts_ms)
        at_ms, by = event.ts_ms, event.by
        ladder.acted = True
        self._host.touch(conversation)
        what = {"claim": "claimed", "release": "released", "resolve": "stopped", "mute": "muted"}[event.act]
        detail = ""
        if event.act == "claim":
            if ladder.claimed_by:
                what, detail = "refused", f"claimed by {ladder.claimed_by}"  # The first one stands.
            else:
                self._claim(wait, ladder, by, at_ms)
        elif event.act == "release":
            detail = ladder.claimed_by
            ladder.claimed_by, ladder.claimed_at_ms, ladder.hold_until_ms = "", 0, 0
        elif event.act == "mute":
            ladder.muted_until_ms = max(ladder.muted_until_ms, event.until_ms or at_ms)
        elif not ladder.stopped:
            ladder.stopped, ladder.hold_until_ms = True, 0
            if told.state == FIRING and told.first:
                self._host.decisions.append(self._stop_machines(conversation, wait, told, at_ms))
            told.state = RESOLVED
        self._log.stands(conversation, wait, AlertAct(at_ms, by, what, detail))

    def _claim(self, wait: Wait, ladder: Ladder, by: str, at_ms: int) -> None:
        policy = self._ladders.policies[wait.policy]
        ladder.claimed_by, ladder.claimed_at_ms = by, at_ms
        if ladder.held:
            return
        ladder.held = True
        until_ms = at_ms + policy.claim_ms
        limit = self._ladders.next_limit_ms(wait, at_ms)
        if limit is not None:
            until_ms = min(until_ms, limit - 1 - policy.claim_before_ms)
        ladder.hold_until_ms = until_ms if until_ms > at_ms else 0

    def _stop_machines(self, conversation: Conversation, wait: Wait, told: Told, at_ms: int) -> ResolveAlert:
        one = self._ladders.named(conversation, wait, at_ms)
        return ResolveAlert(
            wait.number, one.stage, at_ms, at_ms, one.platform, one.shop, one.conversation, one.buyer, one.agent,
            one.account, one.team, one.since_ms, wait.opened_at_ms, wait.opened_by, wait.messages, told.repetition,
            one.closed_unanswered, reason="stopped",
        )  # fmt: skip
