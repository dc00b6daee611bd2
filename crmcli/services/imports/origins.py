"""Whether an id of a file is that of the record which has it in the book: two programs may use the same numbers."""

from __future__ import annotations

import shlex
from enum import Enum
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import name as named

from crmcli.domain.dedupe.reading import firm_words
from crmcli.domain.text import fold
from crmcli.services import aliases
from crmcli.services.imports import profiles
from crmcli.services.imports.keys import one_name
from crmcli.services.imports.resuming import told_of
from crmcli.services.imports.salesforce_ids import same
from crmcli.services.imports.titles import squeeze
from crmcli.services.imports.trial import TRIED
from crmcli.store import journal
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from crmcli.context import Context
    from crmcli.services.imports.mapping import Mapped
    from crmcli.services.imports.trial import Tried

#: So many that nobody knows the program of are not renamed at once.
SEVERAL = 3
#: What else names of a kind have in common that have nothing in common.
_KINDS = frozenset(("lead", "leads", "deal", "deals", "opportunity", "opportunities", "contact", "company", "new"))


class Origin(NamedTuple):
    """Where ids are from: the profile of the file, "" for none, and the titles of columns that tell its program."""

    profile: str
    titles: tuple[str, ...]


#: A record, its id in a column of ids of links, and the folded name beside that.
Meant = tuple[int, str, str]


class Why(Enum):
    """Why what an id means is the record that has it, or is not: the names are alike, or the record that says so is
    linked to it already; it came with the export of another program; nobody knows with which it came, or that was an
    export that the book knows under other titles."""

    ALIKE = "alike"
    LINKED = "linked"
    CERTAIN = "certain"
    DOUBTED = "doubted"
    DOUBTED_KNOWN = "doubted, known"


#: Of these the whole file tells.
DOUBTED = frozenset((Why.DOUBTED, Why.DOUBTED_KNOWN))


class Past(NamedTuple):
    """The names, folded, that a record and what was merged into it have or had at some time, and the ids in other
    programs, each with the file that brought it."""

    names: set[str]
    ids: list[tuple[str, Origin]]


#: Of a record that the book does not have yet.
NOTHING = Past(set(), [])


def alike(name: str, other: str) -> bool:
    """Whether two folded names have anything in common: a word, or all letters of one. Legal forms and what things of a
    kind are called do not count, and a name of nothing else may be any."""
    if one_name(name, other):
        return True
    one, two = (set(firm_words(text)) - _KINDS for text in (name, other))
    if not one or not two or one & two:
        return True
    letters, others = "".join(firm_words(name)), "".join(firm_words(other))
    return letters in others or others in letters


def other_letters(name: str, other: str) -> bool:
    """Whether two names are written in letters of different scripts, so that they may be one name all the same."""
    one, two = ({named(char, "").partition(" ")[0] for char in text if char.isalpha()} for text in (name, other))
    return bool(one and two) and one.isdisjoint(two)


class _File:
    """A file of an import: its columns, and in a dry run the first number of what it would add by table, and the last
    stand-in before it."""

    def __init__(self, columns: tuple[Mapped, ...], firsts: Mapping[str, int], last: int) -> None:
        self._columns, self._firsts, self._last = columns, firsts, last
        self._profile: str | None = None

    def origin(self, title: str = "") -> Origin:
        """Where the ids in the column of this title are from, or its own ones."""
        if self._profile is None:
            header, samples = [c.header for c in self._columns], [c.sample for c in self._columns]
            fit = profiles.choose("", header, None, {}, samples).fit
            self._profile = fit.profile.called if fit else ""
        own = [column.header for column in self._columns if "external_id" in column.to]
        return Origin(self._profile, tuple(map(squeeze, filter(None, (title, *own)))))

    def came_before(self, table: str, number: int) -> bool:
        """Whether it was at hand when this record of a dry run was made, or a later file was."""
        return number < self._last if number < 0 else number >= self._firsts.get(table, TRIED)


class Origins:
    """Tells the ids of the program that a file is from from the same ids of another one."""

    def __init__(self, ctx: Context, tried: Mapping[str, Tried], last: Callable[[], int]) -> None:
        """`tried` is what a dry run would have added so far, by table, `last` gives the last stand-in so far."""
        self.ctx, self._tried, self._last = ctx, tried, last
        self._files: list[_File] = []

    def begin(self, columns: Iterable[Mapped]) -> None:
        """Another file comes, with these columns."""
        firsts = {table: tried.next for table, tried in self._tried.items()}
        self._files.append(_File(tuple(column for column in columns if not column.fixed), firsts, self._last()))

    def of_file(self, title: str) -> Origin:
        """Where the ids in the column of this title are from, as the titles of the file say: that of its own ids tells
        which program made it, too."""
        return self._files[-1].origin(title)

    def past(self, table: str, numbers: Iterable[int]) -> dict[int, Past]:
        """What the journal knows of the names and ids of records, and of those that were merged into them."""
        numbers = set(numbers)
        found = {number: Past(set(), []) for number in numbers if 0 < number < TRIED}
        of = self._parts(table, found)
        sql = (
            "SELECT j.record_id, j.before, j.after, j.seq, r.options FROM journal j JOIN journal_tx t ON t.seq = j.seq"
            " JOIN batch b ON b.id = t.batch_id LEFT JOIN import_run r ON r.batch_id = t.batch_id"
            # what was undone never was; an undo says nothing that what it takes back does not say
            " WHERE j.entity = ? AND j.record_id IN ({}) AND b.undone_by IS NULL AND b.undoes IS NULL"
        )
        for some, marks in portions(of):
            for number, *sides, seq, options in self.ctx.reader.rows(sql.format(marks), [table, *some]):
                before, after = (journal.columns(side) or {} for side in sides)
                names = {fold(name) for said in (before, after) if (name := said.get("name"))}
                external = after.get("external_id") if options else None
                for past in (found[one] for one in of[number]):
                    past.names.update(names)
                    if external:
                        past.ids.append((external, _origin(options, seq)))
        return found | self._of_trial(table, [number for number in numbers if number >= TRIED])

    def _of_trial(self, table: str, numbers: Sequence[int]) -> dict[int, Past]:
        """The same of records that a dry run would have added."""
        found = {}
        for number, row in (self._tried[table].contents(numbers) if numbers else {}).items():
            external = row.get("external_id")
            ids = [(external, self._brought(table, number))] if external else []
            found[number] = Past({fold(row.get("name") or "")}, ids)
        return found

    def _brought(self, table: str, number: int) -> Origin:
        """Where the file is from by which a record of a dry run, or a stand-in, came."""
        return next(file for file in reversed(self._files) if file.came_before(table, number)).origin()

    def judge(
        self,
        table: str,
        meant: Collection[Meant],
        called: Mapping[int, str],
        title: str,
        linked: Callable[[], Collection[Meant]],
    ) -> dict[Meant, Why]:
        """Of records that a column of this title means how likely each is the one that is meant: plainly not what has
        and had nothing of such a name, where the id came with the export of another program; but what is `linked` to
        already is. `called` has their names."""
        found = dict.fromkeys(meant, Why.ALIKE)
        unlike = [one for one in meant if not alike(one[2], called[one[0]])]
        if not unlike:
            return found
        past, here = self.past(table, {one[0] for one in unlike}), self.of_file(title)
        there = linked()
        for one in unlike:
            number, external, name = one
            stood_in = Past(set(), [(external, self._brought(table, number))]) if number < 0 else NOTHING
            names_of, ids_of = past.get(number, stood_in)
            of_here = from_one(ids_of, external, here)
            if of_here or any(alike(name, other) for other in names_of):
                continue
            if of_here is False:
                found[one] = Why.CERTAIN
            elif one in there:
                found[one] = Why.LINKED
            else:
                known = any(_program(origin.profile) for its, origin in ids_of if same(its, external))
                found[one] = Why.DOUBTED_KNOWN if known else Why.DOUBTED
        return found

    def _parts(self, table: str, numbers: Iterable[int]) -> dict[int, set[int]]:
        """Records, and all that was merged into them, each with those of the records that it is a part of."""
        found = {number: {number} for number in numbers}
        asked = list(found) if table in aliases.TABLES else []
        while asked:
            fresh = []
            for some, marks in portions(asked):
                sql = f"SELECT id, merged_into_id FROM {table} WHERE merged_into_id IN ({marks})"
                for number, into in self.ctx.reader.rows(sql, some):
                    if not found[into] <= found.get(number, set()):
                        found[number] = found.get(number, set()) | found[into]
                        fresh.append(number)
            asked = fresh
        return found


def from_one(ids: Iterable[tuple[str, Origin]], external: str, here: Origin, *, surely: bool = False) -> bool | None:
    """Whether an id of a record came with a file of the program of this one; None where nothing tells. `surely`: titles
    that are the same do not tell."""
    known = {_same(origin, here, surely) for one, origin in ids if same(one, external)}
    return True if True in known else False if False in known else None


def _same(one: Origin, other: Origin, surely: bool) -> bool | None:
    programs = [_program(origin.profile) for origin in (one, other)]
    if all(programs):
        return programs[0] == programs[1]
    equal = bool(one.profile) and one.profile == other.profile
    return True if equal or not (surely or set(one.titles).isdisjoint(other.titles)) else None


def _program(profile: str) -> str:
    """The program of a built-in profile: hubspot for hubspot-deals; "" for one of people's own, and for none."""
    return profile.partition("-")[0] if profile and profiles.is_built_in(profile) else ""


def _origin(said: str, seq: int) -> Origin:
    """Where the ids are from that a transaction of an import wrote, by the options of its run."""
    return next((of_file for first, of_file in reversed(_origins(said)) if first <= seq), Origin("", ()))


@cache
def _origins(said: str) -> list[tuple[int, Origin]]:
    """The same of each file of a run, with the first transaction that it may have written."""
    return [(first, _told(options)) for first, options in told_of(said)]


def _told(options: str) -> Origin:
    """The profile and the column of ids that the import of a file was told, or found out (`resuming.options`)."""
    try:
        words = shlex.split(options)
    except ValueError:
        return Origin("", ())
    said = dict(pairwise(words))
    return Origin(said.get("--profile", ""), (squeeze(said["--id"]),) if "--id" in said else ())
