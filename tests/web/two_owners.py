"""A running service with two owners' shops in it, and a token of each kind.

Everything of the second owner has a name of its own (`MARKS`), so that any byte of it in an
answer to the first is found.
"""

import contextlib
import shutil
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import httpx

from monitor.app import App
from monitor.core.decisions import ShiftWorked
from monitor.core.shifts import Running
from monitor.policy_files.where import Choice, default_folder
from monitor.settings import load
from monitor.store.entries import Role
from monitor.store.floor_log import insert_records
from monitor.web.access import new_token
from tests.at_ten import AT_TEN
from tests.plain import PLAIN
from tests.waiting import DEADLINE_SECONDS
from tests.web.whole import eventually, said

OURS, THEIRS = "senye", "zebra-shop"
MARKS = ("zebra", "okapi", "lynx", "heron", "ibex", "gecko")
ROLES: tuple[Role, ...] = ("source", "viewer", "agent", "lead", "admin")
BOUNDS: dict[str, dict[str, list[str]]] = {"all": {}, "shop": {"shops": [OURS]}, "team": {"teams": ["north"]}}

_SHOPS = """version: 1
shops:
  - {shop: senye, platform: taobao, name: 森野, team: north, targets: {taobao_3min: 90%}}
  - {shop: zebra-shop, platform: jd, name: zebra-name, brand: zebra-b, team: lynx-team, targets: {jd_first_30s: 90%}}
"""
_PEOPLE = """version: 1
zone: Asia/Shanghai
teams:
  - {id: north, name: North, leads: [lead-1]}
  - {id: lynx-team, name: lynx-name, leads: [heron-lead]}
people:
  - {id: lead-1, nick: 王, team: north}
  - {id: heron-lead, nick: heron-nick, team: lynx-team}
  - {id: lin, nick: 小林, team: north, limit: 8}
  - {id: both, nick: 两边, team: north, limit: 8}
  - {id: heron, nick: heron-two, team: lynx-team, limit: 8}
roster:
  - {person: lin, shop: senye, hours: "00:00-24:00", seat: B01, days: daily}
  - {person: both, shop: senye, hours: "00:00-24:00", seat: B02, days: daily}
  - {person: both, shop: zebra-shop, hours: "00:00-24:00", seat: B02, days: daily}
  - {person: heron, shop: zebra-shop, hours: "00:00-24:00", seat: heron-seat, days: daily}
"""


@dataclass
class Owners:
    """The service, and who may ask it.

    Attributes:
        tokens: by role and bound, such as ``lead shop``; and ``revoked``.
        ids: what things are called: ``ours``, ``theirs`` (waits), ``silence``, ``refused``.
    """

    app: App
    client: httpx.AsyncClient
    tokens: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    @property
    def ws(self) -> str:
        return self.app.server.url.replace("http", "ws", 1)

    def headers(self, caller: str) -> dict[str, str]:
        if caller == "none":
            return {}
        return {"Authorization": f"Bearer {self.tokens.get(caller, 'prs_' + 'x' * 43)}"}


def theirs(number: int, seconds_ago: float = 0.0, **more: Any) -> dict[str, Any]:
    """A message of the other owner's shop."""
    return said(number, seconds_ago) | {
        "id": f"gecko-{number}",
        "source": "ibex-source",
        "platform": "jd",
        "shop": THEIRS,
        "conversation": f"gecko-c-{number}",
        "buyer": "okapi-buyer",
        "account": "zebra-shop:heron",
        "text": "okapi 有货吗?",
    } | more  # fmt: skip


def ours(number: int, seconds_ago: float = 0.0, **more: Any) -> dict[str, Any]:
    """A message of the first owner's shop."""
    return said(number, seconds_ago, source="collector-7", account="senye:lin", conversation=f"c-{number}") | more


def rules_in(folder: Path) -> Path:
    """Write the shipped rules with both owners in them."""
    shutil.copytree(default_folder(), folder)
    (folder / "shops.yaml").write_text(_SHOPS, "utf-8")
    (folder / "people.yaml").write_text(_PEOPLE, "utf-8")
    every_hour = (folder / "default.yaml").read_text("utf-8").replace("  hours: floor ", "  hours: all ")
    (folder / "default.yaml").write_text(every_hour, "utf-8")
    return folder


@contextlib.asynccontextmanager
async def two_owners(at: Path, **environ: str) -> AsyncIterator[Owners]:
    """Start the service, fill it, make the tokens."""
    settings = load(
        environ={
            "PRESALES_LISTEN__PORT": "0",
            "PRESALES_DATA": str(at / "data"),
            "PRESALES_CATCH_UP_SECONDS": "3600",
            "PRESALES_LISTEN__TOKEN": "the-token-of-the-settings",
        }
        | environ
    )
    app = App(settings, clock=AT_TEN, rules=Choice(rules_in(at / "rules"), "test"))
    await app.start()
    try:
        headers = {"Authorization": "Bearer the-token-of-the-settings"}
        async with (
            httpx.AsyncClient(
                base_url=app.server.url, timeout=DEADLINE_SECONDS, verify=PLAIN, trust_env=False, headers=headers
            ) as admin,
            httpx.AsyncClient(
                base_url=app.server.url, timeout=DEADLINE_SECONDS, verify=PLAIN, trust_env=False
            ) as client,
        ):
            owners = Owners(app, client)
            for role in ROLES:
                for bound, limits in BOUNDS.items():
                    owners.tokens[f"{role} {bound}"] = await _token(app, f"{role}-{bound}", role, limits)
            owners.tokens["revoked"] = await _token(app, "gone", "admin", {})
            await app.journal.tokens.revoke("gone", 1)
            await _fill(owners, admin)
            yield owners
    finally:
        await app.stop()


async def _token(app: App, name: str, role: Role, limits: dict[str, list[str]]) -> str:
    secret, digest = new_token()
    await app.journal.tokens.add(name, digest, 0, role=role, **limits)
    return secret


def _present(agent: str, shop: str, source: str) -> dict[str, Any]:
    what = {"type": "agent_presence", "state": "online", "agent": agent, "shops": [shop], "source": source}
    return {"id": f"p-{agent}-{shop}", "ts": said(0)["ts"], **what}


async def _fill(owners: Owners, admin: httpx.AsyncClient) -> None:
    """Let both have a buyer who waits, one who was answered badly, a silence, a fault, an official figure."""
    events = [
        _present("lin", OURS, "collector-7"),
        _present("both", OURS, "collector-7"),
        _present("heron", THEIRS, "ibex-source"),
        ours(1, 400),
        ours(2, 380, conversation="c-1", role="agent", agent="lin", text="加微信 abc123"),
        ours(3, 140),
        theirs(1, 400),
        theirs(2, 380, conversation="gecko-c-1", role="agent", agent="heron", text="加微信 okapi123"),
        theirs(3, 140, agent="heron"),
        {"type": "account_status", "id": "gecko-s", "ts": said(0, 50)["ts"], "source": "ibex-source",
         "shop": THEIRS, "account": "zebra-shop:heron", "state": "kicked"},
    ]  # fmt: skip
    taken = (await admin.post("/v1/events", json=events)).json()
    assert not taken["rejected"], taken
    wrong = [theirs(9) | {"ts": "okapi"}, ours(9) | {"ts": "yesterday"}]
    assert len((await admin.post("/v1/events", json=wrong)).json()["rejected"]) == 2
    waits = (await eventually(admin, "/v1/waits", lambda told: told["total"] == 2))["waits"]
    for wait in waits:
        owners.ids["ours" if wait["shop"] == OURS else "theirs"] = wait["id"]
    await eventually(admin, "/v1/alerts", lambda told: len(told["alerts"]) >= 2)
    until = owners.app.engine.now_ms() + 3_600_000
    for shop, team, reason in ((OURS, "north", "holiday"), (THEIRS, "lynx-team", "okapi")):
        asked = {"shop": shop, "team": team, "reason": reason, "until": until}
        told = await admin.post("/v1/silences", json=asked)
        assert told.status_code == 201, told.text
        owners.ids["silence" if shop == OURS else "their silence"] = told.json()["id"]
    assert (await admin.post(f"/v1/alerts/{owners.ids['theirs']}/claim")).status_code == 200
    day = date.fromordinal(owners.app.scores.scorer.today)
    figures = f"day,shop,profile,value\n{day},{OURS},taobao_reply_day,0.5\n{day},{THEIRS},jd_first_30s,0.6\n"
    assert (await admin.post("/v1/kpis/official", content=figures.encode())).status_code == 200
    entries = (await admin.get("/v1/quarantine")).json()["entries"]
    owners.ids["refused"] = str(entries[0]["id"])
    _seed_shifts(owners)
    await eventually(admin, "/v1/quality/hits?from=2020-01-01&to=2099-12-31", lambda told: len(told["hits"]) >= 2)
    await eventually(admin, "/v1/kpis?by=shop", lambda told: len(told["rows"]) >= 2)


def _seed_shifts(owners: Owners) -> None:
    """Let a shift of each owner be over, and one be about to end, with a list for the next."""
    now_ms = owners.app.engine.now_ms()
    hour_ms = 3_600_000
    people = owners.app.engine.tracker.people
    assert people is not None
    worked, ending = [], []
    for person, team, shops in (
        ("lin", "north", (OURS,)),
        ("heron", "lynx-team", (THEIRS,)),
        ("both", "north", (OURS, THEIRS)),
    ):
        worked.append(
            ShiftWorked(
                person=person,
                team=team,
                shops=shops,
                starts_at_ms=now_ms - 3 * hour_ms,
                ends_at_ms=now_ms - 2 * hour_ms,
                there_ms=hour_ms,
                late_ms=0,
                early_ms=0,
            )
        )
        ending.append(Running(person, now_ms - hour_ms, now_ms + hour_ms, shops, None, True, now_ms, now_ms - 1))
    with contextlib.closing(sqlite3.connect(owners.app.settings.data / "journal.db", timeout=10)) as db, db:
        insert_records(db, worked)
    people.hand_overs.advance(now_ms, ending)
    for one in people.hand_overs.all():
        if one.giver != "both":
            owners.ids["our list" if one.shop == OURS else "their list"] = one.id
