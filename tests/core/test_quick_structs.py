"""Structs that are set quickly are structs all the same."""

import pytest
from msgspec import Struct, msgpack

from monitor.core.conversation import Conversation
from monitor.core.entry import Entry
from monitor.core.quick_structs import quick_to_set
from monitor.core.wait import State, Wait


@quick_to_set
class Quick(Struct, array_like=True, gc=False):
    number: int = 0
    name: str | None = None


def test_a_field_is_set_and_saved_as_in_any_struct() -> None:
    quick = Quick()
    quick.number, quick.name = 3, "three"
    assert quick == Quick(3, "three")
    assert msgpack.decode(msgpack.encode(quick), type=Quick) == quick
    with pytest.raises(AttributeError):
        quick.other = 1  # type: ignore[attr-defined]


def test_what_the_collector_must_follow_is_refused() -> None:
    class Followed(Struct):
        parts: list[int]

    with pytest.raises(AssertionError):
        quick_to_set(Followed)


@pytest.mark.parametrize("struct", [Conversation, Entry, State, Wait])
def test_what_is_stepped_on_is_set_by_the_way_of_every_object(struct: type[Struct]) -> None:
    assert struct.__setattr__ is object.__setattr__
