"""A feed looked over: is what it brings enough to time buyers by, and is it right?

One pass over a feed's events, with when each arrived where that is known, gives findings: green, amber or red, each
with what was seen and what to do. Nothing here changes anything.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from monitor.core.events import AccountStatus, AgentPresence, AnyEvent, Message
from monitor.onboarding.finding import Finding
from monitor.onboarding.life import SKEW_MS, Life

LAG_MS = 30_000  # Older on arrival, and its waits are judged late ("catching up").
KEPT = 200_000  # Messages remembered to find them told twice.
FEW = 20  # Fewer messages say little.


class Arrived(NamedTuple):
    """One event, and when it arrived; None: not known (a file)."""

    event: AnyEvent
    at_ms: int | None
    duplicate: bool = False  # Its id was stored before.
    conflict: bool = False  # The same, and says something else.


class Feed:
    """What was seen of a feed.

    Args:
        refused: reasons of what was refused, with how often; read when the feed is through.
    """

    def __init__(self, refused: dict[str, int] | None = None) -> None:
        self._refused = {} if refused is None else refused
        self._events = self._duplicates = self._conflicts = 0
        self._roles: Counter[str] = Counter()
        self._lags: list[int] = []
        self._told: dict[tuple[str, str, str, int, str], tuple[str, str | None]] = {}
        self._twice = self._by_two = 0
        self._chats: dict[tuple[str, str], int] = {}  # 1 buyer, 2 person, 3 both
        self._unnamed = self._whole_minutes = self._whole_seconds = 0
        self._heard = Life()
        self._accounts: Counter[str] = Counter()
        self._backfilled = 0
        self._presence = 0

    def add(self, arrived: Arrived) -> None:
        """Take one event."""
        event = arrived.event
        self._duplicates += arrived.duplicate
        self._conflicts += arrived.conflict
        if arrived.duplicate:
            return
        self._events += 1
        self._heard.add(event, arrived.at_ms if arrived.at_ms is not None else int(event.ts_ms))
        if isinstance(event, Message):
            self._message(event, arrived.at_ms)
        elif isinstance(event, AccountStatus):
            self._accounts[event.state] += 1
        elif isinstance(event, AgentPresence):
            self._presence += 1

    def _message(self, event: Message, at_ms: int | None) -> None:
        ts_ms = int(event.ts_ms)
        chat = (event.shop, event.conversation or event.buyer or "")
        self._roles[event.role] += 1
        self._backfilled += event.backfill
        if at_ms is not None and not event.backfill:
            self._lags.append(at_ms - ts_ms)
        if event.role == "buyer":
            self._chats[chat] = self._chats.get(chat, 0) | 1
        elif event.role in ("agent", "seller"):
            self._chats[chat] = self._chats.get(chat, 0) | 2
            self._unnamed += event.agent is None and event.account is None
        self._whole_minutes += ts_ms % 60_000 == 0
        self._whole_seconds += ts_ms % 1_000 == 0
        if event.text and len(self._told) < KEPT:
            key = (*chat, event.role, ts_ms, event.text)
            before = self._told.setdefault(key, (event.id, event.source))
            if before[0] != event.id:
                self._twice += 1
                self._by_two += before[1] != event.source

    # -- what it amounts to ------------------------------------------------------------------------------------------

    def findings(self) -> Iterator[Finding]:
        """Yield what there is to say, in the order in which it is to be mended."""
        if not self._events:
            yield Finding(
                "events", "red", "nothing has come", "Send one event; docs/events.md has ready lines to copy."
            )
            return
        messages = sum(self._roles.values())
        yield Finding("events", "green", f"{self._events} events, {messages} messages in {len(self._chats)} chats")
        if messages < FEW:
            yield Finding("amount", "amber", f"{messages} messages say little", "Look again after an hour of traffic.")
        yield from self._ids()
        yield from self._who()
        yield from self._echoes()
        yield from self._times()
        yield from self._life()

    def _ids(self) -> Iterator[Finding]:
        conflicts = self._conflicts + self._refused.pop("conflict", 0)
        if self._refused:
            said = ", ".join(f"{reason} {count}" for reason, count in sorted(self._refused.items()))
            yield Finding("refused", "red", said, "GET /v1/quarantine shows each, with the field that is wrong.")
        if conflicts:
            yield Finding(
                "ids", "red", f"{conflicts} times an id came again with other content",
                "An id is one message's for ever: use the platform's message id, not a row number or a session.",
            )  # fmt: skip
        elif self._by_two:
            yield Finding(
                "ids", "red", f"{self._by_two} messages came from two sources under different ids",
                "Two collectors see one account: let both take the platform's message id, or stop one.",
            )  # fmt: skip
        elif self._twice:
            yield Finding(
                "ids", "red", f"{self._twice} messages came twice under different ids",
                "The collector makes a new id each time it sees a message: take the platform's, or a hash of chat, "
                "time and text.",
            )  # fmt: skip
        else:
            yield Finding("ids", "green", f"no message under two ids; {self._duplicates} sent again and known")

    def _who(self) -> Iterator[Finding]:
        roles = ", ".join(f"{role} {count}" for role, count in self._roles.most_common())
        if self._roles["seller"] and not self._roles["agent"]:
            yield Finding(
                "roles", "amber", roles,
                "The shop's side is not told apart: rules/senders.yaml says by account, text or speed who is a person.",
            )  # fmt: skip
        elif not self._roles["buyer"] or not (self._roles["agent"] + self._roles["seller"]):
            yield Finding("roles", "red", roles, "Both sides must arrive: buyer messages, and what people answer.")
        else:
            yield Finding("roles", "green", roles)
        people = self._roles["agent"] + self._roles["seller"]
        if people and self._unnamed > people // 10:
            yield Finding(
                "names", "amber", f"{self._unnamed} of {people} replies name neither agent nor account",
                "Send account (the sub-account that answered): else nobody can be told whose buyer waits.",
            )  # fmt: skip

    def _echoes(self) -> Iterator[Finding]:
        asked = sum(1 for sides in self._chats.values() if sides & 1)
        answered = sum(1 for sides in self._chats.values() if sides == 3)
        if asked < FEW:
            return
        share = answered / asked
        seen = f"{answered} of {asked} chats in which a buyer wrote have a reply of a person ({share:.0%})"
        if share < 0.5:
            yield Finding(
                "own replies", "red", seen,
                "Answers from the phone, a second client or by API are probably not seen: every one is a false alarm. "
                "Subscribe to echoes, or let who sends them send them here too.",
            )  # fmt: skip
        else:
            yield Finding("own replies", "green" if share >= 0.8 else "amber", seen)

    def _times(self) -> Iterator[Finding]:
        messages = sum(self._roles.values())
        if messages >= FEW and self._whole_minutes > messages * 0.9:
            yield Finding(
                "times", "red", "times are whole minutes",
                "A limit of 180 s cannot be held against minutes: take the time of the message, not of the list.",
            )  # fmt: skip
        elif messages >= FEW and self._whole_seconds == messages:
            yield Finding("times", "green", "times are whole seconds")
        if not self._lags:
            return
        lags = sorted(self._lags)
        half, most, least = lags[len(lags) // 2], lags[int(len(lags) * 0.95)], lags[0]
        seen = f"on arrival {half / 1000:.1f} s old (half), {most / 1000:.1f} s (19 of 20)"
        if least < -SKEW_MS:
            yield Finding(
                "clock", "red", f"{-least / 1000:.1f} s before it happened, at worst",
                "The collector's clock is ahead: set it by NTP, and take the platform's time, not the PC's.",
            )  # fmt: skip
        elif most > LAG_MS:
            yield Finding(
                "lag", "red", seen, "Above 30 s the feed counts as catching up and alerts come late: poll faster."
            )
        else:
            yield Finding("lag", "green" if most <= 5_000 else "amber", seen)

    def _life(self) -> Iterator[Finding]:
        yield from self._heard.findings()
        if self._backfilled:
            yield Finding("backfill", "green", f"{self._backfilled} messages were brought later, marked so")
        broken = {state: count for state, count in self._accounts.items() if state != "online"}
        if broken:
            said = ", ".join(f"{state} {count}" for state, count in sorted(broken.items()))
            yield Finding("accounts", "amber", said, "Each time, the shops of that account were not seen.")
        if not self._presence:
            yield Finding(
                "presence", "amber", "none",
                "Send agent_presence: else nobody can be told who has room, and an unattended shop is not noticed.",
            )  # fmt: skip


def check(feed: Iterable[Arrived], refused: dict[str, int] | None = None) -> list[Finding]:
    """Look a feed over."""
    seen = Feed(refused)
    for arrived in feed:
        seen.add(arrived)
    return list(seen.findings())
