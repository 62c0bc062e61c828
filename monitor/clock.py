"""The only reader of the time.

The wall clock handed out never goes back: when the machine's clock is set back,
time stands until it has caught up, and the step is counted.
"""

import time


class Clock:
    """Wall time in milliseconds since the epoch, never going back.

    Attributes:
        steps: how often the machine's clock was found more than 1 s back.
    """

    def __init__(self) -> None:
        self._last_ms = 0
        self.steps = 0

    def now_ms(self) -> int:
        """Return now, at least what was returned before."""
        now = time.time_ns() // 1_000_000
        if now < self._last_ms:
            if now < self._last_ms - 1000:
                self.steps += 1
            return self._last_ms
        self._last_ms = now
        return now
