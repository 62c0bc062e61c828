"""What machines and people are told, and how an alert stands in the log."""

from typing import Any, Literal

from msgspec import Struct


class AlertOrder(Struct, frozen=True, gc=False):
    """What an order about a wait's alert carries. One alert per wait.

    The delivery is known by (wait, transition, stage, repetition): told once.
    """

    wait: int
    stage: str
    due_at_ms: int  # When the limit was passed, or the reason came about.
    decided_at_ms: int
    platform: str
    shop: str
    conversation: str
    buyer: str
    agent: str | None
    account: str | None
    team: str
    waiting_since_ms: int  # needs_answer_since
    opened_at_ms: int
    opened_by: str
    buyer_messages: int
    repetition: int = 0
    closed_unanswered: bool = False
    next_due_at_ms: int | None = None  # When the next stage is entered; None: there is none, or the clock stands.
    policy: int = 0  # The number of the policy the wait opened with…
    rules: str = ""  # …the rules that it came with, by their hash…
    rule: str = ""  # …and where its most particular rule stands, ``file:line``.


class RaiseAlert(AlertOrder, frozen=True, gc=False):
    """Tell: a buyer waits."""


class RiseAlert(AlertOrder, frozen=True, gc=False):
    """Tell: the same buyer still waits and the next stage is reached."""


class ResolveAlert(AlertOrder, frozen=True, kw_only=True, gc=False):
    """Tell: it is over. ``reason`` says how."""

    reason: Literal["answered", "expired", "abandoned", "dismissed", "stopped"]  # Stopped by a person.


class WithdrawAlert(AlertOrder, frozen=True, kw_only=True, gc=False):
    """Tell: it was not so; what came late disproves it ("feed late")."""

    reason: Literal["late", "backfill", "recalled"]


class NamedWait(Struct, frozen=True, kw_only=True, gc=False):
    """A wait as a message to people names it, as it stood when that was decided."""

    wait: int
    platform: str
    shop: str
    conversation: str
    buyer: str
    agent: str | None
    account: str | None
    team: str
    stage: str  # "fresh" before any limit.
    since_ms: int  # needs_answer_since
    opened_at_ms: int
    counted_ms: int  # The counted clock from since_ms.
    next_due_at_ms: int | None  # When the next stage is entered; None: there is none, or the clock stands.
    messages: int
    closed_unanswered: bool = False
    claimed_by: str | None = None
    repetition: int = 0  # How often its alert was raised again after having been withdrawn.


class TellPeople(Struct, frozen=True, kw_only=True):
    """One message to people. Machines are told every transition of every alert by the orders above.

    ``to`` says whom: ``panel``, ``popup`` and ``console`` are facts for the pages; ``team`` is the group of a team,
    ``lead`` the same with its lead mentioned, ``digest`` the floor manager (``team`` is empty then), ``claimer`` the
    one who has claimed, on the pages only. Nothing is told of an end: who sends looks whether each wait named still
    waits, and the next digest says what is over.

    ``kind`` and what is in ``facts`` beside the waits:

    waits       beyond the panel, where people are known: chats, limit, seat (of whose waits these are), lead, room
                ((person, open, limit) of those who could take one over, the one with most room first)
    opening     left, still, oldest_since_ms: what a team finds when its hours begin, in one message
    claimer     by
    digest      came, still (waits that came to its step, and of these still open), over (alerts that ended since the
                last one, by outcome), turned (of sources and shops, each a dict with kind, name, firing, at_ms),
                teams (waits still open by team)
    unattended  reason, waiting, promises, room ((agent, open, limit), …), absent (agents due and not there)
    source      source, account, host, reason, state (of the account), shops, waiting
    promise     stage, greeting, platform, shop, conversation, opened_at_ms, account
    handover    from, to, waits, promises
    score       shop, profile, level (burning, last, lost), target, rate, budget (how many more may be missed today),
                open (not decided yet), burned (misses of the last hour); level hour: target and rate of it, hits, of
    quality     rules (how often each was broken), messages (ids of the replies, bounded), shops, count
    canary      seconds: the service's own test chat has not come through in this time
    storm       rate, usual, waiting, room (chats all can still take; None: not known), full (teams) at its beginning;
                ended, waits, overdue, missed, saved at its end. The core decides none: how fast messages may go out
                is not its own
    """

    key: str  # Unique and stable: the delivery's id is made of it. Told once.
    alert: str  # The alert it is told of, as `AlertState.alert`; of several, the one whose second has come.
    kind: Literal[
        "waits",
        "opening",
        "claimer",
        "digest",
        "unattended",
        "source",
        "promise",
        "handover",
        "score",
        "quality",
        "storm",
        "canary",
    ]
    step: str  # "120s"; of what is no wait, a word of its kind.
    to: Literal["panel", "popup", "console", "team", "lead", "digest", "claimer"]
    team: str
    agent: str | None  # Whose waits these are; for `claimer`, who claimed.
    waits: tuple[NamedWait, ...]  # Least time left first.
    due_at_ms: int
    decided_at_ms: int
    expires_at_ms: int  # The next step tells more; after this it is of no use.
    facts: dict[str, Any] = {}


class ToldStep(Struct, frozen=True, array_like=True, gc=False):
    """That people were told at a step."""

    step: str
    to: str
    due_at_ms: int
    decided_at_ms: int
    named: bool = False  # Its second had not come: another wait's message named it.


class AlertAct(Struct, frozen=True, array_like=True, gc=False):
    """What was done to an alert: who, what, when."""

    at_ms: int
    by: str  # Empty: the program.
    what: str  # raised, risen, told, claimed, refused, released, stopped, muted, resolved, withdrawn
    detail: str = ""


class AlertState(Struct, frozen=True, kw_only=True, gc=False):
    """An alert as it stands: written into the log whole whenever it changes, with the acts since the last time."""

    alert: str  # The number of its wait; of what is no wait, a word of its kind, an instant and a digest of its name.
    kind: Literal["wait", "unattended", "source", "promise", "handover", "score", "quality"]
    state: Literal["firing", "claimed", "resolved", "withdrawn"]
    platform: str
    shop: str
    conversation: str | None
    buyer: str | None
    team: str
    agent: str | None
    account: str | None
    stage: str
    since_ms: int
    raised_at_ms: int | None  # When it was first told beyond the agent's panel; None: it was not.
    limit_at_ms: int | None  # The next limit at that time: answered by then, the buyer was kept.
    claimed_by: str | None
    claimed_at_ms: int | None
    muted_until_ms: int | None
    stopped: bool  # A person wants nothing told of it any more.
    ended_at_ms: int | None
    outcome: str | None  # answered, expired, abandoned, dismissed, late, …; None while it stands.
    told: tuple[ToldStep, ...]
    acts: tuple[AlertAct, ...]
    facts: dict[str, Any] | None = None
    rules: str = ""  # Those its wait opened under, by their hash; of what is no wait's, those in force.
    rule: str = ""  # Where the most particular rule of its wait stands, ``file:line``.
