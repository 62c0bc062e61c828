"""A day of chat as scores see it: who speaks when, by the clock of the shop's zone."""

from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from monitor.core import events as ev
from monitor.core.scores.chats import Chats
from monitor.core.scores.profile import Profile, ProfileBook
from monitor.core.scores.totals import totals
from monitor.core.words import built_in
from monitor.policy_files.profiles import load
from monitor.policy_files.where import default_folder

DAY = "2026-11-23"


@cache
def shipped() -> ProfileBook:
    """The profiles of the shipped rules."""
    book, faults = load(default_folder())
    assert faults == []
    return book


def at_ms(when: str, zone: str = "Asia/Shanghai") -> int:
    """Return the instant of ``"10:00:00"`` on `DAY`, or of ``"2026-11-24 08:00"``."""
    text = when if "-" in when else f"{DAY} {when}"
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


class Chatter:
    """Chats of one shop, written down in any order."""

    def __init__(self, platform: str = "taobao", zone: str = "Asia/Shanghai") -> None:
        self.events: list[tuple[ev.AnyEvent, int]] = []
        self._platform = platform
        self._zone = zone

    def event(self, struct: type[ev.Event], when: str, words: int = 0, **fields: Any) -> "Chatter":
        """Add any event."""
        fields.setdefault("id", f"e{len(self.events)}")
        fields.setdefault("shop", "senye")
        if struct not in (ev.WaitingSnapshot, ev.AccountStatus, ev.SyncRange, ev.AgentPresence):
            fields.setdefault("conversation", "c")
        made: Any = struct(ts_ms=at_ms(when, self._zone), platform=self._platform, **fields)
        self.events.append((made, words))
        return self

    def say(self, role: Any, when: str, text: str = "有货的，今天发", **fields: Any) -> "Chatter":
        """Add a message."""
        kind = fields.get("kind", "text")
        return self.event(ev.Message, when, built_in.words_of(role, kind, text), role=role, text=text, **fields)

    def b(self, *whens: str, **fields: Any) -> "Chatter":
        """The buyer writes."""
        fields.setdefault("text", "有货吗")
        for when in whens:
            self.say("buyer", when, **fields)
        return self

    def a(self, *whens: str, **fields: Any) -> "Chatter":
        """A person replies."""
        fields.setdefault("agent", "lin")
        for when in whens:
            self.say("agent", when, **fields)
        return self

    def passed(self, when: str, to: str, **fields: Any) -> "Chatter":
        """The chat changes hands."""
        return self.event(ev.ConversationTransferred, when, type="conversation_transferred", agent=to, **fields)

    def closed(self, when: str, by: str = "agent", **fields: Any) -> "Chatter":
        """The chat is closed."""
        return self.event(ev.ConversationClosed, when, type="conversation_closed", by=by, **fields)

    def stands(self, when: str, agent: str, state: str, **fields: Any) -> "Chatter":
        """Somebody comes, goes, or takes a break."""
        return self.event(ev.AgentPresence, when, type="agent_presence", agent=agent, state=state, **fields)

    def chats(self) -> Chats:
        """Return it as scores see it."""
        chats = Chats()
        for number, (event, words) in enumerate(self.events, start=1):
            chats.note(event, number, words)
        return chats

    def score(self, profile: str | Profile, until: str | None = None, **changes: Any) -> dict[str, Any]:
        """Return a score; ``until``: the input goes on to then."""
        book = shipped()
        if changes or isinstance(profile, Profile):
            base = profile if isinstance(profile, Profile) else book.versions[profile][-1]
            book = ProfileBook([replace(base, **changes)])
            profile = base.id
        last_ms = max(event.ts_ms for event, _ in self.events)
        now_ms = last_ms if until is None else at_ms(until, self._zone)
        return totals(self.chats(), book, now_ms, [profile])[profile]

    def of(self, profile: str | Profile, until: str | None = None, **changes: Any) -> str:
        """Return hits of what is determined, as ``"1/2"``; undetermined and excluded behind it where there are any."""
        found = self.score(profile, until, **changes)
        text = f"{found['hits']}/{found['hits'] + found['misses']}"
        for name in ("undetermined", "excluded"):
            if found[name]:
                text += f" {found[name]} {name}"
        return text


def snapshot(chat: Chatter, when: str, *names: str, account: str | None = None) -> None:
    rows = [ev.WaitingRow(conversation=name) for name in names]
    chat.event(ev.WaitingSnapshot, when, type="waiting_snapshot", rows=rows, complete=True, account=account)
