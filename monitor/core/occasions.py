"""What of the floor becomes an alert that is no wait's: who is told, and what the message says.

A source that is down is told to the teams of its shops, their leads mentioned, and
to the console for whoever keeps the collectors; one that has only fallen silent while nobody
waited is for the console. An unattended shop, a hand-over and a score at risk are
for the team's lead.
"""

from collections.abc import Iterable

from monitor.core.decisions import (
    HandOver,
    HandOverLapsed,
    HandOverTaken,
    HandOverUnreceived,
    NamedWait,
    ShopAttended,
    ShopUnattended,
    SourceTurned,
)
from monitor.core.events import APART, QualityBroken, ScoreStood
from monitor.core.incidents import Incidents


def source_turned(
    incidents: Incidents, turned: SourceTurned, teams: Iterable[str], waits: list[NamedWait], now_ms: int
) -> None:
    """A source, or one account of it, went stale or came back."""
    name = APART.join((turned.source, turned.account or ""))
    if not turned.stale:
        incidents.end("source", name, now_ms, "back")
        return
    worth_a_call = turned.reason != "silent" or waits
    incidents.begin(
        "source",
        name,
        at_ms=turned.at_ms,
        now_ms=now_ms,
        to={**(dict.fromkeys(teams, ("lead",)) if worth_a_call else {}), "": ("console",)},
        step=turned.reason,
        shop=turned.shops[0] if len(turned.shops) == 1 else "",
        waits=sorted(waits, key=lambda wait: wait.since_ms),
        facts={
            "source": turned.source,
            "account": turned.account,
            "host": turned.host,
            "reason": turned.reason,
            "state": turned.state,
            "shops": list(turned.shops),
            "waiting": turned.waiting,
        },
    )


def source_gone(incidents: Incidents, source: str, account: str | None, now_ms: int) -> None:
    """A source, or one account of it, has not come back for so long that nobody waits for it any more."""
    incidents.end("source", APART.join((source, account or "")), now_ms, "expired")


def shop_unattended(incidents: Incidents, said: ShopUnattended, waits: list[NamedWait]) -> None:
    """Nobody can take a new chat of a shop; ``waits`` are its own."""
    incidents.begin(
        "unattended",
        said.shop,
        at_ms=said.due_at_ms,
        now_ms=said.decided_at_ms,
        to={said.team: ("lead",)},
        step=said.reason,
        team=said.team,
        platform=said.platform,
        shop=said.shop,
        waits=sorted(waits, key=lambda wait: wait.since_ms),
        facts={
            "platform": said.platform,
            "shop": said.shop,
            "reason": said.reason,
            "since_ms": said.since_ms,
            "waiting": said.waiting,
            "oldest_since_ms": said.oldest_since_ms,
            "promises": said.promises,
            "absent": list(said.absent),
            "room": [list(one) for one in said.room],
        },
    )


def shop_attended(incidents: Incidents, said: ShopAttended) -> None:
    """Somebody can again."""
    incidents.end("unattended", said.shop, said.decided_at_ms, said.by or "over")


def score_stood(incidents: Incidents, said: ScoreStood, team: str, now_ms: int) -> None:
    """A shop's score is at risk, each level told once a day, or is so no more; or an hour's rate is low.

    An hour's line to the lead is over with the telling: the next hour is another.
    """
    of_hour = said.level == "hour"
    name = APART.join((said.shop, said.profile, str(said.hour_ms if of_hour else said.day)))
    if said.level == "ok":
        incidents.end("score", name, now_ms, "safe")
        return
    facts = {
        "shop": said.shop,
        "profile": said.profile,
        "level": said.level,
        "target": said.target,
        "rate": said.rate,
    }
    if of_hour:
        facts |= {"hits": said.hits, "of": said.of}
    else:
        facts |= {"budget": said.left, "open": said.open, "burned": said.burned}
    incidents.begin(
        "score",
        name,
        at_ms=said.ts_ms,
        now_ms=now_ms,
        to={team: ("lead",)},
        step=said.level,
        team=team,
        platform=said.platform or "",
        shop=said.shop,
        facts=facts,
    )
    if of_hour:
        incidents.end("score", name, now_ms, "told")


def quality_broken(incidents: Incidents, said: QualityBroken, team: str, now_ms: int) -> None:
    """Somebody's words broke a rule in earnest: told to the lead. It is over with the telling, for nothing goes on."""
    name = APART.join((team, said.agent or ""))
    incidents.begin(
        "quality",
        name,
        at_ms=said.ts_ms,
        now_ms=now_ms,
        to={team: ("lead",)},
        step="serious",
        team=team,
        platform=said.platform or "",
        shop=said.shop,
        facts={
            "agent": said.agent,
            "shop": said.shop,
            "shops": said.shops,
            "rules": said.rules,
            "messages": said.messages,
            "count": said.count,
        },
    )
    incidents.end("quality", name, now_ms, "told")


def hand_over(incidents: Incidents, said: HandOver) -> None:
    """A hand-over was not received in time, or was after all, or never."""
    if isinstance(said, HandOverTaken):
        incidents.end("handover", said.id, said.decided_at_ms, said.by or "answered")
    elif isinstance(said, HandOverLapsed):
        incidents.end("handover", said.id, said.decided_at_ms, "expired")
    elif isinstance(said, HandOverUnreceived):
        incidents.begin(
            "handover",
            said.id,
            at_ms=said.due_at_ms,
            now_ms=said.decided_at_ms,
            to={said.team: ("lead",)},
            step="unreceived",
            team=said.team,
            shop=said.shop,
            facts={
                "shop": said.shop,
                "from": said.giver,
                "to": said.receiver,
                "waits": sum(one.kind == "wait" for one in said.left),
                "promises": sum(one.kind == "promise" for one in said.left),
                "ends_at_ms": said.ends_at_ms,
            },
        )
