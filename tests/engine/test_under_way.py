"""While the disk is at one commit the next is decided: it is sent on its way after it, acknowledged after itself."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from monitor.core.decisions import RaiseAlert
from monitor.engine import Receipt
from monitor.errors import StoreUnavailable
from monitor.store.entries import Commit
from tests.service import MovedClock, Service, rounds_of, said, service
from tests.waiting import until


class Disk:
    """A journal's commits, each of which waits until it is let through, or fails."""

    def __init__(self, s: Service, monkeypatch: pytest.MonkeyPatch) -> None:
        self._good = s.journal.commit
        self._gates: list[asyncio.Future[None]] = []
        self.tried: list[Commit] = []
        self.open = False
        monkeypatch.setattr(s.journal, "commit", self._commit)

    async def _commit(self, commit: Commit) -> None:
        self.tried.append(commit)
        if not self.open:
            self._gates.append(asyncio.get_running_loop().create_future())
            await self._gates[-1]
        await self._good(commit)

    async def at_work(self, commits: int = 1) -> None:
        await until(lambda: len(self.tried) == commits, f"the disk is at commit {commits}")

    def let_through(self) -> None:
        self._gates[-1].set_result(None)

    def fail(self, error: Exception) -> None:
        self._gates[-1].set_exception(error)

    def let_all_through(self) -> None:
        self.open = True
        for gate in self._gates:
            if not gate.done():
                gate.set_result(None)

    def ids(self) -> list[list[str]]:
        """Return the events of each commit tried."""
        return [[event.id for event in commit.events] for commit in self.tried]


@pytest_asyncio.fixture
async def s(tmp_path: Path) -> AsyncIterator[Service]:
    async with service(tmp_path, MovedClock()) as made:
        yield made


@pytest_asyncio.fixture
async def disk(s: Service, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Disk]:
    monkeypatch.setattr("monitor.engine.loop.RETRY_SECONDS", 0.01)
    made = Disk(s, monkeypatch)
    yield made
    made.let_all_through()


def sent(s: Service, *events: dict[str, Any]) -> asyncio.Task[Receipt]:
    return asyncio.create_task(s.send(*events))


def is_decided(s: Service, *chats: str) -> bool:
    return {row.conversation for row in s.engine.waits()} == set(chats)


async def test_what_comes_meanwhile_is_decided_and_goes_with_the_next_commit(s: Service, disk: Disk) -> None:
    first = sent(s, said(0, chat="a"))
    await disk.at_work()
    more = [sent(s, said(1, chat="b")), sent(s, said(2, chat="c"))]
    await until(lambda: is_decided(s, "a", "b", "c"), "all are decided")
    assert not first.done()
    disk.let_through()
    assert (await first).accepted == 1
    await disk.at_work(2)
    assert not any(one.done() for one in more), "their own commit is not on the disk"
    assert [len(changes.events) for changes in s.seen] == [1], "who watches sees what is stored"
    disk.let_through()
    assert [(await one).accepted for one in more] == [1, 1]
    assert [sorted(ids) for ids in disk.ids()] == [["a-0-buyer"], ["b-1-buyer", "c-2-buyer"]]
    assert [event.position for event in await s.journal.beyond(0, 9)] == [1, 2, 3]


async def test_what_is_under_way_is_known(s: Service, disk: Disk) -> None:
    first = sent(s, said(0))
    await disk.at_work()
    again = [sent(s, said(0), said(1, "agent")), sent(s, said(1, "agent"), said(0, text="别的"))]
    await until(lambda: is_decided(s), "the answer is decided")
    disk.let_all_through()
    assert (await first).accepted == 1
    told = [await one for one in again]
    assert [(one.accepted, one.duplicates, one.conflicts) for one in told] == [(1, 1, 0), (0, 2, 1)]
    assert len(await s.journal.beyond(0, 9)) == 2
    assert [made.ended_by for made in await rounds_of(s.journal)] == ["c-1-agent"]


async def test_of_a_disk_that_takes_nothing_both_are_told_and_both_are_stored_in_the_end(
    s: Service, disk: Disk
) -> None:
    both = [sent(s, said(0, chat="a"))]
    await disk.at_work()
    both.append(sent(s, said(1, chat="b")))
    await until(lambda: is_decided(s, "a", "b"), "both are decided")
    disk.fail(StoreUnavailable("database or disk is full"))
    for told in await asyncio.gather(*both, return_exceptions=True):
        assert isinstance(told, StoreUnavailable)
    disk.let_all_through()
    await until(lambda: s.engine.ready.store_error is None, "the disk takes events again")
    again = await s.send(said(0, chat="a"), said(1, chat="b"))
    assert (again.accepted, again.duplicates) == (0, 2)
    assert [event.id for event in await s.journal.beyond(0, 9)] == ["a-0-buyer", "b-1-buyer"]


async def test_a_limit_that_comes_due_meanwhile_is_judged_with_the_next_commit(s: Service, disk: Disk) -> None:
    first = sent(s, said(0))
    await disk.at_work()
    s.clock.at_ms += 60_001
    second = sent(s, said(59, chat="d"))
    await until(lambda: is_decided(s, "c", "d"), "both wait")
    assert s.engine.tracker.decisions == [], "time is judged once for the whole commit"
    disk.let_all_through()
    await asyncio.gather(first, second)
    assert [raised.conversation for raised in s.decided(RaiseAlert)] == ["c"]
    assert len(disk.tried[1].outbox) == 1


async def test_a_fault_in_a_commit_turns_both_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with service(tmp_path) as s:
        disk = Disk(s, monkeypatch)
        both = [sent(s, said(0, chat="a"))]
        await disk.at_work()
        both.append(sent(s, said(1, chat="b")))
        await until(lambda: is_decided(s, "a", "b"), "both are decided")
        disk.fail(ValueError("a fault of ours"))
        for told in await asyncio.gather(*both, return_exceptions=True):
            assert isinstance(told, StoreUnavailable)
        assert "a fault of ours" in (s.engine.ready.fault or "")
        with pytest.raises(ValueError, match="a fault of ours"):
            await s.engine.wait()
        assert await s.journal.beyond(0, 9) == []
    assert "the loop has ended by a fault" in caplog.text


async def test_stopping_stores_what_is_under_way_and_what_is_decided(tmp_path: Path) -> None:
    clock = MovedClock()
    async with service(tmp_path, clock) as s:
        sending = [sent(s, said(n, chat=f"c{n}")) for n in range(5)]
        await asyncio.sleep(0)
    assert [(await one).accepted for one in sending] == [1] * 5
    async with service(tmp_path, clock) as s:
        assert is_decided(s, *(f"c{n}" for n in range(5)))
