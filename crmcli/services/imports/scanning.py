"""What a whole file says of itself: orders of days, decimal signs, stages, words for what is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.domain.entities import DEAL
from crmcli.domain.money import exponent
from crmcli.domain.text import fold
from crmcli.domain.types import Day, Instant, Money, Number, Percent, Phone
from crmcli.services.imports import columns as reading
from crmcli.services.imports import roles
from crmcli.services.imports.due import Said, has_shares
from crmcli.services.imports.endings import ending, status_of
from crmcli.services.imports.facts import (
    APART,
    FRACTION,
    DayFacts,
    MoneyFacts,
    NameFacts,
    PercentFacts,
    PhoneFacts,
    ShareFacts,
)
from crmcli.services.imports.looks import MereFlags
from crmcli.services.imports.nothing import without_nulls
from crmcli.services.imports.passing import Passing
from crmcli.services.imports.titles import bare_stage, squeeze

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from crmcli.domain.fields import Entity
    from crmcli.domain.types import Env
    from crmcli.exchange.tables import Row
    from crmcli.services.imports.dates import Settled, Told
    from crmcli.services.imports.looks import Looks
    from crmcli.services.imports.mapping import Mapped

#: So many pairs of a pipeline and a stage are more than any book has; further ones need no memory.
_MOST_PAIRS = 2000
#: How lists of people and organisations call the latter.
_ORGANISATION = frozenset(("organisation", "organization", "company", "account", "business", "شرکت", "سازمان"))

#: What a column of yes and no does not fill, whatever it is called: "email.1.primary".
_REACHED = frozenset(("email", "phone", "mobile", roles.MORE_EMAIL, roles.MORE_PHONE, roles.CONTACT_EMAIL))


class Scan:
    """What the whole file says: orders of days, decimal signs, stages, words for what is done."""

    def __init__(
        self,
        kind: Entity | None,
        columns: Sequence[Mapped],
        looks: Looks | None = None,
        watch: Callable[[int], None] | None = None,
    ) -> None:
        self._kind, self.looks = kind, looks
        self._watch, self._seen = watch, 0
        self._passing = Passing(kind, columns)
        self.done = Said(columns)
        self._days: dict[int, DayFacts] = {}
        self._money: dict[int, MoneyFacts] = {}
        self._percents: dict[int, PercentFacts] = {}
        self._phones: dict[int, PhoneFacts] = {}
        self._headers = {column.place: column.header for column in columns}
        self._flags = {column.place: MereFlags() for column in columns if not _REACHED.isdisjoint(column.to)}
        #: columns whose cells a profile has other words for, and those that it sets for every row
        self._told = [column for column in columns if column.values or column.fixed]
        places: dict[str, int] = {}
        for column in columns:
            for to in column.to:
                places[to] = column.place
                field = kind.by_name.get(to) if kind else None
                if field is not None and isinstance(field.type, (Day, Instant)):
                    self._days[column.place] = DayFacts()
                elif field is not None and isinstance(field.type, (Money, Number)):
                    self._money[column.place] = MoneyFacts(numbers=isinstance(field.type, Number))
                elif field is not None and isinstance(field.type, Percent):
                    self._percents[column.place] = PercentFacts()
                elif to == roles.ANNIVERSARY:
                    self._days[column.place] = DayFacts()
                elif to == roles.IS_DONE and has_shares(column.header):
                    self._percents[column.place] = ShareFacts()
                elif to == roles.MORE_PHONE or (field is not None and isinstance(field.type, Phone)):
                    self._phones[column.place] = PhoneFacts()
        self._stage, self._pipeline, self._status = places.get("stage"), places.get("pipeline"), places.get("status")
        self._own = "uid" in places
        names = [places[to] for to in ("name", "contact_name") if to in places]
        self._pieces = [places[to] for to in (roles.FIRST, roles.MIDDLE, roles.LAST) if to in places]
        self._names = NameFacts(names, self._pieces) if "name" in places and self._pieces else None
        self._keeps = "contact_name" if kind is not None and kind.name == "lead" else "description"
        #: the column that tells people from organisations, and how many rows it says are the latter
        self._whose = next((c.place for c in columns if not c.to and squeeze(c.header) in ("type", "recordtype")), None)
        self._whose = self._whose if kind is not None and kind.name == "contact" else None
        self._organisations = 0
        #: (pipeline, stage) in the order of the file -> the words for the status of their rows
        self._pairs: dict[tuple[str, str], set[str]] = {}
        self._statuses: set[str] = set()

    def look(self, rows: list[Row]) -> int:
        """Look at some further rows; how many they are."""
        self._seen += len(rows)
        if self._watch:
            self._watch(self._seen)
        sound = self._passing.sift(rows).sound
        cells = [row.cells for row in sound]
        if self._told:
            cells = self._in_words(cells)
        if self.looks:
            self.looks.look(cells)
        lines = [row.line for row in sound] if self._days or self._money else []
        for index, flags in self._flags.items():
            flags.look([row[index] for row in cells])
        for index, days in self._days.items():
            days.look([row[index] for row in cells], lines)
        for index, amounts in self._money.items():
            amounts.look([row[index] for row in cells], lines)
        for index, percents in self._percents.items():
            percents.look([row[index] for row in cells])
        for index, phones in self._phones.items():
            phones.look([row[index] for row in cells])
        if self._names is not None:
            self._names.look(cells)
        if self._whose is not None:
            self._organisations += sum(fold(row[self._whose]) in _ORGANISATION for row in cells)
        self.done.look(cells)
        if self._status is not None:
            self._statuses.update(row[self._status] for row in cells if len(self._statuses) < _MOST_PAIRS)
        stage = self._stage if self._stage is not None else self._status
        if stage is not None or self._pipeline is not None:
            for row in cells:
                key = (
                    row[self._pipeline] if self._pipeline is not None else "",
                    row[stage] if stage is not None else "",
                )
                if key in self._pairs or len(self._pairs) < _MOST_PAIRS:
                    self._pairs.setdefault(key, set()).add(row[self._status] if self._status is not None else "")
        return len(rows)

    def _in_words(self, cells: list[list[str]]) -> list[list[str]]:
        """The rows as they are taken: in the profile's words, with what it sets for every row."""
        turned = list(map(list, zip(*cells, strict=True)))
        for column in self._told if turned else ():
            if column.fixed:
                turned.append([column.fixed] * len(cells))
            else:
                turned[column.place] = column.said(turned[column.place])
        return list(map(list, zip(*turned, strict=True)))

    @property
    def notes(self) -> list[str]:
        """What is to be told of the whole file."""
        return [*self._mixed(), *self._passing.notes]

    def _mixed(self) -> list[str]:
        """A note about organisations in a list of people."""
        if not self._organisations or self._whose is None:
            return []
        told = f"column {self._headers[self._whose]}: {self._organisations:,} rows are organisations, not people"
        return [f"{told}; put them in a file of their own and import that with --as company"]

    def _only_statuses(self, words: Sequence[str], steps: AbstractSet[str]) -> bool:
        """Whether a column called status says open, won and lost and nothing else: in our words, or, for deals without
        a column of stages, in any that we know and that are not `steps` of the book itself. In progress and Dead are
        as often where a lead stands; so are Pending and Active of a deal where no word says open, won or lost."""
        folded = {fold(word) for word in words}
        if folded <= {"open", "won", "lost"}:
            return True
        if self._kind is not DEAL or self._stage is not None or not steps.isdisjoint(folded):
            return False
        said = set(map(status_of, words))
        return all(said) and ("open" in folded or not said.isdisjoint(("won", "lost")))

    def in_units(self, columns: tuple[Mapped, ...]) -> tuple[Mapped, ...]:
        """The columns with marks where their cells are taken in a way of their own: fractions among the percentages,
        days in seconds, telephones with labels, people beside another name; those of addresses and telephones fill
        nothing where all cells say yes or no. Our own files have none of these."""
        if self._own:
            return columns
        units = {place: FRACTION for place, percents in self._percents.items() if percents.fractions}
        units.update((place, days.unit) for place, days in self._days.items())
        units.update((place, phones.unit) for place, phones in self._phones.items())
        if self._names is not None and self._names.apart:
            units.update(dict.fromkeys(self._pieces, APART.format(self._keeps)))
        flags = {place for place, flags in self._flags.items() if flags.mere}
        columns = tuple(
            c._replace(to=tuple(to for to in c.to if to not in _REACHED)) if c.place in flags else c for c in columns
        )
        return tuple(c._replace(unit=units[c.place]) if units.get(c.place) else c for c in columns)

    def settled(
        self, columns: tuple[Mapped, ...], told: bool, steps: AbstractSet[str]
    ) -> tuple[tuple[Mapped, ...], tuple[str, ...]]:
        """The columns as they are meant, and what to say about it. A column called status holds stages where there is
        no other, unless it says open, won and lost alone or was `told` to be it; beside a column of stages it says
        what became of the deal, and so does a state. `steps` are the folded names of the book's own stages on the way.
        """
        statuses = [word for word in without_nulls(list(self._statuses))[0] if word.strip()]
        if self._status is None or told or self._only_statuses(statuses, steps):
            return columns, ()
        others = sorted({" ".join(word.split()) for word in statuses if not status_of(word)})
        header = self._headers[self._status]
        if self._stage is None and not squeeze(header).endswith("state"):
            to, note = "stage", ""
        elif len(others) < len({fold(word) for word in statuses}):
            to, note = roles.ANY_STATUS, f"taken as open: {', '.join(others[:10])}" if others else ""
        else:
            to, note = "", f"none of its words says open, won or lost ({', '.join(others[:10])}): ignored"
        settled = tuple(
            c._replace(to=tuple(to if t == "status" else t for t in c.to if t != "status" or to)) for c in columns
        )
        if to == "stage":
            self._stage, self._status = self._status, None
        return settled, (f"column {header}: {note}",) if note else ()

    @property
    def stages(self) -> list[tuple[str, str]]:
        """(pipeline, stage) in the order in which they first come."""
        return list(dict.fromkeys(map(self._named, self._pairs)))

    @property
    def won(self) -> set[tuple[str, str]]:
        """Those of `stages` of which all rows are won. What other programs call Closed Won is Won; our own files have
        the names of the book."""
        states: dict[tuple[str, ...], set[str]] = {}
        for pair, words in self._pairs.items():
            states.setdefault(tuple(map(fold, self._named(pair))), set()).update(map(status_of, words))
        named = [pair for pair in self.stages if pair[1] and states[tuple(map(fold, pair))] == {"won"}]
        return {pair for pair in named if self._own or not ending(pair[1])}

    def _named(self, pair: tuple[str, str]) -> tuple[str, str]:
        """A pipeline and a stage of the file as they are called."""
        pipeline, stage = pair if self._stage is not None else (pair[0], "")
        said = [pipeline, stage] if self._own else without_nulls([pipeline, stage])[0]
        named = reading.words(said, "", {})
        pipeline, stage = named[0] or "", named[1] or ""
        return pipeline, stage if self._own else bare_stage(stage, pipeline)

    def envs(self, env: Env, told: Told, decimal: str) -> dict[int, Env]:
        """The habits of each column of days and amounts. Raises UsageError where a column does not settle them."""
        found = {}
        for index, days in self._days.items():
            header, said = self._headers[index], told.of(index)
            calendar = days.calendar(env.calendar, said)
            alone = index in told.by_place
            order = days.order(header, said, calendar, self._days.values(), alone=alone)
            found[index] = env._replace(order=order, calendar=calendar)
        for index, amounts in self._money.items():
            found[index] = env._replace(decimal=amounts.decimal(self._headers[index], decimal, exponent(env.currency)))
        return found

    def settled_days(self, envs: Mapping[int, Env], told: Told) -> tuple[Settled, ...]:
        """What the columns of days settled, by their `envs` and what was `told` of them by hand."""
        return tuple(days.settled(self._headers[i], envs[i], told.of(i)) for i, days in self._days.items())

    def read_as(self, envs: Mapping[int, Env]) -> dict[int, str]:
        """How the columns of days and amounts are read, and what in them showed it."""
        return {index: (self._days.get(index) or self._money[index]).read_as(env) for index, env in envs.items()}
