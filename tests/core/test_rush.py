"""A sale opens: six hundred buyers in a minute, a bot first, a feed that lags. Seeded; held against a model by shop.

From 20:00:00. Thirty shops of four teams. Every fourth buyer asks for a person in the second and third minute;
agents answer as they can. The feed of one platform lags from the sixth to the ninth minute.
"""

import random
from collections import Counter, defaultdict
from dataclasses import dataclass

import pytest
from msgspec.structs import replace

from monitor.core import decisions as d
from monitor.core import events as ev
from monitor.core.policy import Policy, Resolved
from tests.core.ladders import LADDER
from tests.timeline import START_MS, Timeline, at_ms

SHOPS, TEAMS, BUYERS, HANDED_OFF = 30, 4, 600, 180
LAGGING = "douyin"
LAGS = (360.0, 540.0)
LAG_S = 74.0


class Book:
    """Each shop is its team's."""

    rules = "rush"

    def __init__(self) -> None:
        self._policies = [replace(LADDER, team=f"team-{team}") for team in range(TEAMS)]

    def of(self, shop: str) -> Policy:
        return self._policies[int(shop[1:]) % TEAMS]

    def phases_of(self, platform: str, shop: str) -> tuple[str, ...]:  # noqa: ARG002
        return ()

    def resolve(self, platform: str, shop: str, phase: str | None, at_ms: int) -> Resolved:  # noqa: ARG002
        return Resolved(self.of(shop))


@dataclass
class Chat:
    """What a buyer does."""

    number: int
    writes_s: float
    person_s: float = 0.0  # Asks for a person then; 0: never.
    answered_s: float = 1e9

    @property
    def shop(self) -> str:
        return f"s{self.number % SHOPS}"

    @property
    def platform(self) -> str:
        return LAGGING if self.number % SHOPS >= SHOPS - 3 else "taobao"

    @property
    def due_ms(self) -> int:
        """When the counted clock comes to 120 s: it stood from the bot's answer to the hand-off."""
        return START_MS + round((self.person_s + 119) * 1000)


def _told(number: int, kind: str, at_s: float, chat: Chat, **more: object) -> tuple[float, ev.AnyEvent]:
    given = {
        "id": f"m{number}",
        "ts_ms": START_MS + round(at_s * 1000),
        "source": f"feed-{chat.platform}",
        "platform": chat.platform,
        "shop": chat.shop,
        "conversation": f"c{chat.number}",
        "agent": f"agent-{chat.number % 12}",
    } | more
    event = ev.ConversationHandedOff(type="conversation_handed_off", **given) if kind == "off" else ev.Message(**given)  # type: ignore[arg-type]
    late = 0.2
    if chat.platform == LAGGING and LAGS[0] - LAG_S <= at_s < LAGS[1]:
        late = min(LAG_S, LAGS[1] - at_s)  # At its end it brings all that is left at once.
    return at_s + late, event


def sale(seed: int) -> tuple[Timeline, list[Chat]]:
    rng = random.Random(seed)
    chats = [Chat(n, round(rng.uniform(0, 60), 3)) for n in range(BUYERS)]
    for chat in rng.sample(chats, HANDED_OFF):
        chat.person_s = round(rng.uniform(60, 180), 3)
        if rng.random() < 0.8:
            chat.answered_s = round(chat.person_s + rng.expovariate(1 / 80), 3)
    said: list[tuple[float, ev.AnyEvent]] = []
    for chat in chats:
        said.append(_told(len(said), "buyer", chat.writes_s, chat, role="buyer", text="有券吗"))
        said.append(_told(len(said), "bot", chat.writes_s + 1, chat, role="bot", text="您可以看活动页"))
        if chat.person_s:
            said.append(_told(len(said), "off", chat.person_s, chat))
        if chat.answered_s < 1e9:
            answer = {"role": "agent", "text": "有的亲，满三百减四十"}
            said.append(_told(len(said), "agent", chat.answered_s, chat, **answer))
    # The lagging feed says that it lags by what it brings all the while, for each account.
    ticker = Chat(SHOPS - 1, 0)
    agents = sorted({f"agent-{chat.number % 12}" for chat in chats if chat.platform == LAGGING})
    for second in range(int(LAGS[0] - LAG_S), int(LAGS[1]) + 60):
        for agent in agents:
            said.append(_told(len(said), "system", second, ticker, role="system", text=".", agent=agent))
    line = Timeline(Book(), wall=True)
    for arrives_s, event in sorted(said, key=lambda one: one[0]):
        line.event(event, arrives=arrives_s)
    line.later(at_ms(900))
    return line, chats


@pytest.mark.parametrize("seed", [11, 20261110])
def test_a_sale_opens(seed: int) -> None:
    line, chats = sale(seed)
    messages = [one for one in line.decisions if isinstance(one, d.TellPeople) and one.kind == "waits"]
    named: dict[str, list[d.TellPeople]] = defaultdict(list)
    for message in messages:
        if message.to == "team":
            for wait in message.waits:
                named[wait.conversation].append(message)
    by_chat = {f"c{chat.number}": chat for chat in chats}

    # Who is with the bot is told of to nobody, and is in no digest.
    with_bot = {f"c{chat.number}" for chat in chats if not chat.person_s}
    everyone = {wait.conversation for one in line.decisions if isinstance(one, d.TellPeople) for wait in one.waits}
    assert not with_bot & everyone

    # Every wait that came to 120 s is named within a second of it, or before in another's message.
    due = Counter[str]()
    for name, chat in by_chat.items():
        if not chat.person_s or chat.platform == LAGGING:
            continue
        if START_MS + round(chat.answered_s * 1000) > chat.due_ms + 1_000:
            due[Book().of(chat.shop).team] += 1
            assert named[name], (seed, name)
            assert named[name][0].decided_at_ms <= chat.due_ms + 1_000, (seed, name)
    assert sum(due.values()) > 30

    # Each message is one team's and one agent's, and names only those who waited then.
    for message in messages:
        assert {wait.team for wait in message.waits} == {message.team}
        assert {wait.agent for wait in message.waits} == {message.agent}
        for wait in message.waits:
            chat = by_chat[wait.conversation]
            if chat.platform != LAGGING:
                # An answer is here 0.2 s after it was given; until then nobody can know.
                assert message.decided_at_ms < START_MS + round((chat.answered_s + 0.2) * 1000) + 1

    # The sum over the teams is what a count over all gives.
    first = {name: found[0].team for name, found in named.items() if found}
    assert Counter(first.values()) == Counter(Book().of(by_chat[name].shop).team for name in first)

    # While its feed lags nothing is told of a shop; after it each wait once, of its highest step.
    late = [one for one in messages if any(by_chat[w.conversation].platform == LAGGING for w in one.waits)]
    assert not [one for one in late if at_ms(LAGS[0]) < one.decided_at_ms < at_ms(LAGS[1])]
    at_once = Counter(
        wait.conversation
        for one in late
        if at_ms(LAGS[1]) <= one.decided_at_ms <= at_ms(LAGS[1] + 10) and one.decided_at_ms - one.due_at_ms > 1_000
        for wait in one.waits
    )
    assert not [name for name, count in at_once.items() if count > 1]

    # Nothing is told twice; a digest has a total that adds up.
    keys = [one.key for one in line.decisions if isinstance(one, d.TellPeople)]
    assert len(set(keys)) == len(keys)
    for digest in (one for one in line.decisions if isinstance(one, d.TellPeople) and one.kind == "digest"):
        assert sum(digest.facts["teams"].values()) == digest.facts["still"] == len(digest.waits) <= digest.facts["came"]
