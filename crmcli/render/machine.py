"""Results for programs: JSON, JSON lines, CSV, TSV, Markdown tables and bare ids. What is written can be read back."""

from __future__ import annotations

import re
from functools import cache
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from crmcli.domain import money
from crmcli.domain.entities import WITHHELD
from crmcli.domain.text import visible
from crmcli.domain.types import Money, Number, Percent, Ref
from crmcli.errors import UsageError
from crmcli.results import Changed, Column, Page, Record, Rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

Result = Rows | Record | Page | Changed
#: So many rows of CSV are written at once.
PORTION = 200


# --- JSON -----------------------------------------------------------------------------------------------------------


@cache
def _hidden() -> re.Pattern[str]:
    """What JSON need not escape, but a terminal must not get: DEL, C1, bidi controls, line separators, surrogates."""
    return re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def literal(value: Any) -> str:
    """A JSON literal on one line: every character kept, the dangerous ones as \\uXXXX."""
    if isinstance(value, Exact):
        return value.text
    if isinstance(value, dict):
        return "{" + ", ".join([f"{literal(str(k))}: {literal(v)}" for k, v in value.items()]) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join([literal(item) for item in value]) + "]"
    if isinstance(value, bytes):
        value = value.hex()
    elif isinstance(value, float):
        value = finite(value)
    text = _dumps()(value)
    return (
        text if text.isascii() and "\x7f" not in text else _hidden().sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    )


def finite(value: float) -> float | str:
    """A number that JSON has, else what PostgreSQL writes in its place, in JSON too: the texts NaN and Infinity."""
    if value - value == 0:
        return value
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"


@cache
def _dumps() -> Callable[[Any], str]:
    from json import JSONEncoder  # not loaded for the other formats

    return JSONEncoder(ensure_ascii=False, default=str).encode


class Exact:
    """A number written exactly as it is, never by way of a binary fraction."""

    def __init__(self, text: str) -> None:
        whole, point, fraction = text.partition(".")
        fraction = fraction.rstrip("0")
        self.text = whole + (point + fraction if fraction else "")


def typed(columns: Iterable[Column]) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """A function from a row to its JSON object: money as a number with its currency beside it, probabilities in
    percent, decimal numbers as they are, links as names with `*_id`, days and instants as ISO text, empty as null."""
    plain: list[str] = []
    special: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {}
    for column in columns:
        plain.append(column.name)
        if isinstance(column.type, (Money, Percent, Number)) or (
            column.type is not None and getattr(column.type, "numbers", False)
        ):
            special[column.name] = _special(column)
        elif isinstance(column.type, Ref):
            special[column.name] = _link(column)

    def read(row: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name in plain:
            if name in special:
                for key, value in special[name](row).items():
                    found.setdefault(key, value)
            else:
                found[name] = row.get(name)
        return found

    return read


def _special(column: Column) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    name, kind = column.name, column.type
    assert kind is not None
    if isinstance(kind, Money):

        def amount(row: Mapping[str, Any]) -> dict[str, Any]:
            code = row.get(column.currency or "currency")
            value = row.get(name)
            shown = None if value is None else Exact(money.plain(value, code or ""))
            return {name: shown, column.currency or "currency": code}

        return amount
    if isinstance(kind, (Percent, Number)):
        return lambda row: {name: None if row.get(name) is None else Exact(kind.show(row[name]))}
    return lambda row: {name: None if row.get(name) is None else kind.show(row[name])}


def _link(column: Column) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    name = column.name

    def link(row: Mapping[str, Any]) -> dict[str, Any]:
        found = {name: row.get(name)}
        for key in (f"{name}_id", f"{name}_kind"):
            if key in row:
                found[key] = row[key]
        return found

    return link


def as_object(result: Rows | Record | Page | Changed) -> Any:
    """A result as one JSON value. Lists are read to their end."""
    if isinstance(result, Rows):
        read = typed(result.columns)
        return [read(row) for row in result.rows]
    if isinstance(result, Record):
        return {**typed(result.columns)(result.values), **{s.key: as_object(s.rows) for s in result.sections}}
    if isinstance(result, Page):
        return {**result.values, **{s.key: as_object(s.rows) for s in result.sections}}
    changes = [
        {"entity": c.entity, "id": c.id, "before": _open(c.before), "after": _open(c.after)} for c in result.changes
    ]
    return {
        "batch": result.batch, "entity": result.entity, "ids": list(result.ids), **result.values, "changes": changes,
    }  # fmt: skip


def _open(side: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The values of a record before or after a change, without those that are shown to nobody."""
    return None if side is None else {name: value for name, value in side.items() if name not in WITHHELD}


def json_lines(result: Result) -> Iterator[str]:
    """One object a line; of a page each row with the key of its section; of changes first what they say beside."""
    if isinstance(result, Rows):
        read = typed(result.columns)
        for row in result.rows:
            yield literal(read(row)) + "\n"
    elif isinstance(result, Page):
        for section in result.sections:
            read = typed(section.rows.columns)
            for row in section.rows.rows:
                yield literal({"section": section.key, **read(row)}) + "\n"
    elif isinstance(result, Changed):
        if result.values:
            yield literal(result.values) + "\n"
        for change in as_object(result)["changes"]:
            yield literal(change) + "\n"
    else:
        yield literal(as_object(result)) + "\n"


def json_text(result: Result) -> Iterator[str]:
    """A list as an array with one object a line, written as it is read; anything else as an indented object."""
    if isinstance(result, Rows):
        read = typed(result.columns)
        start = "[\n"
        for row in result.rows:
            yield start + literal(read(row))
            start = ",\n"
        yield "[]\n" if start == "[\n" else "\n]\n"
        return
    lines = []
    for key, value in as_object(result).items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            rows = ",\n    ".join([literal(item) for item in value])
            lines.append(f"  {literal(key)}: [\n    {rows}\n  ]")
        else:
            lines.append(f"  {literal(key)}: {literal(value)}")
    yield "{\n" + ",\n".join(lines) + "\n}\n"


# --- tables of text -------------------------------------------------------------------------------------------------


def cell(column: Column, row: Mapping[str, Any]) -> str:
    """A value as plain exact text, the same that imports read: money '12000.00', instants in UTC, tags with commas."""
    value = row.get(column.name)
    if value is None:
        return ""
    if column.type is None:
        return untyped(value)
    if isinstance(column.type, Money):
        return money.plain(value, row.get(column.currency or "currency") or "")
    return column.type.show(value)


def untyped(value: Any) -> str:
    """The text of a value whose column has no type: a report's, a question's."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(finite(value))
    return ", ".join(map(untyped, value)) if isinstance(value, (list, tuple)) else str(value)


def flat(result: Result) -> tuple[list[str], Iterator[list[str]]]:
    """Any result as (header, rows of text): a record as fields and values, a page with its section first."""
    if isinstance(result, Rows):
        columns = result.columns
        return [c.name for c in columns], ([cell(c, row) for c in columns] for row in result.rows)
    if isinstance(result, Record):
        return ["field", "value"], ([c.name, cell(c, result.values)] for c in result.columns)
    if isinstance(result, Page):
        return _flat_page(result)
    beside = {name: str(value) for name, value in result.values.items() if not isinstance(value, (list, dict))}
    return ["entity", "id", *beside], ([result.entity, str(number), *beside.values()] for number in result.ids)


def _flat_page(page: Page) -> tuple[list[str], Iterator[list[str]]]:
    names: dict[str, None] = {}
    for section in page.sections:
        names.update(dict.fromkeys(c.name for c in section.rows.columns))

    def rows() -> Iterator[list[str]]:
        for section in page.sections:
            own = {c.name: c for c in section.rows.columns}
            for row in section.rows.rows:
                yield [section.key, *(cell(own[n], row) if n in own else "" for n in names)]

    return ["section", *names], rows()


_TSV = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def tsv(result: Result) -> Iterator[str]:
    """Tab-separated text with a header line; a tab, line end or backslash in a value is \\t, \\n, \\\\, and other
    controls are shown in caret notation, because this is what a terminal gets through `less` or `tail`."""
    header, rows = flat(result)
    for row in chain([header], rows):
        line = "\t".join(row)
        if (
            not (line.isascii() and line.replace("\t", "").isprintable())
            or line.count("\t") != len(row) - 1
            or "\\" in line
        ):
            line = "\t".join([visible(text.translate(_TSV)) for text in row])
        yield line + "\n"


def tsv_whole(record: Record) -> Iterator[str]:
    """A record as fields and values, then each list under it: an empty line, its title behind #, its own table."""
    yield from tsv(record)
    for section in record.sections:
        yield f"\n# {visible(section.title)}\n"
        yield from tsv(section.rows)


def csv(result: Result) -> Iterator[str]:
    """CSV after RFC 4180 with LF line ends; a cell that a spreadsheet would run as a formula gets an apostrophe."""
    from io import StringIO

    from crmcli.exchange.writing import write_csv

    header, rows = flat(result)
    first: list[str] | None = header
    count = PORTION
    while count == PORTION:
        text = StringIO(newline="")
        count = write_csv(text, first, islice(rows, PORTION))
        first = None
        yield text.getvalue()


def markdown(result: Result) -> Iterator[str]:
    """A Markdown table; of a record also those of the lists under it, each behind its title."""
    yield from _markdown_table(result)
    for section in result.sections if isinstance(result, Record) else ():
        yield f"\n## {_markdown(section.title)}\n\n"
        yield from _markdown_table(section.rows)


def _markdown_table(result: Result) -> Iterator[str]:
    header, rows = flat(result)
    # A field's name stands as it is; what a question calls its columns may hold anything.
    named = [name if re.fullmatch(r"\w+", name, re.ASCII) else _markdown(name) for name in header]
    yield "| " + " | ".join(named) + " |\n"
    yield "|" + "|".join(["---"] * len(header)) + "|\n"
    for row in rows:
        yield "| " + " | ".join([_markdown(text) for text in row]) + " |\n"


def _markdown(text: str) -> str:
    escaped = (
        re.sub(r"([\\|`*_\[\]<>])", r"\\\1", text).replace("\r\n", "\n").replace("\n", "<br>").replace("\r", "<br>")
    )
    return visible(escaped)


def ids(result: Result) -> Iterator[str]:
    """The number of each record, one a line, of groups each of theirs, and `kind:number` where a result holds several
    kinds: what `-` reads.

    A page about one record gives that one. Raises UsageError for what is no list of records, be it full or empty: an
    empty answer means that no record fits.
    """
    if isinstance(result, Changed):
        yield from (f"{number}\n" for number in result.ids)
        return
    named: Iterable[Mapping[str, Any]]
    if isinstance(result, Record) or (isinstance(result, Page) and "ref" in result.values):
        named = [result.values]
    elif isinstance(result, Page):
        lists = [section.rows for section in result.sections if any(c.name == "ref" for c in section.rows.columns)]
        named = (row for rows in lists for row in rows.rows) if lists else [{}]
    else:
        named = result.rows if result.numbered else [{}]
    for row in named:
        if row.get("ref") == "":  # it tells of a record that is listed elsewhere
            continue
        name = row.get("ref") or row.get("id")
        if name is None and isinstance(row.get("ids"), list):  # a group of records
            yield from (f"{number}\n" for number in row["ids"])
            continue
        if name is None:
            raise UsageError("there are no record numbers in that", "leave out -o ids, or take -o tsv")
        yield f"{name}\n"


WRITERS: dict[str, Callable[[Result], Iterator[str]]] = {
    "json": json_text,
    "jsonl": json_lines,
    "csv": csv,
    "tsv": tsv,
    "md": markdown,
    "ids": ids,
}
