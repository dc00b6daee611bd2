"""Rehearsals: verbs that were made and rolled back, to show what they would change."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from crmcli.domain.entities import ENTITIES
from crmcli.domain.text import clip
from crmcli.domain.types import Instant, readable
from crmcli.results import Column, Rows
from crmcli.services import history, records, values
from crmcli.store import read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from crmcli.context import Context
    from crmcli.domain.change import Change
    from crmcli.domain.fields import Entity, Field
    from crmcli.results import Changed

#: Of so many records at most a rehearsal tells.
MOST = 200


def preview(
    ctx: Context,
    kind: Entity,
    numbers: Sequence[int],
    assigned: Mapping[str, str],
    edit: Callable[[list[int]], Changed] | None = None,
) -> Rows:
    """What an edit would change: a row for each record that would, with old and new values. The edit (`edit` where the
    kind has one of its own) is made and rolled back, so that what is shown is what would be, and what it would refuse
    is refused. Of a long list the first 200 are tried."""
    fields = list(dict.fromkeys(kind.field(values.alias(kind, name)) for name in assigned))
    beside = [kind.by_name[name] for name in ("name", "due_at") if name in kind.by_name]
    title = _title(kind)
    wanted = list(dict.fromkeys([*beside, title, *fields]))
    some = list(numbers[:MOST])
    before = read.hydrate(ctx.reader, kind, some, wanted)

    def verb() -> Changed:
        return edit(some) if edit else records.edit(ctx, kind, some, assigned)

    with tried(ctx, verb):
        after = {row["id"]: row for row in read.hydrate(ctx.reader, kind, some, wanted)}
    rows = []
    for old in before:
        new = after.get(old["id"], old)  # somebody may have taken it away meanwhile
        told = {f.name: (_shown(ctx, f, old), _shown(ctx, f, new)) for f in fields}
        if any(was != now for was, now in told.values()):
            line = {name: f"{was} -> {now}" if was != now else was for name, (was, now) in told.items()}
            rows.append({"id": old["id"], title.name: _titled(old[title.name]), **line})
    own = (Column("id", kind.by_name["id"].type, "ID"), Column(title.name, None, title.label))
    columns = (*own, *(Column(f.name, None, f.label) for f in fields if f is not title))
    return Rows(
        columns, rows, empty=f"nothing would change in {len(some)} {kind.plural if len(some) != 1 else kind.name}"
    )


def _title(kind: Entity) -> Field:
    """The field that people know a record by: its name, or what was said."""
    return kind.by_name.get("name") or kind.field("body")


def _titled(text: str | None) -> str:
    return clip(" ".join((text or "").split()), 60)


def _shown(ctx: Context, field: Field, row: Mapping[str, Any]) -> str:
    """A field of a record as a table has it."""
    kind, value = field.type, row.get(field.name)
    if field.name == "due_on" and row.get("due_at"):
        kind, value = Instant(), row["due_at"]
    currency = str(row.get("currency") or "")
    env = ctx.env
    shown = readable(kind, value, currency=currency, zone=env.now.tzinfo, calendar=env.calendar, week=env.week)
    return shown or "(empty)"


def would(ctx: Context, verb: Callable[[], Changed]) -> Changed:
    """What a verb would come to: it is made and rolled back. Raises what the verb raises."""
    with tried(ctx, verb) as changed:
        return changed


@contextlib.contextmanager
def tried(ctx: Context, verb: Callable[[], Changed]) -> Iterator[Changed]:
    """The book as it is once a verb was made, without a word; then the verb is rolled back."""
    quiet, ctx.quiet = ctx.quiet, True
    try:
        with ctx.rehearsal():
            yield verb()
    finally:
        ctx.quiet = quiet


def told(ctx: Context, changes: Sequence[Change]) -> Rows:
    """What changes would do, in words: a row a field, of the first 200 records. Call it before they are taken back:
    it asks the book for the names of what they link to."""
    rows: list[dict[str, Any]] = []
    gone = {(c.table, c.id): str(c.before["name"]) for c in changes if c.before and c.before.get("name")}
    for change in changes[:MOST]:
        record = {"record": f"{change.entity}:{change.id}", "name": _name(ctx, change)}
        lines = history.told(ctx, change, gone)
        rows += [{**record, "field": field, "before": old, "after": new} for field, old, new in lines]
    columns = (
        Column("record", None, "Record"), Column("name", None, "Name"), Column("field", None, "Field"),
        Column("before", None, "Before"), Column("after", None, "After"),
    )  # fmt: skip
    return Rows(columns, rows, empty="nothing would change")


def _name(ctx: Context, change: Change) -> str:
    fields = ENTITIES[change.entity].by_name
    column = next((name for name in ("name", "body") if name in fields), "")
    known = (change.after or {}).get(column) or (change.before or {}).get(column)
    if known is None and column:
        known = ctx.reader.value(f"SELECT {column} FROM {change.table} WHERE id = ?", (change.id,))
    return _titled(known)
