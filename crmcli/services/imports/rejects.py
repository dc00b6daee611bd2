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
from crmcli.services.imports import mapping
from crmcli.services.imports.keys import match_keys

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from crmcli.config import Settings
    from crmcli.services.imports.planning import Plan


class Rejects:
    """A CSV file under the state folder, made when the first row comes; private, because it holds people's data."""

    def __init__(self, source: str, header: Sequence[str], now: datetime) -> None:
        self.path = ""
        self.count = 0
        self._header = [title for title in header if title not in (LINE, REASON)]
        self._skip = {i for i, title in enumerate(header) if title in (LINE, REASON)}
        name = re.sub(r"[^\w.-]+", "_", os.path.splitext(os.path.basename(source))[0])[:60] or "import"
        self._wanted = os.path.join(state_dir(), "rejects", f"{name}-{now:%Y%m%d-%H%M%S}")
        self._file: IO[str] | None = None

    def add(self, line: int, cells: Sequence[str], reason: str) -> None:
        """Keep a refused row; `line` is its line in the file."""
        if self._file is None:
            self._open()
        assert self._file is not None
        own = [cell for i, cell in enumerate(cells) if i not in self._skip]
        self._writer.writerow([str(line), guard(reason), *(guard(cell) for cell in own)])
        self.count += 1

    def _open(self) -> None:
        make_folder(os.path.dirname(self._wanted), "the refused rows")
        for attempt in range(100):
            self.path = f"{self._wanted}{f'-{attempt}' if attempt else ''}.csv"
            try:
                fd = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            except FileExistsError:
                continue
            except OSError as error:
                raise CrmError(f"the refused rows cannot be kept in {self.path}: {error.strerror}", WRITABLE) from None
            self._file = os.fdopen(fd, "w", encoding="utf-8", newline="")
            self._writer = csv.writer(self._file, lineterminator="\n")
            self._writer.writerow([LINE, REASON, *self._header])
            return
        raise CrmError(f"{self._wanted}.csv cannot be made")

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def again(made: Plan, settings: Settings, path: str) -> str:
    """The command that imports the mended file `path` as the plan imported its own: what was said by hand, and what
    the whole of the first file settled but a few rows of it may not."""
    return settings.calling("import", path, *_options(made))


def _options(made: Plan) -> Iterator[str]:
    kind = made.kind
    assert kind is not None
    yield from ("--as", kind.name)
    usual = {column.place: column.to for column in mapping.map_columns(kind, made.header, {})[0]}
    for column in made.columns:
        to = [name for name in column.to if name != "external_id"]
        if to != [name for name in usual.get(column.place, ()) if name != "external_id"]:
            yield from ("--map", f"{column.header}={to[0] if to else '-'}")
        if "external_id" in column.to:
            yield from ("--id", column.header)
    filled = {name for column in made.columns for name in column.to}
    if {mapping.FIRST, mapping.LAST} & filled:
        filled.add("name")
    if made.keys != match_keys(kind, None, filled, update=made.update)[0] and not made.guessed:
        yield from ("--match", ",".join("+".join(key) for key in made.keys))
    if made.update:
        yield "--update"
    orders = {env.order for env in made.envs.values()} & {"dmy", "mdy"}
    signs = {env.decimal for env in made.envs.values()} - {None, ""}
    if len(orders) == 1:
        yield from ("--dates", *orders)
    if len(signs) == 1:
        yield from ("--decimal", str(*signs))
