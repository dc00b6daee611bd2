"""What can be done with any record: find it by what people call it, list, show, add, edit, remove, restore."""

from __future__ import annotations

import re
from binascii import a2b_base64, b2a_base64
from typing import TYPE_CHECKING, Any

from crmcli.domain import query
from crmcli.domain.entities import ENTITIES, RECORDS, entity
from crmcli.domain.fields import suggest
from crmcli.domain.text import fold
from crmcli.domain.types import Money
from crmcli.errors import AmbiguousError, NotFoundError, UsageError
from crmcli.results import Changed, Column, Record, Rows, Section
from crmcli.services import values
from crmcli.store import read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity, Field
    from crmcli.store.write import Transaction

ASSIGN = re.compile(r"([a-z][a-z0-9_.]*)=")
#: No list is as long as this.
MOST = 10**9
UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f-]*")


# --- words ---------------------------------------------------------------------------------------------------------


def split_words(words: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The words of an editing verb: (those that choose records, field -> new value)."""
    chosen, assigned = [], {}
    for word in words:
        found = ASSIGN.match(word)
        if found:
            assigned[found[1]] = word[found.end() :]
        else:
            chosen.append(word)
    return chosen, assigned


def filter_text(kind: Entity, words: Sequence[str]) -> str:
    """Shell words as one filter text."""
    return query.join_words(words, kind.by_name)


def bound(ctx: Context, kind: Entity, text: str, *, scope: bool = True) -> Any:
    """A filter text with its meaning. Raises FilterError."""
    return query.read(text, kind, ctx.env, ctx.book, scope=scope)


# --- names ---------------------------------------------------------------------------------------------------------


def resolve(ctx: Context, kind: Entity, text: str) -> int:
    """The id of the record that people mean by `text`: its number, the start of its UUID, its e-mail, phone, domain,
    or its name (in full, or a part that fits one record alone).

    Raises NotFoundError, and AmbiguousError with the candidates.
    """
    text = text.strip()
    prefix, colon, rest = text.partition(":")
    if colon and prefix in (kind.name, kind.plural, "id") and rest:
        text = rest.strip()
    if text.isdigit() and text.isascii():
        return _by_number(ctx, kind, _number(text))
    for where, value in _ways(ctx, kind, text):
        of_kind = f"kind = '{kind.kind}' AND " if kind.kind else ""
        alive = "removed_at IS NULL AND " if "removed_at" in kind.by_name else ""
        sql = f"SELECT id FROM {kind.table} t WHERE {of_kind}{alive}{where} ORDER BY id LIMIT 12"
        found = [row[0] for row in ctx.reader.rows(sql, value)]
        if len(found) == 1:
            return int(found[0])
        if found:
            lines = [describe(kind, row) for row in read.hydrate(ctx.reader, kind, found)]
            more = [] if len(found) < 12 else ["..."]
            raise AmbiguousError(
                f"'{text}' fits {len(found)}{'+' if more else ''} {kind.plural}:",
                lines + more,
                "name one by its number",
            )
    raise NotFoundError(
        f"there is no {kind.name} '{text}'", f"'crm {kind.name} list' shows them" if kind.name in RECORDS else ""
    )


def _number(text: str) -> int:
    """Digits as a number; what is longer than any number in a store as the largest one."""
    return int(text) if len(text.lstrip("0")) < 19 and len(text) < 1000 else 2**63 - 1


def _by_number(ctx: Context, kind: Entity, number: int) -> int:
    of_kind = "kind" if kind.kind else "''"
    found = ctx.reader.one(f"SELECT {of_kind} FROM {kind.table} WHERE id = ?", (number,))
    if found is None:
        raise NotFoundError(
            f"there is no {kind.name} {number}", f"'crm {kind.name} list' shows them" if kind.name in RECORDS else ""
        )
    if kind.kind and found[0] != kind.kind:
        raise NotFoundError(f"number {number} is a {found[0]}, not a {kind.name}", f"crm {found[0]} show {number}")
    return number


def _ways(ctx: Context, kind: Entity, text: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Conditions to try in order, from the most exact to a part of the name."""
    names = kind.by_name
    lower = text.lower()
    if "uid" in names and len(text) >= 6 and UUID.fullmatch(lower):
        yield "(uid >= ? AND uid < ?)", (lower, lower + "g")
    if "email" in names and "@" in text:
        yield "email_key = ?", (values.key_of(ctx, kind, "email", text) or lower,)
    digits = sum(c.isdigit() for c in text)
    if "phone" in names and digits >= 5 and digits >= len(text.replace(" ", "")) - 4:
        key = names["phone"].type.key(text, ctx.env)
        other = " OR mobile_key = ?" if "mobile" in names else ""
        yield f"(phone_key = ?{other})", (key, key) if other else (key,)
    if "external_id" in names:
        yield "external_id = ?", (text,)
    if "domain" in names and "." in text and "@" not in text:
        from crmcli.domain.address import domain_of

        yield "domain = ?", (domain_of(text),)
    elif "email" in names and re.fullmatch(r"[\w-]+(\.[\w-]+)+", text):
        yield "email_key LIKE ? ESCAPE '!'", ("%@" + text.lower().replace("_", "!_"),)
    if "name" not in names:
        return
    needle = fold(text)
    yield "name_key = ?", (needle,)
    if len(needle) >= 2:
        yield f"{'instr' if ctx.reader.dialect == 'sqlite' else 'strpos'}(name_key, ?) > 0", (needle,)


def resolve_any(
    ctx: Context, text: str, kinds: Sequence[str] = ("lead", "deal", "contact", "company")
) -> tuple[Entity, int]:
    """A record named as `lead:12`, `contact:ada@engines.example`, or without a kind where only one fits."""
    prefix, colon, rest = text.partition(":")
    if colon and prefix in ENTITIES and rest:
        kind = entity(prefix)
        return kind, resolve(ctx, kind, rest)
    if text.strip().isdigit():
        raise UsageError(
            f"'{text}' does not say what it is", f"write {kinds[0]}:{text.strip()} or {kinds[-1]}:{text.strip()}"
        )
    found: list[tuple[Entity, int]] = []
    for name in kinds:
        try:
            found.append((ENTITIES[name], resolve(ctx, ENTITIES[name], text)))
        except NotFoundError:
            continue
    if not found:
        raise NotFoundError(f"nothing is called '{text}'", f"try 'crm search {text}'")
    if len(found) > 1:
        lines = [f"{kind.name}:{number}" for kind, number in found]
        raise AmbiguousError(f"'{text}' fits several records:", lines, "name one with its kind, as above")
    return found[0]


def describe(kind: Entity, row: Mapping[str, Any]) -> str:
    """One line about a record: number, name, and what tells it from others."""
    extra = [str(row[name]) for name in ("company", "email", "stage", "status") if row.get(name)]
    return f"{kind.name}:{row['id']}  {row['name']}" + (f"  ({', '.join(extra)})" if extra else "")


# --- reading -------------------------------------------------------------------------------------------------------


def columns_for(kind: Entity, names: Iterable[str]) -> tuple[Column, ...]:
    """The result columns of these fields."""
    found = []
    for name in names:
        field = kind.field(name)
        found.append(
            Column(field.name, field.type, field.label, field.type.currency if isinstance(field.type, Money) else "")
        )
    return tuple(found)


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
) -> Rows:
    """The records that fit a filter, given as shell words or as `text`. `limit` 0 reads all of them, page by page;
    `page` is the cursor of an earlier answer. Raises FilterError, UsageError."""
    text = filter_text(kind, words) if text is None else text
    node = bound(ctx, kind, text)
    view = _single_view(ctx, kind, text)
    chosen = [
        c.strip() for c in (columns or view[0] or _setting(ctx, kind) or ",".join(kind.columns)).split(",") if c.strip()
    ]
    if not chosen:
        raise UsageError("--columns names no column", f"'crm fields {kind.name}' lists them")
    if chosen == ["all"]:
        chosen = [f.name for f in kind.fields]
    shown = columns_for(kind, chosen)
    fields = [kind.field(c.name) for c in shown]
    keys = read.parse_sort(kind, sort or view[1] or kind.sort)
    after = _read_cursor(page, keys) if page else None
    limit = int(ctx.settings["limit"]) if limit is None else limit
    if not 0 <= limit < MOST:
        raise UsageError(f"--limit wants 0 (all) or a positive number below {MOST}")
    if limit == 0:
        return Rows(shown, read.stream(ctx.reader, kind, node, sort=keys, fields=fields), empty=f"no {kind.plural} fit")
    rows, more = read.page(ctx.reader, kind, node, sort=keys, limit=limit, after=after, fields=fields)
    return Rows(shown, rows, _cursor(more) if more else "", empty=f"no {kind.plural} fit")


def _setting(ctx: Context, kind: Entity) -> str:
    from crmcli.config import SETTINGS

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


def _cursor(after: list[Any]) -> str:
    """A key as a word for the shell; written without json and base64, which a list would import for this alone."""
    return b2a_base64(repr(after).encode(), newline=False).decode().rstrip("=").translate(str.maketrans("+/", "-_"))


def _read_cursor(text: str, keys: list[tuple[Field, bool]]) -> list[Any]:
    from ast import literal_eval

    try:
        packed = text.translate(str.maketrans("-_", "+/")) + "=" * (-len(text) % 4)
        after = literal_eval(a2b_base64(packed.encode()).decode())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        after = None
    fits = isinstance(after, list) and len(after) == max(len(keys), 1) + 1 and isinstance(after[-1], int)
    if (
        not isinstance(after, list)
        or not fits
        or not all(value is None or isinstance(value, (str, int)) for value in after)
    ):
        raise UsageError("the --page cursor does not fit this list", "take it from the last line of the same list")
    return after


def get(ctx: Context, kind: Entity, number: int) -> dict[str, Any]:
    """One record with every field. Raises NotFoundError."""
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
    return Section(key, title, list_records(ctx, kind, text=text, columns=columns, sort=sort, limit=limit))


# --- writing -------------------------------------------------------------------------------------------------------


def add(ctx: Context, kind: Entity, assigned: Mapping[str, str], *, note: str = "", source: str = "cli") -> Changed:
    """A new record from typed values; `note` is put on its timeline. Raises FieldError, UsageError."""
    with ctx.writing(source) as tx:
        number = values.create(ctx, tx, kind, assigned)
        if note.strip():
            from crmcli.services import timeline

            timeline.write(ctx, tx, kind, number, "note", note)
        row = tx.row(kind.name, number)
    name = row["name"]
    return Changed((f"added {kind.name}:{number} {name}",), tuple(tx.changes), ctx.batch, (number,), kind.name)


def edit(
    ctx: Context, kind: Entity, numbers: Sequence[int], assigned: Mapping[str, str], *, source: str = "cli"
) -> Changed:
    """Give records new values; records that have them already are left alone. Raises FieldError, ConflictError."""
    if not assigned:
        raise UsageError("nothing to change", f"write FIELD=VALUE, as in 'crm {kind.name} edit 12 owner=grace'")

    def step(tx: Transaction, row: dict[str, Any]) -> bool:
        return values.update(ctx, tx, kind, row["id"], assigned)

    return each(ctx, kind, numbers, step, "changed", source)


def each(
    ctx: Context,
    kind: Entity,
    numbers: Sequence[int],
    step: Callable[[Transaction, dict[str, Any]], bool],
    done: str,
    source: str,
    *,
    named: bool = False,
) -> Changed:
    """Take a step with each of these records, in one transaction: `step` gets the present row and says whether it
    changed it. `done` is the word for it; with `named` the line about a single record says its name too."""
    changed = []
    with ctx.writing(source) as tx:
        tx.load(kind.name, list(numbers))
        for number in numbers:
            if step(tx, tx.row(kind.name, number)):
                changed.append(number)
        line = _summary(kind, changed, len(numbers), done)
        if named and changed and len(numbers) == 1:
            line += f" {tx.row(kind.name, numbers[0])['name']}"
    return Changed((line,), tuple(tx.changes), ctx.batch, tuple(changed), kind.name)


def _summary(kind: Entity, changed: Sequence[int], of: int, done: str) -> str:
    """'changed lead:12' or 'changed 3 of 7 leads'."""
    if of == 1:
        return f"{done} {kind.name}:{changed[0]}" if changed else f"nothing to change in that {kind.name}"
    return f"{done} {len(changed)} of {of} {kind.plural}" if len(changed) != of else f"{done} {of} {kind.plural}"


def choose(ctx: Context, kind: Entity, words: Sequence[str]) -> tuple[list[int], bool]:
    """The records that words name: (ids, whether they were chosen by a filter). A first all-digit word is an id, a
    word that names one record is that one, all else is a filter; `-` must have been read by the caller."""
    if not words:
        raise UsageError(f"which {kind.name}?", f"name one, or write a filter: crm {kind.name} list")
    if all(re.fullmatch(r"\d+(,\d+)*", word) for word in words):
        return [_by_number(ctx, kind, _number(n)) for word in words for n in word.split(",")], False
    if words[0].isdigit():
        raise UsageError(f"'{' '.join(words[1:])}' after the number {words[0]} is neither a number nor FIELD=VALUE")
    if len(words) == 1 and not query.TERM.match(words[0].removeprefix(f"{kind.name}:")):
        return [resolve(ctx, kind, words[0])], False
    if len(words) == 1 and query.TERM.match(words[0]) and words[0].split(":", 1)[0] == kind.name:
        return [resolve(ctx, kind, words[0])], False
    node = bound(ctx, kind, filter_text(kind, words))
    return read.all_ids(ctx.reader, kind, node), True


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

    return each(ctx, kind, numbers, step, done, source)


def check_field(kind: Entity, name: str) -> Field:
    """A field that can be assigned. Raises UsageError with a suggestion."""
    field = kind.by_name.get(name)
    if field is None:
        raise UsageError(f"{kind.name} has no field '{name}'", suggest(name, kind.by_name, f"crm fields {kind.name}"))
    if not field.settable:
        hint = {
            "status": f"use the verbs: crm {kind.name} won, lost, reopen, restore",
            "lost_reason": f"crm {kind.name} lost ID --reason ...",
        }
        raise UsageError(f"{kind.name}.{name} is set by the program", hint.get(field.name, ""))
    return field
