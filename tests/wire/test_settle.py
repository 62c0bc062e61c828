"""The contract's rules about fields, one table each; every event comes through the door's own decoder."""

from typing import Any

import pytest

from monitor.core import events as ev
from monitor.wire import Limits, Refused, decode_line
from tests.wire.made import LEAST, NO_SHOP, NOTHING, TEN, refused, taken, written


@pytest.mark.parametrize("type", LEAST)
def test_each_type_is_taken_with_no_more_than_the_contract_asks(type: str) -> None:
    event = taken(type)
    assert event.type == type
    assert (event.id, event.ts_ms, event.meta) == ("m-1", TEN, None)
    assert event.shop == ("" if type in NO_SHOP else "senye")


@pytest.mark.parametrize(
    ("type", "field"),
    [(type, field) for type in LEAST for field in ("id", "ts", *LEAST[type]) if field not in ("amount", "rows")]
    + [(type, "shop") for type in LEAST if type not in NO_SHOP]
    + [("waiting_snapshot", "rows")],
)
@pytest.mark.parametrize("nothing", [NOTHING, None, ""])
def test_each_required_field_is_missed(type: str, field: str, nothing: Any) -> None:
    reason, path, error = refused(written(type, **{field: nothing}))
    where = "conversation" if LEAST[type].get("buyer") and field == "buyer" and type != "buyer_merged" else field
    assert (reason, path) == ("ts" if field in ("ts", "from", "to") and nothing == "" else "missing", f"$.{where}")
    assert where in error


@pytest.mark.parametrize("type", [type for type in LEAST if "conversation" in LEAST[type]])
def test_conversation_and_buyer_stand_for_each_other(type: str) -> None:
    for missing in (NOTHING, None, ""):
        event = taken(type, conversation="c-9", buyer=missing)
        assert (event.conversation, event.buyer) == ("c-9", "c-9")
        event = taken(type, conversation=missing, buyer="b-7")
        assert (event.conversation, event.buyer) == ("b-7", "b-7")
    event = taken(type, conversation="c-9", buyer="b-7")
    assert (event.conversation, event.buyer) == ("c-9", "b-7")


def test_other_keys_stand_for_nothing_where_no_conversation_is_meant() -> None:
    assert taken("buyer_merged").conversation is None
    assert taken("sync_range").buyer is None


def test_an_assignment_names_an_agent_or_an_account() -> None:
    assert taken("conversation_assigned", agent="", account="senye:lin").agent is None
    assert refused(written("conversation_assigned", agent=""))[:2] == ("missing", "$.agent")


def test_the_agent_stands_for_the_account_of_a_status() -> None:
    event = taken("account_status", account=NOTHING, agent="lin")
    assert event.account == "lin"


OPTIONAL = ["source", "platform", "account", "agent", "phase", "product", "text", "template", "kind", "needs_reply"]
OPTIONAL += ["entry", "backfill", "seq", "meta", "v", "type", "buyer"]


@pytest.mark.parametrize("field", OPTIONAL)
@pytest.mark.parametrize("nothing", ["", None])
def test_null_and_nothing_are_the_same_in_optional_fields(field: str, nothing: Any) -> None:
    assert taken(**{field if field != "type" else "type_": nothing}) == taken(
        **{field: NOTHING} if field != "type" else {}
    )


@pytest.mark.parametrize("line_end", ["", "x" * 600])
@pytest.mark.parametrize(
    ("type", "field"),
    [("message", name) for name in ("id", "shop", "conversation", "buyer", "account", "agent", "source", "platform")]
    + [("message", "phase"), ("message", "template"), ("message_recalled", "message"), ("order_paid", "order")]
    + [("order_paid", "currency"), ("buyer_merged", "into"), ("conversation_transferred", "from_agent")]
    + [("conversation_transferred", "from_account"), ("conversation_closed", "id"), ("source_heartbeat", "source")],
)
def test_ids_hold_no_control_characters_and_are_not_too_long(type: str, field: str, line_end: str) -> None:
    extra = {"text": line_end} if line_end else {}
    for fine in ("a b", "森野:小林", "x\u200dy", "\u3000", "·", "\u00a0", "\U0001f600", "y" * 512):
        assert getattr(taken(type, **{field: fine}, **extra), field) == fine
    for wrong in ("\x00", "a\nb", "\t", "\x1f", "\x7f", "a\x80", "\x9f"):
        for ascii_only in (True, False):
            line = written(type, **{field: "ID"}, **extra)
            kept = (
                wrong.encode()
                if not ascii_only and wrong >= "\x7f"
                else "".join(f"\\u{ord(c):04x}" for c in wrong).encode()
            )
            reason, path, error = refused(line.replace(b'"ID"', b'"' + kept + b'"'))
            assert (reason, path) == ("id", f"$.{field}")
            assert "control character" in error
    assert refused(written(type, **{field: "y" * 513}, **extra))[:2] == ("id", f"$.{field}")


def test_ids_within_lists_are_looked_at_too() -> None:
    assert refused(written("agent_presence", shops=["senye", "a\x07"]))[:2] == ("id", "$.shops[1]")
    assert refused(written("agent_presence", shops=["senye", ""]))[:2] == ("missing", "$.shops[1]")
    rows = [{"buyer": "b", "since": TEN}, {"buyer": "b\x00", "since": TEN}]
    assert refused(written("waiting_snapshot", rows=rows))[:2] == ("id", "$.rows[1].buyer")


@pytest.mark.parametrize("type", ["message", "rating"])
@pytest.mark.parametrize(("given", "missing"), [("buyer", "conversation"), ("conversation", "buyer")])
def test_what_stands_for_another_is_refused_by_its_own_name(type: str, given: str, missing: str) -> None:
    assert refused(written(type, **{given: "b\x00", missing: NOTHING}))[:2] == ("id", f"$.{given}")


def test_control_characters_in_texts_are_kept() -> None:
    assert getattr(taken(text="a\x00b\x9f\x7f\r\n"), "text") == "a\x00b\x9f\x7f\r\n"  # noqa: B009


def test_rows_of_a_snapshot_are_settled() -> None:
    event = taken(
        "waiting_snapshot",
        rows=[
            {"conversation": "c", "since": "2026-11-23T10:00:00.9999+08:00", "last_text": "", "unread": 2},
            {"buyer": "b", "conversation": "", "waited_seconds": 0, "since": "", "more": 1},
        ],
    )
    assert isinstance(event, ev.WaitingSnapshot)
    assert event.rows == [
        ev.WaitingRow(conversation="c", buyer="c", since_ms=TEN + 999, unread=2),
        ev.WaitingRow(conversation="b", buyer="b", waited_seconds=0.0),
    ]


ROW = {"buyer": "b", "since": TEN}


@pytest.mark.parametrize(
    ("type", "fields", "reason", "path"),
    [
        ("waiting_snapshot", {"rows": [ROW, {"since": TEN}]}, "missing", "$.rows[1].conversation"),
        ("waiting_snapshot", {"rows": [{"buyer": "b"}]}, "missing", "$.rows[0].since"),
        ("waiting_snapshot", {"rows": [{"buyer": "b", "since": 5}]}, "ts", "$.rows[0].since"),
        ("waiting_snapshot", {"rows": [{"buyer": "b", "since": []}]}, "ts", "$.rows[0].since"),
        ("waiting_snapshot", {"rows": [{"buyer": "b", "waited_seconds": -1}]}, "type", "$.rows[0].waited_seconds"),
        ("waiting_snapshot", {"rows": [{"buyer": "b", "waited_seconds": 1e300}]}, "type", "$.rows[0].waited_seconds"),
        ("waiting_snapshot", {"rows": [ROW | {"unread": -1}]}, "type", "$.rows[0].unread"),
        ("waiting_snapshot", {"rows": [ROW | {"last_text": "x" * 70_000}]}, "size", "$.rows[0].last_text"),
        ("waiting_snapshot", {"rows": {}}, "type", "$.rows"),
        ("waiting_snapshot", {"rows": ["b"]}, "type", "$.rows[0]"),
        ("waiting_snapshot", {"complete": "yes"}, "type", "$.complete"),
        ("sync_range", {"from": "2026-11-23T10:00:01+08:00"}, "ts", "$.to"),
        ("sync_range", {"from": "yesterday"}, "ts", "$.from"),
        ("sync_range", {"to": 1_795_399_200}, "ts", "$.to"),
        ("source_heartbeat", {"newest_ts": "2026-11-23T10:00:00"}, "ts", "$.newest_ts"),
        ("source_heartbeat", {"clock": True}, "ts", "$.clock"),
        ("source_heartbeat", {"backlog": -1}, "type", "$.backlog"),
        ("source_heartbeat", {"backlog": 2**63}, "type", "$.backlog"),
        ("agent_presence", {"state": "asleep"}, "type", "$.state"),
        ("agent_presence", {"limit": -1}, "type", "$.limit"),
        ("agent_presence", {"shops": "senye"}, "type", "$.shops"),
        ("conversation_closed", {"by": "nobody"}, "type", "$.by"),
        ("rating", {"score": "5"}, "type", "$.score"),
        ("rating", {"score": True}, "type", "$.score"),
        ("order_paid", {"amount": "NaN"}, "type", "$.amount"),
        ("order_paid", {"amount": "Infinity"}, "type", "$.amount"),
        ("order_paid", {"amount": "1_000"}, "type", "$.amount"),
        ("order_paid", {"amount": "¥29"}, "type", "$.amount"),
        ("order_paid", {"amount": 1e300}, "type", "$.amount"),
        ("order_paid", {"amount": False}, "type", "$.amount"),
        ("message", {"seq": 2**63}, "type", "$.seq"),
        ("message", {"seq": -(2**63) - 1}, "type", "$.seq"),
        ("message", {"seq": 1.5}, "type", "$.seq"),
        ("message", {"ts": True}, "ts", "$.ts"),
        ("message", {"ts": [1]}, "ts", "$.ts"),
        ("message", {"ts": "NaN"}, "ts", "$.ts"),
        ("message", {"ts": 1_795_399_200}, "ts", "$.ts"),
        ("message", {"id": 7}, "type", "$.id"),
        ("message", {"text": 7}, "type", "$.text"),
        ("message", {"text": ["a"]}, "type", "$.text"),
        ("message", {"role": "customer"}, "type", "$.role"),
        ("message", {"kind": "Text"}, "type", "$.kind"),
        ("message", {"entry": "false"}, "type", "$.entry"),
        ("message", {"meta": [1]}, "type", "$.meta"),
        ("message", {"meta": "x", "more": 1}, "type", "$.meta"),
        ("message", {"v": 2}, "type", "$.v"),
        ("message", {"v": "1"}, "type", "$.v"),
        ("mesage", {}, "unknown_type", "$.type"),
        ("wait_dismissed", {"wait": 1, "by": "lead", "reason": "noise"}, "unknown_type", "$.type"),
        ("", {"type_": 5}, "type", "$.type"),
        ("", {"type_": ["message"]}, "type", "$.type"),
    ],
)
def test_a_wrong_field_is_refused_with_its_path(type: str, fields: dict[str, Any], reason: str, path: str) -> None:
    assert refused(written(type, **fields))[:2] == (reason, path)


def test_amounts_are_numbers_or_texts_of_one() -> None:
    for amount in (0, 29.9, -5, "29.90", "-3", "1000000000000"):
        assert getattr(taken("order_paid", amount=amount), "amount") == amount  # noqa: B009
    assert getattr(taken("order_paid", amount=""), "amount") is None  # noqa: B009


def test_the_end_of_64_bits_is_a_sequence_number_still() -> None:
    assert taken(seq=2**63 - 1).seq == 2**63 - 1
    assert taken(seq=-(2**63)).seq == -(2**63)


def test_a_text_may_have_so_many_bytes_as_utf8_and_no_more() -> None:
    limits = Limits(text_bytes=9)
    for fine in ("森" * 3, "x" * 9):
        assert getattr(decode_line(written(text=fine), limits), "text") == fine  # noqa: B009
    for wrong in ("森" * 3 + "x", "x" * 10):
        with pytest.raises(Refused, match="text has 10 bytes") as caught:
            decode_line(written(text=wrong), limits)
        assert (caught.value.reason, caught.value.path) == ("size", "$.text")


def _nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth - 1):
        value = {"a": value} if depth % 2 else [value]
    return value


@pytest.mark.parametrize(
    ("type", "field"),
    [
        ("message", "product"),
        ("order_paid", "items"),
        ("source_heartbeat", "accounts"),
        ("conversation_closed", "product"),
    ],
)
def test_values_are_not_nested_too_deep(type: str, field: str) -> None:
    inside = (lambda value: [value]) if field != "accounts" else (lambda value: {"a": value})
    assert getattr(taken(type, **{field: inside(_nested(31))}), field) == inside(_nested(31))
    for depth in (32, 33, 500):
        assert refused(written(type, **{field: inside(_nested(depth))}))[:2] == ("nesting", f"$.{field}")


def test_what_is_unknown_is_not_nested_too_deep_either() -> None:
    assert taken(more=_nested(31)).meta == {"more": _nested(31)}
    assert refused(written(more=_nested(32)))[:2] == ("nesting", "$.meta")
    assert refused(written(meta={"a": _nested(32)}))[:2] == ("nesting", "$.meta")
    assert refused(b'{"a":' * 50_000)[:2] == ("nesting", "$")


def test_unknown_fields_go_to_meta_beside_what_is_there() -> None:
    assert taken(act="ask", attributes=[["size", "M"]]).meta == {"act": "ask", "attributes": [["size", "M"]]}
    assert taken(act="ask", meta={"act": "own", "b": 1}).meta == {"act": "own", "b": 1}
    assert taken("conversation_closed", text="bye").meta == {"text": "bye"}
    assert taken(ends=None).meta == {"ends": None}


def test_a_missing_field_is_guessed_from_what_was_sent() -> None:
    line = written(conversation=NOTHING, conversation_id="c-9")
    assert "conversation_id is no field of ours" in refused(line)[2]
    assert "message_id is no field of ours" in refused(written("message_recalled", message=NOTHING, message_id="m"))[2]


def test_of_two_equal_fields_the_last_counts() -> None:
    line = written(id="a").replace(b'"id": "a"', b'"id": "a", "id": "b"')
    assert decode_line(line).id == "b"
    line = written().replace(b'"type": "message"', b'"type": "rating", "type": "message"')
    assert isinstance(decode_line(line), ev.Message)
    line = written(more=1).replace(b'"id": "m-1"', b'"id": 5, "id": "b"')
    assert decode_line(line).id == "b"
