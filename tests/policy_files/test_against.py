import json
from pathlib import Path
from typing import Any

from tests.policy_files.folders import DEFAULT, write
from tests.typed import typed

TEN_MS = 1_795_399_200_000  # 2026-11-23, ten in the morning in Shanghai


def event(number: int, seconds: float, role: str, text: str = "有的，今天拍今天发") -> str:
    said = {"id": f"m{number}", "ts": TEN_MS + round(seconds * 1000), "platform": "taobao", "shop": "senye"}
    return json.dumps(said | {"conversation": "c", "role": role, "text": text}) + "\n"


def log(folder: Path) -> str:
    path = folder / "chat.jsonl"
    path.write_text(event(1, 0, "buyer", "有货吗") + event(2, 130, "agent") + event(3, 900, "agent"))
    return str(path)


def changes(*words: str) -> dict[str, tuple[Any, Any]]:
    done = typed("check-rules", *words, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)["against"]["changes"]
    return {change["what"]: (change["before"], change["after"]) for change in told}


def rules(folder: Path, name: str, more: str = "") -> str:
    (folder / name).mkdir()
    return str(write(folder / name, default=DEFAULT + more))


def test_a_log_shows_what_other_rules_would_change(tmp_path: Path) -> None:
    new = rules(tmp_path, "new", "  steps: [{at: 2m, to: team}, {at: 3m, to: lead}]\n")
    write(
        tmp_path / "new",
        rules="version: 1\nshops: [{match: {shop: senye}, stages: {slow: 140s, at_risk: 3m, lost: 5m}}]\n",
    )
    old = rules(tmp_path, "old")
    found = changes(new, "--against", log(tmp_path), "--than", old)
    assert found["passed.slow"] == (1, 0)
    assert found["told.team"] == (0, 1)
    assert "told.lead" not in found
    assert "scores.taobao_3min.hits" not in found


def test_rules_are_compared_with_those_in_force_and_these_with_none(tmp_path: Path) -> None:
    new = rules(tmp_path, "new")
    told = json.loads(typed("check-rules", new, "--against", log(tmp_path), "--json").stdout)["against"]
    assert told["before"]["rules_version"] not in ("built-in", told["after"]["rules_version"])
    told = json.loads(typed("check-rules", new, "--against", log(tmp_path), "--than", new, "--json").stdout)["against"]
    assert told["before"] == told["after"]


def test_what_changes_is_read_by_people_too(tmp_path: Path) -> None:
    new = rules(tmp_path, "new", "  steps: [{at: 2m, to: team}]\n")
    same = typed("check-rules", new, "--against", log(tmp_path), "--than", new).stdout
    assert same.rstrip().endswith("nothing changes")
    other = typed("check-rules", new, "--against", log(tmp_path), "--than", rules(tmp_path, "old")).stdout
    assert "  told.team: 0 → 1\n" in other


def test_a_log_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    done = typed("check-rules", rules(tmp_path, "new"), "--against", str(tmp_path / "none.jsonl"))
    assert done.exit_code == 2
    assert "none.jsonl cannot be read" in done.stderr


def test_backtest_says_the_same_without_checking_the_folder(tmp_path: Path) -> None:
    new, old = rules(tmp_path, "new", "  steps: [{at: 2m, to: team}]\n"), rules(tmp_path, "old")
    done = typed("backtest", log(tmp_path), "--rules", new, "--than", old, "--json")
    assert done.exit_code == 0, done.output
    checked = json.loads(typed("check-rules", new, "--against", log(tmp_path), "--than", old, "--json").stdout)
    assert json.loads(done.stdout) == checked["against"]
    assert "  told.team: 0 → 1\n" in typed("backtest", log(tmp_path), "--rules", new, "--than", old).stdout
    assert typed("backtest", log(tmp_path)).exit_code == 2
