"""The tracker decides: events and the time in, decisions and changed rows out.

One tracker is one shard. All its state belongs to the shops routed to it and
nothing is global, so that many can run side by side. It reads no clock and
never sleeps: the caller hands it events with `handle`, moves its time with
`advance`, and asks `next_ms` when to come back. The same calls in the same
order give the same decisions, live, after a restart and in a replay.

With ``wall=False`` (replay, tests) time is the newest ``ts``: each limit is
judged at its own instant, no feed lags and none is stale. With ``rows`` what has
changed is kept for saving, as a service needs it; a replay keeps nothing.
"""

from collections.abc import Container, Iterable, Iterator
from typing import Literal, cast

from msgspec import Struct, msgpack
from msgspec.structs import replace

from monitor.core import events as ev
from monitor.core.alert_log import AlertLog
from monitor.core.conversation import CHUNK, FIRING, RESOLVED, WITHDRAWN, Conversation, Told
from monitor.core.decisions import (
    AlertOrder,
    CloseRound,
    Decision,
    HandOver,
    NamedWait,
    PassPromise,
    PassStage,
    RaiseAlert,
    ResolveAlert,
    RestateRound,
    RiseAlert,
    Round,
    ShopAttended,
    ShopUnattended,
    SourceTurned,
    WithdrawAlert,
)
from monitor.core.entries import WHAT, Marks, MarksBook, message_entry, other_entry
from monitor.core.escalation import Escalation, anew
from monitor.core.events import Message
from monitor.core.feeds import SILENT_MS, Feed, Source
from monitor.core.fold import (
    CLOSED_UNANSWERED,
    CODE,
    DISMISS,
    FIRST,
    KIND,
    MIXED,
    OPENED,
    RECALL,
    Ending,
    Entry,
    Fold,
    Folds,
    Promise,
    State,
    Wait,
    Who,
)
from monitor.core.hours import Calendar, CountedClock, Hours
from monitor.core.incidents import Incidents
from monitor.core.incidents import Kept as KeptIncidents
from monitor.core.ladders import Ladders
from monitor.core.lists import Kept, complete, listed
from monitor.core.occasions import (
    hand_over,
    quality_broken,
    score_stood,
    shop_attended,
    shop_unattended,
    source_turned,
)
from monitor.core.people import Kept as KeptPeople
from monitor.core.people import People
from monitor.core.policy import Policy, PolicyBook, Stage
from monitor.core.policy_numbers import NumberedPolicies
from monitor.core.posts import Post
from monitor.core.promise_steps import PromiseSteps
from monitor.core.rounds import ended, stages_passed, still_open, window
from monitor.core.silences import Silence, Silences
from monitor.core.slices import Slices
from monitor.core.telling import (
    first_limit_ms,
    keep_told,
    keeps_step,
    order_fields,
    standing_in,
    told_of,
    told_stages,
    was_due,
)
from monitor.core.timers import NEVER_MS, Timers, Untimed
from monitor.core.views import SourceRow, WaitRow, wait_row
from monitor.core.watch import UNSEEN, Turned, Watch

LATENESS_MS = 600_000
TOLD_AT_ONCE = 400  # Waits told of in one slice, about 15 ms with their rows.
NAMED_AT_MOST = 100  # Waits named with a source that is down; who sends shows fewer.
CATCH_UP_MS = 30_000
IDLE_MS = 3_600_000  # A conversation in which nothing is open leaves the memory so long after its last word.
PEOPLE_AT_MOST = 100_000  # Names come from outside, and may be anything.

_ACTS: frozenset[type] = frozenset({ev.AlertActed, ev.SilenceSet, ev.SilenceEnded, ev.ScoreStood, ev.QualityBroken})

Folded = Literal["folded", "late", "kept"]
Reason = Literal["late", "backfill", "recalled", "dismissed"]


class Shop:
    """What the tracker keeps of one shop.

    Its policy is that of the event in hand, by the event's own time and phase: asked for anew only when an event lies
    outside the span, or is of another phase, than the one before it.
    """

    __slots__ = ("conversations", "fold", "from_ms", "lists", "marks", "name", "phase", "platform", "spans", "until_ms")

    fold: Fold  # Of the event in hand, as are the marks.
    marks: Marks

    def __init__(self, name: str, platform: str) -> None:
        self.name = name
        self.platform = platform
        self.conversations: dict[str, Conversation] = {}
        self.lists: Kept | None = None  # None: no list of who waits has come for it.
        self.spans: dict[str | None, tuple[int, int, Fold, Marks]] = {}  # By phase: from, until, as last resolved.
        self.ask_anew()

    def ask_anew(self) -> None:
        """Resolve again before the next event."""
        self.spans.clear()
        self.from_ms = self.until_ms = 0
        self.phase: str | None = None

    def hold(self, span: tuple[int, int, Fold, Marks], phase: str | None) -> None:
        """Take this policy for what lies within the span, and is of this phase."""
        self.from_ms, self.until_ms, self.fold, self.marks = span
        self.phase = phase


class _Shard(Struct, array_like=True):
    """The tracker's own small state, as it is saved."""

    now_ms: int
    sources: list[Source]
    feeds: list[Feed]
    shops: dict[str, str]  # name: platform
    people: KeptPeople | None = None
    incidents: KeptIncidents | None = None
    silences: tuple[Silence, ...] = ()
    unattended: tuple[str, ...] = ()


_row_encoder = msgpack.Encoder()
_row_decoder = msgpack.Decoder(Conversation)
_shard_decoder = msgpack.Decoder(_Shard)


class Tracker:
    """All waits of one shard.

    Args:
        policies: where the rules are looked up.
        wall: whether time is the wall clock (live) or the newest ``ts`` (replay, tests).
        rows: whether rows are saved: `changed` is kept, and idle conversations may leave the memory. Always so with
            ``wall``. Time then moves by `advance` alone; without ``wall``, to the ``ts`` of each event before it is
            handed over.
        lateness_ms: within this, the order of arrival does not change the result.
        catch_up_ms: a feed whose newest event is older than this on arrival is catching up.
        lazy: judge a conversation only when it is touched, and all that are left by `advance`: for a replay, which
            looks at the decisions when it is through.
        keep_all: keep every log whole, so that what is marked ``backfill`` finds its place in a replay.
        people: who is there and who has room, where that is of interest; not with ``lazy``.

    Attributes:
        decisions: what was decided since the caller last took it (and emptied the list).
        changed: the conversations whose rows have changed since the caller last took them, each with the number of the
            wait that was open in it before (0: none); kept with ``rows`` only.
        now_ms: how far time has been moved.
        policies: every policy in use, by its number.
        taken_under: the number of the policy under which the last event was taken, to be stored with it.
        late: how many events came after `lateness` and changed nothing.
        merged: conversations that were made one since the caller last took them: their rows are saved together, or
            what was said in one would be lost with the other; kept with ``rows`` only.
    """

    def __init__(
        self,
        policies: PolicyBook,
        *,
        wall: bool = True,
        rows: bool = False,
        lateness_ms: int = LATENESS_MS,
        catch_up_ms: int = CATCH_UP_MS,
        lazy: bool = False,
        keep_all: bool = False,
        people: People | None = None,
    ) -> None:
        self._book = policies
        self._phases = policies.phases
        self.policies = NumberedPolicies()
        self._wall = wall
        self._rows = rows or wall
        self._lateness_ms = lateness_ms
        self._keep_all = keep_all
        self._shops: dict[str, Shop] = {}
        self._folds = Folds(self.policies)
        self._marks = MarksBook(self.policies)
        self._who: dict[tuple[str | None, str | None], Who] = {}
        self._lazy = lazy
        self._timers: Timers[Conversation | Feed | Source | Incidents | Post | People] = Untimed() if lazy else Timers()
        self._calendars: dict[Hours, Calendar] = {}
        self._watch = Watch(self._timers, catch_up_ms, self._silent_at)
        self._came_by = UNSEEN  # The feed of the event in hand.
        self._parked: dict[int, list[Conversation]] = {}
        self._slices = Slices()
        self._idle: list[Conversation] = []
        self._endings: list[Ending] = []  # Of the event in hand; always empty between two.
        self._add_ending = self._endings.append
        self.silences = Silences()
        self.incidents = Incidents(self, self._timers, self.silences)
        self.ladders = Ladders(self.policies, self, self.silences, lateness_ms)
        self._alert_log = AlertLog(self, self.ladders, self.incidents)
        self.escalation = Escalation(self, self.ladders, self._alert_log, self.incidents)
        self._promise_steps = PromiseSteps(self, self.ladders, self.incidents)
        self._logs = not lazy  # A replay that judges a chat only when it is touched cannot merge chats in one message.
        self.decisions: list[Decision] = []
        self.changed: dict[Conversation, int] = {}
        self.now_ms = 0
        self.taken_under = 0
        self.late = 0
        self.merged: list[Conversation] = []
        self.people = people
        if people is not None:
            people.attach(self)

    @property
    def wall(self) -> bool:
        """Whether time is the wall clock; else it is the newest ``ts``."""
        return self._wall

    @property
    def rules(self) -> str:
        """The name of the rules in force."""
        return self._book.rules

    # -- events ------------------------------------------------------------------------------------------------------

    def take_rules(self, policies: PolicyBook) -> None:
        """Hold against these rules what comes from now on; what stands open keeps the policy it opened with."""
        self._book = policies
        self._phases = policies.phases
        self._calendars.clear()
        for shop in self._shops.values():
            shop.ask_anew()

    def handle(
        self, event: ev.AnyEvent, number: int, arrived_at_ms: int, words: int = 0, policy: int | None = None
    ) -> Folded:
        """Take one event.

        Args:
            event: not a duplicate of one already handled.
            number: its place in the journal, greater than any before.
            arrived_at_ms: when it came; in a replay anything.
            words: the classes of its words, as they were read at acceptance.
            policy: the number of the policy it was taken under, when it is handed over again; None: by the rules.

        Returns:
            ``folded`` when it became part of its conversation, ``late`` when it came after its horizon, ``kept`` when
            it is of a kind that ends and opens nothing.
        """
        if self._wall:
            if arrived_at_ms > self.now_ms:
                self.now_ms = arrived_at_ms  # What is decided by it is decided now, though nothing was due since.
            self._came_by = UNSEEN
            if type(event) not in ev.OURS:
                watch = self._watch
                self._came_by = watch.arrive(event, self.now_ms)
                if watch.turned or watch.released or watch.gaps:
                    self._hear(self.now_ms)
        if type(event) is not Message:
            folded = self._other(event, number, policy)
            if self.people is not None:
                self.people.took(event, number)
                self.incidents.flush()
            return folded
        shop = self._shops.get(event.shop)
        if shop is None:
            shop = self._new_shop(event.shop, event.platform)
        if (
            not shop.from_ms <= event.ts_ms < shop.until_ms
            or policy is not None
            or (self._phases and event.phase != shop.phase)
        ):
            self._turn(shop, event, policy)
        self.taken_under = shop.fold.number
        who, agent, account = None, event.agent, event.account
        if account is not None or agent is not None:
            who = self._who.get((agent, account)) or self._interned(agent, account)
        entry = message_entry(event, number, words, who, shop.marks)
        folded = "kept" if entry is None else self._fold(shop, event.conversation or event.buyer or "", event, entry)
        if self.people is not None:
            self.people.took(event, number, words)
            self.incidents.flush()
        return folded

    def _turn(self, shop: Shop, event: ev.AnyEvent, policy: int | None) -> None:
        """Let a shop hold the policy of an event: the one given, else that in force at its time and phase."""
        if policy is not None:
            shop.hold((0, 0, self._folds[policy], self._marks[policy]), None)
            return
        phase = event.phase
        span = shop.spans.get(phase)
        if span is None or not span[0] <= event.ts_ms < span[1]:
            known = phase if phase in self._phases else None
            resolved = self._book.resolve(shop.platform, shop.name, known, event.ts_ms)
            number = self.policies.number_of(resolved.policy, self._book.rules)
            span = shop.spans[known] = (resolved.from_ms, resolved.until_ms, self._folds[number], self._marks[number])
        shop.hold(span, phase)

    def _take_ours(self, event: ev.AnyEvent, number: int) -> Folded:
        """Take what a person did on a page or by a link, or what the scores have come to."""
        if isinstance(event, ev.SilenceSet):
            self.silences.begin(event)
        elif isinstance(event, ev.SilenceEnded):
            self.silences.pop(event.silence, None)
        elif isinstance(event, ev.ScoreStood):
            if self.incidents.is_new(number):
                score_stood(self.incidents, event, self._team_of(event.shop), max(self.now_ms, event.ts_ms))
                self.incidents.flush()
        elif isinstance(event, ev.QualityBroken):
            if self.incidents.is_new(number):
                quality_broken(self.incidents, event, self._team_of(event.shop), max(self.now_ms, event.ts_ms))
                self.incidents.flush()
        elif isinstance(event, ev.AlertActed) and not event.wait:
            self.incidents.act(event, number)
        elif isinstance(event, ev.AlertActed):
            conversation = self.conversation(event.shop, event.conversation or "")
            wait = conversation.state.wait if conversation is not None else None
            if conversation is None or wait is None or wait.number != event.wait or number <= conversation.number:
                return "kept"  # It is over; or, after a restart, its row is newer than this.
            conversation.number = number
            self.escalation.act(conversation, wait, event)
            self._schedule(conversation)
            return "folded"
        return "kept"

    def _other(self, event: ev.AnyEvent, number: int, policy: int | None) -> Folded:
        """Take an event that is no message."""
        self.taken_under = 0
        if type(event) in _ACTS:
            return self._take_ours(event, number)
        if type(event) is ev.ServiceStarted:
            self.begin(event.ts_ms)
            return "kept"
        is_list = type(event) is ev.WaitingSnapshot
        if type(event) is ev.BuyerMerged:
            return self._merge(event, number)
        if not is_list and type(event) not in WHAT:
            return "kept"
        shop = self._shops.get(event.shop) or self._new_shop(event.shop, event.platform)
        if policy is not None or not shop.from_ms <= event.ts_ms < shop.until_ms or event.phase != shop.phase:
            self._turn(shop, event, policy)
        self.taken_under = shop.fold.number
        if is_list:
            return self._take_list(shop, cast(ev.WaitingSnapshot, event), number)
        entry = other_entry(event, number, self._interned, shop.marks.bits)
        return self._fold(shop, event.conversation or event.buyer or "", event, entry)

    def _take_list(self, shop: Shop, event: ev.WaitingSnapshot, number: int) -> Folded:
        """Take a list of who waits: in each chat that it names, or names no more."""
        bits = shop.marks.bits
        who = self._interned(event.agent, event.account) if event.agent or event.account else None
        outcome: Folded = "kept"
        for chat, buyer, entry in listed(event, number, who, bits):
            if self._fold(shop, chat, event, entry) == "folded":
                outcome = "folded"
            conversation = shop.conversations[chat]
            conversation.merge_listed()
            if conversation.buyer is None and buyer != chat:
                conversation.buyer = buyer
        if event.complete:
            one = complete(event, number, bits)
            if shop.lists is None:
                shop.lists = Kept()
            shop.lists.add(one, self._lateness_ms)
            waiting = [chat for chat, held in shop.conversations.items() if held.state.wait is not None]
            for chat in waiting:
                if one.misses(chat, _account_of(shop.conversations[chat])):
                    self._fold(shop, chat, event, one.entry())
        return outcome

    def _compare(self, shop: Shop, conversation: Conversation, ts_ms: int) -> None:
        """What came late may be something that a list has known to be over."""
        assert shop.lists is not None
        for one in shop.lists.after(ts_ms):
            if one.misses(conversation.id, _account_of(conversation)) and not conversation.holds(one.number):
                newest = conversation.number
                self._late(shop, conversation, one.entry(), backfill=False)
                conversation.number = newest

    def rebuild(
        self, shop_name: str, key: str, history: Iterable[tuple[ev.AnyEvent, int, int, int]], opened: frozenset[int]
    ) -> None:
        """Let a conversation's log reach back as far as the journal does; see `wants_history`.

        Args:
            shop_name: whose conversation.
            key: which; in memory.
            history: (event, number, words, policy) of all that was folded into it.
            opened: the numbers of its rounds as they were written down.
        """
        shop = self._shops[shop_name]
        conversation = shop.conversations[key]
        entries = [
            message_entry(
                event,
                number,
                words,
                self._interned(event.agent, event.account) if event.agent or event.account else None,
                self._marks[policy],
            )
            if isinstance(event, ev.Message)
            else other_entry(event, number, self._interned, self._marks[policy].bits)
            for event, number, words, policy in history
            if type(event) is ev.Message or type(event) in WHAT
        ]
        was = conversation.state.wait
        opened |= {told.wait for told in conversation.told} | ({was.number} if was is not None else set())
        conversation.rebuild(self._folds, [entry for entry in entries if entry is not None], opened)
        _carry_over(was, conversation.state.wait)

    def _fold(self, shop: Shop, key: str, event: ev.AnyEvent, entry: Entry) -> Folded:
        """Give an entry, made of an event, to its conversation and act on what that changes."""
        conversation = shop.conversations.get(key)
        if conversation is None:
            buyer = event.buyer if event.buyer != key else None
            conversation = Conversation(shop.name, key, buyer, entry.number - 1, 0, State())
            shop.conversations[key] = conversation
        logged, ts_ms = conversation.logged, entry.ts_ms
        if logged < 0:
            return self._fold(shop, conversation.merged_into or "", event, entry)
        if self._rows:
            if entry.number <= conversation.number:
                return "folded"  # After a restart: its row is newer than this.
            if conversation not in self.changed:
                self._touch(conversation)
            if self._came_by not in (UNSEEN, conversation.feed):
                conversation.feed = self._came_by
                if conversation.wake_at_ms <= self.now_ms:  # Held back for the feed it came by before.
                    self._timers.wake(conversation, conversation.wake_at_ms)
        else:
            if ts_ms > self.now_ms:
                self.now_ms = ts_ms
            if conversation.wake_at_ms <= self.now_ms:
                self._judge_until(conversation, self.now_ms)
                self.escalation.flush(self.now_ms)
        last, state = conversation.log, conversation.state
        if (
            last is not None
            and (ts_ms <= last.ts_ms or state.flags & MIXED or entry.what & CODE == RECALL)
            and not conversation.in_order(entry)
        ):
            folded = self._late(shop, conversation, entry, backfill=event.backfill)
            if shop.lists is not None and folded == "folded":
                self._compare(shop, conversation, ts_ms)
            return folded
        conversation.number = entry.number
        if logged >= CHUNK:
            conversation.save()
            if not self._keep_all:
                conversation.forget(ts_ms, self._lateness_ms)
            last, logged = None, 0
        entry.before = last
        conversation.log = entry
        conversation.logged = logged + 1
        wait, promise = state.wait, state.promise
        since_ms = wait.since_ms if wait is not None else 0
        shop.fold.step(state, entry, self._add_ending)
        if self._endings:
            for ending in self._endings:
                self._close(shop, conversation, ending)
            self._endings.clear()
        now = state.wait
        if now is not wait:
            if now is not None and now.number < 0:
                now.number = entry.number  # Known from here on by what opened it first.
                entry.what |= OPENED
                if entry.what > 255:
                    entry.what = self._marks.shared(entry.what)
            if now is not None or state.promise is not None or self._rows:
                self._schedule(conversation)
            else:
                conversation.wake_at_ms = NEVER_MS
        elif state.promise is not promise:
            self._schedule(conversation)
        elif now is not None:
            if now.standing is not None or now.since_ms != since_ms:
                self._schedule(conversation)
        elif self._rows and conversation.wake_at_ms == NEVER_MS:
            self._schedule(conversation)  # Nothing is open in it: it leaves the memory in time.
        if conversation.told:
            self.escalation.moved(conversation)
        if promise is not None and state.promise is not promise and self.incidents.promises:
            self._promise_steps.over(conversation, self.now_ms)
        if shop.lists is not None and ts_ms < shop.lists.newest_ms:
            self._compare(shop, conversation, ts_ms)
        return "folded"

    def touch(self, conversation: Conversation) -> None:
        """Note that a row has changed."""
        if self._rows:
            self._touch(conversation)

    def _touch(self, conversation: Conversation) -> None:
        if conversation not in self.changed:
            wait = conversation.state.wait
            self.changed[conversation] = wait.number if wait is not None else 0

    def _late(self, shop: Shop, conversation: Conversation, entry: Entry, *, backfill: bool) -> Folded:
        """Put what is out of order in its place; restate what that changes."""
        horizon_ms = conversation.horizon_ms(self._lateness_ms)
        beyond = entry.ts_ms < horizon_ms
        if beyond and not (backfill and conversation.whole):
            # The caller gives the history of what is marked `backfill` (see `wants_history`); the rest is too late.
            self.late += 1
            conversation.number = entry.number
            if conversation.wake_at_ms == NEVER_MS and self._rows:
                self._schedule(conversation)
            return "late"
        reason: Reason
        if entry.what & KIND == RECALL:
            reason = "recalled"
        elif entry.what & KIND == DISMISS:
            reason = "dismissed"
        else:
            reason = "backfill" if beyond else "late"
        was_open, promise = conversation.state.wait, conversation.state.promise
        was, ended_now = conversation.insert(self._folds, entry, self.now_ms)
        conversation.number = entry.number
        _carry_over(was_open, conversation.state.wait)
        if promise is not None and not _promised_still(promise, conversation.state.promise):
            self._promise_steps.over(conversation, self.now_ms)
        before = {e.wait.number: self._ended(shop, conversation, e) for e in was}
        after = {e.wait.number: self._ended(shop, conversation, e) for e in ended_now}
        passed = {was_open.number: was_open.passed} if was_open is not None else {}
        self._restate(shop, before, after, reason, passed)
        self._settle_told(shop, conversation, after, reason)
        self._schedule(conversation)
        return "folded"

    def _merge(self, event: ev.BuyerMerged, number: int) -> Folded:
        """Two ids are one buyer: all of one conversation is said in the other, in its place.

        1. Find what stands for each id; what is one already stays.
        2. Fold both together; restate what that changes: a wait under the one id ends by the reply under the other.
        3. Leave a sign in place of the first, so that what comes under its id goes to the other.
        """
        shop = self._shops.get(event.shop) or self._new_shop(event.shop, event.platform)
        one_key, into_key = self._resolved(shop, event.buyer or ""), self._resolved(shop, event.into)
        if one_key == into_key:
            return "kept"
        one = shop.conversations.get(one_key)
        if one is None:
            one = shop.conversations[one_key] = Conversation(shop.name, one_key, None, number, 0, State())
        into = shop.conversations.get(into_key)
        if into is None:
            into = shop.conversations[into_key] = Conversation(shop.name, into_key, None, number, one.feed, State())
        passed: dict[int, int] = {}
        for part in (one, into):
            if self._rows:
                self._touch(part)
                self.merged.append(part)
            elif part.wake_at_ms <= self.now_ms:
                self._judge_until(part, self.now_ms)
            if part.state.wait is not None:
                passed[part.state.wait.number] = part.state.wait.passed
            if part.state.promise is not None:
                self._promise_steps.over(part, self.now_ms)  # What is owed still is told anew.
            for told in part.told:
                self.escalation.leave(part, told)
        opened = _numbers(one)
        was, now = into.absorb(self._folds, one, self.now_ms)
        before = {e.wait.number: self._ended(shop, one if e.wait.number in opened else into, e) for e in was}
        after = {e.wait.number: self._ended(shop, into, e) for e in now}
        into.told = tuple(sorted((*into.told, *one.told), key=lambda told: told.at_ms))
        into.number = number
        one.leave_to(into_key, number)
        wait = into.state.wait
        if wait is not None:
            wait.passed = passed.get(wait.number, 0)
        self._restate(shop, before, after, "merged", passed)
        self._settle_told(shop, into, after, "late")
        for part in (one, into):
            self._schedule(part)
        if into.told:
            self.escalation.restore(into)
        return "folded"

    def _resolved(self, shop: Shop, key: str) -> str:
        """Return the conversation that stands for a key, by the signs that are in memory."""
        conversation = shop.conversations.get(key)
        while conversation is not None and conversation.merged_into is not None:
            key = conversation.merged_into
            conversation = shop.conversations.get(key)
        return key

    def _restate(
        self,
        shop: Shop,
        before: dict[int, Round],
        after: dict[int, Round],
        reason: Reason | Literal["merged"],
        passed: dict[int, int],
    ) -> None:
        """Say which rounds of the past are others now.

        Args:
            shop: whose rounds.
            before: those that had ended, by number.
            after: those that have ended now.
            reason: why.
            passed: of waits that stood open, how many stages were told as passed.
        """
        for number in sorted(before.keys() | after.keys()):
            old, new = before.get(number), after.get(number)
            if old != new:
                if new is not None and reason == "backfill":
                    new = replace(new, backfilled=True)
                if old is None and new is not None and reason != "backfill":
                    self._pass_all(shop, new, passed.get(number, 0))
                    self.decisions.append(CloseRound(new))
                else:
                    self.decisions.append(RestateRound(old, new, reason))

    def _close(self, shop: Shop, conversation: Conversation, ending: Ending) -> None:
        """Write down a round that has ended in order, and end its alert."""
        closed = ended(conversation, shop.platform, self.policies, ending)
        if self.people is not None:
            closed = self.people.charged(closed)
        if len(closed.passed) > ending.wait.passed:
            self._pass_all(shop, closed, ending.wait.passed)
        self.decisions.append(CloseRound(closed))
        if conversation.told:
            self._settle_told(shop, conversation, {closed.wait: closed}, "late")

    def _ended(self, shop: Shop, conversation: Conversation, ending: Ending) -> Round:
        done = ended(conversation, shop.platform, self.policies, ending)
        return done if self.people is None else self.people.charged(done)

    def _pass_all(self, shop: Shop, closed: Round, known: int) -> None:
        """Say which stages a round that has ended had passed beyond those ``known``."""
        for stage in closed.passed[known:]:
            self._pass(shop, closed.team, stage, courtesy=closed.courtesy)

    def _pass(self, shop: Shop, team: str, stage: str, *, courtesy: bool) -> None:
        self.decisions.append(PassStage(shop.platform, shop.name, team, stage, courtesy))

    # -- time --------------------------------------------------------------------------------------------------------

    @property
    def next_ms(self) -> int:
        """When `advance` has something to do at the earliest; NEVER_MS when nothing is waited for."""
        return self.now_ms if self.escalation.pending or self._slices else self._timers.next_ms

    def advance(self, now_ms: int, at_most: int = 1 << 30) -> bool:
        """Move time forward and judge what is due.

        Args:
            now_ms: not before an earlier call's; earlier is taken as that.
            at_most: how many items to judge, so that a million limits due at once come in slices.

        Returns:
            Whether more is due by ``now_ms``: call again.
        """
        now_ms = max(self.now_ms, now_ms)
        if not self._wall and not self._lazy:
            while self._timers.next_ms <= now_ms:
                # Each instant on its own: what is due at one is told together, whichever chats it is of.
                self.now_ms = max(self.now_ms, self._timers.next_ms)
                self._judge_due(self._timers.next_ms, at_most)
        self.now_ms = now_ms
        if self._lazy:
            for shop in self._shops.values():
                for conversation in shop.conversations.values():
                    self._judge_until(conversation, now_ms)
            return False
        if self._wall:
            if self._slices:
                self._slices.go_on()
            if now_ms >= self._timers.next_ms:
                self._judge_due(
                    now_ms, at_most
                )  # It tells a part of what is pending, too: neither waits for the other.
            elif self.escalation.pending:
                self.escalation.flush(now_ms, TOLD_AT_ONCE)
        return self.next_ms <= now_ms

    def _judge_due(self, now_ms: int, at_most: int) -> None:
        for item in self._timers.due(now_ms, at_most):
            due_ms, item.wake_at_ms = item.wake_at_ms, NEVER_MS
            if type(item) is Conversation:
                self._judge(item, now_ms if self._wall else due_ms, due_ms)
            elif type(item) is Incidents:
                item.judge(now_ms)
            elif isinstance(item, Post | People):
                assert self.people is not None
                self.people.judge(item, now_ms)
            else:
                assert isinstance(item, Feed | Source)
                self._watch.judge(item, now_ms)
                self._hear(now_ms)
        self.escalation.flush(now_ms, TOLD_AT_ONCE if self._wall else 1 << 30)

    def _judge(self, conversation: Conversation, now_ms: int, due_ms: int) -> None:
        """A limit of this conversation has come."""
        shop = self._shops[conversation.shop]
        state = conversation.state
        if self._rows:
            if state.wait is None and state.promise is None:
                idle_at_ms = now_ms if conversation.log is None else conversation.log.ts_ms + IDLE_MS
                if idle_at_ms <= now_ms:
                    self._idle.append(conversation)
                else:
                    self._timers.wake(conversation, idle_at_ms)
                return
            if self.held_back(conversation):
                conversation.wake_at_ms = due_ms
                self._parked.setdefault(conversation.feed, []).append(conversation)
                return
            self._touch(conversation)
        wait = state.wait
        if wait is not None:
            if now_ms - wait.opened_at_ms > self.policies[wait.policy].give_up_ms:
                self._give_up(shop, conversation, now_ms)
            else:
                self._judge_wait(shop, conversation, wait, now_ms)
                if self._logs and (self.ladders.table[wait.policy].any or conversation.told):
                    self.escalation.judge(conversation, wait, now_ms)
        if state.promise is not None:
            self._judge_promise(shop, conversation, state.promise, now_ms)
        self._schedule(conversation)

    def _give_up(self, shop: Shop, conversation: Conversation, now_ms: int) -> None:
        endings: list[Ending] = []
        state = conversation.state
        over = state.wait or state.promise
        assert over is not None
        self._folds[over.policy].give_up(state, now_ms, endings.append)
        for ending in endings:
            self._close(shop, conversation, ending)

    def _judge_promise(self, shop: Shop, conversation: Conversation, promise: Promise, now_ms: int) -> None:
        while promise.passed < len(promise.limits):
            name, after_ms = promise.limits[promise.passed]
            passed_at_ms = promise.due_at_ms(after_ms, self.policies.clocks[promise.policy])
            if passed_at_ms is None or passed_at_ms > now_ms:
                break
            promise.passed += 1
            who = conversation.state.holder or promise.who  # Who can act on it, who need not be who gave it.
            self.decisions.append(
                PassPromise(
                    platform=shop.platform,
                    shop=shop.name,
                    conversation=conversation.id,
                    team=self.policies[promise.policy].team,
                    agent=who.agent if who else None,
                    account=who.account if who else None,
                    stage=name,
                    greeting=promise.greeting,
                    opened_at_ms=promise.opened_at_ms,
                    due_at_ms=passed_at_ms,
                    decided_at_ms=now_ms,
                )
            )
        if now_ms - promise.opened_at_ms > self.policies[promise.policy].give_up_ms:
            self._give_up(shop, conversation, now_ms)

        if self._logs and promise is conversation.state.promise:
            self._promise_steps.judge(conversation, promise, now_ms)

    def _judge_until(self, conversation: Conversation, now_ms: int) -> None:
        """Judge each limit of a conversation at its own instant, up to ``now_ms``: time is the newest ``ts``."""
        while conversation.wake_at_ms <= now_ms:
            due_ms, conversation.wake_at_ms = conversation.wake_at_ms, NEVER_MS
            state = conversation.state
            if state.promise is None and state.wait is not None and not state.wait.since_ms:
                due_ms = now_ms  # Courtesy alerts nobody, so when it passed its limits is of no consequence.
            self._judge(conversation, due_ms, due_ms)

    def _judge_wait(self, shop: Shop, conversation: Conversation, wait: Wait, now_ms: int) -> None:
        """Say which limits an open wait has passed: each once as passed, the highest as an alert."""
        policy, clock = self.policies[wait.policy], self.policies.clocks[wait.policy]
        stages = window(policy, wait)
        since_ms = wait.since_ms
        passed = stages_passed(stages, wait.counted_ms(now_ms, clock))
        while wait.passed < passed:
            self._pass(shop, policy.team, stages[wait.passed].name, courtesy=not since_ms)
            wait.passed += 1
        if not since_ms:
            return
        reached = passed if since_ms == wait.opened_at_ms else stages_passed(stages, wait.needed_ms(now_ms, clock))
        told = told_of(conversation, wait.number) if conversation.told else None
        if not reached or (told is not None and told.state == FIRING and reached <= told.stages):
            return
        ladder = told.ladder if told is not None else None
        if (ladder is not None and ladder.quiet(now_ms)) or (
            self.ladders.silenced(conversation, policy, stages[reached - 1].name, now_ms)
        ):
            if ladder is None or not ladder.stopped:
                told, _ = self.ladders.ladder_of(conversation, wait, now_ms)
                if told.state != FIRING:
                    anew(told)
                told.stages = reached  # Passed over, not made up.
            return
        order: type[RaiseAlert] | type[RiseAlert] = RiseAlert
        if told is None:
            order = RaiseAlert
            told = Told(wait.number, reached, reached, FIRING, now_ms, 0, wait.policy, wait.flags & FIRST > 0)
            keep_told(conversation, told, now_ms - self._lateness_ms)
        elif told.state != FIRING:
            order = RaiseAlert
            anew(told)
            told.first = reached
        elif not told.first:
            order = RaiseAlert
            told.first = reached
        told.stages, told.at_ms = reached, now_ms
        stage = stages[reached - 1]
        due_ms = wait.due_at_ms(stage.after_ms, clock, from_opening=False)
        holder = conversation.state.holder
        self._order(
            order(
                wait.number,
                stage.name,
                now_ms if due_ms is None else due_ms,
                now_ms,
                shop.platform,
                shop.name,
                conversation.id,
                conversation.buyer or conversation.id,
                holder.agent if holder is not None else None,
                holder.account if holder is not None else None,
                policy.team,
                since_ms,
                wait.opened_at_ms,
                wait.opened_by,
                wait.messages,
                told.repetition,
                wait.flags & CLOSED_UNANSWERED > 0,
                wait.due_at_ms(stages[reached].after_ms, clock, from_opening=False) if reached < len(stages) else None,
                wait.policy,
                self.policies.rules[wait.policy],
                policy.rule,
            ),
            told,
        )

    def _order(self, order: AlertOrder, told: Told) -> None:
        """Order machines to be told of a wait, and write down how its alert stands."""
        self.decisions.append(order)  # type: ignore[arg-type]
        if self._logs:
            self._alert_log.ordered(order, told, steps=self.ladders.table[told.policy].any)

    def _settle_told(
        self,
        shop: Shop,
        conversation: Conversation,
        closed: dict[int, Round],
        reason: Reason,
    ) -> None:
        """End the alerts of waits that have ended, or that turn out never to have been late."""
        wait = conversation.state.wait
        for told in conversation.told:
            done = closed.get(told.wait)
            if done is None and wait is not None and wait.number == told.wait:
                if told.state == FIRING and not self._justified(wait, told):
                    self._withdraw(shop, conversation, told, None, reason)
                continue
            if told.ladder is not None:
                self.escalation.leave(conversation, told)
            if done is None and told.state == FIRING:
                self._withdraw(shop, conversation, told, None, reason)
            elif done is not None and told.state != WITHDRAWN:
                if not was_due(self._told_window(told), self.policies.clocks[told.policy], done, told):
                    self._withdraw(shop, conversation, told, done, reason)
                elif told.state == FIRING or (told.ladder is not None and told.ladder.stopped):
                    is_told = told.state == FIRING and told.first > 0
                    told.state = RESOLVED
                    if not is_told:
                        self._alert_log.over(told, done, done.outcome, self.now_ms)
                        continue
                    self._order(
                        ResolveAlert(
                            *order_fields(
                                done,
                                told,
                                self.policies,
                                self._stage(told),
                                done.ended_at_ms or self.now_ms,
                                self.now_ms,
                            ),
                            reason=cast(Literal["answered", "expired", "abandoned", "dismissed"], done.outcome),
                        ),
                        told,
                    )

    def _justified(self, wait: Wait, told: Told) -> bool:
        """Whether an open wait has passed the stage at which it was first told, as it stands now."""
        limit_ms = first_limit_ms(window(self.policies[wait.policy], wait), told)
        if not limit_ms:
            return True
        if not wait.since_ms:
            return False
        due = wait.due_at_ms(limit_ms, self.policies.clocks[wait.policy], from_opening=False)
        return due is not None and due <= self.now_ms

    def _withdraw(
        self,
        shop: Shop,
        conversation: Conversation,
        told: Told,
        done: Round | None,
        reason: Reason,
    ) -> None:
        told.state = WITHDRAWN
        if told.ladder is not None:
            self.escalation.leave(conversation, told)
        if done is None:
            wait = conversation.state.wait
            if wait is None:
                assert conversation.log is not None
                wait = Wait(conversation.log.ts_ms, conversation.log.id, told.wait, 0, 0, 0, told.policy)
            done = standing_in(conversation, shop.platform, self.policies, wait, self.now_ms)
        if not told.first:
            self._alert_log.over(told, done, "late" if reason == "dismissed" else reason, self.now_ms)
            return
        self._order(
            WithdrawAlert(
                *order_fields(done, told, self.policies, self._stage(told), self.now_ms, self.now_ms),
                reason="late" if reason == "dismissed" else reason,
            ),
            told,
        )

    def _told_window(self, told: Told) -> tuple[Stage, ...]:
        """Return the stages of the wait that was told of, under the policy it opened with."""
        policy = self.policies[told.policy]
        return policy.first_window if policy.first_window is not None and told.first_reply else policy.window

    def _stage(self, told: Told) -> str:
        return self._told_window(told)[told.stages - 1].name

    def _schedule(self, conversation: Conversation) -> None:
        """Ask to be woken at the next instant at which something may have to be said."""
        state = conversation.state
        wait, promise = state.wait, state.promise
        if wait is None and promise is None:
            if self._rows:
                last = conversation.log
                self._timers.wake(conversation, max(self.now_ms, last.ts_ms if last is not None else 0) + IDLE_MS)
            else:
                conversation.wake_at_ms = NEVER_MS
            return
        at_ms = NEVER_MS
        if wait is not None:
            fold, told = self._folds[wait.policy], conversation.told
            clock, stages = fold.clock, fold.windows[wait.flags & FIRST]
            opened_at_ms, passed = wait.opened_at_ms, wait.passed
            if (
                promise is None
                and wait.standing is None
                and wait.since_ms == opened_at_ms
                and (not told or keeps_step(told[-1], wait))
            ):
                # Most waits: one clock, and what was told is what was passed.
                if clock is None:
                    at_ms = opened_at_ms + 1 + (stages[passed].after_ms if passed < len(stages) else fold.give_up_ms)
                else:
                    at_ms = self._due_in_hours(clock, opened_at_ms, stages[passed:], fold.give_up_ms)
                if self._logs and (told or self.ladders.table[wait.policy].any):
                    at_ms = min(at_ms, self.escalation.next_ms(conversation, wait))
                if at_ms != conversation.wake_at_ms:
                    self._timers.wake(conversation, at_ms)
                return
            at_ms = opened_at_ms + fold.give_up_ms + 1
            if passed < len(stages):
                due = wait.due_at_ms(stages[passed].after_ms, clock, from_opening=True)
                if due is not None and due < at_ms:
                    at_ms = due
            standing = wait.standing
            if standing is not None and self.now_ms < standing.until_ms < at_ms:
                at_ms = standing.until_ms  # From then on it is a person's again, and the board says so.
            if clock is not None and self._rows:
                at_ms = min(at_ms, self._hours_turn_at(clock, opened_at_ms))
            if wait.since_ms and (wait.since_ms != opened_at_ms or told):
                reached = told_stages(told_of(conversation, wait.number))
                if reached < len(stages):
                    due = wait.due_at_ms(stages[reached].after_ms, clock, from_opening=False)
                    if due is not None and due < at_ms:
                        at_ms = due
            if self._logs and (told or self.ladders.table[wait.policy].any):
                at_ms = min(at_ms, self.escalation.next_ms(conversation, wait))
        if promise is not None:
            if self._logs:
                at_ms = min(at_ms, self._promise_steps.next_ms(promise))
            due = promise.opened_at_ms + self.policies[promise.policy].give_up_ms + 1
            if promise.passed < len(promise.limits):
                clock = self.policies.clocks[promise.policy]
                limit = promise.due_at_ms(promise.limits[promise.passed][1], clock)
                due = due if limit is None else min(due, limit)
            if due < at_ms:
                at_ms = due
        if at_ms != conversation.wake_at_ms:
            self._timers.wake(conversation, at_ms)

    def _due_in_hours(self, clock: CountedClock, opened_at_ms: int, stages: tuple[Stage, ...], give_up_ms: int) -> int:
        """Return when something of a wait in hours is due next: the first of these stages, its end, a turn of hours."""
        at_ms = opened_at_ms + give_up_ms + 1
        if stages:
            at_ms = min(at_ms, clock.due(opened_at_ms, opened_at_ms, stages[0].after_ms + 1))
        return min(at_ms, self._hours_turn_at(clock, opened_at_ms)) if self._rows else at_ms

    def _hours_turn_at(self, clock: CountedClock, opened_at_ms: int) -> int:
        """Return when the clock of a wait begins or ceases to run next: the board says so."""
        now_ms = max(self.now_ms, opened_at_ms)
        return clock.span(opened_at_ms, now_ms)[2]

    # -- feeds -------------------------------------------------------------------------------------------------------

    def _hear(self, now_ms: int) -> None:
        """Act on what the watch has noticed."""
        watch = self._watch
        self.decisions += watch.gaps
        watch.gaps.clear()
        for turned in watch.turned:
            self._slices.begin(self._survey(turned, now_ms))
        watch.turned.clear()
        for index in watch.released:
            self._unpark(index)
        watch.released.clear()
        self.incidents.flush()

    def _survey(self, turned: Turned, at_ms: int) -> Iterator[None]:
        """A source or account went stale or came back: show its shops anew, and say so once that is done."""
        shops = turned.shops
        feeds = {feed.index for feed in turned.feeds}
        waiting = 0
        named: list[NamedWait] = []
        for name in shops:
            shop = self._shops.get(name)
            for conversation in list(shop.conversations.values()) if shop is not None else ():
                wait = conversation.state.wait
                if wait is not None:
                    self._touch(conversation)
                    if wait.since_ms and conversation.feed in feeds:
                        waiting += 1
                        if turned.stale and len(named) < NAMED_AT_MOST:
                            named.append(self.ladders.named(conversation, wait, self.now_ms))
                yield
        said = SourceTurned(
            turned.source, turned.account, turned.stale, turned.reason, at_ms, tuple(shops), waiting, turned.host
        )
        self.decisions.append(said)
        source_turned(self.incidents, said, sorted({self._team_of(name) for name in shops}), named, self.now_ms)
        if not turned.stale:
            for index in {index for name in shops for index in self._watch.of_shop(name)}:
                self._unpark(index)

    def _silent_at(self, shops: Iterable[str], seen_ms: int) -> int:
        """Return when one of these shops, heard last at ``seen_ms``, has been silent too long by its hours."""
        at_ms = NEVER_MS
        for name in shops:
            shop = self._shops.get(name)
            hours = self._book.resolve(shop.platform, name, None, seen_ms).policy.hours if shop is not None else None
            if hours is None:
                return 0
            if hours not in self._calendars:
                self._calendars[hours] = Calendar(hours)
            at_ms = min(at_ms, self._calendars[hours].due(seen_ms, SILENT_MS + 1))
        return at_ms if at_ms < NEVER_MS else 0

    def held_back(self, conversation: Conversation) -> bool:
        """Whether its waits are not judged now."""
        return self._wall and (
            self._watch.catching_up(conversation.feed) or self._watch.stale(conversation.shop, conversation.feed)
        )

    def _unpark(self, feed: int) -> None:
        """Judge what was held back, as it stands now."""
        held_back = self._parked.pop(feed, None)
        if held_back is not None:
            self._slices.begin(self._wake_all(held_back))

    def _wake_all(self, conversations: list[Conversation]) -> Iterator[None]:
        for conversation in conversations:
            if conversation.wake_at_ms != NEVER_MS:
                self._timers.wake(conversation, conversation.wake_at_ms)
            yield

    # -- people ------------------------------------------------------------------------------------------------------

    def say(self, decision: Decision) -> None:
        """Take what was decided of people, and make an alert of what needs one."""
        self.decisions.append(decision)
        if isinstance(decision, ShopUnattended):
            self.escalation.unattended.add(decision.shop)
            shop_unattended(self.incidents, decision)
        elif isinstance(decision, ShopAttended):
            self.escalation.unattended.discard(decision.shop)
            shop_attended(self.incidents, decision)
        elif isinstance(decision, HandOver):
            hand_over(self.incidents, decision)

    def wake(self, item: Post | People, at_ms: int) -> None:
        """Have a shop's people, or all of them, judged at an instant."""
        self._timers.wake(item, at_ms)

    def shop(self, name: str) -> Shop | None:
        """Return a shop of which something was heard."""
        return self._shops.get(name)

    def shops(self) -> Iterable[Shop]:
        """Return every shop of which something was heard."""
        return self._shops.values()

    def policy_at(self, platform: str, shop: str, at_ms: int) -> Policy:
        """Return what the rules say of a shop for an instant."""
        return self._book.resolve(platform, shop, None, at_ms).policy

    def seen(self, shop: str) -> str:
        """Return how a shop is seen: ok, catching_up, stale, unknown."""
        return self._watch.state_of(shop) if self._wall else "ok"

    def _interned(self, agent: str | None, account: str | None) -> Who:
        key = (agent, account)
        who = self._who.get(key)
        if who is None:
            if len(self._who) >= PEOPLE_AT_MOST:
                self._who.clear()  # Kept to share them in memory; equal ones are as good.
            who = self._who[key] = Who(agent, account or agent)
        return who

    def _new_shop(self, name: str, platform: str | None) -> Shop:
        shop = self._shops[name] = Shop(name, platform or "unknown")
        return shop

    def platform_of(self, shop: str) -> str:
        """Return the platform of a shop that is known."""
        return self._shops[shop].platform

    def _team_of(self, shop: str) -> str:
        platform = self._shops[shop].platform if shop in self._shops else "unknown"
        return self._book.resolve(platform, shop, None, self.now_ms).policy.team

    def named_wait(self, shop: str, conversation: str, wait: int, now_ms: int) -> NamedWait | None:
        """Return a wait as a message to people names it; None: it is not open any more."""
        found = self.conversation(shop, conversation)
        if found is None or found.state.wait is None or found.state.wait.number != wait:
            return None
        return self.ladders.named(found, found.state.wait, now_ms)

    # -- what watchers see -------------------------------------------------------------------------------------------

    def conversation(self, shop: str, key: str) -> Conversation | None:
        """Return a conversation that is in memory; of a buyer who was merged, the one that stands for it."""
        found = self._shops.get(shop)
        if found is None:
            return None
        conversation = found.conversations.get(key)
        if conversation is None or conversation.logged >= 0:
            return conversation
        return found.conversations.get(self._resolved(found, key))

    def waits(self) -> Iterator[WaitRow]:
        """Yield every open wait, shop by shop."""
        for shop in self._shops.values():
            for conversation in shop.conversations.values():
                if conversation.state.wait is not None:
                    yield self._row(shop, conversation)

    def row(self, conversation: Conversation) -> WaitRow | None:
        """Return the open wait of a conversation."""
        return self._row(self._shops[conversation.shop], conversation) if conversation.state.wait else None

    def _row(self, shop: Shop, conversation: Conversation) -> WaitRow:
        wait = conversation.state.wait
        assert wait is not None
        return wait_row(
            conversation,
            shop.platform,
            self.policies,
            self.now_ms,
            catching_up=self._wall and self._watch.catching_up(conversation.feed),
            stale=self._wall and self._watch.stale(conversation.shop, conversation.feed),
        )

    def open_rounds(self, now_ms: int) -> Iterator[Round]:
        """Yield the rounds that stand open at ``now_ms``."""
        for shop in self._shops.values():
            for conversation in shop.conversations.values():
                wait = conversation.state.wait
                if wait is not None:
                    yield still_open(conversation, shop.platform, self.policies, now_ms)

    def promise(self, conversation: Conversation) -> tuple[str, str, str] | None:
        """Return platform, team and stage of a conversation's open promise; ``open`` before any limit."""
        promise = conversation.state.promise
        if promise is None:
            return None
        stage = promise.limits[promise.passed - 1][0] if promise.passed else "open"
        return self._shops[conversation.shop].platform, self.policies[promise.policy].team, stage

    def promises(self) -> Iterator[tuple[Conversation, tuple[str, str, str]]]:
        """Yield every conversation with an open promise, and how that stands; this looks at all in memory."""
        for shop in self._shops.values():
            for conversation in shop.conversations.values():
                promise = self.promise(conversation)
                if promise is not None:
                    yield conversation, promise

    @property
    def unsaved(self) -> bool:
        """Whether something was decided that a restart must not decide again, and the shard must be saved for it."""
        return self.incidents.unsaved or (self.people is not None and self.people.unsaved)

    @property
    def follows_feeds(self) -> bool:
        """Whether anything was ever brought here, so that something may have been missed."""
        return bool(self._watch.feeds)

    @property
    def known(self) -> int:
        """How many feeds and shops there are; only grows. A row names some of them, so the shard must have them."""
        return len(self._watch.feeds) + len(self._shops)

    def sources(self) -> list[SourceRow]:
        """Return how every source stands."""
        return list(self._watch.rows())

    def talked(self) -> Iterator[tuple[str, str]]:
        """Yield shop and id of every conversation in memory in which somebody has spoken."""
        for shop in self._shops.values():
            for conversation in shop.conversations.values():
                if conversation.state.last_ms:
                    yield shop.name, conversation.id

    # -- rows out, rows in -------------------------------------------------------------------------------------------

    @staticmethod
    def encode(conversation: Conversation) -> bytes:
        """Return the row of a conversation."""
        return _row_encoder.encode(conversation)

    def encode_shard(self) -> bytes:
        """Return the tracker's own small state: feeds, sources, shops, presence."""
        shops = {shop.name: shop.platform for shop in self._shops.values()}
        self.incidents.unsaved = False
        return _row_encoder.encode(
            _Shard(
                self.now_ms,
                self._watch.sources(),
                self._watch.feeds,
                shops,
                self.people.keep() if self.people is not None else None,
                self.incidents.keep(),
                tuple(self.silences.values()),
                tuple(self.escalation.unattended),
            )
        )

    def restore_shard(self, blob: bytes) -> None:
        """Take back what `encode_shard` gave; before any row."""
        shard = _shard_decoder.decode(blob)
        self.now_ms = shard.now_ms
        for name, platform in shard.shops.items():
            self._new_shop(name, platform)
        self._watch.restore(shard.sources, shard.feeds)
        if self.people is not None and shard.people is not None:
            self.people.restore(shard.people)
        if shard.incidents is not None:
            self.incidents.restore(shard.incidents)
        self.silences.update((silence.id, silence) for silence in shard.silences)
        self.escalation.unattended.update(shard.unattended)

    def restore(self, row: bytes) -> None:
        """Take back a row that `encode` gave, unless its conversation is in memory already."""
        conversation = _row_decoder.decode(row)
        shop = self._shops.get(conversation.shop) or self._new_shop(conversation.shop, None)
        if conversation.id in shop.conversations:
            return
        conversation.shop = shop.name
        for entry in conversation.entries():
            who = entry.who
            if who is not None:
                who = self._interned(who.agent, who.account)
                entry.more = who if entry.extra is None else replace(entry.extra, who=who)
            entry.what = self._marks.shared(entry.what)
        holder = conversation.state.holder
        if holder is not None:
            conversation.state.holder = self._interned(holder.agent, holder.account)
        shop.conversations[conversation.id] = conversation
        if conversation.told:
            self.escalation.restore(conversation)
        if conversation.wake_at_ms != NEVER_MS:
            self._timers.wake(conversation, conversation.wake_at_ms)
        else:
            self._schedule(conversation)

    def forget_idle(self, unsaved: Container[Conversation]) -> None:
        """Let go of the conversations in which nothing is open or has been for a while; their rows are on the disk.

        Args:
            unsaved: those whose newest rows are not: they stay until the next call.
        """
        kept = []
        for conversation in self._idle:
            if conversation.wake_at_ms != NEVER_MS:
                continue  # Something has happened in it since.
            if conversation in unsaved:
                kept.append(conversation)
            else:
                self._shops[conversation.shop].conversations.pop(conversation.id, None)
        self._idle = kept

    def begin(self, now_ms: int) -> None:
        """Note a start: what happened since the stop is unseen, and nobody is called silent for it."""
        self.now_ms = max(self.now_ms, now_ms)
        self._watch.begin(self.now_ms)
        self._hear(self.now_ms)

    def missing(self, events: Iterable[ev.AnyEvent]) -> set[tuple[str, str]]:
        """Return which conversations of these events are not in memory, and may have rows on disk.

        A row may turn out to say that the conversation is part of another: ask again once it is back.
        """
        keys: set[tuple[str, str]] = set()
        for event in events:
            if isinstance(event, ev.WaitingSnapshot):
                keys.update((event.shop, row.conversation or row.buyer or "") for row in event.rows)
            elif isinstance(event, ev.BuyerMerged):
                keys.add((event.shop, event.into))
            key = event.conversation or event.buyer
            if key:
                keys.add((event.shop, key))
        missing: set[tuple[str, str]] = set()
        for name, key in keys:
            shop = self._shops.get(name)
            stands = self._resolved(shop, key) if shop is not None else key
            if shop is None or stands not in shop.conversations:
                missing.add((name, stands))
        return missing

    def wants_history(self, event: ev.AnyEvent) -> list[str]:
        """Return the conversations whose history is needed to take an event.

        An event marked ``backfill`` may lie so far back; and two that become one are folded from the first word.
        """
        merged = isinstance(event, ev.BuyerMerged)
        if not event.backfill and not merged:
            return []
        keys = (event.buyer, event.into) if isinstance(event, ev.BuyerMerged) else (event.conversation or event.buyer,)
        found = {c.id: c for key in keys if key and (c := self.conversation(event.shop, key)) is not None}
        if merged and len(found) == 1:
            return []  # One of them is not there, or they are one already.
        return [
            conversation.id
            for conversation in found.values()
            if not conversation.whole and (merged or event.ts_ms < conversation.horizon_ms(self._lateness_ms))
        ]


def _numbers(conversation: Conversation) -> set[int]:
    """Return the numbers of all that is in a conversation's log."""
    return {entry.number for entry in conversation.all_entries()}


def _carry_over(was: Wait | None, now: Wait | None) -> None:
    """What was decided about a wait stays with it when its conversation is folded again."""
    if was is not None and now is not None and now.number == was.number:
        now.passed = was.passed


def _promised_still(was: Promise, now: Promise | None) -> bool:
    """Whether it is the same promise after its conversation is folded again; what was told of it stays with it."""
    if now is None or now.opened_at_ms != was.opened_at_ms or now.greeting != was.greeting:
        return False
    now.passed, now.told_ms = was.passed, was.told_ms
    return True


def _account_of(conversation: Conversation) -> str | None:
    holder = conversation.state.holder
    return holder.account if holder is not None else None
