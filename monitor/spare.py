"""The time the loop can spare, for work that only looks: scores, figures, quality.

Chat that comes in and people to be told come first. What only looks is worked on in
slices of a few milliseconds: one after the other while the loop is calm, with rests
between them while it is busy, so that all such work together gets a small share of
it. The share grows with how long the work has been waiting, up to a quarter: so a
burst of chat is stored at full speed and looked at a moment later, and a storm that
does not end cannot put it off for ever.

The loop is busy while turns that store events take much of its time, and for a moment
after each batch that came and each turn, as long as it was large: who sends one batch
after the other leaves it idle for most of the time, waiting for the disk, and each slice
would keep them waiting.
"""

import asyncio
import time
from collections.abc import Callable
from math import exp

SLICE_SECONDS = 0.004  # Worked before others get the loop.
BUSY_SECONDS = 0.2  # Over about so long is looked back to tell whether the loop is busy.
BUSY_SHARE = 0.2  # It is, if turns took more than this part of the time.
QUIET_SECONDS = 0.1  # The moment after a batch or a turn is never longer.
EVENT_SECONDS = 0.00005  # What an event that has come will take of it, about.
LEAST_SHARE = 0.04  # Of the loop, for all that may wait together, while it is busy…
MOST_SHARE = 0.25  # …and when something has waited…
LONGEST_SECONDS = 60.0  # …for so long.
LOOK_SECONDS = 0.05  # A rest ends when the loop is calm, or somebody waits for what is made: looked at so often.


class Spare:
    """Shares out the loop's spare time.

    Args:
        seconds: the time, of a clock that only runs on; another one in tests.
    """

    def __init__(self, seconds: Callable[[], float] = time.perf_counter) -> None:
        self.seconds = seconds
        self._level = 0.0  # The part of the time that turns took lately,
        self._at = 0.0  # as of then.
        self._free_at = 0.0  # Slices worked so far are made up for by then.
        self._quiet_to = 0.0  # The moment after the last batch or turn is over by then.

    def came(self, events: int) -> None:
        """Note that so many events wait to be stored."""
        self._keep_quiet(events * EVENT_SECONDS)

    def took(self, seconds: float) -> None:
        """Note that a turn which stores events took so long; what is left of it may be the disk's."""
        self._level = self._now_busy() + seconds / BUSY_SECONDS
        self._at = self.seconds()
        self._keep_quiet(seconds * (1 / BUSY_SHARE - 1))

    def _keep_quiet(self, seconds: float) -> None:
        self._quiet_to = max(self._quiet_to, self.seconds() + min(seconds, QUIET_SECONDS))

    @property
    def calm(self) -> bool:
        """Whether what may wait need not wait."""
        return self._now_busy() <= BUSY_SHARE

    def _now_busy(self) -> float:
        return self._level * exp((self._at - self.seconds()) / BUSY_SECONDS)

    def owe(self, worked: float, waited: float) -> None:
        """Note a slice that was worked, by work that has waited for so long: how much rest it owes."""
        share = min(MOST_SHARE, max(LEAST_SHARE, MOST_SHARE * waited / LONGEST_SECONDS))
        self._free_at = max(self._free_at, self.seconds()) + worked * (1 / share - 1)

    def owed(self) -> float:
        """Return how long to rest now; 0: not at all."""
        until = min(self._free_at, self._quiet_to) if self.calm else self._free_at
        return max(0.0, until - self.seconds())


class Pace:
    """The pace of one piece of work: asked between its steps, it rests when it is time to.

    Args:
        spare: whose time it takes.
        waited: returns for how many seconds the work has been waiting.
        hurry: returns whether somebody waits for it now; it then only lets others have the loop between slices.
    """

    def __init__(
        self, spare: Spare, *, waited: Callable[[], float] = lambda: 0.0, hurry: Callable[[], bool] = lambda: False
    ) -> None:
        self._spare = spare
        self._waited = waited
        self._hurry = hurry
        self._since = spare.seconds()

    async def begin(self) -> None:
        """Rest as long as what was worked before still owes it."""
        await self._rest()

    async def rest(self) -> bool:
        """Rest if it is time to; return whether others have had the loop."""
        worked = self._spare.seconds() - self._since
        if worked < SLICE_SECONDS:
            return False
        self._spare.owe(worked, self._waited())
        await asyncio.sleep(0)
        await self._rest()
        return True

    async def _rest(self) -> None:
        while not self._hurry() and (owed := self._spare.owed()) > 0:  # noqa: ASYNC110 - calm is no event: it is time
            await asyncio.sleep(min(owed, LOOK_SECONDS))
        self._since = self._spare.seconds()
