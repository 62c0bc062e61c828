"""Plays a time-line of the rules' tests through the core, and keeps what comes of it.

It runs on the time of the events, as a replay does; with ``live`` on a wall clock that it moves itself, with a feed
that beats all the time, for what only a live service knows: what came late, kicked accounts, gaps.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from monitor.core import decisions as d
from monitor.core import events as ev
from monitor.core.lists import places
from monitor.core.people import People
from monitor.core.roster import Register, Slot
from monitor.core.scores.chats import Chats
from monitor.core.scores.totals import totals
from monitor.core.tracker import Tracker
from monitor.core.units import HOUR_MS, MINUTE_MS
from monitor.core.views import WaitRow
from monitor.policy_files.people import by_id, register_of
from monitor.policy_files.rule_set import RuleSet
from monitor.policy_files.scenario_file import ROLES, Line, Scenario

SOME_MONDAY = date(2026, 11, 23)
BEAT_MS = 10_000
SOURCE = "collector"
MUTED_MS = 600_000


class Told(NamedTuple):
    """A message to people, as scenarios write it."""

    at_ms: int
    to: str
    kind: str
    chats: tuple[str, ...]
    agent: str | None


class Played:
    """One run of a scenario.

    Attributes:
        rounds: all of them, in the order of opening.
        told: what people were told.
        promises: those that passed a limit.
        stages: how chats stood when it was asked, by (time, chat).
        scores: by profile.
        wrong: what could not be done, by the number of its line.
    """

    def __init__(self, rules: RuleSet, scenario: Scenario) -> None:
        self._rules = rules
        self._scenario = scenario
        self._zone = ZoneInfo(rules.policies.zone)
        day = scenario.day or SOME_MONDAY
        self._midnight_ms = round(datetime(day.year, day.month, day.day, tzinfo=self._zone).timestamp() * 1000)
        self._register = self._who_is_who()
        book = rules.policies.book(rules.hash, self._register) if scenario.shops else rules.book
        self._tracker = Tracker(
            book, wall=scenario.live, rows=scenario.live, people=People(self._register, zone=self._zone.key)
        )
        self._chats = Chats()
        self._number = 0
        self._beat_ms = 0
        self._kept: dict[int, d.Round] = {}
        self.told: list[Told] = []
        self.promises: list[tuple[int, str, str]] = []
        self.stages: dict[tuple[int, str], str] = {}
        self.rounds: list[d.Round] = []
        self.scores: dict[str, dict[str, Any]] = {}
        self.wrong: dict[int, str] = {}
        self._play()

    def _who_is_who(self) -> Register:
        """Return the register, in it what the scenario says in its place; of the roster what its own shops need."""
        scenario, known = self._scenario, self._rules.register
        own = register_of(
            scenario.shops, scenario.people, scenario.accounts, scenario.roster, scenario.teams, self._zone
        )
        register = Register(
            shops=own.shops or known.shops,
            persons=own.persons or known.persons,
            accounts=own.accounts or known.accounts,
            slots=own.slots or self._of_its_shops(known.slots),
            teams=own.teams or known.teams,
        )
        return by_id(register) if scenario.people or scenario.accounts or scenario.roster else register

    def _of_its_shops(self, slots: Iterable[Slot]) -> tuple[Slot, ...]:
        lines = [line for several in self._scenario.happens for line in several.each()]
        shops = {self.chat(line.chat)[0] for line in lines}.union(*(line.shops or () for line in lines))
        return tuple(slot for slot in slots if slot.shop in shops)

    def person(self, name: str | None) -> str | None:
        """Return somebody as scenarios write them: by 花名 where they have one, whichever of their names is given."""
        found = self._register.person(name)
        return name if found is None else found.nick or found.id

    # -- what is written ---------------------------------------------------------------------------------------------

    def at_ms(self, of_day_ms: int) -> int:
        """Return the instant of a time of the scenario."""
        return self._midnight_ms + of_day_ms

    def time(self, at_ms: int) -> str:
        """Return an instant as scenarios write it."""
        of_day_ms = at_ms - self._midnight_ms
        text = f"{of_day_ms // HOUR_MS:02}:{of_day_ms // MINUTE_MS % 60:02}:{of_day_ms // 1000 % 60:02}"
        return f"{text}.{of_day_ms % 1000:03}" if of_day_ms % 1000 else text

    def chat(self, written: str | None) -> tuple[str, str]:
        """Return shop and conversation of a chat as it is written: ``b1``, ``b1@shop``, nothing."""
        name, _, shop = (written or "chat").partition("@")
        return shop or self._scenario.shop, name

    def written(self, shop: str, conversation: str) -> str:
        """Return a chat as it is written."""
        return conversation if shop == self._scenario.shop else f"{conversation}@{shop}"

    def _platform(self, shop: str) -> str:
        info = self._register.shop(shop)
        return (info.platform if info is not None else None) or self._scenario.platform

    # -- the run -----------------------------------------------------------------------------------------------------

    def _play(self) -> None:
        scenario = self._scenario
        expected = scenario.expect
        looks = sorted(expected.stages or (), key=lambda look: look.at)
        ends = [line.ends for line in scenario.happens] + [look.at for look in looks]
        ends += [told.at for told in expected.told or ()] + [promise.at for promise in expected.promises or ()]
        until = self.at_ms(max(ends) if scenario.until is None else scenario.until)
        first = self.at_ms(scenario.happens[0].at)
        if scenario.live:
            self._beat_ms = first - 60_000
            self._tracker.begin(self._beat_ms)
        todo: list[tuple[int, int, Any]] = [(look.at, 1, look) for look in looks]
        todo += [(one.at, 0, (at, one)) for at, line in enumerate(scenario.happens) for one in line.each()]
        for at, _, what in sorted(todo, key=lambda one: one[:2]):
            # A reply of the very instant goes before a step that is due then.
            self._move(self.at_ms(at) - 1)
            if isinstance(what, tuple):
                self._happen(*what)
            else:
                self._move(self.at_ms(at))
                self.stages[what.at, what.chat or ""] = self._stage(*self.chat(what.chat))
        self._move(until)
        self.rounds = sorted(
            [*self._kept.values(), *self._tracker.open_rounds(until)], key=lambda r: (r.opened_at_ms, r.wait)
        )
        asked = tuple(id for id in expected.scores or () if id in self._rules.profiles.versions)
        own = totals(self._chats, self._rules.profiles, until)
        self.scores = own | {
            id: found
            for id, found in totals(self._chats, self._rules.profiles, until, asked).items()
            if asked and id not in own
        }

    def _move(self, now_ms: int) -> None:
        """Move time, each limit and each beat of the feed at its own instant."""
        tracker = self._tracker
        while self._scenario.live and self._beat_ms + BEAT_MS <= now_ms:
            self._beat_ms += BEAT_MS
            self._advance(self._beat_ms)
            self._take(
                ev.SourceHeartbeat(
                    type="source_heartbeat", id=f"beat-{self._beat_ms}", ts_ms=self._beat_ms, source=SOURCE
                ),
                self._beat_ms,
            )
        if now_ms > tracker.now_ms:
            self._advance(now_ms)

    def _advance(self, now_ms: int) -> None:
        tracker = self._tracker
        while tracker.next_ms <= now_ms:
            tracker.advance(max(tracker.next_ms, tracker.now_ms) if self._scenario.live else now_ms)
            self._drain()
        tracker.advance(now_ms)
        self._drain()

    def _take(self, event: ev.AnyEvent, arrived_at_ms: int, words: int = 0) -> None:
        self._number += places(event)
        folded = self._tracker.handle(event, self._number, arrived_at_ms, words)
        self._drain()
        if folded != "late" and type(event) not in ev.OURS:
            self._chats.note(event, self._number, words)

    def _happen(self, at: int, line: Line) -> None:
        event = self._event(line)
        if event is None:
            self.wrong[at] = "nobody waits in this chat then"
            return
        words = self._rules.reader.read(event) if isinstance(event, ev.Message) else 0
        self._take(event, self.at_ms(line.at), words)

    def _event(self, line: Line) -> ev.AnyEvent | None:
        """Return what happens as an event; None for an act on a wait that is not there."""
        shop, chat = self.chat(line.chat)
        ts_ms = self.at_ms(line.at if line.sent is None else line.sent)
        about: dict[str, Any] = {
            "id": line.id or f"line-{self._number + 1}",
            "ts_ms": ts_ms,
            "source": SOURCE,
            "platform": self._platform(shop),
            "shop": shop,
            "account": line.account,
            "agent": line.by,
            "phase": line.phase,
            "backfill": line.backfill,
        }
        role = next((role for role in ROLES if getattr(line, role) is not None), None)
        if role is not None:
            return ev.Message(
                **about,
                conversation=chat,
                role=role,  # type: ignore[arg-type]
                text=getattr(line, role),
                kind=line.kind,
                template=line.template,
                entry=line.entry,
                needs_reply=line.needs_reply,
            )
        if line.presence is not None:
            return ev.AgentPresence(
                **about, type="agent_presence", state=line.presence, limit=line.limit, shops=line.shops or [shop]
            )
        if line.account_status is not None:
            return ev.AccountStatus(**about, type="account_status", state=line.account_status)
        if line.sync is not None:
            start, end = map(self.at_ms, line.sync)
            return ev.SyncRange(**about, type="sync_range", from_ms=start, to_ms=end, complete=True)
        if line.waiting is not None:
            rows = [
                ev.WaitingRow(
                    conversation=self.chat(row.chat)[1], since_ms=None if row.since is None else self.at_ms(row.since)
                )
                for row in line.waiting
            ]
            return ev.WaitingSnapshot(**about, type="waiting_snapshot", rows=rows, complete=True)
        return self._of_chat(line, about | {"conversation": chat})

    def _of_chat(self, line: Line, about: dict[str, Any]) -> ev.AnyEvent | None:
        if line.assign is not None:
            return ev.ConversationAssigned(**(about | {"agent": line.assign}), type="conversation_assigned")
        if line.transfer is not None:
            passed = about | {"agent": line.transfer, "account": None}
            return ev.ConversationTransferred(
                **passed, type="conversation_transferred", from_agent=line.by, from_account=line.account
            )
        if line.hand_off is not None:
            return ev.ConversationHandedOff(**about, type="conversation_handed_off")
        if line.close is not None:
            return ev.ConversationClosed(**about, type="conversation_closed", by=line.close)
        if line.recall is not None:
            return ev.MessageRecalled(**about, type="message_recalled", message=line.recall)
        return self._of_wait(line, about)

    def _of_wait(self, line: Line, about: dict[str, Any]) -> ev.AnyEvent | None:
        """Return what a person does about a wait."""
        found = self._tracker.conversation(about["shop"], about["conversation"])
        wait = found.state.wait if found is not None else None
        if wait is None:
            return None
        if line.dismiss is not None:
            return ev.WaitDismissed(
                **about, type="wait_dismissed", wait=wait.number, by=line.dismiss, reason="a scenario"
            )
        for act in ("claim", "release", "mute"):
            by = getattr(line, act)
            if by is not None:
                until_ms = about["ts_ms"] + MUTED_MS if act == "mute" else None
                return ev.AlertActed(
                    **about,
                    type="alert_acted",
                    alert=str(wait.number),
                    wait=wait.number,
                    act=act,
                    by=by,
                    until_ms=until_ms,
                )
        raise AssertionError(line)

    # -- what comes of it --------------------------------------------------------------------------------------------

    def _stage(self, shop: str, chat: str) -> str:
        found = self._tracker.conversation(shop, chat)
        row: WaitRow | None = self._tracker.row(found) if found is not None else None
        if row is None:
            return "none"
        for flag, stage in (("stale", "unknown"), ("courtesy", "courtesy"), ("bot_held", "bot")):
            if flag in row.flags:
                return stage
        return row.stage

    def _drain(self) -> None:
        for decision in self._tracker.decisions:
            if isinstance(decision, d.CloseRound):
                self._kept[decision.round.wait] = decision.round
            elif isinstance(decision, d.RestateRound):
                if decision.was is not None:
                    self._kept.pop(decision.was.wait, None)
                if decision.now is not None:
                    self._kept[decision.now.wait] = decision.now
            elif isinstance(decision, d.PassPromise):
                chat = self.written(decision.shop, decision.conversation)
                # A limit is passed one millisecond after it; scenarios name the limit.
                self.promises.append((decision.decided_at_ms - 1, chat, decision.stage))
            elif isinstance(decision, d.TellPeople):
                chats = tuple(self.written(wait.shop, wait.conversation) for wait in decision.waits)
                self.told.append(Told(decision.decided_at_ms, decision.to, decision.kind, chats, decision.agent))
        self._tracker.decisions.clear()
