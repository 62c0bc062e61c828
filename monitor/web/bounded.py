"""The body of a request that brings no events: its route takes it whole, so it is bounded before it gets there."""

import asyncio

from fastapi import HTTPException
from starlette.types import Message, Receive, Scope

from monitor.web.body import SILENT_SECONDS, WHOLE_SECONDS


def bounded(receive: Receive, scope: Scope, most: int) -> Receive:
    """Return what gives a body piece by piece, of ``most`` bytes at most.

    It raises HTTPException: 413 once the body is larger, or announced to be, 408 when it comes too slowly.
    """
    loop = asyncio.get_running_loop()
    announced = dict(scope["headers"]).get(b"content-length", b"0")
    whole_by = loop.time() + WHOLE_SECONDS
    size, ended = 0, False

    async def receive_bounded() -> Message:
        nonlocal size, ended
        if ended:
            return await receive()  # Nothing but that the sender has gone.
        if int(announced) > most:
            raise _more_than(most)
        try:
            async with asyncio.timeout_at(min(whole_by, loop.time() + SILENT_SECONDS)):
                message = await receive()
        except TimeoutError:
            raise HTTPException(408, "the body took too long to arrive") from None
        size += len(message.get("body", b""))
        if size > most:
            raise _more_than(most)
        ended = not message.get("more_body", False)
        return message

    return receive_bounded


def _more_than(most: int) -> HTTPException:
    return HTTPException(413, f"a body may have {most} bytes (limits.body_bytes)")
