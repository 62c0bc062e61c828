"""What the core orders to be done: rounds to write down, alerts to tell.

Orders carry all a channel or a watcher needs, so that nobody has to ask the
core back. Times are integer milliseconds since the epoch, UTC.
"""

from monitor.core.decisions.alerts import (
    AlertAct,
    AlertOrder,
    AlertState,
    NamedWait,
    RaiseAlert,
    ResolveAlert,
    RiseAlert,
    TellPeople,
    ToldStep,
    WithdrawAlert,
)
from monitor.core.decisions.floor import (
    AgentAbsent,
    AgentArrived,
    FeedGap,
    HandOver,
    HandOverLapsed,
    HandOverOpened,
    HandOverTaken,
    HandOverUnreceived,
    LeftOpen,
    PersonDay,
    ShiftWorked,
    ShopAttended,
    ShopUnattended,
    SourceTurned,
)
from monitor.core.decisions.rounds import (
    CloseRound,
    Holding,
    JoinChats,
    Outcome,
    PassPromise,
    PassStage,
    RestateRound,
    Round,
)

__all__ = [
    "AgentAbsent",
    "AgentArrived",
    "AlertAct",
    "AlertOrder",
    "AlertState",
    "CloseRound",
    "Decision",
    "FeedGap",
    "HandOver",
    "HandOverLapsed",
    "HandOverOpened",
    "HandOverTaken",
    "HandOverUnreceived",
    "Holding",
    "JoinChats",
    "LeftOpen",
    "NamedWait",
    "Outcome",
    "PassPromise",
    "PassStage",
    "PersonDay",
    "RaiseAlert",
    "ResolveAlert",
    "RestateRound",
    "RiseAlert",
    "Round",
    "ShiftWorked",
    "ShopAttended",
    "ShopUnattended",
    "SourceTurned",
    "TellPeople",
    "ToldStep",
    "WithdrawAlert",
]

Decision = (
    CloseRound
    | RestateRound
    | JoinChats
    | PassStage
    | RaiseAlert
    | RiseAlert
    | ResolveAlert
    | WithdrawAlert
    | PassPromise
    | SourceTurned
    | FeedGap
    | ShopUnattended
    | ShopAttended
    | AgentAbsent
    | AgentArrived
    | ShiftWorked
    | PersonDay
    | HandOverOpened
    | HandOverLapsed
    | HandOverTaken
    | HandOverUnreceived
    | TellPeople
    | AlertState
)
