"""One person at work: where they stand, what is open with them, how the day went.

A person may be heard of through several accounts, each with its own state and its
own limit; they are as present as the best of these. Online takes new chats; away
(小休) and suspended (挂起) take none and still owe the open ones; offline is gone.
Who wrote within ten minutes is present, where no presence event is newer.

Load is over all shops and accounts: chats with a word in the last ten minutes.
Sums of the day are settled when something changes, never by looking at them.
"""

from collections.abc import Iterator
from operator import itemgetter

from msgspec import Struct, field

from monitor.core.units import DAY_MS

PRESENT_MS = 600_000  # Who has written is taken to be there for so long; so long a chat counts as open.
GONE_MS = 30 * DAY_MS  # Offline for so long: people leave, and their names would fill the memory.
UNHEARD_MS = 90 * DAY_MS  # Nothing heard for so long of one who never left: what told of them is gone.
CHANGES_KEPT = 32  # Of one person: two shifts with their breaks. All of it is saved once a second, for 5,000 people.
SHOPS_AT_MOST = 1_000  # One person may be named for. Names come from outside.
STATES = ("offline", "away", "suspended", "online")  # The better, the further on.
_RANK = {state: rank for rank, state in enumerate(STATES)}


class Seat(Struct, array_like=True, gc=False):
    """How a person stands at one account."""

    state: str
    since_ms: int
    limit: int | None = None
    shops: tuple[str, ...] = ()

    def left(self, now_ms: int) -> bool:
        """Whether they have been offline there for so long that they will not come back."""
        return self.state == "offline" and now_ms - self.since_ms > GONE_MS


class Change(Struct, array_like=True, frozen=True, gc=False):
    """From an instant on, a person stood so."""

    at_ms: int
    state: str


class Tally(Struct, array_like=True):
    """A day's sums, up to `counted_to_ms`."""

    counted_to_ms: int = 0
    online_ms: int = 0
    away_ms: int = 0
    suspended_ms: int = 0
    offline_ms: int = 0
    busy_ms: int = 0  # Online, with a buyer of theirs waiting.
    chats_ms: int = 0
    most_chats: int = 0

    def add(self, state: str, length_ms: int, *, busy: bool) -> None:
        """Count a stretch of time."""
        if state == "online":
            self.online_ms += length_ms
            if busy:
                self.busy_ms += length_ms
        elif state == "away":
            self.away_ms += length_ms
        elif state == "suspended":
            self.suspended_ms += length_ms
        else:
            self.offline_ms += length_ms

    @property
    def occupancy(self) -> float | None:
        """Time with an open wait / time online; None before any time online."""
        return self.busy_ms / self.online_ms if self.online_ms else None


class Worker(Struct, array_like=True, eq=False):
    """One person, as heard of.

    Attributes:
        person: the register's id, else the name the feeds give.
        seats: by account ("" where presence names none).
        changes: how they stood over time, by presence alone, oldest first.
        wrote: when they last wrote, by shop; of too many the older half is dropped.
        chats: chats with a word in the last ten minutes.
        waits: buyers of theirs who wait; kept only while presence is known.
        today: the sums of the day.
        wrote_ms: when they last wrote, anywhere.
    """

    person: str
    seats: dict[str, Seat] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    wrote: dict[str, int] = field(default_factory=dict)
    chats: int = 0
    waits: int = 0
    today: Tally = field(default_factory=Tally)
    wrote_ms: int = 0

    @property
    def known(self) -> bool:
        """Whether presence was ever heard of."""
        return bool(self.seats)

    @property
    def limit(self) -> int | None:
        """How many chats they can hold; None: nobody said."""
        if len(self.seats) == 1:  # As most often, and asked on every message.
            (only,) = self.seats.values()
            return only.limit
        if not self.seats:
            return None
        return max((seat.limit for seat in self.seats.values() if seat.limit is not None), default=None)

    def heard_state(self) -> str | None:
        """Return the best state of all accounts; None: nothing was heard."""
        if len(self.seats) == 1:
            (only,) = self.seats.values()
            return only.state
        if not self.seats:
            return None
        return max((seat.state for seat in self.seats.values()), key=_RANK.__getitem__, default=None)

    def state(self, now_ms: int) -> str | None:
        """Return how they stand; None: nothing is known of them now."""
        heard = self.heard_state()
        if heard in (None, "offline"):
            newest = max((seat.since_ms for seat in self.seats.values()), default=0)
            wrote_ms = self.wrote_ms
            if wrote_ms > newest and now_ms - wrote_ms <= PRESENT_MS:
                return "online"
        return heard

    def changes_at(self, now_ms: int) -> int | None:
        """Return when they stop being present by what they wrote; None: that is not what makes them present."""
        if self.heard_state() in (None, "offline") and self.state(now_ms) == "online":
            return self.wrote_ms + PRESENT_MS + 1
        return None

    def forgotten(self, now_ms: int) -> bool:
        """Whether nothing need be known any more of one: who is not there, and presence named them long ago or never.

        Of who is there by what was heard months ago, and nothing since, nobody has said that they left.
        """
        after_ms = GONE_MS
        if self.there(now_ms):
            after_ms = UNHEARD_MS
            if now_ms - self.wrote_ms <= after_ms:
                return False
        return all(now_ms - seat.since_ms > after_ms for seat in self.seats.values())

    def there(self, now_ms: int) -> bool:
        """Whether they are at their post: to take new chats, or at least with those they have."""
        return self.state(now_ms) not in (None, "offline")

    def stand(self, account: str, seat: Seat) -> bool:
        """Take what presence says of one account; return whether it is news: not older than what is known."""
        known = self.seats.get(account)
        if known is not None and seat.since_ms < known.since_ms:
            return False
        if known is not None:
            if seat.limit is None:
                seat.limit = known.limit
            if not seat.shops:
                seat.shops = known.shops
        was = self.heard_state()
        if known is None:  # Who stands at ever new accounts has left the old ones.
            for name in [name for name, one in self.seats.items() if one.left(seat.since_ms)]:
                del self.seats[name]
        self.seats[account] = seat
        now = self.heard_state()
        assert now is not None
        if now != was:
            self.settle(seat.since_ms, was)
            at_ms = max(seat.since_ms, self.changes[-1].at_ms if self.changes else 0)
            self.changes = [*self.changes[1 - CHANGES_KEPT :], Change(at_ms, now)]
        return True

    def spoke(self, shop: str, at_ms: int) -> None:
        """Note that they wrote in a shop."""
        wrote = self.wrote
        was_ms = wrote.get(shop, 0)
        if at_ms > was_ms:
            if not was_ms and len(wrote) >= SHOPS_AT_MOST:
                # Half of them, so that the next ones find room without a look at all.
                newest = sorted(wrote.items(), key=itemgetter(1))[-SHOPS_AT_MOST // 2 :]
                wrote = self.wrote = {name: ms for name, ms in newest if at_ms - ms <= PRESENT_MS}
            wrote[shop] = at_ms
            if at_ms > self.wrote_ms:
                self.wrote_ms = at_ms

    def settle(self, at_ms: int, state: str | None) -> None:
        """Count the time up to an instant as spent in a state, which was it since the last time."""
        today = self.today
        if today.counted_to_ms and at_ms > today.counted_to_ms and state is not None:
            today.add(state, at_ms - today.counted_to_ms, busy=self.waits > 0)
        today.counted_to_ms = max(today.counted_to_ms, at_ms)

    def tally(self, now_ms: int) -> Tally:
        """Return the day's sums up to now; nothing is changed by looking."""
        today = self.today
        shown = Tally(
            now_ms,
            today.online_ms,
            today.away_ms,
            today.suspended_ms,
            today.offline_ms,
            today.busy_ms,
            today.chats_ms,
            today.most_chats,
        )
        heard = self.heard_state()
        if heard is not None and today.counted_to_ms and now_ms > today.counted_to_ms:
            shown.add(heard, now_ms - today.counted_to_ms, busy=self.waits > 0)
        return shown

    def gone(self, from_ms: int, until_ms: int) -> list[tuple[int, int]]:
        """Return the stretches between two instants in which presence says that they were offline.

        Before the first that was heard they are taken to have been there.
        """
        changes = self.changes
        if not changes or (changes[-1].at_ms <= from_ms and changes[-1].state != "offline"):
            return []  # As most often: they have been there all along.
        return [(start, end) for start, end, state in self._stretches(from_ms, until_ms) if state == "offline"]

    def seen(self, from_ms: int, until_ms: int) -> list[tuple[int, int]]:
        """Return the stretches between two instants in which presence says that they were there."""
        found: list[tuple[int, int]] = []
        for start, end, state in self._stretches(from_ms, until_ms):
            if state == "offline":
                continue
            if found and found[-1][1] == start:
                found[-1] = (found[-1][0], end)
            else:
                found.append((start, end))
        return found

    def _stretches(self, from_ms: int, until_ms: int) -> Iterator[tuple[int, int, str]]:
        if not self.changes:
            return
        ends = [change.at_ms for change in self.changes[1:]]
        for change, end in zip(self.changes, [*ends, until_ms], strict=True):
            start, end = max(change.at_ms, from_ms), min(end, until_ms)
            if start < end:
                yield start, end, change.state
