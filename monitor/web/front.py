"""The one port: who may come in, and where each request goes.

The doors and the live feed are plain ASGI, for they carry the load; the API with
its documentation is FastAPI; pages are files. Everything but ``/livez`` and the
login page asks who comes first.
"""

import asyncio
import logging
from collections.abc import MutableMapping
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitor import __version__
from monitor.alerts.links import PATH as ACTS
from monitor.web import acts, docs, login
from monitor.web.access import LOCAL, Caller, Denied
from monitor.web.answers import Header, answer
from monitor.web.api import Api, build_api
from monitor.web.api_alerts import AlertsApi
from monitor.web.api_kpis import KpisApi
from monitor.web.api_panel import PanelApi
from monitor.web.api_people import PeopleApi
from monitor.web.api_quality import QualityApi
from monitor.web.api_rules import RulesApi
from monitor.web.api_spread import SpreadApi
from monitor.web.api_suggestions import SuggestionsApi
from monitor.web.api_tables import TablesApi
from monitor.web.floor import Floor
from monitor.web.hubs import Hubs
from monitor.web.ingest_hook import PREFIX as HOOKS
from monitor.web.ingest_hook import HookDoor
from monitor.web.ingest_http import HttpDoor
from monitor.web.ingest_socket import SocketDoor, cutter
from monitor.web.intake import Intake
from monitor.web.live import Viewer
from monitor.web.models import Taken
from monitor.web.pages import Pages
from monitor.web.roles import refused
from monitor.web.scope import scope_of
from monitor.web.services import Services
from monitor.web.shapes import encode

logger = logging.getLogger(__name__)

OPEN_TO_ALL = ("/livez", login.PATH, login.AWAY)

NOT_ALLOWED = 4401
FORBIDDEN = 4403

# On every answer. What a page may load is said with the page.
_HEADERS: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), screen-wake-lock=(self)"),
)


class Web:
    """The ASGI application.

    Between `start` and `stop` it follows the engine and serves viewers.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self.floor = Floor(services.engine, services.metrics, services.now_ms)
        self.hubs = Hubs(services, self.floor)
        self.intake = Intake(services)
        self._http_door = HttpDoor(services, self.intake)
        self._hook_door = HookDoor(services, self.intake, services.hooks)
        self._socket_door = SocketDoor(services, self.intake)
        self._pages = Pages(services.pages)
        self._fastapi = build_api(Api(services, self.floor, self.intake), __version__)
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
        self._api: ASGIApp = self._fastapi
        self._spec: bytes = b""
        self._docs: bytes = b""
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Look at what is open, follow the engine from now on, and check that it may be listened there.

        Raises:
            UsageError: others can reach the address and there is no token.
        """
        await self._services.access.begin()
        self.floor.begin()
        self._services.engine.watch(self.floor.watch)
        self._services.engine.watch(self.hubs.watch)
        self._tasks = [asyncio.create_task(self._services.metrics.watch_loop(), name="loop lag")]

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
            except Exception:
                if reply.started:
                    raise
                logger.exception("a request failed: %s %s", scope["method"], scope["path"])
                await answer(reply, 500, {"error": "a fault of this service; its log has the details"})
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if path.startswith(HOOKS):
            await self._hook_door(scope, receive, send)  # Knows its senders by checks of its own.
            return
        if path.startswith(ACTS):
            await self._acts(scope, receive, send)  # The link is the right to act.
            return
        caller: Caller | Denied = LOCAL if path in OPEN_TO_ALL else await self._allowed(scope, scope["method"])
        if isinstance(caller, Denied):
            self._count(caller, "http")
            await _deny(scope, send, caller)
            return
        if path == "/v1/events":
            await self._http_door(scope, receive, send, caller)
        elif path == login.AWAY:
            await login.leave(scope, send)
        elif path == login.PATH:
            if not await login.login(scope, receive, send, self._services.access):
                self._services.metrics.refused.add("login", "token")
        elif scope["method"] in ("GET", "HEAD") and self._pages.has(path):
            await self._pages.serve(scope, send)
        elif path in ("/openapi.json", "/docs"):
            await self._describe(path, send)
        else:
            scope["presales.caller"] = caller
            await self._api(scope, receive, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        caller = await self._allowed(scope, "GET")
        if path not in ("/v1/ingest", "/v1/live"):
            await receive()
            await _deny_websocket(send, 404, f"there is no WebSocket at {path}")
        elif isinstance(caller, Denied):
            self._count(caller, "live" if path == "/v1/live" else "ws")
            await receive()
            if path == "/v1/live" and _header(scope, b"origin"):
                # A browser tells a page nothing of a refused handshake; a close code it does.
                await send({"type": "websocket.accept"})
                code = NOT_ALLOWED if caller.status == 401 else FORBIDDEN
                await send({"type": "websocket.close", "code": code, "reason": caller.error[:120]})
            else:
                await _deny_websocket(send, caller.status, caller.error)
        elif path == "/v1/ingest":
            await self._socket_door(scope, receive, send, caller)
        else:
            await receive()
            await send({"type": "websocket.accept"})
            await Viewer(lambda asked: self.hubs.of(scope_of(caller, asked)), receive, send, cutter(scope)).serve()

    async def _allowed(self, scope: Scope, method: str) -> Caller | Denied:
        """Return who asks; Denied also where the role is not for what is asked."""
        caller = await self._services.access.check(scope)
        if isinstance(caller, Denied):
            return caller
        return refused(caller, method, scope["path"]) or caller

    def described(self) -> dict[str, Any]:
        """Return the API's description, as OpenAPI has it."""
        return _described(self._fastapi.openapi())

    def _count(self, denied: Denied, door: str) -> None:
        self._services.metrics.refused.add(door, "token" if denied.status == 401 else "forbidden")

    async def _describe(self, path: str, send: Send) -> None:
        if not self._spec:
            spec = self.described()
            self._spec, self._docs = encode(spec), docs.page(spec).encode()
        body, kind = (self._docs, b"text/html; charset=utf-8") if path == "/docs" else (self._spec, b"application/json")
        headers: list[Header] = [(b"content-type", kind), (b"content-length", b"%d" % len(body))]
        if path == "/docs":
            headers.append((b"content-security-policy", docs.POLICY.encode()))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _described(spec: dict[str, Any]) -> dict[str, Any]:
    """Add the door, which is no FastAPI route."""
    spec["components"]["schemas"]["Taken"] = Taken.model_json_schema(ref_template="#/components/schemas/{model}")
    spec["components"]["schemas"]["Taken"].pop("$defs", None)
    taken = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Taken"}}}}
    wrong = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Wrong"}}}}
    any_json: dict[str, Any] = {"schema": {}}
    spec["paths"] = {
        "/v1/events": {
            "post": {
                "tags": ["events"],
                "summary": "Send events",
                "description": "One event, a JSON array of events, or one event a line (NDJSON). The answer comes once "
                "they are stored. A wrong event is refused alone, with its index; the rest of its batch stands.",
                "requestBody": {
                    "required": True,
                    "content": {"application/json": any_json, "application/x-ndjson": any_json},
                },
                "responses": {
                    "202": taken | {"description": "Stored."},
                    "400": taken | {"description": "Nothing was accepted or known."},
                    "401": wrong | {"description": "A token is needed, or this one is wrong."},
                    "403": taken | {"description": "The token is for other shops."},
                    "408": wrong | {"description": "The body took too long to arrive."},
                    "413": taken | {"description": "The body, or every event in it, is too large."},
                    "415": wrong | {"description": "A Content-Encoding other than gzip."},
                    "429": wrong | {"description": "Too much is waiting; Retry-After says when to come again."},
                    "503": wrong | {"description": "Nothing can be stored now; send it again later."},
                },
            }
        },
        "/v1/hooks/{mapping}": {
            "post": {
                "tags": ["events"],
                "summary": "Send a webhook of a chat system",
                "description": "The mapping of that name turns the body into events. The answer comes once they are "
                "stored; what cannot be mapped is kept in the quarantine and answered 200 too, as many systems stop "
                "sending after errors.",
                "parameters": [{"name": "mapping", "in": "path", "required": True, "schema": {"type": "string"}}],
                "requestBody": {"required": True, "content": {"application/json": any_json}},
                "responses": {
                    "200": taken | {"description": "Stored, or nothing in it is chat."},
                    "401": wrong | {"description": "The mapping's check of the sender does not hold."},
                    "403": wrong | {"description": "Without a token this answers only to localhost."},
                    "404": wrong | {"description": "There is no such mapping; the error names those there are."},
                    "413": taken | {"description": "The body is too large."},
                    "429": wrong | {"description": "Too much is waiting; Retry-After says when to come again."},
                    "503": wrong | {"description": "Nothing can be stored now; send it again later."},
                },
            }
        },
    } | spec["paths"]
    return spec


class _Reply:
    """Sends an answer with the headers that every answer has."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False

    async def __call__(self, message: Message) -> None:
        """Send one part of the answer."""
        if message["type"] == "http.response.start":
            self.started = True
            message["headers"] = [*message["headers"], *_HEADERS]
        await self._send(message)


async def _deny(scope: Scope, send: Send, denied: Denied) -> None:
    """Say why; to a browser that wants a page, with the way to log in."""
    if denied.status == 401:
        if scope["method"] == "GET" and b"text/html" in _header(scope, b"accept"):
            await login.show(send, 401)
            return
        await answer(send, 401, {"error": denied.error}, (b"www-authenticate", b"Bearer"))
        return
    await answer(send, denied.status, {"error": denied.error})


async def _deny_websocket(send: Send, status: int, error: str) -> None:
    """Refuse a handshake with an HTTP answer."""
    headers: list[Header] = [(b"content-type", b"application/json")]
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": encode({"error": error})})


def _header(scope: MutableMapping[str, Any], name: bytes) -> bytes:
    found: bytes = dict(scope["headers"]).get(name, b"")
    return found
