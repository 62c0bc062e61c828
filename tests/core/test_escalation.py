"""The ladder: who is told at which second, what a claim holds, what is passed over."""

from msgspec.structs import replace

from monitor.core import decisions as d
from monitor.core.policy import BUILT_IN, Step
from monitor.core.tracker import TOLD_AT_ONCE
from tests.core.ladders import LADDER
from tests.timeline import Timeline, at_ms


def test_each_step_is_told_at_its_second() -> None:
    chat = Timeline(LADDER).buyer("0:00", agent="lin")
    chat.until("10:00")
    assert chat.people == [
        "0:30 panel lin 30s: senye 0:30",
        "1:30 popup lin 90s: senye 1:30",
        "2:00 team lin 120s: senye 2:00",
        "2:30 lead lin 150s: senye 2:30",
        "5:00 digest manager 5m: senye 5:00",
        "5:00 console lin 300s: senye 5:00",
    ]


def test_a_reply_of_the_very_second_goes_first() -> None:
    chat = Timeline(LADDER).buyer("0:00").agent("2:00")
    chat.until("10:00")
    assert chat.said_to("team", "lead") == []


def test_one_message_names_all_waits_of_an_agent() -> None:
    chat = Timeline(LADDER).buyer("0:00", chat="a", agent="lin").buyer("0:40", chat="b", agent="lin")
    chat.buyer("0:30", chat="d", agent="zhou")
    chat.until("3:00")
    assert chat.said_to("team") == ["2:00 team lin 120s: senye 2:00, senye 1:20", "2:30 team zhou 120s: senye 2:00"]


def test_a_wait_named_is_told_of_at_that_step() -> None:
    chat = Timeline(LADDER).buyer("0:00", chat="a", agent="lin").buyer("0:40", chat="b", agent="lin")
    chat.agent("2:10", chat="a")
    chat.until("4:00")
    assert chat.said_to("popup", "team", "lead") == [
        "1:30 popup lin 90s: senye 1:30",
        "2:00 team lin 120s: senye 2:00, senye 1:20",
        "2:10 popup lin 90s: senye 1:30",
        "3:10 lead lin 150s: senye 2:30",
    ]


def test_a_wait_passed_on_is_named_with_who_has_it_now() -> None:
    chat = Timeline(LADDER).buyer("0:00", chat="a", agent="lin").buyer("0:40", chat="b", agent="lin")
    chat.buyer("0:10", chat="d", agent="zhou").transferred("1:55", "zhou", chat="b")
    chat.until("2:30")
    assert chat.said_to("team") == ["2:00 team lin 120s: senye 2:00", "2:10 team zhou 120s: senye 2:00, senye 1:30"]


def test_a_wait_of_which_comes_late_that_it_was_passed_on_is_too() -> None:
    chat = Timeline(LADDER).buyer("0:00", chat="a", agent="lin").buyer("0:40", chat="b", agent="lin")
    chat.buyer("0:10", chat="d", agent="zhou").buyer("1:55", chat="b").transferred("1:50", "zhou", chat="b")
    chat.until("2:30")
    assert chat.said_to("team") == ["2:00 team lin 120s: senye 2:00", "2:10 team zhou 120s: senye 2:00, senye 1:30"]


def test_a_claim_holds_the_steps_until_20_seconds_before_the_limit_then_tells_who_claimed() -> None:
    chat = Timeline(LADDER).buyer("0:00", agent="lin").acted("2:15", "claim", "wang")
    chat.until("6:00")
    assert chat.said_to("team", "lead", "claimer", "console") == [
        "2:00 team lin 120s: senye 2:00",
        "2:40 claimer wang claim: senye 2:40",
        "5:00 console lin 300s: senye 5:00",
    ]


def test_a_claim_holds_90_seconds_where_no_limit_is_near() -> None:
    chat = Timeline(LADDER).buyer("0:00", agent="lin").acted("3:05", "claim", "wang")
    chat.until("4:50")
    assert chat.said_to("claimer") == ["4:35 claimer wang claim: senye 4:35"]


def test_what_came_due_under_a_claim_is_not_made_up() -> None:
    policy = replace(LADDER, steps=(Step(60_000, "team"), Step(150_000, "team"), Step(200_000, "team")))
    chat = Timeline(policy).buyer("0:00", agent="lin").acted("1:10", "claim", "wang")
    chat.until("6:00")
    assert chat.people == [
        "1:00 team lin 60s: senye 1:00",
        "2:40 claimer wang claim: senye 2:40",
        "3:20 team lin 200s: senye 3:20",
    ]


def test_the_first_claim_stands_and_a_later_one_holds_nothing() -> None:
    chat = Timeline(LADDER).buyer("0:00", agent="lin").acted("1:35", "claim", "wang").acted("1:40", "claim", "zhao")
    chat.acted("1:50", "release", "wang").acted("1:55", "claim", "zhao")
    chat.until("3:00")
    assert chat.said_to("team", "lead", "claimer") == ["2:00 team lin 120s: senye 2:00"]
    acts = [act for one in chat.decisions if isinstance(one, d.AlertState) for act in one.acts]
    assert [(act.by, act.what, act.detail) for act in acts if act.by] == [
        ("wang", "claimed", ""),
        ("zhao", "refused", "claimed by wang"),
        ("wang", "released", "wang"),
        ("zhao", "claimed", ""),
    ]


def test_resolve_stops_the_telling_and_not_the_wait() -> None:
    chat = Timeline(LADDER).buyer("0:00", agent="lin").acted("1:35", "resolve")
    assert chat.until("10:00") == ["1:00 slow", "1:35 resolved stopped"]
    assert chat.said_to("team", "lead", "digest", "console") == []
    assert [r.stage for r in chat.open_rounds()] == ["lost"]


def test_a_muted_wait_is_told_of_at_the_next_step_after_the_mute() -> None:
    policy = replace(LADDER, steps=(Step(120_000, "team"), Step(300_000, "team"), Step(900_000, "console")))
    chat = Timeline(policy).buyer("0:00", agent="lin").acted("1:35", "mute")
    assert chat.until("20:00") == ["1:00 slow"]
    assert chat.people == ["15:00 console lin 900s: senye 15:00"]


def test_a_silence_covers_what_it_matches_and_no_more() -> None:
    chat = Timeline(LADDER).silenced("0:00", "2:10", shop="senye", stage="slow").buyer("0:01", agent="lin")
    chat.buyer("0:02", shop="nanfeng", chat="n", agent="lin")
    told = chat.until("4:00")
    assert chat.said_to("team", "lead") == [
        "2:02 team lin 120s: nanfeng 2:00",
        "2:31 lead lin 150s: senye 2:30",
        "2:32 lead lin 150s: nanfeng 2:30",
    ]
    assert told == ["1:02 slow", "3:01 at_risk", "3:02 at_risk"]


def test_repetitions_have_a_limit() -> None:
    policy = replace(LADDER, steps=(Step(120_000, "team", repeat_ms=60_000, repeats=2),))
    chat = Timeline(policy).buyer("0:00", agent="lin")
    chat.until("20:00")
    assert [line.split(":")[0] + line.split()[3] for line in chat.people] == ["2120s:", "3120s+1:", "4120s+2:"]


def test_what_a_late_reply_disproves_is_told_anew_as_a_repetition() -> None:
    policy = replace(LADDER, window=BUILT_IN.window[1:])
    chat = Timeline(policy).buyer("0:00", "在吗", agent="lin", id="a").buyer("0:10", "有货吗", agent="lin")
    chat.until("2:30")
    chat.recalled("2:31", "a")
    chat.until("3:00")
    keys = [one.key for one in chat.decisions if isinstance(one, d.TellPeople) and one.to in ("team", "lead")]
    assert len(keys) == len(set(keys))


def test_a_courtesy_wait_never_leaves_the_panel() -> None:
    chat = Timeline(LADDER).buyer("0:00", agent="lin").agent("0:20").buyer("1:00", "好的谢谢", agent="lin")
    chat.until("20:00")
    assert chat.people == ["3:30 popup lin 150s: senye 2:30"]


def test_a_policy_without_steps_tells_machines_only() -> None:
    chat = Timeline().buyer("0:00", agent="lin")
    assert chat.until("10:00") == ["1:00 slow", "3:00 at_risk", "5:00 lost"]
    assert chat.people == []


def test_a_new_limit_is_not_late_behind_old_messages() -> None:
    chat = Timeline(LADDER, wall=True)
    waits = 3 * TOLD_AT_ONCE
    for n in range(waits):
        chat.buyer("0:00", chat=f"c{n}", agent=f"agent-{n}")
    chat.buyer("1:00.5", chat="new")
    chat.until("1:59.9")
    tracker = chat.tracker
    turns: list[tuple[list[str], bool]] = []  # Of each turn: what was passed, and whether people are still to be told.
    for when in ("2:00.2", "2:00.6", "2:00.6"):
        tracker.advance(at_ms(when))
        turns.append(
            ([one.stage for one in tracker.decisions if isinstance(one, d.PassStage)], tracker.escalation.pending)
        )
        chat.take()
    assert turns == [([], True), (["slow"], True), ([], False)]
    assert len(chat.said_to("team")) == waits
