"""The one port: who may come in, and where each request goes.

The doors and the live feed are plain ASGI, for they carry the load; the API with
its documentation is FastAPI; pages are files. Everything but ``/livez`` and the
login page asks who comes first.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Coroutine, MutableMapping
from typing import Any
from urllib.parse import parse_qs

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitor import __version__
from monitor.alerts.links import PATH as ACTS
from monitor.core.roster import Register
from monitor.errors import StoreUnavailable
from monitor.web import acts, asyncapi, docs, login, openapi
from monitor.web.access import LOCAL, Caller, Denied, unavailable
from monitor.web.answers import Header, answer, guarded
from monitor.web.api import Api, build_api
from monitor.web.api_alerts import AlertsApi
from monitor.web.api_audit import AuditApi
from monitor.web.api_kpis import KpisApi
from monitor.web.api_panel import PanelApi
from monitor.web.api_people import PeopleApi
from monitor.web.api_quality import QualityApi
from monitor.web.api_quarantine import QuarantineApi
from monitor.web.api_rules import RulesApi
from monitor.web.api_spread import SpreadApi
from monitor.web.api_suggestions import SuggestionsApi
from monitor.web.api_tables import TablesApi
from monitor.web.bounded import bounded
from monitor.web.floor import Floor
from monitor.web.hubs import Hubs
from monitor.web.ingest_hook import PREFIX as HOOKS
from monitor.web.ingest_hook import HookDoor
from monitor.web.ingest_http import HttpDoor
from monitor.web.ingest_socket import SocketDoor, cutter
from monitor.web.intake import Intake
from monitor.web.live import TOO_MANY, Viewer
from monitor.web.open_lines import NO_LONGER, OpenLines
from monitor.web.pages import ROUTES, Pages
from monitor.web.rates import Rates
from monitor.web.roles import brings_events, refused
from monitor.web.scope import Asked, scope_of
from monitor.web.scope import Scope as Seen
from monitor.web.services import Services
from monitor.web.shapes import encode
from monitor.web.tickets import Tickets

logger = logging.getLogger(__name__)

LIVE = "/v1/live"
OPEN_TO_ALL = ("/livez", login.PATH, login.AWAY)
# No name of a route or an id has one, and a pattern of routes lets a line break at its end pass: the route would be
# found, and the role it needs would not.
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

Route = Callable[[Scope, Receive, Send, Caller], Coroutine[None, None, None]]

NOBODY = Register()  # Who is who where nobody follows presence.

# With what a page's line is closed, by the status of the refusal.
_CODES = {401: NO_LONGER, 403: 4403, 429: TOO_MANY}


class Web:
    """The ASGI application.

    Between `start` and `stop` it follows the engine and serves viewers.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self.metrics = services.metrics
        self.floor = Floor(services.engine, services.metrics, services.now_ms)
        self.hubs = Hubs(services, self.floor)
        self.intake = Intake(services)
        self._rates = Rates(services.settings)
        self._most = int(services.settings.limits.body_bytes)
        self._http_door = HttpDoor(services, self.intake)
        self._hook_door = HookDoor(services, self.intake, services.hooks, self._rates)
        self._socket_door = SocketDoor(services, self.intake, self._rates)
        self._pages = Pages(services.pages)
        self._fastapi = build_api(Api(services, self.floor, self.intake), __version__)
        self._fastapi.include_router(QuarantineApi(services, self.intake).router())
        self._fastapi.include_router(RulesApi(services).router())
        self._fastapi.include_router(QualityApi(services.journal.quality).router())
        self._fastapi.include_router(SuggestionsApi(services.suggester, services.epoch).router())
        self.alerts = AlertsApi(services, self.floor, self.intake)
        self._fastapi.include_router(self.alerts.router())
        self._fastapi.include_router(KpisApi(services, self.floor).router())
        self._acts = acts.Acts(services.links, self.alerts, self.floor, services.epoch, services.now_ms)
        self._fastapi.include_router(PeopleApi(services, self.floor, self.intake).router())
        self._fastapi.include_router(PanelApi(services).router())
        self._fastapi.include_router(SpreadApi(services).router())
        self._fastapi.include_router(TablesApi().router())
        self._fastapi.include_router(AuditApi(services).router())
        self._tickets = Tickets()
        self._fastapi.include_router(self._tickets.router())
        self._api: ASGIApp = self._fastapi
        self._described: dict[str, tuple[bytes, bytes]] = {}
        self._plain: dict[str, Route] = {
            "/v1/events": self._http_door,
            login.PATH: self._login,
            login.AWAY: self._logout,
            "/docs": self._describe,
            "/openapi.json": self._describe,
            "/asyncapi.json": self._describe,
        }
        self._sockets: dict[str, Route] = {"/v1/ingest": self._socket_door, LIVE: self._live}
        self._lines = OpenLines(services.access)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Look at what is open, follow the engine from now on, and check that it may be listened there.

        Raises:
            UsageError: others can reach the address and there is no token.
        """
        await self._services.access.begin()
        self.floor.begin()
        self.floor.answers.reading_back()
        self._services.engine.watch(self.floor.watch)
        self._services.engine.watch(self.hubs.watch)
        self._tasks = [
            asyncio.create_task(self._services.metrics.watch_loop(), name="loop lag"),
            asyncio.create_task(self._read_back(), name="answered today"),
            asyncio.create_task(self._lines.watch(), name="open lines"),
        ]

    async def _read_back(self) -> None:
        """Count what was answered today before this start; what was asked longest ago had been given up by then."""
        from_ms = self.floor.answers.since_ms - round(self._services.settings.give_up_seconds * 1000)
        try:
            await self.floor.answers.read_back(self._services.journal.rounds(from_ms, self._services.now_ms() + 1))
        except StoreUnavailable as error:
            logger.warning("what was answered today before this start is not counted: %s", error)

    async def drain(self) -> None:
        """Acknowledge what is under way and say good-bye to viewers and senders."""
        await asyncio.gather(self.hubs.drain(), self._socket_door.drain())

    async def stop(self) -> None:
        """End what `start` began."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.hubs.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or WebSocket."""
        if scope["type"] == "http":
            reply = _Reply(send)
            try:
                await self._http(scope, receive, reply)
            except Exception as error:
                if reply.started:
                    raise
                if isinstance(error, HTTPException):
                    await answer(reply, error.status_code, {"error": error.detail})
                    return
                if isinstance(error, StoreUnavailable):
                    await _deny(scope, reply, unavailable(error))
                    return
                logger.exception("a request failed: %s %s", scope["method"], scope["path"])
                await answer(reply, 500, {"error": "a fault of this service; its log has the details"})
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if _CONTROL.search(path):
            await answer(send, 404, {"error": "there is nothing at a path with control characters"})
            return
        if path.startswith(HOOKS):
            await self._hook_door(scope, receive, send)  # Knows its senders by checks of its own.
            return
        caller: Caller | Denied
        if path in OPEN_TO_ALL or path.startswith(ACTS):  # The link of an act is the right to it.
            caller = self._rates.too_often(scope, LOCAL, brings=False) or LOCAL
        else:
            caller = await self._allowed(scope, scope["method"])
        if isinstance(caller, Denied):
            self._count(caller, "http")
            await _deny(scope, send, caller)
            return
        plain = self._plain.get(path)
        body = bounded(receive, scope, self._most)
        if path.startswith(ACTS):
            await self._acts(scope, body, send)
        elif plain is not None:
            await plain(scope, receive, send, caller)
        elif scope["method"] in ("GET", "HEAD") and self._pages.has(path):
            await self._pages.serve(scope, send)
        else:
            scope["presales.caller"] = caller
            await self._api(scope, body, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        page = path == LIVE and bool(_header(scope, b"origin"))
        caller: Caller | Denied
        try:
            caller = self._with_ticket(scope) if page else await self._allowed(scope, "GET")
        except StoreUnavailable as error:
            caller = unavailable(error)
        if path not in self._sockets:
            await receive()
            await _deny_websocket(send, Denied(404, f"there is no WebSocket at {path}"))
        elif isinstance(caller, Denied):
            self._count(caller, "live" if path == LIVE else "ws")
            await receive()
            if page:
                # A browser tells a page nothing of a refused handshake; a close code it does.
                await send({"type": "websocket.accept"})
                code = _CODES[caller.status]
                await send({"type": "websocket.close", "code": code, "reason": caller.error[:120]})
            else:
                await _deny_websocket(send, caller)
        else:
            await self._lines.serve(send, caller, self._sockets[path](scope, receive, send, caller))

    async def _live(self, scope: Scope, receive: Receive, send: Send, caller: Caller) -> None:
        await receive()
        await send({"type": "websocket.accept"})

        def part(asked: Asked | None) -> Seen:
            people = self._services.people
            return scope_of(caller, asked, people.register if people is not None else NOBODY)

        await Viewer(part, self.hubs.of, receive, send, cutter(scope)).serve()

    async def _login(self, scope: Scope, receive: Receive, send: Send, _: Caller) -> None:
        body = bounded(receive, scope, self._most)
        if not await login.login(scope, body, send, self._services.access):
            self._services.metrics.refused.add("login", "token")

    async def _logout(self, scope: Scope, _: Receive, send: Send, __: Caller) -> None:
        await login.leave(scope, send)

    async def _allowed(self, scope: Scope, method: str) -> Caller | Denied:
        """Return who asks; Denied also where the role is not for what is asked, and who asks too often."""
        caller = await self._services.access.check(scope)
        too_often = self._rates.too_often(scope, caller, brings=brings_events(scope["path"]))
        if too_often is not None:
            return too_often
        if isinstance(caller, Denied):
            return caller
        return refused(caller, method, scope["path"]) or caller

    def _with_ticket(self, scope: Scope) -> Caller | Denied:
        """Return whose ticket a page brings to its line."""
        foreign = self._services.access.of_another_site(scope)
        if foreign is not None:
            return foreign
        ticket = parse_qs(scope["query_string"].decode("latin-1")).get("ticket", [""])[0]
        return self._tickets.take(ticket) or Denied(401, "a page opens its line with a ticket: POST /v1/live/ticket")

    def described(self) -> dict[str, Any]:
        """Return the API's description, as OpenAPI has it."""
        return openapi.whole(self._fastapi.openapi())

    def routes(self) -> list[tuple[str, str]]:
        """Return every route there is, by method and path; WS is a WebSocket, * any method."""
        found = [("*", path) for path in (*self._plain, HOOKS, ACTS)] + [("WS", path) for path in self._sockets]
        found += [("GET", path) for path in ROUTES]
        for path, verbs in self._fastapi.openapi()["paths"].items():
            found += [(verb.upper(), path) for verb in verbs]
        return found

    def _count(self, denied: Denied, door: str) -> None:
        self._services.metrics.refused.add(door, denied.reason)

    async def _describe(self, scope: Scope, _: Receive, send: Send, __: Caller) -> None:
        """Send what is made once, when first asked for: descriptions, and the page made of them."""
        if not self._described:
            spec, feeds = self.described(), asyncapi.events(self._services.settings.mqtt)
            self._described = {
                "/docs": (b"text/html; charset=utf-8", docs.page(spec, feeds).encode()),
                "/openapi.json": (b"application/json", encode(spec)),
                "/asyncapi.json": (b"application/json", encode(feeds)),
            }
        kind, body = self._described[scope["path"]]
        headers: list[Header] = [(b"content-type", kind), (b"content-length", b"%d" % len(body))]
        if scope["path"] == "/docs":
            headers.append((b"content-security-policy", docs.POLICY.encode()))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


class _Reply:
    """Sends an answer with the headers that every answer has."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False

    async def __call__(self, message: Message) -> None:
        """Send one part of the answer."""
        if message["type"] == "http.response.start":
            self.started = True
            message["headers"] = guarded(message["headers"])
        await self._send(message)


async def _deny(scope: Scope, send: Send, denied: Denied) -> None:
    """Say why; to a browser that wants a page, with the way to log in."""
    if denied.status == 401:
        if scope["method"] == "GET" and b"text/html" in _header(scope, b"accept"):
            await login.show(send, 401)
            return
        await answer(send, 401, {"error": denied.error}, (b"www-authenticate", b"Bearer"))
        return
    await answer(send, denied.status, {"error": denied.error}, *denied.later)


async def _deny_websocket(send: Send, denied: Denied) -> None:
    """Refuse a handshake with an HTTP answer."""
    headers = guarded([(b"content-type", b"application/json"), *denied.later])
    if denied.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await send({"type": "websocket.http.response.start", "status": denied.status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": encode({"error": denied.error})})


def _header(scope: MutableMapping[str, Any], name: bytes) -> bytes:
    found: bytes = dict(scope["headers"]).get(name, b"")
    return found
