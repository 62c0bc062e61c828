"""What the engine says of its work: to a sender what became of a batch, to watchers what a commit changed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from msgspec import Struct

from monitor.core.decisions import AlertOrder, Decision, TellPeople
from monitor.core.events import AnyEvent
from monitor.core.views import WaitRow
from monitor.store.entries import Delivery
from monitor.wire.batch import Refusal


@dataclass(slots=True)
class Receipt:
    """What became of a batch that is stored.

    Attributes:
        accepted: stored for the first time, ``late`` ones included.
        duplicates: known already, the same or not.
        late: came after their conversation's horizon: stored, not counted.
        conflicts: duplicates that say something else; also in quarantine.
        rejected: what was refused, kept in quarantine.
    """

    accepted: int = 0
    duplicates: int = 0
    late: int = 0
    conflicts: int = 0
    rejected: list[Refusal] = field(default_factory=list)


class Accepted(Struct, frozen=True, gc=False):
    """One event as it went in, for watchers that count."""

    event: AnyEvent  # As it came; what of its words is kept is less.
    outcome: str  # accepted, late, duplicate, conflict
    words: int = 0  # What a message's words are, and who speaks, as it was decided.


@dataclass(slots=True)
class Changes:
    """What one commit changed; watchers see it after the commit.

    Attributes:
        rows: open waits that are new or changed.
        gone: (wait number, why) of waits that are not open any more.
        commit_seconds: how long the disk took.
        position: of the newest event up to and with the commit.
    """

    now_ms: int
    decisions: list[Decision] = field(default_factory=list)
    rows: list[WaitRow] = field(default_factory=list)
    gone: list[tuple[int, str]] = field(default_factory=list)
    events: list[Accepted] = field(default_factory=list)
    refused: list[tuple[str, Refusal]] = field(default_factory=list)
    clamped: int = 0
    commit_seconds: float = 0.0
    position: int = 0


@dataclass(slots=True)
class Readiness:
    """Whether the service does its work.

    Attributes:
        started: the journal has been read back.
        store_error: why nothing can be stored now; None when all is well.
        fault: what in our own code has ended the loop; nothing is taken any more. None when all is well.
    """

    started: bool = False
    store_error: str | None = None
    fault: str | None = None

    @property
    def store_ok(self) -> bool:
        """Whether the journal takes what is written."""
        return self.store_error is None and self.fault is None

    @property
    def reason(self) -> str | None:
        """What keeps the service from being ready; None: nothing."""
        return self.fault or self.store_error or (None if self.started else "the journal is being read back")


Watcher = Callable[[Changes], None]
Router = Callable[[AlertOrder | TellPeople], Sequence[Delivery]]
