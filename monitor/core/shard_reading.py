"""What is asked of a shard: waits and promises as they stand, sources, what is in memory and what is not."""

from collections.abc import Iterable, Iterator

from monitor.core import events as ev
from monitor.core.conversation import Conversation
from monitor.core.decisions import Round
from monitor.core.rounds import still_open
from monitor.core.shard import Shard, Shop
from monitor.core.views import SourceRow, WaitRow, wait_row


class ShardReading(Shard):
    """A shard that can be asked."""

    def waits(self) -> Iterator[WaitRow]:
        """Yield every open wait, shop by shop."""
        for shop in self.by_name.values():
            for conversation in shop.conversations.values():
                if conversation.state.wait is not None:
                    yield self._row(shop, conversation)

    def row(self, conversation: Conversation) -> WaitRow | None:
        """Return the open wait of a conversation."""
        return self._row(self.by_name[conversation.shop], conversation) if conversation.state.wait else None

    def _row(self, shop: Shop, conversation: Conversation) -> WaitRow:
        wait = conversation.state.wait
        assert wait is not None
        return wait_row(
            conversation,
            shop.platform,
            self.policies,
            self.now_ms,
            catching_up=self.wall and self.watch.catching_up(conversation.feed),
            stale=self.wall and self.watch.stale(conversation.shop, conversation.feed),
        )

    def open_rounds(self, now_ms: int) -> Iterator[Round]:
        """Yield the rounds that stand open at ``now_ms``."""
        for shop in self.by_name.values():
            for conversation in shop.conversations.values():
                wait = conversation.state.wait
                if wait is not None:
                    yield still_open(conversation, shop.platform, self.policies, now_ms)

    def promise(self, conversation: Conversation) -> tuple[str, str, str] | None:
        """Return platform, team and stage of a conversation's open promise; ``open`` before any limit."""
        promise = conversation.state.promise
        if promise is None:
            return None
        stage = promise.limits[promise.passed - 1][0] if promise.passed else "open"
        return self.by_name[conversation.shop].platform, self.policies[promise.policy].team, stage

    def promises(self) -> Iterator[tuple[Conversation, tuple[str, str, str]]]:
        """Yield every conversation with an open promise, and how that stands; this looks at all in memory."""
        for shop in self.by_name.values():
            for conversation in shop.conversations.values():
                promise = self.promise(conversation)
                if promise is not None:
                    yield conversation, promise

    @property
    def follows_feeds(self) -> bool:
        """Whether anything was ever brought here, so that something may have been missed."""
        return bool(self.watch.feeds)

    @property
    def known(self) -> int:
        """How many feeds and shops there ever were. A row names some of them, so the shard must have them."""
        return self.watch.numbered + len(self.by_name)

    def sources(self) -> list[SourceRow]:
        """Return how every source stands."""
        return list(self.watch.rows())

    def talked(self) -> Iterator[tuple[str, str]]:
        """Yield shop and id of every conversation in memory in which somebody has spoken."""
        for shop in self.by_name.values():
            for conversation in shop.conversations.values():
                if conversation.state.last_ms:
                    yield shop.name, conversation.id

    def missing(self, events: Iterable[ev.AnyEvent]) -> set[tuple[str, str]]:
        """Return which conversations of these events are not in memory, and may have rows on disk.

        A row may turn out to say that the conversation is part of another: ask again once it is back.
        """
        keys: dict[tuple[str, str], str | None] = {}  # With the buyer, where that is another id.
        for event in events:
            if type(event) is ev.WaitingSnapshot:
                keys.update(((event.shop, row.conversation or row.buyer or ""), row.buyer) for row in event.rows)
            elif type(event) is ev.BuyerMerged:
                keys[event.shop, event.into] = None
            key = event.conversation or event.buyer
            if not key:
                continue
            if event.buyer != key:
                keys[event.shop, key] = event.buyer
            else:
                keys.setdefault((event.shop, key), None)
        missing: set[tuple[str, str]] = set()
        for (name, key), buyer in keys.items():
            shop = self.by_name.get(name)
            if shop is None:
                missing.add((name, key))
                continue
            stands = self.resolved(shop, key)
            chat = shop.conversations.get(stands)
            if chat is None:
                missing.add((name, stands))
            if buyer and shop.buyers is not None and (chat is None or chat.buyer is None):
                # It is new, or was known without its buyer, who may be another by now.
                stands = self.resolved(shop, buyer)
                if stands not in shop.conversations:
                    missing.add((name, stands))
        return missing

    def merging(self, events: Iterable[ev.AnyEvent]) -> set[tuple[str, str]]:
        """Return the buyers, by shop and name, of whom these events tell that they are others; see `missing`.

        All their chats are needed, and some may have left the memory.
        """
        found: set[tuple[str, str]] = set()
        for event in events:
            if type(event) is ev.BuyerMerged:
                shop, ids = self.by_name.get(event.shop), (event.buyer or "", event.into)
                one, into = ids if shop is None else (self.resolved(shop, id) for id in ids)
                if one != into:
                    found.update(((event.shop, one), (event.shop, into)))
        return found

    def wants_history(self, event: ev.AnyEvent) -> list[str]:
        """Return the conversations whose history is needed to take an event.

        An event marked ``backfill`` may lie so far back; and chats that become one are folded from the first word.
        """
        shop = self.by_name.get(event.shop or "")
        if shop is None:
            return []
        if isinstance(event, ev.BuyerMerged):
            one, into = self.resolved(shop, event.buyer or ""), self.resolved(shop, event.into)
            if one == into:
                return []  # They are one already.
            found = {chat.id: chat for key in (one, into) for chat in shop.chats_of(key) if chat.log is not None}
            return [chat.id for chat in found.values() if not chat.whole] if len(found) > 1 else []
        key = event.conversation or event.buyer
        chat = self.conversation(shop.name, key) if event.backfill and key else None
        if chat is None or chat.whole or event.ts_ms >= chat.horizon_ms(self.lateness_ms):
            return []
        return [chat.id]
