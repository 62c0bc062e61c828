"""Two ids are one buyer, where chats go by ids of their own: all between one buyer and one shop is one conversation."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import msgpack

from monitor.core import decisions as d
from monitor.core import events as ev
from monitor.core.conversation import Conversation
from monitor.core.entry import CODE, LISTED, UNLISTED
from monitor.core.policy import BuiltIn
from monitor.core.roster import Register
from monitor.core.shard_rows import ShardRows
from monitor.core.tracker import Tracker
from tests.core.test_merge import merged
from tests.staffed import Floor
from tests.timeline import Timeline, at_ms, take_policies


def asked(chat: Timeline, when: str, where: str, buyer: str, **more: Any) -> Timeline:
    return chat.buyer(when, chat=where, buyer=buyer, **more)


def answered(chat: Timeline, when: str, where: str, buyer: str | None = None, **more: Any) -> Timeline:
    return chat.agent(when, chat=where, buyer=buyer or where, **more)


def rounds(chat: Timeline) -> list[tuple[Any, ...]]:
    """Every round: whose, who opened it, what ended it and when, or whether it is open."""
    closed = [
        (r.conversation, r.opened_by, r.ended_by, r.ended_at_ms, r.buyer_messages, r.outcome)
        for r in chat.rounds.values()
    ]
    stand = [(r.conversation, r.opened_by, None, None, r.buyer_messages, "open") for r in chat.open_rounds()]
    return sorted(closed + stand, key=lambda one: (str(one[1]), *map(str, one)))


def test_an_answer_in_the_other_chat_ends_the_wait() -> None:
    chat = Timeline()
    asked(chat, "0:00", "c1", "x")
    answered(asked(chat, "0:40", "c2", "y"), "0:50", "c2", "y")
    assert chat.until("4:00") == ["1:00 slow", "3:00 at_risk"]
    merged(chat, "5:00", "x", "y")
    assert chat.until("60:00")[2:] == ["5:00 withdrawn late"]
    [done] = chat.rounds.values()
    assert (done.conversation, done.buyer, done.wait, done.buyer_messages) == ("y", "y", 1, 2)
    assert chat.open_rounds() == []
    reasons = [one.reason for one in chat.decisions if isinstance(one, d.RestateRound)]
    assert reasons == ["merged"], "the round of the other chat is not counted beside it"


def test_what_comes_under_any_of_the_ids_is_one_conversation_from_then_on() -> None:
    chat = Timeline()
    asked(chat, "0:00", "c1", "x")
    merged(chat, "0:10", "x", "y")
    answered(chat, "0:30", "c2", "y")
    asked(chat, "2:00", "c3", "x")
    asked(chat, "2:10", "y", "y")
    answered(chat, "2:20", "c1", "x")
    asked(chat, "4:00", "c2", "y")
    answered(chat, "4:05", "x", "x")
    assert chat.until("60:00") == []
    assert chat.ended() == ["answered 30", "answered 20", "answered 5"]
    assert {done.conversation for done in chat.rounds.values()} == {"y"}


def test_every_chat_of_a_buyer_is_the_same_conversation() -> None:
    chat = Timeline()
    for at, (where, buyer) in enumerate((("c1", "x"), ("c2", "x"), ("c3", "y"), ("c4", "y"), ("c5", "z"))):
        asked(chat, f"0:0{at}", where, buyer)
    merged(chat, "0:30", "x", "y")
    answered(chat, "0:40", "c3", "y")
    assert [(r.conversation, r.outcome) for r in chat.open_rounds()] == [("c5", "open")]
    [done] = chat.rounds.values()
    assert (done.opened_by, done.buyer_messages) == ("m1", 4)


@pytest.mark.parametrize("first", [("a", "b"), ("b", "c")])
def test_of_a_chain_the_end_stands_whichever_was_told_first(first: tuple[str, str]) -> None:
    chat = Timeline()
    for where, buyer in (("c1", "a"), ("c2", "b"), ("c3", "c")):
        asked(chat, "0:00", where, buyer)
    other = {("a", "b"), ("b", "c")} - {first}
    for buyer, into in (first, *other, first):
        merged(chat, "0:20", buyer, into)
    merged(merged(chat, "0:30", "c", "a"), "0:31", "a", "a")  # In a circle: what is one already stays.
    answered(chat, "0:40", "c1", "a")
    assert [(r.conversation, r.buyer_messages) for r in chat.rounds.values()] == [("c", 3)]
    assert chat.open_rounds() == []


def test_an_id_names_the_chat_that_goes_by_it_and_those_of_the_buyer() -> None:
    chat = Timeline()
    asked(chat, "0:00", "x", "x")
    asked(chat, "0:01", "c1", "x")
    asked(chat, "0:02", "c2", "y")
    merged(chat, "0:10", "x", "c2")  # By a conversation's own id.
    answered(chat, "0:20", "c2", "y")
    assert [(r.conversation, r.buyer, r.buyer_messages) for r in chat.rounds.values()] == [("c2", "y", 3)]
    itself = Timeline()
    asked(itself, "0:00", "c1", "x")
    merged(itself, "0:10", "x", "c1")
    asked(itself, "0:20", "c2", "x")
    answered(itself, "0:30", "c1", "x")
    assert rounds(itself) == [("c1", "m1", "m4", at_ms("0:30"), 2, "answered")]


def test_a_chat_that_began_without_its_buyer_is_theirs_once_they_are_named() -> None:
    chat = Timeline()
    merged(chat, "0:00", "x", "y")
    answered(chat, "0:10", "c1", text="亲，在吗？")
    asked(chat, "0:20", "c1", "x")
    answered(chat, "0:30", "c2", text="您好")
    asked(chat, "0:40", "c2", "y")
    answered(chat, "0:50", "c1")
    assert rounds(chat) == [
        ("y", "m3", "m4", at_ms("0:30"), 1, "answered"),
        ("y", "m5", "m6", at_ms("0:50"), 1, "answered"),
    ]


def test_a_chain_of_two_thousand_ids_is_followed_to_its_end() -> None:
    chat = Timeline()
    asked(chat, "0:00", "c1", "id-0")
    for at in range(2_000):
        merged(chat, "0:10", f"id-{at}", f"id-{at + 1}")
    answered(chat, "0:20", "c1", "id-0")
    assert [r.conversation for r in chat.rounds.values()] == ["id-2000"]
    signs = chat.tracker.by_name["senye"].conversations
    gone_through = ["c1", *(f"id-{at}" for at in range(1, 2_000))]
    assert {signs[one].merged_into for one in gone_through} == {"id-2000"}, "one step from then on"


def test_a_name_that_anybody_goes_by_is_joined_so_far_as_one_person_may_chat() -> None:
    chat = Timeline()
    for at in range(1_000):
        asked(chat, f"0:0{at / 1000:.3f}"[:8], f"c{at}", "guest")
    merged(chat, "0:10", "guest", "y")
    assert len(chat.open_rounds()) == 801
    asked(chat, "0:20", "c0", "guest")
    answered(chat, "0:30", "c0", "guest")
    asked(chat, "0:40", "c0", "guest")
    assert "c0" not in {r.conversation for r in chat.open_rounds()}, "a chat that was left out joins with its next wait"


def test_a_list_from_before_that_names_one_of_them_has_named_the_buyer() -> None:
    chat = Timeline()
    answered(asked(chat, "0:00", "c2", "y"), "0:10", "c2", "y")
    asked(asked(chat, "0:20", "c1", "x"), "0:25", "c3", "y")
    rows = [ev.WaitingRow(conversation="c1")]
    chat.event(
        ev.WaitingSnapshot(
            type="waiting_snapshot", id="list", ts_ms=at_ms("0:30"), shop="senye", rows=rows, complete=True
        )
    )
    assert [r.conversation for r in chat.open_rounds()] == ["c1"], "c3 was answered elsewhere, as far as is known"
    merged(merged(chat, "1:00", "x", "z"), "1:00", "y", "z")
    assert [(r.conversation, r.opened_by, r.buyer_messages) for r in chat.open_rounds()] == [("z", "m3", 2)]
    conversation = chat.tracker.conversation("senye", "c1")
    assert conversation is not None
    assert [entry.what & CODE for entry in conversation.all_entries()][:2] == [UNLISTED, LISTED], "each list once"


def test_a_holder_of_both_chats_has_one() -> None:
    floor = Floor(Register())
    floor.presence("0:00", "lin", "online", limit=2, shops=["senye"])
    for where, buyer in (("c1", "x"), ("c2", "y")):
        floor.said("0:10", "buyer", chat=where, buyer=buyer)
        floor.said("0:20", "agent", "有的", chat=where, buyer=buyer, agent="lin")
    merged(floor, "0:30", "x", "y")
    assert floor.staff.load("lin") == (0, 2), (
        "open is what was spoken in: of the chat they are now, the next word tells"
    )
    floor.said("0:40", "agent", "在的", chat="c1", buyer="x", agent="lin")
    assert floor.staff.load("lin") == (1, 2)


CHATS = {"c0": "b0", "c1": "b0", "c2": "b1", "c3": "b2", "c4": "b3", "b2": "b2"}
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("buyer"), st.sampled_from(sorted(CHATS))),
        st.tuples(st.just("agent"), st.sampled_from(sorted(CHATS))),
        st.tuples(st.just("list"), st.frozensets(st.sampled_from(sorted(CHATS)), max_size=3)),
    ),
    min_size=2,
    max_size=10,
)
MERGES = st.sampled_from(
    [
        [("b0", "b1")],
        [("b0", "b1"), ("b1", "b2")],
        [("b0", "b2"), ("b1", "b2")],
        [("b0", "b3"), ("b1", "b2"), ("b2", "b3")],
        [("b3", "nobody"), ("b0", "nobody")],
    ]
)


def story(steps: list[Any], merges: list[tuple[str, str]], *, as_one: bool) -> list[ev.AnyEvent]:
    """Return the events; ``as_one``: as a feed would have sent them that had known all along."""
    known = dict(merges)

    def stands(where: str) -> str:
        buyer = CHATS[where]
        if not as_one or buyer not in {*known, *known.values()}:
            return where
        while buyer in known:
            buyer = known[buyer]
        return buyer

    events: list[ev.AnyEvent] = []
    for at, (what, where) in enumerate(steps):
        common: dict[str, Any] = {"id": f"e{at}", "ts_ms": at_ms(10 + at * 20), "source": "s", "shop": "senye"}
        if what == "list":
            rows = [
                ev.WaitingRow(conversation=stands(one), buyer=CHATS[one], since_ms=at_ms(5 + at * 20))
                for one in sorted(where)
            ]
            events.append(ev.WaitingSnapshot(type="waiting_snapshot", rows=rows, complete=True, **common))
        else:
            chat = stands(where)
            text = "有货吗" if what == "buyer" else "有的，今天发"
            events.append(
                ev.Message(
                    **common, conversation=chat, buyer=CHATS[where] if not as_one else chat, role=what, text=text
                )
            )
    if not as_one:
        for at, (buyer, into) in enumerate(merges):
            ts_ms = at_ms(3 + at * 45)
            events.append(
                ev.BuyerMerged(type="buyer_merged", id=f"x{at}", ts_ms=ts_ms, shop="senye", buyer=buyer, into=into)
            )
    return events


def told(events: list[ev.AnyEvent], *, wall: bool) -> list[tuple[Any, ...]]:
    chat = Timeline(wall=wall)
    for at, event in enumerate(events):
        chat.event(event, arrives=300 + at)
    chat.until("20:00")
    return rounds(chat)


@settings(max_examples=60)
@given(steps=STEPS, merges=MERGES, data=st.data(), wall=st.booleans())
def test_whatever_comes_first_the_rounds_are_those_of_one_conversation(
    steps: list[Any], merges: list[tuple[str, str]], data: st.DataObject, *, wall: bool
) -> None:
    shuffled = data.draw(st.permutations(story(steps, merges, as_one=False)))
    assert told(shuffled, wall=wall) == told(story(steps, merges, as_one=True), wall=wall)


def restarted(chat: Timeline, disk: dict[tuple[str, str], bytes]) -> None:
    """Begin anew on the rows as they are on the disk, with only those in memory of which something is open."""
    before = chat.tracker
    for conversation in before.changed:
        disk[conversation.shop, conversation.id] = ShardRows.encode(conversation)
    chat.tracker = Tracker(BuiltIn(), wall=True)
    take_policies(chat.tracker, before)
    chat.tracker.rows.restore_shard(before.rows.encode_shard())
    for shop in before.by_name.values():
        for conversation in shop.conversations.values():
            if conversation.state.wait is not None or conversation.state.promise is not None:
                chat.tracker.rows.restore(disk[shop.name, conversation.id])


def fetched(chat: Timeline, event: ev.AnyEvent, disk: dict[tuple[str, str], bytes]) -> None:
    """Bring back the rows that the tracker says it needs for an event."""
    tracker, asked = chat.tracker, set[tuple[str, str]]()
    while more := tracker.missing([event]) - asked:
        asked |= more
        for key in more & disk.keys():
            tracker.rows.restore(disk[key])
    for shop, buyer in tracker.merging([event]):
        for row in disk.values():
            one = msgpack.decode(row, type=Conversation)
            if (one.shop, one.buyer) == (shop, buyer) and one.merged_into is None:
                tracker.rows.restore(row)


@settings(max_examples=40)
@given(steps=STEPS.map(lambda steps: [step for step in steps if step[0] != "list"]), merges=MERGES, data=st.data())
def test_it_is_the_same_with_a_restart_after_every_event(
    steps: list[Any], merges: list[tuple[str, str]], data: st.DataObject
) -> None:
    chat, disk = Timeline(wall=True), dict[tuple[str, str], bytes]()
    for at, event in enumerate(data.draw(st.permutations(story(steps, merges, as_one=False)))):
        fetched(chat, event, disk)
        chat.event(event, arrives=300 + at)
        restarted(chat, disk)
    assert rounds(chat) == told(story(steps, merges, as_one=True), wall=True)
