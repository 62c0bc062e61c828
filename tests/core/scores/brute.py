"""A second count of the scores, written to be read: no fold, only which reply comes next.

It knows buyers, people and bots, which is all that the files of real chat have, and
shares no code with the program but the profile's numbers.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from monitor.core.scores.profile import Profile
from tests.brute_force import instant_ms

Json = dict[str, Any]
GIVE_UP_MS = 7 * 86_400_000


@dataclass
class Stretch:
    """Buyer messages that wait for the same reply."""

    asked: list[int]
    reply: int | None
    bot: bool
    session: int
    agent: str | None
    cut_off: bool = False  # Another session has begun: no reply can come any more.


def ends(event: Json, profile: Profile) -> bool:
    greets = event.get("text", "").strip(" .!").casefold() in ("hi", "hello", "hey", "i'm here")
    return event["role"] in profile.ends_by and not (greets and profile.greetings == "ignored")


def local(ms: int, profile: Profile) -> datetime:
    return datetime.fromtimestamp(ms / 1000, ZoneInfo(profile.zone))


def day_of(ms: int, profile: Profile) -> date:
    when = local(ms, profile)
    shift = timedelta(milliseconds=profile.day_starts_ms or 0)
    return (when - shift).date() + (timedelta(days=1) if profile.day_starts_ms else timedelta())


def over_at(ms: int, profile: Profile) -> int | None:
    """Return from when on the day is over for what was asked then."""
    if profile.day_starts_ms is None:
        return None
    day = day_of(ms, profile)
    ends = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(profile.zone))
    if profile.due_by_ms is not None:
        return round((ends + timedelta(milliseconds=profile.due_by_ms)).timestamp() * 1000) + 1
    return round((ends + timedelta(days=1)).timestamp() * 1000)


def in_hours(ms: int, profile: Profile) -> bool:
    if profile.hours is None:
        return True
    when = local(ms, profile)
    in_day = ((when.hour * 60 + when.minute) * 60 + when.second) * 1000 + ms % 1000
    return any(start <= in_day < end for start, end in profile.hours)


def stretches(chat: list[Json], profile: Profile) -> list[Stretch]:
    """Group the buyer's messages by session, day and the reply that comes next."""
    cuts = profile.unit in ("session", "thread_first")
    last_ms, session, waiting = -1, 0, False
    for at, event in enumerate(chat):
        buyer, people = event["role"] == "buyer", ends(event, profile)
        gap_ms = profile.session_gap_ms
        silent = gap_ms is not None and last_ms >= 0 and event["ms"] - last_ms >= gap_ms
        # Who of the shop breaks a silence in which somebody waits ends the wait; else it begins something.
        if at == 0 or (silent and (buyer or not waiting)):
            session += 1
            event["begins"] = True
            waiting = False
        event["session"] = session
        waiting = buyer or (waiting and not people)
        last_ms = event["ms"]
    found: list[Stretch] = []
    names: list[Any] = []
    for at, event in enumerate(chat):
        if event["role"] != "buyer":
            continue
        later = [e for e in chat[at + 1 :] if ends(e, profile)]
        end = over_at(event["ms"], profile)
        reply = later[0] if later else None
        name = (id(reply) if reply else 0, end, session_of(event) if cuts else 0)
        if cuts and reply is not None and reply["session"] != event["session"]:
            reply = None
        if found and names[-1] == name and event["ms"] - found[-1].asked[0] <= GIVE_UP_MS:
            found[-1].asked.append(event["ms"])
            continue
        if reply is not None and reply["ms"] - event["ms"] > GIVE_UP_MS:
            reply = None
        if reply is not None and end is not None and reply["ms"] >= end:
            reply = None
        upto = reply["ms"] if reply else (end if end is not None else 1 << 60)
        others = [e for e in chat[at + 1 :] if e["ms"] <= upto and (not cuts or e["session"] == event["session"])]
        # Up to the reply itself, not those of its instant that come after it.
        others = others[: others.index(reply)] if reply else others
        bot = any(e["role"] == "bot" for e in others)
        names.append(name)
        agent = reply.get("agent") if reply else None
        found.append(Stretch([event["ms"]], reply["ms"] if reply else None, bot, event["session"], agent))
    for stretch in found:
        stretch.cut_off = cuts and any(e["role"] == "buyer" and e["session"] > stretch.session for e in chat)
    return found


def session_of(event: Json) -> int:
    number: int = event["session"]
    return number


def verdict(stretch: Stretch, start: int, profile: Profile, now: int) -> str:
    if profile.bot_only == "drop" and stretch.bot and stretch.reply is None:
        return "excluded"
    if profile.bot_only == "answered" and stretch.bot and stretch.reply is None:
        return "hit"
    end = over_at(start, profile)
    if stretch.reply is not None:
        return "hit" if profile.limit_ms is None or stretch.reply - start <= profile.limit_ms else "miss"
    if stretch.cut_off:
        return "miss"
    waited = now - start
    if profile.limit_ms is not None and waited > profile.limit_ms:
        return "miss"
    if end is not None and now >= end:
        return "miss"
    if profile.limit_ms is None and profile.cap_ms is not None and waited > profile.cap_ms:
        return "miss"
    return "undetermined"


def count(events: list[Json], profile: Profile) -> dict[str, int]:
    """Count the units of some events under a profile of one shop's each."""
    total = dict.fromkeys(("hit", "miss", "undetermined", "excluded"), 0)
    now = max(instant_ms(event["ts"]) for event in events)
    chats: dict[tuple[str, str], list[Json]] = {}
    for event in events:
        chats.setdefault((event["shop"], event["conversation"]), []).append({**event, "ms": instant_ms(event["ts"])})
    for chat in chats.values():
        chat.sort(key=lambda event: event["ms"])
        units: dict[Any, list[str]] = {}
        for at, stretch in enumerate(stretches(chat, profile)):
            start = stretch.asked[0]
            begins = start
            if profile.hours_by == "session_start":
                begins = min(e["ms"] for e in chat if e["session"] == stretch.session and e["role"] == "buyer")
            outside = not in_hours(begins, profile)
            if profile.unit == "message":
                for number, asked in enumerate(stretch.asked):
                    fits = in_hours(asked, profile)
                    units[at, number] = [verdict(stretch, asked, profile, now) if fits else "excluded"]
                continue
            came = "excluded" if outside else verdict(stretch, start, profile, now)
            if profile.unit == "round":
                units[at] = [came]
            elif profile.unit == "buyer_day":
                by = _holder(chat, stretch, start) if profile.key == "account_buyer" else None
                units.setdefault((day_of(start, profile), by), []).append(came)
            else:
                units.setdefault(stretch.session, []).append(came)
        first = profile.unit == "thread_first" or (profile.unit == "session" and profile.starts != "first_unanswered")
        for name, came_out in units.items():
            if first and next(e for e in chat if e["session"] == name)["role"] != "buyer":
                continue  # The shop began it.
            total[united(came_out[:1] if first else came_out, profile)] += 1
    return total


def _holder(chat: list[Json], stretch: Stretch, start: int) -> str | None:
    """Return whose account a stretch is: who answers it, else who answered last before it."""
    if stretch.reply is not None:
        return stretch.agent
    before = [e["agent"] for e in chat if e["role"] == "agent" and e["ms"] <= start and e.get("agent")]
    return before[-1] if before else None


def united(parts: list[str], profile: Profile) -> str:
    order = ("hit", "undetermined", "miss") if profile.limit_ms is None else ("miss", "undetermined", "hit")
    return next((name for name in order if name in parts), "excluded")
