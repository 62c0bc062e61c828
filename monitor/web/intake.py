"""What the HTTP and the WebSocket door share: room for bytes, decoding, storing."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from monitor.web.access import LOCAL, Caller
from monitor.web.services import Receipt, Services
from monitor.wire.batch import KEPT_BYTES, Batch, Refusal

# Bytes that may wait to be stored over all senders: eight of the largest bodies. What is more is asked to come again.
ROOM_BYTES = 64 * 1024 * 1024
# Larger bodies are decoded on a thread: 256 KiB is about 1 ms, and the loop must not stand still for 8 MiB.
DECODE_ASIDE_BYTES = 256 * 1024


class Room:
    """How many bytes may wait at once."""

    def __init__(self, at_most: int = ROOM_BYTES) -> None:
        self.at_most = at_most
        self.taken = 0

    def take(self, size: int) -> bool:
        """Take room for so many bytes; whether there was any."""
        if self.taken + size > self.at_most:
            return False
        self.taken += size
        return True

    def give(self, size: int) -> None:
        """Give back what was taken."""
        self.taken -= size


@dataclass(slots=True, frozen=True)
class Outcome:
    """A stored batch, and what its sender is told."""

    receipt: Receipt
    reasons: frozenset[str]  # Of what was refused.

    @property
    def known(self) -> bool:
        """Whether anything of it was taken, now or before."""
        return self.receipt.accepted + self.receipt.duplicates > 0

    def told(self) -> dict[str, Any]:
        """The answer's body."""
        receipt = self.receipt
        return {
            "accepted": receipt.accepted,
            "duplicates": receipt.duplicates,
            "late": receipt.late,
            "rejected": [rejection(refusal) for refusal in receipt.rejected],
        }


def rejection(refusal: Refusal) -> dict[str, Any]:
    """One refused event, as its sender is told."""
    return {"index": refusal.index, "path": refusal.path, "error": refusal.error}


class Intake:
    """Turns bodies into stored events."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.room = Room()

    async def decode(self, body: bytes, *, door: str, caller: Caller) -> Batch:
        """Return what is in a body; a large one is decoded aside."""
        if len(body) > DECODE_ASIDE_BYTES:
            return await asyncio.to_thread(self._decode, body, door, caller)
        return self._decode(body, door, caller)

    def _decode(self, body: bytes, door: str, caller: Caller) -> Batch:
        return self._services.decode(
            body,
            door=door,
            source=_source(door, caller),
            now_ms=self._services.now_ms(),
            only_shops=caller.shops,
        )

    async def store(self, batch: Batch) -> Outcome:
        """Store a decoded batch.

        Raises:
            Busy: too much is waiting.
            StoreUnavailable: nothing of it was stored.
        """
        receipt = await self._services.engine.submit(batch)
        return Outcome(receipt, frozenset(refusal.reason for refusal in receipt.rejected))

    async def keep_refused(self, *, door: str, caller: Caller, reason: str, error: str, seen: "Seen") -> None:
        """Put into the quarantine what was refused before it was read."""
        refusal = Refusal(0, "$", error, reason, bytes(seen.first), seen.length, seen.sha256.hexdigest())
        batch = Batch(door=door, source=_source(door, caller), refusals=[refusal], size=len(seen.first))
        await self._services.engine.submit(batch)


def _source(door: str, caller: Caller) -> str:
    """What stands for a source that events do not name: the token they came by."""
    return door if caller is LOCAL else caller.name


class Seen:
    """The first bytes, the length and the hash of a body that is not kept.

    Attributes:
        length: what the sender announced, or at least what was seen.
    """

    def __init__(self, declared: int | None) -> None:
        self.first = bytearray()
        self.sha256 = hashlib.sha256()
        self._seen = 0
        self._declared = declared

    @property
    def length(self) -> int:
        """How many bytes were sent, as far as known."""
        return max(self._seen, self._declared or 0)

    def add(self, parts: Sequence[bytes]) -> None:
        """Take note of what came."""
        for part in parts:
            self._seen += len(part)
            self.sha256.update(part)
            if len(self.first) < KEPT_BYTES:
                self.first += part[: KEPT_BYTES - len(self.first)]
