"""From what the journal holds of a conversation to its log as scores see it."""

from monitor.core import events as ev
from monitor.core.scores.log import Said, said
from monitor.core.senders import role_of
from monitor.store.scores import LoggedEvent
from monitor.wire import decode_stored

# What is said in these roles is folded; one that is not came after its conversation's horizon.
FOLDED_ROLES = frozenset({"buyer", "agent", "bot", "seller"})


def read_log(logged: list[LoggedEvent]) -> tuple[list[Said], str | None, str | None]:
    """Return a chat's log of what the journal holds, its buyer, and the platform of its shop."""
    entries: list[Said] = []
    buyer = platform = None
    for one in logged:
        event = decode_stored(one.body)
        platform = platform or event.platform
        if event.buyer and buyer is None:
            buyer = event.buyer
        if isinstance(event, ev.Message):
            folds = event.kind != "reaction" and not (event.entry and not event.needs_reply)
            if not one.folded and folds and role_of(event, one.words) in FOLDED_ROLES:
                continue  # It came after its conversation's horizon.
        entry = said(event, one.position, one.words)
        if entry is not None:
            entries.append(entry)
    return entries, buyer, platform
