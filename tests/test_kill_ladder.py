"""The service killed again and again under rules with a ladder, while people are told and act.

All that was decided for people was sent, merged, over before it could be sent, or has
failed; nothing was decided twice; and a claim, a mute and a silence hold over every death.
"""

import asyncio
import contextlib
import random
import shutil
import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from aiohttp import web

from monitor.core.decisions import TellPeople
from monitor.policy_files.rule_set import load
from monitor.policy_files.where import default_folder
from tests.alerts.channels.ding import Ding
from tests.collectors import over_http
from tests.killable import Killable, is_ready, killable, seeded
from tests.kills import Floor, assert_rounds_are_those_of_a_replay, now_ms
from tests.plain import PLAIN
from tests.replays import Json
from tests.waiting import DEADLINE_SECONDS

KILLS = 3
BACKLOG = 2500  # Events, at least, of what is past at the beginning.
SETTLED = {"sent", "digested", "dropped_answered", "withdrawn", "failed"}
CHANNELS = """
version: 1
channels:
  group:
    type: dingtalk
    url_env: GROUP_URL
    secret_env: GROUP_SECRET
    allow_private: true
    limits: {per_minute: 18}  # More than a lead should read: real time goes by until all is told.
routes: [{team: group, digest: group}]
"""
# The shipped ladder, each step sooner, and at any hour.
LADDER = """
version: 1
default:
  hours: all
  stages: {slow: 10s, at_risk: 20s, lost: 30s}
  steps:
    - {at: 5s, to: panel}
    - {at: 10s, to: team, gather: 6s}
    - {at: 15s, to: lead, if_unclaimed: true}
    - {at: 20s, to: digest}
    - {at: 30s, to: console}
  bot: holds
"""


class Group(Ding):
    """A group whose robot does not take everything at once."""

    def __init__(self, dice: random.Random) -> None:
        super().__init__()
        self._dice = dice

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if self._dice.random() < 0.1:
            return web.Response(status=500)
        return await super()._handle(request)


@dataclass
class Acts:
    """What people did, as the service has confirmed it."""

    silence: Json | None = None
    claimed: dict[str, str] = field(default_factory=dict)  # By whom, by the name of the alert.
    muted: dict[str, int] = field(default_factory=dict)  # When at the latest.

    @property
    def events(self) -> int:
        """How many events of ours they are."""
        return len(self.claimed) + len(self.muted) + (self.silence is not None)


async def act(service: Killable, acts: Acts, dice: random.Random) -> None:
    """Silence a shop once; claim a wait and mute another."""
    async with httpx.AsyncClient(
        trust_env=False, base_url=service.url(), timeout=DEADLINE_SECONDS, verify=PLAIN
    ) as client:
        waits = (await client.get("/v1/waits", params={"limit": 2000})).json()["waits"]
        dice.shuffle(waits)
        if acts.silence is None:
            body = {"shop": waits[0]["shop"], "reason": "a drill", "until": now_ms() + 3_600_000}
            acts.silence = (await client.post("/v1/silences", json=body)).raise_for_status().json()
        free = iter([wait["id"] for wait in waits if wait["id"] not in acts.claimed.keys() | acts.muted.keys()])
        for what in ("claim", "mute"):
            for alert in free:
                answer = await client.post(f"/v1/alerts/{alert}/{what}")
                if answer.status_code in (404, 409):
                    continue  # Answered meanwhile, perhaps just after the act was stored.
                (stands,) = answer.raise_for_status().json()["results"]
                if stands["state"] not in ("firing", "claimed"):
                    continue
                if what == "mute":
                    acts.muted[alert] = now_ms()
                else:
                    acts.claimed[alert] = stands["claimed_by"]
                break


def assert_acts_stand(service: Killable, acts: Acts) -> None:
    """What was done before the death is known after it, of all that still waits."""
    assert acts.silence is not None
    answer = httpx.get(f"{service.url()}/v1/silences", timeout=DEADLINE_SECONDS, verify=PLAIN, trust_env=False).json()
    assert answer["silences"] == [acts.silence]
    told = httpx.get(
        f"{service.url()}/v1/waits?limit=2000", timeout=DEADLINE_SECONDS, verify=PLAIN, trust_env=False
    ).json()
    stands = {wait["id"]: wait["alert"] or {} for wait in told["waits"]}
    for alert, by in acts.claimed.items():
        assert alert not in stands or stands[alert]["claimed_by"] == by
    assert all(stands[alert]["muted_until"] for alert in acts.muted if alert in stands)


@dataclass(frozen=True)
class Outgoing:
    """A row of the outbox for people."""

    id: str
    transition: str
    state: str
    digest: str | None
    body: bytes

    @property
    def told(self) -> TellPeople:
        return msgspec.json.decode(self.body, type=TellPeople)


def read(service: Killable, statement: str, *values: str) -> list[Any]:
    path = service.data / "journal.db"
    with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=10)) as db:
        return db.execute(statement, values).fetchall()


def outgoing(service: Killable) -> list[Outgoing]:
    found = read(service, "SELECT delivery_id, transition, state, digest, body FROM outbox ORDER BY number")
    return [Outgoing(*row) for row in found]


def waits_told(service: Killable) -> int:
    """Return how many messages of waits were decided."""
    return sum(one.transition != "digest" and one.told.kind == "waits" for one in outgoing(service))


async def test_killed_under_a_ladder_all_are_told_or_accounted_for_and_acts_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = seeded()
    floor = Floor(dice.randrange(1 << 16))
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "channels.yaml").write_text(CHANNELS)
    (folder / "default.yaml").write_text(LADDER)
    shutil.copy(default_folder() / "rules.yaml", folder)  # As it is shipped: JD and after-sales differ.
    group = Group(dice)
    monkeypatch.setenv("GROUP_URL", group.url)
    monkeypatch.setenv("GROUP_SECRET", "SECd1ngd1ng")
    acts = Acts()
    await group.start()
    try:
        with killable(tmp_path / "service", RULES=str(folder)) as service:
            async with asyncio.TaskGroup() as tasks:
                for door in ("http", "mqtt"):  # What comes by each, here both are posted.
                    tasks.create_task(over_http(service.url, floor.batches(door), floor.confirm))
                await service.until_stored(BACKLOG)
                for death in range(KILLS):
                    await service.until(lambda: is_ready(service), "ready", every_seconds=0.05)
                    await floor.caught_up(service)
                    if death:
                        await asyncio.to_thread(assert_acts_stand, service, acts)
                    before = waits_told(service)
                    await act(service, acts, dice)
                    more = dice.randrange(1, 4)
                    await service.until(lambda least=before + more: waits_told(service) >= least, "told")  # type: ignore[misc]
                    service.kill()
                    service.start()
                await service.until(lambda: is_ready(service), "ready", every_seconds=0.05)
                await floor.caught_up(service)
                await asyncio.to_thread(assert_acts_stand, service, acts)
                floor.over.set()
            await service.until_stored(len(floor.sent) + acts.events)
            decided = len(outgoing(service))
            await service.until(
                lambda: "pending" not in {one.state for one in outgoing(service)[:decided]},
                "all settled that was decided",
                every_seconds=0.1,
            )
            service.kill()
    finally:
        await group.stop()
    assert floor.confirmed <= floor.sent <= set(service.held.ids())
    assert_accounted_for(service, group)
    assert_acts_were_heeded(service, acts)
    ((stored,),) = read(service, "SELECT count(*) FROM events WHERE door = 'api'")
    assert stored >= acts.events
    await assert_rounds_are_those_of_a_replay(service, load(folder), acts=stored)


def assert_accounted_for(service: Killable, group: Group) -> None:
    """Each message was decided once and has an end, those of the alert log are all there, and the group got them."""
    rows = outgoing(service)
    digests = {one.id: one for one in rows if one.transition == "digest"}
    messages = [one for one in rows if one.transition != "digest"]
    assert {one.state for one in rows} <= SETTLED | {"pending"}
    assert {one.digest for one in messages if one.state == "digested"} <= digests.keys()
    told = [one.told for one in messages]
    waits = [one for one in told if one.kind == "waits"]
    assert len(waits) > 5
    twice = Counter(
        (one.alert, one.to, one.step, {w.wait: w.repetition for w in one.waits}.get(int(one.alert))) for one in waits
    )
    assert set(twice.values()) == {1}, twice.most_common(3)
    named = {(str(wait.wait), one.to, one.decided_at_ms) for one in waits for wait in one.waits}
    trail = read(service, "SELECT alert, detail, at_ms FROM alert_acts WHERE what = 'told'")
    logged = [(alert, detail.partition(" ")[0], at_ms) for alert, detail, at_ms in trail]
    logged = [one for one in logged if one[1] in ("team", "lead")]
    assert len(logged) == len(set(logged))
    assert set(logged) <= named
    assert {(one.alert, one.to, one.decided_at_ms) for one in waits if one.to != "digest"} <= set(logged)
    sent = sum(one.state == "sent" for one in rows)
    assert sent <= len(group.messages) <= sent + service.deaths  # One may be under way at each death.
    assert group.refusals == []


def assert_acts_were_heeded(service: Killable, acts: Acts) -> None:
    """Nothing was told that a person had wanted not to be told, and each act is in the trail once."""
    assert acts.silence is not None
    assert acts.claimed
    assert acts.muted
    epoch = service.held.epoch()
    ((silenced_at_ms,),) = read(service, "SELECT arrived_at_ms FROM events WHERE id = ?", acts.silence["id"])
    told = [one.told for one in outgoing(service) if one.transition != "digest"]
    for one in told:
        if one.kind == "waits":
            alert = f"{epoch}-{one.alert}"
            assert alert not in acts.muted or one.due_at_ms <= acts.muted[alert], one
            (first,) = [wait for wait in one.waits if str(wait.wait) == one.alert]
            if first.shop == acts.silence["matchers"]["shop"]:
                assert one.due_at_ms <= silenced_at_ms, one  # What was due before is told.
            if one.to == "lead" and alert in acts.claimed:
                assert first.claimed_by is None, one
    trail = Counter(read(service, "SELECT alert, what FROM alert_acts WHERE what IN ('claimed', 'muted')"))
    done = [(alert, "claimed") for alert in acts.claimed] + [(alert, "muted") for alert in acts.muted]
    assert {(alert.partition("-")[2], what) for alert, what in done} <= trail.keys()
    assert set(trail.values()) == {1}
