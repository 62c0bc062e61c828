"""What becomes of waits and promises: rounds, and limits that are passed."""

from typing import Literal

from msgspec import Struct

Outcome = Literal["open", "answered", "expired", "abandoned", "dismissed"]


class Holding(Struct, frozen=True, gc=False):
    """One stretch of a wait in somebody's hands; both names None: unassigned.

    ``slot`` tells time in which nobody was there, charged to whom the roster names: the
    holder before the end of their shift, or whose shift it was (None: it was nobody's).
    """

    agent: str | None
    account: str | None
    held_ms: int
    slot: Literal["early_leave", "absent"] | None = None


class Round(Struct, frozen=True, gc=False):
    """One wait and how it ended: what scores count.

    ``wait`` is the wait's number: the journal position of the event that first
    opened it. It stays through corrections and restarts.
    """

    wait: int
    platform: str
    shop: str
    conversation: str
    buyer: str
    team: str
    opened_by: str
    opened_at_ms: int
    needs_answer_since_ms: int | None  # None: every buyer message was courtesy.
    ended_by: str | None
    ended_at_ms: int | None  # When answered, closed, given up or dismissed; None while open.
    agent: str | None  # Who answered; else who holds it.
    account: str | None
    counted_ms: int  # The counted clock from opened_at to its end, or to now.
    outcome: Outcome
    buyer_messages: int
    held: bool  # Answered by a holding reply or a greeting only.
    first: bool  # No human reply before it in its session.
    closed_unanswered: bool  # An agent or the system closed the chat on it.
    stage: str  # The last one passed by the clock from opened_at; "fresh" if none.
    passed: tuple[str, ...]  # Every stage passed, in order.
    holders: tuple[Holding, ...]
    backfilled: bool = False  # Restated by what came after `lateness`.
    ended_after_ms: int | None = None  # Answered elsewhere: after this instant, and by `ended_at_ms`.
    policy: int = 0  # The number of the policy it opened with, which names the rules (see ``NumberedPolicies``).

    @property
    def courtesy(self) -> bool:
        """Whether every buyer message of it was courtesy."""
        return self.needs_answer_since_ms is None


class CloseRound(Struct, frozen=True, gc=False):
    """A wait has ended; write its round down."""

    round: Round


class RestateRound(Struct, frozen=True, gc=False):
    """Something late changed the past.

    ``was`` is what stood before (None: the round is new, closed in the past),
    ``now`` what stands (None: there is no such closed round any more).
    """

    was: Round | None
    now: Round | None
    reason: Literal["late", "backfill", "recalled", "dismissed", "merged"]


class JoinChats(Struct, frozen=True, gc=False):
    """Chats are one buyer's, and are part of another from now on; said again of one that comes back from the disk."""

    shop: str
    chats: tuple[str, ...]
    into: str


class PassStage(Struct, frozen=True, gc=False):
    """A wait has passed a stage's limit by the clock of its ``opened_at``."""

    platform: str
    shop: str
    team: str
    stage: str
    courtesy: bool


class PassPromise(Struct, frozen=True, gc=False):
    """A promise has passed one of its limits: ``due``, ``late`` or ``missed``."""

    platform: str
    shop: str
    conversation: str
    team: str
    agent: str | None
    account: str | None
    stage: str
    greeting: bool
    opened_at_ms: int
    due_at_ms: int
    decided_at_ms: int
