"""What comes when it comes, such as the lines of a pipe, read beside the loop."""

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import AsyncGenerator, Iterable
from typing import TypeVar

Item = TypeVar("Item")

AHEAD = 1000  # Items read before they are asked for: a disk is never waited for, and memory stays small.


async def read_beside(items: Iterable[Item], ahead: int = AHEAD) -> AsyncGenerator[list[Item], None]:
    """Yield the items of something that may let its reader wait, as many at a time as have come.

    A thread takes them, at most ``ahead`` before they are asked for. What it is waiting for when nobody asks any more
    is given up: it holds up neither the loop nor the end of the program.

    Raises:
        Exception: whatever taking an item raises, after those before it.
    """
    loop = asyncio.get_running_loop()
    come = asyncio.Event()
    room = threading.Semaphore(ahead)
    read: deque[Item] = deque()
    ended: list[Exception | None] = []
    given_up = False

    def wake() -> None:
        with contextlib.suppress(RuntimeError):  # The loop has ended: nobody asks.
            loop.call_soon_threadsafe(come.set)

    def take() -> None:
        fault: Exception | None = None
        try:
            for item in items:
                room.acquire()
                if given_up:
                    return
                read.append(item)
                if not come.is_set():
                    wake()
        except Exception as error:
            fault = error
        ended.append(fault)
        wake()

    # No thread of the executor: its end is waited for, and who reads an idle pipe does not end.
    threading.Thread(target=take, name="read beside the loop", daemon=True).start()
    try:
        while True:
            await come.wait()
            come.clear()
            over = bool(ended)  # Asked before what was read is taken: after the end nothing comes.
            if some := [read.popleft() for _ in range(len(read))]:
                room.release(len(some))
                yield some
            if over:
                if ended[0] is not None:
                    raise ended[0]
                return
    finally:
        given_up = True
        room.release()
