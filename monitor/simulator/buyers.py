"""One buyer and one shop over all their sessions, and how people there behave."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

from monitor.simulator.centre import Agent, Shop
from monitor.simulator.phrases import CITIES, COLORS, GIVEN, NICKS_EN, SIZES, SURNAMES
from monitor.simulator.truth import Wait

_T = TypeVar("_T")


@dataclass(slots=True, frozen=True)
class Manners:
    """How often things happen, as probabilities, and how quick people are.

    Attributes:
        answer_ms: the median answer of an agent with nothing else to do.
        never: a wait that no person ever answers.
        tidy: what would stay open for ever is ended by the buyer instead; for a board that runs for days.
    """

    answer_ms: int = 16_000
    never: float = 0.012
    leaves: float = 0.3  # Of those who wait longer than three minutes.
    behind: float = 0.004  # Per answer: the agent has hands full with something else for some minutes.
    on_the_dot: float = 0.003  # Answered at exactly 60, 180 or 300 s.
    entry: float = 0.3
    bot: float = 0.35  # In a shop that has one.
    bot_only: float = 0.25
    opening: float = 0.4  # "在吗" before the question...
    alone: float = 0.25  # ...and nothing more until somebody says hello.
    holding: float = 0.09
    greeting: float = 0.04
    broken: float = 0.06  # A promise nobody keeps.
    probe: float = 0.22  # The agent asks back.
    picture: float = 0.06
    transfer: float = 0.025
    recall: float = 0.008
    courtesy: float = 0.55
    closing: float = 0.65  # Of the thanks: how many are answered.
    order: float = 0.16
    rating: float = 0.06
    tidy: bool = False


@dataclass(slots=True, eq=False)
class Chat:
    """One buyer and one shop, over all their sessions."""

    shop: Shop
    buyer: str
    conversation: str
    slots: dict[str, str]
    agent: Agent | None = None  # Who had it last.
    wait: Wait | None = None  # The open wait, as far as it is planned.
    said: list[str] = field(default_factory=list)  # Ids of the wait's buyer messages.
    thanked: bool = False  # The wait opened with courtesy.
    last_ms: int = 0
    busy: bool = False  # A session is being played.


def one(rng: Random, things: Sequence[_T]) -> _T:
    """Return one of them; several times as fast as ``rng.choice``."""
    return things[int(rng.random() * len(things))]


def new_chat(shop: Shop) -> Chat:
    """Draw a buyer who has never been here."""
    rng = shop.rng
    shop.buyers += 1
    n = shop.buyers * 7919 % 1_000_003
    if shop.lang == "en":
        buyer = f"{one(rng, NICKS_EN)}{n}"
    elif rng.random() < 0.4:
        buyer = f"tb{n:07d}"
    else:
        buyer = f"{one(rng, SURNAMES)}{one(rng, GIVEN)}{n}"
    slots = {
        "shop": shop.name,
        "item": one(rng, shop.language.items[shop.category]),
        "size": one(rng, SIZES),
        "color": one(rng, COLORS[shop.lang]),
        "city": one(rng, CITIES[shop.lang]),
        "height": str(150 + int(rng.random() * 35)),
        "weight": str(90 + int(rng.random() * 70)),
        "price": str(one(rng, shop.prices)),
        "days": str(2 + int(rng.random() * 5)),
    }
    return Chat(shop=shop, buyer=buyer, conversation=f"c{shop.buyers:x}-{n:x}", slots=slots)
