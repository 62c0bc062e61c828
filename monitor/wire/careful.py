"""The careful way from bytes to an event, for all that is no plain message.

Other types, unknown fields, null or ``""`` where a field may be missing, and faults:
the first three become events all the same, of the last it is said what is wrong,
where, and what would be right.
"""

import difflib
import re
from collections.abc import Callable
from typing import Any, Literal, cast, get_args, get_origin

import msgspec

from monitor.core import events as ev
from monitor.core.events import AnyEvent, Event
from monitor.wire.batch import Refused
from monitor.wire.reading import UNREADABLE, read_json
from monitor.wire.settle import guess


def _types() -> dict[str, type[Event]]:
    """Return every type of event that a door takes, by name."""
    return {
        name: struct
        for struct in get_args(AnyEvent)
        if struct not in ev.OURS
        for name in get_args(struct.__annotations__["type"])
    }


class _Type(msgspec.Struct):
    """Nothing of an event but its type."""

    type: Any = None


TYPES = _types()
_FIELDS = {
    struct: {field.encode_name: field for field in msgspec.structs.fields(struct)} for struct in set(TYPES.values())
}
_peek = msgspec.json.Decoder(_Type).decode
# A message comes here only after its own decoder has failed.
_decoders = {
    name: cast("Callable[[bytes], AnyEvent]", msgspec.json.Decoder(struct).decode)
    for name, struct in TYPES.items()
    if name != "message"
}
BY_NAME = {name.encode(): decoder for name, decoder in _decoders.items()}
INSTANTS = frozenset(("ts", "since", "from", "to", "newest_ts", "clock"))
_AT = re.compile(r" - at `(\$[^`]*)`$")
_REQUIRED = re.compile(r"missing required field `([^`]*)`")
_HALF = "\ufffd"  # What `reading` puts for half a surrogate pair.
_SHOWN_CHARS = 40  # Of what was sent, in an error.


def read_carefully(line: bytes) -> AnyEvent:
    """Return the event on a line that is no plain message, not settled yet.

    Steps: try the type's own decoder; else read the JSON whatever it is, move what the contract does not name to
    ``meta``, leave out what is null, and convert.

    Raises:
        Refused: its fields are not those of an event.
    """
    try:
        name = _peek(line).type
        decoder = _decoders.get(name) if isinstance(name, str) else None
        if decoder is not None:
            return decoder(line)
    except UNREADABLE:
        pass  # What comes now takes it, or says why not.
    found, mended = read_json(line)
    if not isinstance(found, dict):
        raise Refused("type", "$", "is no event: an event is a JSON object")
    struct = _struct(found.get("type"))
    unknown = _sort_out(found, struct)
    try:
        event = cast(AnyEvent, msgspec.convert(found, struct))
    except msgspec.ValidationError as error:
        raise _worded(error, struct, found, unknown) from None
    if mended:
        _refuse_half_ids(event)
    return event


def _struct(name: object) -> type[Event]:
    """Return what an event of a type is decoded into; without a type it is a message."""
    if name is None or name == "":
        return ev.Message
    if not isinstance(name, str):
        raise Refused("type", "$.type", f"is no type of event: there are {', '.join(TYPES)}")
    struct = TYPES.get(name)
    if struct is None:
        raise Refused("unknown_type", "$.type", f"is no type of event: {_shown(name)}; {_choice(name, tuple(TYPES))}")
    return struct


def _sort_out(given: dict[str, Any], struct: type[Event]) -> dict[str, Any]:
    """Leave of what was given the fields of a type; return what the contract does not name."""
    fields = _FIELDS[struct]
    odd = [key for key, value in given.items() if key not in fields or value is None or value == ""]
    unknown = {}
    for key in odd:
        value = given.pop(key)
        if key not in fields:
            unknown[key] = value
    rows = given.get("rows")
    if isinstance(rows, list):
        given["rows"] = [
            {key: value for key, value in row.items() if value != ""} if isinstance(row, dict) else row for row in rows
        ]
    meta = given.get("meta")
    if unknown and (meta is None or isinstance(meta, dict)):
        given["meta"] = {**unknown, **(meta or {})}
    return unknown


def _refuse_half_ids(event: AnyEvent) -> None:
    """Refuse an id of which half a character was cut off: it would name somebody else."""
    named: list[tuple[str, object]] = [
        (field.name, getattr(event, field.name))
        for field in msgspec.structs.fields(event)
        if field.name not in ("text", "reason", "version", "host", "product")
    ]
    if isinstance(event, ev.AgentPresence):
        named += [(f"shops[{index}]", shop) for index, shop in enumerate(event.shops or ())]
    if isinstance(event, ev.WaitingSnapshot):
        for index, row in enumerate(event.rows):
            named += [(f"rows[{index}].conversation", row.conversation), (f"rows[{index}].buyer", row.buyer)]
    for path, value in named:
        if isinstance(value, str) and _HALF in value:
            raise Refused("id", f"$.{path}", "holds half a surrogate pair, which no id may hold")


def _worded(
    error: msgspec.ValidationError, struct: type[Event], given: dict[str, Any], unknown: dict[str, Any]
) -> Refused:
    """Return in words what msgspec found wrong with the fields of a type."""
    text = str(error)
    at = _AT.search(text)
    path = at[1] if at else "$"
    if at:
        text = text[: at.start()]
    required = _REQUIRED.search(text)
    if required:
        return Refused("missing", f"{path}.{required[1]}", f"is missing{guess(required[1], unknown)}")
    name = path.rpartition(".")[2]
    if name in INSTANTS:
        return Refused("ts", path, "is no time: send RFC 3339 with an offset, or epoch milliseconds")
    value = given.get(name) if path == f"$.{name}" else None
    field = _FIELDS[struct].get(name)
    if name == "v":
        return Refused("type", path, f"is no version that is read here: {_shown(value)}; send 1")
    if field is not None and get_origin(field.type) is Literal and isinstance(value, str):
        return Refused("type", path, f"cannot be {_shown(value)}; {_choice(value, get_args(field.type))}")
    if text.startswith("Expected `str") and text.endswith("`int`"):
        return Refused("type", path, "is a number: send it as text, in quotes")
    return Refused("type", path, f"is not what it should be: {text[0].lower()}{text[1:]}")


def _choice(value: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(value[:_SHOWN_CHARS].lower(), known, n=1)
    return f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"


def _shown(value: object) -> str:
    """Return the beginning of what was sent, safe to show."""
    text = ascii(value) if not isinstance(value, str) or not value.isprintable() else repr(value)
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…"
