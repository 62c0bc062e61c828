"""What goes into a commit: rounds and deliveries of what was decided, and what was refused."""

from collections.abc import Callable, Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from monitor.clock import Clock
from monitor.core.conversation import Conversation
from monitor.core.decisions import (
    AlertOrder,
    AlertState,
    CloseRound,
    Decision,
    FeedGap,
    PersonDay,
    RestateRound,
    Round,
    ShiftWorked,
    TellPeople,
)
from monitor.core.events import AnyEvent, BuyerMerged, scope
from monitor.core.ladder import ON_PAGES
from monitor.core.tracker import Tracker
from monitor.engine.changes import Router
from monitor.store.entries import Commit, Delivery, Quarantined, StoredRound
from monitor.wire import encode_event
from monitor.wire.batch import HOOK, ID_CHARS, Batch, Refusal
from monitor.wire.reading import UNREADABLE

_encode_round = msgspec.json.Encoder().encode


class _OfSource(Struct):
    """As much of a refused event as says which collector it is of."""

    source: str | None = None


_of_source = msgspec.json.Decoder(_OfSource).decode


class Recorder:
    """Writes decisions into a commit.

    Args:
        tracker: whose decisions they are.
        router: makes of what is to be told what is to be delivered.
        clock: the world's time.
    """

    def __init__(self, tracker: Tracker, router: Router, clock: Clock) -> None:
        self._tracker = tracker
        self._router = router
        self._clock = clock

    def write_down(self, decisions: list[Decision], commit: Commit) -> list[Conversation]:
        """Put rounds and deliveries into the commit; return the conversations of which something is told.

        Their rows are saved with it: a restart would not come to the same orders, for what a feed's lag or a gap held
        back, and for how long, is not in the journal.
        """
        rounds: dict[int, StoredRound | None] = {}
        told: list[tuple[str, str]] = []
        for decision in decisions:
            if isinstance(decision, CloseRound):
                rounds[decision.round.wait] = _stored(decision.round)
            elif isinstance(decision, RestateRound):
                if decision.was is not None:
                    rounds[decision.was.wait] = None
                if decision.now is not None:
                    rounds[decision.now.wait] = _stored(decision.now)
            elif isinstance(decision, AlertOrder):
                commit.outbox.extend(self._to_deliver(decision))
                told.append((decision.shop, decision.conversation))
            elif isinstance(decision, AlertState):
                commit.alerts.append(decision)
                if decision.conversation is not None:
                    told.append((decision.shop, decision.conversation))
            elif isinstance(decision, FeedGap | ShiftWorked | PersonDay):
                commit.records.append(decision)
            elif isinstance(decision, TellPeople):
                if decision.to not in ON_PAGES:
                    commit.outbox.extend(self._to_deliver(decision))
                told += [(wait.shop, wait.conversation) for wait in decision.waits]
                if decision.kind == "promise":
                    told.append((decision.facts["shop"], decision.facts["conversation"]))
        commit.rounds = list(rounds.items())
        commit.policies = self._tracker.policies.take_new()
        found = (self._tracker.conversation(shop, conversation) for shop, conversation in told)
        return [conversation for conversation in found if conversation is not None]

    def _to_deliver(self, decided: AlertOrder | TellPeople) -> Sequence[Delivery]:
        """Return what is to be told. Receivers live in the world's time: where ours is another, it is decided now."""
        deliveries = self._router(decided)
        if self._tracker.wall:
            return deliveries
        now_ms = self._clock.now_ms()
        return [
            replace(told, decided_at_ms=now_ms, expires_at_ms=now_ms + told.expires_at_ms - told.decided_at_ms)
            for told in deliveries
        ]


def _stored(done: Round) -> StoredRound:
    return StoredRound(done.shop, done.opened_at_ms, done.outcome, _encode_round(done))


def conversation_of(event: AnyEvent) -> str | None:
    """Return which conversation's history an event is of; of a merge, that which stands for both from then on."""
    return event.into if isinstance(event, BuyerMerged) else event.conversation or event.buyer


def identity(event: AnyEvent) -> tuple[str, str]:
    """Return what no two events share."""
    return (scope(event), event.id)


def conflict(event: AnyEvent) -> Refusal:
    """Return what is put into quarantine of an event that says something else than the one of its id."""
    said = f"another event with id {event.id!r} is stored for this shop and says something else; the first stands"
    return Refusal.of(encode_event(event), "conflict", said)


def _source(batch: Batch, refusal: Refusal) -> str:
    """Return whose fault it is: one token may bring what several collectors send, and each event names its own."""
    if batch.door == HOOK:
        return batch.source
    try:
        named = _of_source(refusal.body).source
    except UNREADABLE:
        return batch.source
    return named if named and named.isprintable() and len(named) <= ID_CHARS else batch.source


def _as_it_is(body: bytes) -> bytes:
    return body


def quarantined(
    batch: Batch, refusal: Refusal, now_ms: int, keep_body: Callable[[bytes], bytes] = _as_it_is
) -> Quarantined:
    """Return the record of a refusal."""
    return Quarantined(
        at_ms=now_ms,
        door=batch.door,
        source=_source(batch, refusal),
        index=refusal.index,
        path=refusal.path,
        error=refusal.error,
        reason=refusal.reason,
        body=keep_body(refusal.body),
        length=refusal.length,
        sha256=refusal.sha256,
    )
