"""The Kubernetes example: what it names is there, and there is never a second process on one folder."""

from pathlib import Path
from typing import Any

import yaml

from monitor import __version__
from monitor.settings import ENV_PREFIX, Settings

FILE = Path(__file__).parent.parent / "docs" / "deploy" / "kubernetes.yaml"
PARTS: list[dict[str, Any]] = list(yaml.safe_load_all(FILE.read_text("utf-8")))


def test_one_instance_that_is_not_root() -> None:
    spec = PARTS[0]["spec"]
    assert (PARTS[0]["kind"], spec["replicas"]) == ("StatefulSet", 1)
    pod = spec["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert (pod["automountServiceAccountToken"], pod["enableServiceLinks"]) == (False, False)
    assert pod["containers"][0]["image"] == f"presales-monitor:{__version__}"
    assert pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is True


def test_each_setting_it_gives_is_one_of_ours_and_each_mount_has_its_volume() -> None:
    spec = PARTS[0]["spec"]
    pod = spec["template"]["spec"]
    for one in pod["containers"][0]["env"]:
        part: Any = Settings()
        for word in one["name"].removeprefix(ENV_PREFIX).removesuffix("_FILE").lower().split("__"):
            part = getattr(part, word)
    volumes = {volume["name"] for volume in pod["volumes"]} | {
        claim["metadata"]["name"] for claim in spec["volumeClaimTemplates"]
    }
    assert {mount["name"] for mount in pod["containers"][0]["volumeMounts"]} == volumes


def test_the_port_of_the_service_is_the_port_of_the_pod() -> None:
    ports = PARTS[0]["spec"]["template"]["spec"]["containers"][0]["ports"]
    assert PARTS[1]["spec"]["ports"][0]["targetPort"] == ports[0]["name"]
    assert ports[0]["containerPort"] == Settings().listen.port
