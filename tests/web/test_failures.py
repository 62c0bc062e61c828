"""What a board says of messages that could not be delivered: those of the last hour."""

from monitor.metrics.numbers import Metrics
from monitor.web.failures import LATELY_SECONDS, TOGETHER_SECONDS, Failures


def test_what_failed_is_told_for_an_hour_and_no_longer() -> None:
    metrics = Metrics(version="1")
    failures = Failures(metrics)
    assert failures.lately(10.0) == 0
    metrics.deliveries.add("ding", "failed", n=3)
    metrics.deliveries.add("ding", "delivered")
    assert failures.lately(20.0) == 3
    metrics.deliveries.add("hook", "failed")
    assert failures.lately(20.0 + TOGETHER_SECONDS) == 4
    assert failures.lately(19.0 + LATELY_SECONDS) == 4
    assert failures.lately(20.0 + LATELY_SECONDS) == 1
    assert failures.lately(20.0 + TOGETHER_SECONDS + LATELY_SECONDS) == 0


def test_what_failed_while_nobody_looked_counts_from_the_look_after_it() -> None:
    metrics = Metrics(version="1")
    metrics.deliveries.add("ding", "failed")
    failures = Failures(metrics)
    assert failures.lately(50_000.0) == 1
    assert failures.lately(50_000.0 + LATELY_SECONDS) == 0


def test_a_channel_that_fails_all_day_keeps_no_more_than_an_hour() -> None:
    metrics = Metrics(version="1")
    failures = Failures(metrics)
    for second in range(0, 20_000, 5):
        metrics.deliveries.add("ding", "failed")
        told = failures.lately(float(second))
    assert 707 <= told <= 733
