"""The chat events of the contract, version 1: one struct per type.

These are facts, as a source reports them. On the wire ``ts`` is RFC 3339 text or
epoch milliseconds; ``wire`` replaces it by an integer of milliseconds before
anyone else sees the event, so everywhere else ``ts_ms`` is an ``int``. In the
same step ``""`` becomes None in optional fields and what the contract does not
name moves to ``meta``.
"""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta, Struct, field

if TYPE_CHECKING:
    Instant = int
else:
    Instant = str | int | float

Name = Annotated[str, Meta(min_length=1)]  # Checked where it is decoded, which costs nothing there.
Role = Literal["buyer", "agent", "assist", "bot", "auto", "note", "system", "seller"]
Kind = Literal["text", "image", "audio", "video", "card", "sticker", "file", "reaction"]
PresenceState = Literal["online", "away", "suspended", "offline"]
AccountState = Literal["online", "suspended", "offline", "kicked", "login_expired", "captcha", "client_changed"]


class Event(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """What every event has.

    ``id`` is unique in its shop over all types (for presence and heartbeats in
    their source). ``seq`` is the platform's own order among equal ``ts``.
    """

    v: Literal[1] = 1
    id: Name
    ts_ms: Instant = field(name="ts")
    source: Name | None = None
    platform: Name | None = None
    shop: str = ""
    conversation: Name | None = None
    buyer: Name | None = None
    account: Name | None = None
    agent: Name | None = None
    phase: Name | None = None
    product: Any = None
    seq: int | None = None
    backfill: bool = False
    meta: dict[str, Any] | None = None


class Message(Event, kw_only=True):
    """Something was said.

    On a buyer message ``account`` and ``agent`` say who was written to.
    """

    type: Literal["message"] = "message"
    role: Role
    text: str | None = None
    kind: Kind = "text"
    needs_reply: bool | None = None
    entry: bool = False
    template: str | None = None


class MessageRecalled(Event, kw_only=True):
    """A message was taken back; may come before the message itself."""

    type: Literal["message_recalled"]
    message: str


class ConversationAssigned(Event, kw_only=True):
    """A conversation has its (first) holder."""

    type: Literal["conversation_assigned"]


class ConversationTransferred(Event, kw_only=True):
    """A conversation changed hands; ``agent`` and ``account`` are the receivers."""

    type: Literal["conversation_transferred"]
    from_agent: str | None = None
    from_account: str | None = None


class ConversationHandedOff(Event, kw_only=True):
    """A bot gave the conversation to people."""

    type: Literal["conversation_handed_off"]


class ConversationClosed(Event, kw_only=True):
    """A session ended."""

    type: Literal["conversation_closed"]
    by: Literal["buyer", "agent", "system"]


class AgentPresence(Event, kw_only=True):
    """Where an agent stands; ``limit`` is how many chats may be open at once."""

    type: Literal["agent_presence"]
    state: PresenceState
    limit: int | None = None
    shops: list[str] | None = None
    reason: str | None = None


class AccountStatus(Event, kw_only=True):
    """Whether the collector still sees what an account receives."""

    type: Literal["account_status"]
    state: AccountState


class WaitingRow(Struct, kw_only=True, omit_defaults=True, gc=False):
    """One row of an unread list; ``since`` or ``waited_seconds`` says how long."""

    conversation: str | None = None
    buyer: str | None = None
    since_ms: Instant | None = field(name="since", default=None)
    waited_seconds: float | None = None
    last_text: str | None = None
    unread: int | None = None


class WaitingSnapshot(Event, kw_only=True):
    """A platform's list of who waits, where no stream of messages is to be had."""

    type: Literal["waiting_snapshot"]
    rows: list[WaitingRow]
    complete: bool


class SyncRange(Event, kw_only=True):
    """What a collector has caught up on."""

    type: Literal["sync_range"]
    from_ms: Instant = field(name="from")
    to_ms: Instant = field(name="to")
    complete: bool


class BuyerMerged(Event, kw_only=True):
    """Two ids are one buyer."""

    type: Literal["buyer_merged"]
    into: str


class OrderEvent(Event, kw_only=True):
    """An order was placed, paid or refunded."""

    type: Literal["order_placed", "order_paid", "order_refunded"]
    order: str
    amount: float | str | None = None
    currency: str | None = None
    items: list[Any] | None = None


class Rating(Event, kw_only=True):
    """The buyer judged the service."""

    type: Literal["rating"]
    score: float


class SourceHeartbeat(Event, kw_only=True):
    """A collector is alive: what it runs on, which accounts it sees, how far it is."""

    type: Literal["source_heartbeat"]
    version: str | None = None
    host: str | None = None
    accounts: list[dict[str, Any]] | dict[str, Any] | None = None
    newest_ts_ms: Instant | None = field(name="newest_ts", default=None)
    backlog: int | None = None
    clock_ms: Instant | None = field(name="clock", default=None)


class WaitDismissed(Event, kw_only=True):
    """A person took a wait off the board. Ours: comes from the API, never from a door.

    ``wait`` is the wait's number (see ``decisions.Round.wait``).
    """

    type: Literal["wait_dismissed"]
    wait: int
    by: str
    reason: str


class ServiceStarted(Event, kw_only=True):
    """We were away until now, and saw nothing. Ours.

    So the journal knows from when on what the feeds brought was a backlog.
    """

    type: Literal["service_started"]


class HandOverReceived(Event, kw_only=True):
    """A person says that they have what a shift has left open. Ours.

    ``hand_over`` is the list's id (see ``decisions.HandOver``).
    """

    type: Literal["hand_over_received"]
    hand_over: str
    by: str


class AlertActed(Event, kw_only=True):
    """A person acted on an alert. Ours.

    ``wait`` is the number of the wait it is of, in the chat of ``shop`` and
    ``conversation``; 0: it is no wait's, and ``alert`` names it.
    """

    type: Literal["alert_acted"]
    alert: str
    wait: int = 0
    act: Literal["claim", "release", "resolve", "mute"]
    by: str
    until_ms: Instant | None = field(name="until", default=None)  # Of a mute.


class SilenceSet(Event, kw_only=True):
    """Nothing is told of what matches, until. Ours. Every matcher given must fit, and one is given at least."""

    type: Literal["silence_set"]
    silence: str
    matchers: dict[str, str]  # shop, platform, team, agent, stage
    by: str
    reason: str
    until_ms: Instant = field(name="until")


class ScoreStood(Event, kw_only=True):
    """How a shop's score stands has turned. Ours: scores are made beside the loop.

    ``hour`` is of one hour alone: its rate is below what the profile asks of an hour. All else is of the day's target.
    """

    type: Literal["score_stood"]
    profile: str
    level: Literal["ok", "burning", "last", "lost", "hour"]
    day: int
    target: float  # hour: what the profile asks of an hour.
    rate: float | None = None
    left: int  # How many more may be missed today.
    open: int  # Not decided yet.
    burned: int  # Misses of the last hour.
    hits: int = 0  # hour: of so many decided in it…
    of: int = 0
    hour_ms: int = 0  # …and when it began.


class QualityBroken(Event, kw_only=True):
    """Replies of one person broke rules of service quality in earnest. Ours: words are judged beside the loop."""

    type: Literal["quality_broken"]
    rules: dict[str, int]  # How often each was broken.
    messages: list[str]  # The replies, the oldest first, bounded.
    shops: list[str]
    count: int


class SilenceEnded(Event, kw_only=True):
    """A silence was ended before its time. Ours."""

    type: Literal["silence_ended"]
    silence: str
    by: str


AnyEvent = (
    Message
    | MessageRecalled
    | ConversationAssigned
    | ConversationTransferred
    | ConversationHandedOff
    | ConversationClosed
    | AgentPresence
    | AccountStatus
    | WaitingSnapshot
    | SyncRange
    | BuyerMerged
    | OrderEvent
    | Rating
    | SourceHeartbeat
    | WaitDismissed
    | ServiceStarted
    | HandOverReceived
    | AlertActed
    | SilenceSet
    | SilenceEnded
    | ScoreStood
    | QualityBroken
)

APART = "\x1f"  # Between parts of a name made of several; in no name that comes from outside.

OURS: frozenset[type] = frozenset(  # No source sends them.
    {WaitDismissed, ServiceStarted, HandOverReceived, AlertActed, SilenceSet, SilenceEnded, ScoreStood, QualityBroken}
)


OF_SOURCE: frozenset[type] = frozenset(
    {SourceHeartbeat, AgentPresence, ServiceStarted}
)  # Their ids are unique in their source.


def scope(event: AnyEvent) -> str:
    """Return in what an event's id is unique: its shop; for presence and heartbeats their source."""
    if type(event) in OF_SOURCE or not event.shop:
        return f"{APART}{event.source}"  # No shop can be called so.
    return event.shop
