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

from functools import partial
from typing import cast

from monitor.core import events as ev
from monitor.core.acting import Acting
from monitor.core.alert_log import AlertLog
from monitor.core.conversation import CHUNK, Conversation
from monitor.core.corrections import Corrections
from monitor.core.decisions import Decision, HandOver, NamedWait, ShopAttended, ShopUnattended
from monitor.core.due import Due
from monitor.core.entries import WHAT, message_entry, other_entry
from monitor.core.entry import CODE, OPENED, RECALL, Entry
from monitor.core.escalation import Escalation
from monitor.core.events import Message
from monitor.core.feeds import Feed, Source
from monitor.core.fold import Ending
from monitor.core.hearing import Hearing
from monitor.core.incidents import NAMED_AT_MOST, Incidents
from monitor.core.judging import Judging
from monitor.core.ladders import Ladders
from monitor.core.lists import Lists, complete, listed
from monitor.core.occasions import hand_over, quality_broken, score_stood, shop_attended, shop_unattended
from monitor.core.people import People
from monitor.core.policy import PolicyBook
from monitor.core.posts import Post
from monitor.core.promise_steps import PromiseSteps, over_by
from monitor.core.shard import CATCH_UP_MS, LATENESS_MS, Folded, Shop
from monitor.core.shard_reading import ShardReading
from monitor.core.shard_rows import ShardRows
from monitor.core.silences import Silences
from monitor.core.timers import NEVER_MS
from monitor.core.wait import MIXED, State
from monitor.core.wait_alerts import WaitAlerts
from monitor.core.watch import UNSEEN

TOLD_AT_ONCE = 400  # Waits told of in one slice, about 15 ms with their rows.

_ACTS: frozenset[type] = frozenset({ev.AlertActed, ev.SilenceSet, ev.SilenceEnded, ev.ScoreStood, ev.QualityBroken})


class Tracker(ShardReading):
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

    Attributes: those of `Shard`, and
        taken_under: the number of the policy under which the last event was taken, to be stored with it.
        rows: what is saved, and taken back.
        silences, incidents, ladders, escalation: what people are told, and when not.
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
        super().__init__(
            policies,
            wall=wall,
            rows=rows,
            lateness_ms=lateness_ms,
            catch_up_ms=catch_up_ms,
            lazy=lazy,
            people=people,
        )
        self._keep_all = keep_all
        self._lazy = lazy
        self._came_by = UNSEEN  # The feed of the event in hand.
        self._endings: list[Ending] = []  # Of the event in hand; always empty between two.
        self._add_ending = self._endings.append
        self.taken_under = 0
        self.silences = Silences()
        self.incidents = Incidents(self, self.timers, self.silences)
        self.ladders = Ladders(self.policies, self, self.silences, lateness_ms)
        log = AlertLog(self, self.ladders, self.incidents)
        self.escalation = Escalation(self, self.ladders, log, self.incidents)
        self._acting = Acting(self, self.ladders, log)
        self._promise_steps = PromiseSteps(self, self.ladders, self.incidents)
        self._due = Due(self, self.ladders, self.escalation, self._promise_steps)
        self._hearing = Hearing(self, self.ladders, self.incidents)
        self.rows = ShardRows(self, self.incidents, self.silences, self.escalation, self._due)
        alerts = WaitAlerts(self, self.ladders, log, self.escalation)
        self._judging = Judging(
            self, alerts, self.ladders, self.escalation, self._promise_steps, self._due, self._hearing, self.rows
        )
        self.corrections = Corrections(self, alerts, self.escalation, self._promise_steps, self._judging, self._due)
        if people is not None:
            people.attach(self)

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
        if self.wall:
            if arrived_at_ms > self.now_ms:
                self.now_ms = arrived_at_ms  # What is decided by it is decided now, though nothing was due since.
            self._came_by = UNSEEN
            if type(event) not in ev.OURS:
                watch = self.watch
                self._came_by = watch.arrive(event, self.now_ms)
                if watch.turned or watch.released or watch.gaps:
                    self._hearing.hear(self.now_ms)
        if type(event) is not Message:
            folded = self._other(event, number, policy)
            if self.people is not None:
                self.people.took(event, number)
                self.incidents.flush()
            return folded
        try:
            shop = self.by_name[event.shop]
        except KeyError:
            shop = self.new_shop(event.shop, event.platform)
        if (
            (shop.dated and not shop.from_ms <= event.ts_ms < shop.until_ms)
            or policy is not None
            or (shop.phases and event.phase != shop.phase)
        ):
            self.turn(shop, event, policy)
        self.taken_under = shop.fold.number
        agent, account = event.agent, event.account
        if account is None and agent is None:
            who = None
        else:
            try:
                who = self._who[agent, account]
            except KeyError:
                who = self.interned(agent, account)
        entry = message_entry(event, number, words, who, shop.marks)
        key = event.conversation or event.buyer or ""
        folded = "kept" if entry is None else self._fold(shop, key, event, entry)
        if self.people is not None:
            self.people.took(event, number, words, shop.conversations.get(key))
            self.incidents.flush()
        return folded

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
            return self.corrections.merge(event, number)
        if not is_list and type(event) not in WHAT:
            return "kept"
        shop = self.by_name.get(event.shop) or self.new_shop(event.shop, event.platform)
        if policy is not None or not shop.from_ms <= event.ts_ms < shop.until_ms or event.phase != shop.phase:
            self.turn(shop, event, policy)
        self.taken_under = shop.fold.number
        if is_list:
            return self._take_list(shop, cast(ev.WaitingSnapshot, event), number)
        entry = other_entry(event, number, self.interned, shop.marks.bits)
        return self._fold(shop, event.conversation or event.buyer or "", event, entry)

    def _take_list(self, shop: Shop, event: ev.WaitingSnapshot, number: int) -> Folded:
        """Take a list of who waits: in each chat that it names, or names no more."""
        bits = shop.marks.bits
        who = self.interned(event.agent, event.account) if event.agent or event.account else None
        outcome: Folded = "kept"
        for chat, buyer, entry in listed(event, number, who, bits):
            if self._fold(shop, chat, event, entry) == "folded":
                outcome = "folded"
            conversation = shop.conversations[self.resolved(shop, chat)]
            self._due.from_now(conversation)
            if conversation.begins_stretch:
                conversation.thin_lists(event.ts_ms - self.lateness_ms)
            if buyer is not None and buyer != chat:
                self.corrections.know(shop, conversation, chat, buyer)
        if event.complete:
            one = complete(event, number, bits, partial(self.resolved, shop))
            if shop.lists is None:
                shop.lists = Lists()
            shop.lists.add(one, self.lateness_ms)
            # Who waits, and who may have waited then: a list may come after the answer, or after a change of hands.
            missed = [
                chat
                for chat, held in shop.conversations.items()
                if chat not in one.chats
                and (
                    (held.log is not None and held.log.ts_ms > event.ts_ms)
                    or (held.state.wait is not None and one.account in (None, held.account))
                )
            ]
            for chat in missed:
                self._fold(shop, chat, event, one.entry())
        return outcome

    def _take_ours(self, event: ev.AnyEvent, number: int) -> Folded:
        """Take what a person did on a page or by a link, or what the scores have come to."""
        if isinstance(event, ev.SilenceSet):
            self.silences.begin(event)
        elif isinstance(event, ev.SilenceEnded):
            self.silences.pop(event.silence, None)
        elif isinstance(event, ev.ScoreStood):
            if self.incidents.is_new(number):
                score_stood(self.incidents, event, self.team_of(event.shop), max(self.now_ms, event.ts_ms))
                self.incidents.flush()
        elif isinstance(event, ev.QualityBroken):
            if self.incidents.is_new(number):
                quality_broken(self.incidents, event, self.team_of(event.shop), max(self.now_ms, event.ts_ms))
                self.incidents.flush()
        elif isinstance(event, ev.AlertActed) and not event.wait:
            self.incidents.act(event, number)
        elif isinstance(event, ev.AlertActed):
            conversation = self.conversation(event.shop, event.conversation or "")
            wait = conversation.state.wait if conversation is not None else None
            if conversation is None or wait is None or wait.number != event.wait or number <= conversation.number:
                return "kept"  # It is over; or, after a restart, its row is newer than this.
            conversation.number = number
            self._acting.act(conversation, wait, event)
            self._due.schedule(conversation)
            return "folded"
        return "kept"

    def _fold(self, shop: Shop, key: str, event: ev.AnyEvent, entry: Entry) -> Folded:
        """Give an entry, made of an event, to its conversation and act on what that changes."""
        conversation = shop.conversations.get(key)
        if conversation is None:
            buyer = event.buyer if event.buyer != key else None
            conversation = Conversation(shop.name, key, buyer, entry.number - 1, 0, State())
            shop.conversations[key] = conversation
            if shop.buyers is not None:
                self.corrections.begin(shop, conversation)
        # All that is needed of a chat at once: with many, each of it is far away, and is fetched beside the others.
        logged, last, state, ts_ms = conversation.logged, conversation.log, conversation.state, entry.ts_ms
        wait, promise = state.wait, state.promise
        since_ms = wait.since_ms if wait is not None else 0
        if logged < 0:
            return self._fold(shop, self.resolved(shop, key), event, entry)
        if self.keeps_rows:
            if entry.number <= conversation.number:
                return "folded"  # After a restart: its row is newer than this.
            conversation.number = entry.number
            if conversation not in self.changed:
                self.changed[conversation] = wait.number if wait is not None else 0
            if self._came_by not in (UNSEEN, conversation.feed):
                conversation.feed = self._came_by
                if conversation.wake_at_ms <= self.now_ms:  # Held back for the feed it came by before.
                    self.timers.wake(conversation, conversation.wake_at_ms)
        else:
            now_ms = self.now_ms
            if ts_ms > now_ms:
                self.now_ms = now_ms = ts_ms
            if conversation.wake_at_ms <= now_ms:
                self._judging.judge_until(conversation, now_ms)
                if self.tells:
                    self.escalation.flush(now_ms)
                wait, promise = state.wait, state.promise  # The same wait, told of, or none any more.
        if (
            last is not None
            and (ts_ms <= last.ts_ms or state.flags & MIXED or entry.what & CODE == RECALL)
            and not conversation.in_order(entry)
        ):
            folded = self.corrections.late(shop, conversation, entry, backfill=event.backfill)
            if shop.lists is not None and folded == "folded":
                self.corrections.compare(shop, conversation, entry)
            if conversation.buyer is None and event.buyer != key:
                self.corrections.know(shop, conversation, event.conversation, event.buyer)
            return folded
        if logged >= CHUNK:
            conversation.save()
            if not self._keep_all:
                conversation.forget(ts_ms, self.lateness_ms)
            logged = 0
        elif last is not None:
            entry.before = last
        conversation.log = entry
        conversation.logged = logged + 1
        shop.fold.step(state, entry, self._add_ending)
        if self._endings:
            for ending in self._endings:
                self._judging.close(shop, conversation, ending)
            self._endings.clear()
        now = state.wait
        if now is not wait:
            if now is not None and now.number < 0:
                now.number = entry.number  # Known from here on by what opened it first.
                entry.what |= OPENED
                if entry.what > 255:
                    entry.what = self.marks.shared(entry.what)
                if event.buyer != key and (conversation.buyer is None or shop.buyers is not None):
                    self.corrections.know(shop, conversation, event.conversation, event.buyer)
                    if conversation.logged < 0:
                        return "folded"  # All of it is in another chat now.
            if now is not None or state.promise is not None or self.keeps_rows:
                self._due.schedule(conversation)
            else:
                conversation.wake_at_ms = NEVER_MS
        elif state.promise is not promise:
            self._due.schedule(conversation)
        elif now is not None:
            if now.standing is not None or now.since_ms != since_ms:
                self._due.schedule(conversation)
            if conversation.buyer is None and event.buyer != key:
                self.corrections.know(shop, conversation, event.conversation, event.buyer)
                if conversation.logged < 0:
                    return "folded"
        elif self.keeps_rows and conversation.wake_at_ms == NEVER_MS:
            self._due.schedule(conversation)  # Nothing is open in it: it leaves the memory in time.
        if ts_ms < self.now_ms and not self.wall:
            self._due.from_now(conversation)
        if conversation.told and self.tells:
            self.escalation.moved(conversation)
        if promise is not None and state.promise is not promise and self.incidents.promises:
            self._promise_steps.over(conversation, self.now_ms, over_by(entry))
        if shop.lists is not None and ts_ms < shop.lists.newest_ms:
            self.corrections.compare(shop, conversation, entry)
        return "folded"

    # -- time --------------------------------------------------------------------------------------------------------

    def begin(self, now_ms: int) -> None:
        """Note a start: what happened since the stop is unseen, and nobody is called silent for it."""
        self.now_ms = max(self.now_ms, now_ms)
        self.watch.begin(self.now_ms)
        self._hearing.hear(self.now_ms)

    @property
    def next_ms(self) -> int:
        """When `advance` has something to do at the earliest; NEVER_MS when nothing is waited for."""
        return self.now_ms if self.escalation.pending or self._hearing.slices else self.timers.next_ms

    def advance(self, now_ms: int, at_most: int = 1 << 30) -> bool:
        """Move time forward and judge what is due.

        Args:
            now_ms: not before an earlier call's; earlier is taken as that.
            at_most: how many items to judge, so that a million limits due at once come in slices.

        Returns:
            Whether more is due by ``now_ms``: call again.
        """
        now_ms = max(self.now_ms, now_ms)
        if not self.wall and not self._lazy:
            while self.timers.next_ms <= now_ms:
                # Each instant on its own: what is due at one is told together, whichever chats it is of.
                self.now_ms = max(self.now_ms, self.timers.next_ms)
                self._judge_due(self.now_ms, at_most)
        self.now_ms = now_ms
        if self._lazy:
            for shop in self.by_name.values():
                for conversation in shop.conversations.values():
                    self._judging.judge_until(conversation, now_ms)
            return False
        if self.wall:
            if self._hearing.slices:
                self._hearing.slices.go_on()
            if now_ms >= self.timers.next_ms:
                # It tells a part of what is pending, too: neither waits for the other.
                self._judge_due(now_ms, at_most)
            elif self.escalation.pending:
                self.escalation.flush(now_ms, TOLD_AT_ONCE)
        return self.next_ms <= now_ms

    def _judge_due(self, now_ms: int, at_most: int) -> None:
        for item in self.timers.due(now_ms, at_most):
            due_ms, item.wake_at_ms = item.wake_at_ms, NEVER_MS
            if type(item) is Conversation:
                self._judging.judge(item, now_ms, due_ms)
            elif type(item) is Incidents:
                item.judge(now_ms)
            elif isinstance(item, Post | People):
                assert self.people is not None
                self.people.judge(item, now_ms)
            else:
                assert isinstance(item, Feed | Source)
                self.watch.judge(item, now_ms)
                self._hearing.hear(now_ms)
        self.escalation.flush(now_ms, TOLD_AT_ONCE if self.wall else 1 << 30)

    # -- people ------------------------------------------------------------------------------------------------------

    def _waiting_in(self, name: str) -> list[NamedWait]:
        """Return who waits in a shop, as a message names them."""
        shop = self.by_name.get(name)
        chats = () if shop is None else shop.conversations.values()
        open_now = [(one, one.state.wait) for one in chats if one.state.wait is not None and one.state.wait.since_ms]
        return [self.ladders.named(one, wait, self.now_ms) for one, wait in open_now[:NAMED_AT_MOST] if wait]

    def say(self, decision: Decision) -> None:
        """Take what was decided of people, and make an alert of what needs one."""
        self.decisions.append(decision)
        if isinstance(decision, ShopUnattended):
            self.escalation.unattended.add(decision.shop)
            shop_unattended(self.incidents, decision, self._waiting_in(decision.shop))
        elif isinstance(decision, ShopAttended):
            self.escalation.unattended.discard(decision.shop)
            shop_attended(self.incidents, decision)
        elif isinstance(decision, HandOver):
            hand_over(self.incidents, decision)

    def named_wait(self, shop: str, conversation: str, wait: int, now_ms: int) -> NamedWait | None:
        """Return a wait as a message to people names it; None: it is not open any more."""
        found = self.conversation(shop, conversation)
        if found is None or found.state.wait is None or found.state.wait.number != wait:
            return None
        return self.ladders.named(found, found.state.wait, now_ms)

    @property
    def unsaved(self) -> bool:
        """Whether something was decided that a restart must not decide again, and the shard must be saved for it."""
        return self.incidents.unsaved or (self.people is not None and self.people.unsaved)
