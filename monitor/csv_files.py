"""CSV as spreadsheets save it: every table of the project is read here.

UTF-8 with or without its mark; GBK, which Chinese spreadsheets still write; UTF-16, which
is their "Unicode text". Commas, semicolons, tabs or bars part the cells, as the first line
shows.
"""

import csv
import io
from collections.abc import Iterator

_DELIMITERS = ",;\t|"


class NoTable(ValueError):
    """A text is no table; ``line`` is where that shows."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"not a table: {reason}")
        self.line = line


def text_of(raw: bytes) -> str:
    """Return the text of a file.

    Raises:
        ValueError: it is in no encoding that spreadsheets write.
    """
    utf_16 = raw[:2] in (b"\xff\xfe", b"\xfe\xff")
    for encoding in ("utf-16",) if utf_16 else ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise ValueError("neither UTF-8 nor GBK; save it as CSV UTF-8 (CSV UTF-8 逗号分隔)")


def rows_of(text: str, *, strict: bool = False) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a table, each with the number of its last line; empty ones with them.

    Args:
        text: of a whole file.
        strict: quotation marks must be in pairs.

    Raises:
        NoTable: it cannot be parted into cells.
    """
    first = text.lstrip("\r\n").partition("\n")[0]
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=max(_DELIMITERS, key=first.count), strict=strict)
    try:
        for cells in lines:
            yield lines.line_num, cells
    except csv.Error as error:
        raise NoTable(lines.line_num, str(error)) from error
