"""The judge: what each round, message, session or buyer of a log is under a profile.

Each is a hit, a miss, undetermined or excluded. Open past the limit, or past the
profile's day, is a miss; open and not yet due is undetermined; what was abandoned or
dismissed before the limit is excluded. Nothing runs past ``now_ms``. A reply at
exactly the limit is in time.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from monitor.core.events import APART
from monitor.core.scores.days import Days, Hours, days, hours
from monitor.core.scores.log import Said
from monitor.core.scores.profile import Profile, in_force
from monitor.core.scores.rounds import ABANDONED, ANSWERED, DISMISSED, NEVER_MS, OPEN, Round, Shape, Walk, shape
from monitor.core.scores.staff import UNKNOWN, Manned

HIT, MISS, UNDETERMINED, EXCLUDED = range(4)
LENSES_KEPT = 1024  # Of the versions of all profiles: a book has some thirty.


class Gap(NamedTuple):
    """A stretch of time of which a feed has told nothing, and which nothing has filled since."""

    from_ms: int
    to_ms: int
    account: str | None = None  # None: all of the shop.


class Mark(NamedTuple):
    """How one unit, or one part of it, came out."""

    day: int
    verdict: int
    agent: str | None
    account: str | None
    unit: str  # Whose parts belong together; "" where this is the whole unit.
    sum_ms: int  # Of the waits behind it…
    waits: int  # …and how many there are.
    start_ms: int
    due_ms: int  # undetermined: when to look again; NEVER_MS: nothing will tell.
    why: str  # excluded: the reason; miss: what a person might dispute.
    decided_ms: int  # hit, miss: when it came out so; else 0.


class _Lens(NamedTuple):
    """A profile made ready to look through: what is worked out of it once, not for each chat."""

    profile: Profile
    shape: Shape
    calendar: Days  # The platform's days…
    dates: Days  # …and those of the wall.
    hours: Hours | None


_LENSES: dict[int, _Lens] = {}  # By the profile itself: to hash one takes longer than to look through it.


def _lens(profile: Profile) -> _Lens:
    found = _LENSES.get(id(profile))
    if found is None or found.profile is not profile:
        if len(_LENSES) >= LENSES_KEPT:
            _LENSES.clear()
        found = _LENSES[id(profile)] = _Lens(
            profile,
            shape(profile),
            days(profile.zone, profile.day_starts_ms or 0),
            days(profile.zone),
            None if profile.hours is None else hours(profile.hours, profile.zone),
        )
    return found


class _Part(NamedTuple):
    verdict: int
    ms: int  # -1: no reply.
    due_ms: int
    why: str
    at_ms: int  # When it was decided: whoever held the chat then is charged a miss.


class Judge:
    """Judges one log under any number of profiles; those of one shape share the walk.

    Args:
        log: in order, as `log.in_order` gives it.
        buyer: whose chat it is.
        conversation: its id.
        now_ms: how far time has come.
        gaps: of the feeds of its shop.
        manned: returns when its shop had nobody; asked only where that matters.
        in_hours: whether an instant is one that its shop is answered for; None: each is.
    """

    def __init__(
        self,
        log: list[Said],
        *,
        buyer: str,
        conversation: str,
        now_ms: int,
        gaps: Sequence[Gap] = (),
        manned: Callable[[], Manned] = lambda: UNKNOWN,
        in_hours: Callable[[int], bool] | None = None,
    ) -> None:
        self.log = log
        self.buyer = buyer
        self._conversation = conversation
        self._now_ms = now_ms
        self._gaps = gaps
        self.manned = manned
        self._in_hours = in_hours
        self._walks: dict[Shape, Walk] = {}

    def walk(self, of: Shape) -> Walk:
        """Return the rounds and sessions of a shape."""
        found = self._walks.get(of)
        if found is None:
            found = self._walks[of] = Walk(of).over(self.log, self._now_ms)
        return found

    def marks(self, versions: tuple[Profile, ...]) -> list[Mark]:
        """Return what all comes to under a profile, each unit under the version that held on its day."""
        if len(versions) == 1:
            return list(self._under(versions[0]))
        return [
            mark for profile in versions for mark in self._under(profile) if in_force(versions, mark.day) is profile
        ]

    def _under(self, profile: Profile) -> Iterable[Mark]:
        lens = _lens(profile)
        walk = self.walk(lens.shape)
        if profile.unit == "message":
            return self._messages(lens, walk.rounds)
        if profile.unit in ("session", "thread_first"):
            return self._sessions(lens, walk)
        of, by_parts = lens.calendar.of, profile.by_parts
        marks = []
        for one in walk.rounds:
            part = self._judged(lens, one, one.start_ms)
            unit = self._unit(profile, one) if by_parts else ""
            marks.append(self._mark(one, part, of(one.start_ms).number, unit))
        return marks

    def _unit(self, profile: Profile, one: Round) -> str:
        name = self.buyer if profile.key != "conversation" else self._conversation
        return f"{name}{APART}{one.account or ''}" if profile.key == "account_buyer" else name

    def _messages(self, lens: _Lens, rounds: list[Round]) -> Iterable[Mark]:
        for one in rounds:
            for at_ms in one.messages:
                start_ms = max(at_ms, one.start_ms)
                mark = self._mark(one, self._judged(lens, one, start_ms), lens.calendar.of(start_ms).number, "")
                yield mark._replace(start_ms=start_ms)

    def _sessions(self, lens: _Lens, walk: Walk) -> Iterable[Mark]:
        profile = lens.profile
        rounds: dict[int, list[Round]] = {}
        for one in walk.rounds:
            rounds.setdefault(id(one.session), []).append(one)
        for session in walk.sessions:
            own = rounds.get(id(session), [])
            if not own or (profile.first_only and session.outbound):
                continue  # A buyer who answers what the shop has said first gets no "first reply".
            if profile.first_only:
                del own[1:]
            day = lens.calendar.of(session.start_ms).number
            if profile.bot_only == "drop" and session.bot and not session.replied and not any(r.handed for r in own):
                yield self._mark(own[0], _Part(EXCLUDED, -1, NEVER_MS, "bot", self._now_ms), day, "")
                continue
            parts = [self._judged(lens, one, one.start_ms) for one in own]
            verdict = together([part.verdict for part in parts])
            deciding = next((at for at, part in enumerate(parts) if part.verdict == verdict), 0)
            mark = self._mark(own[deciding], parts[deciding], day, "")
            answered = [part.ms for part in parts if part.ms >= 0]
            due_ms = min(part.due_ms for part in parts if part.verdict == verdict)
            yield mark._replace(sum_ms=sum(answered), waits=len(answered), start_ms=session.start_ms, due_ms=due_ms)

    def _judged(self, lens: _Lens, one: Round, start_ms: int) -> _Part:
        profile, now_ms = lens.profile, self._now_ms
        limit_ms = profile.limit_ms
        end_ms = one.end_ms if one.how == ANSWERED else NEVER_MS
        why = self._left_out(lens, one, start_ms)
        if why:
            return _Part(EXCLUDED, -1, NEVER_MS, why, now_ms)
        if profile.bot_only == "answered" and one.bot and not one.handed and one.how != ANSWERED:
            return _Part(HIT, -1, NEVER_MS, "", start_ms)
        last_ms = NEVER_MS if limit_ms is None else start_ms + limit_ms  # The last instant in time.
        if profile.weekend_by_ms is not None and one.bot:
            last_ms = max(last_ms, _after_weekend(profile.zone, start_ms, profile.weekend_by_ms))
        due_ms = min(last_ms + 1, one.due_ms)
        if self._gaps and self._gap_over(one, start_ms, min(end_ms, due_ms)):
            # Until the day ends the feed may still be filled in.
            until_ms = lens.calendar.of(start_ms).end_ms
            if now_ms < until_ms:
                return _Part(UNDETERMINED, -1, until_ms, "feed gap", now_ms)
            return _Part(EXCLUDED, -1, NEVER_MS, "feed gap", now_ms)
        if one.how == ANSWERED:
            wait_ms = end_ms - start_ms
            shown_ms = wait_ms if profile.cap_ms is None else min(wait_ms, profile.cap_ms)
            if end_ms < due_ms:
                return _Part(HIT, shown_ms, NEVER_MS, "", end_ms)
            if one.after_ms >= 0 and max(one.after_ms, start_ms) < due_ms:
                return _Part(UNDETERMINED, -1, NEVER_MS, "answered elsewhere", end_ms)
            return _Part(MISS, shown_ms, NEVER_MS, _courtesy(one), due_ms)
        if one.how in (ABANDONED, DISMISSED) and one.end_ms < due_ms:
            if profile.abandoned == "missed" and one.how == ABANDONED:
                return _Part(MISS, self._unanswered(profile), NEVER_MS, "", one.end_ms)
            return _Part(EXCLUDED, -1, NEVER_MS, one.how, one.end_ms)
        capped = profile.cap_ms is not None and profile.cap_ms == profile.unanswered_as_ms and limit_ms is None
        if capped and profile.cap_ms is not None:
            due_ms = min(due_ms, start_ms + profile.cap_ms + 1)  # Whatever comes, it counts as that.
        if now_ms < due_ms and one.how == OPEN:
            return _Part(UNDETERMINED, -1, due_ms, "open", now_ms)
        return _Part(MISS, self._unanswered(profile), NEVER_MS, _courtesy(one), min(due_ms, now_ms))

    @staticmethod
    def _unanswered(profile: Profile) -> int:
        return -1 if profile.unanswered_as_ms is None else profile.unanswered_as_ms

    def _left_out(self, lens: _Lens, one: Round, start_ms: int) -> str:
        """Return why the platform does not look at a round at all; "": it does."""
        profile, open_hours = lens.profile, lens.hours
        by_ms = one.session.start_ms if profile.hours_by == "session_start" else start_ms
        if (
            open_hours is not None
            and not open_hours.holds(by_ms)
            and not (profile.hours_by == "either" and one.how == ANSWERED and open_hours.holds(one.end_ms))
        ):
            return "hours"
        if profile.shop_hours and self._in_hours is not None and not self._in_hours(by_ms):
            return "hours"
        if profile.exempt_dates and lens.dates.of(by_ms).number in profile.exempt_dates:
            return "exempt date"
        if profile.needless == "drop" and one.needless:
            return "needs no reply"
        if profile.offline == "drop" and self.manned().nobody(by_ms):
            return "left offline"
        if profile.bot_only == "drop" and one.bot and not one.handed and one.how != ANSWERED:
            return "bot"
        return ""

    def _gap_over(self, one: Round, start_ms: int, end_ms: int) -> bool:
        return any(
            start_ms <= gap.to_ms
            and end_ms >= gap.from_ms
            and (gap.account is None or one.account is None or gap.account in (one.account, one.by_account))
            for gap in self._gaps
        )

    @staticmethod
    def _mark(one: Round, part: _Part, day: int, unit: str) -> Mark:
        if part.verdict == HIT:
            agent, account = one.agent, one.by_account  # Credited to who wrote it.
        else:
            agent, account = one.holder(part.at_ms)
            if agent is None and account is None:
                agent, account = one.agent, one.by_account
        if agent is None and not (part.verdict == HIT and one.by_machine):
            agent = account  # Whose account it is nobody knows: it stands for its person.
        waits = 1 if part.ms >= 0 else 0
        return Mark(
            day, part.verdict, agent, account, unit, max(0, part.ms), waits, one.start_ms, part.due_ms, part.why,
            part.at_ms if part.verdict <= MISS else 0,
        )  # fmt: skip


def _after_weekend(zone: str, at_ms: int, by_ms: int) -> int:
    """Return the time ``by_ms`` of the Monday after a Saturday or Sunday; 0 on another day."""
    calendar = days(zone)
    number = calendar.of(at_ms).number
    weekday = (number - 1) % 7  # Of Monday 0.
    return calendar.at(number + 7 - weekday, by_ms) if weekday >= 5 else 0


def _courtesy(one: Round) -> str:
    return "courtesy" if one.courtesy and one.messages else ""


def together(verdicts: Iterable[int], *, any_hit: bool = False) -> int:
    """Return what a unit is whose parts came out so.

    Args:
        verdicts: of its parts.
        any_hit: one reply is enough; else any miss fails it.
    """
    found = set(verdicts)
    for verdict in (HIT, UNDETERMINED, MISS) if any_hit else (MISS, UNDETERMINED, HIT):
        if verdict in found:
            return verdict
    return EXCLUDED
