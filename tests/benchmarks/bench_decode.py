"""What decoding costs above msgspec itself.

Each line is decoded by `decode_line` and, in the same moment, by msgspec's typed decoder alone. The ratio of a pair
is what counts, and the median of many pairs, since a shared machine has slow and fast seconds. Time is that of the
processor, not of the wall.

Run with ``python -m tests.benchmarks.bench_decode``.
"""

import gc
import random
from collections.abc import Callable
from statistics import median
from time import thread_time

import msgspec

from monitor.core.events import Message
from monitor.wire import decode, decode_line, decode_stored, encode_event

LINES = 500
PAIRS = 201
DAY_MS = 1_795_392_000_000  # 2026-11-23T00:00:00Z
TEXTS = [
    "在吗",
    "包邮吗?发什么快递,什么时候能到杭州",
    "Is this one still in stock in size M? I need it before Friday, please.",
    "身高175体重70穿什么码,有没有L码的,洗了会不会缩水?",
]

Line = Callable[[bytes], object]


def lines(rng: random.Random, *, style: str) -> list[bytes]:
    """Return lines of a busy hour at a service centre: 500 messages over 50 s, 150 shops."""
    made = []
    for n in range(LINES):
        at_ms = DAY_MS + n * 100 + rng.randrange(100)
        shop = rng.randrange(150)
        event: dict[str, object] = {
            "id": f"m-{rng.randrange(10**12)}",
            "ts": _written(at_ms, "micro" if style == "microseconds" else "milli"),
            "source": f"collector-{shop % 7}",
            "platform": ("taobao", "jd", "pinduoduo")[shop % 3],
            "shop": f"shop-{shop}",
            "conversation": f"c-{rng.randrange(10**9)}",
            "buyer": f"b-{rng.randrange(10**9)}",
            "role": "buyer",
            "account": f"shop-{shop}:{shop % 40}",
            "text": rng.choice(TEXTS),
        }
        if style == "short":
            del event["source"], event["platform"], event["account"], event["buyer"]
        if style == "every field":
            event |= {"v": 1, "type": "message", "kind": "text", "phase": "presale", "agent": f"a-{shop % 40}"}
            event |= {"needs_reply": None, "entry": False, "backfill": False, "seq": n, "product": "p-1", "meta": {}}
        if style == "epoch milliseconds":
            event["ts"] = at_ms
        if style == "unknown fields":
            event |= {"act": "ask", "attributes": [["size", "M"]]}
        made.append(msgspec.json.encode(event))
    return made


def _written(at_ms: int, finest: str) -> str:
    seconds, ms = divmod(at_ms - DAY_MS, 1000)
    micro = f"{(ms * 7919) % 1000:03}" if finest == "micro" else ""
    return f"2026-11-23T{8 + seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{ms:03}{micro}+08:00"


def seconds(run: Callable[[], object]) -> float:
    """Return how long a run took."""
    begun = thread_time()
    run()
    return thread_time() - begun


def compare(name: str, ours: Callable[[], object], bare: Callable[[], object], events: int) -> None:
    """Print the median ratio of interleaved pairs, and what both cost an event."""
    ours()
    bare()
    pairs = []
    for n in range(PAIRS):
        if n % 2:
            pairs.append((seconds(ours), seconds(bare)))
        else:
            second = seconds(bare)
            pairs.append((seconds(ours), second))
    cost = [1e6 * median(side) / events for side in zip(*pairs, strict=True)]
    ratio = median(one / other for one, other in pairs)
    print(f"{name:34} {ratio:5.2f} ×   {cost[0]:6.3f} µs against {cost[1]:6.3f} µs an event")


def each(decoder: Line, of: list[bytes]) -> Callable[[], object]:
    """Return a run of a decoder over lines."""

    def run() -> None:
        for line in of:
            decoder(line)

    return run


def main() -> None:
    """Print one ratio a line."""
    rng = random.Random(7)
    gc.disable()
    bare = msgspec.json.Decoder(Message).decode
    anything = msgspec.json.Decoder().decode
    for style in ("short", "usual", "epoch milliseconds", "microseconds", "every field"):
        of = lines(rng, style=style)
        size = sum(map(len, of)) // LINES
        compare(f"decode_line, {style}, {size} B", each(decode_line, of), each(bare, of), LINES)
    of = lines(rng, style="unknown fields")
    compare("decode_line, unknown fields, to dict", each(decode_line, of), each(anything, of), LINES)
    of = lines(rng, style="usual")
    body = b"\n".join(of)
    compare(
        "decode, NDJSON of 500",
        lambda: decode(body, door="http", source="x", now_ms=DAY_MS * 2),
        each(bare, of),
        LINES,
    )
    array = b"[" + b",".join(of) + b"]"
    compare(
        "decode, array of 500",
        lambda: decode(array, door="http", source="x", now_ms=DAY_MS * 2),
        each(bare, of),
        LINES,
    )
    events = [decode_line(line) for line in of]
    kept = [encode_event(event) for event in events]
    compare("decode_stored", each(decode_stored, kept), each(bare, kept), LINES)
    encode = msgspec.json.Encoder().encode
    compare("encode_event", lambda: [encode_event(e) for e in events], lambda: [encode(e) for e in events], LINES)


if __name__ == "__main__":
    main()
