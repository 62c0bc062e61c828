"""Watches the feeds: which lag, which are silent, and which prove that a shop is seen.

It is told of every event that arrives and of time, and says what has turned
(`turned`) and whose waits may be judged again (`released`). What follows for the
waits is the tracker's affair.

Names of sources and accounts come from outside, so there is a bound on them:
beyond it, what comes counts as of a source, or an account, without a name. Those of
which nothing has come for a month are forgotten when new ones come.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Literal, Protocol

from msgspec import Struct
from msgspec.structs import replace

from monitor.core import events as ev
from monitor.core.decisions import FeedGap
from monitor.core.feeds import GAPS_KEPT, RESTART_MS, Feed, Gap, Source, StaleReason
from monitor.core.timers import NEVER_MS
from monitor.core.units import DAY_MS, HOUR_MS
from monitor.core.views import SourceRow, source_row

SOURCES_AT_MOST = 10_000  # A large centre has some hundred collectors.
ACCOUNTS_AT_MOST = 1_000  # Of one source: a collector serves the accounts of one floor.
GONE_MS = 30 * DAY_MS  # No sign for so long, and it will not come back: a PC was replaced, an agent has left.
UNSEEN = -1  # No feed: what comes from ourselves.

# What shows that the chat of a shop is seen. An order or a rating may come by another way, while the chat is not.
_CHAT: frozenset[type] = frozenset(
    {
        ev.Message,
        ev.MessageRecalled,
        ev.ConversationAssigned,
        ev.ConversationTransferred,
        ev.ConversationHandedOff,
        ev.ConversationClosed,
        ev.WaitingSnapshot,
    }
)


class Turned(Struct, frozen=True):
    """A source, or one account of it, went stale or came back."""

    source: str
    account: str | None
    stale: bool
    reason: StaleReason
    feeds: tuple[Feed, ...]
    host: str | None = None
    state: str | None = None  # Of the account: why it is not online.

    @property
    def shops(self) -> list[str]:
        """The shops it serves."""
        return sorted({shop for feed in self.feeds for shop in feed.shops})


class Calendar(Protocol):
    """Who wakes feeds and sources: the tracker's timers."""

    def wake(self, item: Feed | Source, at_ms: int) -> None:
        """Ask for ``item`` to be woken at ``at_ms``, and at no other time."""


class Watch:
    """All sources and feeds of one tracker.

    Args:
        calendar: what wakes a feed or source; the tracker hands it to `judge` then.
        catch_up_ms: a feed whose newest event is older than this on arrival is catching up.
        silent_at: says when shops have been silent for too long that were heard last at an instant; at night nobody
            writes.

    Attributes:
        turned: what went stale or came back since the caller last took it.
        released: the indices of feeds whose waits may perhaps be judged again, since then.
        gaps: which gaps began, ended or were filled, since then.
        gone: sources, and accounts of them, that were forgotten since then.
        feeds: all of them, by index.
        numbered: how many feeds there ever were.
    """

    def __init__(self, calendar: Calendar, catch_up_ms: int, silent_at: Callable[[Iterable[str], int], int]) -> None:
        self._calendar = calendar
        self._silent_at = silent_at
        self._catch_up_ms = catch_up_ms
        self._sources: dict[str, Source] = {}
        self._feed_of: dict[tuple[str, str | None], int] = {}
        self._of_shop: dict[str, set[int]] = {}
        self.feeds: dict[int, Feed] = {}
        self.numbered = 0
        self._looked_ms = 0  # For whom to forget.
        self.turned: list[Turned] = []
        self.released: list[int] = []
        self.gaps: list[FeedGap] = []
        self.gone: list[tuple[str, str | None]] = []

    # -- what comes in -----------------------------------------------------------------------------------------------

    def arrive(self, event: ev.AnyEvent, now_ms: int) -> int:
        """Note what an event says about the feed it came by; return the index of that feed."""
        kind = type(event)
        source = self._sources.get(event.source or "") or self._source(event.source or "", now_ms)
        if source.stale_since_ms:
            self._turn_source(source, now_ms, stale=False, seen_again_ms=_seen_again_ms(event))
        if now_ms > source.seen_ms:
            source.seen_ms = now_ms
        if kind is not ev.Message and self._tells(event, source, now_ms):
            return UNSEEN
        index = self._feed_of.get((source.name, event.account or event.agent))
        feed = self.feeds[index] if index is not None else self._feed(source, event.account or event.agent, now_ms)
        if kind in _CHAT:
            if feed.index not in self._of_shop.get(event.shop, ()):
                self._serve(event.shop, feed)
                self._show(event.shop, event.ts_ms, now_ms)
        elif isinstance(event, ev.AccountStatus):
            feed.told_ms = now_ms
            self._serve(event.shop, feed)
            self._turn_account(feed, event.state, event.ts_ms, now_ms)
            self._show(event.shop, event.ts_ms, now_ms)
            return feed.index
        ts_ms = event.ts_ms
        if ts_ms > source.newest_ts_ms:
            source.newest_ts_ms = ts_ms
        source.lag_ms = now_ms - ts_ms
        if feed.arrive(ts_ms, now_ms, self._catch_up_ms) and not feed.catching_up:
            self.released.append(feed.index)
        elif feed.lag_until_ms:
            self._wake(feed)
        return feed.index

    def _tells(self, event: ev.AnyEvent, source: Source, now_ms: int) -> bool:
        """Take what an event tells of its source as a whole, or of people; return whether it came by no feed."""
        if isinstance(event, ev.SourceHeartbeat):
            source.beats = True
            source.version, source.backlog = event.version, event.backlog
            source.host = event.host or source.host
            if event.clock_ms is not None:
                source.skew_ms = event.clock_ms - now_ms
            self._calendar.wake(source, source.stale_at_ms())
            for account, state in _account_states(event):
                feed = self._feed(source, account, now_ms)
                feed.told_ms = now_ms
                self._turn_account(feed, state, event.ts_ms, now_ms)
            return True
        if isinstance(event, ev.SyncRange):
            if event.complete:
                self._cover(source, event, now_ms)
            return True
        return isinstance(event, ev.AgentPresence)

    def _source(self, name: str, now_ms: int) -> Source:
        source = self._sources.get(name)
        if source is None:
            self._forget_gone(now_ms)
            if len(self._sources) >= SOURCES_AT_MOST and name:
                return self._source("", now_ms)
            source = self._sources[name] = Source(name, seen_ms=now_ms)
            self._calendar.wake(source, source.stale_at_ms())
        return source

    def _feed(self, source: Source, account: str | None, now_ms: int) -> Feed:
        index = self._feed_of.get((source.name, account))
        if index is None:
            self._forget_gone(now_ms)
            if len(source.feeds) >= ACCOUNTS_AT_MOST and account is not None:
                return self._feed(source, None, now_ms)
            index = self.numbered
            self.numbered += 1
            self.feeds[index] = Feed(index, source.name, account, told_ms=now_ms)
            self._feed_of[source.name, account] = index
            source.feeds = (*source.feeds, index)
        return self.feeds[index]

    def _forget_gone(self, now_ms: int) -> None:
        """Forget whom nothing was heard of for so long; only who is new takes room, so then is the time to look."""
        if now_ms < self._looked_ms + HOUR_MS:
            return
        self._looked_ms = now_ms
        for source in list(self._sources.values()):
            gone = source.stale_since_ms > 0 and now_ms - source.stale_since_ms > GONE_MS
            for feed in [self.feeds[index] for index in source.feeds]:
                if gone or now_ms - max(feed.arrived_ms, feed.told_ms) > GONE_MS:
                    self._forget_feed(source, feed)
            if gone:
                del self._sources[source.name]
                self.gone.append((source.name, None))

    def _forget_feed(self, source: Source, feed: Feed) -> None:
        """Know nothing of a feed any more; what was held back for it need not be."""
        source.feeds = tuple(index for index in source.feeds if index != feed.index)
        del self.feeds[feed.index], self._feed_of[feed.source, feed.account]
        for shop in feed.shops:
            self._of_shop[shop].discard(feed.index)
        self.released.append(feed.index)
        if feed.state != "online":
            self.gone.append((feed.source, feed.account))

    def _serve(self, shop: str, feed: Feed) -> None:
        feeds = self._of_shop.get(shop)
        if feeds is None:
            feeds = self._of_shop[shop] = set()
        if feed.index not in feeds:
            self.released.extend(feeds)  # It may prove what they could not.
            feeds.add(feed.index)
            feed.shops = (*feed.shops, shop)

    def _cover(self, source: Source, event: ev.SyncRange, now_ms: int) -> None:
        """A collector has caught up on a range: the gaps within it are closed."""
        for index in source.feeds:
            feed = self.feeds[index]
            if event.account not in (None, feed.account):
                continue
            for gap in feed.gaps:
                if gap.to_ms and event.from_ms <= gap.from_ms and event.to_ms >= gap.to_ms:
                    feed.gaps = tuple(other for other in feed.gaps if other is not gap)
                    self._note_gap(feed, gap, now_ms, filled=True)
            if feed.covers(event.from_ms, event.to_ms):
                self._wake(feed)
                if not feed.catching_up:
                    self.released.append(index)

    # -- turning stale, and fresh again ------------------------------------------------------------------------------

    def judge(self, item: Feed | Source, now_ms: int) -> None:
        """The instant has come that a feed or source asked to be woken at."""
        if isinstance(item, Feed):
            item.settle(now_ms)
            self._wake(item)
            if not item.catching_up:
                self.released.append(item.index)
            return
        stale_at_ms = item.stale_at_ms()
        if stale_at_ms <= now_ms and not item.beats:
            shops = {shop for index in item.feeds for shop in self.feeds[index].shops}
            stale_at_ms = max(stale_at_ms, self._silent_at(shops, item.seen_ms))
        if stale_at_ms > now_ms:
            self._calendar.wake(item, stale_at_ms)
        elif not item.stale_since_ms:
            self._turn_source(item, now_ms, stale=True)

    def look_again(self, feed: int, at_ms: int) -> None:
        """Release what is held back for a feed at an instant, or within an hour of it: by then some of it is over."""
        at_ms = at_ms // HOUR_MS * HOUR_MS + HOUR_MS  # All that is over in an hour at one look.
        if at_ms < self.feeds[feed].wake_at_ms:
            self._calendar.wake(self.feeds[feed], at_ms)

    def _wake(self, feed: Feed) -> None:
        at_ms = feed.next_ms()
        if at_ms != feed.wake_at_ms and at_ms != NEVER_MS:
            self._calendar.wake(feed, at_ms)

    def _turn_account(self, feed: Feed, state: str, at_ms: int, now_ms: int) -> None:
        """A collector says how it stands with an account: anything but online, and what comes by it is unseen."""
        if state == feed.state:
            return
        was, feed.state = feed.state, state
        if state != "online":
            if was == "online":
                feed.stale_since_ms = at_ms
                self._lose_sight(feed, at_ms, "account", now_ms)
                self.turned.append(
                    Turned(feed.source, feed.account, True, "account", (feed,), self._sources[feed.source].host, state)
                )
            return
        feed.begin_gap(feed.stale_since_ms, at_ms, now_ms)
        self._see_again(feed, at_ms, now_ms)
        feed.stale_since_ms = 0
        self._wake(feed)
        self.turned.append(Turned(feed.source, feed.account, False, "account", (feed,)))

    def _turn_source(self, source: Source, now_ms: int, *, stale: bool, seen_again_ms: int = 0) -> None:
        feeds = tuple(self.feeds[index] for index in source.feeds)
        if stale:
            source.stale_since_ms = now_ms
            for feed in feeds if source.beats else ():
                if feed.state == "online":
                    self._lose_sight(feed, source.seen_ms, "heartbeat", now_ms)
        else:
            source.stale_since_ms = 0
            for feed in feeds:
                feed.begin_gap(source.seen_ms, seen_again_ms, now_ms)
                if feed.state == "online":
                    self._see_again(feed, seen_again_ms, now_ms)
                self._wake(feed)
            self._calendar.wake(source, max(source.stale_at_ms(), now_ms + 1))
        reason: StaleReason = "heartbeat" if source.beats else "silent"
        self.turned.append(Turned(source.name, None, stale, reason, feeds, source.host))

    # -- gaps --------------------------------------------------------------------------------------------------------

    def _lose_sight(
        self, feed: Feed, from_ms: int, reason: Literal["account", "heartbeat", "start"], now_ms: int
    ) -> None:
        """A feed sees nothing from now on: a gap of each shop that no other feed shows."""
        if feed.gaps and not feed.gaps[-1].to_ms:
            return  # It saw nothing already.
        shops = tuple(shop for shop in feed.shops if self.stale(shop, feed.index))
        if shops:
            gap = Gap(from_ms, 0, reason, shops)
            feed.gaps = (*feed.gaps[1 - GAPS_KEPT :], gap)
            self._note_gap(feed, gap, now_ms, filled=False)

    def _see_again(self, feed: Feed, to_ms: int, now_ms: int) -> None:
        """A feed sees again: its gap has an end, and those of other feeds whose shops it shows."""
        if feed.gaps and not feed.gaps[-1].to_ms:
            self._end_gap(feed, feed.gaps[-1].shops, to_ms, now_ms)
        for shop in feed.shops:
            self._show(shop, to_ms, now_ms)

    def _show(self, shop: str, to_ms: int, now_ms: int) -> None:
        """A shop may be seen again: the gaps of it have an end then."""
        for index in self._of_shop[shop]:
            feed = self.feeds[index]
            unseen = feed.gaps[-1].shops if feed.gaps and not feed.gaps[-1].to_ms else ()
            if shop in unseen and not self.stale(shop, index):
                self._end_gap(feed, (shop,), to_ms, now_ms)

    def _end_gap(self, feed: Feed, shops: tuple[str, ...], to_ms: int, now_ms: int) -> None:
        """These shops of a feed's open gap are seen again; it may be filled by what is brought now."""
        gap = feed.gaps[-1]
        ended = replace(gap, to_ms=to_ms if to_ms > gap.from_ms else now_ms, shops=shops)
        unseen = tuple(shop for shop in gap.shops if shop not in shops)
        feed.gaps = (*feed.gaps[:-1], ended, *((replace(gap, shops=unseen),) if unseen else ()))
        self._note_gap(feed, ended, now_ms, filled=False)

    def _note_gap(self, feed: Feed, gap: Gap, now_ms: int, *, filled: bool) -> None:
        self.gaps += [
            FeedGap(
                source=feed.source,
                account=feed.account,
                shop=shop,
                from_ms=gap.from_ms,
                to_ms=gap.to_ms or None,
                reason=gap.reason,
                filled=filled,
                decided_at_ms=now_ms,
            )
            for shop in gap.shops
        ]

    # -- what holds now ----------------------------------------------------------------------------------------------

    def of_shop(self, shop: str) -> Iterable[int]:
        """Return the indices of the feeds that bring a shop's chat."""
        return self._of_shop.get(shop, ())

    def catching_up(self, feed: int) -> bool:
        """Whether what a feed brought is not judged for now."""
        # A restart may have a row whose feed comes back only with the journal after it; others are forgotten.
        found = self.feeds.get(feed)
        return found is not None and found.catching_up

    def stale(self, shop: str, feed: int) -> bool:
        """Whether nobody can tell how a shop's chats stand that come by this feed.

        Several sources may bring the same account: one that sees it is enough. What
        names no account speaks for all accounts of the shop.
        """
        feeds = self.feeds
        if feed not in feeds:
            return False
        account = feeds[feed].account
        seen = False
        for index in self._of_shop.get(shop, ()):
            other = feeds[index]
            if account is None or other.account is None or other.account == account:
                if not self._out(other):
                    return False
                seen = True
        return seen

    def state_of(self, shop: str) -> str:
        """Return how a shop is seen: ok, catching_up, stale, or unknown (nothing has brought its chat so far)."""
        feeds = [self.feeds[index] for index in self.of_shop(shop)]
        if not feeds:
            return "unknown"
        seen = [feed for feed in feeds if not self._out(feed)]
        if not seen:
            return "stale"
        return "catching_up" if all(feed.catching_up for feed in seen) else "ok"

    def _out(self, feed: Feed) -> bool:
        return feed.state != "online" or self._sources[feed.source].stale_since_ms > 0

    def rows(self) -> Iterator[SourceRow]:
        """Yield how every source stands."""
        for source in self._sources.values():
            yield source_row(source, [self.feeds[index] for index in source.feeds])

    # -- saved and read back -----------------------------------------------------------------------------------------

    def sources(self) -> list[Source]:
        """Return every source, for saving beside the feeds."""
        return list(self._sources.values())

    def restore(self, sources: list[Source], feeds: list[Feed]) -> None:
        """Take back what was saved."""
        self.feeds = {feed.index: feed for feed in feeds}
        self.numbered = max(self.feeds, default=-1) + 1
        for feed in feeds:
            self._feed_of[feed.source, feed.account] = feed.index
            for shop in feed.shops:
                self._of_shop.setdefault(shop, set()).add(feed.index)
            feed.wake_at_ms = NEVER_MS
            self._wake(feed)
        for source in sources:
            self._sources[source.name] = source
            if not source.stale_since_ms:
                self._calendar.wake(source, source.stale_at_ms())

    def begin(self, now_ms: int) -> None:
        """Note a start: what happened since the last sign is unseen, and nobody is called silent for it."""
        for feed in self.feeds.values():
            source = self._sources[feed.source]
            seen_ms = max(feed.arrived_ms, source.seen_ms)
            feed.begin_gap(seen_ms, now_ms, now_ms)
            self._wake(feed)
            if now_ms - seen_ms > RESTART_MS and not self._out(feed) and feed.shops:
                gap = Gap(seen_ms, now_ms, "start", feed.shops)
                feed.gaps = (*feed.gaps[1 - GAPS_KEPT :], gap)
                self._note_gap(feed, gap, now_ms, filled=False)
        for source in self._sources.values():
            source.seen_ms = max(source.seen_ms, now_ms)
            self._calendar.wake(source, source.stale_at_ms())


def _seen_again_ms(event: ev.AnyEvent) -> int:
    """Return from when on a source is seen again, by its own clock, when this is the first that comes of it."""
    if isinstance(event, ev.SyncRange) and event.complete:
        return event.to_ms
    return event.ts_ms


def _account_states(event: ev.SourceHeartbeat) -> Iterator[tuple[str, str]]:
    """Yield (account, state) from the two shapes collectors send."""
    if isinstance(event.accounts, dict):
        for account, state in event.accounts.items():
            if isinstance(state, str):
                yield account, state
    elif event.accounts:
        for row in event.accounts:
            name, told = row.get("account"), row.get("state")
            if isinstance(name, str) and isinstance(told, str):
                yield name, told
