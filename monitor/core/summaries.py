"""Two messages that sum up: the floor manager's digest, and what a team finds when it opens."""

from collections.abc import Sequence

from monitor.core.decisions import NamedWait, TellPeople
from monitor.core.incident import WORTH_MS, Kept, Left, short

NAMED_AT_MOST = 200


def opening(left: Left, waits: Sequence[NamedWait], due_at_ms: int, decided_at_ms: int) -> TellPeople:
    """Return what a team is told of those who were left and wait still, the longest first."""
    longest = sorted(waits, key=lambda one: one.since_ms)
    return TellPeople(
        key=f"opening.{left.opening_ms}.{short(left.team)}",
        alert=str(longest[0].wait),
        kind="opening",
        step="opening",
        to="team",
        team=left.team,
        agent=None,
        waits=tuple(longest[:NAMED_AT_MOST]),
        due_at_ms=due_at_ms,
        decided_at_ms=decided_at_ms,
        expires_at_ms=decided_at_ms + WORTH_MS,
        facts={"left": len(left.waits), "still": len(waits), "oldest_since_ms": longest[0].since_ms},
    )


def digest(kept: Kept, waits: Sequence[NamedWait], decided_at_ms: int) -> TellPeople:
    """Return what the floor manager is told; ``waits`` are those that came to its step and are open still."""
    teams: dict[str, int] = {}
    for one in waits:
        teams[one.team] = teams.get(one.team, 0) + 1
    return TellPeople(
        key=f"digest.{kept.digest_at_ms}",
        alert="digest",
        kind="digest",
        step="5m",
        to="digest",
        team="",
        agent=None,
        waits=tuple(sorted(waits, key=lambda one: one.since_ms)[:NAMED_AT_MOST]),
        due_at_ms=kept.digest_at_ms,
        decided_at_ms=decided_at_ms,
        expires_at_ms=decided_at_ms + WORTH_MS,
        facts={
            "came": len(kept.overdue),
            "still": len(waits),
            "over": kept.over,
            "turned": kept.turned,
            "teams": teams,
        },
    )
