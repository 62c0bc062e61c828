from pathlib import Path

from monitor.store.journal import Journal
from monitor.store.quarantine import Quarantine
from tests.store.made import commit, event, refused


def shrink(journal: Journal, *, entries: int = 100, size: int = 1_000) -> None:
    """Give the journal a small quarantine."""
    journal.quarantine = Quarantine(journal._writer, journal._reader, max_entries=entries, max_bytes=size)


async def bodies(journal: Journal) -> list[bytes]:
    return [entry.refused.body for entry in await journal.quarantine.list()]


async def test_refused_input_is_read_back_as_it_came(journal: Journal) -> None:
    bad = refused(b"\xff\x00{", reason="utf8")
    await journal.commit(commit(now_ms=1, quarantine=[bad]))
    (listed,) = await journal.quarantine.list()
    assert listed.refused == bad
    assert await journal.quarantine.get(listed.number) == listed
    assert await journal.quarantine.get(listed.number + 1) is None


async def test_an_empty_input_is_listed_like_any_other(journal: Journal) -> None:
    await journal.commit(commit(now_ms=1, quarantine=[refused(b""), refused(b"x")]))
    assert await bodies(journal) == [b"x", b""]


async def test_pages_go_from_the_newest_back_with_bodies_cut(journal: Journal) -> None:
    await journal.commit(commit(now_ms=1, quarantine=[refused(b"%d" % n * 9) for n in range(5)]))
    first = await journal.quarantine.list(limit=2, body_bytes=3)
    assert [entry.refused.body for entry in first] == [b"444", b"333"]
    assert first[0].refused.length == 9
    second = await journal.quarantine.list(before=first[-1].number, limit=9, body_bytes=1)
    assert [entry.refused.body for entry in second] == [b"2", b"1", b"0"]
    assert await journal.quarantine.list(before=second[-1].number) == []


async def test_the_oldest_entries_go_first_and_are_counted(journal: Journal) -> None:
    shrink(journal, entries=3)
    await journal.commit(commit(now_ms=1, quarantine=[refused(b"1"), refused(b"2")]))
    await journal.commit(commit(now_ms=2, quarantine=[refused(b"3"), refused(b"4"), refused(b"5")]))
    assert await bodies(journal) == [b"5", b"4", b"3"]
    assert journal.quarantine.held == (3, 3, 2)


async def test_the_bodies_together_stay_within_their_bound(journal: Journal) -> None:
    shrink(journal, size=1_000)
    for letter in (b"a", b"b", b"c"):
        await journal.commit(commit(now_ms=1, quarantine=[refused(letter * 400)]))
    assert await bodies(journal) == [b"c" * 400, b"b" * 400]
    await journal.commit(commit(now_ms=1, quarantine=[refused(b"d" * 900)]))
    assert await bodies(journal) == [b"d" * 900]
    assert journal.quarantine.held == (1, 900, 3)


async def test_of_a_batch_larger_than_the_quarantine_the_newest_are_kept(journal: Journal) -> None:
    shrink(journal, entries=2)
    await journal.commit(commit(now_ms=1, quarantine=[refused(b"%d" % n) for n in range(7)]))
    assert await bodies(journal) == [b"6", b"5"]
    assert journal.quarantine.held == (2, 2, 5)
    shrink(journal, size=10)
    await journal.commit(commit(now_ms=1, quarantine=[refused(b"x" * 11)]))
    assert journal.quarantine.dropped == 1


async def test_a_mended_entry_is_marked_and_a_deleted_one_gone(journal: Journal) -> None:
    await journal.commit(commit(now_ms=1, quarantine=[refused(b"1"), refused(b"22")]))
    second, first = await journal.quarantine.list()
    assert await journal.quarantine.mark_resent(first.number, 77)
    assert not await journal.quarantine.mark_resent(99, 77)
    found = await journal.quarantine.get(first.number)
    assert found is not None
    assert (found.resent_at_ms, second.resent_at_ms) == (77, None)
    assert await journal.quarantine.delete(second.number)
    assert not await journal.quarantine.delete(second.number)
    assert await bodies(journal) == [b"1"]
    assert journal.quarantine.held == (1, 1, 0)


async def test_the_number_of_a_deleted_entry_is_not_given_again(journal: Journal) -> None:
    await journal.commit(commit(now_ms=1, quarantine=[refused(b"1")]))
    (gone,) = await journal.quarantine.list()
    await journal.quarantine.delete(gone.number)
    await journal.commit(commit(now_ms=1, quarantine=[refused(b"2")]))
    assert await journal.quarantine.get(gone.number) is None


async def test_what_is_held_is_counted_anew_at_a_start(tmp_path: Path) -> None:
    journal = await Journal.open(tmp_path)
    await journal.commit(commit(event(1), quarantine=[refused(b"1"), refused(b"22")]))
    await journal.close()
    journal = await Journal.open(tmp_path)
    assert journal.quarantine.held == (2, 3, 0)
    await journal.close()
