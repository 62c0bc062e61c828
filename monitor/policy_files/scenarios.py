"""Runs the rules' own tests: each time-line in ``scenarios/``, and what is otherwise than it expects.

A difference is told with the line that expects it, what it expects, and what came of it instead.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from monitor.core.decisions import Holding, Round
from monitor.policy_files.rule_set import RuleSet
from monitor.policy_files.scenario_file import RoundOf, Scenario, ScenarioFile, ScoreOf, ToldAt
from monitor.policy_files.scenario_run import Played, Told
from monitor.yaml_files import BadFiles, Document, Fault, did_you_mean, read
from monitor.yaml_wording import shown

FOLDER = "scenarios"
ALWAYS_LOOKED_AT = {"team", "lead"}  # What leaves the panel for a group must be expected, each one.
SHOWN = ("fresh", "courtesy", "bot", "unknown", "none")  # How a chat stands, beside the stages of the rules.
RATE_EXACT = 0.0005
SLOTS = {"早退": "early_leave", "缺岗": "absent"}  # Seconds charged to the roster, beside a name: "小陈 early_leave".
WITHIN_MS = 1000  # A message is of the second that it is expected in.


class Result(NamedTuple):
    """What came of one scenario."""

    title: str
    file: str
    faults: tuple[Fault, ...]


def run_all(rules: RuleSet) -> tuple[list[Result], list[Fault]]:
    """Run the scenarios of a folder of rules; the faults are of files that cannot be read."""
    results: list[Result] = []
    faults: list[Fault] = []
    folder = rules.folder / FOLDER
    for path in sorted((*folder.glob("*.yaml"), *folder.glob("*.yml"))) if folder.is_dir() else ():
        try:
            document = read(path, ScenarioFile)
        except BadFiles as bad:
            faults += bad.faults
            continue
        for at, scenario in enumerate(document.value.scenarios):
            results.append(Result(scenario.title, document.file, tuple(_Compared(rules, document, at).differences())))
    return results, faults


class _Compared:
    """One scenario and what came of it."""

    def __init__(self, rules: RuleSet, document: Document[ScenarioFile], at: int) -> None:
        self._document = document
        self._at = at
        self._scenario: Scenario = document.value.scenarios[at]
        self._played = Played(rules, self._scenario)
        self._profiles = rules.profiles.versions
        self._platforms = {name for versions in self._profiles.values() for one in versions for name in one.platforms}
        self._stage_names = rules.policies.stage_names()

    def differences(self) -> Iterator[Fault]:
        """Yield everything that is otherwise than expected."""
        expect = self._scenario.expect
        for at, why in self._played.wrong.items():
            yield self._fault(why, "happens", at)
        yield from self._slips()
        yield from self._stages()
        if expect.told is not None:
            yield from self._told(expect.told)
        for to, times in (expect.told_times or {}).items():
            got = sum(told.to == to for told in self._played.told)
            if got != times:
                yield self._differs(times, got, "expect", "told_times", to, what=f"messages to {to}")
        if expect.rounds is not None:
            yield from self._rounds(expect.rounds)
        yield from self._passed()
        yield from self._promises()
        for id, score in (expect.scores or {}).items():
            yield from self._score(id, score)
        if expect.open is not None:
            waits = sum(1 for round in self._played.rounds if round.outcome == "open")
            if waits != expect.open:
                yield self._differs(expect.open, waits, "expect", "open")

    def _slips(self) -> Iterator[Fault]:
        """Yield names that nothing answers to: what is expected of them would hold whatever comes."""
        scenario, expect = self._scenario, self._scenario.expect
        if scenario.platform not in self._platforms:
            meant = did_you_mean(scenario.platform, sorted(self._platforms))
            if meant:
                yield self._fault(f"no platform {scenario.platform} is known here{meant}", "platform")
        known = sorted(self._stage_names)
        for stage in expect.passed or {}:
            if stage not in known:
                yield self._fault(f"no rule has a stage {stage}{did_you_mean(stage, known)}", "expect", "passed", stage)
        seen = self._chats()
        for key in ("stages", "rounds", "promises"):
            for at, one in enumerate(getattr(expect, key) or ()):
                if one.chat is not None and self._played.chat(one.chat) not in seen:
                    yield self._fault(f"nothing happens in a chat {one.chat}", "expect", key, at, "chat")
                if key != "promises" and not self._known(one.stage):
                    said = f"no rule has a stage {one.stage}{did_you_mean(one.stage, [*known, *SHOWN])}"
                    yield self._fault(said, "expect", key, at, "stage")

    def _known(self, stage: str | None) -> bool:
        return stage is None or stage in SHOWN or stage in self._stage_names

    def _chats(self) -> set[tuple[str, str]]:
        lines = [line for several in self._scenario.happens for line in several.each()]
        written = [line.chat for line in lines] + [row.chat for line in lines for row in line.waiting or ()]
        return {self._played.chat(one) for one in written}

    def _fault(self, message: str, *loc: int | str) -> Fault:
        found = self._document.fault(message, "scenarios", self._at, *loc)
        return found._replace(message=f"{self._scenario.title}: {message}")

    def _differs(self, expected: Any, got: Any, *loc: int | str, what: str = "") -> Fault:
        return self._fault(f"{what or loc[-1]}: expected {expected}, got {got}", *loc)

    def _stages(self) -> Iterator[Fault]:
        for at, look in enumerate(self._scenario.expect.stages or ()):
            got = self._played.stages[look.at, look.chat or ""]
            if got != look.stage and self._known(look.stage):  # Of a stage that there is not that is said already.
                what = f"{look.chat or 'the chat'} at {self._time(look.at)}"
                yield self._differs(look.stage, got, "expect", "stages", at, what=what)

    def _time(self, of_day_ms: int) -> str:
        return self._played.time(self._played.at_ms(of_day_ms))

    def _told(self, expected: Sequence[ToldAt]) -> Iterator[Fault]:
        looked_at = ALWAYS_LOOKED_AT | {told.to for told in expected}
        got = [told for told in self._played.told if told.to in looked_at]
        left = list(got)
        for at, one in enumerate(expected):
            fitting = next((told for told in left if self._fits(one, told)), None)
            if fitting is not None:
                left.remove(fitting)
                continue
            near = [told for told in got if told.to == one.to and told.kind == one.kind]
            yield self._fault(f"expected {self._wanted(one)}, got {self._all(near)}", "expect", "told", at)
        for told in left:
            yield self._fault(f"told, and not expected: {self._one(told)}", "expect", "told")

    def _fits(self, one: ToldAt, told: Told) -> bool:
        return (
            0 <= told.at_ms - self._played.at_ms(one.at) < WITHIN_MS
            and (one.to, one.kind) == (told.to, told.kind)
            and (one.chats is None or sorted(one.chats) == sorted(told.chats))
            and (one.agent is None or self._played.person(one.agent) == self._played.person(told.agent))
        )

    def _wanted(self, one: ToldAt) -> str:
        return _written(self._time(one.at), one.to, one.kind, one.chats or (), self._played.person(one.agent))

    def _one(self, told: Told) -> str:
        return _written(self._played.time(told.at_ms), told.to, told.kind, told.chats, self._played.person(told.agent))

    def _all(self, told: Sequence[Told]) -> str:
        more = f" and {len(told) - 5} more" if len(told) > 5 else ""
        return "; ".join(map(self._one, told[:5])) + more or "nothing"

    def _rounds(self, expected: Sequence[RoundOf]) -> Iterator[Fault]:
        got = [round for round in self._played.rounds if round.outcome != "dismissed"]
        if any(one.outcome == "dismissed" for one in expected):
            got = self._played.rounds
        for at, (one, round) in enumerate(zip(expected, got, strict=False)):
            said = self._round(round)
            for key in RoundOf.model_fields:
                wanted = self._wanted_of(one, key)
                if wanted is not None and wanted != said[key]:
                    place = ("expect", "rounds", at, key)
                    shown_as = str if key == "buyer_messages" else _said
                    yield self._differs(shown_as(wanted), shown_as(said[key]), *place, what=f"round {at + 1}, {key}")
        if len(expected) != len(got):
            listed = ", ".join(f"{self._round(r)['chat']} {_said(self._round(r)['wait'])}" for r in got[:10]) or "none"
            yield self._fault(f"expected {len(expected)} rounds, got {len(got)}: {listed}", "expect", "rounds")

    def _holders(self, held: Iterable[tuple[str, int]]) -> dict[str, int]:
        """Return who held a wait for how long; who held it twice, both together."""
        found: dict[str, int] = {}
        for written, held_ms in held:
            name, _, slot = written.rpartition(" ")
            slot = SLOTS.get(slot, slot) if name else ""
            if slot not in SLOTS.values():
                name, slot = written, ""
            holder = f"{self._played.person(name)} {slot}".rstrip()
            found[holder] = found.get(holder, 0) + held_ms
        return found

    def _wanted_of(self, one: RoundOf, key: str) -> Any:
        wanted = getattr(one, key)
        if key == "agent":
            return self._played.person(wanted)
        return self._holders(wanted.items()) if key == "holders" and wanted is not None else wanted

    def _round(self, round: Round) -> dict[str, Any]:
        person = self._played.person
        wait_ms = None if round.ended_at_ms is None else round.ended_at_ms - round.opened_at_ms
        return {
            "chat": self._played.written(round.shop, round.conversation),
            "wait": wait_ms if round.outcome == "answered" else None,
            "outcome": round.outcome,
            "stage": round.stage,
            "courtesy": round.courtesy,
            "held": round.held,
            "buyer_messages": round.buyer_messages,
            "agent": person(round.agent),
            "holders": self._holders((_holder(holding), holding.held_ms) for holding in round.holders),
        }

    def _passed(self) -> Iterator[Fault]:
        counted = [round for round in self._played.rounds if round.outcome != "dismissed"]
        for stage, wanted in (self._scenario.expect.passed or {}).items():
            got = sum(1 for round in counted if stage in round.passed)
            if got != wanted:
                yield self._differs(wanted, got, "expect", "passed", stage, what=f"passed {stage}")

    def _promises(self) -> Iterator[Fault]:
        expected = self._scenario.expect.promises
        if expected is None:
            return
        left = list(self._played.promises)
        for at, one in enumerate(expected):
            wanted = (self._played.at_ms(one.at), one.chat or "chat", one.stage)
            if wanted in left:
                left.remove(wanted)
                continue
            got = "; ".join(self._promise(other) for other in self._played.promises) or "nothing"
            yield self._fault(f"expected {self._promise(wanted)}, got {got}", "expect", "promises", at)
        for other in left:
            yield self._fault(f"a promise passed, and was not expected: {self._promise(other)}", "expect", "promises")

    def _promise(self, promise: tuple[int, str, str]) -> str:
        return f"{self._played.time(promise[0])} {promise[1]} {promise[2]}"

    def _score(self, id: str, score: ScoreOf) -> Iterator[Fault]:
        if id not in self._profiles:
            meant = did_you_mean(id, sorted(self._profiles))
            yield self._fault(f"there is no profile {id}{meant}", "expect", "scores", id)
            return
        got = self._played.scores.get(id, {})
        for key in ("hits", "misses", "undetermined", "excluded"):
            wanted = getattr(score, key)
            if wanted is not None and wanted != got.get(key, 0):
                yield self._differs(wanted, got.get(key, 0), "expect", "scores", id, key, what=f"{id}, {key}")
        rate = got.get("rate")
        if score.sample is not None and score.sample != (rate is not None):
            yield self._differs(score.sample, rate is not None, "expect", "scores", id, "sample", what=f"{id}, sample")
        if score.rate is not None and (rate is None or abs(rate - score.rate) > RATE_EXACT):
            said = "no sample" if rate is None else round(rate, 3)
            yield self._differs(score.rate, said, "expect", "scores", id, "rate", what=f"{id}, rate")
        mean = got.get("mean_seconds")
        # As it is written: 87.7s is what 87.67 is called.
        if score.mean is not None and (mean is None or abs(mean * 1000 - score.mean) > 50):
            said = "no sample" if mean is None else f"{mean:.1f}s"
            yield self._differs(shown(score.mean), said, "expect", "scores", id, "mean", what=f"{id}, mean")


def _holder(holding: Holding) -> str:
    """Return who held a wait, and how it is charged where they were not there."""
    name = holding.agent or holding.account or "nobody"
    return f"{name} {holding.slot}" if holding.slot else name


def _written(at: str, to: str, kind: str, chats: Sequence[str], agent: str | None) -> str:
    named = " ".join((at, to, kind, *chats))
    return f"{named} of {agent}" if agent else named


def _said(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    if isinstance(value, int):
        return shown(value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {shown(length)}" for name, length in value.items()) or "nobody"
    return str(value)
