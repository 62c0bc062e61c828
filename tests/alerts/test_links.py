import base64
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.links import GOOD_MS, PATH, Asked, Links, is_inside, key_in
from monitor.errors import UsageError

NOW_MS = 1_795_400_000_000
LINKS = Links(b"k" * 32, "https://monitor.example.com/")


def token(links: Links = LINKS, act: str = "claim") -> str:
    url = links.url(act, ["7", "8"], NOW_MS, "小王")  # type: ignore[arg-type]
    assert url is not None
    assert url.startswith(f"https://monitor.example.com{PATH}")
    return url.rpartition("/")[2]


def test_a_link_says_what_it_is_for_until_its_time_is_over() -> None:
    assert LINKS.read(token(), NOW_MS) == Asked("claim", (NOW_MS + GOOD_MS) // 1000, ("7", "8"), "小王")
    assert LINKS.read(token(), NOW_MS + GOOD_MS - 1000) is not None
    assert LINKS.read(token(), NOW_MS + GOOD_MS) is None


def test_a_link_of_another_installation_is_none() -> None:
    assert LINKS.read(token(Links(b"x" * 32, "https://monitor.example.com")), NOW_MS) is None


def test_no_letter_of_a_link_can_be_changed() -> None:
    good = token()
    for at in range(len(good) - 1):  # The last one may have bits that count for nothing.
        other = good[:at] + ("A" if good[at] != "A" else "B") + good[at + 1 :]
        assert LINKS.read(other, NOW_MS) is None


@given(st.text(max_size=80) | st.binary(max_size=60).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_what_is_no_link_of_ours_is_none(text: str) -> None:
    assert LINKS.read(text, NOW_MS) is None


def test_a_link_fits_a_button_however_many_it_is_for() -> None:
    url = LINKS.url("claim", [str(number) for number in range(10**7, 10**7 + 500)], NOW_MS)
    assert url is not None
    assert len(url) < 600


def test_without_an_address_or_an_alert_there_is_no_link() -> None:
    assert Links(b"k" * 32, None).url("claim", ["7"], NOW_MS) is None
    assert LINKS.url("claim", [], NOW_MS) is None


def test_the_key_lies_with_the_data_for_nobody_else_to_read(tmp_path: Path) -> None:
    key = key_in(tmp_path)
    assert key_in(tmp_path) == key
    assert len(key) == 32
    assert stat.S_IMODE((tmp_path / "links.key").stat().st_mode) == 0o600


def test_a_key_that_is_none_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "links.key").write_bytes(b"short")
    with pytest.raises(UsageError, match=r"links\.key: is no key; remove it"):
        key_in(tmp_path)


@pytest.mark.parametrize(
    ("host", "inside"),
    [
        ("192.168.1.20", True),
        ("127.0.0.1", True),
        ("localhost", True),
        ("monitor", True),
        ("monitor.lan", True),
        ("monitor.example.com", False),
        ("8.8.8.8", False),
    ],
)
def test_an_address_that_only_the_office_reaches_is_known(host: str, inside: bool) -> None:
    assert is_inside(host) is inside
