"""The live feed: what a viewer is sent, when, and what happens to one that is slow, late, wrong or one too many."""

import asyncio
import json
import random
import socket
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from monitor.core.decisions import SourceTurned
from monitor.core.people import People
from monitor.core.roster import Register, Team
from monitor.core.views import AccountRow
from monitor.errors import StoreUnavailable
from monitor.web import hub, hubs, live
from monitor.web.scope import WHOLE, Scope
from monitor.web.today import Today
from tests.waiting import DEADLINE_SECONDS, until
from tests.web.sockets import why_closed
from tests.web.stand import NOW_MS, Stand, a_row, a_source, standing

HELLO = {"type": "hello", "v": 1, "resume": None}


class Board:
    """A viewer that folds what it is sent, as a page does."""

    def __init__(self, line: ClientConnection) -> None:
        self.line = line
        self.frames: list[dict[str, Any]] = []
        self.seq = -1
        self.epoch = ""
        self.waits: dict[str, dict[str, Any]] = {}
        self.counts: dict[str, Any] = {}
        self.sources: list[dict[str, Any]] = []
        self.truncated = 0
        self.why: dict[str, str] = {}

    async def next(self, *, tick: bool = False) -> dict[str, Any]:
        """Take in one frame that says something; one that says that there is nothing new only where that is awaited."""
        frame = await self._frame()
        while frame["type"] == "tick" and not tick:
            frame = await self._frame()
        return frame

    async def _frame(self) -> dict[str, Any]:
        async with asyncio.timeout(DEADLINE_SECONDS):
            frame: dict[str, Any] = json.loads(await self.line.recv())
        self.frames.append(frame)
        match frame["type"]:
            case "snapshot":
                self.epoch, self.seq = frame["epoch"], frame["seq"]
                self.waits = {wait["id"]: wait for wait in frame["waits"]}
                self.counts, self.sources, self.truncated = frame["counts"], frame["sources"], frame["truncated"]
            case "delta":
                assert frame["seq"] == self.seq + 1, "a delta was left out"
                self.seq = frame["seq"]
                self.waits |= {wait["id"]: wait for wait in frame["up"]}
                for gone in frame["gone"]:
                    self.waits.pop(gone["id"], None)
                    self.why[gone["id"]] = gone["why"]
                self.counts = frame.get("counts", self.counts)
                self.sources = frame.get("sources", self.sources)
                self.truncated = frame.get("truncated", self.truncated)
            case "tick":
                assert frame["seq"] == self.seq, "a tick shows a hole"
        return frame

    async def say(self, said: Any) -> None:
        await self.line.send(json.dumps(said))


def look(stand: Stand, **more: Any) -> connect:
    return connect(f"{stand.ws}/v1/live", proxy=None, max_size=None, **more)


async def looking(line: ClientConnection) -> Board:
    """A viewer that has its snapshot."""
    board = Board(line)
    await board.say(HELLO)
    assert (await board.next())["type"] == "snapshot"
    return board


def whole(stand: Stand) -> hub.Hub:
    """The hub of the whole floor."""
    found = stand.web.hubs.of(WHOLE)
    assert found is not None
    return found


async def test_the_snapshot_holds_all_a_board_needs() -> None:
    rows = [
        a_row(1),
        a_row(2, needs_answer_since_ms=None, flags=("courtesy",)),
        a_row(3, stage="slow", standing_since_ms=NOW_MS - 5_000, stood_ms=1_500, flags=("bot_held",), agent=None),
    ]
    async with standing(rows=rows) as stand, look(stand) as line:
        board = await looking(line)
        first = board.frames[0]
        assert (first["v"], first["build"], first["demo"]) == (1, "0.0.1+test", False)
        assert first["now"] == "2026-11-18T11:06:40.000Z"
        assert list(board.waits) == ["k3f9-1", "k3f9-3"], "one that is polite words only is not on the board"
        assert board.waits["k3f9-1"] == {
            "id": "k3f9-1",
            "platform": "taobao",
            "shop": "senye",
            "conversation": "c-1",
            "buyer": "张*",
            "agent": "lin",
            "account": "senye:lin",
            "team": "a",
            "opened_at": "2026-11-18T11:06:10.000Z",
            "waiting_since": "2026-11-18T11:06:10.000Z",
            "stages": [["slow", 60], ["at_risk", 180], ["lost", 300]],
            "stood_seconds": 0,
            "standing_since": None,
            "messages": 1,
            "flags": [],
        }
        assert board.waits["k3f9-3"]["stood_seconds"] == 1.5
        assert board.waits["k3f9-3"]["standing_since"] == "2026-11-18T11:06:35.000Z"
        assert board.counts == {
            "waits_open": {"fresh": 1, "slow": 1, "at_risk": 0, "lost": 0},
            "bot_held": 1,
            "courtesy": 1,
            "promises_open": 0,
            "answered_today": 0,
            "shops": 0,
            "last_event_at": None,
            "store_ok": True,
            "channels": 0,
            "deliveries_failed": 0,
            "deliveries_pending": 0,
            "staff": None,
            "day": None,
        }


async def test_a_change_is_sent_as_a_delta_that_follows_the_snapshot() -> None:
    async with standing(rows=[a_row(1)]) as stand, look(stand) as line:
        board = await looking(line)
        stand.engine.commit(rows=[a_row(2, stage="slow")])
        delta = await board.next()
        assert [wait["id"] for wait in delta["up"]] == ["k3f9-2"]
        assert delta["counts"]["waits_open"]["slow"] == 1
        assert "sources" not in delta, "what has not changed is not sent"
        stand.engine.commit(gone=[(1, "answered")])
        delta = await board.next()
        assert delta["gone"] == [{"id": "k3f9-1", "why": "answered"}]
        assert list(board.waits) == ["k3f9-2"]


async def test_a_wait_that_turns_out_polite_leaves_the_board() -> None:
    async with standing(rows=[a_row(1)]) as stand, look(stand) as line:
        board = await looking(line)
        stand.engine.commit(rows=[a_row(1, needs_answer_since_ms=None, flags=("courtesy",))])
        await board.next()
        assert board.why == {"k3f9-1": "courtesy"}
        assert board.counts["courtesy"] == 1


async def test_many_changes_in_a_moment_are_one_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    async with standing() as stand, look(stand) as line:
        board = await looking(line)
        monkeypatch.setattr(hub, "FRAME_SECONDS", 0.2)
        for number in range(1, 101):
            stand.engine.commit(rows=[a_row(number)])
            stand.engine.commit(rows=[a_row(number, messages=2)])
        while len(board.waits) < 100:
            await board.next()
        assert len(board.frames) <= 3
        assert all(wait["messages"] == 2 for wait in board.waits.values())


async def test_a_commit_that_changes_nothing_shown_sends_nothing() -> None:
    async with standing(rows=[a_row(1)]) as stand, look(stand) as line:
        board = await looking(line)
        stand.engine.commit(rows=[a_row(1)])
        stand.engine.commit(rows=[a_row(2)])
        delta = await board.next()
        assert delta["seq"] == 2, "the first commit made no frame"
        assert [wait["id"] for wait in delta["up"]] == ["k3f9-2"]


async def test_nothing_new_is_said_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "TICK_SECONDS", 0.05)
    async with standing() as stand, look(stand) as line:
        board = await looking(line)
        assert (await board.next(tick=True)) == {"type": "tick", "seq": board.seq, "now": "2026-11-18T11:06:40.000Z"}


async def test_a_ping_is_answered_with_its_own_number_and_the_time() -> None:
    async with standing() as stand, look(stand) as line:
        board = await looking(line)
        await board.say({"type": "ping", "t": 123.5})
        assert await board.next() == {"type": "pong", "t": 123.5, "now": "2026-11-18T11:06:40.000Z"}


async def test_resync_brings_a_snapshot() -> None:
    async with standing(rows=[a_row(1)]) as stand, look(stand) as line:
        board = await looking(line)
        await board.say({"type": "resync"})
        assert (await board.next())["type"] == "snapshot"


async def test_who_comes_back_gets_what_it_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "FRAME_SECONDS", 0.0)
    async with standing(rows=[a_row(1)]) as stand:
        async with look(stand) as line:
            board = await looking(line)
        for number in range(2, 32):
            stand.engine.commit(rows=[a_row(number)])
            await until(lambda n=number: n in whole(stand)._rows, "the frame is made")  # type: ignore[misc]
        async with look(stand) as line:
            board.line = line
            await board.say(HELLO | {"resume": {"epoch": board.epoch, "seq": board.seq}})
            while len(board.waits) < 31:
                assert (await board.next())["type"] == "delta"


async def test_the_frames_kept_for_who_comes_back_are_bounded_in_size_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "FRAME_SECONDS", 0.0)
    monkeypatch.setattr(hub, "KEPT_CHARACTERS", 20_000)
    async with standing(rows=[a_row(1)]) as stand:
        async with look(stand) as line:
            board = await looking(line)
        for number in range(2, 102):
            stand.engine.commit(rows=[a_row(number)])
            await until(lambda n=number: n in whole(stand)._rows, "the frame is made")  # type: ignore[misc]
        kept = [frame.text for frame in whole(stand)._frames]  # In one go: no frame comes in between.
        assert 10_000 < sum(map(len, kept)) <= 20_000
        assert f'"seq":{whole(stand).seq},' in kept[-1]
        async with look(stand) as line:
            await line.send(json.dumps(HELLO | {"resume": {"epoch": board.epoch, "seq": board.seq}}))
            assert len((await looking(line)).waits) == 101


async def test_who_comes_back_and_missed_nothing_is_told_so() -> None:
    async with standing(rows=[a_row(1)]) as stand:
        async with look(stand) as line:
            board = await looking(line)
        async with look(stand) as line:
            board.line = line
            await board.say(HELLO | {"resume": {"epoch": board.epoch, "seq": board.seq}})
            assert (await board.next(tick=True))["type"] == "tick"


@pytest.mark.parametrize("resume", [{"epoch": "other", "seq": 1}, {"seq": 99}, {"seq": -5}])
async def test_who_cannot_go_on_from_where_it_was_gets_a_snapshot(resume: dict[str, Any]) -> None:
    async with standing(rows=[a_row(1)]) as stand:
        async with look(stand) as line:
            board = await looking(line)
        async with look(stand) as line:
            await line.send(json.dumps(HELLO | {"resume": {"epoch": board.epoch} | resume}))
            assert (await Board(line).next())["type"] == "snapshot"


async def test_after_a_time_when_nobody_looked_a_new_sequence_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "LINGER_SECONDS", 0.0)
    monkeypatch.setattr(hub, "FRAME_SECONDS", 0.01)
    async with standing(rows=[a_row(1)]) as stand:
        async with look(stand) as line:
            first = await looking(line)
        await until(lambda: stand.metrics.live_clients == 0, "nobody looks")
        stand.engine.commit(rows=[a_row(2)])
        await until(lambda: not whole(stand).epoch, "the sequence is forgotten")
        stand.engine.commit(rows=[a_row(3)])
        async with look(stand) as line:
            second = await looking(line)
            assert second.epoch != first.epoch
            assert list(second.waits) == ["k3f9-1", "k3f9-2", "k3f9-3"]


def narrow(stand: Stand) -> socket.socket:
    """Return a connection into which little fits: who does not read it is soon noticed."""
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.connect(("127.0.0.1", stand.server.port))
    line.setblocking(False)
    return line


async def test_a_viewer_that_does_not_read_costs_others_nothing_and_later_gets_a_snapshot(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hub, "FRAME_SECONDS", 0.0)
    monkeypatch.setattr(live, "SEND_SECONDS", DEADLINE_SECONDS)  # However long a busy machine takes for all the frames.
    rows = [a_row(number, team="x" * 6_000) for number in range(1, 1500)]
    async with standing(rows=rows) as stand, look(stand, sock=narrow(stand)) as slow_line, look(stand) as line:
        slow = Board(slow_line)
        await slow.say(HELLO)
        slow_line.transport.pause_reading()
        board = await looking(line)
        for step in range(1, 21):
            stand.engine.commit(rows=[a_row(step, messages=step + 1)])
            await board.next()
        slow_line.transport.resume_reading()
        while slow.seq < board.seq:
            await slow.next()
        kinds = [frame["type"] for frame in slow.frames]
        assert kinds.count("snapshot") == 2, "one at first, one for all it missed"
        assert kinds.count("delta") <= live.BEHIND_AT_MOST
        assert slow.waits == board.waits


async def test_a_viewer_that_reads_nothing_for_long_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "SEND_SECONDS", 0.1)
    monkeypatch.setattr(live, "TICK_SECONDS", 0.02)
    rows = [a_row(number, team="x" * 6_000) for number in range(1, 1500)]
    async with standing(rows=rows) as stand:
        line = await look(stand, sock=narrow(stand))
        await line.send(json.dumps(HELLO))
        line.transport.pause_reading()
        await until(lambda: stand.metrics.live_clients == 1, "it looks")
        await until(lambda: stand.metrics.live_clients == 0, "it is cut off")
        monkeypatch.setattr(live, "SEND_SECONDS", DEADLINE_SECONDS)  # Who reads slowly, on a busy machine, reads.
        async with look(stand) as other:
            assert (await looking(other)).waits, "who reads is still served"
        line.transport.abort()
        await line.wait_closed()


async def test_only_the_most_urgent_are_shown_and_the_rest_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "ROWS_AT_MOST", 3)
    monkeypatch.setattr(hub, "CHOOSE_SECONDS", 0.0)
    monkeypatch.setattr(hub, "TICK_SECONDS", 0.05)
    monkeypatch.setattr(hub, "FRAME_SECONDS", 0.01)
    waited = {1: 10, 2: 200, 3: 100, 4: 400, 5: 50}  # Seconds; 300 is lost.
    rows = [a_row(n, needs_answer_since_ms=NOW_MS - s * 1000) for n, s in waited.items()]
    async with standing(rows=rows) as stand, look(stand) as line:
        board = await looking(line)
        assert list(board.waits) == ["k3f9-2", "k3f9-3", "k3f9-5"], "least time left first, the lost last"
        assert board.truncated == 2
        assert sum(board.counts["waits_open"].values()) == 5
        stand.engine.commit(rows=[a_row(6, needs_answer_since_ms=NOW_MS - 250_000)])
        while "k3f9-5" in board.waits or "k3f9-6" not in board.waits:
            await board.next()
        assert board.why == {"k3f9-5": "hidden"}
        stand.engine.commit(gone=[(2, "answered"), (3, "answered")])
        while set(board.waits) != {"k3f9-6", "k3f9-5", "k3f9-1"}:
            await board.next()
        while board.truncated != 1:
            await board.next()


async def test_waits_are_not_all_looked_at_again_while_enough_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "ROWS_AT_MOST", 20)
    monkeypatch.setattr(hub, "TICK_SECONDS", 0.01)
    monkeypatch.setattr(hub, "FRAME_SECONDS", 0.0)
    rows = [a_row(number, needs_answer_since_ms=NOW_MS - number * 1000) for number in range(1, 41)]
    async with standing(rows=rows) as stand, look(stand) as line:
        board = await looking(line)
        assert set(board.waits) == {f"k3f9-{number}" for number in range(21, 41)}
        stand.engine.commit(gone=[(40, "answered")])
        await board.next()
        assert len(board.waits) == 19, "one is missing, and nobody looks for another"
        stand.engine.commit(gone=[(39, "answered"), (38, "answered")])
        while len(board.waits) != 20:
            await board.next()
        assert set(board.waits) == {f"k3f9-{number}" for number in range(18, 38)}


async def test_a_source_that_turns_stale_is_shown_with_its_waits() -> None:
    async with standing(rows=[a_row(1), a_row(2, shop="other")]) as stand, look(stand) as line:
        board = await looking(line)
        stand.engine.known_sources = [
            a_source("fine", shops=("other",)),
            a_source("down", state="stale", reason="silent"),
        ]
        stand.engine.rows[1] = a_row(1, flags=("stale",))
        turned = SourceTurned("down", None, True, "silent", NOW_MS, ("senye",), 1)
        stand.engine.commit(decisions=[turned])
        await board.next()
        assert board.waits["k3f9-1"]["flags"] == ["stale"]
        assert board.waits["k3f9-2"]["flags"] == []
        assert board.sources[0] == {
            "name": "down",
            "state": "stale",
            "last_event_at": "2026-11-18T11:06:39.000Z",
            "lag_seconds": 0.2,
            "accounts": 1,
            "accounts_out": 0,
            "reason": "silent",
        }
        assert board.counts["shops"] == 2
        assert board.counts["last_event_at"] == "2026-11-18T11:06:39.000Z"


async def test_a_wait_that_is_unseen_says_since_when_however_late_one_looks() -> None:
    async with standing(rows=[a_row(1, flags=("stale",)), a_row(2)]) as stand:
        out = AccountRow("senye:lin", "kicked", ("senye",), stale_since_ms=NOW_MS - 9_000)
        other = AccountRow("senye:zhou", "kicked", ("senye",), stale_since_ms=NOW_MS - 1_000)
        stand.engine.known_sources = [
            a_source("c-1", accounts=(out, other)),
            a_source("c-2", accounts=(AccountRow("senye:lin", "online", ("senye",)),), stale_since_ms=NOW_MS - 5_000),
        ]
        async with look(stand) as line:
            board = await looking(line)
            # The second source saw its account for four seconds longer.
            assert board.waits["k3f9-1"]["stale_since"] == "2026-11-18T11:06:35.000Z"
            assert "stale_since" not in board.waits["k3f9-2"]
            assert [source["accounts_out"] for source in board.sources] == [2, 0]


async def test_what_no_commit_tells_is_found_by_looking_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "TICK_SECONDS", 0.05)
    async with standing(rows=[a_row(1)]) as stand, look(stand) as line:
        board = await looking(line)
        stand.engine.rows[1] = a_row(1, flags=("catching_up",))
        stand.engine.known_promises = {("taobao", "a", "open"): 4}
        stand.engine.ready.store_ok = False
        while board.waits["k3f9-1"]["flags"] != ["catching_up"]:
            await board.next()
        assert board.counts["promises_open"] == 4
        assert board.counts["store_ok"] is False


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("", 1008),
        ("{nope", 1008),
        (b"\xff\xfe", 1008),
        ('{"type":"ping","t":1}', 1008),
        ('{"type":"hello"}', 1008),
        ('{"type":"hello","v":2}', 4409),
        (json.dumps(HELLO | {"board": {"shops": ["x" * 100] * 1_000}}), 1008),
    ],
)
async def test_a_wrong_hello_is_told_what_is_wrong(said: str | bytes, code: int) -> None:
    async with standing() as stand, look(stand) as line:
        await line.send(said)
        closed, reason = await why_closed(line)
        assert closed == code
        assert reason


async def test_a_viewer_that_never_says_hello_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "HELLO_SECONDS", 0.05)
    async with standing() as stand, look(stand) as line:
        assert (await why_closed(line))[0] == 4408
        assert stand.metrics.live_clients == 0


async def test_a_viewer_that_talks_nonsense_is_borne_a_while() -> None:
    async with standing() as stand, look(stand) as line:
        board = await looking(line)
        await line.send("nonsense")
        await board.say({"type": "ping", "t": 1})
        assert (await board.next())["type"] == "pong"
        for _ in range(live.FAULTY_AT_MOST):
            await line.send("nonsense")
        assert (await why_closed(line))[0] == 1008


async def test_one_viewer_too_many_is_sent_away_with_when_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubs, "VIEWERS_AT_MOST", 1)
    async with standing() as stand, look(stand) as line, look(stand) as other:
        await looking(line)
        await other.send(json.dumps(HELLO))
        bye = await Board(other).next()
        assert (bye["type"], bye["retry_seconds"]) == ("bye", 30)
        assert (await why_closed(other))[0] == 4429
        await Board(line).say({"type": "ping", "t": 1})
        assert json.loads(await line.recv())["type"] == "pong", "the first goes on"
        assert stand.metrics.live_clients == 1


async def test_a_fault_ends_the_lines_of_a_board_and_who_comes_again_is_served(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A feed that stood still with its line open would show a quiet floor."""
    async with standing(rows=[a_row(1)]) as stand:
        async with look(stand) as line:
            board = await looking(line)
            with monkeypatch.context() as broken:
                broken.setattr(stand.web.floor, "row", lambda _: 1 / 0)
                stand.engine.commit(rows=[a_row(2)])
                assert (await board.next())["type"] == "bye"
            assert (await why_closed(line))[0] == 1012
            assert "ZeroDivisionError" in caplog.text
        async with look(stand) as line:
            board = await looking(line)
            assert sorted(board.waits) == ["k3f9-1", "k3f9-2"]
            stand.engine.commit(gone=[(1, "answered")])
            await board.next()
            assert sorted(board.waits) == ["k3f9-2"]
            assert stand.metrics.live_clients == 1


async def test_a_fault_at_the_very_first_look_leaves_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    async with standing(rows=[a_row(1)]) as stand, look(stand) as line:
        with monkeypatch.context() as broken:
            broken.setattr(stand.web.floor, "row", lambda _: 1 / 0)
            await line.send(json.dumps(HELLO))
            assert (await why_closed(line))[0] == 1012
        async with look(stand) as again:
            assert sorted((await looking(again)).waits) == ["k3f9-1"]


async def test_figures_of_the_day_that_cannot_be_made_once_are_made_the_next_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks = 0

    async def of(_: Today, __: Scope) -> dict[str, Any]:
        nonlocal looks
        looks += 1
        if looks == 1:
            raise StoreUnavailable("the disk is away")
        return {"received": 7}

    monkeypatch.setattr(Today, "of", of)
    monkeypatch.setattr(hubs, "TICK_SECONDS", 0.01)
    async with standing(rows=[a_row(1)]) as stand, look(stand) as line:
        board = await looking(line)
        while board.counts["day"] is None:
            await board.next()
        assert board.counts["day"] == {"received": 7}


async def test_when_the_service_stops_viewers_are_told() -> None:
    async with standing() as stand, look(stand) as line:
        board = await looking(line)
        stopping = asyncio.create_task(stand.server.stop())
        bye = await board.next()
        assert (bye["type"], bye["retry_seconds"]) == ("bye", 1)
        assert (await why_closed(line))[0] == 1012
        await stopping


async def test_whatever_happens_every_viewer_sees_what_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "FRAME_SECONDS", 0.002)
    monkeypatch.setattr(hub, "ROWS_AT_MOST", 40)
    monkeypatch.setattr(hub, "CHOOSE_SECONDS", 0.0)
    monkeypatch.setattr(hub, "TICK_SECONDS", 0.05)
    seed = random.randrange(1 << 30)
    print("seed", seed)
    dice = random.Random(seed)
    async with standing() as stand, look(stand) as one, look(stand) as two:
        boards = [await looking(one), await looking(two)]
        opened = 0
        for _ in range(200):
            rows, gone = [], []
            for _ in range(dice.randrange(6)):
                opened += 1
                rows.append(a_row(opened, needs_answer_since_ms=NOW_MS - dice.randrange(400_000)))
            for wait in dice.sample(sorted(stand.engine.rows), k=min(len(stand.engine.rows), dice.randrange(7))):
                if dice.random() < 0.7:
                    gone.append((wait, "answered"))
                else:
                    since = dice.choice([None, NOW_MS - dice.randrange(400_000)])
                    rows.append(a_row(wait, needs_answer_since_ms=since, messages=dice.randrange(99)))
            stand.engine.commit(rows=rows, gone=gone)
            await asyncio.sleep(0)
            if dice.random() < 0.05:
                await boards[1].say({"type": "resync"})
        on_board = [row for row in stand.engine.rows.values() if row.needs_answer_since_ms]

        def urgency(since_ms: int) -> tuple[int, int]:
            lost_at_ms = since_ms + 300_000
            return (0, lost_at_ms) if lost_at_ms >= NOW_MS else (2, -lost_at_ms)

        most_urgent = sorted(on_board, key=lambda row: (urgency(row.needs_answer_since_ms or 0), row.wait))[:40]
        shown = {f"k3f9-{row.wait}": row.messages for row in most_urgent}

        def sees_it(board: Board) -> bool:
            waits = {wait: row["messages"] for wait, row in board.waits.items()}
            return waits == shown and sum(board.counts["waits_open"].values()) == len(on_board)

        for board in boards:
            async with asyncio.timeout(DEADLINE_SECONDS):
                while not sees_it(board):  # On the way it may show the same waits as they were before.
                    await board.next()
        assert all(map(sees_it, boards))


async def test_the_very_first_event_is_told_with_its_time_at_once() -> None:
    async with standing() as stand, look(stand) as line:
        board = await looking(line)
        assert board.counts["last_event_at"] is None
        stand.engine.known_sources = [a_source("c-7")]
        stand.engine.commit(rows=[a_row(1)])
        delta = await board.next()
        assert [wait["id"] for wait in delta["up"]] == ["k3f9-1"]
        assert delta["counts"]["last_event_at"] is not None


# -- parts of the floor ------------------------------------------------------------------------------------------------


async def test_a_board_shows_the_part_it_asks_for_and_counts_that_alone() -> None:
    rows = [
        a_row(1),
        a_row(2, shop="other", stage="slow"),
        a_row(3, team="b"),
        a_row(4, platform="jd"),
        a_row(5, needs_answer_since_ms=None),
    ]
    for asked, seen, stages, courtesy in (
        ({"shops": ["senye"]}, {"k3f9-1", "k3f9-3", "k3f9-4"}, (3, 0), 1),
        ({"teams": ["a"], "platforms": ["taobao"]}, {"k3f9-1", "k3f9-2"}, (1, 1), 1),
        ({"platforms": ["jd"]}, {"k3f9-4"}, (1, 0), 0),
        ({"shops": ["nobody"]}, set(), (0, 0), 0),
        ({}, {"k3f9-1", "k3f9-2", "k3f9-3", "k3f9-4"}, (3, 1), 1),
    ):
        async with standing(rows=rows) as stand, look(stand) as line:
            board = Board(line)
            await board.say(HELLO | {"board": asked})
            await board.next()
            assert set(board.waits) == seen, asked
            open_now = board.counts["waits_open"]
            assert (open_now["fresh"], open_now["slow"], board.counts["courtesy"]) == (*stages, courtesy), asked


async def test_a_wait_that_moves_to_another_team_leaves_the_board_of_the_first() -> None:
    async with standing(rows=[a_row(1)]) as stand, look(stand) as line:
        board = Board(line)
        await board.say(HELLO | {"board": {"teams": ["a"]}})
        await board.next()
        stand.engine.commit(rows=[a_row(1, team="b"), a_row(2)])
        await board.next()
        assert list(board.waits) == ["k3f9-2"]
        assert board.why == {"k3f9-1": "hidden"}


async def test_what_happens_elsewhere_is_no_frame_of_a_board() -> None:
    async with standing(rows=[a_row(1)]) as stand, look(stand) as line:
        board = Board(line)
        await board.say(HELLO | {"board": {"shops": ["senye"]}})
        await board.next()
        stand.engine.commit(rows=[a_row(2, shop="other")])
        stand.engine.commit(rows=[a_row(3)])
        delta = await board.next()
        assert [wait["id"] for wait in delta["up"]] == ["k3f9-3"]


async def test_boards_nobody_looks_at_make_room_for_new_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubs, "PARTS_AT_MOST", 1)
    monkeypatch.setattr(hub, "LINGER_SECONDS", 0.0)
    monkeypatch.setattr(hub, "FRAME_SECONDS", 0.01)
    monkeypatch.setattr(hub, "TICK_SECONDS", 0.05)
    async with standing(rows=[a_row(1)]) as stand:
        async with look(stand) as line:
            await looking(line)
            async with look(stand) as other:
                await other.send(json.dumps(HELLO | {"board": {"shops": ["senye"]}}))
                assert await why_closed(other) == (live.TOO_MANY, "too many are looking already")
        await until(lambda: whole(stand).asleep, "nobody looks")
        async with look(stand) as line:
            board = Board(line)
            await board.say(HELLO | {"board": {"shops": ["senye"]}})
            assert (await board.next())["type"] == "snapshot"


async def test_a_floor_s_board_has_the_teams_that_sit_there_and_begins_again_when_they_move(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live, "TICK_SECONDS", 0.05)
    rows = [a_row(1, team="A"), a_row(2, team="B", conversation="c-2"), a_row(3, team="C", conversation="c-3")]
    async with standing(rows=rows) as stand, look(stand) as line, look(stand) as again, look(stand) as lost:
        people = stand.services.people = People(_on_floors({"A": "2F", "B": "2F", "C": "3F"}))

        async def seen(line: ClientConnection, *floors: str) -> list[str]:
            board = Board(line)
            await board.say(HELLO | {"board": {"floors": floors}})
            await board.next()
            return sorted(wait["team"] for wait in board.waits.values())

        assert await seen(line, "2F") == ["A", "B"]
        assert await seen(lost, "attic") == []
        people.take(_on_floors({"A": "2F", "B": "3F", "C": "3F"}))
        code, _ = await why_closed(line)
        assert code == live.RESTARTING
        assert await seen(again, "3F") == ["B", "C"]


def _on_floors(floors: dict[str, str]) -> Register:
    return Register(teams=tuple(Team(id=team, floor=floor) for team, floor in floors.items()))
