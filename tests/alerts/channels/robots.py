"""Robots of group chats on this machine, which behave as theirs are documented to.

They check the signature, refuse with codes inside 200, and block who is too fast.
"""

import asyncio
import base64
import hashlib
import hmac
import json
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

from aiohttp import web

from monitor.alerts.channels.base import Channel
from monitor.alerts.router import PEOPLE_EXPIRES_MS, Route
from monitor.clock import Clock
from tests.alerts.channels.endpoint import Listening

Json = dict[str, Any]


def people(name: str, **more: Any) -> Route:
    return Route(channel=name, for_people=True, expires_ms=PEOPLE_EXPIRES_MS, **more)


class Group(Listening):
    """A group with a robot in it.

    Attributes:
        messages: what it took, whole.
        bodies: the title of each, as people see it.
        instead: answers in place of the robot.
        refusals: the codes it refused with.
    """

    path: ClassVar[str] = "/robot"
    key: ClassVar[str] = "key-that-is-a-secret"
    signs_with: ClassVar[str | None] = None
    per_minute: ClassVar[int] = 20
    blocks_seconds: ClassVar[float] = 600.0

    def __init__(self, *, now: Callable[[], float] | None = None) -> None:
        super().__init__()
        self.messages: list[Json] = []
        self.bodies: list[bytes] = []
        self.refusals: list[int] = []
        self.came: list[float] = []
        self.instead: Callable[[web.Request], Awaitable[web.StreamResponse]] | None = None
        self.secrets = [self.key, *([self.signs_with] if self.signs_with else [])]
        self._now = now
        self._recent: deque[float] = deque()
        self._blocked_until = 0.0
        self.channel = self.made()

    def made(self) -> Channel:
        """Return a channel that posts here."""
        raise AssertionError

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.path}/{self.key}"

    def now(self) -> float:
        return self._now() if self._now else asyncio.get_running_loop().time()

    def now_ms(self) -> int:
        """Return the time of day, by which signatures are checked."""
        return round(self._now() * 1000) if self._now else CLOCK.now_ms()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.came.append(self.now())
        if self.instead is not None:
            return await self.instead(request)
        if self.key not in request.path and self.key not in request.query_string:
            return self.refuse("address")
        message = json.loads(await request.read())
        if self.too_fast():
            return self.refuse("too_fast")
        fault = self.fault(request, message)
        if fault:
            return self.refuse(fault)
        self.messages.append(message)
        self.bodies.append(self.title(message).encode())
        return self.taken()

    def block(self) -> None:
        """Take nothing for as long as it blocks who was too fast."""
        self._blocked_until = self.now() + self.blocks_seconds

    def too_fast(self) -> bool:
        now = self.now()
        while self._recent and self._recent[0] <= now - 60:
            self._recent.popleft()
        if now < self._blocked_until:
            return True
        if len(self._recent) >= self.per_minute:
            self._blocked_until = now + self.blocks_seconds
            return True
        self._recent.append(now)
        return False

    def fault(self, request: web.Request, message: Json) -> str | None:  # noqa: ARG002
        return None

    def title(self, message: Json) -> str:
        """Return what people see first."""
        return str(message["title"])

    def taken(self) -> web.Response:
        return web.json_response({"errcode": 0, "errmsg": "ok"})

    def refuse(self, why: str) -> web.Response:
        raise AssertionError(why)

    def code(self, code: int, text: str, *, code_name: str = "errcode", text_name: str = "errmsg") -> web.Response:
        self.refusals.append(code)
        return web.json_response({code_name: code, text_name: text})


def signature(key: str, text: str) -> str:
    """HMAC-SHA256 in base64, written here a second time on purpose."""
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


CLOCK = Clock()
