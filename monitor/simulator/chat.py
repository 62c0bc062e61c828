"""One visit of one buyer: what is asked, who answers, when, and how it ends.

A visit is a generator. It plays its events into the future as far as they hang on
nothing else, then yields the instant at which it wants to go on. How soon an agent
answers is drawn when the wait opens, from how much lies on the agent at that
moment; so agents who serve many fall behind as they do on a floor.
"""

from collections.abc import Generator
from typing import Any

from monitor.core.events import OrderEvent, Rating
from monitor.core.units import MINUTE_MS
from monitor.simulator.buyers import Chat, one
from monitor.simulator.centre import Agent
from monitor.simulator.language import Intent
from monitor.simulator.talk import Reply, Talk, World
from monitor.simulator.truth import HOLDS

Process = Generator[int, None, None]  # Yields when it wants to go on.
LIMITS_MS = (60_000, 180_000, 300_000)


def session(world: World, chat: Chat, now_ms: int) -> Process:
    """Play one visit: the buyer enters, asks, is answered or not, thanks, orders, goes."""
    talk = Session(world, chat, now_ms)
    chat.busy = True
    yield from talk.visit()
    talk.over()


class Session(Talk):
    """One session being played."""

    __slots__ = ()

    def visit(self) -> Process:
        """Play the session.

        1. An entry card or a welcome may come first; a bot may stand in front.
        2. Questions, each of them answered, or else the session ends.
        3. An order, thanks, a rating, a close.
        """
        manners, random, chat = self.world.manners, self.random, self.chat
        if chat.wait is None and random() < manners.entry:
            self.card(entry=True)
            self.later(1500, 20_000)
        agent, free_ms = self.world.pick(self.shop, self.at)
        attended = agent is not None and free_ms <= self.at
        if self.shop.bot and random() < (manners.bot if attended else 0.9):
            if not (yield from self.bot_first()):
                return
        elif agent is not None and attended:
            self.hand_to(agent)
        questions = 1
        while questions < 7 and random() < 0.55:
            questions += 1
        for n, intent in enumerate(self.rng.sample(self.shop.asked_about, questions)):
            if n == 0 and chat.wait is None and random() < manners.opening:
                self.buyer(one(self.rng, self.language.openings))
                self.welcome(attended=attended)
                if random() < manners.alone:
                    if (yield from self.served(None, hello=True)) is Reply.GONE:
                        return
                else:
                    self.later(1200, 5000)
            self.ask(intent)
            self.welcome(attended=attended)
            if (yield from self.answered(intent)) is Reply.GONE:
                return
            if n < questions - 1:
                yield self.later(2500, 45_000)
        yield from self.farewell()

    def bot_first(self) -> Generator[int, None, bool]:
        """Talk to the bot; return whether the buyer wants a person."""
        manners, random, language = self.world.manners, self.random, self.language
        for n in range(3):
            self.ask(one(self.rng, self.shop.asked_about))
            lost = random() < 0.2 + 0.2 * n
            self.later(700, 2200)
            self.say("bot", one(self.rng, language.bot_lost if lost else language.bot_answers))
            yield self.later(4000, 40_000)
            if lost or random() < 0.4:
                break
        if random() < manners.bot_only:
            # The bot was enough, or the buyer gave up on it: no person ever writes.
            yield self.later(5000, 90_000)
            if manners.tidy or random() < 0.6:
                self.close("buyer")
            else:
                yield self.later(10 * MINUTE_MS, 30 * MINUTE_MS)
                self.close("system")
            return False
        self.hand_off()
        return True

    def answered(self, intent: Intent) -> Generator[int, None, Reply]:
        """Wait for the answer to what was asked, and for what hangs on it: a promise, a question back."""
        while True:
            reply = yield from self.served(intent)
            if reply in (Reply.HELD, Reply.GREETED):
                reply = yield from self.kept(intent, held=reply is Reply.HELD)
            if reply is not Reply.ASKED:
                return reply
            assert self.probe is not None
            yield self.later(4000, 30_000)
            if self.random() < 0.06:
                return Reply.GONE  # Never says what size; nobody waits.
            self.buyer(one(self.rng, self.probe.replies))

    def served(self, intent: Intent | None, *, hello: bool = False) -> Generator[int, None, Reply]:
        """See the open wait to its end.

        1. Where nobody is there, it lies until somebody comes, or the buyer leaves.
        2. It may be recalled, forgotten, or left by the buyer.
        3. It may be handed on, at the end of a shift or to who knows better.
        4. It is answered after a delay that grows with the agent's load.

        Args:
            intent: what was asked; None: nothing that a phrase of ``intents`` answers.
            hello: the buyer has only said hello.
        """
        manners, random, chat = self.world.manners, self.random, self.chat
        wait = chat.wait
        assert wait is not None
        self.nudges = 0
        self.next_nudge_ms = self.at + 30_000 + int(random() * 60_000)
        agent, free_ms = self.holder()
        if agent is None:
            return (yield from self.forgotten(None))
        if free_ms > self.at:
            left_ms = self.at + int((2 + random() * 20) * MINUTE_MS)
            if left_ms < free_ms and random() < manners.leaves:
                return (yield from self.leaves(left_ms))
            self.nudge(free_ms)
            yield self.go(free_ms + 5000 + int(random() * 40_000))
        self.hand_to(agent)
        if random() < manners.recall and not chat.thanked and self.recall():
            if random() < 0.3:
                return Reply.GONE
            yield self.later(2000, 8000)
            self.ask(intent or one(self.rng, self.shop.asked_about))
            wait = chat.wait
            assert wait is not None
        if not manners.tidy and random() < manners.never * (1 + agent.waiting / 8):
            return (yield from self.forgotten(agent))
        agent.waiting += 1
        load = agent.waiting
        due_ms = self.at + self.delay_ms(agent)
        if due_ms - self.at > 3 * MINUTE_MS and random() < manners.leaves:
            left_ms = self.at + int(1.5 * MINUTE_MS + random() * (due_ms - self.at))
            if left_ms < due_ms:
                reply = yield from self.leaves(left_ms)
                agent.waiting -= 1
                return reply
        shift_ends = self.at < agent.off_at_ms < due_ms
        if shift_ends or (random() < manners.transfer and due_ms - self.at > 8000):
            moved_ms = agent.off_at_ms if shift_ends else self.at + int((due_ms - self.at) * (0.2 + 0.6 * random()))
            self.nudge(moved_ms)
            yield self.go(moved_ms)
            receiver, free_ms = self.world.pick(self.shop, self.at, unlike=agent)
            if receiver is not None and receiver is not agent:
                agent.waiting -= 1
                if free_ms > self.at:
                    self.nudge(free_ms)
                    yield self.go(free_ms + 5000)
                self.hand_to(receiver)
                agent = receiver
                agent.waiting += 1
                due_ms = max(due_ms, self.at + self.delay_ms(agent))
        if random() < manners.on_the_dot:
            dot_ms = wait.opened_at_ms + one(self.rng, LIMITS_MS)
            due_ms = dot_ms if dot_ms > self.at + 1000 else due_ms
        self.nudge(due_ms)
        yield self.go(due_ms)
        agent.waiting -= 1
        if random() < manners.behind:
            agent.behind_until_ms = self.at + int((4 + 8 * random()) * MINUTE_MS)
        if hello or random() < manners.greeting:
            self.agent(one(self.rng, self.language.greetings), HOLDS)
            if hello:
                yield self.later(2500, 15_000)
            return Reply.GREETED
        if intent is not None and random() < manners.holding * (1 + load / 6):
            self.hold()
            return Reply.HELD
        return self.answer(intent, sorry=self.at - wait.opened_at_ms > 2 * MINUTE_MS)

    def kept(self, intent: Intent, *, held: bool) -> Generator[int, None, Reply]:
        """After a holding reply or a greeting: the buyer may say thanks or ask on; then the real answer comes."""
        manners, random = self.world.manners, self.random
        agent, _ = self.holder()
        if agent is None:
            return Reply.GONE
        due_ms = self.at + (15_000 + 2 * self.delay_ms(agent) if held else 3000 + int(random() * 20_000))
        broken = not manners.tidy and random() < manners.broken
        if held and random() < 0.35:
            thanks_ms = self.at + 2000 + int(random() * 7000)
            if thanks_ms < due_ms - 2000:
                self.go(thanks_ms)
                self.thank()
        if broken:
            return Reply.GONE
        self.nudges = 1
        self.next_nudge_ms = self.at + 60_000 + int(random() * 60_000)
        self.nudge(due_ms)
        agent.waiting += 1
        yield self.go(due_ms)
        agent.waiting -= 1
        return self.answer(intent, sorry=False)

    def forgotten(self, agent: Agent | None) -> Generator[int, None, Reply]:
        """Nobody ever answers: the buyer asks again, then somebody closes, or nobody does."""
        random = self.random
        self.nudge(self.at + 4 * MINUTE_MS)
        fate = random()
        if agent is not None:
            agent.waiting += 1
        yield self.go(self.at + int((3 + 9 * random()) * MINUTE_MS))
        if agent is not None:
            agent.waiting -= 1
        if fate < 0.2:
            self.close("buyer")
        elif fate < 0.45 and agent is not None:
            self.close("agent")
        elif fate < 0.7:
            yield self.later(10 * MINUTE_MS, 20 * MINUTE_MS)
            self.close("system")
        return Reply.GONE

    def leaves(self, at_ms: int) -> Generator[int, None, Reply]:
        """The buyer has had enough and closes the chat."""
        self.nudge(at_ms)
        yield self.go(at_ms)
        self.close("buyer")
        return Reply.GONE

    def farewell(self) -> Process:
        """Order, thanks and their answer, rating, close: what happens after the last answer."""
        manners, random = self.world.manners, self.random
        if random() < manners.order:
            yield from self.order()
            if random() < 0.4:
                yield self.later(3000, 20_000)
                self.buyer(one(self.rng, self.language.bought))
                if (yield from self.served(None)) is Reply.GONE:
                    return
        if random() < manners.courtesy:
            yield self.later(2000, 15_000)
            self.thank()
            agent = self.held_by
            if agent is not None and random() < manners.closing:
                agent.waiting += 1
                yield self.go(self.at + self.delay_ms(agent) // 2 + 1500)
                agent.waiting -= 1
                self.agent(one(self.rng, self.language.closings))
                if random() < 0.05:
                    self.later(1000, 9000)
                    self.say("buyer", "👍", kind="reaction")
            elif manners.tidy:
                yield self.later(MINUTE_MS // 2, 2 * MINUTE_MS)
                self.close("buyer")
                return
        if random() < manners.rating:
            self.later(2000, MINUTE_MS)
            self.emit(Rating(type="rating", score=float(one(self.rng, (5, 5, 5, 5, 4, 4, 3, 1))), **self.stamp()))
        fate = random()
        if fate < 0.35:
            yield self.later(5000, 3 * MINUTE_MS)
            self.close("agent")
        elif fate < 0.45:
            yield self.later(5000, MINUTE_MS)
            self.close("buyer")
        elif fate < 0.75:
            yield self.later(10 * MINUTE_MS, 30 * MINUTE_MS)
            self.close("system")

    def order(self) -> Process:
        """Place an order, and mostly pay it."""
        self.shop.orders += 1
        number = f"{self.at // 1000 % 10**9:09d}{self.shop.orders % 10**6:06d}"
        more: dict[str, Any] = {
            "order": number,
            "amount": float(self.chat.slots["price"]),
            "currency": "EUR" if self.shop.lang == "en" else "CNY",
        }
        yield self.later(10_000, 3 * MINUTE_MS)
        self.emit(OrderEvent(type="order_placed", **more, **self.stamp()))
        if self.random() < 0.85:
            yield self.later(4000, 2 * MINUTE_MS)
            self.emit(OrderEvent(type="order_paid", **more, **self.stamp()))
