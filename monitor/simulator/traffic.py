"""When buyers come: the day's curve, campaign bursts, and the arrivals drawn from them."""

from dataclasses import dataclass
from random import Random

from monitor.core.units import DAY_MS, HOUR_MS
from monitor.simulator.centre import ZONE_MS

# Buyers by hour of the centre's day, the mean being 1: quiet before dawn, lunch, and the long evening.
CURVE = (
    0.75, 0.45, 0.22, 0.12, 0.10, 0.14, 0.30, 0.55, 0.90, 1.25, 1.50, 1.35,
    1.15, 1.20, 1.40, 1.35, 1.20, 1.05, 1.10, 1.45, 1.85, 1.95, 1.60, 1.07,
)  # fmt: skip


@dataclass(slots=True, frozen=True)
class Burst:
    """A campaign that opens at a time of day: ``factor`` times the traffic at once, halved every ``half_ms``."""

    at_ms: int  # Since midnight of the centre.
    factor: float = 8.0
    half_ms: int = 10 * 60_000


@dataclass(slots=True, frozen=True)
class Traffic:
    """How many buyers come when.

    Attributes:
        per_hour: buyers of an average shop in an average hour.
        flat: every hour is like any other.
    """

    per_hour: float
    bursts: tuple[Burst, ...] = ()
    flat: bool = False

    def at(self, at_ms: int) -> float:
        """Return the factor on ``per_hour`` that holds at an instant: curve times campaign."""
        day_ms = (at_ms + ZONE_MS) % DAY_MS
        if self.flat:
            factor = 1.0
        else:
            hour, rest = divmod(day_ms, HOUR_MS)
            factor = CURVE[hour] + (CURVE[(hour + 1) % 24] - CURVE[hour]) * (rest / HOUR_MS)
        for burst in self.bursts:
            since_ms = (day_ms - burst.at_ms) % DAY_MS
            if since_ms < 12 * burst.half_ms:
                factor *= 1 + (burst.factor - 1) * 0.5 ** (since_ms / burst.half_ms)
        return factor

    def next_arrival(self, rng: Random, after_ms: int, weight: float = 1.0) -> int:
        """Return when the next buyer comes to a shop of ``weight``.

        Thinning: candidates come at the highest rate of the hour ahead, and one at
        an instant of lower rate is kept with the ratio of the two. The hour's
        highest rate, not the day's, because a burst would make the nights slow.
        """
        at = float(after_ms)
        while True:
            top, until = self._bound(int(at))
            rate = top * weight * self.per_hour / HOUR_MS
            at += rng.expovariate(rate)
            if at >= until:
                at = until
            elif rng.random() * top < self.at(int(at)):
                return int(at) + 1

    def _bound(self, at_ms: int) -> tuple[float, int]:
        """Return a rate that is not exceeded before an instant, and that instant (at most an hour on)."""
        day_ms = (at_ms + ZONE_MS) % DAY_MS
        hour, rest = divmod(day_ms, HOUR_MS)
        until = at_ms - rest + HOUR_MS
        top = 1.0 if self.flat else max(CURVE[hour], CURVE[(hour + 1) % 24])
        for burst in self.bursts:
            since_ms = (day_ms - burst.at_ms) % DAY_MS
            if since_ms < 12 * burst.half_ms:
                # Falling: what it is now bounds what comes.
                top *= 1 + (burst.factor - 1) * 0.5 ** (since_ms / burst.half_ms)
            else:
                until = min(until, at_ms + DAY_MS - since_ms)
        return top, until
