"""Profiles from files: what is wrong is said with its place."""

from pathlib import Path

import pytest

from monitor.core.scores.profile import Profile
from monitor.policy_files.profiles import load

GOOD = """\
platforms: [own]
profiles:
  - id: own_2min
    unit: round
    limit: 2m
    ends_by: [agent]
    bot_only: drop
    hours: ["08:00-23:00"]
    zone: Asia/Shanghai
    valid_from: "2026-01-01"
    source: the contract
    sure: official
"""


def folder(tmp_path: Path, **files: str) -> Path:
    (tmp_path / "platforms").mkdir()
    for name, text in files.items():
        (tmp_path / "platforms" / f"{name}.yaml").write_text(text, "utf-8")
    return tmp_path


def test_a_profile_of_ones_own_needs_a_file_only(tmp_path: Path) -> None:
    book, faults = load(folder(tmp_path, own=GOOD))
    assert faults == []
    profile = book.newest("own_2min")
    assert isinstance(profile, Profile)
    assert (profile.limit_ms, profile.hours, profile.platforms) == (120_000, ((28_800_000, 82_800_000),), ("own",))
    assert profile.place.endswith("own.yaml:3")
    assert book.own("own") is profile
    assert book.own("taobao") is None


@pytest.mark.parametrize(
    ("change", "line", "fault"),
    [
        (("limit: 2m", "limit: 120"), 5, "a number has no unit"),
        (("bot_only: drop", "bot_only: dropp"), 7, "did you mean drop?"),
        (("zone: Asia/Shanghai", "zone: Asia/Shanghi"), 9, "no time zone"),
        (('"08:00-23:00"', '"8 to 23"'), 8, "no part of a day"),
        (("unit: round", "unit: rounds"), 4, "did you mean round?"),
        (("    limit: 2m\n", ""), 3, "without a limit a rate needs day_starts"),
        (("source: the contract", "source: a"), 11, "source"),
        (("bot_only: drop", "bot_only: drop\n    on_transfer: split"), 8, "split needs key: account_buyer"),
        (("bot_only: drop", 'bot_only: drop\n    due_by: "19:00"'), 8, "due_by is after the end of a day"),
        (('valid_from: "2026-01-01"', "valid_from: spring"), 10, "is no date"),
    ],
)
def test_a_wrong_profile_names_its_line(tmp_path: Path, change: tuple[str, str], line: int, fault: str) -> None:
    book, faults = load(folder(tmp_path, own=GOOD.replace(*change)))
    assert book.versions == {}
    assert fault in faults[0].message
    assert faults[0].line == line


def test_two_versions_from_one_day_would_lose_one(tmp_path: Path) -> None:
    _, faults = load(folder(tmp_path, own=GOOD, twice=GOOD))
    assert "valid from the same day" in faults[0].message


def test_versions_stand_side_by_side_and_where_they_stand_makes_no_difference(tmp_path: Path) -> None:
    older = GOOD.replace("2026-01-01", "2025-01-01").replace("limit: 2m", "limit: 5m")
    book, faults = load(folder(tmp_path, a=GOOD, b=older))
    assert faults == []
    assert [profile.limit_ms for profile in book.versions["own_2min"]] == [300_000, 120_000]
    moved = tmp_path / "moved"
    moved.mkdir()
    again, _ = load(folder(moved, z="# a remark\n" + GOOD, y=older))
    assert book.same_as(again)
    (moved / "platforms" / "z.yaml").write_text(GOOD.replace("limit: 2m", "limit: 3m"), "utf-8")
    assert not book.same_as(load(moved)[0])
