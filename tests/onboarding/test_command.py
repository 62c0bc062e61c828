"""The commands as a person types them."""

import json
from pathlib import Path

from tests.typed import typed

CSV = "时间,发送人,内容\n2026-11-20 10:00:00,张三,包邮吗\n2026-11-20 10:03:20,森野:小林,包邮\n"


def test_an_export_is_imported_and_replayed(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(CSV, "utf-8")
    out = tmp_path / "a.jsonl"
    done = typed("import", str(tmp_path / "a.csv"), "--shop", "senye", "--platform", "taobao", "--to", str(out))
    assert (done.exit_code, done.output) == (0, "2 messages written, 0 left out\n")
    told = json.loads(typed("replay", str(out), "--json").stdout)
    assert (told["rounds"]["answered"], told["passed"]["at_risk"], told["events"]["rejected"]) == (1, 1, 0)


def test_columns_come_from_a_file_and_its_faults_name_their_line(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("wann,wer\n2026-11-20 10:00,b\nx,b\n")
    (tmp_path / "c.yaml").write_text("columns: {ts: wann, sender: wer}\n")
    arguments = ["import", str(tmp_path / "a.csv"), "--shop", "s", "--to", str(tmp_path / "o.jsonl"), "--columns"]
    done = typed(*arguments, str(tmp_path / "c.yaml"))
    assert (done.exit_code, "a.csv:3: 'x' is no time" in done.output) == (1, True)
    (tmp_path / "d.yaml").write_text("colums: {}\n")
    done = typed(*arguments, str(tmp_path / "d.yaml"))
    assert done.exit_code == 2
    assert "colums is not known here; did you mean columns?" in done.output


def test_a_feed_in_a_file_is_looked_over(tmp_path: Path) -> None:
    line = {"id": "m", "ts": 1795168800000, "shop": "s", "buyer": "b", "role": "buyer", "text": "x"}
    (tmp_path / "f.jsonl").write_text(json.dumps(line) + "\n" + json.dumps(line | {"text": "y"}) + "\nno json\n\n")
    done = typed("check-source", str(tmp_path / "f.jsonl"))
    assert done.exit_code == 1
    assert "✗ ids: 1 times an id came again with other content" in done.output
    assert "✗ refused: json 1" in done.output


def test_check_source_says_what_it_needs(tmp_path: Path) -> None:
    assert typed("check-source").exit_code == 2
    done = typed("check-source", "--data", str(tmp_path))
    assert (done.exit_code, "journal.db is not there" in done.output) == (2, True)
