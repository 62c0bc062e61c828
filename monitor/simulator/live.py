"""Endless traffic for a demonstration: a busy floor, at any hour, that never runs dry or over.

Fifteen minutes of past come first. At their end every stage is to be seen, by
scenes put there for it; then the same floor goes on in real time.

The past is chat alone, as a collector brings it that has just been started: how people stand it tells
from now on. So the time they are online begins with the time that we see them busy.
"""

from collections.abc import Callable

from monitor.core.events import SyncRange
from monitor.simulator.buyers import Chat, Manners, new_chat, one
from monitor.simulator.centre import Shop
from monitor.simulator.chat import Process, Session
from monitor.simulator.floor_rules import TEAMS
from monitor.simulator.language import Intent
from monitor.simulator.simulation import Plan, Simulation
from monitor.simulator.traffic import Traffic
from monitor.simulator.truth import HOLDS

Scene = Callable[[Session], Process]

PAST_MS = 15 * 60_000
SHOPS = 12
AGENTS = 16  # As many as have a seat: each shop has a first and a second.
OPEN_WAITS = 44

# Nobody is left for ever, so that the board of a demonstration that runs for days stays as readable as at first.
MANNERS = Manners(answer_ms=32_000, leaves=0.15, bot=0.25, opening=0.35, closing=0.9, tidy=True)


def live_simulation(seed: int, now_ms: int) -> Simulation:
    """Return events in order of ``ts`` without end: fifteen minutes before ``now_ms``, then on.

    At ``now_ms`` there are waits in each stage, one held by a bot, one of thanks
    alone, and an open promise. After it 25 to 60 waits are open at most times; the
    ledger knows which.
    """
    plan = Plan(
        seed=seed,
        start_ms=now_ms - PAST_MS,
        hours=None,
        shops=SHOPS,
        agents=AGENTS,
        # More than is let in: ``open_waits`` decides.
        traffic=Traffic(per_hour=90, flat=True),
        manners=MANNERS,
        always_on=True,
        teams=len(TEAMS),
        presence_from_ms=now_ms,
        open_waits=OPEN_WAITS,
    )
    world = Simulation(plan)
    shops = world.centre.shops
    with_bot = next((shop for shop in shops if shop.bot), shops[0])
    # Opened so long ago, answered so long from now, in seconds.
    for n, (ago, ahead) in enumerate(
        ((12, 30), (40, 35), (85, 50), (130, 25), (200, 45), (255, 20), (320, 30), (400, 75))
    ):
        _stage(world, shops[(n * 5 + 1) % len(shops)], now_ms - ago * 1000, _waits(now_ms + ahead * 1000))
    _stage(world, with_bot, now_ms - 40_000, _bot_held(now_ms + 25_000))
    _stage(world, shops[2], now_ms - 60_000, _thanks(now_ms - 20_000, now_ms + 40_000))
    _stage(world, shops[6], now_ms - 100_000, _promise(now_ms - 30_000, now_ms + 70_000))
    # What came before is whole: nothing has to be waited for before it is judged.
    for shop in shops:
        synced = SyncRange(
            type="sync_range",
            id=f"sync-{now_ms}",
            ts_ms=now_ms - 1,
            source=shop.collector.name,
            platform=shop.platform,
            shop=shop.name,
            from_ms=now_ms - PAST_MS,
            to_ms=now_ms - 1,
            complete=True,
        )
        world.emit(now_ms - 1, synced)
    return world


def _stage(world: Simulation, shop: Shop, at_ms: int, scene: Scene) -> None:
    """Put a scene into the past; it plays with a new buyer."""
    chat = new_chat(shop)
    chat.busy = True
    world.play(at_ms, _played(world, chat, at_ms, scene))


def _played(world: Simulation, chat: Chat, at_ms: int, scene: Scene) -> Process:
    talk = Session(world, chat, at_ms)
    yield from scene(talk)
    yield from talk.farewell()
    talk.over()


def _take(talk: Session) -> None:
    """Somebody present has the chat."""
    agent, _ = talk.world.pick(talk.shop, talk.at)
    assert agent is not None
    talk.hand_to(agent)


def _asked(talk: Session) -> Intent:
    """The buyer asks something; returns what."""
    intent = one(talk.rng, talk.shop.asked_about)
    talk.ask(intent)
    return intent


def _waits(answer_ms: int) -> Scene:
    """A buyer asks and is answered at ``answer_ms``, asking again in between."""

    def scene(talk: Session) -> Process:
        _take(talk)
        intent = _asked(talk)
        talk.next_nudge_ms = talk.at + 50_000
        talk.nudge(answer_ms)
        yield talk.go(answer_ms)
        talk.answer(intent, sorry=True, probe=False)

    return scene


def _bot_held(person_ms: int) -> Scene:
    """A bot has answered, and the buyer wants a person at ``person_ms``."""

    def scene(talk: Session) -> Process:
        intent = _asked(talk)
        talk.later(900, 1500)
        talk.say("bot", one(talk.rng, talk.language.bot_answers))
        yield talk.go(person_ms)
        talk.hand_off()
        yield from talk.answered(intent)

    return scene


def _thanks(thanks_ms: int, answer_ms: int) -> Scene:
    """A buyer who has been answered says thanks at ``thanks_ms``."""

    def scene(talk: Session) -> Process:
        _take(talk)
        intent = _asked(talk)
        yield talk.later(4000, 9000)
        talk.answer(intent, sorry=False, probe=False)
        yield talk.go(thanks_ms)
        talk.thank()
        yield talk.go(answer_ms)
        talk.agent(one(talk.rng, talk.language.closings))

    return scene


def _promise(held_ms: int, kept_ms: int) -> Scene:
    """An agent asks for patience at ``held_ms`` and answers at ``kept_ms``."""

    def scene(talk: Session) -> Process:
        _take(talk)
        intent = _asked(talk)
        yield talk.go(held_ms)
        talk.agent(one(talk.rng, talk.language.holding), HOLDS)
        yield talk.go(kept_ms)
        talk.answer(intent, sorry=False, probe=False)

    return scene
