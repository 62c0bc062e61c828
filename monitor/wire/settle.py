"""What the types of the events cannot say: the contract's rules between and inside fields.

An event comes here decoded, with the right types; it leaves settled: ``ts_ms`` and the
other instants are integers, ``""`` is None, keys stand for each other where one is
missing. `decode_line` settles a plain message itself; whatever it finds odd comes here,
and may come half settled, so that settling twice does no harm.
"""

import difflib
import re
from collections.abc import Callable, Iterable
from typing import Any

from monitor.core import events as ev
from monitor.core.events import AnyEvent
from monitor.core.units import DAY_MS
from monitor.wire.batch import Limits, Refused
from monitor.wire.ids import check_id
from monitor.wire.instants import SECOND, SECONDS, TAIL, TAILS, NotAnInstant, instant_ms

NESTING = 32  # Deeper values in `product`, `items` and `meta` are refused, since others have to walk them, too.

# Of every event. Where "" means None; what is required is refused when empty.
_NAMES = ("source", "platform", "conversation", "buyer", "account", "agent", "phase")
# Numbers fit into 64 bits everywhere behind us.
SEQ_BOUND = 2**63
_LONGEST_WAIT_SECONDS = 10 * 366 * 86_400
_AMOUNT = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?")
_AMOUNT_BOUND = 1e15

_CONTAINERS = (dict, list)
_SHOWN_CHARS = 40  # Of a sender's own words, in an error.

NEEDS_NO_SHOP = (ev.SourceHeartbeat, ev.AgentPresence)


def settle(event: AnyEvent, limits: Limits, shop: str | None = None) -> AnyEvent:
    """Check an event by the rules its types cannot say, and fill in what the contract says stands for what.

    Args:
        event: decoded; changed in place.
        limits: how long a text may be.
        shop: stands for a missing shop, as the topic of MQTT does.

    Returns:
        The event.

    Raises:
        Refused: it breaks a rule.
    """
    event.ts_ms = settled_instant(event.ts_ms, "ts")
    _required(event, "id")
    for name in _NAMES:
        _optional(event, name)
    if event.shop:
        check_id(event.shop, "shop")
    if event.product == "":
        event.product = None
    check_nesting(event.product, "product")
    check_nesting(event.meta, "meta")
    if event.seq is not None and not -SEQ_BOUND <= event.seq < SEQ_BOUND:
        raise Refused("type", "$.seq", "is out of range: a sequence number has at most 64 bits")
    return settle_own(event, limits, shop)


def settle_own(event: AnyEvent, limits: Limits, shop: str | None = None) -> AnyEvent:
    """Do of `settle` what goes beyond each single one of the fields that every event has; see there."""
    if not event.shop and not isinstance(event, NEEDS_NO_SHOP):
        if shop is None:
            raise _missing(event, "shop")
        event.shop = shop
    _OWN[type(event)](event, limits)
    return event


def arrive(event: AnyEvent, now_ms: int) -> bool:
    """Hold an event against the instant of its arrival: nothing has happened later than that.

    A little later is a clock that runs ahead, and becomes the arrival; the ``ts`` as it was sent is kept in
    ``meta``, so that the same event sent twice stays the same. A heartbeat's ``clock`` is left: it is there to tell.

    Returns:
        Whether ``ts`` lay ahead of the arrival.

    Raises:
        Refused: an instant lies more than 24 hours ahead.
    """
    match event:
        case ev.WaitingSnapshot():
            for index, row in enumerate(event.rows):
                if row.since_ms is not None:
                    row.since_ms = _arrived(row.since_ms, now_ms, f"rows[{index}].since")
        case ev.SyncRange():
            event.from_ms = _arrived(event.from_ms, now_ms, "from")
            event.to_ms = _arrived(event.to_ms, now_ms, "to")
        case ev.SourceHeartbeat():
            if event.newest_ts_ms is not None:
                event.newest_ts_ms = _arrived(event.newest_ts_ms, now_ms, "newest_ts")
    sent_ms = event.ts_ms
    event.ts_ms = _arrived(sent_ms, now_ms, "ts")
    if event.ts_ms == sent_ms:
        return False
    event.meta = {**(event.meta or {}), "ts_as_sent": sent_ms}
    return True


def settled_instant(given: str | float, path: str) -> int:
    """Return an instant of an event as an integer.

    Raises:
        Refused: it is none that can be used.
    """
    try:
        if type(given) is str:
            return SECONDS[given[SECOND]] + TAILS[given[TAIL]]
    except KeyError:
        pass
    try:
        return instant_ms(given)
    except NotAnInstant as error:
        raise Refused("ts", f"$.{path}", str(error)) from None


def check_nesting(value: object, path: str) -> None:
    """Refuse a value nested so deep that walking it could fail.

    Raises:
        Refused: it is nested more than 32 deep.
    """
    if not isinstance(value, _CONTAINERS):
        return
    level: list[object] = [value]
    for _ in range(NESTING):
        inside: list[object] = []
        for outer in level:
            if isinstance(outer, dict):
                inside += [inner for inner in outer.values() if isinstance(inner, _CONTAINERS)]
            elif isinstance(outer, list):
                inside += [inner for inner in outer if isinstance(inner, _CONTAINERS)]
        if not inside:
            return
        level = inside
    raise Refused("nesting", f"$.{path}", f"is nested more than {NESTING} deep")


def _settle_keys(event: AnyEvent, _: Limits) -> None:
    """Let conversation and buyer stand for each other, where an event belongs to a conversation."""
    if not event.conversation:
        if not event.buyer:
            raise _missing(event, "conversation", "and buyer, which would stand for it")
        event.conversation = event.buyer
    elif not event.buyer:
        event.buyer = event.conversation


def _settle_message(event: ev.Message, limits: Limits) -> None:
    _settle_keys(event, limits)
    event.text = _words(event.text, "text", limits)
    _optional(event, "template")


def _settle_recalled(event: ev.MessageRecalled, limits: Limits) -> None:
    _settle_keys(event, limits)
    _required(event, "message")


def _settle_assigned(event: ev.ConversationAssigned, limits: Limits) -> None:
    _settle_keys(event, limits)
    if event.agent is None and event.account is None:
        raise _missing(event, "agent", "and account")


def _settle_transferred(event: ev.ConversationTransferred, limits: Limits) -> None:
    _settle_keys(event, limits)
    _optional(event, "from_agent")
    _optional(event, "from_account")


def _settle_presence(event: ev.AgentPresence, limits: Limits) -> None:
    if event.agent is None:
        raise _missing(event, "agent")
    _check_count(event.limit, "limit")
    for index, shop in enumerate(event.shops or ()):
        if not shop:
            raise Refused("missing", f"$.shops[{index}]", "is empty: leave it out")
        check_id(shop, f"shops[{index}]")
    event.reason = _words(event.reason, "reason", limits)


def _settle_status(event: ev.AccountStatus, _: Limits) -> None:
    event.account = event.account or event.agent
    if event.account is None:
        raise _missing(event, "account")


def _settle_snapshot(event: ev.WaitingSnapshot, limits: Limits) -> None:
    for index, row in enumerate(event.rows):
        _settle_row(row, f"rows[{index}]", limits)


def _settle_range(event: ev.SyncRange, _: Limits) -> None:
    event.from_ms = settled_instant(event.from_ms, "from")
    event.to_ms = settled_instant(event.to_ms, "to")
    if event.to_ms < event.from_ms:
        raise Refused("ts", "$.to", "lies before from")


def _settle_merged(event: ev.BuyerMerged, _: Limits) -> None:
    if event.buyer is None:
        raise _missing(event, "buyer")
    _required(event, "into")


def _settle_order(event: ev.OrderEvent, limits: Limits) -> None:
    _settle_keys(event, limits)
    _required(event, "order")
    event.amount = _amount(event.amount)
    _optional(event, "currency")
    check_nesting(event.items, "items")


def _settle_heartbeat(event: ev.SourceHeartbeat, limits: Limits) -> None:
    # The door's name would do for a source, but then one silent sender would not be missed among others.
    if event.source is None:
        raise _missing(event, "source")
    event.version = _words(event.version, "version", limits)
    event.host = _words(event.host, "host", limits)
    check_nesting(event.accounts, "accounts")
    _check_count(event.backlog, "backlog")
    event.newest_ts_ms = _optional_instant(event.newest_ts_ms, "newest_ts")
    event.clock_ms = _optional_instant(event.clock_ms, "clock")


_OWN: dict[type, Callable[[Any, Limits], None]] = {
    ev.Message: _settle_message,
    ev.MessageRecalled: _settle_recalled,
    ev.ConversationAssigned: _settle_assigned,
    ev.ConversationTransferred: _settle_transferred,
    ev.ConversationHandedOff: _settle_keys,
    ev.ConversationClosed: _settle_keys,
    ev.AgentPresence: _settle_presence,
    ev.AccountStatus: _settle_status,
    ev.WaitingSnapshot: _settle_snapshot,
    ev.SyncRange: _settle_range,
    ev.BuyerMerged: _settle_merged,
    ev.OrderEvent: _settle_order,
    ev.Rating: _settle_keys,
    ev.SourceHeartbeat: _settle_heartbeat,
}


def _settle_row(row: ev.WaitingRow, path: str, limits: Limits) -> None:
    conversation = row.conversation or row.buyer
    buyer = row.buyer or row.conversation
    if not conversation or not buyer:
        raise Refused("missing", f"$.{path}.conversation", "is missing, and buyer, which would stand for it")
    check_id(row.conversation or "", f"{path}.conversation")
    check_id(row.buyer or "", f"{path}.buyer")
    row.conversation, row.buyer = conversation, buyer
    row.last_text = _words(row.last_text, f"{path}.last_text", limits)
    _check_count(row.unread, f"{path}.unread")
    row.since_ms = _optional_instant(row.since_ms, f"{path}.since")
    if row.since_ms is None and row.waited_seconds is None:
        raise Refused("missing", f"$.{path}.since", "is missing, and waited_seconds")
    if row.waited_seconds is not None and not 0 <= row.waited_seconds <= _LONGEST_WAIT_SECONDS:
        raise Refused("type", f"$.{path}.waited_seconds", "is no time anybody has waited: send seconds, 0 or more")


def _optional_instant(given: str | float | None, path: str) -> int | None:
    """Return an instant; None for None, "" and 0, which is what senders write for "never"."""
    return settled_instant(given, path) if given else None


def _required(event: AnyEvent, name: str) -> None:
    value = getattr(event, name)
    if not value:
        raise _missing(event, name)
    check_id(value, name)


def _optional(event: AnyEvent, name: str) -> None:
    value = getattr(event, name)
    if value:
        check_id(value, name)
    elif value is not None:
        setattr(event, name, None)


def _words(value: str | None, path: str, limits: Limits) -> str | None:
    if not value:
        return None
    # A character is at most four bytes, so short ones need not be encoded to know.
    if len(value) * 4 > limits.text_bytes:
        size = len(value.encode())
        if size > limits.text_bytes:
            raise Refused("size", f"$.{path}", f"has {size} bytes, a text may have {limits.text_bytes}")
    return value


def _check_count(value: int | None, path: str) -> None:
    if value is not None and not 0 <= value < SEQ_BOUND:
        raise Refused("type", f"$.{path}", "is no count: send a whole number, 0 or more")


def _amount(amount: float | str | None) -> float | str | None:
    if amount is None or amount == "":
        return None
    if _AMOUNT.fullmatch(amount) if isinstance(amount, str) else -_AMOUNT_BOUND < amount < _AMOUNT_BOUND:
        return amount
    raise Refused("type", "$.amount", "is no amount: send a number such as 199.00, the currency apart")


def _arrived(at_ms: int, now_ms: int, path: str) -> int:
    if at_ms <= now_ms:
        return at_ms
    if at_ms > now_ms + DAY_MS:
        raise Refused("ts", f"$.{path}", "lies more than 24 hours ahead of its arrival: is the sender's clock right?")
    return now_ms


def guess(name: str, unknown: Iterable[str]) -> str:
    """Return words about the field that may have been meant by a missing one; "" if there is none."""
    keys = [key for key in unknown if key.isprintable() and len(key) <= _SHOWN_CHARS]
    close = [key for key in keys if name in key.lower()] or difflib.get_close_matches(name, keys, n=1)
    return f"; {close[0]} is no field of ours, is it meant?" if close else ""


def _missing(event: AnyEvent, name: str, alternative: str = "") -> Refused:
    """Return the refusal for something missing; what the contract does not name has gone to ``meta``."""
    error = f"is missing, {alternative}" if alternative else "is missing"
    return Refused("missing", f"$.{name}", error + guess(name, event.meta or ()))
