"""A million buyers who wait: the events that make them, as a collector would send them."""

import random
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice

from monitor.core.events import AnyEvent, Message
from monitor.core.policy import BuiltIn
from monitor.core.tracker import Tracker
from monitor.core.words import classify
from monitor.wire import decode_line

SHOPS = 1_000
ACCOUNTS = 3  # Of a shop; each is a feed of its own.
COLLECTORS = 40
TEXTS = ("这件有XL吗，身高175穿多大", "想问一下今天拍什么时候能发货", "有没有优惠券呀", "面料是纯棉的还是混纺的")
QUESTION = classify(TEXTS[0], "text", by_buyer=True)
BATCH = 1_000  # Events between two looks at what has changed, as the engine takes them.


@lru_cache(1 << 16)
def _shop(number: int) -> tuple[str, str]:
    return f"云栖旗舰店{number:04}", f"collector-{number % COLLECTORS}"


def line(buyer: int, message: int, ts_ms: int, role: str = "buyer") -> bytes:
    """Return the bytes of one message; ``message`` tells the messages of a buyer apart."""
    shop, collector = _shop(buyer % SHOPS)
    account = buyer // SHOPS % ACCOUNTS
    agent = "" if role == "buyer" else f'"agent":"A{account}林林",'
    return (
        f'{{"id":"{buyer:08x}{message:08x}","ts":{ts_ms},"source":"{collector}","platform":"taobao","shop":"{shop}",'
        f'"conversation":"c-{buyer:08x}","buyer":"tb{buyer:010}",{agent}"account":"{shop}:{account}",'
        f'"role":"{role}","text":"{TEXTS[message % len(TEXTS)]}"}}'
    ).encode()


def handle(tracker: Tracker, events: Iterable[AnyEvent], number: int, now_ms: int) -> int:
    """Give events to a tracker as the engine does, without journal and watchers; return the last number given."""
    events = iter(events)
    while batch := list(islice(events, BATCH)):
        for event in batch:
            number += 1
            tracker.handle(event, number, now_ms, QUESTION)
        tracker.changed.clear()
        tracker.decisions.clear()
    return number


def waiting(count: int, now_ms: int, tracker: Tracker | None = None) -> Tracker:
    """Return a tracker (a new one, or the one given) in which so many buyers wait."""
    tracker = tracker or Tracker(BuiltIn())
    tracker.begin(now_ms)
    handle(tracker, (decode_line(line(buyer, 0, now_ms)) for buyer in range(count)), 0, now_ms)
    return tracker


def more_words(rng: random.Random, waiting: int, count: int, message: int, ts_ms: int) -> Iterator[Message]:
    """Yield a further message of each of ``count`` of the buyers who wait, drawn at random, a buyer once if it can be.

    Args:
        rng: draws.
        waiting: how many wait.
        count: how many messages.
        message: tells these messages from others of the same buyer; grows.
        ts_ms: of all of them.
    """
    while count:
        some = rng.sample(range(waiting), min(count, waiting))
        count -= len(some)
        for buyer in some:
            event = decode_line(line(buyer, message, ts_ms))
            assert isinstance(event, Message)
            yield event
        message += 1
