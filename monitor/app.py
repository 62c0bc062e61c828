"""The composition root: builds the parts, starts them in order, stops them in reverse.

Tests start the same app in their own process.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from monitor import __version__
from monitor.alerts.alerting import Alerting
from monitor.alerts.canary import Canary, Nest, ping
from monitor.alerts.links import Links, key_in
from monitor.clock import Clock
from monitor.core.people import People
from monitor.core.policy import BUILT_IN, BuiltIn, PolicyBook
from monitor.core.roster import NOBODY_WRITTEN_DOWN, Register
from monitor.core.scores.ruled import ShopRules
from monitor.core.senders import BUILT_IN as WITHOUT_RULES
from monitor.core.tracker import Tracker
from monitor.core.units import DAY_MS
from monitor.engine import Engine
from monitor.errors import UsageError
from monitor.hooks.mapping import WebhookMapping
from monitor.housekeeping import Housekeeping
from monitor.interpreter import spare_collector, switch_often
from monitor.metrics import Metrics, Watcher
from monitor.mqtt import Broker
from monitor.policy_files import profiles, webhooks, where
from monitor.policy_files.channels import NO_CHANNELS
from monitor.policy_files.in_force import RulesInForce, first_rules
from monitor.policy_files.rule_set import RuleSet
from monitor.policy_files.where import Choice
from monitor.scoring.at_risk import ScoresAtRisk
from monitor.scoring.reading import Reading
from monitor.scoring.scorer import Scorer
from monitor.settings import Settings
from monitor.sources.mqtt import MqttSource
from monitor.store.journal import Journal
from monitor.suggest.text_parts import TextParts
from monitor.web.access import Access
from monitor.web.server import Server, build_app
from monitor.web.services import PAGES, Services
from monitor.wire import Limits, decode
from monitor.wire.batch import Batch

log = logging.getLogger(__name__)


class App:
    """One running service.

    Args:
        settings: all of it.
        clock: the time; another one for a replay at speed.
        demo: say on the page that this is simulated.
        rules: the folder of rules; None: the built-in policy alone.

    Attributes:
        engine: set by `start`.
        journal: set by `start`.
        server: set by `start`; knows the port and the address.
        texts: set by `start`; what reads words: of open waits, for suggestions and for quality.
        scores: set by `start`; the scores of the last days, and over any span.
        alerting: set by `start`; tells people and programs.
    """

    engine: Engine
    journal: Journal
    server: Server
    texts: TextParts
    scores: Reading
    alerting: Alerting

    def __init__(
        self, settings: Settings, *, clock: Clock | None = None, demo: bool = False, rules: Choice | None = None
    ) -> None:
        self.settings = settings
        self.clock = clock or Clock()
        self.base = replace(BUILT_IN, give_up_ms=round(settings.give_up_seconds * 1000))
        self.rules: RulesInForce | None = None
        if rules is not None:
            found = first_rules(rules.folder, self.base)
            self.rules = RulesInForce(found, why=rules.why, now_ms=self.clock.now_ms, base=self.base)
        self.book: PolicyBook = BuiltIn(self.base) if self.rules is None else self.rules.rules.book
        limits_ms = () if self.rules is None else self.rules.rules.book.limits_ms()
        self.metrics = Metrics(version=__version__, rules_hash=self.book.rules, limits_ms=limits_ms)
        self._demo = demo
        self._undo: list[Callable[[], Awaitable[object]]] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._reloads: set[asyncio.Task[object]] = set()

    async def start(self) -> None:
        """Open the journal, read it back, open the doors.

        Raises:
            DataInUse: another process has the data.
            UsageError: something cannot be used as it is set.
        """
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def _start(self) -> None:
        """Put the parts together.

        1. Open the journal.
        2. Make what tells, what decides, what reads words and what scores.
        3. Read back what the journal holds, and go on from there.
        4. Open the doors: the one port, the broker.
        5. Begin what only looks.
        """
        self.journal = journal = await Journal.open(self.settings.data)
        self._undo.append(journal.close)
        service = f"presales-monitor-{journal.epoch}"  # Lies with the data, so it outlives a container.
        nest = Nest()
        self.alerting = self._alerting(service, nest)
        links = Links(key_in(self.settings.data), self.settings.alerts.base_url)
        if self.rules is not None:
            await journal.keep_rules(self.book.rules, self.rules.rules.packed())
        people = People(None if self.rules is None else self.rules.rules.register)
        tracker = self._tracker(people)
        self.engine = engine = self._engine(tracker)
        self._watch_commits(people, links)
        scores = self._scores(engine, journal, people)
        await engine.start()
        self._undo.append(engine.stop)
        self._begin("engine's end", engine.wait(), None)
        self._begin("courier", self.alerting.run(), self.alerting.stop)
        self._begin("quality", self.texts.inspector.run(), self.texts.inspector.stop)
        self._begin("serious hits", self.texts.serious.run(), None)
        decoding = _decoding(self.settings)
        await self._serve(people, scores, links, decoding)
        self._subscribe(service, decoding)
        self._begin("scores", scores.scorer.run(), None)
        at_risk = ScoresAtRisk(
            scores.scorer, self._register, engine.submit, partial(tracker.incidents.standing, "score"), engine.now_ms
        )
        self._begin("scores at risk", at_risk.run(), None)
        self._begin("rows of scores", scores.run(), None)
        keeper = Housekeeping(journal, self.settings, self.metrics, self.clock, engine.now_ms)
        self._begin("upkeep", keeper.run(), None)
        self._prove(nest, decoding)
        if self.rules is not None:
            self._follow(self.rules)
        switch_often()
        spare_collector()

    def _alerting(self, service: str, nest: Nest) -> Alerting:
        rules = None if self.rules is None else self.rules.rules
        return Alerting(
            self.settings,
            self.clock,
            service=service,
            epoch=self.journal.epoch,
            plan=NO_CHANNELS if rules is None else rules.channels,
            register=NOBODY_WRITTEN_DOWN if rules is None else rules.register,
            apart=(nest,) if self.settings.alerts.canary else (),
        )

    def _tracker(self, people: People) -> Tracker:
        settings = self.settings
        return Tracker(
            self.book,
            wall=settings.clock == "wall",
            rows=True,
            lateness_ms=round(settings.lateness_seconds * 1000),
            catch_up_ms=round(settings.catch_up_seconds * 1000),
            people=people,
        )

    def _engine(self, tracker: Tracker) -> Engine:
        return Engine(
            self.journal,
            tracker,
            router=self.alerting,
            clock=self.clock,
            reader=WITHOUT_RULES if self.rules is None else self.rules.rules.reader,
            text=self.settings.privacy.text,
        )

    def _watch_commits(self, people: People, links: Links) -> None:
        """Let those who follow commits see them, in this order: counts, words, what is told."""
        engine, journal = self.engine, self.journal
        engine.watch(Watcher(self.metrics).watch)
        self.texts = TextParts(self.settings, engine, journal, self.metrics, self._rules_in_force)
        self._undo.append(self.texts.close)
        engine.watch(self.texts.watch)
        open_waits = self.metrics.waits_open
        self.alerting.attach(
            engine,
            people,
            self.texts.talk,
            links,
            journal.outbox,
            self.metrics,
            waiting=lambda: round(sum(open_waits.values())),
            newest=journal.last_position,
            suggest=None if self.texts.suggester is None else self.texts.suggester.top,
            score=self._called,
        )
        engine.watch(self.alerting.watch)

    async def _serve(self, people: People, scores: Reading, links: Links, decoding: Callable[..., Batch]) -> None:
        """Open the one port."""
        settings, engine, journal = self.settings, self.engine, self.journal
        access = Access(
            host=settings.listen.host,
            tokens=journal.tokens,
            token=settings.listen.token.get_secret_value() if settings.listen.token else None,
            user_header=settings.listen.user_header,
            proxies=settings.listen.proxies,
        )
        services = Services(
            engine=engine,
            journal=journal,
            metrics=self.metrics,
            settings=settings,
            access=access,
            decode=decoding,
            now_ms=engine.now_ms,
            epoch=journal.epoch,
            build=_build(),
            demo=self._demo,
            rules=self.rules,
            people=people,
            hooks=self._webhooks(),
            channels=len(self.alerting.channels),
            links=links,
            suggester=self.texts.suggester,
            scores=scores,
        )
        self.server = Server(build_app(services), settings)
        await self.server.start()
        self._undo.append(self.server.stop)
        self._begin("HTTP server", self.server.wait(), None)

    def _subscribe(self, service: str, decoding: Callable[..., Batch]) -> None:
        """Take events from the broker and give it suggestions, where there is one."""
        settings = self.settings
        broker = Broker.of(settings.mqtt, service)
        if broker is None:
            return
        source = MqttSource(
            broker,
            decode=decoding,
            submit=self.engine.submit,
            clock=self.clock,
            topic=settings.mqtt.topic,
            share=settings.mqtt.share,
        )
        self.metrics.mqtt = source
        self._begin("mqtt", source.run(), source.stop)
        publisher = self.texts.publisher(broker)
        if publisher is not None:
            self.engine.watch(publisher.watch)
            self._begin("mqtt suggestions", publisher.run(), None)

    def _webhooks(self) -> Callable[[], dict[str, WebhookMapping]]:
        """Return what gives the mappings of the rules in force.

        Raises:
            UsageError: a mapping is wrong.
        """
        in_force = self.rules
        if in_force is not None:
            return lambda: in_force.rules.webhooks
        shipped, faults = webhooks.load(where.choose(None, self.settings.rules).folder)
        if faults:
            raise UsageError("\n".join(map(str, faults)))
        return lambda: shipped

    def _register(self) -> Register:
        return NOBODY_WRITTEN_DOWN if self.rules is None else self.rules.rules.register

    def _called(self, score: str) -> str:
        """Return what a platform calls a score; without rules nobody has a target, and it is never asked."""
        profile = None if self.rules is None else self.rules.rules.profiles.newest(score)
        return score if profile is None or not profile.name else profile.name

    def _scores(self, engine: Engine, journal: Journal, people: People) -> Reading:
        """Keep scores by the profiles in force; facts about the platforms, so the shipped ones hold without rules."""
        if self.rules is None:
            shipped, faults = profiles.load(where.default_folder())
            assert not faults, faults

        def book() -> PolicyBook:
            return self.book if self.rules is None else self.rules.rules.book

        ruled = ShopRules(book())

        def rules_of_shops() -> ShopRules:
            nonlocal ruled
            if ruled.book is not book():
                ruled = ShopRules(book())
            return ruled

        scorer = Scorer(
            journal.scores,
            now_ms=engine.now_ms,
            book=lambda: shipped if self.rules is None else self.rules.rules.profiles,
            metrics=self.metrics,
            rules=rules_of_shops,
            register=self._register,
            workers=people.workers,
            kept_from_ms=lambda: engine.now_ms() - self.settings.journal.keep_days * DAY_MS,
            spare=engine.spare,
        )
        engine.watch(scorer.watch)
        self.scores = Reading(
            scorer,
            register=self._register,
            team_of=lambda platform, shop: book().resolve(platform, shop, None, engine.now_ms()).policy.team,
            spare=engine.spare,
        )
        return self.scores

    def _prove(self, nest: Nest, decoding: Callable[..., Batch]) -> None:
        """Send the canary, and ping outside while all is well, where that is wanted."""
        settings, engine = self.settings.alerts, self.engine
        canary: Canary | None = None
        if settings.canary and self.settings.clock == "wall":
            canary = Canary(
                self.clock,
                self.metrics,
                decode=decoding,
                submit=engine.submit,
                put=self.alerting.put,
                tell=self.alerting.tell,
                nest=nest,
                late_seconds=settings.canary_late_seconds,
            )
            flying = canary
            engine.watch(lambda changes: flying.watch(changes.decisions))
            self._begin("canary", canary.run(), None)

        def well() -> bool:
            return engine.ready.reason is None and (canary is None or canary.good)

        if settings.ping_url is not None:
            self._begin("ping", ping(settings.ping_url.get_secret_value(), well, settings.ping_seconds), None)

    def _follow(self, rules: RulesInForce) -> None:
        """Take the rules of the folder whenever they change."""

        async def take(fresh: RuleSet) -> None:
            channels = self.alerting.made(fresh.channels)  # First: if one cannot be made, nothing is taken.
            await self.engine.take_rules(fresh.book, fresh.reader, fresh.packed(), fresh.register)
            self.metrics.set_rules(__version__, fresh.hash)
            self.alerting.take(fresh.channels, fresh.register, channels)

        def note(in_force: RulesInForce) -> None:
            self.metrics.rules_last_reload_successful = 0 if in_force.faults else 1
            self._soon(self.texts.reload(), "phrases")  # They are no part of what decides, and may have changed alone.

        rules.on_change(take)
        rules.on_reload(note)
        self._begin("rules", rules.watch(), None)

    def reload_soon(self) -> None:
        """Read the rules again, beside everything else."""
        if self.rules is not None:
            self._soon(self.rules.reload(), "reload")

    def _soon(self, work: Coroutine[Any, Any, object], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._reloads.add(task)
        task.add_done_callback(self._reloads.discard)

    def _rules_in_force(self) -> tuple[Path, Register]:
        """Return the folder of the rules in force, and who is who."""
        if self.rules is not None:
            return self.rules.rules.folder, self.rules.rules.register
        return where.choose(None, self.settings.rules).folder, NOBODY_WRITTEN_DOWN

    async def stop(self) -> None:
        """Close the doors, store what was taken, let go of the data.

        Raises:
            Exception: the first fault of parts that could not be ended; they keep no other from it.
        """
        fault: Exception | None = None
        while self._undo:
            try:
                await self._undo.pop()()
            except Exception as error:
                log.exception("a part of the service could not be ended")
                fault = fault or error
        if fault is not None:
            raise fault

    def _begin(self, name: str, work: Awaitable[None], stop: Callable[[], None] | None) -> None:
        """Run something until the app stops."""

        async def run() -> None:
            await work

        task = asyncio.create_task(run(), name=name)

        async def end() -> None:
            if stop is None:
                task.cancel()
            else:
                stop()
            await asyncio.gather(task, return_exceptions=True)

        self._undo.append(end)
        self._tasks.append(task)

    async def wait(self) -> None:
        """Return when a part ends by itself, which only a fault of ours can make it do.

        Raises:
            Exception: what it was.
        """
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            if not task.cancelled() and task.exception() is not None:
                log.critical("a part of the service has failed, so it ends: %s", task.get_name())
            task.result()


def _decoding(settings: Settings) -> Callable[..., Batch]:
    """Return what makes events of bytes at every door, with the limits of the settings."""
    limits = Limits(
        body_bytes=settings.limits.body_bytes,
        batch_events=settings.limits.batch_events,
        event_bytes=settings.limits.event_bytes,
        text_bytes=settings.limits.text_bytes,
    )
    if settings.clock == "wall":
        return partial(decode, limits=limits)

    def decode_any_time(body: bytes, **how: Any) -> Batch:
        # Time is that of the events, as in a replay: none is in the future.
        return decode(body, **(how | {"now_ms": None}), limits=limits)

    return decode_any_time


def _build() -> str:
    """Return what a page that is open compares: another one, and it loads itself again."""
    try:
        pages = (PAGES / "sources.sha256").read_text("ascii")[:8]
    except OSError:
        pages = "none"
    return f"{__version__}+{pages}"
