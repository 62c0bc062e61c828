from pathlib import Path

import pytest

from monitor.alerts.channels.made import made
from monitor.clock import Clock
from monitor.errors import UsageError
from monitor.policy_files.channels import load
from tests.alerts.channels.endpoint import SECRET

FILE = """
version: 1
channels:
  ding: {type: dingtalk, url_env: DING_URL, secret_file: SECRET_FILE, fallback: mail}
  lark: {type: lark, url_env: LARK_URL}
  wecom: {type: wecom, url_env: WECOM_URL, limits: {per_month: 3}}
  slack: {type: slack, url_env: SLACK_URL}
  teams: {type: teams, url_env: TEAMS_URL}
  mail: {type: email, host: smtp.example.com, sender: a@example.com, to: [b@example.com]}
  log: {type: log}
  else: {type: apprise, url_env: ELSE_URL}
  hook: {type: webhook, url_env: HOOK_URL, secret_env: HOOK_SECRET, format: cloudevents}
  am: {type: alertmanager, url_env: AM_URL}
"""
KEY = "key-that-is-a-secret"
WITH_KEY = ("DING_URL", "LARK_URL", "WECOM_URL", "SLACK_URL", "TEAMS_URL", "HOOK_URL", "AM_URL")
ENVIRON = dict.fromkeys(WITH_KEY, f"https://hooks.example.com/{KEY}") | {
    "ELSE_URL": "json://example.com/key",
    "HOOK_SECRET": SECRET,
}


def write(folder: Path) -> Path:
    secret = folder / "secret"
    secret.write_text("SEC123\n")
    (folder / "channels.yaml").write_text(FILE.replace("SECRET_FILE", str(secret)))
    return secret


def test_each_channel_of_the_file_is_made(tmp_path: Path) -> None:
    write(tmp_path)
    plan, faults = load(tmp_path)
    assert faults == []
    routes = {name: made(plan, name, Clock(), environ=ENVIRON).route for name in plan.channels}
    assert all(route.channel == name for name, route in routes.items())
    assert {name for name, route in routes.items() if not route.for_people} == {"hook", "am"}
    assert (routes["ding"].per_minute, routes["ding"].fallback) == (6, "mail")
    assert (routes["mail"].per_minute, routes["wecom"].per_month) == (None, 3)


def test_one_of_them_alone_needs_only_its_own_secrets(tmp_path: Path) -> None:
    write(tmp_path)
    plan, _ = load(tmp_path)
    assert made(plan, "log", Clock(), environ={}).route.channel == "log"


@pytest.mark.parametrize(
    ("channel", "missing", "value", "said"),
    [
        ("slack", "SLACK_URL", "", "channel slack: url_env: SLACK_URL is not set"),
        ("slack", "SLACK_URL", f"ftp://x/{KEY}", "channel slack: the address must begin with"),
        ("hook", "HOOK_SECRET", "hush-hush", "hook: the secret must be whsec_"),
    ],
)
def test_what_is_missing_is_said_and_no_secret_is(
    tmp_path: Path, channel: str, missing: str, value: str, said: str
) -> None:
    write(tmp_path)
    plan, _ = load(tmp_path)
    with pytest.raises(UsageError, match=said) as error:
        made(plan, channel, Clock(), environ=ENVIRON | {missing: value})
    assert KEY not in str(error.value)
    assert "hush-hush" not in str(error.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    write(tmp_path).unlink()
    plan, _ = load(tmp_path)
    with pytest.raises(UsageError, match=r"channel ding: secret_file: .* No such file"):
        made(plan, "ding", Clock(), environ=ENVIRON)
