"""What the body of a webhook looks like: ours, or one that other programs know.

Each is made from our own body, which lies in the outbox, so a delivery is the same
whatever its receiver reads.
"""

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec

from monitor.alerts.router import message_id
from monitor.store.entries import Delivery

Shape = Callable[[Delivery], tuple[bytes, dict[str, str]]]
NEVER = "0001-01-01T00:00:00Z"  # What Alertmanager writes for an end that has not come.
ENDED = frozenset({"resolved", "withdrawn"})


def ours(delivery: Delivery) -> tuple[bytes, dict[str, str]]:
    """Return the body as it is."""
    return delivery.body, {}


def cloudevents(delivery: Delivery) -> tuple[bytes, dict[str, str]]:
    """Return ``data`` with the rest in headers: CloudEvents 1.0, binary mode."""
    body = msgspec.json.decode(delivery.body)
    data = body["data"]
    epoch = data["id"].partition("-")[0]
    headers = {
        "ce-specversion": "1.0",
        "ce-id": message_id(delivery),
        "ce-source": f"/presales-monitor/{epoch}",
        "ce-type": f"presales.{body['type']}",
        "ce-time": body["timestamp"],
        "ce-subject": data["id"],
    }
    return msgspec.json.encode(data), headers


def alertmanager(delivery: Delivery) -> tuple[bytes, dict[str, str]]:
    """Return what Alertmanager posts to its webhooks, version 4, with one alert."""
    data = msgspec.json.decode(delivery.body)["data"]
    status = "resolved" if data["transition"] in ENDED else "firing"
    labels, annotations = labels_of(data), annotations_of(data)
    alert = {
        "status": status,
        "labels": labels,
        "annotations": annotations,
        "startsAt": data["waiting_since"],
        "endsAt": data["due_at"] if status == "resolved" else NEVER,
        "generatorURL": "",
        "fingerprint": hashlib.sha256(data["id"].encode()).hexdigest()[:16],
    }
    group = {"alertname": labels["alertname"], "wait": labels["wait"]}
    body = {
        "version": "4",
        "groupKey": f'{{}}:{{alertname="{group["alertname"]}", wait="{group["wait"]}"}}',
        "truncatedAlerts": 0,
        "status": status,
        "receiver": delivery.channel,
        "groupLabels": group,
        "commonLabels": labels,
        "commonAnnotations": annotations,
        "externalURL": "",
        "alerts": [alert],
    }
    return msgspec.json.encode(body), {}


def labels_of(data: dict[str, Any]) -> dict[str, str]:
    """Return by what Alertmanager knows an alert: the same from raise to end, so neither stage nor agent."""
    return {
        "alertname": "BuyerWaiting",
        "wait": data["id"],
        "platform": data["platform"],
        "shop": data["shop"],
        "team": data["team"],
    }


def annotations_of(data: dict[str, Any]) -> dict[str, str]:
    """Return what may change while the alert stands."""
    found = {
        "summary": data["title"]["en"],
        "summary_zh": data["title"]["zh"],
        "stage": data["stage"],
        "agent": data["agent"] or "",
        "buyer": data["buyer"],
        "reason": data["reason"] or "",
    }
    return {name: text for name, text in found.items() if text}


SHAPES: dict[str, Shape] = {"ours": ours, "cloudevents": cloudevents, "alertmanager": alertmanager}
