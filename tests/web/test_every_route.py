"""Every route, asked by every kind of caller: who may, and that one owner's shop is never in another's answer.

The routes are those the service itself knows. One that is not declared here fails the test.
"""

import asyncio
import contextlib
import io
import json
import zipfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from monitor.web import front, hub, live
from monitor.web.access import Caller
from monitor.web.front import Web
from monitor.web.roles import needed
from tests.waiting import DEADLINE_SECONDS
from tests.web.stand import ListedJournal, ListedTokens, ScriptedEngine, a_row, services, standing
from tests.web.two_owners import BOUNDS, MARKS, OURS, ROLES, Owners, ours, theirs, two_owners

TABLE = {"name": "t", "columns": ["a"], "rows": [["x"]]}
DAYS = "from=2020-01-01&to=2099-12-31"
SPREAD = "from={day}&to={day}"


@dataclass(frozen=True)
class Declared:
    """Who may ask for a route, and how it is asked here.

    Attributes:
        least: the role it needs; ``anyone``: no token.
        asks: queries or paths by which the first owner asks for what is theirs.
        others: by which they ask for what is the other's.
        body: what is sent along.
        whole: it is about the whole floor, so closed to callers who are bound to a part of it.
        shows: it has something of the other owner for those who may see all; else nothing were proved here.
    """

    least: str
    asks: tuple[str, ...] = ("",)
    others: tuple[str, ...] = ()
    body: Any = None
    whole: bool = False
    shows: bool = False


EVENTS = Declared("source", body={"id": "m-77", "ts": 1, "shop": OURS})
ACT = Declared("agent", ("/v1/alerts/{ours}/",), ("/v1/alerts/{theirs}/",))
LEADS = Declared("lead", ("/v1/alerts/{ours}/",), ("/v1/alerts/{theirs}/",))
LIST = Declared("viewer", ("", "?shop=zebra-shop", "?team=lynx-team"), shows=True)
PAGE = Declared("viewer")
ROUTES: dict[tuple[str, str], Declared] = {
    ("*", "/v1/events"): EVENTS,
    ("*", "/v1/hooks/"): Declared("source", ("/v1/hooks/nothing", "/v1/hooks/my_system"), body={"kind": "typing"}),
    ("*", "/a/"): Declared("anyone", ("/a/nonsense",)),
    ("*", "/login"): Declared("anyone"),
    ("*", "/logout"): Declared("anyone"),
    ("*", "/docs"): PAGE,
    ("*", "/openapi.json"): PAGE,
    ("*", "/asyncapi.json"): PAGE,
    ("GET", "/"): PAGE,
    ("GET", "/console"): PAGE,
    ("GET", "/agent"): PAGE,
    ("GET", "/reports"): PAGE,
    ("GET", "/sources"): PAGE,
    ("GET", "/livez"): Declared("anyone"),
    ("GET", "/readyz"): PAGE,
    ("GET", "/v1/me"): PAGE,
    ("GET", "/v1/waits"): LIST,
    ("POST", "/v1/waits/{id}/dismiss"): Declared(
        "lead", ("/v1/waits/k-1/dismiss",), ("/v1/waits/{theirs}/dismiss",), {"reason": "x"}
    ),
    ("GET", "/v1/conversations/{shop}/{conversation}"): Declared(
        "agent", ("/v1/conversations/senye/c-1",), ("/v1/conversations/zebra-shop/gecko-c-1",), shows=True
    ),
    ("GET", "/v1/sources"): Declared("viewer", whole=True, shows=True),
    ("GET", "/v1/quarantine"): Declared("admin", whole=True, shows=True),
    ("GET", "/v1/quarantine/{id}"): Declared("admin", ("/v1/quarantine/{refused}",), whole=True),
    ("POST", "/v1/quarantine/{id}/resend"): Declared("admin", ("/v1/quarantine/{refused}/resend",), whole=True),
    ("DELETE", "/v1/quarantine/{id}"): Declared("admin", ("/v1/quarantine/999",), whole=True),
    ("GET", "/v1/audit"): Declared("admin", ("", "?limit=1"), whole=True, shows=True),
    ("GET", "/metrics"): Declared("viewer", whole=True, shows=True),
    ("GET", "/v1/rules"): Declared("viewer", whole=True),
    ("GET", "/v1/rules/explain"): Declared("viewer", ("?shop=senye",), whole=True),
    ("POST", "/v1/rules/reload"): Declared("admin", whole=True),
    ("GET", "/v1/quality"): Declared(
        "viewer", tuple(f"?{DAYS}&by={by}" for by in ("agent", "team", "shop", "day")),
        (f"?{DAYS}&shop=zebra-shop",), shows=True,
    ),
    ("GET", "/v1/quality/hits"): Declared("viewer", (f"?{DAYS}",), (f"?{DAYS}&shop=zebra-shop",), shows=True),
    ("GET", "/v1/suggestions"): Declared(
        "agent", ("?shop=senye&conversation=c-3",), ("?shop=zebra-shop&conversation=gecko-c-3",)
    ),
    ("POST", "/v1/suggestions"): Declared("agent", body={"shop": OURS, "text": "包邮吗"}),
    ("POST", "/v1/suggestions/feedback"): Declared("agent", body={"shop": OURS, "phrase": "x", "outcome": "shown"}),
    ("GET", "/v1/alerts"): Declared("viewer", ("", "?state=all", "?shop=zebra-shop", "?state=claimed"), shows=True),
    ("GET", "/v1/alerts/quality"): Declared("viewer", ("", "?shop=zebra-shop")),
    ("GET", "/v1/alerts/{id}"): Declared("viewer", ("/v1/alerts/{ours}",), ("/v1/alerts/{theirs}",), shows=True),
    ("POST", "/v1/alerts/{id}/claim"): ACT,
    ("POST", "/v1/alerts/{id}/release"): ACT,
    ("POST", "/v1/alerts/{id}/resolve"): LEADS,
    ("POST", "/v1/alerts/{id}/mute"): LEADS,
    ("GET", "/v1/silences"): Declared("viewer", shows=True),
    ("POST", "/v1/silences"): Declared("lead", body={"shop": OURS, "team": "north", "reason": "x", "until": 1}),
    ("DELETE", "/v1/silences/{id}"): Declared("lead", ("/v1/silences/nothing",), ("/v1/silences/{their silence}",)),
    ("GET", "/v1/kpis"): Declared(
        "viewer", tuple(f"?by={by}" for by in ("all", "shop", "agent", "account", "team", "platform")), shows=True
    ),
    ("GET", "/v1/kpis/profiles"): PAGE,
    ("GET", "/v1/kpis/window"): Declared("viewer", shows=True),
    ("GET", "/v1/kpis/budget"): Declared("viewer", shows=True),
    ("GET", "/v1/kpis/official"): Declared("viewer", shows=True),
    ("POST", "/v1/kpis/official"): Declared("lead", body="day,shop\n"),
    ("GET", "/v1/kpis/spread"): Declared("viewer", (f"?{SPREAD}", f"?{SPREAD}&shop=zebra-shop")),
    ("GET", "/v1/agents"): LIST,
    ("GET", "/v1/shops"): Declared("viewer", ("", "?team=lynx-team", "?platform=jd"), shows=True),
    ("GET", "/v1/gaps"): Declared("viewer", ("", "?shop=zebra-shop"), shows=True),
    ("GET", "/v1/shifts"): Declared("viewer", ("", "?team=lynx-team", "?team=north"), shows=True),
    ("GET", "/v1/handover"): Declared(
        "viewer", ("", "?team=lynx-team", "?receiver=both", "?receiver=heron"), shows=True
    ),
    ("POST", "/v1/handover/{id}/receive"): Declared(
        "agent", ("/v1/handover/{our list}/receive",), ("/v1/handover/{their list}/receive",)
    ),
    ("GET", "/v1/panel"): Declared("viewer", ("?agent=lin", "?agent=both", "?agent=heron"), shows=True),
    ("POST", "/v1/reports/xlsx"): Declared("viewer", body=TABLE),
    ("POST", "/v1/live/ticket"): PAGE,
    ("WS", "/v1/ingest"): Declared("source"),
    ("WS", "/v1/live"): Declared("viewer"),
}  # fmt: skip
RANK = {"source": 0, "viewer": 1, "agent": 2, "lead": 3, "admin": 4}
CALLERS = ("none", "wrong", "revoked", *(f"{role} {bound}" for role in ROLES for bound in BOUNDS))


def test_every_route_is_declared() -> None:
    web = Web(services(ScriptedEngine(), ListedJournal(), ListedTokens()))
    assert sorted(ROUTES) == sorted(web.routes())


async def test_a_line_break_behind_a_path_leads_nowhere() -> None:
    """A pattern of routes lets one pass at its end, and the list of roles knew no such route."""
    async with standing(rows=[a_row(1)]) as stand, stand.client() as client:
        for method, path in ROUTES:
            asked = path.replace("{", "").replace("}", "")
            for end in ("%0A", "%0D", "%00"):
                answer = await client.request("GET" if method in ("*", "WS") else method, asked + end)
                assert answer.status_code == 404, (method, asked, end)
                assert "control characters" in answer.json()["error"], (method, asked, end)


def test_no_route_is_left_out_of_the_description_that_the_table_is_made_from() -> None:
    code = [path.read_text("utf-8") for path in Path(front.__file__).parent.glob("*.py")]
    assert not [text for text in code if "include_in_schema" in text]


def test_roles_are_declared_as_they_are_asked_for() -> None:
    for (method, path), declared in ROUTES.items():
        if method in ("GET", "POST", "DELETE") and declared.least != "anyone":
            assert needed(method, path) == declared.least, (method, path)


def expected(declared: Declared, caller: str) -> int | None:
    """Return the status that turns a caller away; None: it is let in."""
    if declared.least == "anyone":
        return None
    role, _, bound = caller.partition(" ")
    if role not in RANK:
        return 401
    if declared.least == "source":
        return None if role in ("source", "admin") else 403
    if RANK[role] < RANK[declared.least]:
        return 403
    return 403 if declared.whole and bound != "all" else None


def addresses(owners: Owners, path: str, asks: tuple[str, ...]) -> list[str]:
    """Return where to ask: a query is added to the route's path, ``/v1/alerts/{ours}/`` gets the act."""
    day = date.fromordinal(owners.app.scores.scorer.today).isoformat()
    found = []
    for ask in asks:
        whole = path + ask if not ask.startswith("/") else ask + path.rpartition("/")[2] * ask.endswith("/")
        for name, value in (owners.ids | {"day": day}).items():
            whole = whole.replace(f"{{{name}}}", value)
        found.append(whole)
    return found


async def ask(owners: Owners, method: str, address: str, body: Any, caller: str) -> httpx.Response:
    content = None if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    kind = {"Content-Type": "application/json"} if content is not None else {}
    return await owners.client.request(
        "POST" if method == "*" and body is not None else "GET" if method == "*" else method,
        address,
        content=content,
        headers=owners.headers(caller) | kind,
    )


def marks(sent: str, got: str) -> set[str]:
    """Return the other owner's marks in what was got, but for those that were asked with."""
    return {mark for mark in MARKS if mark in got.lower() and mark not in sent.lower()}


def everything(answer: httpx.Response) -> str:
    """Return all bytes of an answer as text, a workbook's unpacked."""
    said = answer.content
    if answer.headers.get("content-type", "").endswith("spreadsheetml.sheet"):
        book = zipfile.ZipFile(io.BytesIO(said))
        said += b"".join(book.read(name) for name in book.namelist())
    return f"{dict(answer.headers)}{said.decode('utf-8', 'replace')}"


async def test_who_may_ask_for_what_and_nothing_of_the_other_owner_is_in_any_answer(tmp_path: Path) -> None:
    async with two_owners(tmp_path) as owners:
        shown: set[tuple[str, str]] = set()
        for (method, path), declared in ROUTES.items():
            if method == "WS":
                continue
            for caller in CALLERS:
                bound = caller.endswith((" shop", " team"))
                out = expected(declared, caller)
                reads_all = caller == "admin all" and method == "GET"
                others = declared.others if bound or reads_all else ()
                for asks, own in ((declared.asks, True), (others, False)):
                    for address in addresses(owners, path, asks):
                        answer = await ask(owners, method, address, declared.body, caller)
                        where = (method, address, caller, answer.status_code, answer.text[:200])
                        if out is not None:
                            assert answer.status_code == out, where
                            assert set(answer.json()) == {"error"}, where
                        elif own:
                            assert answer.status_code not in (401, 403), where
                            assert answer.status_code < 500, where
                        elif bound:
                            nothing_found = method == "GET" and "?" in address and answer.status_code == 200
                            assert nothing_found or answer.status_code in (403, 404), where
                        found = marks(f"{address}{declared.body}", everything(answer))
                        if caller == "admin all":
                            shown |= {(method, path)} if found else set()
                        elif bound or out is not None:
                            assert not found, (where, found)
                        for name in ("x-content-type-options", "x-frame-options", "referrer-policy"):
                            assert name in answer.headers, where
                        assert "default-src 'none'" in answer.headers["content-security-policy"], where
        assert {route for route, declared in ROUTES.items() if declared.shows} <= shown


async def test_figures_of_a_caller_with_one_shop_are_that_shop_s_figures(tmp_path: Path) -> None:
    """Sums have no names in them to look for: what another shop adds to one would be seen here only."""
    async with two_owners(tmp_path) as owners:
        day = date.fromordinal(owners.app.scores.scorer.today).isoformat()
        for path in (
            f"/v1/kpis/spread?from={day}&to={day}",
            "/v1/alerts/quality?from=2020-01-01T00:00:00Z",
            *(f"/v1/quality?{DAYS}&by={by}" for by in ("agent", "team", "shop", "day")),
        ):
            own = await _figures(owners, path, "viewer shop")
            assert own == await _figures(owners, f"{path}&shop={OURS}", "admin all"), path
            assert own != await _figures(owners, path, "admin all"), f"{path}: the other owner adds nothing"
        by_shop = await _figures(owners, "/v1/kpis?by=shop", "admin all")
        [ours_alone] = [row["scores"] for row in by_shop["rows"] if row["name"] == OURS]
        for by in ("all", "team", "platform"):
            [row] = (await _figures(owners, f"/v1/kpis?by={by}", "viewer shop"))["rows"]
            assert row["scores"] == ours_alone, by
            whole = (await _figures(owners, f"/v1/kpis?by={by}", "admin all"))["rows"]
            assert len(whole) > 1 or whole[0]["scores"] != ours_alone, f"{by}: the other owner adds nothing"


async def _figures(owners: Owners, path: str, caller: str) -> Any:
    told = (await ask(owners, "GET", path, None, caller)).raise_for_status().json()
    return {name: value for name, value in told.items() if name not in ("now", "from", "to")}


BOUNDED = ("shop", "team")
PARTS: tuple[dict[str, list[str]] | None, ...] = (
    None,
    {"shops": ["zebra-shop"]},
    {"teams": ["lynx-team"]},
    {"platforms": ["jd"]},
)


async def test_the_live_feed_shows_nothing_of_the_other_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "FRAME_SECONDS", 0.02)
    monkeypatch.setattr(hub, "TICK_SECONDS", 0.1)  # Until the next look at sources, people and the day.
    monkeypatch.setattr(live, "TICK_SECONDS", 0.5)
    async with two_owners(tmp_path) as owners, contextlib.AsyncExitStack() as stack:

        async def looking(caller: str, part: dict[str, list[str]] | None) -> ClientConnection:
            headers = owners.headers(caller)
            asked = connect(f"{owners.ws}/v1/live", proxy=None, additional_headers=headers)
            line = await stack.enter_async_context(asked)
            await line.send(json.dumps({"type": "hello", "v": 1, "board": part}))
            return line

        lines = {
            (bound, n): await looking(f"viewer {bound}", part) for bound in BOUNDED for n, part in enumerate(PARTS)
        }
        frames = {name: [str(await line.recv())] for name, line in lines.items()}
        for bound in BOUNDED:
            assert "senye" in frames[bound, 0][0]
        for number in (20, 21):
            said = [theirs(number), ours(number)]
            await owners.client.post("/v1/events", json=said, headers=owners.headers("admin all"))
        async with asyncio.timeout(DEADLINE_SECONDS):
            for (bound, n), line in lines.items():
                seen = frames[bound, n]
                while '"tick"' not in seen[-1] and len(seen) < 8:
                    seen.append(str(await line.recv()))
                assert not marks(json.dumps(PARTS[n]), "".join(seen)), (bound, PARTS[n])
        whole = await looking("viewer all", None)
        assert len(marks("", str(await whole.recv()))) >= 4


async def test_a_line_is_opened_for_those_it_is_for(tmp_path: Path) -> None:
    async with two_owners(tmp_path) as owners:
        for (method, path), declared in ROUTES.items():
            if method != "WS":
                continue
            for caller in CALLERS:
                out = expected(declared, caller)
                asked = connect(f"{owners.ws}{path}", proxy=None, additional_headers=owners.headers(caller))
                if out is None:
                    async with asked:
                        continue
                with pytest.raises(InvalidStatus) as refused:
                    await asked
                assert refused.value.response.status_code == out, (path, caller)
        for caller, rejected in (("source shop", 1), ("source all", 0)):
            headers = owners.headers(caller)
            async with connect(f"{owners.ws}/v1/ingest", proxy=None, additional_headers=headers) as line:
                await line.send(json.dumps([ours(31), theirs(31)]))
                told = json.loads(await line.recv())
                assert len(told["rejected"]) == rejected, (caller, told)
            over_http = await owners.client.post("/v1/events", json=[ours(32), theirs(32)], headers=headers)
            assert len(over_http.json()["rejected"]) == rejected


def test_a_caller_of_two_bounds_needs_both() -> None:
    caller = Caller("x", frozenset({"a"}), frozenset({"t"}))
    assert [caller.may("a", "t"), caller.may("a", "u"), caller.may("b", "t")] == [True, False, False]
