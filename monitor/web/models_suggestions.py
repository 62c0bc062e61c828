"""What the routes about suggestions take and answer."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

Text = Annotated[str, Field(max_length=200)]


class SuggestedPhrase(BaseModel):
    """One reply, to be inserted by a person."""

    phrase: str = Field(description="Its id in the library; tell it back with the feedback.")
    position: int = Field(description="1 is the first key.")
    text: str
    intent: str
    holding: bool = Field(description="Keeps the buyer, answers nothing.")
    question: bool = Field(description="Asks what the buyer needs.")
    score: float
    why: list[str] = Field(description="The words of the buyer that it answers.")


class ToldIntent(BaseModel):
    """What the buyer asks about, as far as words tell."""

    intent: str
    confidence: float
    words: list[str]


class Suggestions(BaseModel):
    """Up to three replies, best first; none where nothing fits well enough."""

    id: str
    shop: str
    conversation: str | None
    wait: str | None
    lang: str
    intents: list[ToldIntent]
    phase: str | None = Field(description="presale or aftersale; null: the words do not say.")
    phase_confidence: float
    abstained: bool
    rewritten: list[str] = Field(description="The same replies in a model's words, where one is set up and asked for.")
    suggestions: list[SuggestedPhrase]


class Question(BaseModel):
    """Words to be answered, of a chat that need not be known here."""

    model_config = ConfigDict(extra="forbid")

    shop: Annotated[str, Field(min_length=1, max_length=200)]
    text: Annotated[str, Field(max_length=65_536)]
    lang: Literal["zh", "en"] | None = None
    phase: Literal["presale", "aftersale"] | None = None
    product: Any = None
    agent: Text | None = None
    slow: bool = Field(default=False, description="The buyer has waited past the first limit.")
    held: bool = Field(default=False, description="The last that was said to the buyer was a holding reply.")
    transferring: bool = False
    rewrite: bool = False


class Feedback(BaseModel):
    """What became of one suggested reply."""

    model_config = ConfigDict(extra="forbid")

    shop: Annotated[str, Field(min_length=1, max_length=200)]
    phrase: Annotated[str, Field(min_length=1, max_length=80)]
    outcome: Literal["shown", "picked", "edited", "ignored"]
    suggestion: Text | None = Field(default=None, description="Its id; the same outcome told twice counts once.")
    position: Annotated[int, Field(ge=1, le=3)] | None = None
    agent: Text | None = None
    text: Annotated[str, Field(max_length=65_536)] | None = Field(
        default=None, description="What was sent, for how much of it was changed. It is not kept."
    )
    send_seconds: Annotated[float, Field(ge=0, le=86_400)] | None = Field(
        default=None, description="From the suggestion to the reply."
    )


class FeedbackBatch(BaseModel):
    """Several outcomes at once."""

    model_config = ConfigDict(extra="forbid")

    feedback: Annotated[list[Feedback], Field(min_length=1, max_length=100)]


def _one_or_several(body: object) -> str:
    return "several" if isinstance(body, FeedbackBatch) or (isinstance(body, dict) and "feedback" in body) else "one"


# Told apart before they are checked, so that what is wrong is told of the one that was meant.
FeedbackBody = Annotated[
    Annotated[Feedback, Tag("one")] | Annotated[FeedbackBatch, Tag("several")], Discriminator(_one_or_several)
]


class FeedbackTaken(BaseModel):
    """How many outcomes were new."""

    accepted: int
    duplicates: int
