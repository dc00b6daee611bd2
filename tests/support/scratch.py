"""Where the tests put what they throw away: in memory where there is room, because most of their time went into waiting
for a disk that nobody reads again."""

from __future__ import annotations

import os
import shutil

_MEMORY = "/dev/shm"
#: Bytes that a whole run, and a server's databases, may need at once.
_NEEDED = 4 << 30


def folder() -> str | None:
    """The folder for temporary ones; None for the machine's own."""
    if os.path.isdir(_MEMORY) and os.access(_MEMORY, os.W_OK | os.X_OK) and shutil.disk_usage(_MEMORY).free >= _NEEDED:
        return _MEMORY
    return None
