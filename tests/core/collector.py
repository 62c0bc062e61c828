"""What collector c12 says of itself: its accounts, that it lives, and what a range covers."""

from monitor.core import events as ev
from tests.timeline import Timeline, When, at_ms


def status(
    chat: Timeline, when: str, state: str, *, shop: str = "beian", account: str = "jie", arrives: When | None = None
) -> None:
    """One of its accounts is kicked, or back."""
    chat.event(
        ev.AccountStatus(
            type="account_status",
            id=f"status-{when}",
            ts_ms=at_ms(when),
            source="c12",
            shop=shop,
            account=account,
            state=state,  # type: ignore[arg-type]
        ),
        arrives=arrives,
    )


def beats(chat: Timeline, start: int, end: int) -> None:
    """The collector lives all the while, and says so every ten seconds."""
    for at in range(start, end, 10):
        chat.event(
            ev.SourceHeartbeat(
                type="source_heartbeat",
                id=f"beat-{at}",
                ts_ms=at_ms(at),
                source="c12",
                host="PC-12",
                accounts={"yun": "online", "lan": "online"},
            )
        )


def covered(chat: Timeline) -> None:
    """All that came while the account was away has been read afterwards."""
    chat.event(
        ev.SyncRange(
            type="sync_range",
            id="sync",
            ts_ms=at_ms("4:03"),
            source="c12",
            shop="beian",
            account="jie",
            from_ms=at_ms("0:20"),
            to_ms=at_ms("4:00"),
            complete=True,
        ),
        arrives="4:03.200",
    )
