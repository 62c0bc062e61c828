"""Who is told of a wait at which second.

The tracker asks when something of a wait's ladder is due (`next_ms`), lets it be
judged then (`judge`), and ends a slice of time with `flush`: what came due together for
one agent and team becomes one message, which names the agent's other waits too.
What was told, and what people did (`acting`), lies in the `Ladder` of each wait, so it is saved and
read back with the wait's row; here is only what can be made anew from those.

A step that comes due while nothing may be told (a claim, a mute, a silence, an
unattended shop) is passed over, not made up; of several that have come due at
once, as after a stale feed, only the highest is told.
"""

from typing import Any, NamedTuple

from monitor.core.alert_log import AlertLog
from monitor.core.conversation import FIRING, Conversation, Told
from monitor.core.decisions import AlertAct, NamedWait, TellPeople, ToldStep
from monitor.core.gathered import Gathered
from monitor.core.incidents import Incidents
from monitor.core.ladder import BEYOND_PANEL, OPENING_MS, TO_TEAM, Ladder, Rung
from monitor.core.ladders import Host, Ladders
from monitor.core.openings import Openings
from monitor.core.policy import Policy
from monitor.core.rounds import window
from monitor.core.telling import anew, told_of
from monitor.core.timers import NEVER_MS
from monitor.core.wait import Wait

WORTH_MS = 60_000  # Longer after its decision no message helps, even where no further step follows.
ROOM_AT_MOST = 3  # Of those who could take a chat over, the ones with most room.
NAMED_AT_MOST = 200  # In one message; who sends shows the first few and how many more.


class _Due(NamedTuple):
    conversation: Conversation
    wait: Wait
    told: Told
    ladder: Ladder
    rung: Rung
    due_at_ms: int


class _Group(NamedTuple):
    """What becomes one message."""

    to: str
    step: int
    repetition: int
    team: str
    who: str


class Escalation:
    """The ladders of all waits of one tracker.

    Args:
        host: the tracker.
        ladders: how each wait stands.
        log: where alerts are written down.
        incidents: keeps the digest.

    Attributes:
        unattended: shops in which nobody can take a new chat; one alert stands for their `slow` waits.
    """

    def __init__(self, host: Host, ladders: Ladders, log: AlertLog, incidents: Incidents) -> None:
        self._policies = ladders.policies
        self._host = host
        self._ladders = ladders
        self._log = log
        self._incidents = incidents
        self._gathered = Gathered(ladders)
        self._openings = Openings(host, ladders, log, incidents)
        self._due: dict[_Group, list[_Due]] = {}
        self._claims_over: dict[str, list[_Due]] = {}
        self.unattended: set[str] = set()

    # -- when --------------------------------------------------------------------------------------------------------

    def next_ms(self, conversation: Conversation, wait: Wait) -> int:
        """Return when something of a wait's ladder is due next; NEVER_MS: nothing is, or its clock stands."""
        told = told_of(conversation, wait.number) if conversation.told else None
        ladder = told.ladder if told is not None else None
        from_opening = not wait.since_ms
        at_ms = NEVER_MS
        if ladder is None or not ladder.stopped:
            after_ms = -1
            if ladder is not None and told is not None and told.state == FIRING and ladder.courtesy == from_opening:
                after_ms = ladder.at_ms
            gather_ms = self._ladders.table[wait.policy].gather_ms
            if gather_ms and not from_opening and (ladder is None or ladder.gathered is None):
                at_ms = self._ladders.reaches(wait, gather_ms) + 1
            for rung in self._ladders.rungs(wait):
                if rung.at_ms > after_ms:
                    at_ms = min(at_ms, self._ladders.reaches(wait, rung.at_ms) + 1)
                    break
        if ladder is None or not ladder.stopped:
            at_ms = self._ladders.next_opening_ms(wait, at_ms)
        if ladder is not None and ladder.hold_until_ms and ladder.hold_until_ms < at_ms:
            return ladder.hold_until_ms + 1
        return at_ms

    # -- what is due -------------------------------------------------------------------------------------------------

    def judge(self, conversation: Conversation, wait: Wait, now_ms: int) -> None:
        """Note what has come due of a wait's ladder; `flush` tells it."""
        policy = self._policies[wait.policy]
        from_opening = not wait.since_ms
        clock_ms = self._ladders.clock_ms(wait, now_ms - 1)  # A reply of the very second goes first.
        told = told_of(conversation, wait.number) if conversation.told else None
        ladder = told.ladder if told is not None else None
        if told is not None and ladder is not None:
            self._judge_claim(conversation, wait, told, ladder, now_ms)
            if ladder.stopped:
                return
        if self._openings.judge(conversation, wait, policy, ladder, now_ms):
            told, ladder = self._ladders.ladder_of(conversation, wait, now_ms)
        behind_ms = -1
        if ladder is not None and told is not None and told.state == FIRING and ladder.courtesy == from_opening:
            behind_ms = ladder.at_ms
        due = [rung for rung in self._ladders.rungs(wait) if behind_ms < rung.at_ms <= clock_ms]
        gather_ms = 0 if from_opening else self._ladders.table[wait.policy].gather_ms
        gathers = 0 < gather_ms <= clock_ms and (ladder is None or ladder.gathered is None)
        if not due and not gathers:
            return
        told, ladder = self._ladders.ladder_of(conversation, wait, now_ms)
        self._host.touch(conversation)
        if due and told.state != FIRING:
            anew(told)
        if gathers or ladder.gathered is not None:
            self._gathered.follow(conversation, wait, ladder)
        if not due:
            return
        highest_ms = due[-1].at_ms
        ladder.at_ms, ladder.courtesy = highest_ms, from_opening
        due_at_ms = min(self._ladders.reaches(wait, highest_ms), now_ms)
        for rung in due:
            if rung.at_ms == highest_ms and self._may_tell(conversation, wait, policy, ladder, rung, due_at_ms):
                group = _Group(rung.to, rung.step, rung.repetition, policy.team, self._ladders.who(conversation))
                self._due.setdefault(group, []).append(_Due(conversation, wait, told, ladder, rung, due_at_ms))

    def _may_tell(
        self, conversation: Conversation, wait: Wait, policy: Policy, ladder: Ladder, rung: Rung, at_ms: int
    ) -> bool:
        if ladder.quiet(at_ms) or ladder.holds(at_ms) or ladder.has_told(rung):
            return False
        if rung.if_unclaimed and ladder.claimed_by:
            return False
        if rung.to in TO_TEAM and at_ms <= ladder.opening_ms + OPENING_MS:
            return False  # Named in the message of the opening.
        stages = window(policy, wait)
        if rung.to in TO_TEAM and conversation.shop in self.unattended:
            entered = sum(stage.after_ms <= rung.at_ms for stage in stages)
            if entered <= 1:
                return False
        return not self._ladders.silenced(conversation, policy, self._ladders.stage(wait, policy, at_ms), at_ms)

    def _judge_claim(self, conversation: Conversation, wait: Wait, told: Told, ladder: Ladder, now_ms: int) -> None:
        """The claim holds no longer, and the buyer still waits: who claimed is told, and nobody else."""
        if ladder.hold_until_ms and ladder.hold_until_ms < now_ms:
            until_ms, ladder.hold_until_ms = ladder.hold_until_ms, 0
            self._host.touch(conversation)
            if not ladder.quiet(until_ms):
                rung = Rung(0, "claimer", "claim", 0, 0, 0, False)
                one = _Due(conversation, wait, told, ladder, rung, until_ms)
                self._claims_over.setdefault(ladder.claimed_by, []).append(one)

    # -- one message for each agent and team ---------------------------------------------------------------------------

    def moved(self, conversation: Conversation) -> None:
        """The chat may have changed hands: it goes into the message of whoever has it now."""
        self._gathered.moved(conversation)

    @property
    def pending(self) -> bool:
        """Whether something that has come due is still to be told."""
        return bool(self._due)

    def flush(self, now_ms: int, at_most: int = 1 << 30) -> None:
        """Tell what has come due: whole messages, until they name ``at_most`` waits; `pending` says what is left."""
        while self._due and at_most > 0:
            group = next(iter(self._due))
            due = [one for one in self._due.pop(group) if one.conversation.state.wait is one.wait]
            if not due:
                continue  # Answered since.
            if group.to == "digest":
                for one in due:
                    self._mark(one, self._ladders.named(one.conversation, one.wait, now_ms), now_ms, "digest")
                    self._incidents.overdue(one.conversation.shop, one.conversation.id, one.wait.number, now_ms)
                at_most -= len(due)
            else:
                at_most -= self._tell(group, due, now_ms)
        self._incidents.flush()
        if self._claims_over:
            over, self._claims_over = self._claims_over, {}
            for by, found in over.items():
                self._tell_claimer(by, found, now_ms)

    def _tell(self, group: _Group, due: list[_Due], now_ms: int) -> int:
        """Tell one message; return how many waits it is told of."""
        first = due[0]
        decided_at_ms = self._ladders.decided(first.due_at_ms, now_ms)
        gather_ms = max(one.rung.gather_ms for one in due)
        others = self._others(group, {one.conversation for one in due}, gather_ms, decided_at_ms) if gather_ms else []
        waits = []
        to = group.to
        if to == "lead" and self._host.people is not None and self._host.people.nobody_leads(group.team, now_ms):
            to = "digest"  # No lead is there: the floor manager is told, at once.
        for one in (*due, *others):
            named = self._ladders.named(one.conversation, one.wait, decided_at_ms)
            waits.append(named)
            self._mark(one, named, now_ms, to)
        facts = self._of_agent(group, first.conversation.shop, now_ms) if group.to in BEYOND_PANEL else {}
        if len(waits) > NAMED_AT_MOST:
            facts["more"] = len(waits) - NAMED_AT_MOST
        next_ms = min((self._next_step_ms(one) for one in due), default=NEVER_MS)
        again = f".r{first.told.repetition}" if first.told.repetition else ""
        self._host.decisions.append(
            TellPeople(
                key=f"{first.wait.number}.{group.to}.{first.rung.label}{again}",
                alert=str(first.wait.number),
                kind="waits",
                step=first.rung.label,
                to=to,  # type: ignore[arg-type]
                team=group.team,
                agent=group.who or None,
                waits=tuple(sorted(waits, key=_urgency)[:NAMED_AT_MOST]),
                due_at_ms=first.due_at_ms,
                decided_at_ms=decided_at_ms,
                expires_at_ms=min(decided_at_ms + WORTH_MS, max(next_ms, decided_at_ms + 1)),
                facts=facts,
            )
        )
        return len(waits)

    def _of_agent(self, group: _Group, shop: str, now_ms: int) -> dict[str, Any]:
        """Return what a lead wants to know of whose waits these are, and who could take one."""
        people = self._host.people
        if people is None:
            return {}
        chats, limit = people.load(group.who)
        lead = people.lead_of(group.team, now_ms)
        return {
            "chats": chats,
            "limit": limit,
            "seat": people.seat_of(group.who, now_ms, shop),
            "lead": lead.id if lead is not None else None,
            "room": [list(one) for one in people.room(shop, now_ms) if one[0] != group.who][:ROOM_AT_MOST],
        }

    def _others(self, group: _Group, due: set[Conversation], gather_ms: int, now_ms: int) -> list[_Due]:
        """Return the agent's other waits that are over so much: named now, they are told of at this step."""
        found = []
        ladders = self._ladders
        for conversation in self._gathered.of(group.team, group.who):
            wait = conversation.state.wait
            if conversation in due or wait is None or not wait.since_ms:
                continue
            told = told_of(conversation, wait.number)
            ladder = told.ladder if told is not None else None
            if told is None or ladder is None or told.state != FIRING or ladder.quiet(now_ms):
                continue
            if ladders.clock_ms(wait, now_ms) <= gather_ms or self._host.held_back(conversation):
                continue
            policy = self._policies[wait.policy]
            if ladders.silenced(conversation, policy, ladders.stage(wait, policy, now_ms), now_ms):
                continue
            own = [
                rung
                for rung in ladders.rungs(wait)
                if (rung.to, rung.step, rung.repetition) == (group.to, group.step, group.repetition)
            ]
            rung = own[0] if own else Rung(0, group.to, "", group.step, group.repetition, 0, False)
            found.append(_Due(conversation, wait, told, ladder, rung, now_ms))
        return found

    def _mark(self, one: _Due, as_named: NamedWait, now_ms: int, to: str) -> None:
        """Note that people were told of a wait at a step; ``to`` is whom, where nobody of the step was there."""
        rung, ladder = one.rung, one.ladder
        if not rung.label or ladder.has_told(rung):
            return
        named = rung.at_ms > ladder.at_ms
        decided_at_ms = self._ladders.decided(one.due_at_ms, now_ms)
        ladder.told = (*ladder.told, ToldStep(rung.label, rung.to, one.due_at_ms, decided_at_ms, named))
        one.told.at_ms = decided_at_ms
        if not ladder.first_ms and not ladder.courtesy:
            clock_ms = self._ladders.clock_ms(one.wait, now_ms) if named else rung.at_ms
            ladder.first_ms = min(clock_ms, rung.at_ms)
        self._host.touch(one.conversation)
        if rung.to in BEYOND_PANEL:
            if not ladder.raised_at_ms:
                ladder.raised_at_ms = decided_at_ms
                ladder.limit_at_ms = (self._ladders.next_limit_ms(one.wait, decided_at_ms) or 1) - 1
            detail = f"{to} {rung.label}" + (" named" if named else "")
            act = AlertAct(decided_at_ms, "", "told", detail)
            since_ms, policy = as_named.since_ms, one.wait.policy
            self._log.write(one.told, as_named, as_named.stage, since_ms, act, None, None, policy=policy)

    def _tell_claimer(self, by: str, due: list[_Due], now_ms: int) -> None:
        first = due[0]
        decided_at_ms = self._ladders.decided(first.due_at_ms, now_ms)
        waits = [self._ladders.named(one.conversation, one.wait, decided_at_ms) for one in due]
        self._host.decisions.append(
            TellPeople(
                key=f"{first.wait.number}.claimer.{first.ladder.claimed_at_ms}",
                alert=str(first.wait.number),
                kind="claimer",
                step="claim",
                to="claimer",
                team=self._policies[first.wait.policy].team,
                agent=by,
                waits=tuple(sorted(waits, key=_urgency)[:NAMED_AT_MOST]),
                due_at_ms=first.due_at_ms,
                decided_at_ms=decided_at_ms,
                expires_at_ms=decided_at_ms + WORTH_MS,
                facts={"by": by},
            )
        )
        for one in due:
            self._log.stands(one.conversation, one.wait, AlertAct(decided_at_ms, "", "told", f"claimer {by}"))

    def _next_step_ms(self, one: _Due) -> int:
        """Return when the next step after this one is due."""
        for rung in self._ladders.rungs(one.wait):
            if rung.at_ms > one.rung.at_ms:
                return self._ladders.reaches(one.wait, rung.at_ms)
        return NEVER_MS

    # -- how it stands -------------------------------------------------------------------------------------------------

    def leave(self, conversation: Conversation, told: Told) -> None:
        """Nothing of this alert comes any more, unless it is raised again."""
        if told.ladder is not None:
            self._gathered.leave(conversation, told.ladder)
            told.ladder.hold_until_ms = 0

    # -- read back -----------------------------------------------------------------------------------------------------

    def restore(self, conversation: Conversation) -> None:
        """Take in a conversation that was read back."""
        wait = conversation.state.wait
        told = told_of(conversation, wait.number) if wait is not None and conversation.told else None
        if wait is not None and told is not None and told.ladder is not None and told.ladder.gathered is not None:
            self._gathered.follow(conversation, wait, told.ladder)


def _urgency(one: NamedWait) -> tuple[bool, int, int]:
    """Order waits: the least time left first, those past their last limit at the end, the longest first."""
    return (one.next_due_at_ms is None, one.next_due_at_ms or 0, one.since_ms)
