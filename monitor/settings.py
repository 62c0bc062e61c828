"""Deployment settings: environment > file > defaults.

Every setting has one dotted name, ``listen.port``. In ``presales.toml`` it is
``port`` in the table ``[listen]``; in the environment ``PRESALES_LISTEN__PORT``.
A secret can also be read from a file: ``PRESALES_MQTT__PASSWORD_FILE`` or
``password_file`` name one (its last line end is dropped). A wrong value, or a
name that does not exist, stops the start and says where it stands and what
would be right; its text is not repeated, for it may be a secret.
"""

import difflib
import os
import tomllib
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from urllib.parse import urlsplit

from pydantic import BaseModel, ByteSize, ConfigDict, Field, SecretStr, ValidationError, model_validator

from monitor.errors import UsageError
from monitor.setting_values import (
    MIB,
    Address,
    Bytes,
    Days,
    FileOrFolder,
    Host,
    HttpUrl,
    Items,
    Pace,
    Port,
    Seconds,
    SecretUrl,
    SigningSecret,
    Token,
    path_given,
)

ENV_PREFIX = "PRESALES_"
DEFAULT_FILE = Path("presales.toml")
MASK = "********"

CONFIG_ENV = "PRESALES_CONFIG"  # No setting: where the file is, unless the command line says.


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Listen(_Section):
    """Where the one port is; port 0 takes a free one."""

    host: Host = "127.0.0.1"
    port: int = Field(default=8480, ge=0, le=65535)
    token: Token | None = None  # One that opens every route, for containers.
    # Where a proxy that has logged people in says who asks, and the addresses it is believed from.
    user_header: str | None = Field(default=None, min_length=1, pattern=r"^[A-Za-z0-9-]+$")
    proxies: Annotated[tuple[Address, ...], Items] = ("127.0.0.1", "::1")
    cert_file: FileOrFolder | None = None  # The port then speaks TLS.
    key_file: FileOrFolder | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> "Listen":
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file and key_file need each other")
        return self


class Limits(_Section):
    """How much one sender may bring at once; sizes as bytes or like ``8MiB``."""

    # All that waits to be stored has 64 MiB: what is larger would never be taken.
    body_bytes: Annotated[Bytes, Field(le=64 * MIB)] = ByteSize(8 * MIB)
    batch_events: int = Field(default=10_000, ge=1)
    event_bytes: Bytes = ByteSize(256 * 1024)
    text_bytes: Bytes = ByteSize(64 * 1024)
    connections_per_address: int = Field(default=512, ge=1)  # But for the addresses of listen.proxies.
    # Of one token, or of one address without one; ten seconds' worth at once. A collector that sends each message by
    # itself stays far below, and so do a hundred pages of one token.
    sends_per_second: Pace = 2_000
    asks_per_second: Pace = 500


class Mqtt(_Section):
    """The MQTT door and where alerts are published; without a host there is none."""

    host: Host | None = None
    port: Port = 1883
    username: str | None = None
    password: SecretStr | None = None
    version: Literal["5", "3.1.1"] = "5"
    client_id: str | None = Field(default=None, min_length=1)
    topic: str = Field(default="presales/v1/events/#", min_length=1)
    share: str | None = Field(default=None, min_length=1, pattern=r"^[^/#+]+$")
    tls: bool = False
    ca_file: FileOrFolder | None = None
    cert_file: FileOrFolder | None = None
    key_file: FileOrFolder | None = None
    alerts_topic: str = Field(default="presales/v1/alerts", min_length=1, pattern=r"^[^#+]+$")
    suggestions_topic: str = Field(default="presales/v1/suggestions", min_length=1, pattern=r"^[^#+]+$")

    @model_validator(mode="after")
    def _fits_together(self) -> "Mqtt":
        if self.password is not None and self.username is None:
            raise ValueError("a password needs a username")
        if self.share is not None and self.topic.startswith("$share/"):
            raise ValueError("topic names a group of its own: leave out share")
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file and key_file need each other")
        if not self.tls and (self.ca_file or self.cert_file):
            raise ValueError("ca_file and cert_file need tls = true")
        return self


class Webhook(_Section):
    """The generic webhook for alerts; without a url there is none."""

    url: HttpUrl | None = None
    secret: SigningSecret | None = None


class AlertSettings(_Section):
    """What alerts need besides their channels, and how the service proves that they work."""

    base_url: HttpUrl | None = None  # Where people reach the port, for links.
    canary: bool = False
    canary_late_seconds: Annotated[Seconds, Field(gt=0)] = 20
    ping_url: SecretUrl | None = None
    ping_seconds: Annotated[Seconds, Field(ge=5)] = 60


class SuggestionSettings(_Section):
    """Quick replies for agents, and the model that may word them anew; without a ``model_url`` there is none."""

    enabled: bool = True
    model_url: HttpUrl | None = None
    model_name: str | None = Field(default=None, min_length=1)
    model_key: SecretStr | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> "SuggestionSettings":
        if (self.model_url is None) != (self.model_name is None):
            raise ValueError("model_url and model_name need each other")
        return self


class Privacy(_Section):
    """What is kept of words and names, and for how long; afterwards names are keyed hashes and words are gone.

    ``text`` off keeps of what is said nothing but lengths, hashes and what was decided of it.
    """

    text: Literal["masked", "off"] = "masked"
    keep_days: Days = 7
    keep_flagged_days: Days = 90  # Of chats with an alert, or a marked word.


class JournalSettings(_Section):
    """How long events are kept, and when to warn of a full disk."""

    keep_days: Days = 90
    warn_free_bytes: Bytes = ByteSize(1024 * MIB)


class Settings(_Section):
    """All settings of one service."""

    data: FileOrFolder = Path("./presales-data")
    rules: FileOrFolder | None = None
    clock: Literal["wall", "event"] = "wall"
    lateness_seconds: Seconds = 600
    catch_up_seconds: Seconds = 30
    give_up_seconds: Annotated[Seconds, Field(gt=0)] = 604_800
    listen: Listen = Listen()
    limits: Limits = Limits()
    mqtt: Mqtt = Mqtt()
    webhook: Webhook = Webhook()
    journal: JournalSettings = JournalSettings()
    privacy: Privacy = Privacy()
    suggestions: SuggestionSettings = SuggestionSettings()
    alerts: AlertSettings = AlertSettings()

    def shown(self) -> dict[str, Any]:
        """Return all settings as plain values, secrets masked, for ``config --show``."""
        plain: dict[str, Any] = {}
        for name, annotation in _leaves():
            value: Any = self
            for part in name:
                value = getattr(value, part)
            if value is not None and _is_secret(annotation):
                value = MASK
            elif isinstance(value, Path):
                value = str(value)
            elif name[-1].endswith("url") and value is not None:
                value = _url_shown(value)
            elif isinstance(value, ByteSize):
                value = int(value)
            at = plain
            for part in name[:-1]:
                at = at.setdefault(part, {})
            at[name[-1]] = value
        return plain


def load(
    config: Path | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Settings:
    """Read the settings.

    Takes the file, puts the environment over it and ``overrides`` over that,
    then checks the whole.

    Args:
        config: the file; None takes that of ``PRESALES_CONFIG``, else ``presales.toml`` where it exists.
        environ: None takes the process's own.
        overrides: dotted names with values, from the command line.

    Raises:
        UsageError: a value or a name is wrong, or a file cannot be read.
    """
    merged: dict[str, Any] = {}
    places: dict[str, str] = {}
    environ = os.environ if environ is None else environ
    if config is None and environ.get(CONFIG_ENV):
        try:
            config = path_given(environ[CONFIG_ENV])
        except ValueError as error:
            raise UsageError(f"{CONFIG_ENV} {error}") from None
    if config is not None or DEFAULT_FILE.exists():
        path = config or DEFAULT_FILE
        for name, value in _from_file(path):
            _put(merged, name, value)
            places[".".join(name)] = str(path)
    for name, value, variable in _from_environment(environ):
        _put(merged, name, value)
        places[".".join(name)] = variable
    for dotted, value in (overrides or {}).items():
        _put(merged, tuple(dotted.split(".")), value)
        places[dotted] = "the command line"
    try:
        return Settings.model_validate(merged)
    except ValidationError as error:
        raise UsageError(_worded(error, places)) from None


def _leaves(model: type[BaseModel] = Settings, prefix: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every setting: its name in parts, and its type."""
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _leaves(kind, (*prefix, name))
        else:
            yield (*prefix, name), kind


def _is_secret(annotation: Any) -> bool:
    if annotation is SecretStr:
        return True
    if get_origin(annotation) in (Union, types.UnionType, Annotated):
        return any(_is_secret(part) for part in get_args(annotation))
    return False


def _put(at: dict[str, Any], name: tuple[str, ...], value: Any) -> None:
    for part in name[:-1]:
        at = at.setdefault(part, {})
    at[name[-1]] = value


def _from_file(path: Path) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Settings of a TOML file, secrets read from the files it names."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: is not UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: is not TOML: {error}") from None
    names = dict(_leaves())
    sections = {name[0] for name in names if len(name) > 1}
    flat: list[tuple[tuple[str, ...], Any]] = []
    for key, value in table.items():
        if key in sections:
            if not isinstance(value, dict):
                raise UsageError(f"{path}: {key} is a table: write [{key}]")
            flat += [((key, inner), inside) for inner, inside in value.items()]
        else:
            flat.append(((key,), value))
    for name, value in flat:
        if name in names:
            yield name, value
            continue
        secret = (*name[:-1], name[-1].removesuffix("_file"))
        if name[-1].endswith("_file") and _is_secret(names.get(secret)):
            if not isinstance(value, str):
                raise UsageError(f"{path}: {'.'.join(name)} must name a file")
            if secret in dict(flat):
                raise UsageError(f"{path}: {'.'.join(secret)} and {'.'.join(name)} are both set: keep one")
            yield secret, _read_secret(value, f"{path}: {'.'.join(name)}")
            continue
        known = [".".join(known) for known in names]
        meant = _meant(".".join(name), known) or _in_another_table(name[-1], known)
        raise UsageError(f"{path}: {'.'.join(name)}: no such setting{meant}")


def _from_environment(environ: Mapping[str, str]) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Settings of the environment: name, value, variable.

    Variables that merely share the prefix are left alone (an orchestrator makes
    ``PRESALES_PORT`` for a service called presales), unless they look like a
    setting with a slip in it.

    Raises:
        UsageError: a variable looks like a setting but is none, or both a
            secret and its file are given.
    """
    names: dict[str, tuple[str, ...]] = {}
    files: dict[str, tuple[str, ...]] = {}
    for name, annotation in _leaves():
        variable = ENV_PREFIX + "__".join(name).upper()
        names[variable] = name
        if _is_secret(annotation):
            files[f"{variable}_FILE"] = name
    for variable, value in sorted(environ.items()):
        if variable in names:
            yield names[variable], value, variable
        elif variable in files:
            if variable.removesuffix("_FILE") in environ:
                raise UsageError(f"{variable} and {variable.removesuffix('_FILE')} are both set: keep one")
            yield files[variable], _read_secret(value, variable), variable
        elif variable.startswith(ENV_PREFIX) and variable != CONFIG_ENV:
            meant = _meant(variable, [*names, *files])
            if meant or "__" in variable:
                raise UsageError(f"{variable}: no such setting{meant}")


def _read_secret(path: str, where: str) -> str:
    try:
        return path_given(path).read_text("utf-8").removesuffix("\n").removesuffix("\r")
    except OSError as error:
        reason = error.strerror or str(error)
    except UnicodeDecodeError:
        reason = "is not UTF-8"
    except ValueError as error:
        reason = str(error)
    raise UsageError(f"{where}: {path}: {reason}")


def _meant(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.85)
    return f"; did you mean {close[0]}?" if close else ""


def _in_another_table(name: str, known: list[str]) -> str:
    """Return where a setting belongs that stands in the wrong table, or in none."""
    found = [one for one in known if one.rpartition(".")[2] == name]
    return f"; did you mean {' or '.join(found)}?" if found else ""


def _worded(error: ValidationError, places: Mapping[str, str]) -> str:
    """One line for each fault: the setting, where it stands, what is wrong."""
    lines = []
    for fault in error.errors(include_input=False, include_url=False, include_context=False):
        parts = [str(part) for part in fault["loc"]]
        name = ".".join(parts)
        # Of one item of a list the place is that of the list.
        place = next((places[at] for end in range(len(parts), 0, -1) if (at := ".".join(parts[:end])) in places), None)
        message = fault["msg"].removeprefix("Value error, ")
        lines.append(f"{name} ({place}): {message}" if place else f"{name}: {message}")
    return "\n".join(lines)


def _url_shown(url: str) -> str:
    """The address without what may be a secret in it: user, password, query."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    user = f"{MASK}@" if "@" in parts.netloc else ""
    query = f"?{MASK}" if parts.query else ""
    return f"{parts.scheme}://{user}{host}{parts.path}{query}"
