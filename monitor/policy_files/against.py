"""What would change: a log counted under the rules in force and under those that are checked.

Counted are rounds, limits passed, alerts and scores, as a replay does, and beside them what people would have been
told: how many messages to the panel, the team, the lead, the manager.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from monitor.core.decisions import TellPeople
from monitor.core.events import AnyEvent, Message
from monitor.core.lists import places
from monitor.core.people import People
from monitor.core.policy import BuiltIn, PolicyBook
from monitor.core.roster import Register
from monitor.core.scores.profile import ProfileBook
from monitor.core.senders import BUILT_IN as WITHOUT_RULES
from monitor.core.senders import Reader
from monitor.core.tracker import Tracker
from monitor.log_files import lines_of
from monitor.policy_files import profiles
from monitor.policy_files.rule_set import RuleSet
from monitor.policy_files.where import default_folder
from monitor.replay import Replay

RECEIVERS = ("panel", "popup", "team", "lead", "digest", "console")


class Side(NamedTuple):
    """One of the two rules that are compared."""

    name: str
    policies: PolicyBook
    reader: Reader
    profiles: ProfileBook
    register: Register


def without_rules() -> Side:
    """Return the built-in policy, as a side."""
    return Side("built-in", BuiltIn(), WITHOUT_RULES, profiles.load(default_folder())[0], Register())


def with_rules(rules: RuleSet) -> Side:
    """Return rules as a side."""
    return Side(rules.hash, rules.book, rules.reader, rules.profiles, rules.register)


def compare(files: Sequence[str], before: Side, after: Side) -> dict[str, Any]:
    """Return the counts of a log under two rules, and where they differ.

    Raises:
        UsageError: the log cannot be read.
    """
    events = sorted(Replay(as_arrived=True).decoded(lines_of(files)), key=lambda event: event.ts_ms)
    was, now = _counted(events, before), _counted(events, after)
    return {
        "before": {"rules_version": before.name, **was},
        "after": {"rules_version": after.name, **now},
        "changes": list(_changes(was, now)),
    }


def _counted(events: Sequence[AnyEvent], side: Side) -> dict[str, Any]:
    run = Replay(profiles=side.profiles, policies=side.policies, reader=side.reader)
    tally = run.run_sorted(list(events))
    return {
        "rounds": tally.rounds,
        "passed": tally.passed,
        "alerts": tally.alerts,
        "told": told(events, side),
        "scores": tally.scores,
    }


def told_of(files: Sequence[str], side: Side) -> dict[str, int]:
    """Return how many messages people would have got over a log, by receiver: what waits have in common is one.

    Raises:
        UsageError: the log cannot be read.
    """
    return told(sorted(Replay(as_arrived=True).decoded(lines_of(files)), key=lambda event: event.ts_ms), side)


def told(events: Sequence[AnyEvent], side: Side) -> dict[str, int]:
    """Return how many messages people would have got, by receiver."""
    tracker = Tracker(side.policies, wall=False, people=People(side.register))
    found = dict.fromkeys(RECEIVERS, 0)
    number = 0

    def count() -> None:
        for decision in tracker.decisions:
            if isinstance(decision, TellPeople):
                found[decision.to] = found.get(decision.to, 0) + 1
        tracker.decisions.clear()

    for event in events:
        if event.ts_ms > tracker.now_ms:
            tracker.advance(event.ts_ms - 1)  # A reply of the very instant goes before a step that is due then.
        number += places(event)
        words = side.reader.read(event) if isinstance(event, Message) else 0
        tracker.handle(event, number, event.ts_ms, words)
        count()
    if events:
        tracker.advance(events[-1].ts_ms)  # What is due at the last instant.
        count()
    return found


def _changes(was: Any, now: Any, path: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """Return each number that differs, with its place."""
    if isinstance(was, dict) or isinstance(now, dict):
        keys = [*(was or {}), *(key for key in now or {} if key not in (was or {}))]
        return [change for key in keys for change in _changes((was or {}).get(key), (now or {}).get(key), (*path, key))]
    return [] if was == now else [{"what": ".".join(path), "before": was, "after": now}]
