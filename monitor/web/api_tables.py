"""A table of the reports as a file for Excel: what is on the page, made into a workbook and handed back."""

import asyncio
import io
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Response
from openpyxl import Workbook
from openpyxl.cell import Cell, MergedCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet
from pydantic import BaseModel, ConfigDict, Field

from monitor.web.api import Anybody

ROWS_AT_MOST = 20_000  # More than there are agents; a workbook of them takes a second, beside the loop.
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WIDE = 40

Value = Annotated[str, Field(max_length=500)] | float | None


class Table(BaseModel):
    """What is to be written."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=100)
    columns: list[Annotated[str, Field(max_length=200)]] = Field(min_length=1, max_length=60)
    rows: list[Annotated[list[Value], Field(max_length=60)]] = Field(max_length=ROWS_AT_MOST)


class TablesApi:
    """The route."""

    def router(self) -> APIRouter:
        """The route with its documentation."""
        router = APIRouter(tags=["kpis"])
        router.add_api_route("/v1/reports/xlsx", self.xlsx, methods=["POST"], response_class=Response)
        return router

    async def xlsx(self, table: Table, caller: Anybody) -> Response:  # noqa: ARG002  whoever may read may keep it
        """Write a table as a workbook of Excel. Text stays text: what looks like a formula is none."""
        body = await asyncio.to_thread(_written, table)
        name = quote(f"{table.name}.xlsx")
        headers = {"content-disposition": f"attachment; filename*=UTF-8''{name}"}
        return Response(body, media_type=_XLSX, headers=headers)


def _written(table: Table) -> bytes:
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "report"
    sheet.freeze_panes = "B2"
    for at, name in enumerate(table.columns, start=1):
        _put(sheet, 1, at, name).font = Font(bold=True)
        width = max(len(name), *(len(str(row[at - 1])) for row in table.rows if at <= len(row)), 0)
        sheet.column_dimensions[get_column_letter(at)].width = min(_WIDE, 2 * width + 2)
    for number, row in enumerate(table.rows, start=2):
        for at, value in enumerate(row, start=1):
            _put(sheet, number, at, value)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _put(sheet: Worksheet, row: int, column: int, value: str | float | None) -> Cell | MergedCell:
    if isinstance(value, str):
        value = ILLEGAL_CHARACTERS_RE.sub("", value)  # Control characters, which no workbook can hold.
    cell = sheet.cell(row, column, value)
    if isinstance(value, str):
        cell.data_type = "s"
    return cell
