"""A block of rows of a file on its way into the book: typed columns, links, and where each row came from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crmcli.domain.occasions import Yearly

#: What an id of any kind is looked for among, in this order.
ANY = ("contact", "opportunity", "company")
#: Before a domain, an e-mail address or a telephone that stands for a name: no text has a NUL.
AT = "\0"
#: Before the id of a record in another program that stands for its name.
ID = AT * 3


class Block:
    """The sound rows of a block. `columns` are stored values by column of the base table; `links` are names by field,
    to become ids; `tags` are names. `lines` and `cells` are where each row came from."""

    def __init__(self, lines: list[int], cells: list[list[str]]) -> None:
        self.lines, self.cells = lines, cells
        self.columns: dict[str, list[Any]] = {}
        self.links: dict[str, list[str | None]] = {}
        #: by link: the uid of the linked record, and its domain or e-mail address, where the file says them
        self.uids: dict[str, list[str | None]] = {}
        self.addresses: dict[str, list[str | None]] = {}
        #: by link: the telephone of the linked person, as it is compared, where the file says it
        self.telephones: dict[str, list[str | None]] = {}
        #: by title: the ids of linked records in the other program, and which of them led to no record
        self.foreign: dict[str, list[str | None]] = {}
        self.loose: dict[str, list[bool]] = {}
        self.tags: list[tuple[str, ...]] | None = None
        #: whether a row is called by an address, a telephone or a company, having no name; None where all have one
        self.unnamed: list[bool] | None = None
        #: what columns of other programs say of a task: done, not done, nothing; None where there are none
        self.done: list[bool | None] | None = None
        #: the days of the year that the rows say, with their names; None where there are none
        self.occasions: list[tuple[tuple[str, Yearly], ...]] | None = None
        #: what a row is about as lines of text, which count where that is no lead or deal; None where no column says it
        self.related: list[str | None] | None = None
        #: the people who take part in each row and are named without an address; None where no column has such
        self.guests: list[tuple[str, ...]] | None = None
        #: by field, or NEEDS: the cells that say to which tasks the rows are tied
        self.ties: dict[str, list[str]] = {}
        #: what the file itself says in columns that are filled where it says nothing
        self.told: dict[str, list[Any]] = {}
        #: the statuses of leads and deals as the rows say them, before these are put anywhere; None until then
        self.states: list[str | None] | None = None
        #: by field: whether a row has a value of it that has no place where it stands
        self.idle: dict[str, list[bool]] = {}
        #: by column: whether a row has its value of the profile alone
        self.only_set: dict[str, list[bool]] = {}
        #: what the write door derives from the columns, worked out before it takes the lock
        self.keys: dict[str, list[Any]] = {}

    def __len__(self) -> int:
        return len(self.lines)

    def content(self, row: int) -> dict[str, Any]:
        """A row as the record that it makes, by column."""
        return {"status": "open"} | {name: column[row] for name, column in self.columns.items()}

    def called_by_reach(self, row: int) -> bool:
        """Whether a row has no name but its own e-mail address or telephone."""
        name = (self.columns.get("name") or self.columns["at"])[row] or ""
        if "@" not in name and not name[-1:].isdigit():
            return False
        return any(name == self.columns[to][row] for to in ("email", "phone", "mobile") if to in self.columns)

    def without(self, rows: Mapping[int, Any]) -> None:
        """Drop these rows."""
        keep = [row not in rows for row in range(len(self))]

        def kept(values: list[Any]) -> list[Any]:
            return [value for value, stays in zip(values, keep, strict=True) if stays]

        self.lines, self.cells = kept(self.lines), kept(self.cells)
        self.columns = {name: kept(values) for name, values in self.columns.items()}
        self.links = {name: kept(values) for name, values in self.links.items()}
        self.uids = {name: kept(values) for name, values in self.uids.items()}
        self.addresses = {name: kept(values) for name, values in self.addresses.items()}
        self.telephones = {name: kept(values) for name, values in self.telephones.items()}
        self.foreign = {title: kept(ids) for title, ids in self.foreign.items()}
        self.loose = {title: kept(flags) for title, flags in self.loose.items()}
        self.ties = {link: kept(cells) for link, cells in self.ties.items()}
        self.told = {name: kept(values) for name, values in self.told.items()}
        self.idle = {name: kept(values) for name, values in self.idle.items()}
        self.only_set = {name: kept(flags) for name, flags in self.only_set.items()}
        self.keys = {name: kept(values) for name, values in self.keys.items()}
        self.tags = kept(self.tags) if self.tags is not None else None
        self.unnamed = kept(self.unnamed) if self.unnamed is not None else None
        self.occasions = kept(self.occasions) if self.occasions is not None else None
        self.related = kept(self.related) if self.related is not None else None
        self.guests = kept(self.guests) if self.guests is not None else None
        self.done = kept(self.done) if self.done is not None else None
        self.states = kept(self.states) if self.states is not None else None
