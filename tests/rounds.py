"""A round that has ended."""

from monitor.core.decisions import Round


def a_round(*, waited_ms: int, outcome: str = "answered", first: bool = True) -> Round:
    return Round(
        wait=1,
        platform="taobao",
        shop="senye",
        conversation="c",
        buyer="b",
        team="a",
        opened_by="m-1",
        opened_at_ms=1_000_000,
        needs_answer_since_ms=1_000_000,
        ended_by="m-2",
        ended_at_ms=1_000_000 + waited_ms,
        agent="lin",
        account="lin",
        counted_ms=waited_ms,
        outcome=outcome,  # type: ignore[arg-type]
        buyer_messages=1,
        held=False,
        first=first,
        closed_unanswered=False,
        stage="fresh",
        passed=(),
        holders=(),
    )
