"""Waiting for what other tasks, threads and programs bring about."""

import asyncio
from collections.abc import Callable

# For what takes a moment: a loaded machine takes longer, and when all goes well nobody waits for it.
DEADLINE_SECONDS = 90.0


async def until(true: Callable[[], object], what: str = "what was waited for") -> None:
    """Let others have the loop until a condition holds; fail after the deadline."""
    deadline = asyncio.get_running_loop().time() + DEADLINE_SECONDS
    while not true():
        assert asyncio.get_running_loop().time() < deadline, f"never: {what}"
        await asyncio.sleep(0.002)
