"""Cells: sums and counts of one day, from which every rate is made, over any span.

A cell takes marks in and gives them back, so that a correction is the old marks taken
away and the new ones added. Never an average is kept: rates over days, shops or agents
are made of sums. Where the unit is a buyer, a cell knows each of them, for a buyer who
asked twice is one; so buyers of agents do not add up to those of their shop, and each
of the two has cells of its own.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct, field

from monitor.core.scores.judge import HIT, MISS, UNDETERMINED, Mark, together
from monitor.core.scores.profile import Profile
from monitor.core.units import HOUR_MS

BITS = 24  # Of each count packed into a number: no day of one shop has more than that many units.
MASK = (1 << BITS) - 1
COUNTS = ("hits", "misses", "undetermined", "excluded")


class Sums(Struct, array_like=True, gc=False):
    """What a rate and a mean are made of; sums of days add up."""

    counts: list[int] = field(default_factory=lambda: [0, 0, 0, 0])
    sum_ms: int = 0
    waits: int = 0  # How many waits lie behind `sum_ms`.
    spread: dict[int, int] = field(default_factory=dict)  # How many waits took so many ms; where the profile asks.
    why: dict[str, int] = field(default_factory=dict)  # Why units are left out.

    def add(self, other: "Sums", by: int = 1) -> None:
        """Add what another has, or with ``by=-1`` take it away."""
        for at, count in enumerate(other.counts):
            self.counts[at] += by * count
        self.sum_ms += by * other.sum_ms
        self.waits += by * other.waits
        if other.spread:
            add_counts(self.spread, other.spread, by)
        if other.why:
            add_counts(self.why, other.why, by)

    @property
    def determined(self) -> int:
        """How many came out as a hit or a miss."""
        return self.counts[HIT] + self.counts[MISS]

    @property
    def rate(self) -> float | None:
        """Hits of what is determined; None: no sample."""
        return self.counts[HIT] / self.determined if self.determined else None


class Cell(Struct, gc=False):
    """One day of one shop, agent or account under one profile.

    A large floor has hundreds of thousands: nothing in one is of a kind that the garbage collector follows, or its
    looking at all of them would hold the loop for half a second. So counts are packed into one number.
    """

    profile: Profile
    _counts: int = 0
    _sum_ms: int = 0
    _waits: int = 0
    _spread: dict[int, int] | None = None
    _why: dict[str, int] | None = None
    _parts: dict[str, int] | None = None  # By unit: how often each verdict.
    _hours: dict[int, int] | None = None  # By hour: hits and misses decided in it; where the profile asks.

    def add(self, mark: Mark, by: int = 1) -> None:
        """Take a mark in, or with ``by=-1`` give it back."""
        verdict = mark.verdict
        if mark.waits:
            self._sum_ms += by * mark.sum_ms
            self._waits += by * mark.waits
            profile = self.profile
            if mark.waits == 1 and (profile.statistic == "median" or profile.keep_fastest < 1):
                self._spread = self._spread or {}
                add_counts(self._spread, {mark.sum_ms: by})
        if mark.why and verdict != UNDETERMINED:
            self._why = self._why or {}
            add_counts(self._why, {mark.why: by})
        one = by << BITS * verdict
        if verdict <= MISS and self.profile.hour_below is not None:
            self._hours = self._hours or {}
            add_counts(self._hours, {mark.decided_ms // HOUR_MS: one})
        if not mark.unit:
            self._counts += one
            return
        if self._parts is None:
            self._parts = {}
        was = self._parts.get(mark.unit, 0)
        now = was + one
        if was:
            self._counts -= 1 << BITS * self._together(was)
        if now:
            self._counts += 1 << BITS * self._together(now)
            self._parts[mark.unit] = now
        else:
            del self._parts[mark.unit]

    def _together(self, parts: int) -> int:
        counts = counts_of(parts, 4)
        found = [verdict for verdict, count in enumerate(counts) if count]
        return together(found, any_hit=self.profile.limit_ms is None)

    @property
    def sums(self) -> Sums:
        """What is in it."""
        return Sums(counts_of(self._counts, 4), self._sum_ms, self._waits, self._spread or {}, self._why or {})

    def hour(self, hour_ms: int) -> tuple[int, int]:
        """Return hits and misses that were decided in the hour that began then."""
        hits, misses = counts_of((self._hours or {}).get(hour_ms // HOUR_MS, 0), 2)
        return hits, misses

    @property
    def empty(self) -> bool:
        """Whether nothing is in it any more."""
        return not self._counts and not self._waits


def counts_of(packed: int, length: int) -> list[int]:
    """Return the counts that are packed into a number, the first in its lowest bits."""
    return [packed >> BITS * at & MASK for at in range(length)]


def add_counts(to: dict[Any, int], other: dict[Any, int], by: int = 1) -> None:
    """Add what is counted elsewhere ``by`` times; what comes to nothing is left out."""
    for key, count in other.items():
        now = to.get(key, 0) + by * count
        if now:
            to[key] = now
        else:
            to.pop(key, None)


def mean_ms(profile: Profile, sums: Sums) -> float | None:
    """Return the mean (or the median) a platform shows; None: no sample."""
    if not sums.waits:
        return None
    if profile.statistic == "median":
        return at_share(sums.spread, 0.5)
    if profile.keep_fastest >= 1:
        return sums.sum_ms / sums.waits
    left = keep = max(1, round(sum(sums.spread.values()) * profile.keep_fastest))
    total = 0
    for ms, count in sorted(sums.spread.items()):
        taken = min(left, count)
        total += ms * taken
        left -= taken
    return total / keep


def at_share(spread: dict[int, int], share: float) -> int | None:
    """Return the value that ``share`` of all are at or below; None: there are none."""
    rank = max(1, round(sum(spread.values()) * share + 0.499_999))
    for value, count in sorted(spread.items()):
        rank -= count
        if rank <= 0:
            return value
    return None


def as_json(profile: Profile, sums: Sums) -> dict[str, Any]:
    """Return a score as the contract names it.

    Beside that: ``waits`` is what the mean is over, ``left_out`` why units are excluded, ``courtesy_misses`` how many
    of the misses had polite words only.
    """
    mean = mean_ms(profile, sums)
    return {
        "unit": profile.unit,
        **dict(zip(COUNTS, sums.counts, strict=True)),
        "sum_seconds": sums.sum_ms / 1000,
        "waits": sums.waits,
        "rate": sums.rate,
        "mean_seconds": None if mean is None else mean / 1000,
        "left_out": {why: count for why, count in sorted(sums.why.items()) if why != "courtesy"},
        "courtesy_misses": sums.why.get("courtesy", 0),
    }


def rolling(profile: Profile, by_day: Sequence[Sums | None]) -> tuple[float | None, Sums]:
    """Return what a platform shows over its window.

    Args:
        profile: whose `weights` and `min_sample` hold.
        by_day: the days of the window, newest first; None: none known.

    Returns:
        The rate, None without enough of a sample, and the plain sums.
    """
    total = Sums()
    for sums in by_day:
        if sums is not None:
            total.add(sums)
    if total.determined < max(1, profile.min_sample):
        return None, total
    if not profile.weights:
        return total.rate, total
    hits = determined = 0.0
    for at, sums in enumerate(by_day):
        weight = _weight(profile.weights, at / max(1, len(by_day)))
        if sums is not None:
            hits += weight * sums.counts[HIT]
            determined += weight * sums.determined
    return (hits / determined if determined else None), total


def _weight(weights: Iterable[tuple[float, float]], share: float) -> float:
    """Return the weight of a day that lies this share of the window back."""
    for until, weight in weights:
        if share < until:
            return weight
    return 1.0
