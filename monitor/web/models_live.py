"""The frames of the live feed, for its description and for checking what is sent.

The hub writes them piece by piece, each row once for all viewers; these say what comes out.
"""

from typing import Any

from msgspec import Struct

from monitor.web.shapes import LiveWait


class Staff(Struct, forbid_unknown_fields=True):
    """How many of those who answer are there."""

    online: int
    away: int
    full: int  # Online, and can take no more.
    expected: int | None  # On shift; null: there is no roster.


class Day(Struct, forbid_unknown_fields=True):
    """The day so far; what nobody can tell is null."""

    received: int | None
    answered: int | None
    first_reply_seconds: float | None
    mean_reply_seconds: float | None
    missed: int | None
    may_miss: int | None
    targets: int
    targets_lost: int
    rate: float | None
    target: float | None


class Counts(Struct, forbid_unknown_fields=True):
    """The numbers of a board; of all waits, also where not all are shown."""

    waits_open: dict[str, int]
    bot_held: int
    courtesy: int
    promises_open: int | None
    answered_today: int
    shops: int
    last_event_at: str | None
    store_ok: bool
    channels: int
    deliveries_failed: int  # In the last hour.
    deliveries_pending: int
    staff: Staff | None
    day: Day | None


class LiveSource(Struct, forbid_unknown_fields=True):
    """A source of events."""

    name: str
    state: str
    last_event_at: str | None
    lag_seconds: float
    accounts: int
    accounts_out: int  # That are not logged in: what comes by them is unseen.
    reason: str | None


class LiveAgent(Struct, forbid_unknown_fields=True):
    """Somebody who answers."""

    agent: str
    name: str | None
    seat: str | None
    team: str
    state: str
    open: int
    limit: int | None


class Gone(Struct, forbid_unknown_fields=True):
    """A wait that is shown no more, and why."""

    id: str
    why: str


class Snapshot(Struct, forbid_unknown_fields=True, tag="snapshot"):
    """How everything stands; forget all that was sent before."""

    v: int
    epoch: str
    seq: int
    now: str
    build: str
    demo: bool
    waits: list[LiveWait]
    counts: Counts
    sources: list[LiveSource]
    agents: list[LiveAgent]
    truncated: int


class Delta(Struct, forbid_unknown_fields=True, tag="delta", omit_defaults=True):
    """What changed; what is left out stayed as it was. A hole in `seq` means: ask with resync."""

    seq: int
    now: str
    up: list[LiveWait]
    gone: list[Gone]
    counts: Counts | None = None
    sources: list[LiveSource] | None = None
    agents: list[LiveAgent] | None = None
    truncated: int | None = None


class Tick(Struct, forbid_unknown_fields=True, tag="tick"):
    """Nothing new, and the line stands."""

    seq: int
    now: str


class Pong(Struct, forbid_unknown_fields=True, tag="pong"):
    """The answer to a ping."""

    t: float
    now: str


class Bye(Struct, forbid_unknown_fields=True, tag="bye"):
    """The service ends the line; come again after so long."""

    reason: str
    retry_seconds: int


FRAMES: tuple[type[Any], ...] = (Snapshot, Delta, Tick, Pong, Bye)
