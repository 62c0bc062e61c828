"""One thing about a feed: a colour, what was seen, and what to do."""

from typing import Literal, NamedTuple

Colour = Literal["green", "amber", "red"]


class Finding(NamedTuple):
    """One thing about a feed."""

    check: str
    colour: Colour
    seen: str
    to_do: str = ""
