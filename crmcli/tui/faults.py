"""What becomes of a fault of the program itself: one line on the screen, and a report for whoever mends it."""

from __future__ import annotations

import os

from crmcli.config import replace, state_dir
from crmcli.errors import CrmError


def first_line(error: BaseException) -> str:
    """What an error says, as one line."""
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else "no message"


def write_report(error: BaseException) -> str:
    """Write what happened, for a bug report, into the state folder; its path, or why it could not be written."""
    import traceback

    path = os.path.join(state_dir(), "dashboard-error.txt")
    try:
        os.makedirs(state_dir(), mode=0o700, exist_ok=True)
        replace(path, "".join(traceback.format_exception(error)).encode())
    except (OSError, CrmError) as trouble:
        return f"not written, {trouble}"
    return path
