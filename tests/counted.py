"""``python -m tests.counted SOCKET …`` is the command, telling at a socket how many objects it holds.

Memory as the system sees it moves by what was freed and not given back; objects do not.
"""

import gc
import sys
from multiprocessing.connection import Client, Listener
from pathlib import Path
from threading import Thread

from monitor.cli import main


def objects(socket: Path) -> int:
    """Return how many objects the program holds that answers there."""
    with Client(str(socket)) as line:
        held: int = line.recv()
        return held


def _tell(listener: Listener) -> None:
    while True:
        with listener.accept() as line:
            gc.collect()
            line.send(sys.getallocatedblocks())


if __name__ == "__main__":
    Thread(target=_tell, args=(Listener(sys.argv.pop(1)),), daemon=True).start()
    main()
