from pathlib import Path

import pytest

from monitor.policy_files.channels import NO_CHANNELS, DingTalk, Quiet, load
from monitor.policy_files.where import default_folder

GOOD = """
version: 1
channels:
  team_a: {type: dingtalk, url_env: DING_URL, secret_env: DING_SECRET, fallback: mail, limits: {per_minute: 18}}
  mail: {type: email, host: smtp.example.com, sender: a@example.com, to: [b@example.com], lang: en}
  crm: {type: webhook, url_file: /run/crm, secret_env: CRM}
mentions:
  小王: {mobile: "13800000000"}
routes:
  - {match: {team: [a组]}, team: team_a, mention: [小王], digest: mail}
fallback: mail
chat_links: {tmall: "aliim:sendmsg?touid={buyer}"}
"""


def written(folder: Path, text: str) -> Path:
    (folder / "channels.yaml").write_text(text, "utf-8")
    return folder


def test_the_shipped_file_is_good_and_sends_nothing() -> None:
    plan, faults = load(default_folder())
    assert faults == []
    assert (plan.channels, plan.routes, plan.mentions) == ({}, [], {})


def test_the_examples_of_the_shipped_file_are_good(tmp_path: Path) -> None:
    text = (default_folder() / "channels.yaml").read_text("utf-8")
    for empty in ("channels: {}", "mentions: {}", "routes: []", "chat_links: {}"):
        text = text.replace(empty, empty.split()[0])
    text = text.replace("\n#  ", "\n  ").replace("\n# fallback:", "\nfallback:")
    plan, faults = load(written(tmp_path, text))
    assert faults == []
    assert {channel.type for channel in plan.channels.values()} == {
        "dingtalk", "feishu", "wecom", "slack", "teams", "email", "log", "webhook", "alertmanager",
    }  # fmt: skip
    assert plan.fallback == "log"


def test_a_file_says_where_what_goes(tmp_path: Path) -> None:
    plan, faults = load(written(tmp_path, GOOD))
    assert faults == []
    ding = plan.channels["team_a"]
    assert isinstance(ding, DingTalk)
    assert (ding.url_env, ding.fallback, ding.lang, ding.allow_private) == ("DING_URL", "mail", "zh", False)
    (route,) = plan.routes
    assert route.match.matches("a组", ["jd"], ["senye"])
    assert not route.match.matches("b组", ["jd"], ["senye"])


@pytest.mark.parametrize(
    ("was", "is_", "said"),
    [
        ("type: dingtalk", "type: dingtlak", "dingtalk"),
        ("url_env: DING_URL", "url: https://x/?key=secret", "url is not known here; did you mean url_env?"),
        ("url_env: DING_URL, ", "", "give url_env or url_file"),
        ("url_env: DING_URL", "url_env: https://x/?token=geheim", "write the name of an environment variable"),
        ("url_env: DING_URL", "url_file: https://x/?token=geheim", "write the path of a file"),
        ("secret_env: CRM", "secret_env: SECgeheim0123", "write the name of an environment variable"),
        ("team_a:", "team.a:", "team.a cannot name a channel: no spaces"),
        ("fallback: mail,", "fallback: mial,", "there is no channel mial; did you mean mail?"),
        ("fallback: mail,", "fallback: crm,", "no fallback from or to one"),
        ("per_minute: 18", "per_minute: 19", "at most 18: dingtalk takes 20 a minute"),
        ("mention: [小王]", "mention: [小汪]", "nobody called 小汪 in mentions"),
        ("{mobile:", "{mobil:", "did you mean mobile?"),
        ("team: team_a,", "team: team_b,", "there is no channel team_b; did you mean team_a?"),
        ("team: team_a,", "team: crm,", "crm is for programs"),
        ("{buyer}", "{buyr}", "{buyr} is no variable; did you mean buyer?"),
        ("lang: en", 'lang: en, templates: {title: "{lft} {agent}"}', "{lft} is no variable; did you mean left?"),
        ("lang: en", 'lang: en, templates: {title: "{agent.__class__}"}', "is no variable"),
        ("lang: en", 'lang: en, templates: {body: "{agent!r}"}', "takes no format"),
        ("lang: en", 'lang: en, templates: {body: "{agent"}', "not a template"),
        ("lang: en", 'lang: en, templates: {kinds: {score: {title: "{budgt}"}}}', "did you mean budget?"),
        ("lang: en", 'lang: en, templates: {kinds: {storm: {body: "{budget}"}}}', "{budget} is no variable"),
        ("lang: en", "lang: en, templates: {kinds: {strom: {}}}", "strom"),
        ("lang: en", "lang: de", "'de' is none of zh, en"),
        (", secret_env: CRM}", "}", "what is posted is signed"),
        ("version: 1", "version: 1\nzone: Asia/Shanghi", "is no time zone"),
        ("lang: en", "lang: en, fallback: team_a", "lead back to it"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, was: str, is_: str, said: str) -> None:
    assert was in GOOD
    plan, faults = load(written(tmp_path, GOOD.replace(was, is_, 1)))
    assert plan is NO_CHANNELS
    assert any(said in fault.message for fault in faults), faults
    assert all(fault.line for fault in faults)
    assert "geheim" not in str(faults)


def test_quiet_hours_may_pass_over_midnight() -> None:
    night = Quiet.model_validate({"from": "22:00", "until": "08:00"})
    noon = Quiet.model_validate({"from": "12:00", "until": "13:00"})
    hour = 3_600_000
    assert [night.covers(at * hour) for at in (21, 22, 23, 0, 7, 8)] == [False, True, True, True, True, False]
    assert [noon.covers(at * hour) for at in (11, 12, 13)] == [False, True, False]


def test_a_wrong_template_is_named_with_its_line_and_column(tmp_path: Path) -> None:
    lines = ["version: 1", "channels:", "  a:", "    type: log", "    templates:", "      kinds:", "        several:"]
    path = written(tmp_path, "\n".join([*lines, "          title: a", '          body: "{agent} {nobody}"']))
    _, [fault] = load(path)
    assert str(fault).partition(" ")[0].endswith("channels.yaml:9:17:")
    assert "{nobody} is no variable" in str(fault)
