"""docker-compose.yml: what it mounts is there, what it runs is pinned, careful and not root."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitor import __version__
from monitor.settings import ENV_PREFIX, Settings
from tests import needs

ROOT = Path(__file__).parent.parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def test_compose_reads_it(tmp_path: Path) -> None:
    (compose,) = needs.programs("docker-compose", packages="docker-compose")
    for name in ("docker-compose.yml", "Dockerfile"):
        shutil.copy(ROOT / name, tmp_path)
    checked = subprocess.run([compose, "config", "-q"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_every_path_that_is_mounted_is_there() -> None:
    mounted = [mount.split(":")[0] for service in SERVICES.values() for mount in service.get("volumes", ())]
    paths = [path for path in mounted if path.startswith(".")]
    assert len(paths) > 5
    assert [path for path in paths if not (ROOT / path).exists()] == []
    assert {path for path in mounted if not path.startswith(".")} == set(COMPOSE["volumes"])


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_pinned_not_root_and_cannot_write_its_own_files(name: str) -> None:
    service = SERVICES[name]
    assert re.fullmatch(r"[\w/.-]+:v?\d+\.\d+\.\d+", service["image"])
    assert service["user"].partition(":")[0].isdigit()
    assert int(service["user"].partition(":")[0]) > 0
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["logging"]["options"]["max-file"], "a log without end fills the disk of the journal"
    if service["image"].startswith("presales-monitor:"):
        assert service["image"].endswith(f":{__version__}")


@pytest.mark.parametrize("name", SERVICES)
def test_a_port_is_published_on_this_machine_only(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", ()))


def test_each_lasting_service_says_whether_it_is_well_and_others_wait_for_that() -> None:
    for name, service in SERVICES.items():
        assert "healthcheck" in service or service.get("profiles") == ["demo"], name
        for other, how in service.get("depends_on", {}).items():
            assert (how, "healthcheck" in SERVICES[other]) == ({"condition": "service_healthy"}, True)


def test_no_secret_stands_in_it_and_each_one_is_made_by_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for name, secret in COMPOSE["secrets"].items():
        assert secret["file"] == f"./secrets/{name}"
        assert re.search(rf"for name in [\w ]*\b{name}\b", makefile)
    assert "secrets/" in (ROOT / ".gitignore").read_text("utf-8").splitlines()


def test_each_setting_it_gives_is_one_of_ours() -> None:
    given = [name for name in SERVICES["monitor"]["environment"] if name.startswith(ENV_PREFIX)]
    for name in given:
        part: Any = Settings()
        for word in name.removeprefix(ENV_PREFIX).removesuffix("_FILE").lower().split("__"):
            assert word in type(part).model_fields, name
            part = getattr(part, word)


def test_the_image_runs_as_the_user_of_compose_and_names_no_index() -> None:
    text = (ROOT / "Dockerfile").read_text("utf-8")
    assert f"USER {SERVICES['monitor']['user']}" in text
    assert "--require-hashes" in text
    assert "index" not in text
    assert set(re.findall(r"^FROM (\S+)", text, re.MULTILINE)) == {"python:3.13-slim-trixie"}
