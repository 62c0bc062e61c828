"""The sheet of a day: each round over a limit with its messages and the line of the rules, gaps, shifts."""

import json
import sqlite3
from asyncio import to_thread
from contextlib import closing
from pathlib import Path
from typing import Any

from monitor.core import events as ev
from monitor.core.decisions import FeedGap, ShiftWorked
from monitor.store.floor_log import insert_records
from tests.core.scores.day import DAY, Chatter, at_ms, snapshot
from tests.scoring.floor import floor
from tests.typed import typed


def shift(person: str, there_ms: int, late_ms: int) -> ShiftWorked:
    return ShiftWorked(
        person=person, team="default", shops=("senye",), starts_at_ms=at_ms("08:00:00"), ends_at_ms=at_ms("16:00:00"),
        there_ms=there_ms, late_ms=late_ms, early_ms=0,
    )  # fmt: skip


async def disputed(folder: Path) -> None:
    """A chat of four rounds that an owner disputes, one of another shop, and what happened beside it."""
    async with floor(folder) as f:
        chat = Chatter()
        amu = {"agent": "amu", "account": "senye:1"}
        chat.b("10:00:00", id="q1").a("10:02:50", id="a1", text="在的亲", **amu)
        chat.b("10:04:00", id="q2").a("10:05:10", id="a2", text="稍等", **amu)
        chat.b("10:05:30", id="q3", text="好的").a("10:09:00", id="a3", text="高180cm哦亲，您家层高多少呢", **amu)
        chat.b("10:09:20", id="q4", text="好的").a("10:14:40", id="a4", agent="lead", account="senye:1")
        chat.b("10:20:00", id="q5", shop="beian").a("10:20:20", id="a5", shop="beian")
        await f.tell(chat)
        await f.at("11:00:00")
    with closing(sqlite3.connect(folder / "journal.db")) as db, db:
        gap = FeedGap(
            source="c12", account="senye:1", shop="senye", from_ms=at_ms("14:02:20"), to_ms=at_ms("14:06:00"),
            reason="account", filled=True, decided_at_ms=0,
        )  # fmt: skip
        insert_records(db, [gap, shift("amu", 28_000_000, 140_000), shift("chen", 0, 28_800_000)])


async def told(folder: Path, *words: str) -> Any:
    done = await to_thread(typed, "report", "day", "--day", DAY, "--data", str(folder), "--json", *words)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


async def test_the_evidence_names_the_messages_of_each_round_over_a_limit_and_the_rules(tmp_path: Path) -> None:
    await disputed(tmp_path)
    found = await told(tmp_path, "--shop", "senye")
    assert [(one["opened_by"], one["ended_by"], one["wait_seconds"]) for one in found["evidence"]] == [
        ("q1", "a1", 170), ("q2", "a2", 70), ("q3", "a3", 210), ("q4", "a4", 320),
    ]  # fmt: skip
    assert [one["stage"] for one in found["evidence"]] == ["slow", "slow", "at_risk", "lost"]
    assert [one["courtesy"] for one in found["evidence"]] == [False, False, True, False]
    assert {one["rules_version"] for one in found["evidence"]} == {"built-in"}
    assert found["evidence"][3]["agent"] == "lead"
    assert (found["rounds"], found["passed"]) == ({"answered": 4}, {"slow": 4, "at_risk": 2, "lost": 1})
    assert (found["mean_reply_seconds"], found["held"]) == (192.5, 2)
    assert [(gap["account"], gap["seconds"], gap["filled"]) for gap in found["gaps"]] == [("senye:1", 220, True)]
    assert [(one["agent"], one["late_seconds"], one["absent"]) for one in found["shifts"]] == [
        ("amu", 140, False), ("chen", 28_800, True),
    ]  # fmt: skip


async def test_of_an_agent_and_of_a_shop_it_is_theirs_alone_and_another_day_has_none(tmp_path: Path) -> None:
    await disputed(tmp_path)
    assert (await told(tmp_path, "--agent", "lead"))["rounds"] == {"answered": 1}
    assert (await told(tmp_path, "--shop", "beian"))["gaps"] == []
    assert (await told(tmp_path))["rounds"] == {"answered": 5}
    empty = json.loads(
        (await to_thread(typed, "report", "day", "--day", "2026-01-01", "--data", str(tmp_path), "--json")).stdout
    )
    assert (empty["rounds"], empty["mean_reply_seconds"], empty["evidence"]) == ({}, None, [])


def undecided(found: Any) -> list[tuple[str, str, str, str | None]]:
    return [(one["opened_by"], one["outcome"], one["stage"], one["undetermined"]) for one in found["evidence"]]


async def test_what_is_open_still_is_on_it_beside_the_running_service(tmp_path: Path) -> None:
    async with floor(tmp_path) as f:
        chat = Chatter().b("10:00:00", id="lost", conversation="a").b("10:30:00", id="slow", conversation="b")
        chat.b("10:30:20", id="x1", conversation="x").a("10:30:30", id="x2", conversation="x")
        chat.b("10:31:20", id="fresh", conversation="c", agent="lin", account="senye:lin")
        chat.b("10:31:30", id="x3", conversation="x").a("10:31:31", id="x4", conversation="x")
        await f.tell(chat)
        found = await told(tmp_path)
        assert found["as_of"] == "2026-11-23T02:31:31.000Z"
        assert (found["rounds"], found["passed"]) == (
            {"open": 3, "answered": 2}, {"slow": 2, "at_risk": 1, "lost": 1},
        )  # fmt: skip
        assert undecided(found) == [
            ("lost", "open", "lost", None), ("slow", "open", "slow", "open"), ("fresh", "open", "fresh", "open"),
        ]  # fmt: skip
        assert undecided(await told(tmp_path, "--agent", "lin")) == [("fresh", "open", "fresh", "open")]
        shown = (await to_thread(typed, "report", "day", "--day", DAY, "--data", str(tmp_path))).stdout
        assert "open since 2026-11-23T02:30:00.000Z open slow → none undetermined (未定): open built-in" in shown
        await f.tell(Chatter().a("10:33:00", id="late", conversation="b"))
        await f.at("10:33:01")
    # Ended since, and read without the service.
    assert undecided(await told(tmp_path))[1] == ("slow", "answered", "slow", None)


async def test_what_ended_unseen_between_two_instants_or_in_a_gap_is_marked(tmp_path: Path) -> None:
    async with floor(tmp_path) as f:
        chat = Chatter().b("10:00:00", id="q")
        snapshot(chat, "10:02:50", "c")
        snapshot(chat, "10:03:20")
        chat.b("10:59:00", id="g", conversation="d", account="jie", source="c12")
        chat.event(ev.AccountStatus, "11:00:00", type="account_status", account="jie", state="kicked", source="c12")
        await f.tell(chat)
        await f.at("11:10:00")
        found = await told(tmp_path)
        assert undecided(found) == [
            ("q", "answered", "slow", "answered elsewhere"),
            ("g", "open", found["evidence"][1]["stage"], "feed gap"),  # How far it is depends on the last step kept.
        ], found["gaps"]
        assert found["evidence"][0]["ended_after"] == "2026-11-23T02:02:50.000Z"
        assert found["evidence"][0]["ended_at"] == "2026-11-23T02:03:20.000Z"


async def test_people_read_it_as_lines(tmp_path: Path) -> None:
    await disputed(tmp_path)
    shown = (await to_thread(typed, "report", "day", "--day", DAY, "--data", str(tmp_path))).stdout
    assert "q3 → a3 courtesy built-in" in shown
    assert "feed down (采集中断) senye senye:1" in shown
    assert "shift amu" in shown
    assert "absent (缺岗)" in shown


def test_what_cannot_be_read_is_a_usage_error(tmp_path: Path) -> None:
    done = typed("report", "day", "--data", str(tmp_path))
    assert (done.exit_code, "is not there" in done.stderr) == (2, True)
    (tmp_path / "journal.db").write_bytes(b"")
    wrong = typed("report", "day", "--day", "monday", "--data", str(tmp_path))
    assert (wrong.exit_code, "is no date" in wrong.stderr) == (2, True)
