"""All that reads words, put together: the words of open waits, suggestions, quality; with the lists of the rules."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from monitor.core.roster import DEFAULT_TEAM, Register
from monitor.engine import Changes, Engine
from monitor.errors import UsageError
from monitor.metrics import Metrics
from monitor.mqtt import Broker
from monitor.policy_files import phrases, words
from monitor.settings import Settings
from monitor.store.journal import Journal
from monitor.suggest.inspector import Inspector
from monitor.suggest.libraries import Source
from monitor.suggest.model import RewordingModel
from monitor.suggest.publishing import Publisher
from monitor.suggest.quality import Judge, brands
from monitor.suggest.reply import ServiceWords
from monitor.suggest.serious import SeriousHits
from monitor.suggest.service import Suggester
from monitor.suggest.talk import OpenTalk
from monitor.suggest.wording import Wording

log = logging.getLogger(__name__)


class TextParts:
    """Made before the engine starts; hand `watch` to it.

    Args:
        settings: what is switched on, and how much of a text is kept.
        engine: whose commits it follows.
        journal: where outcomes and hits go.
        metrics: counts them.
        rules: gives the folder of the rules in force, and who is who.

    Attributes:
        talk: what the buyers of open waits have said.
        inspector: judges what the service says.
        serious: tells the lead of serious hits.
        suggester: suggests replies; None: switched off.

    Raises:
        UsageError: a word list, or a phrase for every shop, is wrong; says each fault.
    """

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        journal: Journal,
        metrics: Metrics,
        rules: Callable[[], tuple[Path, Register]],
    ) -> None:
        self._settings = settings
        self._epoch = journal.epoch
        self._rules = rules
        kept = settings.privacy.text != "off"
        self.talk = OpenTalk(engine, journal, text=kept)
        self.inspector = Inspector(
            Judge(*self._judged_by(), engine.stands_for),
            journal.quality,
            journal,
            metrics,
            team_of=lambda shop: rules()[1].team_of_shop(shop) or DEFAULT_TEAM,
            keep_words=kept,
            spare=engine.spare,
        )
        self.serious = SeriousHits(engine.submit, engine.now_ms)
        self.inspector.on_serious(self.serious.take)
        self._model = self._made_model(metrics)
        self.suggester: Suggester | None = None
        if settings.suggestions.enabled:
            source, register = self._phrases()
            self.suggester = Suggester(
                engine=engine,
                talk=self.talk,
                store=journal.suggestions,
                source=source,
                register=register,
                metrics=metrics,
                now_ms=engine.now_ms,
                model=self._model,
            )

    def watch(self, changes: Changes) -> None:
        """Go along with one commit."""
        self.talk.watch(changes)
        self.inspector.watch(changes)
        if self.suggester is not None:
            self.suggester.watch(changes)

    def publisher(self, broker: Broker) -> Publisher | None:
        """Return what publishes suggestions; None where there are none."""
        if self.suggester is None:
            return None
        return Publisher(broker, self._settings.mqtt.suggestions_topic, self.suggester, self._epoch)

    async def close(self) -> None:
        """Let the model's connections go."""
        if self._model is not None:
            await self._model.close()

    def _made_model(self, metrics: Metrics) -> RewordingModel | None:
        chosen = self._settings.suggestions
        if chosen.model_url is None or chosen.model_name is None:
            return None
        return RewordingModel(
            chosen.model_url,
            chosen.model_name,
            chosen.model_key.get_secret_value() if chosen.model_key is not None else None,
            wording=lambda: self.inspector.judge.wording,
            metrics=metrics,
        )

    async def reload(self) -> None:
        """Read phrases and word lists again; what is wrong is logged, and the last good ones stay."""
        try:
            judged_by = await asyncio.to_thread(self._judged_by)
            library = await asyncio.to_thread(self._phrases)
        except UsageError as error:
            log.warning("phrases and word lists stay as they were: %s", error)
            return
        self.inspector.judge.reload(*judged_by)
        if self.suggester is not None:
            self.suggester.reload(*library)

    def _judged_by(self) -> tuple[Wording, ServiceWords]:
        folder, register = self._rules()
        named = brands((info.shop, info.brand, info.brand_words) for info in register.shops)
        wording, service, faults = words.load_quality(folder, named)
        if faults:
            raise UsageError("\n".join(map(str, faults)))
        return wording, service

    def _phrases(self) -> tuple[Source, Register]:
        folder, register = self._rules()
        reader, faults = words.load(folder)
        files, wrong, doubts = phrases.load(folder)
        if faults or wrong:
            raise UsageError("\n".join(map(str, [*faults, *wrong])))
        for doubt in doubts:
            log.warning("phrases: %s", doubt)

        def category_of(shop: str) -> str | None:
            info = register.shop(shop)
            return info.category if info is not None else None

        return Source(files, reader, category_of), register
