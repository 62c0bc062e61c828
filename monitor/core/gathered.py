"""Waits kept under the team and agent in whose message they are named."""

from monitor.core.conversation import Conversation
from monitor.core.ladder import Ladder
from monitor.core.ladders import Ladders
from monitor.core.telling import told_of
from monitor.core.wait import Wait


class Gathered:
    """The waits of one tracker that are old enough to be named beside others.

    Args:
        ladders: how each wait stands, and whose it is.
    """

    def __init__(self, ladders: Ladders) -> None:
        self._ladders = ladders
        self._of: dict[tuple[str, str], dict[Conversation, None]] = {}  # By team and agent, in order of coming.

    def of(self, team: str, who: str) -> list[Conversation]:
        """Return the chats of an agent in a team."""
        return list(self._of.get((team, who), ()))

    def follow(self, conversation: Conversation, wait: Wait, ladder: Ladder) -> None:
        """Keep a wait under whoever has it now."""
        key = (self._ladders.policies[wait.policy].team, self._ladders.who(conversation))
        if ladder.gathered != key:
            self.leave(conversation, ladder)
            ladder.gathered = key
        self._of.setdefault(key, {})[conversation] = None

    def moved(self, conversation: Conversation) -> None:
        """The chat may have changed hands."""
        wait = conversation.state.wait
        told = told_of(conversation, wait.number) if wait is not None else None
        ladder = told.ladder if told is not None else None
        if wait is None or ladder is None or ladder.gathered is None:
            return
        if ladder.gathered[1] != self._ladders.who(conversation):
            self.follow(conversation, wait, ladder)

    def leave(self, conversation: Conversation, ladder: Ladder) -> None:
        """Keep a wait no more."""
        if ladder.gathered is not None:
            among = self._of.get(ladder.gathered)
            if among is not None:
                among.pop(conversation, None)
                if not among:
                    del self._of[ladder.gathered]
            ladder.gathered = None
