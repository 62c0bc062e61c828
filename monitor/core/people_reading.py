"""What is asked of the people: by their own parts, by escalation, by boards and the API. It changes nothing."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from msgspec.structs import replace

from monitor.core.charges import Charges
from monitor.core.conversation import Conversation
from monitor.core.decisions import LeftOpen, Round
from monitor.core.entry import Who
from monitor.core.people_rows import AgentRow, Owed, ShopRow
from monitor.core.policy import Policy
from monitor.core.posts import Posts, Waiting
from monitor.core.presence import Worker
from monitor.core.roster import Person, Register
from monitor.core.shifts import Shifts
from monitor.core.views import CANARY


class Chats(Protocol):
    """What is seen of a shop."""

    name: str
    platform: str
    conversations: dict[str, Conversation]


class Floor(Protocol):
    """What is asked of the tracker."""

    now_ms: int

    def shop(self, name: str) -> Chats | None:
        """Return a shop of which something was heard."""

    def conversation(self, shop: str, key: str) -> Conversation | None:
        """Return a conversation that is in memory; of a buyer who was merged, the one that stands for it."""

    def shops(self) -> Iterable[Chats]:
        """Return all of them."""

    def policy_at(self, platform: str, shop: str, at_ms: int) -> Policy:
        """Return what holds for a shop."""

    def seen(self, shop: str) -> str:
        """Return how a shop is seen: ok, catching_up, stale, unknown."""


class PeopleReading:
    """The questions about people, their shops and what is open there.

    Attributes:
        register: the one in force.
        posts: shops, and who can take a chat of them.
    """

    register: Register
    posts: Posts
    _host: Floor
    _workers: dict[str, Worker]
    _shifts: Shifts
    _charges: Charges

    # -- what the parts ask ------------------------------------------------------------------------------------------

    def judged(self, shop: str) -> bool:
        """Whether what is seen of a shop is up to date; one of which nothing was heard is taken as it is."""
        return self._host.seen(shop) in ("ok", "unknown")

    def policy(self, shop: str, at_ms: int) -> Policy:
        """Return what holds for a shop."""
        return self._host.policy_at(self.platform(shop), shop, at_ms)

    def _policy(self, shop: str, at_ms: int) -> Policy:
        return self.policy(shop, at_ms)

    def platform(self, shop: str) -> str:
        """Return where a shop is, as heard, else as written down."""
        seen = self._host.shop(shop)
        if seen is not None:
            return seen.platform
        known = self.register.shop(shop)
        return known.platform if known is not None and known.platform else "unknown"

    def waiting(self, shop: str) -> Waiting:
        """Say who waits in a shop."""
        buyers, promises, oldest = 0, 0, None
        seen = self._host.shop(shop)
        for conversation in seen.conversations.values() if seen is not None else ():
            wait, promise = conversation.state.wait, conversation.state.promise
            if wait is not None and wait.since_ms:
                buyers += 1
                oldest = wait.since_ms if oldest is None else min(oldest, wait.since_ms)
            promises += promise is not None and promise.passed > 0
        return Waiting(buyers, oldest, promises)

    def left_open(self, shop: str) -> Iterable[tuple[LeftOpen, str | None]]:
        """Yield what is open in a shop, each with whose it is; polite words only are nothing to hand over."""
        seen = self._host.shop(shop)
        for conversation in seen.conversations.values() if seen is not None else ():
            state = conversation.state
            wait, promise = state.wait, state.promise
            if wait is not None and wait.since_ms:
                left = self._left("wait", shop, conversation, state.holder, wait.opened_at_ms, wait.number)
                yield left, self._whose(state.holder, shop, wait.opened_at_ms)
            if promise is not None and not promise.greeting:
                who = state.holder or promise.who
                left = self._left("promise", shop, conversation, who, promise.opened_at_ms, None)
                yield left, self._whose(who, shop, promise.opened_at_ms)

    def owed(self, shop: str, now_ms: int) -> Iterable[Owed]:
        """Yield what is owed in a shop beside answers: what was promised, and a last word after polite ones."""
        seen = self._host.shop(shop)
        for conversation in seen.conversations.values() if seen is not None else ():
            wait, promise = conversation.state.wait, conversation.state.promise
            holder = conversation.state.holder
            if wait is not None and not wait.since_ms:
                yield self._owed("courtesy", shop, conversation, holder, wait.opened_at_ms, None, now_ms)
            if promise is not None:
                due_ms = promise.limits[0][1] if promise.limits else None
                kind = "greeting" if promise.greeting else "promise"
                yield self._owed(kind, shop, conversation, holder or promise.who, promise.opened_at_ms, due_ms, now_ms)

    def _owed(
        self,
        kind: str,
        shop: str,
        conversation: Conversation,
        who: Who | None,
        since_ms: int,
        due_ms: int | None,
        now_ms: int,
    ) -> Owed:
        agent, account = (None, None) if who is None else (who.agent, who.account)
        return Owed(
            kind=kind,
            platform=self.platform(shop),
            shop=shop,
            conversation=conversation.id,
            buyer=conversation.buyer or conversation.id,
            person=self.person_of(agent, account, shop, now_ms),
            since_ms=since_ms,
            due_at_ms=None if due_ms is None else since_ms + due_ms,
        )

    def _whose(self, who: Who | None, shop: str, at_ms: int) -> str | None:
        return self.register.who(who.agent, who.account, shop, at_ms) if who is not None else None

    def _left(
        self, kind: str, shop: str, conversation: Conversation, who: Who | None, since_ms: int, wait: int | None
    ) -> LeftOpen:
        account = who.account if who is not None else None
        buyer = conversation.buyer or conversation.id
        return LeftOpen(kind, self.platform(shop), shop, conversation.id, buyer, account, since_ms, wait)  # type: ignore[arg-type]

    def still_open(self, left: LeftOpen) -> bool:
        """Whether that wait, or promise, is open still."""
        conversation = self._host.conversation(left.shop, left.conversation)
        if conversation is None:
            return False
        if left.kind == "wait":
            return conversation.state.wait is not None and conversation.state.wait.number == left.wait
        promise = conversation.state.promise
        return promise is not None and promise.opened_at_ms == left.since_ms

    def team_of_shop(self, shop: str, at_ms: int) -> str:
        """Return whose shop it is: as the register says, else as its policy does."""
        return self.posts.team(shop, self.policy(shop, at_ms))

    def team_of(self, person: str, shop: str) -> str:
        """Return whose person somebody is; where nobody wrote it down, the team of their shop."""
        known = self.register.person(person)
        if known is not None and known.team:
            return known.team
        shop = shop or next(iter(self.register.shops_of(person)), "") or next(iter(self.serves(person)), "")
        return self.team_of_shop(shop, self._host.now_ms) if shop else "default"

    def _holder(self, holder: Who | None, shop: str, at_ms: int) -> str | None:
        if holder is None:
            return None
        return self.register.who(holder.agent, holder.account, shop, at_ms) or holder.account

    # -- what others ask -----------------------------------------------------------------------------------------------

    def charged(self, done: Round) -> Round:
        """Return a round with its seconds charged to whom they are."""
        holders = self._charges.charged(done)
        return done if holders is done.holders else replace(done, holders=holders)

    def unattended(self, shop: str) -> bool:
        """Whether a shop was said to be unattended, and still is."""
        return self.posts.unattended(shop)

    def seen(self, shop: str) -> str:
        """Return how a shop is seen: ok, catching_up, stale, unknown."""
        return self._host.seen(shop)

    def room(self, shop: str, now_ms: int) -> list[tuple[str, int, int]]:
        """Return who of a shop's team can take more: (person, open chats, limit), the one with most room first."""
        policy = self.policy(shop, now_ms)
        return self.posts.room(self.posts.team(shop, policy), policy.team, now_ms)

    def spare(self, now_ms: int) -> tuple[int | None, int]:
        """Return how many more chats all who are online can take, and how many teams are full.

        None: nobody's limit is known. A team with somebody without a limit is never full.
        """
        free: dict[str, int] = {}
        unbounded = set()
        for worker in self._workers.values():
            if worker.state(now_ms) == "online":
                team, limit = self.team_of(worker.person, ""), self.posts.limit(worker.person)
                if limit is None:
                    unbounded.add(team)
                else:
                    free[team] = free.get(team, 0) + max(0, limit - worker.chats)
        full = sum(not room and team not in unbounded for team, room in free.items())
        return (sum(free.values()) if free else None), full

    def load(self, person: str) -> tuple[int, int | None]:
        """Return a person's open chats and how many they can hold."""
        worker = self._workers.get(person)
        return worker.chats if worker is not None else 0, self.posts.limit(person)

    def person_of(self, agent: str | None, account: str | None, shop: str | None, at_ms: int) -> str | None:
        """Return the person behind an agent and account."""
        return self.register.who(agent, account, shop, at_ms) or account or agent

    def seat_of(self, person: str, at_ms: int, shop: str | None = None) -> str | None:
        """Return where somebody sits."""
        return self.register.seat_of(person, at_ms, shop)

    def lead_of(self, team: str, at_ms: int) -> Person | None:
        """Return who leads a team now: the first lead who is known to be there, else the first who may be.

        None: the team has no lead, or all of them are known to be gone, on a break or off shift.
        """
        maybe = None
        for lead in self.register.leads(team, at_ms):
            there = self._leads_now(lead.id, at_ms)
            if there:
                return lead
            if there is None and maybe is None:
                maybe = lead
        return maybe

    def nobody_leads(self, team: str, at_ms: int) -> bool:
        """Whether teams are written down, and nobody who leads this one is there."""
        return bool(self.register.teams) and self.lead_of(team, at_ms) is None

    def _leads_now(self, person: str, at_ms: int) -> bool | None:
        """Whether somebody can be called: by presence, else by the roster; None: neither says."""
        worker = self._workers.get(person)
        state = worker.state(at_ms) if worker is not None else None
        if state is not None:
            return state in ("online", "suspended")  # 挂起 sits at the desk, 小休 does not.
        shops = self.register.shops_of(person)
        on_shift = [shop for shop in shops if self.register.on_shift_of(person, shop, at_ms)]
        if not on_shift:
            return False if shops else None
        # Others of the shop are heard of and this one is not: on shift, and perhaps not at the desk.
        return None if any(self.posts.heard(shop) for shop in on_shift) else True

    def serves(self, person: str) -> tuple[str, ...]:
        """Return the shops a person was named for."""
        worker = self._workers.get(person)
        if worker is None:
            return ()
        return tuple(dict.fromkeys([*(shop for seat in worker.seats.values() for shop in seat.shops), *worker.wrote]))

    def states(self, now_ms: int) -> Mapping[tuple[str, str], int]:
        """Return how many there are by team and state."""
        found: dict[tuple[str, str], int] = {}
        for person in dict.fromkeys([*self._workers, *(one.person for one in self._shifts.coming() if one.begun)]):
            worker = self._workers.get(person)
            state = worker.state(now_ms) if worker is not None else None
            key = (self.team_of(person, ""), state or "unknown")
            found[key] = found.get(key, 0) + 1
        return found

    def workers(self) -> Iterable[Worker]:
        """Return everybody heard of."""
        return list(self._workers.values())

    def rows(self, now_ms: int) -> Iterable[AgentRow]:
        """Yield everybody who was heard of or is on shift, as they stand."""
        shifts = {one.person: one for one in self._shifts.coming() if one.begun}
        for person in dict.fromkeys([*self._workers, *shifts]):
            worker = self._workers.get(person) or Worker(person)
            known, shift = self.register.person(person), shifts.get(person)
            state = worker.state(now_ms)
            since_ms = worker.changes[-1].at_ms if worker.changes and state == worker.heard_state() else None
            yield AgentRow(
                person=person,
                nick=known.nick if known is not None else None,
                team=self.team_of(person, ""),
                seat=shift.seat if shift is not None else self.seat_of(person, now_ms),
                state=state or "unknown",
                state_since_ms=since_ms,
                shops=tuple(dict.fromkeys([*self.serves(person), *(shift.shops if shift is not None else ())])),
                chats=worker.chats,
                limit=self.posts.limit(person),
                waits=worker.waits,
                today=worker.tally(now_ms),
                on_shift=shift is not None,
                shift_ends_at_ms=shift.ends_at_ms if shift is not None else None,
            )

    def shop_names(self) -> list[str]:
        """Return every shop that was heard of or is written down."""
        named = [*(info.shop for info in self.register.shops), *(post.shop for post in self.posts.all())]
        heard = (shop.name for shop in self._host.shops() if shop.platform != CANARY)
        return list(dict.fromkeys([*heard, *named]))

    def shop_row(self, shop: str, now_ms: int) -> ShopRow:
        """Return how a shop stands."""
        post = self.posts.get(shop)
        able = self.posts.able(shop, now_ms).persons if post is not None else []
        return ShopRow(
            platform=self.platform(shop),
            shop=shop,
            team=self.team_of_shop(shop, now_ms),
            info=self.register.shop(shop),
            seen=self._host.seen(shop),
            attended=bool(able) if post is not None else None,
            nobody_since_ms=post.nobody_since_ms or None if post is not None else None,
            told=post is not None and post.told_ms > 0,
            able=tuple(able),
            absent=tuple(self.posts.absent(shop, now_ms)) if post is not None and post.heard else (),
        )
