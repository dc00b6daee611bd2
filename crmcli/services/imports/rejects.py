"""The rows that an import refused, in a file that can be mended and imported again, and the command for that."""

from __future__ import annotations

import csv
import os
import re
from typing import IO, TYPE_CHECKING

from crmcli.config import WRITABLE, make_folder, state_dir
from crmcli.errors import CrmError
from crmcli.exchange.footers import LINE, REASON
from crmcli.exchange.formulas import guard
from crmcli.services.imports import dates, mapping
from crmcli.services.imports.roles import AT_TIME, DUE_TIME
from crmcli.services.imports.updating import EMPTY, REPLACE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from crmcli.config import Settings
    from crmcli.services.imports.planning import Plan

#: What columns are taken for by more of their cells than the refused rows have.
_JUDGED = frozenset((AT_TIME, DUE_TIME))


class Rejects:
    """A CSV file under the state folder, made when the first row comes; private, because it holds people's data.

    `earlier` is the one of an import that was cut when that many rows were `settled`: what it lacks is added to it,
    unless it is gone or was made into something else, as a spreadsheet may do in which it is mended.
    """

    def __init__(self, source: str, header: Sequence[str], now: datetime, earlier: str = "", settled: int = 0) -> None:
        self.path = ""
        self._header = [LINE, REASON, *(title for title in header if title not in (LINE, REASON))]
        self._skip = {i for i, title in enumerate(header) if title in (LINE, REASON)}
        name = re.sub(r"[^\w.-]+", "_", os.path.splitext(os.path.basename(source))[0])[:60] or "import"
        self._wanted = os.path.join(state_dir(), "rejects", f"{name}-{now:%Y%m%d-%H%M%S}")
        self._file: IO[str] | None = None
        self._waiting: list[list[str]] = []
        #: the lines of rows that an earlier import put there before it could note that they were settled
        self._there: set[str] = set()
        if earlier and self._continues(earlier, settled):
            self.path = earlier

    def _continues(self, earlier: str, settled: int) -> bool:
        """Whether rows can be added to this file; which it has of those that come again, none of which can stand in a
        line before that of the first."""
        try:
            with open(earlier, "rb") as raw:
                raw.seek(-1, os.SEEK_END)
                whole = raw.read() == b"\n"
            with open(earlier, encoding="utf-8", newline="") as file:
                rows = csv.reader(file, strict=True)
                whole = whole and next(rows, None) == self._header
                self._there = {row[0] for row in rows if row and _line(row[0]) > settled}
        except (OSError, ValueError, csv.Error):
            return False
        return whole

    def add(self, line: int, cells: Sequence[str], reason: str) -> None:
        """Keep a refused row until `save`; `line` is its line in the file."""
        if str(line) not in self._there:
            own = [cell for i, cell in enumerate(cells) if i not in self._skip]
            self._waiting.append([str(line), guard(reason), *map(guard, own)])

    def save(self) -> None:
        """Put what was added on the disk: a row that is settled is there or in the book. Raises CrmError."""
        if not self._waiting:
            return
        try:
            if self._file is None:
                self._open()
            assert self._file is not None
            csv.writer(self._file, lineterminator="\n").writerows(self._waiting)
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise CrmError(f"the refused rows cannot be kept in {self.path}: {error.strerror}", WRITABLE) from None
        self._waiting.clear()

    def _open(self) -> None:
        if self.path:
            self._file = open(self.path, "a", encoding="utf-8", newline="")  # noqa: SIM115
            return
        make_folder(os.path.dirname(self._wanted), "the refused rows")
        for attempt in range(100):
            self.path = f"{self._wanted}{f'-{attempt}' if attempt else ''}.csv"
            try:
                fd = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            except FileExistsError:
                continue
            self._file = os.fdopen(fd, "w", encoding="utf-8", newline="")
            csv.writer(self._file, lineterminator="\n").writerow(self._header)
            return
        raise CrmError(f"{self._wanted}.csv cannot be made")

    def close(self) -> None:
        """Let go of the file; rows that are not saved belong to none that is settled."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _line(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 19 else 0


def again(made: Plan, settings: Settings, path: str, *, unmade: bool = False) -> str:
    """The command that imports the mended file `path` as the plan imported its own: what was said by hand, and what
    the whole of the first file settled but a few rows of it may not. `unmade`: its new fields are still to be made."""
    said = made.profile.profile.said if made.profile else None
    plain = ("--encoding", "utf-8", "--delimiter", ",", "--header-row", "1") if said and said.opens else ()
    return settings.calling("import", path, *options(made, unmade=unmade), *plain)


def options(made: Plan, *, unmade: bool = False) -> Iterator[str]:
    """The options that import any file of these columns as the plan imports its own."""
    kind = made.kind
    assert kind is not None
    yield from ("--as", kind.name)
    profile = made.profile.profile if made.profile else None
    if profile:
        yield from ("--profile", profile.called)
    elif made.bare:
        yield "--no-profile"
    given = profile.given(made.header, {}) if profile else {}
    new = {one.header: f"+{one.name}:{one.type}" for one in made.new_fields} if unmade else {}
    usual = {column.place: column.to for column in mapping.map_columns(kind, made.header, given)[0]}
    fills = {column.place: [name for name in column.to if name != "external_id"] for column in made.columns}
    unusual = {
        column.place
        for column in made.columns
        if column.left
        or _JUDGED.intersection(column.to)
        or fills[column.place] != [to for to in usual.get(column.place, ()) if to != "external_id"]
    }
    # What is said of one column takes its field from those that are taken for it by their titles.
    said = {to for place in unusual for to in fills[place]}
    for column in [column for column in made.columns if not column.fixed]:
        to = fills[column.place]
        if column.header in new:
            yield from ("--map", f"{column.header}={new[column.header]}")
        elif column.place in unusual or not said.isdisjoint(to):
            yield from ("--map", f"{column.header}={to[0] if to else '-'}")
        if "external_id" in column.to:
            yield from ("--id", column.header)
    if not made.usual:
        yield from ("--match", ",".join("+".join(key) for key in made.keys))
    if made.update:
        yield "--update"
    if made.conflicts == EMPTY:
        yield "--only-empty"
    elif made.conflicts != REPLACE:
        yield from ("--on-conflict", made.conflicts)
    for word in dates.words(made.days):
        yield from ("--dates", word)
    if decimal := made.habits[1]:
        yield from ("--decimal", decimal)
