"""What is written into the journal and read back from it.

All instants are integer milliseconds since the epoch, UTC.
"""

from typing import Literal, NamedTuple

from msgspec import Struct

from monitor.core.decisions import AlertState, FeedGap, PersonDay, ShiftWorked
from monitor.core.owed import JudgedBy


class StoredEvent(Struct, frozen=True, gc=False):
    """One accepted event as it lies in the journal."""

    position: int  # Its place in the order of acceptance; only grows, may leave gaps.
    shop: str  # Never null: for an event of no shop, a scope that no shop can be called.
    id: str  # Unique in its shop.
    conversation: str | None
    ts_ms: int  # The platform's time.
    arrived_at_ms: int
    door: str
    words: int  # What its words are, decided once (see core/words.py).
    folded: bool  # False: stored and counted only, it came too late for the fold.
    body: bytes  # The event itself.
    policy: int = 0  # The number of the policy it was taken under.


class StoredRound(Struct, frozen=True, gc=False):
    """One round as it lies in the journal: what is looked for in it, and itself as JSON."""

    shop: str
    opened_at_ms: int
    outcome: str
    body: bytes


class Step(Struct, frozen=True, gc=False):
    """What one commit was judged with: the clock, and the rules in force by their hash."""

    position: int  # Of the last event handled up to and with this commit.
    now_ms: int
    rules: str


class Delivery(Struct, frozen=True, kw_only=True, gc=False):
    """One thing to be told on one channel.

    ``delivery_id`` is the same however often the decision is made again; the
    first one stands.
    """

    delivery_id: str
    alert_id: str
    channel: str
    transition: str
    stage: str
    due_at_ms: int  # When the limit was passed.
    decided_at_ms: int
    expires_at_ms: int  # After this it is of no use to anybody.
    body: bytes


class DueDelivery(Struct, frozen=True, kw_only=True, gc=False):
    """A delivery whose turn has come: the oldest pending one of its alert and channel."""

    delivery: Delivery
    attempts: int  # How often it was tried.


class Attempt(Struct, frozen=True, kw_only=True, gc=False):
    """What came of trying to deliver.

    ``outcome`` is what the delivery becomes: ``sent``; ``retry``, again at
    ``next_at_ms``; ``failed`` for good; ``dropped_answered``, not tried as it is
    over; ``withdrawn``, not tried as it never was so. ``reason`` is one word that
    metrics count, empty when sent. ``then`` is what is to be told elsewhere instead.
    """

    delivery_id: str
    outcome: Literal["sent", "retry", "failed", "dropped_answered", "withdrawn"]
    sent_at_ms: int | None  # None: it was not tried.
    answered_at_ms: int | None  # None: no answer came.
    next_at_ms: int | None = None  # Set for ``retry`` only.
    reason: str = ""
    then: Delivery | None = None


class Rest(Struct, frozen=True, gc=False):
    """That a channel is left alone; what is kept of its breaker. Both numbers 0: it works again."""

    channel: str
    until_ms: int
    reason: str
    opened: int  # How often the breaker has opened since something was last taken there.


class Quarantined(Struct, frozen=True, kw_only=True, gc=False):
    """Refused input, kept to be read, mended and sent again."""

    at_ms: int
    door: str
    source: str
    index: int  # Its place in its batch, from 0.
    path: str
    error: str
    reason: str
    body: bytes  # What was sent, of oversize input its beginning.
    length: int  # Bytes that were sent.
    sha256: str  # Hex digest of all that was sent.


class QuarantineEntry(Struct, frozen=True, kw_only=True, gc=False):
    """A refused input as it lies in the quarantine."""

    number: int
    resent_at_ms: int | None
    refused: Quarantined


class Commit(Struct, kw_only=True):
    """One transaction: all of it is stored or nothing.

    Attributes:
        now_ms: the step of the clock this batch was judged at.
        rules: hash of the rules in force.
        saved_position: every row changed by events up to here is saved, by this
            commit or earlier ones; a restart handles again what comes after it.
            None: as it was.
        policies: number, rules and encoded policy of each that was used for the first time; one that is known stays.
        events: in order of position, each above all stored ones.
        rounds: wait number and its round; None takes the round out.
        outbox: what is to be told; known delivery ids are left as they are.
        alerts: how alerts stand that changed, in order.
        records: gaps of feeds, shifts and days of people, to be written down.
        rows: shop, conversation, journal position, whether something of it is
            open, the state as the tracker encodes it, its buyer where that is
            another id, and whether it is looked for by that. These two stay as
            they were when a row is known, but for
        named: buyer, which other it is part of, shop and conversation of rows
            of which that has changed, and
        keyed: shops all of whose rows are looked for by buyer from now on.
        shard: the tracker's own small state; None: as it was.
        quarantine: what was refused.
        judged_by: decisions that words are judged by, in order.
    """

    now_ms: int
    rules: str
    saved_position: int | None = None
    policies: list[tuple[int, str, bytes]] = []
    events: list[StoredEvent] = []
    rounds: list[tuple[int, StoredRound | None]] = []
    outbox: list[Delivery] = []
    alerts: list[AlertState] = []
    records: list[FeedGap | ShiftWorked | PersonDay] = []
    rows: list[tuple[str, str, int, bool, bytes, str | None, bool]] = []
    named: list[tuple[str | None, str | None, str, str]] = []
    keyed: list[str] = []
    shard: bytes | None = None
    quarantine: list[Quarantined] = []
    judged_by: list[JudgedBy] = []


Role = Literal["source", "viewer", "agent", "lead", "admin"]


class Token(Struct, frozen=True, kw_only=True, gc=False):
    """A token somebody was given; only the digest of the secret is kept."""

    name: str
    created_at_ms: int
    revoked_at_ms: int | None
    shops: frozenset[str] | None = None  # The only ones it is for; None: all.
    teams: frozenset[str] | None = None
    role: Role = "admin"


class Holder(NamedTuple):
    """Who holds a token, and what it is for."""

    name: str
    shops: frozenset[str] | None = None
    teams: frozenset[str] | None = None
    role: Role = "admin"
