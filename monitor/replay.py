"""A file of events run through the core in event time, at full speed.

Plain files run on the time of their events: each limit is judged at its own
instant, as for a feed without delay. Lines out of order are sorted, since an
export is often grouped by chat; with ``as_arrived`` the order of the lines is
the order of arrival, and `lateness` does its work.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from operator import attrgetter
from typing import Any, TypedDict, Unpack

from monitor.core.decisions import (
    AlertOrder,
    CloseRound,
    Decision,
    PassPromise,
    PassStage,
    RaiseAlert,
    RestateRound,
    RiseAlert,
    Round,
    WithdrawAlert,
)
from monitor.core.events import AgentPresence, AnyEvent, BuyerMerged, Message, WaitingSnapshot, scope
from monitor.core.lists import places
from monitor.core.policy import BuiltIn, PolicyBook
from monitor.core.scores.chats import Chats, ShopChats
from monitor.core.scores.profile import ProfileBook
from monitor.core.scores.ruled import ShopRules
from monitor.core.scores.totals import totals
from monitor.core.senders import BUILT_IN as WITHOUT_RULES
from monitor.core.senders import Reader
from monitor.core.tracker import Tracker
from monitor.log_files import lines_of
from monitor.wire import Limits, Refused, decode_line, instant_text

JUMP_MS = 30 * 24 * 3_600_000  # A ts that leaps so far ahead, with no later line near it, is probably wrong.
REASONS_SHOWN = 10
AT_ONCE = 256  # Lines: their events stay in the cache of a core.
TOLD_EVERY = 65_536  # Lines between two words of progress.
BUILT_IN = BuiltIn()


@dataclass(slots=True)
class Tally:
    """What a replay counted; see the contract for the meaning of each name."""

    read: int = 0
    accepted: int = 0
    duplicates: int = 0
    late: int = 0
    rejected: int = 0
    conversations: int = 0
    rounds: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(
            ("total", "answered", "open", "expired", "abandoned", "dismissed", "courtesy"), 0
        )
    )
    passed: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("slow", "at_risk", "lost"), 0))
    alerts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("slow", "at_risk", "lost", "withdrawn"), 0))
    scores: dict[str, dict[str, Any]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def count(self, round: Round, by: int = 1) -> None:
        """Count a round, or with ``by=-1`` take it back."""
        rounds, outcome = self.rounds, round.outcome
        rounds[outcome] += by
        if outcome == "dismissed":
            return
        rounds["total"] += by
        if round.needs_answer_since_ms is None:
            rounds["courtesy"] += by
        if round.passed:
            for stage in round.passed:
                self.passed[stage] = self.passed.get(stage, 0) + by

    def as_json(self) -> dict[str, Any]:
        """Return the object that ``replay --json`` prints."""
        return {
            "events": {name: getattr(self, name) for name in ("read", "accepted", "duplicates", "late", "rejected")},
            "conversations": self.conversations,
            "rounds": self.rounds,
            "passed": self.passed,
            "alerts": self.alerts,
            "scores": self.scores,
            "warnings": self.warnings,
        }


class Replay:
    """One run over a log.

    Args:
        as_arrived: the order of the lines is the order of arrival.
        keep_rounds: keep every round for `rounds`.
        keep_alerts: keep every alert order for `alerts`.
        profiles: how platforms count; None: no score is made.
        scores: the profiles to score all chat by; none: each platform's own, its chat.
        keep_chats: keep the chat of every shop in `chats`, whether a profile scores it or not.
        policies: the rules.
        reader: their senders and phrases.

    Attributes:
        chats: what was scored, as scores see it.
        last_ms: the last instant of the input.
    """

    def __init__(
        self,
        *,
        as_arrived: bool = False,
        keep_rounds: bool = False,
        keep_alerts: bool = False,
        profiles: ProfileBook | None = None,
        scores: Sequence[str] = (),
        keep_chats: bool = False,
        policies: PolicyBook = BUILT_IN,
        reader: Reader = WITHOUT_RULES,
    ) -> None:
        self._all_chats = keep_chats
        self.chats = Chats()
        self._reader = reader
        self._ruled = policies.rules != BUILT_IN.rules  # Only with rules are promises told of.
        self._profiles = profiles
        self._scores = scores
        self._as_arrived = as_arrived
        self._keep_rounds = keep_rounds
        self._keep_alerts = keep_alerts
        self._kept: dict[int, Round] = {}
        self._orders: list[AlertOrder] = []
        self._announced: set[tuple[int, str]] = set()  # (wait, stage)
        self._shop_rules = ShopRules(policies)
        self._policies = policies
        self._tracker = Tracker(policies, wall=False, lazy=True, keep_all=as_arrived)
        self._seen: dict[str, set[str]] = {}
        self.last_ms = 0
        self.tally = Tally()
        self.refused: list[str] = []

    def run(self, lines: Iterable[bytes], progress: Callable[[int], None] | None = None) -> Tally:
        """Replay lines, each one event.

        Raises:
            OutOfOrder: a line is older than one before it, and ``as_arrived`` was not asked for; or two buyers turn
                out to be one of whose chats not all is at hand. Start again with `run_sorted`.
        """
        self._feed(self.decoded(lines, progress), strict=not self._as_arrived)
        return self.tally

    def run_sorted(self, events: list[AnyEvent]) -> Tally:
        """Replay events that were decoded by `decoded` of this object, in order of ``ts``."""
        events.sort(key=attrgetter("ts_ms"))
        if any(type(event) is BuyerMerged for event in events):
            # What they said is folded anew, from the first word.
            self._tracker = Tracker(self._policies, wall=False, lazy=True, keep_all=True)
        self._feed(events, strict=False)
        return self.tally

    def decoded(
        self, lines: Iterable[bytes], progress: Callable[[int], None] | None = None, *, at_once: int = AT_ONCE
    ) -> Iterator[AnyEvent]:
        """Yield what is well formed and new; count and remember the rest.

        Some hundred lines are decoded before the first of them is handled: so the processor keeps the code of one step
        at hand, where line by line each step would drive out the other. Who shows events as they come, from a pipe
        that fills slowly, takes one ``at_once``.
        """
        return chain.from_iterable(self._some(lines, progress, at_once))

    def _some(
        self, lines: Iterable[bytes], progress: Callable[[int], None] | None, at_once: int
    ) -> Iterator[list[AnyEvent]]:
        tally = self.tally
        source = iter(lines)
        told = 0
        while some := list(islice(source, at_once)):
            yield self._new(some)
            if progress is not None and tally.read - told >= TOLD_EVERY:
                told = tally.read
                progress(told)

    def _new(self, lines: list[bytes]) -> list[AnyEvent]:
        """Return the events on some lines that are no duplicates of any before; count the lines, and what is none."""
        tally, seen = self.tally, self._seen
        limits = Limits()
        new: list[AnyEvent] = []
        blank = rejected = duplicates = 0
        for line in lines:
            try:
                event = decode_line(line, limits)
            except Refused as refused:
                if line.isspace():
                    blank += 1
                    continue
                rejected += 1
                if len(self.refused) < REASONS_SHOWN:
                    number = tally.read + len(new) + duplicates + rejected
                    self.refused.append(f"line {number}: {refused.path}: {refused.error}")
                continue
            if type(event) is Message:  # Most are, and Python reads the fields of one type quicker than of any.
                where, identity = event.shop, event.id
            else:
                where, identity = scope(event), event.id
            try:
                ids = seen[where]
            except KeyError:
                ids = seen[where] = set()
            if identity in ids:
                duplicates += 1
            else:
                ids.add(identity)
                new.append(event)
        tally.read += len(lines) - blank
        tally.rejected += rejected
        tally.duplicates += duplicates
        return new

    def _feed(self, events: Iterable[AnyEvent], *, strict: bool) -> None:
        tracker, tally, read = self._tracker, self.tally, self._reader.read
        handle, decisions = tracker.handle, tracker.decisions
        last_ms = number = 0
        beside = 0  # Numbers that events took beside their own.
        leap: tuple[int, int] | None = None  # (from, to) of a jump that no later line has come near yet.
        silent: set[tuple[str, str]] = set()  # Conversations with a message that the fold has no use for.
        chats, profiles = self.chats, self._profiles
        scored: dict[str, ShopChats | None] = {}  # By shop; None: nothing scores its platform.
        for event in events:
            number += 1
            ts_ms = event.ts_ms
            if ts_ms > last_ms:
                if ts_ms - last_ms > JUMP_MS:
                    leap = (last_ms, ts_ms) if last_ms else None
                elif leap is not None:
                    leap = None
                last_ms = ts_ms
            elif ts_ms < last_ms:
                if strict:
                    raise OutOfOrder("the lines are not in order of time: sorting them first")
                if leap is not None and ts_ms > leap[1] - JUMP_MS:
                    leap = None
            if type(event) is Message:
                words = read(event)
                folded = handle(event, number, last_ms, words)
            elif type(event) is AgentPresence:
                handle(event, number, last_ms)
                if profiles is not None:
                    chats.staff.note(event)
                continue
            else:
                words = 0
                if type(event) is WaitingSnapshot:
                    beside += places(event) - 1
                    number += places(event) - 1
                elif type(event) is BuyerMerged and tracker.wants_history(event):
                    raise OutOfOrder("buyers turn out to be one: once more, with all they said kept at hand")
                folded = handle(event, number, last_ms)
            if folded != "folded":
                if folded == "late":
                    tally.late += 1
                elif type(event) is Message:
                    silent.add((event.shop, event.conversation or ""))
            if profiles is not None and folded != "late":
                try:
                    shop = scored[event.shop]
                except KeyError:
                    shop = scored[event.shop] = self._to_score(chats, event)
                if shop is not None:
                    shop.note(event, number, words)
            if decisions:
                self._drain(decisions)  # At once, while they are in the cache.
        tally.accepted = number - beside - tally.late
        self.last_ms = last_ms
        tracker.advance(last_ms)
        self._drain(decisions)
        for round in tracker.open_rounds(last_ms):
            tally.count(round)
            if self._keep_rounds:
                self._kept[round.wait] = round
        if self._profiles is not None:
            tally.scores = totals(chats, self._profiles, last_ms, self._scores)
        silent.update(tracker.talked())
        tally.conversations = len(silent)
        if leap is not None:
            tally.warnings.append(
                f"time leaps from {instant_text(leap[0])} to {instant_text(leap[1])} and no later line "
                "comes near it: a wrong ts there makes every open wait look old"
            )

    def _to_score(self, chats: Chats, event: AnyEvent) -> ShopChats | None:
        """Return where the chat of an event's shop is kept to be scored; None: no profile asks for it."""
        assert self._profiles is not None
        platform = event.platform or "unknown"
        if not event.shop or not (self._all_chats or self._scores or self._profiles.of_platform(platform)):
            return None
        shop = chats.shop(event.shop, platform)
        self._shop_rules.give(shop, event.ts_ms)
        return shop

    def _drain(self, decisions: list[Decision]) -> None:
        tally, kept = self.tally, self._kept
        for decision in decisions:
            if type(decision) is CloseRound:
                tally.count(decision.round)
                if self._keep_rounds:
                    kept[decision.round.wait] = decision.round
            elif type(decision) is PassStage:
                pass  # Counted with its round.
            elif type(decision) is RaiseAlert or type(decision) is RiseAlert:
                # A wait that stands again is told again, and counted once.
                if (told := (decision.wait, decision.stage)) not in self._announced:
                    self._announced.add(told)
                    tally.alerts[decision.stage] = tally.alerts.get(decision.stage, 0) + 1
                if self._keep_alerts:
                    self._orders.append(decision)
            elif isinstance(decision, AlertOrder):
                if isinstance(decision, WithdrawAlert):
                    tally.alerts["withdrawn"] += 1
                if self._keep_alerts:
                    self._orders.append(decision)
            elif isinstance(decision, RestateRound):
                if decision.was is not None:
                    tally.count(decision.was, -1)
                    kept.pop(decision.was.wait, None)
                if decision.now is not None:
                    tally.count(decision.now)
                    if self._keep_rounds:
                        kept[decision.now.wait] = decision.now
            elif isinstance(decision, PassPromise) and self._ruled:
                name = f"promise_{decision.stage}"
                tally.alerts[name] = tally.alerts.get(name, 0) + 1
        decisions.clear()

    def rounds(self) -> Iterator[dict[str, Any]]:
        """Yield the lines of ``--rounds``, in order of opening."""
        for round in sorted(self._kept.values(), key=lambda r: (r.opened_at_ms, r.wait)):
            line = round_line(round)
            policies = self._tracker.policies
            if policies[round.policy].rule:
                line |= {"rules_version": policies.rules[round.policy], "rule": policies[round.policy].rule}
            yield line

    def alerts(self) -> Iterator[dict[str, Any]]:
        """Yield the lines of ``--alerts``, in the order they were decided."""
        for order in sorted(self._orders, key=lambda o: (o.decided_at_ms, o.wait)):
            yield {
                "transition": type(order).__name__.removesuffix("Alert").lower(),
                "wait": order.wait,
                "stage": order.stage,
                "at": instant_text(order.decided_at_ms),
                "due_at": instant_text(order.due_at_ms),
                "platform": order.platform,
                "shop": order.shop,
                "conversation": order.conversation,
                "opened_by": order.opened_by,
                "waiting_since": instant_text(order.waiting_since_ms),
                "agent": order.agent,
                "account": order.account,
                **({"rules_version": order.rules, "rule": order.rule} if order.rule else {}),
            }


def round_line(round: Round) -> dict[str, Any]:
    """Return a round as the contract's ``--rounds`` line."""
    answered = round.outcome == "answered" and round.ended_at_ms is not None
    ended_at_ms = round.ended_at_ms if answered else None
    line = {
        "platform": round.platform,
        "shop": round.shop,
        "conversation": round.conversation,
        "opened_by": round.opened_by,
        "opened_at": instant_text(round.opened_at_ms),
        "needs_answer_since": None
        if round.needs_answer_since_ms is None
        else instant_text(round.needs_answer_since_ms),
        "ended_by": round.ended_by,
        "ended_at": None if ended_at_ms is None else instant_text(ended_at_ms),
        "agent": round.agent,
        "account": round.account,
        "wait_seconds": None if ended_at_ms is None else (ended_at_ms - round.opened_at_ms) / 1000,
        "counted_seconds": round.counted_ms / 1000,
        "outcome": round.outcome,
        "buyer_messages": round.buyer_messages,
        "courtesy": round.courtesy,
        "held": round.held,
        "stage": round.stage,
        "holders": [{"agent": h.agent, "account": h.account, "seconds": h.held_ms / 1000} for h in round.holders],
    }
    if round.ended_after_ms is not None:
        line["ended_after"] = instant_text(round.ended_after_ms)
    return line


class OutOfOrder(Exception):
    """A line is older than the one before it, or tells of what is not in memory any more."""


class Options(TypedDict, total=False):
    """How files are replayed; see `Replay`."""

    as_arrived: bool
    keep_rounds: bool
    keep_alerts: bool
    profiles: ProfileBook | None
    scores: Sequence[str]
    keep_chats: bool
    policies: PolicyBook
    reader: Reader


def replay_files(
    paths: list[str],
    *,
    say: Callable[[str], None] = lambda _: None,
    progress: Callable[[int], None] | None = None,
    **options: Unpack[Options],
) -> Replay:
    """Replay files as one log.

    Args:
        paths: ``.jsonl``, ``.jsonl.gz`` or ``-``.
        say: takes what a person should know, a line each.
        progress: called with the lines read so far, now and then.
        options: see `Replay`.

    Raises:
        UsageError: a file cannot be read, or is no gzip though it is called so.
    """
    run = Replay(**options)
    if "-" in paths and not options.get("as_arrived"):
        # Standard input cannot be read twice.
        run.run_sorted(list(run.decoded(lines_of(paths), progress)))
        return run
    try:
        run.run(lines_of(paths), progress)
    except OutOfOrder as why:
        say(str(why))
        run = Replay(**options)
        run.run_sorted(list(run.decoded(lines_of(paths), progress)))
    return run
