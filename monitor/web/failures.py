"""How many messages to people failed lately: a robot that was out for a minute is no fault of the week after."""

from collections import deque
from typing import NamedTuple

from monitor.metrics.numbers import Metrics

LATELY_SECONDS = 3_600.0
TOGETHER_SECONDS = 60.0  # What failed within these is one entry: an hour is at most some sixty.


class Look(NamedTuple):
    """The total at an instant."""

    at: float
    total: int


class Failures:
    """Tells what was added to a counter that only grows, over the last hour.

    What failed while no board was looked at counts from the first look after it.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._deliveries = metrics.deliveries
        self._looks = deque([Look(float("-inf"), 0)])

    def lately(self, now: float) -> int:
        """Return how many messages could not be delivered in the last hour."""
        looks = self._looks
        total = int(sum(n for (_, outcome), n in self._deliveries.items() if outcome == "failed"))
        if total != looks[-1].total:
            at = looks.pop().at if looks[-1].at > now - TOGETHER_SECONDS else now
            looks.append(Look(at, total))
        while len(looks) > 1 and looks[1].at <= now - LATELY_SECONDS:
            looks.popleft()
        return total - looks[0].total
