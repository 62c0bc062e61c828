"""The log: lines a machine reads, none too often, none with what somebody said."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from monitor import logs


@pytest.fixture(autouse=True)
def root_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(form: logs.Format, *said: tuple[str, tuple[object, ...]], **extra: object) -> list[str]:
    out = io.StringIO()
    logs.to_stderr(form, stream=out)
    for message, args in said:
        logging.getLogger("monitor.test").warning(message, *args, extra=extra)
    return out.getvalue().splitlines()


def test_a_line_is_one_json_object_in_the_fields_words() -> None:
    [line] = lines("json", ("channel %s: not\ndelivered", ("ding",)), channel="ding", attempt=2, unknown="x")
    told = json.loads(line)
    assert told.keys() == {"at", "level", "part", "message", "channel", "attempt"}
    assert told["at"].endswith("Z")
    assert (told["level"], told["part"], told["message"], told["attempt"]) == (
        "warning", "monitor.test", "channel ding: not\ndelivered", 2,
    )  # fmt: skip


def test_elsewhere_than_on_a_terminal_it_is_json_and_text_when_asked_for() -> None:
    assert json.loads(lines("auto", ("x", ()))[0])["message"] == "x"
    assert lines("text", ("x", ()))[0].endswith("WARNING monitor.test: x")


def test_a_fault_is_told_with_where_it_happened() -> None:
    out = io.StringIO()
    logs.to_stderr("json", stream=out)
    try:
        raise ValueError("odd")
    except ValueError:
        logging.getLogger("monitor.test").exception("failed")
    assert "ValueError: odd" in json.loads(out.getvalue())["fault"]


def test_what_is_said_again_and_again_is_counted() -> None:
    assert len(lines("json", *[("disk %d", (n,)) for n in range(50)], ("other", ()))) == logs.SAME_A_MINUTE + 1


def test_the_next_minute_says_how_many_were_left_out() -> None:
    now = 0.0
    narrow = logs.NotTooOften(lambda: now)

    def record() -> logging.LogRecord:
        return logging.LogRecord("monitor.test", logging.ERROR, "", 0, "disk %d", (1,), None)

    assert sum(narrow.filter(record()) for _ in range(37)) == logs.SAME_A_MINUTE
    now = logs.WINDOW_SECONDS
    again = record()
    assert narrow.filter(again)
    assert again.getMessage() == "disk 1 (and 27 like this before, left out)"
    later = record()
    assert narrow.filter(later)
    assert later.getMessage() == "disk 1"
