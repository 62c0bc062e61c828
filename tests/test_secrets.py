"""No secret is ever printed or answered: the real program with a mark in every secret, and everything going wrong."""

import asyncio
import base64
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from monitor.settings import Settings, _is_secret, _leaves
from tests.plain import PLAIN
from tests.program import ALL_HOURS, Program, free_port
from tests.waiting import DEADLINE_SECONDS

MARK = "geheim"
CHANNELS = """version: 1
channels:
  robot: {type: dingtalk, url_env: DING_URL, secret_env: DING_SECRET, allow_private: true}
  feishu: {type: feishu, url_env: FEISHU_URL, secret_env: FEISHU_SECRET, allow_private: true}
  crm: {type: webhook, url_env: CRM_URL, secret_env: CRM_SECRET, allow_private: true}
  mail: {type: email, host: 127.0.0.1, port: %d, security: starttls, username: monitor, password_env: SMTP_PASSWORD,
         sender: a@example.com, to: [b@example.com], allow_private: true}
routes:
  - {team: robot, digest: feishu}
fallback: robot
"""


class Mirror(http.server.BaseHTTPRequestHandler):
    """Other people's service that fails, and says in its answer all that it was sent."""

    heard: int = 0

    def do_POST(self) -> None:
        Mirror.heard += 1
        sent = self.rfile.read(int(self.headers.get("content-length", 0)))
        said = json.dumps(
            {"errcode": 1, "errmsg": f"wrong: {self.path} {self.headers}", "sent": sent.decode()}
        ).encode()
        self.send_response(500)
        self.send_header("content-type", "application/json")
        self.send_header("x-again", self.path)
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_POST  # noqa: N815  (as the base class asks)

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


@pytest.fixture
def mirror() -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def signing(name: str) -> str:
    return "whsec_" + base64.b64encode(f"{MARK}-{name}-of-24-bytes-and-more".encode()).decode()


def secrets_of(port: int) -> dict[str, str]:
    """Return every secret there is, each with the mark in it."""
    at = f"http://127.0.0.1:{port}"
    return {
        "PRESALES_LISTEN__TOKEN": f"{MARK}-listen-token",
        "PRESALES_MQTT__PASSWORD": f"{MARK}-mqtt",
        "PRESALES_WEBHOOK__SECRET": signing("webhook"),
        "PRESALES_ALERTS__PING_URL": f"{at}/ping/{MARK}-ping",
        "PRESALES_SUGGESTIONS__MODEL_KEY": f"{MARK}-model",
        "PRESALES_HOOK_MY_SYSTEM_SECRET": f"{MARK}-hook",
        "DING_URL": f"{at}/robot/send?access_token={MARK}-ding",
        "DING_SECRET": f"SEC{MARK}-ding-sign",
        "FEISHU_URL": f"{at}/open-apis/bot/v2/hook/{MARK}-feishu",
        "FEISHU_SECRET": f"{MARK}-feishu-sign",
        "CRM_URL": f"http://user:{MARK}-user@127.0.0.1:{port}/crm?key={MARK}-crm",
        "CRM_SECRET": signing("crm"),
        "SMTP_PASSWORD": f"{MARK}-mail",
    }


def settings_of(port: int) -> dict[str, str]:
    """Return settings that make use of each secret, most of which lead nowhere."""
    return secrets_of(port) | {
        "PRESALES_MQTT__HOST": "127.0.0.1",
        "PRESALES_MQTT__PORT": str(free_port()),
        "PRESALES_MQTT__USERNAME": "monitor",
        "PRESALES_WEBHOOK__URL": f"http://user:{MARK}-own@127.0.0.1:{port}/hook?key={MARK}-query",
        "PRESALES_ALERTS__PING_SECONDS": "5",
        "PRESALES_SUGGESTIONS__MODEL_URL": f"http://127.0.0.1:{port}/v1",
        "PRESALES_SUGGESTIONS__MODEL_NAME": "m",
        "PRESALES_CATCH_UP_SECONDS": "3600",
    }


def marks() -> list[str]:
    """Return what must be found nowhere: the mark, as it is and as the signing keys have it."""
    return [MARK, *(signing(name).removeprefix("whsec_")[:16] for name in ("webhook", "crm"))]


def test_every_secret_setting_is_tried_here() -> None:
    named = {"PRESALES_" + "__".join(name).upper() for name, kind in _leaves(Settings) if _is_secret(kind)}
    assert named <= secrets_of(1).keys()


def drive(url: str, answers: list[str]) -> None:
    """Let everything go wrong, and keep each answer."""
    good = {"Authorization": f"Bearer {MARK}-listen-token"}
    now = int(time.time() * 1000)
    said = {"shop": "senye", "platform": "taobao", "role": "buyer", "text": "包邮吗?", "buyer": "张三"}
    old = [said | {"id": f"m-{n}", "ts": now - 1000 * (400 - n), "conversation": f"c-{n}"} for n in range(5)]
    with httpx.Client(base_url=url, timeout=DEADLINE_SECONDS, verify=PLAIN, trust_env=False) as client:

        def ask(method: str, path: str, headers: dict[str, str] | None = None, **more: object) -> None:
            answer = client.request(method, path, headers=headers, **more)  # type: ignore[arg-type]
            answers.append(f"{answer.status_code} {dict(answer.headers)} {answer.text}")

        ask("POST", "/v1/events", good, json=old)
        ask("POST", "/v1/events", good, json=[{"id": 1}, "x"])
        for wrong in (f"Bearer {MARK}-wrong", f"Basic {MARK}", f"{MARK}"):
            ask("GET", "/v1/waits", {"Authorization": wrong})
        ask("GET", "/", {"Cookie": f"presales_token={MARK}-cookie", "Accept": "text/html"})
        ask("POST", "/login", data={"token": f"{MARK}-form"})
        ask("POST", "/v1/hooks/my_system", {"X-Signature": f"{MARK}-signature"}, json={"kind": "typing"})
        ask("POST", "/v1/hooks/my_system", good, content=b"{")
        asked = {"shop": "senye", "text": "包邮吗?", "rewrite": True}
        ask("POST", "/v1/suggestions", good, json=asked)
        ask("GET", "/v1/suggestions?shop=senye&conversation=c-1&rewrite=true", good)
        ask("POST", "/v1/rules/reload", good)
        for path in ("/metrics", "/v1/rules", "/v1/quarantine", "/v1/sources", "/v1/alerts?state=all", "/v1/me",
                     "/readyz", "/docs", "/openapi.json", "/asyncapi.json", "/v1/nothing"):  # fmt: skip
            ask("GET", path, good)


async def test_no_secret_is_printed_or_answered_whatever_goes_wrong(tmp_path: Path, mirror: int) -> None:
    rules = tmp_path / "rules"
    shutil.copytree(ALL_HOURS, rules)
    (rules / "channels.yaml").write_text(CHANNELS % free_port(), "utf-8")
    Mirror.heard = 0
    answers: list[str] = []
    program = Program(tmp_path, settings=settings_of(mirror) | {"PRESALES_RULES": str(rules)})
    line, wrong = program.url.replace("http", "ws") + "/v1/live", {"Authorization": f"Bearer {MARK}-line"}
    try:
        await asyncio.to_thread(program.until, lambda: "board and API" in program.printed(), "up")
        await asyncio.to_thread(drive, program.url, answers)
        with pytest.raises(InvalidStatus):
            await connect(line, proxy=None, additional_headers=wrong)
        failed = ("mqtt", "alerts.ping_url", "channel ")
        await asyncio.to_thread(program.until, lambda: all(one in program.printed() for one in failed), "all failed")
        await asyncio.to_thread(program.until, lambda: Mirror.heard >= 4, "asking others")
        await asyncio.to_thread(drive, program.url, answers)
    finally:
        program.process.kill()
        program.process.wait(DEADLINE_SECONDS)
    printed = program.printed()
    assert len(answers) >= 40
    for mark in marks():
        assert mark not in printed
        assert not [answer for answer in answers if mark in answer]


@pytest.mark.parametrize(
    "wrong",
    [
        {"PRESALES_WEBHOOK__SECRET": f"{MARK}-is-no-key"},
        {"PRESALES_LISTEN__TOKEN": MARK},
        {"PRESALES_ALERTS__PING_URL": f"ftp://{MARK}"},
        {"PRESALES_LISTEN__TOKNE": MARK},
        {"PRESALES_SUGGESTIONS__MODEL_NAME": ""},
        {},
    ],
)
def test_settings_are_shown_and_refused_without_their_secrets(tmp_path: Path, wrong: dict[str, str]) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PRESALES_")}
    shown = subprocess.run(
        [sys.executable, "-m", "monitor", "config", "--show"],
        env=environ | settings_of(1) | wrong,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    said = shown.stdout + shown.stderr
    assert said
    assert shown.returncode == (2 if wrong else 0), said
    for mark in marks():
        assert mark not in said.lower()
