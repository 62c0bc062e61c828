"""How much may be sent to one robot, and when it is left alone.

A robot that gets too much refuses or blocks, and its people stop reading. So there is
a bucket whose contents and refill never pass the limit within any minute, part of it
kept for the steps that matter most; and a breaker that leaves a receiver in peace
which has failed again and again.
"""

import random

from monitor.core.units import MINUTE_MS

ALMOST = 1e-6  # Of a token: what adding parts of it loses; far less than a millisecond's worth.
OPEN_AFTER = 6  # Failures in a row.
OPEN_MS = (10_000, 30_000, 60_000)  # First, second and each further time.


class Bucket:
    """Tokens for messages.

    Holds a third of the minute's limit and is refilled with the rest over a minute, so
    that no minute, wherever it begins, sees more than the limit.

    Attributes:
        pace_ms: at least so long between two messages that are not high; 0: as the tokens allow.
    """

    def __init__(self, per_minute: int, now_ms: int) -> None:
        self._holds = max(1, per_minute // 3)
        self._refill_ms = MINUTE_MS / max(1, per_minute - self._holds) if per_minute > 1 else MINUTE_MS
        self._kept = 1 if self._holds > 1 else 0
        self._tokens = float(self._holds)
        self._at_ms = now_ms
        self._sent_at_ms = now_ms - MINUTE_MS
        self.pace_ms = 0

    def _fill(self, now_ms: int) -> None:
        if now_ms > self._at_ms:
            self._tokens = min(float(self._holds), self._tokens + (now_ms - self._at_ms) / self._refill_ms)
            self._at_ms = now_ms

    def may(self, now_ms: int, *, high: bool) -> bool:
        """Whether one message may be sent now."""
        self._fill(now_ms)
        if high:
            return self._tokens >= 1 - ALMOST
        return self._tokens >= 1 + self._kept - ALMOST and now_ms >= self._sent_at_ms + self.pace_ms

    def plenty(self, now_ms: int) -> bool:
        """Whether after one more message, the next need not wait."""
        self._fill(now_ms)
        return self._tokens >= 2 + self._kept - ALMOST and not self.pace_ms

    def take(self, at_ms: int) -> None:
        """Count one try, whatever comes of it: the robot counts it too."""
        self._fill(at_ms)
        self._tokens = max(0.0, self._tokens - 1)
        self._sent_at_ms = at_ms

    def next_ms(self, now_ms: int) -> int:
        """Return when one more token is there, for whoever waits for it."""
        self._fill(now_ms)
        missing = 1 - (self._tokens + ALMOST) % 1
        return max(
            now_ms + round(missing * self._refill_ms) + 1, min(self._sent_at_ms + self.pace_ms, now_ms + MINUTE_MS)
        )


class Breaker:
    """Leaves a receiver in peace that fails again and again; then one message tries it."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._failures = 0
        self.opened = 0  # How often, since something was last taken.

    def succeeded(self) -> None:
        """Begin anew."""
        self._failures = self.opened = 0

    def resume(self, opened: int) -> None:
        """Go on after a restart: where it was open, one message tries again."""
        self.opened = opened
        self._failures = OPEN_AFTER - 1 if opened else 0

    def failed(self) -> int:
        """Count a failure; return for how long nothing is to be sent, 0: go on."""
        self._failures += 1
        if self._failures < OPEN_AFTER:
            return 0
        self._failures = OPEN_AFTER - 1  # The one that tries decides.
        open_ms = OPEN_MS[min(self.opened, len(OPEN_MS) - 1)]
        self.opened += 1
        return round(open_ms * self._rng.uniform(0.9, 1.1))
