"""A feed looked over: each fault of a feed turns its own light red, and a good feed is green."""

from typing import Any

from msgspec.structs import replace

from monitor.core import events as ev
from monitor.onboarding.check import Arrived, check

T0 = 1_795_168_800_000


def message(number: int, role: ev.Role, at_s: float, **more: Any) -> ev.Message:
    values: dict[str, Any] = {
        "id": f"m-{number}",
        "ts_ms": T0 + round(at_s * 1000),
        "shop": "senye",
        "role": role,
        "conversation": f"c-{number // 2}",
        "account": None if role == "buyer" else "senye:lin",
        "source": "pc-1",
        "text": f"text {number}",
    }
    return ev.Message(**(values | more))


def good(chats: int = 40) -> list[Arrived]:
    feed: list[Arrived] = []
    for chat in range(chats):
        roles: tuple[ev.Role, ...] = ("buyer", "agent")
        for side, role in enumerate(roles):
            event = message(chat * 2 + side, role, chat * 8 + side * 4 + 0.1)
            feed.append(Arrived(event, int(event.ts_ms) + 800))
        beat = ev.SourceHeartbeat(type="source_heartbeat", id=f"b-{chat}", ts_ms=T0 + chat * 8000, source="pc-1")
        feed.append(Arrived(beat, int(beat.ts_ms) + 100))
    at = ev.AgentPresence(type="agent_presence", id="p", ts_ms=T0, agent="lin", state="online")
    return sorted([*feed, Arrived(at, T0)], key=lambda one: one.at_ms or 0)


def colours(feed: list[Arrived], refused: dict[str, int] | None = None) -> dict[str, str]:
    return {finding.check: finding.colour for finding in check(feed, refused)}


def test_a_good_feed_is_green_all_over() -> None:
    assert set(colours(good()).values()) == {"green"}


def test_what_is_brought_afterwards_is_no_lag() -> None:
    before = [message(1_000 + n, "buyer", n, backfill=True) for n in range(80)]
    late = [Arrived(event, int(event.ts_ms) + 3_600_000) for event in before]
    assert colours([*good(), *late])["lag"] == "green"
    assert colours([*good(), *(Arrived(replace(one.event, backfill=False), one.at_ms) for one in late)])["lag"] == "red"


def test_nothing_has_come() -> None:
    assert colours([]) == {"events": "red"}


def test_replies_that_are_not_seen() -> None:
    asked = [one for one in good() if getattr(one.event, "role", "buyer") == "buyer"]
    assert colours(asked)["own replies"] == "red"
    assert colours(asked)["roles"] == "red"


def test_a_new_id_at_each_look_and_two_collectors_without_a_common_id() -> None:
    again = [Arrived(message(1, "agent", 4.1, id="other", text="text 1"), T0 + 5000)]
    told = {finding.check: finding for finding in check([*good(), *again])}
    assert told["ids"].colour == "red"
    assert "new id each time" in told["ids"].to_do
    by_two = [Arrived(message(1, "agent", 4.1, id="other", text="text 1", source="pc-2"), T0 + 5000)]
    told = {finding.check: finding for finding in check([*good(), *by_two])}
    assert "Two collectors" in told["ids"].to_do


def test_an_id_with_other_content_and_refused_input() -> None:
    assert colours(good(), {"conflict": 3})["ids"] == "red"
    assert colours(good(), {"ts": 3})["refused"] == "red"


def test_a_clock_ahead_and_a_slow_feed() -> None:
    ahead = [one._replace(at_ms=int(one.event.ts_ms) - 5000) for one in good()]
    assert colours(ahead)["clock"] == "red"
    slow = [one._replace(at_ms=int(one.event.ts_ms) + 60_000) for one in good()]
    assert colours(slow)["lag"] == "red"


def test_times_in_whole_minutes() -> None:
    rounded = []
    for one in good():
        one.event.ts_ms = int(one.event.ts_ms) // 60_000 * 60_000
        rounded.append(one)
    assert colours(rounded)["times"] == "red"


def test_a_silence_counts_until_a_sync_range_covers_it() -> None:
    late = [Arrived(message(900 + n, "buyer", 1000 + n), T0 + 1_001_000 + n * 1000) for n in range(2)]
    assert colours([*good(), *late])["gaps"] == "red"
    sync = ev.SyncRange(
        type="sync_range", id="s", ts_ms=T0 + 1_003_000, shop="senye", from_ms=T0, to_ms=T0 + 1_003_000, complete=True
    )
    assert colours([*good(), *late, Arrived(sync, T0 + 1_003_000)])["gaps"] == "green"


def test_a_source_that_lives_hides_none_that_is_dead() -> None:
    """Its own beats only, and the silence since its last sign counts while others are heard."""
    dead = ev.SourceHeartbeat(type="source_heartbeat", id="b", ts_ms=T0, source="pc-2")
    told = {finding.check: finding for finding in check([Arrived(dead, T0), *good()])}
    assert told["gaps"].colour == "red"
    assert "1 silences over 60 s, no sync_range after, the longest 317 s, of pc-2" in told["gaps"].seen
    assert colours([one for one in good() if one.event.source != "pc-2"])["heartbeat"] == "green"


def test_no_heartbeat_and_no_presence_are_amber() -> None:
    plain = [one for one in good() if isinstance(one.event, ev.Message)]
    told = colours(plain)
    assert (told["heartbeat"], told["presence"]) == ("amber", "amber")


def test_a_shops_side_that_is_not_told_apart() -> None:
    for one in (feed := good()):
        if isinstance(one.event, ev.Message) and one.event.role == "agent":
            one.event.role = "seller"
    assert colours(feed)["roles"] == "amber"


def test_accounts_that_were_not_seen() -> None:
    kicked = ev.AccountStatus(
        type="account_status", id="k", ts_ms=T0, shop="senye", account="senye:lin", state="kicked"
    )
    assert colours([*good(), Arrived(kicked, T0)])["accounts"] == "amber"
