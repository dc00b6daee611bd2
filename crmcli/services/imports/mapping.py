"""Which field each column of a file fills: the one that is said by hand, else the one that its title is taken for,
beside those of the others (`choosing`)."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from crmcli.domain.entities import CONTACT, INTERACTION, LEAD, TASK
from crmcli.domain.text import clip, fold
from crmcli.domain.types import Money
from crmcli.errors import FieldError
from crmcli.services.imports import by_hand, headings, recognising, starts, times, titles
from crmcli.services.imports.choosing import Choosing
from crmcli.services.imports.roles import AT_TIME, DUE_TIME, FIRST, LAST, MIDDLE
from crmcli.services.imports.titles import squeeze

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from crmcli.domain.fields import Entity

#: What a column with the other program's id can say of its record besides: what people and firms are called and reached
#: by may be their id there, but a number that was said to be the id is no telephone.
_ALSO_ID = ("name", "email", "domain", "website", FIRST, MIDDLE, LAST)
#: The kinds with a moment -> the field of its day, and the role of its time in a column beside that.
_TIMED = {TASK.name: ("due_on", DUE_TIME), INTERACTION.name: ("at", AT_TIME)}
#: The number of a further column of the same title.
_NUMBER = re.compile(r"(?<=\D)[2-9]$")


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
    rows: Sequence[Sequence[str]] = (),
) -> tuple[tuple[Mapped, ...], list[str]]:
    """What each column fills, and notes about it. `given` (header -> field, "" or "-" to ignore) goes before what is
    recognised; `uniques` are the columns whose values can be ids, `samples` is a filled cell of each column, "" where
    there is none, `rows` the first rows. Raises UsageError."""
    fixed = by_hand.places(kind, header, given)
    own = "uid" in [squeeze(h) for h in header]
    readings, ids = recognising.read(kind, header, samples, rows, fixed, own)
    choosing = Choosing(kind, header, fixed, samples, readings)
    choosing.weigh()
    notes = _identify(choosing, id_column, uniques, own)
    notes += [f"column {title}: ids and no names: ignored" for title in ids]
    notes += choosing.notes
    notes += _untimed(choosing)
    notes += _twins(choosing, {one.place: one.to for one in readings if one.to == "tags"})
    return tuple(_mapped(kind, i, title, tuple(choosing.chosen.get(i, ()))) for i, title in enumerate(header)), notes


def _mapped(kind: Entity, place: int, title: str, to: tuple[str, ...]) -> Mapped:
    amounts = any(isinstance(kind.by_name[name].type, Money) for name in to if name in kind.by_name)
    unit = ""
    with suppress(FieldError):  # said of the file that is taken, in its plan
        unit = titles.unit_of(title) if amounts else ""
    return Mapped(place, title, to, "", unit)


def _identify(choosing: Choosing, id_column: str, uniques: frozenset[int], own: bool) -> list[str]:
    """Find the column that holds the other system's id."""
    kind, header, chosen, fixed = choosing.kind, choosing.header, choosing.chosen, choosing.fixed
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


def _twins(choosing: Choosing, lists: Mapping[int, str]) -> Iterator[str]:
    """A note for each column with cells that fills nothing, because another one has the same title but for its case,
    its signs and the number behind it, or because it is one of `lists` for one field (place -> field)."""
    header, chosen, samples = choosing.header, choosing.chosen, choosing.samples
    filling = {squeeze(title): (title, chosen[i][0]) for i, title in reversed([*enumerate(header)]) if chosen.get(i)}
    first = {to: title for title, to in reversed(filling.values())}
    for index, title in enumerate(header):
        if index in choosing.fixed or chosen.get(index) or (samples and not samples[index]):
            continue
        bare = _NUMBER.sub("", key := squeeze(title))
        to = lists.get(index, "")
        alike = (key,) if bare == key else (key, bare, f"{bare}1")
        found = [filling[one] for one in alike if one in filling] or ([(first[to], to)] if to in first else [])
        if not found:
            continue
        other, to = found[0]
        yield f"column {title}: ignored, because {to} is in column {other}; --map '{title}=FIELD' takes it in"


def _untimed(choosing: Choosing) -> Iterator[str]:
    """A note for each column of times that is left out, so that no appointment becomes one of a whole day unseen."""
    day, role = _TIMED.get(choosing.kind.name, ("", ""))
    for index, title in enumerate(choosing.header) if day else ():
        cell = choosing.samples[index].strip() if choosing.samples else ""
        if not cell or choosing.chosen.get(index) or choosing.fixed.get(index) == "":
            continue
        kind = choosing.kind.name
        lengths = times.heads_lengths(kind, title, [cell])
        if not times.titled(kind, title) or (lengths and "minutes" in choosing.filled):
            continue
        advice = f"--map '{title}={role}' takes it as such"
        if lengths:
            why, advice = "not all below it are lengths of time", f"--map '{title}=minutes' takes it as such"
        elif day not in choosing.filled:
            why, advice = "no column has the days of its times", f"say which one has: --map 'COLUMN={day}'"
        elif beside := choosing.columns(role):
            why, advice = (
                f"{role} is in column {choosing.header[beside[0]]}",
                f"--map '{title}={role}' takes it instead",
            )
        elif starts.is_of_start(title) and starts.says_time(cell):
            due = choosing.header[choosing.columns(day)[0]]
            why = f"it is when tasks start, and {due} when they are due"
        else:
            why = f"{clip(cell, 40)} may be no time of a day"
        yield f"column {title}: ignored, because {why}; {advice}"


def has_name(columns: Sequence[Mapped]) -> bool:
    """Whether something fills the name, or of what happened, which has none, the text or the kind: a call may have no
    text."""
    return any(to in ("name", FIRST, LAST, "body", "kind") for column in columns for to in column.to)


def names_records(kind: Entity, columns: Sequence[Mapped]) -> bool:
    """Whether the records of a file can be called something: a column names them, or people are called by their
    addresses, where what fills no field is no name, having no letters or being said by hand to be left out."""
    if has_name(columns):
        return True
    if kind not in (CONTACT, LEAD) or not any("email" in column.to for column in columns):
        return False
    return not any(any(map(str.isalpha, column.sample)) for column in columns if not (column.to or column.left))
