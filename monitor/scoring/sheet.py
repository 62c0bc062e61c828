"""The sheet of one day, from the data folder: what was waited, what was not seen, how shifts were kept, the evidence.

The evidence names each round that passed a limit with the ids of the messages that opened
and ended it and the line of the rules it was held against: what an owner may dispute; with
it stand the rounds of which that cannot be told yet, or not at all, marked why. It reads
what is written down, beside a running service or without one.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple

import msgspec

from monitor.core.decisions import FeedGap, Round, ShiftWorked
from monitor.core.policy import Policy
from monitor.core.rounds import stages_passed
from monitor.core.scores.days import days
from monitor.core.scores.floor import ZONE
from monitor.wire import instant_text

_round = msgspec.json.Decoder(Round).decode
_shift = msgspec.json.Decoder(ShiftWorked).decode
_policy = msgspec.msgpack.Decoder(Policy).decode


class Wanted(NamedTuple):
    """Of whom the sheet is; None: of all."""

    shop: str | None = None
    team: str | None = None
    agent: str | None = None

    def holds(self, round: Round) -> bool:
        """Whether a round belongs to it: an agent's are those answered or held."""
        return (
            self.shop in (None, round.shop)
            and self.team in (None, round.team)
            and (self.agent in (None, round.agent) or any(one.agent == self.agent for one in round.holders))
        )


def sheet(
    db: sqlite3.Connection, day: int, wanted: Wanted, as_of_ms: int = 0, still_open: Iterable[Round] = ()
) -> dict[str, Any]:
    """Return the sheet of a day of the floor.

    Args:
        db: the journal.
        day: which.
        wanted: of whom it is.
        as_of_ms: when waits were looked at that are open still.
        still_open: their rounds, of all days.
    """
    span = days(ZONE).numbered(day)
    stands_open = [one for one in still_open if span.start_ms <= one.opened_at_ms < span.end_ms and wanted.holds(one)]
    seen = {one.wait for one in stands_open}
    rounds = [one for one in _rounds(db, span.start_ms, span.end_ms, wanted) if one.wait not in seen] + stands_open
    rounds.sort(key=lambda one: (one.opened_at_ms, one.wait))
    shops = {round.shop for round in rounds} | ({wanted.shop} if wanted.shop is not None else set())
    replies = [round for round in rounds if round.outcome == "answered" and round.ended_at_ms is not None]
    waited_ms = sum((round.ended_at_ms or 0) - round.opened_at_ms for round in replies)
    passed: dict[str, int] = {}
    for round in rounds:
        for stage in round.passed:
            passed[stage] = passed.get(stage, 0) + 1
    outcomes: dict[str, int] = {}
    for round in rounds:
        outcomes[round.outcome] = outcomes.get(round.outcome, 0) + 1
    rules = _rules(db)
    gaps = list(_gaps(db, span.start_ms, span.end_ms))
    evidence = []
    for round in rounds:
        version, policy = rules.get(round.policy, ("", None))
        why = _undetermined(round, policy, gaps)
        if round.passed or why is not None:
            evidence.append(_evidence(round, version, policy, why))
    return {
        "day": date.fromordinal(day).isoformat(),
        **wanted._asdict(),
        "as_of": instant_text(as_of_ms) if as_of_ms else None,
        "rounds": outcomes,
        "passed": passed,
        "mean_reply_seconds": waited_ms / len(replies) / 1000 if replies else None,
        "held": sum(round.held for round in rounds),
        "gaps": [_gap(one) for one in gaps if wanted == Wanted() or one.shop in shops],
        "shifts": list(_shifts(db, span.start_ms, span.end_ms, wanted)),
        "evidence": evidence,
    }


def _rounds(db: sqlite3.Connection, from_ms: int, to_ms: int, wanted: Wanted) -> Iterator[Round]:
    for (body,) in db.execute(
        "SELECT body FROM rounds WHERE opened_at_ms >= ? AND opened_at_ms < ? ORDER BY opened_at_ms, wait",
        (from_ms, to_ms),
    ):
        round = _round(body)
        if round.outcome != "dismissed" and wanted.holds(round):
            yield round


def _rules(db: sqlite3.Connection) -> dict[int, tuple[str, Policy]]:
    """Return by a policy's number the version of the rules, and the policy."""
    found = db.execute("SELECT p.number, r.hash, p.body FROM policies AS p JOIN rules AS r ON r.number = p.rules")
    return {number: (version, _policy(body)) for number, version, body in found}


def _undetermined(round: Round, policy: Policy | None, gaps: Iterable[FeedGap]) -> str | None:
    """Return why it is not told yet, or cannot be, which limits a round passed; None: it is told."""
    window = () if policy is None else (policy.first_window or policy.window) if round.first else policy.window
    open_limits = len(window) > len(round.passed)
    if round.ended_after_ms is not None and round.ended_at_ms is not None:
        most_ms = round.counted_ms + round.ended_at_ms - round.ended_after_ms
        if stages_passed(window, most_ms) > len(round.passed):
            return "answered elsewhere"
    if (round.passed or round.outcome == "open") and any(
        not gap.filled
        and gap.shop == round.shop
        and gap.account in (None, "", round.account)
        and (round.ended_at_ms is None or gap.from_ms < round.ended_at_ms)
        and (gap.to_ms is None or gap.to_ms > round.opened_at_ms)
        for gap in gaps
    ):
        return "feed gap"
    return "open" if round.outcome == "open" and open_limits else None


def _gaps(db: sqlite3.Connection, from_ms: int, to_ms: int) -> Iterator[FeedGap]:
    """Yield what was not seen within the day (采集中断)."""
    for source, account, shop, start_ms, end_ms, reason, filled, decided_at_ms in db.execute(
        "SELECT source, account, shop, from_ms, to_ms, reason, filled, decided_at_ms FROM gaps "
        "WHERE from_ms < ? AND (to_ms IS NULL OR to_ms > ?) ORDER BY from_ms, shop, account",
        (to_ms, from_ms),
    ):
        yield FeedGap(
            source=source, account=account or None, shop=shop, from_ms=start_ms, to_ms=end_ms, reason=reason,
            filled=bool(filled), decided_at_ms=decided_at_ms,
        )  # fmt: skip


def _gap(gap: FeedGap) -> dict[str, Any]:
    return {
        "shop": gap.shop,
        "account": gap.account,
        "source": gap.source,
        "from": instant_text(gap.from_ms),
        "to": None if gap.to_ms is None else instant_text(gap.to_ms),
        "seconds": None if gap.to_ms is None else (gap.to_ms - gap.from_ms) / 1000,
        "reason": gap.reason,
        "filled": gap.filled,
    }


def _shifts(db: sqlite3.Connection, from_ms: int, to_ms: int, wanted: Wanted) -> Iterator[dict[str, Any]]:
    """Yield the shifts that began on the day: late (迟到), gone early (早退), never there (缺岗)."""
    for (body,) in db.execute(
        "SELECT body FROM shifts WHERE starts_at_ms >= ? AND starts_at_ms < ? ORDER BY starts_at_ms, person",
        (from_ms, to_ms),
    ):
        one = _shift(body)
        if (
            wanted.agent in (None, one.person)
            and wanted.team in (None, one.team)
            and (wanted.shop is None or wanted.shop in one.shops)
        ):
            yield {
                "agent": one.person,
                "shops": list(one.shops),
                "starts_at": instant_text(one.starts_at_ms),
                "ends_at": instant_text(one.ends_at_ms),
                "there_seconds": one.there_ms / 1000,
                "absent": not one.there_ms,
                "late_seconds": one.late_ms / 1000,
                "early_seconds": one.early_ms / 1000,
            }


def _evidence(round: Round, version: str, policy: Policy | None, why: str | None) -> dict[str, Any]:
    ended_at_ms = round.ended_at_ms
    return {
        "shop": round.shop,
        "conversation": round.conversation,
        "opened_by": round.opened_by,
        "opened_at": instant_text(round.opened_at_ms),
        "ended_by": round.ended_by,
        "ended_at": None if ended_at_ms is None else instant_text(ended_at_ms),
        "ended_after": None if round.ended_after_ms is None else instant_text(round.ended_after_ms),
        "outcome": round.outcome,
        "undetermined": why,
        "wait_seconds": None if ended_at_ms is None else (ended_at_ms - round.opened_at_ms) / 1000,
        "counted_seconds": round.counted_ms / 1000,
        "stage": round.stage,
        "agent": round.agent,
        "account": round.account,
        "holders": [{"agent": one.agent, "seconds": one.held_ms / 1000} for one in round.holders],
        "courtesy": round.courtesy,
        "held": round.held,
        "closed_unanswered": round.closed_unanswered,
        "rules_version": version,
        "rule": "" if policy is None else policy.rule,
    }
