"""A server of the built pages and of `/v1/live` that says what a test tells it to.

Its clock stands still until a test moves it, so that what a page shows can be
said to the second.
"""

import asyncio
import json
import mimetypes
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from tests.waiting import DEADLINE_SECONDS

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
USUAL_STAGES = [["slow", 60], ["at_risk", 180], ["lost", 300]]

# As strict as a policy can be: what the pages need beyond it, no viewer's browser should give them.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

# As the service has them.
PAGES = {
    "/": "index.html",
    "/console": "console.html",
    "/agent": "agent.html",
    "/reports": "reports.html",
    "/sources": "sources.html",
}

Frame = dict[str, Any]


class FakeLive:
    """One service, as far as a page can tell.

    Attributes:
        now: the service's clock.
        waits, counts, sources, build, epoch, seq: what the next snapshot says.
        greets: answers a hello with a snapshot; without it the test decides.
        answers_pings: the page may measure the clock; off, it has only what frames say.
        heard: every frame pages have sent.
    """

    def __init__(self, pages: Path) -> None:
        self._pages = pages
        self._server: Server | None = None
        self._lines: set[ServerConnection] = set()
        self._said_something = asyncio.Condition()
        self.port = 0
        self.now = NOON
        self.waits: list[Frame] = []
        self.counts: Frame = {}
        self.sources: list[Frame] = []
        self.build = "0.1.0+a"
        self.epoch = "k3f9"
        self.seq = 0
        self.truncated = 0
        self.greets = True
        self.answers_pings = False
        self.heard: list[Frame] = []

    async def start(self) -> None:
        """Listen; on the same port as before if there was one."""
        self._server = await serve(self._line, "127.0.0.1", self.port, process_request=self._file)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Cut all lines and listen no more."""
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def instant(self, seconds_ago: float = 0.0) -> str:
        at = self.now - timedelta(seconds=seconds_ago)
        return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def wait(self, name: str, seconds: float | None, **more: Any) -> Frame:
        """A row that has waited so long now; None: the buyer was only polite."""
        return {
            "id": name,
            "platform": "taobao",
            "shop": "森野旗舰店",
            "conversation": f"c-{name}",
            "buyer": "张*",
            "agent": f"小林{name}",  # One each, for a row is an agent.
            "account": "senye:lin",
            "team": "A组",
            "opened_at": self.instant(seconds or 0),
            "waiting_since": None if seconds is None else self.instant(seconds),
            "stages": USUAL_STAGES,
            "stood_seconds": 0,
            "standing_since": None,
            "messages": 1,
            "flags": [],
            **more,
        }

    def source(self, name: str, state: str = "ok", **more: Any) -> Frame:
        seen = {"name": name, "state": state, "last_event_at": self.instant(1), "lag_seconds": 1.0}
        return {**seen, "accounts": 3, "reason": None, **more}

    def all_counts(self) -> Frame:
        return {
            "waits_open": {"fresh": 0, "slow": 0, "at_risk": 0, "lost": 0},
            "bot_held": 0,
            "courtesy": 0,
            "promises_open": 0,
            "answered_today": 0,
            "shops": 1,
            "last_event_at": self.instant(3),
            "store_ok": True,
            "deliveries_failed": 0,
            **self.counts,
        }

    def snapshot(self) -> Frame:
        return {
            "type": "snapshot",
            "v": 1,
            "epoch": self.epoch,
            "seq": self.seq,
            "now": self.instant(),
            "build": self.build,
            "demo": False,
            "waits": self.waits,
            "counts": self.all_counts(),
            "sources": self.sources,
            "truncated": self.truncated,
        }

    async def say(self, frame: Frame) -> None:
        """Send a frame to every page."""
        for line in list(self._lines):
            await line.send(json.dumps(frame))

    async def say_delta(self, up: list[Frame] | None = None, gone: list[str] | None = None, **more: Any) -> None:
        """Send what changed, under the next number."""
        self.seq += 1
        left = [{"id": name, "why": "answered"} for name in gone or []]
        now = self.instant()
        await self.say({"type": "delta", "seq": self.seq, "now": now, "up": up or [], "gone": left, **more})

    async def say_tick(self) -> None:
        await self.say({"type": "tick", "seq": self.seq, "now": self.instant()})

    async def hears(self, kind: str, *, times: int = 1) -> Frame:
        """Wait until pages have sent so many frames of a kind; return the newest."""
        async with asyncio.timeout(DEADLINE_SECONDS), self._said_something:
            while len(found := [frame for frame in self.heard if frame["type"] == kind]) < times:
                await self._said_something.wait()
            return found[-1]

    async def _line(self, line: ServerConnection) -> None:
        self._lines.add(line)
        try:
            async for text in line:
                frame = json.loads(text)
                await self._answer(line, frame)
                async with self._said_something:
                    self.heard.append(frame)
                    self._said_something.notify_all()
        finally:
            self._lines.discard(line)

    async def _answer(self, line: ServerConnection, frame: Frame) -> None:
        if frame["type"] in ("hello", "resync") and self.greets:
            await line.send(json.dumps(self.snapshot()))
        if frame["type"] == "ping" and self.answers_pings:
            await line.send(json.dumps({"type": "pong", "t": frame["t"], "now": self.instant()}))

    def _file(self, _line: ServerConnection, request: Request) -> Response | None:
        path = request.path.partition("?")[0]
        if path == "/v1/live":
            return None
        file = self._pages / PAGES.get(path, path.lstrip("/"))
        if not file.is_file():
            return Response(HTTPStatus.NOT_FOUND, "Not Found", Headers([("Content-Length", "0")]))
        body = file.read_bytes()
        kind = "text/javascript" if file.suffix == ".js" else mimetypes.guess_type(file.name)[0]
        headers = Headers([("Content-Type", kind or "text/plain"), ("Content-Length", str(len(body)))])
        headers["Content-Security-Policy"] = POLICY
        headers["Connection"] = "close"
        return Response(HTTPStatus.OK, "OK", headers, body)
