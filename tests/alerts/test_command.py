"""``send-test``, as a person types it, to receivers on this machine."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.alerts.channels.ding import Ding
from tests.alerts.channels.endpoint import SECRET, Endpoint
from tests.typed import typed

FILE = """
version: 1
channels:
  group: {type: dingtalk, url_env: TEST_URL, secret_env: TEST_SECRET, allow_private: true}
  guarded: {type: dingtalk, url_env: TEST_URL, secret_env: TEST_SECRET}
  unset: {type: slack, url_env: TEST_NOT_SET}
  log: {type: log, lang: en}
"""


@contextmanager
def beside(receiver: Any) -> Iterator[None]:
    """Run a receiver on a loop of its own, as the command has its own too."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(receiver.start(), loop).result(20)
        yield
        asyncio.run_coroutine_threadsafe(receiver.stop(), loop).result(20)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture
def ding(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ding]:
    group = Ding()
    monkeypatch.setenv("TEST_URL", group.url)
    monkeypatch.setenv("TEST_SECRET", "SECd1ngd1ng")
    with beside(group):
        yield group


@pytest.fixture
def rules(tmp_path: Path) -> str:
    (tmp_path / "channels.yaml").write_text(FILE)
    return str(tmp_path)


def test_a_message_that_was_taken_is_0(ding: Ding, rules: str) -> None:
    done = typed("send-test", "group", "--rules", rules)
    assert done.exit_code == 0, done.stderr
    assert "taken in" in done.stdout
    assert [body.decode() for body in ding.bodies] == ["【测试】售前提醒：通道 group 正常"]


def test_a_wrong_secret_is_1_and_said_clearly(ding: Ding, rules: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_SECRET", "SECwrong")
    done = typed("send-test", "group", "--rules", rules, "--json")
    assert done.exit_code == 1
    result = json.loads(done.stdout)
    assert (result["channel"], result["sent"], result["reason"], result["permanent"]) == (
        "group",
        False,
        "secret",
        True,
    )
    assert "310000" in result["detail"]
    assert ding.key not in done.stdout + done.stderr


def test_an_address_inside_is_1_and_says_what_lets_it(ding: Ding, rules: str) -> None:
    done = typed("send-test", "guarded", "--rules", rules)
    assert done.exit_code == 1
    assert "allow_private: true" in done.stderr
    assert ding.came == []


@pytest.mark.parametrize(
    ("channel", "said"),
    [
        ("gruop", "there is no channel gruop; did you mean group?"),
        ("zzz", "there is group, guarded, log, unset"),
        ("unset", "TEST_NOT_SET is not set"),
    ],
)
def test_what_is_not_set_up_is_2(rules: str, channel: str, said: str) -> None:
    done = typed("send-test", channel, "--rules", rules)
    assert done.exit_code == 2
    assert said in done.stderr


def test_a_program_is_told_a_beginning_and_an_end(rules: str, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = Endpoint()
    monkeypatch.setenv("PRESALES_WEBHOOK__URL", f"http://127.0.0.1:{endpoint.port}/x")
    monkeypatch.setenv("PRESALES_WEBHOOK__SECRET", SECRET)
    with beside(endpoint):
        done = typed("send-test", "webhook", "--rules", rules)
    assert done.exit_code == 0, done.stderr
    told = [json.loads(body) for body in endpoint.bodies]
    assert [one["type"] for one in told] == ["alert.raised", "alert.resolved"]
    assert {one["data"]["shop"] for one in told} == {"send-test"}
