import json
import tracemalloc

import pytest

from monitor.wire.batch import Limits, Refused
from monitor.wire.split import events_of_log, split

LIMITS = Limits()


@pytest.mark.parametrize(
    ("body", "pieces"),
    [
        (b'{"a":1}', [b'{"a":1}']),
        (b'{"a":1}\n{"b":2}\n', [b'{"a":1}', b'{"b":2}']),
        (b'\n\r\n{"a":1}\r\n \t\r\n\n{"b":2}', [b'{"a":1}\r', b'{"b":2}']),
        (b'\xef\xbb\xbf{"a":1}\n5', [b'{"a":1}', b"5"]),
        (b'{"a":\n{"b":2}\nnonsense', [b'{"a":', b'{"b":2}', b"nonsense"]),
        (b'{"a":1}\n["no", "batch"]', [b'{"a":1}', b'["no", "batch"]']),
        (b"nonsense", [b"nonsense"]),
        (b'{\n  "a": 1,\n  "b": [\n    2]\n}\n', [b'{\n  "a": 1,\n  "b": [\n    2]\n}']),
        (b'[{"a":1},{"b":2}]', [b'{"a":1}', b'{"b":2}']),
        (b' \r\n[\n {"a":1} , 5,"x" , [[]] ]\n ', [b'{"a":1}', b"5", b'"x"', b"[[]]"]),
        (b'\xef\xbb\xbf[{"a":1}]', [b'{"a":1}']),
        (b'[{"a":"\xff"},{"b":2}]', [b'{"a":"\xff"}', b'{"b":2}']),
        (rb'[{"a":"\ud83d"},{"a":"\ud83d\ude00"},{"b":"\\ud83d"}]', None),
        (rb' [[], [{"x":1}] ,"\udc00" , [],{"x":1},"\udc00"]', None),
    ],
)
def test_a_body_is_an_event_an_array_or_one_event_a_line(body: bytes, pieces: list[bytes] | None) -> None:
    if pieces is None:  # What the standard library reads of it, element by element, with what was sent kept as it was.
        assert [json.loads(piece) for piece in split(body, LIMITS)] == json.loads(body)
    else:
        assert split(body, LIMITS) == pieces


@pytest.mark.parametrize(
    ("log", "events"),
    [
        (b"", []),
        (b"\n{}\nnonsense\n[{}]\n", [b"\n", b"{}\n", b"nonsense\n", b"[{}]\n"]),
        (b'\xef\xbb\xbf\n[\n{"a":1},\n{"b":2}\n]\n', [b'{"a":1}', b'{"b":2}']),
        (b'[{"a":1},{"b":2}]\n\n{"c":3}\n[{"d":4}]', [b'{"a":1}', b'{"b":2}', b'{"c":3}', b'{"d":4}']),
        (b'[{"a":1},\n{"b":2}\n', [b'[{"a":1},', b'{"b":2}']),
        (b"[" + b"{}," * 50_000 + b"{}]", [b"{}"] * 50_001),
    ],
)
def test_a_log_is_its_lines_or_what_its_arrays_hold(log: bytes, events: list[bytes]) -> None:
    assert list(events_of_log(log.splitlines(keepends=True))) == events


@pytest.mark.parametrize(
    ("body", "reason", "says"),
    [
        (b"", "json", "is empty"),
        (b" \r\n\t\n", "json", "is empty"),
        (b"\xef\xbb\xbf", "json", "is empty"),
        (b"[]", "json", "empty array"),
        (b"[ ]", "json", "empty array"),
        (b"[{}", "json", "ends too early"),
        (b"[{},]", "json", "trailing comma"),
        (b"[{}]\n[{}]", "json", "one event a line"),
        (b"[{'a':1}]", "json", "is not JSON"),
        (b'[{"a":NaN}]', "json", "NaN at byte 6"),
        (b'[{"a":-Infinity}]', "json", "is not JSON"),
        (rb'[{"a":"\ud83d"},]', "json", "trailing comma"),
        (b"[" * 1_000_000, "nesting", "nested too deep"),
        (b"\xff\xfe[\x00]\x00", "utf8", "UTF-16"),
        (b"[\xd6\xd0]", "utf8", "GBK"),
    ],
)
def test_a_body_that_cannot_be_split_is_refused_whole(body: bytes, reason: str, says: str) -> None:
    with pytest.raises(Refused, match=says) as caught:
        split(body, LIMITS)
    assert (caught.value.reason, caught.value.path) == (reason, "$")


def test_so_many_events_and_no_more() -> None:
    limits = Limits(batch_events=3)
    assert len(split(b"{}\n" * 3, limits)) == 3
    assert len(split(b"[{},{},{}]", limits)) == 3
    rich = b'{"a":[' + b",".join([b"1"] * 100) + b"]}"
    assert split(b"[" + b",".join([rich] * 3) + b"]", limits) == [rich] * 3, "more commas than are held unseen"
    for body in (b"{}\n" * 4, b"[{},{},{},{}]", b"[" + b",".join([rich] * 4) + b"]"):
        with pytest.raises(Refused, match="a batch may have 3") as caught:
            split(body, limits)
        assert caught.value.reason == "size"


def test_a_body_has_so_many_bytes_and_no_more() -> None:
    assert split(b"{}   ", Limits(body_bytes=5)) == [b"{}   "]
    with pytest.raises(Refused, match="has 6 bytes, a body may have 5"):
        split(b"{}    ", Limits(body_bytes=5))


MEGABYTES = 1024 * 1024


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b"1," * (4 * MEGABYTES - 10) + b"1]",
        b"[" + b"{}," * (2 * MEGABYTES) + b"{}]",
        b"[" + b"[],[" * 1_000_000,
        b"1\n" * (4 * MEGABYTES),
        b"\n" * (8 * MEGABYTES),
        b" \n" * (4 * MEGABYTES),
        b"{}" + b"\n" * (8 * MEGABYTES - 2),
        b"\\" * (8 * MEGABYTES),
        rb"[\u" + rb"\ud800" * MEGABYTES,
    ],
    ids=["numbers", "objects", "arrays", "lines", "empty lines", "blank lines", "one event", "escapes", "halves"],
)
def test_what_is_held_of_a_full_body_is_bounded(body: bytes) -> None:
    assert len(body) <= LIMITS.body_bytes
    tracemalloc.start()
    try:
        held, reason = _split(body)
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert held <= LIMITS.batch_events
    assert reason in (None, "size", "json", "nesting")
    assert peak < 4 * len(body)


def _split(body: bytes) -> tuple[int, str | None]:
    try:
        return len(split(body, LIMITS)), None
    except Refused as refused:
        return 0, refused.reason
