"""Links of imported rows by the ids that records have in the program that the file is from: Contact.AccountId."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from crmcli.domain.columnwise import derive_columns
from crmcli.domain.entities import ENTITIES
from crmcli.domain.text import fold
from crmcli.services import aliases
from crmcli.services.imports import roles
from crmcli.services.imports.blocks import ANY, AT
from crmcli.services.imports.origins import Origins, alike
from crmcli.services.imports.salesforce_ids import other_form
from crmcli.services.imports.spilling import Spilling
from crmcli.services.imports.trial import TRIED, Seen
from crmcli.store.sql import portions, table_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity, Field
    from crmcli.services.imports.blocks import Block
    from crmcli.services.imports.mapping import Mapped
    from crmcli.services.imports.trial import Tried
    from crmcli.services.imports.voting import Votes

#: In place of a record that was removed: it takes no link, and nothing new may have its id.
GONE = 0
_OF = {roles.LEAD_ID: "lead", roles.DEAL_ID: "deal"}
#: What is made for a link by its name, where it is told of.
_MADE = {"company": "companies", "contact": "people"}
_MERGED = ("opportunity", "contact", "company")
_MOST_KNOWN = 100_000
_MOST_NAMED = 3
#: What a profile, or a program of its own accord, puts before its ids.
_PREFIX = re.compile(r"[^\W\d]+[-_:./]")


class Ids(NamedTuple):
    """Of each row the record that an id of the file means (GONE for a removed one, None where the book has none), and
    the id that a new one would get, None where it can be that of any kind."""

    found: list[int | None]
    said: list[str | None]


class Refused:
    """The ids that files which are imported together have for other records than the book has under them: those after
    such a file mean nothing of the book by them. `kinds` are those of which one file alone is imported: with two it may
    be the other one that has the id rightly."""

    def __init__(self, kinds: Iterable[Entity] = ()) -> None:
        self._kinds = {kind.name for kind in kinds}
        #: by kind
        self._ids: dict[str, Spilling[str, bool]] = {}

    def add(self, kind: Entity, ids: Iterable[str]) -> None:
        """The file at hand has these ids for others."""
        for one in ids if kind.name in self._kinds else ():
            some = self._ids.setdefault(kind.name, Spilling())
            some[one] = some[other_form(one) or one] = True

    def among(self, kinds: Iterable[str], ids: Collection[str]) -> set[str]:
        """Those of these ids that are such, of one of these kinds."""
        found: set[str] = set()
        for some in [self._ids[kind] for kind in kinds if kind in self._ids]:
            some.spill()
            some.fetch(ids)
            found.update(one for one in ids if one in some)
        return found


class Foreign:
    """Finds records by their ids in the other program. `tried` are the records of a dry run by table, `refused` what
    their ids do not mean."""

    def __init__(self, ctx: Context, tried: Mapping[str, Tried], refused: Refused, last: Callable[[], int]) -> None:
        self.ctx, self._tried, self.refused = ctx, tried, refused
        self.origins = Origins(ctx, tried, last)
        #: how many files have come
        self.file = 0
        self.votes: Votes
        #: by title of a column of ids: the link that it fills ("": any), and of what kind the records are
        self._columns: dict[str, tuple[str, str]] = {}
        self._known: dict[tuple[str, str], dict[str, int]] = {}
        #: by title: how many rows have an id that leads nowhere; the first of them, and its line
        self._loose: dict[str, tuple[int, str, int]] = {}
        #: the stand-ins of those that a name alone would not tell from another one, and which of them are counted
        self._apart, self._counted = Seen(), Seen()
        #: by link: how many these are, and the names of the first
        self._others: dict[str, tuple[int, list[str]]] = {}
        #: by link: the lines of the block in which a name counts and not the id beside it; and how many there were so
        #: far, with what is told of the first
        self._misnamed: dict[str, Mapping[int, str]] = {}
        #: by target: the records that were made for links of the file at hand
        self._ours: dict[str, Seen] = {}
        self._mistaken: dict[str, tuple[int, str]] = {}

    def begin(self, columns: Iterable[Mapped], votes: Votes) -> None:
        """Another file comes, with these columns; `votes` are what its rows say together."""
        columns, self.votes = list(columns), votes
        self.file += 1
        self.origins.begin(columns)
        self._loose.clear()
        self._others.clear()
        self._misnamed.clear()
        self._mistaken.clear()
        self._ours.clear()
        self._columns = {
            column.header: (roles.FOREIGN[to], _OF.get(to, ""))
            for column in columns
            for to in column.to
            if to in roles.FOREIGN and to != roles.PARENT_ID  # parents come last: they are told of by `Parents`
        }

    def forget(self) -> None:
        """Another process wrote."""
        self._known.clear()

    def learn(self, target: str, external: str, number: int) -> None:
        """A record was made with this id, for a link of the file at hand."""
        self._ours.setdefault(target, Seen()).add(number)
        for (table, _), known in self._known.items():
            if table == target:
                known[external] = number
                known[other_form(external) or external] = number

    def title(self, link: str) -> str:
        """The title of the column with the ids of a link; "" where there is none."""
        return next((title for title, (to, _) in self._columns.items() if to == link), "")

    def tell_misnamed(self, link: str, lines: Mapping[int, str]) -> None:
        """The lines of a block in which an id is that of a record with another name: what is to be told of each."""
        self._misnamed[link] = lines

    def brought(self, target: str, number: int) -> bool:
        """Whether the file at hand named a record first, by this id: whatever it calls it, it is that."""
        return target in self._ours and number in self._ours[target]

    def set_apart(self, number: int) -> None:
        """A stand-in is for another record than that of its name, which has another id."""
        self._apart.add(-number)

    def of(self, block: Block, field: Field, target: str) -> Ids | None:
        """What the ids of the rows mean for a link; None where the file has none for it."""
        found: list[int | None] = [None] * len(block)
        said: list[str | None] = [None] * len(block)
        any_link = "" if field.name in ANY else field.name
        some = [(title, *where) for title, where in self._columns.items() if where[0] in (field.name, any_link)]
        for title, link, kind in some:
            ids = block.foreign.get(title, said)
            numbers = self.look(target, [one for one in ids if one], kind)
            for row, one in enumerate(ids):
                if one and not found[row]:
                    found[row] = numbers.get(one, found[row])
                    said[row] = one if link else said[row]
        return Ids(found, said) if some else None

    def look(self, target: str, ids: Iterable[str], kind: str = "") -> dict[str, int]:
        """id -> the record of this kind that has it, GONE for a removed one; a merged one leads to what it is now."""
        known = self._known.setdefault((target, kind), {})
        if len(known) > _MOST_KNOWN:
            known.clear()
        wanted = dict.fromkeys(ids)
        missing = [one for one in wanted if one not in known]
        if missing:
            forms = {form: one for one in missing if (form := other_form(one))}
            found = self._find(target, list(dict.fromkeys((*missing, *forms))), kind)
            known.update((forms[one], number) for one, number in found.items() if one in forms)
            known.update(found)
        kinds = (kind or target,) if kind or target != "opportunity" else _OF.values()
        refused = self.refused.among(kinds, wanted)
        return {one: known[one] for one in wanted if one in known and one not in refused}

    def _find(self, target: str, ids: list[str], kind: str) -> dict[str, int]:
        of = f" AND (kind = '{kind}'{' OR converted_at IS NOT NULL' if kind == 'lead' else ''})" if kind else ""
        table, found, tried = table_of(target), {}, self._tried.get(target)
        into = "merged_into_id" if target in _MERGED else "NULL"
        for some, marks in portions(ids):
            sql = f"SELECT external_id, id, removed_at, {into} FROM {table} WHERE external_id IN ({marks}){of}"
            for external, number, removed, other in self.ctx.reader.rows(f"{sql} ORDER BY id DESC", some):
                found[external] = number if removed is None else self._end(table, other)
            if tried is not None:
                sql = f"SELECT external_id, id FROM tried WHERE external_id IN ({marks}){of} AND id >= {TRIED}"
                found.update(tried.rows(sql, some))
        return found

    def others(self, target: str, said: Mapping[int, Iterable[str]]) -> set[tuple[int, str]]:
        """Of records and ids that no record has, as rows name them together: those pairs of which the record has
        another id of that program, so that it is not the one that is meant."""
        own: dict[int, str] = {}
        for some, marks in portions(number for number in said if number < TRIED):
            sql = f"SELECT id, external_id FROM {table_of(target)} WHERE external_id IS NOT NULL AND id IN ({marks})"
            own.update(self.ctx.reader.rows(sql, some))
        if (tried := self._tried.get(target)) is not None:
            own.update((n, one) for n, row in tried.contents(list(said)).items() if (one := row.get("external_id")))
        return {
            (number, one)
            for number, ids in said.items()
            for one in ids
            if number in own and own[number] != one and _system(own[number]) == _system(one)
        }

    def linked(self, block: Block, field: Field) -> list[int | None]:
        """What the book's records with the ids of the rows, and a name that may be theirs, are linked to by this
        field."""
        ids, names = block.columns.get("external_id"), block.columns.get("name")
        if not ids or not names:
            return [None] * len(block)
        kind = next(kind for kind in ENTITIES.values() if any(one is field for one in kind.fields))
        target = "opportunity" if kind.kind else kind.name
        numbers = self.look(target, filter(None, ids), kind.kind or "")
        found: dict[int, tuple[str, int | None]] = {}
        for some, marks in portions({number for number in numbers.values() if 0 < number < TRIED}):
            sql = f"SELECT id, name, {field.column} FROM {kind.table} WHERE id IN ({marks})"
            found.update((number, (name, link)) for number, name, link in self.ctx.reader.rows(sql, some))
        if (tried := self._tried.get(target)) is not None:
            there = tried.contents(list(numbers.values()))
            found.update((number, (row["name"], row.get(field.column))) for number, row in there.items())
        known = [found.get(numbers.get(one or "", GONE), ("", None)) for one in ids]
        return [
            link if name and alike(fold(said or ""), fold(name)) else None
            for said, (name, link) in zip(names, known, strict=True)
        ]

    def _end(self, table: str, number: int | None) -> int:
        """Where a merged record leads to; GONE for one that was removed."""
        return GONE if number is None else aliases.in_sight(self.ctx.reader, table, [number]).get(number, GONE)

    def settle(self, block: Block) -> None:
        """Note in a block whose links are settled which ids led to no record. Leads have their company as text: its
        name where the book has the id, else what the file says."""
        for title, (link, kind) in self._columns.items():
            ids = block.foreign.get(title, [])
            wanted = [one for one in ids if one]
            if block.columns.get("company_id") is None and link == "company":
                self._name_companies(block, ids)
            tables = (link,) if link else ANY
            there = {one for table in tables for one, number in self.look(table, wanted, kind).items() if number}
            linked = block.columns.get(f"{link}_id") or [None] * len(block)
            block.loose[title] = [
                bool(one) and one not in there and number is None for one, number in zip(ids, linked, strict=True)
            ]

    def _name_companies(self, block: Block, ids: Sequence[str | None]) -> None:
        numbers = self.look("company", [one for one in ids if one])
        names: dict[int, str] = {}
        for some, marks in portions({number for number in numbers.values() if 0 < number < TRIED}):
            names.update(self.ctx.reader.rows(f"SELECT id, name FROM company WHERE id IN ({marks})", some))
        if (tried := self._tried.get("company")) is not None:
            wanted = [number for number in numbers.values() if number >= TRIED]
            names.update((number, row["name"]) for number, row in tried.contents(wanted).items())
        given = block.columns.get("company_name") or [None] * len(block)
        block.columns["company_name"] = [
            own or (names.get(numbers.get(one, GONE), one) if one else None)
            for own, one in zip(given, ids, strict=True)
        ]
        block.keys = derive_columns("opportunity", block.columns, self.ctx.env)

    def count(self, block: Block, rows: Iterable[int]) -> None:
        """Count the ids of these rows that led to no record: the rows are taken in without them; and those by which
        a name is another record than the one that is called so."""
        rows = list(rows)
        for link in _MADE.keys() & block.links.keys():
            self._count_others(link, block, rows)
        for link, lines in self._misnamed.items():
            for line in [block.lines[row] for row in rows if block.lines[row] in lines]:
                many, first = self._mistaken.get(link, (0, f"{lines[line]}, line {line}"))
                self._mistaken[link] = many + 1, first
        for row in rows:
            for title, loose in block.loose.items():
                if loose[row]:
                    many, first, line = self._loose.get(title, (0, block.foreign[title][row] or "", block.lines[row]))
                    self._loose[title] = many + 1, first, line

    def _count_others(self, link: str, block: Block, rows: Iterable[int]) -> None:
        column, names = block.columns.get(f"{link}_id") or [None] * len(block), block.links[link]
        for row in rows:
            number = column[row]
            if number is not None and number < 0 and -number in self._apart and -number not in self._counted:
                self._counted.add(-number)
                many, first = self._others.get(link, (0, []))
                self._others[link] = many + 1, [*first, (names[row] or "").removeprefix(AT)][:_MOST_NAMED]

    @property
    def notes(self) -> list[str]:
        """What is to be said of ids that led nowhere, and of those that tell records of one name apart."""
        others = [
            f"{many:,} {_MADE[link]} are not those of the same name, for their ids differ"
            f" ({', '.join(first)}{', ...' if many > len(first) else ''}); 'crm {link} merge' joins two that are one"
            for link, (many, first) in sorted(self._others.items())
        ]
        mistaken = [
            f"column {self.title(link)}: {many:,} rows have another name beside the id of a {link} than that has (first"
            f" {first}) and are linked by the name; where both are one {link}, rename it and import them again"
            for link, (many, first) in self._mistaken.items()
        ]
        return [*others, *mistaken] + [
            f"column {title}: {many:,} rows have the id of a record that is not in the book (first {first}, line"
            f" {line}) and come in without that link; import that record, then this file again with --update"
            for title, (many, first, line) in self._loose.items()
        ]


def _system(external: str) -> tuple[str, bool]:
    """What ids of one program have in common: what stands before them, and whether they are numbers."""
    prefix = match[0] if (match := _PREFIX.match(external)) else ""
    return prefix, external[len(prefix) :].isdecimal()
