"""What one address may take: lines, and wrong tokens. And TLS of our own."""

import asyncio
import ssl
import time
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from monitor.errors import UsageError
from monitor.web import bounds
from monitor.web.bounds import Lines, WrongTries
from tests.mosquitto import Certificates, needs_mosquitto
from tests.plain import PLAIN
from tests.waiting import DEADLINE_SECONDS, until
from tests.web.stand import bearing, holding, standing

ELSEWHERE = {"PRESALES_LISTEN__PROXIES": "192.0.2.1"}


def test_lines_are_counted_by_address_and_a_proxy_s_are_not() -> None:
    lines = Lines(2, ("10.0.0.1",))
    assert [lines.take("10.0.0.7") for _ in range(3)] == [True, True, False]
    assert lines.take("10.0.0.8")
    assert all(lines.take("10.0.0.1") for _ in range(9))
    lines.give("10.0.0.7")
    lines.give("10.0.0.1")
    assert [lines.take("10.0.0.7"), lines.take("10.0.0.7")] == [True, False]


def test_an_address_may_try_again_after_its_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    tries = WrongTries()
    for _ in range(bounds.WRONG_AT_MOST):
        assert not tries.too_many("10.0.0.7")
        tries.note("10.0.0.7")
    assert tries.too_many("10.0.0.7")
    assert not tries.too_many("10.0.0.8")
    now += bounds.WRONG_SECONDS
    assert not tries.too_many("10.0.0.7")
    tries.note("10.0.0.7")
    assert not tries.too_many("10.0.0.7")


def test_addresses_are_not_remembered_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "ADDRESSES_AT_MOST", 10)
    tries = WrongTries()
    for number in range(100):
        tries.note(f"10.0.0.{number}")
    assert len(tries._tries) <= 10


async def test_one_connection_too_many_is_429_and_others_go_on() -> None:
    environ = ELSEWHERE | {"PRESALES_LIMITS__CONNECTIONS_PER_ADDRESS": "2"}
    async with standing(environ=environ) as stand, connect(f"{stand.ws}/v1/live", proxy=None) as line:
        async with stand.client() as client:
            assert (await client.get("/livez")).status_code == 200
            with pytest.raises(InvalidStatus) as refused:
                await connect(f"{stand.ws}/v1/ingest", proxy=None)
            assert refused.value.response.status_code == 429
            assert stand.metrics.refused == {("http", "connections"): 1}
            await line.send('{"type":"hello","v":1}')
            assert "snapshot" in str(await line.recv())
            assert (await client.get("/livez")).status_code == 200
        await line.close()

        async def free() -> bool:
            async with stand.client() as other:
                return (await other.get("/livez")).status_code == 200

        assert await free()


async def test_a_proxy_has_as_many_as_it_needs() -> None:
    environ = {"PRESALES_LIMITS__CONNECTIONS_PER_ADDRESS": "1"}  # By default this machine's address is a proxy's.
    async with standing(environ=environ) as stand, stand.client() as one, stand.client() as two:
        assert [(await client.get("/livez")).status_code for client in (one, two)] == [200, 200]


async def test_a_line_that_ends_makes_room_however_it_ends() -> None:
    environ = ELSEWHERE | {"PRESALES_LIMITS__CONNECTIONS_PER_ADDRESS": "1"}
    async with standing(environ=environ) as stand:
        for _ in range(3):
            line = await connect(f"{stand.ws}/v1/live", proxy=None)
            await line.close()
            await until(lambda: not stand.server.lines.open)
        _, writer = await asyncio.open_connection("127.0.0.1", stand.server.port)
        await until(lambda: bool(stand.server.lines.open))
        writer.transport.abort()
        await until(lambda: not stand.server.lines.open)
        async with stand.client() as client:
            assert (await client.get("/livez")).status_code == 200


async def test_after_many_wrong_tokens_an_address_gets_no_look_up_but_a_known_one_goes_on() -> None:
    token, tokens = holding()
    async with standing(tokens=tokens, environ=ELSEWHERE) as stand, stand.client() as client:
        assert (await client.get("/v1/waits", headers=bearing(token))).status_code == 200
        for number in range(bounds.WRONG_AT_MOST):
            assert (await client.get("/v1/waits", headers=bearing(f"wrong-{number}"))).status_code == 401
        looked_up = tokens.looked_up
        late = await client.get("/v1/waits", headers=bearing("wrong-again"))
        assert (late.status_code, late.headers["retry-after"]) == (429, "60")
        assert "too many wrong tokens" in late.json()["error"]
        assert (await client.post("/login", data={"token": "wrong-too"})).status_code == 429
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"{stand.ws}/v1/ingest", proxy=None, additional_headers=bearing("wrong"))
        assert refused.value.response.status_code == 429
        assert tokens.looked_up == looked_up
        assert (await client.get("/v1/waits", headers=bearing(token))).status_code == 200
        assert (await client.get("/v1/waits")).status_code == 401, "without any token nothing is looked up anyway"
        assert stand.metrics.refused["http", "rate"] == 1
        assert stand.metrics.refused["ws", "rate"] == 1


async def test_behind_a_proxy_nobody_shuts_out_others_with_wrong_tokens() -> None:
    token, tokens = holding()
    async with standing(tokens=tokens) as stand, stand.client() as client:
        for number in range(bounds.WRONG_AT_MOST + 1):
            assert (await client.get("/v1/waits", headers=bearing(f"wrong-{number}"))).status_code == 401
        assert (await client.get("/v1/waits", headers=bearing(token))).status_code == 200


async def test_the_port_speaks_tls_when_it_has_a_certificate(tmp_path: Path) -> None:
    needs_mosquitto()  # For openssl, which makes the certificates.
    made = Certificates.make(tmp_path)
    environ = {
        "PRESALES_LISTEN__CERT_FILE": str(made.certificate),
        "PRESALES_LISTEN__KEY_FILE": str(made.key),
        "PRESALES_LISTEN__TOKEN": "only-for-this-test",
    }
    trusting = ssl.create_default_context(cafile=str(made.ca))
    async with standing(environ=environ) as stand:
        assert stand.url.startswith("https://")
        async with stand.client(verify=trusting) as client:
            assert (await client.get("/livez")).json() == {"alive": True}
            logged_in = await client.post("/login", data={"token": "only-for-this-test"})
            cookie = logged_in.headers["set-cookie"]
            assert {"Secure", "HttpOnly", "SameSite=Strict"} <= set(cookie.split("; "))
        async with connect(
            f"{stand.ws}/v1/live", proxy=None, ssl=trusting, additional_headers=bearing("only-for-this-test")
        ) as line:
            await line.send('{"type":"hello","v":1}')
            assert "snapshot" in str(await line.recv())
        plain = stand.url.replace("https", "http")
        async with httpx.AsyncClient(trust_env=False, timeout=DEADLINE_SECONDS, verify=PLAIN) as client:
            with pytest.raises(httpx.HTTPError):
                await client.get(f"{plain}/livez")


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"PRESALES_LISTEN__CERT_FILE": "a.pem"}, "need each other"),
        (
            {"PRESALES_LISTEN__CERT_FILE": "no.pem", "PRESALES_LISTEN__KEY_FILE": "no.key"},
            "key_file: No such",
        ),
    ],
)
async def test_a_certificate_that_cannot_be_used_stops_the_start(environ: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        async with standing(environ=environ):
            pass
