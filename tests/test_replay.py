"""The replay against a count of the same chat that shares no code with it."""

import json
import random
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import Mock

import pytest

from monitor.cli import replaying
from monitor.core.book import Book
from monitor.core.policy import BUILT_IN
from monitor.replay import Replay
from tests.brute_force import brute_force, instant, instant_ms
from tests.replays import (
    FILES,
    MINUTE_MS,
    Json,
    Replayed,
    by_opening,
    command,
    differences,
    late_by_up_to,
    only,
    our_reading,
    read,
    replay,
    replay_file,
    sample,
    write,
)

DAY_MS = 86_400_000
MONDAY_MS = instant_ms("2026-11-23T10:00:00.000+08:00")

# Figures of the samples' own description: rounds, answered, percent within 60, 180, 300 s, median and p90 in seconds.
DESCRIBED = {
    "uneed_presales_zh": (9, 9, (78, 100, 100), 46, 161),
    "stripe_live": (290, 228, (32, 66, 80), 101.5, 497),
    "twitter_care": (586, 586, (2, 10, 15), 4369, 211090),
    "ubuntu_irc": (1141, 969, (88, 95, 97), 0, 120),
}
# What depends on how words are read.
OF_WORDS = ("needs_answer_since", "courtesy", "held")


# Real chat


@pytest.mark.parametrize("name", FILES)
def test_the_second_count_finds_what_the_samples_say_of_themselves(name: str) -> None:
    count = brute_force(read(sample(name)), give_up_ms=None)
    total, answered, within, middle, p90 = DESCRIBED[name]
    waits = sorted(line["wait_seconds"] for line in count.lines if line["outcome"] == "answered")
    assert (count.rounds["total"], count.rounds["answered"]) == (total, answered)
    assert tuple(round(100 * sum(w <= limit for w in waits) / answered) for limit in (60, 180, 300)) == within
    assert (round(median(waits), 1 if middle % 1 else 0), round(waits[answered * 9 // 10])) == (middle, p90)


@pytest.mark.parametrize("name", FILES)
def test_a_replay_of_real_chat_equals_the_second_count(name: str, tmp_path: Path) -> None:
    path = sample(name)
    events = read(path)
    replayed = command(path, tmp_path / "rounds.jsonl")
    assert replayed.printed["events"] == {
        "read": len(events), "accepted": len(events), "duplicates": 0, "late": 0, "rejected": 0,
    }  # fmt: skip
    count = brute_force(events, our_reading)
    assert differences(replayed, count) == []
    assert replayed.printed["conversations"] == count.conversations

    wordless = brute_force(events)
    keys = [key for key in wordless.lines[0] if key not in OF_WORDS]
    assert only(replayed.lines, keys) == only(wordless.lines, keys)
    assert {**replayed.printed["rounds"], "courtesy": 0} == wordless.rounds
    assert replayed.printed["passed"] == wordless.passed


@pytest.mark.parametrize("name", FILES)
def test_an_export_grouped_by_chat_is_sorted(name: str, tmp_path: Path) -> None:
    path = sample(name)
    events = read(path)
    grouped = sorted(events, key=lambda event: event["conversation"])
    replayed = replay_file(write(tmp_path / "grouped.jsonl", grouped))
    count = brute_force(events, our_reading)
    assert by_opening(replayed.lines, count.lines[0]) == by_opening(count.lines, count.lines[0])
    assert replayed.printed["rounds"] == count.rounds
    assert replayed.printed["passed"] == count.passed


@pytest.mark.parametrize("name", FILES)
def test_lines_sent_twice_change_nothing(name: str, tmp_path: Path) -> None:
    events = read(sample(name))
    twice = [event for event in events for _ in range(2)]
    replayed = replay_file(write(tmp_path / "twice.jsonl", twice))
    assert replayed.printed["events"]["duplicates"] == len(events)
    assert differences(replayed, brute_force(events, our_reading)) == []


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("name", FILES)
def test_arrival_within_lateness_changes_no_round(name: str, seed: int, tmp_path: Path) -> None:
    print(f"{seed=}")
    events = read(sample(name))
    permuted = late_by_up_to(9 * MINUTE_MS, events, random.Random(seed))
    path = write(tmp_path / "permuted.jsonl", permuted)
    # The command once; it is the same as calling it, and takes its time to start.
    replayed = command(path, tmp_path / "rounds.jsonl", "--as-arrived") if (name, seed) == ("stripe_live", 0) else None
    replayed = replayed or replay_file(path, as_arrived=True)
    count = brute_force(events, our_reading)
    assert replayed.printed["events"]["late"] == 0
    assert by_opening(replayed.lines, count.lines[0]) == by_opening(count.lines, count.lines[0])
    assert replayed.printed["rounds"] == count.rounds
    assert replayed.printed["passed"] == count.passed


# Chats made up


class Log:
    """A log written down as one reads it: who, after how many seconds, what."""

    def __init__(self, conversation: str = "c") -> None:
        self.events: list[Json] = []
        self.conversation = conversation

    def add(self, seconds: float, **fields: Any) -> "Log":
        self.events.append(
            {
                "id": f"m{len(self.events) + 1}",
                "ts": instant(MONDAY_MS + round(seconds * 1000)),
                "shop": "s",
                "conversation": self.conversation,
                **fields,
            }
        )
        return self

    def buyer(self, seconds: float, text: str | None = "有货吗", **fields: Any) -> "Log":
        return self.add(seconds, role="buyer", text=text, **fields)

    def agent(self, seconds: float, text: str = "有货的", **fields: Any) -> "Log":
        return self.add(seconds, role="agent", agent="lin", text=text, **fields)

    def counted(self) -> Replayed:
        """Replay, see that the second count agrees, and return the replay's."""
        replayed = replay(self.events)
        assert differences(replayed, brute_force(self.events, our_reading)) == []
        return replayed


def waits(replayed: Replayed) -> list[tuple[str, float | None, str]]:
    return [(line["outcome"], line["wait_seconds"], line["stage"]) for line in replayed.lines]


def test_the_worked_chat_of_the_trade() -> None:
    log = Log().buyer(0).agent(60).buyer(300).buyer(320).agent(540).buyer(900).agent(930)
    replayed = log.counted()
    assert waits(replayed) == [("answered", 60, "fresh"), ("answered", 240, "at_risk"), ("answered", 30, "fresh")]
    assert replayed.printed["passed"] == {"slow": 1, "at_risk": 1, "lost": 0}


def test_a_reply_at_the_limit_is_in_time_and_a_millisecond_later_is_not() -> None:
    for limit, before, after in ((60, "fresh", "slow"), (180, "slow", "at_risk"), (300, "at_risk", "lost")):
        assert waits(Log().buyer(0).agent(limit).counted()) == [("answered", limit, before)]
        assert waits(Log().buyer(0).agent(limit + 0.001).counted()) == [("answered", limit + 0.001, after)]


def test_an_open_wait_runs_to_the_last_instant_of_the_input() -> None:
    log = Log().buyer(0)
    log.conversation = "other"
    replayed = log.buyer(180.001).counted()
    assert [line["stage"] for line in replayed.lines] == ["at_risk", "fresh"]
    assert replayed.printed["rounds"]["open"] == 2
    assert replayed.printed["alerts"] == {"slow": 1, "at_risk": 1, "lost": 0, "withdrawn": 0}


def test_a_wait_that_stands_again_counts_once_in_the_alerts() -> None:
    log = Log().buyer(0).agent(200, id="wrong").add(240, type="message_recalled", message="wrong").buyer(490)
    run = Replay(keep_alerts=True)
    run.run_sorted(list(run.decoded(json.dumps(event).encode() for event in log.events)))
    printed = run.tally.as_json()
    assert printed["alerts"] == {"slow": 1, "at_risk": 1, "lost": 1, "withdrawn": 0}
    assert printed["passed"] == {"slow": 1, "at_risk": 1, "lost": 1}
    told = [f"{line['transition']} {line['stage']}" for line in run.alerts()]
    assert told == ["raise slow", "rise at_risk", "resolve at_risk", "raise at_risk", "rise lost"]


async def test_a_log_shown_at_its_speed_is_begun_by_the_first_line_of_a_pipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Shown(Exception):
        pass

    def pipe(_files: list[str]) -> Iterator[bytes]:
        yield json.dumps(Log().buyer(0).events[0]).encode()
        raise AssertionError("another line is waited for")

    monkeypatch.setattr(replaying, "lines_of", pipe)
    monkeypatch.setattr(replaying, "running", Mock(side_effect=Shown))
    with pytest.raises(Shown):
        await replaying._replay_live(["-"], as_arrived=True, speed=1.0, folder=tmp_path, port=0, rules=None)


def test_buyers_who_turn_out_to_be_one_are_so_from_the_first_word_and_their_rounds_counted_once(tmp_path: Path) -> None:
    of_a, of_b = {"conversation": "c1", "platform": "taobao"}, {"conversation": "c2", "platform": "taobao"}
    log = Log().buyer(0, buyer="a", **of_a).buyer(10, buyer="b", **of_b).agent(20, **of_b).agent(5_000, **of_a)
    for at in range(6_000, 10_000, 50):  # So much that the first words are let go of.
        log.buyer(at, buyer="a", **of_a).agent(at + 20, **of_a)
    assert replay(log.events).printed["rounds"]["total"] == 82
    log.add(9_990, type="buyer_merged", conversation=None, buyer="a", into="b")
    path = write(tmp_path / "log.jsonl", log.events)
    for options in ((), ("--as-arrived",)):
        replayed = command(path, tmp_path / "rounds.jsonl", *options)
        assert (replayed.printed["rounds"]["total"], replayed.printed["conversations"]) == (81, 1)
        assert (replayed.lines[0]["buyer_messages"], replayed.lines[0]["wait_seconds"]) == (2, 20)
        assert {line["conversation"] for line in replayed.lines} == {"b"}
        assert (replayed.printed["scores"]["taobao_3min"]["hits"], replayed.printed["passed"]["slow"]) == (81, 0)


def test_a_conversation_is_counted_when_something_was_said_in_it() -> None:
    said = Log().add(0, role="auto", text="欢迎光临")
    assert brute_force(said.events).conversations == said.counted().printed["conversations"] == 1
    closed = Log().add(0, type="conversation_closed", by="agent")
    assert brute_force(closed.events).conversations == closed.counted().printed["conversations"] == 0


def test_a_heartbeat_moves_the_last_instant() -> None:
    log = Log().buyer(0)
    log.events.append({"type": "source_heartbeat", "id": "h", "source": "x", "ts": instant(MONDAY_MS + 61_000)})
    assert log.counted().printed["passed"]["slow"] == 1


def test_the_same_heartbeat_id_of_two_sources_is_no_duplicate() -> None:
    beats = [
        {"type": "source_heartbeat", "id": "h", "source": source, "ts": instant(MONDAY_MS)} for source in ("x", "y")
    ]
    assert replay(beats).printed["events"] == {
        "read": 2, "accepted": 2, "duplicates": 0, "late": 0, "rejected": 0,
    }  # fmt: skip


def test_a_wait_is_given_up_when_older_than_seven_days() -> None:
    week = 7 * 86_400
    assert waits(Log().buyer(0).agent(week).counted()) == [("answered", week, "lost")]
    late_reply = Log().buyer(0).agent(week + 0.001).counted()
    assert waits(late_reply) == [("expired", None, "lost")]
    assert late_reply.lines[0]["counted_seconds"] == week
    assert waits(Log().buyer(0).buyer(week).agent(week + 0.001).counted()) == [("expired", None, "lost")]
    again = Log().buyer(0).buyer(week + 0.001).agent(week + 10).counted()
    assert waits(again) == [("expired", None, "lost"), ("answered", 9.999, "fresh")]


def test_a_late_reply_from_before_the_wait_was_given_up_ends_it() -> None:
    week = 7 * 86_400
    log = Log().buyer(0)
    log.conversation = "other"
    log.buyer(week + 60)
    log.conversation = "c"
    log.agent(week - 60)
    run = Replay(as_arrived=True, keep_rounds=True)
    run.run(json.dumps(event).encode() for event in log.events)
    assert [line["outcome"] for line in run.rounds()] == ["answered", "open"]


def test_bots_notes_and_reactions_end_nothing() -> None:
    log = Log().buyer(0)
    for seconds, role in enumerate(("bot", "auto", "note", "system", "assist"), start=1):
        log.add(seconds, role=role, text="有货的")
    log.agent(10, kind="reaction").agent(70)
    assert waits(log.counted()) == [("answered", 70, "slow")]


def test_a_seller_ends_a_wait_as_an_agent_does() -> None:
    assert waits(Log().buyer(0).add(5, role="seller", text="有货的").counted()) == [("answered", 5, "fresh")]


def test_an_entry_card_and_a_reaction_open_nothing() -> None:
    for fields in ({"entry": True}, {"kind": "reaction"}):
        assert waits(Log().buyer(0, **fields).counted()) == []
    assert waits(Log().buyer(0, entry=True).buyer(20).agent(30).counted()) == [("answered", 10, "fresh")]
    assert waits(Log().buyer(0, entry=True, needs_reply=True).agent(30).counted()) == [("answered", 30, "fresh")]


def test_an_entry_card_that_needs_no_reply_opens_nothing() -> None:
    assert waits(Log().buyer(0, entry=True, needs_reply=False).counted()) == []


def test_courtesy_is_counted_in_rounds_and_not_in_alerts() -> None:
    replayed = Log().buyer(0).agent(10).buyer(20, "好的谢谢").agent(400, "不客气").counted()
    assert replayed.lines[1]["needs_answer_since"] is None
    assert replayed.printed["rounds"]["courtesy"] == 1
    assert replayed.printed["passed"] == {"slow": 1, "at_risk": 1, "lost": 1}
    assert replayed.printed["alerts"] == {"slow": 0, "at_risk": 0, "lost": 0, "withdrawn": 0}


def test_after_a_question_a_polite_word_is_an_answer() -> None:
    asked = Log().buyer(0).agent(10, "要M码吗？").buyer(20, "好的").agent(100).counted()
    assert asked.lines[1]["needs_answer_since"] == asked.lines[1]["opened_at"]
    assert Log().buyer(0, "谢谢").agent(100).counted().printed["alerts"]["slow"] == 1


def test_needs_reply_wins_over_the_words() -> None:
    log = Log().buyer(0).agent(10).buyer(20, "好的", needs_reply=True).agent(30).buyer(40, needs_reply=False).agent(50)
    assert [line["courtesy"] for line in log.counted().lines] == [False, False, True]


def test_a_wait_needs_an_answer_from_its_first_message_that_is_no_courtesy() -> None:
    replayed = Log().buyer(0).agent(10).buyer(20, "好的").buyer(50, "多少钱").agent(90).counted()
    assert replayed.lines[1]["opened_at"] == instant(MONDAY_MS + 20_000)
    assert replayed.lines[1]["needs_answer_since"] == instant(MONDAY_MS + 50_000)
    assert replayed.printed["passed"]["slow"] == 1
    assert replayed.printed["alerts"]["slow"] == 0


def test_a_holding_reply_or_a_greeting_ends_a_wait_held() -> None:
    log = Log().buyer(0).agent(10, "稍等").buyer(20).agent(30, "在的亲").buyer(40).agent(50, "有货的，稍等发您链接")
    assert [line["held"] for line in log.counted().lines] == [True, True, False]


def test_only_the_buyer_closes_a_wait() -> None:
    for by, outcome in (("buyer", "abandoned"), ("agent", "open"), ("system", "open")):
        log = Log().buyer(0).add(70, type="conversation_closed", by=by)
        replayed = log.counted()
        assert waits(replayed) == [(outcome, None, "slow")]
        assert replayed.printed["passed"] == {"slow": 1, "at_risk": 0, "lost": 0}


def test_a_wait_all_of_whose_messages_are_recalled_is_dismissed() -> None:
    replayed = Log().buyer(0).add(5, type="message_recalled", message="m1").agent(100).counted()
    assert waits(replayed) == [("dismissed", None, "fresh")]
    assert replayed.printed["rounds"]["total"] == 0
    assert replayed.printed["passed"]["slow"] == 0


def test_a_recalled_opening_leaves_the_next_message_to_open() -> None:
    replayed = Log().buyer(0).buyer(30).add(40, type="message_recalled", message="m1").agent(100).counted()
    assert waits(replayed) == [("answered", 70, "slow")]
    assert replayed.lines[0]["opened_by"] == "m2"
    assert replayed.lines[0]["buyer_messages"] == 1


def test_a_recall_after_the_end_changes_nothing() -> None:
    replayed = Log().buyer(0).agent(70).add(80, type="message_recalled", message="m1").counted()
    assert waits(replayed) == [("answered", 70, "slow")]
    closed = Log().buyer(0).add(70, type="conversation_closed", by="buyer")
    assert waits(closed.add(80, type="message_recalled", message="m1").counted()) == [("abandoned", None, "slow")]


def test_a_recall_long_ago_tells_nothing_twice() -> None:
    log = Log().buyer(0).add(5, type="message_recalled", message="m1").buyer(20)
    log.conversation = "other"
    log.agent(61)
    log.conversation = "c"
    log.buyer(83, "?").agent(90)
    assert replay(log.events).printed["alerts"] == {"slow": 1, "at_risk": 0, "lost": 0, "withdrawn": 0}


def test_who_answers_is_credited() -> None:
    log = Log().buyer(0, account="s:1").agent(10, account="s:1").buyer(20)
    log.add(30, type="conversation_transferred", from_agent="lin", agent="zhou", account="s:2")
    log.add(40, role="agent", agent="zhou", account="s:2", text="有货的")
    assert [(line["agent"], line["account"]) for line in log.counted().lines] == [("lin", "s:1"), ("zhou", "s:2")]


def test_the_platforms_own_order_goes_before_arrival() -> None:
    assert waits(Log().agent(0, seq=2).buyer(0, seq=1).agent(9, seq=3).counted()) == [("answered", 0, "fresh")]
    assert waits(Log().agent(0).buyer(0).agent(9).counted()) == [("answered", 9, "fresh")]


def test_the_five_scenes_of_a_disputed_morning() -> None:
    # Asks, a welcome text, a greeting at 170 s, asks again, "稍等", courtesy, the answer with a question, an answer.
    log = Log().buyer(0, "柜子高度多少").add(4, role="auto", text="欢迎光临").agent(170, "在的亲").buyer(240, "高度？")
    log.agent(310, "稍等").buyer(330, "好的").agent(540, "高180cm哦亲，您家层高多少呢").buyer(560, "好的")
    log.buyer(590, None, kind="image").add(690, type="conversation_closed", by="agent").buyer(780, "人呢")
    replayed = log.add(
        880, role="agent", agent="lead", account="lin", text="抱歉让您久等了，一般层高都可以放的"
    ).counted()
    assert [line["wait_seconds"] for line in replayed.lines] == [170, 70, 210, 320]
    assert [line["courtesy"] for line in replayed.lines] == [False, False, True, False]
    assert [line["held"] for line in replayed.lines] == [True, True, False, False]
    assert replayed.printed["passed"] == {"slow": 4, "at_risk": 2, "lost": 1}
    assert (replayed.lines[3]["agent"], replayed.lines[3]["account"]) == ("lead", "lin")


SAID = ("有货吗", "好的", "谢谢", "？", "稍等", "在的亲", "要M码吗？", "人呢", "有货的", "ok", "👍", "", None, "你好")
PAUSES_MS = (0, 1, 999, 1000, 20_000, 59_999, 60_000, 60_001, 120_000, 180_000, 300_001, 3_600_000, DAY_MS, 7 * DAY_MS)

BUYERS_EXTRAS: list[Json] = [
    *({},) * 9,
    {"entry": True},
    {"entry": True, "needs_reply": True},
    {"needs_reply": True},
    {"needs_reply": False},
    {"kind": "image"},
]
WRITTEN_TO: list[Json] = [{}, {}, {"account": "a1"}]
WRITTEN_BY: list[Json] = [{"agent": "lin"}, {"agent": "zhou", "account": "a1"}, {"account": "a2"}, {}]


def chance_log(dice: random.Random, pauses_ms: tuple[int, ...] = PAUSES_MS) -> list[Json]:
    """Make up a log with everything in it that a replay without rules takes."""
    events: list[Json] = []
    now_ms = MONDAY_MS
    for number in range(dice.randrange(1, 80)):
        now_ms += dice.choice(pauses_ms) if dice.random() < 0.9 else dice.choice(pauses_ms) + 1
        conversation = f"c{dice.randrange(3)}"
        event: Json = {"id": f"e{number}", "ts": now_ms, "shop": f"s{dice.randrange(2)}", "conversation": conversation}
        if dice.random() < 0.1:
            event |= {"conversation": None, "buyer": conversation}
        what = dice.random()
        if what < 0.45:
            event |= {"role": "buyer", "text": dice.choice(SAID)}
            event |= dice.choice(BUYERS_EXTRAS)
            event |= dice.choice(WRITTEN_TO)
        elif what < 0.7:
            event |= {"role": dice.choice(["agent"] * 6 + ["seller"]), "text": dice.choice(SAID)}
            event |= dice.choice(WRITTEN_BY)
        elif what < 0.8:
            event |= {"role": dice.choice(["bot", "auto", "note", "system", "assist"]), "text": dice.choice(SAID)}
        elif what < 0.85:
            event |= {"role": dice.choice(["buyer", "agent"]), "kind": "reaction", "text": "👍"}
        elif what < 0.9:
            event |= {"type": "conversation_closed", "by": dice.choice(["buyer", "agent", "system"])}
        elif what < 0.95:
            event |= {"type": dice.choice(["conversation_assigned", "conversation_transferred"]), "agent": "chen"}
        else:
            event |= {"type": "order_placed", "order": f"o{number}"}
        if event.get("type", "message") == "conversation_closed" and not event["conversation"]:
            event["conversation"] = conversation
        if "type" in event:
            event |= {"conversation": conversation}
        events.append(event)
    return events


def with_recalls(events: list[Json], dice: random.Random) -> list[Json]:
    """Let one or two messages of buyers be taken back later."""
    asked = [event for event in events if event.get("role") == "buyer" and event.get("kind") != "reaction"]
    recalls: list[Json] = [
        {
            "id": f"r{event['id']}",
            "type": "message_recalled",
            "ts": event["ts"] + dice.choice(PAUSES_MS[1:9]),
            "shop": event["shop"],
            "conversation": event["conversation"] or event["buyer"],
            "message": event["id"],
        }
        for event in dice.sample(asked, k=min(2, len(asked)))
    ]
    return sorted(events + recalls, key=lambda event: event["ts"])


@pytest.mark.parametrize("block", range(8))
def test_made_up_logs_equal_the_second_count(block: int) -> None:
    seen: Counter[str] = Counter()
    for seed in range(block * 50, block * 50 + 50):
        print(f"{seed=}")
        events = chance_log(random.Random(seed))
        replayed = replay(events)
        assert differences(replayed, brute_force(events, our_reading)) == []
        seen += Counter(line["outcome"] for line in replayed.lines)
    assert min(seen[outcome] for outcome in ("answered", "open", "expired", "abandoned")) > 3, seen


@pytest.mark.parametrize("block", range(4))
def test_recalls_in_made_up_logs_equal_the_second_count(block: int) -> None:
    seen: Counter[str] = Counter()
    for seed in range(block * 50, block * 50 + 50):
        print(f"{seed=}")
        dice = random.Random(seed)
        events = with_recalls(chance_log(dice), dice)
        replayed = replay(events)
        assert differences(replayed, brute_force(events, our_reading), recalls=True) == []
        seen += Counter(line["outcome"] for line in replayed.lines)
    assert seen["dismissed"] > 3, seen


@pytest.mark.parametrize("block", range(4))
def test_made_up_logs_of_any_arrival_within_lateness_equal_the_second_count(block: int) -> None:
    for seed in range(block * 50, block * 50 + 50):
        print(f"{seed=}")
        dice = random.Random(seed)
        events = chance_log(dice, (*PAUSES_MS[:-1], 8 * DAY_MS))
        if seed % 2:
            events = with_recalls(events, dice)
        for before, event in pairwise(events):  # of distinct ts
            event["ts"] = max(event["ts"], before["ts"] + 1)
        arrivals = sorted((event["ts"] + dice.randrange(9 * MINUTE_MS), event["id"]) for event in events)
        by_id = {event["id"]: event for event in events}
        run = Replay(as_arrived=True, keep_rounds=True)
        run.run(json.dumps(by_id[event_id]).encode() for _, event_id in arrivals)
        replayed = Replayed(run.tally.as_json(), list(run.rounds()))
        count = brute_force(events, our_reading)
        assert replayed.printed["events"]["late"] == 0
        assert differences(Replayed(replayed.printed, by_opening(replayed.lines)), count, recalls=True) == []


def test_with_rules_promises_count_as_alerts_by_their_stage_and_without_they_do_not() -> None:
    log = Log().buyer(0, "有货吗").agent(100, "稍等").buyer(2000, "在吗").agent(2010)
    assert replay(log.events).printed["alerts"] == {"slow": 1, "at_risk": 0, "lost": 0, "withdrawn": 0}
    ruled = Replay(policies=Book(BUILT_IN, (), "rules"))
    ruled.run_sorted(list(ruled.decoded(json.dumps(event).encode() for event in log.events)))
    assert ruled.tally.alerts == {
        "slow": 1, "at_risk": 0, "lost": 0, "withdrawn": 0, "promise_due": 1, "promise_late": 1, "promise_missed": 1,
    }  # fmt: skip
