"""Bytes from a door into events, and words for what is wrong with them.

A message in its plain form is decoded in one step. Whatever that step does not
take (another type, an unknown field, null or "" where a field may be missing, a
fault) goes the careful way, which knows what to say about it. One bad event is
refused alone; the rest of its batch stands.
"""

import difflib
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import Any, NoReturn, cast, get_args

import msgspec

from monitor.core import events as ev
from monitor.core.events import AnyEvent, Event, Message
from monitor.wire.batch import Batch, Refusal
from monitor.wire.instants import YEAR_2000_MS, YEAR_10000_MS, NotAnInstant, instant_ms

DAY_MS = 24 * 3_600_000
KEPT_BYTES = 64 * 1024  # Of refused input, for the quarantine.
NAME_CHARS = 512  # Longer ids are no ids.
NESTING = 32  # Deeper values in `product`, `items` and `meta` are refused: others have to walk them, too.
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one sender may bring at once."""

    body_bytes: int = 8 * 1024 * 1024
    batch_events: int = 10_000
    event_bytes: int = 256 * 1024
    text_bytes: int = 64 * 1024


DEFAULT_LIMITS = Limits()


class Refused(Exception):
    """An event is not taken.

    Attributes:
        reason: one word that metrics count.
        path: where the fault is, like ``$.ts``.
        error: what is wrong, for the sender.
    """

    def __init__(self, reason: str, path: str, error: str) -> None:
        super().__init__(f"{path}: {error}")
        self.reason = reason
        self.path = path
        self.error = error


def _types() -> dict[str, type[Event]]:
    """Every type of event that a door takes, by name."""
    types: dict[str, type[Event]] = {}
    for struct in get_args(AnyEvent):
        if struct is ev.WaitDismissed:
            continue  # Ours: a person dismisses a wait, no source does.
        for name in get_args(struct.__annotations__["type"]):
            types[name] = struct
    return types


TYPES = _types()
_NAMES = ("id", "shop", "conversation", "buyer", "account", "agent", "source", "platform", "phase")
_NEEDS_NO_SHOP = (ev.SourceHeartbeat, ev.AgentPresence)
_FIELDS = {
    struct: {field.encode_name: field for field in msgspec.structs.fields(struct)} for struct in set(TYPES.values())
}
_message = msgspec.json.Decoder(Message).decode
_TYPE = b'"type":"'
_decoders: dict[bytes, Callable[[bytes], AnyEvent]] = {
    name.encode(): cast("Callable[[bytes], AnyEvent]", msgspec.json.Decoder(struct).decode)
    for name, struct in TYPES.items()
}
_anything = msgspec.json.Decoder().decode
_elements = msgspec.json.Decoder(list[msgspec.Raw]).decode
_AT = re.compile(r" - at `(\$[^`]*)`$")
_MISSING = re.compile(r"missing required field `(\w+)`")


def decode_line(line: bytes, limits: Limits = DEFAULT_LIMITS, shop: str | None = None) -> AnyEvent:
    """Return the event on a line.

    Args:
        line: one JSON object.
        limits: how large it may be.
        shop: which shop the door speaks for: filled in where missing, refused where it differs.

    Raises:
        Refused: it is no event of the contract.
    """
    size = len(line)
    if size > limits.event_bytes:
        raise Refused("size", "$", f"an event may have {limits.event_bytes} bytes, this one has {size}")
    # Where the type is written plainly, its own decoder takes the line in one step; if not, the careful way does.
    at = line.find(_TYPE)
    # No escape, no DEL and no byte that begins a C1 control: then no id holds a control character. No "": then no
    # name is empty. Short: then no name and no text is too long. Else each is looked at.
    plain = not (size > NAME_CHARS or 0x5C in line or 0x7F in line or 0xC2 in line or line.find(b'""') >= 0)
    try:
        if at < 0:
            event: AnyEvent = _message(line)
        else:
            event = _decoders[line[at + 8 : line.find(b'"', at + 8)]](line)
    except (KeyError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        event = _careful(line)
        plain = False
    if not plain:
        _check_names(event)
        if type(event) is Message and event.text is not None and size > limits.text_bytes:
            text_size = len(event.text.encode())
            if text_size > limits.text_bytes:
                raise Refused("size", "$.text", f"a text may have {limits.text_bytes} bytes, this one has {text_size}")
    ts_ms = event.ts_ms
    if type(ts_ms) is not int or not YEAR_2000_MS <= ts_ms < YEAR_10000_MS:
        try:
            event.ts_ms = instant_ms(ts_ms)
        except NotAnInstant as error:
            raise Refused("ts", "$.ts", f"ts {error}") from None
    if shop is not None and event.shop != shop:
        if event.shop:
            raise Refused("shop", "$.shop", f"this door speaks for the shop {shop!r}, the event for {event.shop!r}")
        event.shop = shop
    if type(event) is Message:
        if event.conversation is None:
            if event.buyer is None:
                _missing("conversation", "conversation or buyer")
            event.conversation = event.buyer
        if not event.shop:
            _missing("shop")
        if event.product is not None or event.meta is not None:
            _check_nesting(event)
        return event
    return _complete(event)


def _complete(event: AnyEvent) -> AnyEvent:
    """Check what a type needs besides its required fields, and fill in what may be missing."""
    if event.conversation is None:
        event.conversation = event.buyer
    check = _CHECKS.get(type(event))
    if check is not None:
        check(event)
    if not event.shop and not isinstance(event, _NEEDS_NO_SHOP):
        _missing("shop")
    if event.product is not None or event.meta is not None or type(event) is ev.OrderEvent:
        _check_nesting(event)
    return event


def _check_in_conversation(event: AnyEvent) -> None:
    if event.conversation is None:
        _missing("conversation", "conversation or buyer")


def _check_recalled(event: ev.MessageRecalled) -> None:
    _check_in_conversation(event)
    _check_name("message", event.message)


def _check_assigned(event: ev.ConversationAssigned) -> None:
    _check_in_conversation(event)
    if event.agent is None and event.account is None:
        _missing("agent", "agent or account")


def _check_presence(event: ev.AgentPresence) -> None:
    if event.agent is None:
        _missing("agent")


def _check_status(event: ev.AccountStatus) -> None:
    if event.account is None:
        _missing("account")


def _check_range(event: ev.SyncRange) -> None:
    event.from_ms = _instant(event.from_ms, "from")
    event.to_ms = _instant(event.to_ms, "to")
    if event.to_ms < event.from_ms:
        raise Refused("ts", "$.to", "to lies before from")


def _check_merged(event: ev.BuyerMerged) -> None:
    if event.buyer is None:
        _missing("buyer")
    _check_name("into", event.into)


def _check_rating(event: ev.Rating) -> None:
    _check_in_conversation(event)
    if not isfinite(event.score):
        raise Refused("type", "$.score", "score is no number")


def _check_heartbeat(event: ev.SourceHeartbeat) -> None:
    if event.source is None:
        _missing("source")
    if event.newest_ts_ms is not None:
        event.newest_ts_ms = _instant(event.newest_ts_ms, "newest_ts")
    if event.clock_ms is not None:
        event.clock_ms = _instant(event.clock_ms, "clock")


def _check_rows(event: ev.WaitingSnapshot) -> None:
    for index, row in enumerate(event.rows):
        where = f"rows[{index}]"
        if not row.conversation and not row.buyer:
            _missing(f"{where}.conversation", "conversation or buyer")
        if row.since_ms is None and row.waited_seconds is None:
            _missing(f"{where}.since", "since or waited_seconds")
        for name in ("conversation", "buyer"):
            value = getattr(row, name)
            if value:
                _check_name(f"{where}.{name}", value)
            else:
                setattr(row, name, None)
        if row.since_ms is not None:
            row.since_ms = _instant(row.since_ms, f"{where}.since")
        if row.waited_seconds is not None and not 0 <= row.waited_seconds < 1e9:
            raise Refused("type", f"$.{where}.waited_seconds", "waited_seconds is no length of time")


_CHECKS: dict[type, Callable[[Any], None]] = {
    ev.MessageRecalled: _check_recalled,
    ev.ConversationAssigned: _check_assigned,
    ev.ConversationTransferred: _check_in_conversation,
    ev.ConversationHandedOff: _check_in_conversation,
    ev.ConversationClosed: _check_in_conversation,
    ev.AgentPresence: _check_presence,
    ev.AccountStatus: _check_status,
    ev.WaitingSnapshot: _check_rows,
    ev.SyncRange: _check_range,
    ev.BuyerMerged: _check_merged,
    ev.OrderEvent: _check_in_conversation,
    ev.Rating: _check_rating,
    ev.SourceHeartbeat: _check_heartbeat,
}


def _missing(path: str, what: str | None = None) -> NoReturn:
    raise Refused("missing", f"$.{path}", f"{what or path} is missing")


def _instant(given: object, path: str) -> int:
    try:
        return instant_ms(given)
    except NotAnInstant as error:
        raise Refused("ts", f"$.{path}", f"{path} {error}") from None


def _check_names(event: AnyEvent) -> None:
    """Refuse what cannot be an id or a name; make the empty ones None."""
    for name in _NAMES:
        value = getattr(event, name)
        if value:
            _check_name(name, value)
        elif value is not None and name != "shop":
            if name == "id":
                _missing("id")
            setattr(event, name, None)


def _check_name(path: str, value: str) -> None:
    if not value:
        _missing(path)
    if len(value) > NAME_CHARS:
        raise Refused("id", f"$.{path}", f"{path} has {len(value)} characters, {NAME_CHARS} are the most")
    if not value.isprintable():
        for char in value:
            if char < " " or "\x7f" <= char <= "\x9f":
                raise Refused("id", f"$.{path}", f"{path} holds the control character U+{ord(char):04X}")


def _check_nesting(event: AnyEvent) -> None:
    """Refuse values nested so deep that walking them could fail."""
    level = [value for value in (event.product, event.meta, getattr(event, "items", None)) if value is not None]
    for _ in range(NESTING):
        level = [
            inner
            for value in level
            if isinstance(value, dict | list)
            for inner in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return
    raise Refused("nesting", "$", f"values are nested more than {NESTING} deep")


def _careful(line: bytes) -> AnyEvent:
    """Decode what is no plain message; say what is wrong with what is no event."""
    try:
        found = _anything(line)
    except UnicodeDecodeError as error:
        raise Refused(
            "utf8", "$", f"is not UTF-8: byte 0x{line[error.start] if error.start < len(line) else 0:02x}"
        ) from None
    except RecursionError:
        raise Refused("nesting", "$", f"values are nested more than {NESTING} deep") from None
    except msgspec.DecodeError as error:
        raise Refused("json", "$", f"is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise Refused("type", "$", "an event is a JSON object")
    name = found.get("type") or "message"
    struct = TYPES.get(name) if isinstance(name, str) else None
    if struct is None:
        close = difflib.get_close_matches(name, TYPES, n=1) if isinstance(name, str) else []
        hint = f"; did you mean {close[0]}?" if close else f"; there are {', '.join(TYPES)}"
        raise Refused("unknown_type", "$.type", f"no such type of event: {str(name)[:80]!r}{hint}")
    fields = _FIELDS[struct]
    given: dict[str, Any] = {}
    unknown: dict[str, Any] = {}
    for key, value in found.items():
        field = fields.get(key)
        if field is None:
            unknown[key] = value
        elif not (field.required and key != "type") and (value is None or value == ""):
            continue  # Null and "" mean missing where a field may be.
        else:
            given[key] = value
    given.setdefault("type", name)
    if unknown:
        meta = given.get("meta")
        if meta is not None and not isinstance(meta, dict):
            raise Refused("type", "$.meta", "meta is a JSON object")
        given["meta"] = {**unknown, **(meta or {})}
    try:
        return cast(AnyEvent, msgspec.convert(given, struct))
    except msgspec.ValidationError as error:
        _refuse(str(error))


def _refuse(error: str) -> NoReturn:
    """Word a fault that msgspec found."""
    at = _AT.search(error)
    path = at[1] if at else "$"
    text = error[: at.start()] if at else error
    missing = _MISSING.search(text)
    if missing:
        raise Refused("missing", f"{path}.{missing[1]}", f"{missing[1]} is missing")
    name = path.removeprefix("$.")
    raise Refused("type", path, f"{name}: {text[0].lower()}{text[1:]}")


def decode(
    body: bytes,
    *,
    door: str,
    source: str,
    now_ms: int | None,
    limits: Limits = DEFAULT_LIMITS,
    platform: str | None = None,
    shop: str | None = None,
    only_shops: frozenset[str] | None = None,
) -> Batch:
    """Decode a body: one event, a JSON array of events, or NDJSON.

    Args:
        body: what came.
        door: where it came in.
        source: stands for events that name no source.
        now_ms: arrival, for the rules about the future; None in a replay, which has none.
        limits: how much may come.
        platform: stands for events that name no platform.
        shop: see `decode_line`.
        only_shops: which shops the sender may speak for; None: all.

    Returns:
        Events and refusals; nothing is raised for bad input.
    """
    batch = Batch(door, source, size=len(body))
    if len(body) > limits.body_bytes:
        _set_aside(
            batch, 0, body, Refused("size", "$", f"a body may have {limits.body_bytes} bytes, this one has {len(body)}")
        )
        return batch
    try:
        parts = _split(body, limits)
    except Refused as refused:
        _set_aside(batch, 0, body, refused)
        return batch
    for index, part in enumerate(parts):
        try:
            event = decode_line(part, limits, shop)
            if now_ms is not None and event.ts_ms > now_ms:
                if event.ts_ms > now_ms + DAY_MS:
                    raise Refused("ts", "$.ts", "ts lies more than 24 hours in the future")
                event.ts_ms = now_ms
                batch.clamped += 1
            if only_shops is not None and event.shop not in only_shops:
                raise Refused("shop", "$.shop", f"this token does not speak for the shop {event.shop!r}")
        except Refused as refused:
            _set_aside(batch, index, part, refused)
            continue
        if event.source is None:
            event.source = source
        if event.platform is None:
            event.platform = platform
        batch.events.append(event)
        batch.indices.append(index)
    return batch


def _split(body: bytes, limits: Limits) -> list[bytes]:
    """Return the events of a body, each by itself, still bytes."""
    text = body.removeprefix(BOM).strip()
    if not text:
        raise Refused("json", "$", "is empty: send an event, a JSON array of events, or one event a line")
    parts: list[bytes]
    if text.startswith(b"["):
        try:
            parts = [bytes(raw) for raw in _elements(text)]
        except UnicodeDecodeError:
            raise Refused("utf8", "$", "is not UTF-8") from None
        except RecursionError:
            raise Refused("nesting", "$", f"values are nested more than {NESTING} deep") from None
        except msgspec.DecodeError as error:
            raise Refused("json", "$", f"is not JSON: {error}") from None
        if not parts:
            raise Refused("json", "$", "is an empty array")
    elif b"\n" not in text:
        parts = [text]
    else:
        parts = [line for line in text.split(b"\n") if line and not line.isspace()]
        if len(parts) > 1 and not _is_json(parts[0]) and _is_json(text):
            parts = [text]  # One event, printed over several lines.
    if len(parts) > limits.batch_events:
        raise Refused("size", "$", f"a batch may have {limits.batch_events} events, this one has {len(parts)}")
    return parts


def _is_json(text: bytes) -> bool:
    try:
        _anything(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def _set_aside(batch: Batch, index: int, body: bytes, refused: Refused) -> None:
    batch.refusals.append(
        Refusal(
            index=index,
            path=refused.path,
            error=refused.error,
            reason=refused.reason,
            body=body[:KEPT_BYTES],
            length=len(body),
            sha256=hashlib.sha256(body).hexdigest(),
        )
    )
