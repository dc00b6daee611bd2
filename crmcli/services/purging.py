"""Purge: forgets a record for good, in the tables, the journal and the search index."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.domain.change import Change
from crmcli.domain.entities import ENTITIES
from crmcli.domain.text import fold
from crmcli.errors import ConflictError, NotFoundError, UsageError
from crmcli.results import Changed
from crmcli.services import aliases, apart, moving, traces, undo_merges, view_traces
from crmcli.services.batch import gone, no_more, states
from crmcli.services.links import LINKS
from crmcli.store import derived, read, words
from crmcli.store.sql import portions
from crmcli.store.tables import NOUNS, ORDER, noun_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity
    from crmcli.store.connect import Connection
    from crmcli.store.write import Transaction

#: What a purged record takes with it: tasks and notes that hang on it, by the first of these columns, and by the others
#: on nothing nearer. A note on a person carries the person's company too, one on a deal its person and company.
ALONE = {
    "contact": ("contact_id", "opportunity_id"),
    "company": ("company_id", "opportunity_id", "contact_id"),
    "opportunity": ("opportunity_id", "contact_id", "company_id"),
}
#: Days of the year belong to one of these alone.
OCCASION = {"contact": ("contact_id",), "company": ("company_id",)}
#: The two ends of that a task needs another one.
NEED = ("task_id", "needs_id")
#: What stands where a command named what is forgotten.
FORGOTTEN = "(purged)"
#: How a command that was kept writes an apostrophe.
QUOTED = "'\"'\"'"


def purge(ctx: Context, kind: Entity, numbers: Sequence[int]) -> Changed:
    """Forget records: their rows, their tags, the tasks and notes on them alone, what the journal says about them, the
    commands that touched or named them, what saved views and the doctor's rules ask of people and firms by their names,
    and their words in the search index; also what was taken away earlier, as an undo does, and was the same once more:
    of their kind, at some time of their name and with one of their addresses (e-mail, telephone, domain), or a person
    or firm of their name where neither ever had one. Other records' links to them are cleared. What has their names and
    addresses all the same is told: other records, the history of those that had them, what was taken away and would
    come back with them, words of the book, copies beside it. What was merged into one of them, or they into it, is the
    same and goes too. All go in one transaction, and it cannot be undone.

    The journal keeps a digest of each forgotten change, so that its chain stays whole. Raises NotFoundError, and
    ConflictError where one was merged or taken apart before nobody else could write any more.
    """
    if kind.table not in read.TAGGED and kind.table != "interaction":
        raise UsageError(f"{kind.one} cannot be purged", "lead, deal, contact, company, task and interaction can")
    connection = ctx.reader
    meant = aliases.standing(connection, kind.table, numbers)
    numbers = list(dict.fromkeys(meant.values()))
    if connection.dialect == "sqlite":
        connection.run("PRAGMA secure_delete = ON")
    told = f"{kind.name}:{numbers[0]}" if len(numbers) == 1 else f"{len(numbers)} {kind.plural}"
    with ctx.writing("purge", command=f"purge {told}") as tx:
        _check_meant(connection, kind, meant)
        merged = sorted(aliases.merged(connection, kind.table, numbers).difference(numbers))
        doomed = _find_doomed(connection, kind, [*numbers, *merged], ctx.env.region)
        _silence(connection, doomed)
        if kind.table in aliases.TABLES:  # no undo is to bring half of a merge back, with what the other half had
            _blank(connection, undo_merges.halved_by(connection, kind.table, {*numbers, *merged}), undo_merges.HALVED)
        linked = _let_go(tx, doomed.going)
        tx.flush()
        _erase(tx, doomed)
        lines = _summary(kind, told, doomed, len(merged))
        if kind.table in ALONE:
            lines += view_traces.forget_filters(tx, kind, doomed.called)
            # What was taken out of a view or rule stands in the commands that saved it, however it was typed there.
            kept = {table: {change.id for change in tx.changes if change.table == table} for table in view_traces.KEPT}
            _blank(connection, _touching(connection, kept))
            left = traces.left_in(connection, linked, doomed.called.texts, doomed.telling)
            lines += traces.told(connection, kind, doomed.known, doomed.past, left, ctx.settings.calling)
            lines += traces.named_after(connection, kind, doomed.called.texts, doomed.telling)
        lines += traces.copies(connection)
    return Changed(tuple(lines), tuple(tx.changes), ctx.batch, tuple(numbers), kind.name)


def _check_meant(connection: Connection, kind: Entity, meant: Mapping[int, int]) -> None:
    """Make sure that these records (record -> the one that it is) still are who was meant. Raises ConflictError."""
    for number, now in aliases.standing(connection, kind.table, meant).items():
        if now != meant[number]:
            what = f"was merged into {kind.name}:{now}" if now != number else "was taken apart from another one"
            raise ConflictError(
                f"{kind.name}:{number} {what} meanwhile, nothing was purged", "look at it, and purge it then"
            )


class _Doomed(NamedTuple):
    """What a purge forgets, and how to know it elsewhere."""

    #: table -> the numbers of these records and of what they take with them
    going: dict[str, set[int]]
    #: table -> number -> noun of what was taken away before and is only in the journal
    gone_before: dict[str, dict[int, str]]
    #: names, e-mails and telephones that these records have and had
    called: view_traces.Called
    known: traces.Known
    telling: traces.Telling
    past: traces.Past


def _find_doomed(connection: Connection, kind: Entity, numbers: list[int], region: str) -> _Doomed:
    """Everything that a purge of these records forgets. Raises NotFoundError."""
    there = read.raw(connection, kind.table, numbers)
    for number in numbers:
        if number not in there:
            raise NotFoundError(f"there is no {kind.name} {number}")
    said = {number: [row] for number, row in there.items()}
    for number, sides in states(connection, kind.table, there).items():
        said[number] += sides
    own = [side for sides in said.values() for side in sides]
    known = traces.Known(kind, said.values(), region)
    few = len(numbers) <= traces.MOST
    telling = traces.Telling(own, region, few=few)
    # A task or note names nobody: what it says is words like any other's.
    past = traces.read_past(connection, known, telling) if kind.table in ALONE else traces.Past(set(), {}, {})
    gone_before = _taken_away(connection, kind, numbers, known, past)
    before = states(connection, kind.table, gone_before.get(kind.table, ()))
    own += (side for sides in before.values() for side in sides)
    if before and kind.table in ALONE:
        wider = traces.Telling(own, region, few=few)
        if wider.typed.keys() - telling.typed.keys() or wider.addresses.keys() - telling.addresses.keys():
            # What the earlier ones alone had is looked for too; they are known when the journal was read once.
            past, telling = traces.read_past(connection, known, wider), wider
    going = _with_dependants(connection, kind.table, numbers)
    past = past.without({table: {*going.get(table, ()), *gone_before.get(table, ())} for table in ORDER})
    return _Doomed(going, gone_before, view_traces.Called.of(own, region), known, telling, past)


def _erase(tx: Transaction, doomed: _Doomed) -> None:
    """Delete the rows, empty what the journal has of them and of what was taken away before, and make the word indexes
    of their tables anew. The transaction journals each as a change without values."""
    connection = tx.connection
    connection.defer_links()
    erased: list[Change] = []
    for table in reversed(ORDER):
        for some, marks in portions(sorted(doomed.going.get(table, ()), reverse=True)):
            # What another program said of it is kept beside it.
            connection.run(f"DELETE FROM sync_link WHERE entity = ? AND record_id IN ({marks})", (table, *some))
            rows = read.raw(connection, table, some)
            erased += [Change(noun_of(table, rows[i]), i, rows[i], None, table) for i in some]
            if table == "task":
                _forget_reminders(connection, {str(row["uid"]) for row in rows.values()})
            _forget(connection, table, some, marks)
        before = doomed.gone_before.get(table, {})
        if table == "task":
            sides = [side for sides in states(connection, table, before).values() for side in sides]
            _forget_reminders(connection, {str(side["uid"]) for side in sides if side.get("uid")})
        for some, marks in portions(before):
            _forget(connection, table, some, marks)
            tx.changes += [Change(before[i], i, None, None, table) for i in some]
    tx.changes += [change._replace(before=None) for change in erased]
    derived.refresh(connection, erased)
    words.forget(connection, {table for ids in (doomed.going, doomed.gone_before) for table in ids if ids[table]})


def _summary(kind: Entity, told: str, doomed: _Doomed, merged: int) -> list[str]:
    """What is purged, with how much besides it (`merged`: so many were merged into it), and how much that was taken
    away before."""
    unsaid = (kind.table, apart.table_of(kind.table), "task_need")
    also = _counted({NOUNS[table]: len(ids) for table, ids in doomed.going.items() if table not in unsaid})
    if merged:
        also = ", ".join([f"{merged} merged into {'it' if ':' in told else 'them'}", *([also] if also else [])])
    lines = [f"purged {told}{also and f', with {also}'}; it cannot be undone"]
    if doomed.gone_before:
        counts = Counter(noun for nouns in doomed.gone_before.values() for noun in nouns.values())
        lines.append(f"forgotten too, what was taken away of it before: {_counted(counts)}")
    return lines


def _with_dependants(connection: Connection, table: str, numbers: list[int]) -> dict[str, set[int]]:
    """table -> the records and what they take with them."""
    going: dict[str, set[int]] = {table: set(numbers)}
    for child, (column, *nearer) in _hanging(table).items():
        going[child] = set()
        alone = "".join(f" AND {other} IS NULL" for other in nearer)
        for some, marks in portions(numbers):
            sql = f"SELECT id FROM {child} WHERE {column} IN ({marks}){alone}"
            going[child].update(row[0] for row in connection.rows(sql, some))
    tasks = going.get("task", ())
    # What a task needs is nothing without one of the two.
    going["task_need"] = {n for column in NEED for n in moving.linked(connection, "task_need", column, tasks)}
    if table in aliases.TABLES:
        pairs = apart.table_of(table)
        going[pairs] = {n for column in apart.PAIR for n in moving.linked(connection, pairs, column, numbers)}
    return going


def _hanging(table: str) -> dict[str, tuple[str, ...]]:
    """The tables of what a purged record takes with it, and the columns that say so (see `ALONE`)."""
    found = dict.fromkeys(("task", "interaction"), ALONE[table]) if table in ALONE else {}
    if table in OCCASION:
        found["occasion"] = OCCASION[table]
    return {**found, "stage_move": ("opportunity_id",)} if table == "opportunity" else found


def _taken_away(
    connection: Connection, kind: Entity, numbers: Iterable[int], known: traces.Known, past: traces.Past
) -> dict[str, dict[int, str]]:
    """What was taken away before and an undo could bring back: table -> number -> noun. The same person or firm, added
    once more since, and what hung on any of them."""
    found: dict[str, dict[int, str]] = {}
    owners = set(numbers)
    for number, sides in gone(connection, kind.table, past.alike.get(kind.table, ())).items():
        if (not kind.kind or any(side.get("kind") == kind.kind for side in sides)) and known.same(sides):
            found.setdefault(kind.table, {})[number] = kind.name
            owners.add(number)
    for child, (column, *nearer) in _hanging(kind.table).items():
        away = no_more(connection, child) if child in past.thinned else ()
        hung = {number for number, side in away if side.get(column) in owners}
        for number, sides in states(connection, child, hung).items():
            if _hung(sides, column, nearer, owners):
                found.setdefault(child, {})[number] = noun_of(child, sides[-1])
    return found


def _hung(sides: Sequence[Mapping[str, Any]], column: str, nearer: Iterable[str], owners: Collection[int]) -> bool:
    """Whether a record that once hung on one of the owners (by the column) hung on it alone in the end (by no `nearer`
    column), or on nothing: an undo of the link came before that of the record."""
    last = sides[-1]
    if last.get(column) is None:
        return not any(side.get(other) for side in sides for other in nearer)
    return last[column] in owners and not any(last.get(other) for other in nearer)


def _counted(counts: Mapping[str, int]) -> str:
    """'2 tasks, 1 interaction' for how many there are of each noun."""
    some = ((noun, n) for noun, n in counts.items() if n)
    return ", ".join(f"{n} {ENTITIES[noun].plural if n > 1 else noun}".replace("_", " ") for noun, n in some)


def _let_go(tx: Transaction, going: Mapping[str, set[int]]) -> set[int]:
    """Clear what other records link to them by; these are changes like any other. The leads and deals among those."""
    linked: set[int] = set()
    for table, ids in going.items():
        for child, column in LINKS.get(table, ()):
            for some, marks in portions(ids):
                sql = f"SELECT id FROM {child} WHERE {column} IN ({marks})"
                others = [row[0] for row in tx.connection.rows(sql, some) if row[0] not in going.get(child, ())]
                tx.load(NOUNS[child], others)
                linked.update(others if child == "opportunity" else ())
                for other in others:
                    tx.change(NOUNS[child], other, {column: None})
    return linked


def _silence(connection: Connection, doomed: _Doomed) -> None:
    """Blank the commands that touched what is to be forgotten (they may hold any value of it), and those that say what
    tells of it, whoever else bears that: what they did stays in the journal. A name of one word does not
    tell. A purge's own command names nobody; the chain does not hang on commands."""
    silenced = _touching(
        connection, {table: {*doomed.going.get(table, ()), *doomed.gone_before.get(table, ())} for table in ORDER}
    )
    telling = doomed.called.telling
    last = 0
    while page := connection.rows("SELECT id, command FROM batch WHERE id > ? ORDER BY id LIMIT 5000", (last,)):
        last = page[-1][0]
        # Of a command the first word is the program's own: a lead called "deal" is not meant by every "deal add".
        said = [(batch, fold(command.replace(QUOTED, "'")).partition(" ")[2]) for batch, command in page]
        together = "\n".join(text for _, text in said)
        for text in telling:
            if traces.hint(text) in together:
                whole = traces.whole([text])
                silenced.update(batch for batch, line in said if whole.search(line))
    _blank(connection, silenced)


def _touching(connection: Connection, touched: Mapping[str, Collection[int]]) -> set[int]:
    """The batches that changed any of these records of each table."""
    found: set[int] = set()
    for table, ids in touched.items():
        for some, marks in portions(ids):
            sql = (
                "SELECT DISTINCT x.batch_id FROM journal j JOIN journal_tx x ON x.seq = j.seq"
                f" WHERE j.entity = ? AND j.record_id IN ({marks})"
            )
            found.update(row[0] for row in connection.rows(sql, (table, *some)))
    return found


def _blank(connection: Connection, batches: Collection[int], instead: str = FORGOTTEN) -> None:
    """Say no more by which commands these batches were made, but for purges, nor from which files they imported and
    what they were told about them."""
    for some, marks in portions(sorted(batches)):
        sql = f"UPDATE batch SET command = ? WHERE id IN ({marks}) AND source <> 'purge' AND command <> ?"
        connection.run(sql, (instead, *some, undo_merges.HALVED))
        sql = f"UPDATE import_run SET file = ?, options = ?, rejects = NULL WHERE batch_id IN ({marks})"
        connection.run(sql, (FORGOTTEN, FORGOTTEN, *some))


def _forget_reminders(connection: Connection, uids: Iterable[str]) -> None:
    """Those of tasks that go, or are gone: an undo leaves them."""
    for some, marks in portions(uids):
        connection.run(f"DELETE FROM reminder WHERE task_uid IN ({marks})", some)


def _forget(connection: Connection, table: str, some: Sequence[int], marks: str) -> None:
    if table in read.TAGGED:
        connection.run(f"DELETE FROM {table}_tag WHERE record_id IN ({marks})", some)
    connection.run(f"DELETE FROM {table} WHERE id IN ({marks})", some)
    connection.run(
        f"UPDATE journal SET before = NULL, after = NULL WHERE entity = ? AND record_id IN ({marks})", (table, *some)
    )
