"""Suggestions for the open waits of all shops: asked for by pages and programs, and taken along by alerts.

Everything a suggestion is made of is in memory; only a shop's first one waits until its
phrases are read. What agents do with suggestions comes back here and is learnt from.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from difflib import SequenceMatcher
from typing import Any, Protocol
from zlib import crc32

from msgspec import Struct

from monitor.core.masking import mask
from monitor.core.roster import DEFAULT_TEAM, Register
from monitor.core.units import DAY_MS
from monitor.core.views import WaitRow
from monitor.errors import StoreUnavailable
from monitor.metrics import Metrics
from monitor.store.suggestions import Feedback, StoredTally
from monitor.suggest.choosing import Situation, offered
from monitor.suggest.intents import Reading
from monitor.suggest.learning import LOOKED_AT, Learned, Tally
from monitor.suggest.libraries import Libraries, Source
from monitor.suggest.library import Asked, Found, Library
from monitor.suggest.phrases import product_name, product_values
from monitor.suggest.reader import Read
from monitor.suggest.talk import OpenTalk, Talk

OFFERS_REMEMBERED = 20_000  # So that an outcome need not repeat what was asked…
REMEMBERED_MS = DAY_MS  # …as long as a reply may take.
SHOPS_LEARNED = 2_000  # Whose tallies are held.
READINGS_HELD = 1_024  # Of texts that pages ask about again and again; those asked about last.
COMPARED_CHARS = 500  # Of an edited reply: how much was changed shows in the beginning.
UNCLEAR = "unclear"


class Offer(Struct, frozen=True, gc=False):
    """What was suggested for one question."""

    id: str
    shop: str
    conversation: str | None
    platform: str | None
    wait: int | None
    lang: str
    reading: Reading
    held: bool
    slow: bool
    phrases: tuple[Found, ...]
    question: str = ""  # What was asked, masked.

    @property
    def intent(self) -> str:
        """By what it is learnt."""
        return self.reading.intent or UNCLEAR


class Engine(Protocol):
    """How waits stand."""

    def row(self, shop: str, conversation: str) -> WaitRow | None:
        """The open wait of a conversation."""

    def holds_off(self, shop: str, conversation: str) -> bool:
        """Whether the last a person said is a holding reply."""


class Store(Protocol):
    """Where outcomes are kept."""

    async def add(self, outcomes: Sequence[Feedback]) -> list[Feedback]:
        """Store outcomes; return the new ones."""

    async def tallies(self, shop: str) -> Sequence[StoredTally]:
        """What is known of a shop's phrases."""


class Changes(Protocol):
    """What one commit changed."""

    @property
    def rows(self) -> Iterable[WaitRow]:
        """Open waits that are new or changed."""


class Model(Protocol):
    """What words replies anew."""

    async def rewrite(self, offer: Offer) -> tuple[str, ...]:
        """Return the replies in other words; none where that failed."""


class Suggester:
    """Suggests replies; hand `watch` to the engine, so that libraries are ready when the first is asked for.

    Args:
        engine: how waits stand.
        talk: what their buyers have said.
        store: where outcomes are kept.
        source: the phrases and the word lists.
        register: names of shops and people, for variables.
        metrics: counts outcomes.
        now_ms: the time.
        model: words the replies anew; None: nobody does.
    """

    def __init__(
        self,
        *,
        engine: Engine,
        talk: OpenTalk,
        store: Store,
        source: Source,
        register: Register,
        metrics: Metrics,
        now_ms: Callable[[], int],
        model: Model | None = None,
    ) -> None:
        self._model = model
        self._engine = engine
        self._talk = talk
        self._store = store
        self._metrics = metrics
        self._now_ms = now_ms
        self._offers: OrderedDict[str, tuple[int, Offer]] = OrderedDict()  # By id, and when each was made.
        self._learned: OrderedDict[str, Learned] = OrderedDict()
        self._readings: OrderedDict[str, Read] = OrderedDict()
        self.reload(source, register)

    def reload(self, source: Source, register: Register) -> None:
        """Take other phrases, word lists and names from now on."""
        self._libraries = Libraries(source)
        self._register = register
        self._readings.clear()

    def watch(self, changes: Changes) -> None:
        """Make the libraries ready of shops where somebody waits."""
        for shop in {row.shop for row in changes.rows}:
            if self._libraries.held(shop) is None:
                self._libraries.begin(shop)

    def team_of(self, shop: str) -> str:
        """Return whose shop it is."""
        return self._register.team_of_shop(shop) or DEFAULT_TEAM

    # -- what a text asks ---------------------------------------------------------------------------------------------

    def read(self, text: str) -> Read:
        """Return a text as it was read."""
        read = self._readings.get(text)
        if read is None:
            read = self._libraries.reader.read(text)
            self._readings[text] = read
            if len(self._readings) > READINGS_HELD:
                self._readings.popitem(last=False)
        else:
            self._readings.move_to_end(text)
        return read

    def reading(self, shop: str, conversation: str) -> Reading | None:
        """Return what the buyer of an open wait asks about, for the board and for routing; None: not known (yet)."""
        talk = self._talk.of(shop, conversation)
        return None if talk is None else self.read(talk.text).reading

    # -- suggestions --------------------------------------------------------------------------------------------------

    async def suggest(self, shop: str, conversation: str, *, transferring: bool = False) -> Offer | None:
        """Return what to answer the buyer of an open wait; None: nobody waits there."""
        talk = await self._talk.find(shop, conversation)
        row = self._engine.row(shop, conversation)
        if talk is None or row is None:
            return None
        library = await self._libraries.of(shop)
        return self._offer(library, await self._learned_of(shop), talk, row, transferring)

    def now(self, shop: str, conversation: str) -> Offer | None:
        """Return what `suggest` does if it is at hand; else None, and it is made ready meanwhile."""
        talk = self._talk.of(shop, conversation)
        row = self._engine.row(shop, conversation)
        library = self._libraries.held(shop)
        if library is None:
            self._libraries.begin(shop)
        if talk is None or row is None or library is None:
            return None
        return self._offer(library, self._learned.get(shop) or Learned(), talk, row, False)

    def top(self, shop: str, conversation: str) -> str | None:
        """Return the first suggestion in words, for an alert; None: there is none, or it is not at hand."""
        offer = self.now(shop, conversation)
        return offer.phrases[0].text if offer is not None and offer.phrases else None

    async def suggest_for_text(
        self, shop: str, text: str, *, phase: str | None = None, product: Any = None, lang: str | None = None,
        slow: bool = False, held: bool = False, transferring: bool = False, agent: str | None = None,
    ) -> Offer:  # fmt: skip
        """Return what to answer to words that are not in a conversation of ours."""
        library = await self._libraries.of(shop)
        learned = await self._learned_of(shop)
        read = self.read(mask(text))
        situation = Situation(slow=slow, held=held, transferring=transferring)
        seed = f"{crc32(f'{shop}/{text}'.encode('utf-8', 'surrogatepass')):08x}"
        name = f"t-{seed}-{self._now_ms():x}"
        asked = self._asked(read, lang, phase, product, shop, agent, seed)
        phrases = offered(library, asked, learned, situation)
        return self._made(
            Offer(
                name, shop, None, None, None, asked.lang, read.reading, held, slow, tuple(phrases), mask(text[-500:])
            ),
            name,
        )

    def _offer(self, library: Library, learned: Learned, talk: Talk, row: WaitRow, transferring: bool) -> Offer:
        held = self._engine.holds_off(talk.shop, talk.conversation)
        situation = Situation(
            slow=row.stage != "fresh" and row.needs_answer_since_ms is not None, held=held, transferring=transferring
        )
        read = self.read(talk.text)
        asked = self._asked(read, None, talk.phase, talk.product, talk.shop, row.agent, str(row.wait))
        phrases = offered(library, asked, learned, situation)
        shown = ",".join(found.phrase.id for found in phrases)
        name = f"w{row.wait}-{crc32(f'{talk.shop}/{shown}'.encode('utf-8', 'surrogatepass')):08x}"
        made = Offer(
            id=name,
            shop=talk.shop,
            conversation=talk.conversation,
            platform=talk.platform,
            wait=row.wait,
            lang=asked.lang,
            reading=read.reading,
            held=held,
            slow=situation.slow,
            phrases=tuple(phrases),
            question=talk.text,
        )
        return self._made(made, name)

    def _asked(
        self, read: Read, lang: str | None, phase: str | None, product: Any, shop: str, agent: str | None, seed: str
    ) -> Asked:
        values = product_values(product)
        info = self._register.shop(shop)
        values["shop"] = (info.name if info is not None else None) or ""
        person = self._register.person(agent) if agent else None
        values["agent"] = (person.nick if person is not None else None) or ""
        if phase is None and read.reading.phase_confidence >= 0.6:
            phase = read.reading.phase
        return Asked(
            read=read, lang=lang or language_of(read.normal), phase=phase, product=product_name(product),
            values=values, now_ms=self._now_ms(), seed=seed,
        )  # fmt: skip

    def _made(self, offer: Offer, name: str) -> Offer:
        offers, now_ms = self._offers, self._now_ms()
        if name not in offers:
            self._metrics.suggestions.add("offered" if offer.phrases else "abstained")
            offers[name] = (now_ms, offer)
            while len(offers) > OFFERS_REMEMBERED or next(iter(offers.values()))[0] < now_ms - REMEMBERED_MS:
                offers.popitem(last=False)
        return offer

    def offer(self, id: str) -> Offer | None:
        """Return what was suggested under an id; None: nothing was, or long ago."""
        found = self._offers.get(id)
        return None if found is None else found[1]

    async def rewrite(self, offer: Offer) -> tuple[str, ...]:
        """Return the replies of a suggestion in a model's words; none where there is no model, or no trust in it."""
        return () if self._model is None or not offer.phrases else await self._model.rewrite(offer)

    # -- learning -----------------------------------------------------------------------------------------------------

    async def _learned_of(self, shop: str) -> Learned:
        learned = self._learned.get(shop)
        if learned is None:
            try:
                stored = await self._store.tallies(shop)
            except StoreUnavailable:
                return Learned()
            learned = self._learned.setdefault(
                shop,
                Learned(
                    ((one.intent, one.phrase), Tally(one.offers, one.picked, one.edited, one.ignored, one.send_ms))
                    for one in stored
                ),
            )
            if len(self._learned) > SHOPS_LEARNED:
                self._learned.popitem(last=False)
        else:
            self._learned.move_to_end(shop)
        return learned

    async def take(
        self, shop: str, phrase: str, outcome: str, *, offer: str | None = None, position: int | None = None,
        agent: str = "", text: str | None = None, send_ms: int = 0,
    ) -> bool:  # fmt: skip
        """Store what became of one suggested phrase and learn from it; whether it was not told before.

        Args:
            shop: whose.
            phrase: its id.
            outcome: shown, picked, edited, ignored.
            offer: the suggestion's id, by which the same outcome told twice counts once.
            position: the key it lay under, 1 to 3; None: as it was offered.
            agent: who.
            text: what was sent in the end, for how much of it was changed; it is not kept.
            send_ms: from the offer to the reply.

        Raises:
            StoreUnavailable: nothing was stored.
        """
        known = self.offer(offer) if offer else None
        library = await self._libraries.of(shop)
        learned = await self._learned_of(shop)
        found = library.get(phrase)
        intent = known.intent if known is not None and known.shop == shop else UNCLEAR
        if intent == UNCLEAR:
            intent = found.intent if found is not None else UNCLEAR
        if position is None:
            shown = [one.phrase.id for one in known.phrases] if known is not None else []
            position = shown.index(phrase) + 1 if phrase in shown else 1
        distance = 0.0
        if outcome == "edited" and text and found is not None:
            one, other = found.text[:COMPARED_CHARS], text[:COMPARED_CHARS]
            distance = round(1 - SequenceMatcher(None, one, other, autojunk=False).ratio(), 3)
        weight = LOOKED_AT[min(max(position, 1), len(LOOKED_AT)) - 1]
        new = await self._store.add(
            [Feedback(self._now_ms(), shop, offer, intent, phrase, outcome, position, weight, agent, distance, send_ms)]
        )
        if new:
            learned.note(intent, phrase, outcome, position=position, send_ms=send_ms)
            self._metrics.suggestions.add(outcome)
        return bool(new)


def language_of(normal: str) -> str:
    """Return what a question is written in; signs and numbers alone are answered in Chinese, as most are."""
    if any(char >= "\u3400" for char in normal):
        return "zh"
    return "en" if any("a" <= char <= "z" for char in normal) else "zh"
