"""What one address may take of the port: lines open at once, and wrong tokens tried.

A proxy of ours stands for everybody behind it, so its address has no bound of its own; whoever runs one bounds there.
"""

import time
from collections import Counter
from collections.abc import Collection

WRONG_AT_MOST = 60  # A collector with a revoked token that comes again each second stays below.
WRONG_SECONDS = 60.0
ADDRESSES_AT_MOST = 10_000  # Then all are forgotten: who has so many addresses is stopped by no count of them.


class Lines:
    """Connections by the address they come from.

    Args:
        at_most: how many one address may have.
        proxies: addresses without a bound.

    Attributes:
        open: how many each address has.
    """

    def __init__(self, at_most: int, proxies: Collection[str] = ()) -> None:
        self.at_most = at_most
        self.open: Counter[str] = Counter()
        self._proxies = frozenset(proxies)

    def take(self, address: str) -> bool:
        """Count one more; False: it is one too many, and is not counted."""
        if address in self._proxies:
            return True
        if self.open[address] >= self.at_most:
            return False
        self.open[address] += 1
        return True

    def give(self, address: str) -> None:
        """Count one less."""
        if self.open[address] > 1:
            self.open[address] -= 1
        else:
            del self.open[address]


class WrongTries:
    """Wrong tokens of the last minute, by address."""

    def __init__(self) -> None:
        self._tries: dict[str, tuple[float, int]] = {}  # When its minute began, and how many since.

    def too_many(self, address: str) -> bool:
        """Whether an address has tried so often that no unknown token of it is looked up."""
        began, count = self._tries.get(address, (0.0, 0))
        return count >= WRONG_AT_MOST and time.monotonic() < began + WRONG_SECONDS

    def note(self, address: str) -> None:
        """Count a wrong one."""
        now = time.monotonic()
        began, count = self._tries.get(address, (now, 0))
        if now >= began + WRONG_SECONDS:
            began, count = now, 0
        if len(self._tries) >= ADDRESSES_AT_MOST and address not in self._tries:
            self._tries.clear()
        self._tries[address] = (began, count + 1)
