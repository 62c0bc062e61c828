"""Messages with what they are, written one by one by hand, as people of a shop and buyers write them.

Chinese (both scripts) and English, from short to polite, with slips, emoji and lines that only look like their class.
They were written and committed before anything was run on them, and are of our own making: no shop's traffic. Every
message of a role stands for each class that people of that role can say: it is of that class or it is not. A hash of
the text says which half it belongs to: one may be looked at to mend the word lists, the other is kept aside and only
told in figures.
"""

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent / "labels_by_hand"  # A line is a letter and a text; ⏎ ends a line within a message.
CLASSES = {"holding": "h", "greeting": "g", "courtesy": "c", "need discovery": "n"}
SAID_BY = {"holding": ("agent",), "greeting": ("agent", "buyer"), "courtesy": ("buyer",), "need discovery": ("agent",)}


class Labelled(NamedTuple):
    """A message, and whether it is of the class."""

    role: str
    text: str
    label: bool


@cache
def labelled(name: str) -> tuple[Labelled, ...]:
    """Return all messages that may be of a class."""
    return tuple(
        Labelled(role, line[2:].replace("⏎", "\n"), line[0] == CLASSES[name])
        for role in SAID_BY[name]
        for lang in ("zh", "en")
        for line in (FOLDER / f"{role}.{lang}.txt").read_text("utf-8").splitlines()
    )


def _is_aside(message: Labelled) -> bool:
    return sha256(message.text.encode()).digest()[0] % 2 == 0


def aside(name: str) -> list[Labelled]:
    """Return the half that is only told in figures."""
    return [message for message in labelled(name) if _is_aside(message)]


def tried(name: str) -> list[Labelled]:
    """Return the half that word lists may be mended by."""
    return [message for message in labelled(name) if not _is_aside(message)]
