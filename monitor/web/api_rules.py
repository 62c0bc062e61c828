"""The rules in force over the API: which, since when, what is wrong with the files, and reading them again."""

import logging

from fastapi import APIRouter, Depends, HTTPException, Response
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
