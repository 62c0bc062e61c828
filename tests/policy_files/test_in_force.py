import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from monitor.errors import StoreUnavailable, UsageError
from monitor.policy_files import in_force as in_force_module
from monitor.policy_files import load, people
from monitor.policy_files.in_force import RulesInForce, first_rules
from monitor.policy_files.rule_set import RuleSet
from monitor.yaml_files import BadFiles
from tests.policy_files.folders import DEFAULT, write
from tests.waiting import until

GOOD = DEFAULT + "  bot: holds\n"
LOOKS = count()
WRONG = DEFAULT + "  bot: hold\n"


def in_force(folder: Path) -> tuple[RulesInForce, list[str]]:
    kept = RulesInForce(first_rules(folder), why="--rules", now_ms=lambda: 1_795_000_000_000)
    taken: list[str] = []

    async def take(fresh: RuleSet) -> None:
        taken.append(fresh.hash)

    kept.on_change(take)
    return kept, taken


@contextlib.asynccontextmanager
async def watching(kept: RulesInForce) -> AsyncIterator[None]:
    task = asyncio.create_task(kept.watch())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_changed_rules_are_taken_and_unchanged_ones_are_not_taken_again(tmp_path: Path) -> None:
    kept, taken = in_force(write(tmp_path, default=DEFAULT))
    assert await kept.reload()
    assert taken == []
    write(tmp_path, default=GOOD)
    assert await kept.reload()
    assert taken == [kept.rules.hash]
    assert kept.rules.policies.base.bot == "holds"


async def test_wrong_rules_are_told_and_the_last_good_ones_stay(tmp_path: Path) -> None:
    kept, taken = in_force(write(tmp_path, default=DEFAULT))
    before = kept.rules.hash
    write(tmp_path, default=WRONG)
    assert not await kept.reload()
    assert (kept.rules.hash, taken) == (before, [])
    told = kept.as_json()
    assert (told["good"], told["failed_at"]) == (False, "2026-11-18T11:06:40.000Z")
    assert [(error["line"], error["column"]) for error in told["errors"]] == [(5, 8)]
    write(tmp_path, default=GOOD)
    assert await kept.reload()
    assert kept.as_json()["errors"] == []


async def test_a_folder_that_is_gone_takes_no_rule_out_of_force(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    kept, _ = in_force(write(folder, default=DEFAULT))
    (folder / "default.yaml").unlink()
    folder.rmdir()
    assert not await kept.reload()
    assert "is no folder of rules" in str(kept.faults[0])


async def test_rules_that_cannot_be_stored_are_not_taken(tmp_path: Path) -> None:
    kept, _ = in_force(write(tmp_path, default=DEFAULT))

    async def full(_: RuleSet) -> None:
        raise StoreUnavailable("the disk is full")

    kept.on_change(full)
    before = kept.rules.hash
    write(tmp_path, default=GOOD)
    assert not await kept.reload()
    assert kept.rules.hash == before
    assert kept.faults[0].message == "the disk is full"


def begun(kept: RulesInForce, taken: list[str]) -> bool:
    """Whether an edit is taken by itself: when it has begun to watch is not to be seen from outside."""
    look = next(LOOKS)
    if look % 200 == 0:
        write(kept.rules.folder, default=GOOD + f"# {look}\n")
    return bool(taken)


async def test_an_edited_file_is_taken_by_itself(tmp_path: Path) -> None:
    kept, taken = in_force(write(tmp_path, default=DEFAULT))
    before = kept.rules.hash
    async with watching(kept):
        await until(lambda: begun(kept, taken), "taken")
    assert kept.rules.hash != before


@pytest.mark.parametrize("gone", [shutil.rmtree, lambda folder: folder.rename(folder.parent / "old")])
@pytest.mark.parametrize("when", ["before it is watched", "while it is watched"])
async def test_a_folder_put_in_the_place_of_one_that_went_is_taken_by_itself(
    when: str,
    gone: Callable[[Path], object],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(in_force_module, "LOST_FOLDER_SECONDS", 0.01)
    folder, other = tmp_path / "rules", tmp_path / "other"
    folder.mkdir()
    other.mkdir()
    kept, taken = in_force(write(folder, default=DEFAULT))
    if when == "before it is watched":
        gone(folder)
    async with watching(kept):
        if when == "while it is watched":
            await until(lambda: begun(kept, taken), "it is watched")
            gone(folder)
        await until(lambda: "cannot be watched" in caplog.text, "it is seen that the folder is gone")
        wanted = first_rules(write(other, default=GOOD)).hash
        other.rename(folder)
        await until(lambda: kept.rules.hash == wanted and not kept.faults, "taken")
    assert taken[-1] == wanted


async def test_a_file_that_is_half_written_is_looked_at_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, taken = in_force(write(tmp_path, default=DEFAULT))
    write(tmp_path, default="version: 1\ndefault: {ho")
    monkeypatch.setattr(in_force_module, "SECOND_LOOK_SECONDS", 0)
    looks = 0

    def load_and_write(*folder: Any) -> RuleSet:
        nonlocal looks
        looks += 1
        try:
            return load(*folder)
        finally:
            write(tmp_path, default=GOOD)  # Whoever writes is done after the first look.

    monkeypatch.setattr(in_force_module, "load", load_and_write)
    assert await kept.reload(second_look=True)
    assert looks == 2
    assert taken == [kept.rules.hash]
    assert kept.faults == []


async def test_a_file_that_is_gone_for_a_moment_does_not_bring_the_shipped_one_into_force(tmp_path: Path) -> None:
    kept, taken = in_force(write(tmp_path, default=DEFAULT, rules="version: 1\n"))
    (tmp_path / "default.yaml").unlink()
    reading = asyncio.create_task(kept.reload(second_look=True))
    await asyncio.sleep(0)
    write(tmp_path, default=GOOD)
    assert await reading
    assert taken == [kept.rules.hash]
    assert kept.rules.policies.base.bot == "holds"
    (tmp_path / "default.yaml").unlink()
    assert await kept.reload()  # Somebody asks: it is meant.
    assert kept.rules.own == {"rules.yaml"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"", "1:1: the file is empty"),
        (b"# only a comment\n", "the file is empty"),
        (b"a: &a [*a]\n", "an alias (*name) is not used here"),
        (b"version: 1\nversion: 1\n", "version is there twice"),
        ("version: 1\nzone: 上海\n".encode("gb18030"), "2:1: not UTF-8; save the file as UTF-8"),
        (b"version: 1\ndefault:\n\tbot: holds\n", "a tab cannot indent in YAML"),
        (b"version: 1\n# " + b"x" * (8 << 20), "larger than 8 MiB"),
        (b"version: 1\ndefault: {bot: holds", "expected"),
        (b"[" * 100, "nested deeper"),
        (b"version: 2\n", "version"),
        (b"\x00\x01", "cannot stand in YAML"),
    ],
)
async def test_whatever_stands_in_a_file_the_last_good_rules_go_on(tmp_path: Path, text: bytes, told: str) -> None:
    kept, taken = in_force(write(tmp_path, default=DEFAULT))
    before = kept.rules.hash
    (tmp_path / "rules.yaml").write_bytes(text)
    assert not await kept.reload()
    assert told in str(kept.faults[0])
    assert str(kept.faults[0]).startswith(f"{tmp_path}/rules.yaml")
    assert (kept.rules.hash, taken) == (before, [])


async def test_a_fault_of_ours_in_reading_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    kept, taken = in_force(write(tmp_path, default=DEFAULT))

    def stumbles(*_: Any) -> RuleSet:
        raise ZeroDivisionError

    with monkeypatch.context() as stumbling:
        stumbling.setattr(in_force_module, "load", stumbles)
        assert not await kept.reload()
    assert kept.faults[0].message == "cannot be read: ZeroDivisionError"
    assert "a fault of ours" in caplog.text
    write(tmp_path, default=GOOD)
    assert await kept.reload()
    assert taken == [kept.rules.hash]


def test_rules_have_the_hash_of_what_was_read_though_a_file_changes_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, default=DEFAULT)
    first = load(tmp_path)
    read_people = people.load

    def changing(folder: Path) -> Any:
        write(tmp_path, default=GOOD)
        return read_people(folder)

    monkeypatch.setattr(people, "load", changing)
    found = load(tmp_path)
    assert found.policies.base.bot == "holds"
    assert found.hash != first.hash
    assert found.text["default.yaml"].decode() == GOOD
    changes = count()
    monkeypatch.setattr(
        people,
        "load",
        lambda folder: (write(folder, rules=f"version: 1\n# {next(changes)}"), read_people(folder))[1],
    )
    with pytest.raises(BadFiles, match="is being written all the time"):
        load(tmp_path)


def test_a_service_does_not_start_on_wrong_rules(tmp_path: Path) -> None:
    write(tmp_path, default=WRONG)
    with pytest.raises(UsageError, match=r"default.yaml:5:8: default.bot: 'hold' is none of holds, ignored"):
        first_rules(tmp_path)
