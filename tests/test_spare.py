"""What may wait has a small share of a busy loop, all of a calm one, and more the longer it has waited."""

import asyncio

import pytest

from monitor.spare import (
    BUSY_SECONDS,
    BUSY_SHARE,
    LEAST_SHARE,
    LONGEST_SECONDS,
    MOST_SHARE,
    QUIET_SECONDS,
    SLICE_SECONDS,
    Pace,
    Spare,
)


class Time:
    """A clock that is moved, and sleeps that move it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        self._sleep = asyncio.sleep
        monkeypatch.setattr("monitor.spare.asyncio.sleep", self.sleep)
        self.spare = Spare(lambda: self.now)
        self.turns = 0.0  # What part of the time turns take.

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        if seconds and self.turns:
            self.spare.took(seconds * self.turns)
        await self._sleep(0)

    def storm(self) -> None:
        """Let turns take nearly all of the time, now and from now on."""
        self.turns = 0.9
        self.spare.took(2 * BUSY_SECONDS)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    return Time(monkeypatch)


async def work(time: Time, paces: list[Pace], slices: int) -> float:
    """Let each do so many slices by turns; return the share of the time they had."""
    began = time.now
    for _ in range(slices):
        for pace in paces:
            await pace.begin()
            time.now += SLICE_SECONDS
            assert await pace.rest()
    return slices * len(paces) * SLICE_SECONDS / (time.now - began)


async def test_a_calm_loop_is_theirs(time: Time) -> None:
    assert await work(time, [Pace(time.spare)], 50) == pytest.approx(1)


async def test_within_a_slice_nobody_rests(time: Time) -> None:
    pace = Pace(time.spare)
    time.now += SLICE_SECONDS / 2
    assert not await pace.rest()


async def test_in_a_storm_all_of_them_together_have_a_small_share(time: Time) -> None:
    time.storm()
    assert await work(time, [Pace(time.spare) for _ in range(3)], 20) == pytest.approx(LEAST_SHARE, rel=0.1)


async def test_what_has_waited_has_more_but_never_all(time: Time) -> None:
    time.storm()
    half = await work(time, [Pace(time.spare, waited=lambda: LONGEST_SECONDS / 2)], 50)
    assert half == pytest.approx(MOST_SHARE / 2, rel=0.1)
    assert await work(time, [Pace(time.spare, waited=lambda: 1e6)], 50) == pytest.approx(MOST_SHARE, rel=0.1)


async def test_what_somebody_waits_for_does_not_rest(time: Time) -> None:
    time.storm()
    assert await work(time, [Pace(time.spare, hurry=lambda: True)], 50) == pytest.approx(1)


async def test_a_rest_ends_when_the_storm_does(time: Time) -> None:
    time.storm()
    pace = Pace(time.spare)
    time.now += 100 * SLICE_SECONDS
    time.spare.took(2 * BUSY_SECONDS)
    time.turns = 0.0
    began = time.now
    assert await pace.rest()
    assert time.now - began < 5 * BUSY_SECONDS, "it owed ten seconds"
    assert time.spare.calm


async def test_few_turns_are_no_storm(time: Time) -> None:
    for _ in range(100):
        time.now += 0.01
        time.spare.took(0.001)
    assert time.spare.calm


async def test_after_a_large_turn_it_is_quiet_for_a_moment(time: Time) -> None:
    pace = Pace(time.spare)
    assert await work(time, [pace], 1) == pytest.approx(1)
    time.spare.took(0.003)
    assert time.spare.calm, "one turn is no storm"
    began = time.now
    await pace.begin()
    assert time.now - began == pytest.approx(0.003 * (1 / BUSY_SHARE - 1))


async def test_a_batch_that_has_come_is_stored_before_others_go_on(time: Time) -> None:
    pace = Pace(time.spare)
    assert await work(time, [pace], 2) == pytest.approx(1)
    time.spare.came(1_000_000)
    began = time.now
    await pace.begin()
    assert time.now - began == pytest.approx(QUIET_SECONDS), "however large it was"


async def test_a_sender_who_never_rests_leaves_others_their_share(time: Time) -> None:
    pace = Pace(time.spare)
    began = time.now
    for _ in range(200):
        time.spare.came(100)
        await pace.begin()
        time.now += SLICE_SECONDS
        time.spare.came(100)
        assert await pace.rest()
    assert 200 * SLICE_SECONDS / (time.now - began) > LEAST_SHARE
