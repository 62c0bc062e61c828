import gzip
import hashlib
import json
import os
import random
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core import events as ev
from monitor.wire import Limits, Refused, decode, decode_line, decode_stored, encode_event
from monitor.wire.batch import Batch
from tests.needs import chat_samples
from tests.wire.made import LEAST, TEN, written

HOUR = 3_600_000


def opened(body: bytes, **how: object) -> Batch:
    """Return what a door makes of a body; without anything else said, a replay."""
    told = {"door": "http", "source": "door-1", "now_ms": None} | how
    return decode(body, **told)  # type: ignore[arg-type]


def reasons(batch: Batch) -> list[tuple[int, str, str]]:
    return [(refusal.index, refusal.reason, refusal.path) for refusal in batch.refusals]


MIXED = [written(), b"nonsense", written("rating"), written(id=5), written(text="\ud83d"), b"[]"]


def test_a_wrong_event_is_refused_alone_with_its_index() -> None:
    batch = opened(b"\n\n".join(MIXED) + b"\r\n")
    assert batch.indices == [0, 2, 4]
    assert [event.type for event in batch.events] == ["message", "rating", "message"]
    assert reasons(batch) == [(1, "json", "$"), (3, "type", "$.id"), (5, "type", "$")]


def test_a_wrong_element_of_an_array_is_refused_alone_with_its_index() -> None:
    batch = opened(b"[" + b" ,\n".join([MIXED[0], b'"nonsense"', *MIXED[2:], b'{"a":"\xff"}']) + b"]")
    assert batch.indices == [0, 2, 4]
    assert reasons(batch) == [(1, "type", "$"), (3, "type", "$.id"), (5, "type", "$"), (6, "utf8", "$")]


def test_a_single_event_may_be_printed_over_several_lines() -> None:
    batch = opened(json.dumps(json.loads(written()), indent=2).encode())
    assert batch.events == [decode_line(written(), shop=None)] or batch.events[0].source == "door-1"
    assert (batch.indices, batch.refusals) == ([0], [])


def test_a_body_refused_whole_is_one_refusal() -> None:
    for body in (b"", b"[", b"[]", b"[" * 100_000, b"\xff\xfe1\x00", b"x" * 20, b" "):
        batch = opened(body, limits=Limits(body_bytes=1_000_000))
        assert (len(batch.refusals), batch.events, batch.size) == (1, [], len(body))
        assert batch.refusals[0].index == 0


def test_a_refusal_keeps_the_first_of_what_was_sent_its_length_and_its_hash() -> None:
    body = b"x" * 100_000
    (refusal,) = opened(body).refusals
    assert refusal.body == body[:65_536]
    assert (refusal.length, refusal.sha256) == (100_000, hashlib.sha256(body).hexdigest())
    piece = written(id=5)
    assert opened(b"[" + piece + b"," + written() + b"]").refusals[0].body == piece


def test_limits_are_kept_at_each_size() -> None:
    line = written(text="x" * 100)
    exact = Limits(body_bytes=len(line), event_bytes=len(line), text_bytes=100, batch_events=1)
    assert opened(line, limits=exact).events
    for limits, reason, path in (
        (Limits(body_bytes=len(line) - 1), "size", "$"),
        (Limits(event_bytes=len(line) - 1), "size", "$"),
        (Limits(text_bytes=99), "size", "$.text"),
    ):
        assert reasons(opened(line, limits=limits)) == [(0, reason, path)]
    assert reasons(opened(written(text="x" * 1_000_000))) == [(0, "size", "$")]
    assert reasons(opened(written(text="x" * 70_000))) == [(0, "size", "$.text")]
    assert reasons(opened(line + b"\n" + line, limits=Limits(batch_events=1))) == [(0, "size", "$")]


def test_a_million_events_are_refused_without_being_held() -> None:
    line = b'{"id":"a"}'
    limits = Limits(body_bytes=64 * 1024 * 1024)
    for body in (b"\n".join([line] * 1_000_000), b"[" + b",".join([line] * 1_000_000) + b"]"):
        tracemalloc.start()
        try:
            batch = opened(body, limits=limits)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert reasons(batch) == [(0, "size", "$")]
        assert "a batch may have 10000" in batch.refusals[0].error
        assert peak < 4_000_000


def test_a_body_of_a_hundred_megabytes_is_refused_without_a_look() -> None:
    batch = opened(b" " * 100_000_000)
    assert reasons(batch) == [(0, "size", "$")]
    assert (len(batch.refusals[0].body), batch.refusals[0].length) == (65_536, 100_000_000)


# What a door knows about its sender.


def test_the_door_stands_for_a_missing_source_and_platform() -> None:
    batch = opened(written() + b"\n" + written(source="collector-7", platform="jd"), platform="taobao")
    assert [(event.source, event.platform) for event in batch.events] == [("door-1", "taobao"), ("collector-7", "jd")]
    assert opened(written()).events[0].platform is None


def test_a_heartbeat_names_its_source_itself() -> None:
    batch = opened(written("source_heartbeat", source=""))
    assert reasons(batch) == [(0, "missing", "$.source")]


def test_another_shop_than_the_doors_is_refused_and_a_missing_one_is_the_doors() -> None:
    lines = [written(shop="senye"), written(shop="other"), written(shop=""), written("rating", shop="other")]
    batch = opened(b"\n".join(lines), shop="senye")
    assert [event.shop for event in batch.events] == ["senye", "senye"]
    assert reasons(batch) == [(1, "shop", "$.shop"), (3, "shop", "$.shop")]
    assert reasons(opened(written(shop=""))) == [(0, "missing", "$.shop")]


def test_a_token_speaks_for_its_shops_only() -> None:
    lines = [written(shop="a"), written(shop="b"), written(shop="c"), written("source_heartbeat")]
    lines += [written("agent_presence", shops=["a", "c"]), written("agent_presence", shops=["a", "b"])]
    batch = opened(b"\n".join(lines), only_shops=frozenset("ab"))
    assert batch.indices == [0, 1, 3, 5]
    assert reasons(batch) == [(2, "shop", "$.shop"), (4, "shop", "$.shop")]
    assert reasons(opened(written(shop="a"), shop="a", only_shops=frozenset("b"))) == [(0, "shop", "$.shop")]


# Arrival.


def test_what_lies_a_little_ahead_of_its_arrival_is_set_to_it_and_counted() -> None:
    lines = [written(ts=TEN), written(ts=TEN + 1), written(ts=TEN + 24 * HOUR), written(ts=TEN + 24 * HOUR + 1)]
    batch = opened(b"\n".join(lines), now_ms=TEN)
    assert [event.ts_ms for event in batch.events] == [TEN, TEN, TEN]
    assert [event.meta for event in batch.events] == [None, {"ts_as_sent": TEN + 1}, {"ts_as_sent": TEN + 24 * HOUR}]
    assert batch.clamped == 2
    assert reasons(batch) == [(3, "ts", "$.ts")]


def test_a_replay_has_no_arrival() -> None:
    batch = opened(written(ts="2190-01-01T00:00:00Z"))
    assert (batch.clamped, batch.refusals, batch.events[0].meta) == (0, [], None)
    assert batch.events[0].ts_ms > TEN


def test_the_past_is_no_fault() -> None:
    batch = opened(written(ts="2004-12-25T03:21:00Z"), now_ms=TEN)
    assert (batch.clamped, batch.refusals) == (0, [])


def test_other_instants_are_held_against_arrival_too_and_a_clock_is_not() -> None:
    lines = [
        written("waiting_snapshot", rows=[{"buyer": "b", "since": TEN + 5}]),
        written("sync_range", **{"from": TEN - 5, "to": TEN + 5}),
        written("source_heartbeat", newest_ts=TEN + 5, clock=TEN + 48 * HOUR),
    ]
    batch = opened(b"\n".join(lines), now_ms=TEN)
    snapshot, sync, beat = batch.events
    assert isinstance(snapshot, ev.WaitingSnapshot)
    assert isinstance(sync, ev.SyncRange)
    assert isinstance(beat, ev.SourceHeartbeat)
    assert snapshot.rows[0].since_ms == TEN
    assert (sync.from_ms, sync.to_ms) == (TEN - 5, TEN)
    assert (beat.newest_ts_ms, beat.clock_ms) == (TEN, TEN + 48 * HOUR)
    assert batch.clamped == 0, "counts messages' own instants only"
    wrong = [
        written("waiting_snapshot", rows=[{"buyer": "b", "since": TEN + 25 * HOUR}]),
        written("sync_range", to=TEN + 25 * HOUR),
        written("source_heartbeat", newest_ts=TEN + 25 * HOUR),
    ]
    paths = [path for _, _, path in reasons(opened(b"\n".join(wrong), now_ms=TEN))]
    assert paths == ["$.rows[0].since", "$.to", "$.newest_ts"]


# The plain way and the careful way are one.


@pytest.mark.parametrize("type", LEAST)
def test_the_way_through_the_decoder_makes_no_difference(type: str) -> None:
    fields = {"source": "x", "platform": "taobao", "account": "senye:lin", "agent": "lin", "phase": "presale"}
    plain = decode_line(written(type, **fields))
    careful = decode_line(written(type, **fields, unknown=1))
    assert careful.meta == {"unknown": 1}
    careful.meta = None
    assert careful == plain
    long = decode_line(written(type, **fields, meta={"x": "y" * 600}))
    long.meta = None
    assert long == plain
    escaped = decode_line(written(type, **fields, product='"'))
    assert escaped.product == '"'
    escaped.product = None
    assert escaped == plain
    compact = json.dumps(json.loads(written(type, **fields)), separators=(",", ":")).encode()
    assert decode_line(compact) == plain
    inside = json.loads(compact) | {"product": {"type": "rating"}}
    nested = decode_line(json.dumps(inside, separators=(",", ":")).encode())
    assert nested.product == {"type": "rating"}
    nested.product = None
    assert nested == plain
    assert decode_line(b"\xef\xbb\xbf" + written(type, **fields)) == plain
    assert decode_line(b" " + written(type, **fields) + b" \r\n") == plain


# Whatever the bytes.


def check_accounted(body: bytes, *, elements: int | None, limits: Limits) -> Batch:
    """Hold what a door makes of a body against what it must be, whatever the body."""
    batch = decode(body, door="http", source="x", now_ms=TEN, limits=limits)
    places = batch.indices + [refusal.index for refusal in batch.refusals]
    assert sorted(places) == list(range(len(places))), "each element is an event or a refusal"
    assert batch.indices == sorted(batch.indices)
    assert len(places) <= limits.batch_events
    if elements is not None:
        assert len(places) == elements
    for refusal in batch.refusals:
        assert refusal.error
        assert refusal.error.isprintable()
        assert len(refusal.error) < 1_000
        refusal.path.encode()
    for event in batch.events:
        assert type(event.ts_ms) is int
        assert event.ts_ms <= TEN
        assert not isinstance(event, ev.WaitDismissed)
        kept = encode_event(event)
        assert decode_stored(kept) == event
        assert event.source
    return batch


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_no_bytes_raise(body: bytes) -> None:
    batch = check_accounted(body, elements=None, limits=Limits(batch_events=50, event_bytes=200, text_bytes=20))
    assert batch.events or batch.refusals, "nothing is passed over in silence"


ODD = [b"", b"\x00", b"\xff", b"\xc2\x80", b"\\ud83d", b"\\", b'"', b"{", b"}", b"[", b"]", b",", b":", b"\n", b"null"]
ODD += [b"true", b"1e999", b"-0", b"9" * 30, b'""', b"NaN", b"\xef\xbb\xbf", b"[[[[", b'{"a":', b"\\u0000", b"2026"]
ODD += [b'"ts"', b'"id"', b'"type"', b'"message"', b'"rating"', b'"wait_dismissed"', b" ", b"\xe5\x8c\x85", b"\xf0\x9f"]


def mutated(rng: random.Random, body: bytes) -> bytes:
    """Return a body with a few of its bytes cut out, doubled, or replaced by something odd."""
    for _ in range(rng.randint(1, 4)):
        start = rng.randrange(len(body) + 1)
        end = min(len(body), start + rng.choice([0, 0, 1, 1, 2, 8, 40]))
        middle = rng.choice([rng.choice(ODD), body[start:end] * 2, bytes([rng.randrange(256)])])
        body = body[:start] + middle + body[end:]
    return body


def test_no_mutation_of_events_raises_and_each_is_accounted_for() -> None:
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(2**32))
    print(f"seed {seed}")
    rng = random.Random(seed)
    limits = Limits(event_bytes=5_000, text_bytes=1_000)
    seen = {"events": 0, "refusals": 0}
    for _ in range(1_500):
        lines = []
        for _ in range(rng.randint(1, 5)):
            type = rng.choice(list(LEAST))
            fields: dict[str, object] = {"source": "x", "text": "包邮吗"}
            if rng.random() < 0.3:
                fields |= {
                    name: rng.choice(["", None, 7, "x", [], {}, "\ud800", True]) for name in rng.sample(NAMES, 2)
                }
            line = written(type, **fields)
            lines.append(line.replace(b'": ', b'":') if rng.random() < 0.5 else line)
        broken = [mutated(rng, line) if rng.random() < 0.6 else line for line in lines]
        if rng.random() < 0.5:
            broken = [line for line in broken if b"\n" not in line and line.strip(b" \t\r")]
            if rng.random() < 0.5 and len(broken) > 1:
                body = b"\r\n".join(broken)
                whole = broken[0].lstrip(b"\xef\xbb\xbf \t\r")[:1] == b"[" or body[:2] in (b"\xff\xfe", b"\xfe\xff")
                batch = check_accounted(body, elements=None if whole else len(broken), limits=limits)
            else:
                batch = check_accounted(b"[" + b",".join(broken) + b"]", elements=None, limits=limits)
        else:
            batch = check_accounted(mutated(rng, b"[" + b",".join(lines) + b"]"), elements=None, limits=limits)
        seen["events"] += len(batch.events)
        seen["refusals"] += len(batch.refusals)
    assert min(seen.values()) > 300, "the mutations are neither too wild nor too tame"


VALUES: list[object] = ["", None, 7, "x", [], {}, "\ud800", True]
NAMES = ["id", "ts", "shop", "conversation", "buyer", "account", "agent", "source", "platform", "phase", "product"]
NAMES += ["seq", "meta", "text", "kind", "role", "rows", "type_", "v", "limit", "shops", "amount", "into", "message"]


def test_a_long_stream_of_strangers_leaves_nothing_behind() -> None:
    def strangers(n: int) -> bytes:
        return b"\n".join(written(id=f"{n}-{m}", ts=TEN - m, shop=f"s-{n}-{m}", agent=f"a-{n}-{m}") for m in range(500))

    opened(strangers(0) + b"\nx" * 500)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for n in range(1, 10):
            opened(strangers(n) + b"\nx" * 500)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 100_000


# Real chat.

TIMESTAMPED = {"uneed_presales_zh": 29, "stripe_live": 1105, "twitter_care": 1211, "ubuntu_irc": 4075}


def sample(name: str) -> list[bytes]:
    return gzip.decompress((Path(chat_samples()) / f"{name}.jsonl.gz").read_bytes()).splitlines()


@pytest.mark.parametrize("name", TIMESTAMPED)
def test_every_line_of_real_chat_is_taken(name: str) -> None:
    lines = sample(name)
    assert len(lines) == TIMESTAMPED[name]
    for line in lines:
        written_by_them = json.loads(line)
        event = decode_line(line)
        assert isinstance(event, ev.Message)
        assert (event.id, event.shop, event.role) == tuple(written_by_them[key] for key in ("id", "shop", "role"))
        assert event.text == (written_by_them["text"] or None)
        assert event.conversation == event.buyer == written_by_them["conversation"]
        unknown = {key: written_by_them[key] for key in ("act", "attributes") if key in written_by_them}
        assert event.meta == (unknown or None)
    batches = [opened(b"\n".join(lines)), opened(b"[" + b",".join(lines) + b"]")]
    for batch in batches:
        assert len(batch.events) == len(lines)
        assert not batch.refusals
    assert batches[0].events == batches[1].events


def test_what_comes_in_another_systems_words_is_refused_with_a_reason() -> None:
    for name in ("chatwoot_webhooks", "whatsapp_webhooks", "abcd_sample"):
        for line in sample(name):
            with pytest.raises(Refused) as caught:
                decode_line(line)
            assert caught.value.path.startswith("$")
