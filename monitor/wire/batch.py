"""What a door makes of a body: events, and what was refused with its reason."""

from dataclasses import dataclass, field

from monitor.core.events import AnyEvent


@dataclass(slots=True, frozen=True)
class Refusal:
    """One thing that was refused, kept for the quarantine.

    Attributes:
        index: its place in the batch, from 0.
        path: where the fault is, like ``$.ts``; ``$`` for the whole.
        error: what is wrong and what would be right, for a person.
        reason: one word that metrics count (``json``, ``utf8``, ``type``, ``missing``, ``ts``, ``id``, ``size``,
            ``shop``, ``unknown_type``, ``conflict``).
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


@dataclass(slots=True)
class Batch:
    """One body, decoded.

    Attributes:
        door: ``mqtt``, ``http``, ``ws`` or ``file``.
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
