"""Who is there: shops, agents on their seats and shifts, collectors.

A centre is drawn from its seed alone. Every fourth shop is big and has dedicated
seats (专席); the others share theirs (拼席): one person serves several shops. In
every shift each shop has at least one person, if there are people enough.
"""

from dataclasses import dataclass, field
from itertools import pairwise
from random import Random
from typing import TypeVar

from monitor.core.units import HOUR_MS
from monitor.simulator.language import Intent, Language
from monitor.simulator.phrases import AGENTS, BRANDS, BRANDS_EN, CATEGORIES, LANGUAGES

_T = TypeVar("_T")

# The centre's wall clock, Asia/Shanghai: no summer time, so a constant.
ZONE_MS = 8 * HOUR_MS

# 早班, 晚班, 夜班, 中班 as (from hour, to hour); dealt out in this order, so that few people still cover the day.
EARLY, LATE, NIGHT, MIDDLE, ALWAYS = (8, 16), (16, 24), (0, 8), (11, 19), (0, 24)
DEAL = (EARLY, LATE, NIGHT, MIDDLE, EARLY, LATE, EARLY, LATE)

# What a shop is called beside its brand; the name alone is the key, so it tells the platform.
PLATFORMS = {
    "taobao": "淘宝店",
    "tmall": "旗舰店",
    "jd": "京东店",
    "pinduoduo": "拼多多店",
    "douyin": "抖音店",
    "kuaishou": "快手店",
    "xiaohongshu": "小红书店",
    "ownsite": "",
}


@dataclass(slots=True, eq=False)
class Collector:
    """One feed of events; ``shops`` are those it reports first-hand."""

    name: str
    host: str
    shops: list["Shop"] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Agent:
    """One person on a seat.

    Attributes:
        name: seat number and 花名, like ``B07小林``.
        limit: how many chats may be open at once.
        shift: hours of the centre's day, from and to.
        pace: how slow this person is; 1 is usual.
        waiting: waits in this person's hands now.
        chats: conversations open now.
    """

    name: str
    alias: str
    limit: int
    shift: tuple[int, int]
    pace: float
    rng: Random
    shops: list["Shop"] = field(default_factory=list)
    waiting: int = 0
    chats: int = 0
    present: bool = False  # On the shift and not away: takes new chats.
    next_ms: int = 0  # When not present: from when on again.
    off_at_ms: int = 0  # When this shift ends.
    behind_until_ms: int = 0  # Falls behind (a difficult chat, a call from the warehouse) until then.


@dataclass(slots=True, eq=False)
class Shop:
    """One seller's shop on one platform, with all that is drawn for it from its own generator."""

    name: str
    platform: str
    language: Language
    lang: str
    category: str
    asked_about: tuple[Intent, ...]  # What buyers of its goods ask.
    weight: float  # Of the centre's traffic; 1 is the mean.
    bot: bool  # Has a full-automatic bot in front.
    welcome: bool  # Sends an automatic welcome.
    seller: bool  # Its collector cannot tell who of the shop's side speaks: role ``seller``.
    one_account: bool  # All its agents answer with one sub-account.
    prices: tuple[int, ...]
    collector: Collector
    rng: Random
    agents: list[Agent] = field(default_factory=list)
    buyers: int = 0
    messages: int = 0
    orders: int = 0

    def event_id(self, at_ms: int) -> str:
        """Return an id no other event of this shop has, in the manner of its platform."""
        self.messages += 1
        n = self.messages
        match self.platform:
            case "taobao" | "tmall":
                return f"{at_ms}{n % 10_000:04d}.PNM"
            case "pinduoduo":
                return f"{at_ms}{n % 10_000:04d}"
            case "douyin":
                return str((at_ms << 20) | (n & 0xFFFFF))
            case "jd":
                # An odd factor takes each 32-bit number to another one.
                return f"{n * 2_654_435_761 % 2**32:08x}{at_ms:012x}"
            case "xiaohongshu":
                return f"{at_ms // 1000:08x}{n:012x}"
            case "kuaishou":
                return f"ks{n:09d}"
        return f"m-{n}"

    def account(self, agent: Agent) -> str:
        """Return the sub-account ``agent`` answers with here."""
        return f"{self.name}:售前1" if self.one_account else f"{self.name}:{agent.alias}"


@dataclass(slots=True)
class Centre:
    """A whole service centre."""

    shops: list[Shop]
    agents: list[Agent]
    collectors: list[Collector]

    def homes(self) -> dict[str, tuple[str, str]]:
        """Return platform and shop of each collector's first shop, by the collector's name."""
        return {c.name: (c.shops[0].platform, c.shops[0].name) for c in self.collectors}


def people_needed(*, shops: int, buyers_per_hour: float) -> int:
    """Return how many agents keep most waits short at the day's peak.

    A person handles about 30 conversations an hour, the peak is 1.8 times the
    mean, and three in eight are on the same shift.
    """
    return max(4, round(shops * buyers_per_hour * 1.8 / 30 / 0.42))


def build_centre(
    *,
    seed: int,
    shops: int,
    agents: int | None = None,
    buyers_per_hour: float = 20,
    always_on: bool = False,
    teams: int = 1,
) -> Centre:
    """Draw a centre.

    Args:
        seed: what it is drawn from.
        shops: how many shops, at least 1.
        agents: how many people; None: as many as the traffic needs.
        buyers_per_hour: the mean of one shop, for ``agents=None``.
        always_on: nobody goes home (a demonstration that may start at any hour).
        teams: into how many groups of neighbours shops and people are parted; nobody serves shops of two.
    """
    rng = Random(f"{seed}/centre")
    collectors = [Collector(f"collector-{n + 1}", f"win-{rng.randrange(16**4):04x}") for n in range((shops + 3) // 4)]
    weights = [rng.lognormvariate(0, 0.6) * (1.6 if n % 4 == 0 else 1.0) for n in range(shops)]
    mean = sum(weights) / shops
    centre = Centre([], [], collectors)
    for n in range(shops):
        centre.shops.append(_shop(n, seed=seed, weight=weights[n] / mean, collector=collectors[n // 4], rng=rng))
        collectors[n // 4].shops.append(centre.shops[-1])
    count = people_needed(shops=shops, buyers_per_hour=buyers_per_hour) if agents is None else agents
    for n in range(count):
        alias = AGENTS[n % len(AGENTS)] + (str(n // len(AGENTS) + 1) if n >= len(AGENTS) else "")
        centre.agents.append(
            Agent(
                name=f"{'ABCDEFGH'[n // 60 % 8]}{n % 60 + 1:02d}{alias}",
                alias=alias,
                limit=rng.choice((6, 8, 8, 10)),
                shift=ALWAYS if always_on else DEAL[n % len(DEAL)],
                pace=rng.lognormvariate(0, 0.3),
                rng=Random(f"{seed}/agent/{n}"),
            )
        )
    shifts: dict[tuple[int, int], list[Agent]] = {}
    for agent in centre.agents:
        shifts.setdefault(agent.shift, []).append(agent)
    for people in shifts.values():
        parts = min(teams, len(people), shops)
        for own_shops, own_people in zip(parted(centre.shops, parts), parted(people, parts), strict=True):
            _seat(own_shops, own_people)
    return centre


def parted(things: list[_T], parts: int) -> list[list[_T]]:
    """Part a list into so many of neighbours, as even as can be."""
    edges = [-(-len(things) * part // parts) for part in range(parts + 1)]
    return [things[start:end] for start, end in pairwise(edges)]


def _shop(n: int, *, seed: int, weight: float, collector: Collector, rng: Random) -> Shop:
    """Draw the ``n``-th shop."""
    platform = tuple(PLATFORMS)[n % len(PLATFORMS)]
    lang = "en" if platform == "ownsite" and n // len(PLATFORMS) % 2 == 0 else "zh"
    brands = BRANDS_EN if lang == "en" else BRANDS
    # A brand goes through the platforms before the next one starts, so sellers have several shops.
    brand = brands[n // 3 % len(brands)] if lang == "zh" else brands[n // len(PLATFORMS) % len(brands)]
    again = n // 3 // len(BRANDS) if lang == "zh" else n // len(PLATFORMS) // len(brands)
    name = f"{brand}{PLATFORMS[platform] or ('' if lang == 'en' else '官网')}{again + 1 if again else ''}"
    category = CATEGORIES[(n // 3 + n // 24) % len(CATEGORIES)]
    return Shop(
        name=name,
        platform=platform,
        language=LANGUAGES[lang],
        lang=lang,
        category=category,
        asked_about=LANGUAGES[lang].about(category),
        weight=weight,
        bot=platform in ("taobao", "tmall", "jd") and rng.random() < 0.4,
        welcome=platform != "kuaishou" and rng.random() < 0.6,
        seller=platform == "kuaishou",
        one_account=rng.random() < 0.25,
        prices=tuple(rng.choice((29, 39, 59, 89, 129, 199, 299, 499, 899)) for _ in range(4)),
        collector=collector,
        rng=Random(f"{seed}/shop/{n}"),
    )


def _seat(shops: list[Shop], people: list[Agent]) -> None:
    """Put the people of a shift on the seats of shops: first the dedicated ones, then the shared."""
    # At least half of a shift shares, else the small shops have nobody.
    dedicated = list(zip(shops[::4], people, strict=False))[: len(people) // 2]
    for shop, agent in dedicated:
        _sit(shop, agent)
    shared = people[len(dedicated) :]
    for n, shop in enumerate(shops):
        _sit(shop, shared[n % len(shared)])
        second = shared[(n + 1 + n // len(shared)) % len(shared)]
        if second is not shared[n % len(shared)]:
            _sit(shop, second)


def _sit(shop: Shop, agent: Agent) -> None:
    shop.agents.append(agent)
    agent.shops.append(shop)
