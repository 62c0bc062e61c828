"""Many messages to people made into few that help: what still stands, most urgent first, in one message.

A lead reads one message with the five most urgent, not fifty. What a digest stands for
is known by name in the outbox, so that nothing is dropped without a trace: what was due
was sent, digested, answered before it could be sent, withdrawn, or has failed.
"""

import asyncio
from collections.abc import Sequence
from operator import itemgetter
from typing import Literal, Protocol

import msgspec
from msgspec import structs

from monitor.alerts.saying import Saying
from monitor.alerts.view import TOP
from monitor.core.decisions import TellPeople
from monitor.store.entries import Delivery
from monitor.store.outbox import DIGEST, HIGH

AT_A_TIME = 250  # Messages looked at before others get the loop: about 2 ms.
FALLBACK_MS = 15_000  # Another channel has so long at least, however late it comes to it.

Over = Literal["dropped_answered", "withdrawn"]
Live = tuple[Delivery, TellPeople]

_decode = msgspec.json.Decoder(TellPeople).decode


class Speaker(Protocol):
    """Who knows what stands, and has the words."""

    def standing(self, told: TellPeople) -> TellPeople | Over:
        """Return what of a message still is so, or how it is over."""

    def say(self, channel: str, told: Sequence[TellPeople], now_ms: int) -> Saying:
        """Put one message, or several into one, into words for a channel."""


class Listener:
    """Knows of nothing that it is over; for channels of programs, and for tests."""

    def standing(self, told: TellPeople) -> TellPeople | Over:
        """Return it as it is."""
        return told

    def say(self, channel: str, told: Sequence[TellPeople], now_ms: int) -> Saying:  # noqa: ARG002 - as all do
        """Name the messages."""
        return Saying(title=" ".join(one.key for one in told[:TOP]))


async def standing_now(
    speaker: Speaker, deliveries: Sequence[Delivery]
) -> tuple[list[Live], list[tuple[Delivery, Over]]]:
    """Return what is still to be told, most urgent first, and what is over; the loop is let go in between."""
    live: list[tuple[bool, int, int, Delivery, TellPeople]] = []
    over: list[tuple[Delivery, Over]] = []
    for number, delivery in enumerate(deliveries, 1):
        found = speaker.standing(_decode(delivery.body))
        if isinstance(found, TellPeople):
            # Higher steps first, then the least time left.
            live.append((delivery.transition != HIGH, least_left(found), number, delivery, found))
        else:
            over.append((delivery, found))
        if number % AT_A_TIME == 0:
            await asyncio.sleep(0)
    live.sort(key=itemgetter(0, 1, 2))
    return [(delivery, told) for _, _, _, delivery, told in live], over


def least_left(told: TellPeople) -> int:
    """Return when the next limit of its waits is passed; of what has none, when it was due."""
    limits = [wait.next_due_at_ms for wait in told.waits if wait.next_due_at_ms is not None]
    return min(limits, default=told.due_at_ms)


def merged(members: Sequence[Delivery], now_ms: int) -> Delivery:
    """Return the delivery that stands for others of one channel."""
    first = min(members, key=lambda member: (member.decided_at_ms, member.delivery_id))
    return Delivery(
        delivery_id=f"digest.{first.delivery_id}",
        alert_id=f"digest.{first.alert_id}",
        channel=first.channel,
        transition=DIGEST,
        stage="",
        due_at_ms=min(member.due_at_ms for member in members),
        decided_at_ms=now_ms,
        expires_at_ms=max(member.expires_at_ms for member in members),
        body=b"",
    )


def passed_on(delivery: Delivery, fallback: str | None, now_ms: int) -> Delivery | None:
    """Return a delivery as it is told elsewhere; None: nobody stands in, or it is a digest, whose members are told."""
    if fallback is None or delivery.transition == DIGEST:
        return None
    message = delivery.delivery_id.rpartition("@")[0]
    return structs.replace(
        delivery,
        delivery_id=f"{message}@{fallback}",
        channel=fallback,
        decided_at_ms=now_ms,
        expires_at_ms=max(delivery.expires_at_ms, now_ms + FALLBACK_MS),
    )
