"""What can be done with any record: find it by what people call it, list, show, add, edit, remove, restore."""

from __future__ import annotations

import re
from binascii import a2b_base64, b2a_base64, crc32
from typing import TYPE_CHECKING, Any

from crmcli.domain import query
from crmcli.domain.entities import ENTITIES, RECORDS, entity
from crmcli.domain.fields import suggest
from crmcli.domain.text import digits, fold
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
#: A number of so many digits may be that of a telephone or of another system where no record has it.
LONG = 7
EMAIL = re.compile(r"[^\s@\[\](){}<>,;:=]+@[^\W_][\w-]*(?:\.[\w-]+)*")
#: A telephone number and nothing else, in ASCII digits.
DIALLED = re.compile(r"(?=(?:\D*\d){5})\+?[\d\s()./-]+")


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
    """The id of the record that people mean by `text`: what `identify` knows, or a part of a name that fits one record
    alone.

    Raises NotFoundError, and AmbiguousError with the candidates.
    """
    text = own_name(kind, text)
    number = identify(ctx, kind, text)
    if number is None:
        number = _alone(kind, text, *_by_part(ctx, kind, text))
    if number is None:
        raise _nobody(kind, text)
    return number


def identify(ctx: Context, kind: Entity, text: str) -> int | None:
    """The id of the record that `text` names exactly: by its number, the start of its UUID, its e-mail address, phone,
    external id, domain or full name; None when there is none. Raises AmbiguousError with the candidates."""
    text = own_name(kind, text)
    whole = digits(text)
    number = int(whole[:18]) if whole.isascii() and whole.isdigit() else None
    if number is not None and not whole.startswith("0") and _is_there(ctx, kind, whole, number):
        return number
    for where, value in _ways(ctx, kind, text):
        found = _alone(kind, text, *_matches(ctx, kind, where, value))
        if found is not None:
            return found
    # 0912... is a telephone number before it is the record 912.
    return number if number is not None and whole.startswith("0") and _is_there(ctx, kind, whole, number) else None


def own_name(kind: Entity, text: str) -> str:
    """What stands behind `lead:` or `id:` where a lead is meant; else the text itself."""
    prefix, colon, rest = text.strip().partition(":")
    return rest.strip() if colon and prefix in (kind.name, kind.plural, "id") and rest.strip() else text.strip()


def not_a_name(kind: Entity, text: str) -> NotFoundError | None:
    """Why nobody can be made on the way by `text`, which `identify` does not know: it is an address or a number."""
    if EMAIL.fullmatch(text):
        return NotFoundError(
            f"no {kind.name} has the e-mail address {text}", f"add them: crm {kind.name} add NAME --email {text}"
        )
    whole = digits(text)
    if whole.isascii() and whole.isdigit() and not whole.startswith("0") and len(whole) < LONG:
        return NotFoundError(f"there is no {kind.name} {text}", f"'crm {kind.name} list' shows them")
    if DIALLED.fullmatch(whole):
        return NotFoundError(
            f"no {kind.name} has the telephone number {text}", f'add them: crm {kind.name} add NAME --phone "{text}"'
        )
    return None


def _is_there(ctx: Context, kind: Entity, whole: str, number: int) -> bool:
    """Whether there is a record of that number. Raises NotFoundError where it is of the other kind."""
    if len(whole.lstrip("0")) > 18:
        return False
    of_kind = "kind" if kind.kind else "''"
    found = ctx.reader.one(f"SELECT {of_kind} FROM {kind.table} WHERE id = ?", (number,))
    if found and kind.kind and found[0] != kind.kind:
        raise NotFoundError(f"number {number} is a {found[0]}, not a {kind.name}", f"crm {found[0]} show {number}")
    return found is not None


def _matches(ctx: Context, kind: Entity, where: str, value: tuple[Any, ...]) -> tuple[list[int], list[str]]:
    """The records in sight that a condition fits, and a line about each where there are several; 12 at most."""
    of_kind = f"kind = '{kind.kind}' AND " if kind.kind else ""
    alive = "removed_at IS NULL AND " if "removed_at" in kind.by_name else ""
    sql = f"SELECT id FROM {kind.table} t WHERE {of_kind}{alive}{where} ORDER BY id LIMIT 12"
    found = [int(row[0]) for row in ctx.reader.rows(sql, value)]
    return found, [describe(kind, row) for row in read.hydrate(ctx.reader, kind, found)] if len(found) > 1 else []


def _by_part(ctx: Context, kind: Entity, text: str) -> tuple[list[int], list[str]]:
    """What `_matches` finds by a part of the name, two letters at least."""
    needle = fold(text)
    if "name" not in kind.by_name or len(needle) < 2:
        return [], []
    find = "instr" if ctx.reader.dialect == "sqlite" else "strpos"
    return _matches(ctx, kind, f"{find}(name_key, ?) > 0", (needle,))


def _alone(kind: Entity, text: str, found: list[int], lines: list[str]) -> int | None:
    """The one that was found, None for nobody. Raises AmbiguousError for several."""
    if len(found) > 1:
        more = len(found) == 12
        raise AmbiguousError(
            f"'{text}' fits {len(found)}{'+' if more else ''} {kind.plural}:",
            [*lines, "..."] if more else lines,
            "name one by its number",
        )
    return found[0] if found else None


def _nobody(kind: Entity, text: str) -> NotFoundError:
    """That nothing is called so, and where to look."""
    prefix, colon, rest = text.partition(":")
    if colon and rest and prefix != kind.name and prefix in RECORDS:
        return NotFoundError(f"'{text}' names a {prefix}, not a {kind.name}", f"crm {prefix} show {rest.strip()}")
    whole = digits(text)
    named = text if whole.isascii() and whole.isdigit() else f"'{text}'"
    return NotFoundError(
        f"there is no {kind.name} {named}", f"'crm {kind.name} list' shows them" if kind.name in RECORDS else ""
    )


def _ways(ctx: Context, kind: Entity, text: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Conditions to try in order, each of which names a record exactly."""
    names = kind.by_name
    lower = text.lower()
    whole = digits(text)
    if whole.isascii() and whole.isdigit() and not whole.startswith("0") and len(whole) < LONG:
        if "name" in names:
            yield "name_key = ?", (fold(text),)
        return
    if "uid" in names and len(text) >= 6 and UUID.fullmatch(lower):
        yield "(uid >= ? AND uid < ?)", (lower, lower + "g")
    if "email" in names and "@" in text:
        yield "email_key = ?", (values.key_of(ctx, kind, "email", text) or lower,)
    count = sum(c.isdigit() for c in text)
    if "phone" in names and count >= 5 and count >= len(text.replace(" ", "")) - 4:
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
    if "name" in names:
        yield "name_key = ?", (fold(text),)


def resolve_any(
    ctx: Context, text: str, kinds: Sequence[str] = ("lead", "deal", "contact", "company")
) -> tuple[Entity, int]:
    """A record named as `lead:12`, `contact:ada@engines.example`, or without a kind where only one fits: exactly, or if
    none does so by a part of its name."""
    prefix, colon, rest = text.partition(":")
    if colon and prefix in ENTITIES and rest:
        kind = entity(prefix)
        return kind, resolve(ctx, kind, rest)
    text, whole = text.strip(), digits(text.strip())
    numeric = whole.isascii() and whole.isdigit()
    if numeric and not whole.startswith("0") and len(whole) < LONG:
        raise UsageError(f"'{text}' does not say what it is", f"write {kinds[0]}:{text} or {kinds[-1]}:{text}")
    for exact in (True, False):
        found = [
            (ENTITIES[name], number) for name in kinds for number in _fitting(ctx, ENTITIES[name], text, exact=exact)
        ]
        if len(found) == 1:
            return found[0]
        if found:
            lines = [describe(kind, row) for kind, n in found[:12] for row in read.hydrate(ctx.reader, kind, [n])]
            more = ["..."] if len(found) > 12 else []
            raise AmbiguousError(f"'{text}' fits several records:", lines + more, "name one with its kind, as above")
    raise NotFoundError(f"nothing is called '{text}'", f"try 'crm search {text}'")


def _fitting(ctx: Context, kind: Entity, text: str, *, exact: bool) -> list[int]:
    """The records of a kind that `text` names exactly in the first way that fits any, or by a part of their names."""
    if exact:
        return next((ids for way in _ways(ctx, kind, text) if (ids := _matches(ctx, kind, *way)[0])), [])
    return _by_part(ctx, kind, text)[0]


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
    place = f"{kind.name}\n{','.join(('-' if down else '') + field.name for field, down in keys)}\n{text}"
    after = _read_cursor(page, place, len(keys)) if page else None
    limit = int(ctx.settings["limit"]) if limit is None else limit
    if not 0 <= limit < MOST:
        raise UsageError(f"--limit wants 0 (all) or a positive number below {MOST}")
    if limit == 0:
        return Rows(shown, read.stream(ctx.reader, kind, node, sort=keys, fields=fields), empty=f"no {kind.plural} fit")
    rows, more = read.page(ctx.reader, kind, node, sort=keys, limit=limit, after=after, fields=fields)
    return Rows(shown, rows, _cursor(more, place) if more else "", empty=f"no {kind.plural} fit")


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
    done: str | Callable[[], str],
    source: str,
    *,
    named: bool = False,
) -> Changed:
    """Take a step with each of these records, in one transaction: `step` gets the present row and says whether it
    changed it. `done` is the word for it, or gives it when the steps are taken; with `named` the line about a single
    record says its name too."""
    changed = []
    with ctx.writing(source) as tx:
        tx.load(kind.name, list(numbers))
        for number in numbers:
            if step(tx, tx.row(kind.name, number)):
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


def choose(ctx: Context, kind: Entity, words: Sequence[str]) -> tuple[list[int], bool]:
    """The records that words name: (ids, whether they were chosen by a filter). A first all-digit word is an id, a
    word that names one record is that one, all else is a filter; `-` must have been read by the caller."""
    if not words:
        raise UsageError(f"which {kind.name}?", f"name one, or write a filter: crm {kind.name} list")
    for word in words:
        noun, colon, number = word.partition(":")
        if colon and number.isdigit() and noun in RECORDS and noun != kind.name and noun not in kind.by_name:
            raise _nobody(kind, word)
    numbers = [word.removeprefix(f"{kind.name}:") for word in words]
    if all(re.fullmatch(r"\d+(,\d+)*", word) for word in numbers):
        return [resolve(ctx, kind, number) for word in numbers for number in word.split(",")], False
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
