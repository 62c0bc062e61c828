"""What all doors share: what became of what was sent, and when to try again."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from monitor.core.events import Event
from monitor.errors import UsageError

ENCODER = msgspec.json.Encoder()


FIRST_TRY_SECONDS = 10.0  # A door that has never answered for so long is a wrong address.


MOST_PAUSE_SECONDS = 5.0  # Between two tries.


REFUSALS_KEPT = 10


# Platform and shop of the topic for what names no shop: heartbeats and presence go where their collector's shop does.
Homes = Mapping[str, tuple[str, str]]


@dataclass(slots=True)
class Tally:
    """How it went.

    Attributes:
        sent: events confirmed by the door, or written.
        retries: how often something was sent again.
        refusals: the first few refusals, as the door words them.
    """

    sent: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    retries: int = 0
    refusals: list[str] = field(default_factory=list)

    def answer(self, events: int, answer: dict[str, Any]) -> None:
        """Add what a door says of ``events`` it was sent."""
        self.sent += events
        self.accepted += int(answer.get("accepted", 0))
        self.duplicates += int(answer.get("duplicates", 0))
        rejected = answer.get("rejected") or []
        self.rejected += len(rejected)
        for refusal in rejected[: REFUSALS_KEPT - len(self.refusals)]:
            self.refusals.append(f"{refusal.get('path')}: {refusal.get('error')}")


class Door(Protocol):
    """Something that takes batches of events."""

    tally: Tally

    async def send(self, events: list[Event]) -> None:
        """Send a batch; may return before it is confirmed."""

    async def finish(self) -> None:
        """Wait until all that was sent is confirmed."""


class Retry:
    """Pauses between tries, and knows when an address was never right.

    Args:
        where: the address, for the message.
        say: told once what is being waited for.

    Attributes:
        answered: somebody is there, be it to say "later".
    """

    def __init__(self, where: str, tally: Tally, say: Callable[[str], None]) -> None:
        self._where = where
        self._tally = tally
        self._say = say
        self._tries = 0
        self.answered = False
        self._begun = time.monotonic()

    def good(self) -> None:
        """It works."""
        self._tries = 0
        self.answered = True

    async def pause(self, reason: str, seconds: float | None = None) -> None:
        """Wait before the next try, as long as the door asks for or twice as long as last time.

        Raises:
            UsageError: it has never worked yet and does not look as if it will.
        """
        if not self.answered and time.monotonic() - self._begun > FIRST_TRY_SECONDS:
            raise UsageError(f"{self._where} does not answer: {reason}")
        if self._tries == 0:
            self._say(f"{self._where}: {reason}; trying again")
        self._tally.retries += 1
        self._tries += 1
        await asyncio.sleep(min(MOST_PAUSE_SECONDS, 0.1 * 2**self._tries if seconds is None else seconds))


def why(error: Exception) -> str:
    """Return what an error says, or at least its name."""
    return str(error) or type(error).__name__
