"""The floor's figures besides the rates: waits, drop-off, missed, transfers, follow-ups, buyers, bots.

Everything is a sum or a count of one day, by who is answerable for it; the averages,
shares and percentiles are made when somebody asks (`shown`). What is a count of buyers
is kept as buyers, for a buyer with two chats is one.
"""

from collections.abc import Iterator
from typing import NamedTuple

from msgspec import Struct, field

from monitor.core.policy import BUILT_IN
from monitor.core.scores.cells import BITS, add_counts, counts_of
from monitor.core.scores.days import days
from monitor.core.scores.floor import ROUNDS, ZONE
from monitor.core.scores.judge import Judge
from monitor.core.scores.log import (
    ASSIGNED,
    ASSIST,
    BUYER,
    CARD,
    CLOSED_BY_BUYER,
    DISMISS,
    GREETS,
    HANDED_OFF,
    HOLDS,
    NOISE,
    REPLY,
    SHORT,
    TRANSFERRED,
    Said,
)
from monitor.core.scores.rounds import ANSWERED, DISMISSED, GIVE_UP_MS, NEVER_MS, OPEN, Round, Session, shape
from monitor.core.units import HOUR_MS

WINDOWS_MS = (180_000, 300_000)
SLOW_MS = 120_000
SLOW_GAPS = 3
MISSED_MS = 180_000  # What is asked just before the day ends is not missed at its end, but so long after it was asked.
CONTAINED_MS = 72 * HOUR_MS
SECOND_MS = 1000

# What is known of a buyer on a day.
CONSULTED, REPLIED, FILTERED, SLOW, MISSED, STANDS = range(6)
BUYER_FIGURES = (
    "buyers_consulted",
    "buyers_received",
    "buyers_valid",
    "buyers_filtered",
    "buyers_slow",
    "buyers_missed",
)


class Figures(Struct, array_like=True, gc=False):
    """Sums of one day, of one agent and account in one conversation; or of as many as are added up."""

    counts: dict[str, int] = field(default_factory=dict)
    first: dict[int, int] = field(default_factory=dict)  # How many first replies took so many whole seconds, up.
    waits: dict[int, int] = field(default_factory=dict)  # The same of all replies.

    def note(self, name: str, by: int = 1) -> None:
        """Count something."""
        self.counts[name] = self.counts.get(name, 0) + by

    def add(self, other: "Figures", by: int = 1) -> None:
        """Add what another has, or with ``by=-1`` take it away."""
        for mine, theirs in ((self.counts, other.counts), (self.first, other.first), (self.waits, other.waits)):
            add_counts(mine, theirs, by)


class Part(NamedTuple):
    """The figures of one conversation on one day in one pair of hands."""

    day: int
    agent: str | None
    account: str | None
    figures: Figures
    buyer: tuple[int, int, int, int, int, int]  # CONSULTED, REPLIED, FILTERED, SLOW gaps, MISSED, STANDS: how often.


class Tally:
    """Makes the parts of one conversation.

    Args:
        judge: of its log.
        now_ms: how far time has come.
        from_ms, to_ms: what begins from, and before, these instants is counted.
    """

    def __init__(self, judge: Judge, now_ms: int, from_ms: int, to_ms: int) -> None:
        self._walk = judge.walk(shape(ROUNDS))
        self._manned = judge.manned()
        self._log = judge.log
        self._now_ms = now_ms
        self._from_ms = from_ms
        self._to_ms = to_ms
        self._days = days(ZONE)
        self._parts: dict[tuple[int, str | None, str | None], tuple[Figures, list[int]]] = {}
        self.next_ms = NEVER_MS  # When time alone changes something.

    def parts(self) -> Iterator[Part]:
        """Yield the parts."""
        rounds: dict[int, list[Round]] = {}
        for one in self._walk.rounds:
            self._round(one)
            rounds.setdefault(id(one.session), []).append(one)
        for at, session in enumerate(self._walk.sessions):
            after = self._walk.sessions[at + 1] if at + 1 < len(self._walk.sessions) else None
            self._session(session, rounds.get(id(session), []), NEVER_MS if after is None else after.start_ms)
        self._messages()
        self._promises()
        for (day, agent, account), (figures, buyer) in self._parts.items():
            yield Part(day, agent, account, figures, (buyer[0], buyer[1], buyer[2], buyer[3], buyer[4], buyer[5]))

    def _of(self, at_ms: int, agent: str | None, account: str | None) -> tuple[Figures, list[int]]:
        # An account of which nobody knows whose it is stands for its person.
        key = (self._days.of(at_ms).number, account if agent is None else agent, account)
        found = self._parts.get(key)
        if found is None:
            found = self._parts[key] = (Figures(), [0, 0, 0, 0, 0, 0])
        return found

    def _counts(self, at_ms: int) -> bool:
        return self._from_ms <= at_ms < self._to_ms

    def _round(self, one: Round) -> None:
        start_ms, now_ms = one.start_ms, self._now_ms
        answered = one.how == ANSWERED
        by = (one.agent, one.by_account) if answered else one.holder(one.end_ms)
        for at_ms in one.messages:  # Theirs who answered: when a chat begins nobody may hold it yet.
            if self._counts(at_ms):
                figures, buyer = self._of(at_ms, *by)
                figures.note("buyer_messages")
                buyer[CONSULTED] += 1
        if not self._counts(start_ms):
            return
        figures, buyer = self._of(start_ms, *by)
        bot_held = one.bot and not one.handed and not answered
        figures.note("rounds")
        if one.how == DISMISSED:
            figures.note("rounds_dismissed")
            buyer[FILTERED] += 1
            return
        end_ms = one.end_ms
        buyer[STANDS] += 1
        buyer[SLOW] += min(end_ms, now_ms) - start_ms > SLOW_MS
        if answered:
            wait_ms = end_ms - start_ms
            figures.note("rounds_answered")
            figures.note("reply_ms", wait_ms)
            figures.note("rounds_held", one.flags & (HOLDS | GREETS | SHORT) > 0)
            seconds = -(-wait_ms // SECOND_MS)
            figures.waits[seconds] = figures.waits.get(seconds, 0) + 1
        elif one.how == OPEN:
            figures.note("rounds_open")
            if now_ms - start_ms <= SLOW_MS:
                self.next_ms = min(self.next_ms, start_ms + SLOW_MS + 1)
        if bot_held:
            figures.note("rounds_bot_held")
            return
        for window_ms in WINDOWS_MS:
            name = f"{window_ms // SECOND_MS}s"
            if min(end_ms, now_ms) - start_ms > window_ms:
                figures.note(f"past_{name}_answered" if answered else f"past_{name}_never")
            elif answered:
                figures.note(f"within_{name}")
            elif one.how == OPEN:
                self.next_ms = min(self.next_ms, start_ms + window_ms + 1)
        missed_ms = max(self._days.of(start_ms).end_ms, start_ms + MISSED_MS)
        if end_ms >= missed_ms:
            if now_ms >= missed_ms:
                figures.note("missed_rounds")
                buyer[MISSED] += 1
            else:
                self.next_ms = min(self.next_ms, missed_ms)

    def _session(self, session: Session, rounds: list[Round], until_ms: int) -> None:
        rounds = [one for one in rounds if one.how != DISMISSED]  # An advertiser's chat is no session to be answered.
        if not self._counts(session.start_ms) or not rounds:
            return
        first = rounds[0]
        answered = first.how == ANSWERED
        by = (first.agent, first.by_account) if answered else first.holder(first.end_ms)
        figures, _ = self._of(session.start_ms, *by)
        figures.note("sessions")
        if session.bot:
            self._bot_session(figures, session, rounds)
        if session.outbound:
            figures.note("sessions_outbound")
            return
        if session.start_ms >= self._manned.known_ms:
            self._left_offline(figures, first, nobody=self._manned.nobody(session.start_ms))
        if session.bot and not session.replied and not any(one.handed for one in rounds):
            figures.note("sessions_bot_only")
        if answered:
            wait_ms = first.end_ms - first.start_ms
            figures.note("first_replies")
            figures.note("first_reply_ms", wait_ms)
            seconds = -(-wait_ms // SECOND_MS)
            figures.first[seconds] = figures.first.get(seconds, 0) + 1
            real = next(
                (
                    said
                    for said in self._log
                    if first.start_ms <= said.ts_ms < until_ms
                    and said.code == REPLY
                    and not said.flags & (HOLDS | GREETS | ASSIST)
                ),
                None,
            )
            if real is not None:
                figures.note("first_answers")
                figures.note("first_answer_ms", real.ts_ms - first.start_ms)

    @staticmethod
    def _left_offline(figures: Figures, first: Round, *, nobody: bool) -> None:
        """Count a session of a shop of which it is known who was there: was it left to nobody, and answered later?"""
        figures.note("sessions_watched")
        if nobody:
            figures.note("offline_sessions")
            if first.how == ANSWERED:
                figures.note("offline_answered")
                figures.note("offline_answer_ms", first.end_ms - first.start_ms)

    def _bot_session(self, figures: Figures, session: Session, rounds: list[Round]) -> None:
        """Count a session a bot was in; contained is one that needed no person within 72 hours, nor had a later one."""
        figures.note("bot_sessions")
        over_ms = session.start_ms + CONTAINED_MS
        if any(one.handed for one in rounds) or any(
            session.start_ms <= said.ts_ms < over_ms and said.code == REPLY and not said.flags & ASSIST
            for said in self._log
        ):
            return
        if self._now_ms < over_ms:
            figures.note("bot_sessions_pending")
            self.next_ms = min(self.next_ms, over_ms)
        elif sum(len(one.messages) for one in rounds) > 1:
            figures.note("bot_sessions_contained")
        else:
            figures.note("bot_sessions_silent")  # Whether the bot has helped, or the buyer has left, nobody knows.

    def _messages(self) -> None:
        """Count messages of the shop, transfers and hand-offs, by who wrote or held; and the buyers that are noise."""
        holder: tuple[str | None, str | None] = (None, None)
        handed_ms = asked_ms = -1
        for said in self._log:
            ts_ms = said.ts_ms
            if said.code == BUYER:
                if said.account is not None:
                    holder = (said.agent, said.account)
                asked_ms = ts_ms if asked_ms < 0 else asked_ms
            elif said.code == NOISE:
                if self._counts(ts_ms):
                    _, buyer = self._of(ts_ms, *holder)
                    buyer[CONSULTED] += 1
                    buyer[FILTERED] += 1
            elif said.code == REPLY and not said.flags & ASSIST:
                if said.account is not None:
                    holder = (said.agent, said.account)
                if self._counts(ts_ms):
                    figures, buyer = self._of(ts_ms, *holder)
                    figures.note("agent_messages", not said.flags & CARD)
                    buyer[REPLIED] += 1
                    if handed_ms >= 0 and ts_ms - handed_ms <= GIVE_UP_MS:
                        figures.note("handoffs_answered")
                        figures.note("handoff_ms", ts_ms - handed_ms)
                handed_ms = asked_ms = -1
            elif said.code in (CLOSED_BY_BUYER, DISMISS):
                handed_ms = asked_ms = -1
            elif said.code == HANDED_OFF:
                handed_ms = ts_ms if handed_ms < 0 else handed_ms
                if self._counts(ts_ms):
                    self._of(ts_ms, *holder)[0].note("handoffs")
            elif said.code == ASSIGNED:
                holder = (said.agent, said.account)
            elif said.code == TRANSFERRED:
                # Who gives is named by account, or as an agent where there is none; else it is who holds the chat.
                giver = holder if said.other in (None, *holder) else (None, said.other)
                if self._counts(ts_ms):
                    figures, _ = self._of(ts_ms, *giver)
                    figures.note("transfers")
                    figures.note("transfers_unanswered", asked_ms >= 0)
                holder = (said.agent, said.account)

    def _promises(self) -> None:
        """Count holding replies that owe an answer, and those never kept."""
        open_: Said | None = None
        for said in self._log:
            if said.code == REPLY and not said.flags & ASSIST:
                if said.flags & HOLDS:
                    open_ = open_ or said
                elif not said.flags & GREETS and open_ is not None:
                    self._promise(open_, said.ts_ms)
                    open_ = None
            elif said.code in (CLOSED_BY_BUYER, DISMISS):
                open_ = None
        if open_ is not None:
            self._promise(open_, NEVER_MS)

    def _promise(self, holding: Said, kept_ms: int) -> None:
        if not self._counts(holding.ts_ms):
            return
        figures, _ = self._of(holding.ts_ms, holding.agent, holding.account)
        figures.note("promises")
        limits = BUILT_IN.promise
        if holding.since_ms:
            limits = limits.given(holding.since_ms)
        missed_ms = holding.ts_ms + limits.missed_ms
        if min(kept_ms, self._now_ms) > missed_ms:
            figures.note("promises_missed")
        elif kept_ms == NEVER_MS:
            figures.note("promises_open")
            self.next_ms = min(self.next_ms, missed_ms + 1)


class FigureCell(Struct, gc=False):
    """The figures of one day of one shop, agent or account: sums, and what is known of each buyer.

    Like `Cell` nothing that the garbage collector follows: what is known of a buyer is packed into one number.
    """

    sums: Figures = field(default_factory=Figures)
    _buyers: dict[str, int] = field(default_factory=dict)
    _counts: int = 0

    def add(self, part: Part, buyer: str, by: int = 1) -> None:
        """Take a part in, or with ``by=-1`` give it back."""
        self.sums.add(part.figures, by)
        was = now = self._buyers.get(buyer, 0)
        for at, count in enumerate(part.buyer):
            now += by * count << BITS * at
        self._counts += _of_buyer(now) - _of_buyer(was)
        if now:
            self._buyers[buyer] = now
        else:
            self._buyers.pop(buyer, None)

    @property
    def empty(self) -> bool:
        """Whether nothing is in it any more."""
        return not self._buyers and not self.sums.counts

    @property
    def buyers(self) -> list[int]:
        """How many, in the order of `BUYER_FIGURES`."""
        return counts_of(self._counts, len(BUYER_FIGURES))


def _of_buyer(packed: int) -> int:
    """Return what one buyer adds to each of `BUYER_FIGURES`, packed."""
    if not packed:
        return 0
    known = counts_of(packed, 6)
    # Whom a reminder of the platform or one dismissed wait stands beside real questions of is a buyer all the same.
    filtered = known[FILTERED] > 0 and not known[STANDS]
    consulted, replied = known[CONSULTED] > 0, known[REPLIED] > 0
    slow, missed = known[SLOW] >= SLOW_GAPS, known[MISSED] > 0
    so = (consulted, consulted and not filtered, consulted and replied, filtered, slow, missed)
    return sum(yes << BITS * at for at, yes in enumerate(so))
