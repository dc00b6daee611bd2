"""What SQLite, PostgreSQL and their drivers refuse, in our words: loaded when something was refused."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from crmcli.domain.entities import ENTITIES, RECORDS
from crmcli.domain.types import INDEXED, Ref
from crmcli.errors import ConflictError, CrmError, DamagedError, ReadOnlyError, StoreError, TakenError, UsageError
from crmcli.store.connect import UNSAVED

if TYPE_CHECKING:
    from crmcli.store.connect import Connection

#: How SQLite says that a question is longer than it takes.
_TOO_LONG = (
    "Expression tree is too large",
    "too many SQL variables",
    "parser stack overflow",
    "string or blob too big",
)
#: How SQLite's driver says that a stored text is none.
_NO_TEXT = "Could not decode to UTF-8"
#: How the engines say that what the journal keeps is no JSON: only the documented views ask them to read that.
_NO_JSON = ("malformed JSON", "type json")
#: PostgreSQL's code for words between driver and server that do not fit, such as a `$1` without a value: the connection
#: stands, unlike after the other codes that begin with 08.
NO_SENSE = "08P01"
#: Of the columns of a unique index, those that only say within what the others are.
_WITHIN = ("kind", "pipeline_id")


def translate(error: Exception, path: str, *, reading: bool = False) -> CrmError:
    """The error of SQLite or its driver in our words; `reading`: nobody wanted to save anything."""
    unsaved = "" if reading else UNSAVED
    if isinstance(error, OverflowError):
        return UsageError("a number is too large for the store", f"{2**63 - 1} is the largest")
    if isinstance(error, UnicodeEncodeError):
        return _not_unicode(error)
    code = getattr(error, "sqlite_errorname", "") or ""
    text = str(error)
    if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StoreError(f"the store is locked by another process{unsaved}", "try again when it is done")
    if code.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN")) or "readonly" in text:
        return _closed(code, path, unsaved)
    if code.startswith("SQLITE_FULL"):
        return StoreError(f"the disk is full{unsaved}", "free some space and try again")
    if code.startswith("SQLITE_IOERR"):
        return StoreError(f"the disk refused: {text}{unsaved}", "check the disk, its space and quotas")
    if code == "SQLITE_CORRUPT_VTAB":
        return DamagedError(
            f"the search index of {path} is damaged", "'crm db check --repair' makes it anew; no record is harmed", text
        )
    if isinstance(error, UnicodeDecodeError):  # SQLite's own words, with a part of the damaged file in them
        return _damaged(path, "what it says of itself is no text")
    if code.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return _damaged(path, text)
    if text.startswith(_NO_TEXT):
        return _damaged(path, text.partition(" with text")[0])
    if code in ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_ROWID"):
        names = [name.partition(".") for name in text.partition(": ")[2].split(", ")]
        return _taken(names[0][0], tuple(column for _, _, column in names))
    if code == "SQLITE_CONSTRAINT_FOREIGNKEY":
        return _unlinked("", "", None)
    if code.startswith("SQLITE_CONSTRAINT"):
        return ConflictError(f"the store refused the change: {text}")
    if code.startswith("SQLITE_INTERRUPT"):
        return StoreError(f"interrupted{unsaved}")
    if text == "integer overflow":  # SQLite adds whole numbers up in 64 bits, PostgreSQL in as many as it takes
        return StoreError("a sum is larger than the store can hold", "'crm db check --deep' names amounts too large")
    if any(phrase in text for phrase in _TOO_LONG):
        return UsageError("that is longer than the store takes", "ask with fewer words or numbers at a time")
    if _NO_JSON[0] in text or text.startswith("no such table"):
        return _damaged(path, text)
    return StoreError(f"the store answered: {text}")


def _damaged(path: str, detail: str) -> DamagedError:
    return DamagedError(
        f"{path} is damaged", "run 'crm db check', then restore a backup with 'crm db restore FILE'", detail
    )


def _closed(code: str, path: str, unsaved: str) -> StoreError:
    hint = "check the permissions of the file and its folder"
    if unsaved:
        return ReadOnlyError(f"{path} cannot be written{unsaved}", hint)
    if code == "SQLITE_READONLY":  # a file that must be mended first has a longer name for it
        return _no_question()
    if code.startswith("SQLITE_CANTOPEN"):
        return StoreError(f"{path} cannot be opened", hint)
    return StoreError(f"{path} cannot be read before an unfinished write is taken back, and it cannot be written", hint)


def _no_question() -> ReadOnlyError:
    """What was sent through a door that only reads would write."""
    return ReadOnlyError("a SELECT only reads, and that statement would write")


def _not_unicode(error: UnicodeEncodeError) -> CrmError:
    return UsageError(f"the text is not valid Unicode at character {error.start + 1}", "is its encoding UTF-8?")


def translate_postgres(error: Exception, *, reading: bool = False) -> CrmError:
    """PostgreSQL's error in our words, never the row's data; `reading`: nobody wanted to save anything."""
    if isinstance(error, UnicodeEncodeError):
        return _not_unicode(error)
    unsaved = "" if reading else UNSAVED
    state = getattr(error, "sqlstate", None) or ""
    line = first_line(error)
    if state == "23505":
        told = error.diag  # type: ignore[attr-defined]
        # The names in it are the same in every language: Key (kind, external_id)=(...) already exists.
        names = re.search(r"\(([\w, ]+)\)=", told.message_detail or "")
        return _taken(told.table_name or "", tuple(names[1].split(", ")) if names else ())
    if state == "23503":
        return _of_link(error.diag)  # type: ignore[attr-defined]
    if state.startswith("23"):
        return ConflictError(f"the store refused the change: {line}")
    if state in ("40001", "40P01"):
        return ConflictError(f"another writer was faster{unsaved}", "try again")
    if state == "55P03":
        return StoreError(f"the store is locked by another process{unsaved}", "try again when it is done")
    if state == "25006" and reading:
        return _no_question()
    if state == "25006":
        return ReadOnlyError(f"the store cannot be written: {line}", "check the rights of the database user")
    if state == "42501":
        return ReadOnlyError(f"the server does not allow it: {line}", "check the rights of the database user")
    if state == "53100":
        return StoreError(f"the server's disk is full{unsaved}")
    if state == "22003":
        return UsageError("a number is too large for the store", f"{2**63 - 1} is the largest")
    if state == "54000" and (index := error.diag.constraint_name):  # type: ignore[attr-defined]
        return UsageError(
            f"a text is longer than the index {index} holds{unsaved}", f"shorten it: at most {INDEXED} characters fit"
        )
    if state.startswith("54"):
        return UsageError("that is longer than the store takes", "ask with fewer words or numbers at a time")
    if lost(state) or error.__class__.__name__ in (
        "OperationalError",
        "InterfaceError",
        "AdminShutdown",
    ):
        return StoreError(f"the connection to the server was lost: {line}{unsaved}", "try again")
    if state == "42P01" or (state == "22P02" and _NO_JSON[1] in line):
        return _damaged("the book", line)
    return StoreError(f"the store answered: {line}")


def lost(state: str) -> bool:
    """Whether a code of PostgreSQL says that the connection is gone."""
    return state.startswith(("08", "57P")) and state != NO_SENSE


def _of_link(told: Any) -> ConflictError:
    """A refusal of PostgreSQL's that keeps links whole."""
    table = told.table_name or ""
    column = (told.constraint_name or "").removeprefix(f"fk_{table}_")
    # The same in every language: Key (contact_id)=(1) is not there, or Key (id)=(1) is still linked to.
    key = re.search(r"\((\w+)\)=\((\d+)\)", told.message_detail or "")
    return _unlinked(table, column, (key[1], int(key[2])) if key else None)


def _unlinked(table: str, column: str, key: tuple[str, int] | None) -> ConflictError:
    """What a link stood in the way of. The verbs look at links before they write: somebody else changed one since."""
    noun, records = _linked(table, column)
    if key is None or not noun:
        return ConflictError(
            f"what this links to went away meanwhile, or what it takes away is in use now{UNSAVED}",
            "look at it and try again",
        )
    one, again = (f"{noun} {key[1]}", "look at it and try again") if records else (f"the {noun}", "try again")
    if key[0] == column:
        return ConflictError(f"{one}, which this is linked to, went away meanwhile{UNSAVED}", again)
    return ConflictError(f"{one} is in use meanwhile{UNSAVED}", again)


def _linked(table: str, column: str) -> tuple[str, bool]:
    """What a column of a table links to, and whether that is a record, which has a number that people know."""
    owner = table.removesuffix("_tag")
    if owner != table:
        names = ["tag"] if column == "tag_id" else [e.name for e in ENTITIES.values() if e.table == owner]
    else:
        fields = (f for e in ENTITIES.values() if e.table == table for f in e.stored())
        names = [f.type.entity for f in fields if f.column == column and isinstance(f.type, Ref)][:1]
    if names == ["opportunity"]:
        names = ["lead", "deal"]
    return " or ".join(names).replace("_", " "), set(names) <= RECORDS.keys()


def _taken(table: str, columns: tuple[str, ...]) -> TakenError:
    noun = " or ".join(e.name for e in ENTITIES.values() if e.table == table).replace("_", " ") or "row"
    said = " and ".join(_said(column) for column in columns if column not in _WITHIN) or "value"
    hint = "'crm db check --repair' sets the counters of the store right" if columns == ("id",) else ""
    return TakenError(f"another {noun} has this {said} already{UNSAVED}", hint, table, columns)


def _said(column: str) -> str:
    return "number" if column == "id" else column.removesuffix("_key").replace("_", " ")


def named(connection: Connection, error: TakenError) -> TakenError:
    """The same error, naming the record that has the value now, if the store tells: asked once what was written is
    taken back."""
    own = [column for column in error.columns if column not in _WITHIN]
    condition = " AND ".join(f"{column} = ?" for column in error.columns)
    for number, row in error.rows.items():
        values = [row.get(column) for column in error.columns]
        if own == ["id"] or not own or None in values:
            continue
        sql = f"SELECT * FROM {error.table} WHERE {condition} AND id <> ?"
        names, found = connection.names(sql, [*values, number])
        if found:
            other = dict(zip(names, found[0], strict=True))
            noun = other.get("kind") if error.table == "opportunity" else next(
                e.name for e in ENTITIES.values() if e.table == error.table
            )  # fmt: skip
            shown = row.get(own[0].removesuffix("_key"))
            gone = ", which was removed" if other.get("removed_at") else ""
            called = f"{noun}:{other['id']}" if noun in RECORDS else f"the {str(noun).replace('_', ' ')}"
            owner = f"{called} {other.get('name') or ''}".rstrip()
            error.message = f"{_said(own[0])} {shown} belongs to {owner} now{gone}{UNSAVED}"
            break
    return error


def first_line(error: Exception) -> str:
    """What an error says, without the details that drivers add below."""
    return str(error).strip().splitlines()[0] if str(error).strip() else error.__class__.__name__
