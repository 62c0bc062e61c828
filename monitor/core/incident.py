"""One alert that is no wait's, and what is kept of all of them."""

from hashlib import blake2b
from typing import Any, Literal

from msgspec import Struct

from monitor.core.decisions import ToldStep
from monitor.core.events import APART
from monitor.core.timers import NEVER_MS

WORTH_MS = 300_000  # After this a message about one is of no use any more.

Kind = Literal["unattended", "source", "promise", "handover", "score", "quality"]
To = Literal["panel", "popup", "console", "team", "lead", "digest"]


class Incident(Struct, array_like=True, gc=False):
    """One alert that is no wait's."""

    id: str
    kind: Kind
    name: str  # What it is of, unique in its kind.
    team: str
    platform: str
    shop: str
    since_ms: int
    told: tuple[ToldStep, ...] = ()
    claimed_by: str = ""
    claimed_at_ms: int = 0
    muted_until_ms: int = 0
    stopped: bool = False


class Left(Struct, array_like=True, frozen=True):
    """What a team finds when it opens."""

    team: str
    opening_ms: int
    waits: list[tuple[str, str, int]]  # Shop, conversation and wait.


class Kept(Struct, array_like=True):
    """All of it, as it is saved."""

    open: list[Incident] = []
    told_at: dict[str, int] = {}  # Kind and name: when it was last told.
    overdue: list[tuple[str, str, int]] = []  # Shop, conversation and wait of the next digest.
    over: dict[str, int] = {}
    turned: list[dict[str, Any]] = []
    digest_at_ms: int = NEVER_MS
    left: dict[str, Left] = {}  # By team and opening.
    number: int = 0  # Of the newest act taken: after a restart some come again.


def short(name: str) -> str:
    """Return a few letters that stand for a name, which may hold anything."""
    return blake2b(name.encode(), digest_size=4).hexdigest()


def id_of(kind: str, name: str, at_ms: int) -> str:
    """Return an id that fits an address: names may hold anything."""
    return f"{kind}-{at_ms}-{short(name)}"


def promise_name(shop: str, conversation: str) -> str:
    """Return what the alert of a promise is of."""
    return APART.join((shop, conversation))
