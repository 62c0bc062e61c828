"""An account is kicked and its agent answers from a phone: lived through on a real journal, and replayed.

From 14:02:00. The collector serves three accounts and beats every ten seconds; what it did not
see comes as a backfill once the account is back, and the range it has caught up on after that.
"""

from pathlib import Path
from typing import Any

import msgspec

from monitor.core import events as ev
from monitor.core.decisions import FeedGap, RaiseAlert, ResolveAlert, Round, SourceTurned
from monitor.replay import replay_files
from monitor.wire import decode_stored
from tests.core.scores.day import shipped
from tests.service import MovedClock, Service, rounds_of, service
from tests.timeline import START_MS, Timeline, at_ms

MS = 1000


def jie(at_s: float, kind: str, id: str, **more: Any) -> dict[str, Any]:
    event = {"type": kind, "id": id, "ts": START_MS + round(at_s * MS), "source": "c12", "shop": "beian"}
    return event | {"platform": "taobao", "account": "jie"} | more


def message(at_s: float, id: str, role: str, text: str, chat: str, **more: Any) -> dict[str, Any]:
    return jie(at_s, "message", id, role=role, text=text, conversation=chat, **more)


def story(*, synced: bool) -> list[tuple[float, dict[str, Any]]]:
    """Each event with the second at which it comes."""
    found: list[tuple[float, dict[str, Any]]] = [
        (0.2, message(0, "m1", "buyer", "功率多大", "b1")),
        (0.3, jie(0.1, "message", "y1", role="note", conversation="y", shop="yunqi", account="yun", text="")),
        (20.2, jie(20, "account_status", "s1", state="kicked")),
        (240.2, jie(240, "account_status", "s2", state="online")),
        (243, message(90, "m2", "agent", "1500瓦的哦", "b1", backfill=True)),
        (243, message(130, "m3", "buyer", "能上门安装吗", "b2", backfill=True)),
        (265.2, message(265, "m4", "agent", "可以上门的", "b2")),
    ]
    if synced:
        window = {"from": START_MS + 20 * MS, "to": START_MS + 240 * MS, "complete": True}
        found.append((243.2, jie(243, "sync_range", "r1", **window)))
    for at in range(0, 300, 10):
        beat = {"type": "source_heartbeat", "id": f"beat-{at}", "ts": START_MS + at * MS, "source": "c12"}
        found.append((at + 0.1, beat | {"host": "PC-7", "accounts": {"yun": "online"}}))
    return sorted(found, key=lambda one: one[0])


async def live(s: Service, clock: MovedClock, *, synced: bool) -> None:
    for at_s, event in story(synced=synced):
        clock.at_ms = START_MS + round(at_s * MS)
        await s.send(event)
        await s.move(0)  # Time goes on once all that is due has been judged: an answer comes before it may be.
    await s.move(30)


def scored(folder: Path, *, synced: bool) -> dict[str, Any]:
    log = folder / "day.jsonl"
    the_day_after = jie(30 * 3600, "message", "z", role="note", conversation="z", text="")
    events = [*(event for _, event in story(synced=synced)), the_day_after]
    log.write_bytes(b"\n".join(msgspec.json.encode(event) for event in events))
    run = replay_files([str(log)], as_arrived=True, profiles=shipped(), scores=("taobao_3min", "taobao_mean"))
    return run.tally.scores


def beian(rounds: list[Round]) -> list[tuple[str, int]]:
    return sorted((r.opened_by, (r.ended_at_ms or 0) - r.opened_at_ms) for r in rounds if r.shop == "beian")


async def test_the_backfill_covers_the_gap_and_the_shop_has_lost_nothing(tmp_path: Path) -> None:
    clock = MovedClock()
    async with service(tmp_path, clock) as s:
        await live(s, clock, synced=True)
        assert beian(await rounds_of(s.journal)) == [("m1", 90_000), ("m3", 135_000)]
        # Nothing was said of b1, who had been answered; b2 was still waiting once the gap was covered.
        raised = [(alert.opened_by, alert.decided_at_ms - START_MS) for alert in s.decided(RaiseAlert)]
        assert [who for who, _ in raised] == ["m3"]
        assert 243_000 <= raised[0][1] <= 250_200
        assert [alert.opened_by for alert in s.decided(ResolveAlert)] == ["m3"]
        down, back = s.decided(SourceTurned)
        assert (down.account, down.host, down.waiting, down.shops) == ("jie", "PC-7", 1, ("beian",))
        assert (down.stale, back.stale) == (True, False)
        assert s.people.seen("beian") == "ok"
        # 采集中断 3:40
        [gap] = await s.journal.floor_log.gaps(START_MS, START_MS + 600_000)
        assert (gap.shop, gap.account, gap.reason) == ("beian", "jie", "account")
        assert (gap.to_ms or 0) - gap.from_ms == 220_000
        assert gap.filled
    score = scored(tmp_path, synced=True)
    assert (score["taobao_3min"]["hits"], score["taobao_3min"]["misses"]) == (2, 0)
    assert score["taobao_mean"]["sum_seconds"] / 2 == 112.5


async def test_without_the_range_the_gap_stays_and_its_round_is_in_no_rate(tmp_path: Path) -> None:
    clock = MovedClock()
    async with service(tmp_path, clock) as s:
        await live(s, clock, synced=False)
        [gap] = await s.journal.floor_log.gaps(START_MS, START_MS + 600_000)
        assert not gap.filled
        accounts = {row.account: row.gaps for source in s.engine.sources() for row in source.accounts}
        assert accounts["jie"] == 1
        assert beian(await rounds_of(s.journal)) == [("m1", 90_000), ("m3", 135_000)]
    score = scored(tmp_path, synced=False)["taobao_3min"]
    assert (score["hits"], score["misses"], score["undetermined"], score["left_out"]) == (0, 0, 0, {"feed gap": 2})


async def test_the_journal_replayed_gives_the_same_day(tmp_path: Path) -> None:
    clock = MovedClock()
    async with service(tmp_path / "first", clock) as s:
        await live(s, clock, synced=True)
        first = await rounds_of(s.journal)
        stored = [item async for _, items in s.journal.since(0) for item in items]
        gaps = await s.journal.floor_log.gaps(START_MS, START_MS + 600_000)
        told = [(type(a).__name__, a.opened_by, a.stage, a.decided_at_ms) for a in s.decided(RaiseAlert)]
    again = Timeline(wall=True)
    for item in stored:
        again.event(decode_stored(item.body), arrives=(item.arrived_at_ms - START_MS) / MS, words=item.words)
    again.until((clock.at_ms - START_MS) / MS)
    assert sorted(again.rounds.values(), key=lambda r: r.opened_at_ms) == sorted(first, key=lambda r: r.opened_at_ms)
    assert [(g.from_ms, g.to_ms, g.filled) for g in again.decisions if isinstance(g, FeedGap)][-1:] == [
        (gap.from_ms, gap.to_ms, gap.filled) for gap in gaps
    ]
    raised = [a for a in again.decisions if isinstance(a, RaiseAlert)]
    assert [(type(a).__name__, a.opened_by, a.stage) for a in raised] == [one[:3] for one in told]


def test_seen_by_a_list_of_who_waits_only_it_ended_between_two_looks() -> None:
    """On a platform that shows a list alone, looked at at 14:03:25 and 14:03:40."""
    chat = Timeline(wall=True).buyer("0:00", "功率多大", shop="beian", chat="b1", account="jie")
    for at, rows in (("1:25", [ev.WaitingRow(conversation="b1")]), ("1:40", [])):
        chat.event(
            ev.WaitingSnapshot(
                type="waiting_snapshot",
                id=f"list-{at}",
                ts_ms=at_ms(at),
                source="collector",
                shop="beian",
                account="jie",
                rows=rows,
                complete=True,
            )
        )
    [done] = chat.rounds.values()
    assert done.ended_after_ms is not None
    assert done.ended_at_ms is not None
    assert (done.ended_after_ms - done.opened_at_ms, done.ended_at_ms - done.opened_at_ms) == (85_000, 100_000)
    assert done.passed == ("slow",)
    assert done.outcome == "answered"
