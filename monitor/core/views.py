"""What watchers see of open waits and of sources: plain rows, made when asked for."""

from typing import NamedTuple

from msgspec import Struct

from monitor.core.conversation import Conversation
from monitor.core.decisions import ToldStep
from monitor.core.feeds import Feed, Source
from monitor.core.hours import CountedClock
from monitor.core.policy_numbers import NumberedPolicies
from monitor.core.rounds import window
from monitor.core.telling import told_of
from monitor.core.wait import CLOSED_UNANSWERED, FIRST, Wait

CANARY = "canary"  # The platform of the chat by which the service tests itself; in no count of buyers.


class WaitRow(Struct, frozen=True, kw_only=True, gc=False):
    """An open wait as the board shows it.

    The stage and ``next_due_at_ms`` run from ``needs_answer_since_ms``. The clock
    has stood ``stood_ms`` so far and, where a bot holds it or the shop is closed, stands
    since ``standing_since_ms``: counted = now - needs_answer_since - stood (- now +
    standing_since while it stands).
    """

    wait: int
    platform: str
    shop: str
    conversation: str
    buyer: str
    agent: str | None
    account: str | None
    team: str
    opened_by: str
    opened_at_ms: int
    needs_answer_since_ms: int | None  # None: courtesy only; not on the board.
    stage: str
    limits: tuple[tuple[str, int], ...]
    stood_ms: int
    standing_since_ms: int | None
    next_due_at_ms: int | None
    messages: int
    flags: tuple[str, ...]  # courtesy, bot_held, out_of_hours, closed_unanswered, catching_up, stale, first
    claimed_by: str | None = None
    claimed_at_ms: int | None = None
    hold_until_ms: int | None = None  # The claim holds the steps until then; then the claimer alone is told.
    muted_until_ms: int | None = None
    stopped: bool = False  # A person wants nothing told of it any more.
    told: tuple[ToldStep, ...] = ()  # At which steps people were told.


class AccountRow(NamedTuple):
    """What one source brings for one account; None: for what names no account."""

    account: str | None
    state: str  # online, or why it is not
    shops: tuple[str, ...] = ()
    newest_ts_ms: int | None = None
    stale_since_ms: int | None = None
    catching_up: bool = False
    gaps: int = 0  # That nothing has filled.


class SourceRow(Struct, frozen=True, kw_only=True, gc=False):
    """One source as the board and ``/v1/sources`` show it."""

    name: str
    state: str  # ok, catching_up, stale
    reason: str | None
    last_event_at_ms: int | None
    newest_ts_ms: int | None
    lag_ms: int
    accounts: tuple[AccountRow, ...]
    shops: tuple[str, ...]
    stale_since_ms: int | None = None
    host: str | None = None
    version: str | None = None
    backlog: int | None = None
    skew_ms: int | None = None  # Its clock less ours.


class _Stood(NamedTuple):
    ms: int
    since_ms: int | None
    bot_held: bool
    out_of_hours: bool


def _stood(wait: Wait, clock: CountedClock | None, now_ms: int) -> _Stood:
    """Return how long the counted clock of a wait has stood, and why it stands now."""
    stood_ms, since_ms = 0, None
    bot_held = False
    if wait.standing is not None:
        standing = wait.standing
        bot_held = standing.since_ms > 0 and not (standing.until_ms and standing.until_ms <= now_ms)
        if bot_held:
            stood_ms, since_ms = standing.total_ms - standing.before_ms, standing.since_ms
        else:
            stood_ms = standing.at(now_ms, clock, wait.opened_at_ms) - standing.before_ms
    if clock is None:
        return _Stood(stood_ms, since_ms, bot_held, out_of_hours=False)
    start_ms = wait.since_ms or wait.opened_at_ms
    runs, changed_at_ms, _ = clock.span(wait.opened_at_ms, now_ms)
    if not runs:
        since_ms = max(start_ms, changed_at_ms)
    elif since_ms is not None:
        since_ms = max(since_ms, changed_at_ms)
    counted_ms = wait.needed_ms(now_ms, clock) if wait.since_ms else wait.counted_ms(now_ms, clock)
    stood_ms = (now_ms if since_ms is None else since_ms) - start_ms - counted_ms
    return _Stood(stood_ms, since_ms, bot_held, out_of_hours=not runs)


def wait_row(
    conversation: Conversation,
    platform: str,
    policies: NumberedPolicies,
    now_ms: int,
    *,
    catching_up: bool,
    stale: bool,
) -> WaitRow:
    """Return the open wait of a conversation, which must have one, as it stands at ``now_ms``."""
    state = conversation.state
    wait = state.wait
    assert wait is not None
    policy, clock = policies[wait.policy], policies.clocks[wait.policy]
    stages = window(policy, wait)
    stage, next_due_at_ms = "fresh", None
    if wait.since_ms:
        for limit in stages:
            due = wait.due_at_ms(limit.after_ms, clock, from_opening=False)
            if due is None or due > now_ms:
                next_due_at_ms = due
                break
            stage = limit.name
    stood = _stood(wait, clock, now_ms)
    told = told_of(conversation, wait.number) if conversation.told else None
    ladder = told.ladder if told is not None else None
    flags = (
        ("courtesy", not wait.since_ms),
        ("bot_held", stood.bot_held),
        ("out_of_hours", stood.out_of_hours),
        ("closed_unanswered", wait.flags & CLOSED_UNANSWERED),
        ("first", wait.flags & FIRST),
        ("catching_up", catching_up),
        ("stale", stale),
    )
    return WaitRow(
        wait=wait.number,
        platform=platform,
        shop=conversation.shop,
        conversation=conversation.id,
        buyer=conversation.buyer or conversation.id,
        agent=state.holder.agent if state.holder else None,
        account=state.holder.account if state.holder else None,
        team=policy.team,
        opened_by=wait.opened_by,
        opened_at_ms=wait.opened_at_ms,
        needs_answer_since_ms=wait.since_ms or None,
        stage=stage,
        limits=tuple((limit.name, limit.after_ms) for limit in stages),
        stood_ms=stood.ms,
        standing_since_ms=stood.since_ms,
        next_due_at_ms=next_due_at_ms,
        messages=wait.messages,
        flags=tuple(flag for flag, on in flags if on),
        claimed_by=ladder.claimed_by or None if ladder is not None else None,
        claimed_at_ms=ladder.claimed_at_ms or None if ladder is not None else None,
        hold_until_ms=ladder.hold_until_ms or None if ladder is not None else None,
        muted_until_ms=ladder.muted_until_ms or None if ladder is not None else None,
        stopped=ladder is not None and ladder.stopped,
        told=ladder.told if ladder is not None else (),
    )


def source_row(source: Source, feeds: list[Feed]) -> SourceRow:
    """Return how a source stands, of which these are the feeds."""
    reason: str | None = None
    state = "ok"
    if source.stale_since_ms:
        state, reason = "stale", "heartbeat" if source.beats else "silent"
    elif feeds and all(feed.state != "online" for feed in feeds):
        state, reason = "stale", "account"
    elif any(feed.catching_up for feed in feeds):
        state = "catching_up"
    return SourceRow(
        name=source.name,
        state=state,
        reason=reason,
        last_event_at_ms=source.seen_ms or None,
        newest_ts_ms=source.newest_ts_ms or None,
        lag_ms=source.lag_ms,
        stale_since_ms=source.stale_since_ms or None,
        host=source.host,
        version=source.version,
        backlog=source.backlog,
        skew_ms=source.skew_ms,
        accounts=tuple(
            AccountRow(
                feed.account,
                feed.state,
                tuple(sorted(feed.shops)),
                feed.newest_ts_ms or None,
                feed.stale_since_ms or None,
                feed.catching_up,
                len(feed.gaps),
            )
            for feed in feeds
        ),
        shops=tuple(sorted({shop for feed in feeds for shop in feed.shops})),
    )
