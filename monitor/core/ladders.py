"""What the rules and the clock say of each wait, for whoever tells people of it."""

from typing import Protocol

from monitor.core.conversation import FIRING, Conversation, Told
from monitor.core.decisions import Decision, NamedWait
from monitor.core.ladder import Ladder, Rung, Rungs
from monitor.core.people import People
from monitor.core.policy import Policy
from monitor.core.policy_numbers import NumberedPolicies
from monitor.core.rounds import stages_passed, window
from monitor.core.silences import Silences
from monitor.core.telling import keep_told, told_of
from monitor.core.timers import NEVER_MS
from monitor.core.wait import CLOSED_UNANSWERED, FIRST, Wait


class Host(Protocol):
    """What is asked of the tracker."""

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


class _Table(dict[int, Rungs]):
    """The rungs of each policy, made when first asked for: a plain dictionary on the hot path."""

    def __init__(self, policies: NumberedPolicies) -> None:
        super().__init__()
        self._policies = policies

    def __missing__(self, number: int) -> Rungs:
        rungs = self[number] = Rungs.of(self._policies[number])
        return rungs


class Ladders:
    """The ladders of all policies, and how a wait stands on its own.

    Args:
        policies: by number.
        host: the tracker.
        silences: those in force.
        lateness_ms: within this, what comes late may disprove what was told.

    Attributes:
        table: the rungs of each policy, by its number.
    """

    def __init__(self, policies: NumberedPolicies, host: Host, silences: Silences, lateness_ms: int) -> None:
        self.policies = policies
        self._host = host
        self._silences = silences
        self._lateness_ms = lateness_ms
        self.table = _Table(policies)

    def rungs(self, wait: Wait) -> tuple[Rung, ...]:
        """Return the rungs of a wait, as it stands."""
        all_of = self.table[wait.policy]
        if not wait.since_ms:
            return all_of.courtesy
        return all_of.first if wait.flags & FIRST else all_of.usual

    def clock_ms(self, wait: Wait, at_ms: int) -> int:
        """Return what the counted clock shows: from the first message that needs an answer, else from the opening."""
        clock = self.policies.clocks[wait.policy]
        return wait.needed_ms(at_ms, clock) if wait.since_ms else wait.counted_ms(at_ms, clock)

    def reaches(self, wait: Wait, counted_ms: int) -> int:
        """Return when that clock comes to a length; NEVER_MS: not as it stands."""
        clock = self.policies.clocks[wait.policy]
        return wait.reaches_at_ms(counted_ms, clock, from_opening=not wait.since_ms) or NEVER_MS

    def stage(self, wait: Wait, policy: Policy, at_ms: int) -> str:
        """Return the stage a wait is in at an instant; ``fresh`` before any limit."""
        stages = window(policy, wait)
        passed = stages_passed(stages, self.clock_ms(wait, at_ms))
        return stages[passed - 1].name if passed else "fresh"

    def opening_ms(self, wait: Wait, at_ms: int) -> int:
        """Return when the hours began before which a wait was left; 0: it came in them, or it is closed, or a bot's."""
        clock = self.policies.clocks[wait.policy]
        if clock is None or not wait.since_ms or not self.table[wait.policy].to_team:
            return 0
        standing = wait.standing
        if standing is not None and standing.since_ms and not 0 < standing.until_ms <= at_ms:
            return 0
        return clock.opened(wait.since_ms, at_ms)

    def next_opening_ms(self, wait: Wait, before_ms: int) -> int:
        """Return when the hours begin next, for a wait that a team is told of; else, or after it, ``before_ms``."""
        clock = self.policies.clocks[wait.policy]
        if clock is None or not wait.since_ms or not self.table[wait.policy].to_team:
            return before_ms
        # What comes at the very instant of the opening goes first, so it is looked at a millisecond later.
        return min(before_ms, clock.next_opening(self._host.now_ms - 1, before_ms) + 1)

    def next_limit_ms(self, wait: Wait, at_ms: int) -> int | None:
        """Return the first instant past the next limit; None: there is none, or the clock stands."""
        for stage in window(self.policies[wait.policy], wait):
            due = wait.due_at_ms(stage.after_ms, self.policies.clocks[wait.policy], from_opening=not wait.since_ms)
            if due is None or due > at_ms:
                return due
        return None

    def decided(self, due_at_ms: int, now_ms: int) -> int:
        """Return when it is decided: in event time at the very second, which is looked at a millisecond later."""
        return now_ms if self._host.wall else min(due_at_ms, now_ms)

    def who(self, conversation: Conversation) -> str:
        """Return who can be acted on: the person, where that is known, else the agent or account; empty: nobody."""
        holder = conversation.state.holder
        if holder is None:
            return ""
        people = self._host.people
        person = None
        if people is not None:
            person = people.person_of(holder.agent, holder.account, conversation.shop, self._host.now_ms)
        return person or holder.agent or holder.account or ""

    def silenced(self, conversation: Conversation, policy: Policy, stage: str, at_ms: int) -> bool:
        """Whether a silence covers a conversation's wait at an instant."""
        if not self._silences:
            return False
        holder = conversation.state.holder
        return self._silences.covers(
            at_ms,
            shop=conversation.shop,
            platform=self._host.platform_of(conversation.shop),
            team=policy.team,
            agent=holder.agent if holder is not None else None,
            stage=stage,
        )

    def ladder_of(self, conversation: Conversation, wait: Wait, now_ms: int) -> tuple[Told, Ladder]:
        """Return what is kept of a wait's alert; made now if there was nothing."""
        told = told_of(conversation, wait.number) if conversation.told else None
        if told is None:
            told = Told(wait.number, 0, 0, FIRING, 0, 0, wait.policy, wait.flags & FIRST > 0)
            keep_told(conversation, told, now_ms - self._lateness_ms)
        if told.ladder is None:
            told.ladder = Ladder()
        return told, told.ladder

    def named(self, conversation: Conversation, wait: Wait, now_ms: int) -> NamedWait:
        """Return an open wait as a message names it."""
        policy = self.policies[wait.policy]
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
            stage=self.stage(wait, policy, now_ms),
            since_ms=wait.since_ms or wait.opened_at_ms,
            opened_at_ms=wait.opened_at_ms,
            counted_ms=self.clock_ms(wait, now_ms),
            next_due_at_ms=self.next_limit_ms(wait, now_ms),
            messages=wait.messages,
            closed_unanswered=wait.flags & CLOSED_UNANSWERED > 0,
            claimed_by=ladder.claimed_by or None if ladder is not None else None,
            repetition=told.repetition if told is not None else 0,
        )
