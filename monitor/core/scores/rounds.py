"""A conversation's log as the rounds and sessions of a platform.

Not the rounds of the board: whose reply ends one, whether each account has its own,
whether the day closes it, all that is the platform's. Profiles that agree on it share
one walk (`Shape`).

A platform's day ends what nobody has answered, though the buyer still waits; what
the buyer writes on the next day is a new round. Where the chat is cut into sessions,
what a session left unanswered stays so.
"""

from typing import NamedTuple

from msgspec import Struct

from monitor.core.scores.days import days
from monitor.core.scores.log import (
    ASSIGNED,
    ASSIST,
    AUTO,
    BOT,
    BUYER,
    CLOSED,
    CLOSED_BY_BUYER,
    DISMISS,
    GREETS,
    HANDED_OFF,
    LISTED,
    NEEDLESS,
    POLITE,
    REPLY,
    TRANSFERRED,
    UNLISTED,
    Said,
)
from monitor.core.scores.profile import Profile
from monitor.core.units import DAY_MS, MINUTE_MS

GIVE_UP_MS = 7 * DAY_MS
NEVER_MS = 1 << 60

ANSWERED, ABANDONED, DISMISSED, LEFT, OPEN = "answered", "abandoned", "dismissed", "left", "open"


class Shape(NamedTuple):
    """What of a profile decides which rounds and sessions there are."""

    ends_by: frozenset[str]
    by_account: bool
    split: bool
    zone: str
    day_starts_ms: int | None
    due_by_ms: int | None
    cut: bool  # A session's end cuts rounds off.
    closes: bool  # A close ends a session.
    gap_ms: int | None
    reopens_ms: int
    handed: bool  # The clock starts when a bot hands the chat to people.
    greets: bool  # A greeting alone is a reply.


def shape(profile: Profile) -> Shape:
    """Return the shape of a profile."""
    thread = profile.unit == "thread_first"
    return Shape(
        profile.ends_by,
        profile.key == "account_buyer",
        profile.on_transfer == "split",
        profile.zone,
        profile.day_starts_ms,
        profile.due_by_ms,
        profile.unit in ("session", "thread_first"),
        not thread,
        profile.session_gap_ms,
        profile.reopens_ms,
        profile.starts in ("queue_entry", "handoff"),
        profile.greetings == "count",
    )


class Session(Struct, gc=False):
    """Part of a conversation, between two closes or two long silences."""

    start_ms: int  # The first word of the buyer.
    outbound: bool  # The shop spoke first: what the buyer says is an answer.
    bot: bool = False
    replied: bool = False


class Round(Struct):
    """One stretch of the buyer's waiting, by the platform's count."""

    start_ms: int
    session: Session
    account: str | None
    due_ms: int  # The platform's day is over for it from then on; NEVER_MS: it has none.
    held: list[tuple[int, str | None, str | None]]  # Who held it since when.
    messages: list[int]
    needless: bool = True  # All its messages need no reply, says the platform.
    courtesy: bool = True  # All its messages are polite words; a platform counts them all the same.
    bot: bool = False
    handed: bool = False
    passed_on: bool = False  # Its account gave the chat away without a reply.
    how: str = OPEN
    end_ms: int = NEVER_MS
    after_ms: int = -1  # Answered unseen: after this instant.
    agent: str | None = None  # Who answered…
    by_account: str | None = None  # …under which account.
    flags: int = 0  # Of the reply.
    by_machine: bool = False  # Whose reply it is: where a platform takes that of a bot or an automatic text.

    def holder(self, at_ms: int) -> tuple[str | None, str | None]:
        """Return agent and account that held it at an instant."""
        found: tuple[str | None, str | None] = (None, self.account)
        for since_ms, agent, account in self.held:
            if since_ms > at_ms:
                break
            found = (agent, account)
        return found


class Walk:
    """One walk over a log; `rounds` and `sessions` are what it finds."""

    def __init__(self, shape: Shape) -> None:
        self.rounds: list[Round] = []
        self.sessions: list[Session] = []
        self._shape = shape
        self._days = days(shape.zone, shape.day_starts_ms or 0)
        self._open: list[Round] = []
        self._session: Session | None = None
        self._closed_at_ms = -1  # The session was closed then; -1: it was not.
        self._last_ms = -1  # When somebody last wrote.
        self._spoke_first = False  # The shop has spoken since the last session ended.
        self._buyer_last = False
        self._holder: tuple[str | None, str | None] = (None, None)
        self._over_at_ms = NEVER_MS  # Nothing that is open is over before.
        # The platform's day that was last asked about, and when what begins in it is due.
        self._day_from_ms, self._day_before_ms, self._day_due_ms = 0, 0, NEVER_MS
        if shape.day_starts_ms is None:
            self._day_from_ms, self._day_before_ms = -NEVER_MS, NEVER_MS

    def over(self, log: list[Said], now_ms: int) -> "Walk":
        """Walk over a log in order, and on to ``now_ms``."""
        for entry in log:
            if entry.ts_ms >= self._over_at_ms:
                self._end_what_is_over(entry.ts_ms)
            code = entry.code
            if code == BUYER:
                self._buyer(entry)
            elif code == REPLY:
                self._person(entry)
            else:
                self._other(entry, code)
        if now_ms >= self._over_at_ms:
            self._end_what_is_over(now_ms)
        return self

    def _person(self, entry: Said) -> None:
        shape, flags = self._shape, entry.flags
        if flags & GREETS and not shape.greets:
            self._greet(entry.ts_ms)
        elif ("assist" if flags & ASSIST else "agent") in shape.ends_by:
            self._reply(entry)
        else:
            self._machine(entry)

    def _other(self, entry: Said, code: int) -> None:
        ts_ms = entry.ts_ms
        if code in (BOT, AUTO):
            if ("bot" if code == BOT else "auto") in self._shape.ends_by:
                self._reply(entry)
            elif code == BOT:
                self._machine(entry)
        elif code == HANDED_OFF:
            self._handed_off(ts_ms)
        elif code == ASSIGNED:
            self._hold(ts_ms, entry.agent, entry.account)
        elif code == TRANSFERRED:
            self._transfer(entry)
        elif code in (CLOSED_BY_BUYER, CLOSED):
            if code == CLOSED_BY_BUYER:
                self._end(ABANDONED, ts_ms)
            if not self._open:
                self._holder = (None, None)
            self._closed_at_ms = ts_ms
        elif code == DISMISS:
            self._end(DISMISSED, ts_ms)
        elif code == LISTED:
            self._listed(entry)
        elif code == UNLISTED:
            self._unlisted(entry)

    def _end_what_is_over(self, now_ms: int) -> None:
        still = []
        self._over_at_ms = NEVER_MS
        for one in self._open:
            if now_ms >= one.due_ms or now_ms - one.start_ms > GIVE_UP_MS:
                one.how = LEFT
            else:
                still.append(one)
                self._note_over(one)
        self._open = still

    def _note_over(self, one: Round) -> None:
        self._over_at_ms = min(self._over_at_ms, one.due_ms, one.start_ms + GIVE_UP_MS + 1)

    def _buyer(self, entry: Said) -> None:
        ts_ms, session, gap_ms = entry.ts_ms, self._session, self._shape.gap_ms
        if session is None or self._closed_at_ms >= 0 or (gap_ms is not None and ts_ms - self._last_ms >= gap_ms):
            session = self._session_at(ts_ms)
        if entry.account is not None and (entry.agent, entry.account) != self._holder:
            named = entry.agent is not None or entry.account != self._holder[1]
            if named and not self._shape.by_account:
                self._hold(ts_ms, entry.agent, entry.account)
            elif named:
                self._holder = (entry.agent, entry.account)
        self._last_ms, self._buyer_last = ts_ms, True
        account = entry.account or self._holder[1]
        due_ms = self._due_ms(ts_ms)
        for one in self._open:
            if one.due_ms == due_ms and not one.passed_on and self._same_account(one, account):
                one.account = one.account or account
                break
        else:
            one = self._begin(ts_ms, session, account, due_ms)
        one.messages.append(ts_ms)
        if not entry.flags & NEEDLESS:
            one.needless = False
        if not entry.flags & POLITE:
            one.courtesy = False

    def _begin(self, ts_ms: int, session: Session, account: str | None, due_ms: int) -> Round:
        holder = self._holder
        held = [] if holder == (None, None) else [(ts_ms, holder[0], holder[1])]
        one = Round(ts_ms, session, account, due_ms, held, [])
        if not self._open:
            self._over_at_ms = NEVER_MS
        self._note_over(one)
        self._open.append(one)
        self.rounds.append(one)
        return one

    def _same_account(self, one: Round, account: str | None) -> bool:
        return not self._shape.by_account or account is None or one.account is None or one.account == account

    def _due_ms(self, ts_ms: int) -> int:
        """Return from when on a round that starts now is over for the platform's day."""
        if not self._day_from_ms <= ts_ms < self._day_before_ms:
            shape, day = self._shape, self._days.of(ts_ms)
            self._day_from_ms, self._day_before_ms, self._day_due_ms = day.start_ms, day.end_ms, day.end_ms
            if shape.due_by_ms is not None:
                # The first time the wall shows it after the day has ended, that instant still in time.
                starts_ms = shape.day_starts_ms or 0
                number = day.number + (shape.due_by_ms < starts_ms if starts_ms else 1)
                self._day_due_ms = days(shape.zone).at(number, shape.due_by_ms) + 1
        return self._day_due_ms

    def _session_at(self, ts_ms: int) -> Session:
        """Return the session in which the buyer writes now: a new one after a close or a long silence."""
        session, silent = self._session, self._silent(ts_ms)
        if session is not None and not silent and not self._closed(ts_ms):
            self._closed_at_ms = -1
            return session
        outbound = self._spoke_first and not silent and self._closed_at_ms < 0
        if self._shape.cut:
            for one in self._open:
                one.how = LEFT
            self._open = []
        self._closed_at_ms = -1
        self._session = session = Session(ts_ms, outbound)
        self._spoke_first = False
        self.sessions.append(session)
        return session

    def _silent(self, ts_ms: int) -> bool:
        """Whether nobody has written for so long that what comes now begins a session."""
        shape = self._shape
        since_ms = max(self._last_ms, self._closed_at_ms) if shape.closes else self._last_ms
        return shape.gap_ms is not None and ts_ms - since_ms >= shape.gap_ms

    def _closed(self, ts_ms: int) -> bool:
        """Whether a close has ended the session, and not so lately that what comes now belongs to it."""
        shape = self._shape
        return shape.closes and self._closed_at_ms >= 0 and ts_ms - self._closed_at_ms >= shape.reopens_ms

    def _reply(self, entry: Said) -> None:
        ts_ms = entry.ts_ms
        ends = self._open
        if ends and self._shape.by_account and entry.account is not None:
            own = [one for one in ends if one.account == entry.account]
            # Who answers without a transfer has taken the chat over; what was passed on stays with who did so.
            ends = own or [one for one in ends if not one.passed_on]
        if not ends:
            self._speak(ts_ms)
        for one in ends:
            one.how, one.end_ms, one.flags = ANSWERED, ts_ms, entry.flags
            agent, account = entry.agent, entry.account
            if agent is None and account is not None and account == self._holder[1]:
                agent = self._holder[0]  # The account answered, and it is known who sits at it.
            one.agent, one.by_account = agent, account
            one.by_machine = entry.code != REPLY
            if self._shape.by_account:
                one.account = account or one.account
        self._open = [] if ends is self._open else [one for one in self._open if one.how == OPEN]
        self._last_ms = ts_ms
        if self._session is not None:
            self._session.replied = True
        if entry.account is not None and (entry.agent is not None or entry.account != self._holder[1]):
            self._holder = (entry.agent, entry.account)
        self._buyer_last = False

    def _machine(self, entry: Said) -> None:
        for one in self._open:
            one.bot = True
        if not self._open:
            self._speak(entry.ts_ms)
        self._last_ms = entry.ts_ms
        if self._session is not None:
            self._session.bot = True

    def _greet(self, ts_ms: int) -> None:
        if not self._open:
            self._speak(ts_ms)
        self._last_ms = ts_ms

    def _speak(self, ts_ms: int) -> None:
        """Note that the shop speaks while nobody waits: where no session is on, it has spoken first."""
        if self._session is None or self._silent(ts_ms) or self._closed(ts_ms):
            self._session, self._spoke_first, self._closed_at_ms = None, True, -1

    def _handed_off(self, ts_ms: int) -> None:
        if not self._open and self._buyer_last:
            self._begin(ts_ms, self._session_at(ts_ms), self._holder[1], self._due_ms(ts_ms)).needless = False
        for one in self._open:
            if not one.handed and self._shape.handed:
                one.start_ms, one.due_ms = ts_ms, self._due_ms(ts_ms)
                self._note_over(one)
            one.handed = True

    def _hold(self, ts_ms: int, agent: str | None, account: str | None) -> None:
        self._holder = (agent, account)
        for one in self._open:
            if not one.passed_on:
                one.held.append((ts_ms, agent, account))
                one.account = account or one.account

    def _transfer(self, entry: Said) -> None:
        ts_ms = entry.ts_ms
        given = []
        if self._shape.by_account and self._shape.split:
            for one in self._open:
                one.account = one.account or entry.other or self._holder[1]
                if not one.passed_on and one.account is not None and one.account != entry.account:
                    given.append(one)
        if not given:
            self._hold(ts_ms, entry.agent, entry.account)
            return
        for one in given:
            one.passed_on = True
        self._holder = (entry.agent, entry.account)
        receives = self._begin(ts_ms, given[0].session, entry.account, self._due_ms(ts_ms))
        receives.needless = False

    def _end(self, how: str, ts_ms: int) -> None:
        for one in self._open:
            one.how, one.end_ms = how, ts_ms
        self._open = []
        self._buyer_last = False

    def _listed(self, entry: Said) -> None:
        if entry.account is not None:
            self._hold(entry.ts_ms, entry.agent, entry.account)
        since_ms = entry.since_ms
        if not self._open:
            if since_ms <= self._last_ms:
                if since_ms % MINUTE_MS or since_ms + MINUTE_MS <= self._last_ms:
                    return  # It was answered since: the list has not noticed.
                since_ms = self._last_ms
            one = self._begin(since_ms, self._session_at(since_ms), self._holder[1], self._due_ms(since_ms))
            one.messages.append(since_ms)
            one.needless = False
            self._buyer_last = True
        self._last_ms = max(self._last_ms, entry.ts_ms)

    def _unlisted(self, entry: Said) -> None:
        if entry.ts_ms <= self._last_ms or (entry.account is not None and entry.account != self._holder[1]):
            return
        for one in self._open:
            one.how, one.end_ms, one.after_ms = ANSWERED, entry.ts_ms, max(one.start_ms, self._last_ms)
            one.agent, one.by_account = self._holder
            one.session.replied = True
        if self._open:
            self._open = []
            self._last_ms, self._buyer_last = entry.ts_ms, False
