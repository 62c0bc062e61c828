"""What a commit changes on the board: waits that came, changed and went, and how many promises stand open."""

from monitor.core.conversation import Conversation
from monitor.core.decisions import CloseRound, RestateRound, WithdrawAlert
from monitor.core.tracker import Tracker
from monitor.engine.changes import Changes


class Board:
    """Collects what changed, and counts the open promises."""

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        self.promises = Promises()

    def see(self, changes: Changes) -> list[Conversation]:
        """Collect what changed on the board; return the conversations that were touched."""
        touched = list(self._tracker.changed)
        if not touched:
            return touched
        why: dict[int, str] = {}
        for decision in changes.decisions:
            if isinstance(decision, CloseRound):
                why[decision.round.wait] = decision.round.outcome
            elif isinstance(decision, RestateRound) and decision.now is not None:
                why[decision.now.wait] = decision.now.outcome
            elif isinstance(decision, WithdrawAlert):
                why.setdefault(decision.wait, "withdrawn")
        for conversation, was in self._tracker.changed.items():
            row = self._tracker.row(conversation)
            self.promises.note(conversation, self._tracker.promise(conversation))
            if was and (row is None or row.wait != was):
                changes.gone.append((was, why.get(was, "withdrawn")))
            if row is not None:
                changes.rows.append(row)
        self._tracker.changed.clear()
        return touched


class Promises:
    """How many promises stand open, by (platform, team, stage): kept, as a look at every conversation takes long."""

    def __init__(self) -> None:
        self.counts: dict[tuple[str, str, str], int] = {}
        self._of: dict[Conversation, tuple[str, str, str]] = {}

    def note(self, conversation: Conversation, key: tuple[str, str, str] | None) -> None:
        """Note how a conversation's promise stands; None: it has none."""
        was = self._of.get(conversation)
        if was == key:
            return
        if was is not None:
            self.counts[was] -= 1
            if not self.counts[was]:
                del self.counts[was]
        if key is None:
            del self._of[conversation]
        else:
            self._of[conversation] = key
            self.counts[key] = self.counts.get(key, 0) + 1
