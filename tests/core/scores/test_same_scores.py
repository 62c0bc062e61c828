"""The scores of real chat are those of a second count, and the order of arrival changes none."""

import random
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core import events as ev
from monitor.core.scores.profile import ProfileBook, in_force
from monitor.core.scores.totals import totals
from monitor.replay import Replay
from tests.core.scores.brute import count
from tests.core.scores.day import Chatter, shipped
from tests.replays import encoded, late_by_up_to, read, sample

IDS = sorted(shipped().versions)
DATED = [id for id in IDS if len(shipped().versions[id]) > 1]  # Whose rule has changed: the files are older than that.
# Of a session that only bots have answered more is known than a look at single stretches tells.
OF_PEOPLE = ("twitter_care", "stripe_live", "uneed_presales_zh")


NEWEST = ProfileBook([versions[-1] for versions in shipped().versions.values()])


def replayed(
    events: list[Any], ids: list[str], *, as_arrived: bool = False, book: ProfileBook = NEWEST
) -> dict[str, Any]:
    run = Replay(as_arrived=as_arrived, profiles=book, scores=ids)
    run.run(encoded(events))
    return run.tally.scores


@pytest.mark.parametrize("name", [*OF_PEOPLE, "ubuntu_irc"])
def test_real_chat_scores_as_a_second_count_says(name: str) -> None:
    events = read(sample(name))
    newest, of_its_day = replayed(events, IDS), replayed(events, DATED, book=shipped())
    days = [datetime.fromisoformat(event["ts"]).toordinal() for event in events]
    for id, found, profile in [(id, newest, shipped().versions[id][-1]) for id in IDS] + [
        (id, of_its_day, in_force(shipped().versions[id], min(days))) for id in DATED
    ]:
        assert found is newest or profile is in_force(shipped().versions[id], max(days) + 1)
        if name not in OF_PEOPLE and profile.unit in ("session", "buyer_day"):
            continue
        score, expected = found[id], count(events, profile)
        got = {"hit": score["hits"], "miss": score["misses"]} | {n: score[n] for n in ("undetermined", "excluded")}
        assert got == expected, id


def test_real_chat_that_comes_late_scores_the_same() -> None:
    events = read(sample("stripe_live"))
    late = late_by_up_to(590_000, events, random.Random(7))
    assert replayed(late, IDS, as_arrived=True) == replayed(events, IDS)


def random_chat(dice: random.Random) -> Chatter:
    chat = Chatter()
    for second in sorted(dice.sample(range(6 * 3600), 24)):
        when = f"{20 + second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
        if second >= 4 * 3600:
            when = f"2026-11-24 {second // 3600 - 4:02}:{second // 60 % 60:02}:{second % 60:02}"
        kind, name = dice.random(), dice.choice("cd")
        if kind < 0.5:
            chat.b(when, conversation=name, account=dice.choice([None, "A", "B"]))
        elif kind < 0.75:
            chat.a(when, conversation=name, agent=dice.choice(["lin", "zhou"]), account=dice.choice([None, "A", "B"]))
        elif kind < 0.85:
            chat.say(dice.choice(["bot", "assist", "auto"]), when, conversation=name)
        elif kind < 0.92:
            chat.passed(when, "zhou", account="B", conversation=name)
        elif kind < 0.96:
            chat.closed(when, dice.choice(["buyer", "agent"]), conversation=name)
        else:
            target = dice.choice(chat.events)[0].id if chat.events else "none"
            chat.event(ev.MessageRecalled, when, type="message_recalled", message=target, conversation=name)
    return chat


@given(st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_any_order_of_arrival_gives_the_same_scores(seed: int) -> None:
    dice = random.Random(seed)
    chat = random_chat(dice)
    now_ms = max(event.ts_ms for event, _ in chat.events) + dice.choice([0, 1000, 86_400_000])
    expected = totals(chat.chats(), shipped(), now_ms, IDS)
    dice.shuffle(chat.events)
    assert totals(chat.chats(), shipped(), now_ms, IDS) == expected


@given(st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_each_unit_is_one_of_four_and_time_only_settles_them(seed: int) -> None:
    dice = random.Random(seed)
    chat = random_chat(dice)
    last_ms = max(event.ts_ms for event, _ in chat.events)
    before = totals(chat.chats(), shipped(), last_ms, IDS)
    after = totals(chat.chats(), shipped(), last_ms + 8 * 86_400_000, IDS)
    for id in IDS:
        names = ("hits", "misses", "undetermined", "excluded")
        assert sum(before[id][name] for name in names) == sum(after[id][name] for name in names)
        assert after[id]["undetermined"] == 0
        assert after[id]["hits"] >= before[id]["hits"]
