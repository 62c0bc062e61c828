import random

from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.budget import OPEN_AFTER, Breaker, Bucket
from monitor.core.units import MINUTE_MS


@given(
    st.integers(min_value=1, max_value=90),
    st.lists(st.tuples(st.integers(min_value=0, max_value=20_000), st.booleans()), max_size=300),
)
def test_no_minute_sees_more_than_the_limit(per_minute: int, asked: list[tuple[int, bool]]) -> None:
    now_ms, sent, bucket = 0, [], Bucket(per_minute, 0)
    for gap_ms, high in asked:
        now_ms += gap_ms
        if bucket.may(now_ms, high=high):
            bucket.take(now_ms)
            sent.append(now_ms)
    for start in sent:
        assert sum(start <= at < start + MINUTE_MS for at in sent) <= per_minute


def test_six_a_minute_let_a_message_out_every_fifteen_seconds_and_keep_one_for_the_lead() -> None:
    bucket, sent = Bucket(6, 0), []
    for second in range(61):
        if bucket.may(second * 1000, high=False):
            bucket.take(second * 1000)
            sent.append(second)
    assert sent == [0, 15, 30, 45, 60]
    assert bucket.may(60_000, high=True)
    bucket.take(60_000)
    assert not bucket.may(60_000, high=True)
    assert bucket.may(bucket.next_ms(60_000), high=True)


def test_what_was_sent_before_a_restart_counts() -> None:
    bucket = Bucket(6, -MINUTE_MS)
    for at_ms in (-2_000, -1_000):
        bucket.take(at_ms)
    assert not bucket.may(0, high=True)


def test_a_pace_holds_back_all_but_higher_steps() -> None:
    bucket = Bucket(18, 0)
    bucket.pace_ms = 30_000
    assert bucket.may(0, high=False)
    bucket.take(0)
    assert not bucket.may(29_999, high=False)
    assert bucket.may(1, high=True)
    assert bucket.may(30_000, high=False)


def test_who_fails_again_and_again_is_left_alone_longer_each_time() -> None:
    breaker = Breaker(random.Random(1))
    assert [breaker.failed() for _ in range(OPEN_AFTER - 1)] == [0] * (OPEN_AFTER - 1)
    first, second = breaker.failed(), breaker.failed()
    assert 9_000 <= first <= 11_000
    assert 27_000 <= second <= 33_000
    breaker.succeeded()
    assert breaker.failed() == 0
