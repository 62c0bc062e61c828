"""Bytes from a door into events, and words for what is wrong with them.

A plain message is decoded and settled in one step, which costs little more than msgspec
itself: everything else in the program waits for this one. Whatever that step does not
take goes the careful way. One bad event is refused alone; the rest of its batch stands.
"""

from typing import Any

import msgspec

from monitor.core.events import AgentPresence, AnyEvent, Message
from monitor.wire.batch import DEFAULT_LIMITS, ID_CHARS, Batch, Limits, Refusal, Refused
from monitor.wire.careful import BY_NAME, read_carefully
from monitor.wire.instants import END_MS, FIRST_MS, SECOND, SECONDS, TAIL, TAILS
from monitor.wire.reading import UNREADABLE
from monitor.wire.settle import SEQ_BOUND, arrive, check_nesting, settle, settle_own, settled_instant
from monitor.wire.split import BOM, split

_message = msgspec.json.Decoder(Message).decode
_ROLE, _TYPE = b'"role":', b'"type":"'
_TYPE_WITHIN = 100  # Bytes before the end of a line.


def decode_line(line: bytes, limits: Limits = DEFAULT_LIMITS, shop: str | None = None) -> AnyEvent:
    """Return the event on a line.

    Args:
        line: one JSON object.
        limits: how large it may be.
        shop: stands for a missing shop.

    Raises:
        Refused: it is no event of the contract.
    """
    is_long = len(line) > limits.short_bytes
    if is_long and len(line) > limits.event_bytes:
        raise Refused("size", "$", f"has {len(line)} bytes, an event may have {limits.event_bytes}")
    # Only a message has one, and failing as a message costs as much as all the rest. Most have it near their end.
    if line.rfind(_ROLE) < 0:
        return _settle_other(_read_other(line), line, limits, shop)
    try:
        event = _message(line)
    except UNREADABLE:
        other = read_carefully(line.removeprefix(BOM))
        if type(other) is not Message:
            return _settle_other(other, line, limits, shop)
        event = other

    # From here on it is `settle` for a message, without a loop over its fields. What is odd goes there.
    ts: Any = event.ts_ms
    if type(ts) is int:
        if not FIRST_MS <= ts < END_MS:
            return settle(event, limits, shop)
    elif type(ts) is str:
        try:
            event.ts_ms = SECONDS[ts[SECOND]] + TAILS[ts[TAIL]]
        except KeyError:
            event.ts_ms = settled_instant(ts, "ts")
    else:
        return settle(event, limits, shop)
    text = event.text
    product = event.product
    seq = event.seq
    if (
        not event.shop
        or (not text and text is not None)
        or event.template is not None
        or (product is not None and (type(product) is not str or not product))
        or (seq is not None and not -SEQ_BOUND <= seq < SEQ_BOUND)
    ):
        return settle(event, limits, shop)
    if event.buyer is None and event.conversation is None:
        return settle(event, limits, shop)
    # An id holds a control character only where the line holds an escape, DEL, or the byte before a C1 control.
    if (is_long or 0x5C in line or 0xC2 in line or 0x7F in line) and not _plain(event, limits):
        return settle(event, limits, shop)
    if event.buyer is None:
        event.buyer = event.conversation
    elif event.conversation is None:
        event.conversation = event.buyer
    if event.meta:
        check_nesting(event.meta, "meta")
    return event


def _plain(event: Message, limits: Limits) -> bool:
    """Whether no name in a message, and not its text, needs a closer look."""
    for name in (
        event.id,
        event.conversation,
        event.buyer,
        event.shop,
        event.account,
        event.agent,
        event.source,
        event.platform,
        event.phase,
    ):
        if name is not None and (len(name) > ID_CHARS or not name.isprintable()):
            return False
    return len(event.text or "") * 4 <= limits.text_bytes


def _read_other(line: bytes) -> AnyEvent:
    """Return the event on a line that is no plain message, not settled yet.

    Most senders write the fields that all types share first, thus the type near the end; whatever is not found so goes
    the careful way.
    """
    at = line.rfind(_TYPE, -_TYPE_WITHIN)
    if at >= 0:
        decoder = BY_NAME.get(line[at + len(_TYPE) : line.find(b'"', at + len(_TYPE))])
        if decoder is not None:
            try:
                return decoder(line)
            except UNREADABLE:
                pass  # It was the type of something inside, or is wrong.
    return read_carefully(line.removeprefix(BOM))


def _settle_other(event: AnyEvent, line: bytes, limits: Limits, shop: str | None) -> AnyEvent:
    """Settle an event that is no message; a plain one by what its own type asks for."""
    ts: Any = event.ts_ms
    if type(ts) is not int or not FIRST_MS <= ts < END_MS:
        event.ts_ms = settled_instant(ts, "ts")
    if (
        # See `decode_line` for why these are looked for.
        not (0x5C in line or 0xC2 in line or 0x7F in line or len(line) > limits.short_bytes)
        and event.phase is None
        and event.product is None
        and event.seq is None
        and event.meta is None
    ):
        return settle_own(event, limits, shop)
    return settle(event, limits, shop)


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
        shop: the shop of the topic: stands for a missing one, and another one is refused. Presence over it may tell
            of several shops all the same.
        only_shops: the shops the sender may speak for; None: all.

    Returns:
        Events and refusals, of which each element of the body is one. Nothing is raised for bad input. A body that
        is refused as a whole is one refusal.
    """
    batch = Batch(door, source, size=len(body))
    events, indices = batch.events, batch.indices
    try:
        pieces = split(body, limits)
    except Refused as refused:
        batch.refusals.append(_refusal(body, refused))
        return batch
    latest_ms = END_MS if now_ms is None else now_ms
    for index, piece in enumerate(pieces):
        try:
            event = decode_line(piece, limits, shop)
            if shop is not None and event.shop and event.shop != shop:
                raise Refused("shop", "$.shop", f"is not {shop!r}, which the topic names")
            if only_shops is not None:
                _check_shops(event, only_shops)
            if event.ts_ms > latest_ms or type(event) is not Message:
                batch.clamped += arrive(event, latest_ms)
        except Refused as refused:
            batch.refusals.append(_refusal(piece, refused, index))
            continue
        if event.source is None:
            event.source = source
        if event.platform is None:
            event.platform = platform
        events.append(event)
        indices.append(index)
    return batch


def _check_shops(event: AnyEvent, may_name: frozenset[str]) -> None:
    named = [event.shop] if event.shop else []
    if isinstance(event, AgentPresence):
        named += event.shops or ()
    for shop in named:
        if shop not in may_name:
            raise Refused("shop", "$.shop", "is not what this token speaks for")


def _refusal(body: bytes, refused: Refused, index: int = 0) -> Refusal:
    return Refusal.of(body, refused.reason, refused.error, index=index, path=refused.path)
