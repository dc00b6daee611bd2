"""The process that opens a workbook: what breaks in here, by memory or by an abort, breaks alone.

Run as a script with `python -I -S`; of the package it imports the other `workbook_` modules alone. One JSON
line on standard input says what to read; marshal frames (each behind its length in eight bytes) on standard output give
a facts dictionary, then lists of (sheet row, cells, problem), then {"notes": ...} where the rows left some, then None.
A frame {"error": ..., "hint": ..., "usage": bool} ends the talk at any time.

Why a process: python-calamine aborts (SIGABRT) on a sheet that claims 17 thousand million cells, and a limit on memory
can be set for a process only. It is not slower: it parses while the parent works on the rows before.
"""

from __future__ import annotations

import gc
import json
import marshal
import sys
from bisect import bisect_left
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from crmcli.exchange.workbook_exact import Exact
    from crmcli.exchange.workbook_guard import Refusal
    from crmcli.exchange.workbook_ods import Content
    from crmcli.exchange.workbook_xlsx import Said, Written

MAX_CELLS = 50_000_000
_ROWS_A_FRAME = 1000

Errors = dict[int, list[tuple[int, str]]]
Links = dict[tuple[int, int], str]


def main() -> None:
    """Answer the one request on standard input."""
    request = json.loads(sys.stdin.buffer.readline())
    sys.path[:] = request["sys_path"]
    from crmcli.exchange.workbook_guard import RECAST, Refusal

    gc.disable()  # frames have no cycles, and each is gone once it is sent
    try:
        for frame in _frames(request["path"], request["sheet"], request["currencies"]):
            _send(frame)
    except Refusal as refusal:
        _send(refusal.frame)
    except MemoryError:
        _send(Refusal("The workbook needs more memory than one of its size can.", "Save the sheet as CSV.").frame)
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
        _send(Refusal(f"The workbook is damaged or of an unknown make ({text[:200]}).", RECAST).frame)


def _send(frame: Any) -> None:
    data = marshal.dumps(frame)
    sys.stdout.buffer.write(len(data).to_bytes(8, "big") + data)
    sys.stdout.buffer.flush()


def _refusal(*words: Any, **more: Any) -> Refusal:
    from crmcli.exchange.workbook_guard import Refusal

    return Refusal(*words, **more)


def _frames(path: str, wanted: str | None, currencies: list[str]) -> Iterator[Any]:
    from crmcli.exchange import workbook_guard

    workbook_guard.limit(0)  # that is enough for a look at what it is
    kind, size = workbook_guard.kind_of(path)
    workbook_guard.limit(size)
    said = _ods_says(path) if kind == "ods" else None
    notes: list[str] = []
    look = partial(_xlsx_says, path, currencies) if kind == "xlsx" else None
    import python_calamine

    try:
        book: Any = python_calamine.load_workbook(path)
        sheets = [
            (meta.name, str(meta.visible).endswith(".Visible"))
            for meta in book.sheets_metadata
            if str(meta.typ).endswith(".WorkSheet")
        ]
        name, (sheet, raw) = _choose(sheets, wanted, lambda title: _calamine_sheet(book, title, look), notes)
    except python_calamine.PasswordError:
        raise _refusal(
            "The workbook is protected by a password.", "Save it without a password and try again."
        ) from None
    except python_calamine.WorksheetNotFound as error:
        raise _refusal(
            f"The workbook is damaged: it lacks a sheet that it names ({str(error)[:100]}).", workbook_guard.RECAST
        ) from None
    except python_calamine.CalamineError as error:
        if "Cell limit" in str(error):
            raise _refusal("A sheet claims too many cells.", "Delete its unused rows and columns.") from None
        if kind != "xlsx":
            raise
        yield from _second_reader(path, wanted, str(error), currencies)
        return
    yield from _told(path, kind, said, raw, (name, sheet, sheets, notes))
    yield None


def _told(
    path: str,
    kind: str,
    said: Content | None,
    raw: Said | None,
    chosen: tuple[str, Any, list[tuple[str, bool]], list[str]],
) -> Iterator[Any]:
    """The facts and the rows of the sheet that was `chosen`."""
    from crmcli.exchange.shape import MAX_COLUMNS

    name, sheet, sheets, notes = chosen
    height = sheet.end[0] + 1 if sheet.end else 0
    left = sheet.start[1] if sheet.start else 0
    width = sheet.end[1] + 1 if sheet.end else 0
    if height * (width - left) > MAX_CELLS:
        raise _refusal(f"Sheet {name!r} claims more than {MAX_CELLS:,} cells.", "Delete its unused rows and columns.")
    if width == MAX_COLUMNS and kind == "ods":
        width = _ods_widest(path, name)
    if width > MAX_COLUMNS:
        raise _refusal(f"Sheet {name!r} has {width:,} columns; {MAX_COLUMNS:,} are the most.", "Delete unused ones.")
    errors, written, links = (raw.errors, raw.written, raw.links) if raw else ({}, {}, {})
    notes += raw.notes() if raw else ()
    if kind == "xls":
        notes.append("error cells (#DIV/0! and the like) of an .xls file are read as empty")
    if said and said.errors:
        notes.append(f"{said.errors} error cells (#DIV/0! and the like) of the workbook are read as empty")
    merged = [list(start) + list(end) for start, end in sheet.merged_cell_ranges or []]
    if said and said.shows and sheet.end:
        from crmcli.exchange import workbook_ods
        from crmcli.exchange.workbook_cells import text_of

        with workbook_ods.content(path) as content:
            written = workbook_ods.written(content, name, height, width, text_of)
    linked = _linked(sheet.iter_rows(), links, left)
    yield _facts(kind, name, sheets, notes, [[a, b - left, c, d - left] for a, b, c, d in merged], linked)
    exact = _exact(path, kind, name, width)
    yield from _batches(sheet.iter_rows(), errors, left, written, linked, links, exact)


def _ods_says(path: str) -> Content:
    from crmcli.exchange import workbook_ods

    with workbook_ods.content(path) as content:
        return workbook_ods.says(content)


def _ods_widest(path: str, name: str) -> int:
    from crmcli.exchange import workbook_ods

    with workbook_ods.content(path) as content:
        return workbook_ods.widest(content, name)


def _xlsx_says(path: str, currencies: list[str], name: str) -> Said:
    from zipfile import ZipFile

    from crmcli.exchange import workbook_xlsx
    from crmcli.exchange.workbook_cells import text_of

    with ZipFile(path) as archive:
        return workbook_xlsx.scan(archive, name, currencies, text_of)


def _exact(path: str, kind: str, name: str, width: int) -> Exact:
    """The numbers of a sheet as they stand in its file; those of an .xls file are what its reader says."""
    from crmcli.exchange.workbook_exact import Exact

    def numbers() -> Iterator[tuple[int, int, dict[int, str]]]:
        from zipfile import ZipFile

        from crmcli.exchange import workbook_ods, workbook_xlsx

        if kind == "xlsx":
            with ZipFile(path) as archive:
                yield from workbook_xlsx.numbers(archive, name)
        elif kind == "ods":
            with workbook_ods.content(path) as content:
                yield from workbook_ods.numbers(content, name, width)

    return Exact(numbers())


def _facts(
    kind: str,
    name: str,
    sheets: list[tuple[str, bool]],
    notes: list[str],
    merged: list[list[int]],
    linked: list[int],
) -> dict[str, Any]:
    """`merged` and `linked` as the rows come, which have a further cell behind each column that is linked."""
    for cells in merged if linked else ():
        for place in (1, 3):
            cells[place] += bisect_left(linked, cells[place])
    added = [column + 1 + before for before, column in enumerate(linked)]
    titles, shown = [title for title, _ in sheets], [title for title, visible in sheets if visible]
    return {
        "kind": kind, "sheet": name, "sheets": titles, "visible": shown, "notes": notes, "merged": merged,
        "links": added,
    }  # fmt: skip


def _calamine_sheet(book: Any, title: str, look: Callable[[str], Said] | None) -> tuple[tuple[Any, Said | None], bool]:
    """((the sheet, what its XML says), whether it has cells); the XML first, which may be refused."""
    raw = look(title) if look else None
    sheet = book.get_sheet_by_name(title)
    return (sheet, raw), sheet.start is not None


def _choose(
    sheets: list[tuple[str, bool]], wanted: str | None, load: Callable[[str], tuple[Any, bool]], notes: list[str]
) -> tuple[str, Any]:
    """The sheet asked for, else the first visible one with a cell in it; a note where there was a choice."""
    from crmcli.exchange.shape import few

    titles = [title for title, _ in sheets]
    if not titles:
        raise _refusal("The workbook has no sheet with cells.", "Save the table as a sheet of a workbook, or as CSV.")
    if wanted is not None:
        match = wanted if wanted in titles else next((t for t in titles if t.casefold() == wanted.casefold()), None)
        if match is None:
            raise _refusal(f"There is no sheet {wanted!r}.", f"The sheets are: {few(titles)}.", usage=True)
        return match, load(match)[0]
    first: tuple[str, Any] | None = None
    for title, visible in sheets:
        if visible:
            sheet, full = load(title)
            first = first or (title, sheet)
            if full:
                first = (title, sheet)
                break
    if first is None:
        raise _refusal("The workbook has no visible sheet.", f"Name a hidden one with --sheet: {few(titles)}")
    if len(titles) > 1:
        notes.append(f"sheet {first[0]} of {len(titles)}: {few(titles)}; --sheet takes another")
    return first


def _batches(
    rows: Iterable[list[Any]],
    errors: Errors,
    left: int,
    written: Written,
    linked: list[int],
    links: Links,
    exact: Exact,
) -> Iterator[list[tuple[int, list[str], str | None]] | dict[str, list[str]]]:
    """The rows, then the notes that they left, if any."""
    from crmcli.exchange.workbook_cells import column_name, text_of
    from crmcli.exchange.workbook_exact import Unsure, unsure
    from crmcli.exchange.workbook_links import with_targets

    batch: list[tuple[int, list[str], str | None]] = []
    number = told = 0
    for number, cells in enumerate(rows, 1):
        if not any(cells) and not linked and number not in errors and all(cell is None or cell == "" for cell in cells):
            continue  # there may be a million; the reader sees them by the numbers that are missing
        try:
            texts = [cell if type(cell) is str else text_of(cell, unsure) for cell in cells]
        except Unsure:
            cells = exact.given(number, cells, left)
            texts = [cell if type(cell) is str else text_of(cell) for cell in cells]
        problem = None
        for column, write in written.get(number, ()):
            given = cells[column - left] if 0 <= column - left < len(texts) else None
            if type(given) in (int, float) or (given is not None and isinstance(write, str)):  # `workbook_ods.Shown`
                texts[column - left] = write(cells[column - left])
        for column, code in errors.get(number, ()):
            if 0 <= column - left < len(texts):
                texts[column - left] = code
                problem = f"cell {column_name(column)}{number} is the error {code}"
        if linked:
            texts = with_targets(texts, number, linked, links, left)
        batch.append((number, texts, problem))
        told = number
        if len(batch) >= _ROWS_A_FRAME:
            yield batch
            batch = []
    if told < number:
        batch.append((number, [], None))
    if batch:
        yield batch
    if late := exact.notes():
        yield {"notes": late}


def _second_reader(path: str, wanted: str | None, reason: str, currencies: list[str]) -> Iterator[Any]:
    """openpyxl in place of calamine, where calamine cannot read the file: slower, and reads other mistakes."""
    from crmcli.exchange import workbook_openpyxl

    book = workbook_openpyxl.load(path, reason)
    notes = [f"read by a second reader, because the first one failed ({reason[:100]})"]
    sheets = workbook_openpyxl.sheets(book)
    name, sheet = _choose(sheets, wanted, lambda title: workbook_openpyxl.sheet(book, title), notes)
    said = _xlsx_says(path, currencies, name)
    notes += said.notes()
    if merged := said.counts.get("merged", 0):
        what = "1 merged cell counts in its" if merged == 1 else f"{merged:,} merged cells count in their"
        notes.append(f"{what} first row and column alone, as the second reader knows none")
    linked = _linked(workbook_openpyxl.rows(sheet), said.links, 0)
    yield _facts("xlsx", name, sheets, notes, [], linked)
    exact = _exact(path, "xlsx", name, 0)
    yield from _batches(workbook_openpyxl.rows(sheet), said.errors, 0, said.written, linked, said.links, exact)
    yield None


def _linked(rows: Iterable[list[Any]], links: Links, left: int) -> list[int]:
    """The columns with links that say more than their cells."""
    if not links:
        return []
    from crmcli.exchange import workbook_links
    from crmcli.exchange.workbook_cells import text_of

    return workbook_links.columns(rows, links, left, text_of)


if __name__ == "__main__":
    main()
