"""Tickets by themselves: once, not for long, and never too many."""

import pytest

from monitor.web import tickets
from monitor.web.access import Caller
from monitor.web.tickets import SECONDS, Tickets

LIN, ZHOU = Caller("lin", shops=frozenset({"senye"}), role="viewer"), Caller("zhou")


class Watch:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


def test_a_ticket_is_its_callers_and_good_once() -> None:
    out = Tickets(Watch())
    lins, zhous = out.give(LIN), out.give(ZHOU)
    assert out.take(zhous) is ZHOU
    assert out.take(lins) is LIN
    assert out.take(lins) is None
    assert out.take("") is None


def test_a_ticket_is_good_for_half_a_minute() -> None:
    watch = Watch()
    out = Tickets(watch)
    old = out.give(LIN)
    watch.seconds += 1
    young = out.give(LIN)
    watch.seconds += SECONDS - 1
    assert out.take(old) is None
    assert out.take(young) is LIN


def test_tickets_nobody_uses_are_bounded_and_the_oldest_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tickets, "KEPT_AT_MOST", 3)
    out = Tickets(Watch())
    given = [out.give(LIN) for _ in range(4)]
    assert [out.take(ticket) is LIN for ticket in given] == [False, True, True, True]


def test_tickets_cannot_be_guessed_from_one_another() -> None:
    out = Tickets(Watch())
    given = {out.give(LIN) for _ in range(100)}
    assert len(given) == 100
    assert min(len(ticket) for ticket in given) == 32
