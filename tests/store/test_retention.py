"""Words and names go when they are no longer needed; figures, and what belongs together, stay."""

from pathlib import Path

import msgspec
import pytest

from monitor.store.journal import Journal
from monitor.store.retention import MARK, Ages, Forgetter, key_in
from monitor.wire import decode_stored
from monitor.wire.stored import same
from tests.store.floor import SPOKEN_MS

DAY_MS = 86_400_000
AGES = Ages(7 * DAY_MS, 90 * DAY_MS)


async def forgotten(journal: Journal, days: float, ages: Ages = AGES) -> None:
    while await journal.forget(SPOKEN_MS + round(days * DAY_MS), ages, max_rows=2):
        pass


async def test_nothing_is_forgotten_before_its_time(floor: Path) -> None:
    journal = await Journal.open(floor)
    try:
        await forgotten(journal, 6.9)
        await forgotten(journal, 100, Ages(200 * DAY_MS, 90 * DAY_MS))
        events = [decode_stored(item.body) for item in await journal.history("kaisa", "zhang")]
        assert [getattr(event, "text", None) for event in events] == [
            "words 1",
            "words 2",
        ]
    finally:
        await journal.close()


async def test_after_a_week_words_and_names_are_gone_but_not_of_a_chat_with_an_alert(floor: Path) -> None:
    key = key_in(floor)
    hashed = Forgetter(key)
    journal = await Journal.open(floor)
    try:
        await forgotten(journal, 8)
        assert await journal.history("kaisa", "zhang") == []
        asked, answered = await journal.history("kaisa", hashed.hashed("kaisa", "zhang"))
        event = decode_stored(asked.body)
        assert (event.buyer, event.conversation, getattr(event, "text", 0)) == (
            asked.conversation,
            asked.conversation,
            None,
        )
        assert asked.words != 0 or answered.words != 0, "what the words were stays"
        elsewhere = hashed.hashed("nanfeng", "zhang")
        assert elsewhere != hashed.hashed("kaisa", "zhang"), "one buyer in two shops is not known to be one"
        assert len(await journal.history("nanfeng", elsewhere)) == 2
        [kept, _] = await journal.history("kaisa", "chat-of-wang")
        assert decode_stored(kept.body).buyer == "wang"
        rounds = [msgspec.json.decode(body) async for bodies in journal.rounds(0, 1 << 60) for body in bodies]
        assert {round_["buyer"][:1] for round_ in rounds} == {MARK, "w"}
        assert sorted(round_["counted_ms"] for round_ in rounds) == [10_000, 20_000, 400_000]
        assert await journal.quarantine.list() == []
        assert journal.quarantine.held[:2] == (0, 0)
    finally:
        await journal.close()


async def test_after_three_months_nobody_is_left_and_a_duplicate_is_no_conflict(floor: Path) -> None:
    journal = await Journal.open(floor)
    try:
        await forgotten(journal, 91)
        assert await journal.history("kaisa", "chat-of-wang") == []
        known, _ = await journal.look_up([("kaisa", "m-3")], [])
        stored = decode_stored(known["kaisa", "m-3"])
        again = decode_stored(
            b'{"id":"m-3","ts":1,"shop":"kaisa","conversation":"chat-of-wang","role":"buyer","text":"x"}'
        )
        assert same(again, stored)
    finally:
        await journal.close()


def test_a_hash_of_a_hash_is_the_hash_and_another_key_gives_another() -> None:
    one, other = Forgetter(b"1" * 32), Forgetter(b"2" * 32)
    assert one.hashed("s", one.hashed("s", "zhang")) == one.hashed("s", "zhang")
    assert one.hashed("s", "zhang") != other.hashed("s", "zhang")


def test_the_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    assert key_in(tmp_path) == key_in(tmp_path)
    assert (tmp_path / "names.key").stat().st_mode & 0o077 == 0


def test_nothing_is_hashed_with_half_a_key(tmp_path: Path) -> None:
    (tmp_path / "names.key").touch()  # The power went in the midst of making it.
    with pytest.raises(OSError, match="is no key; remove it"):
        key_in(tmp_path)
