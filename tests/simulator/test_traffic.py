"""When buyers come."""

from random import Random

import pytest

from monitor.core.units import DAY_MS, HOUR_MS
from monitor.simulator.centre import ZONE_MS
from monitor.simulator.traffic import CURVE, Burst, Traffic

MIDNIGHT = 1_795_363_200_000
assert (MIDNIGHT + ZONE_MS) % DAY_MS == 0


def arrivals(traffic: Traffic, days: int, weight: float = 1.0) -> list[int]:
    rng, at, found = Random(3), MIDNIGHT, []
    while (at := traffic.next_arrival(rng, at, weight)) < MIDNIGHT + days * DAY_MS:
        found.append(at)
    return found


def test_the_curve_keeps_the_mean() -> None:
    assert sum(CURVE) / 24 == pytest.approx(1, abs=0.01)
    assert len(arrivals(Traffic(per_hour=50), days=10)) == pytest.approx(50 * 240, rel=0.03)


def test_a_day_has_the_curves_shape() -> None:
    found = arrivals(Traffic(per_hour=60), days=30)
    by_hour = [0] * 24
    for at in found:
        by_hour[(at - MIDNIGHT) % DAY_MS // HOUR_MS] += 1
    for hour, seen in enumerate(by_hour):
        expected = (CURVE[hour] + CURVE[(hour + 1) % 24]) / 2 * 60 * 30
        assert seen == pytest.approx(expected, abs=4 * expected**0.5), f"{hour} o'clock"
    assert max(by_hour) == max(by_hour[20:22])


def test_a_flat_day_has_no_shape() -> None:
    found = arrivals(Traffic(per_hour=60, flat=True), days=20)
    night = sum((at - MIDNIGHT) % DAY_MS < 6 * HOUR_MS for at in found)
    assert night == pytest.approx(len(found) / 4, rel=0.05)


def test_a_shop_has_its_weight() -> None:
    assert len(arrivals(Traffic(per_hour=30), 10, weight=2.0)) == pytest.approx(30 * 240 * 2, rel=0.04)


def test_a_campaign_bursts_at_its_minute_and_dies_away() -> None:
    plain, campaign = Traffic(per_hour=60), Traffic(per_hour=60, bursts=(Burst(at_ms=20 * HOUR_MS, factor=8),))

    def within(traffic: Traffic, from_minute: int, to_minute: int) -> int:
        begin = 20 * 60
        return sum(
            (begin + from_minute) * 60_000 <= (at - MIDNIGHT) % DAY_MS < (begin + to_minute) * 60_000
            for at in arrivals(traffic, days=20)
        )

    assert within(campaign, -10, 0) == pytest.approx(within(plain, -10, 0), rel=0.2)
    assert within(campaign, 0, 2) > 5 * within(plain, 0, 2)
    assert 2 < within(campaign, 9, 13) / within(plain, 9, 13) < 6
    assert within(campaign, 110, 119) == pytest.approx(within(plain, 110, 119), rel=0.2)
