"""The rows that an import refused, in a file that can be mended and imported again."""

from __future__ import annotations

import csv
import os
import re
from typing import IO, TYPE_CHECKING

from crmcli.config import state_dir
from crmcli.errors import CrmError
from crmcli.exchange.formulas import guard

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

#: Columns before the file's own; an import takes them for what they are and leaves them out.
LINE, REASON = "crm_line", "crm_reason"


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
        os.makedirs(os.path.dirname(self._wanted), mode=0o700, exist_ok=True)
        for attempt in range(100):
            self.path = f"{self._wanted}{f'-{attempt}' if attempt else ''}.csv"
            try:
                fd = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            except FileExistsError:
                continue
            except OSError as error:
                raise CrmError(f"{self.path} cannot be written: {error.strerror}") from None
            self._file = os.fdopen(fd, "w", encoding="utf-8", newline="")
            self._writer = csv.writer(self._file, lineterminator="\n")
            self._writer.writerow([LINE, REASON, *self._header])
            return
        raise CrmError(f"{self._wanted}.csv cannot be made")

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
