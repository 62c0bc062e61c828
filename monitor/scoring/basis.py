"""What all scores are made by: those of the days that are kept, of days long over, and of spans somebody asks for."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from monitor.core.presence import Worker
from monitor.core.roster import Register
from monitor.core.scores.board import Board
from monitor.core.scores.chats import ShopChats
from monitor.core.scores.days import Days
from monitor.core.scores.profile import ProfileBook
from monitor.core.scores.ruled import ShopRules
from monitor.core.scores.staff import Staff
from monitor.metrics import Metrics
from monitor.spare import Pace
from monitor.store.scores import ScoreStore

log = logging.getLogger(__name__)

DAYS_KEPT = 3  # In memory, today among them: a reply of 48 hours settles what was asked the day before yesterday.
LATE_MS = 600_000  # So late what was said comes as a rule; what comes later still is of a day that may be let go of.
TOLD_AT_MOST = 10_000  # Names of what a fault of ours kept from being scored.


class Faults:
    """What a fault of ours keeps from being scored: each is said once and counted; all else goes on without it.

    Args:
        metrics: where they are counted.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._told: set[tuple[object, ...]] = set()

    def note(self, what: str, *name: object) -> None:
        """Note the fault that is being handled.

        Args:
            what: chat, day, event or stretch.
            name: which.
        """
        self._metrics.score_faults += 1
        if (what, *name) not in self._told and len(self._told) < TOLD_AT_MOST:
            self._told.add((what, *name))
            log.exception("cannot be scored: %s %s", what, " ".join(map(str, name)))


@dataclass(slots=True)
class Basis:
    """What scores are made by.

    Attributes:
        store: the part of the journal that scores stand on.
        now_ms: the time.
        kept_from_ms: returns from when on the journal holds all that was said.
        register: returns who is who.
        workers: returns what is known of people without the journal.
        days: the floor's.
        pace: between slices of work.
        faults: what cannot be scored.
        staff: who was there, over all shops.
        book: the profiles all is scored by.
        rules: what the rules ask of shops.
        board: the cells of the days that are kept.
        shops: what is known today of each shop besides its chats.
        lately: the newest day of the floor of which nothing comes any more that is not late.
    """

    store: ScoreStore
    now_ms: Callable[[], int]
    kept_from_ms: Callable[[], int]
    register: Callable[[], Register]
    workers: Callable[[], Iterable[Worker]]
    days: Days
    pace: Pace
    faults: Faults
    staff: Staff
    book: ProfileBook
    rules: ShopRules
    board: Board
    shops: dict[str, ShopChats] = field(default_factory=dict)
    lately: int = 0

    @property
    def first_day(self) -> int:
        """The first day that is kept in memory; the board may still hold some before it, not written down yet."""
        return self.lately - DAYS_KEPT + 1

    def shop(self, name: str, platform: str | None = None) -> ShopChats:
        """Return a shop, made if it is new."""
        shop = self.shops.get(name)
        if shop is None:
            shop = self.shops[name] = ShopChats(name, platform or "unknown", self.staff)
        elif platform and shop.platform == "unknown":
            shop.platform = platform
        return shop

    def start_of(self, day: int) -> int:
        """Return when a day of the floor began."""
        return self.days.numbered(day).start_ms
