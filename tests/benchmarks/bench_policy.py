"""What rules cost: 2,000 shops, 200 rules, 20 calendars.

    python -m tests.benchmarks.bench_policy [--events N] [--pairs N]

In CPU time, as medians of interleaved pairs:

resolution   finding the policy of each event of a log, in which shops come in any order and one event in three names a
             phase, beside the same loop without it. The first question of each shop is in it. Once for a platform whose
             rules say the same for every phase, once for one whose rules do not.
replay       `Replay.run` of simulated chat by these rules, beside the same without rules.
counting     `counted` and `due` of a clock in hours, beside a subtraction in a method of the same kind.
"""

import argparse
import random
import re
from datetime import UTC, datetime

from monitor.core.book import Book, Layer
from monitor.core.events import Message
from monitor.core.hours import CountedClock, Hours, Windows
from monitor.core.policy import BUILT_IN, BuiltIn, PolicyBook
from monitor.core.shard import Shop
from monitor.core.tracker import Tracker
from monitor.policy_files.calendars import zone_table
from monitor.replay import Replay
from tests.benchmarks.bench_replay import START_MS, made_up_log
from tests.benchmarks.yardstick import pairs

SHOPS, RULES, CALENDARS = 2_000, 200, 20
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
ZONES = ("Asia/Shanghai", "America/New_York", "Europe/London", "Australia/Sydney", "Asia/Tokyo")
GOAL_US, GOAL_REPLAY = 0.4, 1.25


def calendars(dice: random.Random) -> list[Hours]:
    """Hours with two or three windows a day, one over midnight, and some days of their own."""
    made = []
    today = START_MS // DAY_MS
    for n in range(CALENDARS):
        opens = dice.randrange(6, 10) * HOUR_MS
        day: Windows = ((opens, opens + 4 * HOUR_MS), (opens + 5 * HOUR_MS, opens + 12 * HOUR_MS))
        late: Windows = (*day, (22 * HOUR_MS, 26 * HOUR_MS))
        holidays = tuple((today + after, ()) for after in sorted(dice.sample(range(60), 10)))
        made.append(Hours(zone_table(ZONES[n % len(ZONES)]), (day,) * 4 + (late,) * 3, holidays))
    return made


def rules(shops: list[str], dice: random.Random) -> Book:
    """Rules by platform and phase, by shop, some of them by the hour, and campaigns."""
    hours = calendars(dice)
    platforms = ["taobao", "jd", "pinduoduo", "douyin", "kuaishou", "xiaohongshu", "tmall", "shopee"]
    general = [
        Layer(
            rule=f"a:{n}", sets={"session_gap_ms": (20 + n) * 60_000}, platforms=frozenset({platforms[n % 8]}),
            phases=(None, frozenset({"presale"}), frozenset({"aftersale"}))[n % 3],
        )
        for n in range(24)
    ]  # fmt: skip
    by_shop = [
        Layer(
            rule=f"b:{n}", sets={"team": f"t{n % 40}", "hours": hours[n % CALENDARS]},
            shops=frozenset(dice.sample(shops, len(shops) // 40)), hours=dice.choice(hours) if n % 3 == 0 else None,
        )
        for n in range(116)
    ]  # fmt: skip
    campaigns = []
    for n in range(RULES - len(general) - len(by_shop)):
        from_ms = START_MS + dice.randrange(-20 * DAY_MS, 20 * DAY_MS)
        campaigns.append(
            Layer(
                rule=f"c:{n}", sets={"name": f"campaign {n}"}, shops=frozenset(dice.sample(shops, len(shops) // 10)),
                from_ms=from_ms, until_ms=from_ms + dice.randrange(DAY_MS),
            )
        )  # fmt: skip
    base = BUILT_IN
    return Book(base, (general, by_shop, campaigns), "bench")


def resolution(count: int, book: Book, shops: list[str], platform: str, dice: random.Random, rounds: int) -> None:
    """Print what finding the policy of an event costs."""
    phases = (None, None, None, None, "presale", "aftersale")
    events = [
        Message(
            id=str(n), ts_ms=START_MS + n * 8 * HOUR_MS // count, shop=dice.choice(shops), role="buyer",
            phase=dice.choice(phases), platform=platform,
        )
        for n in range(count)
    ]  # fmt: skip

    def fresh(policies: PolicyBook) -> tuple[Tracker, dict[str, Shop]]:
        tracker = Tracker(policies, wall=False, lazy=True)
        for name in shops:
            tracker.new_shop(name, platform)
        return tracker, tracker.by_name

    def resolving() -> None:
        tracker, known = fresh(book)
        for event in events:
            shop = known[event.shop]
            if not shop.from_ms <= event.ts_ms < shop.until_ms or (shop.phases and event.phase != shop.phase):
                tracker.turn(shop, event, None)

    def bare() -> None:
        _, known = fresh(BuiltIn())
        for event in events:
            known.get(event.shop)

    with_it, without, _ = pairs(resolving, bare, rounds)
    each = (with_it - without) * 1e6 / count
    differ = f"{len(book.phases_of(platform, shops[0]))} phases differ"
    print(
        f"resolution, {differ}: {each:.2f} µs an event, "
        f"the loop without it {without * 1e6 / count:.2f} (goal {GOAL_US})"
    )


def replay(events: int, rounds: int) -> None:
    """Print what rules cost a replay."""
    lines = made_up_log(events)
    names = re.compile(rb'"shop":"([^"]+)"')
    shops = sorted({found[1].decode() for line in lines if (found := names.search(line))})
    book = rules(shops, random.Random(2))
    ruled, without, ratio = pairs(lambda: Replay(policies=book).run(lines), lambda: Replay().run(lines), rounds)
    each = 1e6 / len(lines)
    print(
        f"replay of {len(lines):,} events of {len(shops)} shops: {ruled * each:.2f} µs an event by rules, "
        f"{without * each:.2f} without: {ratio:.2f} times (goal {GOAL_REPLAY})"
    )


class Plain:
    """A clock for which all time counts."""

    def counted(self, opened_at_ms: int, start_ms: int, end_ms: int) -> int:  # noqa: ARG002 - as the other
        return end_ms - start_ms


def counting(rounds: int, dice: random.Random) -> None:
    """Print what counting in hours costs."""
    clocks = [CountedClock(hours, 900_000) for hours in calendars(dice)]
    spans = [(start := START_MS + dice.randrange(20 * DAY_MS), start + dice.randrange(600_000)) for _ in range(20_000)]
    plain = Plain()
    for clock in clocks:
        for start, end in spans[:200]:
            clock.counted(start, start, end)

    def count() -> None:
        for n, (start, end) in enumerate(spans):
            clocks[n % CALENDARS].counted(start, start, end)

    def due() -> None:
        for n, (start, _) in enumerate(spans):
            clocks[n % CALENDARS].due(start, start, 180_001)

    def subtract() -> None:
        for start, end in spans:
            plain.counted(start, start, end)

    each = 1e6 / len(spans)
    counted, bare, _ = pairs(count, subtract, rounds)
    dues, _, _ = pairs(due, subtract, rounds)
    print(f"counted {counted * each:.2f} µs, due {dues * each:.2f} µs; a subtraction {bare * each:.2f} µs")


def main() -> None:
    parser = argparse.ArgumentParser(description="what rules cost")
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--pairs", type=int, default=3)
    arguments = parser.parse_args()
    dice = random.Random(1)
    shops = [f"shop{n}" for n in range(SHOPS)]
    book = rules(shops, dice)
    print(f"{SHOPS:,} shops, {RULES} rules, {CALENDARS} calendars; {datetime.fromtimestamp(START_MS / 1000, UTC):%F}")
    for platform in ("taobao", "pinduoduo"):
        resolution(arguments.events, book, shops, platform, dice, arguments.pairs)
    counting(arguments.pairs, dice)
    replay(arguments.events, arguments.pairs)


if __name__ == "__main__":
    main()
