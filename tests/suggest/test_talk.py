"""The words of open waits, on a real engine and journal."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from monitor.suggest import talk as talks
from monitor.suggest.talk import BUBBLES_AT_MOST, OpenTalk
from tests.service import MovedClock, Service, said
from tests.service import service as started
from tests.waiting import until


def listening(floor: Service, *, waits_at_most: int = 100) -> OpenTalk:
    talk = OpenTalk(floor.engine, floor.journal, waits_at_most=waits_at_most)
    floor.engine.watch(talk.watch)
    return talk


def service(folder: Path, clock: MovedClock | None = None) -> AbstractAsyncContextManager[Service]:
    """An engine a minute into the day, so that nothing said is of the future."""
    clock = clock or MovedClock()
    clock.at_ms += 60_000
    return started(folder, clock)


async def test_the_bubbles_of_an_open_wait_are_kept_in_order_and_masked(tmp_path: Path) -> None:
    async with service(tmp_path) as floor:
        talk = listening(floor)
        await floor.send(said(0, text="这件有XL吗"), said(2, text="我电话13812345678"))
        await floor.send(said(1, text="在吗"), said(3, kind="image", text=None))
        kept = talk.of("senye", "c")
        assert kept is not None
        assert [b.text for b in kept.bubbles] == ["这件有XL吗", "在吗", "我电话*******5678", ""]
        assert kept.text == "这件有XL吗\n在吗\n我电话*******5678"
        # The question stands before the "are you there?", so as much as fits is shown; the newest always.
        assert kept.last_words() == "这件有XL吗 / 在吗 / 我电话*******5678 / [image]"
        assert kept.last_words(30) == "在吗 / 我电话*******5678 / [image]"
        assert kept.last_words(5) == "[ima…"


async def test_an_answer_ends_it_and_the_next_question_begins_anew(tmp_path: Path) -> None:
    async with service(tmp_path) as floor:
        talk = listening(floor)
        await floor.send(said(0, text="包邮吗"))
        await floor.send(said(5, "agent"))
        assert talk.of("senye", "c") is None
        assert len(talk) == 0
        await floor.send(
            said(9, "agent", text="还有什么要问的吗"), said(10, text="什么时候发货"), said(11, text="急用")
        )
        kept = talk.of("senye", "c")
        assert kept is not None
        assert kept.text == "什么时候发货\n急用"


async def test_what_is_taken_back_is_not_shown(tmp_path: Path) -> None:
    async with service(tmp_path) as floor:
        talk = listening(floor)
        await floor.send(said(0, text="有货吗"), said(1, text="打错了"))
        await floor.send(
            {**said(2), "type": "message_recalled", "id": "r", "message": "c-1-buyer", "role": None, "text": None}
        )
        kept = talk.of("senye", "c")
        assert kept is not None
        assert kept.text == "有货吗"


async def test_after_a_restart_the_words_come_from_the_journal(tmp_path: Path) -> None:
    clock = MovedClock()
    async with service(tmp_path, clock) as floor:
        await floor.send(said(0, text="之前的"), said(1, "agent"), said(2, text="有货吗"), said(3, text="要两件"))
    async with service(tmp_path, clock) as floor:
        talk = listening(floor)
        assert talk.of("senye", "c") is None
        found = await talk.find("senye", "c")
        assert found is not None
        assert found.text == "有货吗\n要两件"
        assert talk.of("senye", "c") == found
        await floor.send(said(4, text="快点"))
        later = talk.of("senye", "c")
        assert later is not None
        assert later.text == "有货吗\n要两件\n快点"


async def test_a_bubble_after_a_restart_does_not_hide_those_before_it(tmp_path: Path) -> None:
    clock = MovedClock()
    async with service(tmp_path, clock) as floor:
        await floor.send(said(2, text="有货吗"))
    async with service(tmp_path, clock) as floor:
        talk = listening(floor)
        await floor.send(said(4, text="在吗"))
        found = await talk.find("senye", "c")
        assert found is not None
        assert found.text == "有货吗\n在吗"


async def test_nobody_waits_nothing_is_found(tmp_path: Path) -> None:
    async with service(tmp_path) as floor:
        talk = listening(floor)
        await floor.send(said(0), said(1, "agent"))
        assert await talk.find("senye", "c") is None
        assert talk.of("senye", "nobody") is None


async def test_bounds_hold_and_what_was_pushed_out_is_read_back(tmp_path: Path) -> None:
    async with service(tmp_path) as floor:
        talk = listening(floor, waits_at_most=2)
        for chat in ("a", "b", "c"):
            await floor.send(*(said(n, chat=chat, text=f"第{n}句" * 1000) for n in range(12)))
        assert len(talk) == 2
        found = await talk.find("senye", "a")
        assert found is not None
        assert len(found.bubbles) == BUBBLES_AT_MOST
        assert found.bubbles[-1].text.startswith("第11句")
        assert max(len(b.text) for b in found.bubbles) <= 500


async def test_a_board_that_asks_about_all_after_a_restart_has_them_read_back_some_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talks, "READ_BACK_AT_ONCE", 2)
    chats = ("a", "b", "c")
    async with service(tmp_path) as floor:
        await floor.send(*(said(0, chat=chat, text="包邮吗") for chat in chats))
        talk = listening(floor)  # It has heard none of them.
        assert [talk.of("senye", chat) for chat in chats] == [None] * 3
        await until(lambda: len(talk) == 2, "the first two are read back")
        known = [found.text if (found := talk.of("senye", chat)) else None for chat in chats]
        assert known == ["包邮吗", "包邮吗", None]
        await until(lambda: talk.of("senye", "c"), "so is the third, asked for again")


async def test_the_words_of_a_buyer_with_two_ids_are_together_whichever_chat_they_came_in(tmp_path: Path) -> None:
    async with service(tmp_path) as floor:
        talk = listening(floor)
        await floor.send(said(0, chat="c1", buyer="a", text="包邮吗"), said(1, chat="c2", buyer="b", text="在吗"))
        merge = said(2) | {"type": "buyer_merged", "id": "merge", "buyer": "a", "into": "b", "conversation": None}
        await floor.send({name: merge[name] for name in ("type", "id", "ts", "shop", "buyer", "into")})
        await floor.send(said(3, chat="c1", buyer="a", text="急用"))
        for name in ("c1", "c2", "b"):
            kept = await talk.find("senye", name)
            assert kept is not None
            assert (kept.conversation, kept.text) == ("b", "包邮吗\n在吗\n急用")
        await floor.send(said(4, chat="c2", buyer="b", text="人呢"))
        kept = talk.of("senye", "c1")
        assert kept is not None
        assert kept.last_words() == "包邮吗 / 在吗 / 急用 / 人呢"
