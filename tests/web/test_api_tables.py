"""The tables of the reports as workbooks."""

import io
from typing import Any

from openpyxl import load_workbook

from monitor.web.api_tables import CELLS_AT_MOST
from tests.web.stand import standing

TABLE = {"name": "日报 11-23", "columns": ["店铺", "平响"], "rows": [["森野", 62.5], ["=1+1", None], ["@SUM(A1)", 3]]}


async def test_a_table_is_written_as_a_workbook_and_text_stays_text() -> None:
    async with standing() as stand, stand.client() as client:
        answer = await client.post("/v1/reports/xlsx", json=TABLE)
        assert answer.status_code == 200
        assert answer.headers["content-disposition"].endswith("%E6%97%A5%E6%8A%A5%2011-23.xlsx")
        sheet = load_workbook(io.BytesIO(answer.content))["report"]
        assert [list(row) for row in sheet.iter_rows(values_only=True)] == [
            ["店铺", "平响"],
            ["森野", 62.5],
            ["=1+1", None],
            ["@SUM(A1)", 3],
        ]
        assert sheet["A3"].data_type == "s"


async def test_control_characters_which_no_workbook_holds_are_left_out() -> None:
    async with standing() as stand, stand.client() as client:
        answer = await client.post("/v1/reports/xlsx", json=TABLE | {"columns": ["a\x00\x08b"], "rows": [["\x1f!"]]})
        sheet = load_workbook(io.BytesIO(answer.content))["report"]
        assert [list(row) for row in sheet.iter_rows(values_only=True)] == [["ab"], ["!"]]


async def test_what_is_no_table_is_refused() -> None:
    wrong_parts: list[dict[str, Any]] = [{"columns": []}, {"rows": [["x" * 501]]}, {"rows": 7}]
    no_tables: list[Any] = [{}, [], 7, *(TABLE | part for part in wrong_parts)]
    async with standing() as stand, stand.client() as client:
        for wrong in no_tables:
            assert (await client.post("/v1/reports/xlsx", json=wrong)).status_code == 400


async def test_a_table_that_would_keep_the_service_busy_is_refused() -> None:
    async with standing() as stand, stand.client() as client:
        answer = await client.post("/v1/reports/xlsx", json=TABLE | {"rows": [[1] * 60] * (CELLS_AT_MOST // 60 + 1)})
        assert answer.status_code == 400
        assert f"may have {CELLS_AT_MOST} cells" in answer.json()["error"]
