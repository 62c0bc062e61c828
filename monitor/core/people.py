"""Who is there, who has room, who comes and who goes: the people of one tracker.

It is told of each event after its conversation has taken it, and of time, and
decides what is said of shops nobody can serve (`posts`), of shifts that are not kept
(`shifts`) and of what they leave open (`handover`). The tracker holds one where
people are of interest; a replay that only counts rounds needs none.

All of it is saved with the shard, with the number of the newest event it knows, so
that a restart hands over nothing twice.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from msgspec import Struct

from monitor.core import events as ev
from monitor.core.charges import Charges
from monitor.core.conversation import Conversation
from monitor.core.decisions import Decision, PersonDay
from monitor.core.feeds import RESTART_MS
from monitor.core.handover import HandOvers, Listed
from monitor.core.load import Chat, Load
from monitor.core.people_reading import Floor, PeopleReading
from monitor.core.posts import LOOK_AGAIN_MS, Post, Posts
from monitor.core.presence import PRESENT_MS, Seat, Tally, Worker
from monitor.core.roster import Register
from monitor.core.senders import role_of
from monitor.core.shifts import Running, Shifts
from monitor.core.timers import NEVER_MS
from monitor.core.views import CANARY
from monitor.core.words import BY_LATENCY, SPEAKER

PEOPLE_AT_MOST = 20_000  # Names come from outside, and may be anything; a large centre has 5,000.
SHOPS_NAMED_AT_MOST = 500  # In one presence event.
_BY_PERSONS = frozenset({"agent", "assist"})


class Host(Floor, Protocol):
    """What is asked of the tracker, and told to it."""

    def say(self, decision: Decision) -> None:
        """Take what was decided."""

    @property
    def wall(self) -> bool:
        """Whether time is the wall clock; else it is the newest ``ts``."""

    def wake(self, item: "Post | People", at_ms: int) -> None:
        """Ask for something to be judged at an instant."""


class Kept(Struct, array_like=True):
    """All of it, as it is saved."""

    number: int
    begun: bool
    midnight_ms: int
    workers: list[Worker]
    chats: list[Chat]
    posts: list[Post]
    running: list[Running]
    lists: list[Listed]


class People(PeopleReading):
    """The people of one tracker.

    Args:
        register: who is who; an empty one knows everybody by the name the feeds give.
        zone: where their day ends at midnight.

    Attributes:
        register: the one in force.
        unsaved: something was decided that a restart must know of.
        wake_at_ms: when to be judged next.
    """

    _host: Host

    def __init__(self, register: Register | None = None, *, zone: str = "Asia/Shanghai") -> None:
        self._zone = ZoneInfo(zone)
        self._workers: dict[str, Worker] = {}
        self._owner: dict[Conversation, str] = {}
        self._load = Load(self._worker)
        self.posts = Posts(self, self._workers, self._say)
        self._shifts = Shifts(self._workers, self.posts.heard, self._policy, self.team_of, self._say)
        self.hand_overs = HandOvers(self, self.team_of_shop, self._say)
        self._charges = Charges(self._workers, self.posts.persons)
        self._number = 0  # Of the newest event taken.
        self._begun = False
        self._heard = False  # Presence, or a roster: without either there is nobody whose time would be counted.
        self._midnight_ms = NEVER_MS
        self.register = register or Register()
        self.unsaved = False
        self.wake_at_ms = NEVER_MS
        self._hand_out()

    def attach(self, host: Host) -> None:
        """Work for this tracker."""
        self._host = host
        self._wall = host.wall

    def take(self, register: Register) -> None:
        """Take another register from now on."""
        self.register = register
        self._hand_out()
        if self._begun:
            self._lay_out(self._host.now_ms)

    def _hand_out(self) -> None:
        register = self.register
        self.posts.register = self._shifts.register = self.hand_overs.register = self._charges.register = register

    def _lay_out(self, now_ms: int) -> None:
        self._heard = self._heard or bool(self.register.slots)
        self._shifts.lay_out(now_ms)
        self.posts.watch_rostered(now_ms)
        self._plan(now_ms)

    # -- events ------------------------------------------------------------------------------------------------------

    def took(self, event: ev.AnyEvent, number: int, words: int = 0, conversation: Conversation | None = None) -> None:
        """Take an event that its conversation has taken already.

        Args:
            event: any.
            number: its place in the journal.
            words: of a message: what was read at acceptance.
            conversation: of a message: what lies under its key, if anything does.
        """
        if number <= self._number:
            return  # After a restart: what was saved knows it.
        self._number = number
        now_ms = self._host.now_ms
        if not self._wall and event.ts_ms > now_ms:
            now_ms = event.ts_ms
        if not self._begun:
            self._begin(now_ms)
        kind = type(event)
        if kind is ev.Message:
            self._spoken(event, words, conversation, now_ms)  # type: ignore[arg-type]
        elif kind is ev.AgentPresence:
            self._present(event, now_ms)  # type: ignore[arg-type]
        elif kind is ev.HandOverReceived:
            assert isinstance(event, ev.HandOverReceived)
            self.hand_overs.received(event.hand_over, event.by, now_ms)
            self._plan(now_ms)
        elif kind is ev.WaitingSnapshot:
            shop = self._host.shop(event.shop)
            for conversation in list(shop.conversations.values()) if shop is not None else ():
                if conversation.state.wait is not None or conversation in self._owner:
                    self._owned(conversation, now_ms)
        elif event.conversation or event.buyer:
            self._moved(event, event.conversation or event.buyer or "", now_ms)

    def _moved(self, event: ev.AnyEvent, key: str, now_ms: int) -> None:
        """A chat was closed, passed on, taken back…: it may be somebody else's now, or nobody's."""
        if type(event) is ev.ConversationClosed:
            freed = self._load.closed(event.shop, key, event.ts_ms)
            if freed is not None:
                self._freed(freed, now_ms)
        conversation = self._host.conversation(event.shop, key)
        if conversation is not None:
            self._owned(conversation, now_ms)

    def joined(self, parts: Iterable[Conversation], into: Conversation, at_ms: int) -> None:
        """Chats are part of another: they are open with nobody any more, and the other may have a wait now."""
        now_ms = self._host.now_ms if self._wall else max(self._host.now_ms, at_ms)
        for part in parts:
            freed = self._load.closed(part.shop, part.id, at_ms)
            if freed is not None:
                self._freed(freed, now_ms)
            self._owned(part, now_ms)
        self._owned(into, now_ms)

    def _begin(self, now_ms: int) -> None:
        self._begun = True
        self._midnight_ms = self._next_midnight(now_ms)
        self._lay_out(now_ms)

    def _spoken(self, event: ev.Message, words: int, conversation: Conversation | None, now_ms: int) -> None:
        if event.platform == CANARY:
            return
        shop, ts_ms = event.shop, event.ts_ms
        lately = now_ms - ts_ms <= PRESENT_MS
        role, wrote = event.role, None
        if words & SPEAKER and words & SPEAKER != BY_LATENCY:  # Of one told by latency nothing is known here.
            role = role_of(event, words)
        if lately and (role in _BY_PERSONS or (role == "seller" and event.agent)):
            wrote = self.register.who(event.agent, event.account, shop, ts_ms) or event.account
            if wrote is not None:
                self._wrote(wrote, shop, ts_ms, now_ms)
        if conversation is None:
            return
        if conversation.logged < 0:  # Part of another by now.
            conversation = self._host.conversation(shop, conversation.id)
            if conversation is None:
                return
        holder = conversation.state.holder
        if lately and holder is not None:
            # Most often it is who wrote.
            same = wrote is not None and holder.account == event.account and holder.agent == event.agent
            person = wrote if same else self._holder(holder, shop, ts_ms)
            if (
                person is not None
                and self._has_room(person)
                and self._load.spoken(shop, conversation.id, person, ts_ms)
            ):
                limit = self.posts.limit(person)
                if limit is not None and self._workers[person].chats == limit:
                    self._look(person, now_ms)
                if self.wake_at_ms - now_ms > PRESENT_MS + LOOK_AGAIN_MS:
                    self._plan(now_ms)
        if self._heard:
            self._owned(conversation, now_ms)

    def _wrote(self, person: str, shop: str, ts_ms: int, now_ms: int) -> None:
        if not self._has_room(person):
            return
        worker = self._worker(person)
        was_here = worker.wrote.get(shop, 0)
        if now_ms - was_here <= PRESENT_MS and worker.heard_state() != "offline":
            worker.spoke(shop, ts_ms)  # As most often: nothing changes by it.
            return
        was_there = worker.there(now_ms)
        worker.spoke(shop, ts_ms)
        self.posts.named(shop, person, heard=False)
        if not was_there or now_ms - was_here > PRESENT_MS:
            if worker.there(now_ms):
                self._shifts.came(person, ts_ms, now_ms)
            self.posts.look_at_shop(shop, now_ms)

    def _present(self, event: ev.AgentPresence, now_ms: int) -> None:
        account = event.account
        person = self.register.who(event.agent, account, event.shop or None, event.ts_ms) or account or event.agent
        if person is None or not self._has_room(person):
            return
        shops = dict.fromkeys((event.shops or [])[:SHOPS_NAMED_AT_MOST])
        if event.shop:
            shops[event.shop] = None
        known = self.register.account(account, event.shop or None) if account else None
        if known is not None and known.shop:
            shops[known.shop] = None
        worker = self._worker(person)
        seat, was_known = Seat(event.state, event.ts_ms, event.limit, tuple(shops)), worker.known
        if not worker.stand(account or "", seat):
            return
        self._heard = True
        if worker.chats and not was_known:  # Who waits for them already makes them busy.
            for chat in self._load.chats():
                conversation = self._host.conversation(chat.shop, chat.conversation) if chat.person == person else None
                if conversation is not None:
                    self._owned(conversation, now_ms)
        for shop in (*shops, *self.register.shops_of(person)):
            self.posts.named(shop, person, heard=True)
        if worker.there(now_ms):
            self._shifts.came(person, event.ts_ms, now_ms)
        self._look(person, now_ms)

    def _look(self, person: str, now_ms: int) -> None:
        for post in list(self.posts.of_person(person)):
            self.posts.look(post, now_ms)

    def _freed(self, person: str, now_ms: int) -> None:
        """A person has one chat less: where they were full that is room."""
        limit = self.posts.limit(person)
        worker = self._workers.get(person)
        if worker is not None and limit is not None and worker.chats == limit - 1:
            self._look(person, now_ms)

    def _owned(self, conversation: Conversation, now_ms: int) -> None:
        """Note who has an open wait, of those whose presence is known: for the time they are busy."""
        if not self._heard:
            return
        wait, was = conversation.state.wait, self._owner.get(conversation)
        if wait is None and was is None:
            return
        now = self._owner_of(conversation)
        if wait is not None and wait.since_ms:
            self.posts.waits_since(conversation.shop, wait.since_ms, now_ms)
        if was == now:
            return
        if was is not None:
            self._busy(was, -1, now_ms)
        if now is None:
            del self._owner[conversation]
        else:
            self._busy(now, 1, now_ms)
            self._owner[conversation] = now

    def _owner_of(self, conversation: Conversation) -> str | None:
        """Return who has an open wait, if their presence is known."""
        wait, holder = conversation.state.wait, conversation.state.holder
        if wait is None or not wait.since_ms or holder is None:
            return None
        person = self._holder(holder, conversation.shop, wait.opened_at_ms)
        worker = self._workers.get(person) if person is not None else None
        return person if worker is not None and worker.known else None

    def _busy(self, person: str, more: int, now_ms: int) -> None:
        """Count one more, or one less, that waits for a person."""
        worker = self._worker(person)
        worker.settle(now_ms, worker.heard_state())
        worker.waits += more

    def _has_room(self, person: str) -> bool:
        """Whether a person is known, or may be."""
        return person in self._workers or len(self._workers) < PEOPLE_AT_MOST

    def _worker(self, person: str) -> Worker:
        worker = self._workers.get(person)
        if worker is None:
            worker = self._workers[person] = Worker(person)
        return worker

    # -- time --------------------------------------------------------------------------------------------------------

    def judge(self, item: "Post | People", now_ms: int) -> None:
        """The instant has come that a shop, or all of this, asked to be judged at."""
        if isinstance(item, Post):
            self.posts.look(item, now_ms)
            return
        for person in self._load.expire(now_ms):
            self._freed(person, now_ms)
        if now_ms >= self._midnight_ms:
            self._end_day(self._midnight_ms)
            self._midnight_ms = self._next_midnight(now_ms)
        self.hand_overs.advance(now_ms, self._shifts.coming())
        begun, over = self._shifts.advance(now_ms)
        for shift in begun:
            for shop in shift.shops:
                self.hand_overs.begun(shop, shift.person, shift.starts_at_ms, now_ms)
        for shift in (*begun, *over):
            for shop in shift.shops:
                self.posts.look_at_shop(shop, now_ms)
        self._plan(now_ms)

    def _plan(self, now_ms: int) -> None:
        at_ms = min(self._midnight_ms, self._shifts.next_ms(), self.hand_overs.next_ms(self._shifts.coming()))
        expires_ms = self._load.next_ms()
        if expires_ms is not None:
            at_ms = min(at_ms, max(expires_ms, now_ms + LOOK_AGAIN_MS))
        if at_ms != self.wake_at_ms and at_ms < NEVER_MS:
            self._host.wake(self, at_ms)

    def _next_midnight(self, now_ms: int) -> int:
        day = datetime.fromtimestamp(now_ms / 1000, self._zone)
        midnight = datetime(day.year, day.month, day.day, tzinfo=self._zone) + timedelta(days=1)
        return round(midnight.timestamp() * 1000)

    def _end_day(self, midnight_ms: int) -> None:
        """Write down everybody's day, and begin the next; forget whom nothing was heard of, or not for a month."""
        day = datetime.fromtimestamp((midnight_ms - 1) / 1000, self._zone).date().isoformat()
        for worker in list(self._workers.values()):
            worker.settle(midnight_ms, worker.heard_state())
            today = worker.today
            if today != Tally(today.counted_to_ms):
                self._say(
                    PersonDay(
                        person=worker.person,
                        team=self.team_of(worker.person, ""),
                        day=day,
                        online_ms=today.online_ms,
                        away_ms=today.away_ms,
                        suspended_ms=today.suspended_ms,
                        offline_ms=today.offline_ms,
                        busy_ms=today.busy_ms,
                        chats_ms=today.chats_ms,
                        most_chats=today.most_chats,
                    )
                )
            worker.today = Tally(today.counted_to_ms, most_chats=worker.chats)
            busy = worker.chats or worker.waits
            if not busy and worker.forgotten(midnight_ms):
                del self._workers[worker.person]
                self.posts.forget(worker.person)
        for conversation in [c for c in self._owner if c.state.wait is None]:
            self._owned(conversation, midnight_ms)

    # -- what is asked by the parts ----------------------------------------------------------------------------------

    def _say(self, decision: Decision) -> None:
        self.unsaved = True
        self._host.say(decision)

    def wake_post(self, post: Post, at_ms: int) -> None:
        """Ask for a shop to be looked at."""
        self._host.wake(post, at_ms)

    # -- saved and read back -----------------------------------------------------------------------------------------

    def keep(self) -> Kept:
        """Return all of it, for saving."""
        self.unsaved = False
        return Kept(
            self._number,
            self._begun,
            self._midnight_ms,
            list(self._workers.values()),
            self._load.chats(),
            self.posts.all(),
            self._shifts.running(),
            self.hand_overs.all(),
        )

    def restore(self, kept: Kept) -> None:
        """Take back what was saved."""
        self._number, self._begun, self._midnight_ms = kept.number, kept.begun, kept.midnight_ms
        self._workers.update((worker.person, worker) for worker in kept.workers)
        for worker in kept.workers:
            worker.settle(self._host.now_ms, worker.heard_state())  # Up to then, as many waited as were saved with it.
        self._load.restore(kept.chats)
        self.posts.restore(kept.posts)
        self._shifts.restore(kept.running)
        self.hand_overs.restore(kept.lists)

    def take_waits(self) -> list[Conversation]:
        """Know again for whom buyers wait, once the conversations are back; return those in which one waits."""
        self._owner.clear()
        self._heard = bool(self.register.slots) or any(worker.known for worker in self._workers.values())
        for worker in self._workers.values():
            worker.waits = 0
        waiting = [c for shop in self._host.shops() for c in shop.conversations.values() if c.state.wait is not None]
        for conversation in waiting if self._heard else ():
            person = self._owner_of(conversation)
            if person is not None:
                self._owner[conversation] = person
                self._worker(person).waits += 1
        return waiting

    def resume(self, now_ms: int, seen_ms: int) -> None:
        """Go on after a restart, once every conversation is back.

        Args:
            now_ms: the time.
            seen_ms: how far time had come before. If we were away for long, nobody has seen who waited for whom
                meanwhile: that time is none of anybody's, or they would seem idle in it.
        """
        if not self._begun:
            self._begin(now_ms)
            return
        away = now_ms - seen_ms > RESTART_MS
        for worker in self._workers.values():
            worker.settle(seen_ms if away else now_ms, worker.heard_state())
            worker.settle(now_ms, None)
        for conversation in self.take_waits():
            self._owned(conversation, now_ms)
        self._lay_out(now_ms)
