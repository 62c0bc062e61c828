"""Events as the journal keeps them: the contract's JSON, instants as epoch milliseconds."""

from typing import Any, cast

import msgspec

from monitor.core import events as ev
from monitor.core.events import AnyEvent, Message
from monitor.wire.decode import TYPES

# Two collectors may see one message; what they say about themselves is no difference in what was said.
_OF_THE_FEED = frozenset({"source", "backfill", "meta", "v", "seq"})


class _Type(msgspec.Struct):
    type: str = "message"


_encode = msgspec.json.Encoder().encode
_message = msgspec.json.Decoder(Message).decode
_type = msgspec.json.Decoder(_Type).decode
_decoders = {name: msgspec.json.Decoder(struct).decode for name, struct in TYPES.items()}
_decoders["wait_dismissed"] = msgspec.json.Decoder(ev.WaitDismissed).decode


def encode_event(event: AnyEvent) -> bytes:
    """Return an event as it is kept."""
    return _encode(event)


def decode_stored(body: bytes) -> AnyEvent:
    """Return what `encode_event` kept."""
    try:
        return _message(body)
    except msgspec.ValidationError:
        return cast(AnyEvent, _decoders[_type(body).type](body))


def same(one: AnyEvent, other: AnyEvent) -> bool:
    """Return whether two events with one id say the same."""
    return type(one) is type(other) and _said(one) == _said(other)


def _said(event: AnyEvent) -> dict[str, Any]:
    return {name: value for name, value in msgspec.structs.asdict(event).items() if name not in _OF_THE_FEED}
