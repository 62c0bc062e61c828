"""Who sends a webhook: each check holds for who knows the secret, and for nobody else."""

import base64
import hashlib
import hmac
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from monitor.hooks.verify import Check, Delivery, secret_of

NOW_MS = 1_795_168_800_000
BODY = b'{"a": 1}'
adapter: TypeAdapter[Check] = TypeAdapter(Check)


def delivery(headers: dict[str, str] | None = None, query: str = "", payload: object = None) -> Delivery:
    return Delivery(headers or {}, query, BODY, payload)


def test_a_shared_secret_is_looked_for_where_it_is_sent() -> None:
    at_header = adapter.validate_python({"kind": "equals", "secret_env": "S", "at": "header:X-Token"})
    at_query = adapter.validate_python({"kind": "equals", "secret_env": "S", "at": "query:key"})
    at_body = adapter.validate_python({"kind": "equals", "secret_env": "S", "at": "body:auth.secret"})
    assert at_header.holds(delivery({"x-token": "geheim"}), "geheim", NOW_MS)
    assert at_query.holds(delivery(query="a=b&key=geheim"), "geheim", NOW_MS)
    assert at_body.holds(delivery(payload={"auth": {"secret": "geheim"}}), "geheim", NOW_MS)
    for wrong in (delivery(), delivery({"x-token": "Geheim"}, "key=", {"auth": {"secret": 5}})):
        assert not any(check.holds(wrong, "geheim", NOW_MS) for check in (at_header, at_query, at_body))


@pytest.mark.parametrize("encoding", ["hex", "base64"])
@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_signature_is_what_who_knows_the_secret_makes(algorithm: str, encoding: str) -> None:
    check = adapter.validate_python(
        {
            "kind": "hmac",
            "algorithm": algorithm,
            "secret_env": "S",
            "header": "X-Sig",
            "prefix": "v=",
            "encoding": encoding,
        }
    )
    made = hmac.new(b"geheim", BODY, algorithm).digest()
    told = made.hex() if encoding == "hex" else base64.b64encode(made).decode()
    assert check.holds(delivery({"x-sig": f"v={told}"}), "geheim", NOW_MS)
    assert not check.holds(delivery({"x-sig": f"v={told}"}), "other", NOW_MS)
    assert not check.holds(delivery({"x-sig": told}), "geheim", NOW_MS)
    assert not check.holds(delivery({"x-sig": "v=ü"}), "geheim", NOW_MS)


@pytest.mark.parametrize(
    ("said", "holds"),
    [
        ("1795168800", True),
        ("1795168400", False),
        ("2026-11-20T10:00:10Z", True),
        ("x", False),
        ("2026-11-20T10:00:10", False),
    ],
)
def test_a_copied_request_is_of_no_use_later(said: str, holds: bool) -> None:
    check = adapter.validate_python(
        {
            "kind": "hmac",
            "secret_env": "S",
            "header": "X-Sig",
            "over": ["header:X-Time", ".", "body"],
            "timestamp": "X-Time",
        }
    )
    sig = hmac.new(b"geheim", said.encode() + b"." + BODY, "sha256").hexdigest()
    assert check.holds(delivery({"x-sig": sig, "x-time": said}), "geheim", NOW_MS) is holds


def test_a_plain_hash_over_secret_and_body() -> None:
    check = adapter.validate_python(
        {"kind": "digest", "algorithm": "sha1", "secret_env": "S", "header": "X-Sig", "over": ["secret", "body"]}
    )
    told = hashlib.sha1(b"geheim" + BODY, usedforsecurity=False).hexdigest()
    assert check.holds(delivery({"x-sig": told}), "geheim", NOW_MS)
    assert not check.holds(delivery({"x-sig": told}), "geheim2", NOW_MS)


def test_a_secret_comes_from_the_environment_or_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert secret_of("HOOK_TEST_SECRET") is None
    (tmp_path / "s").write_text("of a file\n")
    monkeypatch.setenv("HOOK_TEST_SECRET_FILE", str(tmp_path / "s"))
    assert secret_of("HOOK_TEST_SECRET") == "of a file"
    monkeypatch.setenv("HOOK_TEST_SECRET", "own")
    assert secret_of("HOOK_TEST_SECRET") == "own"
