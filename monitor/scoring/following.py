"""What scores follow of the engine's commits, and what that tells of how fresh the feeds of a shop are."""

from collections.abc import Iterable
from typing import Protocol

from monitor.core.decisions import Decision
from monitor.core.events import Message
from monitor.metrics import Accepted


class Changes(Protocol):
    """What one commit changed, as far as scores go."""

    @property
    def now_ms(self) -> int:
        """When it was."""

    @property
    def position(self) -> int:
        """That of the newest event, up to and with it."""

    @property
    def events(self) -> Iterable[Accepted]:
        """The events that came in."""

    @property
    def decisions(self) -> Iterable[Decision]:
        """What was decided."""


class Seen:
    """What is known of the feeds of one shop."""

    __slots__ = ("arrived_ms", "lag_ms", "newest_ms")

    def __init__(self) -> None:
        self.newest_ms = self.arrived_ms = self.lag_ms = 0

    def hear(self, message: Message, now_ms: int) -> None:
        """Note a message."""
        self.arrived_ms = now_ms
        self.lag_ms = now_ms - message.ts_ms
        self.newest_ms = max(self.newest_ms, message.ts_ms)
