"""Microsoft Teams by a workflow ("when a webhook request is received"): an Adaptive Card.

A workflow answers 202. One that posts for an old connector may answer 200 and say in
its text that it failed.
"""

from typing import Any

from monitor.alerts.channels.http import Answer
from monitor.alerts.channels.robot import Robot
from monitor.alerts.inert import cut, markdown
from monitor.alerts.saying import Saying
from monitor.errors import DeliveryError

TEXT_BYTES = 20_000  # It takes 28 kB in all.


class Teams(Robot):
    """One workflow."""

    def form(self, saying: Saying, now_ms: int) -> Any:  # noqa: ARG002 - nothing is signed
        """Return a message with one card."""
        text = cut("\n\n".join(map(markdown, saying.lines)), TEXT_BYTES)
        body: list[Any] = [_block(markdown(saying.title), weight="Bolder", size="Medium")]
        if text:
            body.append(_block(text))
        entities = []
        if saying.mentions:
            named = []
            for one in saying.mentions:
                name = markdown(one.name)
                handle = one.handles.get("teams")
                named.append(f"<at>{name}</at>" if handle else name)
                if handle:
                    who = {"id": handle, "name": name}
                    entities.append({"type": "mention", "text": f"<at>{name}</at>", "mentioned": who})
            body.append(_block(" ".join(named)))
        card: dict[str, Any] = {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard",
            "version": "1.4",
            "body": body,
            "actions": [{"type": "Action.OpenUrl", "title": link.label, "url": link.url} for link in saying.links],
            "msteams": {"width": "Full", "entities": entities},
        }
        attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
        return {"type": "message", "summary": markdown(saying.title), "attachments": [attachment]}

    def judge(self, answer: Answer) -> None:
        """Take 202, and 200 unless its text tells of a failure; raises DeliveryError as `Robot.judge` says."""
        text = answer.text.lower()
        if b"429" in text or b"too many" in text:
            raise DeliveryError("too_fast", retry_after_seconds=60.0, detail="the workflow was too fast for Teams")
        if b"fail" in text or b"error" in text:
            raise DeliveryError("refused", permanent=True, detail="the workflow could not post it")


def _block(text: str, **more: str) -> dict[str, Any]:
    return {"type": "TextBlock", "text": text, "wrap": True, **more}
