"""How often a phrase is taken when it is offered, by shop and intent, and what that does to its rank.

A phrase at the top is looked at more than one below it, so an offer further down counts
as less of an offer. Few offers prove little: rates are drawn towards what is usual, and
no phrase can be lifted or sunk by more than a bound. Seldom offered phrases get the
last of three places now and then, so that they can show what they are worth.
"""

import math
from collections.abc import Iterable
from zlib import crc32

from msgspec import Struct

LOOKED_AT = (1.0, 0.65, 0.45)  # How likely an offer in a place is read; floor practice with three keys.
USUAL_RATE = 0.25  # Of the offers read, how many are taken: what is expected of a phrase nobody knows.
PRIOR_OFFERS = 8.0  # So many offers that expectation weighs.
MOST_LIFT = 1.5  # And the most it is sunk, turned over.
EXPLORED_PERCENT = 10  # Of the answers, in how many the last place is given away.
SELDOM = 5.0  # Read offers below which a phrase counts as seldom offered.

TAKEN = ("picked", "edited")
Key = tuple[str, str]  # intent, phrase id


class Tally(Struct, gc=False):
    """What became of the offers of a phrase for one intent in one shop."""

    offers: float = 0.0  # Each counted by how likely it was read.
    picked: int = 0
    edited: int = 0
    ignored: int = 0
    send_ms: int = 0  # Sum over those taken, from the offer to the reply.

    @property
    def taken(self) -> float:
        """How often it was taken; one that had to be edited counts less."""
        return self.picked + 0.7 * self.edited

    @property
    def rate(self) -> float:
        """How often it is taken when read, drawn towards the usual."""
        return (self.taken + USUAL_RATE * PRIOR_OFFERS) / (max(self.offers, self.taken) + PRIOR_OFFERS)


class Learned:
    """What one shop's agents have taken. Kept small: one tally a phrase and intent."""

    def __init__(self, tallies: Iterable[tuple[Key, Tally]] = ()) -> None:
        self._tallies: dict[Key, Tally] = dict(tallies)

    def note(self, intent: str, phrase: str, outcome: str, *, position: int = 1, send_ms: int = 0) -> None:
        """Note one outcome of an offer in a place, 1 being the first."""
        tally = self._tallies.setdefault((intent, phrase), Tally())
        if outcome == "shown":
            tally.offers += LOOKED_AT[min(max(position, 1), len(LOOKED_AT)) - 1]
        elif outcome == "picked":
            tally.picked += 1
        elif outcome == "edited":
            tally.edited += 1
        else:
            tally.ignored += 1
        if outcome in TAKEN:
            tally.send_ms += send_ms

    def factor(self, intent: str, phrase: str) -> float:
        """Return by what the score of a phrase is multiplied: 1 for one nobody knows."""
        tally = self._tallies.get((intent, phrase))
        if tally is None:
            return 1.0
        return min(MOST_LIFT, max(1 / MOST_LIFT, math.sqrt(tally.rate / USUAL_RATE)))

    def is_seldom(self, intent: str, phrase: str) -> bool:
        """Whether a phrase was hardly ever offered."""
        tally = self._tallies.get((intent, phrase))
        return tally is None or tally.offers < SELDOM

    def tally(self, intent: str, phrase: str) -> Tally | None:
        """Return what is known of a phrase for an intent."""
        return self._tallies.get((intent, phrase))


def explores(seed: str) -> bool:
    """Whether an answer gives its last place away: the same for the same wait, however often it is asked."""
    return crc32(seed.encode("utf-8", "surrogatepass")) % 100 < EXPLORED_PERCENT
