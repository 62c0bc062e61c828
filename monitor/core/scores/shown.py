"""Figures as they are shown: each share, mean and percentile with the sums it is made of beside it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from monitor.core.scores.board import Row
from monitor.core.scores.cells import as_json, at_share
from monitor.core.scores.figures import BUYER_FIGURES, WINDOWS_MS, Figures
from monitor.core.scores.judge import UNDETERMINED
from monitor.core.scores.profile import Profile

NO_FIRST = ("outbound", "bot_only")  # Sessions that owe nobody a first reply: the shop began, or the bot was enough.
SHARES = (("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("max", 1.0))


def told_row(row: Row, profile_of: Callable[[str], Profile | None], ids: Collection[str] = ()) -> dict[str, Any]:
    """Return what is known of somebody over a span, as it leaves the program.

    Args:
        row: the sums.
        profile_of: returns a profile by its name; days long over may know one that is no more.
        ids: these scores only, and no figures; none: all.
    """
    scores = {}
    for id in sorted(row.sums):
        profile = profile_of(id)
        if profile is not None and (not ids or id in ids):
            sums = row.sums[id]
            scores[id] = as_json(profile, sums) | {"provisional": sums.counts[UNDETERMINED] > 0}
    told: dict[str, Any] = {"provisional": any(score["provisional"] for score in scores.values()), "scores": scores}
    if not ids:
        told["figures"] = shown(row.figures, row.buyers)
    return told


def shown(figures: Figures, buyers: Sequence[int]) -> dict[str, Any]:
    """Return the figures of a shop, agent, account, team or platform over any span.

    Args:
        figures: summed.
        buyers: counts in the order of `BUYER_FIGURES`, each of a day, so a buyer of two days counts twice.
    """
    n = figures.counts.get
    counted = dict(zip(BUYER_FIGURES, buyers, strict=True))
    return {
        "first_response": _mean(figures.counts, "first_reply_ms", "first_replies")
        | {"unanswered": n("sessions", 0) - sum(n(f"sessions_{name}", 0) for name in NO_FIRST) - n("first_replies", 0)}
        | _shares(figures.first),
        "first_answer": _mean(figures.counts, "first_answer_ms", "first_answers"),
        "round_response": _mean(figures.counts, "reply_ms", "rounds_answered")
        | {"unanswered": n("rounds", 0) - n("rounds_dismissed", 0) - n("rounds_answered", 0)}
        | _shares(figures.waits),
        "dropoff": {f"{ms // 1000}s": _dropoff(figures.counts, f"{ms // 1000}s") for ms in WINDOWS_MS},
        "missed": {"rounds": n("missed_rounds", 0), "buyers": counted["buyers_missed"]},
        "transfers": _share(figures.counts, "transfers_unanswered", "transfers", "unanswered"),
        "slow_buyers": counted["buyers_slow"],
        "followups": _share(figures.counts, "promises_missed", "promises", "missed") | {"open": n("promises_open", 0)},
        "holding": _share(figures.counts, "rounds_held", "rounds_answered", "held"),
        "qa_ratio": _share(figures.counts, "agent_messages", "buyer_messages", "agent_messages"),
        "buyers": {name.removeprefix("buyers_"): counted[name] for name in BUYER_FIGURES[:4]},
        "rounds": {
            "total": n("rounds", 0),
            "answered": n("rounds_answered", 0),
            "open": n("rounds_open", 0),
            "bot_held": n("rounds_bot_held", 0),
            "dismissed": n("rounds_dismissed", 0),
        },
        "left_offline": _share(figures.counts, "offline_sessions", "sessions_watched", "sessions")
        | {"reply": _share(figures.counts, "offline_answered", "offline_sessions", "answered")}
        | {"answer": _mean(figures.counts, "offline_answer_ms", "offline_answered")},
        "sessions": n("sessions", 0),
        "bots": {
            "sessions": n("bot_sessions", 0),
            "contained": n("bot_sessions_contained", 0),
            "left_silently": n("bot_sessions_silent", 0),
            "pending": n("bot_sessions_pending", 0),
            "rate": _rate(n("bot_sessions_contained", 0), n("bot_sessions", 0) - n("bot_sessions_pending", 0)),
            "handoffs": n("handoffs", 0),
            "handoff_wait": _mean(figures.counts, "handoff_ms", "handoffs_answered"),
        },
    }


def _mean(counts: Mapping[str, int], total: str, number: str) -> dict[str, Any]:
    of = counts.get(number, 0)
    seconds = counts.get(total, 0) / 1000
    return {"count": of, "sum_seconds": seconds, "mean_seconds": seconds / of if of else None}


def _share(counts: Mapping[str, int], part: str, whole: str, name: str) -> dict[str, Any]:
    of, some = counts.get(whole, 0), counts.get(part, 0)
    return {name: some, "of": of, "rate": _rate(some, of)}


def _rate(some: int, of: int) -> float | None:
    return some / of if of else None


def _dropoff(counts: Mapping[str, int], name: str) -> dict[str, Any]:
    answered, never = counts.get(f"past_{name}_answered", 0), counts.get(f"past_{name}_never", 0)
    of = answered + never + counts.get(f"within_{name}", 0)
    return {"late": answered, "never": never, "of": of, "rate": (answered + never) / of if of else None}


def _shares(spread: dict[int, int]) -> dict[str, Any]:
    return {f"{name}_seconds": at_share(spread, share) for name, share in SHARES}
