"""The HTTP server around the application: uvicorn, with the bounds it lacks.

uvicorn waits for ever for the first request of a connection, for the rest of its
headers and for a WebSocket frame that never ends, and lets them grow. The two
protocols here bound all of that. It runs as a task in the program's own loop and
leaves signals to the program.
"""

import asyncio
import contextlib
import json
import logging
import socket
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.http11 import Response
from websockets.server import ServerProtocol

from monitor.errors import UsageError
from monitor.metrics import Metrics
from monitor.settings import Settings
from monitor.web.answers import guarded
from monitor.web.bounds import Lines
from monitor.web.front import Web
from monitor.web.services import Services

logger = logging.getLogger(__name__)

HEAD_SECONDS = 15.0  # From a connection's opening, or the first byte of a request, to the end of its headers.
HEAD_BYTES = 64 * 1024
CONNECTIONS_AT_MOST = 2_048  # Of all addresses, WebSockets among them.
FULL_RETRY_SECONDS = 5  # When who finds no room may try again.
# Of WebSocket frames that are not complete yet, over all connections.
PARTIAL_BYTES = 128 * 1024 * 1024
LINGER_SECONDS = 2.0  # How long what a cut-off sender still sends is read and thrown away, so that it gets the reason.
STOP_SECONDS = 10


class _Config(uvicorn.Config):
    """The server's settings, and what its connections share."""

    lines: Lines
    metrics: Metrics


class GuardedHttp(HttpToolsProtocol):
    """One HTTP connection: headers come in time and are of bounded size."""

    _timer: asyncio.TimerHandle | None = None
    _in_message = False
    _head_bytes = 0
    _counted = False  # Among the connections of its address.
    _full = False  # It came when there were too many already.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request, but not for ever."""
        super().connection_made(transport)
        config = self.config
        assert isinstance(config, _Config)
        self._counted = config.lines.take(_address(self.client))
        if self._counted and len(self.connections) <= CONNECTIONS_AT_MOST:
            self._await_head()
            return
        config.metrics.refused.add("http", "connections")
        if self._counted:
            self._full = True
            self._turn_away(503, f"{CONNECTIONS_AT_MOST} connections are open already")
        else:
            self._turn_away(429, f"this address has {config.lines.at_most} connections already")

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._have_head()
        if self._counted:
            assert isinstance(self.config, _Config)
            self.config.lines.give(_address(self.client))
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Pass on what came, while it stays within bounds."""
        if not self._counted or self._full:
            return
        if not self._in_message:
            self._head_bytes += len(data)
            if self._timer is None:
                self._await_head()
        super().data_received(data)
        if not self._in_message and self._head_bytes > HEAD_BYTES and not self.transport.is_closing():
            self._turn_away(431, f"the headers have more than {HEAD_BYTES} bytes")

    def on_headers_complete(self) -> None:
        """From here on the application has its own bounds."""
        self._in_message = True
        self._have_head()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The next bytes are a new request."""
        self._in_message = False
        self._head_bytes = 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP."""
        self._turn_away(400, msg)

    def _await_head(self) -> None:
        self._timer = self.loop.call_later(HEAD_SECONDS, self._too_slow)

    def _have_head(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        self._turn_away(408, f"no request within {HEAD_SECONDS:.0f} s")

    def _turn_away(self, status: int, error: str) -> None:
        if self.transport.is_closing():
            return
        body = json.dumps({"error": error}).encode()
        own = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
            (b"connection", b"close"),
        ]
        if status in (429, 503):
            own.append((b"retry-after", b"%d" % FULL_RETRY_SECONDS))
        head = b"".join(b"%b: %b\r\n" % header for header in guarded(own))
        self.transport.write(STATUS_LINE[status] + head + b"\r\n" + body)
        self.transport.close()


class _Handshake(ServerProtocol):
    """The protocol of one WebSocket; refused handshakes have the headers of every answer."""

    def send_response(self, response: Response) -> None:
        """Answer the handshake."""
        if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            for name, value in guarded(()):
                if name.decode() not in response.headers:
                    response.headers[name.decode()] = value.decode()
        super().send_response(response)


class GuardedWebSocket(WebSocketsSansIOProtocol):
    """One WebSocket: frames are handed on as bytes, unfinished ones are bounded over all connections."""

    partial_bytes = 0  # Of all connections.
    _own_bytes = 0
    _discarding = False

    def __init__(self, config: uvicorn.Config, *arguments: Any, **named: Any) -> None:
        super().__init__(config, *arguments, **named)
        self.conn = _Handshake(max_size=config.ws_max_size, logger=self.conn.logger)

    def handle_connect(self, event: Any) -> None:
        """Let the application cut a connection whose other side does not read."""
        super().handle_connect(event)
        scope = getattr(self, "scope", None)
        if scope is not None:
            scope["extensions"]["presales.abort"] = self.transport.abort

    def data_received(self, data: bytes) -> None:
        """Pass on what came, while there is room for it."""
        if self._discarding:
            return
        self._own_bytes += len(data)
        GuardedWebSocket.partial_bytes += len(data)
        if GuardedWebSocket.partial_bytes > PARTIAL_BYTES:
            self.conn.fail(1013, "too much is under way; connect again")
            self.handle_parser_exception()
            return
        super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give its room back, and its place among the connections of its address, counted when it was HTTP."""
        self._complete()
        assert isinstance(self.config, _Config)
        self.config.lines.give(_address(self.client))
        super().connection_lost(exc)

    def handle_text(self, event: Frame) -> None:
        """As bytes: JSON is decoded from them, and what is not UTF-8 is the decoder's to refuse."""
        self.handle_bytes(event)

    def send_receive_event_to_app(self) -> None:
        """Hand a whole frame on."""
        self._complete()
        super().send_receive_event_to_app()

    def handle_parser_exception(self) -> None:
        """Say why and read on a little, for closing on unread bytes would lose the reason."""
        assert self.conn.close_sent is not None
        code, reason = self.conn.close_sent.code, self.conn.close_sent.reason
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self._discarding = True
        self._complete()
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(LINGER_SECONDS, self.transport.close)

    def _complete(self) -> None:
        GuardedWebSocket.partial_bytes -= self._own_bytes
        self._own_bytes = 0


def _address(peer: tuple[str, int] | None) -> str:
    return peer[0] if peer else ""


class _Server(uvicorn.Server):
    """Signals are the program's business."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Server:
    """Serves one application on the address of the settings.

    Attributes:
        port: the one that is listened on; a free one if the settings said 0.
        lines: its connections by address.
    """

    def __init__(self, web: Web, settings: Settings) -> None:
        self._web = web
        self._host = settings.listen.host
        self.port = settings.listen.port
        self._tls = settings.listen.cert_file is not None
        config = _Config(
            web,
            http=GuardedHttp,
            ws=GuardedWebSocket,
            ws_max_size=int(settings.limits.body_bytes),
            # A hall's network is fast enough; packing each frame for each viewer would cost more than it saves, and
            # what does not unpack is no bomb.
            ws_per_message_deflate=False,
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            # Who a caller is hangs on the address of the connection, so nobody's word is taken for it.
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=STOP_SECONDS,
            ssl_certfile=settings.listen.cert_file,
            ssl_keyfile=settings.listen.key_file,
        )
        self.lines = config.lines = Lines(settings.limits.connections_per_address, settings.listen.proxies)
        config.metrics = web.metrics
        self._server = _Server(config)
        self._sockets: list[socket.socket] = []
        self._task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where a browser finds it."""
        host = "127.0.0.1" if self._host in ("0.0.0.0", "::", "") else self._host  # noqa: S104  (only compared)
        scheme = "https" if self._tls else "http"
        return f"{scheme}://[{host}]:{self.port}" if ":" in host else f"{scheme}://{host}:{self.port}"

    async def start(self) -> None:
        """Start the application and listen.

        Raises:
            UsageError: the address cannot be had, or must not be without a token.
        """
        try:
            self._server.config.load()  # Reads the certificate.
        except OSError as error:
            raise UsageError(f"listen.cert_file, listen.key_file: {error.strerror or error}") from None
        await self._web.start()
        try:
            self._sockets = await self._listen()
        except BaseException:
            await self._web.stop()
            raise
        self._server.lifespan = self._server.config.lifespan_class(self._server.config)
        await self._server.startup(sockets=self._sockets)
        self._task = asyncio.create_task(self._server.main_loop(), name="http server")

    async def wait(self) -> None:
        """Return when serving ends by itself, which only a fault can make it do.

        Raises:
            Exception: what it was.
        """
        assert self._task is not None
        await asyncio.wait([self._task])
        if not self._task.cancelled():  # By `stop`.
            self._task.result()

    async def stop(self) -> None:
        """Take no more, answer what is under way, and close."""
        if self._task is None:
            return
        for server in self._server.servers:
            server.close()
        await self._web.drain()
        self._server.should_exit = True
        self._task.cancel()  # It sets the date of answers and sleeps; its next look is up to a tenth of a second away.
        await asyncio.wait([self._task])
        fault = None if self._task.cancelled() else self._task.exception()
        if fault is not None:
            logger.error("the HTTP server had failed before it was stopped", exc_info=fault)
        await self._server.shutdown(sockets=self._sockets)
        await self._web.stop()

    async def _listen(self) -> list[socket.socket]:
        """Open a socket for each address the host name has, all on one port."""
        where = f"listen.host {self._host}, listen.port {self.port}"
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(self._host, self.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        except OSError as error:
            raise UsageError(f"{where}: {error.strerror or error}") from None
        sockets: list[socket.socket] = []
        try:
            for family, kind, protocol, _, address in dict.fromkeys(found):
                made = socket.socket(family, kind, protocol)
                sockets.append(made)
                made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                made.bind((address[0], self.port, *address[2:]))
                made.setblocking(False)
                self.port = made.getsockname()[1]
        except OSError as error:
            for made in sockets:
                made.close()
            said = error.strerror or str(error)
            raise UsageError(f"{where}: {said}; try another port, 0 takes a free one") from None
        return sockets


def build_app(services: Services) -> Web:
    """The one port's application; `Server` serves it."""
    return Web(services)
