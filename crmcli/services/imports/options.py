"""What can be said of an import by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from crmcli.domain.fields import Entity


class Options(TypedDict, total=False):
    """What is said of a file and of how its rows come in; what is not there is found out, or is as the text says."""

    #: What the rows are; recognised by the titles.
    kind: Entity | None
    #: Column -> field, "" or "-" for a column that is left out; the other columns are recognised by their titles.
    mapping: Mapping[str, str]
    #: Which sheet of a workbook: the first that has something for the book.
    sheet: str | None
    encoding: str | None
    delimiter: str | None
    #: The 1-based line that has the titles, 0 for none; recognised.
    header_row: int | None
    #: So many physical lines at the top are no part of the table: 0.
    skip_rows: int
    #: The column with the other program's own number: that of the profile, or the one that is called so.
    id_column: str
    #: Field names, or several joined by "+", each a key by which rows are known: what the kind goes by.
    match: Sequence[str] | None
    #: Whether known records get the values of their rows: False.
    update: bool
    #: What an update does where a record and its row both have a value: `updating.REPLACE`.
    conflicts: str
    #: One of `dates.DATES` where a column of days does not settle it, for all but those that `column_dates` says one of
    #: by their titles; "." or "," where a column of amounts does not settle it.
    dates: str
    column_dates: Mapping[str, str]
    decimal: str
    #: Whether apostrophes before formula signs were put there to guard them: True.
    guarded: bool
    #: Whether to count and tell what is in each column: False.
    looking: bool
    #: Whether other files come in with it, for which no fields are made: False.
    several: bool
    #: Called with the number of rows that have been looked at, now and then.
    watch: Callable[[int], None] | None
    #: Profiles by name or file, each for the files of which the titles speak of it; one alone for one file, whatever
    #: its titles speak of. Empty for the one that the titles speak of, `profiles.NONE` alone for none.
    profiles: Sequence[str]
