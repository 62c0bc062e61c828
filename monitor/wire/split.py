"""One body into the events it carries, each still bytes.

A body is a JSON array, or NDJSON, of which a single event is the shortest. Nothing is
decoded here, and what would be too many is refused before it is held: a few megabytes
can carry a million elements.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import chain
from typing import Annotated, Any

import msgspec

from monitor.wire.batch import Limits, Refused
from monitor.wire.reading import UNREADABLE, fault, without_lone_surrogates

BOM = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")

_SPACE = b" \t\r\n"
_LINE = re.compile(rb"[^ \t\r\n][^\n]*")
# An element held costs tens of bytes, so an array with at most this many commas for each event allowed is held at
# once (20 MB by the default limits), and one with more is counted first. No event has fewer fields than three.
_COMMAS_PER_EVENT = 16
_NO_LIMITS = Limits(batch_events=1 << 40)  # A file is as long as it is.

_elements = msgspec.json.Decoder(list[msgspec.Raw]).decode
_whole = msgspec.json.Decoder(msgspec.Raw).decode


def split(body: bytes, limits: Limits) -> list[bytes]:
    """Return the events of a body, each by itself, still bytes.

    Raises:
        Refused: the body holds nothing, is too large, holds too many events, or is an array that is not JSON.
    """
    if len(body) > limits.body_bytes:
        raise Refused("size", "$", f"has {len(body)} bytes, a body may have {limits.body_bytes}")
    body = body.removeprefix(BOM)
    first = _LINE.search(body)
    if first is None:
        raise Refused("json", "$", "is empty: send an event, a JSON array of events, or one event a line")
    if body.startswith(_UTF16_MARKS):  # In which a line is no line of ours.
        raise Refused("utf8", "$", "is not JSON in UTF-8, it looks like UTF-16")
    pieces = _array(body, limits) if first[0].startswith(b"[") else _lines(body, first[0], limits)
    if not pieces:
        raise Refused("json", "$", "is an empty array: send one event or more")
    if len(pieces) > limits.batch_events:
        raise Refused("size", "$", _too_many(limits))
    return pieces


def events_of_log(lines: Iterable[bytes]) -> Iterable[bytes]:
    """Return the events of a file, each still bytes: its lines, or what its arrays hold.

    One array may be the whole file, or each line one. They are held at once; lines are not.
    """
    lines = iter(lines)
    ahead = []
    for line in lines:
        ahead.append(line)
        if text := line.removeprefix(BOM).strip(_SPACE):
            if text.startswith(b"["):
                return _of_arrays(b"".join(chain(ahead, lines)).removeprefix(BOM))
            break
    return chain(ahead, lines)


def _of_arrays(body: bytes) -> Iterator[bytes]:
    try:
        yield from _array(body, _NO_LIMITS)
    except Refused:
        for line in body.splitlines():
            if not line.strip(_SPACE):
                continue
            try:
                yield from _array(line, _NO_LIMITS) if line.lstrip(_SPACE).startswith(b"[") else (line,)
            except Refused:
                yield line  # Whoever decodes it says what is wrong.


def _lines(body: bytes, first: bytes, limits: Limits) -> list[bytes]:
    """Return the lines that hold something; one event printed over several lines is one.

    Of too many, one more than may be is returned.
    """
    if not _is_json(first) and b"\n" in body and _is_json(body):
        return [body.strip(_SPACE)]
    if body.count(b"\n") <= 2 * limits.batch_events:
        return [line for line in body.split(b"\n") if line and not line.isspace()]
    lines = []
    for found in _LINE.finditer(body):
        lines.append(found[0])
        if len(lines) > limits.batch_events:
            break
    return lines


def _array(body: bytes, limits: Limits) -> list[bytes]:
    try:
        return [bytes(element) for element in _held(body, limits)]
    except UNREADABLE as error:
        # Half an emoji is one event's fault: look past it for where the events begin and end.
        mended = without_lone_surrogates(body)
        if mended == body:
            raise fault(body, error) from None
    try:
        elements = _held(mended, limits)
    except UNREADABLE as error:
        raise fault(mended, error) from None
    pieces = []
    at = mended.index(b"[") + 1
    for element in elements:
        at = mended.index(bytes(element), at)
        pieces.append(body[at : at + len(bytes(element))])
        at += len(pieces[-1])
    return pieces


def _held(body: bytes, limits: Limits) -> list[msgspec.Raw]:
    if body.count(b",") > limits.batch_events * _COMMAS_PER_EVENT:
        try:
            _counting(limits.batch_events)(body)
        except UNREADABLE as error:
            if str(error).endswith(f"`$[{limits.batch_events}]`"):
                raise Refused("size", "$", _too_many(limits)) from None
    return _elements(body)


@lru_cache(maxsize=4)
def _counting(most: int) -> Callable[[bytes], Any]:
    """Return a decoder that stops at the first element too many, and says that it is that one.

    Up to there it takes anything; what may stand behind is a number that is none.
    """
    nothing = Annotated[int, msgspec.Meta(gt=1, lt=0)]
    return msgspec.json.Decoder(tuple[(msgspec.Raw,) * most + (nothing,)]).decode  # type: ignore[misc]


def _too_many(limits: Limits) -> str:
    return f"holds too many events: a batch may have {limits.batch_events}"


def _is_json(text: bytes) -> bool:
    try:
        _whole(text)
    except UNREADABLE:
        return False
    return True
