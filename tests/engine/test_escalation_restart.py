"""Killed in the middle of an evening and started again: people are told the same, once."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from monitor.core import decisions as d
from monitor.core import events as ev
from monitor.core.policy import BuiltIn
from monitor.core.tracker import Tracker
from monitor.engine import Changes, Engine
from monitor.store.alerts import Wanted
from monitor.store.entries import Delivery
from monitor.store.journal import Journal
from monitor.wire import decode_line
from monitor.wire.batch import Batch
from tests.core.ladders import LADDER
from tests.service import MovedClock, killed, said
from tests.timeline import START_MS

Step = tuple[float, list[ev.AnyEvent]]
SECONDS = 500


def _event(at_s: float, role: str = "buyer", chat: str = "c", **more: Any) -> ev.AnyEvent:
    return decode_line(msgspec.json.encode(said(at_s, role, chat, source="c1", **more)))


class Evening:
    """An engine on a folder, its time moved second by second."""

    def __init__(self, journal: Journal, clock: MovedClock) -> None:
        self.clock = clock
        self.told: list[d.TellPeople] = []
        tracker = Tracker(BuiltIn(LADDER), wall=True)
        self.engine = Engine(journal, tracker, router=lambda _: list[Delivery](), clock=clock)
        self.engine.watch(self._watch)

    def _watch(self, changes: Changes) -> None:
        self.told += [one for one in changes.decisions if isinstance(one, d.TellPeople)]

    def of_its_wait(self, event: ev.AnyEvent) -> ev.AnyEvent:
        """Name the wait that is acted on."""
        if not isinstance(event, ev.AlertActed):
            return event
        row = self.engine.row(event.shop, event.conversation or "")
        assert row is not None
        return replace(event, wait=row.wait, alert=str(row.wait))

    async def give(self, events: Sequence[ev.AnyEvent]) -> None:
        batch = Batch(door="test", source="c1", events=list(events), indices=list(range(len(events))), size=1)
        await self.engine.submit(batch)


@asynccontextmanager
async def evening(folder: Path, clock: MovedClock) -> AsyncIterator[Evening]:
    """A service that ends as a killed process does: nothing more is saved."""
    journal = await Journal.open(folder)
    made = Evening(journal, clock)
    await made.engine.start()
    try:
        yield made
    finally:
        await killed(made.engine)
        await journal.close()


def _acted(at_s: float, act: Any, chat: str, by: str) -> ev.AlertActed:
    """An act on the wait of a chat; its number is put in when it is done."""
    return ev.AlertActed(
        type="alert_acted",
        id=f"{act}-{at_s}-{chat}",
        ts_ms=START_MS + round(at_s * 1000),
        source="api",
        shop="senye",
        conversation=chat,
        alert="",
        wait=1,
        act=act,
        by=by,
    )


STORY: dict[int, list[ev.AnyEvent]] = {
    0: [_event(0, chat="a", agent="lin")],
    40: [_event(40, chat="b", agent="lin")],
    70: [_event(70, chat="e", agent="zhou")],
    130: [_acted(130, "claim", "a", "wang"), _acted(130, "claim", "b", "wang")],
    135: [
        ev.SilenceSet(
            type="silence_set", id="s", ts_ms=START_MS + 135_000, source="api", silence="s",
            matchers={"agent": "zhou"}, by="wang", reason="a drill", until_ms=START_MS + 200_000,
        )
    ],
    200: [_event(200, "agent", chat="b", agent="lin")],
    310: [_acted(310, "release", "a", "wang")],
    235: [_event(235, chat="p", agent="zhou")],
    240: [_event(240, "agent", chat="p", agent="zhou", text="稍等，我问下仓库")],  # Owed from 7:00 on.
    400: [_event(400, "agent", chat="a", agent="lin")],
}  # fmt: skip


async def _night(folder: Path, kills: set[int]) -> tuple[dict[str, d.TellPeople], list[Any]]:
    """Run the story second by second, killed before some of them; return what was told by key, and the alert log."""
    clock = MovedClock()
    told: dict[str, d.TellPeople] = {}
    starts = sorted({0, *kills, SECONDS})
    for begin, end in pairwise(starts):
        async with evening(folder, clock) as made:
            if begin:
                # The collector says that nothing was missed, so that its waits are judged at once.
                now_ms = clock.now_ms()
                covers = ev.SyncRange(
                    type="sync_range", id=f"sync-{begin}", ts_ms=now_ms, source="c1", shop="senye",
                    from_ms=START_MS - 1, to_ms=now_ms + 1, complete=True,
                )  # fmt: skip
                await made.give([covers])
            for second in range(begin, end):
                clock.at_ms = START_MS + second * 1000 + 5
                await made.give([made.of_its_wait(event) for event in STORY.get(second, [])])
            for one in made.told:
                assert one.key not in told, "told twice"
                told[one.key] = one
    journal = await Journal.open(folder)
    log = []
    for logged in await journal.alerts.find(Wanted(), before=None, limit=100):
        found = await journal.alerts.get(logged.state.alert)
        assert found is not None
        state = msgspec.to_builtins(logged.state)
        log.append(state | {"alert": "", "acts": found[1]})
    await journal.close()
    return told, log


def _shown(told: dict[str, d.TellPeople]) -> list[tuple[Any, ...]]:
    return sorted(
        (
            one.to,
            one.step,
            one.agent,
            one.due_at_ms,
            one.decided_at_ms,
            [(wait.conversation, wait.claimed_by) for wait in one.waits],
        )
        for one in told.values()
    )


@pytest.mark.parametrize("kills", [{121}, {131, 136, 161}, {181, 299, 311}, set(range(1, SECONDS, 7))])
async def test_a_kill_in_the_middle_changes_nothing(tmp_path: Path, kills: set[int]) -> None:
    expected, log = await _night(tmp_path / "whole", set())
    assert {one.to for one in expected.values()} == {"panel", "popup", "team", "lead", "claimer", "digest", "console"}
    told, again = await _night(tmp_path / "killed", kills)
    assert _shown(told) == _shown(expected)
    assert again == log
