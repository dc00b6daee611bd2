"""Which field each column of a file fills: the one that is said by hand, else the one that its title is taken for; of
several columns for one field the best."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, LEAD, TASK
from crmcli.domain.text import fold
from crmcli.domain.types import Money
from crmcli.errors import FieldError
from crmcli.services.imports import addresses, by_hand, headings, recognising, sales, titles
from crmcli.services.imports.endings import yes_or_no
from crmcli.services.imports.roles import (
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
    PHONE_LABEL,
    ROLES,
    TOGETHER,
    WHOLE_ADDRESS,
)
from crmcli.services.imports.titles import squeeze

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from crmcli.domain.fields import Entity
    from crmcli.services.imports.recognising import Reading

#: What a column with the other program's id can say of its record besides: what people and firms are called and reached
#: by may be their id there, but a number that was said to be the id is no telephone.
_ALSO_ID = ("name", "email", "domain", "website", FIRST, MIDDLE, LAST)
#: What says more of a street.
_OF_STREET = frozenset((HOUSE, WHOLE_ADDRESS, *BESIDE_STREET))
#: The number of a further column of the same title.
_NUMBER = re.compile(r"(?<=\D)[2-9]$")
#: Titles that are parts of a name beside each other alone.
_HALVES = ("first", "middle", "last")


class Mapped(NamedTuple):
    """A column of the file: `to` is the fields and roles it fills, none when it is ignored; `unit` is what its amounts
    count in ("USD", "تومان") or how else its cells are taken: a unit of `facts`.

    What a profile says of it: `values` are (folded cell, other word for it); `fixed` is the one text
    of a column that the file has not, and that stands behind its own; `prefix` goes before the ids of its cells.
    `left` tells that it was said by hand to be left out.
    """

    place: int
    header: str
    to: tuple[str, ...]
    sample: str = ""
    unit: str = ""
    values: tuple[tuple[str, str], ...] = ()
    fixed: str = ""
    prefix: str = ""
    left: bool = False

    def said(self, cells: Sequence[str]) -> list[str]:
        """The cells in the words of the profile."""
        values = dict(self.values)
        other = {cell: word for cell in set(cells) if (word := values.get(fold(cell))) is not None}
        return [other.get(cell, cell) for cell in cells] if other else list(cells)

    @property
    def shown(self) -> str:
        return (", ".join(self.to) + (f" ({self.unit})" if self.unit else "")) or "(ignored)"


def map_columns(
    kind: Entity,
    header: Sequence[str],
    given: Mapping[str, str],
    id_column: str = "",
    uniques: frozenset[int] = frozenset(),
    samples: Sequence[str] = (),
) -> tuple[tuple[Mapped, ...], list[str]]:
    """What each column fills, and notes about it. `given` (header -> field, "" or "-" to ignore) goes before what is
    recognised; `uniques` are the columns whose values can be ids, `samples` is a filled cell of each column, "" where
    there is none. Raises UsageError."""
    fixed = by_hand.places(kind, header, given)
    own = "uid" in [squeeze(h) for h in header]
    readings, ids = recognising.read(kind, header, samples, fixed, own)
    chosen = _chosen(kind, header, readings)
    for index, to in fixed.items():
        chosen[index] = [to] if to else []
    _promote(kind, chosen, header)
    named = [reading for reading in readings if reading.to == "name"]
    _buyers(kind, chosen, header, fixed, named, samples)
    _persons(kind, chosen, header, fixed, named, samples)
    _addresses(kind, chosen, header, fixed)
    sales.call(kind, chosen, header, fixed, samples)
    _names(kind, chosen, header, fixed)
    _beside(kind, chosen, header, fixed)
    alone = _born(chosen)
    _twofold(kind, chosen, header, fixed)
    notes = _identify(kind, header, chosen, fixed, id_column, uniques, own)
    notes += [f"column {title}: ids and no names: ignored" for title in ids]
    notes += [f"column {header[index]}: no birthday without the other parts: ignored" for index in alone]
    lists = {one.place: one.to for one in readings if one.to == "tags"}
    notes += _twins(header, chosen, fixed, samples, lists)
    return tuple(_mapped(kind, i, title, tuple(chosen.get(i, ()))) for i, title in enumerate(header)), notes


def _mapped(kind: Entity, place: int, title: str, to: tuple[str, ...]) -> Mapped:
    amounts = any(isinstance(kind.by_name[name].type, Money) for name in to if name in kind.by_name)
    unit = ""
    with suppress(FieldError):  # said of the file that is taken, in its plan
        unit = titles.unit_of(title) if amounts else ""
    return Mapped(place, title, to, "", unit)


def _chosen(kind: Entity, header: Sequence[str], readings: Iterable[Reading]) -> dict[int, list[str]]:
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


def _promote(kind: Entity, chosen: dict[int, list[str]], header: Sequence[str]) -> None:
    """The first further address or number becomes the field itself where no column is that field. The company's number
    stands for a person only where no column has the person's own."""
    for role, name in ((MORE_EMAIL, "email"), (MORE_PHONE, "phone")):
        if name in kind.by_name and not any(name in to for to in chosen.values()):
            places = [i for i in sorted(chosen) if chosen[i] == [role]]
            if role == MORE_PHONE and kind is not COMPANY:
                places.sort(key=lambda i: titles.about_company(header[i]))
                if places and titles.about_company(header[places[0]]) and ["mobile"] in chosen.values():
                    continue
            if places:
                chosen[places[0]] = [name]


def _buyers(
    kind: Entity,
    chosen: dict[int, list[str]],
    header: Sequence[str],
    fixed: Mapping[int, str],
    named: Sequence[Reading],
    samples: Sequence[str],
) -> None:
    """Beside the people whom a file names, its customers are their companies, where nothing else is: of the columns
    that may be the name (`named`) the one that heads people has it, or the parts of names make it, unless the customers
    are called so, too. Where it names nobody else but their companies, they are the people."""
    if "name" in fixed.values() or kind not in (CONTACT, LEAD):
        return
    if ["company"] in chosen.values():
        beside = [i for i, to in chosen.items() if not to and i not in fixed and headings.of_buyers(header[i])]
        if len(beside) == 1 and not any({"name", FIRST, LAST} & set(to) for to in chosen.values()):
            chosen[beside[0]] = ["name"]
        return
    buyers = [one.place for one in named if headings.of_buyers(header[one.place])]
    people = [one for one in named if one.filled and headings.of_people(kind.name, header[one.place])]
    if len(buyers) == 1 and people and (chosen[buyers[0]] == ["name"] or chosen[people[0].place] == ["name"]):
        chosen[buyers[0]], chosen[people[0].place] = ["company"], ["name"]
        return
    names = [one.place for one in named if one.filled and headings.of_names(header[one.place])]
    if len(buyers) == 1 and names and samples and titles.can_be_name(samples[buyers[0]]):
        chosen[buyers[0]], chosen[names[0]] = ["company"], ["name"]
    elif len(buyers) == 1 and not people and chosen[buyers[0]] == ["name"] and samples:
        last = next((samples[i] for i, to in chosen.items() if to == [LAST] and [FIRST] in chosen.values()), "")
        if last and not set(fold(last).split()) <= set(re.findall(r"\w+", fold(samples[buyers[0]]))):
            chosen[buyers[0]] = ["company"]


def _persons(
    kind: Entity,
    chosen: dict[int, list[str]],
    header: Sequence[str],
    fixed: Mapping[int, str],
    named: Sequence[Reading],
    samples: Sequence[str],
) -> None:
    """Deals and tasks are called by a title that names these, and whom a plain 'name' beside it names is the person
    whom they are with: not where the cells are numbers of records, or a yes and no."""
    if kind not in (DEAL, TASK) or "name" in fixed.values():
        return

    def may_call(place: int) -> bool:
        cell = samples[place] if samples else ""
        return titles.can_be_name(cell) and not (cell and titles.can_be_id(cell)) and yes_or_no(cell) is None

    own = [one for one in named if one.filled and headings.calls(kind.name, header[one.place]) and may_call(one.place)]
    if not own:
        return
    place = min(own, key=lambda one: (chosen[one.place] != ["name"], one.rank)).place
    others = [i for i, title in enumerate(header) if i != place and i not in fixed and headings.of_anybody(title)]
    beside = [i for i in others if chosen.get(i, []) in ([], ["name"]) and (not samples or samples[i])]
    if len(beside) != 1 or ["name"] not in (chosen[place], chosen.get(beside[0])):
        return
    met = any({"contact", CONTACT_FIRST, CONTACT_LAST} & set(to) for to in chosen.values())
    chosen[place], chosen[beside[0]] = ["name"], ["contact"] if not met and may_call(beside[0]) else []
    if any((squeeze(title), squeeze(header[beside[0]])) in headings.PAIRS for title in header):
        chosen[beside[0]] = [CONTACT_LAST] if [CONTACT_FIRST] in chosen.values() else []  # half of a name


def _addresses(kind: Entity, chosen: dict[int, list[str]], header: Sequence[str], fixed: Mapping[int, str]) -> None:
    """Beside first and last names an e-mail address is these people's and not the company's."""
    keys = set(map(squeeze, header))
    if kind is COMPANY and all(keys & set(map(squeeze, ROLES[part].titles)) for part in (FIRST, LAST)):
        for index, to in chosen.items():
            if to in (["email"], [MORE_EMAIL]) and index not in fixed and not titles.about_company(header[index]):
                chosen[index] = []


def _names(kind: Entity, chosen: dict[int, list[str]], header: Sequence[str], fixed: Mapping[int, str]) -> None:
    """The parts of a name stand in where the full name is empty; beside a last name alone, what is called 'name' is
    the first name. What is called First or Last alone is no name, and a lead is called by its topic."""
    places = {to[0]: i for i, to in chosen.items() if to}
    if not {FIRST, LAST} <= places.keys():
        for part in (FIRST, MIDDLE, LAST):
            if part in places and squeeze(header[places[part]]) in _HALVES and places[part] not in fixed:
                chosen[places.pop(part)] = []
    if "name" not in places:
        return
    if LAST in places and FIRST not in places:
        chosen[places["name"]] = [FIRST]
        return
    if FIRST in places and LAST not in places and places["name"] not in fixed:
        pair = (
            squeeze(titles.turned(header[place]).removeprefix("contact ")) for place in (places[FIRST], places["name"])
        )
        if tuple(pair) in headings.PAIRS:
            chosen[places["name"]] = [LAST]
            return
    topic = next((i for i, title in enumerate(header) if squeeze(title) == "topic" and not chosen.get(i)), None)
    if kind is LEAD and topic is not None and topic not in fixed and places["name"] not in fixed:
        chosen[topic], chosen[places["name"]] = ["name"], [] if "contact_name" in places else ["contact_name"]


def _beside(kind: Entity, chosen: dict[int, list[str]], header: Sequence[str], fixed: Mapping[int, str]) -> None:
    """What only says more of a field beside it is left out where no column is that field, but a box is a street then;
    labels of telephones count where there is a number that they belong to."""
    filled = {to for some in chosen.values() for to in some}
    if "street" in kind.by_name and "street" not in filled:
        below = [i for role in BESIDE_STREET for i, some in chosen.items() if some == [role]]
        chosen.update((i, ["street"]) for i in below[:1])
        filled.update("street" for _ in below[:1])
    for index, some in chosen.items():
        if (some == [DUE_TIME] and "due_on" not in filled) or (_OF_STREET.issuperset(some) and "street" not in filled):
            chosen[index] = []
    keys = {squeeze(title): index for index, title in enumerate(header)}
    for index, title in enumerate(header):
        label = titles.label_of(title)
        number = keys.get(f"{label}value", keys.get(label)) if label and "mobile" in kind.by_name else None
        if number is not None and chosen.get(number) and index not in fixed:
            chosen[index] = [PHONE_LABEL]


def _born(chosen: dict[int, list[str]]) -> list[int]:
    """Year, month and day of a birth are nothing without each other, nor beside the whole of it; the columns that are
    left out for that."""
    filled = {to for some in chosen.values() for to in some}
    if "birthday" not in filled and filled.issuperset(BIRTH):
        return []
    alone = [index for index, some in chosen.items() if some and some[0] in BIRTH]
    chosen.update((index, []) for index in alone)
    return alone


def _twofold(kind: Entity, chosen: dict[int, list[str]], header: Sequence[str], fixed: Mapping[int, str]) -> None:
    """Titles that say two things. What SugarCRM calls date_closed is the day on which an open deal is expected to
    close; Close calls a deal by its lead, which is a company."""
    keys = {squeeze(title) for title in header}
    if kind is DEAL and "leadid" in keys and not any({"company", COMPANY_DOMAIN} & set(to) for to in chosen.values()):
        for index, to in chosen.items():
            if to == ["name"] and squeeze(header[index]) == "leadname" and index not in fixed:
                chosen[index] = ["name", "company"]
    if kind.kind and ["close_on"] not in chosen.values():
        for index, to in chosen.items():
            if to == ["closed_at"] and squeeze(header[index]) == "dateclosed" and index not in fixed:
                chosen[index] = ["closed_at", "close_on"]
                break


def _identify(
    kind: Entity,
    header: Sequence[str],
    chosen: dict[int, list[str]],
    fixed: Mapping[int, str],
    id_column: str,
    uniques: frozenset[int],
    own: bool,
) -> list[str]:
    """Find the column that holds the other system's id."""
    if id_column:
        index = by_hand.column_of(header, id_column)
        some = [to for to in chosen.get(index, []) if to != "external_id"]
        also = [to for to in some if index in fixed or to in _ALSO_ID]
        chosen[index] = [*also, "external_id"]
        for other, to in chosen.items():
            if other != index and "external_id" in to:
                chosen[other] = [t for t in to if t != "external_id"]
        title = header[index]
        return [f"column {title}: the id alone; --map '{title}={some[0]}' makes it both"] if some and not also else []
    if any("external_id" in to for to in chosen.values()):
        return []
    keys = [squeeze(name) for name in header]
    for key in map(squeeze, headings.of_ids(kind.name, own=own)):
        for index in [i for i, own_key in enumerate(keys) if own_key == key and i not in fixed]:
            if chosen.get(index) == ["phone"]:
                continue
            if index not in uniques:
                return [f"'{header[index]}' is empty or not unique, so it is not taken as an id (--id takes it anyway)"]
            chosen[index] = [*chosen.get(index, []), "external_id"]
            return []
    return []


def _twins(
    header: Sequence[str],
    chosen: Mapping[int, list[str]],
    fixed: Mapping[int, str],
    samples: Sequence[str],
    lists: Mapping[int, str],
) -> Iterator[str]:
    """A note for each column with cells that fills nothing, because another one has the same title but for its case,
    its signs and the number behind it, or because it is one of `lists` for one field (place -> field)."""
    filling = {squeeze(title): (title, chosen[i][0]) for i, title in reversed([*enumerate(header)]) if chosen.get(i)}
    first = {to: title for title, to in reversed(filling.values())}
    for index, title in enumerate(header):
        if index in fixed or chosen.get(index) or (samples and not samples[index]):
            continue
        bare = _NUMBER.sub("", key := squeeze(title))
        to = lists.get(index, "")
        alike = (key,) if bare == key else (key, bare, f"{bare}1")
        found = [filling[one] for one in alike if one in filling] or ([(first[to], to)] if to in first else [])
        if not found:
            continue
        other, to = found[0]
        yield f"column {title}: ignored, because {to} is in column {other}; --map '{title}=FIELD' takes it in"


def has_name(columns: Sequence[Mapped]) -> bool:
    """Whether something fills the name, or the text of what has no name."""
    return any(to in ("name", FIRST, LAST, "body") for column in columns for to in column.to)


def names_records(kind: Entity, columns: Sequence[Mapped]) -> bool:
    """Whether the records of a file can be called something: a column names them, or people are called by their
    addresses, where what fills no field is no name, having no letters or being said by hand to be left out."""
    if has_name(columns):
        return True
    if kind not in (CONTACT, LEAD) or not any("email" in column.to for column in columns):
        return False
    return not any(any(map(str.isalpha, column.sample)) for column in columns if not (column.to or column.left))
