"""The calendar: who is woken when, and in how large a crowd."""

import weakref

from monitor.core.timers import NEVER_MS, Timers
from monitor.core.units import DAY_MS


class Sleeper:
    wake_at_ms = NEVER_MS


def test_a_crowd_in_one_slot_is_due_once_that_is_past_and_comes_in_slices() -> None:
    """Until then nobody is to ask again and again."""
    timers: Timers[Sleeper] = Timers()
    crowd = [Sleeper() for _ in range(5)]
    for sleeper in crowd:
        timers.wake(sleeper, 1_601)
    assert timers.due(1_602, 2) == []
    assert timers.next_ms == 1_616
    assert [len(timers.due(1_616, 2)) for _ in range(4)] == [2, 2, 1, 0]
    assert timers.next_ms == NEVER_MS


def test_who_changes_their_mind_is_woken_once_and_then() -> None:
    timers: Timers[Sleeper] = Timers()
    sleeper = Sleeper()
    for at_ms in (100, 5_000, 300):
        timers.wake(sleeper, at_ms)
    assert timers.due(200, 9) == []
    assert timers.next_ms == 300
    assert timers.due(6_000, 9) == [sleeper]
    assert timers.due(9_000, 9) == []


def test_a_slot_that_is_far_off_lets_go_at_once_of_who_wants_to_be_woken_sooner() -> None:
    """Else an answered chat stays in memory until its wait would have been given up, seven days later."""
    timers: Timers[Sleeper] = Timers()
    last = Sleeper()
    timers.wake(last, 6 * DAY_MS)  # A slot nobody waits in any more goes by itself only once it is the first.
    for at_ms in range(0, 100_000, 100):
        sleeper = Sleeper()
        gone = weakref.ref(sleeper)
        timers.wake(sleeper, at_ms + 7 * DAY_MS)
        timers.wake(sleeper, at_ms + 5_000)
        assert timers.due(at_ms + 5_000, 9) == [sleeper]
        del sleeper
        assert gone() is None
    assert timers.next_ms == 6 * DAY_MS


def test_who_comes_back_to_a_slot_that_was_left_is_woken_in_it_once() -> None:
    timers: Timers[Sleeper] = Timers()
    one, other = Sleeper(), Sleeper()
    timers.wake(one, DAY_MS)
    timers.wake(other, DAY_MS + 1)
    timers.wake(one, 5_000)
    timers.wake(one, DAY_MS)
    timers.wake(other, 6_000)
    timers.wake(other, DAY_MS + 1)
    assert timers.due(7_000, 9) == []
    assert timers.next_ms == DAY_MS
    assert timers.due(DAY_MS + 9, 9) == [one, other]
    assert timers.due(2 * DAY_MS, 9) == []
    assert timers.next_ms == NEVER_MS
