"""What the words of a message are made of, the same for every language."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

TOP = 5  # Waits that a digest names; nobody reads on.
LONGEST_NAME = 24  # Characters of a name in a title; a preview shows about 40 in all.


class Room(NamedTuple):
    """Somebody and how many chats they have of how many they can hold."""

    name: str
    open: int
    limit: int | None


@dataclass(frozen=True, slots=True)
class WaitView:
    """One wait as a message shows it; buyer and words are masked."""

    shop: str
    platform: str
    buyer: str
    account: str | None
    said: str  # Empty: not known.
    product: str
    asked_at: str  # 10:13:20, on the floor's clock.
    waited_ms: int
    left_ms: int | None  # Until the next limit; None: there is none, or the clock stands.
    stage: str
    messages: int
    closed_unanswered: bool
    claimed_by: str | None
    agent: str | None
    reply: str = ""  # What could be answered; empty: nothing is at hand.
    wait: int = 0  # Its number: the same wait may be in several messages.


@dataclass(frozen=True, slots=True)
class View:
    """One message."""

    kind: str
    step: str
    team: str
    agent: str | None = None
    seat: str | None = None
    load: Room | None = None
    move: Room | None = None
    waits: tuple[WaitView, ...] = ()
    told: tuple[tuple[str, str], ...] = ()  # Step and when, of what was told of it before.
    facts: dict[str, Any] = field(default_factory=dict)
    shop: str = ""  # Of what is no wait.
    instead_of_lead: bool = False  # No lead is there: the manager is told what a lead would have been.
    now_ms: int = 0

    @property
    def left_ms(self) -> int | None:
        """The least time left of its waits."""
        return min((wait.left_ms for wait in self.waits if wait.left_ms is not None), default=None)

    @property
    def waited_ms(self) -> int | None:
        """How long its first wait has lasted, or what is owed or unattended; None: nothing of it waits."""
        if self.waits:
            return self.waits[0].waited_ms
        since_ms = self.facts.get("opened_at_ms") or self.facts.get("oldest_since_ms")
        return max(0, self.now_ms - since_ms) if isinstance(since_ms, int) else None


class Words(Protocol):
    """One language: a module with these functions."""

    def title(self, view: View) -> str:
        """Return all that counts, on one line."""

    def lines(self, view: View) -> list[str]:
        """Return the rest."""

    def digest_title(self, views: Sequence[View], more: int) -> str:
        """Return the title of several messages in one; ``more`` waits are in none of the views."""

    def digest_lines(self, views: Sequence[View], more: int) -> list[str]:
        """Return the lines of several messages in one."""

    def label(self, what: str, inside: bool, name: str) -> str:
        """Return what stands on a link: claim, mute or open."""

    def variables(self, view: View) -> dict[str, str]:
        """Return the values of the variables that every template may name."""

    def value(self, name: str, fact: Any) -> str:
        """Return one of a message's facts as a template shows it; empty: it is not known."""


def plain_variables(view: View) -> dict[str, str]:
    """Return the values of the variables of a template that are the same in every language."""
    wait = view.waits[0] if view.waits else None
    return {
        "seat": view.seat or "",
        "account": (wait.account if wait else None) or "",
        "count": str(len(view.waits)),
        "shop": wait.shop if wait else view.shop,
        "team": view.team,
        "load": f"{view.load.open}/{view.load.limit}" if view.load and view.load.limit else "",
        "buyer": wait.buyer if wait else "",
        "asked_at": wait.asked_at if wait else "",
        "waited": "" if view.waited_ms is None else clock(view.waited_ms),
        "step": view.step,
    }


def shown(fact: Any, between: str) -> str:
    """Return a fact as text: names one after the other, counts behind what they count."""
    if fact is None:
        return ""
    if isinstance(fact, dict):
        return between.join(f"{name} {count}" for name, count in fact.items())
    return between.join(map(str, fact)) if isinstance(fact, list) else str(fact)


def percent(rate: Any) -> str:
    """Return a rate as people read it: 95 %, 93.2 %."""
    return f"{round(float(rate) * 100, 1):g}%" if isinstance(rate, int | float) else ""


def most_urgent(views: Sequence[View]) -> list[tuple[View, WaitView]]:
    """Return every wait of some messages, once, the least time left first."""
    waits = {wait.wait or id(wait): (view, wait) for view in views for wait in view.waits}
    far = 1 << 60
    return sorted(
        waits.values(), key=lambda one: (far if one[1].left_ms is None else one[1].left_ms, -one[1].waited_ms)
    )


def seconds(length_ms: int) -> int:
    """Return whole seconds, to the nearest."""
    return max(0, length_ms + 500) // 1000


def clock(length_ms: int) -> str:
    """Return a length as people read it on the board: 4:12, 1:02:03."""
    minutes, seconds = divmod(length_ms // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def short(name: str) -> str:
    """Return a name that fits a title and cannot break it."""
    shown = "".join(letter if letter.isprintable() else " " for letter in name[:LONGEST_NAME])
    return shown if len(name) <= LONGEST_NAME else f"{shown}…"
