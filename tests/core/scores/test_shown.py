"""Each figure is shown with the sums it is made of: every one of its own kind, so that none can stand for another."""

from typing import Any

from monitor.core.scores.board import Row
from monitor.core.scores.cells import Sums
from monitor.core.scores.figures import Figures
from monitor.core.scores.profile import Profile
from monitor.core.scores.shown import shown, told_row

COUNTS = {
    "sessions": 101, "sessions_outbound": 3, "sessions_bot_only": 5,
    "first_replies": 64, "first_reply_ms": 128_000, "first_answers": 32, "first_answer_ms": 320_000,
    "rounds": 207, "rounds_dismissed": 7, "rounds_answered": 150, "reply_ms": 300_000, "rounds_open": 11,
    "rounds_bot_held": 13, "rounds_held": 15,
    "past_180s_answered": 20, "past_180s_never": 10, "within_180s": 120,
    "past_300s_answered": 6, "past_300s_never": 4, "within_300s": 190,
    "missed_rounds": 17, "transfers": 40, "transfers_unanswered": 19, "promises": 50, "promises_missed": 2,
    "promises_open": 9, "agent_messages": 600, "buyer_messages": 400,
    "sessions_watched": 80, "offline_sessions": 8, "offline_answered": 6, "offline_answer_ms": 12_000,
    "bot_sessions": 60, "bot_sessions_contained": 22, "bot_sessions_silent": 21, "bot_sessions_pending": 16,
    "handoffs": 29, "handoffs_answered": 24, "handoff_ms": 48_000,
}  # fmt: skip
SPREAD = {1: 50, 2: 40, 30: 5, 600: 5}


def test_every_figure_comes_from_its_own_sums() -> None:
    figures = Figures(dict(COUNTS), dict(SPREAD), {5: 1, 7: 1})
    assert shown(figures, [31, 30, 28, 1, 4, 12]) == {
        "first_response": {
            "count": 64, "sum_seconds": 128.0, "mean_seconds": 2.0, "unanswered": 29,
            "p50_seconds": 1, "p90_seconds": 2, "p95_seconds": 30, "max_seconds": 600,
        },
        "first_answer": {"count": 32, "sum_seconds": 320.0, "mean_seconds": 10.0},
        "round_response": {
            "count": 150, "sum_seconds": 300.0, "mean_seconds": 2.0, "unanswered": 50,
            "p50_seconds": 5, "p90_seconds": 7, "p95_seconds": 7, "max_seconds": 7,
        },
        "dropoff": {
            "180s": {"late": 20, "never": 10, "of": 150, "rate": 0.2},
            "300s": {"late": 6, "never": 4, "of": 200, "rate": 0.05},
        },
        "missed": {"rounds": 17, "buyers": 12},
        "transfers": {"unanswered": 19, "of": 40, "rate": 0.475},
        "slow_buyers": 4,
        "followups": {"missed": 2, "of": 50, "rate": 0.04, "open": 9},
        "holding": {"held": 15, "of": 150, "rate": 0.1},
        "qa_ratio": {"agent_messages": 600, "of": 400, "rate": 1.5},
        "buyers": {"consulted": 31, "received": 30, "valid": 28, "filtered": 1},
        "rounds": {"total": 207, "answered": 150, "open": 11, "bot_held": 13, "dismissed": 7},
        "left_offline": {
            "sessions": 8, "of": 80, "rate": 0.1,
            "reply": {"answered": 6, "of": 8, "rate": 0.75},
            "answer": {"count": 6, "sum_seconds": 12.0, "mean_seconds": 2.0},
        },
        "sessions": 101,
        "bots": {
            "sessions": 60, "contained": 22, "left_silently": 21, "pending": 16, "rate": 0.5, "handoffs": 29,
            "handoff_wait": {"count": 24, "sum_seconds": 48.0, "mean_seconds": 2.0},
        },
    }  # fmt: skip


def test_what_is_not_decided_makes_its_score_provisional_and_the_row_with_it() -> None:
    profiles = {"a": Profile(id="a"), "b": Profile(id="b")}
    row = Row({"b": Sums([1, 1, 0, 0]), "a": Sums([1, 0, 1, 0]), "gone": Sums([9, 0, 9, 0])}, Figures(), [0] * 6)
    told: dict[str, Any] = told_row(row, profiles.get)
    assert list(told["scores"]) == ["a", "b"], "a score that is no more is not shown"
    assert {id: score["provisional"] for id, score in told["scores"].items()} == {"a": True, "b": False}
    assert told["provisional"]
    assert told["figures"]["sessions"] == 0
    only = told_row(row, profiles.get, ["b"])
    assert (only["provisional"], list(only["scores"]), "figures" in only) == (False, ["b"], False)
