"""Which rows of a file are records that the book has already: by id, by match keys, else by equality."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.domain.address import is_office
from crmcli.domain.types import Email, Phone
from crmcli.services import aliases
from crmcli.services.imports import equality
from crmcli.services.imports.keys import contradict, one_name
from crmcli.services.imports.known_records import KnownRecords
from crmcli.services.imports.salesforce_ids import other_form
from crmcli.services.imports.trial import TRIED, Seen, Tried

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity

#: Columns that equality of whole rows does not look at: they are not the record's own content.
_ASIDE = frozenset(("uid", "position", "parent_id", "updated_at"))
#: How many people with one telephone are looked at, besides those of the very name.
_MOST_SHARED = 50

#: The outcome of a new row. A record id is that of the record that the row is; -1 - n says that it repeats row n of its
#: block.
NEW = 0
#: The outcome of a row that can be several records.
AMBIGUOUS = -(1 << 62)

#: By key: (id, external id, its own values of all match columns, name) of the records that have it.
_Known = dict[Any, list[tuple[int, Any, tuple[Any, ...], str]]]


class _Stored(NamedTuple):
    """The records that have a match key. A row is a removed one only where it is no other and no earlier row."""

    living: _Known
    removed: _Known


class Matcher:
    """Finds the records that the rows of a block are. `seen` grows with what the import makes and matches, `made` with
    what it makes; `tried` is that of a dry run."""

    def __init__(
        self,
        ctx: Context,
        kind: Entity,
        keys: tuple[tuple[str, ...], ...],
        *,
        guessed: bool = False,
        updates: bool = False,
        dry_run: bool = False,
        trial: Callable[[Entity, Sequence[str]], tuple[Tried, Seen]] | None = None,
    ) -> None:
        #: so many keys in front find nothing and only tell records apart: two companies of one name and with different
        #: websites are two, also in a file that has no column of domains
        self._silent = int(kind.name == "company" and ("name",) in keys and ("domain",) not in keys)
        self.ctx, self.kind, self.keys = ctx, kind, (*((("domain",),) * self._silent), *keys)
        #: whether a record gets what a row has that is it: later rows may be it by that
        self._updates = updates
        #: the keys are those of `keys.UPDATE_MATCH`
        self.guessed = guessed and bool(keys)
        self.seen, self.made = Seen(), Seen()
        self._columns = [tuple(kind.field(name).key_column for name in key) for key in self.keys]
        #: Several people may answer one telephone or read one office's mail: that tells who they are only together with
        #: their names.
        self._shared = [all(isinstance(kind.field(name).type, Phone) for name in key) for key in self.keys]
        self._mail = [len(key) == 1 and isinstance(kind.field(key[0]).type, Email) for key in self.keys]
        #: What equal records of the kind are looked up by.
        self._content = "name_key" if "name" in kind.by_name else "at"
        tried = [self._content, *(column for columns in self._columns for column in columns)]
        #: records of the book that a dry run would have changed: they are found as they would be
        self.retried = Seen()
        #: the removed records that rows of the last block can be, each with its kind
        self.removed: dict[int, str] = {}
        #: the merged records that rows of the last block can be, each with the one that it is now; they are known like
        #: those in sight, by what they had
        self.merged: dict[int, int] = {}
        #: the records that rows of this block are, each with the match keys that these give it in an update
        self._said: dict[int, set[tuple[Any, ...]]] = {}
        #: the removed records that rows of an update were refused for
        self.refused = Seen()
        self.tried = Tried(tried) if dry_run and not trial else None
        if dry_run and trial:
            self.tried, self.retried = trial(kind, tried)
        self._known = KnownRecords(ctx, kind, self.tried, self.retried)

    def raw(self, numbers: Sequence[int]) -> dict[int, dict[str, Any]]:
        """Records as stored columns; in a dry run as they would be by now."""
        return self._known.raw(numbers)

    def outcomes(
        self, columns: Mapping[str, Sequence[Any]], derived: Mapping[str, Sequence[Any]], count: int
    ) -> list[int]:
        """For each row NEW, the id of the record it is, or -1 - n when it repeats row n. Nothing is marked as seen yet.
        `derived` are the key columns of the rows."""
        self.removed, self.merged, self._said = {}, {}, {}
        external = [value or None for value in columns.get("external_id") or [None] * count]
        uids = [value or None for value in columns.get("uid") or [None] * count]
        keys = [self._key_values(names, columns, derived, count) for names in self.keys]
        by_external = self._strong("external_id", external)
        by_uid = self._strong("uid", uids)
        stored = [self._stored(i, values) if i >= self._silent else _Stored({}, {}) for i, values in enumerate(keys)]
        if self.guessed:
            strong = list(_by_ids(external, uids, by_external, by_uid))
            found = [outcome for outcome, _ in strong]
            free = [row for row, (_, own) in enumerate(strong) if not own]
            removed = self._equal_rows(free, columns, derived, found)
            self._guess(free, keys[0], stored[0], found, removed)
            self._stay_removed(free, removed, found)
            return found
        if _all_new([external, uids, *keys], [by_external, by_uid, *(known for both in stored for known in both)]):
            found = [NEW] * count
            known = zip(external, uids, *keys, strict=True)
            keyless = [row for row, own in enumerate(known) if own.count(None) == len(own)]
        else:
            names = derived.get("name_key") or [""] * count
            found, keyless = self._row_by_row(external, uids, keys, names, (by_external, by_uid, stored))
        if keyless:
            self._stay_removed(keyless, self._equal_rows(keyless, columns, derived, found), found)
        return found

    def _guess(
        self, rows: list[int], keys: Sequence[Any], stored: _Stored, found: list[int], removed: dict[int, int]
    ) -> None:
        """Rows of an update that equal no record are the one record of their key that no other row is; where there is
        none, a `removed` one."""
        taken = {*removed.values(), *(number for number in found if number > 0)}
        for row in rows:
            if found[row] != NEW or keys[row] is None:
                continue
            fits = [n for n, *_ in stored.living.get(keys[row], ()) if n not in taken and n not in self.seen]
            if len({self.merged.get(n, n) for n in fits}) == 1:
                found[row] = fits[0]
                taken.add(fits[0])
            elif fits:
                found[row] = AMBIGUOUS
            elif row not in removed:
                gone = [n for n, *_ in stored.removed.get(keys[row], ()) if n not in taken and n not in self.refused]
                if gone:
                    removed[row] = gone[0]
                    taken.add(gone[0])

    def _stay_removed(self, rows: list[int], removed: Mapping[int, int], found: list[int]) -> None:
        """Rows that are new but for `removed`, row -> record, are those records, and what repeats such a row is too: so
        it is when they stand in two blocks."""
        for row in rows if removed else ():
            if found[row] == NEW:
                found[row] = removed.get(row, NEW)
            elif 0 <= (earlier := -1 - found[row]) < row and found[earlier] in self.removed:
                found[row] = found[earlier]

    def _row_by_row(
        self, external: Sequence[Any], uids: Sequence[Any], keys: list[list[Any]], names: Sequence[Any], known: Any
    ) -> tuple[list[int], list[int]]:
        """(outcomes, the rows that have no key at all)."""
        by_external, by_uid, stored = known
        chunk: list[dict[Any, list[int]]] = [{} for _ in keys]
        found, keyless = [NEW] * len(names), []
        taken: set[int] = set()
        for row, (outcome, strong) in enumerate(_by_ids(external, uids, by_external, by_uid)):
            own = [values[row] for values in keys]
            if outcome != NEW:
                found[row] = outcome
                taken.add(outcome)
            elif strong:
                found[row] = self._weak(row, own, keys, names, stored, chunk, taken, external[row])
                if found[row] > 0:
                    taken.add(found[row])
            elif own.count(None) == len(own):
                keyless.append(row)
            else:
                found[row] = self._weak(row, own, keys, names, stored, chunk)
                if found[row] < 0 < found[-1 - found[row]]:
                    found[row] = found[-1 - found[row]]
            if found[row] > 0:
                given = self._said.setdefault(found[row], set())
            if found[row] > 0 and self._updates and found[row] not in self.removed:
                given.add(tuple(own))
                self._remember(row, own, names[row], chunk)
        return found, keyless

    def _remember(self, row: int, own: Sequence[Any], name: str, chunk: list[dict[Any, list[int]]]) -> None:
        """Later rows of the block can be what this one is."""
        for which, key in enumerate(own):
            for place in self._places(which, key, name) if key is not None else ():
                chunk[which].setdefault(place, []).append(row)

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
        rows, forms = self._having(column, values)
        self._note_merged(number for number, _, removed, _ in rows if removed is not None)
        for number, _, removed, kind in rows:
            if removed is not None and number not in self.merged:
                self.removed[number] = kind or self.kind.name
        return _by_value(rows, forms)

    def with_ids(self, ids: Sequence[str | None]) -> dict[str, int]:
        """external id -> id of the record of the kind that has it, but for those that this import made."""
        found = _by_value(*self._having("external_id", ids))
        return {one: number for one, number in found.items() if number not in self.made}

    def _having(self, column: str, values: Sequence[Any]) -> tuple[list[tuple[Any, ...]], dict[str, str]]:
        """(id, value, when it was removed, kind) of the records of the kind that have one of these values in a column;
        and of ids of Salesforce the other form -> the one of the two that is among the values."""
        wanted = [value for value in values if value]
        forms = {form: one for one in wanted if (form := other_form(one))} if column == "external_id" else {}
        rows = self._known.rows((column, "removed_at"), column, list(dict.fromkeys((*wanted, *forms))))
        return [row[:4] for row in rows if self._known.fits(*row[3:])], forms

    def _note_merged(self, numbers: Iterable[int]) -> None:
        """Bear in mind which of these removed records were merged into one that is in sight."""
        ends = aliases.in_sight(self.ctx.reader, self.kind.table, [number for number in numbers if number < TRIED])
        self.merged.update((number, end) for number, end in ends.items() if end != number)

    def _stored(self, which: int, values: Sequence[Any]) -> _Stored:
        """The records that have one of these values of a match key."""
        columns = self._columns[which]
        single = len(columns) == 1
        wanted = list({value if single else value[0] for value in values if value is not None})
        every = [column for key in self._columns for column in key]
        named = ["name_key"] if "name" in self.kind.by_name else []
        shown = ["external_id", "removed_at", *named, *every]
        found = _Stored({}, {})
        rows = self._known.rows(shown, columns[0], wanted)
        self._note_merged(row[0] for row in rows if row[2] is not None)
        for row in sorted(rows, key=lambda row: (row[0] in self.merged, row[0])):
            number, external, removed, *theirs, kind, converted = row
            if not self._known.fits(kind, converted):
                continue
            if number in self.merged:
                removed = None
            if removed is not None:
                self.removed[number] = kind or self.kind.name
            known = found.living if removed is None else found.removed
            name = theirs.pop(0) if named else ""
            at = dict(zip(every, theirs, strict=True))
            key = at[columns[0]] if single else tuple(at[c] for c in columns)
            for place in self._places(which, key, name):
                known.setdefault(place, []).append((number, external, self._grouped(at), name))
        return found

    def _places(self, which: int, key: Any, name: str) -> tuple[Any, ...]:
        """Where a record with this key is put, the closest first: a telephone of hundreds is not gone through."""
        return ((key, name), key) if self._shared[which] else (key,)

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
        names: Sequence[Any],
        stored: list[_Stored],
        chunk: list[dict[Any, list[int]]],
        taken: set[int] | None = None,
        external: Any = None,
    ) -> int:
        """The outcome by match keys. A weaker key counts only where no stronger one contradicts, and one that people
        share only where the names can be those of one person.

        `taken` is given for rows that have an id of their own: the records that earlier rows of the block are.
        """
        given = [which for which, key in enumerate(own) if key is not None and which >= self._silent]
        for which in given:
            if number := self._fitting(which, own, names[row], stored[which].living, taken, external):
                return number
            places = self._places(which, own[which], names[row])
            before = [one for place in places for one in chunk[which].get(place, ())[:_MOST_SHARED]]
            for earlier in before if taken is None else ():
                others = [values[earlier] for values in keys]
                if not contradict(own, others, which) and self._agree(which, own[which], names[row], names[earlier]):
                    return -1 - earlier
        for which in given if self.removed else ():
            if number := self._fitting(which, own, names[row], stored[which].removed, taken, external, named=True):
                return number
        self._remember(row, own, names[row], chunk)
        return NEW

    def _fitting(
        self,
        which: int,
        own: list[Any],
        name: str,
        known: _Known,
        taken: set[int] | None,
        external: Any,
        *,
        named: bool = False,
    ) -> int:
        """The first of the `known` records that a row with this key can be, NEW where it can be none. A removed one is
        `named` so as well: somebody else may have its address now."""
        for place in self._places(which, own[which], name) if known else ():
            some = known.get(place, ())[:_MOST_SHARED]
            alone = len(known.get(own[which], ())) == 1
            # Of several who share an address the one of that very name comes first, of firms that of the domain.
            apart = self._silent
            by_likeness = sorted(some, key=lambda one: (one[3] != name, one[2][:apart] != tuple(own[:apart])))
            for number, its_external, theirs, other in by_likeness:
                if taken is not None and ((external and its_external) or self._taken(number, taken)):
                    continue  # another record of the same source
                first = alone and not self._taken(number, taken or set()) and number not in self._said
                agree = one_name(name, other) if named else self._agree(which, own[which], name, other, alone=first)
                if agree and not self._contradict(own, theirs, which, number):
                    return number
        return NEW

    def _contradict(self, own: list[Any], theirs: Sequence[Any], below: int, number: int) -> bool:
        """Whether a stronger key says that a row is not this record, as it is or as an earlier row of the block makes
        it. What only tells apart may be news in an update, unless another row of the file is that record."""
        ours = number in self._said or number in self.seen
        start = 0 if ours or not self._updates else self._silent
        if contradict(own[start:], theirs[start:], below - start):
            return True
        return any(contradict(own, given, below) for given in self._said.get(number, ()))

    def _taken(self, number: int, taken: set[int]) -> bool:
        """Whether an earlier row of the file is this record."""
        return number in taken or number in self.seen or number in self.refused

    def _agree(self, which: int, key: Any, name: str, other: str, *, alone: bool = False) -> bool:
        """Whether two names can be one person's, where the key is one that people share. Who is called by what they are
        reached by, having no name, is whoever is `alone` with it."""
        if not (self._shared[which] or (self._mail[which] and is_office(key))) or one_name(name, other):
            return True
        return alone and any(one == key or not any(map(str.isalpha, one)) for one in (name, other))

    # --- equality ---

    def _equal_rows(
        self,
        rows: list[int],
        columns: Mapping[str, Sequence[Any]],
        derived: Mapping[str, Sequence[Any]],
        found: list[int],
    ) -> dict[int, int]:
        """Rows without any key: equal in everything that the file says is the same. For rows that are new otherwise the
        removed records that they equal: row -> id."""
        names = [name for name in columns if name not in _ASIDE]
        given = derived.get(self._content) or columns.get(self._content)
        wanted = list({key for row in rows if given and (key := given[row])})
        full = self.raw(self._alike(names, columns, rows, wanted)) if wanted else {}
        compared = {name: columns[name] for name in names}
        return equality.equal_rows(rows, compared, full, self.removed, self._ours, found)

    def _ours(self, number: int) -> bool:
        """Whether the file has brought a record, or named it by an earlier row."""
        return number in self.seen or number in self.made

    def _alike(
        self, names: list[str], columns: Mapping[str, Sequence[Any]], rows: list[int], wanted: list[Any]
    ) -> list[int]:
        """The records that rows can be equal to: of one name or moment, and alike in the column that tells most of them
        apart, because thousands of tasks may be called "Follow up"."""
        telling = _telling({name: {columns[name][row] for row in rows} for name in names if _tells(columns[name])})
        values = equality.written([columns[telling][row] for row in rows]) if telling else set()
        found = []
        shown = (self._content, "removed_at")
        alike = self._known.rows(shown, self._content, wanted, telling or "id")
        self._note_merged(row[0] for row in alike if row[3] is not None)
        for number, value, _, removed, kind, converted in alike:
            if self._known.fits(kind, converted) and (not telling or equality.same_writing(value, values)):
                found.append(number)
                if removed is not None and number not in self.merged:
                    self.removed[number] = kind or self.kind.name
        return found


def _by_ids(
    external: Sequence[Any], uids: Sequence[Any], by_external: Mapping[Any, int], by_uid: Mapping[Any, int]
) -> Iterator[tuple[int, bool]]:
    """The outcome of each row by its external id and its uid, and whether it has any."""
    said: dict[tuple[str, Any], int] = {}
    for row, (its_external, uid) in enumerate(zip(external, uids, strict=True)):
        own = [one for one in (("external_id", its_external), ("uid", uid)) if one[1]]
        outcome = by_external.get(its_external) or by_uid.get(uid) or NEW
        if outcome == NEW:
            earlier = next((said[one] for one in own if one in said), None)
            if earlier is None:
                said.update((one, row) for one in own)
            else:
                outcome = -1 - earlier
        yield outcome, bool(own)


def _by_value(rows: Iterable[tuple[Any, ...]], forms: Mapping[str, str]) -> dict[Any, int]:
    """value -> id of `Matcher._having`."""
    found: dict[Any, int] = {}
    for number, value, *_ in rows:
        found[value] = number
        if value in forms:
            found.setdefault(forms[value], number)
    return found


def _tells(values: Sequence[Any]) -> bool:
    """Whether a column has texts and whole numbers alone, which can be looked up."""
    return all(value is None or type(value) in (str, int) for value in values)


def _telling(values: Mapping[str, set[Any]]) -> str:
    """The column with most different values, "" where none has two."""
    best = max((name for name in values if name not in equality.FILLED), key=lambda name: len(values[name]), default="")
    return best if best and len(values[best]) > 1 else ""


def _all_new(keys: Sequence[Sequence[Any]], known: Sequence[Mapping[Any, Any]]) -> bool:
    """Whether the keys of these rows are neither known nor said twice: so it is in most blocks of a first import, which
    then need no look row by row."""
    if any(known):
        return False
    for values in keys:
        said = [value for value in values if value is not None]
        if len(set(said)) < len(said):
            return False
    return True
