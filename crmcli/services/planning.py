"""What an import will do, found out before anything is written: kind, mapping, how dates and amounts are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from crmcli.domain.fields import suggest
from crmcli.domain.money import exponent
from crmcli.domain.text import fold
from crmcli.domain.types import Day, Instant, Money
from crmcli.errors import UsageError
from crmcli.exchange.tables import open_table
from crmcli.services import mapping
from crmcli.services.blocks import Reader
from crmcli.services.columns import DayFacts, MoneyFacts
from crmcli.services.mapping import has_name
from crmcli.services.matching import match_keys
from crmcli.services.outcomes import NewStage, Stages

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity
    from crmcli.domain.types import Env
    from crmcli.exchange.tables import Row, Table
    from crmcli.services.mapping import Mapped

STEP = 5000


class Plan(NamedTuple):
    """An import that has been looked at. `kind` None: the file holds nothing that the book has (`problem` says why).

    `rows` counts the rows of the file, refused ones included, `blank` the blank ones beside them; `envs` are the
    habits in which each column is read; `new_stages` is what the pipelines lack.
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
    dates: str = "",
    decimal: str = "",
    guarded: bool = True,
) -> Plan:
    """Look through a whole file and say what importing it would mean; nothing is written.

    `mapping` sets columns by hand (header -> field, "" or "-" ignores one); `dates` is "dmy" or "mdy" and `decimal` "."
    or "," where a column does not settle it. Raises UsageError, NotFoundError, ReadError.
    """
    _check_words(kind, dates, decimal)
    opening: dict[str, object] = {
        "sheet": sheet, "encoding": encoding, "delimiter": delimiter, "header_row": header_row, "guarded": guarded,
    }  # fmt: skip
    seen = _look(path, opening, kind, mapping or {}, id_column)
    found, columns, notes = seen.kind, seen.columns, tuple(seen.notes)
    if found is None or not has_name(columns):
        if kind is not None:
            raise UsageError(
                f"no column of {path} is recognised as a {kind.name}'s name",
                f"say which one is: --map 'COLUMN=name'; it has: {', '.join(seen.header)}",
            )
        problem = "no column is recognised as a name; use --as and --map"
        return Plan(path, None, columns, opening, seen.header, seen.rows, seen.blank, notes, problem)
    columns = seen.scan.settled(columns)
    envs = seen.scan.envs(ctx.env, dates, decimal or _own_decimal(seen.header))
    keys = match_keys(found, match, Reader(found, columns, {}, ctx.env).fills)
    new_stages = tuple(Stages(ctx).missing(seen.scan.stages)) if found.kind else ()
    return Plan(
        path, found, columns, opening, seen.header, seen.rows, seen.blank, notes, "", envs, keys, update, new_stages
    )


class _Looked(NamedTuple):
    """What one reading of the whole file found."""

    kind: Entity | None
    columns: tuple[Mapped, ...]
    header: tuple[str, ...]
    notes: list[str]
    scan: _Scan
    rows: int
    blank: int


def _look(
    path: str, opening: Mapping[str, object], kind: Entity | None, given: Mapping[str, str], id_column: str
) -> _Looked:
    with open_table(path, **opening) as table:  # type: ignore[arg-type]
        header = tuple(table.header)
        chunks = table.chunks(STEP)
        first = next(chunks, [])
        found = kind or _recognised(header, path, given)
        columns, told = _columns(found, header, given, id_column, first)
        scan = _Scan(found, columns)
        rows = scan.look(first)
        for chunk in chunks:
            rows += scan.look(chunk)
        return _Looked(found, columns, header, [*table.source.notes, *told], scan, rows, table.blank_rows)


def _check_words(kind: Entity | None, dates: str, decimal: str) -> None:
    if kind is not None and kind not in mapping.KINDS:
        names = [k.name for k in mapping.KINDS]
        raise UsageError(f"{kind.plural} cannot be imported", suggest(kind.name, names) or f"known: {', '.join(names)}")
    if dates not in ("", "dmy", "mdy"):
        raise UsageError(f"--dates wants dmy or mdy, not '{dates}'")
    if decimal not in ("", ".", ","):
        raise UsageError(f"--decimal wants . or , and not '{decimal}'")


def _recognised(header: Sequence[str], path: str, given: Mapping[str, str]) -> Entity | None:
    return mapping.recognise(
        [f"{to}" if (to := given.get(title, "")) and to != "-" else title for title in header], path
    )


def _columns(
    kind: Entity | None, header: Sequence[str], given: Mapping[str, str], id_column: str, first: list[Row]
) -> tuple[tuple[Mapped, ...], list[str]]:
    sound = [row.cells for row in first if row.problem is None]
    samples = [next((cells[i] for cells in sound if cells[i].strip()), "") for i in range(len(header))]
    if kind is None:
        return tuple(mapping.Mapped(i, title, (), samples[i]) for i, title in enumerate(header)), []
    uniques = frozenset(
        i
        for i in range(len(header))
        if sound and all(cells[i].strip() for cells in sound) and len({cells[i] for cells in sound}) == len(sound)
    )
    columns, notes = mapping.map_columns(kind, header, given, id_column, uniques)
    return tuple(column._replace(sample=samples[column.place]) for column in columns), notes


def _own_decimal(header: Sequence[str]) -> str:
    """Files of our own have points; theirs is the only kind with a column called uid."""
    return "." if "uid" in header else ""


class _Scan:
    """What the whole file says: orders of days, decimal signs, stages."""

    def __init__(self, kind: Entity | None, columns: Sequence[Mapped]) -> None:
        self._days: dict[int, DayFacts] = {}
        self._money: dict[int, MoneyFacts] = {}
        self._headers = {column.place: column.header for column in columns}
        places: dict[str, int] = {}
        for column in columns:
            for to in column.to:
                places[to] = column.place
                field = kind.by_name.get(to) if kind else None
                if field is not None and isinstance(field.type, (Day, Instant)):
                    self._days[column.place] = DayFacts()
                elif field is not None and isinstance(field.type, Money):
                    self._money[column.place] = MoneyFacts()
        self._stage, self._pipeline, self._status = places.get("stage"), places.get("pipeline"), places.get("status")
        self._pairs: dict[tuple[str, str], None] = {}
        self._statuses: set[str] = set()

    def look(self, rows: list[Row]) -> int:
        cells = [row.cells for row in rows if row.problem is None]
        for index, days in self._days.items():
            days.look([row[index] for row in cells])
        for index, amounts in self._money.items():
            amounts.look([row[index] for row in cells])
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

    @property
    def _own_statuses(self) -> bool:
        return {fold(word) for word in self._statuses} <= {"", "open", "won", "lost"}

    def settled(self, columns: tuple[Mapped, ...]) -> tuple[Mapped, ...]:
        """A column called status holds stages, unless it says open, won and lost as ours does."""
        if self._status is None or self._own_statuses:
            return columns
        to = "stage" if self._stage is None else ""
        return tuple(
            c._replace(to=tuple(to if t == "status" else t for t in c.to if t != "status" or to)) for c in columns
        )

    @property
    def stages(self) -> list[tuple[str, str]]:
        """(pipeline, stage) in the order in which they first come."""
        if self._stage is None and (self._status is None or self._own_statuses):
            pairs = dict.fromkeys((pipeline, "") for pipeline, _ in self._pairs)
        else:
            pairs = self._pairs
        return list(dict.fromkeys((" ".join(p.split()), " ".join(s.split())) for p, s in pairs))

    def envs(self, env: Env, dates: str, decimal: str) -> dict[int, Env]:
        """The habits of each column of days and amounts. Raises UsageError where a column does not settle them."""
        found = {}
        for index, days in self._days.items():
            header = self._headers[index]
            found[index] = env._replace(order=days.order(header, dates), calendar=days.calendar(env.calendar))
        for index, amounts in self._money.items():
            found[index] = env._replace(decimal=amounts.decimal(self._headers[index], decimal, exponent(env.currency)))
        return found
