"""Who is told of a wait at which second, and what people do about it: claims, mutes, silences.

The tracker asks when something of a wait's ladder is due (`next_ms`), lets it be
judged then (`judge`), and ends a slice of time with `flush`: what came due together for
one agent and team becomes one message, which names the agent's other waits too.
What was told and done lies in the `Ladder` of each wait, so it is saved and read
back with the wait's row; here is only what can be made anew from those, and the silences.

A step that comes due while nothing may be told (a claim, a mute, a silence, an
unattended shop) is passed over, not made up; of several that have come due at
once, as after a stale feed, only the highest is told.
"""

from typing import Any, Literal, NamedTuple, Protocol

from monitor.core import events as ev
from monitor.core.conversation import FIRING, RESOLVED, WITHDRAWN, Conversation, Told
from monitor.core.decisions import (
    AlertAct,
    AlertOrder,
    AlertState,
    Decision,
    NamedWait,
    RaiseAlert,
    ResolveAlert,
    Round,
    TellPeople,
    ToldStep,
    WithdrawAlert,
)
from monitor.core.fold import CLOSED_UNANSWERED, FIRST, Promise, Wait
from monitor.core.incidents import Incidents
from monitor.core.ladder import BEYOND_PANEL, Ladder, Rung, Rungs
from monitor.core.pages import Pages
from monitor.core.people import People
from monitor.core.policy import Policy
from monitor.core.rounds import stages_passed, window
from monitor.core.silences import Silences
from monitor.core.telling import keep_told, told_of
from monitor.core.timers import NEVER_MS

WORTH_MS = 60_000  # Longer after its decision no message helps, even where no further step follows.
ROOM_AT_MOST = 3  # Of those who could take a chat over, the ones with most room.
NAMED_AT_MOST = 200  # In one message; who sends shows the first few and how many more.


class Host(Protocol):
    """What the escalation asks the tracker."""

    decisions: list[Decision]
    now_ms: int
    people: People | None

    @property
    def wall(self) -> bool:
        """Whether time is the wall clock."""

    def platform_of(self, shop: str) -> str:
        """Return the platform of a shop."""

    def touch(self, conversation: Conversation) -> None:
        """Note that a row has changed."""

    def held_back(self, conversation: Conversation) -> bool:
        """Whether its waits are not judged now: its feed is stale or catching up."""


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
        policies: by number.
        host: the tracker.
        silences: those in force.
        incidents: keeps the digest.
        lateness_ms: within this, what comes late may disprove what was told.

    Attributes:
        unattended: shops in which nobody can take a new chat; one alert stands for their `slow` waits.
    """

    def __init__(self, policies: Pages, host: Host, silences: Silences, incidents: Incidents, lateness_ms: int) -> None:
        self._policies = policies
        self._host = host
        self._silences = silences
        self._incidents = incidents
        self._lateness_ms = lateness_ms
        self._rungs: dict[int, Rungs] = {}
        self._gathered: dict[tuple[str, str], dict[Conversation, None]] = {}
        self._due: dict[_Group, list[_Due]] = {}
        self._claims_over: dict[str, list[_Due]] = {}
        self.unattended: set[str] = set()

    # -- when --------------------------------------------------------------------------------------------------------

    def has_steps(self, policy: int) -> bool:
        """Whether a policy tells people by steps."""
        return self._all_rungs(policy).any

    def rungs(self, wait: Wait) -> tuple[Rung, ...]:
        """Return the rungs of a wait, as it stands."""
        all_of = self._all_rungs(wait.policy)
        if not wait.since_ms:
            return all_of.courtesy
        return all_of.first if wait.flags & FIRST else all_of.usual

    def _all_rungs(self, policy: int) -> Rungs:
        found = self._rungs.get(policy)
        if found is None:
            found = self._rungs[policy] = Rungs.of(self._policies[policy])
        return found

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
            gather_ms = self._all_rungs(wait.policy).gather_ms
            if gather_ms and not from_opening and (ladder is None or ladder.gathered is None):
                at_ms = self._reaches(wait, gather_ms) + 1
            for rung in self.rungs(wait):
                if rung.at_ms > after_ms:
                    at_ms = min(at_ms, self._reaches(wait, rung.at_ms) + 1)
                    break
        if ladder is not None and ladder.hold_until_ms and ladder.hold_until_ms < at_ms:
            return ladder.hold_until_ms + 1
        return at_ms

    # -- what is due -------------------------------------------------------------------------------------------------

    def judge(self, conversation: Conversation, wait: Wait, now_ms: int) -> None:
        """Note what has come due of a wait's ladder; `flush` tells it."""
        policy = self._policies[wait.policy]
        from_opening = not wait.since_ms
        clock_ms = self._clock_ms(wait, now_ms - 1)  # A reply of the very second goes first.
        told = told_of(conversation, wait.number) if conversation.told else None
        ladder = told.ladder if told is not None else None
        if told is not None and ladder is not None:
            self._judge_claim(conversation, wait, told, ladder, now_ms)
            if ladder.stopped:
                return
        behind_ms = ladder.at_ms if ladder is not None and ladder.courtesy == from_opening else -1
        if told is not None and told.state == WITHDRAWN:
            behind_ms = -1
        due = [rung for rung in self.rungs(wait) if behind_ms < rung.at_ms <= clock_ms]
        gather_ms = 0 if from_opening else self._all_rungs(wait.policy).gather_ms
        gathers = 0 < gather_ms <= clock_ms and (ladder is None or ladder.gathered is None)
        if not due and not gathers:
            return
        told, ladder = self.ladder_of(conversation, wait, now_ms)
        self._host.touch(conversation)
        if due and told.state == WITHDRAWN:
            anew(told)
        if gathers or ladder.gathered is not None:
            self.follow(conversation, wait, ladder)
        if not due:
            return
        highest_ms = due[-1].at_ms
        ladder.at_ms, ladder.courtesy = highest_ms, from_opening
        due_at_ms = min(self._reaches(wait, highest_ms), now_ms)
        for rung in due:
            if rung.at_ms == highest_ms and self._may_tell(conversation, wait, policy, ladder, rung, due_at_ms):
                group = _Group(rung.to, rung.step, rung.repetition, policy.team, self._who(conversation))
                self._due.setdefault(group, []).append(_Due(conversation, wait, told, ladder, rung, due_at_ms))

    def _may_tell(
        self, conversation: Conversation, wait: Wait, policy: Policy, ladder: Ladder, rung: Rung, at_ms: int
    ) -> bool:
        if ladder.quiet(at_ms) or ladder.holds(at_ms) or ladder.has_told(rung):
            return False
        if rung.if_unclaimed and ladder.claimed_by:
            return False
        stages = window(policy, wait)
        if rung.to in ("team", "lead") and conversation.shop in self.unattended:
            entered = sum(stage.after_ms <= rung.at_ms for stage in stages)
            if entered <= 1:
                return False
        return not (self._silences and self.silenced(conversation, policy, self._stage(wait, policy, at_ms), at_ms))

    def silenced(self, conversation: Conversation, policy: Policy, stage: str, at_ms: int) -> bool:
        """Whether nothing is to be told of a conversation's wait at an instant."""
        holder = conversation.state.holder
        return self._silences.covers(
            at_ms,
            shop=conversation.shop,
            platform=self._host.platform_of(conversation.shop),
            team=policy.team,
            agent=holder.agent if holder is not None else None,
            stage=stage,
        )

    def _clock_ms(self, wait: Wait, at_ms: int) -> int:
        """Return what the counted clock shows: from the first message that needs an answer, else from the opening."""
        clock = self._policies.clocks[wait.policy]
        return wait.needed_ms(at_ms, clock) if wait.since_ms else wait.counted_ms(at_ms, clock)

    def _stage(self, wait: Wait, policy: Policy, at_ms: int) -> str:
        stages = window(policy, wait)
        passed = stages_passed(stages, self._clock_ms(wait, at_ms))
        return stages[passed - 1].name if passed else "fresh"

    def _who(self, conversation: Conversation) -> str:
        """Return who can be acted on: the person, where that is known, else the agent or account; empty: nobody."""
        holder = conversation.state.holder
        if holder is None:
            return ""
        people = self._host.people
        person = None
        if people is not None:
            person = people.person_of(holder.agent, holder.account, conversation.shop, self._host.now_ms)
        return person or holder.agent or holder.account or ""

    def _reaches(self, wait: Wait, counted_ms: int) -> int:
        """Return when that clock comes to a length; NEVER_MS: not as it stands."""
        clock = self._policies.clocks[wait.policy]
        return wait.reaches_at_ms(counted_ms, clock, from_opening=not wait.since_ms) or NEVER_MS

    def _judge_claim(self, conversation: Conversation, wait: Wait, told: Told, ladder: Ladder, now_ms: int) -> None:
        """The claim holds no longer, and the buyer still waits: who claimed is told, and nobody else."""
        if ladder.hold_until_ms and ladder.hold_until_ms < now_ms:
            until_ms, ladder.hold_until_ms = ladder.hold_until_ms, 0
            self._host.touch(conversation)
            if not ladder.quiet(until_ms):
                rung = Rung(0, "claimer", "claim", 0, 0, 0, False)
                one = _Due(conversation, wait, told, ladder, rung, until_ms)
                self._claims_over.setdefault(ladder.claimed_by, []).append(one)

    def ladder_of(self, conversation: Conversation, wait: Wait, now_ms: int) -> tuple[Told, Ladder]:
        """Return what is kept of a wait's alert; made now if there was nothing."""
        told = told_of(conversation, wait.number) if conversation.told else None
        if told is None:
            told = Told(wait.number, 0, 0, FIRING, 0, 0, wait.policy, wait.flags & FIRST > 0)
            keep_told(conversation, told, now_ms - self._lateness_ms)
        if told.ladder is None:
            told.ladder = Ladder()
        return told, told.ladder

    # -- one message for each agent and team ---------------------------------------------------------------------------

    def follow(self, conversation: Conversation, wait: Wait, ladder: Ladder) -> None:
        """Keep a wait under the team and agent in whose message it is named."""
        key = (self._policies[wait.policy].team, self._who(conversation))
        if ladder.gathered != key:
            self._leave(conversation, ladder)
            ladder.gathered = key
        self._gathered.setdefault(key, {})[conversation] = None

    def moved(self, conversation: Conversation) -> None:
        """The chat may have changed hands."""
        wait = conversation.state.wait
        told = conversation.told[-1]
        ladder = told.ladder
        if ladder is None or ladder.gathered is None or wait is None or wait.number != told.wait:
            return
        if ladder.gathered[1] != self._who(conversation):
            self.follow(conversation, wait, ladder)

    def _leave(self, conversation: Conversation, ladder: Ladder) -> None:
        if ladder.gathered is not None:
            among = self._gathered.get(ladder.gathered)
            if among is not None:
                among.pop(conversation, None)
                if not among:
                    del self._gathered[ladder.gathered]
            ladder.gathered = None

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
                    self._mark(one, self.named(one.conversation, one.wait, now_ms), now_ms)
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
        decided_at_ms = self._decided(first.due_at_ms, now_ms)
        gather_ms = max(one.rung.gather_ms for one in due)
        others = self._others(group, {one.conversation for one in due}, gather_ms, decided_at_ms) if gather_ms else []
        waits = []
        for one in (*due, *others):
            named = self.named(one.conversation, one.wait, decided_at_ms)
            waits.append(named)
            self._mark(one, named, now_ms)
        facts = self._of_agent(group, first.conversation.shop, now_ms) if group.to in BEYOND_PANEL else {}
        if len(waits) > NAMED_AT_MOST:
            facts["more"] = len(waits) - NAMED_AT_MOST
        next_ms = min((self._after(one) for one in due), default=NEVER_MS)
        again = f".r{first.told.repetition}" if first.told.repetition else ""
        self._host.decisions.append(
            TellPeople(
                key=f"{first.wait.number}.{group.to}.{first.rung.label}{again}",
                alert=str(first.wait.number),
                kind="waits",
                step=first.rung.label,
                to=group.to,  # type: ignore[arg-type]
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
        for conversation in list(self._gathered.get((group.team, group.who), ())):
            wait = conversation.state.wait
            if conversation in due or wait is None or not wait.since_ms or self._clock_ms(wait, now_ms) <= gather_ms:
                continue
            told = told_of(conversation, wait.number)
            ladder = told.ladder if told is not None else None
            if told is None or ladder is None or told.state != FIRING or ladder.quiet(now_ms):
                continue
            policy = self._policies[wait.policy]
            if self._host.held_back(conversation) or (
                self._silences and self.silenced(conversation, policy, self._stage(wait, policy, now_ms), now_ms)
            ):
                continue
            own = [
                rung
                for rung in self.rungs(wait)
                if (rung.to, rung.step, rung.repetition) == (group.to, group.step, group.repetition)
            ]
            rung = own[0] if own else Rung(0, group.to, "", group.step, group.repetition, 0, False)
            found.append(_Due(conversation, wait, told, ladder, rung, now_ms))
        return found

    def _mark(self, one: _Due, as_named: NamedWait, now_ms: int) -> None:
        """Note that people were told of a wait at a step."""
        rung, ladder = one.rung, one.ladder
        if not rung.label or ladder.has_told(rung):
            return
        named = rung.at_ms > ladder.at_ms
        decided_at_ms = self._decided(one.due_at_ms, now_ms)
        ladder.told = (*ladder.told, ToldStep(rung.label, rung.to, one.due_at_ms, decided_at_ms, named))
        one.told.at_ms = decided_at_ms
        if not ladder.first_ms and not ladder.courtesy:
            clock_ms = self._clock_ms(one.wait, now_ms) if named else rung.at_ms
            ladder.first_ms = min(clock_ms, rung.at_ms)
        self._host.touch(one.conversation)
        if rung.to in BEYOND_PANEL:
            if not ladder.raised_at_ms:
                ladder.raised_at_ms = decided_at_ms
                ladder.limit_at_ms = (self._next_limit_ms(one.wait, decided_at_ms) or 1) - 1
            detail = f"{rung.to} {rung.label}" + (" named" if named else "")
            act = AlertAct(decided_at_ms, "", "told", detail)
            self._state(one.told, as_named, as_named.stage, as_named.since_ms, act, None, None)

    def _tell_claimer(self, by: str, due: list[_Due], now_ms: int) -> None:
        first = due[0]
        decided_at_ms = self._decided(first.due_at_ms, now_ms)
        waits = [self.named(one.conversation, one.wait, decided_at_ms) for one in due]
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
            self.say_state(one.conversation, one.wait, AlertAct(decided_at_ms, "", "told", f"claimer {by}"))

    def _decided(self, due_at_ms: int, now_ms: int) -> int:
        """Return when it is decided: in event time at the very second, which is looked at a millisecond later."""
        return now_ms if self._host.wall else min(due_at_ms, now_ms)

    def _after(self, one: _Due) -> int:
        """Return when the next step after this one is due."""
        for rung in self.rungs(one.wait):
            if rung.at_ms > one.rung.at_ms:
                return self._reaches(one.wait, rung.at_ms)
        return NEVER_MS

    def _next_limit_ms(self, wait: Wait, at_ms: int) -> int | None:
        """Return the first instant past the next limit; None: there is none, or the clock stands."""
        for stage in window(self._policies[wait.policy], wait):
            due = wait.due_at_ms(stage.after_ms, self._policies.clocks[wait.policy], from_opening=not wait.since_ms)
            if due is None or due > at_ms:
                return due
        return None

    # -- promises ------------------------------------------------------------------------------------------------------

    def _promise_rungs(self, promise: Promise) -> tuple[tuple[Rung, ...], int]:
        """Return the rungs of a promise, and how much later they are: "within ten minutes" moves them all."""
        rungs = self._all_rungs(promise.policy)
        if promise.greeting:
            return rungs.greeting, 0
        return rungs.promise, promise.limits[0][1] - self._policies[promise.policy].promise.due_ms

    def promise_next_ms(self, promise: Promise) -> int:
        """Return when the next step of a promise is to be looked at; NEVER_MS: there is none."""
        rungs, later_ms = self._promise_rungs(promise)
        for rung in rungs:
            if rung.at_ms > promise.told_ms:
                due = promise.due_at_ms(rung.at_ms + later_ms - 1, self._policies.clocks[promise.policy])
                return NEVER_MS if due is None else due + 1
        return NEVER_MS

    def judge_promise(self, conversation: Conversation, promise: Promise, now_ms: int) -> None:
        """Tell of a promise what has come due: the highest step."""
        rungs, later_ms = self._promise_rungs(promise)
        clock = self._policies.clocks[promise.policy]
        due: list[tuple[Rung, int]] = []
        for rung in rungs:
            at_ms = promise.due_at_ms(rung.at_ms + later_ms - 1, clock)
            if rung.at_ms > promise.told_ms and at_ms is not None and at_ms < now_ms:
                due.append((rung, at_ms))
        if not due:
            return
        promise.told_ms = due[-1][0].at_ms
        self._host.touch(conversation)
        policy = self._policies[promise.policy]
        who = conversation.state.holder or promise.who
        for rung, at_ms in due:
            if rung.at_ms == promise.told_ms:
                self._incidents.promise_due(
                    to=rung.to,
                    step=rung.label,
                    team=policy.team,
                    at_ms=at_ms,
                    now_ms=self._decided(at_ms, now_ms),
                    facts={
                        "platform": self._host.platform_of(conversation.shop),
                        "shop": conversation.shop,
                        "conversation": conversation.id,
                        "agent": who.agent or who.account if who is not None else None,
                        "account": who.account if who is not None else None,
                        "greeting": promise.greeting,
                        "stage": promise.limits[promise.passed - 1][0] if promise.passed else "open",
                        "opened_at_ms": promise.opened_at_ms,
                    },
                )

    def promise_over(self, conversation: Conversation, now_ms: int) -> None:
        """A promise is kept, or dropped."""
        self._incidents.end("promise", f"{conversation.shop}\x1f{conversation.id}", now_ms, "kept")

    # -- what people do ------------------------------------------------------------------------------------------------

    def act(self, conversation: Conversation, wait: Wait, event: ev.AlertActed) -> None:
        """A person claims, releases, mutes, or wants nothing told any more."""
        told, ladder = self.ladder_of(conversation, wait, event.ts_ms)
        at_ms, by = event.ts_ms, event.by
        self._host.touch(conversation)
        what = {"claim": "claimed", "release": "released", "resolve": "stopped", "mute": "muted"}[event.act]
        detail = ""
        if event.act == "claim":
            if ladder.claimed_by:
                what, detail = "refused", f"claimed by {ladder.claimed_by}"  # The first one stands.
            else:
                self._claim(wait, ladder, by, at_ms)
        elif event.act == "release":
            detail = ladder.claimed_by
            ladder.claimed_by, ladder.claimed_at_ms, ladder.hold_until_ms = "", 0, 0
        elif event.act == "mute":
            ladder.muted_until_ms = max(ladder.muted_until_ms, event.until_ms or at_ms)
        elif not ladder.stopped:
            ladder.stopped, ladder.hold_until_ms = True, 0
            if told.state == FIRING and told.first:
                self._host.decisions.append(self._stop_machines(conversation, wait, told, at_ms))
            told.state = RESOLVED
        self.say_state(conversation, wait, AlertAct(at_ms, by, what, detail))

    def _claim(self, wait: Wait, ladder: Ladder, by: str, at_ms: int) -> None:
        policy = self._policies[wait.policy]
        ladder.claimed_by, ladder.claimed_at_ms = by, at_ms
        if ladder.held:
            return
        ladder.held = True
        until_ms = at_ms + policy.claim_ms
        limit = self._next_limit_ms(wait, at_ms)
        if limit is not None:
            until_ms = min(until_ms, limit - 1 - policy.claim_before_ms)
        ladder.hold_until_ms = until_ms if until_ms > at_ms else 0

    def _stop_machines(self, conversation: Conversation, wait: Wait, told: Told, at_ms: int) -> ResolveAlert:
        one = self.named(conversation, wait, at_ms)
        return ResolveAlert(
            wait.number, one.stage, at_ms, at_ms, one.platform, one.shop, one.conversation, one.buyer, one.agent,
            one.account, one.team, one.since_ms, wait.opened_at_ms, wait.opened_by, wait.messages, told.repetition,
            one.closed_unanswered, reason="stopped",
        )  # fmt: skip

    # -- how it stands -------------------------------------------------------------------------------------------------

    def named(self, conversation: Conversation, wait: Wait, now_ms: int) -> NamedWait:
        """Return an open wait as a message names it."""
        policy = self._policies[wait.policy]
        holder = conversation.state.holder
        told = told_of(conversation, wait.number) if conversation.told else None
        ladder = told.ladder if told is not None else None
        return NamedWait(
            wait=wait.number,
            platform=self._host.platform_of(conversation.shop),
            shop=conversation.shop,
            conversation=conversation.id,
            buyer=conversation.buyer or conversation.id,
            agent=holder.agent if holder is not None else None,
            account=holder.account if holder is not None else None,
            team=policy.team,
            stage=self._stage(wait, policy, now_ms),
            since_ms=wait.since_ms or wait.opened_at_ms,
            opened_at_ms=wait.opened_at_ms,
            counted_ms=self._clock_ms(wait, now_ms),
            next_due_at_ms=self._next_limit_ms(wait, now_ms),
            messages=wait.messages,
            closed_unanswered=wait.flags & CLOSED_UNANSWERED > 0,
            claimed_by=ladder.claimed_by or None if ladder is not None else None,
            repetition=told.repetition if told is not None else 0,
        )

    def say_state(self, conversation: Conversation, wait: Wait, act: AlertAct) -> None:
        """Write down how the alert of an open wait stands."""
        told = told_of(conversation, wait.number)
        assert told is not None
        one = self.named(conversation, wait, act.at_ms)
        self._state(told, one, one.stage, one.since_ms, act, None, None)

    def ordered(self, order: AlertOrder, told: Told, *, steps: bool) -> None:
        """Write down how an alert stands once machines are told of it; ``steps``: people are told by a ladder."""
        if isinstance(order, ResolveAlert | WithdrawAlert):
            what = "resolved" if isinstance(order, ResolveAlert) else "withdrawn"
            act = AlertAct(order.decided_at_ms, "", what, order.reason)
            self._state(told, order, order.stage, order.waiting_since_ms, act, order.due_at_ms, order.reason)
            if not steps or (told.ladder is not None and told.ladder.raised_at_ms):
                self._incidents.ended(order.reason)
            return
        what = "raised" if isinstance(order, RaiseAlert) else "risen"
        raised_at_ms = None if steps else order.decided_at_ms
        limit = None if order.next_due_at_ms is None else order.next_due_at_ms - 1
        act = AlertAct(order.decided_at_ms, "", what, order.stage)
        self._state(
            told, order, order.stage, order.waiting_since_ms, act, None, None, raised_at_ms=raised_at_ms, limit_ms=limit
        )

    def leave(self, conversation: Conversation, told: Told) -> None:
        """Nothing of this alert comes any more, unless it is raised again."""
        if told.ladder is not None:
            self._leave(conversation, told.ladder)
            told.ladder.hold_until_ms = 0

    def over(self, told: Told, done: Round, reason: str, now_ms: int) -> None:
        """Write down the end of an alert that machines were not told of."""
        ladder = told.ladder
        if ladder is not None and (ladder.raised_at_ms or ladder.claimed_by or ladder.stopped):
            what = "withdrawn" if told.state == WITHDRAWN else "resolved"
            act = AlertAct(now_ms, "", what, reason)
            since_ms = done.needs_answer_since_ms or done.opened_at_ms
            self._state(told, done, done.stage, since_ms, act, done.ended_at_ms or now_ms, reason)
            self._incidents.ended(reason)

    def _state(
        self,
        told: Told,
        names: "AlertOrder | NamedWait | Round",
        stage: str,
        since_ms: int,
        act: AlertAct,
        ended_at_ms: int | None,
        outcome: str | None,
        *,
        raised_at_ms: int | None = None,
        limit_ms: int | None = None,
    ) -> None:
        ladder = told.ladder or _NO_LADDER
        state: Literal["firing", "claimed", "resolved", "withdrawn"] = "claimed" if ladder.claimed_by else "firing"
        if told.state == WITHDRAWN:
            state = "withdrawn"
        elif told.state == RESOLVED or ended_at_ms is not None:
            state = "resolved"
        self._host.decisions.append(
            AlertState(
                alert=str(told.wait),
                kind="wait",
                state=state,
                platform=names.platform,
                shop=names.shop,
                conversation=names.conversation,
                buyer=names.buyer,
                team=names.team,
                agent=names.agent,
                account=names.account,
                stage=stage,
                since_ms=since_ms,
                raised_at_ms=ladder.raised_at_ms or raised_at_ms,
                limit_at_ms=ladder.limit_at_ms or limit_ms,
                claimed_by=ladder.claimed_by or None,
                claimed_at_ms=ladder.claimed_at_ms or None,
                muted_until_ms=ladder.muted_until_ms or None,
                stopped=ladder.stopped,
                ended_at_ms=ended_at_ms,
                outcome=outcome,
                told=ladder.told,
                acts=(act,),
            )
        )

    # -- read back -----------------------------------------------------------------------------------------------------

    def restore(self, conversation: Conversation) -> None:
        """Take in a conversation that was read back."""
        wait = conversation.state.wait
        told = told_of(conversation, wait.number) if wait is not None and conversation.told else None
        if wait is not None and told is not None and told.ladder is not None and told.ladder.gathered is not None:
            self.follow(conversation, wait, told.ladder)


def anew(told: Told) -> None:
    """It turned out not to have been late, and now it is: told again, as a repetition."""
    told.state, told.repetition, told.first, told.stages = FIRING, told.repetition + 1, 0, 0
    ladder = told.ladder
    if ladder is not None:
        ladder.at_ms, ladder.told, ladder.first_ms = -1, (), 0
        ladder.raised_at_ms, ladder.limit_at_ms = 0, 0


_NO_LADDER = Ladder()


def _urgency(one: NamedWait) -> tuple[bool, int, int]:
    """Order waits: the least time left first, those past their last limit at the end, the longest first."""
    return (one.next_due_at_ms is None, one.next_due_at_ms or 0, one.since_ms)
