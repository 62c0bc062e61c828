"""Mappings: what a delivery of another system becomes, and what is no chat at all."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from monitor.hooks.mapping import EXAMPLE_ARRIVED_MS, MappingFile, NotAsExpected, WebhookMapping, load
from monitor.policy_files import webhooks, where
from monitor.wire import decode
from monitor.yaml_files import BadFiles, parse
from tests.needs import chat_samples

SHIPPED = webhooks.load(where.default_folder())[0]

MAPPING = """
about: a test
platform: own_site
tables: {shops: {"1": senye}}
make:
  - when: "payload.kind == 'chat'"
    each: ["payload.rooms", "item.messages"]
    only: "item.text != null"
    event:
      id: "text_of(item.id)"
      ts: "seconds(item.at)"
      shop: "lookup('shops', up[1].shop)"
      conversation: "text_of(up[1].room)"
      role: "'buyer'"
      text: "plain(item.text)"
      meta: {place: "to_string(index)"}
"""


def mapping(text: str = MAPPING) -> WebhookMapping:
    return WebhookMapping("test", parse(text.encode(), MappingFile, name="test.yaml").value)


def made(payload: Any, text: str = MAPPING) -> list[dict[str, Any]]:
    return mapping(text).events(payload, {}, EXAMPLE_ARRIVED_MS)


def test_lists_in_lists_are_walked_and_the_way_is_known() -> None:
    rooms = [
        {"shop": 1, "room": 5, "messages": [{"id": 1, "at": "1795168800", "text": "a<br>b <b>&amp;</b> c"}, {"id": 2}]}
    ]
    assert made({"kind": "chat", "rooms": rooms}) == [
        {
            "platform": "own_site", "source": "hook:test", "id": "1", "ts": 1_795_168_800_000, "shop": "senye",
            "conversation": "5", "role": "buyer", "text": "a\nb & c", "meta": {"place": "0"},
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    "payload", [{}, [], None, 7, "x", {"kind": "other"}, {"kind": "chat"}, {"kind": "chat", "rooms": []}]
)
def test_what_is_no_chat_makes_nothing(payload: Any) -> None:
    assert made(payload) == []


@pytest.mark.parametrize(
    ("at", "said"), [("soon", "'soon' is no number"), ({"a": 1}, "seconds"), ("9" * 400, "infinity"), ("nan", "NaN")]
)
def test_a_value_that_is_no_instant_is_an_error_and_no_guess(at: Any, said: str) -> None:
    with pytest.raises(NotAsExpected, match=said):
        made({"kind": "chat", "rooms": [{"messages": [{"id": 1, "at": at, "text": "x"}]}]})


def test_a_flood_in_one_delivery_is_refused() -> None:
    with pytest.raises(NotAsExpected, match="may make 10000"):
        made({"kind": "chat", "rooms": [{"messages": [{"id": 1, "at": 1, "text": "x"}] * 10_001}]})


def test_a_tag_ends_before_the_next_begins() -> None:
    """Else each of the thousands that a buyer may write is looked behind for its end."""
    rooms = [{"shop": 1, "room": 5, "messages": [{"id": 1, "at": 1_795_168_800, "text": "a <b <c>d</c> e"}]}]
    assert made({"kind": "chat", "rooms": rooms})[0]["text"] == "a <b d e"


DEEP: list[Any] = []
for _ in range(100_000):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    ("text", "said"),
    [("parsed(payload.text)", "no JSON"), ("digest([payload.deep])", "make.0")],
    ids=["half a character", "nested without end"],
)
def test_what_cannot_be_written_is_said_not_raised(text: str, said: str) -> None:
    file = {"about": "", "platform": "x", "make": [{"event": {"text": text}}]}
    one = WebhookMapping("test", MappingFile.model_validate(file))
    with pytest.raises(NotAsExpected, match=said):
        one.body({"text": '"\\ud800"', "deep": DEEP}, {}, EXAMPLE_ARRIVED_MS)


@pytest.mark.parametrize(
    "more",
    [
        "challenge: {when: 'payload.(', answer: payload}",
        "challenge: {when: payload, answer: 'payload.('}",
        "verify: [{kind: equals, secret_env: X, at: 'body:payload.('}]",
    ],
)
def test_every_expression_of_a_mapping_is_read_when_it_is_loaded(more: str) -> None:
    with pytest.raises(BadFiles, match=r"\( at character 9 cannot stand there"):
        mapping(f"{MAPPING}{more}\n")


def test_a_body_that_a_challenge_cannot_be_asked_of_asks_for_nothing() -> None:
    one = mapping(f"{MAPPING}challenge: {{when: 'length(payload.a) > `0`', answer: payload}}\n")
    assert one.answer({"a": 7}) is None
    assert one.answer({"a": "x"}) == {"a": "x"}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            '      id: "text_of(item.id)"',
            ":10:11: make.0.event: the expression 'text_of(': it ends too soon, after character 8",
        ),
        ('    only: "item.text != null"', "ony is not known here; did you mean only?"),
    ],
)
def test_a_wrong_mapping_is_refused_with_its_line(wrong: str, said: str) -> None:
    broken = MAPPING.replace("text_of(item.id)", "text_of(") if "id:" in wrong else MAPPING.replace("only:", "ony:")
    with pytest.raises(BadFiles, match=said.replace("(", r"\(").replace("?", r"\?")):
        mapping(broken)


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_every_shipped_mapping_has_examples_that_hold_and_are_taken_at_the_door(name: str) -> None:
    shipped = SHIPPED[name]
    assert shipped.file.examples
    assert shipped.file.verify
    for example in shipped.file.examples:
        events = shipped.events(example.payload, {}, EXAMPLE_ARRIVED_MS)
        if not events:
            continue
        batch = decode(json.dumps(events).encode(), door="hook", source="x", now_ms=None)
        assert [refusal.error for refusal in batch.refusals] == []
        assert len(batch.events) == len(example.events)


def test_an_example_that_does_not_hold_is_a_fault_at_its_line(tmp_path: Path) -> None:
    example = "examples:\n  - about: one\n    payload: {kind: chat}\n    events: [{id: '1'}]\n"
    (tmp_path / "mine.yaml").write_text(MAPPING + example)
    (tmp_path / "broken.yaml").write_text("about: 1")
    found, faults = load(tmp_path)
    assert list(found) == ["mine"]
    assert "one: 1 events are expected, 0 are made" in str(faults[-1])
    assert any(fault.file.endswith("broken.yaml") for fault in faults)


# -- payloads as the systems send them ----------------------------------------------------------------------------


def sample(identity: str) -> dict[str, Any]:
    found = json.loads((chat_samples() / "webhook_samples.json").read_text("utf-8"))["samples"]
    payload: dict[str, Any] = next(one["payload"] for one in found if one["id"] == identity)
    return payload


def of(system: str, payload: Any) -> list[dict[str, Any]]:
    return SHIPPED[system].events(payload, {}, EXAMPLE_ARRIVED_MS)


def test_chatwoot_as_it_is_sent() -> None:
    [asked] = of("chatwoot", sample("chatwoot-message-created"))
    assert (asked["id"], asked["ts"], asked["role"]) == ("chatwoot-1-118", 1_627_063_368_000, "buyer")
    assert (asked["shop"], asked["conversation"]) == ("1", "10")
    [old] = of("chatwoot", sample("chatwoot-message-created-2020"))
    assert (old["ts"], old["role"], old["conversation"]) == (1_583_240_757_000, "buyer", "1")
    [closed] = of("chatwoot", sample("chatwoot-conversation-resolved"))
    assert (closed["type"], closed["conversation"]) == ("conversation_closed", "10")
    for told_before in (
        "chatwoot-message-updated",
        "chatwoot-status-changed",
        "chatwoot-webwidget-triggered",
        "chatwoot-conversation-opened",
    ):
        assert of("chatwoot", sample(told_before)) == []


def test_rocketchat_as_it_is_sent() -> None:
    asked, answered = of("rocketchat", sample("rocketchat-livechat-session"))
    assert (asked["role"], answered["role"], answered["agent"]) == ("buyer", "agent", "agent.username")
    assert asked["ts"] == answered["ts"]
    assert asked["id"] != answered["id"]
    assert asked["conversation"] == "fasd6f5a4sd6f8a4sdf"


def test_tiledesk_as_it_is_sent() -> None:
    [plain] = of("tiledesk", sample("tiledesk-new-message"))
    assert (plain["conversation"], plain["ts"], plain["meta"]) == (
        "123456789123456789",
        EXAMPLE_ARRIVED_MS,
        {"ts_by": "arrival"},
    )
    [named] = of("tiledesk", sample("tiledesk-new-message-attrs"))
    assert (named["conversation"], named["shop"]) == (
        "support-group-63d540d370133e00128d6e59",
        "63d540d370133e00128d6e59",
    )
    [joined] = of("tiledesk", sample("tiledesk-join-member"))
    assert (joined["type"], joined["ts"]) == ("conversation_assigned", 1_538_156_223_681)
    assert of("tiledesk", sample("tiledesk-leave-member")) == []
    [closed] = of("tiledesk", sample("tiledesk-deleted-conversation"))
    assert closed["type"] == "conversation_closed"
    [present] = of("tiledesk", sample("tiledesk-presence-change"))
    assert (present["type"], present["state"]) == ("agent_presence", "online")


def test_intercom_as_it_is_sent() -> None:
    [asked] = of("intercom", sample("intercom-envelope"))
    assert (asked["conversation"], asked["role"], asked["ts"]) == ("1234567890", "buyer", 1_754_300_000_000)


def test_whatsapp_as_it_is_sent() -> None:
    lines = gzip.decompress((chat_samples() / "whatsapp_webhooks.jsonl.gz").read_bytes()).splitlines()
    events = [event for line in lines for event in of("whatsapp", json.loads(line))]
    assert [(event["role"], event.get("kind")) for event in events] == [
        ("buyer", "text"), ("buyer", "image"), ("buyer", "reaction"), ("agent", None),
    ]  # fmt: skip
    assert events[0]["ts"] == 1_697_043_223_000
