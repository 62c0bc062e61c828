"""Loads the policies: ``default.yaml`` and the rules laid over it, made into the core's `Book`.

The files are read in the order of `FILES`, and their rules stand one after the other: of two rules of one section
that match, the one in the earlier file counts.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from monitor.core.book import Book, Layer, overlaid
from monitor.core.hours import ALWAYS_MS, EVER, Hours, both
from monitor.core.policy import BUILT_IN, Policy, PromiseLimits, Stage, Step
from monitor.core.roster import Register
from monitor.policy_files import language, where
from monitor.policy_files.calendars import compiled, named
from monitor.policy_files.language import Campaign, Match, PolicyFile, Rule, Terms
from monitor.policy_files.people import instant_ms
from monitor.yaml_files import BadFiles, Document, Fault, did_you_mean, read
from monitor.yaml_wording import shown

FILES = ("campaigns.yaml", "rules.yaml", "hours.yaml", "default.yaml")
SECTIONS = ("platforms", "shops", "campaigns")
ZONE = "Asia/Shanghai"


class Placed(NamedTuple):
    """A rule as it was read, and what it became.

    Attributes:
        section: platforms, shops or campaigns.
        rule: as it is written.
        document: the file.
        loc: where in it.
        layers: what it became, most often one.
    """

    section: str
    rule: Rule | Campaign
    document: Document[PolicyFile]
    loc: tuple[str, int]
    layers: tuple[Layer, ...]

    def fault(self, message: str, *loc: int | str) -> Fault:
        """Return a fault at the rule, or at one of its values."""
        return self.document.fault(message, *self.loc, *loc)


class Policies(NamedTuple):
    """All policies of a folder.

    Attributes:
        base: what ``default`` says.
        rules: those laid over it, in the order in which they are asked.
        hours: those that have a name.
        zone: of the floor.
        default: what ``default`` says once more, as layers, where it names hours of the merchant.
    """

    base: Policy
    rules: tuple[Placed, ...]
    hours: Mapping[str, Hours]
    zone: str
    default: tuple[Layer, ...] = ()

    def stage_names(self) -> set[str]:
        """Return the names of all stages that any rule has."""
        windows = [self.base.window, self.base.first_window or ()]
        windows += [
            layer.sets.get(key) or ()
            for placed in self.rules
            for layer in placed.layers
            for key in ("window", "first_window")
        ]
        return {stage.name for window in windows for stage in window}

    def book(self, version: str, register: Register) -> Book:
        """Return the policies as the core asks for them.

        Args:
            version: names the rules.
            register: says whose a shop is, and goes before what a rule says of that.
        """
        sections = [
            [layer for placed in self.rules if placed.section == section for layer in placed.layers]
            for section in SECTIONS
        ]
        if self.default:
            sections.insert(0, [*self.default])
        teams: dict[str, set[str]] = {}
        for info in register.shops:
            if info.team is not None:
                teams.setdefault(info.team, set()).add(info.shop)
        sections.append(
            [
                Layer(rule=f"team {team}", sets={"team": team}, shops=frozenset(shops), named=False)
                for team, shops in teams.items()
            ]
        )
        return Book(self.base, sections, version)


def load(folder: Path, register: Register | None, base: Policy = BUILT_IN) -> tuple[Policies, list[Fault]]:
    """Read the policies, and all that is wrong with them.

    Args:
        folder: of the rules.
        register: the shops that rules may name by brand, category and team; None: not known, for its files are wrong.
        base: what holds where ``default`` says nothing.
    """
    faults: list[Fault] = []
    documents = []
    for name in FILES:
        path = where.find(folder, name)
        if path.exists():
            try:
                documents.append(read(path, PolicyFile))
            except BadFiles as bad:
                faults += bad.faults
    zone = next((d.value.zone for d in reversed(documents) if d.value.zone), ZONE)
    hours: dict[str, Hours] = {}
    for document in documents:
        for name, text in document.value.hours.items():
            if name in hours:
                faults.append(document.fault(f"hours {name} are there already in another file", "hours", name))
            hours[name] = compiled(text, document.value.zone or zone)
    make = _Maker(hours, zone, register, faults)
    default: tuple[Layer, ...] = ()
    defaults = [document for document in documents if document.value.default is not None]
    for document in defaults[1:]:
        faults.append(document.fault(f"default is there already in {defaults[0].file}", "default"))
    if defaults:
        document = defaults[0]
        terms = document.value.default
        assert terms is not None
        place = _place(document, "default")
        sets = make.sets(terms, document, ("default",)) | {"name": "default"}
        base = overlaid(base, sets | {"rule": place})
        if "merchant" in sets:  # A rule that says other hours leaves the merchant theirs: so it is laid over, too.
            merchants = make.of_merchant(terms, document, ("default",), sets, hours=None)
            default = (*merchants, Layer(rule=place, sets=sets))
    elif not faults:
        faults.append(Fault(str(folder), 0, 0, "no file says default: what holds for every shop"))
    rules = tuple(
        placed for section in SECTIONS for document in documents for placed in make.section(document, section)
    )
    faults += _given_up_early(base, rules, defaults)
    return Policies(base, rules, hours, zone, default), faults


def _given_up_early(base: Policy, rules: Iterable[Placed], defaults: list[Document[PolicyFile]]) -> Iterator[Fault]:
    """Yield where a wait would be given up before its last limit: nobody would ever be told."""
    said: list[tuple[Terms | None, Document[PolicyFile], tuple[int | str, ...]]] = [
        (placed.rule, placed.document, placed.loc) for placed in rules
    ]
    said += [(document.value.default, document, ("default",)) for document in defaults[:1]]
    for terms, document, loc in said:
        if terms is None or terms.give_up is None:
            continue
        last = _stages(terms.stages)[-1] if terms.stages else base.window[-1]
        if terms.give_up <= last.after_ms:
            told = f"give_up ({shown(terms.give_up)}) must be longer than {last.name} ({shown(last.after_ms)})"
            yield document.fault(told, *loc, "give_up")


def _place(document: Document[Any], *loc: int | str) -> str:
    return f"{Path(document.file).name}:{document.place(*loc)[0]}"


class _Maker:
    """Makes what the core knows of what is written."""

    def __init__(self, hours: Mapping[str, Hours], zone: str, register: Register | None, faults: list[Fault]) -> None:
        self._hours = hours
        self._zone = zone
        self._register = register
        self._faults = faults

    def section(self, document: Document[PolicyFile], section: str) -> Iterator[Placed]:
        for at, rule in enumerate(getattr(document.value, section)):
            loc = (section, at)
            yield Placed(section, rule, document, loc, tuple(self._layers(rule, document, loc)))

    def _layers(self, rule: Rule | Campaign, document: Document[PolicyFile], loc: tuple[str, int]) -> Iterator[Layer]:
        sets = self.sets(rule, document, loc) | ({"name": rule.name} if rule.name else {})
        match = rule.match
        from_ms, until_ms = -ALWAYS_MS, ALWAYS_MS
        if isinstance(rule, Campaign):
            zone = ZoneInfo(rule.zone or document.value.zone or self._zone)
            from_ms, until_ms = instant_ms(rule.from_, zone), instant_ms(rule.until, zone)
        fits: dict[str, Any] = {
            "platforms": frozenset(match.platform) if match.platform else None,
            "shops": self._shops(match, document, loc),
            "phases": frozenset(match.phase) if match.phase else None,
            "from_ms": from_ms,
            "until_ms": until_ms,
        }
        hours = self._named(match.hours, document, (*loc, "match", "hours"))
        yield from self.of_merchant(rule, document, loc, sets, hours=hours, **fits)
        yield Layer(rule=_place(document, *loc), sets=sets, hours=hours, **fits)

    @staticmethod
    def of_merchant(
        terms: Terms,
        document: Document[PolicyFile],
        loc: tuple[int | str, ...],
        sets: Mapping[str, Any],
        hours: Hours | None,
        **fits: Any,
    ) -> Iterator[Layer]:
        """Yield what holds while the merchant answers, if they do at some hours."""
        if terms.merchant_hours is not None:
            yield Layer(
                rule=_place(document, *loc, "merchant_hours"),
                sets={**sets, "responsible": "merchant"},
                hours=both(hours, sets["merchant"]),
                **fits,
            )

    def _shops(self, match: Match, document: Document[PolicyFile], loc: tuple[str, int]) -> frozenset[str] | None:
        """Return the shops that a rule names, themselves or by what the register says of them."""
        shops = frozenset(match.shop) if match.shop else None
        for key in ("brand", "category", "team"):
            wanted = getattr(match, key)
            if wanted is None or self._register is None:
                continue
            known = {getattr(info, key) for info in self._register.shops} - {None}
            if key == "team":
                known |= {team.id for team in self._register.teams}
            for at, name in enumerate(wanted):
                if name not in known:
                    self._faults.append(
                        document.fault(
                            f"no shop in the register has the {key} {name}{did_you_mean(name, sorted(known))}",
                            *(*loc, "match", key, at),
                        )
                    )
            found = frozenset(info.shop for info in self._register.shops if getattr(info, key) in wanted)
            shops = found if shops is None else shops & found
        return shops

    def _named(self, names: list[str] | None, document: Document[PolicyFile], loc: Iterable[int | str]) -> Hours | None:
        if names is None:
            return None
        try:
            return named(names, self._hours, document.value.zone or self._zone)
        except ValueError as error:
            known = sorted(self._hours)
            name = next((one for one in names if not any(sign.isdecimal() for sign in one)), None)
            said = str(error) if name is None else f'{name} are no hours: neither a name from hours: nor "08:00-24:00"'
            self._faults.append(document.fault(said + did_you_mean(name or names[0], known), *loc))
            return None

    def sets(self, terms: Terms, document: Document[PolicyFile], loc: tuple[int | str, ...]) -> dict[str, Any]:
        """Return the fields of `Policy` that terms set."""
        sets: dict[str, Any] = {}
        if terms.stages is not None:
            sets["window"] = _stages(terms.stages)
            sets["first_window"] = None  # What was said of the first reply was said beside other stages.
        if terms.steps is not None:
            sets["steps"] = _steps(terms.steps)
            sets["first_steps"] = None
        if terms.first_reply is not None:
            if terms.first_reply.stages is not None:
                sets["first_window"] = _stages(terms.first_reply.stages)
            if terms.first_reply.steps is not None:
                sets["first_steps"] = _steps(terms.first_reply.steps)
        if terms.ends_by is not None:
            sets["ends_wait"] = frozenset(terms.ends_by)
        if terms.promises is not None:
            promises = terms.promises
            sets["promise"] = PromiseLimits(promises.due, promises.late, promises.missed)
            if promises.steps is not None:
                sets["promise_steps"] = _steps(promises.steps)
        if terms.greeting is not None:
            sets["greeting_due_ms"] = terms.greeting.due
            if terms.greeting.steps is not None:
                sets["greeting_steps"] = _steps(terms.greeting.steps)
        if terms.courtesy is not None:
            sets["courtesy_steps"] = _steps(terms.courtesy.steps)
        if terms.hours is not None:
            sets["hours"] = self._named(terms.hours, document, (*loc, "hours"))
        if terms.merchant_hours is not None:
            sets["responsible"] = "ours"  # In all but these.
            sets["merchant"] = self._named(terms.merchant_hours, document, (*loc, "merchant_hours")) or EVER
        if terms.responsible is not None:
            sets["responsible"] = terms.responsible
            sets["merchant"] = EVER if terms.responsible == "merchant" else None
        for key, field in _PLAIN.items():
            value: Any = terms
            for part in key.split("."):
                value = getattr(value, part) if value is not None else None
            if value is not None:
                sets[field] = value
        return sets


# Keys that are a field as they are.
_PLAIN = {
    "bot": "bot",
    "bot_silence": "bot_silence_ms",
    "bot_within": "bot_within_ms",
    "run_on": "run_on_ms",
    "session_gap": "session_gap_ms",
    "give_up": "give_up_ms",
    "team": "team",
    "unattended.waiting": "unattended_waiting_ms",
    "unattended.always": "unattended_ms",
    "unattended.absent": "absent_ms",
    "hand_over.opens": "hand_over_ms",
    "hand_over.unreceived": "unreceived_ms",
    "claim.hold": "claim_ms",
    "claim.before_limit": "claim_before_ms",
}


def _stages(stages: Mapping[str, int]) -> tuple[Stage, ...]:
    return tuple(Stage(name, after_ms) for name, after_ms in stages.items())


def _steps(steps: Iterable[language.Step]) -> tuple[Step, ...]:
    return tuple(Step(step.at, step.to, step.gather, step.if_unclaimed, step.repeat, step.repeats) for step in steps)
