"""What Python itself is told, so that one process serves all: when threads take turns, what the collector looks at."""

import gc
import sys

SWITCH_SECONDS = 0.00002  # How long a thread waits for another that is at work; a timer of Linux adds 0.05 ms.


def switch_often() -> None:
    """Let the threads of the disk, which wait for Python before every statement, have it while the loop is at work.

    By default each would wait for 5 ms, the whole of a commit: nothing would go on beside the loop. They need it for a
    few microseconds at a time, so letting them have it at once costs the loop little.
    """
    sys.setswitchinterval(SWITCH_SECONDS)


def spare_collector() -> None:
    """Let the garbage collector pass over what has been read back: with a million waits a look at all takes 0.1 s.

    It stays for long, and is no garbage when it goes: nothing in it forms a circle.
    """
    gc.collect()
    gc.freeze()
