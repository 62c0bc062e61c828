"""A chat and its alerts as one time-line: who speaks when, and what is told when.

Times are written ``"m:ss"`` or ``"m:ss.mmm"`` (or seconds) from `START_MS`.
"""

from collections.abc import Callable
from typing import Any, Literal

from monitor.core import decisions as d
from monitor.core import events as ev
from monitor.core.lists import places
from monitor.core.policy import BUILT_IN, BuiltIn, Policy, PolicyBook
from monitor.core.tracker import Tracker
from monitor.core.words import classify

START_MS = 1_795_399_200_000  # 2026-11-23T02:00:00Z, ten in the morning in Shanghai

When = str | float


def at_ms(when: When) -> int:
    """Return the instant of ``"1:30"`` (or of 90)."""
    if isinstance(when, str):
        sign = -1 if when.startswith("-") else 1
        minutes, _, seconds = when.lstrip("-").rpartition(":")
        when = sign * (int(minutes or 0) * 60 + float(seconds))
    return START_MS + round(when * 1000)


def shown(ms: int) -> str:
    """Return an instant as the time-lines write it."""
    seconds, millis = divmod(ms - START_MS, 1000)
    text = f"{seconds // 60}:{seconds % 60:02}"
    return f"{text}.{millis:03}" if millis else text


def take_policies(to: Tracker, of: Tracker) -> None:
    """Let a tracker that is to take rows know the policies that they name."""
    for number, policy in of.policies.items():
        assert to.policies.number_of(policy, of.policies.rules[number]) == number


class Timeline:
    """One shop's chats, given to a tracker in the order they are written down.

    Args:
        policy: the rules, all of them or the one policy there is.
        wall: live time: `until` and `later` move the wall clock, and events arrive at their ``ts`` unless told.
    """

    def __init__(self, policy: Policy | PolicyBook = BUILT_IN, *, wall: bool = False, **options: Any) -> None:
        book = BuiltIn(policy) if isinstance(policy, Policy) else policy
        self.tracker = Tracker(book, wall=wall, **options)
        self.rounds: dict[int, d.Round] = {}
        self.told: list[str] = []
        self.people: list[str] = []  # What people were told, as "2:00 team lin 120s: senye 2:00, nanfeng 1:20".
        self.decisions: list[d.Decision] = []
        self.restated = 0
        self._wall = wall
        self._number = 0

    def event(self, event: ev.AnyEvent, *, arrives: When | None = None, words: int = 0) -> "Timeline":
        """Hand over any event."""
        self._number += places(event)
        arrived_at_ms = at_ms(arrives) if arrives is not None else event.ts_ms
        if self._wall:
            self.later(arrived_at_ms)
        elif event.ts_ms > self.tracker.now_ms:
            self.later(event.ts_ms)
        self.tracker.handle(event, self._number, arrived_at_ms, words)
        self.take()
        return self

    def said(
        self,
        when: When,
        role: ev.Role,
        text: str = "",
        *,
        chat: str = "c",
        id: str | None = None,
        arrives: When | None = None,
        **fields: Any,
    ) -> "Timeline":
        """Hand over a message."""
        fields.setdefault("source", "collector")
        fields.setdefault("platform", "taobao")
        fields.setdefault("shop", "senye")
        message = ev.Message(
            id=id or f"m{self._number + 1}",
            ts_ms=at_ms(when),
            conversation=chat,
            role=role,
            text=text,
            **fields,
        )
        words = classify(text, message.kind, by_buyer=role == "buyer", bot=role == "bot")
        return self.event(message, arrives=arrives, words=words)

    def buyer(self, when: When, text: str = "有货吗", **fields: Any) -> "Timeline":
        """The buyer writes."""
        return self.said(when, "buyer", text, **fields)

    def agent(self, when: When, text: str = "有的，今天拍今天发", **fields: Any) -> "Timeline":
        """A person replies."""
        fields.setdefault("agent", "lin")
        return self.said(when, "agent", text, **fields)

    def bot(self, when: When, text: str = "您可以看一下尺码表", **fields: Any) -> "Timeline":
        """A bot writes."""
        return self.said(when, "bot", text, **fields)

    def _of_chat(
        self, kind: Callable[..., ev.AnyEvent], name: str, when: When, chat: str, *, shop: str = "senye", **fields: Any
    ) -> "Timeline":
        return self.event(
            kind(type=name, id=f"e{self._number + 1}", ts_ms=at_ms(when), shop=shop, conversation=chat, **fields)
        )

    def closed(self, when: When, by: Literal["buyer", "agent", "system"], *, chat: str = "c") -> "Timeline":
        """The chat is closed."""
        return self._of_chat(ev.ConversationClosed, "conversation_closed", when, chat, by=by)

    def recalled(self, when: When, message: str, *, chat: str = "c") -> "Timeline":
        """A message is taken back."""
        return self._of_chat(ev.MessageRecalled, "message_recalled", when, chat, message=message)

    def transferred(
        self, when: When, agent: str | None, *, chat: str = "c", by: str | None = None, shop: str = "senye"
    ) -> "Timeline":
        """The chat changes hands, passed on ``by`` somebody."""
        return self._of_chat(
            ev.ConversationTransferred, "conversation_transferred", when, chat, shop=shop, agent=agent, from_agent=by
        )

    def handed_off(self, when: When, *, chat: str = "c") -> "Timeline":
        """The bot gives the chat to people."""
        return self._of_chat(ev.ConversationHandedOff, "conversation_handed_off", when, chat)

    def dismissed(self, when: When, wait: int, *, chat: str = "c") -> "Timeline":
        """A person takes the wait off the board."""
        return self._of_chat(
            ev.WaitDismissed, "wait_dismissed", when, chat, wait=wait, by="lead", reason="an advertisement"
        )

    def acted(
        self,
        when: When,
        act: Literal["claim", "release", "resolve", "mute"],
        by: str = "lead",
        *,
        chat: str = "c",
        shop: str = "senye",
    ) -> "Timeline":
        """A person acts on the alert of the wait that is open in a chat."""
        self.later(at_ms(when))
        conversation = self.tracker.conversation(shop, chat)
        assert conversation is not None
        assert conversation.state.wait is not None
        number = conversation.state.wait.number
        return self.event(
            ev.AlertActed(
                type="alert_acted",
                id=f"e{self._number + 1}",
                ts_ms=at_ms(when),
                shop=shop,
                conversation=chat,
                alert=str(number),
                wait=number,
                act=act,
                by=by,
                until_ms=at_ms(when) + 600_000 if act == "mute" else None,
            )
        )

    def silenced(self, when: When, until: When, **matchers: str) -> "Timeline":
        """A person sets a silence."""
        return self.event(
            ev.SilenceSet(
                type="silence_set",
                id=f"e{self._number + 1}",
                ts_ms=at_ms(when),
                silence=f"s{self._number + 1}",
                matchers=matchers,
                by="lead",
                reason="a fire drill",
                until_ms=at_ms(until),
            )
        )

    def said_to(self, *receivers: str) -> list[str]:
        """Return what these receivers were told so far."""
        return [line for line in self.people if line.split()[1] in receivers]

    def later(self, now_ms: int) -> None:
        """Move time, each due limit on its own."""
        while self.tracker.next_ms <= now_ms:
            self.tracker.advance(max(self.tracker.next_ms, self.tracker.now_ms) if self._wall else now_ms)
            self.take()
        self.tracker.advance(now_ms)
        self.take()

    def until(self, when: When) -> list[str]:
        """Move time on and return all that was told so far, as ``"1:00 slow"``."""
        self.later(at_ms(when))
        return self.told

    def open_rounds(self) -> list[d.Round]:
        """Return the rounds that stand open now."""
        return list(self.tracker.open_rounds(self.tracker.now_ms))

    def ended(self) -> list[str]:
        """Return each round that has ended, as ``"answered 70 s"``, in the order of opening."""
        rounds = sorted(self.rounds.values(), key=lambda r: (r.opened_at_ms, r.wait))
        return [f"{r.outcome} {((r.ended_at_ms or 0) - r.opened_at_ms) / 1000:g}" for r in rounds]

    def take(self) -> None:
        """Note what was decided since."""
        for decision in self.tracker.decisions:
            self.decisions.append(decision)
            if isinstance(decision, d.CloseRound):
                self.rounds[decision.round.wait] = decision.round
            elif isinstance(decision, d.RestateRound):
                self.restated += 1
                if decision.was is not None:
                    del self.rounds[decision.was.wait]
                if decision.now is not None:
                    self.rounds[decision.now.wait] = decision.now
            elif isinstance(decision, d.RaiseAlert | d.RiseAlert):
                # A stage begins one millisecond past its limit; the time-lines name the limit.
                self.told.append(f"{shown(decision.decided_at_ms - 1)} {decision.stage}")
            elif isinstance(decision, d.ResolveAlert):
                self.told.append(f"{shown(decision.decided_at_ms)} resolved {decision.reason}")
            elif isinstance(decision, d.WithdrawAlert):
                self.told.append(f"{shown(decision.decided_at_ms)} withdrawn {decision.reason}")
            elif isinstance(decision, d.PassPromise):
                self.told.append(f"{shown(decision.decided_at_ms - 1)} promise {decision.stage}")
            elif isinstance(decision, d.SourceTurned):
                self.told.append(f"{shown(decision.at_ms)} {'stale' if decision.stale else 'fresh'}")
            elif isinstance(decision, d.TellPeople):
                self.people.append(_said(decision))
        self.tracker.decisions.clear()


def _said(told: d.TellPeople) -> str:
    who = told.agent or told.team or "manager"
    named = ", ".join(
        f"{wait.shop} {wait.counted_ms // 60_000}:{wait.counted_ms // 1000 % 60:02}" for wait in told.waits
    )
    return f"{shown(told.decided_at_ms)} {told.to} {who} {told.step}" + (f": {named}" if named else "")
