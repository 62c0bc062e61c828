"""What a door makes of a body: events, and what was refused with its reason."""

import hashlib
from dataclasses import dataclass, field
from typing import Self

from monitor.core.events import AnyEvent

ID_CHARS = 512  # Longer ones are no ids but something else in the wrong field.
KEPT_BYTES = 64 * 1024  # Of refused input, for the quarantine.
HOOK = "hook"  # The door of webhooks: what comes there is in another system's words.


@dataclass(slots=True, frozen=True)
class Limits:
    """How much one sender may bring at once.

    Attributes:
        body_bytes: of a request, a frame or a payload.
        batch_events: in one body.
        event_bytes: of one event as JSON.
        text_bytes: of one text, as UTF-8.
        short_bytes: nothing on a line of at most so many is too long.
    """

    body_bytes: int = 8 * 1024 * 1024
    batch_events: int = 10_000
    event_bytes: int = 256 * 1024
    text_bytes: int = 64 * 1024
    short_bytes: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "short_bytes", min(ID_CHARS, self.event_bytes, self.text_bytes))


DEFAULT_LIMITS = Limits()


class Refused(Exception):
    """An event, or a whole body, is not taken.

    Attributes:
        reason: one word that metrics count (see `Refusal`).
        path: where the fault is, like ``$.ts``; ``$`` for the whole.
        error: what is wrong and what would be right, for a person; a sentence about what stands at ``path``.
    """

    def __init__(self, reason: str, path: str, fault: str) -> None:
        self.reason = reason
        self.path = path
        self.error = fault if path == "$" else f"{path.removeprefix('$.')} {fault}"
        super().__init__(self.error)


@dataclass(slots=True, frozen=True)
class Refusal:
    """One thing that was refused, kept for the quarantine.

    Attributes:
        index: its place in the batch, from 0; empty lines do not count.
        path: where the fault is, like ``$.ts``; ``$`` for the whole.
        error: what is wrong and what would be right, for a person.
        reason: one word that metrics count: ``json``, ``utf8``, ``type`` (a wrong type or value), ``missing``,
            ``ts``, ``id`` (no id can look like this), ``size``, ``nesting``, ``shop``, ``unknown_type``,
            ``conflict``, ``mapping`` (a webhook is not as its mapping expects); of MQTT also ``topic``, ``retained``,
            ``empty``; of HTTP ``gzip``.
        body: the bytes as sent, the first 64 KiB of them.
        length: how many bytes were sent.
        sha256: hex digest of all that was sent.
    """

    index: int
    path: str
    error: str
    reason: str
    body: bytes
    length: int
    sha256: str

    @classmethod
    def of(cls, body: bytes, reason: str, error: str, *, index: int = 0, path: str = "$") -> Self:
        """Return the refusal of some bytes, as much of them as is kept."""
        return cls(index, path, error, reason, body[:KEPT_BYTES], len(body), hashlib.sha256(body).hexdigest())


@dataclass(slots=True)
class Batch:
    """One body, decoded.

    Attributes:
        door: ``mqtt``, ``http``, ``ws``, ``hook`` or ``file``.
        source: the name that stands for events which name no source themselves.
        events: what is well formed, in order; ``indices`` gives each one's place in the body.
        refusals: the rest.
        clamped: how many had a ``ts`` in the near future and were set to arrival.
        size: bytes of the body, for the bound on what waits.
    """

    door: str
    source: str
    events: list[AnyEvent] = field(default_factory=list)
    indices: list[int] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    clamped: int = 0
    size: int = 0
