"""Each fault of a file names its line, what is wrong, and what to write."""

from typing import Literal

import pytest
from pydantic import Field, field_validator

from monitor.yaml_files import BadFiles, DurationMs, Model, TimeOfDayMs, duration_ms, parse, time_of_day_ms


class Step(Model):
    at: DurationMs
    to: Literal["team", "lead"]
    notify: str | None = None


class Rules(Model):
    opens: TimeOfDayMs = 0
    steps: list[Step] = Field(default_factory=list)
    names: dict[str, Step] = Field(default_factory=dict)
    maybe: Step | None = None
    on: str | None = None
    shop: str | None = None

    @field_validator("shop")
    @classmethod
    def _no_shop(cls, shop: str) -> str:
        raise ValueError(f"{shop} is no shop here")


def faults(text: str | bytes) -> list[str]:
    with pytest.raises(BadFiles) as caught:
        parse(text.encode() if isinstance(text, str) else text, Rules, name="r.yaml")
    return [str(fault) for fault in caught.value.faults]


def test_a_file_becomes_its_model_and_remembers_where_each_value_stands() -> None:
    read = parse(b'opens: "08:30"\nsteps:\n  - at: 1m30s\n    to: lead\n', Rules, name="r.yaml")
    assert read.value.opens == 8 * 3_600_000 + 1_800_000
    assert read.value.steps[0].at == 90_000
    assert read.place("steps", 0, "to") == (4, 9)
    assert str(read.fault("nobody", "steps", 0)) == "r.yaml:3:5: nobody"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("steps:\n  - at: 90s\n    too: team\n", "r.yaml:3:5: too is not known here; did you mean to?"),
        ("names:\n  a: {at: 90s, to: team, notfy: x}\n", "notfy is not known here; did you mean notify?"),
        ("maybe: {at: 90s, to: team, notfy: x}\n", "notfy is not known here; did you mean notify?"),
        ("steps: [{at: 90, to: team}]", "r.yaml:1:14: steps.0.at: a number has no unit: write 90s or 90m"),
        ("steps: [{at: 90s, to: teem}]", "'teem' is none of team, lead; did you mean team?"),
        ("opens: 8:30", 'r.yaml:1:8: for a time of day write "8:30" in quotes, for a length of time 8m30s: YAML'),
        ("steps: [{at: '  ', to: team}]", "r.yaml:1:14: steps.0.at: '  ' is no length of time"),
        ("steps: [{at: true, to: yes}]", "r.yaml:1:14: steps.0.at: true is no length of time"),
        ("steps: [{at: 90s, to: true}]", "steps.0.to: true is none of team, lead"),
        ("steps: [{at: 90s, to: null}]", "steps.0.to: null is none of team, lead"),
        (f"steps: [{{at: 90s, to: {'x' * 1000}}}]", f"steps.0.to: '{'x' * 119}… is none of team, lead"),
        ("shop: JD", "r.yaml:1:7: shop: JD is no shop here"),
        ("opens: '25:00'", "is no time of day"),
        ("opens: '24:01'", "after the end of the day"),
        ("", "r.yaml:1:1: the file is empty"),
        ("steps:\n\t- at: 90s", "a tab cannot indent in YAML; use spaces"),
        ("opens: 名\x01", "r.yaml:1:9: the character U+0001 cannot stand in YAML; take it out"),
        ("a: &x 1\nb: *x", "r.yaml:2:4: an alias (*name) is not used here"),
        ("on: &x [*x]", "an alias"),
        ("opens: '08:00'\nopens: '09:00'", "r.yaml:2:1: opens is there twice"),
        ("steps: [", "r.yaml:2:1: did not find"),
        ("steps: !!python/object:os.system {}", "a tag"),
        ("[1, 2]", "the file: keys are meant here"),
        (b"steps: \xff\xfe", "r.yaml:1:1: not UTF-8"),
        ("[" * 40 + "]" * 40, "nested deeper than 32"),
        ("? [a]\n: b", "a key must be plain text"),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_its_remedy(text: str | bytes, said: str) -> None:
    assert said in faults(text)[0]


def test_yaml_words_for_true_stay_the_words_they_are() -> None:
    assert parse(b"on: yes\n", Rules, name="r").value.on == "yes"


def test_all_faults_of_a_file_are_told_at_once() -> None:
    assert len(faults("steps:\n  - {at: 90, to: team}\n  - {at: 3m, to: teem}\nfoo: 1\n")) == 3


@pytest.mark.parametrize(
    ("text", "ms"),
    [("90s", 90_000), ("3m", 180_000), ("1m30s", 90_000), ("7d", 604_800_000), ("1.5s", 1500), ("500ms", 500)],
)
def test_a_length_of_time_has_its_unit(text: str, ms: int) -> None:
    assert duration_ms(text) == ms


def test_the_day_ends_at_24() -> None:
    assert time_of_day_ms("24:00") == 86_400_000
