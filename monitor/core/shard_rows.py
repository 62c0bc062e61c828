"""Rows out, rows in: what a shard gives to be saved, and takes back at a start."""

from collections.abc import Container

from msgspec import Struct, msgpack
from msgspec.structs import replace

from monitor.core.conversation import Conversation
from monitor.core.decisions import JoinChats
from monitor.core.due import Due
from monitor.core.escalation import Escalation
from monitor.core.feeds import Feed, Source
from monitor.core.incident import Kept as KeptIncidents
from monitor.core.incidents import Incidents
from monitor.core.people import Kept as KeptPeople
from monitor.core.shard import Shard
from monitor.core.silences import Silence, Silences
from monitor.core.timers import NEVER_MS


class _Small(Struct, array_like=True):
    """The shard's own small state, as it is saved."""

    now_ms: int
    sources: list[Source]
    feeds: list[Feed]
    shops: dict[str, str]  # name: platform
    people: KeptPeople | None = None
    incidents: KeptIncidents | None = None
    silences: tuple[Silence, ...] = ()
    unattended: tuple[str, ...] = ()
    merging: tuple[str, ...] = ()  # Shops of which two buyers were one.


_row_encoder = msgpack.Encoder()
_row_decoder = msgpack.Decoder(Conversation)
_shard_decoder = msgpack.Decoder(_Small)


class ShardRows:
    """The rows of one shard.

    Args:
        shard: whose they are.
        incidents, silences, escalation: what else is saved with it.
        due: wakes what has come back.
    """

    def __init__(
        self, shard: Shard, incidents: Incidents, silences: Silences, escalation: Escalation, due: Due
    ) -> None:
        self._shard = shard
        self._incidents = incidents
        self._silences = silences
        self._escalation = escalation
        self._due = due
        self._idle: list[Conversation] = []

    def idle(self, conversation: Conversation) -> None:
        """Note that nothing is open in a conversation, and has not been for a while."""
        self._idle.append(conversation)

    @staticmethod
    def encode(conversation: Conversation) -> bytes:
        """Return the row of a conversation."""
        return _row_encoder.encode(conversation)

    def encode_shard(self) -> bytes:
        """Return the shard's own small state: feeds, sources, shops, presence."""
        shops = {shop.name: shop.platform for shop in self._shard.by_name.values()}
        self._incidents.unsaved = False
        return _row_encoder.encode(
            _Small(
                self._shard.now_ms,
                self._shard.watch.sources(),
                list(self._shard.watch.feeds.values()),
                shops,
                self._shard.people.keep() if self._shard.people is not None else None,
                self._incidents.keep(),
                tuple(self._silences.values()),
                tuple(self._escalation.unattended),
                tuple(shop.name for shop in self._shard.by_name.values() if shop.buyers is not None),
            )
        )

    def restore_shard(self, blob: bytes) -> None:
        """Take back what `encode_shard` gave; before any row."""
        shard = _shard_decoder.decode(blob)
        self._shard.now_ms = shard.now_ms
        for name, platform in shard.shops.items():
            self._shard.new_shop(name, platform)
        for name in shard.merging:
            self._shard.by_name[name].know_buyers()
        self._shard.watch.restore(shard.sources, shard.feeds)
        if self._shard.people is not None and shard.people is not None:
            self._shard.people.restore(shard.people)
        if shard.incidents is not None:
            self._incidents.restore(shard.incidents)
        self._silences.update((silence.id, silence) for silence in shard.silences)
        self._escalation.unattended.update(shard.unattended)

    def restore(self, row: bytes) -> None:
        """Take back a row that `encode` gave, unless its conversation is in memory already."""
        conversation = _row_decoder.decode(row)
        shop = self._shard.by_name.get(conversation.shop) or self._shard.new_shop(conversation.shop, None)
        if conversation.id in shop.conversations:
            return
        conversation.shop = shop.name
        for entry in conversation.entries():
            who = entry.who
            if who is not None:
                who = self._shard.interned(who.agent, who.account)
                entry.more = who if entry.extra is None else replace(entry.extra, who=who)
            entry.what = self._shard.marks.shared(entry.what)
        holder = conversation.state.holder
        if holder is not None:
            conversation.state.holder = self._shard.interned(holder.agent, holder.account)
        shop.conversations[conversation.id] = conversation
        shop.note_buyer(conversation)
        if conversation.merged_into is not None:  # Who follows may have forgotten.
            self._shard.decisions.append(JoinChats(shop.name, (conversation.id,), conversation.merged_into))
        if conversation.told:
            self._escalation.restore(conversation)
        if conversation.wake_at_ms != NEVER_MS:
            self._shard.timers.wake(conversation, conversation.wake_at_ms)
        else:
            self._due.schedule(conversation)

    def forget_idle(self, unsaved: Container[Conversation]) -> None:
        """Let go of the conversations in which nothing is open or has been for a while; their rows are on the disk.

        Args:
            unsaved: those whose newest rows are not: they stay until the next call.
        """
        kept = []
        for conversation in self._idle:
            if conversation.wake_at_ms != NEVER_MS:
                continue  # Something has happened in it since.
            if conversation in unsaved:
                kept.append(conversation)
            else:
                shop = self._shard.by_name[conversation.shop]
                shop.conversations.pop(conversation.id, None)
                shop.drop_buyer(conversation)
        self._idle = kept
