"""Which ids are one: of a buyer who turned out to be another, and of the chats of both."""

from collections.abc import Iterator


class Aliases:
    """Ids that stand for others."""

    __slots__ = ("_of", "_parts")

    def __init__(self) -> None:
        self._of: dict[str, str] = {}  # What stands for each; what stands for itself is not in it.
        self._parts: dict[str, list[str]] = {}  # What each stands for besides itself.

    def __bool__(self) -> bool:
        return bool(self._of)

    def __iter__(self) -> Iterator[str]:
        """Yield each id that another stands for."""
        return iter(self._of)

    def __contains__(self, id: str) -> bool:
        return id in self._of or id in self._parts

    def one(self, id: str) -> str:
        """Return what stands for an id."""
        return self._of.get(id, id)

    def members(self, head: str) -> list[str]:
        """Return all that an id stands for, itself first."""
        return [head, *self._parts.get(head, ())]

    def join(self, id: str, into: str) -> None:
        """Two are one: what stands for the second stands for both. What is one already stays."""
        head, into = self.one(id), self.one(into)
        if head == into:
            return
        moved = [head, *self._parts.pop(head, ())]
        self._of.update(dict.fromkeys(moved, into))
        self._parts.setdefault(into, []).extend(moved)

    def forget(self, id: str) -> None:
        """Let an id stand for itself again, that something stands for."""
        head = self._of.pop(id)
        parts = self._parts[head]
        parts.remove(id)
        if not parts:
            del self._parts[head]

    def take(self, other: "Aliases") -> None:
        """Know what another knows as well."""
        for id, into in other._of.items():
            self.join(id, into)
