import asyncio
import base64
import contextlib
import json
import logging
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest
from aiohttp import web
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from monitor.alerts.channels.webhook import WebhookChannel, sign
from monitor.clock import Clock
from monitor.errors import DeliveryError, UsageError
from tests.alerts.channels.contract import ChannelContract, delivery
from tests.alerts.channels.endpoint import NEXT_SECRET, PATH, SECRET, Endpoint, answering, taken
from tests.mosquitto import Certificates, needs_mosquitto
from tests.waiting import until


@pytest.fixture
async def receiver() -> AsyncIterator[Endpoint]:
    endpoint = Endpoint()
    yield endpoint
    await endpoint.stop()


@contextlib.asynccontextmanager
async def serving(endpoint: Endpoint) -> AsyncIterator[WebhookChannel]:
    await endpoint.start()
    await endpoint.channel.open()
    try:
        yield endpoint.channel
    finally:
        await endpoint.channel.close()
        await endpoint.stop()


class TestContract(ChannelContract):
    pass


async def test_the_signature_is_the_one_the_standard_asks_for(receiver: Endpoint) -> None:
    async with serving(receiver) as channel:
        await channel.send(delivery(channel))
    Webhook(SECRET).verify(receiver.bodies[0], receiver.headers[0])
    with pytest.raises(WebhookVerificationError):
        Webhook(NEXT_SECRET).verify(receiver.bodies[0], receiver.headers[0])
    assert receiver.headers[0]["webhook-id"] == "k-7.slow.raised"
    assert receiver.headers[0]["content-type"] == "application/json"


def test_a_signature_is_the_same_as_the_librarys() -> None:
    at = datetime(2026, 11, 23, 2, 14, 20, tzinfo=UTC)
    body = '{"zh": "【还剩60秒】"}'
    ours = sign(base64.b64decode(SECRET[6:]), "k-7.slow.raised", str(int(at.timestamp())), body.encode())
    assert ours == Webhook(SECRET).sign("k-7.slow.raised", at, body)


async def test_while_one_secret_replaces_another_either_verifies() -> None:
    endpoint = Endpoint(secrets=(NEXT_SECRET, SECRET))
    async with serving(endpoint) as channel:
        await channel.send(delivery(channel))
    for secret in (SECRET, NEXT_SECRET):
        assert Webhook(secret).verify(endpoint.bodies[0], endpoint.headers[0]) == json.loads(endpoint.bodies[0])


async def test_a_second_try_has_the_same_id() -> None:
    endpoint = Endpoint()
    async with serving(endpoint) as channel:
        endpoint.answer = answering(500)
        with pytest.raises(DeliveryError):
            await channel.send(delivery(channel))
        endpoint.answer = taken
        await channel.send(delivery(channel))
    assert endpoint.headers[0]["webhook-id"] == endpoint.headers[1]["webhook-id"]


@pytest.mark.parametrize(
    ("status", "reason", "permanent"),
    [
        (500, "status", False),
        (404, "status", False),
        (401, "status", False),
        (408, "status", False),
        (502, "throttled", False),
        (503, "throttled", False),
        (400, "refused", True),
        (413, "refused", True),
        (422, "refused", True),
        (410, "gone", True),
        (304, "redirect", False),
    ],
)
async def test_only_2xx_is_taken(receiver: Endpoint, status: int, reason: str, permanent: bool) -> None:
    receiver.answer = answering(status)
    async with serving(receiver) as channel:
        with pytest.raises(DeliveryError) as error:
            await channel.send(delivery(channel))
    assert (error.value.reason, error.value.permanent) == (reason, permanent)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_any_2xx_is_taken(receiver: Endpoint, status: int) -> None:
    receiver.answer = answering(status)
    async with serving(receiver) as channel:
        await channel.send(delivery(channel))
    assert receiver.paths == [PATH]


async def test_a_redirect_is_not_followed(receiver: Endpoint) -> None:
    receiver.answer = answering(307, Location=f"http://127.0.0.1:{receiver.port}/elsewhere")
    async with serving(receiver) as channel:
        with pytest.raises(DeliveryError, match="redirect"):
            await channel.send(delivery(channel))
    assert receiver.paths == [PATH]


@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_in_seconds_is_handed_on(receiver: Endpoint, status: int) -> None:
    receiver.answer = answering(status, Retry_After="17")
    async with serving(receiver) as channel:
        with pytest.raises(DeliveryError) as error:
            await channel.send(delivery(channel))
    assert error.value.reason == "throttled"
    assert error.value.retry_after_seconds == 17


async def test_retry_after_as_a_date_is_handed_on(receiver: Endpoint) -> None:
    at = datetime.fromtimestamp(Clock().now_ms() // 1000 + 3600, UTC)
    receiver.answer = answering(429, Retry_After=format_datetime(at, usegmt=True))
    async with serving(receiver) as channel:
        with pytest.raises(DeliveryError) as error:
            await channel.send(delivery(channel))
    assert error.value.retry_after_seconds is not None
    assert 3000 < error.value.retry_after_seconds <= 3600


@pytest.mark.parametrize("text", ["soon", "", "-5", "٣", "Mon, 99 Foo 2026 99:99:99 GMT"])
async def test_a_retry_after_that_says_nothing_is_none(receiver: Endpoint, text: str) -> None:
    receiver.answer = answering(429, Retry_After=text)
    async with serving(receiver) as channel:
        with pytest.raises(DeliveryError) as error:
            await channel.send(delivery(channel))
    assert error.value.retry_after_seconds is None


async def test_a_receiver_that_hangs_is_given_up() -> None:
    endpoint = Endpoint(total_seconds=0.1)

    async def hang(_request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        return web.Response()

    endpoint.answer = hang
    async with serving(endpoint) as channel:
        with pytest.raises(DeliveryError, match="timeout"):
            await channel.send(delivery(channel))


async def test_a_receiver_that_resets_is_an_error(receiver: Endpoint) -> None:
    async def reset(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    receiver.answer = reset
    async with serving(receiver) as channel:
        with pytest.raises(DeliveryError, match="reset"):
            await channel.send(delivery(channel))


async def test_what_is_no_http_is_an_error() -> None:
    async def speak(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(speak, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        channel = WebhookChannel(f"http://127.0.0.1:{port}/", [SECRET], Clock())
        await channel.open()
        try:
            with pytest.raises(DeliveryError, match="protocol"):
                await channel.send(delivery(channel))
        finally:
            await channel.close()


async def test_an_endless_answer_is_not_read(receiver: Endpoint) -> None:
    written, cut_off = 0, asyncio.Event()

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal written
        response = web.StreamResponse(status=200, headers={"Content-Length": str(100 * 1024 * 1024)})
        await response.prepare(request)
        try:
            for _ in range(100):
                await response.write(b"x" * 1024 * 1024)
                written += 1024 * 1024
        except ConnectionError:
            cut_off.set()
            raise
        return response

    receiver.answer = endless
    async with serving(receiver) as channel:
        await channel.send(delivery(channel))
        await until(cut_off.is_set)
    assert written < 20 * 1024 * 1024


async def test_a_certificate_nobody_trusts_is_an_error(tmp_path: Path) -> None:
    needs_mosquitto()  # For openssl, which comes with it.
    certificates = Certificates.make(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates.certificate, certificates.key)

    async def ignore(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(ignore, "127.0.0.1", 0, ssl=context) as server:
        port = server.sockets[0].getsockname()[1]
        channel = WebhookChannel(f"https://127.0.0.1:{port}/", [SECRET], Clock())
        await channel.open()
        try:
            with pytest.raises(DeliveryError, match="tls"):
                await channel.send(delivery(channel))
        finally:
            await channel.close()


async def test_no_secret_is_logged(receiver: Endpoint, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    receiver.answer = answering(500)
    async with serving(receiver) as channel:
        with pytest.raises(DeliveryError) as error:
            await channel.send(delivery(channel))
    logged = [record.getMessage() for record in caplog.records if not record.name.startswith("aiohttp.access")]
    for secret in receiver.secrets:
        assert secret not in " ".join(logged)
        assert secret not in str(error.value)


@pytest.mark.parametrize(
    ("url", "secrets"),
    [
        ("ftp://example.org/", [SECRET]),
        ("http:///nowhere", [SECRET]),
        ("http://example.org/", []),
        ("http://example.org/", ["hush-hush"]),
        ("http://example.org/", ["whsec_c2hvcnQ="]),
        ("http://example.org/", [SECRET, "whsec_***"]),
    ],
)
def test_a_wrong_address_or_secret_stops_the_start_and_is_not_repeated(url: str, secrets: list[str]) -> None:
    with pytest.raises(UsageError) as error:
        WebhookChannel(url, secrets, Clock())
    for secret in secrets:
        assert secret not in str(error.value)
