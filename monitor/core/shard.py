"""One shard: its shops with their conversations, its rules, its time; and how each is found.

What decides (`tracker` and the modules around it) shares this state. Nothing in it is
global, so that many shards can run side by side.
"""

from collections.abc import Collection, Iterable
from itertools import islice
from typing import Literal

from monitor.core import events as ev
from monitor.core.conversation import Conversation
from monitor.core.decisions import Decision, Round
from monitor.core.entries import Marks, MarksBook
from monitor.core.entry import Who
from monitor.core.feeds import SILENT_MS, Feed, Source
from monitor.core.fold import Ending, Fold, Folds
from monitor.core.hours import ALWAYS_MS, Calendar, Hours
from monitor.core.incidents import Incidents
from monitor.core.lists import Lists
from monitor.core.people import People
from monitor.core.policy import Policy, PolicyBook
from monitor.core.policy_numbers import NumberedPolicies
from monitor.core.posts import Post
from monitor.core.rounds import ended
from monitor.core.timers import NEVER_MS, Timers, Untimed
from monitor.core.watch import Watch

LATENESS_MS = 600_000
CATCH_UP_MS = 30_000
CHATS_OF_A_BUYER = 200  # Newest, that are made one at once. A person has a handful; "guest" has any number.
PEOPLE_AT_MOST = 100_000  # Names come from outside, and may be anything.

Folded = Literal["folded", "late", "kept"]
"""What became of an event: part of its conversation; after its horizon; of a kind that ends and opens nothing."""


class Shop:
    """What the tracker keeps of one shop.

    Its policy is that of the event in hand, by the event's own time and phase: asked for anew only when an event lies
    outside the span, or is of another phase, than the one before it. Where phases make no difference they are not
    looked at.

    Attributes:
        buyers: by buyer, the chats that go by another id than theirs, in order; None: no two buyers of the shop were
            ever one, so nobody asks. Kept from then on.
    """

    __slots__ = (
        "buyers",
        "conversations",
        "dated",
        "fold",
        "from_ms",
        "lists",
        "marks",
        "name",
        "phase",
        "phases",
        "platform",
        "spans",
        "until_ms",
    )

    fold: Fold  # Of the event in hand, as are the marks.
    marks: Marks

    def __init__(self, name: str, platform: str) -> None:
        self.name = name
        self.platform = platform
        self.conversations: dict[str, Conversation] = {}
        self.buyers: dict[str, dict[str, None]] | None = None
        self.lists: Lists | None = None  # None: no list of who waits has come for it.
        self.spans: dict[str | None, tuple[int, int, Fold, Marks]] = {}  # By phase: from, until, as last resolved.
        self.ask_anew()

    def know_buyers(self) -> dict[str, dict[str, None]]:
        """Return the chats of each buyer; from now on they are kept."""
        if self.buyers is None:
            self.buyers = {}
            for conversation in self.conversations.values():
                self.note_buyer(conversation)
        return self.buyers

    def note_buyer(self, conversation: Conversation) -> None:
        """Note whose a chat is that goes by another id."""
        buyer = conversation.buyer
        if self.buyers is not None and buyer is not None and buyer != conversation.id and conversation.logged >= 0:
            self.buyers.setdefault(buyer, {})[conversation.id] = None

    def drop_buyer(self, conversation: Conversation) -> None:
        """Note that a chat is out of the memory, or will be another's."""
        buyer = conversation.buyer
        if self.buyers is not None and buyer is not None and (chats := self.buyers.get(buyer)) is not None:
            chats.pop(conversation.id, None)
            if not chats:
                del self.buyers[buyer]

    def chats_of(self, id: str) -> list[Conversation]:
        """Return the chats in memory that an id names: the one that goes by it, and those of the buyer of that name."""
        own = self.conversations.get(id)
        newest = list(islice(reversed(self.know_buyers().get(id, {})), CHATS_OF_A_BUYER))
        found = [own, *(self.conversations[chat] for chat in reversed(newest))]
        return [chat for chat in found if chat is not None and chat.logged >= 0]

    def ask_anew(self) -> None:
        """Resolve again before the next event."""
        self.spans.clear()
        self.from_ms = self.until_ms = 0
        self.dated = True  # The policy holds for a span of time only; else the time of an event need not be looked at.
        self.phase: str | None = None
        self.phases: Collection[str] | None = None  # Those that make a difference; None: not asked yet.


class Shard:
    """All state of one shard.

    Args:
        policies: where the rules are looked up.
        wall: whether time is the wall clock (live) or the newest ``ts`` (replay, tests).
        rows: whether rows are saved. Always so with ``wall``.
        lateness_ms: within this, the order of arrival does not change the result.
        catch_up_ms: a feed whose newest event is older than this on arrival is catching up.
        lazy: a conversation is judged only when it is touched.
        people: who is there and who has room, where that is of interest.

    Attributes:
        decisions: what was decided since the caller last took it (and emptied the list).
        changed: the conversations whose rows have changed since the caller last took them, each with the number of the
            wait that was open in it before (0: none); kept with ``rows`` only.
        now_ms: how far time has been moved.
        policies: every policy in use, by its number.
        late: how many events came after `lateness` and changed nothing.
        merged: conversations that were made one, or whose buyer has become known, since the caller last took them:
            their rows are saved together, or what was said in one would be lost with the other; kept with ``rows``
            only.
        by_name: the shops.
        folds, marks: what each policy makes of an entry, and of a message.
        timers: who is to be woken, and when.
        watch: what the feeds prove.
        wall, people: as given.
        keeps_rows: see ``rows``.
        tells: whether people are told; a replay that judges a chat only when it is touched cannot name chats together.
    """

    def __init__(
        self,
        policies: PolicyBook,
        *,
        wall: bool,
        rows: bool,
        lateness_ms: int,
        catch_up_ms: int,
        lazy: bool,
        people: People | None,
    ) -> None:
        self._book = policies
        self.wall = wall
        self._who: dict[tuple[str | None, str | None], Who] = {}
        self._calendars: dict[Hours, Calendar] = {}
        self.policies = NumberedPolicies()
        self.folds = Folds(self.policies)
        self.marks = MarksBook(self.policies)
        self.by_name: dict[str, Shop] = {}
        self.timers: Timers[Conversation | Feed | Source | Incidents | Post | People] = Untimed() if lazy else Timers()
        self.watch = Watch(self.timers, catch_up_ms, self._silent_at)
        self.lateness_ms = lateness_ms
        self.keeps_rows = rows or wall
        self.tells = not lazy
        self.people = people
        self.decisions: list[Decision] = []
        self.changed: dict[Conversation, int] = {}
        self.merged: list[Conversation] = []
        self.now_ms = 0
        self.late = 0

    @property
    def rules(self) -> str:
        """The name of the rules in force."""
        return self._book.rules

    def take_rules(self, policies: PolicyBook) -> None:
        """Hold against these rules what comes from now on; what stands open keeps the policy it opened with."""
        self._book = policies
        self._calendars.clear()
        self.policies.meet_anew()
        for shop in self.by_name.values():
            shop.ask_anew()

    def turn(self, shop: Shop, event: ev.AnyEvent, policy: int | None) -> None:
        """Let a shop hold the policy of an event: the one given, else that in force at its time and phase."""
        if policy is not None:
            shop.from_ms = shop.until_ms = 0
            shop.dated = True
            shop.fold, shop.marks = self.folds[policy], self.marks[policy]
            return
        ts_ms = event.ts_ms
        shop.phase = phase = event.phase
        span = shop.spans.get(phase)
        if span is None or not span[0] <= ts_ms < span[1]:
            span = self._resolved(shop, phase, ts_ms)
        shop.from_ms, shop.until_ms, shop.fold, shop.marks = span
        shop.dated = span[0] > -ALWAYS_MS or span[1] < ALWAYS_MS

    def _resolved(self, shop: Shop, phase: str | None, at_ms: int) -> tuple[int, int, Fold, Marks]:
        phases = shop.phases
        if phases is None:
            phases = shop.phases = self._book.phases_of(shop.platform, shop.name)
        if phase not in phases:
            phase = None
            span = shop.spans.get(None)
            if span is not None and span[0] <= at_ms < span[1]:
                return span
        policy_then, from_ms, until_ms = self._book.resolve(shop.platform, shop.name, phase, at_ms)
        number = self.policies.number_of(policy_then, self._book.rules)
        span = shop.spans[phase] = (from_ms, until_ms, self.folds[number], self.marks[number])
        return span

    def policy_at(self, platform: str, shop: str, at_ms: int) -> Policy:
        """Return what the rules say of a shop for an instant."""
        return self._book.resolve(platform, shop, None, at_ms).policy

    def _silent_at(self, shops: Iterable[str], seen_ms: int) -> int:
        """Return when one of these shops, heard last at ``seen_ms``, has been silent too long by its hours."""
        at_ms = NEVER_MS
        for name in shops:
            shop = self.by_name.get(name)
            hours = self._book.resolve(shop.platform, name, None, seen_ms).policy.hours if shop is not None else None
            if hours is None:
                return 0
            if hours not in self._calendars:
                self._calendars[hours] = Calendar(hours)
            at_ms = min(at_ms, self._calendars[hours].due(seen_ms, SILENT_MS + 1))
        return at_ms if at_ms < NEVER_MS else 0

    def shop(self, name: str) -> Shop | None:
        """Return a shop of which something was heard."""
        return self.by_name.get(name)

    def shops(self) -> Iterable[Shop]:
        """Return every shop of which something was heard."""
        return self.by_name.values()

    def merges_buyers(self, name: str) -> bool:
        """Return whether two buyers of a shop turned out to be one, ever."""
        shop = self.by_name.get(name)
        return shop is not None and shop.buyers is not None

    def new_shop(self, name: str, platform: str | None) -> Shop:
        """Begin to keep a shop."""
        shop = self.by_name[name] = Shop(name, platform or "unknown")
        return shop

    def platform_of(self, shop: str) -> str:
        """Return the platform of a shop that is known."""
        return self.by_name[shop].platform

    def team_of(self, shop: str) -> str:
        """Return the team whose a shop is now."""
        platform = self.by_name[shop].platform if shop in self.by_name else "unknown"
        return self._book.resolve(platform, shop, None, self.now_ms).policy.team

    def interned(self, agent: str | None, account: str | None) -> Who:
        """Return the one object for an agent and account."""
        key = (agent, account)
        who = self._who.get(key)
        if who is None:
            if len(self._who) >= PEOPLE_AT_MOST:
                self._who.clear()  # Kept to share them in memory; equal ones are as good.
            who = self._who[key] = Who(agent, account or agent)
        return who

    def conversation(self, shop: str, key: str) -> Conversation | None:
        """Return a conversation that is in memory; of a buyer who was merged, the one that stands for it."""
        found = self.by_name.get(shop)
        if found is None:
            return None
        conversation = found.conversations.get(key)
        if conversation is None or conversation.logged >= 0:
            return conversation
        return found.conversations.get(self.resolved(found, key))

    def resolved(self, shop: Shop, key: str) -> str:
        """Return the conversation that stands for a key, by the signs that are in memory."""
        conversation = shop.conversations.get(key)
        signs: list[Conversation] = []
        while conversation is not None and (into := conversation.merged_into) is not None:
            signs.append(conversation)
            key = into
            conversation = shop.conversations.get(key)
        for sign in signs[:-1]:  # So that of a long chain each link is gone through, and fetched from the disk, once.
            sign.buyer = key
            self.touch(sign)
        return key

    def touch(self, conversation: Conversation) -> None:
        """Note that a row has changed."""
        if self.keeps_rows and conversation not in self.changed:
            wait = conversation.state.wait
            self.changed[conversation] = wait.number if wait is not None else 0

    def wake(self, item: Post | People, at_ms: int) -> None:
        """Have a shop's people, or all of them, judged at an instant."""
        self.timers.wake(item, at_ms)

    def seen(self, shop: str) -> str:
        """Return how a shop is seen: ok, catching_up, stale, unknown."""
        return self.watch.state_of(shop) if self.wall else "ok"

    def held_back(self, conversation: Conversation) -> bool:
        """Whether its waits are not judged now."""
        return self.wall and (
            self.watch.catching_up(conversation.feed) or self.watch.stale(conversation.shop, conversation.feed)
        )

    def ended(self, shop: Shop, conversation: Conversation, ending: Ending) -> Round:
        """Return the round of a wait that has ended, with the seconds in which nobody was there charged."""
        done = ended(conversation, shop.platform, self.policies, ending)
        return done if self.people is None else self.people.charged(done)
