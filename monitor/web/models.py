"""What the API takes and answers, for its documentation and for checking what is sent."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Wrong(BaseModel):
    """Any error."""

    error: str = Field(description="What is wrong, and what to do about it.")


class ToldStep(BaseModel):
    """A step of the ladder at which people were told."""

    step: str = Field(description="Its second: 120s.")
    to: str = Field(description="panel, popup, team, lead, digest, console.")
    due_at: str | None
    decided_at: str | None
    named: bool = Field(description="Its second had not come: the message of another wait of the agent named it.")


class WaitAlert(BaseModel):
    """What people were told of a wait, and did about it."""

    claimed_by: str | None
    claimed_at: str | None
    hold_until: str | None = Field(description="The claim holds the steps until then; null: it holds none, or no more.")
    muted_until: str | None
    stopped: bool = Field(description="Nothing is told of it any more.")
    told: list[ToldStep]


class Wait(BaseModel):
    """A buyer who waits."""

    id: str
    platform: str
    shop: str
    conversation: str
    buyer: str = Field(description="Masked.")
    agent: str | None
    account: str | None
    team: str
    opened_by: str = Field(description="Id of the message that opened it.")
    opened_at: str
    needs_answer_since: str | None = Field(description="Its first message that is more than polite; null: none.")
    wait_seconds: float = Field(description="The buyer's clock, from opened_at; it never stands still.")
    counted_seconds: float | None = Field(description="What limits are held against, from needs_answer_since.")
    stage: str
    next_due_at: str | None = Field(description="When the next limit is passed.")
    messages: int
    flags: list[str]
    alert: WaitAlert | None = Field(description="What people were told and did; null: nothing so far.")


class Waits(BaseModel):
    """Open waits, the one with the least time left first."""

    now: str
    total: int = Field(description="How many there are; not all may be listed.")
    waits: list[Wait]


class Dismissal(BaseModel):
    """Why a wait needs no answer."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    reason: str = Field(min_length=1, max_length=500)


class Dismissed(BaseModel):
    """A wait that was taken off the board."""

    id: str
    event: str = Field(description="Id of the event that is stored for it.")


class ChatMessage(BaseModel):
    """One event of a conversation."""

    id: str
    type: str
    ts: str
    role: str | None
    kind: str | None
    text: str | None
    agent: str | None
    account: str | None


class Conversation(BaseModel):
    """What is stored of a conversation, by time."""

    shop: str
    conversation: str
    buyer: str | None = Field(description="Masked.")
    wait: Wait | None = Field(description="The open wait.")
    events: list[ChatMessage]
    truncated: bool = Field(description="Older events are left out.")


class Account(BaseModel):
    """One account of a source."""

    account: str | None = Field(description="null: what names no account.")
    state: str
    shops: list[str]
    newest_ts: str | None
    stale_since: str | None
    catching_up: bool
    open_gaps: int = Field(description="Stretches it did not see, and nothing has filled.")


class LastFault(BaseModel):
    """The newest thing of a source that was refused."""

    at: str
    reason: str
    error: str


class Gap(BaseModel):
    """What was not seen of a shop by an account (采集中断)."""

    source: str
    account: str | None
    shop: str
    from_: str = Field(alias="from")
    to: str | None = Field(description="null: it is not seen yet.")
    seconds: float = Field(description="To its end, or to now.")
    reason: str = Field(description="account, heartbeat, or start: this service was away.")
    filled: bool = Field(description="A complete range of the collector covers it.")


class Gaps(BaseModel):
    """Gaps of feeds, the newest first."""

    now: str
    gaps: list[Gap]


class Coverage(BaseModel):
    """Shops by how they are seen."""

    shops: int
    ok: int
    catching_up: int
    stale: int
    unknown: int


class Source(BaseModel):
    """One feed of events."""

    name: str
    state: Literal["ok", "catching_up", "stale"]
    reason: str | None = Field(description="Why it is stale: account, heartbeat, silent.")
    last_event_at: str | None
    newest_ts: str | None
    lag_seconds: float
    stale_since: str | None
    host: str | None = Field(description="The machine it says it runs on.")
    version: str | None
    backlog: int | None = Field(description="What it has still to send, as its last heartbeat says.")
    clock_skew_seconds: float | None = Field(description="Its clock less ours, on the way included.")
    last_fault: LastFault | None
    accounts: list[Account]
    shops: list[str]


class Sources(BaseModel):
    """Every source that was ever heard of."""

    now: str
    coverage: Coverage
    sources: list[Source]


class Refused(BaseModel):
    """One refused input."""

    id: int
    at: str
    door: str
    source: str
    index: int
    path: str
    error: str
    reason: str
    length: int = Field(description="Bytes that were sent; the body may be less.")
    sha256: str
    resent_at: str | None
    body: str = Field(description="As text; bytes that are not UTF-8 are written as \\xNN.")


class Quarantine(BaseModel):
    """Refused input, newest first."""

    entries: list[Refused]
    next_before: int | None = Field(description="Ask with before= this for the next page; null: no more.")


class Rejection(BaseModel):
    """One event that was refused."""

    index: int
    path: str
    error: str


class Taken(BaseModel):
    """What became of a batch; all that was accepted is stored."""

    accepted: int
    duplicates: int
    late: int
    rejected: list[Rejection]


class Me(BaseModel):
    """Who asks."""

    name: str
    role: Literal["source", "viewer", "agent", "lead", "admin"]
    shops: list[str] | None = Field(description="The only ones open to them; null: all.")
    teams: list[str] | None
    demo: bool
    build: str


class Livez(BaseModel):
    """The loop turns."""

    alive: Literal[True] = True


class Ready(BaseModel):
    """Whether events can be taken now."""

    ready: bool
    reasons: list[str]
    build: str
    rules_version: str
    rules_good: bool = Field(description="False while the files of the rules are wrong and the last good ones hold.")


def answers(*codes: int) -> dict[int | str, dict[str, Any]]:
    """The errors of a route, for its documentation."""
    said = {
        400: "Something in the request is wrong; the error names it.",
        403: "The token is not for this shop.",
        404: "There is no such thing (any more).",
        413: "The body is too large.",
        503: "Nothing can be stored now; try again later.",
    }
    return {code: {"model": Wrong, "description": said[code]} for code in codes}
