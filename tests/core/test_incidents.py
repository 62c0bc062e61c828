"""Alerts that are no wait's: told once, not for every flap, not under a silence; and the digest."""

from typing import Any

import pytest
from msgspec import msgpack
from msgspec.structs import replace

from monitor.core import decisions as d
from monitor.core import events as ev
from monitor.core.incident import Kept
from monitor.core.incidents import Incidents
from monitor.core.people import People
from monitor.core.policy import Step
from monitor.core.silences import Silences
from tests.core.collector import status
from tests.core.ladders import LADDER
from tests.timeline import START_MS, Timeline


def _of_sources(chat: Timeline) -> list[tuple[str, str]]:
    return [
        (one.to, line)
        for one, line in zip([o for o in chat.decisions if isinstance(o, d.TellPeople)], chat.people, strict=True)
        if one.kind == "source" and one.to == "lead"
    ]


def test_a_line_that_flaps_rings_once_and_all_of_it_is_in_the_digest() -> None:
    chat = Timeline(LADDER, wall=True)
    for minute in range(3):
        status(chat, f"{minute}:10", "kicked", shop="senye", account="lin")
        status(chat, f"{minute}:40", "online", shop="senye", account="lin")
    chat.until("5:01")
    assert [line for _, line in _of_sources(chat)] == ["0:10 lead default account"]
    [digest] = [one for one in chat.decisions if isinstance(one, d.TellPeople) and one.kind == "digest"]
    assert [one["firing"] for one in digest.facts["turned"]] == [True, False] * 3
    status(chat, "6:00", "kicked", shop="senye", account="lin")
    assert len(_of_sources(chat)) == 2


def test_a_silence_of_its_shop_keeps_an_alert_from_ringing() -> None:
    chat = Timeline(LADDER, wall=True).silenced("0:00", "9:00", shop="senye")
    status(chat, "0:10", "kicked", shop="senye", account="lin")
    assert _of_sources(chat) == []
    [state] = [one for one in chat.decisions if isinstance(one, d.AlertState)]
    assert (state.kind, state.state, state.acts[0].what) == ("source", "firing", "quiet")


def test_a_digest_names_who_still_waits_and_counts_who_was_answered() -> None:
    policy = replace(LADDER, steps=(Step(120_000, "team"), Step(180_000, "digest")))
    chat = Timeline(policy).buyer("0:00", chat="a", agent="lin").buyer("0:10", chat="b", agent="zhou")
    chat.agent("4:00", chat="a").until("11:00")
    digests = [one for one in chat.decisions if isinstance(one, d.TellPeople) and one.kind == "digest"]
    [digest] = digests  # And none at 10:00, when nothing was new.
    assert [wait.conversation for wait in digest.waits] == ["b"]
    assert (digest.facts["came"], digest.facts["still"], digest.facts["over"]) == (2, 1, {"answered": 1})


class _Nobody:
    """A tracker that knows no wait."""

    def __init__(self) -> None:
        self.decisions: list[d.Decision] = []
        self.now_ms = START_MS
        self.wall = True
        self.rules = "v1"
        self.people: People | None = None
        self.woken_ms = 0

    def named_wait(self, *_: object) -> d.NamedWait | None:
        return None

    def wake(self, _: Incidents, at_ms: int) -> None:
        self.woken_ms = at_ms


def test_what_is_saved_is_taken_back_and_told_of_no_second_time() -> None:
    one, other = _Nobody(), _Nobody()
    first = Incidents(one, one, Silences())
    how = {"at_ms": START_MS, "now_ms": START_MS, "to": {"south": ("lead",)}, "step": "nobody", "team": "south"}
    first.begin("unattended", "senye", **how)  # type: ignore[arg-type]
    first.flush()
    second = Incidents(other, other, Silences())
    second.restore(msgpack.decode(msgpack.encode(first.keep()), type=Kept))
    second.begin("unattended", "senye", **how)  # type: ignore[arg-type]
    second.flush()
    assert len(one.decisions) == 2
    assert other.decisions == []
    assert other.woken_ms == one.woken_ms == START_MS + 300_001
    second.end("unattended", "senye", START_MS + 1_000, "lin")
    [state] = other.decisions
    assert isinstance(state, d.AlertState)
    assert (state.state, state.outcome, state.rules) == ("resolved", "lin", "v1")


@pytest.mark.parametrize(("act", "later"), [("mute", ["told"]), ("resolve", ["quiet"])])
def test_what_a_person_has_muted_or_resolved_tells_no_further_step_until_it_is_over(act: Any, later: list[str]) -> None:
    floor = _Nobody()
    incidents = Incidents(floor, floor, Silences())

    def begin(step: str, seconds: int) -> list[str]:
        """Let a step come; return what was done of it."""
        floor.decisions.clear()
        now_ms = START_MS + 1000 * seconds
        incidents.begin("unattended", "senye", at_ms=now_ms, now_ms=now_ms, to={"south": ("lead",)}, step=step)
        return [one.acts[0].what for one in floor.decisions if isinstance(one, d.AlertState)]

    assert begin("nobody", 0) == ["told"]
    [told] = [one for one in floor.decisions if isinstance(one, d.AlertState)]
    until_ms = START_MS + 600_000 if act == "mute" else None
    acted = ev.AlertActed(
        type="alert_acted", id="a", ts_ms=START_MS, shop="", alert=told.alert, act=act, by="lead", until_ms=until_ms
    )
    incidents.act(acted, 1)
    assert begin("still", 599) == ["quiet"]
    assert begin("and still", 600) == later
