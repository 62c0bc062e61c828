"""What the files of the rules say of each other: names that lead nowhere, rules that can never match.

A name that leads nowhere is a fault where its kind is written down at all: a floor without a register names
its shops as the feeds do. What may be meant is only doubted.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from zoneinfo import ZoneInfo

from monitor.core.book import Layer
from monitor.core.hours import ALWAYS_MS
from monitor.core.roster import Person, Register, Shift
from monitor.core.scores.profile import ProfileBook
from monitor.core.senders import Reader
from monitor.core.units import DAY_MS
from monitor.policy_files import sender_links, where
from monitor.policy_files.channels import FILE, Plan
from monitor.policy_files.covering import LONGEST_MS, Before, ever
from monitor.policy_files.language import Campaign
from monitor.policy_files.policies import Placed, Policies
from monitor.yaml_files import Fault, did_you_mean, read
from monitor.yaml_wording import shown

SEATS_LOOKED_AT_MS = 8 * DAY_MS  # A week has every day in it.
PHASES = ("presale", "aftersale")  # As the contract's examples call them; a feed may have others.


def contradictions(
    folder: Path, policies: Policies, register: Register, channels: Plan, profiles: ProfileBook, reader: Reader
) -> Iterator[Fault]:
    """Yield names that lead nowhere, and limits of different keys that contradict each other."""
    found = chain(
        _of_rules(policies, register),
        _of_teams(register, channels),
        _of_routes(folder, register, channels),
        _of_shops(policies, register, profiles),
        sender_links.contradictions(reader.senders, register),
    )
    for fault in found:
        yield _with_folder(fault, folder)


def _of_rules(policies: Policies, register: Register) -> Iterator[Fault]:
    shops = {info.shop for info in register.shops}
    teams = {team.id for team in register.teams}
    for placed in policies.rules:
        for at, shop in enumerate(placed.rule.match.shop or ()):
            if shops and shop not in shops:
                meant = did_you_mean(shop, sorted(shops))
                yield placed.fault(f"{shop} is no shop of the register{meant}", "match", "shop", at)
        name = placed.rule.team
        if teams and name is not None and name not in teams:
            yield placed.fault(f"{name} is no team we know{did_you_mean(name, sorted(teams))}", "team")


def _of_teams(register: Register, channels: Plan) -> Iterator[Fault]:
    for team in register.teams:
        for name in team.channels:
            if name not in channels.channels:
                meant = did_you_mean(name, sorted(channels.channels))
                yield _at(team.place, f"channels.yaml has no channel {name}, which team {team.id} names{meant}")


def _of_routes(folder: Path, register: Register, channels: Plan) -> Iterator[Fault]:
    teams = {team.id for team in register.teams}
    if teams:
        for at, route in enumerate(channels.routes):
            for number, name in enumerate(route.match.team):
                if name not in teams:
                    said = f"a route is for the team {name}, which nobody knows{did_you_mean(name, sorted(teams))}"
                    yield _in_channels(folder, said, "routes", at, "match", "team", number)
    if register.persons:
        for at, route in enumerate(channels.routes):
            for number, name in enumerate(route.mention):
                if register.person(name) is None and name not in channels.mentions:
                    said = f"a route mentions {name}, whom nobody knows"
                    yield _in_channels(folder, said, "routes", at, "mention", number)


def _of_shops(policies: Policies, register: Register, profiles: ProfileBook) -> Iterator[Fault]:
    for info in register.shops:
        if info.contract_hours is not None and info.contract_hours not in policies.hours:
            meant = did_you_mean(info.contract_hours, sorted(policies.hours))
            yield _at(info.place, f"contract_hours {info.contract_hours} are no hours of the rules{meant}")
        for id, target in info.targets.items():
            if id not in profiles.versions:
                meant = did_you_mean(id, sorted(profiles.versions))
                yield _at(info.place, f"targets: there is no score {id}{meant}")
            elif (profiles.versions[id][-1].statistic == "rate") != (target <= 1):
                kind = "a share, as 90%" if target > 1 else "a length of time, as 30s"
                yield _at(info.place, f"targets: {id} is told as {kind}")


def doubts(
    folder: Path,
    policies: Policies,
    register: Register,
    channels: Plan,
    profiles: ProfileBook,
    reader: Reader,
    now_ms: int,
) -> list[Fault]:
    """Return what is odd and yet may be meant."""
    found = chain(
        _doubts(policies, register, channels, profiles, now_ms), sender_links.doubts(reader.senders, policies)
    )
    return [_with_folder(fault, folder) for fault in found]


def _doubts(policies: Policies, register: Register, channels: Plan, profiles: ProfileBook, now_ms: int) -> list[Fault]:
    found: list[Fault] = []
    before = Before(now_ms)
    platforms = {name for versions in profiles.versions.values() for one in versions for name in one.platforms}
    for info in register.shops:
        meant = did_you_mean(info.platform, sorted(platforms)) if info.platform else ""
        if meant and info.platform not in platforms:
            found.append(_at(info.place, f"no platform {info.platform} is known here{meant}"))
    platforms |= {info.platform for info in register.shops if info.platform}
    for placed in policies.rules:
        others = before.covering(placed)
        if len(others) == 1:
            said = f"never matches: the rule at {_places(others)} stands before it and matches all of it"
            found.append(placed.fault(said))
        elif others:
            said = f"never matches: the rules at {_places(others)} stand before it and between them match all of it"
            found.append(placed.fault(said))
        elif any(layer.shops is not None and not layer.shops for layer in placed.layers):
            found.append(placed.fault("never matches: no shop of the register fits", "match"))
        elif _elsewhere(placed, register):
            found.append(placed.fault("never matches: its shops are on other platforms", "match"))
        elif not _has_hours(placed.layers[-1], now_ms):
            said = "never matches: no hour of the next year is in its hours"
            if placed.section == "campaigns":
                said = "never matches: no hour of its days is in its hours"
            found.append(placed.fault(said, "match", "hours"))
        elif isinstance(placed.rule, Campaign) and placed.layers[-1].until_ms <= now_ms:
            ended = placed.layers[-1].until_ms
            found.append(placed.fault(f"campaign {placed.rule.name} has ended ({_day(ended, policies.zone)})", "until"))
        found += _nearly(placed, "platform", platforms)
        found += _nearly(placed, "phase", PHASES)
        found += _late_steps(placed, policies.base.give_up_ms)
        before.add(placed)
    found += _people(register, now_ms, policies.zone)
    if register.teams and channels.channels:
        routed = {name for route in channels.routes for name in route.match.team}
        if channels.routes and routed and not any(not route.match.team for route in channels.routes):
            found += [
                _at(team.place, f"no route of channels.yaml sends the alerts of team {team.id} anywhere")
                for team in register.teams
                if team.id not in routed and not team.channels
            ]
    return found


def _has_hours(layer: Layer, now_ms: int) -> bool:
    """Whether any hour of the next year, of a campaign any of its own, is in the hours of a rule."""
    if layer.hours is None:
        return True
    if layer.from_ms == -ALWAYS_MS:
        return ever(layer.hours, now_ms)
    return ever(layer.hours, layer.from_ms, min(layer.until_ms, layer.from_ms + LONGEST_MS))


def _places(rules: Sequence[Placed]) -> str:
    """Return where rules stand: rules.yaml:3, :7."""
    found: list[str] = []
    file = ""
    for placed in rules:
        found.append(
            f"{'' if placed.document.file == file else placed.document.file}:{placed.document.place(*placed.loc)[0]}"
        )
        file = placed.document.file
    return ", ".join(found)


def _nearly(placed: Placed, key: str, known: Collection[str]) -> Iterator[Fault]:
    """Yield names that may be any, and are yet so near to a known one that they are hardly meant."""
    for at, name in enumerate(getattr(placed.rule.match, key) or ()):
        meant = "" if name in known else did_you_mean(name, sorted(known))
        if meant:
            yield placed.fault(f"no {key} {name} is known here{meant}", "match", key, at)


def _late_steps(placed: Placed, give_up_ms: int) -> Iterator[Fault]:
    """Yield limits and steps that come when nobody waits any more; waits are given up after so long elsewhere."""
    rule = placed.rule
    for at, step in enumerate(rule.steps or ()):
        if rule.give_up is not None and step.at >= rule.give_up:
            yield placed.fault(f"a step at {shown(step.at)}, when the wait is given up already", "steps", at)
    if rule.stages is not None and rule.give_up is None and max(rule.stages.values()) >= give_up_ms:
        name = max(rule.stages, key=rule.stages.__getitem__)
        said = f"{name} ({shown(rule.stages[name])}) is never passed: waits are given up after {shown(give_up_ms)}"
        yield placed.fault(said, "stages", name)
    if rule.steps is None or rule.stages is None:
        return
    last_ms = max(rule.stages.values())
    for at, step in enumerate(rule.steps):
        if step.at > 2 * last_ms:
            yield placed.fault(
                f"a step at {shown(step.at)} is long after the last limit, {shown(last_ms)}", "steps", at
            )


def _people(register: Register, now_ms: int, zone: str) -> Iterator[Fault]:
    for slot in register.slots:
        name, person = register.person_name(slot.person), register.person(slot.person)
        if person is not None and not person.employed(now_ms) and slot.last_day is None:
            yield _at(slot.place, f"{name} no longer works here; the line does nothing")
        elif slot.last_day is not None and slot.last_day < datetime.fromtimestamp(now_ms / 1000, ZoneInfo(zone)).date():
            yield _at(slot.place, f"the line of {name} ended on {slot.last_day}")
    nicks: dict[str, Person] = {}
    for one in register.persons:
        other = nicks.setdefault(one.nick or one.id, one)
        if other is not one:
            said = f"{one.nick} is what {other.id} is called too; where a feed says {one.nick}, {other.id} is meant"
            yield _at(one.place, said)
    yield from _accounts(register)
    yield from _seats(register, now_ms)


def _accounts(register: Register) -> Iterator[Fault]:
    """Yield lines of the roster that name an account of another shop, or of other people."""
    for slot in register.slots:
        account = register.account(slot.account, slot.shop) if slot.account else None
        if account is None:
            continue
        if account.shop not in (None, slot.shop):
            yield _at(slot.place, f"account {slot.account} is of the shop {account.shop}, not of {slot.shop}")
        elif account.persons and slot.person not in account.persons:
            name = register.person_name(slot.person)
            yield _at(slot.place, f"{name} is not among the people of the account {slot.account} ({account.place})")


def _seats(register: Register, now_ms: int) -> Iterator[Fault]:
    """Yield who sits where another sits, and who is to serve other shops from a dedicated seat, in the next days."""
    if not any(slot.seat or not slot.shared for slot in register.slots):
        return
    at_seat: dict[str, Shift] = {}
    of_person: dict[str, Shift] = {}
    told: set[tuple[str | None, str | None]] = set()
    for shift in register.shifts(now_ms, now_ms + SEATS_LOOKED_AT_MS):
        slot = shift.slot
        other = at_seat.get(slot.seat) if slot.seat else None
        if other is not None and other.ends_at_ms > shift.starts_at_ms and other.slot.person != slot.person:
            if (slot.place, other.slot.place) not in told:
                said = (
                    f"{register.person_name(other.slot.person)} sits at {slot.seat} at these hours ({other.slot.place})"
                )
                yield _at(slot.place, said)
            told.add((slot.place, other.slot.place))
        same = of_person.get(slot.person)
        if same is not None and same.ends_at_ms > shift.starts_at_ms and same.slot.shop != slot.shop:
            first = slot if not slot.shared else same.slot
            if not first.shared and (first.place, None) not in told:
                yield _at(
                    first.place, f"a dedicated seat (专席) serves one shop; {slot.shop} is served at these hours too"
                )
                told.add((first.place, None))
        for key, latest in ((slot.seat, at_seat), (slot.person, of_person)):
            if key and (key not in latest or latest[key].ends_at_ms <= shift.ends_at_ms):
                latest[key] = shift


def _elsewhere(placed: Placed, register: Register) -> bool:
    """Whether a rule is for a platform, and for shops that are all known to be on others."""
    layer = placed.layers[-1]
    if layer.platforms is None or not layer.shops:
        return False
    known = [info.platform for info in register.shops if info.shop in layer.shops and info.platform]
    return len(known) == len(layer.shops) and layer.platforms.isdisjoint(known)


def _at(place: str | None, message: str) -> Fault:
    file, _, line = (place or "people.yaml:0").rpartition(":")
    return Fault(file, int(line), 1 if int(line) else 0, message)


def _in_channels(folder: Path, message: str, *loc: int | str) -> Fault:
    """Return a fault of the routes; what they say does not keep its places, and this is rare."""
    return read(where.find(folder, FILE), Plan).fault(message, *loc)


def _with_folder(fault: Fault, folder: Path) -> Fault:
    """Return a fault with the whole path of its file, which an editor can open."""
    return fault if Path(fault.file).parts[1:] else fault._replace(file=str(where.find(folder, fault.file)))


def _day(at_ms: int, zone: str) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"
