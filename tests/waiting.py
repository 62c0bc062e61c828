"""Waiting for what other tasks, threads and programs bring about."""

import asyncio
import inspect
from collections.abc import Callable

# For what takes a moment: a loaded machine takes longer, and when all goes well nobody waits for it.
DEADLINE_SECONDS = 90.0


async def until(true: Callable[[], object], what: str | Callable[[], object] = "what was waited for") -> None:
    """Let others have the loop until a condition holds; fail after the deadline.

    Args:
        true: the condition; may return what is to be awaited for it.
        what: names it where it never holds; may return how it stands then, or what is to be awaited for that.
    """
    deadline = asyncio.get_running_loop().time() + DEADLINE_SECONDS
    while not await _come_to(true):
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"never: {await _come_to(what) if callable(what) else what}")
        await asyncio.sleep(0.002)


async def _come_to(ask: Callable[[], object]) -> object:
    found = ask()
    return await found if inspect.isawaitable(found) else found
