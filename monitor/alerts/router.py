"""Who is told what: an order of the core becomes deliveries, one a channel.

Pure: the engine calls it for every order and puts the result into the commit of
the decision itself, so that there is no alert without its delivery.
"""

from collections.abc import Sequence

from msgspec import Struct

from monitor.alerts.message import TRANSITIONS, body
from monitor.core.decisions import AlertOrder, RaiseAlert, RiseAlert
from monitor.store.entries import Delivery

MACHINE_EXPIRES_MS = 5 * 60_000  # A program may be restarted meanwhile and still wants to know.
PEOPLE_EXPIRES_MS = 30_000  # Later it is no news; the next step tells more.


class Route(Struct, frozen=True, kw_only=True):
    """What the router has to know of a channel.

    Attributes:
        channel: its name, unique, without ``@``.
        for_people: people are told what they can still act on; machines are told every transition.
        expires_ms: how long after the decision a message is worth delivering.
        fallback: the channel that is told at once when this one cannot be; None: nobody is.
        per_minute, per_day, per_month: how much it may be sent; None: all.
    """

    channel: str
    for_people: bool
    expires_ms: int
    fallback: str | None = None
    per_minute: int | None = None
    per_day: int | None = None
    per_month: int | None = None


def route(order: AlertOrder, *, epoch: str, channels: Sequence[Route]) -> list[Delivery]:
    """Return what is to be told because of an order.

    A delivery's id is the same whenever the same order is routed again: told once.
    """
    alert_id = f"{epoch}-{order.wait}"
    transition = TRANSITIONS[type(order)]
    message_id = f"{alert_id}.{order.stage}.{transition}"
    if order.repetition:
        message_id += f".r{order.repetition}"
    text = body(order, alert_id)
    deliveries = []
    for channel in channels:
        expires_at_ms = order.decided_at_ms + channel.expires_ms
        if channel.for_people and isinstance(order, RaiseAlert | RiseAlert) and order.next_due_at_ms is not None:
            expires_at_ms = min(expires_at_ms, order.next_due_at_ms)
        deliveries.append(
            Delivery(
                delivery_id=f"{message_id}@{channel.channel}",
                alert_id=alert_id,
                channel=channel.channel,
                transition=transition,
                stage=order.stage,
                due_at_ms=order.due_at_ms,
                decided_at_ms=order.decided_at_ms,
                expires_at_ms=expires_at_ms,
                body=text,
            )
        )
    return deliveries


def message_id(delivery: Delivery) -> str:
    """Return what a receiver knows a message by, the same over all tries and channels."""
    return delivery.delivery_id.rpartition("@")[0]
