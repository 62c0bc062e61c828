"""The ladder against a model of it: every wait, every step, worked out anew from the words of the rule.

The model knows no timers, no ladder and no merging ahead of time: it walks over the
instants at which a step of any wait falls, in order, and asks of each what holds then.
"""

import random
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core import decisions as d
from monitor.core import events as ev
from monitor.core.policy import Policy
from monitor.core.words import classify
from tests.core.chance import random_chat
from tests.core.ladders import LADDER
from tests.timeline import START_MS, Timeline

AGENTS = ("lin", "zhou")
LIMITS_MS = (60_000, 180_000, 300_000)


@dataclass
class Waiting:
    """A wait as the model sees it."""

    chat: str
    since_ms: int
    ended_ms: int = 1 << 60
    holders: list[tuple[int, str]] = field(default_factory=list)
    acts: list[tuple[int, str]] = field(default_factory=list)
    named: bool = False  # In a message to the team.

    def holder(self, at_ms: int) -> str:
        return [who for from_ms, who in self.holders if from_ms <= at_ms][-1]

    def open(self, at_ms: int) -> bool:
        return self.since_ms <= at_ms < self.ended_ms

    def claimed_until(self, at_ms: int) -> tuple[bool, int]:
        """Whether it is claimed at an instant, and until when the first claim holds the steps."""
        claimed, held, until_ms = False, False, 0
        for when, act in self.acts:
            if when > at_ms:
                break
            if act == "release":
                claimed, until_ms = False, 0
            elif act == "claim" and not claimed:
                claimed = True
                if not held:
                    limit = next((self.since_ms + one for one in LIMITS_MS if self.since_ms + one >= when), None)
                    until_ms = when + 90_000 if limit is None else min(when + 90_000, limit - 20_000)
                    held = True
        return claimed, until_ms

    def quiet(self, at_ms: int) -> bool:
        return any(act == "resolve" or at_ms < when + 600_000 for when, act in self.acts
                   if when <= at_ms and act in ("resolve", "mute"))  # fmt: skip


def expected(waits: list[Waiting], policy: Policy, until_ms: int) -> set[tuple[str, int, str, int]]:
    """Return (chat, since, to, at) of all that is told, each wait named at its own."""
    instants = sorted(
        (wait.since_ms + step.at_ms, number, wait, step)
        for number, wait in enumerate(waits)
        for step in policy.steps
        if wait.since_ms + step.at_ms < until_ms
    )
    told: set[tuple[str, int, str, int]] = set()
    at = 0
    while at < len(instants):
        now_ms = instants[at][0]
        due = []
        while at < len(instants) and instants[at][0] == now_ms:
            _, _, wait, step = instants[at]
            at += 1
            claimed, hold_ms = wait.claimed_until(now_ms)
            if not wait.open(now_ms) or wait.quiet(now_ms) or now_ms < hold_ms or (step.if_unclaimed and claimed):
                continue
            if step.to == "team" and wait.named:
                continue
            told.add((wait.chat, wait.since_ms, step.to, now_ms))
            if step.to == "team":
                due.append(wait)
        for wait in due:
            wait.named = True
            for other in waits:
                over = other.open(now_ms) and now_ms - other.since_ms > 60_000
                if over and other.holder(now_ms) == wait.holder(now_ms) and not other.quiet(now_ms):
                    if not other.named:
                        told.add((other.chat, other.since_ms, "team", now_ms))
                    other.named = True
    return told


def story(rng: random.Random) -> tuple[Timeline, list[Waiting], int]:
    """Let chats, replies, transfers and acts happen at random; return what was told, and the waits there were."""
    line = Timeline(LADDER)
    waits: list[Waiting] = []
    open_of: dict[str, Waiting] = {}
    holder = {chat: rng.choice(AGENTS) for chat in "abcdef"}
    for at_s in sorted(rng.sample(range(900), rng.randint(5, 60))):
        when, chat = float(at_s), rng.choice("abcdef")
        wait = open_of.get(chat)
        now_ms = START_MS + at_s * 1000
        act = rng.choices(("buyer", "reply", "transfer", "claim", "release", "mute", "resolve"), (9, 5, 2, 3, 1, 1, 1))[
            0
        ]
        if wait is None or act == "buyer":
            line.buyer(when, chat=chat, agent=holder[chat])
            if wait is None:
                wait = open_of[chat] = Waiting(chat, now_ms, holders=[(now_ms, holder[chat])])
                waits.append(wait)
        elif act == "reply":
            line.agent(when, chat=chat, agent=holder[chat])
            open_of.pop(chat).ended_ms = now_ms
        elif act == "transfer":
            holder[chat] = rng.choice(AGENTS)
            line.transferred(when, holder[chat], chat=chat)
            wait.holders.append((now_ms, holder[chat]))
        else:
            line.acted(when, act, chat=chat)  # type: ignore[arg-type]
            wait.acts.append((now_ms, act))
    end_ms = START_MS + 1_300_000
    line.later(end_ms)
    return line, waits, end_ms


def _same(named: d.NamedWait, told: d.TellPeople) -> tuple[str, int, str, int]:
    return (named.conversation, named.since_ms, told.to, told.due_at_ms)


@given(st.integers(0, 10**9))
@settings(max_examples=400, deadline=None)
def test_what_is_told_is_what_the_rule_says(seed: int) -> None:
    line, waits, end_ms = story(random.Random(seed))
    messages = [one for one in line.decisions if isinstance(one, d.TellPeople) and one.kind == "waits"]
    wanted = expected(waits, LADDER, end_ms)
    first_team: dict[tuple[str, int], int] = {}
    told = set()
    for message in messages:
        for named in message.waits:
            key = (named.conversation, named.since_ms)
            if message.to == "team":
                if key in first_team:
                    continue  # Named again for the whole picture; told of it was with the first.
                first_team[key] = message.due_at_ms
            told.add(_same(named, message))
    assert told == {one for one in wanted if one[2] != "digest"}, seed
    digests = [one for one in line.decisions if isinstance(one, d.TellPeople) and one.kind == "digest"]
    assert sum(one.facts["came"] for one in digests) == sum(one[2] == "digest" for one in wanted)


@given(st.integers(0, 10**9), st.integers(5, 90), st.booleans())
@settings(max_examples=300, deadline=None)
def test_whatever_comes_late_is_taken_back_or_held_by_a_bot_each_thing_is_told_once(
    seed: int, length: int, wall: bool
) -> None:
    rng = random.Random(seed)
    events = random_chat(rng, length, span_ms=599_000)
    rng.shuffle(events)
    line = Timeline(LADDER, wall=wall)
    for event in events:
        words = 0
        if isinstance(event, ev.Message):
            words = classify(event.text, event.kind, by_buyer=event.role == "buyer", bot=event.role == "bot")
        line.event(event, words=words)
    line.later(START_MS + 1_300_000)
    messages = [one for one in line.decisions if isinstance(one, d.TellPeople)]
    # A promise that something late brings back has the keys it had, so that nobody is told again.
    keys = [one.key for one in messages if one.kind != "promise"]
    assert len(set(keys)) == len(keys)
    for message in messages:
        assert message.due_at_ms <= message.decided_at_ms < message.expires_at_ms


@given(st.integers(0, 10**9))
@settings(max_examples=200, deadline=None)
def test_nothing_is_told_twice_early_or_after_the_end(seed: int) -> None:
    line, waits, _ = story(random.Random(seed))
    messages = [one for one in line.decisions if isinstance(one, d.TellPeople)]
    assert len({one.key for one in messages}) == len(messages)
    ends = {(wait.chat, wait.since_ms): wait.ended_ms for wait in waits}
    for message in messages:
        assert message.due_at_ms <= message.decided_at_ms < message.expires_at_ms
        for named in message.waits:
            assert message.decided_at_ms < ends[named.conversation, named.since_ms]
        if message.kind == "waits":
            [first] = [one for one in message.waits if str(one.wait) == message.alert]
            assert first.counted_ms == float(message.step.removesuffix("s")) * 1000
    states = [one for one in line.decisions if isinstance(one, d.AlertState)]
    for state in states:
        steps = [(one.step, one.to) for one in state.told]
        assert len(set(steps)) == len(steps)
