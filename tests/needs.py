"""What some tests need from the machine: programs that are driven for real, and real chat.

What is missing skips the test with the line to type. In CI a missing program
fails instead: there the tests are the point, and ``.ci/setup parts`` installs it.
"""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

# Debian keeps servers out of a user's PATH, and brew's own is not always in it.
_FURTHER_PLACES = "/usr/sbin:/usr/local/sbin:/opt/homebrew/bin:/opt/homebrew/sbin"
_BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)


def find(name: str) -> str | None:
    """Return the path of a program, or None where there is none."""
    return shutil.which(name) or shutil.which(name, path=_FURTHER_PLACES)


def programs(*names: str, packages: str) -> list[str]:
    """Return the paths of programs that come with these Debian packages."""
    found = [path for name in names if (path := find(name))]
    if len(found) < len(names):
        _missing(f"{', '.join(name for name in names if not find(name))} not found: apt-get install {packages}")
    return found


def chromium() -> str:
    """Return the path of a Chromium that can show Chinese."""
    path = next((path for name in _BROWSERS if (path := find(name))), None)
    if path is None:
        _missing("no Chromium found: apt-get install chromium fonts-noto-cjk")
    return path


def chat_samples() -> Path:
    """Return the folder of real chat; it is given from outside and never part of the project."""
    folder = os.environ.get("CHAT_SAMPLES")
    if not folder:
        pytest.skip("CHAT_SAMPLES is not set: it names a folder of real chat")
    return Path(folder)


def _missing(reason: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
