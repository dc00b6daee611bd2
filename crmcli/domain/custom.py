"""Fields that people add to the records of a book: their types and names, and how the vocabulary comes to know them.

A field of people's own is a `Field` like any other. Its column is `custom.NAME`, a member of the JSON column `custom`
of its record; the key of a text is a member of `custom_key`. A field of leads is one of deals alike, for both are kept
in one table.
"""

from __future__ import annotations

import contextlib
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crmcli.domain import fields
from crmcli.domain.entities import COMPANY, CONTACT, DEAL, LEAD, TASK
from crmcli.domain.fields import OWN, Field, Vocabulary, suggest
from crmcli.domain.keys import KEYED, SEARCHED
from crmcli.domain.text import clip, fold, squashed
from crmcli.domain.types import (
    Choice,
    Day,
    Email,
    Identifier,
    Instant,
    Integer,
    LongText,
    Mark,
    Number,
    Percent,
    Phone,
    Ref,
    Text,
    Type,
    Url,
)
from crmcli.errors import FieldError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crmcli.domain.fields import Entity


class Listed(Choice):
    """A choice of the user's own; its options are read from their JSON when somebody asks for them, which a list of
    records does not."""

    def __init__(self, options: str) -> None:
        self._json = options
        self.numbers = False

    def __getattr__(self, name: str) -> Any:
        if name not in ("options", "_by_key"):
            raise AttributeError(name)
        Choice.__init__(self, *options_of(self._json))
        return self.__dict__[name]


def options_of(text: str | None) -> tuple[str, ...]:
    """The options of a choice from their JSON list; none where another program wrote something else (`are_options`)."""
    return _listed(text) or ()


def are_options(options: str | None) -> bool:
    """Whether the stored options of a field are a list of words, or none."""
    return options is None or _listed(options) is not None


def _listed(text: str | None) -> tuple[str, ...] | None:
    import json

    found = None
    with contextlib.suppress(ValueError, RecursionError):
        found = json.loads(text) if text else []
    return tuple(found) if isinstance(found, list) and all(isinstance(word, str) for word in found) else None


#: The types that a field of people's own may have: how each is called, what else people call it, what it is.
TYPES: dict[str, tuple[tuple[str, ...], type[Type]]] = {
    "text": (("string", "str", "varchar", "line"), Text),
    "long-text": (("textarea", "multiline", "note", "memo"), LongText),
    "integer": (("int", "whole"), Integer),
    "number": (("decimal", "float", "real", "numeric", "double"), Number),
    "percent": (("percentage", "%"), Percent),
    "date": (("day",), Day),
    "instant": (("datetime", "timestamp", "time", "moment"), Instant),
    "flag": (("bool", "boolean", "checkbox", "yesno"), Mark),
    "choice": (("select", "option", "enum", "picklist", "dropdown"), Listed),
    "email": (("mail",), Email),
    "phone": (("telephone", "tel", "mobile"), Phone),
    "url": (("link", "website", "web"), Url),
    "identifier": (("id", "key", "code"), Identifier),
}
#: The kinds of record that may have fields of people's own, by the table that they are kept in.
TABLES: dict[str, tuple[Entity, ...]] = {
    "opportunity": (LEAD, DEAL),
    "contact": (CONTACT,),
    "company": (COMPANY,),
    "task": (TASK,),
}
#: Words of the filter language and of assignments that no field can be called.
TAKEN = frozenset((
    "is", "no", "has", "view", "not", "or", "and", "due", "mrr", "on", "tag", "all", "custom", "custom_key",
))  # fmt: skip
#: What stands behind the name of a link or amount in a record, in a view and in an export.
_BESIDE = ("_id", "_uid", "_kind", "_minor", "_bp", "_e164", "_position", "_key")
#: What the program's own columns begin with, such as those of a file of refused rows.
RESERVED = "crm_"
NAME = r"[a-z][a-z0-9_]*"
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
LONGEST = 60
_CORE_KEYED = {table: dict(KEYED[table]) for table in TABLES}
_CORE_SEARCHED = {table: SEARCHED[table] for table in TABLES}


def vocabulary(rows: Sequence[tuple[Any, ...]]) -> Vocabulary:
    """The fields that rows of (id, name, entity, type, label, help, options, removed_at) define, in their order; those
    that this program would not have made (`unfit`) are passed over, for names become part of statements."""
    shown: dict[str, tuple[Field, ...]] = {}
    removed: dict[str, tuple[Field, ...]] = {}
    for _, name, table, kind, label, about, options, gone in rows:
        if unfit(table, name):
            continue
        field = field_of(name, kind, label or "", about or "", options)
        to = removed if gone is not None else shown
        to[table] = (*to.get(table, ()), field)
    return Vocabulary(shown, removed, rows)


def unfit(table: str, name: str) -> bool:
    """Whether no field of a table can be called so."""
    return table not in TABLES or not spelled(name) or _taken(table, name) != ""


def spelled(name: object) -> bool:
    """Whether a name is of the letters and signs of one, so that it may become part of a statement."""
    return isinstance(name, str) and re.fullmatch(NAME, name) is not None


def holds(kind: Type, value: Any) -> bool:
    """Whether a stored value is of the sort that fields of a type have: a text, a whole number that the type's range
    holds, a yes or no, a day, a moment, one of the options. That a text is a good address or number is not asked:
    what was taken for one once stays."""
    if kind.family == "flag":
        return isinstance(value, bool)
    if kind.family == "number" or (isinstance(kind, Choice) and kind.numbers):
        low, high = _range(kind)
        return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
    if not isinstance(value, str):
        return False
    if kind.family in ("day", "instant"):
        return _dated(value, moment=kind.family == "instant")
    return not isinstance(kind, Choice) or value in kind.options


def _dated(text: str, *, moment: bool) -> bool:
    """Whether a text is a stored day or moment: in these forms alone the order of texts is that of time."""
    if (_MOMENT if moment else _DAY).fullmatch(text) is None:
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _range(kind: Type) -> tuple[int, int]:
    if isinstance(kind, Integer):
        return kind.low, kind.high
    return 0, len(kind.options) - 1 if isinstance(kind, Choice) else 10_000


def field_of(name: str, kind: str, label: str, about: str, options: str | None) -> Field:
    """A field by what is stored of it; one of a type that this program does not know is a text."""
    about_it = TYPES.get(kind, TYPES["text"])[1]
    made = Listed(options or "") if about_it is Listed else about_it()
    searched = isinstance(made, (Text, Email, Phone))
    return Field(name, made, label or labelled(name), about or "A field of your own", OWN + name, search=searched)


def labelled(name: str) -> str:
    """A name as people read it: `industry_code` is 'Industry code'."""
    return name.replace("_", " ").capitalize()


def install(found: Vocabulary) -> None:
    """Let all kinds of record have these fields of people's own, and no others."""
    fields.install(found)
    for table in TABLES:
        shown = found.shown.get(table, ())
        keyed = {f.column: f.type for f in (*shown, *found.removed.get(table, ())) if f.type.keyed}
        KEYED[table] = {**_CORE_KEYED[table], **keyed}
        SEARCHED[table] = (*_CORE_SEARCHED[table], *(f.column for f in shown if f.search))


# --- what people type ----------------------------------------------------------------------------------------------


def place(text: str) -> tuple[str, str]:
    """`lead.industry` as (table, name). Raises UsageError, saying how a field is named."""
    of, dot, name = text.strip().partition(".")
    if not dot or not name:
        raise UsageError(f"'{text}' does not say whose field it is", "write it as in lead.industry or company.sector")
    return table_of(of), name


def table_of(word: str) -> str:
    """The table that a kind of record is kept in, by its name or plural. Raises UsageError."""
    for table, kinds in TABLES.items():
        if word == table or any(word in (kind.name, kind.plural) for kind in kinds):
            return table
    known = [kind.name for kinds in TABLES.values() for kind in kinds]
    raise UsageError(f"'{word}' has no fields of your own", suggest(word, known) or f"choose from: {', '.join(known)}")


def called(table: str, name: str) -> str:
    """A field as people name it: `lead.industry`, which is `deal.industry` too."""
    return f"{TABLES[table][0].name}.{name}"


def whose(table: str) -> str:
    """The records that have a field: 'leads and deals'."""
    return " and ".join(kind.plural for kind in TABLES[table])


def counted(table: str, count: int) -> str:
    """'1 lead or deal', '12 companies'."""
    return f"{count} {' or '.join(kind.name if count == 1 else kind.plural for kind in TABLES[table])}"


def told(table: str, count: int) -> str:
    """'1 lead or deal has', '12 companies have'."""
    return f"{counted(table, count)} {'has' if count == 1 else 'have'}"


def type_of(word: str) -> str:
    """The type that is meant. Raises UsageError."""
    key = squashed(word)
    for name, (others, _) in TYPES.items():
        if key == squashed(name) or key in others:
            return name
    raise UsageError(f"'{word}' is not a type", suggest(word, TYPES) or f"choose from: {', '.join(TYPES)}")


def check_name(table: str, name: str) -> None:
    """Refuse what cannot be the name of a field. Raises UsageError, with one that can."""
    if len(name) > LONGEST:
        raise UsageError(f"a field's name has at most {LONGEST} characters", "say the rest with --label or --help-text")
    if not re.fullmatch(NAME, name):
        meant = proposed(table, name)
        hint = f"such as {meant}; --label says in any script how people read it"
        raise UsageError(f"'{name}' cannot be the name of a field: it is of a-z, 0-9 and _, a letter first", hint)
    if (why := _taken(table, name)) != "":
        raise UsageError(f"a field cannot be called '{name}': {why}", f"such as {proposed(table, name)}")


def labelled_so(table: str, label: str, name: str = "") -> str:
    """The field of a table, other than `name`, that people read by this label or name already; "" for none."""
    key = squashed(label)
    for kind in TABLES[table] if key else ():
        for field in kind.fields:
            if field.name != name and key in (squashed(field.label), squashed(field.name)):
                return field.name
    return ""


def check_label(table: str, label: str, name: str) -> None:
    """Refuse a label that another field has: nobody could tell the two apart, and a column of that title fills one of
    them only. Raises UsageError."""
    if other := labelled_so(table, label, name):
        raise UsageError(
            f"the field {other} of {whose(table)} is called so already: '{clip(label, 60)}'", "take another label"
        )


def _taken(table: str, name: str) -> str:
    """Why a name cannot be used for a field of people's own; "" where it can."""
    if name in TAKEN:
        return "the word has a meaning of its own"
    if name.startswith(RESERVED):
        return f"names that begin with {RESERVED} are the program's own"
    for kind in TABLES[table]:
        for field in kind.core:
            if name in (field.name, *field.aliases):
                return f"{kind.one} has that field"
            beside = isinstance(field.type, Ref) or field.type.family in ("money", "phone", "number")
            if beside and name.startswith(field.name) and name[len(field.name) :] in _BESIDE:
                return f"it belongs to the field {field.name} of {kind.plural}"
    return ""


#: Letters of Persian and Arabic, folded, and how each is written in Latin ones.
_LATIN = {
    "ا": "a", "ب": "b", "پ": "p", "ت": "t", "ث": "s", "ج": "j", "چ": "ch", "ح": "h", "خ": "kh", "د": "d",
    "ذ": "z", "ر": "r", "ز": "z", "ژ": "zh", "س": "s", "ش": "sh", "ص": "s", "ض": "z", "ط": "t", "ظ": "z",
    "ع": "a", "غ": "gh", "ف": "f", "ق": "gh", "ک": "k", "گ": "g", "ل": "l", "م": "m", "ن": "n", "و": "v",
    "ه": "h", "ی": "i", "ة": "h", "ئ": "y", "ؤ": "v", "أ": "a", "آ": "a", "ى": "i",
}  # fmt: skip


def proposed(table: str, title: str, taken: Iterable[str] = ()) -> str:
    """A name for a field that a file calls by this title, one that a field can have and none has yet, also none of
    those `taken`: 'Industrie (NACE)' is industrie_nace. Persian and Arabic letters are written in Latin ones, as well
    as that goes; a title that leaves nothing is field_1. (The title itself makes a good label.)"""
    latin = "".join(_LATIN.get(c, c) for c in fold(title))
    word = re.sub(r"[^a-z0-9]+", "_", latin).strip("_")[:LONGEST].rstrip("_")
    while word.startswith(RESERVED):
        word = word.removeprefix(RESERVED)
    if word and not word[0].isalpha():
        word = f"field_{word}"[:LONGEST].rstrip("_")
    known = fields.installed()
    used = {*taken, *(f.name for one in (known.shown, known.removed) for f in one.get(table, ()))}

    def free(name: str) -> bool:
        return name not in used and not _taken(table, name)

    if word and free(word):
        return word
    if word and free(f"{word}_field"):
        return f"{word}_field"
    start, n = word[: LONGEST - 4] or "field", 1 if not word else 2
    while not free(f"{start}_{n}"):
        n += 1
    return f"{start}_{n}"


def check_options(options: Iterable[str]) -> tuple[str, ...]:
    """The options of a choice as they are kept. Raises FieldError for none, two alike, and what no list can say."""
    found: dict[str, str] = {}
    for option in options:
        text = " ".join(option.split())
        if not squashed(text) or any(c in text for c in ",;،") or text[0] in "+-":
            raise FieldError(
                f"'{option}' cannot be an option", "options", "an option has no commas and does not start with + or -"
            )
        if squashed(text) in found:
            raise FieldError(f"the options '{found[squashed(text)]}' and '{text}' are one", "options")
        found[squashed(text)] = text
    if not found:
        raise FieldError("a choice needs options", "options", "write them with commas: Steel,Food,Energy")
    return tuple(found.values())
