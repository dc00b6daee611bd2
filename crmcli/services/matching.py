"""Which rows of a file are records that the book has already: by id, by match keys, else by equality."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

from crmcli.errors import UsageError
from crmcli.store import read

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity

#: What records of a kind are told apart by when the file has no ids; `+` joins what must agree together.
DEFAULT_MATCH = {
    "lead": ("email", "phone"),
    "contact": ("email", "phone", "mobile"),
    "company": ("domain", "name"),
    "deal": ("name+company",),
    "task": ("name+due_on",),
}
#: Columns that equality of whole rows does not look at: they are not the record's own content.
_ASIDE = frozenset(("uid", "position", "parent_id", "updated_at"))
#: Columns that get a value where the file gives none.
_FILLED = frozenset(("created_at", "stage_since", "assigned_at", "closed_at", "archived_at", "currency"))
_MANY = 500

#: A row that is new, one that repeats an earlier row of the same file; other outcomes are record ids.
NEW, REPEATED = 0, -1


class Seen:
    """The ids that this import has made or matched: one bit each, so that a million cost little."""

    def __init__(self) -> None:
        self._bits = bytearray()

    def add(self, number: int) -> None:
        place = number >> 3
        if place >= len(self._bits):
            self._bits.extend(bytes(place + 1024 - len(self._bits)))
        self._bits[place] |= 1 << (number & 7)

    def __contains__(self, number: int) -> bool:
        place = number >> 3
        return place < len(self._bits) and bool(self._bits[place] & (1 << (number & 7)))


def match_keys(kind: Entity, asked: Sequence[str] | None, filled: set[str]) -> tuple[tuple[str, ...], ...]:
    """The match keys in order, each a tuple of field names. `filled` are the fields that the file has; asking for
    another is a UsageError."""
    found = []
    for word in asked or DEFAULT_MATCH[kind.name]:
        names = []
        for name in word.split("+"):
            field = kind.field({"due": "due_on"}.get(name.strip(), name.strip()))
            if not field.column:
                raise UsageError(f"{kind.plural} cannot be matched by {field.name}")
            names.append(field.name)
        missing = [name for name in names if name not in filled]
        if missing and asked:
            raise UsageError(
                f"--match {word}: no column of the file fills {missing[0]}", "map one with --map 'COLUMN=FIELD'"
            )
        if not missing and names not in (["external_id"], ["uid"]):
            found.append(tuple(names))
    return tuple(found)


class Matcher:
    """Finds the records that the rows of a block are. `seen` grows with what the import makes and matches."""

    def __init__(self, ctx: Context, kind: Entity, keys: tuple[tuple[str, ...], ...]) -> None:
        self.ctx, self.kind, self.keys = ctx, kind, keys
        self.seen = Seen()
        #: of a dry run, which inserts nothing: hashes of the keys that earlier blocks had
        self.earlier: set[int] | None = None
        self._columns = [tuple(kind.field(name).key_column for name in key) for key in keys]
        # Read along with each record rather than asked for: a condition on the kind misleads the planner.
        self._extra = "t.kind, t.converted_at" if kind.kind else "NULL, NULL"

    def _fits(self, kind: str | None, converted: Any) -> bool:
        """Whether a row of the table is of this kind; a converted lead is the same record still."""
        return kind == (self.kind.kind or None) or (self.kind.kind == "lead" and converted is not None)

    def outcomes(
        self, columns: Mapping[str, Sequence[Any]], derived: Mapping[str, Sequence[Any]], count: int
    ) -> list[int]:
        """For each row NEW, REPEATED, or the id of the record it is. Nothing is marked as seen yet. `derived` are the
        key columns of the rows."""
        external = [value or None for value in columns.get("external_id") or [None] * count]
        uids = [value or None for value in columns.get("uid") or [None] * count]
        keys = [self._key_values(names, columns, derived, count) for names in self.keys]
        by_external = self._strong("external_id", external)
        by_uid = self._strong("uid", uids)
        stored = [self._stored(i, values) for i, values in enumerate(keys)]
        if self._all_new([external, uids, *keys], [by_external, by_uid, *stored]):
            found = [NEW] * count
            known = zip(external, uids, *keys, strict=True)
            keyless = [row for row, own in enumerate(known) if own.count(None) == len(own)]
            if keyless:
                self._equal_rows(keyless, columns, derived, found)
            return found
        chunk_strong: set[tuple[str, Any]] = set()
        chunk: list[dict[Any, int]] = [{} for _ in keys]
        found = [NEW] * count
        keyless = []
        taken: set[int] = set()
        for row in range(count):
            strong = [("external_id", external[row])] if external[row] else []
            strong += [("uid", uids[row])] if uids[row] else []
            hit = by_external.get(external[row]) if external[row] else None
            hit = hit or (by_uid.get(uids[row]) if uids[row] else None)
            if hit:
                found[row] = hit
                continue
            if strong and any(one in chunk_strong for one in strong):
                found[row] = REPEATED
                continue
            chunk_strong.update(strong)
            own = [values[row] for values in keys]
            outcome, keyed = self._weak(row, own, keys, stored, chunk, taken if strong else None, external[row])
            found[row] = outcome
            if outcome > 0:
                taken.add(outcome)
            if not keyed and not strong:
                keyless.append(row)
            if outcome == NEW and self._repeats_earlier(strong, own):
                found[row] = REPEATED
        if keyless:
            self._equal_rows(keyless, columns, derived, found)
        return found

    def _all_new(self, keys: Sequence[Sequence[Any]], known: Sequence[Mapping[Any, Any]]) -> bool:
        """Whether the keys of these rows are neither known nor said twice: so it is in most blocks of a first import,
        which then need no look row by row."""
        if self.earlier is not None or any(known):
            return False
        for values in keys:
            said = [value for value in values if value is not None]
            if len(set(said)) < len(said):
                return False
        return True

    # --- keys ---

    def _key_values(
        self,
        names: tuple[str, ...],
        columns: Mapping[str, Sequence[Any]],
        keys: Mapping[str, Sequence[Any]],
        count: int,
    ) -> list[Any]:
        parts = []
        for name in names:
            field = self.kind.field(name)
            parts.append(keys.get(field.key_column) or columns.get(field.column) or [None] * count)
        if len(parts) == 1:
            return list(parts[0])
        return [row if None not in row else None for row in zip(*parts, strict=True)]

    def _strong(self, column: str, values: Sequence[Any]) -> dict[Any, int]:
        """value -> id of the record that has it, removed ones included: their ids are still taken."""
        wanted = [value for value in values if value]
        found: dict[Any, int] = {}
        for start in range(0, len(wanted), _MANY):
            some = wanted[start : start + _MANY]
            marks = ", ".join("?" * len(some))
            sql = f"SELECT t.{column}, t.id, {self._extra} FROM {self.kind.table} t WHERE t.{column} IN ({marks})"
            for value, number, kind, converted in self.ctx.reader.rows(sql, some):
                if self._fits(kind, converted):
                    found[value] = number
        return found

    def _stored(self, which: int, values: Sequence[Any]) -> dict[Any, list[tuple[int, Any, tuple[Any, ...]]]]:
        """key -> (id, external id, its own values of all match columns) of the records that have it."""
        columns = self._columns[which]
        single = len(columns) == 1
        wanted = list({value if single else value[0] for value in values if value is not None})
        every = [column for key in self._columns for column in key]
        found: dict[Any, list[tuple[int, Any, tuple[Any, ...]]]] = {}
        for start in range(0, len(wanted), _MANY):
            some = wanted[start : start + _MANY]
            marks = ", ".join("?" * len(some))
            shown = ", ".join(f"t.{c}" for c in every)
            sql = (
                f"SELECT t.id, t.external_id, t.removed_at, {self._extra}, {shown} FROM {self.kind.table} t"
                f" WHERE t.{columns[0]} IN ({marks})"
            )
            for row in sorted(self.ctx.reader.rows(sql, some), key=itemgetter(0)):
                if row[2] is not None or not self._fits(row[3], row[4]):
                    continue
                own = tuple(str(v) if v is not None and not isinstance(v, (str, int)) else v for v in row[5:])
                at = dict(zip(every, own, strict=True))
                key = at[columns[0]] if single else tuple(at[c] for c in columns)
                found.setdefault(key, []).append((row[0], row[1], self._grouped(at)))
        return found

    def _grouped(self, at: Mapping[str, Any]) -> tuple[Any, ...]:
        """A record's match keys as `_key_values` gives those of rows."""
        found = []
        for columns in self._columns:
            values = tuple(at[c] for c in columns)
            found.append(values[0] if len(values) == 1 else values if None not in values else None)
        return tuple(found)

    def _weak(
        self,
        row: int,
        own: list[Any],
        keys: list[list[Any]],
        stored: list[dict[Any, list[tuple[int, Any, tuple[Any, ...]]]]],
        chunk: list[dict[Any, int]],
        taken: set[int] | None,
        external: Any,
    ) -> tuple[int, bool]:
        """(outcome, whether the row has a key at all). A weaker key counts only where no stronger one contradicts.

        `taken` is given for rows that have an id of their own: the records that earlier rows of the block are.
        """
        strong = taken is not None
        outcome, keyed = NEW, False
        for which, key in enumerate(own):
            if key is None:
                continue
            keyed = True
            if outcome != NEW:
                break
            for number, its_external, theirs in stored[which].get(key, ()):
                if taken is not None and (number in self.seen or number in taken or (external and its_external)):
                    continue  # another record of the same source
                if not _contradict(own, theirs, which):
                    outcome = number
                    break
            else:
                earlier = chunk[which].get(key)
                if earlier is not None and not strong and not _contradict(own, [k[earlier] for k in keys], which):
                    outcome = REPEATED
        if outcome == NEW:
            for which, key in enumerate(own):
                if key is not None:
                    chunk[which].setdefault(key, row)
        return outcome, keyed

    def _repeats_earlier(self, strong: list[tuple[str, Any]], own: list[Any]) -> bool:
        """Of a dry run: whether an earlier block had the row; its keys are remembered."""
        if self.earlier is None:
            return False
        if strong:
            hashes = [hash(one) for one in strong]
            again = any(h in self.earlier for h in hashes)
        else:
            first = next((i for i, key in enumerate(own) if key is not None), None)
            hashes = [hash((i, key)) for i, key in enumerate(own) if key is not None]
            again = first is not None and hash((first, own[first])) in self.earlier
        self.earlier.update(hashes)
        return again

    # --- equality ---

    def _equal_rows(
        self,
        rows: list[int],
        columns: Mapping[str, Sequence[Any]],
        derived: Mapping[str, Sequence[Any]],
        found: list[int],
    ) -> None:
        """Rows without any key: equal in everything that the file says is the same."""
        names = [name for name in columns if name not in _ASIDE]
        keys = [derived["name_key"][row] for row in rows]
        ids: dict[Any, list[int]] = {}
        wanted = list({key for key in keys if key})
        for start in range(0, len(wanted), _MANY):
            some = wanted[start : start + _MANY]
            marks = ", ".join("?" * len(some))
            sql = (
                f"SELECT t.name_key, t.id, t.removed_at, {self._extra} FROM {self.kind.table} t"
                f" WHERE t.name_key IN ({marks})"
            )
            for key, number, removed, kind, converted in sorted(self.ctx.reader.rows(sql, some), key=itemgetter(1)):
                if removed is None and self._fits(kind, converted):
                    ids.setdefault(key, []).append(number)
        full = (
            read.raw(self.ctx.reader, self.kind.table, [n for some_ids in ids.values() for n in some_ids])
            if ids
            else {}
        )
        chunk: set[Any] = set()
        for row, key in zip(rows, keys, strict=True):
            own = tuple(_plain(columns[name][row]) for name in names)
            same = next((n for n in ids.get(key, ()) if _equal(names, own, full[n])), None)
            if same is not None:
                found[row] = same
            elif own in chunk or (self.earlier is not None and hash(own) in self.earlier):
                found[row] = REPEATED
            else:
                chunk.add(own)
                if self.earlier is not None:
                    self.earlier.add(hash(own))


def _equal(names: list[str], own: tuple[Any, ...], record: Mapping[str, Any]) -> bool:
    return all(
        value == _plain(record.get(name)) or (value is None and name in _FILLED)
        for name, value in zip(names, own, strict=True)
    )


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, (list, tuple)) else value


def _contradict(own: Sequence[Any], theirs: Sequence[Any], below: int) -> bool:
    """Whether a stronger key than `below` says that the two are different."""
    return any(own[i] is not None and theirs[i] is not None and own[i] != theirs[i] for i in range(below))
