"""What `crm import` and `crm import profile new` are both told of a file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, NamedTuple

from crmcli.commands.options import text
from crmcli.domain.entities import entity
from crmcli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crmcli.domain.fields import Entity
    from crmcli.services.imports import Options


Kind = Annotated[
    str,
    text(
        "--as",
        metavar="KIND",
        help="lead, deal, contact, company, task or interaction; guessed from the columns unless given",
    ),
]
Kinds = Annotated[
    list[str] | None,
    text(
        "--as",
        metavar="[FILE=]KIND",
        help="lead, deal, contact, company, task or interaction; guessed from the columns and the file's name unless "
        "given; of one of several files: --as accounts.csv=company",
    ),
]
Columns = Annotated[
    list[str] | None,
    text("--map", metavar="COLUMN=FIELD", help="Which field a column is; '-' leaves it out; may be repeated"),
]
Match = Annotated[
    str,
    text(
        "--match",
        metavar="FIELDS",
        help="What makes two rows the same record, the first before the next: email,phone or name+company",
    ),
]
IdColumn = Annotated[str, text("--id", metavar="COLUMN", help="The column with the other system's id")]


class Table(NamedTuple):
    """How the table of a file is read, as it was typed: a group of options (`options.grouped`)."""

    sheet: Annotated[str, text("--sheet", metavar="NAME", help="Which sheet of a workbook")] = ""
    header_row: Annotated[
        int | None,
        text("--header-row", metavar="N", min=0, help="The row with the titles, 0 for none; recognised unless given"),
    ] = None
    skip_rows: Annotated[int, text("--skip-rows", metavar="N", min=0, help="Leave out the first N rows")] = 0
    encoding: Annotated[
        str, text("--encoding", metavar="NAME", help="The file's encoding; recognised unless given")
    ] = ""
    delimiter: Annotated[
        str, text("--delimiter", metavar="CHAR", help="What separates the cells; recognised unless given")
    ] = ""
    dates: Annotated[
        list[str] | None,
        text(
            "--dates",
            metavar="[COLUMN=]dmy|mdy|ymd|jalali",
            help="The order of 03/04/2026 or 05/12/29, or the calendar, where the column does not settle it; "
            "jalali-ymd is both; of one column: --dates 'Close date=dmy', which may be repeated",
        ),
    ] = None
    decimal: Annotated[str, text("--decimal", metavar="SIGN", help="The decimal sign, . or ,")] = ""


def of_file(
    table: Table,
    *,
    kind: str = "",
    mapping: list[str] | None,
    match: str,
    id_column: str,
    profiles: list[str],
) -> Options:
    """The options of a plan, as they were typed. Raises UsageError."""
    plain_dates, column_dates = dates_of(table.dates or [])
    return {
        "kind": entity(kind) if kind else None,
        "mapping": pairs(mapping or []),
        "match": [word.strip() for word in match.split(",") if word.strip()] or None,
        "id_column": id_column,
        "profiles": profiles,
        "sheet": table.sheet or None,
        "header_row": table.header_row,
        "skip_rows": table.skip_rows,
        "encoding": table.encoding or None,
        "delimiter": table.delimiter.replace("\\t", "\t") or None,
        "dates": plain_dates,
        "column_dates": column_dates,
        "decimal": table.decimal,
    }


def kinds(words: Sequence[str], files: Sequence[str]) -> list[Entity | None]:
    """What `--as` says of each file: KIND of all, FILE=KIND of the one of this path or name. Raises UsageError."""
    everywhere: Entity | None = None
    known: dict[int, Entity] = {}
    for word in words:
        file, sign, name = word.rpartition("=")
        if not name.strip():
            raise UsageError(f"--as wants [FILE=]KIND, not '{word}'", "as in --as company, --as accounts.csv=company")
        if not sign:
            if everywhere:
                raise UsageError(
                    f"--as {everywhere.name} and --as {name} exclude each other", "FILE=KIND is of one file"
                )
            everywhere = entity(name)
            continue
        places = [n for n, path in enumerate(files) if path == file]
        places = places or [n for n, path in enumerate(files) if os.path.normpath(path) == os.path.normpath(file)]
        places = places or [n for n, path in enumerate(files) if os.path.basename(path) == file]
        if len(places) != 1:
            what = "several files are" if places else "no file is"
            raise UsageError(f"--as {word}: {what} called '{file}'", f"the files: {', '.join(files)}")
        kind = entity(name)
        if (earlier := known.setdefault(places[0], kind)) is not kind:
            raise UsageError(f"--as {word} and --as {file}={earlier.name} exclude each other", "a file has one kind")
    return [known.get(n, everywhere) for n in range(len(files))]


def pairs(words: list[str]) -> dict[str, str]:
    """`COLUMN=FIELD` words as a mapping. Raises UsageError."""
    found: dict[str, str] = {}
    for word in words:
        column, sign, field = word.rpartition("=")
        if not sign or not column:
            raise UsageError(f"--map wants COLUMN=FIELD, not '{word}'", "as in --map 'Company Name=company'")
        if found.setdefault(column, field) != field:
            raise UsageError(
                f"--map '{column}={found[column]}' and --map '{word}' exclude each other", "a column is one field"
            )
    return found


def dates_of(words: Sequence[str]) -> tuple[str, dict[str, str]]:
    """What `--dates` says of all columns, and of some by their titles. Raises UsageError."""
    plain, found = "", dict[str, str]()
    for word in words:
        column, sign, said = word.rpartition("=")
        if sign and not column.strip():
            raise UsageError(f"--dates wants COLUMN=ORDER, not '{word}'", "as in --dates 'Close date=dmy'")
        earlier = found.get(column, said) if sign else plain or said
        if earlier != said:
            of = f" of column '{column}'" if sign else ""
            raise UsageError(f"--dates {earlier} and --dates {said}{of} exclude each other", "COLUMN=ORDER is of one")
        if sign:
            found[column] = said
        else:
            plain = said
    return plain, found


def profiles(names: Sequence[str], files: Sequence[str], *, none: bool = False) -> list[str]:
    """The profiles that `--profile` asks for, "none" alone for it and for `--no-profile`. Raises UsageError for several
    of one file, and for none beside others."""
    different = list(dict.fromkeys("none" if name == "generic" else name for name in names if name))
    if len(different) > 1 and (len(files) == 1 or "none" in different):
        raise UsageError(
            f"--profile {different[0]} and --profile {different[1]} exclude each other", "a file is of one profile"
        )
    if none and different not in ([], ["none"]):
        raise UsageError(f"--no-profile and --profile {different[0]} exclude each other")
    return ["none"] if none else different
