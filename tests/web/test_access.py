"""Who may come in: open to local callers at first, closed to all others, by token from the first token on."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from monitor.errors import UsageError
from monitor.web import access
from monitor.web.access import COOKIE, is_loopback, new_token
from monitor.web.login import COOKIE_SECONDS
from tests.web.stand import ListedTokens, Stand, a_row, an_event, standing


def holding(name: str = "collector-7", shops: frozenset[str] | None = None) -> tuple[str, ListedTokens]:
    token, digest = new_token()
    tokens = ListedTokens()
    tokens.holders[digest] = (name, shops)
    return token, tokens


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def page_of(stand: Stand, **more: Any) -> connect:
    """The live feed as a page of ours opens it."""
    return connect(f"{stand.ws}/v1/live", proxy=None, origin=Origin(stand.url), **more)


EVERYWHERE = "0.0.0.0"  # noqa: S104  (what is tested)
ROUTES = ("/", "/v1/waits", "/v1/sources", "/v1/quarantine", "/metrics", "/docs", "/openapi.json", "/readyz")


@pytest.mark.parametrize("name", ["localhost", "LocalHost.", "127.0.0.1", "127.8.8.8", "::1"])
def test_names_of_this_machine(name: str) -> None:
    assert is_loopback(name)


@pytest.mark.parametrize(
    "name", ["", "10.0.0.1", "192.168.1.7", "::", "localhost.evil.example", "127.0.0.1.evil.example"]
)
def test_names_that_may_mean_others(name: str) -> None:
    assert not is_loopback(name)


async def test_without_a_token_a_local_caller_may_do_everything() -> None:
    async with standing() as stand, stand.client() as client:
        for route in ROUTES:
            assert (await client.get(route)).status_code == 200, route
        assert (await client.post("/v1/events", json=an_event(1))).status_code == 202


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8480", "192.168.1.5", "[fe80::1]:80", ""])
async def test_without_a_token_another_host_name_is_403(host: str) -> None:
    async with standing() as stand, stand.client() as client:
        answer = await client.get("/v1/waits", headers={"Host": host})
        assert answer.status_code == 403
        assert "make a token" in answer.json()["error"]
        assert stand.metrics.refused == {("http", "forbidden"): 1}


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:1", "file://"])
async def test_a_page_of_another_site_is_no_local_caller(origin: str) -> None:
    async with standing() as stand, stand.client() as client:
        answer = await client.post("/v1/events", json=an_event(1), headers={"Origin": origin})
        assert answer.status_code == 403
        assert "another site" in answer.json()["error"]
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"{stand.ws}/v1/ingest", proxy=None, origin=Origin(origin))
        assert refused.value.response.status_code == 403
        assert not stand.engine.batches


async def test_a_page_of_our_own_is_let_in() -> None:
    async with standing() as stand, stand.client() as client:
        answer = await client.post("/v1/events", json=an_event(1), headers={"Origin": stand.url})
        assert answer.status_code == 202


async def test_once_there_is_a_token_everything_but_livez_and_login_needs_it() -> None:
    token, tokens = holding()
    async with standing(tokens=tokens) as stand, stand.client() as client:
        for route in ROUTES:
            answer = await client.get(route)
            assert answer.status_code == 401, route
            assert answer.headers["www-authenticate"] == "Bearer"
            assert "token" in answer.json()["error"]
            assert (await client.get(route, headers=bearing(token))).status_code == 200, route
        assert (await client.post("/v1/events", json=an_event(1))).status_code == 401
        for route in ("/livez", "/login"):
            assert (await client.get(route)).status_code == 200
        for path in ("/v1/ingest", "/v1/live"):
            with pytest.raises(InvalidStatus) as refused:
                await connect(stand.ws + path, proxy=None)
            assert refused.value.response.status_code == 401
            async with connect(stand.ws + path, proxy=None, additional_headers=bearing(token)):
                pass


@pytest.mark.parametrize("made", [True, False], ids=["one was made", "none was made"])
async def test_a_wrong_token_is_401_even_on_loopback(made: bool) -> None:
    async with standing(tokens=holding()[1] if made else None) as stand, stand.client() as client:
        for wrong in ("Bearer nonsense", "Bearer", "Basic dXNlcjpwYXNz", "nonsense", "Bearer é"):
            answer = await client.get("/v1/waits", headers={b"Authorization": wrong.encode()})
            assert answer.status_code == 401, wrong
            assert not stand.engine.batches


async def test_what_comes_by_a_token_bears_its_name() -> None:
    token, tokens = holding("collector-7")
    async with standing(tokens=tokens) as stand, stand.client(headers=bearing(token)) as client:
        await client.post("/v1/events", json=an_event(1))
        assert stand.engine.batches[0].source == "collector-7"


async def test_a_token_made_or_taken_away_counts_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "LOOK_AGAIN_SECONDS", 0.0)
    token, made = holding()
    async with standing() as stand, stand.client() as client:
        assert (await client.get("/v1/waits")).status_code == 200
        stand.tokens.holders |= made.holders
        assert (await client.get("/v1/waits")).status_code == 401
        assert (await client.get("/v1/waits", headers=bearing(token))).status_code == 200
        stand.tokens.holders.clear()
        assert (await client.get("/v1/waits", headers=bearing(token))).status_code == 401
        assert (await client.get("/v1/waits")).status_code == 401, "once made, a token is needed for good"


async def test_a_token_is_not_looked_up_for_every_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "LOOK_AGAIN_SECONDS", 3600.0)
    monkeypatch.setattr(access, "REMEMBERED_AT_MOST", 10)
    token, tokens = holding()
    async with standing(tokens=tokens) as stand:
        check = stand.services.access
        for _ in range(5):
            assert await check.known(token) is not None
        assert tokens.looked_up == 1
        for number in range(100):
            assert await check.known(f"guess {number}") is None
        assert len(check._found) <= 10


async def test_an_address_others_can_reach_needs_a_token_to_begin_with() -> None:
    with pytest.raises(UsageError, match=r"listen\.host is 0\.0\.0\.0.*PRESALES_LISTEN__TOKEN"):
        async with standing(environ={"PRESALES_LISTEN__HOST": EVERYWHERE}):
            pass


async def test_on_such_an_address_the_token_of_the_settings_opens_everything() -> None:
    environ = {"PRESALES_LISTEN__HOST": EVERYWHERE, "PRESALES_LISTEN__TOKEN": "a-long-enough-token"}
    async with standing(environ=environ) as stand, stand.client() as client:
        assert (await client.get("/v1/waits")).status_code == 401
        answer = await client.get("/v1/waits", headers=bearing("a-long-enough-token") | {"Host": "board.example"})
        assert answer.status_code == 200


# -- tokens of some shops ----------------------------------------------------------------------------------------------


async def test_a_token_of_some_shops_brings_events_of_no_other() -> None:
    token, tokens = holding(shops=frozenset({"senye"}))
    async with standing(tokens=tokens) as stand, stand.client(headers=bearing(token)) as client:
        both = await client.post("/v1/events", json=[an_event(1), an_event(2, shop="other")])
        assert both.status_code == 202
        assert both.json()["rejected"][0]["index"] == 1
        assert (await client.post("/v1/events", json=an_event(3, shop="other"))).status_code == 403
        assert [event.shop for event in stand.engine.events] == ["senye"]


async def test_a_token_of_some_shops_sees_no_other() -> None:
    token, tokens = holding(shops=frozenset({"senye"}))
    rows = [a_row(1), a_row(2, shop="other")]
    async with standing(tokens=tokens, rows=rows) as stand, stand.client(headers=bearing(token)) as client:
        assert [wait["shop"] for wait in (await client.get("/v1/waits")).json()["waits"]] == ["senye"]
        assert (await client.post("/v1/waits/k3f9-2/dismiss", json={"reason": "x"})).status_code == 403
        assert (await client.get("/v1/conversations/other/c-2")).status_code == 403
        for route in ("/v1/sources", "/v1/quarantine", "/v1/quarantine/1", "/metrics"):
            assert (await client.get(route)).status_code == 403, route
        async with connect(f"{stand.ws}/v1/live", proxy=None, additional_headers=bearing(token)) as line:
            with pytest.raises(ConnectionClosed) as closed:
                await line.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4403


# -- browsers ----------------------------------------------------------------------------------------------------------


async def logged_in(stand: Stand, token: str) -> Any:
    async with stand.client() as client:
        answer = await client.post("/login", data={"token": token}, headers={"Origin": stand.url})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        return answer.headers["set-cookie"]


async def test_a_browser_gets_the_login_page_and_after_it_everything(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("the board")
    token, tokens = holding()
    async with standing(tokens=tokens, pages=tmp_path) as stand, stand.client() as client:
        asked = await client.get("/", headers={"Accept": "text/html,*/*"})
        assert asked.status_code == 401
        assert '<form method="post" action="/login">' in asked.text
        assert "default-src 'none'" in asked.headers["content-security-policy"]
        cookie = await logged_in(stand, token)
        assert cookie == f"{COOKIE}={token}; Path=/; Max-Age={COOKIE_SECONDS}; HttpOnly; SameSite=Strict"
        sent = {"Cookie": f"other=1; {COOKIE}={token}"}
        assert (await client.get("/", headers=sent)).text == "the board"
        assert (await client.get("/v1/waits", headers=sent)).status_code == 200
        async with page_of(stand, additional_headers=sent) as line:
            await line.send(json.dumps({"type": "hello", "v": 1}))
            async with asyncio.timeout(10):
                assert json.loads(await line.recv())["type"] == "snapshot"


async def test_a_cookie_used_by_a_page_of_another_site_is_403() -> None:
    token, tokens = holding()
    async with standing(tokens=tokens) as stand, stand.client() as client:
        headers = {"Cookie": f"{COOKIE}={token}", "Origin": "https://evil.example"}
        assert (await client.post("/v1/events", json=an_event(1), headers=headers)).status_code == 403


async def test_a_browser_s_live_feed_without_a_token_is_closed_by_a_code_its_page_can_read() -> None:
    async with standing(tokens=holding()[1]) as stand, page_of(stand) as line:
        with pytest.raises(ConnectionClosed) as closed:
            await line.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4401


@pytest.mark.parametrize("form", [b"token=wrong", b"token=", b"", b"\xff", b"token=" + b"x" * 10_000])
async def test_a_wrong_login_is_401_and_sets_no_cookie(form: bytes) -> None:
    async with standing(tokens=holding()[1]) as stand, stand.client() as client:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await client.post("/login", content=form, headers=headers)
        assert answer.status_code == 401
        assert "set-cookie" not in answer.headers
        assert stand.metrics.refused == {("login", "token"): 1}
