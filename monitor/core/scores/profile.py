"""A profile: how one platform counts, as data.

The same chat has many "three-minute rates". What differs between them is said by the
fields here, and by nothing else: a new profile needs no code. Every number in one
comes from ``rules/platforms/``, dated, with its source and how sure it is.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from monitor.core.units import MINUTE_MS

Unit = Literal["round", "message", "session", "buyer_day", "thread_first"]
Starts = Literal["first_unanswered", "queue_entry", "handoff", "session_start"]
Sure = Literal["official", "reproduced", "blog", "unverified"]

PLATFORMS_KEPT = 1000  # Their names come from outside.
PEOPLE_ONLY = frozenset({"agent"})


class Profile(Struct, frozen=True, kw_only=True):
    """How one platform counts, from a day on.

    Attributes:
        id: the name outside relies on.
        platforms: whose chat it scores by itself; on any other it is asked for.
        unit: what is counted. ``round``: each wait. ``message``: each buyer message. ``session``, ``buyer_day``: fails
            by any miss in it. ``thread_first``: only what is said first after `session_gap_ms` of silence.
        statistic: what the platform shows.
        starts: where the clock starts. A session that does not start at ``first_unanswered`` is its first reply only.
        limit_ms: in time up to and with it; None: any reply will do before the day is due, and the first one counts.
        ends_by: whose reply stops the clock.
        bot_only: what becomes of that which only a bot has answered.
        key: for whom rounds are apart: ``account_buyer``, each sub-account has its own with the buyer.
        on_transfer: ``split``: who passes a chat on without a reply keeps the round, the receiver gets a new one.
        hours: (from, before) of the day on the wall of `zone`; None: all.
        hours_by: what of it must lie in the hours.
        shop_hours: only what begins in the hours that the rules count for the shop; the floor's own rates.
        day_starts_ms: the platform's day closes what is unanswered; None: it does not, and days begin at midnight.
        due_by_ms: what the day leaves unanswered is due at this time of day after it; None: when the day ends.
        cap_ms: longer waits count as this.
        unanswered_as_ms: a wait without a reply counts as this in the mean; None: is not in it.
        session_gap_ms: so long without a word, and the next begins a session; None: only a close does.
        reopens_ms: what comes sooner after a close belongs to the session that was closed.
        needless: messages the platform says need no reply.
        offline: what is written while nobody is there to take it (留言).
        greetings: ``ignored``, a reply that only greets stops no clock.
        weekend_by_ms: what is asked at the weekend and a bot has taken in is in time until this time of Monday.
        exempt_dates: days (ordinals) that do not count.
        keep_fastest: the mean is that of this share of the fastest; 1: of all.
        min_sample: with fewer the platform shows no number of its own.
        weights: (share of the window's days, newest first; weight); none: all days weigh the same.
        rolling_days, lag_days: the platform shows the sum of so many days, the last one so many days ago.
        valid_from: the first day (ordinal) it holds.
        name: what the platform calls it.
        target: what the platform asks for, where it says so.
        hour_below: the lead is told, once an hour, where the rate of the running hour is below this; None: never.
        hour_sample: but not before so many are decided in it.
    """

    id: str
    platforms: tuple[str, ...] = ()
    unit: Unit = "round"
    statistic: Literal["rate", "mean", "median"] = "rate"
    starts: Starts = "first_unanswered"
    limit_ms: int | None = None
    ends_by: frozenset[str] = PEOPLE_ONLY
    bot_only: Literal["drop", "answered", "missed"] = "missed"
    abandoned: Literal["drop", "missed"] = "drop"
    key: Literal["conversation", "buyer", "account_buyer"] = "conversation"
    on_transfer: Literal["keep", "split"] = "keep"
    hours: tuple[tuple[int, int], ...] | None = None
    hours_by: Literal["round_start", "session_start", "either"] = "round_start"
    shop_hours: bool = False
    zone: str = "Asia/Shanghai"
    day_starts_ms: int | None = None
    due_by_ms: int | None = None
    cap_ms: int | None = None
    unanswered_as_ms: int | None = None
    session_gap_ms: int | None = 30 * MINUTE_MS
    reopens_ms: int = 0
    needless: Literal["count", "drop"] = "count"
    offline: Literal["count", "drop"] = "count"
    greetings: Literal["count", "ignored"] = "count"
    weekend_by_ms: int | None = None
    exempt_dates: frozenset[int] = frozenset()
    keep_fastest: float = 1.0
    min_sample: int = 0
    weights: tuple[tuple[float, float], ...] = ()
    rolling_days: int = 1
    lag_days: int = 0
    valid_from: int = 0
    name: str = ""
    target: float | None = None
    hour_below: float | None = None
    hour_sample: int = 10
    source: str = ""
    sure: Sure = "unverified"
    place: str = ""

    @property
    def first_only(self) -> bool:
        """Whether of each unit only the first reply is looked at."""
        return self.unit == "thread_first" or (self.unit == "session" and self.starts != "first_unanswered")

    @property
    def by_parts(self) -> bool:
        """Whether a unit is put together from parts that may lie in several conversations, accounts or hands."""
        return self.unit == "buyer_day"


class ProfileBook:
    """All profiles, each with its versions: history is never counted again with today's rule."""

    def __init__(self, profiles: Iterable[Profile] = ()) -> None:
        versions: dict[str, list[Profile]] = {}
        for profile in profiles:
            versions.setdefault(profile.id, []).append(profile)
        self._versions = {
            id: tuple(sorted(found, key=lambda profile: profile.valid_from)) for id, found in sorted(versions.items())
        }
        self._of_platform: dict[str, tuple[str, ...]] = {}

    @property
    def versions(self) -> Mapping[str, tuple[Profile, ...]]:
        """The versions of each profile, by its id, oldest first."""
        return self._versions

    def same_as(self, other: "ProfileBook") -> bool:
        """Whether another counts alike; where a profile is written down makes no difference."""
        return _plain(self._versions) == _plain(other._versions)

    def newest(self, id: str) -> Profile | None:
        """Return the newest version of a profile."""
        found = self._versions.get(id)
        return found[-1] if found else None

    def of_platform(self, platform: str) -> tuple[str, ...]:
        """Return the ids of the profiles that score a platform by themselves."""
        ids = self._of_platform.get(platform)
        if ids is None:
            ids = tuple(id for id, found in self._versions.items() if platform in found[-1].platforms)
            if len(self._of_platform) < PLATFORMS_KEPT:
                self._of_platform[platform] = ids
        return ids

    def own(self, platform: str) -> Profile | None:
        """Return the profile a shop of a platform is known by: the first of those that give a rate."""
        found = [self._versions[id][-1] for id in self.of_platform(platform)]
        rates = sorted((p for p in found if p.statistic == "rate"), key=lambda p: (p.limit_ms is None, p.id))
        return rates[0] if rates else None


def _plain(versions: Mapping[str, tuple[Profile, ...]]) -> list[Profile]:
    return [
        replace(one, place="", source="", name="", hour_below=None, hour_sample=0)
        for found in versions.values()
        for one in found
    ]


def in_force(versions: tuple[Profile, ...], day: int) -> Profile:
    """Return the version that holds on a day; before the first of them, the first."""
    at = bisect_right(versions, day, key=lambda profile: profile.valid_from)
    return versions[max(0, at - 1)]
