import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.events import Message
from monitor.wire import decode_line
from monitor.wire.batch import Refused
from monitor.wire.reading import read_json, without_lone_surrogates
from tests.wire.made import refused, taken, written


@pytest.mark.parametrize(
    ("body", "reason", "says"),
    [
        (b"nope", "json", "is not JSON"),
        (b"{'a':1}", "json", "keys must be strings"),
        (b'{"a":1', "json", "ends too early"),
        (b'{"a":1} x', "json", "more follows at byte"),
        (b'{"a":NaN}', "json", "NaN at byte 5 is no number; send null"),
        (b'{"a":Infinity}', "json", "Infinity at byte 5"),
        (b'{"a":01}', "json", "invalid number"),
        (b'{"a":"\x01"}', "json", "invalid character"),
        (b'{"a":"\\x"}', "json", "escape"),
        (b'{"a":1e999}', "type", "out of range"),
        (b'{"a":' + b"9" * 5000 + b"}", "type", "out of range"),
        (b'{"a":"\xff"}', "utf8", "byte 0xff at 6"),
        (b'{"\xff":1}', "utf8", "byte 0xff at 2"),
        (b'{"a":"\xed\xa0\x80"}', "utf8", "byte 0xed at 6"),
        ('{"a":"包邮吗"}'.encode("gbk"), "utf8", "it looks like GBK"),
        ("包邮吗".encode(), "json", "is not JSON"),
        (b"[" * 50_000, "nesting", "nested too deep"),
        (b'{"a":"\\ud83d', "json", "ends too early"),
    ],
)
def test_what_cannot_be_read_is_said_in_words(body: bytes, reason: str, says: str) -> None:
    with pytest.raises(Refused, match=says) as caught:
        read_json(body)
    assert (caught.value.reason, caught.value.path) == (reason, "$")


def test_half_an_emoji_in_a_text_costs_a_character_not_the_message() -> None:
    for half in (r"\ud83d", r"\uDE00", r"\ud83d\ud83d", r"\ud83dx"):
        line = written(text="HALF", more="HALF", product={"title": "HALF"}).replace(b"HALF", b"a" + half.encode())
        event = decode_line(line)
        assert isinstance(event, Message)
        assert event.text
        assert set(event.text) <= set("ax\ufffd")
        assert event.meta == {"more": event.text}
        assert event.product == {"title": event.text}
        event.text.encode()
    assert getattr(taken(text="\U0001f600 \\ud83d \ufffd"), "text") == "\U0001f600 \\ud83d \ufffd"  # noqa: B009


@pytest.mark.parametrize("field", ["id", "shop", "conversation", "buyer", "account", "agent", "platform"])
def test_half_a_surrogate_pair_in_an_id_is_refused(field: str) -> None:
    assert refused(written(**{field: "a\ud800"}))[:2] == ("id", f"$.{field}")


def test_half_a_surrogate_pair_in_a_list_of_ids_is_refused() -> None:
    assert refused(written("agent_presence", shops=["a", "\udfff"]))[:2] == ("id", "$.shops[1]")
    rows = [{"buyer": "\ud800", "waited_seconds": 1}]
    assert refused(written("waiting_snapshot", rows=rows))[:2] == ("id", "$.rows[0].buyer")
    rows = [{"buyer": "b", "waited_seconds": 1, "last_text": "\ud800"}]
    assert getattr(taken("waiting_snapshot", rows=rows), "rows")[0].last_text == "\ufffd"  # noqa: B009


@given(st.text(st.sampled_from('\\"uUdD8cCfF03é中\U0001f600\ud800\ud83d\udc00\udfff\n')))
def test_exactly_the_halves_are_mended(text: str) -> None:
    body = json.dumps(text).encode()
    mended = without_lone_surrogates(body)
    assert len(mended) == len(body)
    # `json.loads` joins two halves that stand side by side in the text, as any reader of escapes does.
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    expected = "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in joined)
    assert json.loads(mended) == expected
    assert read_json(body)[0] == expected
