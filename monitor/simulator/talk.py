"""What can happen in one conversation, piece by piece, and what each piece does to the wait.

``chat`` puts the pieces together. Instants within one conversation are all
different, so that any order of arrival has one meaning.
"""

from enum import Enum
from typing import Any, Literal, Protocol

from monitor.core.events import (
    ConversationAssigned,
    ConversationClosed,
    ConversationHandedOff,
    ConversationTransferred,
    Event,
    Message,
    MessageRecalled,
    Role,
)
from monitor.simulator.buyers import Chat, Manners, one
from monitor.simulator.centre import Agent, Shop
from monitor.simulator.language import Intent, Probe
from monitor.simulator.truth import (
    ANSWERS,
    ASKS,
    CLOSES,
    COURTESY,
    GIVE_UP_MS,
    HOLDS,
    LEAVES,
    MOVES,
    NOTHING,
    TAKEN,
    TAKES_BACK,
    UNSAYS,
    Wait,
)


class World(Protocol):
    """What a conversation needs of the rest."""

    manners: Manners

    def emit(self, at_ms: int, event: Event, wait: Wait | None = None, effect: int = NOTHING) -> None:
        """Let an event leave at an instant not before now, and say what it does to its wait."""

    def pick(self, shop: Shop, now_ms: int, unlike: Agent | None = None) -> tuple[Agent | None, int]:
        """Return who takes a chat of the shop, and from when on; None if the shop has nobody at all."""


class Reply(Enum):
    """What became of a wait."""

    ANSWERED = 1
    ASKED = 2  # Answered, and asked something back.
    HELD = 3
    GREETED = 4
    GONE = 5  # Nobody answers any more, or the buyer left: the session is over.


class Talk:
    """A conversation at an instant: ``at`` is where the script has come to, and what happens next happens then."""

    __slots__ = ("at", "chat", "held_by", "language", "next_nudge_ms", "nudges", "probe", "probes", "random", "rng",
                 "shop", "source", "welcomed", "world")  # fmt: skip

    def __init__(self, world: World, chat: Chat, now_ms: int) -> None:
        self.world = world
        self.chat = chat
        self.shop = chat.shop
        self.rng = chat.shop.rng
        self.random = chat.shop.rng.random
        self.language = chat.shop.language
        self.source = chat.shop.collector.name
        self.at = now_ms
        self.held_by: Agent | None = None  # Whose open chats this one counts among.
        self.probe: Probe | None = None  # What the agent has asked back.
        self.probes = 0
        self.nudges = 0
        self.next_nudge_ms = 0
        self.welcomed = False

    def over(self) -> None:
        """Let go of the agent; the buyer may come back."""
        if self.held_by is not None:
            self.held_by.chats -= 1
            self.held_by = None
        self.chat.busy = False

    # Time.

    def later(self, least_ms: int, most_ms: int) -> int:
        """Let some time pass and return the instant then."""
        self.at += least_ms + int(self.random() * (most_ms - least_ms))
        return self.at

    def go(self, at_ms: int) -> int:
        """Go on to an instant, unless the script is past it, and return where it is."""
        if at_ms > self.at:
            self.at = at_ms
        return self.at

    def delay_ms(self, agent: Agent) -> int:
        """Return how long this answer takes this agent now: grows with the other waits on the same person."""
        delay = self.rng.lognormvariate(0, 0.75) * agent.pace * (1 + 0.2 * min(agent.waiting, 20))
        if self.at < agent.behind_until_ms:
            delay *= 3
        return 1800 + int(delay * self.world.manners.answer_ms)

    # Hands.

    def holder(self) -> tuple[Agent | None, int]:
        """Return who answers now, and from when on: who has the chat, while on the shift; else who takes it."""
        agent = self.held_by
        if agent is not None and agent.off_at_ms > self.at:
            return agent, self.at
        return self.world.pick(self.shop, self.at)

    def hand_to(self, agent: Agent) -> None:
        """Give the conversation to ``agent``: assigned if it lay with nobody, else transferred."""
        before = self.held_by
        if agent is before:
            return
        self.held_by = self.chat.agent = agent
        agent.chats += 1
        account = self.shop.account(agent)
        wait = self.chat.wait
        if before is None:
            assigned = ConversationAssigned(
                type="conversation_assigned", agent=agent.name, account=account, **self.stamp(bare=True)
            )
            self.emit(assigned, wait, TAKEN)
        else:
            before.chats -= 1
            moved = ConversationTransferred(
                type="conversation_transferred",
                from_agent=before.name,
                from_account=self.shop.account(before),
                agent=agent.name,
                account=account,
                **self.stamp(bare=True),
            )
            self.emit(moved, wait, MOVES)
            if self.random() < 0.5:
                self.say("system", one(self.rng, self.language.transfer_note).format(a=before.alias, b=agent.alias))
        self.at += 1 + int(self.random() * 400)

    def hand_off(self) -> None:
        """The buyer asks for a person, and the bot gives the chat to people."""
        self.buyer(one(self.rng, self.language.want_person))
        self.later(300, 1500)
        self.emit(ConversationHandedOff(type="conversation_handed_off", **self.stamp()))

    # What is said.

    def ask(self, intent: Intent) -> None:
        """The buyer asks, in one or several bubbles, now and then with a picture or the product's card."""
        for n, bubble in enumerate(one(self.rng, intent.asks)):
            if n:
                self.later(1200, 6000)
            self.buyer(bubble)
        if self.random() < self.world.manners.picture:
            self.later(1500, 8000)
            if self.random() < 0.5:
                self.card(entry=False)
            else:
                self.buyer("", kind="image")

    def thank(self) -> None:
        """The buyer says something that wants no answer."""
        for n, bubble in enumerate(one(self.rng, self.language.courtesy)):
            if n:
                self.later(700, 3000)
            self.buyer(bubble, COURTESY)

    def nudge(self, until_ms: int) -> None:
        """The buyer asks whether anybody is there, as far as that comes before ``until_ms``."""
        while self.nudges < 4 and self.next_nudge_ms < until_ms - 500:
            self.go(self.next_nudge_ms)
            if self.random() < 0.6:
                self.buyer(one(self.rng, self.language.nudges))
            self.nudges += 1
            self.next_nudge_ms = self.at + 30_000 + int(self.random() * 90_000)

    def card(self, *, entry: bool) -> None:
        """A product card: put there by entering the chat, or sent by hand."""
        slots = self.chat.slots
        product = {"title": slots["item"], "price": float(slots["price"])}
        if entry:
            self.say("buyer", slots["item"], kind="card", entry=True, product=product)
        else:
            self.buyer(slots["item"], kind="card", product=product)

    def buyer(
        self,
        text: str,
        effect: int = ASKS,
        *,
        kind: Literal["text", "image", "card"] = "text",
        product: dict[str, Any] | None = None,
    ) -> None:
        """The buyer says something: opens a wait, or is one more message of the open one."""
        chat, shop = self.chat, self.shop
        at = self.at = self.at if self.at > chat.last_ms else chat.last_ms + 1
        chat.last_ms = at
        wait, held_by = chat.wait, self.held_by
        account = shop.account(held_by) if held_by is not None else None
        event_id = shop.event_id(at)
        if wait is None or at - wait.opened_at_ms > GIVE_UP_MS:
            wait = chat.wait = Wait(
                shop.platform,
                shop.name,
                chat.conversation,
                event_id,
                at,
                chat.agent.name if chat.agent is not None else None,
                shop.account(chat.agent) if chat.agent is not None else None,
            )
            chat.said.clear()
            chat.thanked = effect == COURTESY
        chat.said.append(event_id)
        message = self._message(
            event_id,
            text,
            role="buyer",
            account=account,
            kind=kind,
            product=product,
            # One platform says itself whether an answer is owed.
            needs_reply=effect == ASKS if shop.platform == "pinduoduo" else None,
        )
        self.world.emit(at, message, wait, effect)

    def agent(self, text: str, effect: int = ANSWERS) -> str:
        """Who has the chat says something; it ends the open wait. Returns the message's id."""
        chat, shop, agent = self.chat, self.shop, self.held_by
        assert agent is not None
        at = self.at = self.at if self.at > chat.last_ms else chat.last_ms + 1
        chat.last_ms = at
        wait, chat.wait = chat.wait, None
        event_id = shop.event_id(at)
        message = self._message(
            event_id,
            text,
            role="seller" if shop.seller else "agent",
            account=shop.account(agent),
            agent=None if shop.seller else agent.name,
        )
        if wait is not None and at - wait.opened_at_ms > GIVE_UP_MS:
            wait = None  # Given up: this reply ends nothing.
        self.world.emit(at, message, wait, effect)
        return event_id

    def _message(self, event_id: str, text: str, **more: Any) -> Message:
        chat, shop = self.chat, self.shop
        return Message(
            id=event_id,
            ts_ms=self.at,
            source=self.source,
            platform=shop.platform,
            shop=shop.name,
            conversation=chat.conversation,
            buyer=chat.buyer,
            text=text.format_map(chat.slots) if "{" in text else text,
            **more,
        )

    def hold(self) -> None:
        """The agent asks the buyer to wait, now and then saying how long."""
        if self.random() < 0.06:
            text, _ = one(self.rng, self.language.promises)
        else:
            text = one(self.rng, self.language.holding)
        self.agent(text, HOLDS)

    def answer(self, intent: Intent | None, *, sorry: bool, probe: bool = True) -> Reply:
        """The agent answers, in one or two bubbles, and with ``probe`` may ask something back."""
        random, language, rng = self.random, self.language, self.rng
        text = one(rng, intent.answers if intent is not None else language.bought_answers)
        self.agent(one(rng, language.sorry) + text if sorry and random() < 0.7 else text)
        if intent is None:
            return Reply.ANSWERED
        if random() < 0.18:
            self.later(1500, 7000)
            if random() < 0.04:
                # Sent to the wrong buyer, taken back.
                wrong = self.agent(one(rng, one(rng, self.shop.asked_about).answers))
                self.later(1500, 8000)
                self.emit(MessageRecalled(type="message_recalled", message=wrong, **self.stamp()))
            else:
                self.agent(one(rng, language.more))
        if random() < 0.01 and not self.shop.seller:
            self.later(1000, 9000)
            self.say("note", one(rng, language.notes))
        if probe and intent.probes and self.probes < 2 and random() < self.world.manners.probe:
            self.probes += 1
            self.probe = one(rng, intent.probes)
            self.later(1500, 6000)
            self.agent(self.probe.ask)
            return Reply.ASKED
        return Reply.ANSWERED

    def recall(self) -> bool:
        """The buyer takes the last bubble back; return whether the wait is gone with it."""
        chat, wait = self.chat, self.chat.wait
        assert wait is not None
        self.later(1500, 6000)
        gone = len(chat.said) == 1
        recalled = MessageRecalled(type="message_recalled", message=chat.said.pop(), **self.stamp())
        self.emit(recalled, wait, TAKES_BACK if gone else UNSAYS)
        if gone:
            chat.wait = None
        return gone

    def welcome(self, *, attended: bool) -> None:
        """The shop's automatic text, once a session."""
        if self.shop.welcome and not self.welcomed:
            self.welcomed = True
            self.later(300, 1200)
            self.say("auto", one(self.rng, self.language.welcome if attended else self.language.away))

    def say(
        self,
        role: Role,
        text: str,
        *,
        kind: Literal["text", "card", "reaction"] = "text",
        entry: bool = False,
        product: dict[str, Any] | None = None,
    ) -> None:
        """Something is said that does nothing to a wait."""
        if "{" in text:
            text = text.format_map(self.chat.slots)
        self.emit(Message(role=role, text=text, kind=kind, entry=entry, product=product, **self.stamp()))

    def close(self, by: Literal["buyer", "agent", "system"]) -> None:
        """The session is closed. A wait goes with the buyer; what the shop closes stands."""
        wait = self.chat.wait
        closed = ConversationClosed(type="conversation_closed", by=by, **self.stamp())
        if wait is not None and closed.ts_ms - wait.opened_at_ms > GIVE_UP_MS:
            wait = None
        self.emit(closed, wait, LEAVES if by == "buyer" else CLOSES)
        if by == "buyer":
            self.chat.wait = None

    def emit(self, event: Event, wait: Wait | None = None, effect: int = NOTHING) -> None:
        """Let a stamped event leave."""
        self.world.emit(event.ts_ms, event, wait, effect)

    def stamp(self, *, bare: bool = False) -> dict[str, Any]:
        """Return what every event of this conversation has; ``bare``: without whose hands it is in."""
        chat, shop = self.chat, self.shop
        at = self.at = self.at if self.at > chat.last_ms else chat.last_ms + 1
        chat.last_ms = at
        stamp: dict[str, Any] = {
            "id": shop.event_id(at),
            "ts_ms": at,
            "source": self.source,
            "platform": shop.platform,
            "shop": shop.name,
            "conversation": chat.conversation,
            "buyer": chat.buyer,
        }
        if not bare and self.held_by is not None:
            stamp["account"] = shop.account(self.held_by)
        return stamp
