from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core import events as ev
from monitor.core.events import AnyEvent
from monitor.wire import decode, decode_line, decode_stored, encode_event, same
from monitor.wire.privacy import masked, without_text
from tests.wire.made import LEAST, TEN, taken, written

TEXT = st.text(max_size=20)
IDS = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.fixed_dictionaries(
    {"id": IDS, "ts": st.integers(946_684_800_000, 253_370_764_799_999), "shop": IDS},
    optional={
        "source": IDS,
        "platform": IDS,
        "conversation": IDS,
        "buyer": IDS,
        "account": IDS,
        "agent": IDS,
        "phase": IDS,
        "product": JSON,
        "seq": st.integers(-(2**63), 2**63 - 1),
        "backfill": st.booleans(),
        "meta": st.dictionaries(TEXT, JSON, max_size=3),
        "unknown": JSON,
        "text": TEXT,
        "kind": st.sampled_from(["text", "image", "reaction"]),
        "needs_reply": st.booleans(),
        "items": st.lists(JSON, max_size=3),
        "limit": st.integers(0, 2**63 - 1),
        "newest_ts": st.integers(946_684_800_000, 253_370_764_799_999),
        "accounts": st.lists(st.dictionaries(TEXT, JSON, max_size=2), max_size=2),
    },
)


@given(st.sampled_from(sorted(LEAST)), FIELDS)
def test_what_is_kept_is_read_back_as_it_was(type: str, fields: dict[str, Any]) -> None:
    event = decode_line(written(type, **fields))
    kept = encode_event(event)
    assert decode_stored(kept) == event
    assert msgspec.json.decode(kept)["ts"] == event.ts_ms
    assert decode_line(kept) == event, "the kept form is the contract's own"
    assert same(event, decode_stored(kept))


def test_a_dismissal_of_ours_is_kept_like_any_event() -> None:
    event = ev.WaitDismissed(
        type="wait_dismissed", id="d-1", ts_ms=TEN, shop="senye", conversation="c", wait=7, by="lead", reason="spam"
    )
    assert decode_stored(encode_event(event)) == event
    assert same(event, event)


@pytest.mark.parametrize(
    "fields",
    [
        {"source": "another"},
        {"backfill": True},
        {"meta": {"a": 1}},
        {"more": 1},
        {"v": 1},
        {"seq": 9},
        {"ts": TEN},
        {"platform": "taobao"},
        {"agent": ""},
        {"text": ""},
        {"buyer": "c-9"},
    ],
)
def test_what_is_said_about_the_feed_makes_no_other_fact(fields: dict[str, Any]) -> None:
    assert same(taken(), taken(**fields))
    assert same(taken(**fields), taken())


@pytest.mark.parametrize(
    "fields",
    [
        {"text": "x"},
        {"ts": TEN + 1},
        {"role": "agent"},
        {"buyer": "b-1"},
        {"agent": "lin"},
        {"kind": "image"},
        {"needs_reply": False},
        {"entry": True},
        {"product": "p"},
    ],
)
def test_another_body_is_another_fact(fields: dict[str, Any]) -> None:
    assert not same(taken(), taken(**fields))
    assert not same(taken(**fields), taken())


def test_a_text_that_is_not_kept_is_known_by_its_hash_and_one_that_is_cannot_be_compared_with_it() -> None:
    asked, other, silent = taken(text="包邮吗"), taken(text="有货吗"), taken(text=None)
    hashed = without_text(asked)
    assert same(hashed, without_text(taken(text="包邮吗")))
    assert not same(hashed, without_text(other))
    assert not same(hashed, silent), "it had no text"
    assert not same(silent, hashed)
    for kept in (asked, other, masked(asked)):  # The setting has changed since: a masked text has another hash.
        assert same(hashed, kept)
        assert same(kept, hashed)
    assert not same(hashed, without_text(taken(text="包邮吗", role="agent")))


def test_another_type_or_platform_is_another_fact() -> None:
    one, other = taken("conversation_handed_off"), taken("conversation_transferred")
    assert not same(one, other)
    assert not same(taken(platform="jd"), taken(platform="taobao"))


def test_an_event_held_back_to_its_arrival_stays_the_same_when_sent_again() -> None:
    def arrived(now_ms: int) -> AnyEvent:
        return decode(written(ts=TEN), door="http", source="x", now_ms=now_ms).events[0]

    early, later, after = arrived(TEN - 500), arrived(TEN - 100), arrived(TEN + 1)
    assert [event.ts_ms for event in (early, later, after)] == [TEN - 500, TEN - 100, TEN]
    assert same(early, later)
    assert same(early, after)
    assert same(after, decode_stored(encode_event(later)))
    assert not same(early, taken(ts=TEN + 1))
