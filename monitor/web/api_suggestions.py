"""The routes about suggestions: asked for by the panel and by programs, and told what became of them."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Response

from monitor.suggest.service import Offer, Suggester
from monitor.suggest.shapes import told
from monitor.web import models
from monitor.web import models_suggestions as shapes
from monitor.web.access import Caller
from monitor.web.api import NOT_YOURS, Anybody, json

Name = Annotated[str, Query(min_length=1, max_length=200)]


class SuggestionsApi:
    """The routes.

    Args:
        suggester: what makes suggestions; None: they are switched off.
        epoch: what the ids of waits begin with.
    """

    def __init__(self, suggester: Suggester | None, epoch: str) -> None:
        self._suggester = suggester
        self._epoch = epoch

    def router(self) -> APIRouter:
        """All routes with their documentation."""
        router = APIRouter(tags=["suggestions"])
        add = router.add_api_route
        add(
            "/v1/suggestions",
            self.suggestions,
            response_model=shapes.Suggestions,
            responses=models.answers(403, 404),
        )
        add(
            "/v1/suggestions",
            self.for_text,
            methods=["POST"],
            response_model=shapes.Suggestions,
            responses=models.answers(400, 403, 404),
        )
        add(
            "/v1/suggestions/feedback",
            self.feedback,
            methods=["POST"],
            response_model=shapes.FeedbackTaken,
            responses=models.answers(400, 403, 404, 503),
        )
        return router

    async def suggestions(
        self, caller: Anybody, shop: Name, conversation: Name, transferring: bool = False, rewrite: bool = False
    ) -> Response:
        """What to answer the buyer of an open wait: up to three replies of the shop's library, best first.

        Before a transfer say so: a holding phrase then leads. With `rewrite` a model's wording is waited for, where
        one is set up; the replies themselves never wait for it.
        """
        suggester = self._able(caller, shop)
        offer = await suggester.suggest(shop, conversation, transferring=transferring)
        if offer is None:
            raise HTTPException(404, f"nobody waits in the conversation {conversation} of the shop {shop}")
        return await self._answer(suggester, offer, rewrite)

    async def for_text(self, body: shapes.Question, caller: Anybody) -> Response:
        """What to answer to some words, of a chat that need not be known here."""
        suggester = self._able(caller, body.shop)
        offer = await suggester.suggest_for_text(
            body.shop,
            body.text,
            phase=body.phase,
            product=body.product,
            lang=body.lang,
            slow=body.slow,
            held=body.held,
            transferring=body.transferring,
            agent=body.agent,
        )
        return await self._answer(suggester, offer, body.rewrite)

    async def feedback(self, body: shapes.FeedbackBody, caller: Anybody) -> Response:
        """Tell what became of suggestions: shown, picked, edited before sending, or ignored. Ranking learns from it."""
        outcomes = body.feedback if isinstance(body, shapes.FeedbackBatch) else [body]
        for outcome in outcomes:
            self._able(caller, outcome.shop)
        suggester = self._able(caller, outcomes[0].shop)
        accepted = 0
        for outcome in outcomes:
            accepted += await suggester.take(
                outcome.shop,
                outcome.phrase,
                outcome.outcome,
                offer=outcome.suggestion,
                position=outcome.position,
                agent=outcome.agent or caller.name,
                text=outcome.text,
                send_ms=round((outcome.send_seconds or 0) * 1000),
            )
        return json({"accepted": accepted, "duplicates": len(outcomes) - accepted})

    def _able(self, caller: Caller, shop: str) -> Suggester:
        suggester = self._suggester
        if not caller.may(shop, None if suggester is None else suggester.team_of(shop)):
            raise HTTPException(403, NOT_YOURS)
        if suggester is None:
            raise HTTPException(404, "suggestions are switched off (suggestions.enabled)")
        return suggester

    async def _answer(self, suggester: Suggester, offer: Offer, rewrite: bool) -> Response:
        rewritten = await suggester.rewrite(offer) if rewrite else ()
        return json(told(offer, self._epoch, rewritten))
