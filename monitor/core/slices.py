"""Work on very many conversations, done a slice at a time.

A source that goes stale may have brought a million open waits, and all of them look
different then. What has to be done for each is a generator that rests after every
one; what fits into a slice is done at once, the rest with the next steps of time.
"""

from collections import deque
from collections.abc import Iterator
from itertools import islice

SLICE = 2_000  # Conversations looked at in one go: a few milliseconds, and no more rows than a commit takes.


class Slices:
    """Work that is under way, first come, first done."""

    def __init__(self) -> None:
        self._work: deque[Iterator[None]] = deque()

    def __bool__(self) -> bool:
        return bool(self._work)

    def begin(self, work: Iterator[None]) -> None:
        """Begin some work; a slice of it now, unless there is other work before it."""
        self._work.append(work)
        if len(self._work) == 1:
            self.go_on()

    def go_on(self) -> None:
        """Do the next slice."""
        room = SLICE
        while self._work and room > 0:
            done = sum(1 for _ in islice(self._work[0], room))
            if done < room:
                self._work.popleft()
            room -= done or 1
