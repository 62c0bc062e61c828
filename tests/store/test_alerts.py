"""The alert log: one line for each alert, a trail that only grows, what is old pruned."""

from typing import Any

import pytest

from monitor.core.decisions import AlertAct, AlertState, ToldStep
from monitor.store.alerts import Wanted
from monitor.store.journal import Journal
from tests.store.made import commit, event


def state(alert: str = "1", *acts: AlertAct, **other: Any) -> AlertState:
    """Make an alert that fires."""
    given: dict[str, Any] = {
        "alert": alert,
        "kind": "wait",
        "state": "firing",
        "platform": "taobao",
        "shop": "senye",
        "conversation": "c-1",
        "buyer": "张三",
        "team": "south",
        "agent": "lin",
        "account": None,
        "stage": "slow",
        "since_ms": 1_000,
        "raised_at_ms": None,
        "limit_at_ms": None,
        "claimed_by": None,
        "claimed_at_ms": None,
        "muted_until_ms": None,
        "stopped": False,
        "ended_at_ms": None,
        "outcome": None,
        "told": (),
        "acts": acts or (AlertAct(2_000, "", "raised", "slow"),),
    }
    return AlertState(**(given | other))


async def test_what_is_first_stays_and_the_rest_is_as_last_written(journal: Journal) -> None:
    told = (ToldStep("120s", "team", 121_000, 121_005),)
    claimed = AlertAct(130_000, "wang", "claimed")
    first = state("1", AlertAct(121_005, "", "told"), raised_at_ms=121_005, limit_at_ms=181_000, told=told)
    then = state("1", claimed, state="claimed", claimed_by="wang", claimed_at_ms=130_000, raised_at_ms=999_999)
    again = state("1", AlertAct(140_000, "wang", "released"))
    await journal.commit(commit(now_ms=1, alerts=[first, then]))
    await journal.commit(commit(now_ms=2, alerts=[again]))
    found = await journal.alerts.get("1")
    assert found is not None
    logged, acts = found
    assert (logged.state.raised_at_ms, logged.state.limit_at_ms, logged.first_claimed_at_ms) == (
        121_005, 181_000, 130_000
    )  # fmt: skip
    assert (logged.state.state, logged.state.claimed_by, logged.updated_at_ms) == ("firing", None, 140_000)
    assert [act.what for act in acts] == ["told", "claimed", "released"]
    assert await journal.alerts.get("2") is None


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(), ["3", "2", "1"]),
        (Wanted(state="open"), ["2", "1"]),
        (Wanted(state="claimed"), ["2"]),
        (Wanted(state="resolved"), ["3"]),
        (Wanted(shop="other"), ["3"]),
        (Wanted(team="south", agent="lin"), ["1"]),
        (Wanted(kind="source"), []),
        (Wanted(from_ms=2_000, to_ms=3_000), ["2"]),
        (Wanted(shops={"other"}), ["3"]),
        (Wanted(teams={"south"}), ["2", "1"]),
    ],
)
async def test_alerts_are_found_by_what_they_are(journal: Journal, wanted: Wanted, found: list[str]) -> None:
    alerts = [
        state("1"),
        state("2", since_ms=2_000, state="claimed", agent="zhou"),
        state("3", since_ms=3_000, shop="other", team="north", state="resolved", ended_at_ms=9_000),
    ]
    await journal.commit(commit(now_ms=1, alerts=alerts))
    assert [one.state.alert for one in await journal.alerts.find(wanted, before=None, limit=10)] == found


async def test_pages_follow_each_other(journal: Journal) -> None:
    await journal.commit(commit(now_ms=1, alerts=[state(str(number)) for number in range(5)]))
    first = await journal.alerts.find(Wanted(), before=None, limit=2)
    second = await journal.alerts.find(Wanted(), before=first[-1].number, limit=2)
    assert [one.state.alert for one in (*first, *second)] == ["4", "3", "2", "1"]


async def test_what_is_over_and_old_is_pruned_with_its_trail_and_what_stands_stays(journal: Journal) -> None:
    over = state("1", AlertAct(5_000, "", "resolved"), state="resolved", ended_at_ms=5_000)
    await journal.commit(commit(event(1), alerts=[over, state("2")]))
    await journal.commit(commit(event(2, conversation="c-2"), now_ms=10**9))
    while await journal.prune(10**9, 1_000):
        pass
    assert [one.state.alert for one in await journal.alerts.find(Wanted(), before=None, limit=10)] == ["2"]
    assert await journal.alerts.get("1") is None


async def test_a_commit_that_is_not_stored_leaves_no_alert(journal: Journal) -> None:
    await journal.commit(commit(event(1)))
    with pytest.raises(AssertionError):
        await journal.commit(commit(event(1), alerts=[state("1")]))
    assert await journal.alerts.get("1") is None
