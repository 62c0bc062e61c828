"""JSON that cannot be read: what is wrong with it, in words, and the one fault that is mended.

The mended fault is half a surrogate pair: a collector that cuts texts at a number of
UTF-16 units leaves half an emoji behind. A buyer's message is worth more than that, so
the half becomes U+FFFD in texts; in ids it is refused (see `careful`).
"""

import re
from typing import Any

import msgspec

from monitor.wire.batch import Refused

# All that msgspec raises on bytes of strangers.
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_anything = msgspec.json.Decoder().decode

# An escape is one only behind an even number of backslashes. A whole pair is taken first, so that what is left is half.
_SURROGATES = re.compile(
    rb"(?<!\\)((?:\\\\)*+)"
    rb"(?:(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
_HALVES = 20_000  # Two for each event of a batch.
_BYTE = re.compile(r" \(byte ([0-9]+)\)$")
_NO_NUMBER = re.compile(rb"-?(?:NaN|Infinity)")


def read_json(body: bytes) -> tuple[Any, bool]:
    """Return the value that a text of JSON is, and whether half surrogate pairs were mended in it.

    Raises:
        Refused: it is not JSON.
    """
    try:
        return _anything(body), False
    except UNREADABLE as error:
        mended = without_lone_surrogates(body)
        if mended == body:
            raise fault(body, error) from None
    try:
        return _anything(mended), True
    except UNREADABLE as error:
        raise fault(mended, error) from None


def without_lone_surrogates(body: bytes) -> bytes:
    """Return a text of JSON with U+FFFD for every escaped half of a surrogate pair; its length is the same.

    A text with more halves than honest collectors make is returned as it is.
    """
    mended = bytearray(body)
    halves = 0
    for found in _SURROGATES.finditer(body):
        if found[2] is None:
            halves += 1
            if halves > _HALVES:
                return body
            mended[found.end() - 6 : found.end()] = rb"\ufffd"
    return bytes(mended)


def fault(body: bytes, error: Exception) -> Refused:
    """Return in words what msgspec raised when it read a body."""
    if isinstance(error, RecursionError):
        return Refused("nesting", "$", "is nested too deep")
    if isinstance(error, msgspec.ValidationError):
        return Refused("type", "$", f"holds what cannot be kept: {_lower(str(error))}")
    text = str(error)
    found = _BYTE.search(text)
    at = int(found[1]) if found else len(body)
    not_utf8 = _not_utf8_at(body)
    if not_utf8 is not None and (not_utf8 <= at or isinstance(error, UnicodeDecodeError)):
        hint = "; it looks like GBK" if _is(body, "gb18030") else ""
        return Refused("utf8", "$", f"is not UTF-8: byte 0x{body[not_utf8]:02x} at {not_utf8}{hint}")
    if found is None:
        return Refused("json", "$", "is not JSON: it ends too early")
    number = _NO_NUMBER.match(body, at)
    if number:
        return Refused("json", "$", f"is not JSON: {number[0].decode()} at byte {at} is no number; send null")
    if "trailing characters" in text:
        return Refused("json", "$", f"is not JSON: more follows at byte {at}; send one event a line, or an array")
    return Refused("json", "$", f"is not JSON: {text.removeprefix('JSON is malformed: ')}")


def _not_utf8_at(body: bytes) -> int | None:
    """Return where a body stops being UTF-8, or None."""
    try:
        body.decode()
    except UnicodeDecodeError as error:
        return error.start
    return None


def _is(body: bytes, encoding: str) -> bool:
    try:
        body.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
