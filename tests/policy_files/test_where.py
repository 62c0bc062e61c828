from pathlib import Path

import pytest

from monitor.policy_files import load
from monitor.policy_files.where import choose, default_folder, find
from monitor.yaml_files import BadFiles


def test_what_is_asked_for_goes_before_what_is_set_and_what_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert choose(None, None) == (default_folder(), "shipped")
    (tmp_path / "rules").mkdir()
    assert choose(None, None) == (Path("rules"), "found here")
    assert choose(None, Path("set")) == (Path("set"), "the setting rules")
    assert choose(Path("asked"), Path("set")) == (Path("asked"), "--rules")


def test_what_a_folder_lacks_is_taken_from_the_shipped_copy(tmp_path: Path) -> None:
    assert find(tmp_path, "README.md") == default_folder() / "README.md"
    (tmp_path / "README.md").write_text("ours")
    assert find(tmp_path, "README.md") == tmp_path / "README.md"


def test_the_hash_is_that_of_the_files_and_not_of_the_folder(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        folder.mkdir()
        (folder / "scenarios").mkdir()
    before = load(one).hash
    assert before == load(two).hash
    (two / "scenarios" / "a.yaml").write_text("title: a test changes no decision")
    assert load(two).hash == before


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadFiles, match="is no folder of rules"):
        load(tmp_path / "nowhere")
