"""What people are told in one message, before a channel puts it into its own form.

All of it is data: each channel shows it with what would be syntax there made inert,
and adds its own syntax for what is a mention or a link.
"""

import msgspec
from msgspec import Struct

from monitor.store.entries import Delivery


class Mention(Struct, frozen=True):
    """Somebody whose phone is to ring."""

    name: str
    handles: dict[str, str] = {}  # By kind: mobile, feishu, wecom, slack, teams. Without its own kind: named only.


class Link(Struct, frozen=True):
    """Something to tap."""

    label: str
    url: str


class Saying(Struct, frozen=True, kw_only=True):
    """One message.

    Attributes:
        title: all that counts, on one line: it is what a locked phone shows.
        lines: the rest, a line each.
    """

    title: str
    lines: tuple[str, ...] = ()
    mentions: tuple[Mention, ...] = ()
    links: tuple[Link, ...] = ()


encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Saying).decode


def saying_of(delivery: Delivery) -> Saying:
    """Return what a delivery that is about to be sent to people says."""
    return _decode(delivery.body)
