"""What can be done with any record: choose, list, show, add, edit, remove, restore."""

from __future__ import annotations

import re
from binascii import a2b_base64, b2a_base64, crc32
from typing import TYPE_CHECKING, Any

from crmcli.domain import figures, query
from crmcli.domain.change import written
from crmcli.domain.entities import entity
from crmcli.domain.text import clip, fold
from crmcli.domain.types import Money
from crmcli.domain.urgency import Points
from crmcli.errors import ConflictError, FilterError, NotFoundError, UsageError
from crmcli.results import Changed, Column, Record, Rows, Section
from crmcli.services import naming, values
from crmcli.services.references import by_now, listed
from crmcli.store import read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity, Field
    from crmcli.store.write import Transaction

ASSIGN = re.compile(r"([a-z][a-z0-9_.]*)=")
#: No list is as long as this.
MOST = 10**9
_URGENCY = Column(figures.URGENCY, Points(), "Urgency")


# --- words ---------------------------------------------------------------------------------------------------------


def split_words(words: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The words of an editing verb: (those that choose records, field -> new value). Raises UsageError for a field that
    has two."""
    chosen: list[str] = []
    assigned: dict[str, str] = {}
    for word in words:
        found = ASSIGN.match(word)
        if found:
            assign(assigned, found[1], word[found.end() :])
        else:
            chosen.append(word)
    return chosen, assigned


def assign(assigned: dict[str, str], name: str, value: str) -> None:
    """Give a field a value that was typed. Raises UsageError where it has one: which one was meant, nobody knows."""
    if name in assigned:
        raise UsageError(f"{name} is given twice, and takes one value", f"leave one {name}= out")
    assigned[name] = value


def filter_text(kind: Entity, words: Sequence[str]) -> str:
    """Shell words as one filter text."""
    return query.join_words(words, kind.by_name)


def bound(ctx: Context, kind: Entity, text: str, *, scope: bool = True) -> Any:
    """A filter text with its meaning. Raises FilterError."""
    return query.read(text, kind, ctx.env, naming.book(ctx), scope=scope)


def besides(ctx: Context, kind: Entity, text: str, also: str, *, scope: bool = True) -> Any:
    """What a filter text and another one, which records must fit too, mean as one; either may be empty. Raises
    FilterError, which shows the first alone."""
    node = bound(ctx, kind, text, scope=scope)
    return bound(ctx, kind, f"({text}) ({also})" if text.strip() else also, scope=scope) if also else node


def limited(ctx: Context, limit: int | None) -> int:
    """How many rows a list shows: so many, 0 for all; those of the setting where nothing is said. Raises UsageError."""
    limit = int(ctx.settings["limit"]) if limit is None else limit
    if not 0 <= limit < MOST:
        raise UsageError(f"--limit wants 0 (all) or a positive number below {MOST}")
    return limit


def fitting(
    ctx: Context, kinds: Iterable[Entity], words: Sequence[str], also: str = "", *, scope: bool = True
) -> dict[str, Any]:
    """What a filter (shell words) means for each of these kinds of record that has its fields, by name of the kind;
    `also` is a filter that they must fit besides. Raises the first FilterError where none has."""
    found: dict[str, Any] = {}
    refused: FilterError | None = None
    for kind in kinds:
        try:
            found[kind.name] = besides(ctx, kind, filter_text(kind, words), also, scope=scope)
        except FilterError as error:
            refused = refused or error
    if refused and not found:
        raise refused
    return found


# --- reading -------------------------------------------------------------------------------------------------------


def columns_for(kind: Entity, names: Iterable[str], asked: Iterable[str] = ()) -> tuple[Column, ...]:
    """The result columns of these fields, each once, and of the urgency of records; those `asked` for by name stay
    longest on a narrow screen."""
    found: dict[str, Column] = {}
    for name in names:
        if figures.computed(kind, name):
            found.setdefault(name, _URGENCY)
            continue
        field = kind.field(name)
        currency = field.type.currency if isinstance(field.type, Money) else ""
        rank = kind.spare.index(field.name) - len(kind.spare) if field.name in kind.spare else 0
        found.setdefault(field.name, Column(field.name, field.type, field.label, currency, rank))
    for name in asked:
        own = name if figures.computed(kind, name) else kind.field(name).name
        found[own] = found[own]._replace(rank=1)
    return tuple(found.values())


def list_records(
    ctx: Context,
    kind: Entity,
    words: Sequence[str] = (),
    *,
    columns: str = "",
    sort: str = "",
    limit: int | None = None,
    page: str = "",
    text: str | None = None,
    back: bool = False,
) -> Rows:
    """The records that fit a filter, given as shell words or as `text`. `limit` 0 reads all of them, page by page;
    `page` is the cursor of an earlier answer. With `back` these are the last ones, in the same order, and the cursor
    leads to those before them. `columns` that begin with + come behind the usual ones. Raises FilterError,
    UsageError."""
    ctx.learn()
    text = filter_text(kind, words) if text is None else text
    node = bound(ctx, kind, text)
    view = _single_view(ctx, kind, text)
    chosen = _chosen(ctx, kind, columns, view[0])
    shown = columns_for(kind, chosen, (name for name in _named(columns) if name in chosen))
    fields = [kind.field(c.name) for c in shown if not figures.computed(kind, c.name)] or [kind.by_name["id"]]
    # The day of the next task depends on who looks: a table works it out from these.
    fields += [kind.field(name) for field in fields if field.untimed for name in (field.moment, field.untimed)]
    way = figures.order(kind, sort or view[1])
    keys = [] if way else read.parse_sort(kind, sort or view[1] or kind.sort)
    order = f"{way}{figures.URGENCY}" if way else ",".join(("-" if down else "") + field.name for field, down in keys)
    place = f"{kind.name}{' back' if back else ''}\n{order}\n{text}"
    after = _read_cursor(page, place, 2 if way else len(keys)) if page else None
    limit = limited(ctx, limit)
    if way:
        from crmcli.services.urgency import page as by_urgency

        rows, more = by_urgency(ctx, kind, node, way, limit=limit, after=after, fields=fields, back=back)
    else:
        rows, more = _by_fields(ctx, kind, node, keys, limit, after, fields, back)
        if any(figures.computed(kind, column.name) for column in shown):
            from crmcli.services.urgency import marked

            rows = marked(ctx, kind, rows) if limit == 0 else [*marked(ctx, kind, rows)]
    return Rows(shown, rows, _cursor(more, place) if more else "", empty=f"no {kind.plural} fit")


def _by_fields(
    ctx: Context,
    kind: Entity,
    node: Any,
    keys: list[tuple[Field, bool]],
    limit: int,
    after: list[Any] | None,
    fields: list[Field],
    back: bool,
) -> tuple[Iterable[dict[str, Any]], list[Any] | None]:
    """The rows of a list that sorts by fields, and the key of its next page."""
    if limit == 0:
        return read.stream(ctx.reader, kind, node, sort=keys, fields=fields), None
    rows, more = read.page(ctx.reader, kind, node, sort=keys, limit=limit, after=after, fields=fields, back=back)
    return rows[::-1] if back else rows, more


def _chosen(ctx: Context, kind: Entity, columns: str, of_view: str) -> list[str]:
    """The names of the columns to show: those asked for, else those of the saved view, of the settings or of the kind
    of record. Raises UsageError where none is named."""
    usual = of_view or _setting(ctx, kind) or ",".join(kind.columns)
    more = columns.strip().startswith("+")
    found = _named(columns or usual)
    if not found:
        raise UsageError("--columns names no column", f"'crm fields {kind.name}' lists them")
    if more:
        found = [*(name.strip() for name in usual.split(",") if name.strip()), *found]
    every = [field.name for field in kind.fields]
    return [name for part in found for name in (every if part == "all" else [part])]


def _named(columns: str) -> list[str]:
    """The names in a list of columns, which begins with + where they come behind others."""
    mark = "+" if columns.strip().startswith("+") else ""
    return [name for part in columns.split(",") if (name := part.strip().lstrip(mark).strip())]


def check_sort(kind: Entity, text: str) -> None:
    """Raise UsageError for an order that no list of such records can have."""
    if not figures.order(kind, text):
        read.parse_sort(kind, text)


def _setting(ctx: Context, kind: Entity) -> str:
    from crmcli.settings import SETTINGS

    name = f"columns.{kind.name}"
    return str(ctx.settings[name]) if name in SETTINGS else ""


def _single_view(ctx: Context, kind: Entity, text: str) -> tuple[str, str]:
    """The columns and order of a saved view, when the filter is that view alone."""
    found = re.fullmatch(r"view:(\S+)", text)
    if not found:
        return "", ""
    row = ctx.reader.one(
        "SELECT columns, sort FROM saved_view WHERE name_key = ? AND (entity = ? OR entity IS NULL)",
        (fold(found[1]), kind.name),
    )
    return (row[0] or "", row[1] or "") if row else ("", "")


def _cursor(after: list[Any], place: str) -> str:
    """A key as a word for the shell, with a mark of the list that it is a place in: its kind, order and filter. Written
    without json and base64, which a list would import for this alone."""
    packed = repr([crc32(place.encode()), *after]).encode()
    return b2a_base64(packed, newline=False).decode().rstrip("=").translate(str.maketrans("+/", "-_"))


def _read_cursor(text: str, place: str, keys: int) -> list[Any]:
    """The key in a cursor of this very list. Raises UsageError."""
    from ast import literal_eval

    try:
        packed = text.translate(str.maketrans("-_", "+/")) + "=" * (-len(text) % 4)
        after = literal_eval(a2b_base64(packed.encode()).decode())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        after = None
    if not isinstance(after, list) or not all(value is None or isinstance(value, (str, int)) for value in after):
        raise UsageError("that is not a --page cursor", "take it from the last line of the same list")
    if len(after) != max(keys, 1) + 2 or after[0] != crc32(place.encode()) or not isinstance(after[-1], int):
        raise UsageError(
            "the --page cursor is of another list",
            "repeat the filter and --sort of the list that gave it, as they were",
        )
    return after[1:]


def get(ctx: Context, kind: Entity, number: int) -> dict[str, Any]:
    """One record with every field. Raises NotFoundError."""
    ctx.learn()
    found = read.hydrate(ctx.reader, kind, [number])
    if not found:
        raise NotFoundError(f"there is no {kind.name} {number}")
    return found[0]


def show(ctx: Context, kind: Entity, number: int) -> Record:
    """One record with its fields and what hangs on it."""
    from crmcli.services import related

    row = get(ctx, kind, number)
    shown = columns_for(kind, [f.name for f in kind.fields])
    return Record(f"{kind.name}:{number}  {row.get('name', '')}", shown, row, related.sections(ctx, kind, row))


def list_section(
    ctx: Context, key: str, title: str, kind: Entity, text: str, *, columns: str, sort: str = "", limit: int = 20
) -> Section:
    """A list as a section of a page."""
    rows = list_records(ctx, kind, text=text, columns=columns, sort=sort, limit=limit)
    return Section(key, title, rows._replace(columns=tuple(column._replace(rank=0) for column in rows.columns)))


# --- writing -------------------------------------------------------------------------------------------------------


def add(ctx: Context, kind: Entity, assigned: Mapping[str, str], *, note: str = "", source: str = "cli") -> Changed:
    """A new record from typed values; `note` is put on its timeline. Raises FieldError, UsageError."""
    with ctx.writing(source) as tx:
        if note.strip():
            tx.word("user", ctx.actor)  # its author: names are taken before a stage is, see `stages.hold`
        number = values.create(ctx, tx, kind, assigned)
        if note.strip():
            from crmcli.services import timeline

            timeline.write(ctx, tx, kind, number, "note", note)
        row = tx.row(kind.name, number)
    name = written(tx.changes, kind.name, number, "name", row["name"])
    return Changed((f"added {kind.name}:{number} {name}",), tuple(tx.changes), ctx.batch, (number,), kind.name)


def edit(
    ctx: Context,
    kind: Entity,
    numbers: Sequence[int],
    assigned: Mapping[str, str],
    *,
    seen: Mapping[str, str] | None = None,
    source: str = "cli",
) -> Changed:
    """Give records new values; records that have them already are left alone. `seen` are fields as whoever edits saw
    them, field -> `values.offered`; where one differs by now nothing is changed. Raises FieldError, ConflictError."""
    if not assigned:
        raise UsageError("nothing to change", f"write FIELD=VALUE, as in 'crm {kind.name} edit 12 owner=grace'")

    def step(tx: Transaction, row: dict[str, Any]) -> bool:
        check_seen(ctx, kind, row["id"], seen or {})
        return values.update(ctx, tx, kind, row["id"], assigned)

    return each(ctx, kind, numbers, step, "changed", source)


def check_seen(ctx: Context, kind: Entity, number: int, seen: Mapping[str, str]) -> None:
    """That fields of a record still are as they were seen (see `edit`). Raises ConflictError."""
    if not seen:
        return
    for row in read.hydrate(ctx.reader, kind, [number]):
        for name, text in seen.items():
            now = values.offered(kind.field(name), row, ctx.env.now, ctx.env.calendar)
            if now != text:
                raise ConflictError(
                    f"{name} of {kind.name}:{number} was changed meanwhile, to: {clip(now, 60) or '(empty)'}",
                    "look at it again before changing it",
                )


def each(
    ctx: Context,
    kind: Entity,
    numbers: Sequence[int],
    step: Callable[[Transaction, dict[str, Any]], bool],
    done: str | Callable[[], str],
    source: str,
    *,
    named: bool = False,
    removed: bool = False,
) -> Changed:
    """Take a step with each of these records, in one transaction: `step` gets the present row and says whether it
    changed it. `done` is the word for it, or gives it when the steps are taken; with `named` the line about a single
    record says its name too. Unless the step is for `removed` ones too, one of them is a RefusedError."""
    changed = []
    with ctx.writing(source) as tx:
        tx.load(kind.name, list(numbers))
        for number in numbers:
            row = tx.row(kind.name, number)
            (naming.check_unmerged if removed else naming.check_in_sight)(ctx, kind, row)
            if step(tx, row):
                changed.append(number)
        line = _summary(kind, changed, len(numbers), done if isinstance(done, str) else done())
        if named and changed and len(numbers) == 1:
            line += f" {tx.row(kind.name, numbers[0])['name']}"
    return Changed((line,), tuple(tx.changes), ctx.batch, tuple(changed), kind.name)


def _summary(kind: Entity, changed: Sequence[int], of: int, done: str) -> str:
    """'changed lead:12' or 'changed 3 of 7 leads'."""
    if of == 1:
        return f"{done} {kind.name}:{changed[0]}" if changed else f"nothing to change in that {kind.name}"
    return f"{done} {len(changed)} of {of} {kind.plural}" if len(changed) != of else f"{done} {of} {kind.plural}"


def choose(
    ctx: Context, kind: Entity, words: Sequence[str], *, merged: bool = False, over: bool = False
) -> tuple[list[int], bool]:
    """The records that words name: (ids, whether they were chosen by a filter). A first all-digit word is an id, a
    word that names one record is that one, all else is a filter; `-` must have been read by the caller. `merged` and
    `over`: see `naming.resolve`."""
    if not words:
        raise UsageError(f"which {kind.name}?", f"name one, or write a filter: crm {kind.command} list")
    ctx.learn()
    every = [listed(word, kind) for word in words]
    found = []
    for ref in (ref for refs in every for ref in refs):
        noun, _, number = ref.rpartition(":")
        if noun and kind not in (named := entity(noun), by_now(ctx, named, number, merged=merged)):
            raise naming.nobody(ctx, kind, ref)
        found.append(number)
    if all(every):
        return list(dict.fromkeys(naming.resolve(ctx, kind, number, merged=merged) for number in found)), False
    if words[0].isdigit():
        raise UsageError(f"'{' '.join(words[1:])}' after the number {words[0]} is neither a number nor FIELD=VALUE")
    if len(words) == 1 and not query.TERM.match(words[0].removeprefix(f"{kind.name}:")):
        return [naming.resolve(ctx, kind, words[0], merged=merged, over=over)], False
    if len(words) == 1 and query.TERM.match(words[0]) and words[0].split(":", 1)[0] == kind.name:
        return [naming.resolve(ctx, kind, words[0], merged=merged, over=over)], False
    node = bound(ctx, kind, filter_text(kind, words))
    return read.all_ids(ctx.reader, kind, node), True


def versions(ctx: Context, kind: Entity, numbers: Sequence[int]) -> dict[int, int]:
    """record -> its version now; each change of the record gives it another one."""
    return read.versions(ctx.reader, kind.table, numbers)


def remove(ctx: Context, kind: Entity, numbers: Sequence[int], *, source: str = "cli") -> Changed:
    """Hide records everywhere; `restore` or undo brings them back."""
    return _mark(ctx, kind, numbers, {"removed_at": True}, "removed", source)


def archive(ctx: Context, kind: Entity, numbers: Sequence[int], *, source: str = "cli") -> Changed:
    """Put records aside: lists leave them out, `is:archived` shows them."""
    return _mark(ctx, kind, numbers, {"archived_at": True}, "archived", source)


def restore(ctx: Context, kind: Entity, numbers: Sequence[int], *, source: str = "cli") -> Changed:
    """Bring removed or archived records back; a lost lead or deal is open again."""
    if kind.kind:
        from crmcli.services import deals

        return deals.restore(ctx, kind, numbers, source=source)
    return _mark(ctx, kind, numbers, {"archived_at": None, "removed_at": None}, "restored", source)


def _mark(ctx: Context, kind: Entity, numbers: Sequence[int], marks: dict[str, Any], done: str, source: str) -> Changed:
    def step(tx: Transaction, row: dict[str, Any]) -> bool:
        wanted = {c: (row.get(c) or tx.stamp) if v else None for c, v in marks.items() if c in kind.by_name}
        return tx.change(kind.name, row["id"], wanted)

    return each(ctx, kind, numbers, step, done, source, removed="removed_at" in marks)
