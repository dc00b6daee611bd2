"""The second reader of XLSX workbooks, for those that the first cannot read: slower, and it reads other mistakes.

Loaded by the process that opens workbooks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.exchange.workbook_guard import RECAST, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator


def load(path: str, reason: str) -> Any:
    """The workbook. Raises Refusal with the `reason` why the first reader failed, where this one fails too."""
    import openpyxl

    try:
        return openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as error:
        raise Refusal(f"The workbook is damaged or of an unknown make ({reason[:200]}).", RECAST) from error


def sheets(book: Any) -> list[tuple[str, bool]]:
    """Title and whether it is visible, of each sheet."""
    return [(sheet.title, sheet.sheet_state == "visible") for sheet in book.worksheets]


def sheet(book: Any, title: str) -> tuple[Any, bool]:
    """A sheet, and whether there are cells at its beginning."""
    found = book[title]
    found.reset_dimensions()  # what the file says of its size may be wrong
    top = found.iter_rows(max_row=200, max_col=200, values_only=True)
    return found, any(cell is not None for row in top for cell in row)


def rows(sheet: Any) -> Iterator[list[Any]]:
    """The rows from the first on, their texts as Excel shows them."""
    from openpyxl.utils.escape import unescape

    for row in sheet.values:
        yield [unescape(cell) if type(cell) is str else cell for cell in row]
