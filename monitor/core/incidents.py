"""Alerts that are no wait's, and the floor manager's digest.

An unattended shop, a source that is down, a promise nobody keeps, a hand-over nobody
receives, a score at risk: each is one alert with an id of its own, raised once and
ended once. What is raised again soon after goes into the digest only, for a flapping
line must not ring.

The digest is told on the five-minute marks, if there is something in it: waits that
have come to its step, sources and shops that turned, and how many alerts are over
since the last one. Nothing that is over is told by itself.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

from msgspec.structs import replace

from monitor.core import events as ev
from monitor.core.decisions import AlertAct, AlertState, Decision, NamedWait, TellPeople, ToldStep
from monitor.core.events import APART
from monitor.core.incident import WORTH_MS, Incident, Kept, Kind, Left, To, id_of, promise_name, short
from monitor.core.people import People
from monitor.core.silences import Silences
from monitor.core.summaries import digest, opening
from monitor.core.timers import NEVER_MS

DIGEST_MS = 300_000
LEFT_TOLD_MS = 30_000  # So long after an opening a team is told what was left: some of it has been answered by then.
AGAIN_MS = 300_000  # Raised again so soon after it was told, it is in the digest and nowhere else.
_AGAIN_MS = {"quality": 600_000}  # Of some kinds: a lead hears of one person's words every ten minutes at most.
_IN_NO_DIGEST = ("promise", "quality")
_OF_THE_GROUP = ("unattended", "source")  # Anybody of the group may help; the rest is for whoever leads.
INCIDENTS_AT_MOST = 10_000  # As many as there may be sources.
TURNED_AT_MOST = 200  # Kept for one digest.
NAMED_AT_MOST = 20


class Host(Protocol):
    """What is asked of the tracker."""

    decisions: list[Decision]
    now_ms: int
    people: People | None

    @property
    def wall(self) -> bool:
        """Whether time is the wall clock."""

    @property
    def rules(self) -> str:
        """The name of the rules in force."""

    def named_wait(self, shop: str, conversation: str, wait: int, now_ms: int) -> NamedWait | None:
        """Return a wait as a message names it; None: it is not open any more."""


class Calendar(Protocol):
    """Who wakes the digest: the tracker's timers."""

    def wake(self, item: "Incidents", at_ms: int) -> None:
        """Ask for ``item`` to be woken at ``at_ms``, and at no other time."""


class Incidents:
    """All alerts of one tracker that are no wait's.

    Attributes:
        promises: how many alerts of promises stand.
        wake_at_ms: when the digest is due.
        unsaved: something was told that a restart must know of.
    """

    def __init__(self, host: Host, calendar: Calendar, silences: Silences) -> None:
        self._host = host
        self._calendar = calendar
        self._silences = silences
        self._open: dict[tuple[str, str], Incident] = {}
        self._kept = Kept()
        self._unsaid: dict[tuple[str, str, str], list[TellPeople]] = {}
        self.promises = 0
        self.wake_at_ms = NEVER_MS
        self.unsaved = False

    # -- raised and ended ----------------------------------------------------------------------------------------------

    def begin(
        self,
        kind: Kind,
        name: str,
        *,
        at_ms: int,
        now_ms: int,
        to: Mapping[str, Sequence[To]],
        step: str,
        team: str = "",
        platform: str = "",
        shop: str = "",
        waits: Sequence[NamedWait] = (),
        facts: dict[str, Any] | None = None,
    ) -> None:
        """Raise an alert, or tell the next step of one that stands.

        Args:
            kind: of what kind.
            name: what it is of, unique in its kind.
            at_ms: since when it is so, or when its step was due.
            now_ms: now.
            to: whom to tell, by team.
            step: a word of the kind: what has come; each is told once.
            team: whose it is.
            platform: where.
            shop: where; of several, the first.
            waits: those it names; each team is told of its own.
            facts: what the message says besides, see `TellPeople`.
        """
        found = self._open.get((kind, name))
        if found is None:
            if len(self._open) >= INCIDENTS_AT_MOST:
                return
            found = Incident(id_of(kind, name, at_ms), kind, name, team, platform, shop, at_ms)
            self._open[kind, name] = found
            self.promises += kind == "promise"
        if any(told.step == step for told in found.told):
            return
        self.unsaved = True
        said = APART.join((kind, name, step))
        again_ms = _AGAIN_MS.get(kind, AGAIN_MS)
        soon = now_ms - self._kept.told_at.get(said, -again_ms) < again_ms
        quiet = found.stopped or now_ms < found.muted_until_ms
        covered = self._silences and self._silences.covers(
            now_ms, shop=shop or None, platform=platform or None, team=team or None, stage=kind
        )
        told = []
        if not (soon or quiet or covered):
            kept_ms = max(AGAIN_MS, *_AGAIN_MS.values())
            self._kept.told_at = {name: at for name, at in self._kept.told_at.items() if now_ms - at < kept_ms}
            self._kept.told_at[said] = now_ms
            for of_team, receivers in to.items():
                own = [wait for wait in waits if wait.team == of_team or not of_team][:NAMED_AT_MOST]
                for receiver in self._who_is_there(kind, of_team, receivers, now_ms):
                    told.append(ToldStep(step, receiver, at_ms, now_ms))
                    self._tell(found, receiver, of_team, step, own, at_ms, now_ms, facts or {})
        found.told = (*found.told, *(told or [ToldStep(step, "", at_ms, now_ms)]))
        if kind not in _IN_NO_DIGEST:
            self._turn(found, now_ms, firing=True)
        act = "told" if told else "quiet"
        self._say(found, AlertAct(now_ms, "", act, step), None, None, facts)

    def _who_is_there(self, kind: Kind, team: str, receivers: Sequence[To], now_ms: int) -> Sequence[To]:
        """Return whom to tell: the floor manager in the place of a lead where none is there."""
        people = self._host.people
        if "lead" not in receivers or people is None or not people.nobody_leads(team, now_ms):
            return receivers
        instead: tuple[To, ...] = ("team", "digest") if kind in _OF_THE_GROUP else ("digest",)
        return [one for to in receivers for one in (instead if to == "lead" else (to,))]

    def standing(self, kind: Kind) -> list[str]:
        """Return the names of the alerts of a kind that stand."""
        return [name for of, name in self._open if of == kind]

    def promise_due(self, *, to: str, step: str, team: str, at_ms: int, now_ms: int, facts: dict[str, Any]) -> None:
        """A promise has come to one of its steps. What stays on the agent's panel is no alert yet."""
        name = promise_name(facts["shop"], facts["conversation"])
        if to in ("panel", "popup"):
            id = id_of("promise", name, facts["opened_at_ms"])
            self._host.decisions.append(
                TellPeople(
                    key=f"{id}.{step}.{to}",
                    alert=id,
                    kind="promise",
                    step=step,
                    to=to,  # type: ignore[arg-type]
                    team=team,
                    agent=facts["agent"],
                    waits=(),
                    due_at_ms=at_ms,
                    decided_at_ms=now_ms,
                    expires_at_ms=now_ms + WORTH_MS,
                    facts=facts,
                )
            )
            return
        self.begin(
            "promise",
            name,
            at_ms=facts["opened_at_ms"],
            now_ms=now_ms,
            to={team: ("console" if to == "digest" else to,)},  # type: ignore[dict-item]
            step=step,
            team=team,
            platform=facts["platform"],
            shop=facts["shop"],
            facts=facts,
        )

    def promise_over(self, shop: str, conversation: str, now_ms: int, outcome: str) -> None:
        """A promise is kept, or dropped."""
        self.end("promise", promise_name(shop, conversation), now_ms, outcome)

    def end(self, kind: Kind, name: str, now_ms: int, outcome: str) -> None:
        """It is over; the next digest says so, unless only nobody waits for it any more (``expired``)."""
        found = self._open.pop((kind, name), None)
        if found is not None:
            self.unsaved = True
            self.promises -= kind == "promise"
            if kind not in _IN_NO_DIGEST and outcome != "expired":  # That is no turn for the better.
                self._turn(found, now_ms, firing=False)
            self._say(found, AlertAct(now_ms, "", "resolved", outcome), now_ms, outcome, None)

    def is_new(self, number: int) -> bool:
        """Note an event of ours; return whether it was not taken before a restart already."""
        if number <= self._kept.number:
            return False
        self._kept.number = number
        return True

    def act(self, event: ev.AlertActed, number: int) -> None:
        """A person acts on one of them; ``number`` is the event's place in the journal."""
        if not self.is_new(number):
            return
        found = next((one for one in self._open.values() if one.id == event.alert), None)
        if found is None:
            return
        at_ms, detail = event.ts_ms, ""
        what = {"claim": "claimed", "release": "released", "resolve": "stopped", "mute": "muted"}[event.act]
        if event.act == "claim":
            if found.claimed_by:
                what, detail = "refused", f"claimed by {found.claimed_by}"
            else:
                found.claimed_by, found.claimed_at_ms = event.by, at_ms
        elif event.act == "release":
            detail, found.claimed_by, found.claimed_at_ms = found.claimed_by, "", 0
        elif event.act == "mute":
            found.muted_until_ms = max(found.muted_until_ms, event.until_ms or at_ms)
        else:
            found.stopped = True
        self.unsaved = True
        self._say(found, AlertAct(at_ms, event.by, what, detail), None, None, None)

    def _tell(
        self,
        found: Incident,
        to: To,
        team: str,
        step: str,
        waits: Sequence[NamedWait],
        at_ms: int,
        now_ms: int,
        facts: dict[str, Any],
    ) -> None:
        self._unsaid.setdefault((found.kind, to, team), []).append(
            TellPeople(
                key=f"{found.id}.{step}.{to}" + (f".{short(team)}" if team else ""),
                alert=found.id,
                kind=found.kind,
                step=step,
                to=to,
                team=team,
                agent=facts.get("agent"),
                waits=tuple(waits),
                due_at_ms=at_ms,
                decided_at_ms=now_ms,
                expires_at_ms=now_ms + WORTH_MS,
                facts=facts,
            )
        )

    def flush(self) -> None:
        """Tell what has come up: of many shops of a team at once, in one message."""
        if not self._unsaid:
            return
        unsaid, self._unsaid = self._unsaid, {}
        for (kind, _, _), messages in unsaid.items():
            if kind == "unattended":
                shops = [message.facts for message in messages]
                waits = tuple(wait for message in messages for wait in message.waits)[:NAMED_AT_MOST]
                facts = messages[0].facts | {"shops": shops}
                self._host.decisions.append(replace(messages[0], waits=waits, facts=facts))
            else:
                self._host.decisions.extend(messages)

    def _say(
        self, found: Incident, act: AlertAct, ended_at_ms: int | None, outcome: str | None, facts: dict[str, Any] | None
    ) -> None:
        state: Literal["firing", "claimed", "resolved"] = "claimed" if found.claimed_by else "firing"
        if found.stopped or ended_at_ms is not None:
            state = "resolved"
        self._host.decisions.append(
            AlertState(
                alert=found.id,
                kind=found.kind,
                state=state,
                platform=found.platform,
                shop=found.shop,
                conversation=None,
                buyer=None,
                team=found.team,
                agent=None,
                account=None,
                stage=found.kind,
                since_ms=found.since_ms,
                raised_at_ms=found.told[0].decided_at_ms if found.told else None,
                limit_at_ms=None,
                claimed_by=found.claimed_by or None,
                claimed_at_ms=found.claimed_at_ms or None,
                muted_until_ms=found.muted_until_ms or None,
                stopped=found.stopped,
                ended_at_ms=ended_at_ms,
                outcome=outcome,
                told=found.told,
                acts=(act,),
                facts=facts,
                rules=self._host.rules,
            )
        )

    # -- the digest ----------------------------------------------------------------------------------------------------

    def overdue(self, shop: str, conversation: str, wait: int, now_ms: int) -> None:
        """A wait has come to the digest's step."""
        self._kept.overdue.append((shop, conversation, wait))
        self._want_digest(now_ms)

    def ended(self, outcome: str) -> None:
        """The alert of a wait is over."""
        self._kept.over[outcome] = self._kept.over.get(outcome, 0) + 1

    def _turn(self, found: Incident, now_ms: int, *, firing: bool) -> None:
        if len(self._kept.turned) < TURNED_AT_MOST:
            name = found.name.replace(APART, " ").strip()
            self._kept.turned.append({"kind": found.kind, "name": name, "firing": firing, "at_ms": now_ms})
        self._want_digest(now_ms)

    def _want_digest(self, now_ms: int) -> None:
        self.unsaved = True
        if self._kept.digest_at_ms == NEVER_MS:
            now_ms = max(now_ms, self._host.now_ms)  # In event time what comes late is judged at its own instants.
            self._kept.digest_at_ms = now_ms // DIGEST_MS * DIGEST_MS + DIGEST_MS
            self._wake()

    def _wake(self) -> None:
        at_ms = min([self._kept.digest_at_ms, *(one.opening_ms + LEFT_TOLD_MS for one in self._kept.left.values())])
        if at_ms != NEVER_MS:
            self._calendar.wake(self, at_ms + 1)  # A reply of that very instant goes first.

    def judge(self, now_ms: int) -> None:
        """A digest is due."""
        self.flush()
        for name, one in list(self._kept.left.items()):
            if one.opening_ms + LEFT_TOLD_MS < now_ms:
                del self._kept.left[name]
                self._tell_left(one, now_ms)
        if self._kept.digest_at_ms < now_ms:
            self._tell_digest(now_ms)
        self._wake()

    def left(self, shop: str, conversation: str, wait: int, team: str, opening_ms: int) -> None:
        """A wait was left while its team was closed, which has just opened: one message names all of them."""
        name = f"{opening_ms}.{team}"
        found = self._kept.left.get(name)
        if found is None:
            found = self._kept.left[name] = Left(team, opening_ms, [])
            self._wake()
        found.waits.append((shop, conversation, wait))
        self.unsaved = True

    def _tell_left(self, left: Left, now_ms: int) -> None:
        """Tell a team what was left and waits still."""
        self.unsaved = True
        due_at_ms = left.opening_ms + LEFT_TOLD_MS
        decided_at_ms = now_ms if self._host.wall else due_at_ms
        found = [self._host.named_wait(*one, decided_at_ms) for one in left.waits]
        waits = [one for one in found if one is not None]
        if waits:
            self._host.decisions.append(opening(left, waits, due_at_ms, decided_at_ms))

    def _tell_digest(self, now_ms: int) -> None:
        kept = self._kept
        decided_at_ms = now_ms if self._host.wall else kept.digest_at_ms
        found = [self._host.named_wait(*one, decided_at_ms) for one in kept.overdue]
        self._host.decisions.append(digest(kept, [one for one in found if one is not None], decided_at_ms))
        self._kept = replace(kept, overdue=[], over={}, turned=[], digest_at_ms=NEVER_MS)
        self.unsaved = True

    # -- saved and read back -------------------------------------------------------------------------------------------

    def keep(self) -> Kept:
        """Return all of it, for saving."""
        return replace(self._kept, open=list(self._open.values()))

    def restore(self, kept: Kept) -> None:
        """Take back what `keep` gave."""
        self._kept = replace(kept, open=[])
        self._open = {(one.kind, one.name): one for one in kept.open}
        self.promises = sum(kind == "promise" for kind, _ in self._open)
        self._wake()
