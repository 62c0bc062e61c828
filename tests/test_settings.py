"""Settings come from the environment, then the file, then the defaults; a wrong one stops the start."""

from pathlib import Path
from typing import Any

import pytest

from monitor.errors import UsageError
from monitor.settings import MASK, Settings, load
from monitor.web.intake import ROOM_BYTES

SIGNING_SECRET = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo="


def toml(folder: Path, text: str) -> Path:
    path = folder / "presales.toml"
    path.write_text(text, "utf-8")
    return path


def test_the_environment_goes_before_the_file_and_the_file_before_the_default(tmp_path: Path) -> None:
    path = toml(tmp_path, '[listen]\nhost = "127.0.0.2"\nport = 9000\n')
    settings = load(path, environ={"PRESALES_LISTEN__PORT": "9001"})
    assert (settings.listen.host, settings.listen.port) == ("127.0.0.2", 9001)
    assert settings.limits.batch_events == 10_000


def test_the_command_line_goes_before_the_environment() -> None:
    settings = load(environ={"PRESALES_DATA": "/from/env"}, overrides={"data": "/from/command"})
    assert settings.data == Path("/from/command")


def test_without_a_file_named_the_one_in_the_working_folder_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toml(tmp_path, 'clock = "event"\n')
    monkeypatch.chdir(tmp_path)
    assert load(environ={}).clock == "event"


def test_the_defaults_are_those_of_the_contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load(environ={})
    assert settings == Settings()
    assert settings.listen.host == "127.0.0.1"
    assert settings.listen.port == 8480
    assert settings.limits.body_bytes == 8 * 1024 * 1024
    assert settings.limits.event_bytes == 256 * 1024
    assert settings.limits.text_bytes == 64 * 1024
    assert settings.mqtt.host is None
    assert settings.mqtt.topic == "presales/v1/events/#"


def test_sizes_may_be_written_with_a_unit() -> None:
    assert load(environ={"PRESALES_LIMITS__BODY_BYTES": "16MiB"}).limits.body_bytes == 16 * 1024 * 1024


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"PRESALES_LISTEN__PORT": "eighty"}, r"listen\.port \(PRESALES_LISTEN__PORT\): .*integer"),
        ({"PRESALES_LISTEN__PORT": "70000"}, r"listen\.port .*65535"),
        ({"PRESALES_LIMITS__BODY_BYTES": "0"}, r"limits\.body_bytes .*more than 0"),
        ({"PRESALES_CLOCK": "sundial"}, r"clock .*'wall' or 'event'"),
        ({"PRESALES_LATENESS_SECONDS": "inf"}, r"lateness_seconds .*finite"),
        ({"PRESALES_GIVE_UP_SECONDS": "0"}, r"give_up_seconds .*greater than 0"),
        ({"PRESALES_MQTT__VERSION": "4"}, r"mqtt\.version .*'5' or '3\.1\.1'"),
        ({"PRESALES_MQTT__PASSWORD": "x"}, r"mqtt: a password needs a username"),
        (
            {"PRESALES_MQTT__SHARE": "a", "PRESALES_MQTT__TOPIC": "$share/b/x/#"},
            r"mqtt: topic names a group of its own",
        ),
        ({"PRESALES_MQTT__CERT_FILE": "c.pem"}, r"mqtt: cert_file and key_file need each other"),
        ({"PRESALES_MQTT__CA_FILE": "c.pem"}, r"mqtt: .*need tls = true"),
        ({"PRESALES_WEBHOOK__URL": "ftp://host/x"}, r"webhook\.url .*http"),
        ({"PRESALES_WEBHOOK__URL": "http://host:99999/x"}, r"webhook\.url .*http:// or https:// address"),
        ({"PRESALES_WEBHOOK__URL": "http://[::1/x"}, r"webhook\.url .*http:// or https:// address"),
        ({"PRESALES_WEBHOOK__SECRET": "密钥"}, r"webhook\.secret .*24 to 64 bytes"),
        ({"PRESALES_MQTT__HOST": "mqtt://broker:1883"}, r"mqtt\.host \(PRESALES_MQTT__HOST\): .*alone"),
        ({"PRESALES_LISTEN__HOST": "http://0.0.0.0"}, r"listen\.host .*alone"),
        (
            {"PRESALES_LISTEN__PROXIES": "127.0.0.1,10.0.0.0/8"},
            r"listen\.proxies\.1 \(PRESALES_LISTEN__PROXIES\): .*10.0.0.5",
        ),
        ({"PRESALES_DATA": ""}, r"data \(PRESALES_DATA\): is empty"),
        ({"PRESALES_DATA": "~nobody-of-this-name/x"}, r"data .*home is not known"),
        ({"PRESALES_RULES": ""}, r"rules \(PRESALES_RULES\): is empty"),
        ({"PRESALES_LIMITS__BODY_BYTES": "65MiB"}, r"limits\.body_bytes .*67108864"),
        ({"PRESALES_JOURNAL__KEEP_DAYS": "1000000000000"}, r"journal\.keep_days .*36500"),
        ({"PRESALES_LATENESS_SECONDS": "1e300"}, r"lateness_seconds .*315360000"),
        ({"PRESALES_WEBHOOK__SECRET": "whsec_dG9vLXNob3J0"}, r"webhook\.secret .*24 to 64 bytes"),
        ({"PRESALES_LISTEN__TOKEN": "short"}, r"listen\.token .*16 or more"),
        ({"PRESALES_LISTN__PORT": "1"}, r"PRESALES_LISTN__PORT: no such setting; did you mean PRESALES_LISTEN__PORT\?"),
        ({"PRESALES_NONSENSE__AT_ALL": "1"}, r"PRESALES_NONSENSE__AT_ALL: no such setting"),
        ({"PRESALES_MQTT__PASSWORD_FILE": "/no/such/file"}, r"PRESALES_MQTT__PASSWORD_FILE: /no/such/file: No such"),
        ({"PRESALES_MQTT__PASSWORD_FILE": "f", "PRESALES_MQTT__PASSWORD": "x"}, r"both set: keep one"),
    ],
)
def test_a_wrong_value_in_the_environment_is_named(environ: dict[str, str], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        load(environ=environ)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[listen]\nport = -1\n", r"listen\.port \(.*presales\.toml\): "),
        ("[listen]\nprot = 1\n", r"presales\.toml: listen\.prot: no such setting; did you mean listen\.port\?"),
        ("listen = 8480\n", r"listen is a table: write \[listen\]"),
        ("port = \n", r"presales\.toml: is not TOML: .*line 1"),
        ("[mqtt]\npassword_file = 3\n", r"mqtt\.password_file must name a file"),
        ("[mqtt]\npassword_file = 'f'\npassword = 'x'\n", r"mqtt\.password and mqtt\.password_file are both set"),
        ("[listen]\ndata = 'x'\n", r"listen\.data: no such setting; did you mean data\?"),
        ("keep_days = 3\n", r"keep_days: no such setting; did you mean journal\.keep_days or privacy\.keep_days\?"),
    ],
)
def test_a_wrong_line_in_the_file_is_named(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        load(toml(tmp_path, text), environ={})


def test_a_file_asked_for_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"missing\.toml: cannot be read: No such file"):
        load(tmp_path / "missing.toml", environ={})


def test_a_wrong_secret_is_not_repeated_in_the_error() -> None:
    with pytest.raises(UsageError) as raised:
        load(environ={"PRESALES_WEBHOOK__SECRET": "hush-hush"})
    assert "hush" not in str(raised.value)


def test_a_secret_can_be_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("p a s s\n", "utf-8")
    by_variable = load(
        environ={"PRESALES_MQTT__USERNAME": "u", "PRESALES_MQTT__PASSWORD_FILE": str(tmp_path / "password")}
    )
    by_file = load(toml(tmp_path, f'[mqtt]\nusername = "u"\npassword_file = "{tmp_path / "password"}"\n'), environ={})
    for settings in (by_variable, by_file):
        assert settings.mqtt.password is not None
        assert settings.mqtt.password.get_secret_value() == "p a s s"


def test_a_path_may_begin_at_home_and_an_address_is_as_the_system_writes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    settings = load(environ={"PRESALES_DATA": "~/presales", "PRESALES_LISTEN__PROXIES": "10.0.0.5, 0:0::1"})
    assert settings.data == tmp_path / "presales"
    assert settings.listen.proxies == ("10.0.0.5", "::1")


def test_no_body_is_allowed_that_could_never_be_taken() -> None:
    assert load(environ={"PRESALES_LIMITS__BODY_BYTES": str(ROOM_BYTES)}).limits.body_bytes == ROOM_BYTES


def test_names_that_only_share_the_prefix_are_left_alone() -> None:
    environ = {"PRESALES_SERVICE_HOST": "10.0.0.1", "OTHER": "1"}
    assert load(environ=environ) == Settings()


def test_the_environment_may_name_the_file_and_the_command_line_goes_before_it(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    path, other = toml(tmp_path, "[listen]\nport = 9000\n"), toml(tmp_path / "one", "[listen]\nport = 9001\n")
    assert load(environ={"PRESALES_CONFIG": str(path)}).listen.port == 9000
    assert load(other, environ={"PRESALES_CONFIG": str(path)}).listen.port == 9001


def test_the_file_that_the_environment_names_may_begin_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    toml(tmp_path, "[listen]\nport = 9000\n")
    assert load(environ={"PRESALES_CONFIG": "~/presales.toml"}).listen.port == 9000


def test_what_is_shown_has_every_setting_and_no_secret() -> None:
    settings = load(
        environ={
            "PRESALES_MQTT__USERNAME": "collector",
            "PRESALES_MQTT__PASSWORD": "swordfish-1",
            "PRESALES_WEBHOOK__SECRET": SIGNING_SECRET,
            "PRESALES_WEBHOOK__URL": "https://me:swordfish-2@robot.example/send?access_token=swordfish-3",
            "PRESALES_LISTEN__TOKEN": "swordfish-4-and-more",
            "PRESALES_SUGGESTIONS__MODEL_URL": "https://me:swordfish-5@model.example/v1?key=swordfish-6",
            "PRESALES_SUGGESTIONS__MODEL_NAME": "small",
        }
    )
    shown: dict[str, Any] = settings.shown()
    assert shown["mqtt"]["password"] == MASK
    assert shown["webhook"]["secret"] == MASK
    assert shown["webhook"]["url"] == f"https://{MASK}@robot.example/send?{MASK}"
    assert shown["mqtt"]["username"] == "collector"
    assert shown["limits"]["body_bytes"] == 8 * 1024 * 1024
    assert shown["data"] == "presales-data"
    assert "swordfish" not in repr(shown)
    assert SIGNING_SECRET not in repr(settings)
    assert set(shown) == set(Settings.model_fields)
