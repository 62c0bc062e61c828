"""What the service says of itself is what it does: every request as OpenAPI has it, every frame as AsyncAPI has it."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import msgspec
import pytest
from websockets.asyncio.client import connect

from monitor.core.decisions import ToldStep
from monitor.settings import Mqtt, Settings
from monitor.web import asyncapi, models_live
from monitor.web.live import Hello, Ping, Resync
from monitor.web.shapes import LiveWait
from monitor.wire.careful import TYPES
from tests.waiting import DEADLINE_SECONDS
from tests.web.described import checker, described
from tests.web.stand import a_row, a_source, an_event, standing
from tests.web.two_owners import two_owners

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
EXAMPLES_A_ROUTE = "4"
OWN_SCHEMA = Path(__file__).with_name("asyncapi-3.1.0.schema.json")


async def test_odd_requests_are_answered_as_described_and_never_with_a_fault(tmp_path: Path) -> None:
    async with two_owners(tmp_path) as owners:
        program = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "schemathesis.cli", "run", f"{owners.app.server.url}/openapi.json",
            "--header", f"Authorization:{owners.headers('admin all')['Authorization']}",
            "--checks", CHECKS, "--phases", "examples,coverage,fuzzing", "--max-examples", EXAMPLES_A_ROUTE,
            "--seed", "7", "--generation-deterministic", "--no-shrink",
            "--continue-on-failure", "--warnings", "off", "--no-color",
            cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        async with asyncio.timeout(240):
            said, _ = await program.communicate()
        assert program.returncode == 0, said.decode("utf-8", "replace")[-20_000:]
        assert owners.app.engine.ready.reason is None


async def test_every_route_of_the_api_is_described_with_its_answers() -> None:
    async with standing() as stand, stand.client() as client:
        spec = (await client.get("/openapi.json")).json()
        for method, path in stand.web.routes():
            if path.startswith("/v1/") and method not in ("WS", "*"):
                answers = spec["paths"][path][method.lower()]["responses"]
                assert any(code.startswith("2") for code in answers), path
                assert {"401", "403"} <= answers.keys(), path
                assert "422" not in answers, path
        assert {"/v1/events", "/v1/hooks/{mapping}"} <= spec["paths"].keys()


def refs(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [ref for inner in part.values() for ref in refs(inner)]
    return [ref for inner in part for ref in refs(inner)] if isinstance(part, list) else []


def test_what_lines_carry_is_described_without_a_loose_end() -> None:
    told = described()
    assert told["asyncapi"] == "3.1.0"
    assert {"asyncapi", "info", "channels", "operations", "components"} <= told.keys()
    for ref in refs(told):
        at: Any = told
        for part in ref.removeprefix("#/").split("/"):
            at = at[part]
    for schema in told["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    addresses = {channel["address"] for channel in told["channels"].values()}
    assert addresses == {
        "/v1/ingest",
        "/v1/live",
        "presales/v1/events/{platform}/{shop}",
        "presales/v1/alerts/{team}",
        "presales/v1/suggestions/{platform}/{shop}/{conversation}",
    }


def test_what_lines_carry_is_described_as_asyncapi_s_own_schema_has_it() -> None:
    """The schema is AsyncAPI's; the file says where it was taken from."""
    own = jsonschema.Draft7Validator(json.loads(OWN_SCHEMA.read_text("utf-8")))
    assert [error.message for error in own.iter_errors(described())] == []
    for part, wrong in (
        ("channels", {"ingest": {"adress": "/v1/ingest"}}),
        ("operations", {"bring": {"action": "publish", "channel": {"$ref": "#/channels/ingest"}}}),
        ("servers", {"port": {"host": "127.0.0.1"}}),
        ("info", {"title": "no version"}),
    ):
        assert not own.is_valid(described() | {part: wrong}), part


def test_topics_are_those_of_the_settings() -> None:
    told = asyncapi.events(Settings(mqtt=Mqtt(topic="hall/in/#", alerts_topic="hall/out", host="b", tls=True)).mqtt)
    assert told["channels"]["events"]["address"] == "hall/in/{platform}/{shop}"
    assert told["channels"]["alerts"]["address"] == "hall/out/{team}"
    assert told["servers"]["broker"] == {"host": "b:1883", "protocol": "mqtts"}


@pytest.mark.parametrize(
    ("topic", "root"),
    [
        ("$share/monitors/hall/in/#", "hall/in"),
        ("presales/v1/events/taobao/#", "presales/v1/events"),
        ("hall/in/+/+", "hall/in"),
    ],
)
def test_senders_write_to_what_we_read_from_the_topic_and_not_to_the_filter(topic: str, root: str) -> None:
    told = asyncapi.events(Settings(mqtt=Mqtt(topic=topic)).mqtt)
    assert told["channels"]["events"]["address"] == f"{root}/{{platform}}/{{shop}}"


def test_each_example_is_what_its_message_allows() -> None:
    shown = 0
    for name, message in described()["components"]["messages"].items():
        for example in message.get("examples", ()):
            assert list(checker(name).iter_errors(example["payload"])) == []
            shown += 1
    assert shown >= 9


def test_each_kind_of_event_and_each_thing_a_viewer_says_is_described() -> None:
    schemas = described()["components"]["schemas"]
    assert {struct.__name__ for struct in TYPES.values()} <= schemas.keys()
    lines: tuple[type[Any], ...] = (Hello, Ping, Resync, *models_live.FRAMES)
    for said in lines:
        fields = {field.encode_name for field in msgspec.structs.fields(said)} | {"type"}
        assert schemas[said.__name__]["properties"].keys() == fields
    assert schemas["LiveWait"]["properties"].keys() == set(LiveWait.__struct_fields__)


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("Events", {"id": "m-1"}),
        ("Ack", {"ack": 1}),
        ("Hello", {"type": "hello"}),
        ("Tick", {"type": "tick", "seq": "8", "now": "x"}),
        ("AlertTold", {"type": "alert.raised"}),
    ],
)
def test_what_is_wrong_is_not_allowed(name: str, payload: Any) -> None:
    with pytest.raises(jsonschema.ValidationError):
        checker(name).validate(payload)


async def test_frames_and_acks_are_as_described() -> None:
    told = ToldStep("120s", "team", 1, 2, False)
    rows = [a_row(1), a_row(2, told=(told,), claimed_by="wang", claimed_at_ms=1)]
    decode = msgspec.json.Decoder(models_live.Snapshot | models_live.Delta | models_live.Tick | models_live.Pong).decode
    async with standing(rows=rows) as stand:
        stand.engine.known_sources = [a_source("collector-7")]
        async with connect(f"{stand.ws}/v1/live", proxy=None) as line:
            await line.send('{"type":"hello","v":1}')
            frames = [str(await line.recv())]
            await line.send('{"type":"ping","t":1.5}')
            stand.engine.commit(rows=[a_row(3)], gone=[(1, "answered")])
            async with asyncio.timeout(DEADLINE_SECONDS):
                while len({type(decode(frame)) for frame in frames}) < 3:
                    frames.append(str(await line.recv()))
        for frame in frames:
            assert list(checker(type(decode(frame)).__name__).iter_errors(json.loads(frame))) == []
        async with connect(f"{stand.ws}/v1/ingest", proxy=None) as line:
            await line.send(json.dumps([an_event(1), {"id": 7}]))
            assert list(checker("Ack").iter_errors(json.loads(await line.recv()))) == []


async def test_a_board_with_people_and_figures_is_as_described(tmp_path: Path) -> None:
    async with two_owners(tmp_path) as owners:
        headers = owners.headers("viewer all")
        async with connect(f"{owners.ws}/v1/live", proxy=None, additional_headers=headers) as line:
            await line.send('{"type":"hello","v":1}')
            frame = str(await line.recv())
        snapshot = msgspec.json.decode(frame, type=models_live.Snapshot)
        assert snapshot.agents
        assert snapshot.waits
        checker("Snapshot").validate(json.loads(frame))


async def test_the_documentation_names_both_descriptions_and_each_line() -> None:
    async with standing() as stand, stand.client() as client:
        page = (await client.get("/docs")).text
        for named in ("/openapi.json", "/asyncapi.json", "/v1/ingest", "/v1/live", "presales/v1/alerts/{team}"):
            assert named in page
        assert (await client.get("/asyncapi.json")).json() == described()
