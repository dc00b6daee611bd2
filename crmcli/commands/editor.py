"""A text written in the user's own editor."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from crmcli.config import cache_dir, make_folder
from crmcli.errors import CrmError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TEMPLATE = "\n# {about}\n# Lines that start with # are left out; an empty text changes nothing.\n"
#: Under a text that is there already, whose lines may start with anything.
BELOW = "# ---- {about}: this line and what is below it are left out; an empty text changes nothing. ----"


def named() -> str:
    """The editor that the user chose, as a shell command; "" where none was. It runs even without a terminal: a script
    may be the editor, as with git."""
    return os.environ.get("VISUAL") or os.environ.get("EDITOR") or ""


@contextlib.contextmanager
def composed(about: str, text: str = "", *, say: Callable[[str], None]) -> Iterator[str]:
    """The text that the user writes in $VISUAL or $EDITOR, or makes of `text`; "" when it is left empty.

    The draft is a private file in a private folder, and gone afterwards; where what the body does with the text fails,
    it stays, and `say` is told where. Raises CrmError when the editor fails.
    """
    from crmcli.domain.text import visible

    editor = named() or next((e for e in ("nano", "vim", "vi") if shutil.which(e)), "")
    if not editor:
        raise CrmError("there is no editor", "set EDITOR, or give the text on the command line")
    below = BELOW.format(about=visible(about))
    folder = os.path.join(cache_dir(), "drafts")
    make_folder(folder, "the draft of a text")
    path = os.path.join(folder, f"note-{os.getpid()}.md")
    written, kept = "", False
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
            file.write(f"{text}\n{below}\n" if text else TEMPLATE.format(about=visible(about)))
        done = _edit(editor, path)
        if done:
            raise CrmError(f"the editor '{editor}' ended with {done}; nothing was saved")
        with open(path, encoding="utf-8", errors="replace") as file:
            written = _own([line.rstrip() for line in file], below if text else "")
        yield written
    except BaseException:
        if written:
            kept = True
            say(f"your text is kept in {path}")
        raise
    finally:
        if not kept and os.path.exists(path):
            os.unlink(path)


def _own(lines: list[str], below: str) -> str:
    """What the user wrote: above the line `below`, or where there is none all that is no comment."""
    if below:
        lines = lines[: lines.index(below)] if below in lines else lines
    else:
        lines = [line for line in lines if not line.startswith("#")]
    return "\n".join(lines).strip()


def _edit(editor: str, path: str) -> int:
    """Run the editor as git does: the variable is a shell command, the file its argument. It gets the terminal itself,
    where there is one, and never the pipe that the command stands in: it would take what flows there for keys."""
    with contextlib.ExitStack() as stack:
        streams: list[Any] = []
        for stream, mode in ((sys.stdin, "rb"), (sys.stdout, "wb")):
            if stream is None or not stream.isatty():
                with contextlib.suppress(OSError):
                    streams.append(stack.enter_context(open("/dev/tty", mode, buffering=0)))
                    continue
            streams.append(None)
        return subprocess.call(["/bin/sh", "-c", f'{editor} "$@"', editor, path], stdin=streams[0], stdout=streams[1])
