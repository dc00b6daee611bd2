"""What becomes of a fault of the program itself: one line for whoever met it, a private report for whoever mends it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from crmcli.config import make_folder, state_dir, withheld
from crmcli.errors import CrmError

if TYPE_CHECKING:
    from typing import TextIO


def first_line(error: BaseException) -> str:
    """What an error says, as one line without secrets."""
    lines = withheld(str(error)).strip().splitlines()
    return lines[0][:200] if lines else "no message"


def traceback_of(error: BaseException) -> str:
    """Where an error came from, as Python prints it, without secrets."""
    import traceback

    return withheld("".join(traceback.format_exception(error)))


def write_report(command: str, error: BaseException) -> str:
    """Write what happened, with the command and the versions, into a new file of the state folder that only its owner
    can read; its path, or "" where none can be written."""
    from crmcli import __version__

    try:
        make_folder(state_dir(), "reports of faults")
        path, file = _new(state_dir())
        with file:
            file.write(f"{command}\ncrm {__version__}\nPython {sys.version}\n\n{traceback_of(error)}")
    except (OSError, CrmError):
        return ""
    return path


def _new(folder: str) -> tuple[str, TextIO]:
    """A new file for a report; several of one second are told apart by a number."""
    from datetime import UTC, datetime
    from itertools import count

    name = f"report-{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}"
    for number in count(1):
        path = os.path.join(folder, name + (f"-{number}" if number > 1 else "") + ".txt")
        try:
            opened = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            continue
        return path, os.fdopen(opened, "w", encoding="utf-8", errors="backslashreplace")
    raise AssertionError
