"""What the core orders to be done: rounds to write down, alerts to tell.

Orders carry all a channel or a watcher needs, so that nobody has to ask the
core back. Times are integer milliseconds since the epoch, UTC.
"""

from typing import Any, Literal

from msgspec import Struct

Outcome = Literal["open", "answered", "expired", "abandoned", "dismissed"]


class Holding(Struct, frozen=True, gc=False):
    """One stretch of a wait in somebody's hands; both names None: unassigned.

    ``slot`` tells time in which nobody was there, charged to whom the roster names: the
    holder before the end of their shift, or whose shift it was (None: it was nobody's).
    """

    agent: str | None
    account: str | None
    held_ms: int
    slot: Literal["early_leave", "absent"] | None = None


class Round(Struct, frozen=True, gc=False):
    """One wait and how it ended: what scores count.

    ``wait`` is the wait's number: the journal position of the event that first
    opened it. It stays through corrections and restarts.
    """

    wait: int
    platform: str
    shop: str
    conversation: str
    buyer: str
    team: str
    opened_by: str
    opened_at_ms: int
    needs_answer_since_ms: int | None  # None: every buyer message was courtesy.
    ended_by: str | None
    ended_at_ms: int | None  # When answered, closed, given up or dismissed; None while open.
    agent: str | None  # Who answered; else who holds it.
    account: str | None
    counted_ms: int  # The counted clock from opened_at to its end, or to now.
    outcome: Outcome
    buyer_messages: int
    held: bool  # Answered by a holding reply or a greeting only.
    first: bool  # No human reply before it in its session.
    closed_unanswered: bool  # An agent or the system closed the chat on it.
    stage: str  # The last one passed by the clock from opened_at; "fresh" if none.
    passed: tuple[str, ...]  # Every stage passed, in order.
    holders: tuple[Holding, ...]
    backfilled: bool = False  # Restated by what came after `lateness`.
    ended_after_ms: int | None = None  # Answered elsewhere: after this instant, and by `ended_at_ms`.
    policy: int = 0  # The number of the policy it opened with, which names the rules (see ``NumberedPolicies``).

    @property
    def courtesy(self) -> bool:
        """Whether every buyer message of it was courtesy."""
        return self.needs_answer_since_ms is None


class CloseRound(Struct, frozen=True, gc=False):
    """A wait has ended; write its round down."""

    round: Round


class RestateRound(Struct, frozen=True, gc=False):
    """Something late changed the past.

    ``was`` is what stood before (None: the round is new, closed in the past),
    ``now`` what stands (None: there is no such closed round any more).
    """

    was: Round | None
    now: Round | None
    reason: Literal["late", "backfill", "recalled", "dismissed", "merged"]


class PassStage(Struct, frozen=True, gc=False):
    """A wait has passed a stage's limit by the clock of its ``opened_at``."""

    platform: str
    shop: str
    team: str
    stage: str
    courtesy: bool


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

    reason: Literal["answered", "expired", "abandoned", "dismissed", "courtesy", "stopped"]  # Stopped by a person.


class WithdrawAlert(AlertOrder, frozen=True, kw_only=True, gc=False):
    """Tell: it was not so; what came late disproves it ("feed late")."""

    reason: Literal["late", "backfill", "recalled"]


class PassPromise(Struct, frozen=True, gc=False):
    """A promise has passed one of its limits: ``due``, ``late`` or ``missed``."""

    platform: str
    shop: str
    conversation: str
    team: str
    agent: str | None
    account: str | None
    stage: str
    greeting: bool
    opened_at_ms: int
    due_at_ms: int
    decided_at_ms: int


class SourceTurned(Struct, frozen=True, gc=False):
    """A feed went stale or came back; ``waiting`` counts the open waits it left unseen."""

    source: str
    account: str | None
    stale: bool
    reason: Literal["heartbeat", "silent", "account", "events"]
    at_ms: int
    shops: tuple[str, ...]
    waiting: int
    host: str | None = None  # The machine its collector runs on.
    state: str | None = None  # Of the account: kicked, login_expired, …


class FeedGap(Struct, frozen=True, kw_only=True, gc=False):
    """What was not seen of a shop by an account, from one instant to another (采集中断).

    It is said when it begins (``to_ms`` is None), when it ends, and when it is filled by a
    complete range of the collector.
    """

    source: str
    account: str | None
    shop: str
    from_ms: int
    to_ms: int | None
    reason: Literal["account", "heartbeat", "start"]
    filled: bool
    decided_at_ms: int


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


class ShopUnattended(Struct, frozen=True, kw_only=True, gc=False):
    """Nobody can take a new chat of a shop, for so long that somebody has to act.

    It stands for the ``slow`` waits of its shop until `ShopAttended`, not for later stages.
    """

    platform: str
    shop: str
    team: str
    reason: Literal["nobody", "full"]  # full: somebody is online, and has as many chats as they can hold.
    since_ms: int  # Nobody could take a new chat from then on.
    due_at_ms: int
    decided_at_ms: int
    waiting: int  # Buyers who wait in it…
    oldest_since_ms: int | None  # …the first of them since then.
    promises: int  # Promises of it past their limit.
    absent: tuple[str, ...]  # Persons rostered now and not there.
    room: tuple[tuple[str, int, int], ...]  # (person, open chats, limit): others of the team who could take some.


class ShopAttended(Struct, frozen=True, kw_only=True, gc=False):
    """Somebody can take new chats again of a shop that was unattended."""

    platform: str
    shop: str
    team: str
    since_ms: int  # Unattended since.
    at_ms: int
    decided_at_ms: int
    by: str | None  # Who can; None: hours are over, or nobody knows any more.


class AgentAbsent(Struct, frozen=True, kw_only=True, gc=False):
    """Somebody is rostered and was not there when they had to be (缺岗)."""

    person: str
    team: str
    shops: tuple[str, ...]
    seat: str | None
    starts_at_ms: int
    ends_at_ms: int
    decided_at_ms: int


class AgentArrived(Struct, frozen=True, kw_only=True, gc=False):
    """Somebody came after their shift had begun (迟到)."""

    person: str
    team: str
    shops: tuple[str, ...]
    starts_at_ms: int
    at_ms: int
    decided_at_ms: int

    @property
    def late_ms(self) -> int:
        """How late."""
        return self.at_ms - self.starts_at_ms


class ShiftWorked(Struct, frozen=True, kw_only=True, gc=False):
    """A shift is over: how it was kept. Nothing is said of shifts where no presence is known."""

    person: str
    team: str
    shops: tuple[str, ...]
    starts_at_ms: int
    ends_at_ms: int
    there_ms: int  # In all.
    late_ms: int
    early_ms: int  # Gone so long before the end (早退).


class PersonDay(Struct, frozen=True, kw_only=True, gc=False):
    """A person's day, up to its midnight: sums, from which any rate can be made."""

    person: str
    team: str
    day: str  # 2026-11-25
    online_ms: int
    away_ms: int
    suspended_ms: int
    offline_ms: int
    busy_ms: int  # Online, with a buyer of theirs waiting.
    chats_ms: (
        int  # Each chat's time with a word in the last ten minutes, added up: over online, the mean of open chats.
    )
    most_chats: int


class LeftOpen(Struct, frozen=True, array_like=True, gc=False):
    """One thing that a hand-over passes on: an open wait, or a promise."""

    kind: Literal["wait", "promise"]
    platform: str
    shop: str
    conversation: str
    buyer: str
    account: str | None
    since_ms: int  # Of a wait its opening, of a promise the holding reply: the true age.
    wait: int | None = None  # The wait's number.


class HandOver(Struct, frozen=True, kw_only=True, gc=False):
    """A list of what somebody leaves open at the end of a shift, and who is to receive it."""

    id: str
    team: str
    shop: str
    giver: str | None  # None: what was left overnight.
    receiver: str | None  # The next slot's person, else the lead; None: there is neither.
    to_lead: bool
    ends_at_ms: int  # When the shift ends.
    due_at_ms: int  # Unreceived then, it is told.
    left: tuple[LeftOpen, ...]


class HandOverOpened(HandOver, frozen=True, kw_only=True, gc=False):
    """The list is there: before the end of the shift what is open then, and once more as it is at the end."""

    decided_at_ms: int


class HandOverTaken(HandOver, frozen=True, kw_only=True, gc=False):
    """Somebody has received the list, or all of it is answered (``by`` is None)."""

    by: str | None
    decided_at_ms: int


class HandOverUnreceived(HandOver, frozen=True, kw_only=True, gc=False):
    """Nobody has received what is still open of the list."""

    decided_at_ms: int


Decision = (
    CloseRound
    | RestateRound
    | PassStage
    | RaiseAlert
    | RiseAlert
    | ResolveAlert
    | WithdrawAlert
    | PassPromise
    | SourceTurned
    | FeedGap
    | ShopUnattended
    | ShopAttended
    | AgentAbsent
    | AgentArrived
    | ShiftWorked
    | PersonDay
    | HandOverOpened
    | HandOverTaken
    | HandOverUnreceived
    | TellPeople
    | AlertState
)
