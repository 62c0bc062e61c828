"""What every wait really was, known because it was made so.

The script of a conversation says of each event it plays what that event does to
the wait it belongs to. That is written down here when the event leaves, so that
a stream cut off anywhere has the truth of what was sent. Nobody reads words or
follows messages.

The policy is the built-in one: people's replies end a wait, bots do not, all
hours count, a wait is given up after seven days.
"""

from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from monitor.core.events import Event
from monitor.core.units import DAY_MS

Outcome = Literal["open", "answered", "expired", "abandoned", "dismissed"]
LIMITS = (("slow", 60_000), ("at_risk", 180_000), ("lost", 300_000))
GIVE_UP_MS = 7 * DAY_MS

# What an event does to its wait.
NOTHING = 0
ASKS = 1  # A buyer message that wants an answer: opens the wait, or is one more in it.
COURTESY = 2  # The same, wanting none.
ANSWERS = 3
HOLDS = 4  # A reply that ends the wait by a holding phrase or a greeting.
LEAVES = 5  # The buyer closes.
TAKES_BACK = 6  # Its only message is recalled.
UNSAYS = 7  # One of its messages, not the first, is recalled.
TAKEN = 8  # Somebody gets it for the first time.
MOVES = 9  # Given to somebody else.
CLOSES = 10  # The agent or the system closes; the wait stands.


class Wait(Struct, eq=False):
    """One wait as it is being made; the fields are those of a line of the truth."""

    platform: str
    shop: str
    conversation: str
    opened_by: str
    opened_at_ms: int
    agent: str | None
    account: str | None
    needs_answer_since_ms: int | None = None
    ended_by: str | None = None
    ended_at_ms: int | None = None
    outcome: Outcome = "open"
    buyer_messages: int = 0
    held: bool = False
    transfers: int = 0
    closed_unanswered: bool = False


class TrueRound(Struct, kw_only=True):
    """One line of the truth, named as in the lines of ``replay --rounds``.

    Instants are epoch milliseconds. ``counted_seconds`` runs to the end of the
    wait or of the stream. ``courtesy`` is what the buyer's lines were meant as.
    """

    platform: str
    shop: str
    conversation: str
    opened_by: str
    opened_at: int
    needs_answer_since: int | None
    ended_by: str | None
    ended_at: int | None
    agent: str | None
    account: str | None
    wait_seconds: float | None
    counted_seconds: float
    outcome: Outcome
    buyer_messages: int
    courtesy: bool
    held: bool
    stage: str
    transfers: int
    closed_unanswered: bool


class Ledger:
    """Keeps the waits that are open and hands each finished one to ``write``.

    Attributes:
        counts: rounds by outcome, and ``courtesy`` and ``passed`` as a replay counts them.
    """

    def __init__(self, write: Callable[[TrueRound], None] | None = None) -> None:
        self._write = write
        self._open: dict[int, Wait] = {}
        self.counts = dict.fromkeys(("answered", "open", "expired", "abandoned", "dismissed", "courtesy"), 0)
        self.passed = dict.fromkeys((name for name, _ in LIMITS), 0)

    @property
    def waiting(self) -> int:
        """How many waits are open, courtesy included."""
        return len(self._open)

    def note(self, wait: Wait, effect: int, event: Event) -> None:
        """Write down what an event that leaves now does to its wait."""
        at_ms = event.ts_ms
        if effect <= COURTESY:
            if wait.buyer_messages == 0:
                self._give_up(at_ms)
                self._open[id(wait)] = wait
            wait.buyer_messages += 1
            if effect == ASKS and wait.needs_answer_since_ms is None:
                wait.needs_answer_since_ms = at_ms
        elif effect == UNSAYS:
            wait.buyer_messages -= 1
        elif effect in (TAKEN, MOVES):
            wait.transfers += effect == MOVES
            wait.agent, wait.account = event.agent, event.account
        elif effect == CLOSES:
            wait.closed_unanswered = True
        else:
            if effect in (ANSWERS, HOLDS):
                wait.outcome, wait.held = "answered", effect == HOLDS
                wait.ended_by, wait.agent, wait.account = event.id, event.agent, event.account
            else:
                wait.outcome = "abandoned" if effect == LEAVES else "dismissed"
            wait.ended_at_ms = at_ms
            del self._open[id(wait)]
            self._finish(wait, at_ms)

    def close(self, last_ms: int) -> None:
        """Write what is open at the last instant of the stream: still waiting, or given up."""
        self._give_up(last_ms)
        for wait in self._open.values():
            self._finish(wait, last_ms)
        self._open.clear()

    def _give_up(self, now_ms: int) -> None:
        """Let go of what is older than seven days. Waits lie here in the order they opened."""
        while self._open:
            wait = next(iter(self._open.values()))
            if now_ms - wait.opened_at_ms <= GIVE_UP_MS:
                return
            del self._open[id(wait)]
            wait.outcome = "expired"
            self._finish(wait, wait.opened_at_ms + GIVE_UP_MS)

    def _finish(self, wait: Wait, end_ms: int) -> None:
        """Count a wait and write its line."""
        length = end_ms - wait.opened_at_ms
        courtesy = wait.needs_answer_since_ms is None
        answered = wait.outcome == "answered"
        stage = "fresh"
        for name, limit in LIMITS:
            if length > limit:
                stage = name
                if wait.outcome != "dismissed":
                    self.passed[name] += 1
        self.counts[wait.outcome] += 1
        if courtesy and wait.outcome != "dismissed":
            self.counts["courtesy"] += 1
        if self._write is not None:
            self._write(
                TrueRound(
                    platform=wait.platform,
                    shop=wait.shop,
                    conversation=wait.conversation,
                    opened_by=wait.opened_by,
                    opened_at=wait.opened_at_ms,
                    needs_answer_since=wait.needs_answer_since_ms,
                    ended_by=wait.ended_by,
                    ended_at=wait.ended_at_ms if answered else None,
                    agent=wait.agent,
                    account=wait.account,
                    wait_seconds=length / 1000 if answered else None,
                    counted_seconds=length / 1000,
                    outcome=wait.outcome,
                    buyer_messages=wait.buyer_messages,
                    courtesy=courtesy,
                    held=wait.held,
                    stage=stage,
                    transfers=wait.transfers,
                    closed_unanswered=wait.closed_unanswered,
                )
            )
