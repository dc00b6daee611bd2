"""How far imports came, kept in the transactions that they wrote; what goes on with one that was cut."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.errors import ConflictError, NotFoundError, ReadError, UsageError
from crmcli.services.imports import rejects
from crmcli.services.purging import FORGOTTEN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crmcli.context import Context
    from crmcli.services.imports.planning import Plan
    from crmcli.store.write import Transaction

_RUNS = (
    "SELECT r.batch_id, r.settled, r.rows, r.rejects, r.finished, b.undone_by, r.options FROM import_run r"
    " JOIN batch b ON b.id = r.batch_id WHERE {} ORDER BY r.batch_id DESC"
)


class Cut(NamedTuple):
    """An import that was cut: its batch, how many of its rows are settled, and the file of those it refused, "" for
    none."""

    batch: int
    settled: int
    rows: int
    rejects: str = ""

    @property
    def told(self) -> str:
        """What is said of it where somebody imports the file anew."""
        return (
            f"{self.settled:,} of {self.rows:,} rows of this file are in from an import that was cut;"
            " --resume goes on with it"
        )


class _Run(NamedTuple):
    """An import of some file as the book knows it."""

    batch: int
    settled: int
    rows: int
    rejects: str | None
    finished: bool
    undone_by: int | None
    options: str

    @property
    def cut(self) -> Cut | None:
        """It as one that can go on; None where it is finished or undone."""
        if self.finished or self.undone_by is not None:
            return None
        return Cut(self.batch, self.settled, self.rows, self.rejects or "")


def digest(path: str) -> str:
    """What tells the content of a file from that of others. Raises ReadError."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ReadError(f"{path!r} cannot be read: {error.strerror}.") from None


def options(made: Plan) -> str:
    """What an import was told and found out about its file, as words for a shell: one that goes on must read the file
    in the same way."""
    return shlex.join([*rejects.options(made), *_opened(made)])


def _opened(made: Plan) -> Iterator[str]:
    for name, usual, word in (
        ("sheet", None, "--sheet"), ("encoding", None, "--encoding"), ("delimiter", None, "--delimiter"),
        ("header_row", None, "--header-row"), ("skip_rows", 0, "--skip-rows"),
    ):  # fmt: skip
        if (value := made.opening.get(name, usual)) != usual:
            yield from (word, str(value))
    if not made.opening.get("guarded", True):
        yield "--lossless"


def _name(made: Plan) -> str:
    return made.called or os.path.abspath(made.path)


def unfinished(ctx: Context, made: Plan) -> Cut | None:
    """The last import of the content of this file in the same way, if it was cut."""
    said = options(made)
    sql = "SELECT 1 FROM import_run WHERE options = ? AND rows = ? AND finished IS FALSE LIMIT 1"
    if ctx.reader.one(sql, (said, made.rows)) is None:
        return None  # the file need not be read for that
    runs = _runs(ctx, "r.digest = ? AND r.options = ?", digest(made.path), said)
    return runs[0].cut if runs else None


def resumable(ctx: Context, made: Plan) -> Cut:
    """The import of this file that was cut. Raises NotFoundError where there is nothing to go on with, ConflictError
    where the file was changed or the import was undone, UsageError where it was told otherwise."""
    said = options(made)
    runs = _runs(ctx, "r.digest = ?", digest(made.path))
    if cut := next((cut for run in runs if run.options == said and (cut := run.cut)), None):
        return cut
    called = made.called or made.path
    if other := next((run for run in runs if run.cut), None):
        if other.options == FORGOTTEN:
            raise ConflictError(
                f"what the import of {called} that was cut (batch {other.batch}) was told is forgotten, by a purge;"
                " nothing was imported",
                "import it without --resume, which finds what is in by its keys",
            )
        raise UsageError(
            f"the import of {called} that was cut (batch {other.batch}) was told otherwise; nothing was imported",
            f"it goes on with: {other.options}" if other.options else "it goes on without options",
        )
    if undone := next((run for run in runs if run.undone_by is not None and not run.finished), None):
        raise ConflictError(
            f"the import of {called} that was cut was undone (batch {undone.batch}, by batch {undone.undone_by})",
            f"'{ctx.settings.calling('undo', str(undone.undone_by))}' brings back what was in; without --resume the"
            " file is imported from its first row",
        )
    if runs:
        raise NotFoundError(
            f"the import of {called} is finished (batch {runs[0].batch}): there is nothing to go on with",
            "without --resume the file is imported again",
        )
    if changed := next((run for run in _runs(ctx, "r.file = ?", _name(made)) if run.cut), None):
        raise ConflictError(
            f"{called} was changed since its import was cut (batch {changed.batch}: {changed.settled:,} of"
            f" {changed.rows:,} rows are in); nothing was imported",
            "give the file as it was; or import it without --resume, which finds what is in by its keys; or take that"
            f" back with '{ctx.settings.calling('undo', str(changed.batch))}'",
        )
    name = re.sub("[!%_]", r"!\g<0>", _name(made))
    together = _runs(ctx, "? || r.file || ? LIKE ? ESCAPE '!'", "\n", "\n", f"%\n{name}\n%")
    if several := next((run for run in together if run.cut), None):
        raise NotFoundError(
            f"{called} came in together with other files when that was cut (batch {several.batch}), and none of them"
            " goes on alone",
            "import the same files again, without --resume: what is in is found by its keys",
        )
    raise NotFoundError(f"no import of {called} was cut: there is nothing to go on with", "leave out --resume")


def made_before(ctx: Context, table: str, batch: int) -> Iterator[int]:
    """The records of a table that the import of this batch has made so far."""
    sql = (
        "SELECT j.id, j.record_id FROM journal j JOIN journal_tx t ON t.seq = j.seq WHERE t.batch_id = ?"
        " AND j.entity = ? AND j.before IS NULL AND j.id > ? ORDER BY j.id LIMIT 20000"
    )
    last = 0
    while some := ctx.reader.rows(sql, (batch, table, last)):
        last = some[-1][0]
        yield from (number for _, number in some)


def _runs(ctx: Context, condition: str, *values: str) -> list[_Run]:
    rows = ctx.reader.rows(_RUNS.format(condition), values)
    return [_Run(*row)._replace(finished=bool(row[4])) for row in rows]


def told_of(said: str) -> list[tuple[int, str]]:
    """What the `options` of a run say: of each file what it was told, and from which transaction on it wrote."""
    if not said.startswith("["):
        return [(0, said)]
    return [(one["from"], one["options"]) for one in json.loads(said)]


class Ledger:
    """Keeps how far the import of one file has come. It is no record: nothing of it is journalled."""

    def __init__(self, made: Plan, cut: Cut | None = None) -> None:
        self._file, self._rows = _name(made), made.rows
        self._digest, self._options = digest(made.path), options(made)
        #: how many rows were settled when that was kept last; None before the first time
        self._kept: int | None = cut.settled if cut else None
        self.finished = False

    def keep(self, tx: Transaction, settled: int, rejects: str, *, finished: bool) -> None:
        """Note, with what a transaction has written, that so many rows of the file are settled. Raises ConflictError
        where another process goes on with the same import."""
        connection = tx.connection
        if self._kept is None:
            columns = "batch_id, file, digest, options, settled, rows, rejects, finished"
            row = (tx.batch, self._file, self._digest, self._options, settled, self._rows, rejects or None, finished)
            connection.run(f"INSERT INTO import_run ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        else:
            sql = "UPDATE import_run SET settled = ?, rejects = ?, finished = ? WHERE batch_id = ? AND settled = ?"
            if connection.run(sql, (settled, rejects or None, finished, tx.batch, self._kept)) != 1:
                raise ConflictError(
                    f"another process goes on with this import (batch {tx.batch}); this one stopped",
                    "let that one end; --resume goes on if it was cut",
                )
        self._kept, self.finished = settled, finished
        if finished:
            # What was cut before of the same file, in the same way, has nothing left that is not in.
            sql = "UPDATE import_run SET finished = TRUE WHERE digest = ? AND options = ? AND batch_id <> ?"
            connection.run(sql, (self._digest, self._options, tx.batch))


class SharedLedger:
    """Keeps the same of files that are imported together. They are one run, for they are one batch: its options say of
    each file what it was told and from which transaction on it wrote. None of them goes on alone."""

    def __init__(self, plans: Sequence[Plan]) -> None:
        self._plans = plans
        self._rejects: list[str] = []
        self._said: list[dict[str, Any]] = []
        self._kept = self.finished = False

    def begin(self, made: Plan, seq: int) -> None:
        """Another file comes; what it writes has no earlier place in the journal than this one."""
        self._said.append({"from": seq, "options": options(made)})

    def keep(self, tx: Transaction, settled: int, rejects: str, *, finished: bool) -> None:
        """Note, with what a transaction has written, that so many rows of all files are settled; `finished`: all of the
        file at hand."""
        self.finished = finished and len(self._said) == len(self._plans)
        if rejects and rejects not in self._rejects:
            self._rejects.append(rejects)
        paths = "\n".join(self._rejects) or None
        values = (json.dumps(self._said, ensure_ascii=False), settled, paths, self.finished)
        if not self._kept:
            digests = "\n".join(digest(made.path) for made in self._plans)
            every = (
                tx.batch, "\n".join(map(_name, self._plans)), hashlib.sha256(digests.encode()).hexdigest(),
                sum(made.rows for made in self._plans),
            )  # fmt: skip
            columns = "batch_id, file, digest, rows, options, settled, rejects, finished"
            tx.connection.run(f"INSERT INTO import_run ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", every + values)
        else:
            sql = "UPDATE import_run SET options = ?, settled = ?, rejects = ?, finished = ? WHERE batch_id = ?"
            tx.connection.run(sql, (*values, tx.batch))
        self._kept = True
