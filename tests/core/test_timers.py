"""The calendar: who is woken when, and in how large a crowd."""

from monitor.core.timers import NEVER_MS, Timers


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
