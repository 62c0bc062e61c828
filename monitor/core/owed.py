"""Decisions that words are judged by: a long wait that ended owes an apology, a promise nobody kept is a hit.

Words are judged beside the loop, so these are written down in the commit that makes them,
and taken out once nothing hangs on them any more.
"""

from typing import TypeGuard

import msgspec

from monitor.core.decisions import CloseRound, Decision, PassPromise, RestateRound, Round

LONG_WAIT_MS = 180_000  # After more than this an apology is owed.

JudgedBy = CloseRound | RestateRound | PassPromise
_KINDS: dict[str, type[JudgedBy]] = {"close": CloseRound, "restate": RestateRound, "promise": PassPromise}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def is_long(done: Round | None) -> TypeGuard[Round]:
    """Return whether a round ended by a reply after a long wait."""
    return (
        done is not None
        and done.outcome == "answered"
        and done.ended_by is not None
        and done.ended_at_ms is not None
        and done.counted_ms > LONG_WAIT_MS
        and not done.courtesy
    )


def is_judged_by(decision: Decision) -> TypeGuard[JudgedBy]:
    """Return whether anything in the judging of words hangs on a decision."""
    if isinstance(decision, CloseRound):
        return is_long(decision.round)
    if isinstance(decision, RestateRound):
        return is_long(decision.was) or is_long(decision.now)
    return isinstance(decision, PassPromise) and decision.stage == "missed" and not decision.greeting


def round_of(decision: JudgedBy) -> Round | None:
    """Return the round that a decision says stands; None: none does."""
    if isinstance(decision, CloseRound):
        return decision.round
    return decision.now if isinstance(decision, RestateRound) else None


def chat_of(decision: JudgedBy) -> tuple[str, str]:
    """Return of which shop and conversation a decision is."""
    about = decision if isinstance(decision, PassPromise) else round_of(decision)
    if about is None and isinstance(decision, RestateRound):
        about = decision.was
    assert about is not None, "a restatement is of something"
    return about.shop, about.conversation


def reply_of(decision: JudgedBy) -> str:
    """Return the message that may owe an apology; empty where none does."""
    done = round_of(decision)
    return done.ended_by or "" if is_long(done) else ""


def made_at_ms(decision: JudgedBy) -> int:
    """Return when what was decided happened."""
    if isinstance(decision, PassPromise):
        return decision.decided_at_ms
    done = round_of(decision)
    return (done.ended_at_ms or 0) if done is not None else 0


def written(decision: JudgedBy) -> tuple[str, bytes]:
    """Return a decision as it is stored: its kind and its body."""
    return _NAMES[type(decision)], msgspec.json.encode(decision)


def read(kind: str, body: bytes) -> JudgedBy:
    """Return a decision that was stored."""
    return msgspec.json.decode(body, type=_KINDS[kind])
