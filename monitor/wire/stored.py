"""Events as the journal keeps them: the contract's JSON, instants as epoch milliseconds."""

from typing import Any, cast, get_args

import msgspec

from monitor.core import events as ev
from monitor.core.events import AnyEvent, Message
from monitor.wire.careful import TYPES
from monitor.wire.privacy import TEXT_HASH

# Two collectors may see one message; what they say about themselves is no difference in what was said. A platform may
# be known by one door and not by the other: see `same`, and there of instants and texts.
_APART = frozenset(("source", "backfill", "meta", "v", "seq", "platform", "ts_ms", "text"))
FORGOTTEN = "forgotten"  # In ``meta`` of an event whose words and names are gone: see `store.retention`.
_NOTHING = (None, "")  # Which mean the same in an optional field, and no other field can be empty.


class _Type(msgspec.Struct):
    """Nothing of an event but its type; a message does not name its own."""

    type: str = "message"


_encode = msgspec.json.Encoder().encode
_message = msgspec.json.Decoder(Message).decode
_type = msgspec.json.Decoder(_Type).decode
_decoders = {name: msgspec.json.Decoder(struct).decode for name, struct in TYPES.items()}
_decoders |= {get_args(struct.__annotations__["type"])[0]: msgspec.json.Decoder(struct).decode for struct in ev.OURS}
_SAID = {
    struct: tuple(field.name for field in msgspec.structs.fields(struct) if field.name not in _APART)
    for struct in get_args(AnyEvent)
}


def encode_event(event: AnyEvent) -> bytes:
    """Return an event as it is kept."""
    return _encode(event)


def decode_stored(body: bytes) -> AnyEvent:
    """Return the event that `encode_event` kept."""
    try:
        return _message(body)
    except msgspec.ValidationError:
        return cast(AnyEvent, _decoders[_type(body).type](body))


def same(one: AnyEvent, other: AnyEvent) -> bool:
    """Return whether two events with one id tell the same fact.

    What they tell about the feed is left aside, a platform that only one of them names is no difference, and a
    ``ts`` that was set to its arrival is compared as it was sent. What is forgotten of one cannot be compared. Texts
    that are not kept are compared by their hashes; one that is, and one that is not, cannot be.
    """
    if FORGOTTEN in (one.meta or ()) or FORGOTTEN in (other.meta or ()):
        return type(one) is type(other)
    if type(one) is not type(other) or (one.ts_ms != other.ts_ms and _sent_ms(one) != _sent_ms(other)):
        return False
    if one.platform is not None and other.platform is not None and one.platform != other.platform:
        return False
    if type(one) is Message and not _same_text(one, cast(Message, other)):
        return False
    return all(_equal(getattr(one, name), getattr(other, name)) for name in _SAID[type(one)])


def _equal(one: object, other: object) -> bool:
    return one == other or (one in _NOTHING and other in _NOTHING)


def _same_text(one: Message, other: Message) -> bool:
    hashes = [None if event.text or not event.meta else event.meta.get(TEXT_HASH) for event in (one, other)]
    if hashes == [None, None]:
        return _equal(one.text, other.text)
    return hashes[0] == hashes[1] if None not in hashes else bool(one.text or other.text)


def _sent_ms(event: AnyEvent) -> Any:
    return event.meta.get("ts_as_sent", event.ts_ms) if event.meta else event.ts_ms
