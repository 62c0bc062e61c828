"""What others wrote, made into text and nothing else, before it stands in a message of ours.

A buyer may write markdown, mention everybody, put in a link or turn the reading
direction. In an alert all of that is shown and none of it works: what would be
syntax becomes the full-width character that looks like it.
"""

import re

_LOOKALIKES = str.maketrans("*_`[]<>#~\\|!@&", "＊＿｀［］＜＞＃～＼｜！＠＆")
_MENTION = str.maketrans("@", "＠")
_DOMAIN = re.compile(r"(?<=[A-Za-z0-9])\.(?=[A-Za-z]{2})")


def plain(text: str, at_most: int | None = None) -> str:
    """Return text on one line, without control characters and marks of direction, cut to so many characters."""
    if not text.isprintable():
        text = "".join(letter if letter.isprintable() else " " if letter.isspace() else "" for letter in text)
    if at_most is not None and len(text) > at_most:
        return f"{text[: at_most - 1]}…"
    return text


def unlinked(text: str) -> str:
    """Return plain text in which no program finds an address or a mention."""
    text = plain(text).translate(_MENTION).replace("://", "：//")
    return _DOMAIN.sub("．", text)


def markdown(text: str) -> str:
    """Return text that is the same to read and has no markup, in any of the markdowns of chat programs."""
    return unlinked(text).translate(_LOOKALIKES)


def cut(text: str, at_most_bytes: int) -> str:
    """Return as much of a text as fits so many bytes of UTF-8; what was cut off is marked."""
    raw = text.encode("utf-8", "replace")
    if len(raw) <= at_most_bytes:
        return text
    return raw[: at_most_bytes - 3].decode("utf-8", "ignore") + "…"
