"""What a shard does on what its feeds prove: shops are shown anew, waits held back while a feed lags.

A feed may stand for thousands of chats, so what hangs on it is done in slices.
"""

from collections.abc import Iterator

from monitor.core.conversation import Conversation
from monitor.core.decisions import NamedWait, SourceTurned
from monitor.core.incidents import Incidents
from monitor.core.ladders import Ladders
from monitor.core.occasions import source_gone, source_turned
from monitor.core.shard import Shard
from monitor.core.slices import Slices
from monitor.core.timers import NEVER_MS
from monitor.core.watch import Turned

NAMED_AT_MOST = 100  # Waits named with a source that is down; who sends shows fewer.


class Hearing:
    """What is heard of the feeds of one shard.

    Args:
        shard: whose they are.
        ladders: name waits.
        incidents: make an alert of a feed that is down.

    Attributes:
        slices: what is still to be done.
    """

    def __init__(self, shard: Shard, ladders: Ladders, incidents: Incidents) -> None:
        self._shard = shard
        self._watch = shard.watch
        self._ladders = ladders
        self._incidents = incidents
        self._parked: dict[int, list[Conversation]] = {}
        self.slices = Slices()

    def park(self, conversation: Conversation, due_ms: int, over_ms: int) -> None:
        """Hold a conversation back that was due, until its feed has caught up, or it is given up."""
        self._watch.look_again(conversation.feed, over_ms)
        conversation.wake_at_ms = due_ms
        self._parked.setdefault(conversation.feed, []).append(conversation)

    def hear(self, now_ms: int) -> None:
        """Act on what the watch has noticed."""
        watch = self._watch
        self._shard.decisions += watch.gaps
        watch.gaps.clear()
        for turned in watch.turned:
            self.slices.begin(self._survey(turned, now_ms))
        watch.turned.clear()
        for index in watch.released:
            self._unpark(index)
        watch.released.clear()
        for source, account in watch.gone:
            source_gone(self._incidents, source, account, now_ms)
        watch.gone.clear()
        self._incidents.flush()

    def _survey(self, turned: Turned, at_ms: int) -> Iterator[None]:
        """A source or account went stale or came back: show its shops anew, and say so once that is done."""
        shops = turned.shops
        feeds = {feed.index for feed in turned.feeds}
        waiting = 0
        named: list[NamedWait] = []
        for name in shops:
            shop = self._shard.by_name.get(name)
            for conversation in list(shop.conversations.values()) if shop is not None else ():
                wait = conversation.state.wait
                if wait is not None:
                    self._shard.touch(conversation)
                    if wait.since_ms and conversation.feed in feeds:
                        waiting += 1
                        if turned.stale and len(named) < NAMED_AT_MOST:
                            named.append(self._ladders.named(conversation, wait, self._shard.now_ms))
                yield
        said = SourceTurned(
            turned.source,
            turned.account,
            turned.stale,
            turned.reason,
            at_ms,
            tuple(shops),
            waiting,
            turned.host,
            turned.state,
        )
        self._shard.decisions.append(said)
        source_turned(
            self._incidents, said, sorted({self._shard.team_of(name) for name in shops}), named, self._shard.now_ms
        )
        if not turned.stale:
            for index in {index for name in shops for index in self._watch.of_shop(name)}:
                self._unpark(index)

    def _unpark(self, feed: int) -> None:
        """Judge what was held back, as it stands now."""
        held_back = self._parked.pop(feed, None)
        if held_back is not None:
            self.slices.begin(self._wake_all(held_back))

    def _wake_all(self, conversations: list[Conversation]) -> Iterator[None]:
        for conversation in conversations:
            if conversation.wake_at_ms != NEVER_MS:
                self._shard.timers.wake(conversation, conversation.wake_at_ms)
            yield
