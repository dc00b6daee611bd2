"""What can go wrong, each with the exit code it ends in and a hint that says what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_NOT_FOUND = 3
EXIT_CONFLICT = 4
EXIT_REFUSED = 5
#: EX_NOPERM of sysexits.h: a file's permissions are not what they must be.
EXIT_EXPOSED = 77
EXIT_INTERRUPTED = 130
#: Of a long filter, so many characters are shown on either side of the caret.
WINDOW = 100


class CrmError(Exception):
    """A failure that the user can act on.

    `message` is one sentence of what happened; `hint` (optional) is what to do; `code` is the exit code.
    """

    code = EXIT_FAILED

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class UsageError(CrmError):
    """The words of the command do not fit: unknown field, malformed value, missing --yes."""

    code = EXIT_USAGE


class FilterError(UsageError):
    """A filter text that cannot be read; `text` and `column` (0-based) place the caret."""

    def __init__(self, message: str, text: str = "", column: int = 0, hint: str = "") -> None:
        super().__init__(message, hint)
        self.text = text
        self.column = column

    def __str__(self) -> str:
        lines = [self.message]
        if self.text:
            start = max(0, self.column - WINDOW) if len(self.text) > 2 * WINDOW else 0
            shown = self.text[start : start + 2 * WINDOW]
            lines += ["  " + shown, "  " + " " * (self.column - start) + "^"]
        if self.hint:
            lines.append("  " + self.hint)
        return "\n".join(lines)


class FieldError(UsageError):
    """A value that a field's type or rule refuses; `field` names it."""

    def __init__(self, message: str, field: str = "", hint: str = "") -> None:
        super().__init__(message, hint)
        self.field = field


class AmbiguousError(UsageError):
    """A name that fits several records; `candidates` are lines to choose from."""

    def __init__(self, message: str, candidates: list[str], hint: str = "") -> None:
        super().__init__(message, hint)
        self.candidates = candidates

    def __str__(self) -> str:
        lines = [self.message, *("  " + line for line in self.candidates)]
        if self.hint:
            lines.append("  " + self.hint)
        return "\n".join(lines)


class NotFoundError(CrmError):
    """A record, file, report, view or setting that is not there."""

    code = EXIT_NOT_FOUND


class ConflictError(CrmError):
    """Somebody else changed the record meanwhile, or undo met a later change of the same field."""

    code = EXIT_CONFLICT


class TakenError(ConflictError):
    """A value that only one record may have belongs to another one: `columns` of `table`, as the engine names them;
    `rows` are the stored values, by id, of those that were being written."""

    def __init__(self, message: str, hint: str = "", table: str = "", columns: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint)
        self.table, self.columns = table, columns
        self.rows: dict[int, dict[str, Any]] = {}


class NewerDatabaseError(ConflictError):
    """The database was made by a newer version of the program."""


class RefusedError(CrmError):
    """A rule, a hook or a plugin said no."""

    code = EXIT_REFUSED


class ExposedError(CrmError):
    """A file with secrets in it that others can read."""

    code = EXIT_EXPOSED


class StoreError(CrmError):
    """The store cannot be used: locked, read-only, full, damaged, not a CRM database."""


class ReadOnlyError(StoreError):
    """The store can be read, not written."""


class DamagedError(StoreError):
    """The engine cannot make sense of the store's file; `detail` is what it says of that."""

    def __init__(self, message: str, hint: str = "", detail: str = "") -> None:
        super().__init__(message, hint)
        self.detail = detail


class ReadError(CrmError):
    """A file that cannot be read as what it should be (wrong kind, encoding, damaged)."""
