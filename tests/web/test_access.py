"""Who may come in: open to local callers at first, closed to all others, by token from the first token on."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from monitor.errors import StoreUnavailable, UsageError
from monitor.store.entries import Holder, Role
from monitor.web import access, open_lines
from monitor.web.access import COOKIE, is_loopback
from monitor.web.login import COOKIE_SECONDS
from tests.waiting import DEADLINE_SECONDS
from tests.web.stand import ListedTokens, Stand, a_row, an_event, bearing, holding, standing


def page_of(stand: Stand, ticket: str = "", origin: str = "", **more: Any) -> connect:
    """The live feed as a page opens it; of ours, unless it is of another site."""
    return connect(f"{stand.ws}/v1/live?ticket={ticket}", proxy=None, origin=Origin(origin or stand.url), **more)


async def ticket_of(client: AsyncClient, **headers: str) -> str:
    answer = await client.post("/v1/live/ticket", headers=headers)
    assert answer.status_code == 200, answer.text
    ticket: str = answer.json()["ticket"]
    return ticket


async def first_frame(line: ClientConnection) -> dict[str, Any]:
    await line.send(json.dumps({"type": "hello", "v": 1}))
    async with asyncio.timeout(DEADLINE_SECONDS):
        frame: dict[str, Any] = json.loads(await line.recv())
    return frame


async def closed_with(line: ClientConnection) -> int | None:
    async with asyncio.timeout(DEADLINE_SECONDS):
        await line.wait_closed()
    return line.close_code


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


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:1", "file://", "http://["])
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


class SlowTokens(ListedTokens):
    """Looking whether there is one takes until it is let go, or fails; but for the look at the start."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = asyncio.Event()
        self.looks = 0
        self.error: Exception | None = None

    async def any(self) -> bool:
        self.looks += 1
        if self.looks > 1:
            await self.go_on.wait()
        if self.error is not None:
            raise self.error
        return await super().any()


async def test_nobody_slips_in_beside_the_first_look_for_tokens() -> None:
    tokens = SlowTokens()
    tokens.holders = holding()[1].holders
    async with standing(tokens=tokens) as stand, stand.client() as client:
        assert tokens.looks == 1, "before the first request"
        both = await asyncio.gather(client.get("/v1/waits"), client.get("/v1/waits"))
        assert [answer.status_code for answer in both] == [401, 401]


async def test_while_tokens_cannot_be_read_nobody_comes_in_and_is_told_to_come_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(access, "LOOK_AGAIN_SECONDS", 0.0)
    tokens = SlowTokens()
    async with standing(tokens=tokens) as stand, stand.client() as client:
        tokens.go_on.set()
        tokens.error = StoreUnavailable("the disk is away")
        for path in ("/v1/waits", "/v1/events", "/v1/hooks/x"):
            answer = await client.get(path)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "5"), path
            assert "the disk is away" in answer.json()["error"]
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"{stand.ws}/v1/ingest", proxy=None)
        assert (refused.value.response.status_code, refused.value.response.headers["retry-after"]) == (503, "5")
        tokens.error = None
        assert (await client.get("/v1/waits")).status_code == 200


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
        for asked in (None, {"shops": ["other", "senye"]}, {"teams": ["a"]}):
            async with connect(f"{stand.ws}/v1/live", proxy=None, additional_headers=bearing(token)) as line:
                await line.send(json.dumps({"type": "hello", "v": 1, "board": asked}))
                seen = json.loads(await line.recv())
                assert [wait["shop"] for wait in seen["waits"]] == ["senye"], asked
                assert seen["counts"]["waits_open"]["fresh"] == 1


async def test_a_token_of_some_teams_sees_no_other() -> None:
    token, tokens = holding(teams=frozenset({"a"}))
    rows = [a_row(1), a_row(2, team="b")]
    async with standing(tokens=tokens, rows=rows) as stand, stand.client(headers=bearing(token)) as client:
        assert [wait["team"] for wait in (await client.get("/v1/waits")).json()["waits"]] == ["a"]
        assert (await client.get("/v1/sources")).status_code == 403
        async with connect(f"{stand.ws}/v1/live", proxy=None, additional_headers=bearing(token)) as line:
            await line.send(json.dumps({"type": "hello", "v": 1}))
            assert [wait["team"] for wait in json.loads(await line.recv())["waits"]] == ["a"]


@pytest.mark.parametrize("path", ["/v1/live", "/v1/ingest"])
async def test_a_line_that_is_open_ends_when_its_token_is_revoked_and_others_go_on(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "LOOK_AGAIN_SECONDS", 0.02)
    monkeypatch.setattr(open_lines, "LOOK_AGAIN_SECONDS", 0.02)
    token, tokens = holding()
    other, more = holding("wang")
    tokens.holders |= more.holders
    async with (
        standing(tokens=tokens) as stand,
        connect(stand.ws + path, proxy=None, additional_headers=bearing(token)) as line,
        connect(stand.ws + path, proxy=None, additional_headers=bearing(other)) as stays,
    ):
        first = '{"type":"hello","v":1}' if path == "/v1/live" else json.dumps(an_event(1))
        for one in (line, stays):
            await one.send(first)
            await one.recv()
        [digest] = [digest for digest, holder in tokens.holders.items() if holder.name == "collector-7"]
        del tokens.holders[digest]
        assert await closed_with(line) == 4401
        await stays.send('{"type":"ping","t":1}' if path == "/v1/live" else json.dumps(an_event(2)))
        await stays.recv()


async def test_a_line_opened_before_the_first_token_ends_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "LOOK_AGAIN_SECONDS", 0.02)
    monkeypatch.setattr(open_lines, "LOOK_AGAIN_SECONDS", 0.02)
    async with standing() as stand, connect(f"{stand.ws}/v1/live", proxy=None) as line:
        await line.send('{"type":"hello","v":1}')
        await line.recv()
        stand.tokens.holders |= holding()[1].holders
        assert await closed_with(line) == 4401


async def test_a_line_ends_when_its_token_gets_other_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "LOOK_AGAIN_SECONDS", 0.02)
    monkeypatch.setattr(open_lines, "LOOK_AGAIN_SECONDS", 0.02)
    token, tokens = holding()
    async with (
        standing(tokens=tokens) as stand,
        connect(f"{stand.ws}/v1/ingest", proxy=None, additional_headers=bearing(token)) as line,
    ):
        [digest] = tokens.holders
        tokens.holders[digest] = Holder("collector-7", frozenset({"senye"}), None, "source")
        assert await closed_with(line) == 4401


async def test_a_page_s_line_ends_with_the_token_of_its_ticket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "LOOK_AGAIN_SECONDS", 0.02)
    monkeypatch.setattr(open_lines, "LOOK_AGAIN_SECONDS", 0.02)
    token, tokens = holding("tv", role="viewer")
    async with standing(tokens=tokens) as stand, stand.client() as client:
        ticket = await ticket_of(client, **bearing(token))
        where = f"{stand.ws}/v1/live?ticket={ticket}"
        async with connect(where, proxy=None, origin=Origin(stand.url)) as line:
            await line.send('{"type":"hello","v":1}')
            for _ in range(2):  # It stands over several looks: a tick comes each second.
                await line.recv()
            tokens.holders.clear()
            tokens.holders["another"] = Holder("tv", None, None, "viewer")  # A new token of the same name is another.
            assert await closed_with(line) == 4401


# -- roles -------------------------------------------------------------------------------------------------------------

ACTS: tuple[tuple[str, str, str], ...] = (
    ("GET", "/v1/waits", "viewer"),
    ("GET", "/v1/sources", "viewer"),
    ("GET", "/metrics", "viewer"),
    ("GET", "/", "viewer"),
    ("GET", "/v1/conversations/senye/c-1", "agent"),
    ("POST", "/v1/alerts/k3f9-1/claim", "agent"),
    ("POST", "/v1/waits/k3f9-1/dismiss", "lead"),
    ("POST", "/v1/alerts/k3f9-1/resolve", "lead"),
    ("POST", "/v1/silences", "lead"),
    ("POST", "/v1/something/new", "lead"),
    ("GET", "/v1/quarantine", "admin"),
    ("POST", "/v1/rules/reload", "admin"),
)


@pytest.mark.parametrize("role", ["source", "viewer", "agent", "lead", "admin"])
async def test_a_role_opens_what_it_is_for_and_nothing_else(role: Role) -> None:
    ranks = ["source", "viewer", "agent", "lead", "admin"]
    token, tokens = holding("ming", role=role)
    async with standing(tokens=tokens) as stand, stand.client(headers=bearing(token)) as client:
        for method, path, least in ACTS:
            answer = await client.request(method, path, json={"reason": "x"} if method == "POST" else None)
            allowed = ranks.index(role) >= ranks.index(least)
            assert (answer.status_code != 403) == allowed, (method, path)
            if not allowed:
                assert answer.json()["error"] == f"ming is {role} here; this is for the role {least}"
        brings = await client.post("/v1/events", json=an_event(1))
        assert (brings.status_code == 202) == (role in ("source", "admin"))
        for path, may in (("/v1/ingest", role in ("source", "admin")), ("/v1/live", role != "source")):
            if may:
                async with connect(stand.ws + path, proxy=None, additional_headers=bearing(token)):
                    continue
            with pytest.raises(InvalidStatus) as refused:
                await connect(stand.ws + path, proxy=None, additional_headers=bearing(token))
            assert refused.value.response.status_code == 403


async def test_me_says_who_asks_and_what_is_open_to_them() -> None:
    token, tokens = holding("hall-2", frozenset({"senye"}), frozenset({"b", "a"}), "viewer")
    async with standing(tokens=tokens) as stand, stand.client(headers=bearing(token)) as client:
        told = (await client.get("/v1/me")).json()
        assert (told["name"], told["role"], told["shops"], told["teams"]) == ("hall-2", "viewer", ["senye"], ["a", "b"])


# -- a proxy that has logged people in ---------------------------------------------------------------------------------


async def test_whom_a_proxy_vouches_for_has_the_rights_of_that_name() -> None:
    _, tokens = holding("ming", role="lead")
    proxied = {"PRESALES_LISTEN__USER_HEADER": "X-Remote-User"}
    async with standing(tokens=tokens, environ=proxied) as stand, stand.client() as client:
        told = (await client.get("/v1/me", headers={"X-Remote-User": "ming"})).json()
        assert (told["name"], told["role"]) == ("ming", "lead")
        tokens.holders["of nobody"] = Holder("张三", None, None, "viewer")
        for written in ("张三".encode(), "é".encode("latin-1")):
            answer = await client.get("/v1/me", headers={b"X-Remote-User": written})
            assert (answer.status_code, answer.json().get("name")) in ((200, "张三"), (403, None)), written
        unknown = await client.get("/v1/me", headers={"X-Remote-User": "who"})
        assert unknown.status_code == 403
        assert "token add 'who'" in unknown.json()["error"]
        assert (await client.get("/v1/me")).status_code == 401


async def test_the_header_of_somebody_who_is_no_proxy_is_not_believed() -> None:
    _, tokens = holding("ming", role="lead")
    for environ in (
        {"PRESALES_LISTEN__USER_HEADER": "X-Remote-User", "PRESALES_LISTEN__PROXIES": "10.0.0.9, 10.0.0.8"},
        {},
    ):
        async with standing(tokens=tokens, environ=environ) as stand, stand.client() as client:
            assert (await client.get("/v1/me", headers={"X-Remote-User": "ming"})).status_code == 401


# -- browsers ----------------------------------------------------------------------------------------------------------


async def logged_in(stand: Stand, token: str) -> Any:
    async with stand.client() as client:
        answer = await client.post("/login", data={"token": token}, headers={"Origin": stand.url})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        return answer.headers["set-cookie"]


@pytest.mark.parametrize(
    ("wanted", "goes"),
    [
        ("/console", "/console"),
        ("/?tv=1&team=A", "/?tv=1&team=A"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/a\r\nset-cookie: x=1", "/"),
    ],
)
async def test_after_the_login_one_goes_where_one_wanted_to_go_and_never_elsewhere(wanted: str, goes: str) -> None:
    token, tokens = holding()
    async with standing(tokens=tokens) as stand, stand.client() as client:
        answer = await client.post("/login", params={"next": wanted}, data={"token": token})
        assert (answer.status_code, answer.headers["location"]) == (303, goes)


async def test_logging_out_takes_the_cookie_away() -> None:
    async with standing() as stand, stand.client() as client:
        answer = await client.get("/logout")
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")
        assert answer.headers["set-cookie"].startswith(f"{COOKIE}=; Path=/; Max-Age=0")


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
        async with page_of(stand, await ticket_of(client, **sent)) as line:
            assert (await first_frame(line))["type"] == "snapshot"


async def test_a_cookie_used_by_a_page_of_another_site_is_403() -> None:
    token, tokens = holding()
    async with standing(tokens=tokens) as stand, stand.client() as client:
        headers = {"Cookie": f"{COOKIE}={token}", "Origin": "https://evil.example"}
        assert (await client.post("/v1/events", json=an_event(1), headers=headers)).status_code == 403


async def test_a_browser_s_live_feed_without_a_token_is_closed_by_a_code_its_page_can_read() -> None:
    async with standing(tokens=holding()[1]) as stand, stand.client() as client, page_of(stand) as line:
        assert await closed_with(line) == 4401
        assert (await client.post("/v1/live/ticket")).status_code == 401
        assert stand.metrics.refused[("live", "token")] == 1


async def test_a_ticket_opens_one_line_and_no_second() -> None:
    token, tokens = holding(shops=frozenset({"senye"}), role="viewer")
    rows = [a_row(1), a_row(2, shop="other")]
    async with standing(tokens=tokens, rows=rows) as stand, stand.client(headers=bearing(token)) as client:
        ticket, other = await ticket_of(client), await ticket_of(client)
        assert ticket != other
        async with page_of(stand, ticket) as line:
            # It shows what its caller may see, whatever else the page sends along.
            assert [wait["shop"] for wait in (await first_frame(line))["waits"]] == ["senye"]
        async with page_of(stand, ticket) as line:
            assert await closed_with(line) == 4401
        # A cookie is no ticket, and a page of another site has none of ours even if it knew one.
        async with page_of(stand, additional_headers={"Cookie": f"{COOKIE}={token}"}) as line:
            assert await closed_with(line) == 4401
        async with page_of(stand, other, origin="https://evil.example") as line:
            assert await closed_with(line) == 4403
        async with page_of(stand, other) as line:
            assert (await first_frame(line))["type"] == "snapshot"


async def test_a_page_of_this_machine_needs_a_ticket_too_where_nobody_needs_a_token() -> None:
    async with standing() as stand, stand.client() as client:
        async with page_of(stand, "made-up") as line:
            assert await closed_with(line) == 4401
        async with page_of(stand, await ticket_of(client, Origin=stand.url)) as line:
            assert (await first_frame(line))["type"] == "snapshot"
        assert (await client.post("/v1/live/ticket", headers={"Origin": "https://evil.example"})).status_code == 403


@pytest.mark.parametrize("form", [b"token=wrong", b"token=", b"", b"\xff", b"token=" + b"x" * 10_000])
async def test_a_wrong_login_is_401_and_sets_no_cookie(form: bytes) -> None:
    async with standing(tokens=holding()[1]) as stand, stand.client() as client:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await client.post("/login", content=form, headers=headers)
        assert answer.status_code == 401
        assert "set-cookie" not in answer.headers
        assert stand.metrics.refused == {("login", "token"): 1}
