"""What was left while a shop was closed: when its hours begin, one message to the team names all of it.

Within a minute after the opening that message stands for every other to the team. A wait is noted for it as it is
judged then; the message itself is told a little later, for some of it has been answered by then (see `incidents`).
"""

from monitor.core.alert_log import AlertLog
from monitor.core.conversation import FIRING, Conversation
from monitor.core.decisions import AlertAct, ToldStep
from monitor.core.incidents import Incidents
from monitor.core.ladder import OPENING, OPENING_MS, Ladder
from monitor.core.ladders import Host, Ladders
from monitor.core.policy import Policy
from monitor.core.telling import anew
from monitor.core.wait import Wait


class Openings:
    """Notes what was left.

    Args:
        host: the tracker.
        ladders: how each wait stands.
        log: where alerts are written down.
        incidents: tell the message.
    """

    def __init__(self, host: Host, ladders: Ladders, log: AlertLog, incidents: Incidents) -> None:
        self._host = host
        self._ladders = ladders
        self._log = log
        self._incidents = incidents

    def judge(self, conversation: Conversation, wait: Wait, policy: Policy, ladder: Ladder | None, now_ms: int) -> bool:
        """Note a wait for the message of an opening that has just been, if it belongs there; return whether it does."""
        opening_ms = self._ladders.opening_ms(wait, now_ms - 1)  # What comes at that very instant goes first.
        if not opening_ms or not opening_ms < now_ms <= opening_ms + OPENING_MS:
            return False  # Passed over where it is long past, as while a feed was stale.
        if ladder is not None and (ladder.quiet(now_ms) or ladder.opening_ms == opening_ms):
            return False
        if self._ladders.silenced(conversation, policy, self._ladders.stage(wait, policy, now_ms), now_ms):
            return False
        self._note(conversation, wait, opening_ms, now_ms)
        return True

    def _note(self, conversation: Conversation, wait: Wait, opening_ms: int, now_ms: int) -> None:
        told, ladder = self._ladders.ladder_of(conversation, wait, now_ms)
        if told.state != FIRING:
            anew(told)
        decided_at_ms = self._ladders.decided(opening_ms, now_ms)
        named = self._ladders.named(conversation, wait, decided_at_ms)
        ladder.told = (*ladder.told, ToldStep(OPENING, "team", opening_ms, decided_at_ms))
        told.at_ms = decided_at_ms
        if not ladder.raised_at_ms:
            ladder.raised_at_ms = decided_at_ms
            ladder.limit_at_ms = (self._ladders.next_limit_ms(wait, decided_at_ms) or 1) - 1
        self._host.touch(conversation)
        act = AlertAct(decided_at_ms, "", "told", f"team {OPENING}")
        self._log.write(told, named, named.stage, named.since_ms, act, None, None, policy=wait.policy)
        self._incidents.left(conversation.shop, conversation.id, wait.number, named.team, opening_ms)
