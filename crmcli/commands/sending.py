"""What commands that send a message say where they are stopped while it goes out."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crmcli.commands.frame import Run


@contextlib.contextmanager
def handing_over(run: Run, what: str) -> Iterator[None]:
    """Around what hands a message over: where it is interrupted, people are told that `what` may have gone out."""
    try:
        yield
    except KeyboardInterrupt:
        run.unsettled = f"{what} may have gone out: look whether it came before you send it again"
        raise
