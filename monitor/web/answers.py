"""Answers of the plain routes, and the headers that all answers have."""

from collections.abc import Iterable
from typing import Any

from starlette.types import Send

from monitor.web.shapes import encode

Header = tuple[bytes, bytes]

# On every answer. What a page may load is said with the page.
EVERY_ANSWER: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), screen-wake-lock=(self)"),
)

# Unless an answer says otherwise: what is no page loads nothing, and what is about people is kept by nobody on the way.
UNLESS_SAID: tuple[Header, ...] = (
    (b"content-security-policy", b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)


def guarded(own: Iterable[Header]) -> list[Header]:
    """Return an answer's own headers with those that every answer has."""
    headers = list(own)
    names = {name for name, _ in headers}
    return [*headers, *(one for one in UNLESS_SAID if one[0] not in names), *EVERY_ANSWER]


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
