"""What comes out of order: put in its place, and what that changes said openly.

A late event, a recall, a dismissal, a list that knows better, two ids that are one buyer, history fetched for a
backfill: each folds a conversation again, and what comes out differently is restated, its alert withdrawn or resolved.
"""

from collections.abc import Iterable
from typing import Literal

from msgspec.structs import replace

from monitor.core import events as ev
from monitor.core.conversation import Conversation, target_of
from monitor.core.decisions import CloseRound, JoinChats, RestateRound, Round
from monitor.core.due import Due
from monitor.core.entries import WHAT, message_entry, other_entry
from monitor.core.entry import DISMISS, KIND, RECALL, Entry
from monitor.core.escalation import Escalation
from monitor.core.judging import Judging
from monitor.core.promise_steps import PromiseSteps, over_by
from monitor.core.shard import Folded, Shard, Shop
from monitor.core.timers import NEVER_MS
from monitor.core.wait import Promise, State, Wait
from monitor.core.wait_alerts import Reason, WaitAlerts


class Corrections:
    """Corrects the conversations of one shard.

    Args:
        shard: whose they are.
        alerts, escalation, promise_steps: what was told of them.
        judging: moves a conversation up to now before it is merged.
        due: wakes them again.
    """

    def __init__(
        self,
        shard: Shard,
        alerts: WaitAlerts,
        escalation: Escalation,
        promise_steps: PromiseSteps,
        judging: Judging,
        due: Due,
    ) -> None:
        self._shard = shard
        self._folds = shard.folds
        self._alerts = alerts
        self._escalation = escalation
        self._promise_steps = promise_steps
        self._judging = judging
        self._due = due

    def late(self, shop: Shop, conversation: Conversation, entry: Entry, *, backfill: bool) -> Folded:
        """Put what is out of order in its place; restate what that changes."""
        horizon_ms = conversation.horizon_ms(self._shard.lateness_ms)
        beyond = entry.ts_ms < horizon_ms
        if beyond and not (backfill and conversation.whole):
            # The caller gives the history of what is marked `backfill` (see `wants_history`); the rest is too late.
            self._shard.late += 1
            conversation.number = entry.number
            if conversation.wake_at_ms == NEVER_MS and self._shard.keeps_rows:
                self._due.schedule(conversation)
            return "late"
        reason: Reason
        if entry.what & KIND == RECALL:
            reason = "recalled"
        elif entry.what & KIND == DISMISS:
            reason = "dismissed"
        else:
            reason = "backfill" if beyond else "late"
        was_open, promise = conversation.state.wait, conversation.state.promise
        was, ended_now = conversation.insert(self._folds, entry, self._shard.now_ms)
        conversation.number = entry.number
        _carry_over(was_open, conversation.state.wait)
        if promise is not None and not _promised_still(promise, conversation.state.promise, entry.ts_ms):
            self._promise_steps.over(conversation, self._shard.now_ms, over_by(entry))
        before = {e.wait.number: self._shard.ended(shop, conversation, e) for e in was}
        after = {e.wait.number: self._shard.ended(shop, conversation, e) for e in ended_now}
        passed = {was_open.number: was_open.passed} if was_open is not None else {}
        wait = conversation.state.wait
        if wait is not None and wait.number in before:
            wait.passed = len(before[wait.number].passed)  # It had ended, and stands again: said once all the same.
        self._restate(shop, before, after, reason, passed)
        self._alerts.stands_again(conversation, before)
        self._alerts.settle(shop, conversation, after, reason)
        if conversation.told:
            self._escalation.moved(conversation)
        self._due.schedule(conversation)
        self._due.from_now(conversation)
        return "folded"

    def compare(self, shop: Shop, conversation: Conversation, entry: Entry) -> None:
        """What came late, or stands again since a reply was taken back, a list may have known to be over."""
        since_ms = entry.ts_ms
        if entry.what & KIND == RECALL:
            since_ms = conversation.said_at_ms(target_of(entry), since_ms)
        self._end_listed(shop, conversation, since_ms)

    def _end_listed(self, shop: Shop, conversation: Conversation, since_ms: int) -> None:
        """Put the complete lists that do not name a chat, after an instant, into its log."""
        assert shop.lists is not None
        for one in shop.lists.after(max(since_ms, conversation.horizon_ms(self._shard.lateness_ms) - 1)):
            if conversation.state.wait is None and conversation.log is not None and one.ts_ms > conversation.log.ts_ms:
                return  # Nobody waits any more, and nothing was said later.
            if conversation.id not in one.chats and not conversation.holds(one.number):
                newest = conversation.number
                self.late(shop, conversation, one.entry(), backfill=False)
                conversation.number = newest

    def merge(self, event: ev.BuyerMerged, number: int) -> Folded:
        """Two ids are one buyer: all that was said in the chats of the one is said in that of the other, in its place.

        An id names the chat that goes by it and every chat of the buyer of that name, for all between one buyer and one
        shop is one conversation, whichever ids it came under. What stands for both from then on goes by ``into``,
        whatever came first, so also where ``into`` was never heard of; a chat of either that begins later is part of
        it from its first word (`begin`). An id that is part of another already names that one: a merge told twice, or
        back again, changes nothing; of one told in a chain the end stands. Where merges contradict each other all is
        one too, and goes by what the first to come said.

        1. Find what stands for each id; what is one already stays.
        2. Fold all chats of both together; restate what that changes: a wait under the one id ends by the reply under
           the other.
        3. Leave a sign in place of each but the one, so that what comes under its id goes there.
        """
        shop = self._shard.by_name.get(event.shop) or self._shard.new_shop(event.shop, event.platform)
        shop.know_buyers()
        one_key, into_key = self._shard.resolved(shop, event.buyer or ""), self._shard.resolved(shop, event.into)
        if one_key == into_key:
            return "kept"
        parts = {chat.id: chat for key in (one_key, into_key) for chat in shop.chats_of(key)}
        into = parts.pop(into_key, None)
        if one_key not in parts:
            parts[one_key] = self._new(shop, one_key, number, 0)
        if into is None:
            feed = max(parts.values(), key=lambda chat: chat.log.ts_ms if chat.log is not None else 0).feed
            into = self._new(shop, into_key, number, feed)
        if into.buyer is None:
            into.buyer = into_key  # So that it is known for one that takes in all chats of its buyer.
        self._join(shop, into, list(parts.values()), number, event.ts_ms)
        return "folded"

    def begin(self, shop: Shop, conversation: Conversation) -> None:
        """A chat begins, in a shop of which two buyers were one: of such a buyer, it is part of the other."""
        into = self._taken_in_by(shop, conversation)
        if into is None:
            shop.note_buyer(conversation)
        else:
            self._join(shop, into, [conversation], conversation.number, 0)

    def know(self, shop: Shop, conversation: Conversation, key: str | None, buyer: str | None) -> None:
        """Note whose a chat is that was known without its buyer so far; it may be part of another by that.

        Args:
            shop: whose chat it is.
            conversation: in memory.
            key: the id under which the buyer was named: of a chat that others are part of, one of theirs says nothing.
            buyer: who that is; None: nobody was named.
        """
        if conversation.buyer in (None, conversation.id):
            if key != conversation.id or buyer is None or buyer == key:
                return
            conversation.buyer = buyer
            if self._shard.keeps_rows:
                self._shard.touch(conversation)
                self._shard.merged.append(conversation)
            shop.note_buyer(conversation)
        if shop.buyers is not None:
            into = self._taken_in_by(shop, conversation)
            if into is not None:
                at_ms = conversation.log.ts_ms if conversation.log is not None else 0
                self._join(shop, into, [conversation], conversation.number, at_ms)

    def _new(self, shop: Shop, key: str, number: int, feed: int) -> Conversation:
        conversation = shop.conversations[key] = Conversation(shop.name, key, None, number, feed, State())
        return conversation

    def _taken_in_by(self, shop: Shop, conversation: Conversation) -> Conversation | None:
        """Return the chat that takes in all those of a chat's buyer; None: none does, or it is that one itself."""
        buyer = conversation.buyer
        known = shop.conversations.get(buyer) if buyer is not None else None
        if known is None or (known.logged >= 0 and known.buyer != known.id):
            return None  # It goes by the buyer's name, and nobody was said to be that buyer.
        into = shop.conversations.get(self._shard.resolved(shop, known.id))
        return into if into is not conversation else None

    def _join(self, shop: Shop, into: Conversation, parts: list[Conversation], number: int, at_ms: int) -> None:
        """Let chats be part of another from an instant on."""
        if self._shard.keeps_rows:
            for part in (*parts, into):
                self._shard.touch(part)
                self._shard.merged.append(part)
        said = [part for part in parts if part.log is not None or part.older]
        if said:
            self._fold_together(shop, into, said)
        else:
            self._due.schedule(into)
        into.number = max(into.number, number)
        chats = tuple(part.id for part in parts)
        for part in parts:
            shop.drop_buyer(part)
            part.leave_to(into.id, number)
            self._due.schedule(part)
        self._shard.decisions.append(JoinChats(shop.name, chats, into.id))
        if self._shard.people is not None:
            self._shard.people.joined(parts, into, at_ms)
        if shop.lists is not None:
            shop.lists.join(chats, into.id)
            if said:
                self._end_listed(shop, into, 0)

    def _fold_together(self, shop: Shop, into: Conversation, parts: list[Conversation]) -> None:
        """Fold what was said in all of them as one conversation; restate what that changes."""
        passed: dict[int, int] = {}
        for part in (*parts, into):
            if not self._shard.keeps_rows and part.wake_at_ms <= self._shard.now_ms:
                self._judging.judge_until(part, self._shard.now_ms)
            if part.state.wait is not None:
                passed[part.state.wait.number] = part.state.wait.passed
            if part.state.promise is not None:
                self._promise_steps.over(part, self._shard.now_ms, "merged")  # What is owed still is told anew.
            for told in part.told:
                self._escalation.leave(part, told)
        was, now = into.absorb(self._folds, parts, self._shard.now_ms)
        before = {ending.wait.number: self._shard.ended(shop, part, ending) for part, ending in was}
        after = {ending.wait.number: self._shard.ended(shop, into, ending) for ending in now}
        into.told = tuple(sorted((told for part in (into, *parts) for told in part.told), key=lambda told: told.at_ms))
        wait = into.state.wait
        if wait is not None:
            wait.passed = passed.get(wait.number, 0)
        self._restate(shop, before, after, "merged", passed)
        self._alerts.stands_again(into, before)
        self._alerts.settle(shop, into, after, "late")
        self._due.schedule(into)
        self._due.from_now(into)
        if into.told:
            self._escalation.restore(into)

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
                    self._alerts.pass_stages(shop, new, passed.get(number, 0))
                    self._shard.decisions.append(CloseRound(new))
                else:
                    self._shard.decisions.append(RestateRound(old, new, reason))

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
        shop = self._shard.by_name[shop_name]
        conversation = shop.conversations[key]
        entries = [
            message_entry(
                event,
                number,
                words,
                self._shard.interned(event.agent, event.account) if event.agent or event.account else None,
                self._shard.marks[policy],
            )
            if isinstance(event, ev.Message)
            else other_entry(event, number, self._shard.interned, self._shard.marks[policy].bits)
            for event, number, words, policy in history
            if type(event) is ev.Message or type(event) in WHAT
        ]
        was = conversation.state.wait
        opened |= {told.wait for told in conversation.told} | ({was.number} if was is not None else set())
        conversation.rebuild(self._folds, [entry for entry in entries if entry is not None], opened)
        _carry_over(was, conversation.state.wait)


def _carry_over(was: Wait | None, now: Wait | None) -> None:
    """What was decided about a wait stays with it when its conversation is folded again."""
    if was is not None and now is not None and now.number == was.number:
        now.passed = was.passed


def _promised_still(was: Promise, now: Promise | None, late_ms: int) -> bool:
    """Whether it is the same promise after its conversation is folded again; what was told of it stays with it.

    It is also where what came late, said at ``late_ms``, had promised the same before.
    """
    if now is None or now.opened_at_ms not in (was.opened_at_ms, late_ms):
        return False
    if now.greeting != was.greeting or (now.opened_at_ms == late_ms and now.limits != was.limits):
        return False
    now.passed, now.told_ms = was.passed, was.told_ms
    return True
