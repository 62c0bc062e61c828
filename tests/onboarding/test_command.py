"""The commands as a person types them."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from monitor.core import events as ev
from monitor.store.entries import Commit, Quarantined
from monitor.store.journal import Journal
from monitor.wire import encode_event
from tests.store.made import event as stored
from tests.typed import typed

CSV = "时间,发送人,内容\n2026-11-20 10:00:00,张三,包邮吗\n2026-11-20 10:03:20,森野:小林,包邮\n"


def test_an_export_is_imported_and_replayed(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(CSV, "utf-8")
    out = tmp_path / "a.jsonl"
    done = typed("import", str(tmp_path / "a.csv"), "--shop", "senye", "--platform", "taobao", "--to", str(out))
    assert (done.exit_code, done.output) == (0, "2 messages written, 0 left out\n")
    told = json.loads(typed("replay", str(out), "--json").stdout)
    assert (told["rounds"]["answered"], told["passed"]["at_risk"], told["events"]["rejected"]) == (1, 1, 0)


def test_columns_come_from_a_file_and_its_faults_name_their_line(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("wann,wer\n2026-11-20 10:00,b\nx,b\n")
    (tmp_path / "c.yaml").write_text("columns: {ts: wann, sender: wer}\n")
    arguments = ["import", str(tmp_path / "a.csv"), "--shop", "s", "--to", str(tmp_path / "o.jsonl"), "--columns"]
    done = typed(*arguments, str(tmp_path / "c.yaml"))
    assert (done.exit_code, "a.csv:3: 'x' is no time" in done.output) == (1, True)
    (tmp_path / "d.yaml").write_text("colums: {}\n")
    done = typed(*arguments, str(tmp_path / "d.yaml"))
    assert done.exit_code == 2
    assert "colums is not known here; did you mean columns?" in done.output


def test_a_feed_in_a_file_is_looked_over(tmp_path: Path) -> None:
    line = {"id": "m", "ts": 1795168800000, "shop": "s", "buyer": "b", "role": "buyer", "text": "x"}
    (tmp_path / "f.jsonl").write_text(json.dumps(line) + "\n" + json.dumps(line | {"text": "y"}) + "\nno json\n\n")
    done = typed("check-source", str(tmp_path / "f.jsonl"))
    assert done.exit_code == 1
    assert "✗ ids: 1 times an id came again with other content" in done.output
    assert "✗ refused: json 1" in done.output


def test_check_source_says_what_it_needs(tmp_path: Path) -> None:
    assert typed("check-source").exit_code == 2
    done = typed("check-source", "--data", str(tmp_path))
    assert (done.exit_code, "journal.db is not there" in done.output) == (2, True)


def test_an_export_is_not_written_over_by_its_own_events(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(CSV, "utf-8")
    done = typed("import", tmp_path / "a.csv", "--shop", "senye", "--to", tmp_path / "." / "a.csv")
    assert (done.exit_code, "is an export to be read" in done.output) == (2, True)
    assert (tmp_path / "a.csv").read_text("utf-8") == CSV


def test_one_id_from_two_collectors_is_known_and_no_conflict(tmp_path: Path) -> None:
    """As the service takes it; a heartbeat's id is one of its source, whatever else has it."""
    line = {"id": "m", "ts": 1795168800000, "shop": "s", "buyer": "b", "role": "buyer", "text": "x", "source": "pc-1"}
    beat = {"type": "source_heartbeat", "id": "m", "ts": 1795168800000, "source": "pc-1"}
    lines = [line, line | {"source": "pc-2"}, beat, beat | {"source": "pc-2"}]
    (tmp_path / "f.jsonl").write_text("\n".join(map(json.dumps, lines)))
    done = typed("check-source", tmp_path / "f.jsonl")
    assert "✓ ids: no message under two ids; 1 sent again and known" in done.output
    one = typed("check-source", tmp_path / "f.jsonl", "--source", "pc-2")
    assert "✓ events: 2 events, 1 messages in 1 chats" in one.output
    assert "    → Look again after an hour of traffic." in one.output.splitlines()


HOUR_MS = 3_600_000
NOON_MS = 1_795_168_800_000


def kept(position: int, event: ev.AnyEvent) -> Any:
    at_ms = int(event.ts_ms)
    return stored(position, id=event.id, ts_ms=at_ms, arrived_at_ms=at_ms, body=encode_event(event))


def refused(at_ms: int, reason: str, source: str = "pc-1") -> Quarantined:
    return Quarantined(
        at_ms=at_ms,
        door="http",
        source=source,
        index=0,
        path="$",
        error="x",
        reason=reason,
        body=b"",
        length=0,
        sha256="",
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a service has received: of two sources, long ago, and things that no feed has sent."""
    folder = tmp_path_factory.mktemp("data")

    def said(id: str, ts_ms: int, role: ev.Role, source: str) -> ev.Message:
        return ev.Message(
            id=id, ts_ms=ts_ms, shop="s", role=role, conversation=id, account="s:a", source=source, text=id
        )

    events: list[ev.AnyEvent] = [
        said("old", NOON_MS - 25 * HOUR_MS, "buyer", "pc-1"),
        said("a", NOON_MS - 2 * HOUR_MS, "buyer", "pc-1"),
        said("b", NOON_MS - 2, "buyer", "pc-2"),
        said("canary-b", NOON_MS - 1, "agent", "canary"),
        ev.ServiceStarted(type="service_started", id="x", ts_ms=NOON_MS, source="presales"),
    ]

    async def write() -> None:
        journal = await Journal.open(folder)
        events_kept = [kept(position, event) for position, event in enumerate(events, 1)]
        wrong = [refused(NOON_MS - 26 * HOUR_MS, "old"), refused(NOON_MS, "ts"), refused(NOON_MS, "role", "pc-2")]
        await journal.commit(Commit(now_ms=NOON_MS, rules="", events=events_kept, quarantine=wrong))
        await journal.close()

    asyncio.run(write())
    return folder


@pytest.mark.parametrize(
    ("asked", "events", "refusals"),
    [
        ([], "2 events, 2 messages in 2 chats", "role 1, ts 1"),
        (["--source", "pc-1"], "1 events, 1 messages in 1 chats", "ts 1"),
        (["--hours", "1"], "1 events, 1 messages in 1 chats", "role 1, ts 1"),
        (["--hours", "27"], "3 events, 3 messages in 3 chats", "old 1, role 1, ts 1"),
    ],
)
def test_what_a_service_has_received_is_looked_over(data: Path, asked: list[str], events: str, refusals: str) -> None:
    done = typed("check-source", "--data", data, *asked, "--json")
    found = {one["check"]: one for one in json.loads(done.output)}
    assert (found["events"]["seen"], found["refused"]["seen"]) == (events, refusals)
    assert found["roles"]["seen"].startswith("buyer ")  # The canary's agent answers for nobody.
    assert done.exit_code == 1


def test_data_that_cannot_be_read_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_bytes(b"no database" * 1000)
    done = typed("check-source", "--data", tmp_path)
    assert (done.exit_code, "journal.db cannot be read: file is not a database" in done.output) == (2, True)
    both = typed("check-source", "f.jsonl", "--data", tmp_path)
    assert (both.exit_code, "give the files of a feed, or --data" in both.output) == (2, True)
