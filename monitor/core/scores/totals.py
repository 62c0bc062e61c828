"""Scores of a whole input: what ``replay`` prints."""

from collections.abc import Iterable
from typing import Any

from monitor.core.scores.cells import Cell, Sums, as_json
from monitor.core.scores.chats import Chats
from monitor.core.scores.profile import ProfileBook


def totals(chats: Chats, book: ProfileBook, now_ms: int, asked: Iterable[str] = ()) -> dict[str, dict[str, Any]]:
    """Return the scores of all chats, by profile.

    Args:
        chats: all that was said.
        book: the profiles.
        now_ms: the last instant of the input; nothing runs past it.
        asked: profiles to use on any chat; none: each platform's own on its chat.
    """
    asked = tuple(asked)
    sums: dict[str, Sums] = {id: Sums() for id in asked}
    for shop in chats.shops.values():
        ids = asked or book.of_platform(shop.platform)
        if not ids:
            continue
        # A buyer counts once a day and shop, so a cell is that.
        cells: dict[tuple[str, int], Cell] = {}
        for key in shop.heads():
            judge = shop.judge(key, now_ms)
            for id in ids:
                versions = book.versions[id]
                for mark in judge.marks(versions):
                    cell = cells.get((id, mark.day))
                    if cell is None:
                        cell = cells[id, mark.day] = Cell(versions[-1])
                    cell.add(mark)
        for (id, _), cell in cells.items():
            sums.setdefault(id, Sums()).add(cell.sums)
        for id in ids:
            sums.setdefault(id, Sums())
    return {id: as_json(book.versions[id][-1], found) for id, found in sorted(sums.items())}
