"""One reading of a whole file: which sheet, which kind of record, what its columns are and what they say."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, INTERACTION, TASK
from crmcli.errors import ReadError, UsageError
from crmcli.exchange.jsonl import NO
from crmcli.exchange.shape import clean_names, few
from crmcli.exchange.tables import Doubt, open_table
from crmcli.services.imports import happened_files, kinds, mapping, profiles
from crmcli.services.imports.by_hand import column_of
from crmcli.services.imports.file_names import FileName
from crmcli.services.imports.first_rows import FirstRows
from crmcli.services.imports.left_out import LeftOut
from crmcli.services.imports.looks import Look, Looks
from crmcli.services.imports.mapping import has_name, names_records
from crmcli.services.imports.scanning import Scan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crmcli.domain.fields import Entity
    from crmcli.exchange.tables import Opening, Row
    from crmcli.services.imports.mapping import Mapped
    from crmcli.services.imports.options import Options
    from crmcli.services.imports.profile_checks import Checked

_AT_ONCE = 5000
_MOST_SHEETS = 20
#: Whom vCards are of -> what they become.
_CARDS = {"individual": CONTACT, "org": COMPANY}
#: How many rows are tried as headers, and of how many cells at the most: each costs as much as the header itself.
_MOST_TITLES, _WIDEST_TITLES = 15, 300


class Seen(NamedTuple):
    """What one reading of the whole file found."""

    kind: Entity | None
    columns: tuple[Mapped, ...]
    header: tuple[str, ...]
    notes: list[str]
    scan: Scan
    rows: int
    blank: int
    sheet: str
    sheets: list[str]
    fit: profiles.Fit | None
    given: Mapping[str, str]
    looks: tuple[Look, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    fits: kinds.Fits = kinds.Fits()

    @property
    def usable(self) -> bool:
        return self.kind is not None and names_records(self.kind, self.columns)


def opening(path: str, options: Options) -> Opening:
    """How the file is opened: what is said by hand, and what a profile that is asked for says where nothing is.
    Raises NotFoundError, ReadError, UsageError."""
    name = asked_profile(options)
    return _opening(path, options, None if name in ("", profiles.NONE) else profiles.find(name).said)


def asked_profile(options: Options) -> str:
    """The profile that a file is to be read with, "" for the one that its titles speak of."""
    return next(iter(options.get("profiles", ())), "")


def _opening(path: str, options: Options, said: Checked | None) -> Opening:
    """How the file is opened by hand, and as a profile says where nothing is said by hand: in the sheet of that name
    where the file has it, below its rows where neither the header nor these were said."""
    kind = options.get("kind")
    found: Opening = {
        "sheet": options.get("sheet"),
        "encoding": options.get("encoding") or (said and said.encoding) or None,
        "delimiter": options.get("delimiter") or (said and said.delimiter) or None,
        "header_row": options.get("header_row"),
        "guarded": options.get("guarded", True),
        "skip_rows": options.get("skip_rows", 0),
        "cards": "" if kind is None else "org" if kind is COMPANY else "individual",
    }
    if said and found["header_row"] is None and not found["skip_rows"]:
        found["header_row"], found["skip_rows"] = said.header_row, said.skip_rows
    if said and said.sheet and found["sheet"] is None:
        with open_table(path, guarded=found["guarded"]) as table:
            found["sheet"] = said.sheet if said.sheet in table.source.sheets else None
    return found


def _said_otherwise(seen: Seen, options: Options) -> list[profiles.Profile]:
    """The profiles that may say how the file is opened: that of the titles, or where none is recognised, since they may
    stand elsewhere or be in another encoding, people's own."""
    if asked_profile(options):
        return []
    some = [seen.fit.profile] if seen.fit else [one for one in profiles.every()[0] if one.origin != profiles.BUILT_IN]
    return [profile for profile in some if profile.said.opens]


def survey(path: str, how: Opening, options: Options) -> tuple[Seen, Opening]:
    """Look at the sheet that is asked for, else at the first; where that holds nothing that the book has, at the others
    too. Also returned: `how` the file is opened with the sheet that is taken. Raises NotFoundError, ReadError,
    UsageError."""
    seen = _survey_sheet(path, how, options)
    for profile in _said_otherwise(seen, options):
        with suppress(ReadError, UsageError):  # the file is no such one
            there = _opening(path, options, profile.said)
            other = _survey_sheet(path, there, options)
            if other.fit and other.fit.profile.called == profile.called:
                return other, there
    if seen.usable or how["sheet"] is not None:
        return seen, how
    for sheet in [name for name in seen.sheets if name != seen.sheet][:_MOST_SHEETS]:
        there = {**how, "sheet": sheet}
        try:
            other = _survey_sheet(path, there, options)
        except (ReadError, UsageError):  # an empty sheet, or one without the columns that are mapped by hand
            continue
        if other.usable:
            names = few(seen.sheets)
            told = f"sheet {sheet} of {len(seen.sheets)} ({names}): the first with a known table; --sheet takes another"
            return other._replace(notes=[told, *other.notes]), there
    return seen, how


def _survey_sheet(path: str, how: Opening, options: Options) -> Seen:
    kind, given, id_column = options.get("kind"), options.get("mapping") or {}, options.get("id_column", "")
    with open_table(path, **how) as table:
        header = tuple(table.header)
        chunks = table.chunks(_AT_ONCE)
        first = next(chunks, [])
        cards = _CARDS.get(table.source.cards)
        asked = asked_profile(options) or (profiles.NONE if cards else "")
        choice = profiles.choose(asked, header, kind, given, _samples(header, first))
        fit = choice.fit
        if fit:
            id_column = id_column or fit.profile.id_of(header)
            given = fit.profile.given(header, given)
        found = kind or choice.kind or cards
        if found is None and not choice.refusal:
            found = kinds.recognise(header, path, given, first)
        columns, told = _columns(found, header, given, id_column, first)
        if fit:
            columns = fit.profile.settled(columns)
        by_hand = {column_of(header, title) for title in options.get("mapping") or {}}
        columns = tuple(c._replace(left=c.place in by_hand and not c.to and not c.fixed) for c in columns)
        told = [*choice.notes, *told]
        rows_seen = FirstRows(header, given, first)
        name = FileName(path)
        if found is INTERACTION:
            columns = happened_files.with_kind(columns, "kind", happened_files.kind_told(rows_seen, name))
        elif kind is TASK:
            columns = happened_files.with_kind(
                columns, "type", happened_files.type_told(FirstRows(header, {}, first), name)
            )
        fits = kinds.Fits()
        if found is None or not names_records(found, columns):
            if kind is None:
                fits = _fitting(found, header, path, first, fit)
            told = [*told, *_other_header(kind, path, first)]
        if kind is None and found and not fit and happened_files.may_be_interactions(rows_seen, name, found):
            told = [*told, f"{_maybe_happened(found)}: --as interaction takes it so"]
        # What fills no field may become one of the user's own.
        unmapped = [column.place for column in columns if not column.to]
        looks = Looks(len(header), unmapped) if options.get("looking") else None
        scan = Scan(found, columns, looks, options.get("watch"))
        rows = scan.look(first)
        left = LeftOut(found, columns, rows_seen) if found else None
        for chunk in chunks:
            rows += scan.look(chunk)
            if left:
                left.look(chunk)
        notes = [*table.source.notes, *told, *(left.notes() if left else ()), *scan.notes]
        return Seen(
            found, scan.in_units(columns), header, notes, scan, rows, table.blank_rows, table.source.sheet,
            table.source.visible, fit, given, tuple(scan.looks.columns) if scan.looks else (), table.source.doubts,
            fits,
        )  # fmt: skip


def _maybe_happened(found: Entity) -> str:
    if found is TASK:
        return "its days may say when it happened, and not when it is due"
    return f"it may be a list of what happened with these {found.plural}"


def _fitting(
    found: Entity | None, header: Sequence[str], path: str, first: Sequence[Row], fit: profiles.Fit | None
) -> kinds.Fits:
    """The kinds that a file of which nothing names the records may be of. A table of sales of which nothing says what
    is sold is one of deals: what else it may be would lose its rows."""
    return kinds.Fits((), (DEAL.name,)) if found is DEAL and not fit else kinds.fitting(header, path, first)


def _other_header(kind: Entity | None, path: str, rows: list[Row]) -> list[str]:
    """A note about the first row below the header that would make a better one."""
    for row in [row for row in rows[:_MOST_TITLES] if len(row.cells) <= _WIDEST_TITLES]:
        titles = clean_names(row.cells)
        if has_name(mapping.map_columns(kind, titles, {})[0]) if kind else kinds.recognise(titles, path):
            return [f"line {row.line} looks like the header: --header-row {row.line} takes it"]
    return []


def _columns(
    kind: Entity | None, header: Sequence[str], given: Mapping[str, str], id_column: str, first: list[Row]
) -> tuple[tuple[Mapped, ...], list[str]]:
    sound = [row.cells for row in first if row.problem is None]
    samples = _samples(header, first)
    if kind is None:
        return tuple(mapping.Mapped(i, title, (), samples[i]) for i, title in enumerate(header)), []
    uniques = frozenset(
        i
        for i in range(len(header))
        if sound and all(cells[i].strip() for cells in sound) and len({cells[i] for cells in sound}) == len(sound)
    )
    columns, notes = mapping.map_columns(kind, header, given, id_column, uniques, samples, sound)
    return tuple(column._replace(sample=samples[column.place]) for column in columns), notes


def _samples(header: Sequence[str], first: Sequence[Row]) -> list[str]:
    """The first filled cell of each column, one that says more than a JSON false where there is one; "" where there is
    none."""
    sound = [row.cells for row in first if row.problem is None]
    found = [next((c for cells in sound if (c := cells[i]).strip() and c is not NO), "") for i in range(len(header))]
    return [cell or (NO if any(cells[i] is NO for cells in sound) else "") for i, cell in enumerate(found)]
