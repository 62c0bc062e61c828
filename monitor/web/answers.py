"""Answers of the plain routes."""

from typing import Any

from starlette.types import Send

from monitor.web.shapes import encode

Header = tuple[bytes, bytes]


async def answer(send: Send, status: int, told: Any, *headers: Header) -> None:
    """Answer in JSON."""
    await begin_answer(send, status, told, *headers)
    await end_answer(send)


async def begin_answer(send: Send, status: int, told: Any, *headers: Header) -> None:
    """Send all of an answer, but leave the request open."""
    body = encode(told)
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", b"application/json"),
                (b"content-length", b"%d" % len(body)),
                (b"cache-control", b"no-store"),
                *headers,
            ],
        }
    )
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def end_answer(send: Send) -> None:
    """Close the request."""
    await send({"type": "http.response.body"})
