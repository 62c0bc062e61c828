"""Puts what people are told into words, with what the floor knows at that instant.

What a message names is looked at again before it is sent: who has been answered, or
whom somebody has claimed before the lead was called, is not told any more.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import quote
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from monitor.alerts import text_en, text_zh
from monitor.alerts.inert import plain
from monitor.alerts.links import Links
from monitor.alerts.merging import Over
from monitor.alerts.router import instead_of_lead, places
from monitor.alerts.saying import Link, Mention, Saying
from monitor.alerts.view import Room, View, WaitView, Words, most_urgent
from monitor.core.decisions import AlertState, Decision, NamedWait, TellPeople, ToldStep
from monitor.core.masking import masked_name
from monitor.core.roster import Person, Register
from monitor.core.units import DAY_MS
from monitor.core.views import WaitRow
from monitor.policy_files.channels import MACHINES, Plan
from monitor.policy_files.templates import NONE, OF_KIND

SAID_CHARACTERS = 40
REPLY_CHARACTERS = 80  # Of a suggested reply: what a glance takes in.
ALERTS_KNOWN = 20_000  # Whose history is shown; older ones are told without…
KNOWN_FOR_MS = 3 * DAY_MS  # …as are those of which nothing was told for so long.
WITHOUT_ALERT = frozenset(
    {"waits", "opening", "digest", "quality", "storm", "canary"}
)  # None to claim besides their waits.
NAMED = 50  # Messages of a digest whose agents are counted by name.
OPEN_LINKS = 2  # Buttons that open a chat; claim and mute must still fit.
WORDS: dict[str, Words] = {"zh": text_zh, "en": text_en}


class Floor(Protocol):
    """Who waits."""

    def row(self, shop: str, conversation: str) -> WaitRow | None:
        """Return the open wait of a chat."""


class Staff(Protocol):
    """Who is there."""

    @property
    def register(self) -> Register:
        """Who is who."""

    def room(self, shop: str, now_ms: int) -> list[tuple[str, int, int]]:
        """Return who can take more."""

    def load(self, person: str) -> tuple[int, int | None]:
        """Return open chats and limit."""

    def person_of(self, agent: str | None, account: str | None, shop: str | None, at_ms: int) -> str | None:
        """Return the person behind an agent and account."""

    def seat_of(self, person: str, at_ms: int, shop: str | None = None) -> str | None:
        """Return where somebody sits."""

    def lead_of(self, team: str, at_ms: int) -> Person | None:
        """Return who leads a team now."""


class Talk(Protocol):
    """What a buyer has said."""

    @property
    def product(self) -> Any:
        """What the chat is about, as the feed says it."""

    def last_words(self, at_most: int = 60) -> str:
        """Return the newest words, masked."""


class Talks(Protocol):
    """What buyers have said."""

    def of(self, shop: str, conversation: str) -> Talk | None:
        """Return what the buyer of an open wait said; None: not known here."""


class FloorSpeaker:
    """Says things on one floor.

    Args:
        plan: where people are told, who is mentioned how, links into clients.
        links: by which they act.
        epoch: what the names of alerts begin with.
        suggest: gives what could be answered in a conversation of a shop; None: nothing is suggested.
        score: returns what a platform calls a score; None: it is called by its id.
    """

    def __init__(
        self,
        floor: Floor,
        staff: Staff,
        talks: Talks,
        links: Links,
        plan: Plan,
        epoch: str,
        suggest: Callable[[str, str], str | None] | None = None,
        score: Callable[[str], str] | None = None,
    ) -> None:
        self._floor = floor
        self._score = score or str
        self._suggest = suggest or (lambda _shop, _conversation: None)
        self._staff = staff
        self._talks = talks
        self._links = links
        self._epoch = epoch
        self._told: OrderedDict[str, tuple[ToldStep, ...]] = OrderedDict()
        self._over: dict[str, Over] = {}  # Of these.
        self._newest_ms = 0  # When anything was last told.
        self.take(plan)

    def take(self, plan: Plan) -> None:
        """Take other rules."""
        self._plan = plan
        self._zone = ZoneInfo(plan.zone)

    def see(self, decisions: Iterable[Decision]) -> None:
        """Follow how alerts stand."""
        for one in decisions:
            if isinstance(one, AlertState):
                self._told[one.alert] = one.told
                self._told.move_to_end(one.alert)
                self._newest_ms = max(self._newest_ms, _last_ms(one.told))
                if one.ended_at_ms is None:
                    self._over.pop(one.alert, None)
                else:
                    self._over[one.alert] = "withdrawn" if one.state == "withdrawn" else "dropped_answered"
        oldest_ms = self._newest_ms - KNOWN_FOR_MS
        while len(self._told) > ALERTS_KNOWN or (self._told and _last_ms(next(iter(self._told.values()))) < oldest_ms):
            alert, _ = self._told.popitem(last=False)
            self._over.pop(alert, None)

    @property
    def known(self) -> int:
        """Of how many alerts it is known who was told."""
        return len(self._told)

    # -- what still is so ----------------------------------------------------------------------------------------------

    def standing(self, told: TellPeople) -> TellPeople | Over:
        """Return what of a message is still so, or how it is over."""
        if told.kind in ("digest", "quality"):  # What was said stays said.
            return told
        if told.kind not in ("waits", "opening"):
            return self._over.get(told.alert, told)
        left = tuple(wait for wait in told.waits if self._waits(wait, told.to))
        if not left:
            return self._over.get(told.alert, "dropped_answered")
        return told if len(left) == len(told.waits) else replace(told, waits=left)

    def _waits(self, wait: NamedWait, to: str) -> bool:
        row = self._floor.row(wait.shop, wait.conversation)
        if row is None or row.wait != wait.wait or row.needs_answer_since_ms is None or row.stopped:
            return False
        # A manager is told of a single wait in the place of a lead only.
        return not (to in ("lead", "digest") and row.claimed_by and not wait.claimed_by)

    # -- words ---------------------------------------------------------------------------------------------------------

    def say(self, channel: str, told: Sequence[TellPeople], now_ms: int) -> Saying:
        """Return one message, or several in one, as a channel tells it."""
        said = self._plan.channels[channel]
        words = WORDS[said.lang]
        # Of thousands only what is named is looked at: they are in order, most urgent first.
        named, more = told[:NAMED], sum(len(one.waits) for one in told[NAMED:])
        views = [self._view(one, now_ms) for one in named]
        mentions = tuple({mention.name: mention for one in named for mention in self._mentions(one, now_ms)}.values())
        links = self._act_links(named, mentions, now_ms, words)
        if len(told) == 1:
            kind = views[0].kind
            title, lines = words.title(views[0]), words.lines(views[0])
            links = [*links[:1], *self._chat_links(told[0], words), *links[1:]]
        else:
            kind = "several"
            title, lines = words.digest_title(views, more), words.digest_lines(views, more)
        own = said.templates.of(kind) if not isinstance(said, MACHINES) else NONE
        if own.title or own.body:
            values = words.variables(views[0]) | {"title": title, "lines": "\n".join(lines)}
            values |= _of_kind(kind, views[0].facts, words)
            if kind == "several":
                values |= {"messages": str(len(told)), "count": str(len(most_urgent(views)) + more)}
            # A title of values that are not known comes to nothing, and a robot refuses a message without one.
            title = (" ".join(own.title.format(**values).split()) if own.title else "") or title
            lines = own.body.format(**values).split("\n") if own.body else lines
        return Saying(title=title, lines=tuple(lines), mentions=mentions, links=tuple(links))

    def _view(self, told: TellPeople, now_ms: int) -> View:
        """Return what the words are made of."""
        staff = self._staff
        first = told.waits[0] if told.waits else None
        person = load = move = seat = None
        if first is not None:
            person = staff.person_of(told.agent or first.agent, first.account, first.shop, now_ms)
            seat = staff.seat_of(person, now_ms, first.shop) if person else None
            if person:
                load = Room(person, *staff.load(person))
                load = load if load.open or load.limit else None
            free = [one for one in staff.room(first.shop, now_ms) if one[0] != person]
            if free:
                move = Room(self._name(free[0][0]) or free[0][0], free[0][1], free[0][2] or None)
        elif told.agent:
            seat = staff.seat_of(told.agent, now_ms)
        facts = told.facts
        shop = str(facts.get("shop") or (first.shop if first else ""))
        return View(
            kind=told.kind,
            step=told.step,
            team=told.team,
            agent=self._name(person or told.agent),
            seat=seat,
            load=load,
            move=move,
            waits=tuple(self._wait(wait, now_ms) for wait in told.waits),
            told=self._told_before(told),
            facts=self._with_names(facts),
            shop=staff.register.shop_name(shop) if shop else "",
            instead_of_lead=instead_of_lead(told),
            now_ms=now_ms,
        )

    def _wait(self, wait: NamedWait, now_ms: int) -> WaitView:
        talk = self._talks.of(wait.shop, wait.conversation)
        return WaitView(
            shop=self._staff.register.shop_name(wait.shop),
            platform=wait.platform,
            buyer=masked_name(wait.buyer),
            account=wait.account,
            said=plain(talk.last_words(SAID_CHARACTERS), SAID_CHARACTERS) if talk is not None else "",
            product=_product(talk.product) if talk is not None else "",
            asked_at=self._clock(wait.since_ms),
            waited_ms=max(0, now_ms - wait.since_ms),
            left_ms=None if wait.next_due_at_ms is None else max(0, wait.next_due_at_ms - 1 - now_ms),
            stage=wait.stage,
            messages=wait.messages,
            closed_unanswered=wait.closed_unanswered,
            claimed_by=wait.claimed_by,
            agent=self._name(wait.agent or wait.account),
            reply=plain(self._suggest(wait.shop, wait.conversation) or "", REPLY_CHARACTERS),
            wait=wait.wait,
        )

    def _with_names(self, facts: dict[str, Any]) -> dict[str, Any]:
        """Return facts with people and shops as the floor calls them: who reads them knows no number."""
        named: dict[str, Any] = {
            key: self._name(facts[key]) for key in ("from", "to") if isinstance(facts.get(key), str)
        }
        if isinstance(facts.get("profile"), str):
            named["profile"] = self._score(facts["profile"])
        if isinstance(facts.get("shops"), list):
            # Of unattended shops each with what is known of it.
            ids = [one["shop"] if isinstance(one, dict) else one for one in facts["shops"]]
            named["shops"] = [self._staff.register.shop_name(one) for one in ids]
        if isinstance(facts.get("absent"), list):
            named["absent"] = [self._name(one) for one in facts["absent"]]
        if isinstance(facts.get("room"), list):
            named["room"] = [[self._name(one[0]), *one[1:]] for one in facts["room"]]
        if isinstance(facts.get("turned"), list):
            named["turned"] = [
                one | {"name": self._turned(one["kind"], one["name"]), "at": self._clock(one["at_ms"])[:5]}
                for one in facts["turned"]
            ]
        return facts | named

    def _turned(self, kind: str, name: str) -> str:
        """Return what has turned as the floor calls it; a shop stands first in the name of what is a shop's."""
        if kind not in ("unattended", "score"):
            return "" if kind == "handover" else name
        shop, _, rest = name.partition(" ")
        profile = rest.partition(" ")[0]
        return " ".join(filter(None, (self._staff.register.shop_name(shop), profile and self._score(profile))))

    def _name(self, person: str | None) -> str | None:
        return self._staff.register.person_name(person) if person else None

    def _clock(self, at_ms: int) -> str:
        return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(self._zone).strftime("%H:%M:%S")

    def _told_before(self, told: TellPeople) -> tuple[tuple[str, str], ...]:
        """Return whom its alert has been told before, and when."""
        steps = self._told.get(told.alert, ())
        return tuple(
            (f"{one.to} {one.step}" if one.step[:1].isdigit() else one.to, self._clock(one.decided_at_ms))
            for one in steps
            if (one.step, one.to) != (told.step, told.to) and one.decided_at_ms <= told.decided_at_ms
        )[-5:]

    # -- who and what to tap -------------------------------------------------------------------------------------------

    def _mentions(self, told: TellPeople, now_ms: int) -> Iterable[Mention]:
        """Yield who leads, for what is told to a lead: by the roster, else as the route names them."""
        if told.to != "lead":
            return
        lead = self._staff.lead_of(told.team, now_ms)
        if lead is not None:
            handles = self._plan.mentions.get(lead.id) or self._plan.mentions.get(lead.nick or "") or lead.mentions
            yield Mention(lead.nick or lead.id, dict(handles))
            return
        platforms, shops = places(told)
        for route in self._plan.routes:
            if route.match.matches(told.team, platforms, shops) and (route.lead or route.team):
                for name in route.mention:
                    yield Mention(name, dict(self._plan.mentions.get(name, {})))
                return

    def _act_links(
        self, told: Sequence[TellPeople], mentions: Sequence[Mention], now_ms: int, words: Words
    ) -> list[Link]:
        """Return claim and mute: of all that the message names."""
        alerts = [str(wait.wait) for one in told if one.kind == "waits" for wait in one.waits]
        alerts += [one.alert for one in told if one.kind not in WITHOUT_ALERT]
        by = mentions[0].name if len(mentions) == 1 else ""
        found = []
        for act in ("claim", "mute"):
            url = self._links.url(act, list(dict.fromkeys(alerts)), now_ms, by)
            if url is not None:
                found.append(Link(words.label(act, self._links.inside, ""), url))
        return found

    def _chat_links(self, told: TellPeople, words: Words) -> list[Link]:
        """Return links that open the chats in the platform's own client, where somebody has written down how."""
        found = []
        for wait in told.waits[:OPEN_LINKS]:
            shop = self._staff.register.shop(wait.shop)
            template = (shop.chat_link if shop is not None else None) or self._plan.chat_links.get(wait.platform)
            if not template:
                continue
            values = {
                "shop": wait.shop,
                "account": wait.account or "",
                "buyer": wait.buyer,
                "conversation": wait.conversation,
                "platform": wait.platform,
            }
            url = template.format(**{name: quote(value, safe="") for name, value in values.items()})
            name = self._staff.register.shop_name(wait.shop)
            found.append(Link(words.label("open", False, plain(name, 12) if len(told.waits) > 1 else ""), url))
        return found


def _last_ms(told: Sequence[ToldStep]) -> int:
    """Return when the last of these was told."""
    return told[-1].decided_at_ms if told else 0


def _of_kind(kind: str, facts: dict[str, Any], words: Words) -> dict[str, str]:
    """Return the values that only templates of this kind of message may name; what is not known is empty."""
    return {name: words.value(name, facts.get(name)) for name in OF_KIND[kind]}


def _product(product: Any) -> str:
    """Return a product's name, where what the feed gave has one."""
    if isinstance(product, str):
        return plain(product, 24)
    if isinstance(product, dict):
        for name in ("name", "title", "id"):
            if isinstance(product.get(name), str):
                return plain(product[name], 24)
    return ""
