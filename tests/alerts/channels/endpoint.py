"""A webhook's other end, on this machine."""

import base64
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable

from aiohttp import web

from monitor.alerts.channels.webhook import WebhookChannel
from monitor.clock import Clock
from tests.program import free_port

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()


NEXT_SECRET = "whsec_" + base64.b64encode(b"fedcba9876543210fedcba9876543210").decode()


PATH = "/hooks/path-that-is-a-secret"


Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def taken(_request: web.Request) -> web.StreamResponse:
    return web.Response(status=204)


class Listening(ABC):
    """A server of this machine that comes and goes on one port."""

    def __init__(self) -> None:
        self.port = free_port()
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application(client_max_size=1 << 20)
        app.router.add_route("*", "/{tail:.*}", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True).start()

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @abstractmethod
    async def _handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a request."""


class Endpoint(Listening):
    """A receiver that answers as told and remembers what came."""

    def __init__(self, *, total_seconds: float = 5.0, secrets: tuple[str, ...] = (SECRET,)) -> None:
        super().__init__()
        self.answer: Answer = taken
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.secrets = [*secrets, PATH]
        self.channel = WebhookChannel(
            f"http://127.0.0.1:{self.port}{PATH}", secrets, Clock(), total_seconds=total_seconds
        )

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.paths.append(request.path)
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        self.bodies.append(await request.read())
        return await self.answer(request)


def answering(status: int, **headers: str) -> Answer:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers={name.replace("_", "-"): text for name, text in headers.items()})

    return answer
