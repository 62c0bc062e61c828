from monitor.core.units import HOUR_MS
from monitor.store.entries import Attempt, DueDelivery, Rest
from monitor.store.journal import Journal
from monitor.store.outbox import RECENT_MS
from tests.store.made import commit, delivery, event


async def ids(journal: Journal, now_ms: int, limit: int = 100, busy: set[str] | None = None) -> list[str]:
    return [due.delivery.delivery_id for due in await journal.outbox.due(now_ms, limit, busy or set())]


def sent(delivery_id: str, at_ms: int) -> Attempt:
    return Attempt(delivery_id=delivery_id, outcome="sent", sent_at_ms=at_ms, answered_at_ms=at_ms + 80)


def retry(delivery_id: str, at_ms: int, next_at_ms: int) -> Attempt:
    return Attempt(
        delivery_id=delivery_id,
        outcome="retry",
        sent_at_ms=at_ms,
        answered_at_ms=None,
        next_at_ms=next_at_ms,
        reason="timeout",
    )


async def test_a_delivery_is_due_from_its_decision_until_it_expires(journal: Journal) -> None:
    one = delivery("a", decided_at_ms=1_000, expires_at_ms=5_000)
    await journal.commit(commit(event(1), outbox=[one]))
    assert await journal.outbox.due(999, 10) == []
    assert await journal.outbox.due(1_000, 10) == [DueDelivery(delivery=one, attempts=0)]
    assert await ids(journal, 4_999) == ["a"]
    assert await ids(journal, 5_000) == []


async def test_the_longest_due_go_first_and_busy_channels_wait(journal: Journal) -> None:
    await journal.commit(
        commit(
            event(1),
            outbox=[
                delivery("c", decided_at_ms=3_000, alert_id="k3f9-3"),
                delivery("a", decided_at_ms=1_000, alert_id="k3f9-1"),
                delivery("b", decided_at_ms=2_000, alert_id="k3f9-2", channel="mqtt"),
            ],
        )
    )
    assert await ids(journal, 4_000) == ["a", "b", "c"]
    assert await ids(journal, 4_000, limit=2) == ["a", "b"]
    assert await ids(journal, 4_000, busy={"webhook"}) == ["b"]
    assert await ids(journal, 4_000, busy={"webhook", "mqtt"}) == []
    assert await journal.outbox.next_at_ms() == 1_000
    assert await journal.outbox.next_at_ms({"webhook"}) == 2_000
    assert await journal.outbox.pending() == {"webhook": 2, "mqtt": 1}


async def test_what_people_are_told_comes_in_the_order_it_was_decided_and_within_its_time(journal: Journal) -> None:
    kinds = {"a": "told", "b": "told_high", "c": "digest", "d": "raised"}
    told = [delivery(name, transition=kind, decided_at_ms=1_000, alert_id=name) for name, kind in kinds.items()]
    elsewhere = delivery("e", transition="told", decided_at_ms=1_000, channel="other")
    await journal.commit(commit(event(1), outbox=[*reversed(told), elsewhere]))

    async def due(now_ms: int, limit: int = 10, *, high_only: bool = False) -> str:
        found = await journal.outbox.due_for_people("webhook", now_ms, limit, high_only=high_only)
        return "".join(one.delivery.delivery_id for one in found)

    assert [await due(now_ms) for now_ms in (999, 1_000, 30_999, 31_000)] == ["", "cba", "cba", ""]
    assert await due(1_000, 2) == "cb"
    assert await due(1_000, high_only=True) == "cb"
    await journal.outbox.record_attempts([sent("b", 1_000), retry("c", 1_000, 2_000)])
    assert [await due(1_999), await due(2_000)] == ["a", "ca"]


async def test_what_stands_is_what_was_told_last_and_can_still_be_told(journal: Journal) -> None:
    said = {"raised": "k-1", "risen": "k-2", "resolved": "k-3"}
    told = [
        delivery(f"{alert}.{transition}", alert_id=alert, transition=transition, body=b'{"data": 1}')
        for transition, alert in said.items()
    ]
    forgotten = delivery("old", alert_id="k-4")
    waiting = delivery("waiting", alert_id="k-5", body=b'{"data": 1}')
    over = [
        delivery("over.raised", alert_id="k-6", body=b'{"data": 1}'),
        delivery("over.resolved", alert_id="k-6", transition="resolved", body=b'{"data": 1}'),
    ]
    elsewhere = delivery("k-1.mail", alert_id="k-1", transition="resolved", channel="mail")
    unheard = delivery("k-2.resolved", alert_id="k-2", transition="resolved")
    await journal.commit(commit(event(1), outbox=[*told, forgotten, waiting, *over, elsewhere, unheard]))
    assert await journal.outbox.standing("webhook") == []
    await journal.outbox.record_attempts([sent(one.delivery_id, 2_000) for one in (*told, forgotten, *over, elsewhere)])
    assert [one.alert_id for one in await journal.outbox.standing("webhook")] == ["k-1", "k-2"]
    assert await journal.outbox.standing("mqtt") == []


async def test_what_was_told_is_never_told_again_by_the_same_decision(journal: Journal) -> None:
    first = delivery("a", body=b'"first"')
    await journal.commit(commit(event(1), outbox=[first, delivery("a", body=b'"again"')]))
    assert [due.delivery for due in await journal.outbox.due(2_000, 10)] == [first]
    await journal.outbox.record_attempts([sent("a", 2_000)])
    await journal.commit(commit(event(2), outbox=[delivery("a", body=b'"again"')]))
    assert await ids(journal, 2_000) == []
    assert await journal.outbox.pending() == {}


async def test_a_retry_comes_at_its_time_and_every_try_is_kept(journal: Journal) -> None:
    await journal.commit(commit(event(1), outbox=[delivery("a"), delivery("b")]))
    tries = [retry("a", 1_000, 2_500), sent("a", 2_500)]
    await journal.outbox.record_attempts([tries[0], sent("b", 1_100)])
    assert await ids(journal, 2_499) == []
    assert await journal.outbox.next_at_ms() == 2_500
    assert [(due.delivery.delivery_id, due.attempts) for due in await journal.outbox.due(2_500, 10)] == [("a", 1)]
    await journal.outbox.record_attempts([tries[1]])
    assert (await journal.outbox.attempts_of(["b"]))["b"] == [sent("b", 1_100)]
    kept = (await journal.outbox.attempts_of(["a"]))["a"]
    assert [(a.outcome, a.sent_at_ms, a.answered_at_ms, a.reason) for a in kept] == [
        ("retry", 1_000, None, "timeout"),
        ("sent", 2_500, 2_580, ""),
    ]
    assert await journal.outbox.next_at_ms() is None


async def test_what_is_settled_stays_settled(journal: Journal) -> None:
    await journal.commit(commit(event(1), outbox=[delivery("a")]))
    await journal.outbox.record_attempts([sent("a", 1_000), retry("a", 1_001, 9_000), sent("unknown", 1)])
    assert await ids(journal, 10_000) == []
    assert (await journal.outbox.attempts_of(["a"]))["a"] == [sent("a", 1_000)]
    assert (await journal.outbox.attempts_of(["unknown"]))["unknown"] == []


async def test_a_dropped_delivery_was_not_tried(journal: Journal) -> None:
    await journal.commit(commit(event(1), outbox=[delivery("a")]))
    dropped = Attempt(delivery_id="a", outcome="dropped_answered", sent_at_ms=None, answered_at_ms=None, reason="over")
    await journal.outbox.record_attempts([dropped])
    assert await journal.outbox.pending() == {}
    assert (await journal.outbox.attempts_of(["a"]))["a"] == [dropped]
    stored = await journal._reader.read(lambda db: db.execute("SELECT state, attempts FROM outbox").fetchone())
    assert stored == ("dropped_answered", 0)


async def test_of_one_alert_on_one_channel_the_oldest_goes_first(journal: Journal) -> None:
    await journal.commit(
        commit(
            event(1),
            outbox=[
                delivery("raised"),
                delivery("other alert", alert_id="k3f9-2", transition="resolved"),
                delivery("other channel", channel="mqtt", transition="resolved"),
            ],
        )
    )
    await journal.commit(commit(event(2), outbox=[delivery("risen", transition="risen")]))
    await journal.commit(commit(event(3), outbox=[delivery("resolved", transition="resolved")]))
    assert await ids(journal, 2_000) == ["raised", "other alert", "other channel"]
    await journal.outbox.record_attempts([retry("raised", 2_000, 9_000)])
    assert await ids(journal, 2_100) == ["other alert", "other channel"]
    await journal.outbox.record_attempts([sent("raised", 9_000)])
    assert await ids(journal, 9_000) == ["other alert", "other channel", "risen"]


async def test_what_expires_unsent_has_failed(journal: Journal) -> None:
    await journal.commit(
        commit(
            event(1),
            outbox=[
                delivery("a", expires_at_ms=5_000),
                delivery("b", expires_at_ms=5_001),
                delivery("c", expires_at_ms=4_000, channel="mqtt"),
                delivery("d", expires_at_ms=4_000),
            ],
        )
    )
    await journal.outbox.record_attempts([sent("d", 1_000)])
    assert await journal.outbox.expire(3_999) == {}
    assert await journal.outbox.expire(5_000) == {"webhook": 1, "mqtt": 1}
    assert await journal.outbox.pending() == {"webhook": 1}
    assert await journal.outbox.expire(5_000) == {}


async def test_a_digest_stands_for_what_was_not_told_yet_in_order_and_not_for_what_went_elsewhere(
    journal: Journal,
) -> None:
    told = [delivery(name, transition="told", alert_id=name) for name in "cab"]
    await journal.commit(commit(event(1), outbox=told))
    await journal.outbox.record_attempts([sent("a", 1_500)])
    digest = delivery("d", transition="digest", alert_id="d", decided_at_ms=2_000)
    await journal.outbox.merge(digest, ["a", "b", "c"])
    assert [one.delivery_id for one in await journal.outbox.members("d")] == ["c", "b"]
    assert await journal.outbox.account("webhook") == {"digested": 2, "sent": 1}
    assert [one.delivery_id for one in await journal.outbox.members("e")] == []

    stands_in = delivery("b.2", transition="told", alert_id="b", channel="mail", decided_at_ms=3_000)
    failed = Attempt(
        delivery_id="b", outcome="failed", sent_at_ms=None, answered_at_ms=None, reason="timeout", then=stands_in
    )
    await journal.outbox.record_attempts([failed])
    assert [one.delivery_id for one in await journal.outbox.members("d")] == ["c"]
    assert await ids(journal, 3_000) == ["d", "b.2"]
    await journal.outbox.merge(digest, ["b"])
    assert await journal.outbox.account("webhook") == {"digested": 1, "sent": 1, "failed": 1}, "what is settled stays"


async def test_what_was_tried_of_late_is_known_after_a_restart(journal: Journal) -> None:
    late = RECENT_MS + 60_000
    long_ago = delivery("long ago", alert_id="1", decided_at_ms=60_000, expires_at_ms=10 * RECENT_MS)
    others = [delivery(name, alert_id=name, decided_at_ms=late) for name in ("b", "a")]
    await journal.commit(commit(event(1), outbox=[long_ago, *others, delivery("x", channel="mail", alert_id="x")]))
    tried = [retry("b", late + 300, late + 400), sent("b", late + 500), sent("a", late + 200), sent("x", late + 900)]
    await journal.outbox.record_attempts([*tried, sent("long ago", late + 100)])
    assert await journal.outbox.tries_since("webhook", late) == [late + 200, late + 300, late + 500]
    assert await journal.outbox.tries_since("webhook", late + 200) == [late + 300, late + 500], "after it"
    hour_ms = late // HOUR_MS * HOUR_MS
    assert [await journal.outbox.used_since("webhook", at) for at in (hour_ms, hour_ms + 1)] == [4, 0]
    assert await journal.outbox.used_since("mail", 0) == 1


async def test_what_has_expired_is_given_up_once_and_counted_by_channel(journal: Journal) -> None:
    told = [delivery(name, alert_id=name, expires_at_ms=5_000) for name in "ab"]
    mail, kept = delivery("c", channel="mail", expires_at_ms=5_000), delivery("d", alert_id="d", expires_at_ms=5_001)
    await journal.commit(commit(event(1), outbox=[*told, mail, kept, delivery("e", alert_id="e", expires_at_ms=5_000)]))
    await journal.outbox.record_attempts([sent("e", 2_000)])
    assert await journal.outbox.expire(4_999) == {}
    assert await journal.outbox.expire(5_000) == {"webhook": 2, "mail": 1}
    assert await journal.outbox.expire(5_000) == {}
    assert await journal.outbox.account("webhook") == {"failed": 2, "pending": 1, "sent": 1}


async def test_that_a_channel_is_left_alone_is_kept_without_any_try_beside_it(journal: Journal) -> None:
    assert await journal.outbox.rest("webhook") is None
    for rest in (Rest("webhook", 9_000, "rate", 2), Rest("webhook", 0, "", 0)):
        await journal.outbox.record_attempts([], [rest, Rest("mail", 1, "x", 1)])
        assert await journal.outbox.rest("webhook") == rest
    assert await journal.outbox.rest("mail") == Rest("mail", 1, "x", 1)
