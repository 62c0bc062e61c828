import asyncio
import contextlib
import gc
import json
import random
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from monitor.clock import Clock
from monitor.errors import Busy, StoreUnavailable, UsageError
from monitor.mqtt import Backoff, Broker
from monitor.sources.mqtt import DEFAULT_TOPIC, SLICE_BYTES, MqttSource, read_topic, root_of
from monitor.wire import decode
from monitor.wire.batch import Batch, Refusal
from tests.cable import Cable
from tests.mosquitto import Certificates, Mosquitto, mosquitto
from tests.waiting import until

RIGHT, WRONG = "pass-word", "wrong-one"
TOPIC = "presales/v1/events/taobao/senye"


class Store:
    """An engine as the door sees it: takes batches, and can be out of order."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.failing: Exception | None = None
        self.tried = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def submit(self, batch: Batch) -> None:
        self.tried += 1
        await self.gate.wait()
        if self.failing is not None:
            raise self.failing
        self.batches.append(batch)

    @property
    def ids(self) -> list[str]:
        return [said.id for batch in self.batches for said in batch.events]

    @property
    def refusals(self) -> list[Refusal]:
        return [refusal for batch in self.batches for refusal in batch.refusals]


def lines(first: int, last: int) -> Iterator[bytes]:
    return (event(f"m-{number}") for number in range(first, last))


def event(name: str, text: str = "包邮吗") -> bytes:
    said = {"id": name, "ts": 1_795_400_000_000, "role": "buyer", "buyer": "b-1", "text": text}
    return json.dumps(said).encode()


def ids(first: int, last: int) -> list[str]:
    return [f"m-{number}" for number in range(first, last)]


def broker_of(server: Mosquitto | Cable, **more: Any) -> Broker:
    return Broker(host="127.0.0.1", port=server.port, client_id="presales-test", **more)


@contextlib.asynccontextmanager
async def running(broker: Broker, store: Store, **more: Any) -> AsyncIterator[MqttSource]:
    source = MqttSource(
        broker,
        submit=store.submit,
        clock=Clock(),
        backoff=lambda: Backoff(0.02, 0.1, random.Random(1)),
        **{"decode": decode, **more},
    )
    async with asyncio.TaskGroup() as tasks:  # If the door falls, so does the test, at once.
        tasks.create_task(source.run())
        try:
            await until(lambda: source.status.connected or source.status.trouble is not None)
            yield source
        finally:
            source.stop()


async def in_thread(call: Callable[..., Any], *args: Any, **more: Any) -> None:
    await asyncio.to_thread(call, *args, **more)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Mosquitto]:
    with mosquitto(tmp_path / "broker", config=("log_type all",)) as running_broker:
        yield running_broker


async def we_are_gone(server: Mosquitto) -> None:
    """Wait until the broker has read our good-bye, and so every acknowledgement before it.

    Who comes back sooner takes the place of the connection before, and what the broker had not read of it is lost.
    """
    log = server.folder / "mosquitto.log"
    await until(lambda: "Received DISCONNECT from presales-test" in log.read_text())


@pytest.mark.parametrize("version", ["5", "3.1.1"])
async def test_events_arrive_once_in_order_and_none_is_left_with_the_broker(server: Mosquitto, version: str) -> None:
    store = Store()
    broker = broker_of(server, version=version)
    async with running(broker, store) as source:
        await in_thread(server.publish, TOPIC, lines(0, 500))
        await until(lambda: source.status.payloads == 500)
    assert store.ids == ids(0, 500)
    said = [event for batch in store.batches for event in batch.events]
    assert {(event.platform, event.shop) for event in said} == {("taobao", "senye")}

    await we_are_gone(server)
    again = Store()
    async with running(broker, again) as source:
        await in_thread(server.publish, TOPIC, lines(500, 501))
        await until(lambda: source.status.payloads == 1)
    assert again.ids == ids(500, 501)


async def test_what_comes_while_we_are_away_is_kept_by_the_broker(server: Mosquitto) -> None:
    async with running(broker_of(server), Store()):
        pass
    await in_thread(server.publish, TOPIC, lines(0, 3000))
    store = Store()
    async with running(broker_of(server), store) as source:
        await until(lambda: source.status.payloads == 3000)
    assert store.ids == ids(0, 3000)


async def test_many_payloads_in_flight_are_one_submission(server: Mosquitto) -> None:
    store = Store()
    async with running(broker_of(server), store) as source:
        store.gate.clear()
        await in_thread(server.publish, TOPIC, lines(0, 800))
        await until(lambda: source.held_bytes >= 800 * 1024, "all is read")
        assert store.tried == 1
        store.gate.set()
        await until(lambda: source.status.payloads == 800)
    assert store.ids == ids(0, 800)
    assert len(store.batches) < 20


async def test_while_a_backlog_is_decoded_others_have_the_loop(server: Mosquitto) -> None:
    store, turns = Store(), 0
    decoded_in: list[int] = []

    async def turn() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    def noted(body: bytes, **how: Any) -> Batch:
        decoded_in.append(turns)
        return decode(body, **how)

    async with running(broker_of(server), store, decode=noted) as source:
        store.gate.clear()
        await in_thread(server.publish, TOPIC, lines(0, 1))
        await until(lambda: store.tried == 1, "the first is on its way")
        held, backlog = source.held_bytes, [event(f"big-{number}", "x" * 10_000) for number in range(100)]
        await in_thread(server.publish, TOPIC, backlog)
        await until(lambda: source.held_bytes > held + sum(map(len, backlog)) + 99 * 1024, "all others are read")
        turning = asyncio.create_task(turn())
        store.gate.set()
        await until(lambda: source.status.payloads == 101)
        turning.cancel()
    assert [len(batch.events) for batch in store.batches] == [1, 100]
    slices = [decoded_in[1:].count(turn) for turn in dict.fromkeys(decoded_in[1:])]
    assert len(slices) == 4
    assert max(slices) * 10_000 < SLICE_BYTES + 10_100


async def test_nothing_is_acknowledged_before_it_is_stored(server: Mosquitto) -> None:
    slow = Store()
    slow.gate.clear()
    source = MqttSource(broker_of(server), decode=decode, submit=slow.submit, clock=Clock())
    task = asyncio.create_task(source.run())
    await until(lambda: source.status.connected)
    await in_thread(server.publish, TOPIC, lines(0, 50))
    await until(lambda: slow.tried == 1)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task

    store = Store()
    async with running(broker_of(server), store):
        await until(lambda: len(store.ids) == 50)
    assert store.ids == ids(0, 50)


@pytest.mark.parametrize("error", [StoreUnavailable("disk full"), Busy(0)], ids=["store", "busy"])
async def test_while_nothing_can_be_stored_the_same_payloads_wait_in_order(server: Mosquitto, error: Exception) -> None:
    store = Store()
    async with running(broker_of(server), store) as source:
        store.failing = error
        await in_thread(server.publish, TOPIC, lines(0, 200))
        await until(lambda: store.tried >= 3)
        assert source.status.payloads == 0
        assert source.status.held_back == isinstance(error, StoreUnavailable)
        store.failing = None
        await until(lambda: source.status.payloads == 200)
        assert not source.status.held_back
    assert store.ids == ids(0, 200)


async def test_a_stop_while_nothing_can_be_stored_leaves_all_with_the_broker(server: Mosquitto) -> None:
    store = Store()
    async with running(broker_of(server), store):
        store.failing = StoreUnavailable("read-only")
        await in_thread(server.publish, TOPIC, lines(0, 20))
        await until(lambda: store.tried >= 2)
    store = Store()
    async with running(broker_of(server), store) as source:
        await until(lambda: source.status.payloads == 20)
    assert store.ids == ids(0, 20)


async def test_reading_stops_while_too_much_is_held_and_goes_on_after(server: Mosquitto) -> None:
    store = Store()
    payload = event("big", "x" * 10_000)
    async with running(broker_of(server), store, hold_bytes=200_000) as source:
        store.failing = StoreUnavailable("disk full")
        await in_thread(server.publish, TOPIC, [payload] * 400)
        await until(lambda: store.tried >= 3 and source.held_bytes >= 200_000)
        assert source.held_bytes < 200_000 + 2 * len(payload) + 5000
        store.failing = None
        await until(lambda: source.status.payloads == 400)
    assert len(store.ids) == 400


async def test_a_restarted_broker_loses_nothing(tmp_path: Path) -> None:
    store = Store()
    with mosquitto(tmp_path / "broker", persistent=True) as server:
        async with running(broker_of(server), store) as source:
            await in_thread(server.publish, TOPIC, lines(0, 100))
            await until(lambda: source.status.payloads == 100)
            await in_thread(server.stop)
            await until(lambda: not source.status.connected)
            await in_thread(server.start)
            await until(lambda: source.status.connected)
            await in_thread(server.publish, TOPIC, lines(100, 200))
            await until(lambda: len(set(store.ids)) == 200)
            assert source.status.connects == 2
    # An acknowledgement that was on its way when the broker went is forgotten, and its payload comes again.
    assert list(dict.fromkeys(store.ids)) == ids(0, 200)


async def test_what_has_been_read_survives_a_broker_that_forgets(tmp_path: Path) -> None:
    store = Store()
    with mosquitto(tmp_path / "broker", persistent=False) as server:
        async with running(broker_of(server), store) as source:
            store.gate.clear()
            await in_thread(server.publish, TOPIC, lines(0, 300))
            await until(lambda: store.tried == 1)
            await until(lambda: source.held_bytes >= 300 * 1024)
            await in_thread(server.kill)
            await in_thread(server.start)
            store.gate.set()
            await until(lambda: source.status.connects == 2)
    assert list(dict.fromkeys(store.ids)) == ids(0, 300)


@pytest.mark.parametrize("version", ["5", "3.1.1"])
async def test_a_cut_cable_loses_nothing_and_keeps_the_order(server: Mosquitto, version: str) -> None:
    store = Store()
    async with Cable(server.port) as cable, running(broker_of(cable, version=version), store) as source:
        publishing = asyncio.create_task(in_thread(server.publish, TOPIC, lines(0, 5000)))
        for round_ in range(1, 4):
            await until(lambda enough=round_ * 500: len(store.ids) > enough)  # type: ignore[misc]
            cable.cut()
            await until(lambda: not source.status.connected)
            cable.mend()
            await until(lambda: source.status.connected)
        await publishing
        await until(lambda: len(set(store.ids)) == 5000)
    first_seen = list(dict.fromkeys(store.ids))
    assert first_seen == ids(0, 5000)


async def test_a_killed_service_loses_nothing(server: Mosquitto, tmp_path: Path) -> None:
    stored = tmp_path / "stored"
    stored.touch()
    seed = random.randrange(1 << 32)
    print("seed", seed)
    rng = random.Random(seed)
    async with running(broker_of(server), Store()):
        pass  # The session stands; from here on the broker keeps everything.
    publishing = asyncio.create_task(in_thread(server.publish, TOPIC, lines(0, 20_000)))

    def kept() -> int:
        return stored.read_bytes().count(b"\n")

    service = (sys.executable, "-m", "tests.sources.service", str(server.port), str(stored))
    for _ in range(4):
        process = await asyncio.create_subprocess_exec(*service)
        try:
            goal = kept() + rng.randrange(200, 2500)
            await until(lambda goal=goal: kept() > goal)  # type: ignore[misc]
        finally:
            process.send_signal(signal.SIGKILL)
            await process.wait()
    await publishing
    process = await asyncio.create_subprocess_exec(*service)
    try:
        await until(lambda: len(set(stored.read_text().split())) >= 20_000)
    finally:
        process.terminate()
        await process.wait()
    assert sorted(set(stored.read_text().split())) == sorted(ids(0, 20_000))


async def test_each_payload_is_acknowledged_once(server: Mosquitto) -> None:
    store = Store()
    async with running(broker_of(server), store) as source:
        store.failing = StoreUnavailable("disk full")
        await in_thread(server.publish, TOPIC, lines(0, 100))
        await until(lambda: store.tried >= 2)
        store.failing = None
        await until(lambda: source.status.payloads == 100)
    await we_are_gone(server)
    log = (server.folder / "mosquitto.log").read_text()
    assert log.count("Received PUBACK from presales-test") == 100
    assert log.index("Received PUBACK from presales-test") < log.index("Received DISCONNECT from presales-test")


async def test_two_services_share_the_events_of_a_shared_subscription(server: Mosquitto) -> None:
    one, two = Store(), Store()
    second = Broker(host="127.0.0.1", port=server.port, client_id="presales-test-2")
    async with running(broker_of(server), one, share="monitors"), running(second, two, share="monitors"):
        await in_thread(server.publish, TOPIC, lines(0, 400))
        await until(lambda: len(one.ids) + len(two.ids) >= 400)
    assert sorted(one.ids + two.ids) == sorted(ids(0, 400))
    assert one.ids
    assert two.ids


# paho does not close the socket of a handshake that fails; the garbage collection does.
@pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")
async def test_tls_and_password_let_in_and_others_stay_out(tmp_path: Path) -> None:
    certificates = Certificates.make(tmp_path / "tls")
    with mosquitto(tmp_path / "broker", tls=certificates, password=RIGHT) as server:
        login = {"ca_file": str(certificates.ca), "username": "monitor"}
        store = Store()
        async with running(broker_of(server, password=RIGHT, **login), store) as source:
            await in_thread(server.publish, TOPIC, lines(0, 3000))
            await until(lambda: source.status.payloads == 3000)
        assert store.ids == ids(0, 3000)

        async with running(broker_of(server, password=WRONG, **login), Store()) as source:
            await until(lambda: source.status.trouble is not None)
            assert "uthori" in str(source.status.trouble)
            assert WRONG not in str(source.status.trouble)
            assert source.status.connects == 0

        async with running(broker_of(server, tls=True, username="monitor", password=RIGHT), Store()) as source:
            await until(lambda: source.status.trouble is not None)
            assert "certificate" in str(source.status.trouble)
            assert source.status.connects == 0
        gc.collect()


async def test_a_broker_that_is_not_there_is_tried_again_until_it_is(tmp_path: Path) -> None:
    with mosquitto(tmp_path / "broker") as server:
        await in_thread(server.stop)
        store = Store()
        async with running(broker_of(server), store) as source:
            await until(lambda: source.status.trouble is not None)
            await in_thread(server.start)
            await until(lambda: source.status.connected)
            assert source.status.trouble is None


async def test_a_subscription_that_is_refused_is_said_and_tried_again() -> None:
    tries = 0

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal tries
        tries += 1
        await reader.readuntil(b"presales-test")
        writer.write(b"\x20\x02\x00\x00")  # CONNACK: come in…
        subscribe = await reader.readuntil(DEFAULT_TOPIC.encode())
        writer.write(b"\x90\x03" + subscribe[2:4] + b"\x80")  # …SUBACK: but not to this.
        await reader.read()
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        broker = Broker(
            host="127.0.0.1", port=server.sockets[0].getsockname()[1], client_id="presales-test", version="3.1.1"
        )
        async with running(broker, Store()) as source:
            await until(lambda: tries >= 2)
            assert "refuses the subscription" in str(source.status.trouble)
            assert source.status.connects == 0


async def test_a_topic_that_is_no_filter_stops_the_start() -> None:
    with pytest.raises(UsageError, match="no topic filter"):
        MqttSource(Broker(host="x", client_id="y"), decode=decode, submit=Store().submit, clock=Clock(), topic="a/#/b")


@pytest.mark.parametrize(
    ("topic", "root"),
    [
        (DEFAULT_TOPIC, "presales/v1/events"),
        ("presales/v1/events/taobao/#", "presales/v1/events"),
        (f"$share/monitors/{DEFAULT_TOPIC}", "presales/v1/events"),
        ("$share/monitors/presales/v1/events/taobao/+", "presales/v1/events"),
        ("$share/monitors/floor/+/+", "floor"),
        ("presales/v1/events-eu/#", "presales/v1/events-eu"),
        ("centre/a/chat/+/+", "centre/a/chat"),
    ],
)
def test_what_stands_before_platform_and_shop(topic: str, root: str) -> None:
    assert root_of(topic) == root
    assert read_topic(f"{root}/taobao/senye", root).shop == "senye"


async def test_a_payload_that_is_no_event_is_acknowledged_once_it_is_set_aside(server: Mosquitto) -> None:
    store = Store()
    async with running(broker_of(server), store) as source:
        await in_thread(server.publish_file, TOPIC, b"\x00\xff\xfe binary")
        await in_thread(server.publish_file, TOPIC, b"")
        await in_thread(server.publish_file, "presales/v1/events/taobao", event("m-0"))
        await in_thread(server.publish_file, "presales/v1/events/taobao/senye/x", event("m-0"))
        await in_thread(server.publish_file, "presales/v1/events/taobao/%FF", event("m-0"))
        await in_thread(server.publish_file, TOPIC, b"[" + b"1," * 1_000_000 + b"1]")
        await in_thread(server.publish_file, TOPIC, b" " * 20_000_000)
        await in_thread(server.publish_file, TOPIC, event("m-0").replace(b'"id"', b'"shop": "another", "id"'))
        await in_thread(server.publish, TOPIC, lines(1, 3))
        await until(lambda: source.status.payloads == 10)
    reasons = [refusal.reason for refusal in store.refusals]
    assert reasons == ["json", "empty", "topic", "topic", "topic", "size", "size", "shop"]
    assert store.refusals[2].length == len(event("m-0"))
    assert store.refusals[2].body == event("m-0")
    assert "presales/v1/events/{platform}/{shop}" in store.refusals[2].error
    assert (store.refusals[6].length, len(store.refusals[6].body)) == (20_000_000, 65_536)
    assert store.ids == ids(1, 3)

    await we_are_gone(server)
    again = Store()
    async with running(broker_of(server), again) as source:
        await in_thread(server.publish, TOPIC, lines(3, 4))
        await until(lambda: source.status.payloads == 1)
    assert again.refusals == []


async def test_a_retained_copy_is_refused_and_the_live_one_taken(server: Mosquitto) -> None:
    await in_thread(server.publish_file, TOPIC, event("m-0"), retain=True)
    store = Store()
    async with running(broker_of(server), store) as source:
        await until(lambda: source.status.payloads == 1)
        await in_thread(server.publish_file, TOPIC, event("m-1"), retain=True)
        await until(lambda: source.status.payloads == 2)
    assert [refusal.reason for refusal in store.refusals] == ["retained"]
    assert store.ids == ["m-1"]


@pytest.mark.parametrize(
    ("topic", "platform", "shop"),
    [
        ("presales/v1/events/taobao/senye", "taobao", "senye"),
        ("presales/v1/events/taobao/%E6%A3%AE%E9%87%8E%2F1", "taobao", "森野/1"),
        ("presales/v1/events/抖音/南风　家居", "抖音", "南风　家居"),
    ],
)
def test_names_in_the_topic_are_percent_decoded(topic: str, platform: str, shop: str) -> None:
    place = read_topic(topic)
    assert (place.platform, place.shop, place.refusal) == (platform, shop, None)


@pytest.mark.parametrize("name", ["%00", "%0A", "%FF", "", "%C2%85"])
def test_a_name_that_cannot_be_one_is_refused(name: str) -> None:
    assert read_topic(f"presales/v1/events/taobao/{name}").refusal is not None


def test_tls_files_that_are_not_there_stop_the_start(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no-such\.pem"):
        Broker(host="x", client_id="y", ca_file=str(tmp_path / "no-such.pem")).tls_context()


def test_the_password_is_not_shown() -> None:
    assert RIGHT not in repr(Broker(host="x", client_id="y", password=RIGHT))


def test_backoff_stays_within_a_doubling_bound() -> None:
    rng = random.Random(7)
    backoff = Backoff(1.0, 8.0, rng)
    waits = [backoff.next_seconds() for _ in range(2000)]
    for wait, bound in zip(waits, [1.0, 2.0, 4.0, 8.0, 8.0, 8.0], strict=False):
        assert 0 <= wait <= bound
    assert max(waits) <= 8.0
    assert min(waits[4:]) < 0.5  # Full jitter: from nought.
    backoff.reset()
    assert backoff.next_seconds() <= 1.0
