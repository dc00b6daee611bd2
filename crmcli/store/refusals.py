"""What SQLite, PostgreSQL and their drivers refuse, in our words: loaded when something was refused."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crmcli.domain.entities import ENTITIES
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
    if code.startswith("SQLITE_CONSTRAINT"):
        return ConflictError(f"the store refused the change: {text}")
    if code.startswith("SQLITE_INTERRUPT"):
        return StoreError(f"interrupted{unsaved}")
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
    if code.startswith("SQLITE_CANTOPEN"):
        return StoreError(f"{path} cannot be opened", hint)
    return StoreError(f"{path} cannot be read before an unfinished write is taken back, and it cannot be written", hint)


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
    if state.startswith("23"):
        return ConflictError(f"the store refused the change: {line}")
    if state in ("40001", "40P01"):
        return ConflictError(f"another writer was faster{unsaved}", "try again")
    if state == "55P03":
        return StoreError(f"the store is locked by another process{unsaved}", "try again when it is done")
    if state == "25006":
        return ReadOnlyError(f"the store cannot be written: {line}", "check the rights of the database user")
    if state == "42501":
        return ReadOnlyError(f"the server does not allow it: {line}", "check the rights of the database user")
    if state == "53100":
        return StoreError(f"the server's disk is full{unsaved}")
    if state == "22003":
        return UsageError("a number is too large for the store", f"{2**63 - 1} is the largest")
    if state.startswith("54"):
        return UsageError("that is longer than the store takes", "ask with fewer words or numbers at a time")
    if state.startswith(("08", "57P")) or error.__class__.__name__ in (
        "OperationalError",
        "InterfaceError",
        "AdminShutdown",
    ):
        return StoreError(f"the connection to the server was lost: {line}{unsaved}", "try again")
    if state == "42P01" or (state == "22P02" and _NO_JSON[1] in line):
        return _damaged("the book", line)
    return StoreError(f"the store answered: {line}")


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
            error.message = (
                f"{_said(own[0])} {shown} belongs to {noun}:{other['id']} {other.get('name') or ''}".rstrip()
                + f" now{gone}{UNSAVED}"
            )
            break
    return error


def first_line(error: Exception) -> str:
    """What an error says, without the details that drivers add below."""
    return str(error).strip().splitlines()[0] if str(error).strip() else error.__class__.__name__
