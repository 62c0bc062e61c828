"""People and shops as boards and the API show them."""

from msgspec import Struct

from monitor.core.presence import Tally
from monitor.core.roster import ShopInfo


class AgentRow(Struct, frozen=True, kw_only=True):
    """A person as the board and ``/v1/agents`` show them."""

    person: str
    nick: str | None
    team: str
    seat: str | None
    state: str  # online, away, suspended, offline, unknown
    state_since_ms: int | None
    shops: tuple[str, ...]
    chats: int
    limit: int | None
    waits: int  # Buyers of theirs who wait; counted while their presence is known.
    today: Tally
    on_shift: bool
    shift_ends_at_ms: int | None


class ShopRow(Struct, frozen=True, kw_only=True):
    """A shop as the board and ``/v1/shops`` show it."""

    platform: str
    shop: str
    team: str
    info: ShopInfo | None
    seen: str  # ok, catching_up, stale, unknown
    attended: bool | None  # None: no presence and no roster names it.
    nobody_since_ms: int | None
    told: bool  # It was said to be unattended.
    able: tuple[str, ...]  # Who can take a new chat.
    absent: tuple[str, ...]  # Rostered now, and not there.


class Owed(Struct, frozen=True, kw_only=True):
    """What is owed to a buyer who does not wait for an answer."""

    kind: str  # promise: of a holding reply; greeting: of a greeting only; courtesy: the buyer's last word was polite.
    platform: str
    shop: str
    conversation: str
    buyer: str
    person: str | None
    since_ms: int
    due_at_ms: int | None  # Of a promise.
