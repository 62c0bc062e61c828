"""Who was there to take a chat: what presence says of each shop, as spans in which nobody was.

What buyers write meanwhile is a message left offline (留言), which platforms count apart.
Only presence tells: online takes new chats; away, suspended and offline do not. A person
who is online and full is there, and the buyer queues. Who named no shop may serve any, so
while one of these is online no shop is empty. Of a shop that no presence has named nothing
is known, and nothing is said.
"""

from bisect import bisect_right, insort
from collections.abc import Iterable

from monitor.core.events import AgentPresence
from monitor.core.presence import GONE_MS, Worker
from monitor.core.roster import Register
from monitor.core.scores.rounds import NEVER_MS

STATES_AT_MOST = 512  # Of one seat, the newest.
SEATS_AT_MOST = 50_000  # Names come from outside; a large centre has 5,000 people with a few accounts each.
SHOPS_AT_MOST = 500  # One presence may name.

NOBODY_WRITTEN_DOWN = Register()

Change = tuple[int, int, bool]  # (when, who, online from then on?)
Seat = tuple[str, str]  # (person, account): a person may stand at several.


class Manned:
    """When one shop had nobody.

    Attributes:
        known_ms: from then on anything is known.
        spans: (from, before) in order, in which nobody was there.
    """

    __slots__ = ("_starts", "known_ms", "spans")

    def __init__(self, known_ms: int = NEVER_MS, spans: tuple[tuple[int, int], ...] = ()) -> None:
        self.known_ms = known_ms
        self.spans = spans
        self._starts = [start for start, _ in spans]

    def nobody(self, at_ms: int) -> bool:
        """Whether nobody was there at an instant."""
        at = bisect_right(self._starts, at_ms) - 1
        return at >= 0 and at_ms < self.spans[at][1]


UNKNOWN = Manned()


class Staff:
    """What presence has said of all shops; the order of arrival does not matter."""

    __slots__ = ("_at_large", "_large", "_made", "_seats", "_shops", "_states")

    def __init__(self) -> None:
        self._states: dict[Seat, list[tuple[int, bool]]] = {}  # In order of time: online from then on?
        self._shops: dict[Seat, set[str]] = {}
        self._seats: dict[str, set[Seat]] = {}  # By shop.
        self._at_large: set[Seat] = set()  # Who has named no shop.
        self._made: dict[str, Manned] = {}
        self._large: list[Change] | None = None  # Those at large together, as if they were one.

    def note(self, event: AgentPresence, register: Register = NOBODY_WRITTEN_DOWN) -> list[str]:
        """Take presence; return the shops it may matter to."""
        account, shop = event.account, event.shop or None
        person = register.who(event.agent, account, shop, event.ts_ms) or account or event.agent or ""
        shops = dict.fromkeys((event.shops or ())[:SHOPS_AT_MOST])
        known = register.account(account, shop) if account else None
        for name in (shop, known.shop if known is not None else None, *register.shops_of(person)):
            if name:
                shops[name] = None
        return self.stand((person, account or ""), event.ts_ms, event.state, shops)

    def begin(self, workers: Iterable[Worker], register: Register) -> None:
        """Take over what is known of people from before the events that are read again."""
        for worker in workers:
            for account, seat in worker.seats.items():
                shops = [*seat.shops, *register.shops_of(worker.person)]
                self.stand((worker.person, account), seat.since_ms, seat.state, shops)
                if len(worker.seats) == 1:
                    for change in worker.changes:
                        self.stand((worker.person, account), change.at_ms, change.state, ())

    def stand(self, seat: Seat, at_ms: int, state: str, shops: Iterable[str]) -> list[str]:
        """Note how somebody stands from an instant on; return the shops that may matter to."""
        states = self._states.get(seat)
        if states is None:
            if len(self._states) >= SEATS_AT_MOST:
                return []
            states = self._states[seat] = []
            self._shops[seat] = set()
        if (at_ms, state == "online") not in states[-1:]:
            insort(states, (at_ms, state == "online"))
            del states[:-STATES_AT_MOST]
        mine = self._shops[seat]
        for shop in shops:
            mine.add(shop)
            self._seats.setdefault(shop, set()).add(seat)
        if mine and seat not in self._at_large:
            for shop in mine:
                self._made.pop(shop, None)
            return list(mine)
        (self._at_large.discard if mine else self._at_large.add)(seat)
        self._made.clear()
        self._large = None
        return list(self._seats)

    def of(self, shop: str) -> Manned:
        """Return when a shop had nobody."""
        seats = self._seats.get(shop)
        if seats is None:
            return UNKNOWN
        made = self._made.get(shop)
        if made is None:
            made = self._made[shop] = self._make(seats)
        return made

    def shops(self) -> list[str]:
        """Return the shops that presence has named."""
        return list(self._seats)

    def _of_those_at_large(self) -> list[Change]:
        """Return from when on any of those who may serve any shop is there, and from when on none."""
        if self._large is None:
            self._large = []
            there: set[int] = set()
            for at_ms, number, online in self._changes(self._at_large):
                (there.add if online else there.discard)(number)
                if not self._large or bool(there) != self._large[-1][2]:
                    self._large.append((at_ms, -1, bool(there)))
        return self._large

    def _changes(self, seats: set[Seat]) -> list[Change]:
        return sorted(
            (at_ms, number, online) for number, seat in enumerate(seats) for at_ms, online in self._states.get(seat, ())
        )

    def _make(self, seats: set[Seat]) -> Manned:
        changes = sorted([*self._changes(seats), *self._of_those_at_large()])
        spans: list[tuple[int, int]] = []
        there: set[int] = set()
        since_ms = -1
        for at_ms, number, online in changes:
            (there.add if online else there.discard)(number)
            if there and since_ms >= 0:
                if at_ms > since_ms:
                    spans.append((since_ms, at_ms))
                since_ms = -1
            elif not there and since_ms < 0:
                since_ms = at_ms
        if since_ms >= 0:
            spans.append((since_ms, NEVER_MS))
        return Manned(changes[0][0] if changes else NEVER_MS, tuple(spans))

    def forget(self, before_ms: int) -> None:
        """Let go of what was said before an instant, but for how everybody stood then who has not left for good."""
        for seat, states in self._states.items():
            at = bisect_right(states, (before_ms, False)) - 1
            if at > 0:
                self._states[seat] = states[at:]
                self._made.clear()
                self._large = None
        for seat in [seat for seat, states in self._states.items() if states[-1] < (before_ms - GONE_MS, False)]:
            if not self._states[seat][-1][1]:
                self._leave(seat)

    def _leave(self, seat: Seat) -> None:
        """Know nothing of a seat any more: who left it has left for good."""
        del self._states[seat]
        self._at_large.discard(seat)
        for shop in self._shops.pop(seat):
            self._seats[shop].discard(seat)
            if not self._seats[shop]:
                del self._seats[shop]
        self._made.clear()
        self._large = None
