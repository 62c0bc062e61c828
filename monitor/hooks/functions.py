"""What a mapping can ask for beyond JMESPath itself.

    seconds(x)          epoch seconds, a number or text, as an instant
    millis(x)           epoch milliseconds, a number or text, as an instant
    instant(x)          text that names its zone, as an instant: RFC 3339, or "2020-03-03 13:05:57 UTC"
    arrived()           when it reached us, for what brings no time of its own
    text_of(x)          a number or text as text; null stays null
    parsed(x)           JSON that comes as text inside JSON; null where it is none
    plain(x)            text without HTML tags
    digest(list)        a short id made of values, for what brings no id of its own
    lookup(table, key)  what a table of the mapping says for a key, else the key itself
    listed(table, key)  whether a table of the mapping has a key

An instant is given as epoch milliseconds. What cannot be read is an error, so that a
message never gets a time or an id by accident.
"""

import hashlib
import html
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import jmespath
from jmespath import exceptions, functions

# A tag holds no "<": a buyer who writes a thousand of them must not have each looked behind for its end.
_TAG = re.compile(r"(<(?:br|/p|/div|/li)\b[^<>]{0,200}>)|<[a-zA-Z/!][^<>]{0,2000}>")
_UTC_TEXT = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?) ?(?:UTC|GMT|Z)")
PARSED_CHARS_AT_MOST = 256 * 1024  # As much as one event may have.


class Unreadable(Exception):
    """A value of a webhook is not what its mapping takes it for."""


class Functions(functions.Functions):
    """The functions of one mapping and one delivery."""

    def __init__(self, tables: Mapping[str, Mapping[str, str]], arrived_at_ms: int) -> None:
        self._tables = tables
        self._arrived_at_ms = arrived_at_ms

    @functions.signature({"types": ["number", "string", "null"]})
    def _func_seconds(self, value: float | str | None) -> int | None:
        return None if value is None else round(_number(value) * 1000)

    @functions.signature({"types": ["number", "string", "null"]})
    def _func_millis(self, value: float | str | None) -> int | None:
        return None if value is None else round(_number(value))

    @functions.signature({"types": ["string", "null"]})
    def _func_instant(self, value: str | None) -> int | None:
        if value is None:
            return None
        if found := _UTC_TEXT.fullmatch(value):
            value = f"{found[1]}T{found[2]}+00:00"
        try:
            read = datetime.fromisoformat(value)
        except ValueError:
            raise Unreadable(f"{value[:40]!r} is no instant") from None
        if read.tzinfo is None:
            raise Unreadable(f"{value[:40]!r} names no zone")
        return round((read - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)

    @functions.signature()
    def _func_arrived(self) -> int:
        return self._arrived_at_ms

    @functions.signature({"types": ["number", "string", "null"]})
    def _func_text_of(self, value: float | str | None) -> str | None:
        return None if value is None or value == "" else str(value)

    @functions.signature({"types": ["string", "null"]})
    def _func_parsed(self, value: str | None) -> Any:
        if value is None or len(value) > PARSED_CHARS_AT_MOST:
            return None
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return None

    @functions.signature({"types": ["string", "null"]})
    def _func_plain(self, value: str | None) -> str | None:
        if value is None or "<" not in value:
            return None if value is None else html.unescape(value)
        return html.unescape(_TAG.sub(lambda tag: "\n" if tag[1] else "", value)).strip()

    @functions.signature({"types": ["array"]})
    def _func_digest(self, values: list[Any]) -> str:
        said = json.dumps(values, ensure_ascii=False, sort_keys=True, default=str)
        return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    @functions.signature({"types": ["string"]}, {"types": ["number", "string", "null"]})
    def _func_lookup(self, table: str, key: float | str | None) -> str | None:
        return None if key is None else self._table(table).get(str(key), str(key))

    @functions.signature({"types": ["string"]}, {"types": ["number", "string", "null"]})
    def _func_listed(self, table: str, key: float | str | None) -> bool:
        return str(key) in self._table(table)

    def _table(self, name: str) -> Mapping[str, str]:
        if name not in self._tables:
            raise Unreadable(f"there is no table {name}")
        return self._tables[name]


def options(tables: Mapping[str, Mapping[str, str]], arrived_at_ms: int) -> jmespath.Options:
    """Return what an expression is searched with."""
    return jmespath.Options(custom_functions=Functions(tables, arrived_at_ms))


WRONG = (exceptions.JMESPathError, Unreadable, ValueError, TypeError, OverflowError, RecursionError)
"""What an expression may raise on a delivery that is not as its mapping expects."""


def _number(value: float | str) -> float:
    try:
        return float(value)
    except ValueError:
        raise Unreadable(f"{str(value)[:40]!r} is no number") from None
