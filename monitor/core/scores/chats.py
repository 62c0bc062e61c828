"""The logs of many conversations: filled event by event, judged when all is in.

A replay keeps one for its whole input; a running service fills one for the chats it
scores again. Neither the order of arrival nor how often it is judged changes anything.
"""

from bisect import bisect_right, insort
from collections.abc import Callable, Iterator
from itertools import islice

from monitor.core import events as ev
from monitor.core.scores.aliases import Aliases
from monitor.core.scores.gaps import Feeds
from monitor.core.scores.judge import Judge
from monitor.core.scores.log import (
    ASSIGNED,
    ASSIST,
    BUYER,
    BY_LATENCY,
    CLOSED,
    CLOSED_BY_BUYER,
    DISMISS,
    GREETS,
    HANDED_OFF,
    LISTED,
    REPLY,
    TRANSFERRED,
    Said,
    in_order,
    listed,
    said,
    unlisted,
    without_bots,
)
from monitor.core.scores.staff import UNKNOWN, Manned, Staff

_OF_THE_SHOP: frozenset[type] = frozenset({ev.WaitingSnapshot, ev.BuyerMerged, ev.AccountStatus, ev.SyncRange})
_TAKES = (BUYER, REPLY, LISTED)  # Whose account has the chat.
_ASKS = (BUYER, LISTED, HANDED_OFF)  # After which a buyer may be waiting…
_SETTLES = (CLOSED_BY_BUYER, DISMISS)  # …and is not any more; nor after a reply, if it is one:
_MAY_BE_NONE = ASSIST | BY_LATENCY | GREETS  # that hangs on the profile, or on what was said before.
LISTS_AT_MOST = 20_000  # Complete lists of one shop: more than a day at one in five seconds.


class Chat:
    """The log of one conversation."""

    __slots__ = ("buyer", "log")

    def __init__(self, buyer: str) -> None:
        self.buyer = buyer
        self.log: list[Said] = []


class ShopChats:
    """What is known of one shop: its conversations, the lists of who waits, its feeds, which buyers are one.

    Args:
        name: its name.
        platform: where it is.
        staff: who was there, over all shops; None: nobody has said.
    """

    __slots__ = (
        "_merged_ms", "_of_buyer", "aliases", "bot_within_ms", "chats", "feeds", "in_hours", "lists", "name",
        "platform", "staff",
    )  # fmt: skip

    def __init__(self, name: str, platform: str, staff: Staff | None = None) -> None:
        self.name = name
        self.platform = platform
        self.chats: dict[str, Chat] = {}
        self.lists: list[tuple[int, int, Said, frozenset[str]]] = []  # Complete ones, in order of time.
        self.feeds: Feeds | None = None
        self.aliases = Aliases()
        self._merged_ms: dict[str, int] = {}  # When each of them was merged, or last spoken under.
        self._of_buyer: dict[str, list[str]] | None = None  # The chats of each; None: nobody has asked.
        self.staff = staff
        self.bot_within_ms = 0  # Who is told by latency is a bot when so quick; 0: nobody is.
        self.in_hours: Callable[[int], bool] | None = None  # Whether an instant is ours to answer for; None: each is.

    def note(self, event: ev.AnyEvent, number: int, words: int = 0) -> None:
        """Take an event of the shop that was accepted, and was not late."""
        if type(event) is not ev.Message and self._note_other(event, number):
            return
        entry = said(event, number, words)
        if entry is not None:
            key = event.conversation or event.buyer or ""
            chat = self.chats.get(key)
            if chat is None:
                chat = self.chat(key, event.buyer)
            elif event.buyer is not None and event.buyer != key and chat.buyer == key:
                self._know(chat, key, event.buyer)
            chat.log.append(entry)

    def _note_other(self, event: ev.AnyEvent, number: int) -> bool:
        """Take an event that is of the shop as a whole; return whether it is."""
        if type(event) not in _OF_THE_SHOP:
            return False
        if isinstance(event, ev.WaitingSnapshot):
            for key, buyer, row in listed(event, number):
                _append_listed(self.chat(key, buyer).log, row)
            if event.complete:
                names = frozenset(row.conversation or row.buyer or "" for row in event.rows)
                insort(self.lists, (event.ts_ms, number, unlisted(event, number), names), key=lambda one: one[:2])
                del self.lists[:-LISTS_AT_MOST]
            return True
        if isinstance(event, ev.BuyerMerged):
            self._merge(event.buyer or "", event.into, event.ts_ms)
            return True
        assert isinstance(event, ev.AccountStatus | ev.SyncRange)
        if self.feeds is None:
            self.feeds = Feeds()
        self.feeds.note(event)
        return True

    def chat(self, key: str, buyer: str | None = None) -> Chat:
        """Return a conversation, made if it is new."""
        chat = self.chats.get(key)
        if chat is None:
            chat = self.chats[key] = Chat(key)
        if buyer is not None and buyer != key and chat.buyer == key:
            self._know(chat, key, buyer)
        return chat

    def spoken(self, key: str, at_ms: int) -> None:
        """Note that something was said under an id; of one that is another by now that is remembered."""
        if self.aliases.one(key) != key:
            self._merged_ms[key] = max(at_ms, self._merged_ms.get(key, at_ms))

    def _know(self, chat: Chat, key: str, buyer: str) -> None:
        """Note whose a chat is; with another buyer's, it is one if that one is."""
        chat.buyer = buyer
        if self._of_buyer is not None:
            self._of_buyer.setdefault(buyer, []).append(key)
        if buyer in self.aliases:
            self.aliases.join(key, buyer)

    def join(self, key: str, into: str, at_ms: int) -> None:
        """An id is of the same buyer as another, or the chat of one, as came to light at an instant."""
        self.aliases.join(key, into)
        self.spoken(key, at_ms)

    def _merge(self, buyer: str, into: str, at_ms: int) -> None:
        """Two ids are one buyer, and all chats of both one conversation."""
        if self._of_buyer is None:
            self._of_buyer = {}
            for key, chat in self.chats.items():
                if chat.buyer != key:
                    self._of_buyer.setdefault(chat.buyer, []).append(key)
        one, into = self.aliases.one(buyer), self.aliases.one(into)
        if one == into:
            return
        for name in (one, into):
            for key in self._of_buyer.pop(name, ()):
                self.join(key, into, at_ms)
        self.join(one, into, at_ms)

    def forget(self, before_ms: int) -> None:
        """Let go of lists, of what they said of each chat, of feeds and of merged ids, that is older than an instant.

        Of an id under which nothing was said since, no chat that is scored has a word.
        """
        for alias in [alias for alias, at_ms in self._merged_ms.items() if at_ms < before_ms]:
            del self._merged_ms[alias]
            self.aliases.forget(alias)
        if self.feeds is not None:
            self.feeds.forget(before_ms)
        self._of_buyer = None
        self.lists = [one for one in self.lists if one[0] >= before_ms]
        for key, chat in list(self.chats.items()):
            chat.log = [entry for entry in chat.log if entry.ts_ms >= before_ms]
            if not chat.log:
                del self.chats[key]

    def judge(self, key: str, now_ms: int, *, log: list[Said] | None = None, buyer: str | None = None) -> Judge:
        """Return the judge of one conversation, as it stands at ``now_ms``.

        Args:
            key: which.
            now_ms: how far time has come.
            log: its log, besides what is kept of it here; None: that is all.
            buyer: whose chat it is, where nothing is kept of it here.
        """
        chat = self.chats.get(key)
        if log is None and chat is not None and not self.aliases:
            entries = chat.log
        else:
            entries = list(log or ())
            for member in self.members(key):
                kept = self.chats.get(member)
                if kept is not None:
                    entries += kept.log
        ordered = in_order(entries)
        if self.lists:
            ordered = in_order([*entries, *self._unlisted(key, ordered)])
        if self.bot_within_ms:
            ordered = without_bots(ordered, self.bot_within_ms)
        gaps = self.feeds.gaps() if self.feeds is not None else ()
        name = buyer or (key if chat is None else chat.buyer)
        return Judge(
            ordered, buyer=self.one(name), conversation=key, now_ms=now_ms, gaps=gaps, manned=self._manned,
            in_hours=self.in_hours,
        )  # fmt: skip

    def _manned(self) -> Manned:
        return UNKNOWN if self.staff is None else self.staff.of(self.name)

    def heads(self) -> set[str]:
        """Return the conversations, of those that were made one the one that stands for them."""
        return {self.aliases.one(key) for key in self.chats} if self.aliases else set(self.chats)

    def members(self, key: str) -> list[str]:
        """Return the ids under which a conversation was spoken: of a merged buyer, several."""
        return self.aliases.members(key)

    def one(self, buyer: str) -> str:
        """Return the id under which a buyer with several is known, or the conversation that goes by it."""
        return self.aliases.one(buyer)

    def _unlisted(self, key: str, log: list[Said]) -> Iterator[Said]:
        """Yield the lists that name a chat no more whose buyer may have waited, those that come first after each entry.

        Of each account the first, up to that of who has the chat: the list of one says nothing of the chats of another.
        """
        members, account, waits = self.members(key), None, False
        for at, entry in enumerate(log):
            code = entry.code
            if code in _ASKS:
                waits = True
            elif code in _SETTLES or (code == REPLY and not entry.flags & _MAY_BE_NONE):
                waits = False
            if code in (ASSIGNED, TRANSFERRED) or (entry.account is not None and code in _TAKES):
                account = entry.account
            elif code == CLOSED_BY_BUYER or (code == CLOSED and not waits):
                account = None  # Nobody has it any more.
            if not waits:
                continue
            until_ms = log[at + 1].ts_ms if at + 1 < len(log) else None
            first = bisect_right(self.lists, entry.ts_ms, key=lambda one: one[0])
            yielded: set[str | None] = set()
            for ts_ms, _, missing, names in islice(self.lists, first, None):
                if until_ms is not None and ts_ms >= until_ms:
                    break
                if missing.account not in yielded and names.isdisjoint(members):
                    yield missing
                    if missing.account in (None, account):
                        waits = False
                        break
                    yielded.add(missing.account)


def _append_listed(log: list[Said], row: Said) -> None:
    """Let the newest look at a list stand for those between it and the first: a list is looked at all the time."""
    if len(log) > 1 and all(
        one.code == LISTED and one.account == row.account and one.since_ms == row.since_ms and one.ts_ms <= row.ts_ms
        for one in log[-2:]
    ):
        log[-1] = row
    else:
        log.append(row)


class Chats:
    """The shops of an input, and who was there."""

    def __init__(self) -> None:
        self.shops: dict[str, ShopChats] = {}
        self.staff = Staff()

    def note(self, event: ev.AnyEvent, number: int, words: int = 0) -> None:
        """Take an event that was accepted, and was not late."""
        if isinstance(event, ev.AgentPresence):
            self.staff.note(event)
        elif event.shop:
            self.shop(event.shop, event.platform).note(event, number, words)

    def shop(self, name: str, platform: str | None) -> ShopChats:
        """Return a shop, made if it is new."""
        shop = self.shops.get(name)
        if shop is None:
            shop = self.shops[name] = ShopChats(name, platform or "unknown", self.staff)
        return shop
