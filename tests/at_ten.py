"""Ten in the morning in Shanghai, a Monday: when services in tests live, whatever the machine's clock says.

It goes on as time does. So what was said some minutes ago is of the same day, and no test
is run over midnight.

``python -m tests.at_ten SHIFT_MS …`` is the command so much later than the machine.
"""

import sys
import time

from monitor.cli import main
from monitor.clock import Clock
from tests.timeline import START_MS

SHIFT_MS = START_MS - time.time_ns() // 1_000_000


class _Shifted(Clock):
    def now_ms(self) -> int:
        return super().now_ms() + SHIFT_MS


AT_TEN = _Shifted()

if __name__ == "__main__":
    shift_ms = int(sys.argv.pop(1))
    machines_ms = Clock.now_ms
    Clock.now_ms = lambda clock: machines_ms(clock) + shift_ms  # type: ignore[method-assign,assignment]
    main()
