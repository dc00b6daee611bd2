"""What a verb returns: data without a word about how it will look."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from crmcli.domain.struct import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from crmcli.domain.change import Change
    from crmcli.domain.types import Type


class Column(Struct):
    """A column: its JSON key, its field type (None: plain text), its title, and for money the key of the currency.

    Where a screen has no room for all, those of lower `rank` go first; usual is 0, and what was asked for is above."""

    name: str
    type: Type | None = None
    label: str = ""
    currency: str = "currency"
    rank: int = 0


class Rows(Struct):
    """A list. `rows` are mappings from column name to stored value; `cursor` continues the list with `--page`.

    `rows` may be a generator that reads page by page and holds no cursor open between pages; `bars` names
    a numeric column that a terminal may draw; `below` names one whose text or texts a terminal writes under their row
    and not in it, each whole on a line of its own, because they are made to be copied. `numbered` is False where the
    rows are no records: `-o ids` has nothing to write of them, and says so of an empty list as of a full one. With
    `days` a terminal shows the rows under their days.
    """

    columns: tuple[Column, ...]
    rows: Iterable[dict[str, Any]]
    cursor: str = ""
    title: str = ""
    empty: str = "nothing found"
    bars: str = ""
    below: str = ""
    numbered: bool = True
    days: Days | None = None


class Day(Struct):
    """A day of a list by days; `off` where it is not worked, `name` that of its holiday."""

    on: date
    off: bool = False
    name: str = ""


class Days(Struct):
    """The days, ascending, under which a terminal shows rows with `date` (ISO), `start` and `end` (ISO with the offset
    of the clocks there, None: all day) and `state` (see `services.agenda`); behind their times come the `columns`.

    With `every` days without rows are shown too. `month` is whether the days are one, which a wide terminal also draws
    as a grid of weeks that begin with `week_start` (0 Monday to 6 Sunday), with the `name` of each row.
    """

    days: tuple[Day, ...]
    today: date
    columns: tuple[Column, ...]
    every: bool = True
    month: bool = False
    week_start: int = 0


class Record(Struct):
    """One record with all its fields, and sections (timeline, tasks, people ...) under it."""

    title: str
    columns: tuple[Column, ...]
    values: dict[str, Any]
    sections: tuple[Section, ...] = ()


class Section(Struct):
    """A titled list inside a page; `key` is its JSON name. People are shown an empty one only where it is news (`told`)
    that there is nothing."""

    key: str
    title: str
    rows: Rows
    told: bool = True


class Page(Struct):
    """A page of several lists: today, a brief."""

    title: str
    sections: tuple[Section, ...]
    values: dict[str, Any]


class Changed(Struct):
    """What a verb changed: one line for people, and the changes; `batch` is the number that `crm undo` takes. `answer`
    is what only this result says, such as an address: `-q` leaves it alone. `values` are for machines, beside the
    changes: texts, numbers, lists of mappings."""

    lines: tuple[str, ...]
    changes: tuple[Change, ...] = ()
    batch: int = 0
    ids: tuple[int, ...] = ()
    entity: str = ""
    answer: str = ""
    values: Mapping[str, Any] = MappingProxyType({})


class Note(Struct):
    """Something to say, on stdout (`data`) where it is the answer itself."""

    text: str
    data: bool = True


class Bytes(Struct):
    """A finished file: an export, a calendar."""

    content: bytes
    name: str = ""


class Stream(Struct):
    """A file of text that is finished part by part while it is written out; every part ends with a line."""

    parts: Iterable[bytes]
    name: str = ""
