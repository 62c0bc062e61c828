"""What the routes of alerts and silences take and answer."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from monitor.web.models import ToldStep

Matcher = Annotated[str, Field(min_length=1, max_length=200)]


class Act(BaseModel):
    """Something that was done to an alert."""

    at: str
    by: str = Field(description="Who; empty: the program.")
    what: str
    detail: str


class Try(BaseModel):
    """One try to deliver."""

    sent_at: str | None = Field(description="Null: it was given up without a try.")
    answered_at: str | None
    outcome: Literal["sent", "retry", "failed", "dropped_answered", "withdrawn"]
    reason: str = Field(description="Why it was not taken, in a word; empty: it was.")


class Delivered(BaseModel):
    """What a channel was given."""

    channel: str
    transition: str
    stage: str
    due_at: str
    decided_at: str
    state: str
    attempts: int
    tries: list[Try]


class Alert(BaseModel):
    """An alert as it stands, or as it ended."""

    id: str
    kind: Literal["wait", "unattended", "source", "promise", "handover", "score", "quality"]
    state: Literal["firing", "claimed", "resolved", "withdrawn"]
    platform: str
    shop: str
    conversation: str | None
    buyer: str | None = Field(description="Masked.")
    team: str
    agent: str | None
    account: str | None
    stage: str = Field(description="The last one reached; of what is no wait, its kind.")
    since: str | None
    raised_at: str | None = Field(description="When somebody beyond the agent's panel was told first.")
    limit_at: str | None = Field(description="The next limit at that time: answered by then, the buyer was kept.")
    claimed_by: str | None
    claimed_at: str | None
    muted_until: str | None
    stopped: bool
    ended_at: str | None
    outcome: str | None
    told: list[ToldStep]
    facts: dict[str, Any] | None = Field(description="What is known of an alert that is no wait's.")
    rules_version: str | None = Field(
        description="The rules its wait opened under; of what is no wait's, those in force then."
    )
    rule: str | None = Field(description="Where the most particular rule of its wait stands: file:line.")


class Alerts(BaseModel):
    """Alerts, the newest first."""

    now: str
    alerts: list[Alert]
    next_before: int | None = Field(description="Ask with before= this for the next page; null: no more.")


class AlertWithTrail(Alert):
    """An alert with all that was done to it, and what channels were given."""

    acts: list[Act]
    delivered: list[Delivered]


class Acted(BaseModel):
    """Which further alerts an act is for: all that one message named."""

    model_config = ConfigDict(extra="forbid")

    also: list[str] = Field(default_factory=list, max_length=200, description="Ids of further alerts.")


class ActedOn(BaseModel):
    """How an alert stands after an act."""

    id: str
    done: bool = Field(description="False: somebody else has claimed it, or it is over.")
    state: str
    claimed_by: str | None
    claimed_at: str | None


class ActedOnAll(BaseModel):
    """How each alert stands after an act."""

    results: list[ActedOn]


class NewSilence(BaseModel):
    """Nothing is told of what matches, until. At least one matcher; all given must fit."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    shop: Matcher | None = None
    platform: Matcher | None = None
    team: Matcher | None = None
    agent: Matcher | None = None
    stage: Matcher | None = None
    reason: str = Field(min_length=1, max_length=500)
    until: str | int | float = Field(description="RFC 3339 with offset, or epoch milliseconds; within 7 days.")


class Silence(BaseModel):
    """A silence in force."""

    id: str
    matchers: dict[str, str]
    by: str
    reason: str
    from_: str = Field(alias="from")
    until: str


class Silences(BaseModel):
    """The silences in force, the first to end first."""

    now: str
    silences: list[Silence]


class TeamQuality(BaseModel):
    """How good alerts were; the shares are null without any to judge."""

    alerts: int = Field(description="Alerts of waits that were told beyond the agent's panel.")
    saved: int = Field(description="Answered after it, by the next limit.")
    breached: int = Field(description="The next limit passed.")
    false: int = Field(
        description="Neither answered after it nor past the limit: withdrawn, dismissed, left by the buyer."
    )
    open: int = Field(description="Not yet to be judged.")
    precision: float | None = Field(description="Saved, answered later or breached, of all judged.")
    claimed: int
    lead_seconds: float | None = Field(description="Time that was left to the next limit, the middle one of all.")
    claim_seconds: float | None = Field(description="From the alert to its claim, the middle one of all.")


class Quality(TeamQuality):
    """How good the alerts of a span were."""

    model_config = ConfigDict(populate_by_name=True)

    from_: str = Field(alias="from")
    to: str
    agent_hours: int = Field(description="Hours in which an agent had a round.")
    alerts_per_agent_hour: float | None
    teams: dict[str, TeamQuality]
