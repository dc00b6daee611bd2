"""Columns that fill no field become fields of people's own: which ones, what they hold, and how they are made."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Unpack

from crmcli.domain import custom
from crmcli.domain.fields import OWN
from crmcli.domain.text import squashed
from crmcli.errors import FieldError, UsageError
from crmcli.services.custom import put
from crmcli.services.imports.block_reader import Reader
from crmcli.services.imports.by_hand import column_of
from crmcli.services.imports.claims import NEW
from crmcli.services.imports.columns import Tally
from crmcli.services.imports.our_own import worked_out
from crmcli.services.imports.passing import Passing
from crmcli.services.imports.planning import NewField, looked, plan
from crmcli.store import own
from crmcli.store.journal import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity
    from crmcli.services.imports.columns import Misfit
    from crmcli.services.imports.options import Options
    from crmcli.services.imports.planning import Plan
    from crmcli.store.write import Transaction

#: So many fields are made for the columns of one file: more are a table of something else.
MOST = 200
#: The types whose readers take every cell.
_TEXTS = ("text", "long-text", "choice")
_AT_ONCE = 5000


def parted(mapping: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """What is said by hand of columns: fields that are there, and what is said of new ones, without the `+`."""
    new = {title: to.strip()[1:].strip() for title, to in mapping.items() if to.strip().startswith(NEW)}
    return {title: to for title, to in mapping.items() if title not in new}, new


def planned(ctx: Context, path: str, *, every: bool = False, **options: Unpack[Options]) -> Plan:
    """A plan (`planning.plan`), with the fields that are to be made for columns: those that the mapping asks for with
    `+`, and with `every` all that would be left out. A type that was guessed is one whose reader takes every cell, else
    text. Raises UsageError too where a column cannot be such a field."""
    given, asked = parted(options.get("mapping") or {})
    if not (asked or every):
        return plan(ctx, path, **options)
    options["looking"] = True
    options["mapping"] = given | dict.fromkeys(asked, "-")
    first = looked(ctx, path, **options)
    if first.kind is None:
        return first
    for title, text in list(asked.items()):
        if known(first.kind, name := text.partition(":")[0].strip()):
            given[title] = name
            del asked[title]
    new = tuple(wanted(first, asked, every=every, said=given))
    given |= {one.header: one.name for one in new}
    options["kind"], options["mapping"] = first.kind, given
    made = _with(ctx, path, new, options)
    told = {column_of(first.header, title) for title, text in asked.items() if text.partition(":")[2].strip()}
    guessed = {one.header for one in new if one.type not in _TEXTS} - {first.header[place] for place in told}
    if wrong := guessed & unfit(ctx, made, guessed, options.get("watch")).keys() if guessed else ():
        new = tuple(one._replace(type="text", options=()) if one.header in wrong else one for one in new)
        made = _with(ctx, path, new, options)
    return made


def _with(ctx: Context, path: str, new: tuple[NewField, ...], options: Options) -> Plan:
    """The plan that makes these fields."""
    kind = options["kind"]
    assert kind is not None
    with supposed(ctx, kind, new):
        return plan(ctx, path, **options)._replace(new_fields=new)


def unfit(
    ctx: Context,
    made: Plan,
    titles: Container[str] | None = None,
    watch: Callable[[int], None] | None = None,
) -> dict[str, Misfit]:
    """The cells that do not fit the fields of their columns, by the titles of these; `titles` are those of the columns
    that are looked at, None for all. `watch` is that of `Options`."""
    assert made.kind is not None
    found: dict[str, Misfit] = {}
    columns = [column for column in made.columns if titles is None or column.header in titles]
    with supposed(ctx, made.kind, made.new_fields), made.open() as table:
        reader, passing = Reader(made.kind, columns, made.envs, ctx.env), Passing(made.kind, made.columns)
        seen = 0
        for some in table.chunks(_AT_ONCE):
            seen += len(some)
            if watch:
                watch(seen)
            sound = passing.sift(some).sound
            lines = [row.line for row in sound]
            reader.read(lines, [row.cells for row in sound], Tally(found, lines))
    return found


@contextlib.contextmanager
def supposed(ctx: Context, kind: Entity, fields: Sequence[NewField]) -> Iterator[None]:
    """As if these fields were there, and nothing is written: nobody else is held up meanwhile."""
    if not fields:
        yield
        return
    table, rows = _table(kind), [*ctx.reader.rows(own.DEFINITIONS)]
    for number, one in enumerate(fields):
        options = canonical(list(one.options)) if one.options else None
        rows.append((-1 - number, one.name, table, one.type, one.header, None, options, None))
    with ctx.supposing(custom.vocabulary(rows)):
        yield


def wanted(
    made: Plan, asked: Mapping[str, str], *, every: bool, said: Mapping[str, str] | None = None
) -> list[NewField]:
    """The fields that are to be made for columns of a plan that has looked at them: for those `asked` for by title, as
    `NAME:TYPE`, where either may be left out and is guessed then, and with `every` for all that fill none, have cells,
    and are neither said to be something else (`said`: title -> field) nor worked out by crm. Raises UsageError."""
    assert made.kind is not None
    new = {column_of(made.header, title): text for title, text in asked.items()}
    if every:
        settled = {column_of(made.header, title) for title in said or {}}
        rest = (c for c in made.columns if not c.to and c.place < len(made.looks) and made.looks[c.place].filled)
        own = worked_out(made.kind, made.header)
        new = {c.place: "" for c in rest if c.place not in settled and c.header not in own} | new
    if len(new) > MOST:
        raise UsageError(
            f"{made.called or made.path} has {len(new):,} columns for new fields, and an import makes {MOST} at most",
            "name those that you want: --map 'COLUMN=+'",
        )
    table = _table(made.kind) if new else ""
    found: list[NewField] = []
    for place, text in sorted(new.items()):
        found.append(_field(made, table, place, text, [one.name for one in found]))
    return found


def _field(made: Plan, table: str, place: int, text: str, taken: Iterable[str]) -> NewField:
    """One field: what is not said of it is what its column looks like."""
    header = made.header[place]
    name, _, kind = (part.strip() for part in text.partition(":"))
    guess = made.looks[place].guess
    if name:
        custom.check_name(table, name)
    kind = custom.type_of(kind) if kind else guess.type or "text"
    options: tuple[str, ...] = ()
    if kind == "choice":
        try:
            options = custom.check_options(guess.options or made.looks[place].values)
        except FieldError as error:
            raise UsageError(
                f"column '{header}' cannot be a choice: {error.message}", "take another type: +:text"
            ) from None
    return NewField(header, name or custom.proposed(table, header, taken), kind, options)


def _table(kind: Entity) -> str:
    for table, kinds in custom.TABLES.items():
        if kind in kinds:
            return table
    raise UsageError(f"{kind.plural} have no fields of your own")


def known(kind: Entity, name: str) -> bool:
    """Whether a field of people's own of this name is there already: what is to be made may have been, by an import
    before this one."""
    field = kind.by_name.get(name)
    return field is not None and field.column.startswith(OWN)


def make(tx: Transaction, kind: Entity, fields: Iterable[NewField]) -> None:
    """Make fields in a transaction that is alone in the book. Raises UsageError, ConflictError."""
    table = _table(kind)
    for one in fields:
        label = "" if one.header == one.name or custom.labelled_so(table, one.header, one.name) else one.header
        if not _there(tx, table, one):
            put(tx, table, one.name, one.type, one.options, label=label, about="From an import")


def _there(tx: Transaction, table: str, field: NewField) -> bool:
    """Whether somebody has made this very field since the plan: one of its name, type and options."""
    for _, name, entity, kind, _, _, options, gone in tx.connection.rows(own.DEFINITIONS):
        if (name, entity, kind, gone) == (field.name, table, field.type, None):
            known = set(map(squashed, custom.options_of(options)))
            return known.issuperset(map(squashed, field.options))
    return False
