"""The only reader of the time.

The wall clock handed out never goes back: when the machine's clock is set back,
time stands until it has caught up, and the step is counted.
"""

import time

STEP_MS = 1000  # Less is how clocks are kept right all day.


class Clock:
    """Wall time in milliseconds since the epoch, never going back.

    Attributes:
        steps: how often the machine's clock was set back by more than 1 s.
    """

    def __init__(self) -> None:
        self._last_ms = 0
        self._read_ms = 0
        self.steps = 0

    def now_ms(self) -> int:
        """Return now, at least what was returned before."""
        now = time.time_ns() // 1_000_000
        if now < self._read_ms - STEP_MS:
            self.steps += 1
        self._read_ms = now
        if now > self._last_ms:
            self._last_ms = now
        return self._last_ms

    @property
    def ahead_ms(self) -> int:
        """How long time will stand from when it was last asked for; 0 while it runs."""
        return self._last_ms - self._read_ms

    def seconds(self, ms: int) -> float:
        """Return how many seconds of the world pass while this clock runs ``ms``."""
        return ms / 1000


class FastClock(Clock):
    """A clock for a log: it stands at an instant until `go`, then runs so many times as fast as the world."""

    def __init__(self, start_ms: int, speed: float) -> None:
        super().__init__()
        self._start_ms = start_ms
        self._speed = speed
        self._began: float | None = None

    def go(self) -> None:
        """Start running."""
        self._began = time.monotonic()

    def now_ms(self) -> int:
        """Return the log's time."""
        if self._began is None:
            return self._start_ms
        return self._start_ms + int((time.monotonic() - self._began) * self._speed * 1000)

    def seconds(self, ms: int) -> float:
        """Return how many seconds of the world pass while this clock runs ``ms``."""
        return ms / 1000 / self._speed
