"""The rules in force over the API: which, since when, what is wrong with the files, and reading them again."""

import logging
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Response
from pydantic import BaseModel, Field

from monitor.web.api import Anybody, json, whole_floor
from monitor.web.services import Services

logger = logging.getLogger(__name__)


class FaultTold(BaseModel):
    """One thing in a file."""

    file: str
    line: int = Field(description="From 1; 0: it is about the file as a whole.")
    column: int
    message: str
    message_zh: str = Field(description="The same in Chinese.")


class RulesTold(BaseModel):
    """The rules in force."""

    rules_version: str = Field(description="Their hash; `built-in` where no folder is read.")
    folder: str | None
    why: str = Field(description="Why it is this folder.")
    since: str | None
    good: bool = Field(description="False while the files are wrong; then the last good ones hold.")
    failed_at: str | None
    errors: list[FaultTold]
    warnings: list[FaultTold]


class StageTold(BaseModel):
    """A limit of a wait."""

    name: str
    after_seconds: float


class StepTold(BaseModel):
    """Whom to tell at which second."""

    at_seconds: float
    to: str


class FirstReplyTold(BaseModel):
    """What holds for the first reply of a session."""

    stages: list[StageTold]
    steps: list[StepTold]


class CourtesyTold(BaseModel):
    """What holds while all that a buyer says is polite (收尾): no limit is passed."""

    steps: list[StepTold]


class OwedLimit(BaseModel):
    """A limit of what a reply still owes."""

    name: str = Field(description="due, late, missed.")
    after_seconds: float
    due_at: str | None = Field(description="The last instant in time; null: it never comes.")


class StillOwed(BaseModel):
    """What a reply that answers nothing owes, from that reply on."""

    stages: list[OwedLimit]
    steps: list[StepTold]


class WordsTold(BaseModel):
    """What words are by themselves; a polite word after a question of the agent is an answer all the same."""

    text: str
    means: str = Field(
        description="Of a buyer courtesy, greeting, question, content; of a reply holding, greeting, question, answer; "
        "noise, bot, auto where the rules say so of the sender."
    )
    words: list[str] = Field(description="By which of them it is that; none where no word tells it.")
    said_by: str = Field(description="file:line of the rule or of the word; `built-in`.")


class HeldTo(BaseModel):
    """What holds for a wait of one shop that opens now."""

    rules_version: str
    rule: str = Field(description="The last rule that says something of it: file:line.")
    platform: str
    shop: str
    team: str
    counts_now: bool = Field(description="Whether time counts now.")
    bot: str
    stages: list[StageTold]
    steps: list[StepTold]
    first_reply: FirstReplyTold
    promise_seconds: list[float] = Field(description="A promise is due, late, missed after.")
    courtesy: CourtesyTold
    promise: StillOwed = Field(description="What a holding reply (稍等) that is given now owes.")
    greeting: StillOwed = Field(description="What a greeting alone (在的亲) that is given now owes.")
    buyer: WordsTold | None = Field(description="Null: no words of a buyer were asked about.")
    reply: WordsTold | None = Field(description="Null: no reply was asked about.")


class RulesApi:
    """The routes.

    Args:
        services: what they stand on.
    """

    def __init__(self, services: Services) -> None:
        self._rules = services.rules

    def router(self) -> APIRouter:
        """All routes with their documentation."""
        router = APIRouter(dependencies=[Depends(whole_floor)], tags=["rules"])
        router.add_api_route("/v1/rules", self.show, response_model=RulesTold)
        router.add_api_route("/v1/rules/explain", self.explain, response_model=HeldTo)
        router.add_api_route(
            "/v1/rules/reload",
            self.reload,
            methods=["POST"],
            response_model=RulesTold,
            responses={400: {"model": RulesTold, "description": "The files are wrong; the last good ones hold."}},
        )
        return router

    async def show(self) -> Response:
        """Which rules are in force, and what is wrong with the files as they are now."""
        return json(self._told())

    async def explain(
        self,
        shop: Annotated[str, Query(min_length=1, max_length=200)],
        platform: Annotated[str | None, Query(max_length=60)] = None,
        buyer: Annotated[str | None, Query(max_length=1000, description="Words of a buyer: what are they?")] = None,
        reply: Annotated[str | None, Query(max_length=1000, description="Those of an agent: what do they owe?")] = None,
    ) -> Response:
        """What holds for a wait of a shop that opens now: its limits, who is told when, what a promise owes.

        Where `buyer` or `reply` is given, also what these words are (courtesy, a holding reply …), and by which word
        or rule.
        """
        if self._rules is None:
            raise HTTPException(404, "this service runs on the built-in rules; start it with --rules FOLDER")
        said = self._rules.explain(shop, platform, buyer=buyer, reply=reply)
        return json(HeldTo.model_validate(said).model_dump())

    async def reload(self, caller: Anybody) -> Response:
        """Read the files again; take them if they are good. Waits that are open keep their policy."""
        if self._rules is None:
            raise HTTPException(404, "this service runs on the built-in rules; start it with --rules FOLDER")
        logger.info("%s asks to read the rules again", caller.name)
        good = await self._rules.reload()
        return json(self._told(), 200 if good else 400)

    def _told(self) -> dict[str, object]:
        if self._rules is not None:
            return self._rules.as_json()
        return {
            "rules_version": "built-in",
            "folder": None,
            "why": "no folder is read",
            "since": None,
            "good": True,
            "failed_at": None,
            "errors": [],
            "warnings": [],
        }
