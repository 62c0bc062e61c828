"""From what the journal holds of a conversation to its log as scores see it."""

from collections.abc import Iterable

from monitor.core import events as ev
from monitor.core.roster import Register
from monitor.core.scores.chats import ShopChats
from monitor.core.scores.log import Said, of_person, said
from monitor.core.senders import role_of
from monitor.core.units import DAY_MS
from monitor.scoring.basis import Basis, Faults
from monitor.store.scores import LoggedEvent
from monitor.wire import decode_stored

Key = tuple[str, str]  # (shop, conversation)

BEFORE_MS = 8 * DAY_MS  # What was asked so long before may still be waiting: it is given up after seven days.
BATCH = 32  # Chats read back at once.

# What is said in these roles is folded; one that is not came after its conversation's horizon.
FOLDED_ROLES = frozenset({"buyer", "agent", "bot", "seller"})


def opened(logged: LoggedEvent, faults: Faults) -> ev.AnyEvent | None:
    """Return the event itself; None where it cannot be read: all others are scored without it."""
    try:
        return decode_stored(logged.body)
    except Exception:
        faults.note("event", logged.shop, logged.position)
        return None


def read_log(
    logged: list[LoggedEvent], register: Register, faults: Faults
) -> tuple[list[Said], str | None, str | None]:
    """Return a chat's log of what the journal holds, its buyer, and the platform of its shop."""
    people = bool(register.persons or register.accounts)
    entries: list[Said] = []
    buyer = platform = None
    for one in logged:
        event = opened(one, faults)
        if event is None:
            continue
        platform = platform or event.platform
        if event.buyer and buyer is None:
            buyer = event.buyer
        if isinstance(event, ev.Message):
            folds = event.kind != "reaction" and not (event.entry and not event.needs_reply)
            if not one.folded and folds and role_of(event, one.words) in FOLDED_ROLES:
                continue  # It came after its conversation's horizon.
        entry = said(event, one.position, one.words)
        if entry is not None:
            entries.append(of_person(entry, event.shop or "", register) if people else entry)
    return entries, buyer, platform


def heads_of(keys: Iterable[Key], shops: dict[str, ShopChats]) -> dict[Key, list[Key]]:
    """Return the conversations that stand for these, each with the ids under which it was spoken."""
    found: dict[Key, list[Key]] = {}
    for key in keys:
        shop = shops.get(key[0])
        if shop is None or not shop.aliases:
            found[key] = [key]
        else:
            head = shop.one(key[1])
            found[key[0], head] = [(key[0], member) for member in shop.members(head)]
    return found


async def read_logs(
    basis: Basis, heads: dict[Key, list[Key]], from_ms: int
) -> dict[Key, tuple[list[Said], str | None, str | None]]:
    """Read back conversations: of each its log, its buyer, and the platform of its shop."""
    logged = await basis.store.logs([member for members in heads.values() for member in members], from_ms)
    register = basis.register()
    return {
        head: read_log([one for member in members for one in logged.get(member, [])], register, basis.faults)
        for head, members in heads.items()
    }
