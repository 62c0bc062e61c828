"""The examples of the README and of docs/webhooks.md, run as they stand against the real program on other ports."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import needs
from tests.mosquitto import Mosquitto, mosquitto
from tests.plain import PLAIN
from tests.program import Program, running
from tests.waiting import DEADLINE_SECONDS

ROOT = Path(__file__).parent.parent


def examples(language: str, naming: str, page: str = "README.md") -> list[str]:
    """The blocks of a page in a language in which something is named, in order."""
    text = (ROOT / page).read_text("utf-8")
    blocks = re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [block for block in blocks if naming in block]


def waiting(program: Program, conversation: str) -> list[dict[str, Any]]:
    """The waits of a chat: the examples have one service, and a chat each."""
    answer = httpx.get(f"{program.url}/v1/waits", timeout=DEADLINE_SECONDS, verify=PLAIN)
    answer.raise_for_status()
    return [wait for wait in answer.json()["waits"] if wait["conversation"] == conversation]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    with mosquitto(tmp_path_factory.mktemp("broker")) as made:
        yield made


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory, broker: Mosquitto) -> Iterator[Program]:
    settings = {
        "PRESALES_HOOK_MY_SYSTEM_SECRET": "a-secret",
        "PRESALES_MQTT__HOST": "127.0.0.1",
        "PRESALES_MQTT__PORT": str(broker.port),
    }
    with running(tmp_path_factory.mktemp("service"), settings=settings) as made:
        yield made


def run_shell(script: str) -> str:
    needs.programs("bash", "curl", packages="bash curl")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout


def test_the_http_example_makes_a_wait_and_the_websocket_example_ends_it(program: Program) -> None:
    (ask,) = examples("bash", "curl")
    (reply,) = examples("python", "/v1/ingest")
    printed = run_shell(ask.replace("8480", str(program.port)))
    assert '"accepted": 1' in printed or '"accepted":1' in printed
    assert [(wait["shop"], wait["stage"]) for wait in waiting(program, "zhang-1")] == [("senye", "fresh")]
    answered = subprocess.run(
        [sys.executable, "-c", reply.replace("8480", str(program.port))],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert '"ack"' in answered.stdout
    assert waiting(program, "zhang-1") == []


def test_the_webhook_examples_make_a_wait_and_end_it(program: Program) -> None:
    needs.programs("openssl", packages="openssl")
    (ask,) = examples("bash", "/v1/hooks/my_system", "docs/webhooks.md")
    (reply,) = examples("python", "/v1/hooks/my_system", "docs/webhooks.md")
    run_shell(ask.replace("8480", str(program.port)))
    assert [wait["shop"] for wait in waiting(program, "9")] == ["12"]
    command = [sys.executable, "-c", reply.replace("8480", str(program.port))]
    subprocess.run(command, capture_output=True, timeout=60, check=True)
    assert waiting(program, "9") == []


def test_the_mqtt_example_makes_a_wait(program: Program, broker: Mosquitto) -> None:
    (ask,) = examples("bash", "mosquitto_pub")
    # The broker keeps nothing for a subscriber it has never seen.
    program.until(lambda: "subscribed" in program.printed(), "subscribed")
    run_shell(ask.replace("1883", str(broker.port)))
    program.until(lambda: bool(waiting(program, "li-1")), "in the list of waits")
    assert [(wait["platform"], wait["shop"]) for wait in waiting(program, "li-1")] == [("taobao", "senye")]


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_readme_names_the_two_commands(name: str) -> None:
    (setup,) = re.findall(r"^```sh\n(make demo.*?)^```", (ROOT / name).read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert [line.split("#")[0].strip() for line in setup.splitlines()] == ["make demo", "make test"]


@pytest.mark.parametrize("name", ["README.md", "docs/webhooks.md"])
def test_the_examples_of_a_chinese_page_are_those_that_are_run(name: str) -> None:
    """But for what is said beside them."""
    chinese = name.replace(".md", ".zh-CN.md")
    for language in ("bash", "python"):
        run, shown = ([re.sub(r" *# .*", "", one) for one in examples(language, "", page)] for page in (name, chinese))
        assert run
        assert shown == run
