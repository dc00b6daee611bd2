"""Reads blocks of cells by a mapping: cells as they are meant, then typed columns, then what follows from them."""

from __future__ import annotations

import contextlib
import shlex
from typing import TYPE_CHECKING, Any

from crmcli.domain.columnwise import derive_columns
from crmcli.domain.types import Day, Instant, Mailboxes, Money, Ref, show_instant
from crmcli.services.imports import (
    addresses,
    due,
    facts,
    guests,
    happened,
    lengths,
    moments,
    parts,
    roles,
    tidying,
    ties,
    titles,
    yearly,
)
from crmcli.services.imports import columns as reading
from crmcli.services.imports.block_amounts import Amounts
from crmcli.services.imports.block_links import LinkCells
from crmcli.services.imports.block_names import Names
from crmcli.services.imports.blocks import ANY, Block
from crmcli.services.imports.columns import Problem, Problems
from crmcli.services.imports.dates import Dates
from crmcli.services.imports.daynotes import DayNotes
from crmcli.services.imports.emptying import Emptying
from crmcli.services.imports.endings import status_of
from crmcli.services.imports.reaching import Reach
from crmcli.services.occasions import BIRTHDAY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from crmcli.domain.fields import Entity, Field
    from crmcli.domain.types import Env
    from crmcli.services.imports.mapping import Mapped

    _Read = Callable[[Sequence[str], str, Problems], list[Any]]

#: The fields of what happened -> those of a task, which it is while it is planned: called by its subject, or its text.
_PLANNED = {"kind": "type", "at": "due_on", roles.SUBJECT: "name", "body": "name"}


class Reader:
    """Reads blocks of cells by a mapping. `envs` gives the habits (order of days, decimal sign) of each column."""

    def __init__(self, kind: Entity, columns: Sequence[Mapped], envs: Mapping[int, Env], env: Env) -> None:
        self.kind, self.env, self._envs = kind, env, envs
        self._by: dict[str, list[Mapped]] = {}
        for column in columns:
            for to in column.to:
                self._by.setdefault(to, []).append(column)
        #: by field: what a profile sets in rows in which its columns are empty
        self._set = {to: some.pop() for to, some in self._by.items() if len(some) > 1 and some[-1].fixed}
        self._own = "uid" in self._by
        #: the field that takes what no field of its own has, "" where the kind has none
        self._text = next((name for name in ("description", "body") if name in kind.by_name), "")
        #: counts the cells that are emptied
        self.emptying = Emptying(kind, self._by, own=self._own)
        self.amounts = Amounts(kind, self._by, envs, env, self.emptying)
        self._links = LinkCells(kind, self._by, env, own=self._own)
        google = any(titles.of_google(column.header) for column in columns)
        self._names = Names(kind, self._by, env, own=self._own, google=google)
        self._reach = Reach(kind, self._by, env, own=self._own)
        self._born = [self._by[part][0] for part in roles.BIRTH if roles.BIRTH[0] in self._by]
        used = {column.place: column for some in self._by.values() for column in some}
        #: places of the columns that fill anything
        self._used = set(used)
        #: columns that a profile gives, in their order behind those of the file
        self._fixed = [column for column in columns if column.fixed]
        self._other = {place: column for place, column in used.items() if column.values}
        self._dated: list[Mapped] = []
        self._plain: list[tuple[Mapped, Field, _Read]] = []
        for to, some in self._by.items():
            if to not in roles.ROLES and to != "tags":
                self._add(kind.field(to), some)
        self._days = DayNotes([] if self._own else self._dated, envs, env)

    def _add(self, field: Field, some: Sequence[Mapped]) -> None:
        """Bear in mind how the columns of a field are read, which is neither a link nor an amount."""
        if isinstance(field.type, (Day, Instant)):
            self._dated += some
        if isinstance(field.type, (Money, Ref)):
            return
        if field.name == "status" and self.kind.kind:
            self._plain.append((some[0], field, reading.statuses))
            return
        fractions = some[0].unit == facts.FRACTION
        for column in some:
            read = reading.reader(field, self._envs.get(column.place, self.env), fractions=fractions, own=self._own)
            self._plain.append((column, field, _lengths(read) if field.name == "minutes" else read))

    @property
    def expects(self) -> bool:
        """Whether the day on which a deal was closed is, while it is open, that on which it is expected to be."""
        return any("close_on" in column.to for column in self._by.get("closed_at", ()))

    @property
    def notes(self) -> Iterator[str]:
        """What is to be told of the cells that were read."""
        return self._days.notes()

    @contextlib.contextmanager
    def uncounted(self) -> Iterator[None]:
        """While rows are read that were counted before."""
        with self.emptying.uncounted(), self._days.uncounted():
            yield

    @property
    def fills(self) -> set[str]:
        """The fields that a row can have; what a profile sets once for all rows is not the row's own."""
        found = {to for to, some in self._by.items() if to not in roles.ROLES and not some[0].fixed}
        for role in self._by.keys() & roles.FOREIGN.keys():
            link = roles.FOREIGN[role]
            found |= {link} if link else {"opportunity", "contact", "company"}
        if self._by.get(roles.CONTACT_FIRST) or self._by.get(roles.CONTACT_LAST):
            found.add("contact")
        if not self.kind.kind and any(self._by.get(role) for role in roles.REACHED_BY):
            found.add("contact")
        if self._by.get(roles.RELATED):
            found.add("opportunity")
        if self._by.get(roles.FIRST) or self._by.get(roles.LAST):
            found.add("name")
        if self._by.get(roles.ANY_STATUS):
            found.add("status")
        if self._born:
            found.add("birthday")
        if self._by.get(roles.PERIOD) and "value" in found:
            found |= {"recurring", "plan"}
        if self._names.apart and self.kind.name == "lead":
            found.add("contact_name")
        return found | self._reach.fills | self._names.fills

    def title(self, to: str) -> str:
        """The title of the column that fills a field or names a link, the field's name where none does."""
        beside = {
            "company": (roles.COMPANY_DOMAIN,),
            "contact": roles.REACHED_BY,
            "opportunity": (roles.RELATED,),
        }
        foreign = (role for role, link in roles.FOREIGN.items() if link == to)
        said = (to, roles.LINK_UIDS.get(to, ""), *beside.get(to, ()), *foreign, roles.CONTACT_LAST)
        return next((self._by[role][0].header for role in said if role in self._by), to)

    def said(self, block: Block, row: int, to: str) -> tuple[str, str]:
        """The title and the cell of the column that fills a field or names a link in a row; "" where there is none."""
        cells = block.cells[row]
        places = (column.place for column in self._by.get(to, ()))
        return self.title(to), next((cells[p] for p in places if p < len(cells) and cells[p].strip()), "")

    def compared(self, block: Block) -> dict[str, list[Any]]:
        """The columns of a block that the file itself fills."""
        given = {self.kind.field(name).column for name in self.fills if name != "tags"}
        given |= {"currency", "tags", self._text} | ({"due_at"} if "due_on" in given else set())
        found = {name: block.told.get(name, column) for name, column in block.columns.items() if name in given}
        for name, only in block.only_set.items():
            if name in found:
                found[name] = [None if by_profile else v for v, by_profile in zip(found[name], only, strict=True)]
        return found

    def read(self, lines: list[int], cells: list[list[str]], bad: Problems | None = None) -> tuple[Block, Problems]:
        """The typed block, and for each row that cannot be used the reason, in `bad` where that is given; those rows
        are not in the block."""
        block = Block(lines, cells)
        bad = {} if bad is None else bad
        if not cells:
            return block, bad
        turned = self._turned(cells)
        self._set_empty(block, turned)
        more = [] if self._own else tidying.tidied(turned, self._by, self._dated)
        more += yearly.read(block, turned, self._by, self._envs, self.env, self._days, bad)
        further, mobiles = self._reach.settle(turned)
        if mobiles is not None:
            read = reading.reader(self.kind.field("mobile"), self.env)
            block.columns["mobile"] = read(mobiles, self.title("phone"), bad)
        more += self._typed(block, turned, bad)
        if self._born:
            more += self._birthdays(block, turned, bad)
        linked = self._links.named(block, turned, bad)
        if "name" in self.kind.by_name:
            more.append(self._names.read(block, turned, bad))
        self.amounts.read(block, turned, bad)
        more += linked
        for column in self._by.get("tags", ()):
            block.tags = parts.many_words(turned[column.place], column.header, bad, own=self._own)
        if self._reach.tells and "description" in self.kind.by_name:
            block.columns.setdefault("description", [None] * len(block))
        for column in self._by.get(roles.ANY_STATUS, ()):
            said = turned[column.place]
            block.columns["status"] = [status_of(cell) or ("open" if cell.strip() else None) for cell in said]
        others = self._links.others(block, turned, bad)
        self._flags(block, turned, bad)
        if self.kind.name == "interaction":
            happened.with_subjects(block, turned, self._by, bad)
            happened.with_kinds(block, turned, self._by)
            happened.at_times(block, turned, self._by, self._envs, self.env, bad)
        if self.kind.name == "task":
            for header, count in due.appointments(block, turned, self._by, self._envs, self.env, bad).items():
                self._days.undated(header, count)
            due.done(block, turned, self._by, self.env, bad)
            block.ties = {to: turned[self._by[role][0].place] for role, to in ties.ROLES.items() if role in self._by}
        self._streets(block, turned, bad)
        for told in (*others, *further, *more):
            self.note(block, told)
        self._settle(block, bad)
        lengths.check(block, self.kind, self.title, bad)
        if bad:
            block.without(bad)
        block.keys = derive_columns(self.kind.table, block.columns, self.env) if len(block) else {}
        return block, bad

    def _turned(self, cells: list[list[str]]) -> list[list[str]]:
        """The cells of a block column by column, with what a profile says of them, those without a value emptied."""
        turned = list(map(list, zip(*cells, strict=True)))
        turned += [[column.fixed] * len(cells) for column in self._fixed]
        for place, column in self._other.items():
            turned[place] = column.said(turned[place])
        for place in self._used:
            turned[place] = self.emptying.emptied(place, turned[place])
        return turned

    def _set_empty(self, block: Block, turned: list[list[str]]) -> None:
        """What a profile sets stands in rows that have nothing of it in their own columns."""
        for to, column in self._set.items():
            places = [one.place for one in self._by[to]]
            empty = [not any(map(str.strip, cells)) for cells in zip(*(turned[p] for p in places), strict=True)]
            rows = zip(turned[places[-1]], empty, strict=True)
            turned[places[-1]] = [column.fixed if none else cell for cell, none in rows]
            block.only_set[self.kind.field(to).column or to] = empty

    def _typed(self, block: Block, turned: list[list[str]], bad: Problems) -> list[dict[int, str]]:
        """The fields that are neither links nor amounts nor tags; what else their cells have, as lines."""
        more: list[dict[int, str]] = []
        for column, field, read in self._plain:
            said = turned[column.place]
            if self.kind.name == "lead" and field.name in ("company", "contact_name") and not self._own:
                said, others = parts.pages(said, column.header)
                more.append(others)
            problems: Problems = bad
            if isinstance(field.type, Mailboxes) and not self._own:
                said, block.guests = guests.parted(said)
            if field.name == "birthday" and not self._own:
                problems = {}
                said, untold = moments.without_year(said, column.header, self._envs.get(column.place, self.env))
                more.append(self._days.untold(column.header, untold))
            values = read(said, column.header, problems)
            if problems is not bad:
                more.append(self._days.unborn(column.header, problems, bad))
            self._days.look(column, said, values)
            if field.name == "external_id" and column.prefix:
                values = [value and column.prefix + value for value in values]
            earlier = block.columns.get(field.column)
            block.columns[field.column] = (
                [e if e is not None else v for e, v in zip(earlier, values, strict=True)] if earlier else values
            )
        return more

    def _birthdays(self, block: Block, turned: list[list[str]], bad: Problems) -> list[dict[int, str]]:
        """The days of birth of their parts, in the calendar of their years; what parts say that make none, as lines."""
        title = ", ".join(column.header for column in self._born)
        cells, alone = moments.of_birth(self.env, *(turned[column.place] for column in self._born))
        days = facts.DayFacts()
        days.look(cells)
        env = self.env._replace(order="ymd", calendar=days.calendar(self.env.calendar, Dates()))
        problems: Problems = {}
        block.columns["birthday"] = reading.reader(self.kind.field("birthday"), env)(cells, title, problems)
        known = {row: day for row, said in alone.items() if (day := yearly.without_year(said, self.env))}
        yearly.note(block, {row: (BIRTHDAY, day) for row, day in known.items()})
        lines = {row: f"{title}: {said}" for row, said in alone.items() if row not in known}
        return [lines, self._days.unborn(title, problems, bad)]

    def _flags(self, block: Block, turned: list[list[str]], bad: Problems) -> None:
        """What columns of yes and no say of a deal's end, where no status does."""
        said = [
            reading.flags(turned[some[0].place], some[0].header, bad) if (some := self._by.get(role)) else None
            for role in (roles.IS_WON, roles.IS_CLOSED, roles.ACTIVE)
        ]
        if not any(said):
            return
        none = [None] * len(block)
        states = block.columns.get("status") or none
        rows = zip(states, *(flags or none for flags in said), strict=True)
        block.columns["status"] = [
            state or ("won" if won else "lost" if (closed and won is False) or active is False else None)
            for state, won, closed, active in rows
        ]

    def _streets(self, block: Block, turned: list[list[str]], bad: Problems) -> None:
        """The number of the house belongs to the street."""
        for column in self._by.get(roles.HOUSE, ()) if "street" in block.columns else ():
            houses = reading.words(turned[column.place], column.header, bad)
            places = [one.place for role in roles.BESIDE_STREET for one in self._by.get(role, ())]
            lines = ["".join(turned[place][row] for place in places).strip() for row in range(len(block))]
            rows = zip(block.columns["street"], houses, block.cells, lines, strict=True)
            block.columns["street"] = [
                parts.with_house(street, house or "", cells, below) for street, house, cells, below in rows
            ]
        addresses.complete(block, turned, self._by, bad)

    def note(self, block: Block, lines: Mapping[int, str]) -> None:
        """Add lines to the texts of the records."""
        if lines and self._text:
            notes = block.columns.setdefault(self._text, [None] * len(block))
            for row, line in lines.items():
                notes[row] = f"{notes[row]}\n{line}" if notes[row] else line

    def _settle(self, block: Block, bad: Problems) -> None:
        """Empty cells of columns that are never empty in the book; moments at which what is open yet was closed."""
        if "priority" in block.columns:
            block.columns["priority"] = [value or 0 for value in block.columns["priority"]]
        if self.kind.name == "interaction":
            self._happened(block, bad)
        if self.kind.kind and "closed_at" in block.columns:
            if self.expects:
                now = show_instant(self.env.now)
                block.columns["closed_at"] = [at if at and at <= now else None for at in block.columns["closed_at"]]
            block.told["closed_at"] = block.columns["closed_at"]  # where it stands tells when it was closed, too

    @property
    def _to_come(self) -> str:
        """Why what is planned is no interaction, and how it comes in."""
        columns = {to: [column for column in some if not column.fixed] for to, some in self._by.items()}
        filled = {of: columns[to][0].header for to, of in reversed(_PLANNED.items()) if columns.get(to)}
        maps = (shlex.quote(f"{filled[of]}={of}") for of in dict.fromkeys(_PLANNED.values()) if of in filled)
        return (
            "it has not happened yet, and the timeline holds what has; what is planned is a task: import these rows"
            f" with --as task{''.join(f' --map {one}' for one in maps)}"
        )

    def _happened(self, block: Block, bad: Problems) -> None:
        """What happened did so with somebody, and has: where nothing is said it is a note, and was made when it was
        written."""
        none: list[Any] = [None] * len(block)
        columns, uids = block.columns, block.columns.get("uid") or none
        kinds = columns["kind"] = [kind or "note" for kind in columns.get("kind") or none]
        made = columns.get("created_at") or none
        columns["at"] = [at or born for at, born in zip(columns.get("at") or none, made, strict=True)]
        links = [block.links[name] for name in ANY if name in block.links] + list(block.foreign.values())
        now = show_instant(self.env.now)
        for row, (kind, uid, at) in enumerate(zip(kinds, uids, columns["at"], strict=True)):
            if uid:
                continue  # one of our own is as it was
            if at and at > now:
                bad.setdefault(row, Problem(*self.said(block, row, "at"), self._to_come))
            elif kind == "note" and not (columns.get("body") or none)[row]:
                bad.setdefault(row, Problem("body", "", "a note needs a text"))
            elif not any(names[row] for names in links):
                bad.setdefault(row, Problem("", "", "it says no lead or deal, contact or company"))


def _lengths(read: _Read) -> _Read:
    """A reader of whole minutes that also takes lengths of time."""
    return lambda cells, header, bad: read([parts.minutes(cell, header) for cell in cells], header, bad)
