"""What is found of feeds, shops and people: who is silent, who is away, what a shift leaves."""

from typing import Literal

from msgspec import Struct


class SourceTurned(Struct, frozen=True, gc=False):
    """A feed went stale or came back; ``waiting`` counts the open waits it left unseen."""

    source: str
    account: str | None
    stale: bool
    reason: Literal["heartbeat", "silent", "account"]
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
    chats_ms: int  # The time of each open chat, added up: over online, the mean of open chats.
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


class HandOverLapsed(HandOver, frozen=True, kw_only=True, gc=False):
    """Nobody has received the list within a day: it is shown no more."""

    decided_at_ms: int


class HandOverUnreceived(HandOver, frozen=True, kw_only=True, gc=False):
    """Nobody has received what is still open of the list."""

    decided_at_ms: int
