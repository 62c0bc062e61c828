"""What of an event's words goes to the disk: masked, or nothing but their length and a hash."""

import hashlib
import re
from collections.abc import Callable
from typing import Literal

from msgspec.structs import replace

from monitor.core.events import AnyEvent, Message, WaitingSnapshot
from monitor.core.masking import mask

KeptText = Literal["masked", "off"]
TEXT_HASH = "text_hash"  # In ``meta`` of a message whose text is not kept.
HASH_CHARS = 16

# In what was refused and is no event: the words of each text field, whatever else is wrong with it.
_TEXT_FIELD = re.compile(rb'("(?:text|last_text|content)"\s*:\s*)"(?:[^"\\]|\\.)*+"?')


def masked(event: AnyEvent) -> AnyEvent:
    """Return an event with what tells who and where somebody is made unreadable."""
    if type(event) is Message:
        text = event.text
        if text:
            hidden = mask(text)
            if hidden is not text:
                return replace(event, text=hidden)
    elif type(event) is WaitingSnapshot and any(row.last_text for row in event.rows):
        return replace(
            event, rows=[replace(row, last_text=mask(row.last_text)) if row.last_text else row for row in event.rows]
        )
    return event


def without_text(event: AnyEvent) -> AnyEvent:
    """Return an event without its words: their length and hash stay in ``meta``."""
    if type(event) is Message:
        text = event.text
        if text:
            about = {"text_chars": len(text), TEXT_HASH: text_hash(text)}
            return replace(event, text=None, meta={**(event.meta or {}), **about})
    elif type(event) is WaitingSnapshot and any(row.last_text for row in event.rows):
        return replace(event, rows=[replace(row, last_text=None) for row in event.rows])
    return event


def text_hash(text: str) -> str:
    """Return by what equal texts are known without being kept."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:HASH_CHARS]


def body_masked(body: bytes) -> bytes:
    """Return a refused body as it may be kept: its texts masked."""
    return _TEXT_FIELD.sub(
        lambda found: mask(found[0].decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape"), body
    )


def body_without_text(body: bytes) -> bytes:
    """Return a refused body without the words of its text fields."""
    return _TEXT_FIELD.sub(rb'\1""', body)


def keeping(text: KeptText) -> tuple[Callable[[AnyEvent], AnyEvent], Callable[[bytes], bytes]]:
    """Return what makes of an event, and of a refused body, what is kept."""
    return (masked, body_masked) if text == "masked" else (without_text, body_without_text)
