"""Values of settings: what each kind may be, and what is said of one that it may not."""

import base64
import ipaddress
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, ByteSize, Field, SecretStr

MIB = 1024 * 1024


def _whole_bytes(value: ByteSize) -> ByteSize:
    if value <= 0:
        raise ValueError("must be more than 0 bytes")
    return value


def _signing_secret(value: SecretStr) -> SecretStr:
    secrets = value.get_secret_value().split()  # Two while one replaces the other.
    for text in secrets:
        try:
            key = base64.b64decode(text.removeprefix("whsec_"), validate=True)
        except ValueError:  # Not base64, or not even ASCII.
            key = b""
        if not text.startswith("whsec_") or not 24 <= len(key) <= 64:
            raise ValueError("must be whsec_ and the base64 of 24 to 64 bytes")
    if not secrets:
        raise ValueError("must be whsec_ and the base64 of 24 to 64 bytes")
    return value


def _token(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if len(text) < 16 or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("must be 16 or more printable ASCII characters without spaces")
    return value


def _separated(value: object) -> object:
    """A list, or its items with commas between them, as the environment has them."""
    return tuple(item.strip() for item in value.split(",") if item.strip()) if isinstance(value, str) else value


def _http_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:  # A port that is none, half a bracket.
        good = False
    if not good or any(char.isspace() for char in value):
        raise ValueError("must be an http:// or https:// address")
    return value


def _secret_url(value: SecretStr) -> SecretStr:
    _http_url(value.get_secret_value())
    return value


def _host_name(value: str) -> str:
    if "/" in value or any(char.isspace() for char in value):
        raise ValueError("must be a name or an address alone, such as broker.example: no mqtt://, no http://, no path")
    return value


def _address(value: str) -> str:
    try:
        return str(ipaddress.ip_address(value))  # As the system writes it: they are compared.
    except ValueError:
        raise ValueError("must be an address such as 10.0.0.5; names and networks are not looked up") from None


def path_given(value: str | Path) -> Path:
    """Return a path as a shell would take it.

    Raises:
        ValueError: it is empty, which would be the working folder, or begins at the home of nobody.
    """
    if value == "":
        raise ValueError("is empty; leave it out to take the default")
    try:
        return Path(value).expanduser()
    except RuntimeError:
        raise ValueError("begins with ~, and that home is not known") from None


def _path(value: object) -> object:
    return path_given(value) if isinstance(value, str | Path) else value


Port = Annotated[int, Field(ge=1, le=65535)]
# Of lengths of time ten years are the most, of which sums in milliseconds stay far below 64 bits; of days a hundred.
SECONDS_AT_MOST = 10 * 365 * 86_400
Seconds = Annotated[float, Field(ge=0, le=SECONDS_AT_MOST, allow_inf_nan=False)]
Days = Annotated[int, Field(ge=1, le=36_500)]
Pace = Annotated[float, Field(ge=0.1, allow_inf_nan=False)]
Bytes = Annotated[ByteSize, AfterValidator(_whole_bytes)]
Host = Annotated[str, Field(min_length=1), AfterValidator(_host_name)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
Address = Annotated[str, AfterValidator(_address)]
FileOrFolder = Annotated[Path, BeforeValidator(_path)]
Items = BeforeValidator(_separated)
SigningSecret = Annotated[SecretStr, AfterValidator(_signing_secret)]
Token = Annotated[SecretStr, AfterValidator(_token)]
SecretUrl = Annotated[SecretStr, AfterValidator(_secret_url)]
