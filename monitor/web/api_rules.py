"""The rules in force over the API: which, since when, what is wrong with the files, and reading them again."""

import logging
from typing import Annotated, Any

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
    ) -> Response:
        """What holds for a wait of a shop that opens now: its limits, and who is told when."""
        if self._rules is None:
            raise HTTPException(404, "this service runs on the built-in rules; start it with --rules FOLDER")
        said = self._rules.explain(shop, platform)
        return json(
            {key: said[key] for key in HeldTo.model_fields if key not in ("stages", "steps", "first_reply")}
            | _ladder(said)
            | {"first_reply": _ladder(said["first_reply"])}
        )

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


def _ladder(said: dict[str, Any]) -> dict[str, Any]:
    return {
        "stages": [{"name": one["name"], "after_seconds": one["after_seconds"]} for one in said["stages"]],
        "steps": [{"at_seconds": one["at_seconds"], "to": one["to"]} for one in said["steps"]],
    }
