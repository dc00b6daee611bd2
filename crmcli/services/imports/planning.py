"""What an import will do, found out before anything is written: kind, mapping, how dates and amounts are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from crmcli.domain.entities import COMPANY, CONTACT, DEAL
from crmcli.domain.fields import suggest
from crmcli.domain.money import exponent
from crmcli.domain.text import fold
from crmcli.domain.types import Day, Instant, Money, Number, Percent, Phone
from crmcli.errors import ReadError, UsageError
from crmcli.exchange.shape import clean_names
from crmcli.exchange.tables import Doubt, open_table
from crmcli.services.imports import columns as reading
from crmcli.services.imports import kinds, mapping, profiles
from crmcli.services.imports.blocks import Reader
from crmcli.services.imports.due import Said, has_shares
from crmcli.services.imports.endings import status_of
from crmcli.services.imports.facts import APART, DayFacts, MoneyFacts, NameFacts, PercentFacts, PhoneFacts, ShareFacts
from crmcli.services.imports.keys import UPDATE_MATCH, match_keys
from crmcli.services.imports.looks import Look, Looks
from crmcli.services.imports.mapping import has_name
from crmcli.services.imports.placing import NewStage, Stages
from crmcli.services.imports.titles import squeeze
from crmcli.services.imports.updating import NEWEST, REPLACE
from crmcli.services.stages import every_stage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from crmcli.context import Context
    from crmcli.domain.fields import Entity
    from crmcli.domain.types import Env
    from crmcli.exchange.tables import Row, Table
    from crmcli.services.imports.mapping import Mapped

STEP = 5000
_MOST_SHEETS = 20
#: Whom vCards are of -> what they become.
_CARDS = {"individual": CONTACT, "org": COMPANY}
#: How lists of people and organisations call the latter.
_ORGANISATION = frozenset(("organisation", "organization", "company", "account", "business", "شرکت", "سازمان"))
#: How many rows are tried as headers, and of how many cells at the most: each costs as much as the header itself.
_MOST_TITLES, _WIDEST_TITLES = 15, 300


class NewField(NamedTuple):
    """A field that an import makes for a column of this title: its name, type, and the options of a choice."""

    header: str
    name: str
    type: str
    options: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """What is said of it."""
        return f"{self.name} ({self.type}{': ' + ', '.join(self.options) if self.options else ''})"


class Plan(NamedTuple):
    """An import that has been looked at. `kind` None: the file holds nothing that the book has (`problem` says why).

    `rows` counts the rows of the file, refused ones included, `blank` the blank ones beside them; `envs` are the
    habits in which each column is read; `new_stages` is what the pipelines lack; `guessed` says that `keys` are no more
    than what an update goes by for want of better; `called` is what people call a file of which `path` is a copy;
    `conflicts` says what an update does where a record and its row both have a value (`updating`); `looks` say what
    is in the columns, where that was asked for, `read_as` how days and amounts of columns are read, and why, `doubts`
    what was taken of the file that may be otherwise; `new_fields` are made before its rows come in; `sheets` are those
    of a workbook; `profile` is what the file was recognised as, None for nothing, and `bare` says that it was to be
    read without one.
    """

    path: str
    kind: Entity | None
    columns: tuple[Mapped, ...]
    opening: dict[str, object]
    header: tuple[str, ...]
    rows: int
    blank: int
    notes: tuple[str, ...] = ()
    problem: str = ""
    envs: Mapping[int, Env] = {}
    keys: tuple[tuple[str, ...], ...] = ()
    update: bool = False
    new_stages: tuple[NewStage, ...] = ()
    guessed: bool = False
    called: str = ""
    conflicts: str = REPLACE
    looks: tuple[Look, ...] = ()
    read_as: Mapping[int, str] = {}
    doubts: tuple[Doubt, ...] = ()
    new_fields: tuple[NewField, ...] = ()
    sheets: tuple[str, ...] = ()
    profile: profiles.Fit | None = None
    bare: bool = False

    def open(self) -> Table:
        """The file again, from its first row."""
        return open_table(self.path, **self.opening)  # type: ignore[arg-type]


def plan(
    ctx: Context,
    path: str,
    *,
    kind: Entity | None = None,
    mapping: Mapping[str, str] | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    header_row: int | None = None,
    id_column: str = "",
    match: Sequence[str] | None = None,
    update: bool = False,
    conflicts: str = REPLACE,
    dates: str = "",
    decimal: str = "",
    guarded: bool = True,
    skip_rows: int = 0,
    looking: bool = False,
    profile: str = "",
) -> Plan:
    """Look through a whole file and say what importing it would mean; nothing is written.

    `mapping` sets columns by hand (header -> field, "" or "-" ignores one); `dates` is "dmy" or "mdy" and `decimal` "."
    or "," where a column does not settle it; `looking` counts and tells what is in each column; `profile` is one by its
    name or file, "" the one that the titles speak of, profiles.NONE none. Raises UsageError, NotFoundError, ReadError.
    """
    ctx.learn()
    _check_words(kind, dates, decimal)
    opening: dict[str, object] = {
        "sheet": sheet, "encoding": encoding, "delimiter": delimiter, "header_row": header_row, "guarded": guarded,
        "skip_rows": skip_rows,
        "cards": "" if kind is None else "org" if kind is COMPANY else "individual",
    }  # fmt: skip
    ctx.reader  # noqa: B018  a profile may name fields that people added, which are known from here on
    _hint(profile, opening)
    seen = _look_for_table(path, opening, kind, mapping or {}, id_column, profile, looking)
    found, columns, notes = seen.kind, seen.columns, tuple(seen.notes)
    said = seen.fit.profile.said if seen.fit else None
    if found is None or not has_name(columns):
        if kind is not None:
            raise UsageError(
                f"no column of {path} is recognised as a {kind.name}'s name",
                "; ".join((f"say which one is: --map 'COLUMN=name'; it has: {', '.join(seen.header)}", *notes)),
            )
        problem = _undecided(seen.header)
        if said and said.refuse:
            problem, notes = said.refuse, (*notes, problem)
        return Plan(
            path, None, columns, opening, seen.header, seen.rows, seen.blank, notes, problem, profile=seen.fit,
            looks=seen.looks, doubts=seen.doubts, sheets=tuple(seen.sheets),
        )  # fmt: skip
    steps = {stage["name_key"] for stage in every_stage(ctx) if not stage["is_won"]} if found.kind else set()
    columns, told = seen.scan.settled(columns, "status" in seen.given.values(), steps)
    notes += (*told, *seen.scan.done.notes(update=update))
    if said:
        dates, decimal = dates or said.dates, decimal or said.decimal
    envs = seen.scan.envs(ctx.env, dates, decimal or _own_decimal(seen.header))
    fills = Reader(found, columns, {}, ctx.env).fills
    if said and not match:
        match = [word for word in said.match if fills.issuperset(word.split("+"))]
    keys, unmatched = match_keys(found, match, fills, update=update)
    notes += tuple(unmatched)
    guessed = update and not match and found.name in UPDATE_MATCH
    if update and not keys:
        _check_ids(path, found, columns)
    if conflicts == NEWEST:
        _check_age(path, seen.header, columns)
    new_stages = tuple(Stages(ctx).missing(seen.scan.stages)) if found.kind else ()
    return Plan(
        path, found, columns, opening, seen.header, seen.rows, seen.blank, notes, "", envs, keys, update, new_stages,
        guessed, conflicts=conflicts, looks=seen.looks, read_as=seen.scan.read_as(envs), doubts=seen.doubts,
        sheets=tuple(seen.sheets), profile=seen.fit, bare=profile == profiles.NONE,
    )  # fmt: skip


def _check_ids(path: str, kind: Entity, columns: Sequence[Mapped]) -> None:
    """An update without match keys needs a column of ids. Raises UsageError."""
    if not {"external_id", "uid"} & {to for column in columns for to in column.to}:
        raise UsageError(
            f"nothing in {path} tells which {kind.plural} the rows are, so --update cannot give them anything",
            "say it with --id COLUMN or --match FIELD",
        )


def _check_age(path: str, header: Sequence[str], columns: Sequence[Mapped]) -> None:
    """Which of two values is the newer one, the file must say. Raises UsageError."""
    if not any("updated_at" in column.to for column in columns):
        raise UsageError(
            f"no column of {path} says when a row was changed last, so nothing tells which value is the newest",
            f"say which one does: --map 'COLUMN=updated_at'; it has: {', '.join(header)}",
        )


def _undecided(header: Sequence[str]) -> str:
    """Why no kind was found: no column names the records, or the columns fit several kinds as well as each other."""
    filled: dict[str, int] = {}
    for kind in mapping.KINDS:
        columns, _ = mapping.map_columns(kind, header, {})
        if has_name(columns) and "body" not in {to for column in columns for to in column.to}:
            filled[kind.name] = sum(bool(column.to) for column in columns)
    fits = [f"--as {name}" for name, count in filled.items() if count == max(filled.values())]
    if not fits:
        return "no column is recognised as a name; use --as and --map"
    return f"the columns do not tell what its rows are; say it: {' or '.join(fits)}"


def check(made: Plan) -> None:
    """Raises UsageError for the plan of a file that holds nothing that the book has."""
    if made.kind is None:
        raise UsageError(f"{made.called or made.path}: {made.problem}", "; ".join(made.notes))


class _Looked(NamedTuple):
    """What one reading of the whole file found."""

    kind: Entity | None
    columns: tuple[Mapped, ...]
    header: tuple[str, ...]
    notes: list[str]
    scan: _Scan
    rows: int
    blank: int
    sheet: str
    sheets: list[str]
    fit: profiles.Fit | None
    given: Mapping[str, str]
    looks: tuple[Look, ...] = ()
    doubts: tuple[Doubt, ...] = ()

    @property
    def usable(self) -> bool:
        return self.kind is not None and has_name(self.columns)


def _look_for_table(
    path: str,
    opening: dict[str, object],
    kind: Entity | None,
    given: Mapping[str, str],
    id_column: str,
    profile: str,
    looking: bool,
) -> _Looked:
    """Look at the sheet that is asked for, else at the first; where that holds nothing that the book has, at the others
    too. `opening` keeps the sheet that is taken."""
    seen = _look(path, opening, kind, given, id_column, profile, looking)
    if seen.usable or opening["sheet"] is not None:
        return seen
    for sheet in [name for name in seen.sheets if name != seen.sheet][:_MOST_SHEETS]:
        try:
            other = _look(path, {**opening, "sheet": sheet}, kind, given, id_column, profile, looking)
        except (ReadError, UsageError):  # an empty sheet, or one without the columns that are mapped by hand
            continue
        if other.usable:
            opening["sheet"] = sheet
            names = ", ".join(seen.sheets)
            told = f"sheet {sheet} of {len(seen.sheets)} ({names}): the first with a known table; --sheet takes another"
            return other._replace(notes=[told, *other.notes])
    return seen


def _look(
    path: str,
    opening: Mapping[str, object],
    kind: Entity | None,
    given: Mapping[str, str],
    id_column: str,
    profile: str,
    looking: bool,
) -> _Looked:
    with open_table(path, **opening) as table:  # type: ignore[arg-type]
        header = tuple(table.header)
        chunks = table.chunks(STEP)
        first = next(chunks, [])
        samples = _samples(header, first)
        cards = _CARDS.get(table.source.cards)
        choice = profiles.choose(profile or (profiles.NONE if cards else ""), header, kind, given, samples)
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
        told = [*choice.notes, *told]
        if found is None or not has_name(columns):
            told = [*told, *_other_header(kind, path, first)]
        # What fills no field may become one of the user's own.
        unmapped = [column.place for column in columns if not column.to]
        scan = _Scan(found, columns, Looks(len(header), unmapped) if looking else None)
        rows = scan.look(first)
        for chunk in chunks:
            rows += scan.look(chunk)
        notes = [*table.source.notes, *told, *scan.mixed]
        return _Looked(
            found, scan.in_units(columns), header, notes, scan, rows, table.blank_rows, table.source.sheet,
            table.source.visible, fit, given, tuple(scan.looks.columns) if scan.looks else (), table.source.doubts,
        )  # fmt: skip


def _other_header(kind: Entity | None, path: str, rows: list[Row]) -> list[str]:
    """A note about the first row below the header that would make a better one."""
    for row in [row for row in rows[:_MOST_TITLES] if len(row.cells) <= _WIDEST_TITLES]:
        titles = clean_names(row.cells)
        if has_name(mapping.map_columns(kind, titles, {})[0]) if kind else kinds.recognise(titles, path):
            return [f"line {row.line} looks like the header: --header-row {row.line} takes it"]
    return []


def _check_words(kind: Entity | None, dates: str, decimal: str) -> None:
    if kind is not None and kind not in mapping.KINDS:
        names = [k.name for k in mapping.KINDS]
        raise UsageError(f"{kind.plural} cannot be imported", suggest(kind.name, names) or f"known: {', '.join(names)}")
    if dates not in ("", "dmy", "mdy"):
        raise UsageError(f"--dates wants dmy or mdy, not '{dates}'")
    if decimal not in ("", ".", ","):
        raise UsageError(f"--decimal wants . or , and not '{decimal}'")


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
    columns, notes = mapping.map_columns(kind, header, given, id_column, uniques, samples)
    return tuple(column._replace(sample=samples[column.place]) for column in columns), notes


def _samples(header: Sequence[str], first: Sequence[Row]) -> list[str]:
    """The first filled cell of each column, "" where there is none."""
    sound = [row.cells for row in first if row.problem is None]
    return [next((cells[i] for cells in sound if cells[i].strip()), "") for i in range(len(header))]


def _hint(profile: str, opening: dict[str, object]) -> None:
    """What a profile that is asked for says of how its files are written, where nothing was said by hand."""
    if profile in ("", profiles.NONE):
        return
    said = profiles.find(profile).said
    opening["encoding"] = opening["encoding"] or said.encoding or None
    opening["delimiter"] = opening["delimiter"] or said.delimiter or None


def _own_decimal(header: Sequence[str]) -> str:
    """Files of our own have points; theirs is the only kind with a column called uid."""
    return "." if "uid" in header else ""


class _Scan:
    """What the whole file says: orders of days, decimal signs, stages, words for what is done."""

    def __init__(self, kind: Entity | None, columns: Sequence[Mapped], looks: Looks | None = None) -> None:
        self._kind, self.looks = kind, looks
        self.done = Said(columns)
        self._days: dict[int, DayFacts] = {}
        self._money: dict[int, MoneyFacts] = {}
        self._percents: dict[int, PercentFacts] = {}
        self._phones: dict[int, PhoneFacts] = {}
        self._headers = {column.place: column.header for column in columns}
        #: columns whose cells a profile has other words for, and those that it sets for every row
        self._told = [column for column in columns if column.values or column.fixed]
        places: dict[str, int] = {}
        for column in columns:
            for to in column.to:
                places[to] = column.place
                field = kind.by_name.get(to) if kind else None
                if field is not None and isinstance(field.type, (Day, Instant)):
                    self._days[column.place] = DayFacts()
                elif field is not None and isinstance(field.type, (Money, Number)):
                    self._money[column.place] = MoneyFacts()
                elif field is not None and isinstance(field.type, Percent):
                    self._percents[column.place] = PercentFacts()
                elif to == mapping.IS_DONE and has_shares(column.header):
                    self._percents[column.place] = ShareFacts()
                elif to == mapping.MORE_PHONE or (field is not None and isinstance(field.type, Phone)):
                    self._phones[column.place] = PhoneFacts()
        self._stage, self._pipeline, self._status = places.get("stage"), places.get("pipeline"), places.get("status")
        self._own = "uid" in places
        names = [places[to] for to in ("name", "contact_name") if to in places]
        self._pieces = [places[to] for to in (mapping.FIRST, mapping.MIDDLE, mapping.LAST) if to in places]
        self._names = NameFacts(names, self._pieces) if "name" in places and self._pieces else None
        self._keeps = "contact_name" if kind is not None and kind.name == "lead" else "description"
        #: the column that tells people from organisations, and how many rows it says are the latter
        self._whose = next((c.place for c in columns if not c.to and squeeze(c.header) in ("type", "recordtype")), None)
        self._whose = self._whose if kind is not None and kind.name == "contact" else None
        self._organisations = 0
        self._pairs: dict[tuple[str, str], None] = {}
        self._statuses: set[str] = set()

    def look(self, rows: list[Row]) -> int:
        cells = [row.cells for row in rows if row.problem is None]
        if self._told:
            cells = self._in_words(cells)
        if self.looks:
            self.looks.look(cells)
        lines = [row.line for row in rows if row.problem is None] if self._days or self._money else []
        for index, days in self._days.items():
            days.look([row[index] for row in cells], lines)
        for index, amounts in self._money.items():
            amounts.look([row[index] for row in cells], lines)
        for index, percents in self._percents.items():
            percents.look([row[index] for row in cells])
        for index, phones in self._phones.items():
            phones.look([row[index] for row in cells])
        if self._names is not None:
            self._names.look(cells)
        if self._whose is not None:
            self._organisations += sum(fold(row[self._whose]) in _ORGANISATION for row in cells)
        self.done.look(cells)
        if self._status is not None:
            self._statuses.update(row[self._status] for row in cells)
        stage = self._stage if self._stage is not None else self._status
        if stage is not None or self._pipeline is not None:
            for row in cells:
                key = (
                    row[self._pipeline] if self._pipeline is not None else "",
                    row[stage] if stage is not None else "",
                )
                self._pairs[key] = None
        return len(rows)

    def _in_words(self, cells: list[list[str]]) -> list[list[str]]:
        """The rows as they are taken: in the profile's words, with what it sets for every row."""
        turned = list(map(list, zip(*cells, strict=True)))
        for column in self._told if turned else ():
            if column.fixed:
                turned.append([column.fixed] * len(cells))
            else:
                turned[column.place] = column.said(turned[column.place])
        return list(map(list, zip(*turned, strict=True)))

    @property
    def mixed(self) -> list[str]:
        """A note about organisations in a list of people."""
        if not self._organisations or self._whose is None:
            return []
        told = f"column {self._headers[self._whose]}: {self._organisations:,} rows are organisations, not people"
        return [f"{told}; put them in a file of their own and import that with --as company"]

    def _only_statuses(self, words: Sequence[str], steps: AbstractSet[str]) -> bool:
        """Whether a column called status says open, won and lost and nothing else: in our words, or, for deals without
        a column of stages, in any that we know and that are not `steps` of the book itself. In progress and Dead are
        as often where a lead stands; so are Pending and Active of a deal where no word says open, won or lost."""
        folded = {fold(word) for word in words}
        if folded <= {"open", "won", "lost"}:
            return True
        if self._kind is not DEAL or self._stage is not None or not steps.isdisjoint(folded):
            return False
        said = set(map(status_of, words))
        return all(said) and ("open" in folded or not said.isdisjoint(("won", "lost")))

    def in_units(self, columns: tuple[Mapped, ...]) -> tuple[Mapped, ...]:
        """The columns with marks where their cells are taken in a way of their own: fractions among the percentages,
        days in seconds, telephones with labels, people beside another name. Our own files have none of these."""
        if self._own:
            return columns
        units = {place: mapping.FRACTION for place, percents in self._percents.items() if percents.fractions}
        units.update((place, days.unit) for place, days in self._days.items())
        units.update((place, phones.unit) for place, phones in self._phones.items())
        if self._names is not None and self._names.apart:
            units.update(dict.fromkeys(self._pieces, APART.format(self._keeps)))
        return tuple(c._replace(unit=units[c.place]) if units.get(c.place) else c for c in columns)

    def settled(
        self, columns: tuple[Mapped, ...], told: bool, steps: AbstractSet[str]
    ) -> tuple[tuple[Mapped, ...], tuple[str, ...]]:
        """The columns as they are meant, and what to say about it. A column called status holds stages where there is
        no other, unless it says open, won and lost alone or was `told` to be it; beside a column of stages it says
        what became of the deal, and so does a state. `steps` are the folded names of the book's own stages on the way.
        """
        statuses = [word for word in reading.without_nulls(list(self._statuses))[0] if word.strip()]
        if self._status is None or told or self._only_statuses(statuses, steps):
            return columns, ()
        others = sorted({" ".join(word.split()) for word in statuses if not status_of(word)})
        header = self._headers[self._status]
        if self._stage is None and not squeeze(header).endswith("state"):
            to, note = "stage", ""
        elif len(others) < len({fold(word) for word in statuses}):
            to, note = mapping.ANY_STATUS, f"taken as open: {', '.join(others[:10])}" if others else ""
        else:
            to, note = "", f"none of its words says open, won or lost ({', '.join(others[:10])}): ignored"
        settled = tuple(
            c._replace(to=tuple(to if t == "status" else t for t in c.to if t != "status" or to)) for c in columns
        )
        if to == "stage":
            self._stage, self._status = self._status, None
        return settled, (f"column {header}: {note}",) if note else ()

    @property
    def stages(self) -> list[tuple[str, str]]:
        """(pipeline, stage) in the order in which they first come."""
        if self._stage is None:
            pairs = dict.fromkeys((pipeline, "") for pipeline, _ in self._pairs)
        else:
            pairs = self._pairs
        said = [list(pair) if self._own else reading.without_nulls(list(pair))[0] for pair in pairs]
        named = [tuple(reading.words(pair, "", {})) for pair in said]
        return list(dict.fromkeys((pipeline or "", stage or "") for pipeline, stage in named))

    def envs(self, env: Env, dates: str, decimal: str) -> dict[int, Env]:
        """The habits of each column of days and amounts. Raises UsageError where a column does not settle them."""
        found = {}
        for index, days in self._days.items():
            header = self._headers[index]
            order = days.order(header, dates, self._days.values())
            found[index] = env._replace(order=order, calendar=days.calendar(env.calendar))
        for index, amounts in self._money.items():
            found[index] = env._replace(decimal=amounts.decimal(self._headers[index], decimal, exponent(env.currency)))
        return found

    def read_as(self, envs: Mapping[int, Env]) -> dict[int, str]:
        """How the columns of days and amounts are read, and what in them showed it."""
        return {index: (self._days.get(index) or self._money[index]).read_as(env) for index, env in envs.items()}
