"""Which field each column of a file is to fill, as the columns are weighed against each other: of several for one field
the nearest, and what their titles mean beside those of the others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, INTERACTION, LEAD, TASK
from crmcli.domain.text import fold
from crmcli.services.imports import addresses, headings, sales, titles
from crmcli.services.imports.endings import yes_or_no
from crmcli.services.imports.people_names import is_person
from crmcli.services.imports.roles import (
    AT_TIME,
    BESIDE_STREET,
    BIRTH,
    COMPANY_DOMAIN,
    CONTACT_FIRST,
    CONTACT_LAST,
    DUE_TIME,
    FIRST,
    HOUSE,
    LAST,
    MIDDLE,
    MORE_EMAIL,
    MORE_PHONE,
    PERSON_EMAIL,
    PHONE_LABEL,
    ROLES,
    SUBJECT,
    TOGETHER,
    WHOLE_ADDRESS,
)
from crmcli.services.imports.titles import squeeze

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from crmcli.domain.fields import Entity
    from crmcli.services.imports.recognising import Reading

#: What says more of a street.
_OF_STREET = (HOUSE, WHOLE_ADDRESS, *BESIDE_STREET)
#: Titles that are parts of a name beside each other alone.
_HALVES = ("first", "middle", "last")
#: What somebody is called; rows with this, or with how somebody is reached, are about people.
_SOMEBODY = sales.REACHED | {FIRST, LAST, CONTACT_FIRST, CONTACT_LAST}
#: The title of a member of a record that the row leads to: `person_id.phone`, `person.email`.
_OF_ANOTHER = re.compile(r"\w\.\w")
#: Whom a deal is with, and what sales have besides their buyer and their value: that, how they stand, when they close.
_PERSON = frozenset(("contact", CONTACT_FIRST, CONTACT_LAST))
_MET = _PERSON | {"stage", "status", "close_on", "probability"}
#: What a table that is kept of sales has, and one of hours has not.
_KEPT = frozenset(("source", "owner", "currency", "email", "phone"))


class Choosing:
    """What the columns of a file with records of this `kind` are to fill. By the places of columns, `header` has their
    titles, `fixed` what is said of them by hand, which stays, and `samples` a filled cell of each, "" where there is
    none, or nothing at all.

    `chosen` has the fields and roles that each column fills: at first what it is taken for by itself, and after `weigh`
    what it means beside the others. `notes` says which are left out by that.
    """

    def __init__(
        self,
        kind: Entity,
        header: Sequence[str],
        fixed: Mapping[int, str],
        samples: Sequence[str],
        readings: Sequence[Reading],
    ) -> None:
        self.kind, self.header, self.fixed, self.samples = kind, header, fixed, samples
        self.chosen = _nearest(kind, header, readings)
        self.chosen.update((index, [to] if to else []) for index, to in fixed.items())
        self.notes: list[str] = []
        #: what may be the name
        self._named = [reading for reading in readings if reading.to == "name"]

    def weigh(self) -> None:
        """Let columns fill what they mean beside each other. Until the last step none of them fills two things."""
        self._promote()
        self._buyers()
        self._persons()
        self._addresses()
        self._sales()
        self._names()
        self._beside()
        self._born()
        self._twofold()

    def columns(self, *fields: str) -> list[int]:
        """The columns that fill any of these fields and roles."""
        return [index for index, some in self.chosen.items() for to in some if to in fields]

    @property
    def filled(self) -> set[str]:
        """The fields and roles that some column fills."""
        return {to for some in self.chosen.values() for to in some}

    def _column(self, field: str) -> int | None:
        """The first column that fills a field."""
        return next(iter(self.columns(field)), None)

    def _sample(self, index: int) -> str:
        """A filled cell of a column, "" where there is none."""
        return self.samples[index] if self.samples else ""

    def _leave_out(self, columns: Iterable[int]) -> None:
        self.chosen.update((index, []) for index in columns)

    # --- people, firms, addresses ---

    def _promote(self) -> None:
        """The first further address or number becomes the field itself where no column is that field. The company's
        number stands for a person only where no column has the person's own."""
        for role, name in ((MORE_EMAIL, "email"), (MORE_PHONE, "phone")):
            if name in self.kind.by_name and name not in self.filled:
                places = sorted(self.columns(role))
                if role == MORE_PHONE and self.kind is not COMPANY:
                    places.sort(key=lambda i: titles.about_company(self.header[i]))
                    if places and titles.about_company(self.header[places[0]]) and "mobile" in self.filled:
                        continue
                if places:
                    self.chosen[places[0]] = [name]

    def _buyers(self) -> None:
        """Beside the people whom a file names, its customers are their companies, where nothing else is: of the columns
        that may be the name the one that heads people has it, or the parts of names make it, unless the customers are
        called so, too. Where it names nobody else but their companies, they are the people."""
        if "name" in self.fixed.values() or self.kind not in (CONTACT, LEAD):
            return
        chosen, header, filled = self.chosen, self.header, self.filled
        if "company" in filled:
            left = [i for i, to in chosen.items() if not to and i not in self.fixed and headings.of_buyers(header[i])]
            if len(left) == 1 and filled.isdisjoint(("name", FIRST, LAST)):
                chosen[left[0]] = ["name"]
            return
        buyers = [one.place for one in self._named if headings.of_buyers(header[one.place])]
        if len(buyers) != 1:
            return
        buyer, named = buyers[0], [one.place for one in self._named if one.filled]
        people = [place for place in named if headings.of_people(self.kind.name, header[place])]
        if people and ["name"] in (chosen[buyer], chosen[people[0]]):
            chosen[buyer], chosen[people[0]] = ["company"], ["name"]
            return
        names = [place for place in named if headings.of_names(header[place])]
        if names and self.samples and titles.can_be_name(self.samples[buyer]):
            chosen[buyer], chosen[names[0]] = ["company"], ["name"]
        elif not people and chosen[buyer] == ["name"] and FIRST in filled:
            last = next((self._sample(place) for place in self.columns(LAST)), "")
            if last and not set(fold(last).split()) <= set(re.findall(r"\w+", fold(self._sample(buyer)))):
                chosen[buyer] = ["company"]

    def _persons(self) -> None:
        """Deals and tasks are called by a title that names these, and whom a plain 'name' beside it names is the person
        whom they are with: not where the cells are numbers of records, or a yes and no."""
        if self.kind not in (DEAL, TASK) or "name" in self.fixed.values():
            return

        def may_call(place: int) -> bool:
            cell = self._sample(place)
            return titles.can_be_name(cell) and not (cell and titles.can_be_id(cell)) and yes_or_no(cell) is None

        chosen, header, fixed = self.chosen, self.header, self.fixed
        calling = [one for one in self._named if one.filled and headings.calls(self.kind.name, header[one.place])]
        own = [one for one in calling if may_call(one.place)]
        if not own:
            return
        place = min(own, key=lambda one: (chosen[one.place] != ["name"], one.rank)).place
        others = [i for i, title in enumerate(header) if i != place and i not in fixed and headings.of_anybody(title)]
        beside = [i for i in others if chosen.get(i, []) in ([], ["name"]) and (not self.samples or self.samples[i])]
        if len(beside) != 1 or ["name"] not in (chosen[place], chosen.get(beside[0])):
            return
        met = not self.filled.isdisjoint(_PERSON)
        chosen[place], chosen[beside[0]] = ["name"], ["contact"] if not met and may_call(beside[0]) else []
        if any((squeeze(title), squeeze(header[beside[0]])) in headings.PAIRS for title in header):
            chosen[beside[0]] = [CONTACT_LAST] if CONTACT_FIRST in self.filled else []  # half of a name

    def _addresses(self) -> None:
        """Beside first and last names an e-mail address is these people's and not the company's."""
        keys = set(map(squeeze, self.header))
        if self.kind is COMPANY and all(keys & set(map(squeeze, ROLES[part].titles)) for part in (FIRST, LAST)):
            own = [i for i in self.columns("email", MORE_EMAIL) if not titles.about_company(self.header[i])]
            self._leave_out(i for i in own if i not in self.fixed)

    # --- sales ---

    def _sales(self) -> None:
        """By which column leads and deals of a table of sales are called."""
        if self.kind is DEAL:
            self._forget_titles()
        if self.kind.kind:
            self._by_subject()
            self._by_what_is_sold()

    def _forget_titles(self) -> None:
        """Let no deal be called Dr. or CTO where a title stands beside whom it is with."""
        named = self._column("name")
        if named is None or named in self.fixed or "contact" not in self.filled:
            return
        if headings.of_titles(self.header[named]) and headings.is_job(self._sample(named)):
            self.chosen[named] = []

    def _by_subject(self) -> None:
        """Beside the value of a sale and how it stands a title is the sale's and nobody's job: the sale is called by
        it. Where people are named, too, it takes the day on which it is to close, or the currency of its value: they
        are those whom it is with then. Where the rows say how to reach somebody, and not in a record that they lead to,
        or the title's cell is a job, it is that person's."""
        named, filled = self._column("name"), self.filled
        alone = named is None or headings.of_buyers(self.header[named])
        own = {to for i, some in self.chosen.items() for to in some if not _OF_ANOTHER.search(self.header[i])}
        stands = not filled.isdisjoint(("stage", "status")) and (alone or "currency" in filled)
        if "value" not in filled or not ("close_on" in filled or stands):
            return
        if own & (_SOMEBODY - {"phone"} if alone and "contact" not in filled else _SOMEBODY):
            return
        jobs = [i for i in self.columns("job_title") if squeeze(self.header[i]) == "title" and i not in self.fixed]
        if not jobs or headings.is_job(self._sample(jobs[0])):
            return
        if named is None or self._may_give_way(named):
            self._call_by(jobs[0], named, buyer=named is not None and alone)

    def _by_what_is_sold(self) -> None:
        """In a table of sales, with what each is worth and whom it is with, a sale that nothing names is called by its
        project, quote or order: a deal, and a lead that would be called by the person who is asked about it."""
        named, filled = self._column("name"), self.filled
        free = [i for i in range(len(self.header)) if not self.chosen.get(i) and i not in self.fixed]
        called = next((i for i in free if headings.of_sales(self.header[i])), None)
        if called is None or (named is not None and not self._may_give_way(named)):
            return
        budget = next((i for i in free if headings.of_budgets(self.header[i])), None)
        valued = bool(sales.FIGURES & filled) or budget is not None
        met = named is not None or bool((_MET if budget is not None or self.kind is LEAD else _MET | _KEPT) & filled)
        with_whom = "company" in filled or (bool((_MET - _PERSON) & filled) and (named is not None or _PERSON & filled))
        if not valued or not with_whom or not met or (self.kind is LEAD and sales.REACHED & filled):
            return
        self._call_by(called, named)
        if "value" not in filled and budget is not None and titles.can_be_amount(self._sample(budget)):
            self.chosen[budget] = ["value"]

    def _may_give_way(self, named: int) -> bool:
        """Whether the column by which sales would be called names whom they are with."""
        if named in self.fixed:
            return False
        title = self.header[named]
        somebody = headings.of_contacts(self.kind.name, title) or headings.of_buyers(title)
        return somebody or (headings.of_names(title) and is_person(self._sample(named), "") is True)

    def _call_by(self, place: int, named: int | None, *, buyer: bool = False) -> None:
        """Let a sale be called by that column, and whom the column `named` calls be the person whom it is with, or its
        `buyer`."""
        self.chosen[place] = ["name"]
        if named is None:
            return
        if buyer and "company" not in self.filled:
            self.chosen[named] = ["company"]
        else:
            person = "contact" if self.kind is DEAL else "contact_name"
            self.chosen[named] = [] if person in self.filled else [person]

    # --- parts of one thing ---

    def _names(self) -> None:
        """The parts of a name stand in where the full name is empty; beside a last name alone, what is called 'name' is
        the first name. What is called First or Last alone is no name, and a lead is called by its topic."""
        chosen, header, fixed = self.chosen, self.header, self.fixed
        places = {to: i for i, some in chosen.items() for to in some}
        if not {FIRST, LAST} <= places.keys():
            for part in (FIRST, MIDDLE, LAST):
                if part in places and squeeze(header[places[part]]) in _HALVES and places[part] not in fixed:
                    chosen[places.pop(part)] = []
        if "name" not in places:
            return
        named = places["name"]
        if LAST in places and FIRST not in places:
            chosen[named] = [FIRST]
            return
        if named in fixed:
            return
        if FIRST in places and LAST not in places:
            first, last = (squeeze(titles.turned(header[i]).removeprefix("contact ")) for i in (places[FIRST], named))
            if (first, last) in headings.PAIRS:
                chosen[named] = [LAST]
                return
        topic = next((i for i, title in enumerate(header) if squeeze(title) == "topic" and not chosen.get(i)), None)
        if self.kind is LEAD and topic is not None and topic not in fixed:
            chosen[topic], chosen[named] = ["name"], [] if "contact_name" in places else ["contact_name"]

    def _beside(self) -> None:
        """What only says more of a field beside it is left out where no column is that field, but a box is a street
        then, and a subject a text; labels of telephones count where there is a number that they belong to."""
        if "street" in self.kind.by_name and "street" not in self.filled:
            below = [i for role in BESIDE_STREET for i in self.columns(role)]
            self.chosen.update((i, ["street"]) for i in below[:1])
        if self.kind is INTERACTION and "body" not in self.filled:
            self.chosen.update((i, ["body"]) for i in self.columns(SUBJECT)[:1])
        if self.kind is TASK and "contact" not in self.filled:  # it may be anybody's
            self._leave_out(self.columns(PERSON_EMAIL))
        for field, more in (("due_on", (DUE_TIME,)), ("at", (AT_TIME,)), ("street", _OF_STREET)):
            if field not in self.filled:
                self._leave_out(self.columns(*more))
        keys = {squeeze(title): index for index, title in enumerate(self.header)}
        for index, title in enumerate(self.header):
            label = titles.label_of(title)
            number = keys.get(f"{label}value", keys.get(label)) if label and "mobile" in self.kind.by_name else None
            if number is not None and self.chosen.get(number) and index not in self.fixed:
                self.chosen[index] = [PHONE_LABEL]

    def _born(self) -> None:
        """Year, month and day of a birth are nothing without each other, nor beside the whole of it."""
        if "birthday" not in self.filled and self.filled.issuperset(BIRTH):
            return
        alone = self.columns(*BIRTH)
        self._leave_out(alone)
        self.notes += [f"column {self.header[i]}: no birthday without the other parts: ignored" for i in alone]

    def _twofold(self) -> None:
        """Titles that say two things. What SugarCRM calls date_closed is the day on which an open deal is expected to
        close; Close calls a deal by its lead, which is a company."""
        keys = [squeeze(title) for title in self.header]
        if self.kind is DEAL and "leadid" in keys and self.filled.isdisjoint(("company", COMPANY_DOMAIN)):
            for index in self.columns("name"):
                if keys[index] == "leadname" and index not in self.fixed:
                    self.chosen[index] = ["name", "company"]
        if self.kind.kind and "close_on" not in self.filled:
            closed = [i for i in self.columns("closed_at") if keys[i] == "dateclosed" and i not in self.fixed]
            self.chosen.update((index, ["closed_at", "close_on"]) for index in closed[:1])


def _nearest(kind: Entity, header: Sequence[str], readings: Iterable[Reading]) -> dict[int, list[str]]:
    """place -> what the column fills: of several that are taken for one field the nearest, and of an address the
    columns that make one address."""
    chosen: dict[int, list[str]] = {}
    best: dict[str, tuple[int, int]] = {}
    parts: list[addresses.Part] = []
    for index, to, rank, filled in readings:
        if to in addresses.FIELDS:
            parts.append(addresses.Part(index, to, rank, filled))
            continue
        if to not in ROLES and to in best and to not in TOGETHER:
            loser = max((rank, index), best[to])
            best[to] = min((rank, index), best[to])
            chosen[loser[1]] = _second_best(kind, to, header[loser[1]])
            if loser[1] == index:
                continue
        elif to not in ROLES:
            best[to] = (rank, index)
        chosen[index] = [to]
    chosen.update((index, [to]) for index, to in addresses.chosen(kind.name, header, parts).items())
    return chosen


def _second_best(kind: Entity, to: str, title: str) -> list[str]:
    """What a column fills instead of a field that a nearer title has."""
    if kind is LEAD and to == "name" and headings.of_people(kind.name, title):
        return ["contact_name"]
    more = {"email": MORE_EMAIL, "phone": MORE_PHONE, "mobile": MORE_PHONE}.get(to)
    return [more] if more else []
