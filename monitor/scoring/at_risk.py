"""Watches what shops may still miss today, and says in time that a target is at risk.

Scores are made beside the loop, so what they come to is told to the core as an event
of ours: stored, and handled in its place, so that an alert of it is decided like any
other and a replay comes to the same. Four levels:

ok        nothing to fear
burning   at the pace of the last hour what may be missed is used up before the day is over
last      what is open now could cost the target
lost      the target is lost, unless more hits come

Each level is told once a day, and only of shops whose contract names a target: none is made up.

Beside these, where a profile asks something of each hour (`hour_below`), one line an hour says
that the running hour is below it: a first reply of 30 seconds is lost before anybody could be
alerted of it, so the rate is what a lead can act on.
"""

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Awaitable, Callable

from monitor.core.events import APART, ScoreStood
from monitor.core.roster import Register
from monitor.core.scores.board import Entity
from monitor.core.scores.days import days
from monitor.core.scores.floor import ZONE
from monitor.core.scores.profile import Profile
from monitor.core.units import HOUR_MS
from monitor.errors import Busy, StoreUnavailable
from monitor.scoring.budget import Budget, budget
from monitor.scoring.scorer import Scorer
from monitor.wire.batch import Batch

log = logging.getLogger(__name__)

LOOK_SECONDS = 30.0
SHOPS_AT_A_TIME = 50  # Looked at before others get the loop.
FEWEST_MISSES = 3  # In the last hour, to speak of a pace.

Samples = deque[tuple[int, int]]  # (when, misses of the day by then), over the last hour


class ScoresAtRisk:
    """The levels of all shops.

    Args:
        scorer: what the day has come to.
        register: the targets in force.
        submit: stores what it says.
        standing: names the alerts of scores that stand, as the core does.
        now_ms: the time.
    """

    def __init__(
        self,
        scorer: Scorer,
        register: Callable[[], Register],
        submit: Callable[[Batch], Awaitable[object]],
        standing: Callable[[], list[str]],
        now_ms: Callable[[], int],
    ) -> None:
        self._scorer = scorer
        self._register = register
        self._submit = submit
        self._standing = standing
        self._now_ms = now_ms
        self._misses: dict[str, Samples] = {}
        self._levels: dict[tuple[str, str], str] = {}
        self._day = -1
        self._days = days(ZONE, 0)

    async def run(self) -> None:
        """Look every half minute, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look()
            except (Busy, StoreUnavailable) as error:
                log.debug("a score was not told: %s", error)

    async def look(self) -> None:
        """Look at every shop with a target, and say what has turned."""
        if not self._scorer.complete:
            return
        now_ms = self._now_ms()
        day = self._days.of(now_ms)
        if day.number != self._day:
            await self._begin(day.number, now_ms)
        register = self._register()
        for number, info in enumerate(register.shops, 1):
            found = budget(self._scorer, register, info.shop) if info.targets else None
            if found is not None and found.left is not None:
                await self._weigh(found, now_ms, day.end_ms - now_ms)
            if number % SHOPS_AT_A_TIME == 0:
                await asyncio.sleep(0)
        await self._look_at_hours(day.number, now_ms)

    async def _look_at_hours(self, day: int, now_ms: int) -> None:
        """Say of which shops the running hour is low, once an hour, whether we have been away in it or not."""
        hour_ms = now_ms - now_ms % HOUR_MS
        scorer = self._scorer
        for number, (name, known) in enumerate(list(scorer.shops.items()), 1):
            for id in scorer.book.of_platform(known.platform):
                profile = scorer.book.newest(id)
                if profile is None or profile.hour_below is None or scorer.hours_told.get((name, id), 0) >= hour_ms:
                    continue
                await self._weigh_hour(name, profile, hour_ms, day, now_ms)
            if number % SHOPS_AT_A_TIME == 0:
                await asyncio.sleep(0)

    async def _weigh_hour(self, shop: str, profile: Profile, hour_ms: int, day: int, now_ms: int) -> None:
        hits, misses = self._scorer.board.hour(Entity("shop", shop), hour_ms, profile.id)
        of = hits + misses
        assert profile.hour_below is not None
        if of < profile.hour_sample or hits / of >= profile.hour_below:
            return
        event = ScoreStood(
            type="score_stood",
            id=f"score-{secrets.token_hex(8)}",
            ts_ms=now_ms,
            source="scores",
            shop=shop,
            profile=profile.id,
            level="hour",
            day=day,
            target=profile.hour_below,
            rate=hits / of,
            left=0,
            open=0,
            burned=misses,
            hits=hits,
            of=of,
            hour_ms=hour_ms,
        )
        await self._submit(Batch(door="scores", source="scores", events=[event], indices=[0], size=200))

    async def _begin(self, day: int, now_ms: int) -> None:
        """A new day, or a start: what stands of another day is over; what stands of this one is looked at anew."""
        self._day = day
        self._misses.clear()  # What was missed before is read back when each shop is next looked at.
        self._levels.clear()
        for name in self._standing():
            shop, profile, of = name.split(APART)
            if int(of) == day:
                self._levels[shop, profile] = "standing"
            else:
                await self._say(Budget(shop, profile, None, 0, 0, 0, None, 0), "ok", 0, int(of), now_ms)

    async def _weigh(self, found: Budget, now_ms: int, rest_ms: int) -> None:
        samples = self._misses.get(found.shop)
        if samples is None:
            samples = self._misses[found.shop] = self._read_back(found)
            await asyncio.sleep(0)
        samples.append((now_ms, found.misses))
        while samples[0][0] < now_ms - HOUR_MS:
            samples.popleft()
        burned = found.misses - samples[0][1]
        level = level_of(found, burned, rest_ms)
        if level != self._levels.get((found.shop, found.profile), "ok"):
            await self._say(found, level, burned, self._day, now_ms)
            self._levels[found.shop, found.profile] = level

    def _read_back(self, found: Budget) -> Samples:
        """Return how the misses of the day have come about, as if we had looked all the time."""
        profile = self._scorer.book.newest(found.profile)
        at_ms = [] if profile is None else self._scorer.missed_today(found.shop, profile)
        before = found.misses - len(at_ms)
        return deque((at_ms - 1, before + number) for number, at_ms in enumerate(at_ms))

    async def _say(self, found: Budget, level: str, burned: int, day: int, now_ms: int) -> None:
        assert found.left is not None
        event = ScoreStood(
            type="score_stood",
            id=f"score-{secrets.token_hex(8)}",
            ts_ms=now_ms,
            source="scores",
            shop=found.shop,
            profile=found.profile,
            level=level,  # type: ignore[arg-type]
            day=day,
            target=found.target or 0.0,
            rate=found.rate,
            left=found.left,
            open=found.open,
            burned=burned,
        )
        await self._submit(Batch(door="scores", source="scores", events=[event], indices=[0], size=200))


def level_of(found: Budget, burned: int, rest_ms: int) -> str:
    """Return how much a target is at risk: ``burned`` were missed in the last hour, ``rest_ms`` is left of the day."""
    if found.left is None:
        return "ok"
    if found.left < 0:
        return "lost"
    if found.at_risk:
        return "last"
    if burned >= FEWEST_MISSES and burned * rest_ms > found.left * HOUR_MS:
        return "burning"
    return "ok"
