"""A table of the reports as a file for Excel: what is on the page, made into a workbook and handed back."""

import asyncio
import io
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Response
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from pydantic import BaseModel, ConfigDict, Field, model_validator

from monitor.web.api import Anybody

# Two thousand agents or shops with thirty figures each. To check them takes some ten milliseconds of the loop, to write
# them a second beside it.
CELLS_AT_MOST = 60_000
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WIDE = 40

Value = Annotated[str, Field(max_length=500)] | float | None


class Table(BaseModel):
    """What is to be written."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=100)
    columns: list[Annotated[str, Field(max_length=200)]] = Field(min_length=1, max_length=60)
    rows: list[Annotated[list[Value], Field(max_length=60)]] = Field(max_length=CELLS_AT_MOST)

    @model_validator(mode="before")
    @classmethod
    def _is_small(cls, given: Any) -> Any:
        """Count before each is looked at."""
        rows = given.get("rows") if isinstance(given, dict) else None
        if isinstance(rows, list) and sum(len(row) for row in rows if isinstance(row, list)) > CELLS_AT_MOST:
            raise ValueError(f"a table may have {CELLS_AT_MOST} cells; make it of fewer rows")
        return given


class TablesApi:
    """The route."""

    def __init__(self) -> None:
        self._writing = asyncio.Lock()  # One at a time: each keeps a processor busy.

    def router(self) -> APIRouter:
        """The route with its documentation."""
        router = APIRouter(tags=["kpis"])
        router.add_api_route("/v1/reports/xlsx", self.xlsx, methods=["POST"], response_class=Response)
        return router

    async def xlsx(self, table: Table, caller: Anybody) -> Response:  # noqa: ARG002  whoever may read may keep it
        """Write a table as a workbook of Excel. Text stays text: what looks like a formula is none."""
        async with self._writing:
            body = await asyncio.to_thread(_written, table)
        name = quote(f"{table.name}.xlsx")
        headers = {"content-disposition": f"attachment; filename*=UTF-8''{name}"}
        return Response(body, media_type=_XLSX, headers=headers)


def _written(table: Table) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("report")
    sheet.freeze_panes = "B2"
    for at, name in enumerate(table.columns):
        width = max(len(name), *(len(str(row[at])) for row in table.rows if at < len(row)), 0)
        sheet.column_dimensions[get_column_letter(at + 1)].width = min(_WIDE, 2 * width + 2)
    heads = [_cell(sheet, name) for name in table.columns]
    for head in heads:
        head.font = Font(bold=True)
    sheet.append(heads)
    for row in table.rows:
        sheet.append([_cell(sheet, value) if isinstance(value, str) else value for value in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _cell(sheet: Any, text: str) -> Any:
    """Return a cell that is text whatever it looks like, without the control characters that no workbook can hold."""
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", text))
    cell.data_type = "s"
    return cell
