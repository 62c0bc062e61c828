"""Scores and figures of a whole input: what ``replay`` prints."""

from collections.abc import Callable, Iterable
from typing import Any, Literal, get_args

from monitor.core.scores.board import Board, Row, empty_row, sheet
from monitor.core.scores.cells import Cell, Sums, as_json
from monitor.core.scores.chats import Chats
from monitor.core.scores.profile import Profile, ProfileBook
from monitor.core.scores.shown import told_row

By = Literal["all", "shop", "agent", "account", "team", "platform"]
BYS: tuple[By, ...] = get_args(By)


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
        cells: list[tuple[tuple[Profile, ...], dict[int, Cell]]] = [(book.versions[id], {}) for id in ids]
        for key in shop.heads():
            judge = shop.judge(key, now_ms)
            for versions, by_day in cells:
                for mark in judge.marks(versions):
                    cell = by_day.get(mark.day)
                    if cell is None:
                        cell = by_day[mark.day] = Cell(versions[-1])
                    cell.add(mark)
        for versions, by_day in cells:
            total = sums.setdefault(versions[-1].id, Sums())
            for cell in by_day.values():
                total.add(cell.sums)
    return {id: as_json(book.versions[id][-1], found) for id, found in sorted(sums.items())}


def kpis(
    chats: Chats, book: ProfileBook, now_ms: int, by: By, team_of: Callable[[str, str], str]
) -> list[dict[str, Any]]:
    """Return scores and figures of all chats, as ``GET /v1/kpis`` would tell them, each row by its name.

    Args:
        chats: all that was said.
        book: the profiles.
        now_ms: the last instant of the input.
        by: of whom each row is.
        team_of: returns whose a shop is, by (platform, shop).
    """
    found: dict[str, Row] = {}
    shops: dict[str, set[str]] = {}
    board = Board(book)
    for shop in chats.shops.values():
        for key in shop.heads():
            board.apply(sheet(shop, key, book, now_ms), 1)
    days = board.days
    for entity in board.entities(days):
        if entity.dim != (by if by in ("agent", "account") else "shop"):
            continue
        platform = chats.shops[entity.shop].platform
        names = {"all": "all", "shop": entity.shop, "platform": platform, "team": team_of(platform, entity.shop)}
        name = names.get(by, entity.name)
        found.setdefault(name, empty_row()).add(board.row(entity, days))
        shops.setdefault(name, set()).add(entity.shop)
    return [{"name": name, "shops": len(shops[name])} | told_row(found[name], board.profile) for name in sorted(found)]
