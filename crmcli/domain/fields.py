"""The field vocabulary: what each kind of record is made of, said once for filters, columns, imports and docs."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from crmcli.domain.struct import Struct
from crmcli.domain.text import fold
from crmcli.domain.types import Type
from crmcli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Field(Struct):
    """One field of a kind of record.

    `column` is the stored column of the base table; "" marks a figure that only the view has (`expr` may then say
    it in SQL over the base table `t`, so that it can be filtered and sorted, and `key_expr` the key of one that is a
    text). `settable` fields can be assigned, `search` ones are found by a bare word, `indexed` ones sort a million
    rows at once. `headers` are the folded column titles by which an import recognises the field.

    A `required` field must be given with a new record. A `kept` one may be left out there, for the program gives it a
    value; neither can be emptied. `empty` is the stored value of one that is.

    A day that may have a time names the field of its `moment`: the day is that of whoever typed it and counts only
    where there is no moment. Where it is the earliest of several, `untimed` names the earliest of those without one.
    """

    name: str
    type: Type
    label: str
    help: str = ""
    column: str = ""
    aliases: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    settable: bool = True
    search: bool = False
    indexed: bool = False
    expr: str = ""
    key_expr: str = ""
    required: bool = False
    kept: bool = False
    empty: Any = None
    derived: bool = False
    moment: str = ""
    untimed: str = ""

    @property
    def own(self) -> bool:
        """Whether people added it: its value is in the column `custom` of its record, its key in `custom_key`."""
        return self.column.startswith(OWN)

    @property
    def key_column(self) -> str:
        """The column that text is compared by: the folded copy of a keyed field, else the column itself."""
        return key_column(self.column) if self.type.keyed and self.column else self.column

    @property
    def sql(self) -> str:
        """The stored value as SQL over the base table `t`; empty for figures of the view alone. What people added is
        written as each engine has it, by `store.sql.value_of`."""
        return f"t.{self.column}" if self.column else self.expr


class Entity(Struct):
    """A kind of record: its words, its table and view, its fields in the order in which they are shown: `core`, those
    that the program has, and behind them those that the users of the book added."""

    name: str
    plural: str
    table: str
    view: str
    core: tuple[Field, ...]
    columns: tuple[str, ...]
    sort: str
    kind: str = ""
    help: str = ""
    #: The noun that its commands stand behind, where that is not its name; `NOUN:12` names a record too.
    noun: str = ""
    #: The columns of its lists that a narrow screen can do without, the first of them first.
    spare: tuple[str, ...] = ()

    @property
    def command(self) -> str:
        """The noun that its commands stand behind: `crm note show`."""
        return self.noun or self.name

    @property
    def one(self) -> str:
        """Its name with the article: 'a lead', 'an interaction'."""
        return f"{'an' if self.name[0] in 'aeio' else 'a'} {self.name.replace('_', ' ')}"

    @property
    def tag_table(self) -> str:
        return f"{self.table}_tag" if "tags" in self.by_name else ""

    @property
    def fields(self) -> tuple[Field, ...]:
        """Every field: the program's, and those of the book that is read (see `install`)."""
        now = _INSTALLED  # another thread may install another one meanwhile
        own = now.shown.get(self.table)
        if not own:
            return self.core
        found = now.fields.get(self.name)
        if found is None:
            found = now.fields[self.name] = (*self.core, *own)
        return found

    @property
    def by_name(self) -> dict[str, Field]:
        """Every field by its name and its aliases."""
        now = _INSTALLED
        found = now.by_name.get(self.name)
        if found is None:
            every = (*self.core, *now.shown.get(self.table, ()))
            found = now.by_name[self.name] = {name: field for field in every for name in (field.name, *field.aliases)}
        return found

    def field(self, name: str) -> Field:
        """The field of that name or alias; UsageError with a suggestion otherwise."""
        found = self.by_name.get(name)
        if found is None:
            raise UsageError(
                f"{self.name} has no field '{name}'", hint=suggest(name, self.by_name, f"crm fields {self.name}")
            )
        return found

    def stored(self) -> Iterator[Field]:
        """The fields that have a column of their own."""
        return (field for field in self.fields if field.column)


class Vocabulary:
    """The fields that people added to a book, by table: those in use (`shown`), and those that were removed, whose
    values are still in the records (`removed`). `rows` is what they were read from."""

    def __init__(
        self,
        shown: dict[str, tuple[Field, ...]] | None = None,
        removed: dict[str, tuple[Field, ...]] | None = None,
        rows: object = None,
    ) -> None:
        self.shown, self.removed, self.rows = shown or {}, removed or {}, rows or []
        #: kind of record -> all its fields, and these by their names
        self.fields: dict[str, tuple[Field, ...]] = {}
        self.by_name: dict[str, dict[str, Field]] = {}


def key_column(column: str) -> str:
    """The column beside a column that holds the key of its text."""
    return f"{OWN_KEY}{column[len(OWN) :]}" if column.startswith(OWN) else f"{column}_key"


#: What the columns of fields that people added begin with, and those of their keys: all are members of two columns.
OWN, OWN_KEY = "custom.", "custom_key."
NONE = Vocabulary()
_INSTALLED = NONE


def installed() -> Vocabulary:
    """The fields of people's own that all kinds of record have at present."""
    return _INSTALLED


def install(found: Vocabulary) -> None:
    """Let the kinds of record have these fields of people's own and no others (`domain.custom.install` sees to what is
    derived from them as well)."""
    global _INSTALLED
    _INSTALLED = found


def suggest(word: str, known: object, command: str = "") -> str:
    """'did you mean X?' from the known words, and the command that lists them."""
    close = get_close_matches(fold(word), [str(k) for k in known], n=1, cutoff=0.6)  # type: ignore[attr-defined]
    parts = [f"did you mean '{close[0]}'?"] if close else []
    if command:
        parts.append(f"'{command}' lists them" if close else f"'{command}' lists the known ones")
    return "; ".join(parts)
