"""A copy made while the service works is whole, and a damaged one is noticed before it is used."""

import json
import re
import tarfile
from pathlib import Path

import httpx
import pytest

from monitor.store.journal import Journal
from tests.plain import PLAIN
from tests.program import running
from tests.store.floor import SPOKEN_MS, said
from tests.typed import typed
from tests.waiting import DEADLINE_SECONDS


def test_a_copy_made_while_the_service_runs_gives_a_service_with_the_same_waits(tmp_path: Path) -> None:
    with running(tmp_path / "one") as program:
        events = [said(n, f"b-{n}", "buyer", SPOKEN_MS) for n in range(500)]
        assert (
            httpx.post(f"{program.url}/v1/events", json=events, timeout=DEADLINE_SECONDS, verify=PLAIN).status_code
            == 202
        )
        stored = httpx.get(f"{program.url}/v1/waits", timeout=DEADLINE_SECONDS, verify=PLAIN).json()["total"]
        done = typed("backup", tmp_path / "copy.tar.gz", "--data", tmp_path / "one" / "data", "--json")
        about = json.loads(done.stdout)
        assert (done.exit_code, about["events"]) == (0, 500)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", about["made_at"])
        assert httpx.get(f"{program.url}/readyz", timeout=DEADLINE_SECONDS, verify=PLAIN).status_code == 200
    assert (tmp_path / "copy.tar.gz").stat().st_mode & 0o077 == 0
    put_back = typed("restore", tmp_path / "copy.tar.gz", "--data", tmp_path / "two" / "data", "--json")
    assert json.loads(put_back.stdout) == about
    with running(tmp_path / "two") as program:
        assert (
            httpx.get(f"{program.url}/v1/waits", timeout=DEADLINE_SECONDS, verify=PLAIN).json()["total"]
            == stored
            == 500
        )


@pytest.fixture
async def data(tmp_path: Path) -> Path:
    """The folder of a service that has stopped."""
    journal = await Journal.open(tmp_path / "data")
    await journal.close()
    return tmp_path / "data"


def test_what_others_have_hidden_in_the_folder_does_not_spoil_a_copy(tmp_path: Path, data: Path) -> None:
    (data / ".DS_Store").write_bytes(b"of who looked into it")
    assert typed("backup", tmp_path / "copy.tar.gz", "--data", data).exit_code == 0
    assert typed("restore", tmp_path / "copy.tar.gz", "--data", tmp_path / "two").exit_code == 0
    assert not (tmp_path / "two" / ".DS_Store").exists()
    assert [path.stat().st_mode & 0o077 for path in (tmp_path / "two", tmp_path / "two" / "journal.db")] == [0, 0]


def test_the_data_folder_is_that_of_the_settings_unless_one_is_named(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRESALES_DATA", str(data))
    assert typed("backup", tmp_path / "copy.tar.gz").exit_code == 0
    assert "is not empty" in typed("restore", tmp_path / "copy.tar.gz").output
    assert "nowhere/journal.db is not there" in typed("backup", tmp_path / "c", "--data", tmp_path / "nowhere").output


def test_nothing_is_written_over(tmp_path: Path, data: Path) -> None:
    copy = tmp_path / "copy.tar.gz"
    assert typed("backup", copy, "--data", data).exit_code == 0
    assert "is there already" in typed("backup", copy, "--data", data).output
    assert "is not empty" in typed("restore", copy, "--data", data).output


@pytest.mark.parametrize("harm", ["cut", "changed", "no archive", "climbs"])
def test_a_damaged_copy_is_refused(tmp_path: Path, data: Path, harm: str) -> None:
    copy = tmp_path / "copy.tar.gz"
    typed("backup", copy, "--data", data)
    if harm == "cut":
        copy.write_bytes(copy.read_bytes()[:-2000])
    elif harm == "no archive":
        copy.write_bytes(b"x" * 100)
    elif harm == "climbs":
        with tarfile.open(copy, "w:gz") as tar:
            tar.add(data / "journal.db", "../journal.db")
    else:
        with tarfile.open(copy) as tar:
            tar.extractall(tmp_path / "out", filter="data")
        body = bytearray((tmp_path / "out" / "journal.db").read_bytes())
        body[5000] ^= 255
        (tmp_path / "out" / "journal.db").write_bytes(body)
        with tarfile.open(copy, "w:gz") as tar:
            for file in (tmp_path / "out").iterdir():
                tar.add(file, file.name)
    done = typed("restore", copy, "--data", tmp_path / "new")
    assert done.exit_code == 2
    assert not [*tmp_path.glob("new/*")], "no service can be started on what is damaged"


def test_of_a_copy_that_is_not_there_nothing_is_begun(tmp_path: Path) -> None:
    done = typed("restore", tmp_path / "none.tar.gz", "--data", tmp_path / "new")
    assert (done.exit_code, "cannot be put back: No such file" in done.output) == (2, True)
    assert not (tmp_path / "new").exists()


def test_there_must_be_data_to_copy(tmp_path: Path) -> None:
    done = typed("backup", tmp_path / "copy.tar.gz", "--data", tmp_path)
    assert (done.exit_code, "is not there" in done.output) == (2, True)
