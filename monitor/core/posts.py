"""Shops and whether anybody can take a new chat of them.

    who is there        online, and served here: on the roster now, named for the shop by presence, or wrote in it
                        within ten minutes
    able                there, with fewer chats open than their limit
    unattended          nobody able for 60 s while a buyer waits, or for 180 s; "online but full" is one

A shop is watched once presence or a roster names it; else it is unknown, never
unattended. As long as no presence was heard of for a shop, its roster is believed:
who is on shift is there. Where nothing says which hours the shop keeps (no hours in
its policy, nobody on shift), only a waiting buyer makes it unattended: people go
home at night. What a feed does not show now is not judged.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

from msgspec import Struct

from monitor.core.decisions import ShopAttended, ShopUnattended
from monitor.core.hours import ALWAYS_MS, Calendar, Hours
from monitor.core.policy import Policy
from monitor.core.presence import PRESENT_MS, Worker
from monitor.core.roster import Register
from monitor.core.timers import NEVER_MS

LOOK_AGAIN_MS = 5_000  # While something hangs on what gives no sign: a feed that lags, chats that run out.
ROOM_SHOWN = 3
PERSONS_AT_MOST = 1_000  # Of one shop. Names come from outside.


class Post(Struct, array_like=True, eq=False):
    """One shop, as to who serves it."""

    shop: str
    heard: bool = False  # Presence was heard of for it.
    persons: tuple[str, ...] = ()  # Named for it by presence, or wrote in it.
    nobody_since_ms: int = 0
    told_ms: int = 0  # Unattended was said then; 0: it was not.
    wake_at_ms: int = NEVER_MS


class Waiting(NamedTuple):
    """Who waits in a shop."""

    buyers: int
    oldest_since_ms: int | None
    promises: int  # Past their limit.


class Floor(Protocol):
    """What is asked of the tracker."""

    def wake_post(self, post: Post, at_ms: int) -> None:
        """Ask for a shop to be looked at, at an instant."""

    def waiting(self, shop: str) -> Waiting:
        """Say who waits in a shop."""

    def judged(self, shop: str) -> bool:
        """Whether what its feeds show of it is up to date."""

    def policy(self, shop: str, at_ms: int) -> Policy:
        """Return what holds for it."""

    def platform(self, shop: str) -> str:
        """Return where it is."""


class Able(NamedTuple):
    """Who can take a new chat of a shop."""

    persons: list[str]
    full: bool  # Somebody is there who has as many as they can hold.
    until_ms: int  # Nothing that is said by time alone changes before.


class Posts:
    """All shops that are watched.

    Args:
        floor: the tracker.
        workers: everybody heard of, by person.
        say: takes what is decided.
    """

    def __init__(
        self, floor: Floor, workers: dict[str, Worker], say: Callable[[ShopUnattended | ShopAttended], None]
    ) -> None:
        self._floor = floor
        self._workers = workers
        self._say = say
        self._posts: dict[str, Post] = {}
        self._served: dict[str, dict[str, None]] = {}  # By person: the shops they are listed in.
        self._calendars: dict[Hours, Calendar] = {}
        self.register = Register()

    # -- what is heard -----------------------------------------------------------------------------------------------

    def named(self, shop: str, person: str, *, heard: bool) -> None:
        """Note that a person serves a shop, by presence or by having written in it."""
        post = self._posts.get(shop)
        if post is None:
            if not (heard or self.register.rostered(shop)):
                return  # Unknown, and never unattended.
            post = self._posts[shop] = Post(shop)
        post.heard = post.heard or heard
        serves = self._served.setdefault(person, {})
        if shop not in serves and len(post.persons) < PERSONS_AT_MOST:
            serves[shop] = None
            post.persons = (*post.persons, person)

    def forget(self, person: str) -> None:
        """Nobody will ask any more whether a person serves a shop."""
        for shop in self._served.pop(person, ()):
            post = self._posts[shop]
            post.persons = tuple(name for name in post.persons if name != person)

    def watch_rostered(self, now_ms: int) -> None:
        """Watch the shops a roster names."""
        for shop in dict.fromkeys(slot.shop for slot in self.register.slots):
            if shop not in self._posts:
                self._posts[shop] = Post(shop)
        for post in self._posts.values():
            self.look(post, now_ms)

    def of_person(self, person: str) -> Iterator[Post]:
        """Yield the shops that may be better or worse off by a person."""
        for shop in dict.fromkeys([*self._served.get(person, ()), *self.register.shops_of(person)]):
            post = self._posts.get(shop)
            if post is not None:
                yield post

    def look_at_shop(self, shop: str, now_ms: int) -> None:
        """Look at a shop in which something has changed."""
        post = self._posts.get(shop)
        if post is not None:
            self.look(post, now_ms)

    def waits_since(self, shop: str, since_ms: int, now_ms: int) -> None:
        """A buyer waits in a shop: where nobody can take them, that may be too long sooner."""
        post = self._posts.get(shop)
        if post is not None and post.nobody_since_ms and not post.told_ms:
            due_ms = max(post.nobody_since_ms, since_ms) + self._floor.policy(shop, now_ms).unattended_waiting_ms
            if due_ms < post.wake_at_ms:
                self._floor.wake_post(post, max(due_ms, now_ms))

    # -- judging -----------------------------------------------------------------------------------------------------

    def look(self, post: Post, now_ms: int) -> None:
        """Judge a shop as it stands, and ask to be woken when that may change by time alone."""
        able = self.able(post.shop, now_ms)
        if able.persons:
            self._attended(post, now_ms, able.persons[0])
            self._wake(post, able.until_ms)
            return
        policy = self._floor.policy(post.shop, now_ms)
        calendar = self._calendar(policy.hours)
        if policy.responsible != "ours" or (calendar is not None and not calendar.is_open(now_ms)):
            self._attended(post, now_ms, None)
            opens_ms = calendar.next_open(now_ms) if calendar is not None else ALWAYS_MS
            self._wake(post, opens_ms if opens_ms < ALWAYS_MS else NEVER_MS)
            return
        if not post.nobody_since_ms:
            post.nobody_since_ms = now_ms
        if post.told_ms:
            self._wake(post, self._again_ms(post, able, calendar, now_ms))
            return
        if not self._floor.judged(post.shop):
            self._wake(post, now_ms + LOOK_AGAIN_MS)
            return
        waiting = self._floor.waiting(post.shop)
        due_ms = NEVER_MS
        if calendar is not None or self.register.on_shift(post.shop, now_ms):
            due_ms = post.nobody_since_ms + policy.unattended_ms
        if waiting.oldest_since_ms is not None:
            since_ms = max(post.nobody_since_ms, waiting.oldest_since_ms)
            due_ms = min(due_ms, since_ms + policy.unattended_waiting_ms)
        if due_ms > now_ms:
            self._wake(post, min(due_ms, self._again_ms(post, able, calendar, now_ms)))
            return
        post.told_ms = now_ms
        team = self.team(post.shop, policy)
        self._say(
            ShopUnattended(
                platform=self._floor.platform(post.shop),
                shop=post.shop,
                team=team,
                reason="full" if able.full else "nobody",
                since_ms=post.nobody_since_ms,
                due_at_ms=due_ms,
                decided_at_ms=now_ms,
                waiting=waiting.buyers,
                oldest_since_ms=waiting.oldest_since_ms,
                promises=waiting.promises,
                absent=tuple(self.absent(post.shop, now_ms)),
                room=tuple(self.room(team, policy.team, now_ms)[:ROOM_SHOWN]),
            )
        )
        self._wake(post, self._again_ms(post, able, calendar, now_ms))

    def _attended(self, post: Post, now_ms: int, by: str | None) -> None:
        was_ms, told_ms = post.nobody_since_ms, post.told_ms
        post.nobody_since_ms = post.told_ms = 0
        if told_ms:
            self._say(
                ShopAttended(
                    platform=self._floor.platform(post.shop),
                    shop=post.shop,
                    team=self.team(post.shop, self._floor.policy(post.shop, now_ms)),
                    since_ms=was_ms,
                    at_ms=now_ms,
                    decided_at_ms=now_ms,
                    by=by,
                )
            )

    def _again_ms(self, post: Post, able: Able, calendar: Calendar | None, now_ms: int) -> int:
        """Return when to look again at a shop that nobody can serve; what comes in looks at it by itself."""
        at_ms = now_ms + LOOK_AGAIN_MS if able.full else able.until_ms
        if calendar is not None:
            at_ms = min(at_ms, calendar.closing(now_ms))
        shift = self.register.next_shift(post.shop, now_ms + 1) if self.register.rostered(post.shop) else None
        return min(at_ms, shift.starts_at_ms if shift is not None else NEVER_MS)

    def _wake(self, post: Post, at_ms: int) -> None:
        if at_ms >= ALWAYS_MS:
            post.wake_at_ms = NEVER_MS
        elif at_ms != post.wake_at_ms:
            self._floor.wake_post(post, at_ms)

    def _calendar(self, hours: Hours | None) -> Calendar | None:
        if hours is None:
            return None
        calendar = self._calendars.get(hours)
        if calendar is None:
            calendar = self._calendars[hours] = Calendar(hours)
        return calendar

    # -- who can -----------------------------------------------------------------------------------------------------

    def able(self, shop: str, now_ms: int) -> Able:
        """Return who can take a new chat of a shop."""
        post = self._posts.get(shop)
        found: list[str] = []
        full, until_ms = False, NEVER_MS
        on_shift = self.register.on_shift(shop, now_ms)
        if on_shift:
            until_ms = min(shift.ends_at_ms for shift in on_shift)
        rostered = dict.fromkeys(shift.slot.person for shift in on_shift)
        heard = post is not None and post.heard
        for person in (*rostered, *(name for name in (post.persons if post else ()) if name not in rostered)):
            worker = self._workers.get(person)
            known = self.register.person(person)
            if known is not None and not known.employed(now_ms):
                continue
            if worker is None or worker.state(now_ms) is None:
                if person in rostered and not heard:
                    found.append(person)
                continue
            if worker.state(now_ms) != "online" or not (person in rostered or serves(worker, shop, now_ms)):
                continue
            until_ms = min(until_ms, worker.changes_at(now_ms) or NEVER_MS)
            limit = self.limit(person)
            if limit is not None and worker.chats >= limit:
                full = True
            else:
                found.append(person)
        return Able(found, full, until_ms)

    def limit(self, person: str) -> int | None:
        """Return how many chats a person can hold, as presence says, else the register."""
        worker = self._workers.get(person)
        if worker is not None and worker.seats and (named := worker.limit) is not None:
            return named
        known = self.register.person(person)
        return known.limit if known is not None else None

    def room(self, team: str, default: str, now_ms: int) -> list[tuple[str, int, int]]:
        """Return who of a team can take more: (person, open chats, limit), the one with most room first."""
        found = []
        for worker in self._workers.values():
            limit = self.limit(worker.person)
            if limit is None or worker.chats >= limit or worker.state(now_ms) != "online":
                continue
            known = self.register.person(worker.person)
            if (known.team if known is not None and known.team else default) == team:
                found.append((worker.person, worker.chats, limit))
        return sorted(found, key=lambda row: (row[1] / row[2], row[0]))

    def absent(self, shop: str, now_ms: int) -> list[str]:
        """Return who is on shift in a shop and not there."""
        persons = dict.fromkeys(shift.slot.person for shift in self.register.on_shift(shop, now_ms))
        return [name for name in persons if not ((w := self._workers.get(name)) is not None and w.there(now_ms))]

    def team(self, shop: str, policy: Policy) -> str:
        """Return whose shop it is."""
        return self.register.team_of_shop(shop) or policy.team

    def heard(self, shop: str) -> bool:
        """Whether presence was ever heard of for a shop."""
        post = self._posts.get(shop)
        return post is not None and post.heard

    def persons(self, shop: str) -> tuple[str, ...]:
        """Return who was named for a shop, or wrote in it."""
        post = self._posts.get(shop)
        return post.persons if post is not None else ()

    def unattended(self, shop: str) -> bool:
        """Whether a shop was said to be unattended, and still is."""
        post = self._posts.get(shop)
        return post is not None and post.told_ms > 0

    def get(self, shop: str) -> Post | None:
        """Return a shop that is watched."""
        return self._posts.get(shop)

    def all(self) -> list[Post]:
        """Return every shop that is watched."""
        return list(self._posts.values())

    def restore(self, posts: list[Post]) -> None:
        """Take back what was saved."""
        self._posts = {post.shop: post for post in posts}
        for post in posts:
            post.wake_at_ms = NEVER_MS  # Nobody has been asked to wake it since.
            for person in post.persons:
                self._served.setdefault(person, {})[post.shop] = None


def serves(worker: Worker, shop: str, now_ms: int) -> bool:
    """Whether a person who is online is so for a shop."""
    if any(seat.state == "online" and shop in seat.shops for seat in worker.seats.values()):
        return True
    wrote_ms = worker.wrote.get(shop)
    return wrote_ms is not None and now_ms - wrote_ms <= PRESENT_MS
