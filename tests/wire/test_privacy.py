"""What of an event's words goes to the disk."""

from monitor.core.events import Message, WaitingRow, WaitingSnapshot
from monitor.wire.privacy import body_masked, body_without_text, keeping, masked, text_hash, without_text


def message(text: str | None) -> Message:
    return Message(id="m", ts_ms=1, shop="s", conversation="c", role="buyer", text=text, meta={"own": 1})


def test_masked_keeps_all_but_who_and_where() -> None:
    kept = masked(message("包邮吗 13812345678"))
    assert kept == Message(
        id="m", ts_ms=1, shop="s", conversation="c", role="buyer", text="包邮吗 *******5678", meta={"own": 1}
    )
    same = message("包邮吗")
    assert masked(same) is same


def test_off_keeps_length_and_hash() -> None:
    kept = without_text(message("包邮吗"))
    assert isinstance(kept, Message)
    assert kept.text is None
    assert kept.meta == {"own": 1, "text_chars": 3, "text_hash": text_hash("包邮吗")}
    assert without_text(message(None)).meta == {"own": 1}


def test_lists_of_who_waits_are_treated_alike() -> None:
    rows = [WaitingRow(buyer="b", last_text="电话13812345678"), WaitingRow(buyer="c")]
    listed = WaitingSnapshot(type="waiting_snapshot", id="w", ts_ms=1, shop="s", rows=rows, complete=True)
    hidden, gone = masked(listed), without_text(listed)
    assert isinstance(hidden, WaitingSnapshot)
    assert isinstance(gone, WaitingSnapshot)
    assert [row.last_text for row in hidden.rows] == ["电话*******5678", None]
    assert [row.last_text for row in gone.rows] == [None, None]


def test_of_what_was_refused_the_texts_alone_are_changed() -> None:
    body = b'{"id":"m-1","ts":1795000000000,"text":"call 13812345678 \\"now\\"","shop":"s"}'
    assert body_masked(body) == body.replace(b"13812345678", b"*******5678")
    assert body_without_text(body) == b'{"id":"m-1","ts":1795000000000,"text":"","shop":"s"}'
    assert body_without_text(b'{"text":"cut off in the midd') == b'{"text":""'
    assert keeping("off")[1](b"\xff\xfe no json") == b"\xff\xfe no json"
