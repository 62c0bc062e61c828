"""How people are told: what still stands, in few messages, within each robot's budget, and nothing dropped silently."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from monitor.alerts.delivery import Courier
from monitor.alerts.quota import Quota
from monitor.alerts.router import PEOPLE_EXPIRES_MS, Route, Router
from monitor.alerts.saying import Saying, saying_of
from monitor.core.decisions import TellPeople
from monitor.errors import DeliveryError
from monitor.metrics import Metrics
from monitor.policy_files.channels import Plan
from monitor.store.entries import Commit, Delivery, Rest
from monitor.store.journal import Journal
from tests.alerts.orders import ASKED_MS
from tests.alerts.scripted import Scripted
from tests.alerts.tellings import named, told
from tests.alerts.time import MovedTime, at_rest
from tests.waiting import DEADLINE_SECONDS, until

START_MS = ASKED_MS + 120_004


class Room(Scripted):
    """A group; what it reads are the titles."""

    async def send(self, delivery: Delivery) -> None:
        await super().send(delivery)
        self.read.append(saying_of(delivery))

    def __init__(self, time: MovedTime, route: Route) -> None:
        super().__init__(time, route, concurrency=1)
        self.read: list[Saying] = []


class Facts:
    """A speaker that knows who was answered, and names waits by number."""

    def __init__(self) -> None:
        self.answered: set[int] = set()
        self.never: set[int] = set()

    def standing(self, one: TellPeople) -> Any:
        left = tuple(wait for wait in one.waits if wait.wait not in self.answered | self.never)
        if not left and one.waits:
            return "withdrawn" if one.waits[0].wait in self.never else "dropped_answered"
        return type(one)(**{name: getattr(one, name) for name in one.__struct_fields__} | {"waits": left})

    def say(self, channel: str, tellings: Sequence[TellPeople], now_ms: int) -> Saying:  # noqa: ARG002
        return Saying(title=" ".join(str(wait.wait) for one in tellings for wait in one.waits))


class Floor:
    """A journal, rooms and a courier, on one moved time."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.time = MovedTime(START_MS)
        self.metrics = Metrics(version="test")
        self.rooms: list[Room] = []
        self.facts = Facts()
        self.courier: Courier | None = None

    def room(self, name: str = "a", **more: Any) -> Room:
        how: dict[str, Any] = {"channel": name, "for_people": True, "expires_ms": PEOPLE_EXPIRES_MS} | more
        made = Room(self.time, Route(**how))
        self.rooms.append(made)
        return made

    async def tell(self, *tellings: TellPeople) -> None:
        plan = Plan.model_validate(
            {
                "version": 1,
                "channels": {room.route.channel: {"type": "log"} for room in self.rooms},
                "routes": [{"team": self.rooms[0].route.channel}],
            },
            strict=False,
        )
        router = Router(epoch="k", machines=[], plan=plan)
        outbox = [delivery for one in tellings for delivery in router(one)]
        await self.journal.commit(Commit(now_ms=self.time.now_ms(), rules="", outbox=outbox))
        if self.courier is not None:
            self.courier.see(tellings)

    @contextlib.asynccontextmanager
    async def delivering(self) -> AsyncIterator[Courier]:
        courier = self.courier = Courier(
            self.journal.outbox, self.rooms, self.time, self.metrics, random.Random(1), speaker=self.facts
        )
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(courier.run())
            try:
                yield courier
            finally:
                courier.stop()
                self.courier = None

    async def account(self, name: str = "a") -> dict[str, int]:
        return await self.journal.outbox.account(name)

    async def comes_to(self, expected: dict[str, int], name: str = "a") -> None:
        """Wait until all that was due on a channel has ended so."""

        async def so() -> bool:
            return await self.account(name) == expected

        await until(so, lambda: self.account(name))

    async def settled(self, name: str = "a") -> dict[str, int]:
        """Wait until nothing is pending on a channel; return what became of all."""

        async def none_pending() -> bool:
            return not (await self.account(name)).get("pending")

        await until(none_pending, lambda: self.account(name))
        return await self.account(name)

    async def pass_(self, seconds: int, step: int = 1) -> None:
        """Let time pass second by second, as it does, or in longer steps, once all is done that is due before."""
        assert self.courier is not None
        await at_rest(self.courier, self.time)
        for _ in range(seconds // step):
            self.time.pass_(step)
            await at_rest(self.courier, self.time)


def titles(room: Room) -> list[str]:
    return [saying.title for saying in room.read]


@pytest.fixture
async def floor(tmp_path: Path) -> AsyncIterator[Floor]:
    journal = await Journal.open(tmp_path)
    try:
        yield Floor(journal)
    finally:
        await journal.close()


async def test_one_message_is_told_at_once_and_its_try_is_written_down(floor: Floor) -> None:
    room = floor.room(per_minute=6)
    async with floor.delivering():
        await floor.tell(told(named(1), named(2)))
        await floor.comes_to({"sent": 1})
    assert titles(room) == ["1 2"]
    ((attempt,),) = (await floor.journal.outbox.attempts_of(["k-1.team.120s@a"])).values()
    assert (attempt.outcome, attempt.sent_at_ms) == ("sent", START_MS)


async def test_what_was_answered_meanwhile_is_not_told_and_a_message_shrinks_to_who_still_waits(floor: Floor) -> None:
    room = floor.room()
    floor.facts.answered = {1, 3}
    floor.facts.never = {4}
    await floor.tell(told(named(1), named(2)), told(named(3)), told(named(4)))
    async with floor.delivering():
        await floor.comes_to({"sent": 1, "dropped_answered": 1, "withdrawn": 1})
    assert titles(room) == ["2"]


async def test_many_at_once_are_one_message_the_most_urgent_first(floor: Floor) -> None:
    room = floor.room(per_minute=6)
    await floor.tell(*(told(named(n, next_due_at_ms=ASKED_MS + 200_000 - n)) for n in range(1, 41)))
    async with floor.delivering():
        await floor.comes_to({"digested": 40})
    (title,) = titles(room)
    assert title.split() == [str(n) for n in range(40, 0, -1)]
    assert floor.metrics.deliveries["a", "digested"] == 40


async def test_a_lead_goes_before_the_least_time_left(floor: Floor) -> None:
    room = floor.room(per_minute=6)
    await floor.tell(
        *(told(named(n)) for n in (1, 2, 3)), told(named(9, next_due_at_ms=ASKED_MS + 900_000), to="lead", step="150s")
    )
    async with floor.delivering():
        await floor.settled()
    assert titles(room)[0].split()[0] == "9"


async def test_a_budget_is_kept_and_nothing_is_lost_by_it(floor: Floor) -> None:
    room = floor.room(per_minute=6)
    async with floor.delivering():
        for wait in range(120):
            await floor.tell(told(named(wait), decided_at_ms=floor.time.now_ms(), due_at_ms=floor.time.now_ms()))
            await floor.pass_(1)
        await floor.pass_(30)
        found = await floor.settled()
    assert found.keys() == {"sent", "digested"}
    assert sum(found.values()) == 120
    assert sorted(int(wait) for title in titles(room) for wait in title.split()) == list(range(120))
    at = [seconds for _, seconds in room.tried]
    assert all(sum(start <= one < start + 60 for one in at) <= 6 for start in at)


async def test_what_the_group_is_told_does_not_starve_behind_messages_to_its_lead(floor: Floor) -> None:
    room = floor.room(per_minute=6)
    async with floor.delivering():
        for wait in range(0, 240, 2):
            now_ms = floor.time.now_ms()
            await floor.tell(
                told(named(wait), decided_at_ms=now_ms, due_at_ms=now_ms),
                told(named(wait + 1), to="lead", step="150s", decided_at_ms=now_ms, due_at_ms=now_ms),
            )
            await floor.pass_(1)
        await floor.pass_(50)
        found = await floor.settled()
    assert found.keys() <= {"sent", "digested"}
    assert sorted(int(wait) for title in titles(room) for wait in title.split()) == list(range(240))


async def test_what_is_kept_for_the_lead_is_there_when_the_group_has_had_its_share(floor: Floor) -> None:
    room = floor.room(per_minute=6)
    async with floor.delivering():
        await floor.tell(told(named(1)))
        await floor.settled()
        await floor.tell(told(named(2)))
        await floor.tell(told(named(3), to="lead", step="150s"))
        await until(lambda: len(room.read) == 2)
        assert titles(room) == ["1", "3"]
        await floor.pass_(31)
        await floor.comes_to({"sent": 3})


async def test_a_secret_that_is_wrong_is_told_elsewhere_at_once(floor: Floor) -> None:
    room, mail = floor.room(fallback="mail"), floor.room("mail")
    room.always = DeliveryError("secret", permanent=True)
    async with floor.delivering():
        await floor.tell(told(named(1)))
        await until(lambda: titles(mail) == ["1"])
        await floor.comes_to({"sent": 1}, "mail")
        assert await floor.account() == {"failed": 1}


async def test_a_digest_that_fails_is_told_elsewhere_whole(floor: Floor) -> None:
    room, mail = floor.room(fallback="mail"), floor.room("mail")
    room.always = DeliveryError("secret", permanent=True)
    await floor.tell(*(told(named(n)) for n in range(5)))
    async with floor.delivering():
        await until(lambda: mail.read)
        await floor.comes_to({"failed": 5})
        await floor.comes_to({"digested": 5}, "mail")
    assert titles(mail) == ["0 1 2 3 4"]


async def test_a_robot_that_is_blocked_hands_on_until_it_is_free_again(floor: Floor) -> None:
    room, mail = floor.room(fallback="mail"), floor.room("mail")
    room.script = [DeliveryError("too_fast", retry_after_seconds=600)]
    async with floor.delivering():
        await floor.tell(told(named(1)))
        await until(lambda: titles(mail) == ["1"])
        await floor.settled()
        await floor.pass_(5)
        await floor.tell(told(named(2), decided_at_ms=floor.time.now_ms()))
        await until(lambda: titles(mail) == ["1", "2"])
        assert len(room.tried) == 1
        floor.time.pass_(600)
        await floor.tell(told(named(3), decided_at_ms=floor.time.now_ms()))
        await until(lambda: titles(room) == ["3"])


async def test_a_robot_that_has_blocked_us_is_left_alone_over_a_restart(floor: Floor) -> None:
    room = floor.room()
    room.script = [DeliveryError("too_fast", retry_after_seconds=600)]
    async with floor.delivering():
        await floor.tell(told(named(1)))
        await floor.settled()
    assert len(room.tried) == 1
    floor.time.pass_(300)
    async with floor.delivering():
        await floor.tell(told(named(2), decided_at_ms=floor.time.now_ms()))
        await floor.pass_(5)
        assert len(room.tried) == 1
    floor.time.pass_(296)
    async with floor.delivering():
        await floor.tell(told(named(3), decided_at_ms=floor.time.now_ms()))
        await until(lambda: titles(room) == ["3"])
    floor.time.pass_(1)
    async with floor.delivering():
        await floor.tell(told(named(4), decided_at_ms=floor.time.now_ms()))
        await until(lambda: titles(room) == ["3", "4"])
    assert await floor.journal.outbox.rest("a") == Rest("a", 0, "", 0)


async def test_a_breaker_that_is_open_outlives_a_restart(floor: Floor) -> None:
    room = floor.room(per_minute=18)
    room.always = DeliveryError("connect")
    async with floor.delivering():
        await floor.tell(told(named(1), expires_at_ms=START_MS + 600_000))
        while (rest := await floor.journal.outbox.rest("a")) is None:
            await floor.pass_(1)
    tried = len(room.tried)
    async with floor.delivering():
        await floor.pass_(5)
        assert len(room.tried) == tried
        floor.time.pass_(20)  # Past the rest, and past the pause between two tries.
        # One message tries it, and the next rest is the longer one.
        await until(lambda: len(room.tried) == tried + 1)
        await floor.pass_(1)
    again = await floor.journal.outbox.rest("a")
    assert again is not None
    assert (rest.opened, again.opened) == (1, 2)
    assert again.until_ms - floor.time.now_ms() > 20_000


async def test_another_robot_under_the_same_name_has_not_blocked_us(floor: Floor) -> None:
    room = floor.room()
    room.script = [DeliveryError("too_fast", retry_after_seconds=600)]
    async with floor.delivering() as courier:
        await floor.tell(told(named(1)))
        await floor.settled()
        other = Room(floor.time, room.route)
        courier.swap(["a"], [other])
        await floor.tell(told(named(2)))
        await until(lambda: titles(other) == ["2"])
    assert len(room.tried) == 1


async def test_a_robot_that_hangs_or_resets_is_given_two_tries_where_another_channel_is_there(floor: Floor) -> None:
    room, mail = floor.room(fallback="mail"), floor.room("mail")
    room.always = DeliveryError("timeout")
    async with floor.delivering():
        await floor.tell(told(named(1)))
        await until(lambda: floor.metrics.deliveries.get(("a", "retried")) == 1)
        await floor.pass_(2)
        await until(lambda: titles(mail) == ["1"])
    assert len(room.tried) == 2


async def test_one_that_is_down_for_an_hour_is_not_asked_for_each_message(floor: Floor) -> None:
    room = floor.room(per_minute=18)
    room.always = DeliveryError("connect")
    async with floor.delivering():
        for minute in range(20):
            now_ms = floor.time.now_ms()
            await floor.tell(told(named(minute), decided_at_ms=now_ms, expires_at_ms=now_ms + 30_000))
            await floor.pass_(60, step=3)
        room.always = None
        await floor.pass_(70)
        now_ms = floor.time.now_ms()
        await floor.tell(told(named(99), decided_at_ms=now_ms, expires_at_ms=now_ms + 30_000))
        await until(lambda: titles(room) == ["99"])
        await floor.comes_to({"failed": 20, "sent": 1})
    assert len(room.tried) < 60


async def test_a_month_that_is_used_up_is_told_elsewhere_and_outlives_a_restart(
    floor: Floor, caplog: pytest.LogCaptureFixture
) -> None:
    room, mail = floor.room(fallback="mail", per_month=2), floor.room("mail")
    for wait in (1, 2, 3):
        async with floor.delivering():
            await floor.tell(told(named(wait)))
            await until(lambda wait=wait: len(room.read) + len(mail.read) == wait)  # type: ignore[misc]
            await floor.settled()
            await floor.settled("mail")
    assert (titles(room), titles(mail)) == (["1", "2"], ["3"])
    assert "2 of 2 messages of this month are used" in caplog.text


async def test_a_day_and_a_month_that_run_out_together_are_each_said_once(caplog: pytest.LogCaptureFixture) -> None:
    quota = Quota(Route(channel="a", for_people=True, expires_ms=1, per_day=10, per_month=10))
    for n in range(40):
        if quota.may(START_MS + n):
            quota.take()
    said = [record.getMessage() for record in caplog.records]
    assert sorted(said) == sorted(set(said))
    assert {text.split(" of this ")[1] for text in said} == {"day are used", "month are used"}
    assert quota.may(START_MS + 86_400_000 * 31)


async def test_the_budget_outlives_a_restart(floor: Floor) -> None:
    room = floor.room(per_minute=6)
    async with floor.delivering():
        await floor.tell(told(named(1)))
        await floor.settled()
    async with floor.delivering():
        await floor.tell(told(named(2)))
        await floor.pass_(14)
        assert titles(room) == ["1"]
        await floor.pass_(2)
        await until(lambda: titles(room) == ["1", "2"])


async def test_a_digest_that_a_crash_cut_off_is_told_again_under_the_same_id(floor: Floor) -> None:
    room = floor.room()
    room.gate.clear()
    await floor.tell(*(told(named(n)) for n in (1, 2, 3)))
    courier = Courier(floor.journal.outbox, floor.rooms, floor.time, floor.metrics, speaker=floor.facts)
    task = asyncio.create_task(courier.run())
    await until(lambda: room.at_once == 1)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    room.gate.set()
    floor.facts.answered = {2}
    async with floor.delivering():
        await until(lambda: room.read)
        await floor.comes_to({"digested": 2, "dropped_answered": 1})
    assert [name for name, _ in room.tried] == ["digest.k-1.team.120s"] * 2
    assert titles(room) == ["1 3"]


async def test_what_is_gone_for_good_fails_openly(floor: Floor) -> None:
    room = floor.room()
    room.always = DeliveryError("gone", permanent=True)
    async with floor.delivering():
        await floor.tell(told(named(1)))
        await floor.settled()
        await floor.tell(told(named(2)), told(named(3)), told(named(4)))
        await floor.comes_to({"failed": 4})
    assert len(room.tried) == 1


async def test_a_storm_lets_a_group_have_one_message_in_thirty_seconds(floor: Floor) -> None:
    room = floor.room(per_minute=18)
    async with floor.delivering() as courier:
        courier.pace(30)
        for wait in range(60):
            await floor.tell(told(named(wait), decided_at_ms=floor.time.now_ms()))
            await floor.pass_(1)
        await floor.pass_(31)
        found = await floor.settled()
    assert sum(found.values()) == 60
    at = [seconds for _, seconds in room.tried]
    assert all(later - earlier >= 30 for earlier, later in pairwise(at)), at


async def test_a_stop_in_the_round_in_which_something_is_dropped_ends(floor: Floor) -> None:
    """What was settled last is written down, and nobody waits for more."""
    room = floor.room()
    floor.facts.answered = {1}
    standing = floor.facts.standing

    def stopping(one: TellPeople) -> Any:
        courier.stop()
        return standing(one)

    floor.facts.standing = stopping  # type: ignore[method-assign]
    await floor.tell(told(named(1)))
    courier = Courier(floor.journal.outbox, floor.rooms, floor.time, floor.metrics, speaker=floor.facts)
    async with asyncio.timeout(DEADLINE_SECONDS):
        await courier.run()
    assert await floor.account() == {"dropped_answered": 1}
    assert room.tried == []


async def test_a_fault_of_the_words_does_not_keep_people_from_being_told(
    floor: Floor, caplog: pytest.LogCaptureFixture
) -> None:
    room = floor.room()

    def speechless(channel: str, tellings: Sequence[TellPeople], now_ms: int) -> Saying:
        raise ZeroDivisionError(channel, len(tellings), now_ms)

    floor.facts.say = speechless  # type: ignore[method-assign]
    async with floor.delivering():
        await floor.tell(told(named(1)))
        await floor.comes_to({"sent": 1})
    assert titles(room) == ["1.team.120s"]
    assert "ZeroDivisionError" in caplog.text
