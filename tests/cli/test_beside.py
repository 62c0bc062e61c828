"""What is read beside the loop comes in order, as it comes, and is never far ahead."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import aclosing

import pytest

from monitor.cli.beside import read_beside
from monitor.errors import UsageError
from tests.waiting import DEADLINE_SECONDS, until


async def test_what_has_come_is_given_while_the_next_is_waited_for() -> None:
    more = threading.Event()

    def slow() -> Iterator[int]:
        yield from (1, 2)
        assert more.wait(DEADLINE_SECONDS)
        yield 3

    got: list[int] = []
    async with aclosing(read_beside(slow())) as come:
        while got != [1, 2]:
            got += await anext(come)
        more.set()
        assert await anext(come) == [3]
        assert await anext(come, None) is None


async def test_no_more_is_read_than_may_be_ahead_and_all_of_it_comes_in_order() -> None:
    taken = 0

    def quick() -> Iterator[int]:
        nonlocal taken
        while taken < 100:
            taken += 1
            yield taken

    async with aclosing(read_beside(quick(), ahead=10)) as come:
        got = await anext(come)
        await until(lambda: taken == len(got) + 11)  # The eleventh is in hand.
        async for some in come:
            assert len(some) <= 10
            got += some
            assert taken <= len(got) + 11
    assert got == list(range(1, 101))


async def test_a_fault_comes_after_what_was_read_before_it() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise UsageError("the log cannot be read")

    come = read_beside(broken())
    assert await anext(come) == [1]
    with pytest.raises(UsageError, match="cannot be read"):
        await anext(come)


async def test_nobody_waits_for_what_is_given_up() -> None:
    more = threading.Event()

    def idle() -> Iterator[int]:
        assert more.wait(DEADLINE_SECONDS)
        yield 1

    before = set(threading.enumerate())
    come = read_beside(idle())
    asking = asyncio.ensure_future(anext(come))
    await until(lambda: set(threading.enumerate()) - before)
    asking.cancel()
    await asyncio.wait([asking])
    assert asking.cancelled()
    [reader] = set(threading.enumerate()) - before
    assert reader.daemon
    more.set()
    await until(lambda: not reader.is_alive())
